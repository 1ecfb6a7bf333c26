//! Looking at the past: the graph as it was at a time, built from the record and kept until another one is asked for.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use stocktake_command::{CommandError, moment};
use stocktake_engine::{Graph, PartitionBuilder};
use stocktake_store::{StoreError, View};

use crate::core::{Core, now};
use crate::facts;
use crate::open::readable;
use crate::usage;

/// The last graph of the past that was asked for, and which commit of each account it shows.
#[derive(Default)]
pub(crate) struct Past(Mutex<Option<Seen>>);

/// The commit of each account, and the graph they make.
type Seen = (BTreeMap<String, u64>, Arc<Graph>);

/// Kinds whose changes are not kept: they change all the time and say nothing.
pub(crate) const LEFT_OUT: [&str; 2] = ["kubernetes_lease", "kubernetes_event"];

impl Core {
    /// The graph as it was, with the samples of usage that were the last then. Marks and wishes are those of now. Blocks.
    pub(crate) fn graph_at(&self, text: &str) -> Result<Arc<Graph>, CommandError> {
        let time = moment(text, now())?;
        let mut graph = Graph::clone(&*self.nodes_at(time)?);
        for account in self.headers().keys() {
            let usage = usage::last(&self.0.store, account, Some(time));
            graph = graph.with_usage(account, &usage);
        }
        Ok(Arc::new(graph))
    }

    fn nodes_at(&self, time: Timestamp) -> Result<Arc<Graph>, CommandError> {
        let headers = self.headers();
        let mut views: BTreeMap<String, View> = BTreeMap::new();
        for account in headers.keys() {
            let view = self.0.store.as_of(account, time);
            views.insert(account.clone(), view.map_err(store_error)?);
        }
        let commits = views
            .iter()
            .map(|(account, view)| (account.clone(), view.commit()))
            .collect();
        let present = self.graph();
        let mut last = self
            .0
            .past
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((of, graph)) = &*last
            && *of == commits
        {
            return Ok(graph.clone());
        }
        // One at a time: the one before it is given back first.
        *last = None;
        let mut graph = Graph::new(present.model().clone());
        for (account, view) in views {
            if view.kinds().is_empty() {
                // It was not collected yet.
                continue;
            }
            let header = &headers[&account];
            let known = self.known(&header.begin.plugin);
            let mut builder = PartitionBuilder::new(present.model().clone(), &header.begin);
            let edges = view.edges().map_err(store_error)?;
            for node in view.nodes() {
                // What would be missing was never so: no answer is better than a wrong one.
                let mut node = node.map_err(store_error)?;
                facts::state(&mut node.record.metadata, node.first_seen);
                builder.node(&node.record);
            }
            let partition = builder.with_edges(edges, &known.derived);
            graph = graph.with_partition(Arc::new(partition));
        }
        let graph = graph.with_overlay(self.0.store.overlay().into_iter().filter_map(readable));
        let graph = Arc::new(graph.joined().0);
        *last = Some((commits, graph.clone()));
        Ok(graph)
    }
}

pub(crate) fn store_error(error: StoreError) -> CommandError {
    let shown = CommandError::world(error.to_string());
    match error.hint() {
        Some(hint) => shown.hint(hint),
        None => shown,
    }
}
