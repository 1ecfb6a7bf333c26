//! Making what was written survive a power cut: sled's `flush` hands it to the system, but does not wait for
//! the disk, and never waits for values it stores as files of their own.
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::StoreError;

/// The files of a database that have to reach the disk.
#[derive(Debug)]
pub(crate) struct Disk {
    log: File,
    path: PathBuf,
    blobs: PathBuf,
    synced: Mutex<BTreeSet<OsString>>,
}

impl Disk {
    /// The files below the directory that sled was given.
    pub(crate) fn open(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join("db");
        let log = File::open(&path).map_err(|error| StoreError::io(&path, error))?;
        Ok(Self {
            log,
            path,
            blobs: dir.join("blobs"),
            synced: Mutex::default(),
        })
    }

    /// Waits until everything that was flushed is on the disk.
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        // Blobs first: the log points at them.
        (self.sync_blobs()).map_err(|error| StoreError::io(&self.blobs, error))?;
        (self.log.sync_all()).map_err(|error| StoreError::io(&self.path, error))
    }

    /// Blocks are cut so that there are none; this is for whoever stores a large document.
    fn sync_blobs(&self) -> io::Result<()> {
        let entries = match fs::read_dir(&self.blobs) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        let mut synced = self.synced.lock().unwrap_or_else(PoisonError::into_inner);
        let mut there = BTreeSet::new();
        for entry in entries {
            let name = entry?.file_name();
            if !synced.contains(&name) {
                match File::open(self.blobs.join(&name)) {
                    Ok(file) => file.sync_all()?,
                    // sled removed it meanwhile.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                    Err(error) => return Err(error),
                }
            }
            there.insert(name);
        }
        if *synced != there {
            File::open(&self.blobs)?.sync_all()?;
            *synced = there;
        }
        Ok(())
    }
}
