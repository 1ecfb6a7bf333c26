//! Joining new layers to a manifest, and folding layers when they have become too many.
use std::collections::BTreeMap;

use crate::key::{self, Section};
use crate::layers::Layers;
use crate::manifest::{BlockRef, Fold, Manifest, Run};
use crate::pin::Retired;
use crate::seal::to_sealed;
use crate::stage::{RunBuilder, Stager, Trees};
use crate::{AccountHeader, Damaged, StoreError};

/// Section and kind of a manifest.
pub(crate) type Part = (Section, String);

/// The next state of an account, as far as it differs from the current one.
pub(crate) struct Draft<'a> {
    trees: &'a Trees,
    account: &'a str,
    current: &'a BTreeMap<Part, Manifest>,
    next: BTreeMap<Part, Manifest>,
    pub(crate) damaged: Vec<Damaged>,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(
        trees: &'a Trees,
        account: &'a str,
        current: &'a BTreeMap<Part, Manifest>,
    ) -> Self {
        Self {
            trees,
            account,
            current,
            next: BTreeMap::new(),
            damaged: Vec::new(),
        }
    }

    /// Lays runs over a kind. With `heal` the kind is rewritten without its damaged blocks.
    pub(crate) fn lay(
        &mut self,
        part: Part,
        runs: Vec<Run>,
        heal: Heal,
        stager: &mut Stager,
    ) -> Result<(), StoreError> {
        let mut manifest = self.current.get(&part).cloned().unwrap_or_default();
        let before = manifest.runs.len();
        (manifest.runs).extend(runs.into_iter().filter(|run| !run.is_empty()));
        if manifest.runs.len() == before && heal == Heal::No {
            return Ok(());
        }
        let fold = if heal == Heal::Yes {
            Fold::All
        } else {
            manifest.fold()
        };
        let from = match fold {
            Fold::None => manifest.runs.len(),
            Fold::Deltas => 1,
            Fold::All => 0,
        };
        if from < manifest.runs.len() {
            let folded = self.fold(&part, manifest.runs.split_off(from), from == 0, stager)?;
            manifest
                .runs
                .extend(Some(folded).filter(|run| !run.is_empty()));
        }
        self.next.insert(part, manifest);
        Ok(())
    }

    fn fold(
        &mut self,
        part: &Part,
        runs: Vec<Run>,
        is_base: bool,
        stager: &mut Stager,
    ) -> Result<Run, StoreError> {
        let kind = kind_of(part);
        // Layers shadow only what is above a base; where the base stays, an empty one stands in for it.
        let runs = if is_base {
            runs
        } else {
            [vec![Run::default()], runs].concat()
        };
        let mut layers = Layers::open(self.trees, self.account, kind, runs)?;
        let mut folded = RunBuilder::default();
        while let Some(live) = layers.next() {
            match live.and_then(|live| layers.docs(&live)) {
                Ok(docs) => {
                    for (entry, doc) in docs {
                        folded.push(stager, entry, &doc)?;
                    }
                }
                Err(StoreError::Damaged(damaged)) => self.damaged.push(damaged),
                Err(error) => return Err(error),
            }
        }
        let mut run = folded.finish(stager)?;
        if !is_base {
            run.removed = layers.removed();
        }
        Ok(run)
    }

    /// Writes the draft into a batch: manifests, header, and the notes about blocks that were given up.
    pub(crate) fn finish(
        self,
        header: Option<&AccountHeader>,
        stager: &mut Stager,
    ) -> Result<(sled::Batch, Retired), StoreError> {
        let mut batch = sled::Batch::default();
        let mut insert = |batch: &mut sled::Batch, key: Vec<u8>, value: Vec<u8>| {
            stager.bytes += (key.len() + value.len()) as u64;
            batch.insert(key, value);
        };
        for ((section, kind), manifest) in &self.next {
            let key = key::manifest(self.account, *section, kind);
            if manifest.runs.is_empty() {
                batch.remove(key);
            } else {
                insert(&mut batch, key, to_sealed("manifest", manifest)?);
            }
        }
        if let Some(header) = header {
            let value = to_sealed("header", header)?;
            insert(&mut batch, key::header(self.account), value);
        }
        let blocks = self.given_up(&stager.written);
        let note = key::retired(self.account, stager.writer);
        if !blocks.is_empty() {
            insert(&mut batch, note.clone(), to_sealed("note", &blocks)?);
        }
        batch.remove(stager.note());
        let retired = Retired {
            account: self.account.to_owned(),
            blocks,
            note,
        };
        Ok((batch, retired))
    }

    /// Blocks of the current state, and blocks just written and folded away again, that the next state has not.
    fn given_up(&self, written: &[BlockRef]) -> Vec<BlockRef> {
        let needed: std::collections::BTreeSet<&BlockRef> =
            self.next.values().flat_map(Manifest::blocks).collect();
        let replaced = self.next.keys().filter_map(|part| self.current.get(part));
        (replaced.flat_map(Manifest::blocks))
            .chain(written)
            .filter(|block| !needed.contains(block))
            .copied()
            .collect()
    }
}

/// Whether damaged blocks are to be dropped now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heal {
    Yes,
    No,
}

/// The kind of nodes; edges have none.
pub(crate) fn kind_of(part: &Part) -> Option<&str> {
    (part.0 == Section::Nodes).then_some(part.1.as_str())
}
