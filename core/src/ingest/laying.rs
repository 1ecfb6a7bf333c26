//! A snapshot into the graph, and which edges are different then. What was changed while it came in stays as it is now.
use std::collections::BTreeSet;
use std::sync::Arc;

use stocktake_engine::{Graph, Partition};
use stocktake_model::{NodeId, NodeRecord};
use stocktake_store::{AccountHeader, Edges};

use super::packing::Content;
use crate::batch::changed_edges;
use crate::core::Core;

/// Where a snapshot is laid.
pub(super) struct Laying<'l> {
    pub(super) core: &'l Core,
    pub(super) header: &'l AccountHeader,
    /// The graph, in the turn of this commit.
    pub(super) before: &'l Arc<Graph>,
    /// Nodes that were changed or removed meanwhile.
    pub(super) overtaken: &'l BTreeSet<NodeId>,
}

/// A graph with a snapshot in it.
pub(super) struct Laid {
    pub(super) graph: Graph,
    pub(super) edges: Edges,
    /// Nodes that are different.
    pub(super) touched: usize,
}

impl Laying<'_> {
    pub(super) fn lay(&self, content: Content) -> Laid {
        match content {
            Content::Whole(partition) => self.whole(Arc::from(partition)),
            Content::Few { changed, removed } => self.few(changed, removed),
        }
    }

    fn whole(&self, partition: Arc<Partition>) -> Laid {
        let touched = partition.len();
        let mut graph = self.before.with_partition(partition);
        if !self.overtaken.is_empty() {
            let records = self.overtaken.iter();
            let records = records
                .filter_map(|id| self.before.record(id))
                .collect::<Vec<_>>();
            let mut gone: Vec<_> = self.overtaken.iter().copied().collect();
            gone.retain(|id| self.before.record(id).is_none());
            graph = self.with_changes(&graph, &records, &gone);
        }
        self.all_edges(graph, touched)
    }

    fn few(&self, mut changed: Vec<NodeRecord>, mut removed: Vec<NodeId>) -> Laid {
        let id = |record: &NodeRecord| record.node_id(&self.header.begin.cloud, self.account());
        changed.retain(|record| !self.overtaken.contains(&id(record)));
        removed.retain(|id| !self.overtaken.contains(id));
        let mut touched = removed.clone();
        touched.extend(changed.iter().map(id));
        let (known, account) = (self.core.known(&self.header.begin.plugin), self.account());
        let (rules, derived) = (&known.rules, &known.derived);
        let change = || (self.before).with_few_changes(account, &changed, &removed, rules, derived);
        let Some(graph) = self.core.0.turns.ahead(change) else {
            let graph = self.with_changes(self.before, &changed, &removed);
            return self.all_edges(graph, touched.len());
        };
        let (mut of, edges) = changed_edges((self.before, &graph), &touched);
        // Where nothing left but what they contained, too.
        of.extend(removed);
        let partition = graph.partition(account);
        let count = partition.map_or(0, |partition| partition.edge_count() as u64);
        Laid {
            graph: graph.settled(account),
            edges: Edges::Changed { of, edges, count },
            touched: touched.len(),
        }
    }

    fn account(&self) -> &str {
        self.header.account()
    }

    fn with_changes(&self, graph: &Graph, changed: &[NodeRecord], removed: &[NodeId]) -> Graph {
        let known = self.core.known(&self.header.begin.plugin);
        let (rules, derived) = (&known.rules, &known.derived);
        graph.with_changes(self.account(), changed, removed, rules, derived)
    }

    fn all_edges(&self, graph: Graph, touched: usize) -> Laid {
        let partition = graph.partition(self.account());
        let edges = partition.map_or_else(Vec::new, |partition| partition.edges().collect());
        Laid {
            graph,
            edges: Edges::All(edges),
            touched,
        }
    }
}
