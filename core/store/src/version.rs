//! The version log: for every commit the way back to the state before it.
//!
//! What a commit did to the nodes of a kind is kept as a run: laid over the later state it gives the earlier one.
//! Edges are kept one by one, because a namespace has thousands of which one commit changes a few.
//! Which changes are worth showing is the caller's business.
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stocktake_model::{EdgeRecord, NodeId};

use crate::block::Entry;
use crate::key;
use crate::layers::Layers;
use crate::manifest::{BlockRef, Run};
use crate::seal::from_sealed;
use crate::settle::kind_of;
use crate::stage::{RunBuilder, Stager, Trees};
use crate::view::{EdgeGroup, View, edge_part, edges_of, parse};
use crate::{StoreError, seal};

/// One commit, backwards.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Version {
    /// Time of the commit; never before that of the commit before it.
    pub(crate) at: Timestamp,
    /// Before it the account was empty: everything that is there after it was created by it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) began: bool,
    /// What nobody wants to see was taken out: no way leads back over it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) thinned: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) nodes: Vec<Undo>,
    /// Blocks of [`EdgeUndo`], by the node the edges start at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) edges: Vec<BlockRef>,
}

/// What a commit did to the nodes of one kind, backwards.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Undo {
    pub(crate) kind: String,
    /// Documents as they were before; `removed` are those the commit created.
    pub(crate) run: Run,
    /// So many of the documents, counted from the first, were updated; the others were deleted.
    pub(crate) updated: u64,
}

/// What a commit did to the edges that start at one node: those it made, and those it took away.
pub(crate) type EdgeUndo = (EdgeGroup, EdgeGroup);

impl Version {
    /// True if there is nothing to go back over.
    pub(crate) fn is_empty(&self) -> bool {
        !self.began && self.nodes.is_empty() && self.edges.is_empty()
    }

    pub(crate) fn blocks(&self) -> impl Iterator<Item = &BlockRef> {
        let nodes = self.nodes.iter().flat_map(|undo| &undo.run.blocks);
        nodes.chain(&self.edges)
    }

    /// Notes what laying runs over the nodes of a kind changes.
    pub(crate) fn log_nodes(
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
        let mut touched = touched(current.trees(), current.account(), kind, runs)?;
        let (mut updated, mut deleted) = (RunBuilder::default(), RunBuilder::default());
        let mut layers = current.layers(&(key::Section::Nodes, kind.to_owned()))?;
        while let Some(live) = layers.next() {
            let Some(live) = undamaged(live)? else {
                continue;
            };
            let mut is_changed = false;
            for entry in live.entries() {
                match touched.get(&entry.id) {
                    Some(Some(hash)) if *hash == entry.hash => drop(touched.remove(&entry.id)),
                    Some(_) => is_changed = true,
                    None => {}
                }
            }
            if !is_changed {
                continue;
            }
            for (entry, doc) in undamaged(layers.docs(&live))?.unwrap_or_default() {
                match touched.remove(&entry.id) {
                    Some(Some(_)) => {
                        undo.updated += 1;
                        updated.push(stager, entry, &doc)?;
                    }
                    Some(None) => deleted.push(stager, entry, &doc)?,
                    None => {}
                }
            }
        }
        undo.run = updated.finish(stager)?;
        undo.run.blocks.extend(deleted.finish(stager)?.blocks);
        let created = touched.into_iter().filter(|(_, hash)| hash.is_some());
        undo.run.removed = created.map(|(id, _)| id).collect();
        if !undo.run.is_empty() {
            self.nodes.push(undo);
        }
        Ok(())
    }

    /// Notes what laying runs over the edges changes.
    pub(crate) fn log_edges(
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
        self.edges = run.finish(stager)?.blocks;
        Ok(())
    }

    /// Takes the commit back from these edges.
    pub(crate) fn undo_edges(
        &self,
        trees: &Trees,
        account: &str,
        edges: &mut BTreeSet<EdgeRecord>,
    ) -> Result<(), StoreError> {
        if self.began {
            edges.clear();
        }
        let run = Run {
            blocks: self.edges.clone(),
            removed: Vec::new(),
        };
        let mut layers = Layers::open(trees, account, None, vec![run])?;
        while let Some(live) = layers.next() {
            for (entry, doc) in layers.docs(&live?)? {
                let (made, lost): EdgeUndo = parse(account, &entry, &doc)?;
                for edge in edges_of(entry.id, made) {
                    edges.remove(&edge);
                }
                edges.extend(edges_of(entry.id, lost));
            }
        }
        Ok(())
    }
}

/// What is in the first and not in the second; both sorted or small.
fn less(first: &EdgeGroup, second: &EdgeGroup) -> EdgeGroup {
    let second: BTreeSet<_> = second.iter().collect();
    let left = first.iter().filter(|edge| !second.contains(edge));
    left.cloned().collect()
}

/// Ids that runs mention, with the hash of what they become; `None` if they go.
fn touched(
    trees: &Trees,
    account: &str,
    kind: &str,
    runs: &[Run],
) -> Result<BTreeMap<NodeId, Option<[u8; 8]>>, StoreError> {
    let mut touched = BTreeMap::new();
    for run in runs {
        touched.extend(run.removed.iter().map(|id| (*id, None)));
        for block in &run.blocks {
            let block = trees.read(account, Some(kind), block)?;
            let entries = block.table.iter();
            touched.extend(entries.map(|entry| (entry.id, Some(entry.hash))));
        }
    }
    Ok(touched)
}

/// What is damaged is as good as gone: nothing is known about what it was.
pub(crate) fn undamaged<T>(found: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match found {
        Err(StoreError::Damaged(_)) => Ok(None),
        found => found.map(Some),
    }
}

impl Trees {
    /// The versions of an account with their generations, oldest first.
    pub(crate) fn versions(
        &self,
        account: &str,
    ) -> impl DoubleEndedIterator<Item = Result<(u64, Version), StoreError>> + '_ {
        let prefix = key::versions(account);
        let account = account.to_owned();
        self.graph.scan_prefix(&prefix).map(move |found| {
            let (key, value) = found.map_err(|error| self.trouble(error))?;
            let generation = key[prefix.len()..].try_into().map_or(0, u64::from_be_bytes);
            let version = from_sealed(&format!("version {generation}"), &value);
            let version = version.map_err(|damaged| crate::Damaged {
                account: Some(account.clone()),
                ..damaged
            })?;
            Ok((generation, version))
        })
    }
}

impl Trees {
    /// Number of versions of all accounts, and the bytes they take.
    pub(crate) fn version_sizes(&self) -> Result<(u64, u64), StoreError> {
        let (mut versions, mut bytes) = (0, 0);
        for found in self.graph.scan_prefix(key::VERSIONS) {
            let (key, value) = found.map_err(|error| self.trouble(error))?;
            versions += 1;
            bytes += value.len() as u64;
            let account = key::writer(&key).map(|(account, _)| account);
            let (Some(account), Ok(version)) = (account, from_sealed::<Version>("version", &value))
            else {
                continue;
            };
            for block in version.blocks() {
                for part in 0..block.parts {
                    let piece = self.block.get(key::part(&account, block, part));
                    let piece = piece.map_err(|error| self.trouble(error))?;
                    bytes += piece.map_or(0, |piece| piece.len() as u64);
                }
            }
        }
        Ok((versions, bytes))
    }
}

impl View {
    /// True if changes to this part of the account are kept.
    pub(crate) fn is_logged(&self, part: &crate::settle::Part) -> bool {
        kind_of(part).is_none_or(|kind| !self.store().leaves_out(kind))
    }
}
