//! What can go wrong with the record, each with the way out. Rendering is the shell's.
use std::io;
use std::path::{Path, PathBuf};

/// A call on the store that could not be done.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has the directory.
    #[error("the store in `{}` is in use by {}", dir.display(), holder(*pid))]
    Locked {
        /// The directory.
        dir: PathBuf,
        /// Process that has it, where it could be read.
        pid: Option<u32>,
    },
    /// A newer stocktake wrote the directory.
    #[error(
        "the store has format {found}, newer than format {known}, the newest this stocktake knows"
    )]
    Newer {
        /// Format of the directory.
        found: u32,
        /// Format of this program.
        known: u32,
    },
    /// The directory has an older format that no migration starts from.
    #[error("the store has format {found}, and no way leads from there to format {known}")]
    NoMigration {
        /// Format of the directory.
        found: u32,
        /// Format of this program.
        known: u32,
    },
    /// Something else has the name of the directory.
    #[error("`{}` is not a directory", .0.display())]
    NotADirectory(PathBuf),
    /// The operating system did not let us.
    #[error("no permission to use `{}`", .0.display())]
    Denied(PathBuf),
    /// The disk, or the quota, is full.
    #[error("no space left to write `{}`", .0.display())]
    DiskFull(PathBuf),
    /// Any other failure to read or write.
    #[error("reading or writing `{}` failed: {source}", path.display())]
    Io {
        /// What was read or written.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// sled can not make sense of its files.
    #[error("the store in `{}` is damaged: {why}", dir.display())]
    Corrupt {
        /// The directory.
        dir: PathBuf,
        /// What was found.
        why: String,
    },
    /// One value is damaged; everything else can be read.
    #[error(transparent)]
    Damaged(#[from] Damaged),
    /// Two imports of one account at a time.
    #[error("account `{0}` is being imported already")]
    Busy(String),
    /// A restored record takes the place of this one with the next open.
    #[error("a restored backup takes the place of this record with the next start")]
    Replaced,
    /// Nothing was ever imported under this id.
    #[error("no account `{0}`")]
    UnknownAccount(String),
    /// The versions of an account do not lead back so far.
    #[error("account `{account}` is known from {since} on, not at {time}")]
    NotKept {
        /// Id of the account.
        account: String,
        /// The time that was asked for.
        time: jiff::Timestamp,
        /// The earliest moment that is kept.
        since: jiff::Timestamp,
    },
    /// A document changed since it was read.
    #[error("document `{id}` {}", conflict(*expected, *actual))]
    Conflict {
        /// Id of the document.
        id: String,
        /// Revision the writer had read; 0 for none.
        expected: u64,
        /// Revision that is there; absent if there is no such document.
        actual: Option<u64>,
    },
    /// A name that can not be part of a key.
    #[error("`{}` can not be the name of {what}", name.escape_debug())]
    Name {
        /// What was to be named.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A value that can not be written as JSON.
    #[error("{what} can not be written: {why}")]
    Encode {
        /// What it was.
        what: String,
        /// What serde said.
        why: String,
    },
}

/// A value that is not what was written: it is never served.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{what} is damaged: {why}{}", place(account.as_deref(), kind.as_deref()))]
pub struct Damaged {
    /// Which value: `block 7-0`, `header`, `document resoto.core`.
    pub what: String,
    /// Account it belongs to.
    pub account: Option<String>,
    /// Kind of the nodes in it; absent for edges and whatever has no kind.
    pub kind: Option<String>,
    /// What is wrong with it.
    pub why: &'static str,
}

fn holder(pid: Option<u32>) -> String {
    pid.map_or("another process".to_owned(), |pid| format!("process {pid}"))
}

fn conflict(expected: u64, actual: Option<u64>) -> String {
    match actual {
        None => format!("is gone; revision {expected} was expected"),
        Some(actual) if expected == 0 => format!("exists already, with revision {actual}"),
        Some(actual) => format!("has revision {actual} by now; revision {expected} was expected"),
    }
}

fn place(account: Option<&str>, kind: Option<&str>) -> String {
    match (account, kind) {
        (Some(account), Some(kind)) => format!(" (account `{account}`, kind `{kind}`)"),
        (Some(account), None) => format!(" (account `{account}`)"),
        _ => String::new(),
    }
}

impl StoreError {
    /// What the reader can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Locked { .. } => {
                "attach to the running stocktake, stop it, or choose another data directory"
            }
            Self::Newer { .. } => "use the newer stocktake, or choose another data directory",
            Self::NoMigration { .. } | Self::Corrupt { .. } => {
                "move the directory aside and collect again: the clusters hold what was collected"
            }
            Self::NotADirectory(_) => "choose another data directory",
            Self::Denied(_) => "the directory must belong to the user that runs stocktake",
            Self::DiskFull(_) => "make room and try again: what was committed is safe",
            Self::Damaged(_) => "collect the account again: damaged parts are replaced",
            Self::Busy(_) => "wait for the running collection, or stop it",
            Self::Replaced => "start stocktake again",
            Self::UnknownAccount(_) => "collect it first",
            Self::NotKept { .. } => {
                "ask for a later time; `core.graph.keep_versions_for_days` says how long versions are kept"
            }
            Self::Conflict { .. } => "read it again and repeat the change",
            Self::Io { .. } | Self::Name { .. } | Self::Encode { .. } => return None,
        })
    }

    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::Denied(path)
            }
            // A file size limit is a quota by another name.
            io::ErrorKind::StorageFull
            | io::ErrorKind::QuotaExceeded
            | io::ErrorKind::FileTooLarge => Self::DiskFull(path),
            io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
                Self::NotADirectory(path)
            }
            _ => Self::Io { path, source },
        }
    }

    pub(crate) fn sled(dir: &Path, source: sled::Error) -> Self {
        match source {
            sled::Error::Io(source) => Self::io(dir, source),
            other => Self::Corrupt {
                dir: dir.to_owned(),
                why: other.to_string(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_of_the_operating_system_are_told_apart() {
        let said = |kind: io::ErrorKind| {
            let error = StoreError::io(Path::new("d"), kind.into());
            format!("{error} / {}", error.hint().unwrap_or("-"))
        };
        for (kind, text) in [
            (
                io::ErrorKind::PermissionDenied,
                "no permission to use `d` / the directory must belong to the user that runs stocktake",
            ),
            (
                io::ErrorKind::StorageFull,
                "no space left to write `d` / make room and try again: what was committed is safe",
            ),
            (
                io::ErrorKind::QuotaExceeded,
                "no space left to write `d` / make room and try again: what was committed is safe",
            ),
            (
                io::ErrorKind::NotADirectory,
                "`d` is not a directory / choose another data directory",
            ),
            (
                io::ErrorKind::Interrupted,
                "reading or writing `d` failed: operation interrupted / -",
            ),
        ] {
            assert_eq!(said(kind), text);
        }
    }
}
