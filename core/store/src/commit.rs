//! The end of an import: the account goes from the old state to the new one in one step.
use std::collections::BTreeMap;

use jiff::Timestamp;
use stocktake_model::{EdgeRecord, NodeId};

use crate::block::Entry;
use crate::change::{Meanwhile, lay_changed_edges};
use crate::import::{Fate, Import};
use crate::key::Section;
use crate::manifest::Run;
use crate::open::guard;
use crate::settle::{Draft, Heal, Part};
use crate::stage::{RunBuilder, Stager};
use crate::view::{EdgeGroup, View, edge_part};
use crate::{AccountHeader, Damaged, StoreError, seal};

/// What a commit did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CommitReport {
    /// Nodes that were not there before.
    pub created: u64,
    /// Nodes that are different now.
    pub updated: u64,
    /// Nodes that are gone.
    pub deleted: u64,
    /// Nodes that came as they were.
    pub unchanged: u64,
    /// Nodes that did not come but stay, because they lie in a gap.
    pub kept: u64,
    /// Nodes that were changed or removed while the import was under way, and stay as they were put.
    pub overtaken: Vec<NodeId>,
    /// Bytes of all keys and values that were written.
    pub bytes_written: u64,
    /// What could not be read and was dropped. Nodes in it that did not come again are lost, kept ones included.
    pub damaged: Vec<Damaged>,
}

/// The edges of an account after an import, in any order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edges {
    /// Every one.
    All(Vec<EdgeRecord>),
    /// Those that are different.
    Changed {
        /// Nodes whose outgoing edges are replaced. Edges of nodes that are gone go with them if these are named.
        of: Vec<NodeId>,
        /// All outgoing edges of these nodes.
        edges: Vec<EdgeRecord>,
        /// How many the account has afterwards.
        count: u64,
    },
}

impl Edges {
    /// Sorted, each once, without those from or to nodes that are gone.
    fn without(mut self, is_gone: impl Fn(&NodeId) -> bool) -> Self {
        let (Self::All(edges) | Self::Changed { edges, .. }) = &mut self;
        edges.retain(|edge| !is_gone(&edge.from) && !is_gone(&edge.to));
        edges.sort_unstable();
        edges.dedup();
        self
    }

    fn count(&self) -> u64 {
        match self {
            Self::All(edges) => edges.len() as u64,
            Self::Changed { count, .. } => *count,
        }
    }
}

impl Import {
    /// Replaces the account by what came. Readers, and whoever opens the store after a crash, see the old state
    /// or the new one. When it returns, the new one is on the disk.
    ///
    /// `header` gets its counts here. What [`crate::Store::put`] changed since the import began stays as it was put, unless a
    /// newer version came; edges from or to a node that was removed meanwhile are left out.
    pub fn commit(
        mut self,
        edges: Edges,
        mut header: AccountHeader,
    ) -> Result<CommitReport, StoreError> {
        let (store, slot) = (self.store.clone(), self.slot.clone());
        let account = self.account.clone();
        let _writing = guard(&slot.writing);
        let meanwhile = guard(&slot.meanwhile).take().unwrap_or_default();
        self.ended = true;
        let edges =
            edges.without(|id| matches!(meanwhile.get(id), Some(Meanwhile::Removed { .. })));
        header.edges = edges.count();
        header.nodes = self.count(&meanwhile);
        let mut report = self.report();
        report.overtaken = meanwhile.keys().copied().collect();
        let current = store.view(&account)?;
        let mut draft = Draft::new(&current);
        self.lay_nodes(&mut draft, meanwhile)?;
        let now = header.collected;
        match edges {
            Edges::All(edges) => lay_edges(&mut draft, &current, edges, now, &mut self.stager)?,
            Edges::Changed { of, edges, .. } => {
                lay_changed_edges(&mut draft, of, edges, &mut self.stager)?;
            }
        }
        report.damaged.append(&mut draft.damaged);
        report.damaged.sort();
        report.damaged.dedup();
        let (batch, retired) = draft.finish(Some(&header), now, &mut self.stager)?;
        report.bytes_written = self.stager.bytes;
        // Whether the batch is in the log cannot be known if this fails: then only the next open may tidy up.
        self.stager.committed();
        store.flip(&slot, batch, retired)?;
        Ok(report)
    }

    fn report(&self) -> CommitReport {
        let mut report = CommitReport {
            damaged: self.damaged.clone(),
            ..CommitReport::default()
        };
        for known in self.known.values() {
            let count = match (known.fate, known.before) {
                (Fate::Missing, _) => &mut report.deleted,
                (Fate::Same | Fate::Known, _) => &mut report.unchanged,
                (Fate::Kept, _) => &mut report.kept,
                (Fate::Staged(_), None) => &mut report.created,
                (Fate::Staged(_), Some(_)) => &mut report.updated,
            };
            *count += 1;
        }
        report
    }

    fn count(&self, meanwhile: &BTreeMap<NodeId, Meanwhile>) -> u64 {
        let stays = |id: &NodeId, fate: Fate| match meanwhile.get(id) {
            Some(Meanwhile::Removed { .. }) => false,
            Some(Meanwhile::Changed { .. }) => true,
            None => fate != Fate::Missing,
        };
        let stay = (self.known.iter()).filter(|(id, known)| stays(id, known.fate));
        let added = meanwhile.iter().filter(|(id, change)| {
            matches!(change, Meanwhile::Changed { .. }) && !self.known.contains_key(id)
        });
        (stay.count() + added.count()) as u64
    }

    /// Lays over each kind what came, then what was changed meanwhile.
    fn lay_nodes(
        &mut self,
        draft: &mut Draft<'_>,
        meanwhile: BTreeMap<NodeId, Meanwhile>,
    ) -> Result<(), StoreError> {
        let mut removed = self.removed();
        let mut later = LaterRuns::default();
        for (id, change) in meanwhile {
            later.add(id, change, &mut self.stager)?;
        }
        for name in later.0.keys() {
            self.number(name);
        }
        let damaged: Vec<_> = (self.damaged.iter().filter_map(|one| one.kind.clone())).collect();
        for (number, incoming) in (0_u32..).zip(std::mem::take(&mut self.kinds)) {
            let mut runs = Vec::new();
            for run in incoming.runs {
                runs.push(run.finish(&mut self.stager)?);
            }
            if let Some(removed) = removed.remove(&number) {
                // First: nothing that came is in it.
                runs.insert(
                    0,
                    Run {
                        blocks: Vec::new(),
                        removed,
                    },
                );
                runs = join_first(runs);
            }
            if let Some((builder, removed)) = later.0.remove(&incoming.name) {
                let run = builder.finish(&mut self.stager)?;
                runs.push(Run { removed, ..run });
            }
            let heal = if damaged.contains(&incoming.name) {
                Heal::Yes
            } else {
                Heal::No
            };
            let part: Part = (Section::Nodes, incoming.name);
            draft.lay(part, runs, heal, &mut self.stager)?;
        }
        Ok(())
    }

    /// Nodes that go, by number of their kind, sorted.
    fn removed(&self) -> BTreeMap<u32, Vec<NodeId>> {
        let mut removed: BTreeMap<u32, Vec<NodeId>> = BTreeMap::new();
        for (id, known) in &self.known {
            if known.fate == Fate::Missing && known.before.is_some() {
                removed.entry(known.kind).or_default().push(*id);
            }
        }
        removed
    }
}

/// A run of removals and the run after it are one run: no id is in both.
fn join_first(mut runs: Vec<Run>) -> Vec<Run> {
    if runs.len() > 1 {
        let removed = runs.remove(0).removed;
        runs[0].removed = removed;
    }
    runs
}

/// The runs of what was changed meanwhile, by kind.
#[derive(Default)]
struct LaterRuns(BTreeMap<String, (RunBuilder, Vec<NodeId>)>);

impl LaterRuns {
    fn add(
        &mut self,
        id: NodeId,
        change: Meanwhile,
        stager: &mut Stager,
    ) -> Result<(), StoreError> {
        match change {
            Meanwhile::Changed {
                kind, entry, doc, ..
            } => {
                let (builder, _) = self.0.entry(kind).or_default();
                builder.push(stager, entry, &doc)
            }
            Meanwhile::Removed { kind } => {
                self.0.entry(kind).or_default().1.push(id);
                Ok(())
            }
        }
    }
}

/// Lays all edges over those that are stored: groups of edges that start at one node, as they are compared.
fn lay_edges(
    draft: &mut Draft<'_>,
    current: &View,
    edges: Vec<EdgeRecord>,
    now: Timestamp,
    stager: &mut Stager,
) -> Result<(), StoreError> {
    let mut stored = BTreeMap::new();
    let mut heal = if current.damaged().iter().any(|one| one.kind.is_none()) {
        Heal::Yes
    } else {
        Heal::No
    };
    for live in current.layers(&edge_part())? {
        match live {
            Ok(live) => stored.extend(live.entries().map(|entry| (entry.id, entry.hash))),
            Err(StoreError::Damaged(damaged)) => {
                draft.damaged.push(damaged);
                heal = Heal::Yes;
            }
            Err(error) => return Err(error),
        }
    }
    let mut builder = RunBuilder::default();
    for (from, group) in groups(edges) {
        let doc = encode(&group);
        let hash = seal::hash(&doc);
        if stored.remove(&from) != Some(hash) {
            let now = now.as_second();
            builder.push(stager, Entry::new(from, hash, now, now), &doc)?;
        }
    }
    let removed = stored.into_keys().collect();
    let run = builder.finish(stager)?;
    draft.lay(edge_part(), vec![Run { removed, ..run }], heal, stager)
}

/// Sorted edges, by the node they start at.
pub(crate) fn groups(edges: Vec<EdgeRecord>) -> impl Iterator<Item = (NodeId, EdgeGroup)> {
    let mut edges = edges.into_iter().peekable();
    std::iter::from_fn(move || {
        let from = edges.peek()?.from;
        let mut group = EdgeGroup::new();
        while let Some(edge) = edges.next_if(|edge| edge.from == from) {
            group.push((edge.to, edge.edge_type, edge.relations));
        }
        Some((from, group))
    })
}

/// The document of a group of edges.
pub(crate) fn encode(group: &EdgeGroup) -> Vec<u8> {
    serde_json::to_vec(group).expect("ids and closed lists of words can always be written as JSON")
}
