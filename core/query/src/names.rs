//! The closed sets of words: edge types, functions, operators and their signs. Which may stand where is grammar.
use crate::ast::{Arithmetic, EdgeType, FunctionName, Op, Order, Quantifier};

impl EdgeType {
    /// All of them, in the order of the language.
    pub const ALL: [Self; 3] = [Self::Default, Self::Delete, Self::Iam];

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Delete => "delete",
            Self::Iam => "iam",
        }
    }

    /// The edge type of that name; case counts.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|found| found.name() == name)
    }
}

impl FunctionName {
    /// All of them, in the order of the language.
    pub const ALL: [Self; 7] = [
        Self::Sum,
        Self::Count,
        Self::Min,
        Self::Max,
        Self::Avg,
        Self::Stddev,
        Self::Variance,
    ];

    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Count => "count",
            Self::Min => "min",
            Self::Max => "max",
            Self::Avg => "avg",
            Self::Stddev => "stddev",
            Self::Variance => "variance",
        }
    }

    /// The function of that name; case counts.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|found| found.name() == name)
    }
}

impl Op {
    /// All of them, in the order of the language.
    pub const ALL: [Self; 10] = [
        Self::Eq,
        Self::Ne,
        Self::Lt,
        Self::Le,
        Self::Gt,
        Self::Ge,
        Self::Match,
        Self::NotMatch,
        Self::In,
        Self::NotIn,
    ];

    /// Those that compare numbers.
    pub const NUMERIC: [Self; 6] = [Self::Eq, Self::Ne, Self::Lt, Self::Le, Self::Gt, Self::Ge];

    /// The sign or word for it; of two spellings the usual one.
    pub fn name(self) -> &'static str {
        match self {
            Self::Eq => "=",
            Self::Ne => "!=",
            Self::Lt => "<",
            Self::Le => "<=",
            Self::Gt => ">",
            Self::Ge => ">=",
            Self::Match => "=~",
            Self::NotMatch => "!~",
            Self::In => "in",
            Self::NotIn => "not in",
        }
    }
}

impl Quantifier {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::All => "all",
            Self::None => "none",
        }
    }
}

impl Order {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Asc => "asc",
            Self::Desc => "desc",
        }
    }
}

impl Arithmetic {
    /// The sign for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
        }
    }
}
