//! What a watch told, gathered until it is committed in one step: nodes, the edges that follow from them, the versions
//! to resume from.
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use stocktake_engine::Graph;
use stocktake_model::{EdgeRecord, Gap, NodeId, NodeRecord, Relation};
use stocktake_plugin_api::Changed;
use tokio::time::Instant;

use crate::facts::FIRST_SEEN;

/// How long changes are gathered before they are committed.
const GATHER: Duration = Duration::from_millis(150);
/// How long versions to resume from are gathered.
const QUIET: Duration = Duration::from_secs(30);

/// What is listed and watched by itself: a kind, and the namespace if it is not all of it.
pub(crate) type Listing = (String, Option<String>);

/// Changes of one account that are not committed yet.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// Nodes as they are now.
    pub(crate) changed: BTreeMap<NodeId, NodeRecord>,
    /// Nodes that are gone, with their kinds.
    pub(crate) removed: BTreeMap<NodeId, String>,
    /// Versions up to which everything was told; `None` where there is none any more.
    pub(crate) versions: BTreeMap<Listing, Option<String>>,
    /// Gaps that opened, and those that closed; in order.
    pub(crate) gaps: Vec<Opened>,
    /// Objects that were told.
    pub(crate) told: usize,
}

/// What became of what is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Opened {
    /// Changes are not told.
    Gap(Gap),
    /// Changes of this kind, in this namespace or in all, are told again.
    Mended {
        kind: String,
        namespace: Option<String>,
    },
}

/// Where changes go: the account, and the graph before them.
pub(crate) struct Ground<'g> {
    pub(crate) graph: &'g Graph,
    pub(crate) cloud: &'g str,
    pub(crate) account: &'g str,
}

impl Ground<'_> {
    pub(crate) fn id(&self, record: &NodeRecord) -> NodeId {
        record.node_id(self.cloud, self.account)
    }
}

impl Batch {
    /// Nothing to commit.
    pub(crate) fn is_empty(&self) -> bool {
        self.changed.is_empty()
            && self.removed.is_empty()
            && self.versions.is_empty()
            && self.gaps.is_empty()
    }

    /// When it is to be committed; at the latest `due`. Versions alone can wait: what is told twice does no harm.
    pub(crate) fn due(&self, due: Option<Instant>) -> Option<Instant> {
        let wait = if !(self.changed.is_empty() && self.removed.is_empty() && self.gaps.is_empty())
        {
            GATHER
        } else if !self.versions.is_empty() {
            QUIET
        } else {
            return due;
        };
        let wanted = Instant::now() + wait;
        Some(due.map_or(wanted, |due| due.min(wanted)))
    }

    /// Takes an object with its parts. One that is older than what is known, or the same, changes nothing; neither does
    /// one that another kind shows already. Returns the ids it stands for.
    pub(crate) fn change(&mut self, ground: &Ground<'_>, changed: Changed) -> Vec<NodeId> {
        self.told += 1;
        let Changed { nodes, shared } = changed;
        let Some(object) = nodes.first() else {
            return Vec::new();
        };
        let object_id = ground.id(object);
        let ids: Vec<NodeId> = nodes.iter().map(|node| ground.id(node)).collect();
        if is_shown(ground, object) {
            return Vec::new();
        }
        let known = self.known(ground, &object_id);
        if known.is_some_and(|known| is_older(object, &known)) {
            return ids;
        }
        for part in self.parts(ground, &object_id) {
            if !ids.contains(&part) {
                self.remove_one(ground, &part);
            }
        }
        for (id, node) in ids.iter().zip(nodes) {
            self.set(ground, *id, node);
        }
        for node in shared {
            let id = ground.id(&node);
            // Who brought it first has told it.
            if self.known(ground, &id).is_none() {
                self.set(ground, id, node);
            }
        }
        ids
    }

    /// Takes an object out, with its parts.
    pub(crate) fn remove(&mut self, ground: &Ground<'_>, id: &NodeId) {
        for part in self.parts(ground, id) {
            self.remove_one(ground, &part);
        }
        self.remove_one(ground, id);
    }

    fn set(&mut self, ground: &Ground<'_>, id: NodeId, node: NodeRecord) {
        self.removed.remove(&id);
        let known = ground.graph.record(&id).map(|mut known| {
            known.metadata.remove(FIRST_SEEN);
            known
        });
        if known.as_ref() == Some(&node) {
            self.changed.remove(&id);
        } else {
            self.changed.insert(id, node);
        }
    }

    fn remove_one(&mut self, ground: &Ground<'_>, id: &NodeId) {
        self.changed.remove(id);
        if let Some(record) = ground.graph.record(id) {
            self.removed.insert(*id, record.kind().to_owned());
        }
    }

    /// The node as it will be after the commit.
    fn known(&self, ground: &Ground<'_>, id: &NodeId) -> Option<NodeRecord> {
        if self.removed.contains_key(id) {
            return None;
        }
        let changed = self.changed.get(id).cloned();
        changed.or_else(|| ground.graph.record(id))
    }

    fn parts(&self, ground: &Ground<'_>, id: &NodeId) -> Vec<NodeId> {
        let mut parts = ground.graph.parts_of(id);
        let uid = self.changed.get(id).map(|object| object.id().to_owned());
        if let Some(uid) = uid {
            let is_part = |node: &NodeRecord| matches!(&node.parent, stocktake_model::Parent::Uid(parent) if *parent == uid);
            let prefix = self.changed.iter().filter(|(_, node)| is_part(node));
            parts.extend(prefix.map(|(id, _)| *id));
        }
        parts
    }
}

/// Whether the same object is in the graph under another kind: some servers show one object in two groups.
fn is_shown(ground: &Ground<'_>, object: &NodeRecord) -> bool {
    let kinds = ground.graph.kinds_with_uid(ground.account, object.id());
    !kinds.is_empty() && kinds.iter().all(|kind| kind != object.kind())
}

/// Whether an object is older than the one that is known. Versions of one object can be compared.
fn is_older(object: &NodeRecord, known: &NodeRecord) -> bool {
    let version = |record: &NodeRecord| -> Option<u64> {
        let version = record.reported.get("resource_version")?;
        version.as_str()?.parse().ok()
    };
    match (version(object), version(known)) {
        (Some(now), Some(then)) => now < then,
        _ => false,
    }
}

/// Nodes of these kinds that something referred to before and nothing does now.
pub(crate) fn orphans(
    (before, after): (&Graph, &Graph),
    touched: &[NodeId],
    shared_kinds: &BTreeSet<String>,
) -> BTreeMap<NodeId, String> {
    let mut found = BTreeMap::new();
    let targets = touched.iter().flat_map(|id| before.edges_from(id));
    let mut seen = BTreeSet::new();
    for edge in targets {
        if !seen.insert(edge.to) {
            continue;
        }
        let Some(record) = after.record(&edge.to) else {
            continue;
        };
        if shared_kinds.contains(record.kind()) && !is_referred_to(after, &edge.to) {
            found.insert(edge.to, record.kind().to_owned());
        }
    }
    found
}

fn is_referred_to(graph: &Graph, id: &NodeId) -> bool {
    let edges = graph.edges_to(id);
    edges
        .iter()
        .any(|edge| edge.relations != [Relation::Contains])
}

/// Outgoing edges that are different, whole for each node they leave. Containment follows from the nodes themselves
/// and is not worth writing for its own sake.
pub(crate) fn changed_edges(
    (before, after): (&Graph, &Graph),
    touched: &[NodeId],
) -> (Vec<NodeId>, Vec<EdgeRecord>) {
    let mut sources: BTreeSet<NodeId> = touched.iter().copied().collect();
    for graph in [before, after] {
        for id in touched {
            sources.extend(graph.edges_to(id).into_iter().map(|edge| edge.from));
            sources.extend(graph.edges_from(id).into_iter().map(|edge| edge.to));
        }
    }
    let (mut sources_changed, mut edges) = (Vec::new(), Vec::new());
    for source in sources {
        let own = |graph: &Graph| -> Vec<EdgeRecord> {
            let mut edges = graph.edges_from(&source);
            edges.retain(|edge| edge.relations != [Relation::Contains]);
            edges
        };
        if own(before) != own(after) {
            sources_changed.push(source);
            edges.extend(after.edges_from(&source));
        }
    }
    (sources_changed, edges)
}
