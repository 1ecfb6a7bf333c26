//! Opening the directory: lock, repair, format, and what an earlier process left half done.
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sled::{Db, Tree};

use crate::account::Slot;
use crate::manifest::BlockRef;
use crate::seal::from_sealed;
use crate::stage::Trees;
use crate::sync::Disk;
use crate::{StoreError, format, key};

/// Blocks are read once per start; a larger cache would hold them for nothing.
const CACHE_BYTES: u64 = 64 << 20;
/// sled makes every page above a quarter of this a file of its own. Fixed when a database is made.
const SEGMENT_BYTES: usize = 4 << 20;
const FLUSH_EVERY_MS: u64 = 500;

/// The record in one directory. Cloning is cheap; all clones are the same store.
#[derive(Debug, Clone)]
pub struct Store(pub(crate) Arc<Inner>);

/// Fields are dropped in this order: the lock goes last.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) accounts: Mutex<BTreeMap<String, Arc<Slot>>>,
    pub(crate) trees: Trees,
    pub(crate) overlay: Tree,
    pub(crate) record: Tree,
    /// Held while a document or a record is read in order to be changed.
    pub(crate) writing: Mutex<()>,
    /// Kinds whose changes are not kept.
    pub(crate) left_out: Mutex<BTreeSet<String>>,
    pub(crate) db: Db,
    disk: Disk,
    _lock: File,
}

/// The guard of a mutex whose data is valid at every step, so that a panic elsewhere spoils nothing.
pub(crate) fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store {
    /// Opens the store in a directory, which is made (mode 0700) if it is not there. One process at a time.
    ///
    /// Repairs what an abrupt stop leaves behind; removes blocks of imports that never ended.
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let trouble = |error| StoreError::io(dir, error);
        (fs::DirBuilder::new().recursive(true).mode(0o700))
            .create(dir)
            .map_err(trouble)?;
        let lock = lock(dir)?;
        let record = dir.join("record");
        drop_torn_snapshots(&record).map_err(trouble)?;
        let db = open_or_rebuild(&record)?;
        let sled = |error| StoreError::sled(&record, error);
        format::ensure(&db, &db.open_tree("meta").map_err(sled)?)?;
        let store = Self(Arc::new(Inner {
            accounts: Mutex::default(),
            trees: Trees {
                dir: record.clone(),
                graph: db.open_tree("graph").map_err(sled)?,
                block: db.open_tree("block").map_err(sled)?,
            },
            overlay: db.open_tree("overlay").map_err(sled)?,
            record: db.open_tree("record").map_err(sled)?,
            writing: Mutex::default(),
            left_out: Mutex::default(),
            disk: Disk::open(&record)?,
            db,
            _lock: lock,
        }));
        store.clear_up()?;
        store.sync()?;
        Ok(store)
    }

    /// From now on changes to nodes of these kinds are not kept as versions.
    pub fn leave_out<T: Into<String>>(&self, kinds: impl IntoIterator<Item = T>) {
        *guard(&self.0.left_out) = kinds.into_iter().map(Into::into).collect();
    }

    pub(crate) fn leaves_out(&self, kind: &str) -> bool {
        guard(&self.0.left_out).contains(kind)
    }

    /// Waits until everything written so far is on the disk.
    pub fn sync(&self) -> Result<(), StoreError> {
        self.flush()?;
        self.0.disk.sync()
    }

    /// Hands everything written so far to the operating system: enough for a killed process.
    pub(crate) fn flush(&self) -> Result<(), StoreError> {
        let done = self.0.db.flush();
        done.map_err(|error| self.trouble(error)).map(drop)
    }

    pub(crate) fn trouble(&self, error: sled::Error) -> StoreError {
        self.0.trees.trouble(error)
    }

    /// Finishes what a killed process began: nobody reads yet, so everything given up can go.
    fn clear_up(&self) -> Result<(), StoreError> {
        let trees = &self.0.trees;
        for found in trees.graph.scan_prefix(key::STAGED).keys() {
            let key = found.map_err(|error| self.trouble(error))?;
            if let Some((account, writer)) = key::writer(&key) {
                trees.unstage(&account, writer)?;
            }
        }
        for found in trees.graph.scan_prefix(key::RETIRED) {
            let (key, note) = found.map_err(|error| self.trouble(error))?;
            match (
                key::writer(&key),
                from_sealed::<Vec<BlockRef>>("note", &note),
            ) {
                (Some((account, _)), Ok(blocks)) => trees.remove(&account, &blocks)?,
                (_, Err(error)) => tracing::warn!(%error, "some space can not be given back"),
                (None, _) => {}
            }
            let gone = trees.graph.remove(key);
            gone.map_err(|error| self.trouble(error))?;
        }
        Ok(())
    }
}

/// Takes our own lock: sled's does not say who holds it, and is taken only after it has read its files.
fn lock(dir: &Path) -> Result<File, StoreError> {
    let path = dir.join("lock");
    let trouble = |error| StoreError::io(&path, error);
    let mut file = (File::options().read(true).write(true).create(true))
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(trouble)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            let read = file.read_to_string(&mut text);
            return Err(StoreError::Locked {
                dir: dir.to_owned(),
                pid: read.ok().and_then(|_| text.trim().parse().ok()),
            });
        }
        Err(TryLockError::Error(error)) => return Err(trouble(error)),
    }
    file.set_len(0).map_err(trouble)?;
    writeln!(file, "{}", std::process::id()).map_err(trouble)?;
    Ok(file)
}

/// A process killed while sled writes a snapshot leaves `snap.*.generating`, which sled then takes for the
/// newest one and refuses to open. It is never needed: the log is the truth.
fn drop_torn_snapshots(record: &Path) -> io::Result<()> {
    for path in snapshots(record)? {
        if path.extension().is_some_and(|end| end == "generating") {
            tracing::warn!(file = %path.display(), "removed a torn snapshot file");
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// The snapshot files of sled, torn ones included, sorted.
fn snapshots(record: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(record) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let paths: io::Result<Vec<PathBuf>> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut paths = paths?;
    paths.retain(|path| {
        let name = path.file_name().and_then(|name| name.to_str());
        name.is_some_and(|name| name.starts_with("snap."))
    });
    paths.sort();
    Ok(paths)
}

/// Opens the database; where its snapshot can not be read, once more from the log alone, which is slower.
fn open_or_rebuild(record: &Path) -> Result<Db, StoreError> {
    let error = match config(record).open() {
        Ok(db) => return Ok(db),
        Err(error @ sled::Error::Corruption { .. }) => error,
        Err(error) => return Err(StoreError::sled(record, error)),
    };
    let trouble = |error| StoreError::io(record, error);
    let aside = record.with_file_name("record-snapshots-damaged");
    tracing::warn!(%error, aside = %aside.display(), "snapshot can not be read; rebuilding it from the log");
    fs::create_dir_all(&aside).map_err(trouble)?;
    for path in snapshots(record).map_err(trouble)? {
        let name = path.file_name().expect("a snapshot has a name");
        fs::rename(&path, aside.join(name)).map_err(trouble)?;
    }
    (config(record).open()).map_err(|error| StoreError::sled(record, error))
}

fn config(record: &Path) -> sled::Config {
    sled::Config::new()
        .path(record)
        .cache_capacity(CACHE_BYTES)
        .segment_size(SEGMENT_BYTES)
        .flush_every_ms(Some(FLUSH_EVERY_MS))
        .mode(sled::Mode::LowSpace)
}
