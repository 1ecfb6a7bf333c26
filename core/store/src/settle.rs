//! Joining new layers to a manifest, and folding layers when they have become too many.
use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::key::{self, Section};
use crate::layers::Layers;
use crate::log::Log;
use crate::manifest::{BlockRef, Fold, Manifest, Run};
use crate::pin::Retired;
use crate::seal::to_sealed;
use crate::stage::{RunBuilder, Stager, Trees};
use crate::version::Version;
use crate::view::View;
use crate::{AccountHeader, Damaged, StoreError};

/// Section and kind of a manifest.
pub(crate) type Part = (Section, String);

/// The next state of an account, as far as it differs from the current one.
pub(crate) struct Draft<'a> {
    trees: &'a Trees,
    account: &'a str,
    current: &'a View,
    next: BTreeMap<Part, Manifest>,
    /// The way back; nothing leads behind the first state.
    log: Log,
    pub(crate) damaged: Vec<Damaged>,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(current: &'a View) -> Self {
        Self {
            trees: current.trees(),
            account: current.account(),
            current,
            next: BTreeMap::new(),
            log: Log::new(Version {
                began: current.manifests.is_empty(),
                ..Version::default()
            }),
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
        if !self.log.version.began && self.current.is_logged(&part) {
            match kind_of(&part) {
                Some(kind) => self.log.nodes(self.current, kind, &runs, stager)?,
                None => self.log.edges(self.current, &runs, stager)?,
            }
        }
        let mut manifest = self
            .current
            .manifests
            .get(&part)
            .cloned()
            .unwrap_or_default();
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

    pub(crate) fn current(&self) -> &View {
        self.current
    }

    /// Writes the draft into a batch: manifests, header, the way back, and the notes about blocks that were given up.
    pub(crate) fn finish(
        mut self,
        header: Option<&AccountHeader>,
        at: Timestamp,
        stager: &mut Stager,
    ) -> Result<(sled::Batch, Retired), StoreError> {
        let mut batch = Puts {
            batch: sled::Batch::default(),
            bytes: 0,
        };
        for ((section, kind), manifest) in &self.next {
            let key = key::manifest(self.account, *section, kind);
            if manifest.runs.is_empty() {
                batch.batch.remove(key);
            } else {
                batch.insert(key, to_sealed("manifest", manifest)?);
            }
        }
        if let Some(header) = header {
            batch.insert(key::header(self.account), to_sealed("header", header)?);
        }
        let mut version = std::mem::take(&mut self.log).finish(stager)?;
        let blocks = self.given_up(&version, &stager.written);
        if !self.next.is_empty() {
            self.follow(&mut version, at, &mut batch)?;
        }
        let note = key::retired(self.account, stager.writer);
        if !blocks.is_empty() {
            batch.insert(note.clone(), to_sealed("note", &blocks)?);
        }
        batch.batch.remove(stager.note());
        stager.bytes += batch.bytes;
        let retired = Retired {
            account: self.account.to_owned(),
            blocks,
            note,
        };
        Ok((batch.batch, retired))
    }

    /// Counts the commit, and notes the way back.
    fn follow(
        &self,
        version: &mut Version,
        at: Timestamp,
        batch: &mut Puts,
    ) -> Result<(), StoreError> {
        let last = self.current.last_version();
        version.at = at.max(last.unwrap_or(Timestamp::MIN));
        let generation = self.current.generation + 1;
        let number = generation.to_be_bytes().to_vec();
        batch.insert(key::generation(self.account), number);
        if !version.is_empty() {
            let value = to_sealed("version", version)?;
            batch.insert(key::version(self.account, generation), value);
        }
        if !version.began && self.current.floor.is_none() && last.is_none() {
            let floor = self.current.last_change().unwrap_or_default();
            batch.insert(key::floor(self.account), to_sealed("floor", &floor)?);
        }
        Ok(())
    }

    /// Blocks of the current state, and blocks just written and folded away again, that the next state has not.
    fn given_up(&self, version: &Version, written: &[BlockRef]) -> Vec<BlockRef> {
        let needed: std::collections::BTreeSet<&BlockRef> = (self.next.values())
            .flat_map(Manifest::blocks)
            .chain(version.blocks())
            .collect();
        let replaced = (self.next.keys()).filter_map(|part| self.current.manifests.get(part));
        (replaced.flat_map(Manifest::blocks))
            .chain(written)
            .filter(|block| !needed.contains(block))
            .copied()
            .collect()
    }
}

/// A batch, and how many bytes are in it.
struct Puts {
    batch: sled::Batch,
    bytes: u64,
}

impl Puts {
    fn insert(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.bytes += (key.len() + value.len()) as u64;
        self.batch.insert(key, value);
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
