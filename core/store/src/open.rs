//! Opening the directory: lock, repair, format, and what an earlier process left half done.
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use crate::account::Slot;
use crate::files::{self, Files};
use crate::gate::{Gate, Pass};
use crate::manifest::BlockRef;
use crate::seal::from_sealed;
use crate::stage::Trees;
use crate::{StoreError, backup, key};

/// The record in one directory. Cloning is cheap; all clones are the same store.
#[derive(Debug, Clone)]
pub struct Store(pub(crate) Arc<Inner>);

/// Fields are dropped in this order: the lock goes last.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) accounts: Mutex<BTreeMap<String, Arc<Slot>>>,
    /// The database; absent if it failed and could not be opened again.
    pub(crate) files: RwLock<Option<Arc<Files>>>,
    pub(crate) gate: Arc<Gate>,
    /// Held while a document or a record is read in order to be changed.
    pub(crate) writing: Mutex<()>,
    /// Kinds whose changes are not kept.
    pub(crate) left_out: Mutex<BTreeSet<String>>,
    /// Bytes that are needed, as far as anybody looked.
    pub(crate) needed: AtomicU64,
    /// Whether another record takes its place with the next open.
    pub(crate) replaced: AtomicBool,
    pub(crate) dir: PathBuf,
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
        let (path, needed) = files::current(dir)?;
        files::remove_others(dir, &path).map_err(trouble)?;
        backup::remove_copies(dir).map_err(trouble)?;
        let store = Self(Arc::new(Inner {
            accounts: Mutex::default(),
            files: RwLock::new(Some(Arc::new(Files::open(&path)?))),
            gate: Arc::default(),
            writing: Mutex::default(),
            left_out: Mutex::default(),
            needed: AtomicU64::new(needed),
            replaced: AtomicBool::new(false),
            dir: dir.to_owned(),
            _lock: lock,
        }));
        store.clear_up()?;
        store.sync()?;
        Ok(store)
    }

    /// The database as it is now.
    pub(crate) fn files(&self) -> Result<Arc<Files>, StoreError> {
        let files = self.0.files.read().unwrap_or_else(PoisonError::into_inner);
        let absent = || StoreError::DiskFull(self.0.dir.clone());
        files.clone().ok_or_else(absent)
    }

    pub(crate) fn trees(&self) -> Result<Trees, StoreError> {
        Ok(self.files()?.trees.clone())
    }

    /// Leave to write. A database that failed, e.g. because the disk was full, is opened again first.
    pub(crate) fn enter(&self) -> Pass {
        let failed = self.files().map_or(true, |files| files.trees.home.failed());
        if failed
            && let Some(_alone) = self.0.gate.try_close()
            && let Err(error) = self.revive()
        {
            tracing::warn!(%error, "the record could not be opened again");
        }
        self.0.gate.enter()
    }

    /// Opens a failed database again, unless somebody still reads it.
    fn revive(&self) -> Result<(), StoreError> {
        if self.is_replaced() {
            return Err(StoreError::Replaced);
        }
        let mut accounts = guard(&self.0.accounts);
        let mut files = self.0.files.write().unwrap_or_else(PoisonError::into_inner);
        // Only they keep the database besides the readers: it cannot be opened while it is open.
        accounts.clear();
        if let Some(old) = &*files
            && (Arc::strong_count(old) > 1 || Arc::strong_count(&old.trees.home) > 1)
        {
            return Err(StoreError::DiskFull(self.0.dir.clone()));
        }
        *files = None;
        let (path, _) = files::current(&self.0.dir)?;
        *files = Some(Arc::new(Files::open(&path)?));
        drop((files, accounts));
        self.clear_up()
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
        let files = self.files()?;
        files.flush()?;
        (files.disk.sync()).inspect_err(|error| files.trees.home.note(error))
    }

    /// Hands everything written so far to the operating system: enough for a killed process.
    pub(crate) fn flush(&self) -> Result<(), StoreError> {
        self.files()?.flush()
    }

    pub(crate) fn trouble(&self, error: sled::Error) -> StoreError {
        match self.files() {
            Ok(files) => files.trees.trouble(error),
            Err(_) => StoreError::sled(&self.0.dir, error),
        }
    }

    /// Finishes what a killed process began: nobody reads yet, so everything given up can go.
    fn clear_up(&self) -> Result<(), StoreError> {
        let trees = &self.trees()?;
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
        self.remove_stray_attachments()
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
