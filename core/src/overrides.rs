//! Values laid over the configuration: from `--override`, and from files in a directory. They count, but they are never
//! stored, and nobody edits them through the core.
use std::path::PathBuf;

use stocktake_config::{DocumentId, Parsed, assignment, parse};
use tracing::warn;

use crate::core::Core;

/// What is laid over the documents of a core.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// In the order they were given: the last counts.
    assignments: Vec<Parsed>,
    /// Where files such as `stocktake.worker.yaml` are looked for.
    directory: Option<PathBuf>,
}

/// An override that cannot be laid over anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`--override {text}`: {why}")]
pub struct BadOverride {
    /// As it was given.
    pub text: String,
    /// What is wrong with it.
    pub why: String,
}

/// Spellings of a document's name that a file may have.
const NAMES: [&str; 3] = ["stocktake.", "fix.", "resoto."];
const ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

impl Overrides {
    /// Overrides from `path=value` texts, and from the files of a directory: `stocktake.worker.yaml` and the like, read anew
    /// whenever the configuration is.
    pub fn new(assignments: &[String], directory: Option<PathBuf>) -> Result<Self, BadOverride> {
        let read = |text: &String| {
            let bad = |why: String| BadOverride {
                text: text.clone(),
                why,
            };
            let id = DocumentId::of_path(text).ok_or_else(|| {
                bad(
                    "write e.g. `worker.cleanup=true`; it begins with a section of a document"
                        .into(),
                )
            })?;
            assignment(id, text).map_err(|error| bad(error.to_string()))
        };
        Ok(Self {
            assignments: assignments.iter().map(read).collect::<Result<_, _>>()?,
            directory,
        })
    }

    /// The document as it counts.
    #[must_use]
    pub fn laid_over(&self, parsed: Parsed) -> Parsed {
        let layers = self.layers(parsed.id);
        let over = |under: Parsed, (_, over): (String, Parsed)| under.overlaid(&over);
        layers.into_iter().fold(parsed, over)
    }

    /// What counts in place of what is stored, one line each: path, value and where it comes from.
    pub(crate) fn told(&self, id: DocumentId) -> Vec<String> {
        let layers = self.layers(id).into_iter();
        let lines = layers.flat_map(|(origin, over)| {
            let values = over.values().into_iter();
            values.map(move |(path, value)| format!("`{path}` is {value}, by {origin}"))
        });
        lines.collect()
    }

    /// What is wrong with the directory and the files in it, one line each: such a file is left out.
    pub fn complaints(&self) -> Vec<String> {
        let gone = self.directory.iter().filter(|path| !path.is_dir());
        let gone = gone.map(|path| {
            format!(
                "there is no directory `{}` to take overrides from",
                path.display()
            )
        });
        let left_out = DocumentId::ALL
            .into_iter()
            .filter_map(|id| self.left_out(id));
        gone.chain(left_out).collect()
    }

    /// Why the file of a document is left out, if it is.
    pub(crate) fn left_out(&self, id: DocumentId) -> Option<String> {
        self.file(id)?.err()
    }

    /// The layers of a document, the lowest first, each with where it comes from.
    fn layers(&self, id: DocumentId) -> Vec<(String, Parsed)> {
        let file = self.file(id).and_then(|file| {
            let file = file.inspect_err(|complaint| warn!("{complaint}"));
            file.ok()
        });
        let given = self.assignments.iter().filter(|over| over.id == id);
        let given = given.map(|over| ("`--override`".to_owned(), over.clone()));
        file.into_iter().chain(given).collect()
    }

    /// The file of a document and where it is, or why it is left out. A file that cannot be read changes nothing.
    fn file(&self, id: DocumentId) -> Option<Result<(String, Parsed), String>> {
        let directory = self.directory.as_ref()?;
        let rest = id.name().strip_prefix(NAMES[0])?;
        let names = NAMES.iter().flat_map(|name| {
            let ending = move |ending: &&str| format!("{name}{rest}.{ending}");
            ENDINGS.iter().map(ending)
        });
        let path = names
            .map(|name| directory.join(name))
            .find(|path| path.is_file())?;
        let origin = format!("`{}`", path.display());
        let text = std::fs::read_to_string(&path).map_err(|error| error.to_string());
        let parsed = text.and_then(|text| parse(id, &text).map_err(|error| error.to_string()));
        Some(match parsed {
            Ok(parsed) => Ok((origin, parsed)),
            Err(why) => {
                let lines: Vec<&str> = why.lines().map(str::trim).collect();
                Err(format!(
                    "the overrides in {origin} are left out: {}",
                    lines.join("; ")
                ))
            }
        })
    }
}

impl Core {
    /// Lays values over the configuration, in place of those laid over it before.
    pub fn lay_over(&self, overrides: Overrides) {
        self.0.documents.lay_over(overrides);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker(overrides: &Overrides, stored: &str) -> stocktake_config::WorkerConfig {
        let parsed = parse(DocumentId::Worker, stored).unwrap();
        overrides.laid_over(parsed).worker().unwrap()
    }

    #[test]
    fn files_lie_over_what_is_stored_and_arguments_over_files() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("resoto.worker.yml");
        std::fs::write(
            &file,
            "resotoworker:\n  cleanup: true\n  cleanup_pool_size: 9\n",
        )
        .unwrap();
        let given = ["worker.cleanup_pool_size=7".to_owned()];
        let overrides = Overrides::new(&given, Some(place.path().to_owned())).unwrap();
        let worker = |stored| worker(&overrides, stored);
        let found = worker("worker: {cleanup: false, cleanup_dry_run: false}");
        assert!(found.worker.cleanup && !found.worker.cleanup_dry_run);
        assert_eq!(found.worker.cleanup_pool_size, 7);
        assert_eq!(overrides.told(DocumentId::Worker).len(), 3);
        assert!(overrides.told(DocumentId::Core).is_empty());

        // What cannot be read changes nothing.
        std::fs::write(&file, "worker: [").unwrap();
        assert!(!worker("").worker.cleanup);
    }

    #[test]
    fn an_argument_that_fits_nowhere_is_refused() {
        for (text, why) in [
            ("cleanup=true", "write e.g. `worker.cleanup=true`"),
            ("worker.cleanup=perhaps", "wants `true` or `false`"),
            ("worker.clean=true", "unknown key `worker.clean`"),
            ("worker.cleanup", "is not the path of a value"),
        ] {
            let error = Overrides::new(&[text.to_owned()], None).unwrap_err();
            assert!(error.to_string().contains(why), "{error}");
        }
    }
}
