//! The database the store is in, which of several directories it is, and opening it.
//!
//! A rewritten database gets a directory of its own. The file `current` names the one that counts; it is replaced in one
//! step, so that after a crash at any point one of the two is whole and in use, and the other is removed.
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sled::{Db, Tree};

use crate::stage::Trees;
use crate::sync::Disk;
use crate::{StoreError, format};

/// Blocks are read once per start; a larger cache would hold them for nothing. That sled keeps to it takes [`crate::cache`].
const CACHE_BYTES: u64 = 32 << 20;
/// sled makes every page above a quarter of this a file of its own. Fixed when a database is made.
const SEGMENT_BYTES: usize = 4 << 20;
const FLUSH_EVERY_MS: u64 = 500;
/// How often a database is looked at that is being closed, and after how long.
const CLOSING: u32 = 500;
const CLOSING_EACH: Duration = Duration::from_millis(10);
/// Directory of the first database.
const FIRST: &str = "record";
const CURRENT: &str = "current";

/// A database. Its directory goes with it once another one has taken its place and nobody reads it any more.
#[derive(Debug)]
pub(crate) struct Home {
    db: Option<Db>,
    path: PathBuf,
    superseded: AtomicBool,
    failed: AtomicBool,
}

impl Home {
    pub(crate) fn db(&self) -> &Db {
        self.db.as_ref().expect("it is taken when it is dropped")
    }

    /// Remembers an error after which the database refuses everything: it has to be opened again.
    pub(crate) fn note(&self, error: &StoreError) {
        if matches!(error, StoreError::DiskFull(_) | StoreError::Io { .. }) {
            self.failed.store(true, Ordering::Relaxed);
        }
    }

    pub(crate) fn failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    pub(crate) fn supersede(&self) {
        self.superseded.store(true, Ordering::Relaxed);
    }

    /// Takes that back.
    pub(crate) fn stay(&self) {
        self.superseded.store(false, Ordering::Relaxed);
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // Before its files: sled writes some when it ends.
        drop(self.db.take());
        if *self.superseded.get_mut()
            && let Err(error) = fs::remove_dir_all(&self.path)
        {
            tracing::warn!(path = %self.path.display(), %error, "the old record could not be removed; the next start does it");
        }
    }
}

/// The trees of a database. Fields are dropped in this order: the database goes last.
#[derive(Debug)]
pub(crate) struct Files {
    pub(crate) overlay: Tree,
    pub(crate) record: Tree,
    pub(crate) disk: Disk,
    pub(crate) trees: Trees,
}

impl Files {
    /// Opens the database in a directory; makes it if it is not there.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        drop_torn_snapshots(path).map_err(|error| StoreError::io(path, error))?;
        let db = open_or_rebuild(path)?;
        let sled = |error| StoreError::sled(path, error);
        format::ensure(&db, &db.open_tree("meta").map_err(sled)?)?;
        Ok(Self {
            overlay: db.open_tree("overlay").map_err(sled)?,
            record: db.open_tree("record").map_err(sled)?,
            disk: Disk::open(path)?,
            trees: Trees {
                dir: path.to_owned(),
                graph: db.open_tree("graph").map_err(sled)?,
                block: db.open_tree("block").map_err(sled)?,
                home: Arc::new(Home {
                    db: Some(db),
                    path: path.to_owned(),
                    superseded: AtomicBool::new(false),
                    failed: AtomicBool::new(false),
                }),
            },
        })
    }

    /// Hands everything written so far to the operating system: enough for a killed process.
    pub(crate) fn flush(&self) -> Result<(), StoreError> {
        let done = self.trees.home.db().flush();
        done.map_err(|error| self.trees.trouble(error)).map(drop)
    }
}

/// The directory of the database that counts, and its size when it was made by a rewrite.
pub(crate) fn current(dir: &Path) -> Result<(PathBuf, u64), StoreError> {
    let path = dir.join(CURRENT);
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => FIRST.to_owned(),
        text => text.map_err(|error| StoreError::io(&path, error))?,
    };
    let mut words = text.split_whitespace();
    let name = words.next().filter(|name| number(name).is_some());
    let name = name.ok_or_else(|| StoreError::Corrupt {
        dir: dir.to_owned(),
        why: "the file `current` does not name a record".to_owned(),
    })?;
    let size = words.next().and_then(|size| size.parse().ok()).unwrap_or(0);
    Ok((dir.join(name), size))
}

/// From now on another database counts. Everything in it has to be on the disk.
pub(crate) fn set_current(dir: &Path, path: &Path, size: u64) -> Result<(), StoreError> {
    let (file, new) = (dir.join(CURRENT), dir.join("current.new"));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let write = || -> io::Result<()> {
        let mut out = File::create(&new)?;
        writeln!(out, "{name} {size}")?;
        out.sync_all()?;
        fs::rename(&new, &file)?;
        File::open(dir)?.sync_all()
    };
    write().map_err(|error| StoreError::io(&file, error))
}

/// Where the next database goes.
pub(crate) fn next(dir: &Path, current: &Path) -> PathBuf {
    let name = current.file_name().unwrap_or_default().to_string_lossy();
    dir.join(format!("{FIRST}-{}", number(&name).unwrap_or(0) + 1))
}

/// Removes databases that do not count: one that was being made, or one that was replaced.
pub(crate) fn remove_others(dir: &Path, current: &Path) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path != current && number(&name).is_some() {
            tracing::info!(path = %path.display(), "removed a record that is not in use");
            fs::remove_dir_all(&path)?;
        }
    }
    Ok(())
}

fn number(name: &str) -> Option<u64> {
    match name.strip_prefix(FIRST)? {
        "" => Some(0),
        rest => rest.strip_prefix('-')?.parse().ok(),
    }
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
    let error = match patiently(|| config(record).open()) {
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
    patiently(|| config(record).open()).map_err(|error| StoreError::sled(record, error))
}

/// Opens a database, also if sled holds its lock still. Nobody but this process has the directory then ([`crate::open`] took
/// a lock of our own): the threads of a database that was closed just now hold on to it for a moment.
fn patiently<T>(mut open: impl FnMut() -> sled::Result<T>) -> sled::Result<T> {
    for _ in 0..CLOSING {
        match open() {
            Err(sled::Error::Io(error)) if error.to_string().contains("could not acquire lock") => {
                std::thread::sleep(CLOSING_EACH);
            }
            opened => return opened,
        }
    }
    open()
}

fn config(record: &Path) -> sled::Config {
    sled::Config::new()
        .path(record)
        .cache_capacity(CACHE_BYTES)
        .segment_size(SEGMENT_BYTES)
        .flush_every_ms(Some(FLUSH_EVERY_MS))
        .mode(sled::Mode::LowSpace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_is_being_closed_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FIRST);
        drop(config(&path).open().unwrap());
        let held = File::open(path.join("db")).unwrap();
        held.lock().unwrap();
        let mut held = Some(held);
        let mut tries = 0;
        let opened = patiently(|| {
            tries += 1;
            let opened = config(&path).open();
            if tries == 2 {
                held.take();
            }
            opened
        });
        assert!(opened.is_ok() && tries > 2, "{tries} {opened:?}");
    }
}
