//! A query made ready to run: kinds resolved, literals read, patterns compiled, keys numbered. Made by
//! [`crate::compile`], run by [`crate::search`]; holds no reference to either query or graph.
use std::collections::BTreeSet;
use std::sync::Arc;

use stocktake_model::{EdgeType, NodeId};
use stocktake_query::{Arithmetic, FunctionName, Op, Quantifier};

use crate::check::Check;
use crate::graph::{Outbound, Stored};
use crate::subnet::Network;
use crate::text::Phrase;
use crate::usage::Usage;

/// Everything a search needs.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) query: QueryPlan,
    pub(crate) tables: Tables,
    /// How words were read, for the reader.
    pub(crate) hints: Vec<String>,
    /// Kinds the first part was restricted to, because of the properties it names.
    pub(crate) restricted: BTreeSet<String>,
}

/// Words of the query that every partition has its own numbers for.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    pub(crate) keys: Vec<String>,
    pub(crate) kinds: Vec<KindSet>,
    /// Number of comparisons that a column can answer.
    pub(crate) comparisons: usize,
    /// What `with_usage` joins.
    pub(crate) usages: Vec<Arc<Usage>>,
}

/// Kinds that were asked for together.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct KindSet {
    pub(crate) concrete: BTreeSet<String>,
}

/// A query, or the sub-query of a merge.
#[derive(Debug, Default)]
pub(crate) struct QueryPlan {
    pub(crate) aggregate: Option<AggregatePlan>,
    pub(crate) parts: Vec<PartPlan>,
}

#[derive(Debug)]
pub(crate) struct PartPlan {
    /// What the nodes have for `usage`: place in [`Tables::usages`]; the last sample if absent.
    pub(crate) usage: Option<usize>,
    pub(crate) filter: Test,
    pub(crate) merges: Vec<MergePlan>,
    pub(crate) post: Option<Test>,
    pub(crate) with: Option<WithPlan>,
    pub(crate) tag: Option<String>,
    pub(crate) order: Ordering,
    pub(crate) limit: Option<(usize, usize)>,
    pub(crate) reversed: bool,
    pub(crate) navigation: Option<NavPlan>,
}

/// In which order the nodes of a part come.
#[derive(Debug)]
pub(crate) enum Ordering {
    /// As they are found.
    Found,
    /// By kind, name and id.
    Default,
    /// By how well they match a text.
    Relevance(Phrase),
    /// As the query says.
    Keys(Vec<SortPlan>),
}

#[derive(Debug)]
pub(crate) struct SortPlan {
    pub(crate) path: PathPlan,
    pub(crate) descending: bool,
}

#[derive(Debug)]
pub(crate) struct MergePlan {
    pub(crate) name: Vec<String>,
    pub(crate) list: bool,
    pub(crate) query: QueryPlan,
}

#[derive(Debug)]
pub(crate) struct WithPlan {
    pub(crate) op: Op,
    pub(crate) count: i64,
    pub(crate) navigation: NavPlan,
    pub(crate) filter: Test,
    pub(crate) with: Option<Box<WithPlan>>,
}

#[derive(Debug)]
pub(crate) struct NavPlan {
    /// Each walked alone.
    pub(crate) walks: Vec<(EdgeType, Outbound)>,
    pub(crate) min: u32,
    pub(crate) max: u32,
    pub(crate) edge_filter: Option<Test>,
}

/// What a node (or an element, or an edge) has to fulfil.
#[derive(Debug)]
pub(crate) enum Test {
    All,
    /// Place in [`Tables::kinds`].
    Kinds(usize),
    /// Sorted.
    Ids(Vec<NodeId>),
    Text(Phrase),
    Compare {
        path: PathPlan,
        quantifier: Option<Quantifier>,
        check: Check,
        /// Number among the comparisons that a column can answer.
        column: Option<usize>,
    },
    HasKey(PathPlan, Vec<String>),
    InSubnet(PathPlan, Network),
    DesiredChange {
        desired: PathPlan,
        reported: PathPlan,
        changed: bool,
    },
    Context(PathPlan, Box<Test>),
    Not(Box<Test>),
    And(Vec<Test>),
    Or(Vec<Test>),
}

/// Where a value is.
#[derive(Debug, Clone)]
pub(crate) struct PathPlan {
    pub(crate) from: From,
    pub(crate) section: Section,
    pub(crate) steps: Vec<Step>,
    /// True if the value is the time since the timestamp at the path.
    pub(crate) age: bool,
}

/// What a path starts at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    Node,
    Stored(Stored),
    /// The nearest node above (or below) of some kinds: place in [`Tables::kinds`].
    Nearest(usize, Outbound),
    /// What the merges of this part have found.
    Merged,
    /// The element of the context around.
    Element,
}

/// Which section of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Reported,
    Desired,
    Metadata,
    Id,
    Type,
    Kinds,
    /// What it used when it was last measured, or in a span of time: place in [`Tables::usages`].
    Usage(Option<usize>),
    /// Nothing is kept there.
    Nothing,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// A member: place in [`Tables::keys`].
    Key(usize),
    At(usize),
    Any,
}

impl PathPlan {
    /// Place in `steps` right behind the last `[*]`; zero without one.
    pub(crate) fn behind_star(&self) -> usize {
        self.steps
            .iter()
            .rposition(|step| *step == Step::Any)
            .map_or(0, |at| at + 1)
    }
}

#[derive(Debug)]
pub(crate) struct AggregatePlan {
    pub(crate) groups: Vec<GroupPlan>,
    pub(crate) functions: Vec<FunctionPlan>,
    pub(crate) sort: Vec<(ColumnAt, bool)>,
    /// Prefixes up to a `[*]` that groups name, shortest first: a row for every element.
    pub(crate) loops: Vec<PathPlan>,
    /// Of rows.
    pub(crate) limit: Option<(usize, usize)>,
    pub(crate) reversed: bool,
}

/// A column of an aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnAt {
    Group(usize),
    Function(usize),
}

#[derive(Debug)]
pub(crate) struct GroupPlan {
    pub(crate) column: String,
    pub(crate) value: GroupValuePlan,
}

#[derive(Debug)]
pub(crate) enum GroupValuePlan {
    Path(PathPlan),
    Template(Vec<PiecePlan>),
}

#[derive(Debug)]
pub(crate) enum PiecePlan {
    Text(String),
    Hole(PathPlan),
}

#[derive(Debug)]
pub(crate) struct FunctionPlan {
    pub(crate) column: String,
    pub(crate) name: FunctionName,
    pub(crate) argument: ArgumentPlan,
    pub(crate) steps: Vec<(Arithmetic, f64)>,
}

#[derive(Debug)]
pub(crate) enum ArgumentPlan {
    Path(PathPlan),
    Number(i64),
}
