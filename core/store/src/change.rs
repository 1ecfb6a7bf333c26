//! A small change to an account: after an action, or from a watch.
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use stocktake_model::{Document, EdgeRecord, NodeId, NodeRecord};

use crate::block::Entry;
use crate::commit::{encode as encode_edges, groups};
use crate::key::{self, Section};
use crate::manifest::Run;
use crate::open::guard;
use crate::settle::{Draft, Heal, Part};
use crate::stage::{RunBuilder, Stager};
use crate::version::undamaged;
use crate::view::{View, edge_part};
use crate::{AccountHeader, Store, StoreError, seal};

/// What is to change in an account, all in one step.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Nodes that are new or different. Of several with one id the last counts.
    pub nodes: Vec<(NodeId, NodeRecord)>,
    /// Nodes that are gone: kind and id. Edges that start there go too.
    pub removed: Vec<(String, NodeId)>,
    /// Nodes whose outgoing edges are replaced by those in `edges`. Whoever had an edge to a node that was
    /// removed belongs here.
    pub edges_of: Vec<NodeId>,
    /// Outgoing edges of the nodes in `edges_of`; others are added to that list.
    pub edges: Vec<EdgeRecord>,
    /// The header, counts included; the stored one stays if absent.
    pub header: Option<AccountHeader>,
    /// When it happened. If absent: when the header was collected, else when the last change happened.
    pub at: Option<Timestamp>,
}

impl Change {
    fn time(&self, current: &View) -> Timestamp {
        let header = self.header.as_ref().map(|header| header.collected);
        let last = || current.last_change().unwrap_or_default();
        self.at.or(header).unwrap_or_else(last)
    }
}

/// What was changed while an import is under way: it is newer than what the import read.
#[derive(Debug)]
pub(crate) enum Meanwhile {
    Changed {
        kind: String,
        version: Option<u64>,
        entry: Entry,
        doc: Vec<u8>,
    },
    Removed {
        kind: String,
    },
}

/// The version of an object, where versions can be compared.
pub(crate) fn version(record: &NodeRecord) -> Option<u64> {
    let version = record.reported.get("resource_version")?;
    version.as_str()?.parse().ok()
}

impl Store {
    /// Changes some nodes and edges of an account. When it returns, the change is on the disk.
    ///
    /// An import that is under way respects it: see [`crate::Import::commit`].
    pub fn put(&self, account: &str, change: Change) -> Result<(), StoreError> {
        let _pass = self.enter();
        let slot = self.slot(account)?;
        let _writing = guard(&slot.writing);
        let current = self.view(account)?;
        if current.is_unknown() && change.header.is_none() {
            return Err(StoreError::UnknownAccount(account.to_owned()));
        }
        let mut stager = Stager::new(&self.trees()?, account)?;
        let mut draft = Draft::new(&current);
        let header = change.header.clone();
        let at = change.time(&current);
        let meanwhile = lay(&mut draft, change, at, &mut stager)?;
        let (batch, retired) = draft.finish(header.as_ref(), at, &mut stager)?;
        stager.committed();
        self.flip(&slot, batch, retired)?;
        if let Some(changes) = guard(&slot.meanwhile).as_mut() {
            changes.extend(meanwhile);
        }
        Ok(())
    }
}

fn lay(
    draft: &mut Draft<'_>,
    change: Change,
    at: Timestamp,
    stager: &mut Stager,
) -> Result<BTreeMap<NodeId, Meanwhile>, StoreError> {
    let mut meanwhile = BTreeMap::new();
    let mut no_edges: Vec<NodeId> = change.edges_of;
    for (kind, id) in change.removed {
        no_edges.push(id);
        meanwhile.insert(id, Meanwhile::Removed { kind });
    }
    for (id, record) in &change.nodes {
        key::check("a kind", record.kind())?;
        meanwhile.insert(*id, changed(*id, record, at));
    }
    draft.go_on(&mut meanwhile)?;
    let mut runs: BTreeMap<&str, (RunBuilder, Vec<NodeId>)> = BTreeMap::new();
    for (id, one) in &meanwhile {
        match one {
            Meanwhile::Changed {
                kind, entry, doc, ..
            } => {
                let (builder, _) = runs.entry(kind).or_default();
                builder.push(stager, *entry, doc)?;
            }
            Meanwhile::Removed { kind } => runs.entry(kind).or_default().1.push(*id),
        }
    }
    for (kind, (builder, removed)) in runs {
        let run = builder.finish(stager)?;
        let part: Part = (Section::Nodes, kind.to_owned());
        draft.lay(part, vec![Run { removed, ..run }], Heal::No, stager)?;
    }
    lay_changed_edges(draft, no_edges, change.edges, stager)?;
    Ok(meanwhile)
}

/// Lays edges over those that are stored: all that start at the nodes of `no_edges` and at those where one of `edges` does.
pub(crate) fn lay_changed_edges(
    draft: &mut Draft<'_>,
    mut no_edges: Vec<NodeId>,
    mut edges: Vec<EdgeRecord>,
    stager: &mut Stager,
) -> Result<(), StoreError> {
    edges.sort_unstable();
    edges.dedup();
    let mut builder = RunBuilder::default();
    let mut starts = std::collections::BTreeSet::new();
    for (from, group) in groups(edges) {
        let doc = encode_edges(&group);
        starts.insert(from);
        builder.push(stager, Entry::new(from, seal::hash(&doc), 0, 0), &doc)?;
    }
    no_edges.retain(|id| !starts.contains(id));
    no_edges.sort_unstable();
    no_edges.dedup();
    let run = builder.finish(stager)?;
    let run = Run {
        removed: no_edges,
        ..run
    };
    draft.lay(edge_part(), vec![run], Heal::No, stager)
}

fn changed(id: NodeId, record: &NodeRecord, at: Timestamp) -> Meanwhile {
    let document = Document::new(record);
    let doc = document.text().as_bytes().to_vec();
    let at = at.as_second();
    Meanwhile::Changed {
        kind: record.kind().to_owned(),
        version: version(record),
        entry: Entry::new(id, seal::hash(&doc), at, at),
        doc,
    }
}

impl Draft<'_> {
    /// Nodes that are there already stay known since when they were, and count their versions on; those that would not
    /// change are left out.
    fn go_on(&self, changes: &mut BTreeMap<NodeId, Meanwhile>) -> Result<(), StoreError> {
        let kinds: BTreeSet<String> = (changes.values())
            .filter_map(|change| match change {
                Meanwhile::Changed { kind, .. } => Some(kind.clone()),
                Meanwhile::Removed { .. } => None,
            })
            .collect();
        for kind in kinds {
            for live in self.current().layers(&(Section::Nodes, kind))? {
                let Some(live) = undamaged(live)? else {
                    continue;
                };
                for old in live.entries() {
                    let Some(Meanwhile::Changed { entry, .. }) = changes.get_mut(&old.id) else {
                        continue;
                    };
                    if entry.hash == old.hash {
                        changes.remove(&old.id);
                        continue;
                    }
                    entry.first_seen = old.first_seen;
                    *entry = entry.revised(old.revision.saturating_add(1));
                }
            }
        }
        Ok(())
    }
}
