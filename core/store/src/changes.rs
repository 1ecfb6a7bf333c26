//! Reading the version log forwards in meaning, backwards in time: what happened to which node, before and after.
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use stocktake_model::NodeId;

use crate::back::{Doc, restore};
use crate::block::Entry;
use crate::key::Section;
use crate::version::{Piece, Undo, Version, undamaged};
use crate::view::{Moment, View, node};
use crate::{Nodes, Store, StoreError, StoredNode};

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
    /// What was before, as it was stored.
    pub(crate) doc: Option<Doc>,
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
            doc: None,
        }
    }
}

/// Changes of the nodes of an account, newest commit first; within a commit by kind. Memory: the newest document of
/// every node that changed since the earliest commit asked for, and one commit.
pub struct Changes {
    view: View,
    /// Commits to come, newest last.
    versions: Vec<(u64, Version)>,
    before: Option<Timestamp>,
    /// Nodes that are meant, if not all.
    only: Option<BTreeSet<NodeId>>,
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
        let is_wanted = |at| after.is_none_or(|after| at > after);
        self.changes_while(account, before, is_wanted, None)
    }

    /// As [`Store::changes`], back to the first commit whose time is not wanted, and of some nodes only: then without
    /// those that came with the first commit.
    pub(crate) fn changes_while(
        &self,
        account: &str,
        before: Option<Timestamp>,
        is_wanted: impl Fn(Timestamp) -> bool,
        only: Option<BTreeSet<NodeId>>,
    ) -> Result<Changes, StoreError> {
        let view = self.view(account)?;
        let mut versions = Vec::new();
        for found in view.trees().versions(account).rev() {
            let Some((generation, version)) = undamaged(found)? else {
                tracing::warn!(account, "a version is damaged: what it changed is not told");
                continue;
            };
            if !is_wanted(version.at) {
                break;
            }
            versions.push((generation, version));
        }
        versions.reverse();
        let mut changes = Changes {
            view,
            versions,
            before,
            only,
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
        let (trees, account) = (self.view.trees(), self.view.account());
        let mut wanted: BTreeMap<&str, BTreeSet<NodeId>> = BTreeMap::new();
        for (_, version) in &self.versions {
            for (undo, pieces) in version.nodes.iter().zip(version.pieces()) {
                let ids = wanted.entry(&undo.kind).or_default();
                ids.extend(undo.run.removed.iter().filter(|id| self.is_meant(id)));
                for piece in pieces {
                    let entries = undamaged(piece.entries(trees, account))?.unwrap_or_default();
                    let new = entries.into_iter().map(|entry| entry.id);
                    ids.extend(new.filter(|id| self.is_meant(id)));
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

    /// Reads the next commit, if there is one.
    fn advance(&mut self) -> Result<bool, StoreError> {
        let Some((generation, version)) = self.versions.pop() else {
            return Ok(false);
        };
        let is_shown = self.before.is_none_or(|before| version.at <= before);
        if version.began && is_shown && self.only.is_none() {
            let moment = Moment::Generation(generation);
            let state = self.view.store().view_of(self.view.account(), moment)?;
            self.began = Some((generation, version.at, state.nodes()));
        }
        let mut ready = Vec::new();
        for (undo, pieces) in version.nodes.iter().zip(version.pieces()) {
            self.read((generation, version.at), undo, &pieces, &mut ready)?;
        }
        if is_shown {
            ready.reverse();
            self.ready = ready;
        }
        Ok(true)
    }

    fn is_meant(&self, id: &NodeId) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(id))
    }

    /// Documents as they are stored, of the nodes that are meant. What is damaged is told and left out: what depends on
    /// it will not fit.
    fn docs(&self, piece: &Piece<'_>) -> Result<Vec<Doc>, StoreError> {
        let (trees, account) = (self.view.trees(), self.view.account());
        if self.only.is_some() {
            let entries = undamaged(piece.entries(trees, account))?.unwrap_or_default();
            if !entries.iter().any(|entry| self.is_meant(&entry.id)) {
                return Ok(Vec::new());
            }
        }
        let docs = match piece.docs(trees, account) {
            Err(StoreError::Damaged(damaged)) => {
                tracing::warn!(%damaged, "versions are lost");
                Vec::new()
            }
            docs => docs?,
        };
        Ok(docs
            .into_iter()
            .filter(|(entry, _)| self.is_meant(&entry.id))
            .collect())
    }

    fn read(
        &mut self,
        (generation, at): (u64, Timestamp),
        undo: &Undo,
        pieces: &[Piece<'_>],
        ready: &mut Vec<VersionChange>,
    ) -> Result<(), StoreError> {
        let account = self.view.account().to_owned();
        let whole = |doc: &Doc| node(&account, &doc.0, &doc.1);
        for piece in pieces {
            for (entry, stored) in self.docs(piece)? {
                let after = self.later.remove(&entry.id);
                let bytes = after.as_ref().map(|(_, doc)| doc.as_slice());
                let doc = match restore(&entry, stored, bytes) {
                    Ok(doc) => (entry, doc),
                    Err(why) => {
                        tracing::warn!(node = %entry.id, why, "a version is lost");
                        continue;
                    }
                };
                let after = after.filter(|_| piece.change == ChangeKind::Updated);
                ready.push(VersionChange {
                    id: entry.id,
                    at,
                    change: piece.change,
                    before: Some(whole(&doc)?),
                    after: after.as_ref().map(whole).transpose()?,
                    generation,
                    doc: Some(doc.clone()),
                });
                self.later.insert(entry.id, doc);
            }
        }
        for id in &undo.run.removed {
            if !self.is_meant(id) {
                continue;
            }
            let after = self.later.remove(id);
            ready.push(VersionChange {
                id: *id,
                at,
                change: ChangeKind::Created,
                before: None,
                after: after.as_ref().map(whole).transpose()?,
                generation,
                doc: None,
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
                doc: None,
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
