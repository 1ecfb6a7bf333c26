//! Manifests: which blocks hold the documents of one kind of an account, in layers.
//!
//! The first run is the base; each later one holds what changed since, and what it lists as removed is gone
//! from all before it. So one changed object costs one small block, not the block its neighbours are in.
use serde::{Deserialize, Serialize};
use stocktake_model::NodeId;

/// Where a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "(u64, u32, u32, u64)", into = "(u64, u32, u32, u64)")]
pub(crate) struct BlockRef {
    /// Import or change that wrote it.
    pub(crate) writer: u64,
    /// Number within the writer.
    pub(crate) number: u32,
    /// Pieces it is stored in.
    pub(crate) parts: u32,
    /// Documents in it.
    pub(crate) docs: u64,
}

impl From<(u64, u32, u32, u64)> for BlockRef {
    fn from((writer, number, parts, docs): (u64, u32, u32, u64)) -> Self {
        Self {
            writer,
            number,
            parts,
            docs,
        }
    }
}

impl From<BlockRef> for (u64, u32, u32, u64) {
    fn from(block: BlockRef) -> Self {
        (block.writer, block.number, block.parts, block.docs)
    }
}

/// One layer.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Run {
    #[serde(rename = "b")]
    pub(crate) blocks: Vec<BlockRef>,
    /// Gone from every run before this one.
    #[serde(rename = "r", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) removed: Vec<NodeId>,
}

impl Run {
    pub(crate) fn is_empty(&self) -> bool {
        self.blocks.is_empty() && self.removed.is_empty()
    }

    fn docs(&self) -> u64 {
        self.blocks.iter().map(|block| block.docs).sum()
    }
}

/// All layers of one kind, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Manifest {
    pub(crate) runs: Vec<Run>,
}

/// What is to be rewritten before a manifest is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fold {
    /// Nothing.
    None,
    /// The layers above the base into one.
    Deltas,
    /// Everything into a new base.
    All,
}

/// Layers above the base before they are folded into one.
const MAX_DELTAS: usize = 8;
/// Part of the base that may be shadowed before all is rewritten: one in eight. One commit in a dozen pays
/// for a rewrite when 1 % changes each time.
const SHADOWED: u64 = 8;

impl Manifest {
    pub(crate) fn blocks(&self) -> impl Iterator<Item = &BlockRef> {
        self.runs.iter().flat_map(|run| &run.blocks)
    }

    /// What keeps reading cheap and space bounded.
    pub(crate) fn fold(&self) -> Fold {
        let Some((base, deltas)) = self.runs.split_first() else {
            return Fold::None;
        };
        let shadowing: u64 = deltas
            .iter()
            .map(|run| run.docs() + run.removed.len() as u64)
            .sum();
        if !base.removed.is_empty() || shadowing * SHADOWED > base.docs() {
            Fold::All
        } else if deltas.len() > MAX_DELTAS {
            Fold::Deltas
        } else {
            Fold::None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(docs: u64) -> Run {
        let block = BlockRef {
            docs,
            ..(1, 0, 1, 0).into()
        };
        Run {
            blocks: vec![block],
            removed: Vec::new(),
        }
    }

    #[test]
    fn layers_are_folded_when_they_cost_more_than_they_save() {
        for (runs, fold) in [
            (vec![], Fold::None),
            (vec![run(100)], Fold::None),
            (vec![run(100), run(12)], Fold::None),
            (vec![run(100), run(13)], Fold::All),
            (vec![run(100), run(6), run(7)], Fold::All),
            ([vec![run(100)], vec![run(1); 8]].concat(), Fold::None),
            ([vec![run(100)], vec![run(1); 9]].concat(), Fold::Deltas),
        ] {
            assert_eq!(Manifest { runs: runs.clone() }.fold(), fold, "{runs:?}");
        }
    }
}
