//! Giving space back: everything that is needed goes into a fresh database, which then takes the place of the old one.
//!
//! Writers wait meanwhile; readers go on in the old one, which goes away with the last of them.
use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use sled::{Batch, IVec, Tree};

use crate::cache::{each, touch};
use crate::files::{self, Files};
use crate::key;
use crate::manifest::{BlockRef, Manifest};
use crate::open::guard;
use crate::pin::Pin;
use crate::seal::from_sealed;
use crate::stage::Trees;
use crate::version::Version;
use crate::{Store, StoreError};

/// Below this size nobody looks for space to give back.
const SMALL: u64 = 16 << 20;
/// Bytes copied in one step.
const STEP: usize = 1 << 20;
/// Entries copied in one step: sled keeps everything that a step replaces, inner pages included, until the step is done.
const STEP_PUTS: usize = 1024;

/// What a rewrite did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compacted {
    /// Bytes of all files before.
    pub before: u64,
    /// Bytes of all files afterwards.
    pub after: u64,
}

impl Store {
    /// Rewrites everything that is needed into a fresh database and uses that from then on. Waits for a moment without
    /// imports; writers wait until it is done. After a crash at any point the old database is in use, or the new one.
    pub fn compact(&self) -> Result<Compacted, StoreError> {
        let _alone = self.0.gate.close();
        if self.is_replaced() {
            return Err(StoreError::Replaced);
        }
        let old = self.files()?;
        let (path, _) = files::current(&self.0.dir)?;
        let next = files::next(&self.0.dir, &path);
        let made = rewrite(&old, &next).and_then(|(new, needed)| {
            // sled takes more than the bytes: less than this no rewrite can reach.
            let least = size(&new)?.max(needed);
            files::set_current(&self.0.dir, &next, least)?;
            Ok((new, least))
        });
        let (new, least) = match made {
            Ok(made) => made,
            Err(error) => {
                // The next open removes it if this fails. The name of the current one says which that is.
                if files::current(&self.0.dir).is_ok_and(|(current, _)| current == path) {
                    let _ = fs::remove_dir_all(&next);
                }
                return Err(error);
            }
        };
        let before = size(&old)?;
        let after = size(&new)?;
        self.swap(Arc::new(new));
        self.0.needed.store(least, Ordering::Relaxed);
        old.trees.home.supersede();
        Ok(Compacted { before, after })
    }

    /// Rewrites if half as much space is garbage as is needed.
    pub fn compact_if_due(&self) -> Result<Option<Compacted>, StoreError> {
        if self.is_replaced() {
            return Ok(None);
        }
        let files = self.files()?;
        let size = size(&files)?;
        let least = self.0.needed.load(Ordering::Relaxed);
        if size < SMALL || size <= most(least) {
            return Ok(None);
        }
        let needed = bytes_of_all(&files)?.max(least);
        self.0.needed.store(needed, Ordering::Relaxed);
        drop(files);
        if size <= most(needed) {
            return Ok(None);
        }
        self.compact().map(Some)
    }

    /// From here on everybody who begins to read or write uses the new database.
    fn swap(&self, new: Arc<Files>) {
        let accounts = guard(&self.0.accounts);
        let mut files = self.0.files.write().unwrap_or_else(PoisonError::into_inner);
        for slot in accounts.values() {
            *guard(&slot.current) = Pin::new(&new.trees);
        }
        *files = Some(new);
    }
}

/// Bytes of all keys and values.
fn bytes_of_all(files: &Files) -> Result<u64, StoreError> {
    let trees = &files.trees;
    let mut bytes = 0;
    for tree in [&trees.graph, &trees.block, &files.overlay, &files.record] {
        each(trees, tree, |key, value| {
            bytes += (key.len() + value.len()) as u64;
            Ok(())
        })?;
    }
    Ok(bytes)
}

/// More than this is not worth keeping for that many needed bytes.
fn most(needed: u64) -> u64 {
    needed.saturating_add(needed / 2)
}

pub(crate) fn size(files: &Files) -> Result<u64, StoreError> {
    let size = files.trees.home.db().size_on_disk();
    size.map_err(|error| files.trees.trouble(error))
}

/// The needed part of a database in a new one, on the disk, and how many bytes that is.
pub(crate) fn rewrite(old: &Files, path: &Path) -> Result<(Files, u64), StoreError> {
    let trouble = |error| StoreError::io(path, error);
    if path.exists() {
        fs::remove_dir_all(path).map_err(trouble)?;
    }
    let new = Files::open(path)?;
    let mut copy = Copy {
        new: &new.trees,
        bytes: 0,
        batch: Batch::default(),
        held: 0,
        keys: Vec::new(),
    };
    let needed = needed_parts(&old.trees)?;
    copy.make_room(&needed)?;
    copy.tree(&old.trees, &old.overlay, &new.overlay)?;
    copy.tree(&old.trees, &old.record, &new.record)?;
    copy.parts(&old.trees, &needed)?;
    // What points at the blocks comes after them.
    each(&old.trees, &old.trees.graph, |key, value| {
        // Notes about blocks that are not needed, or were never finished: none of these is taken along.
        if key.starts_with(key::RETIRED) || key.starts_with(key::STAGED) {
            return Ok(());
        }
        copy.put(key, value, &new.trees.graph)
    })?;
    copy.write(&new.trees.graph)?;
    let bytes = copy.bytes;
    new.flush()?;
    new.disk.sync()?;
    for dir in [Some(path), path.parent()].into_iter().flatten() {
        let synced = File::open(dir).and_then(|dir| dir.sync_all());
        synced.map_err(trouble)?;
    }
    Ok((new, bytes))
}

/// The keys of all parts of blocks that anything points at.
fn needed_parts(old: &Trees) -> Result<BTreeSet<IVec>, StoreError> {
    let mut needed = BTreeSet::new();
    each(old, &old.graph, |key, value| {
        if let Some(account) = key::account(&key) {
            for block in blocks(&key, &value) {
                needed.extend((0..block.parts).map(|part| key::part(account, &block, part).into()));
            }
        }
        Ok(())
    })?;
    Ok(needed)
}

/// Blocks that an entry of the tree `graph` points at. Of a damaged one nobody knows: what it pointed at is lost
/// already, and is not taken along.
fn blocks(key: &[u8], value: &[u8]) -> Vec<BlockRef> {
    match key.first() {
        Some(b'm') => from_sealed::<Manifest>("manifest", value)
            .map(|manifest| manifest.blocks().copied().collect()),
        Some(b'v') => from_sealed::<Version>("version", value)
            .map(|version| version.blocks().copied().collect()),
        _ => Ok(Vec::new()),
    }
    .unwrap_or_default()
}

/// Copying in steps.
struct Copy<'a> {
    new: &'a Trees,
    bytes: u64,
    batch: Batch,
    held: usize,
    /// What the batch puts.
    keys: Vec<IVec>,
}

impl Copy<'_> {
    fn put(&mut self, key: IVec, value: IVec, into: &Tree) -> Result<(), StoreError> {
        self.bytes += (key.len() + value.len()) as u64;
        self.held += key.len() + value.len();
        self.keys.push(key.clone());
        self.batch.insert(key, value);
        if self.held >= STEP || self.keys.len() >= STEP_PUTS {
            self.write(into)?;
        }
        Ok(())
    }

    /// Puts the key of every part in its place without its value, and another one beside it.
    ///
    /// sled writes a leaf anew whenever it got ten values or is split, so that values in order are written twice. Leaves that
    /// have all their keys, and so many that half of them stay empty, get at most eight: each is written once.
    fn make_room(&mut self, needed: &BTreeSet<IVec>) -> Result<(), StoreError> {
        let into = &self.new.block;
        for place in needed {
            self.put(key::beside(place).into(), IVec::default(), into)?;
            self.put(place.clone(), IVec::default(), into)?;
        }
        self.write(into)
    }

    /// As they are: a damaged block stays damaged, and is found when it is read. In the order of their keys, so that a leaf
    /// is read once.
    fn parts(&mut self, old: &Trees, needed: &BTreeSet<IVec>) -> Result<(), StoreError> {
        let into = &self.new.block;
        each(old, &old.block, |key, value| {
            if needed.contains(&key) {
                self.put(key, value, into)?;
            }
            Ok(())
        })?;
        self.write(into)
    }

    fn write(&mut self, into: &Tree) -> Result<(), StoreError> {
        self.held = 0;
        let done = into.apply_batch(std::mem::take(&mut self.batch));
        done.map_err(|error| self.new.trouble(error))?;
        for key in self.keys.drain(..) {
            touch(into, &key).map_err(|error| self.new.trouble(error))?;
        }
        Ok(())
    }

    fn tree(&mut self, old: &Trees, from: &Tree, into: &Tree) -> Result<(), StoreError> {
        each(old, from, |key, value| self.put(key, value, into))?;
        self.write(into)
    }
}
