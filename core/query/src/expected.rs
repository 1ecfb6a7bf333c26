//! What may stand at a place of a query, and the words for it. The notes of the parser are made of these.
use std::fmt;

/// What the grammar may ask for at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Expected {
    /// A condition on a node.
    Condition,
    /// A condition on an edge: no kinds, ids, functions or full text.
    EdgeCondition,
    /// A path to a property.
    Property,
    /// The next name of a path.
    Segment,
    /// A path, `.` or the end of a `{…}` hole in a template.
    Hole,
    /// A comparison operator.
    Operator,
    /// `any`, `all` or `none`.
    Quantifier,
    /// The right side of a comparison.
    Value,
    /// The name of a kind.
    Kind,
    /// The id of a node.
    Id,
    /// A free name.
    Name,
    /// The name of a merged sub-query.
    MergeName,
    /// Digits.
    Number,
    /// A duration or a time.
    Time,
    /// A function of an aggregation.
    Function,
    /// One of `+ - * / %`.
    Arithmetic,
    /// One of the edge types.
    EdgeType,
    /// `-->`, `<--`, `<-->` and their longer forms.
    Navigation,
    /// A word of the language.
    Keyword(&'static str),
    /// A sign of the language.
    Symbol(&'static str),
    /// Nothing more.
    End,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Condition => "a condition",
            Self::EdgeCondition => "a condition on the edge",
            Self::Property => "a property",
            Self::Segment => "a property name",
            Self::Hole => "a property in the braces",
            Self::Operator => "an operator",
            Self::Quantifier => "`any`, `all`, `none`",
            Self::Value => "a value",
            Self::Kind => "a kind",
            Self::Id => "an id",
            Self::Name => "a name",
            Self::MergeName => "a name for the merged nodes",
            Self::Number => "a number",
            Self::Time => "a duration or time",
            Self::Function => "a function such as `sum(1)`",
            Self::Arithmetic => "one of `+ - * / %`",
            Self::EdgeType => "an edge type",
            Self::Navigation => "a navigation such as `-->`",
            Self::Keyword(text) | Self::Symbol(text) => return write!(f, "`{text}`"),
            Self::End => "the end",
        })
    }
}

/// "a, b or c"; only "a condition" where one is due, for it says it all.
pub(crate) fn wanted(expected: &[Expected]) -> String {
    let leading = [Expected::Condition, Expected::EdgeCondition, Expected::Hole];
    if let Some(condition) = expected.iter().find(|what| leading.contains(what)) {
        return condition.to_string();
    }
    let shown = expected
        .iter()
        .filter(|what| **what != Expected::Quantifier);
    either(shown.map(ToString::to_string).collect())
}

/// "a, b or c"
pub(crate) fn either(mut words: Vec<String>) -> String {
    match (words.pop(), words.is_empty()) {
        (None, _) => "something else".to_owned(),
        (Some(last), true) => last,
        (Some(last), false) => format!("{} or {last}", words.join(", ")),
    }
}
