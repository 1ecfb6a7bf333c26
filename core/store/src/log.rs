//! Writing the version log while a commit is made.
use std::collections::{BTreeMap, BTreeSet};

use stocktake_model::NodeId;

use crate::back::Doc;
use crate::block::Entry;
use crate::later::{Later, Next};
use crate::layers::Layers;
use crate::manifest::Run;
use crate::stage::{RunBuilder, Stager};
use crate::version::{CHAIN, Undo, Version, undamaged};
use crate::view::{EdgeGroup, View, edge_part, parse};
use crate::{StoreError, delta, key, seal};

/// A version on its way.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) version: Version,
    updated: RunBuilder,
    deleted: RunBuilder,
}

impl Log {
    pub(crate) fn new(version: Version) -> Self {
        Self {
            version,
            ..Self::default()
        }
    }

    /// Notes what laying runs over the nodes of a kind changes.
    pub(crate) fn nodes(
        &mut self,
        current: &View,
        kind: &str,
        runs: &[Run],
        stager: &mut Stager,
    ) -> Result<(), StoreError> {
        let mut undo = Undo {
            kind: kind.to_owned(),
            ..Undo::default()
        };
        let mut later = Later::read(current.trees(), current.account(), kind, runs)?;
        let mut layers = current.layers(&(key::Section::Nodes, kind.to_owned()))?;
        while let Some(live) = layers.next() {
            let Some(live) = undamaged(live)? else {
                continue;
            };
            let mut is_changed = false;
            for entry in live.entries() {
                match later.get(&entry.id) {
                    Some(Next::Is(place)) if place.hash == entry.hash => {
                        later.take(&entry.id);
                    }
                    Some(_) => is_changed = true,
                    None => {}
                }
            }
            if !is_changed {
                continue;
            }
            for (entry, doc) in undamaged(layers.docs(&live))?.unwrap_or_default() {
                match later.take(&entry.id) {
                    Some(Next::Is(place)) => {
                        let after = later.doc(place)?;
                        let delta = delta_of(&entry, &doc, after);
                        self.update(&mut undo, (entry, delta.unwrap_or(doc)), stager)?;
                    }
                    Some(Next::Gone) => self.delete(&mut undo, (entry, doc), stager)?,
                    None => {}
                }
            }
        }
        undo.run.removed = later.left();
        self.kind(undo);
        Ok(())
    }

    /// Adds a document that was updated, to be called in the order of the kinds.
    pub(crate) fn update(
        &mut self,
        undo: &mut Undo,
        (entry, stored): Doc,
        stager: &mut Stager,
    ) -> Result<(), StoreError> {
        undo.updated += 1;
        self.updated.push(stager, entry, &stored)
    }

    /// Adds a document that was deleted, to be called in the order of the kinds.
    pub(crate) fn delete(
        &mut self,
        undo: &mut Undo,
        (entry, stored): Doc,
        stager: &mut Stager,
    ) -> Result<(), StoreError> {
        undo.deleted += 1;
        self.deleted.push(stager, entry, &stored)
    }

    /// Ends a kind.
    pub(crate) fn kind(&mut self, undo: Undo) {
        if !undo.run.is_empty() || undo.updated > 0 || undo.deleted > 0 {
            self.version.nodes.push(undo);
        }
    }

    /// Writes what is still held.
    pub(crate) fn finish(self, stager: &mut Stager) -> Result<Version, StoreError> {
        Ok(Version {
            updated: self.updated.finish(stager)?.blocks,
            deleted: self.deleted.finish(stager)?.blocks,
            ..self.version
        })
    }

    /// Notes what laying runs over the edges changes.
    pub(crate) fn edges(
        &mut self,
        current: &View,
        runs: &[Run],
        stager: &mut Stager,
    ) -> Result<(), StoreError> {
        let account = current.account();
        let mut after: BTreeMap<NodeId, EdgeGroup> = BTreeMap::new();
        for run in runs {
            after.extend(run.removed.iter().map(|id| (*id, EdgeGroup::new())));
            let mut layers = Layers::open(current.trees(), account, None, vec![run.clone()])?;
            while let Some(live) = layers.next() {
                for (entry, doc) in layers.docs(&live?)? {
                    after.insert(entry.id, parse(account, &entry, &doc)?);
                }
            }
        }
        let mut before: BTreeMap<NodeId, EdgeGroup> = BTreeMap::new();
        let mut layers = current.layers(&edge_part())?;
        while let Some(live) = layers.next() {
            let live = undamaged(live)?.filter(|live| {
                let mut entries = live.entries();
                entries.any(|entry| after.contains_key(&entry.id))
            });
            let Some(live) = live else { continue };
            for (entry, doc) in undamaged(layers.docs(&live))?.unwrap_or_default() {
                if after.contains_key(&entry.id) {
                    before.insert(entry.id, parse(account, &entry, &doc)?);
                }
            }
        }
        let mut run = RunBuilder::default();
        for (id, after) in after {
            let before = before.remove(&id).unwrap_or_default();
            let made: EdgeGroup = less(&after, &before);
            let lost = less(&before, &after);
            if made.is_empty() && lost.is_empty() {
                continue;
            }
            let doc = serde_json::to_vec(&(made, lost))
                .expect("ids and closed lists of words can always be written as JSON");
            run.push(stager, Entry::new(id, seal::hash(&doc), 0, 0), &doc)?;
        }
        self.version.edges = run.finish(stager)?.blocks;
        Ok(())
    }
}

/// The delta that is kept of a document; none if it is to be kept whole.
fn delta_of(entry: &Entry, before: &[u8], after: &[u8]) -> Option<Vec<u8>> {
    if entry.revision.is_multiple_of(CHAIN) {
        return None;
    }
    delta::make(before, after)
}

/// What is in the first and not in the second; both sorted or small.
fn less(first: &EdgeGroup, second: &EdgeGroup) -> EdgeGroup {
    let second: BTreeSet<_> = second.iter().collect();
    let left = first.iter().filter(|edge| !second.contains(edge));
    left.cloned().collect()
}
