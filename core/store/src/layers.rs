//! Reading the layers of one kind as one: the newest version of each document, oldest layer first.
use std::collections::HashMap;

use stocktake_model::NodeId;

use crate::StoreError;
use crate::block::{Block, Entry};
use crate::manifest::{BlockRef, Run};
use crate::stage::{Trees, damaged};

/// The layers of one kind, and which of them has the last word on an id.
pub(crate) struct Layers {
    trees: Trees,
    account: String,
    kind: Option<String>,
    runs: Vec<Run>,
    /// The newest run that mentions an id; only ids of the runs above the base are here.
    newest: HashMap<NodeId, usize>,
    /// Run and block that come next.
    next: (usize, usize),
}

/// A block, and which of its documents count.
pub(crate) struct Live {
    block: Block,
    at: BlockRef,
    counts: Vec<bool>,
}

impl Layers {
    /// Reads the tables of all layers above the base. A damaged one is reported when its turn comes.
    pub(crate) fn open(
        trees: &Trees,
        account: &str,
        kind: Option<&str>,
        runs: Vec<Run>,
    ) -> Result<Self, StoreError> {
        let mut newest = HashMap::new();
        for (at, run) in runs.iter().enumerate().skip(1) {
            for block in &run.blocks {
                match trees.read(account, kind, block) {
                    Ok(block) => newest.extend(block.table.iter().map(|entry| (entry.id, at))),
                    Err(StoreError::Damaged(_)) => {}
                    Err(error) => return Err(error),
                }
            }
            newest.extend(run.removed.iter().map(|id| (*id, at)));
        }
        Ok(Self {
            trees: trees.clone(),
            account: account.to_owned(),
            kind: kind.map(str::to_owned),
            runs,
            newest,
            next: (0, 0),
        })
    }

    /// What all layers together remove from whatever is below them, sorted.
    pub(crate) fn removed(&self) -> Vec<NodeId> {
        let mut removed: Vec<NodeId> = (self.runs.iter().enumerate())
            .flat_map(|(at, run)| run.removed.iter().map(move |id| (at, *id)))
            .filter(|(at, id)| self.counts(*at, *id))
            .map(|(_, id)| id)
            .collect();
        removed.sort_unstable();
        removed.dedup();
        removed
    }

    fn counts(&self, run: usize, id: NodeId) -> bool {
        self.newest.get(&id).is_none_or(|newest| *newest == run)
    }

    fn live(&self, run: usize, at: BlockRef) -> Result<Live, StoreError> {
        let block = (self.trees).read(&self.account, self.kind.as_deref(), &at)?;
        let counts = (block.table.iter())
            .map(|entry| self.counts(run, entry.id))
            .collect();
        Ok(Live { block, at, counts })
    }

    /// The documents of a block that count.
    pub(crate) fn docs(&self, live: &Live) -> Result<Vec<(Entry, Vec<u8>)>, StoreError> {
        let kind = self.kind.as_deref();
        let docs = (live.block.docs())
            .map_err(|why| StoreError::from(damaged(&self.account, kind, &live.at, why)))?;
        Ok((live.block.table.iter().zip(docs).zip(&live.counts))
            .filter(|(_, counts)| **counts)
            .map(|((entry, doc), _)| (*entry, doc))
            .collect())
    }
}

impl Live {
    /// The table of a block, as far as it counts.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        (self.block.table.iter().zip(&self.counts))
            .filter(|(_, counts)| **counts)
            .map(|(entry, _)| entry)
    }
}

impl Iterator for Layers {
    type Item = Result<Live, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (run, block) = self.next;
            let Some(at) = self.runs.get(run)?.blocks.get(block).copied() else {
                self.next = (run + 1, 0);
                continue;
            };
            self.next = (run, block + 1);
            return Some(self.live(run, at));
        }
    }
}
