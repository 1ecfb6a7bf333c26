//! The version log: for every commit the way back to the state before it.
//!
//! Documents that a commit changed are kept as what they differ in from what they became, those it removed whole; those
//! of all kinds follow each other, so that a small commit is a small block. Edges are kept one by one, because a
//! namespace has thousands of which one commit changes a few. Which changes are worth showing is the caller's business.
use std::collections::BTreeSet;
use std::ops::Range;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stocktake_model::EdgeRecord;

use crate::back::Doc;
use crate::key;
use crate::layers::Layers;
use crate::manifest::{BlockRef, Run};
use crate::seal::from_sealed;
use crate::settle::kind_of;
use crate::stage::{Trees, damaged};
use crate::view::{EdgeGroup, View, edges_of, parse};
use crate::{ChangeKind, StoreError};

/// After so many changes of a document it is kept whole once, so that the way back stays short.
pub(crate) const CHAIN: u32 = 32;

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
    /// Documents as they were before they were updated, kind after kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) updated: Vec<BlockRef>,
    /// Documents that were deleted, kind after kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) deleted: Vec<BlockRef>,
    /// Blocks of [`EdgeUndo`], by the node the edges start at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) edges: Vec<BlockRef>,
}

/// What a commit did to the nodes of one kind, backwards.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Undo {
    pub(crate) kind: String,
    /// `removed` are the nodes that the commit created. In format 1 the blocks held the documents of this kind.
    pub(crate) run: Run,
    /// How many documents were updated.
    pub(crate) updated: u64,
    /// How many documents were deleted; in format 1 all in `run` that were not updated.
    #[serde(default, skip_serializing_if = "is_none")]
    pub(crate) deleted: u64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature serde calls"
)]
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// What a commit did to the edges that start at one node: those it made, and those it took away.
pub(crate) type EdgeUndo = (EdgeGroup, EdgeGroup);

/// Lines of a block that tell the same of nodes of one kind.
pub(crate) struct Piece<'a> {
    kind: &'a str,
    block: BlockRef,
    lines: Range<usize>,
    pub(crate) change: ChangeKind,
}

impl Piece<'_> {
    /// The table alone.
    pub(crate) fn entries(
        &self,
        trees: &Trees,
        account: &str,
    ) -> Result<Vec<crate::block::Entry>, StoreError> {
        let block = trees.read(account, Some(self.kind), &self.block)?;
        let entries = block.table.get(self.lines.clone());
        let entries = entries.ok_or("it is too short");
        entries
            .map(<[_]>::to_vec)
            .map_err(|why| damaged(account, Some(self.kind), &self.block, why).into())
    }

    /// Documents as they are stored: whole, or deltas.
    pub(crate) fn docs(&self, trees: &Trees, account: &str) -> Result<Vec<Doc>, StoreError> {
        let block = trees.read(account, Some(self.kind), &self.block)?;
        let docs = block.docs();
        let docs = docs.map_err(|why| damaged(account, Some(self.kind), &self.block, why))?;
        let docs = block.table.into_iter().zip(docs);
        Ok(docs.skip(self.lines.start).take(self.lines.len()).collect())
    }
}

impl Version {
    /// True if there is nothing to go back over.
    pub(crate) fn is_empty(&self) -> bool {
        !self.began && self.nodes.is_empty() && self.edges.is_empty()
    }

    pub(crate) fn blocks(&self) -> impl Iterator<Item = &BlockRef> {
        let nodes = self.nodes.iter().flat_map(|undo| &undo.run.blocks);
        let shared = self.updated.iter().chain(&self.deleted);
        nodes.chain(shared).chain(&self.edges)
    }

    /// Where the documents of the kinds are, in the order of `nodes`: first those that were updated.
    pub(crate) fn pieces(&self) -> Vec<Vec<Piece<'_>>> {
        let mut begins = (0, 0);
        let of = |undo| {
            let undo: &Undo = undo;
            let kind = undo.kind.as_str();
            // Format 1.
            let all = undo.run.blocks.iter().map(|block| block.docs).sum();
            let mut pieces = cut(
                kind,
                &undo.run.blocks,
                0..undo.updated.min(all),
                ChangeKind::Updated,
            );
            let rest = undo.updated.min(all)..all;
            pieces.extend(cut(kind, &undo.run.blocks, rest, ChangeKind::Deleted));
            if all == 0 {
                let (updates, deletes) = begins;
                begins = (updates + undo.updated, deletes + undo.deleted);
                let docs = updates..begins.0;
                pieces = cut(kind, &self.updated, docs, ChangeKind::Updated);
                let docs = deletes..begins.1;
                pieces.extend(cut(kind, &self.deleted, docs, ChangeKind::Deleted));
            }
            pieces
        };
        self.nodes.iter().map(of).collect()
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

/// These documents of a list of blocks, counted over all of them.
fn cut<'a>(
    kind: &'a str,
    blocks: &[BlockRef],
    docs: Range<u64>,
    change: ChangeKind,
) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    let mut begin = 0;
    for block in blocks {
        let end = begin + block.docs;
        let (first, last) = (docs.start.max(begin), docs.end.min(end));
        if first < last {
            let line = |doc: u64| usize::try_from(doc - begin).expect("a block has few documents");
            pieces.push(Piece {
                kind,
                block: *block,
                lines: line(first)..line(last),
                change,
            });
        }
        begin = end;
    }
    pieces
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
            bytes += self.sizes(&account, version.blocks())?;
        }
        Ok((versions, bytes))
    }

    /// Bytes of blocks as they are stored.
    pub(crate) fn sizes<'a>(
        &self,
        account: &str,
        blocks: impl Iterator<Item = &'a BlockRef>,
    ) -> Result<u64, StoreError> {
        let mut bytes = 0;
        for block in blocks {
            for part in 0..block.parts {
                let piece = self.piece(&key::part(account, block, part))?;
                bytes += piece.map_or(0, |piece| piece.len() as u64);
            }
        }
        Ok(bytes)
    }
}

impl View {
    /// True if changes to this part of the account are kept.
    pub(crate) fn is_logged(&self, part: &crate::settle::Part) -> bool {
        kind_of(part).is_none_or(|kind| !self.store().leaves_out(kind))
    }
}
