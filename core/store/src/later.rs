//! What a commit lays over the documents of a kind, found by id while those before are read.
use std::collections::BTreeMap;

use stocktake_model::NodeId;

use crate::StoreError;
use crate::manifest::{BlockRef, Run};
use crate::stage::{Trees, damaged};

/// Blocks whose documents are held: both sides come in nearly the same order.
const HELD: usize = 8;

/// The ids that runs mention, and where their documents are.
pub(crate) struct Later<'a> {
    trees: &'a Trees,
    account: &'a str,
    kind: &'a str,
    blocks: Vec<BlockRef>,
    next: BTreeMap<NodeId, Next>,
    /// Documents of the blocks that were read last, newest last.
    held: Vec<(usize, Vec<Vec<u8>>)>,
}

/// What becomes of a document.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Next {
    /// Another one takes its place.
    Is(Place),
    /// It goes.
    Gone,
}

/// Where a document is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) hash: [u8; 8],
    block: usize,
    line: usize,
}

impl<'a> Later<'a> {
    pub(crate) fn read(
        trees: &'a Trees,
        account: &'a str,
        kind: &'a str,
        runs: &[Run],
    ) -> Result<Self, StoreError> {
        let mut blocks = Vec::new();
        let mut next = BTreeMap::new();
        for run in runs {
            next.extend(run.removed.iter().map(|id| (*id, Next::Gone)));
            for block in &run.blocks {
                let table = trees.read(account, Some(kind), block)?.table;
                let number = blocks.len();
                next.extend(table.iter().enumerate().map(|(line, entry)| {
                    let place = Place {
                        hash: entry.hash,
                        block: number,
                        line,
                    };
                    (entry.id, Next::Is(place))
                }));
                blocks.push(*block);
            }
        }
        Ok(Self {
            trees,
            account,
            kind,
            blocks,
            next,
            held: Vec::new(),
        })
    }

    /// What becomes of the document of an id, if anything happens to it.
    pub(crate) fn get(&self, id: &NodeId) -> Option<Next> {
        self.next.get(id).copied()
    }

    /// As [`Later::get`]; the id is not mentioned any more.
    pub(crate) fn take(&mut self, id: &NodeId) -> Option<Next> {
        self.next.remove(id)
    }

    /// Ids that were not taken and do not go, sorted.
    pub(crate) fn left(self) -> Vec<NodeId> {
        let left = self.next.into_iter();
        left.filter(|(_, next)| matches!(next, Next::Is(_)))
            .map(|(id, _)| id)
            .collect()
    }

    pub(crate) fn doc(&mut self, place: Place) -> Result<&[u8], StoreError> {
        let held = self
            .held
            .iter()
            .position(|(block, _)| *block == place.block);
        let at = match held {
            Some(at) => at,
            None => self.hold(place.block)?,
        };
        Ok(&self.held[at].1[place.line])
    }

    fn hold(&mut self, block: usize) -> Result<usize, StoreError> {
        let at = self.blocks[block];
        let kind = Some(self.kind);
        let docs = self.trees.read(self.account, kind, &at)?.docs();
        let docs = docs.map_err(|why| damaged(self.account, kind, &at, why))?;
        if self.held.len() == HELD {
            self.held.remove(0);
        }
        self.held.push((block, docs));
        Ok(self.held.len() - 1)
    }
}
