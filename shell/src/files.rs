//! Files on the client's side: those a line names, and those a line writes.
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use stocktake_command::{FileMode, Target, targets};

/// Largest file that is sent to the core, in bytes.
const MAX_UPLOAD: u64 = 64 << 20;

/// Reads the files a line asked for.
pub(crate) fn upload(names: &[String]) -> Result<BTreeMap<String, String>> {
    names
        .iter()
        .map(|name| Ok((name.clone(), read(name)?)))
        .collect()
}

fn read(name: &str) -> Result<String> {
    let path = Path::new(name);
    let size = std::fs::metadata(path)
        .with_context(|| format!("cannot read `{name}`"))?
        .len();
    if size > MAX_UPLOAD {
        bail!("`{name}` has {size} bytes; files of up to {MAX_UPLOAD} bytes can be used");
    }
    std::fs::read_to_string(path).with_context(|| format!("cannot read `{name}`"))
}

/// A file that cannot be made where a line wants it. The line is wrong, not the world: another name helps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoPlace {
    /// It would be overwritten.
    #[error("`{0}` exists already")]
    Exists(String),
    /// Its directory is not there.
    #[error("there is no directory `{0}`")]
    NoDirectory(String),
    /// The name is that of a directory.
    #[error("`{0}` is a directory")]
    IsDirectory(String),
    /// Nothing can be made in its directory.
    #[error("cannot write to `{directory}`: {why}")]
    Refused {
        /// The directory.
        directory: String,
        /// What the system said.
        why: String,
    },
}

impl NoPlace {
    /// The way out.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Exists(_) => "use `--force` to replace it, or choose another name",
            Self::NoDirectory(_) => "make it first, or choose another one",
            Self::IsDirectory(_) => "name a file in it",
            Self::Refused { .. } => "choose a directory you may write to",
        }
    }
}

/// Looks whether the files a line writes can be made, before anything of it runs. The first that cannot, with the line's bytes
/// that name it.
pub(crate) fn unwritable(line: &str) -> Option<(NoPlace, (usize, usize))> {
    targets(line).into_iter().find_map(|target| {
        let Target { name, mode, span } = target;
        let refused = begin(Path::new(&name), mode).err()?;
        Some((refused, (span.start, span.end)))
    })
}

/// Files one line writes, by name. They appear complete or not at all: a line that breaks off leaves none behind.
#[derive(Default)]
pub(crate) struct Written {
    open: BTreeMap<String, (File, tempfile::TempPath, FileMode)>,
}

impl Written {
    /// Takes the next piece of a file.
    pub(crate) fn take(&mut self, name: &str, content: &str, mode: FileMode) -> Result<()> {
        if !self.open.contains_key(name) {
            let (file, temporary) = begin(Path::new(name), mode)?;
            self.open.insert(name.to_owned(), (file, temporary, mode));
        }
        let (file, ..) = self.open.get_mut(name).expect("it was put there just now");
        file.write_all(content.as_bytes())
            .with_context(|| format!("cannot write `{name}`"))
    }

    /// Puts every file in its place; gives back their names.
    pub(crate) fn finish(self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        for (name, (file, temporary, mode)) in self.open {
            file.sync_all()
                .with_context(|| format!("cannot write `{name}`"))?;
            let placed = match mode {
                FileMode::Replace => temporary.persist(&name),
                FileMode::Create | FileMode::Append => temporary.persist_noclobber(&name),
            };
            placed.with_context(|| format!("cannot write `{name}`"))?;
            names.push(name);
        }
        Ok(names)
    }
}

/// An open file beside the one that is meant. It is gone when it is dropped.
fn begin(path: &Path, mode: FileMode) -> Result<(File, tempfile::TempPath), NoPlace> {
    let shown = || path.display().to_string();
    if path.is_dir() {
        return Err(NoPlace::IsDirectory(shown()));
    }
    if mode == FileMode::Create && path.exists() {
        return Err(NoPlace::Exists(shown()));
    }
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if !directory.is_dir() {
        return Err(NoPlace::NoDirectory(directory.display().to_string()));
    }
    // What the system says would name the temporary file, which nobody asked for.
    let refused = |error: std::io::Error| NoPlace::Refused {
        directory: directory.display().to_string(),
        why: error.kind().to_string(),
    };
    let temporary = tempfile::Builder::new()
        .prefix(".stocktake-")
        .tempfile_in(directory)
        .map_err(refused)?
        .into_temp_path();
    let file = OpenOptions::new()
        .write(true)
        .truncate(true)
        .open(&temporary)
        .map_err(refused)?;
    Ok((file, temporary))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_when_it_is_complete() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out.dot");
        let name = path.to_str().unwrap();
        let mut written = Written::default();
        written.take(name, "digraph {\n", FileMode::Create).unwrap();
        written.take(name, "}\n", FileMode::Append).unwrap();
        assert!(!path.exists());
        assert_eq!(written.finish().unwrap(), [name]);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "digraph {\n}\n");
    }

    #[test]
    fn a_file_that_cannot_be_made_is_known_before_the_line_runs() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out");
        std::fs::write(&path, "precious").unwrap();
        let name = path.to_str().unwrap();
        let line = format!("search all | write {name}");
        let (refused, (start, end)) = unwritable(&line).unwrap();
        assert_eq!(refused, NoPlace::Exists(name.to_owned()));
        assert_eq!(&line[start..end], name);
        assert!(unwritable(&format!("search all | write --force {name}")).is_none());
        assert!(unwritable(&format!("search all | write {name}.new")).is_none());
        let (refused, _) = unwritable(&format!("search all | write {name}/x/y")).unwrap();
        assert_eq!(refused, NoPlace::NoDirectory(format!("{name}/x")));
        let inside = directory.path().to_str().unwrap();
        let (refused, _) = unwritable(&format!("search all | write --force {inside}")).unwrap();
        assert_eq!(refused, NoPlace::IsDirectory(inside.to_owned()));
        let names = std::fs::read_dir(directory.path()).unwrap();
        assert_eq!(names.count(), 1, "looking leaves nothing behind");
    }

    #[test]
    fn a_file_that_is_there_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("out");
        std::fs::write(&path, "precious").unwrap();
        let name = path.to_str().unwrap();
        assert!(
            Written::default()
                .take(name, "x", FileMode::Create)
                .is_err()
        );
        let mut written = Written::default();
        written.take(name, "new", FileMode::Replace).unwrap();
        drop(written);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
    }
}
