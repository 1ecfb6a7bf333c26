//! Reading the version log forwards in meaning, backwards in time: what happened to which node, before and after.
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use stocktake_model::NodeId;

use crate::block::Entry;
use crate::key::Section;
use crate::layers::Layers;
use crate::manifest::Run;
use crate::version::{Undo, Version, undamaged};
use crate::view::{Moment, Nodes, View, node};
use crate::{Store, StoreError, StoredNode};

/// What happened to a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeKind {
    /// It was not there before.
    Created,
    /// It was there and is different now.
    Updated,
    /// It is gone.
    Deleted,
}

/// One change of one node.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionChange {
    /// The node.
    pub id: NodeId,
    /// Time of the commit.
    pub at: Timestamp,
    /// What happened.
    pub change: ChangeKind,
    /// The node before; absent if it was created.
    pub before: Option<StoredNode>,
    /// The node afterwards; absent if it was deleted, or if what it became was damaged.
    pub after: Option<StoredNode>,
    /// The commit.
    pub(crate) generation: u64,
}

impl VersionChange {
    /// A change that is in no store.
    pub fn new(
        change: ChangeKind,
        at: Timestamp,
        before: Option<StoredNode>,
        after: Option<StoredNode>,
    ) -> Self {
        let node = after.as_ref().or(before.as_ref());
        Self {
            id: node.map_or(NodeId::ROOT, |node| node.id),
            at,
            change,
            before,
            after,
            generation: 0,
        }
    }
}

type Doc = (Entry, Vec<u8>);

/// Changes of the nodes of an account, newest commit first; within a commit by kind. Memory: the newest document of
/// every node that changed since the earliest commit asked for, and one commit.
pub struct Changes {
    view: View,
    /// Commits to come, newest last.
    versions: Vec<(u64, Version)>,
    before: Option<Timestamp>,
    /// Documents as they were right before the commit that was read last, where a later commit changed them.
    later: BTreeMap<NodeId, Doc>,
    ready: Vec<VersionChange>,
    /// Nodes of the commit that began the account.
    began: Option<(u64, Timestamp, Nodes)>,
    failed: bool,
}

impl Store {
    /// What happened to the nodes of an account after `after` and not later than `before`, newest commit first.
    ///
    /// Changes that were pruned are not in it, nor are those of kinds that are left out ([`Store::leave_out`]).
    pub fn changes(
        &self,
        account: &str,
        after: Option<Timestamp>,
        before: Option<Timestamp>,
    ) -> Result<Changes, StoreError> {
        let view = self.view(account)?;
        let mut versions = Vec::new();
        for found in view.trees().versions(account).rev() {
            let (generation, version) = found?;
            if after.is_some_and(|after| version.at <= after) {
                break;
            }
            versions.push((generation, version));
        }
        versions.reverse();
        let mut changes = Changes {
            view,
            versions,
            before,
            later: BTreeMap::new(),
            ready: Vec::new(),
            began: None,
            failed: false,
        };
        changes.load()?;
        Ok(changes)
    }
}

impl Changes {
    /// Reads the present documents of all nodes that changed.
    fn load(&mut self) -> Result<(), StoreError> {
        let mut wanted: BTreeMap<&str, BTreeSet<NodeId>> = BTreeMap::new();
        for undo in self.versions.iter().flat_map(|(_, version)| &version.nodes) {
            let ids = wanted.entry(&undo.kind).or_default();
            ids.extend(&undo.run.removed);
            for live in self.layers(undo)? {
                if let Some(live) = undamaged(live)? {
                    ids.extend(live.entries().map(|entry| entry.id));
                }
            }
        }
        let mut later = BTreeMap::new();
        for (kind, ids) in wanted {
            let mut layers = self.view.layers(&(Section::Nodes, kind.to_owned()))?;
            while let Some(live) = layers.next() {
                let is_wanted = |entry: &Entry| ids.contains(&entry.id);
                let Some(live) = undamaged(live)?.filter(|live| live.entries().any(is_wanted))
                else {
                    continue;
                };
                let docs = undamaged(layers.docs(&live))?.unwrap_or_default();
                let docs = docs.into_iter().filter(|(entry, _)| is_wanted(entry));
                later.extend(docs.map(|(entry, doc)| (entry.id, (entry, doc))));
            }
        }
        self.later = later;
        Ok(())
    }

    fn layers(&self, undo: &Undo) -> Result<Layers, StoreError> {
        // One layer; what it says about removed nodes is read from the version itself.
        let run = Run {
            blocks: undo.run.blocks.clone(),
            removed: Vec::new(),
        };
        let (trees, account) = (self.view.trees(), self.view.account());
        Layers::open(trees, account, Some(&undo.kind), vec![run])
    }

    /// Reads the next commit, if there is one.
    fn advance(&mut self) -> Result<bool, StoreError> {
        let Some((generation, version)) = self.versions.pop() else {
            return Ok(false);
        };
        let is_shown = self.before.is_none_or(|before| version.at <= before);
        if version.began && is_shown {
            let moment = Moment::Generation(generation);
            let state = self.view.store().view_of(self.view.account(), moment)?;
            self.began = Some((generation, version.at, state.nodes()));
        }
        let mut ready = Vec::new();
        for undo in &version.nodes {
            self.read(generation, version.at, undo, &mut ready)?;
        }
        if is_shown {
            ready.reverse();
            self.ready = ready;
        }
        Ok(true)
    }

    fn read(
        &mut self,
        generation: u64,
        at: Timestamp,
        undo: &Undo,
        ready: &mut Vec<VersionChange>,
    ) -> Result<(), StoreError> {
        let account = self.view.account().to_owned();
        let whole = |doc: &Doc| node(&account, &doc.0, &doc.1);
        let mut number = 0;
        let mut layers = self.layers(undo)?;
        while let Some(live) = layers.next() {
            for (entry, doc) in layers.docs(&live?)? {
                let is_update = number < undo.updated;
                number += 1;
                let before = node(&account, &entry, &doc)?;
                let after = self.later.insert(entry.id, (entry, doc));
                let after = after.filter(|_| is_update);
                ready.push(VersionChange {
                    id: entry.id,
                    at,
                    change: if is_update {
                        ChangeKind::Updated
                    } else {
                        ChangeKind::Deleted
                    },
                    before: Some(before),
                    after: after.as_ref().map(whole).transpose()?,
                    generation,
                });
            }
        }
        for id in &undo.run.removed {
            let after = self.later.remove(id);
            ready.push(VersionChange {
                id: *id,
                at,
                change: ChangeKind::Created,
                before: None,
                after: after.as_ref().map(whole).transpose()?,
                generation,
            });
        }
        Ok(())
    }

    fn next_began(&mut self) -> Option<Result<VersionChange, StoreError>> {
        let (generation, at, nodes) = self.began.as_mut()?;
        let (generation, at) = (*generation, *at);
        let created = nodes.next().map(|found| {
            found.map(|node| VersionChange {
                id: node.id,
                at,
                change: ChangeKind::Created,
                before: None,
                after: Some(node),
                generation,
            })
        });
        if created.is_none() {
            self.began = None;
        }
        created
    }
}

impl Iterator for Changes {
    type Item = Result<VersionChange, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed {
            if let Some(change) = self.ready.pop() {
                return Some(Ok(change));
            }
            if let Some(created) = self.next_began() {
                return Some(created);
            }
            match self.advance() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => {
                    self.failed = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}
