//! Giving space back: everything that is needed goes into a fresh database, which then takes the place of the old one.
//!
//! Writers wait meanwhile; readers go on in the old one, which goes away with the last of them.
use std::fs::{self, File};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use sled::{Batch, IVec, Tree};

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
const STEP: usize = 4 << 20;
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
        let needed = self.needed(&files)?.max(least);
        self.0.needed.store(needed, Ordering::Relaxed);
        drop(files);
        if size <= most(needed) {
            return Ok(None);
        }
        self.compact().map(Some)
    }

    /// Bytes of all keys and values.
    fn needed(&self, files: &Files) -> Result<u64, StoreError> {
        let trees = &files.trees;
        let mut bytes = 0;
        for tree in [&trees.graph, &trees.block, &files.overlay, &files.record] {
            for found in tree {
                let (key, value) = found.map_err(|error| self.trouble(error))?;
                bytes += (key.len() + value.len()) as u64;
            }
        }
        Ok(bytes)
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
        puts: 0,
    };
    copy.make_room(old, &new)?;
    copy.tree(&old.trees, &old.overlay, &new.overlay)?;
    copy.tree(&old.trees, &old.record, &new.record)?;
    for found in &old.trees.graph {
        let (key, value) = found.map_err(|error| old.trees.trouble(error))?;
        // Notes about blocks that are not needed, or were never finished: none of these is taken along.
        if key.starts_with(key::RETIRED) || key.starts_with(key::STAGED) {
            continue;
        }
        if let Some(account) = key::account(&key) {
            for block in blocks(&key, &value) {
                copy.block(&old.trees, account, &block, &new.trees.block)?;
            }
        }
    }
    copy.write(&new.trees.block)?;
    // What points at the blocks comes after them.
    for found in &old.trees.graph {
        let (key, value) = found.map_err(|error| old.trees.trouble(error))?;
        if !key.starts_with(key::RETIRED) && !key.starts_with(key::STAGED) {
            copy.put(key, value, &new.trees.graph)?;
        }
    }
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
    puts: usize,
}

impl Copy<'_> {
    fn put(&mut self, key: IVec, value: IVec, into: &Tree) -> Result<(), StoreError> {
        self.bytes += (key.len() + value.len()) as u64;
        self.held += key.len() + value.len();
        self.batch.insert(key, value);
        self.puts += 1;
        if self.held >= STEP || self.puts >= STEP_PUTS {
            self.write(into)?;
        }
        Ok(())
    }

    /// Puts every key of a block in its place without its value, and another one beside it.
    ///
    /// sled writes a leaf anew whenever it got ten values or is split, so that values in order are written twice. Leaves that
    /// have all their keys, and so many that half of them stay empty, get at most eight: each is written once.
    fn make_room(&mut self, old: &Files, new: &Files) -> Result<(), StoreError> {
        for found in &old.trees.graph {
            let (key, value) = found.map_err(|error| old.trees.trouble(error))?;
            let Some(account) = key::account(&key) else {
                continue;
            };
            for block in blocks(&key, &value) {
                for part in 0..block.parts {
                    let place = key::part(account, &block, part);
                    let beside = key::beside(&place).into();
                    self.put(beside, IVec::default(), &new.trees.block)?;
                    self.put(place.into(), IVec::default(), &new.trees.block)?;
                }
            }
        }
        self.write(&new.trees.block)
    }

    fn write(&mut self, into: &Tree) -> Result<(), StoreError> {
        self.held = 0;
        self.puts = 0;
        let done = into.apply_batch(std::mem::take(&mut self.batch));
        done.map_err(|error| self.new.trouble(error))
    }

    fn tree(&mut self, old: &Trees, from: &Tree, into: &Tree) -> Result<(), StoreError> {
        for found in from {
            let (key, value) = found.map_err(|error| old.trouble(error))?;
            self.put(key, value, into)?;
        }
        self.write(into)
    }

    /// As it is: a damaged block stays damaged, and is found when it is read.
    fn block(
        &mut self,
        old: &Trees,
        account: &str,
        block: &BlockRef,
        into: &Tree,
    ) -> Result<(), StoreError> {
        for part in 0..block.parts {
            let key = key::part(account, block, part);
            let piece = old.block.get(&key).map_err(|error| old.trouble(error))?;
            if let Some(piece) = piece {
                self.put(key.into(), piece, into)?;
            }
        }
        Ok(())
    }
}
