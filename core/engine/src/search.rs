//! The door of the engine: a query and its circumstances in, a stream of rows out.
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use jiff::Timestamp;
use serde_json::Value;
use stocktake_model::{EdgeType, NodeId};
use stocktake_query::{Query, WithUsage};

use crate::compile::compile;
use crate::error::EngineError;
use crate::eval::Search;
use crate::graph::{Graph, Spot};
use crate::hits::Hit;
use crate::navigate::Walked;
use crate::plan::{Ordering, PartPlan, Plan};
use crate::scan::Scan;
use crate::turns::{Turn, Turns};
use crate::usage::Usage;

/// A search and its circumstances.
#[derive(Debug, Clone)]
pub struct SearchRequest {
    /// What is searched; every path outside of a context begins with its section (`Query::in_section`).
    pub query: Query,
    /// What relative times (`3d`) count from.
    pub now: Timestamp,
    /// Edge type of every navigation, if neither it nor the query names one.
    pub edge_type: EdgeType,
    /// Whether nodes are followed by the edges they were reached over.
    pub edges: Edges,
    /// What is sorted by where the query says nothing.
    pub sort: DefaultSort,
    /// When to give up.
    pub deadline: Option<Instant>,
    /// Set by somebody else to give up at once.
    pub cancel: Arc<AtomicBool>,
    /// What the samples come to that each `with_usage` of the query is about.
    pub usage: Vec<(WithUsage, Arc<Usage>)>,
    /// With whom it takes turns; without, it works whenever it likes.
    pub turns: Option<Arc<Turns>>,
}

/// Whether a search returns edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Edges {
    /// Nodes only.
    #[default]
    Left,
    /// Each node is followed by the edges over which the last navigation reached it.
    Included,
}

/// The order of nodes where a query does not sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DefaultSort {
    /// As they are found; the same for the same graph, but of no meaning.
    #[default]
    None,
    /// By kind, name and id; a single full text by relevance.
    Names,
}

impl SearchRequest {
    /// A search with the defaults: `default` edges, no edges in the result, no order, no deadline.
    pub fn new(query: Query, now: Timestamp) -> Self {
        Self {
            query,
            now,
            edge_type: EdgeType::Default,
            edges: Edges::Left,
            sort: DefaultSort::None,
            deadline: None,
            cancel: Arc::default(),
            usage: Vec::new(),
            turns: None,
        }
    }
}

/// The answer to a search, row by row. Owns what it needs: the graph may be replaced meanwhile.
#[derive(Debug)]
pub struct Rows {
    /// How words of the query were read, where that is not obvious.
    pub hints: Vec<String>,
    search: Arc<Search>,
    source: Source,
    /// Edges by the node they led to.
    edges: BTreeMap<Spot, Vec<Walked>>,
    pending: VecDeque<Value>,
}

#[derive(Debug)]
enum Source {
    Scan(Box<Scan>),
    Hits(std::vec::IntoIter<Hit>),
    Values(std::vec::IntoIter<Value>),
    Failed,
}

impl Graph {
    /// Answers a search. What needs no sorting is computed while it is read.
    pub fn search(&self, request: &SearchRequest) -> Result<Rows, EngineError> {
        let search = Arc::new(self.prepare(request)?);
        let query = &search.plan.query;
        let mut edges: BTreeMap<Spot, Vec<Walked>> = BTreeMap::new();
        let source = if let Some(aggregate) = &query.aggregate {
            let rows = match search.count_kinds(aggregate, &query.parts) {
                Some(rows) => rows,
                None => match search.tabulate(aggregate, &query.parts)? {
                    Some(rows) => rows,
                    None => search.aggregate(aggregate, &search.chain(query, None)?.hits)?,
                },
            };
            Source::Values(rows.into_iter())
        } else if streams(&search.plan) {
            Source::Scan(Box::new(Scan::new(&search)))
        } else {
            let chained = search.chain(query, None)?;
            for walked in chained.edges {
                edges.entry(walked.reached).or_default().push(walked);
            }
            Source::Hits(chained.hits.into_iter())
        };
        Ok(Rows {
            hints: search.plan.hints.clone(),
            search,
            source,
            edges,
            pending: VecDeque::new(),
        })
    }

    pub(crate) fn prepare(&self, request: &SearchRequest) -> Result<Search, EngineError> {
        // To make a plan is work as well.
        let turn = Turn::of(request.turns.clone());
        turn.go_on();
        let plan = compile(self, request)?;
        let mut search = Search::new(
            self.clone(),
            plan,
            request.now,
            request.deadline,
            Arc::clone(&request.cancel),
        );
        search.with_edges = request.edges == Edges::Included;
        search.turn = turn;
        Ok(search)
    }
}

/// Whether rows can be found one after the other.
pub(crate) fn streams(plan: &Plan) -> bool {
    let in_order = |part: &PartPlan| {
        matches!(part.order, Ordering::Found | Ordering::Default)
            && !part.reversed
            && part.navigation.is_none()
    };
    matches!(plan.query.parts.as_slice(), [part] if in_order(part))
}

impl Rows {
    /// Lets other searches work until the next row is asked for: for whoever waits for a slow reader.
    pub fn rest(&self) {
        self.search.turn.rest();
    }

    /// The ids of the nodes found, without their documents and edges; `None` for a row of an aggregate.
    pub fn ids(mut self) -> impl Iterator<Item = Result<Option<NodeId>, EngineError>> {
        std::iter::from_fn(move || {
            let hit = match &mut self.source {
                Source::Failed => return None,
                Source::Values(values) => return values.next().map(|_| Ok(None)),
                Source::Hits(hits) => Ok(hits.next()?),
                Source::Scan(scan) => scan.next(&self.search)?,
            };
            if hit.is_err() {
                self.source = Source::Failed;
            }
            Some(hit.map(|hit| Some(self.search.graph.id(hit.spot))))
        })
    }
}

impl Iterator for Rows {
    type Item = Result<Value, EngineError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.search.turn.go_on();
        if let Some(edge) = self.pending.pop_front() {
            return Some(Ok(edge));
        }
        let hit = match &mut self.source {
            Source::Failed => return None,
            Source::Values(values) => return values.next().map(Ok),
            Source::Hits(hits) => hits.next().map(Ok),
            Source::Scan(scan) => scan.next(&self.search),
        };
        match hit? {
            Ok(hit) => {
                for walked in self.edges.remove(&hit.spot).unwrap_or_default() {
                    self.pending.push_back(self.search.render_edge(&walked));
                }
                Some(Ok(self.search.render_hit(&hit)))
            }
            Err(error) => {
                self.source = Source::Failed;
                Some(Err(error))
            }
        }
    }
}
