//! A copy of everything that is needed, entry by entry, and a record made of such a copy. What an entry means is not
//! looked at: a block that is damaged is as damaged in the copy.
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use sled::{Batch, Tree};

use crate::compact::{rewrite, size};
use crate::files::{self, Files};
use crate::gate::Alone;
use crate::{FORMAT, Store, StoreError, format};

/// What the name of a directory begins with in which a copy is made.
const COPY: &str = "copy-";
/// Bytes written in one step.
const STEP: usize = 4 << 20;

/// Part of the record an entry belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shelf {
    /// Accounts and what points at their blocks.
    Graph,
    /// Blocks of documents.
    Block,
    /// What people added to nodes.
    Overlay,
    /// Documents and records of the core.
    Record,
}

impl Shelf {
    fn tree(self, files: &Files) -> &Tree {
        match self {
            Self::Graph => &files.trees.graph,
            Self::Block => &files.trees.block,
            Self::Overlay => &files.overlay,
            Self::Record => &files.record,
        }
    }
}

/// One entry of a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it belongs.
    pub shelf: Shelf,
    /// Its key.
    pub key: Vec<u8>,
    /// Its value.
    pub value: Vec<u8>,
}

/// A copy of one moment, on the disk beside the record until it is dropped.
#[derive(Debug)]
pub struct Backup(Files);

impl Backup {
    /// The entries, in no order that is promised.
    pub fn entries(&self) -> impl Iterator<Item = Result<Entry, StoreError>> + '_ {
        let shelves = [Shelf::Record, Shelf::Overlay, Shelf::Block, Shelf::Graph];
        shelves.into_iter().flat_map(move |shelf| {
            let found = shelf.tree(&self.0).iter();
            found.map(move |found| {
                let (key, value) = found.map_err(|error| self.0.trees.trouble(error))?;
                Ok(Entry {
                    shelf,
                    key: key.to_vec(),
                    value: value.to_vec(),
                })
            })
        })
    }
}

/// A record that is made of a copy. Dropping it without [`Restore::finish`] changes nothing.
#[derive(Debug)]
pub struct Restore {
    new: Files,
    path: PathBuf,
    store: Store,
    bytes: u64,
    shelf: Shelf,
    batch: Batch,
    held: usize,
    _alone: Alone,
}

impl Store {
    /// Copies everything that is needed, as it is at one moment without imports; writers wait until it is done.
    pub fn backup(&self) -> Result<Backup, StoreError> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let _alone = self.0.gate.close();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = self.0.dir.join(format!("{COPY}{number}"));
        match rewrite(&*self.files()?, &path) {
            Ok((copy, _)) => {
                copy.trees.home.supersede();
                Ok(Backup(copy))
            }
            Err(error) => {
                // The next open removes it if this fails.
                let _ = fs::remove_dir_all(&path);
                Err(error)
            }
        }
    }

    /// Begins a record of a copy that was made in this format. Writers wait until it is finished or dropped.
    pub fn restore(&self, found: u32) -> Result<Restore, StoreError> {
        if found > FORMAT {
            let known = FORMAT;
            return Err(StoreError::Newer { found, known });
        }
        let alone = self.0.gate.close();
        let (current, _) = files::current(&self.0.dir)?;
        let path = files::next(&self.0.dir, &current);
        if path.exists() {
            fs::remove_dir_all(&path).map_err(|error| StoreError::io(&path, error))?;
        }
        let new = Files::open(&path)?;
        new.trees.home.supersede();
        format::stamp(new.trees.home.db(), found)?;
        Ok(Restore {
            new,
            path,
            store: self.clone(),
            bytes: 0,
            shelf: Shelf::Record,
            batch: Batch::default(),
            held: 0,
            _alone: alone,
        })
    }

    /// Whether a restored record waits for the next open: what is written here from now on is lost with this one.
    pub fn is_replaced(&self) -> bool {
        self.0.replaced.load(Ordering::Relaxed)
    }
}

impl Restore {
    /// Adds an entry.
    pub fn entry(&mut self, entry: &Entry) -> Result<(), StoreError> {
        if entry.shelf != self.shelf || self.held >= STEP {
            self.write()?;
            self.shelf = entry.shelf;
        }
        let bytes = entry.key.len() + entry.value.len();
        self.held += bytes;
        self.bytes += bytes as u64;
        self.batch.insert(&*entry.key, &*entry.value);
        Ok(())
    }

    fn write(&mut self) -> Result<(), StoreError> {
        self.held = 0;
        let batch = std::mem::take(&mut self.batch);
        let done = self.shelf.tree(&self.new).apply_batch(batch);
        done.map_err(|error| self.new.trees.trouble(error))
    }

    /// From the next open on this is the record. The present one stays in use until then, and goes with it.
    pub fn finish(mut self) -> Result<(), StoreError> {
        self.write()?;
        self.new.flush()?;
        self.new.disk.sync()?;
        for dir in [Some(self.path.as_path()), self.path.parent()] {
            let Some(dir) = dir else { continue };
            let synced = File::open(dir).and_then(|dir| dir.sync_all());
            synced.map_err(|error| StoreError::io(dir, error))?;
        }
        let needed = size(&self.new)?.max(self.bytes);
        files::set_current(&self.store.0.dir, &self.path, needed)?;
        self.new.trees.home.stay();
        self.store.0.replaced.store(true, Ordering::Relaxed);
        Ok(())
    }
}

/// Removes copies that a killed process left behind.
pub(crate) fn remove_copies(dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let number = name.strip_prefix(COPY).map(str::parse::<u64>);
        if matches!(number, Some(Ok(_))) {
            fs::remove_dir_all(&path)?;
        }
    }
    Ok(())
}
