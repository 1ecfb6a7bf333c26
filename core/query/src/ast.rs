//! The syntax tree of the whole language, where parser, planner and naive evaluator meet.
//!
//! Two trees are equal when they mean the same: spans never count.
use std::ops::Range;

/// Where something stands in the text, in bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The bytes `range` of the text.
    pub fn new(range: Range<usize>) -> Self {
        Self {
            start: range.start,
            end: range.end,
        }
    }
}

/// Spans are notes in the margin: two trees that differ in nothing else are the same tree.
impl PartialEq for Span {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Span {}

/// A whole query: `preamble? part+`. Every part but the last ends in a navigation.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Query {
    /// `aggregate(…)(edge_type=…):`
    pub preamble: Preamble,
    /// At least one.
    pub parts: Vec<Part>,
}

/// What stands before the colon.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Preamble {
    /// Group the result instead of listing it.
    pub aggregate: Option<Aggregate>,
    /// Edge type of every navigation that names none.
    pub edge_type: Option<EdgeType>,
}

/// One step of the chain: select, then walk.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Part {
    /// `with_usage(2w::1w, [cpu])`
    pub with_usage: Option<WithUsage>,
    /// What is selected; no term is [`Filter::All`].
    pub filter: Filter,
    /// `{name: <-- is(b), kids[]: -->}`
    pub merge: Vec<Merge>,
    /// Filter after the merge, which sees merged data.
    pub post: Option<Filter>,
    /// `with(any, --> is(b))`
    pub with: Option<With>,
    /// `#tag`
    pub tag: Option<String>,
    /// Sort keys; empty means nothing was said.
    pub sort: Vec<SortKey>,
    /// `limit 20, 10`
    pub limit: Option<Limit>,
    /// `reversed`
    pub reversed: bool,
    /// Where to go from here.
    pub navigation: Option<Navigation>,
}

/// What a node has to fulfil.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Filter {
    /// `all`
    #[default]
    All,
    /// `is(a, b)`: the kind, or one of its bases, is one of these.
    Is(Vec<Name>),
    /// `id(a, b)`: the node id is one of these.
    Id(Vec<Name>),
    /// `"text"`: full text.
    Text(Name),
    /// `path op value`
    Compare(Comparison),
    /// `has_key(path, [a, b])`: the object at the path has all of these keys.
    HasKey(Path, Vec<String>),
    /// `in_subnet(path, 10.0.0.0/8)`
    InSubnet(Path, Name),
    /// `has_desired_change(path)`: desired differs from reported.
    DesiredChange(Path),
    /// `has_no_desired_change(path)`
    NoDesiredChange(Path),
    /// `path.{filter}`: one and the same element (or object) fulfils the filter.
    Context(Path, Box<Filter>),
    /// `not filter`
    Not(Box<Filter>),
    /// All of them; at least two, never itself an `And`.
    And(Vec<Filter>),
    /// Any of them; at least two, never itself an `Or`.
    Or(Vec<Filter>),
}

/// A word with its place: a kind, an id, a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// The word, unescaped.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// `path quantifier? op value`
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Left side.
    pub path: Path,
    /// `any`, `all` or `none` of the elements.
    pub quantifier: Option<Quantifier>,
    /// How to compare.
    pub op: Op,
    /// Right side.
    pub value: Value,
    /// From the first byte of the path to the last of the value.
    pub span: Span,
}

/// Which elements of a list must fulfil a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of the language")]
pub enum Quantifier {
    Any,
    All,
    None,
}

/// A comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// `=` `==`
    Eq,
    /// `!=`: a missing property fulfils it.
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `~` `=~`: regex search without regard to case.
    Match,
    /// `!~`: the negation of `=~`; a missing property fulfils it.
    NotMatch,
    /// `in`
    In,
    /// `not in`: the negation of `in`; a missing property fulfils it.
    NotIn,
}

/// A literal.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` `false`
    Bool(bool),
    /// `42`
    Int(i64),
    /// `4.5`
    Float(f64),
    /// `"text"`
    Text(String),
    /// `web-0`, `3d`, `10GiB`, `2024-05-01`: what it means depends on the property.
    Word(String),
    /// `[a, b]`
    List(Vec<Value>),
    /// `{cpu: 2}`, in the order it was written.
    Object(Vec<(String, Value)>),
}

/// `/? segment (. segment)*`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// True with a leading `/`: starts at the root of the document, not in the section.
    pub absolute: bool,
    /// At least one, but for a bare `/`.
    pub segments: Vec<Segment>,
    /// Where it stands.
    pub span: Span,
}

/// One name of a path with its list brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// The name, without backticks.
    pub name: String,
    /// `[2]`, `[*]`, `[]`, in order.
    pub indexes: Vec<Index>,
}

/// `path as name`: a column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// What the column shows.
    pub path: Path,
    /// Its heading, if one was given.
    pub name: Option<String>,
}

/// What stands in list brackets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Index {
    /// `[*]` or `[]`: any element.
    Any,
    /// `[2]`, from zero.
    At(usize),
}

/// `name[]: query`
#[derive(Debug, Clone, PartialEq)]
pub struct Merge {
    /// Where the result is stored; a path without list brackets.
    pub name: Path,
    /// True with `[]`: a list of all results instead of the first.
    pub list: bool,
    /// Begins with a navigation.
    pub query: Query,
}

/// `with(filter, navigation filter with)`
#[derive(Debug, Clone, PartialEq)]
pub struct With {
    /// How many reachable nodes there have to be.
    pub count: WithCount,
    /// Where to look.
    pub navigation: Navigation,
    /// What a reachable node has to fulfil.
    pub filter: Filter,
    /// And, in turn, what it has to reach.
    pub with: Option<Box<With>>,
}

/// How many reachable nodes there have to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithCount {
    /// `empty`
    Empty,
    /// `any`
    Any,
    /// `count > 2`; the operator is one of `= != < <= > >=`.
    Count(Op, i64),
}

/// `with_usage(start::end, [metrics])`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithUsage {
    /// Begin of the window: a duration before now, or a time.
    pub start: String,
    /// End of the window; now if left out.
    pub end: Option<String>,
    /// Metrics to join.
    pub metrics: Vec<String>,
}

/// `path asc|desc`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SortKey {
    /// What to sort by.
    pub path: Path,
    /// Which way.
    pub order: Order,
}

/// Which way to sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the words of the language")]
pub enum Order {
    #[default]
    Asc,
    Desc,
}

/// `limit offset, length`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// Rows to leave out first.
    pub offset: usize,
    /// Rows to keep.
    pub length: usize,
}

/// `-default[1:3]{filter}->`
#[derive(Debug, Clone, PartialEq)]
pub struct Navigation {
    /// Which way to walk.
    pub direction: Walk,
    /// Least number of steps; 0 includes the start.
    pub min: u32,
    /// Greatest number of steps; [`Navigation::UNLIMITED`] if open.
    pub max: u32,
    /// Edge types to walk, each alone; empty means that of the preamble. Outbound ones for [`Walk::Both`].
    pub types: Vec<EdgeType>,
    /// Inbound edge types of [`Walk::Both`]; empty means the same as `types`.
    pub inbound_types: Vec<EdgeType>,
    /// What every edge on the way has to fulfil; paths are those of the edge.
    pub edge_filter: Option<Filter>,
    /// Where it stands.
    pub span: Span,
}

impl Navigation {
    /// Greatest number of steps of a walk without a limit.
    pub const UNLIMITED: u32 = 250;
}

/// Which way to walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Walk {
    /// `-->` along the edges, from parent to child.
    Out,
    /// `<--` against the edges.
    In,
    /// `<-->`: the union of an inbound and an outbound walk; never mixed on one path.
    Both,
}

/// The types an edge may have; the language knows no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words of the language")]
pub enum EdgeType {
    Default,
    Delete,
    Iam,
}

/// `aggregate(groups: functions)`
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    /// What to group by; empty means one row.
    pub groups: Vec<Group>,
    /// What to compute; at least one.
    pub functions: Vec<Function>,
}

/// `path as name` or `"{kind}-{name}" as name`
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Where the value comes from.
    pub value: GroupValue,
    /// Name of the column; see [`Group::column`] for the default.
    pub name: Option<String>,
}

/// Where the value of a group comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum GroupValue {
    /// The property at a path.
    Path(Path),
    /// A text with holes; a missing part becomes empty text.
    Template(Vec<Piece>),
}

/// A piece of a combined group value.
#[derive(Debug, Clone, PartialEq)]
pub enum Piece {
    /// Literal text.
    Text(String),
    /// `{path}`
    Hole(Path),
}

/// `sum(path * 2 + 1) as name`
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Which function.
    pub name: FunctionName,
    /// What it is applied to.
    pub argument: Argument,
    /// Arithmetic on the argument, strictly left to right.
    pub steps: Vec<(Arithmetic, f64)>,
    /// Name of the column; see [`Function::column`] for the default.
    pub alias: Option<String>,
}

/// The functions of an aggregate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of the language")]
pub enum FunctionName {
    Sum,
    Count,
    Min,
    Max,
    Avg,
    Stddev,
    Variance,
}

/// What a function is applied to.
#[derive(Debug, Clone, PartialEq)]
pub enum Argument {
    /// The property at a path.
    Path(Path),
    /// The same number for every row: `sum(1)` counts.
    Number(i64),
}

/// An arithmetic operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of the language")]
pub enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
}
