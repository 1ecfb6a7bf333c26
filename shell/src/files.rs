//! Files on the client's side: those a line names, and those a line writes.
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, Result, anyhow, bail};
use stocktake_command::FileMode;

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

fn begin(path: &Path, mode: FileMode) -> Result<(File, tempfile::TempPath)> {
    if mode == FileMode::Create && path.exists() {
        bail!(
            "`{}` exists already; use `write --force` to replace it",
            path.display()
        );
    }
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    if !directory.is_dir() {
        bail!("there is no directory `{}`", directory.display());
    }
    let temporary = tempfile::Builder::new()
        .prefix(".stocktake-")
        .tempfile_in(directory)
        // It would name the temporary file, which nobody asked for.
        .map_err(|error| {
            anyhow!(
                "cannot write to `{}`: {}",
                directory.display(),
                error.kind()
            )
        })?
        .into_temp_path();
    let file = OpenOptions::new()
        .write(true)
        .truncate(true)
        .open(&temporary)?;
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
