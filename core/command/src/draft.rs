//! A search in the making: the commands that follow `search` fold themselves into one query, as far as that is exact.
//!
//! What cannot be folded exactly runs over the stream instead; both ways give the same answer.
mod clusters;

use async_trait::async_trait;
use futures::StreamExt as _;
use serde_json::Value;
use stocktake_query::{Filter, Limit, Name, Navigation, Order, Part, Path, Query, SortKey};

use crate::flow::absolute;
use crate::reader::is_node;
use crate::spec::Stage;
use crate::{
    Call, CommandError, DefaultOrder, Flow, Layout, Scene, Search, View, WithEdges, columns,
};

/// What folding came to.
pub enum Folded {
    /// It cannot be done exactly.
    No,
    /// The search does all of it.
    Whole,
    /// The search does most of it; this is left to do with the result.
    Then(Box<dyn Stage>),
}

/// A search in the making.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// As far as it is known, paths as they were typed.
    pub(crate) query: Query,
    /// Whether edges are wanted.
    pub(crate) edges: WithEdges,
    /// Clusters that were named beside the query: in the present they must be there.
    pub(crate) clusters: Vec<Name>,
    /// Look at the past.
    pub(crate) at: Option<String>,
    /// Whether it is run at all.
    pub(crate) mode: Mode,
    /// Absolute paths that later commands read.
    pub(crate) wanted: Vec<Path>,
    /// How the query was read, where that was not obvious.
    pub(crate) hints: Vec<String>,
}

/// Whether a search is run, or only explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Mode {
    #[default]
    Run,
    Explain,
}

impl Draft {
    /// A search for a query as it was typed.
    pub(crate) fn new(mut query: Query) -> Self {
        if query.parts.is_empty() {
            query.parts.push(Part::default());
        }
        Self {
            query,
            ..Self::default()
        }
    }

    /// A search for the nodes of a stream.
    pub(crate) fn of_nodes(ids: Vec<String>) -> Self {
        let names = ids.into_iter().map(|text| Name {
            text,
            span: stocktake_query::Span::default(),
        });
        let part = Part {
            filter: Filter::Id(names.collect()),
            ..Part::default()
        };
        Self::new(Query {
            parts: vec![part],
            ..Query::default()
        })
    }

    /// The last part, if anything may still be said about it: not once rows are made of it.
    pub(crate) fn open(&mut self) -> Option<&mut Part> {
        if self.query.preamble.aggregate.is_some() {
            return None;
        }
        let walks_on = self
            .query
            .parts
            .last()
            .is_none_or(|part| part.navigation.is_some());
        if walks_on {
            self.query.parts.push(Part::default());
        }
        self.query.parts.last_mut()
    }

    /// Sorts, if nothing was cut off yet.
    pub(crate) fn sort(&mut self, keys: &[SortKey]) -> Folded {
        match self.open() {
            Some(part) if part.limit.is_none() && !part.reversed => {
                part.sort.extend_from_slice(keys);
                Folded::Whole
            }
            _ => Folded::No,
        }
    }

    /// Cuts a piece out of what is left.
    pub(crate) fn limit(&mut self, cut: Limit) -> Folded {
        let Some(part) = self.open().filter(|part| !part.reversed) else {
            return Folded::No;
        };
        let held = part.limit.map_or(usize::MAX, |limit| limit.length);
        let skipped = part.limit.map_or(0, |limit| limit.offset);
        part.limit = Some(Limit {
            offset: skipped.saturating_add(cut.offset),
            length: held.saturating_sub(cut.offset).min(cut.length),
        });
        Folded::Whole
    }

    /// Keeps the last `length`: sorts the other way round, cuts, and turns the result back.
    pub(crate) fn tail(&mut self, length: usize) -> Folded {
        let relevance = self.query.parts.len() == 1
            && matches!(self.query.parts[0].filter, Filter::Text(_))
            && self.query.parts[0].sort.is_empty();
        let Some(part) = self.open() else {
            return Folded::No;
        };
        if relevance || part.limit.is_some() || part.reversed {
            return Folded::No;
        }
        if part.sort.is_empty() {
            part.sort = default_sort();
        }
        for key in &mut part.sort {
            key.order = match key.order {
                Order::Asc => Order::Desc,
                Order::Desc => Order::Asc,
            };
        }
        part.limit = Some(Limit { offset: 0, length });
        part.reversed = true;
        Folded::Whole
    }

    /// Walks on from what is left.
    pub(crate) fn walk(&mut self, navigation: Navigation) -> Folded {
        let Some(part) = self.open() else {
            return Folded::No;
        };
        part.navigation = Some(navigation);
        self.query.parts.push(Part::default());
        Folded::Whole
    }

    /// Goes on with another search: from where a walk has led, or among what was found.
    pub(crate) fn search(&mut self, next: &Self) -> Folded {
        let Some(part) = self.open() else {
            return Folded::No;
        };
        let [first, others @ ..] = next.query.parts.as_slice() else {
            return Folded::Whole;
        };
        let Some(joined) = joined(part, first) else {
            return Folded::No;
        };
        *part = joined;
        self.query.parts.extend_from_slice(others);
        let preamble = &next.query.preamble;
        self.query
            .preamble
            .aggregate
            .clone_from(&preamble.aggregate);
        self.query.preamble.edge_type = preamble.edge_type.or(self.query.preamble.edge_type);
        self.clusters.extend(next.clusters.iter().cloned());
        self.at = next.at.clone().or(self.at.take());
        if next.edges == WithEdges::Yes {
            self.edges = WithEdges::Yes;
        }
        if next.mode == Mode::Explain {
            self.mode = Mode::Explain;
        }
        Folded::Whole
    }

    /// Whether it is explained instead of run.
    pub(crate) fn is_explained(&self) -> bool {
        self.mode == Mode::Explain
    }

    /// What is asked of the core.
    pub(crate) fn request(&self, scene: &Scene) -> Search {
        let mut query = crate::syntax::query_in_section(self.query.clone(), &scene.section);
        query.preamble.edge_type = query.preamble.edge_type.or(scene.edge_type);
        Search {
            query,
            edges: self.edges,
            order: DefaultOrder::Cli,
            timeout: scene.timeout,
            at: self.at.clone(),
            graph: scene.graph.clone(),
            wanted: self.wanted.clone(),
        }
    }

    fn layout(&self, call: &Call) -> Layout {
        Layout {
            columns: columns::of_search(&self.query, self.edges, &call.scene),
            view: View::Lines,
        }
    }
}

/// One part that says what both say, if there is one.
fn joined(first: &Part, second: &Part) -> Option<Part> {
    if *first == Part::default() {
        return Some(second.clone());
    }
    let cut = first.limit.is_some() || first.reversed;
    let enriched = !first.merge.is_empty() || first.with_usage.is_some();
    let clash = (first.with.is_some() && second.with.is_some())
        || (first.tag.is_some() && second.tag.is_some())
        || second.with_usage.is_some();
    if cut || enriched || clash {
        return None;
    }
    let mut part = second.clone();
    part.filter = both(first.filter.clone(), second.filter.clone());
    part.with = first.with.clone().or(part.with);
    part.tag = first.tag.clone().or(part.tag);
    if part.sort.is_empty() {
        part.sort.clone_from(&first.sort);
    }
    Some(part)
}

/// `first and second`, flat.
pub(crate) fn both(first: Filter, second: Filter) -> Filter {
    let flat = |filter| match filter {
        Filter::All => Vec::new(),
        Filter::And(filters) => filters,
        other => vec![other],
    };
    let mut filters = flat(first);
    filters.extend(flat(second));
    match filters.len() {
        0 => Filter::All,
        1 => filters.remove(0),
        _ => Filter::And(filters),
    }
}

/// The order of results nobody sorted, written out.
fn default_sort() -> Vec<SortKey> {
    ["kind", "name", "id"]
        .iter()
        .map(|name| SortKey {
            path: absolute(&["reported", name]),
            order: Order::Asc,
        })
        .collect()
}

#[async_trait]
impl Stage for Draft {
    async fn run(self: Box<Self>, _: Flow, call: &Call) -> Result<Flow, CommandError> {
        let layout = self.layout(call);
        let search = self.request(&call.scene);
        if search.at.is_none() && search.graph.is_none() {
            clusters::check(&self.clusters, call).await?;
        }
        for hint in self.hints {
            call.side.note(hint);
        }
        if self.mode == Mode::Explain {
            let plan = call.services.explain(search).await?;
            return Ok(Flow::values([plan]).shown(View::Document, &[]));
        }
        let found = call.services.search(search).await?;
        for hint in found.hints {
            call.side.note(hint);
        }
        call.side.read(found.data_age_secs, found.gaps);
        Ok(Flow {
            elements: found.elements,
            layout,
        })
    }
}

/// Runs a search that starts from the nodes of a stream.
///
/// `build` is given a draft that selects exactly these nodes; no nodes, no search.
pub(crate) async fn from_nodes(
    input: Flow,
    call: &Call,
    build: impl FnOnce(&mut Draft) -> Folded,
) -> Result<Flow, CommandError> {
    let mut ids = Vec::new();
    let mut elements = input.elements;
    while let Some(element) = elements.next().await {
        let element = element?;
        let id = element.get("id").or(Some(&element)).and_then(Value::as_str);
        match id {
            Some(id) if is_node(&element) || element.is_string() => ids.push(id.to_owned()),
            _ => {}
        }
    }
    if ids.is_empty() {
        return Ok(Flow::empty());
    }
    let mut draft = Draft::of_nodes(ids);
    match build(&mut draft) {
        Folded::Then(rest) => {
            rest.run(Box::new(draft).run(Flow::empty(), call).await?, call)
                .await
        }
        _ => Box::new(draft).run(Flow::empty(), call).await,
    }
}
