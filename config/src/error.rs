//! What can be wrong with a document, where it is, and what to do about it.
//!
//! Rendering beyond one line per problem is the work of whoever shows it.
use std::fmt;

use crate::document::DocumentId;

/// A place in a text; both count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column.
    pub column: usize,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub kind: ProblemKind,
    /// Where, if it stands in the text at all.
    pub place: Option<Place>,
}

impl Problem {
    /// What the reader can do about it.
    pub fn hint(&self) -> Option<String> {
        self.kind.hint()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Place { line, column }) = self.place {
            write!(f, "line {line}, column {column}: ")?;
        }
        write!(f, "{}", self.kind)
    }
}

/// The kinds of problems. Paths are written with dots, e.g., `worker.pool_size`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProblemKind {
    /// The text is not YAML.
    #[error("not valid YAML: {0}")]
    Syntax(String),
    /// The text is longer than a configuration can be.
    #[error("the text has {size} bytes, more than the {limit} a configuration may have")]
    TooLarge {
        /// Bytes of the text.
        size: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// The top of the document is a list or a single value.
    #[error("a document consists of keys with values, not of {0}")]
    NotKeys(String),
    /// A section has no such key.
    #[error("unknown key `{path}`")]
    UnknownKey {
        /// Path of the key.
        path: String,
        /// Keys it may have been meant to be, best first.
        near: Vec<String>,
    },
    /// A path whose first key is no section of the document, but may have been meant to be in one.
    #[error("`{path}` begins with no section of this document")]
    NoSection {
        /// The path.
        path: String,
        /// Paths it may have been meant to be, best first.
        near: Vec<String>,
    },
    /// A key that must be there is not.
    #[error("`{path}` has no `{key}`")]
    MissingKey {
        /// Path of the section.
        path: String,
        /// Name of the key.
        key: &'static str,
    },
    /// Two spellings of the same key are given.
    #[error("`{path}` and `{spelling}` are the same key")]
    Twice {
        /// The key as it is called here.
        path: String,
        /// Another spelling that is given too.
        spelling: String,
    },
    /// The value is of another type, or out of range.
    #[error("`{path}` wants {wanted}, not {found}")]
    WrongValue {
        /// Path of the value.
        path: String,
        /// What it should be.
        wanted: String,
        /// What stands there.
        found: String,
    },
    /// The value is one of a closed set of words, but none of these.
    #[error("`{path}` wants {wanted}, not `{found}`")]
    UnknownWord {
        /// Path of the value.
        path: String,
        /// The words.
        wanted: String,
        /// What stands there.
        found: String,
        /// The word it may have been meant to be.
        near: Vec<String>,
    },
    /// A cron expression that is none.
    #[error("`{path}`: `{found}` is not a cron expression: {why}")]
    Cron {
        /// Path of the value.
        path: String,
        /// What stands there.
        found: String,
        /// What the parser says.
        why: String,
    },
    /// A name chosen by the user that cannot be one.
    #[error("`{path}` cannot be a label")]
    Label {
        /// Path of the key.
        path: String,
    },
    /// A root key of the document that nobody here knows. A warning: another plugin may.
    #[error("nothing here reads the section `{0}`")]
    UnknownRoot(String),
    /// A key that is understood but does nothing. A warning.
    #[error("`{path}` has no effect")]
    Ignored {
        /// Path of the key.
        path: String,
        /// What to do instead; may be empty.
        instead: String,
    },
    /// Keys of an older version that are read as what they mean today. A warning.
    #[error("`{path}` is the old way to write `configs` and `config_files`")]
    Migrated {
        /// Path of the key.
        path: String,
    },
    /// A file that is not there, or may not be read. A warning: it may be on another machine.
    #[error("`{path}`: there is no file `{file}` here")]
    NoFile {
        /// Path of the value.
        path: String,
        /// The file.
        file: String,
    },
    /// An environment variable that is not set. A warning: the key falls back to its default.
    #[error("`{path}` uses the environment variable `{variable}`, which is not set")]
    NoVariable {
        /// Path of the value.
        path: String,
        /// The variable.
        variable: String,
    },
    /// A masked value without a stored one to put back.
    #[error("`{0}` is masked, but no value is stored for it")]
    NothingMasked(String),
    /// A path given to [`crate::set`] that leads nowhere.
    #[error("`{0}` is not the path of a value")]
    Path(String),
    /// The text could not be changed without changing something else.
    #[error("`{0}` cannot be changed in place")]
    Edit(String),
}

impl ProblemKind {
    /// What the reader can do about it.
    pub fn hint(&self) -> Option<String> {
        let names = |near: &[String]| {
            let near: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
            (!near.is_empty()).then(|| format!("did you mean {}?", near.join(" or ")))
        };
        match self {
            Self::UnknownKey { near, .. }
            | Self::UnknownWord { near, .. }
            | Self::NoSection { near, .. } => names(near),
            Self::Cron { .. } => {
                Some("five fields, e.g. `0 * * * *`: minute hour day month weekday".into())
            }
            Self::Label { .. } => Some("letters, digits and `_`, 40 at most".into()),
            Self::Twice { .. } => Some("keep one of them".into()),
            Self::Ignored { instead, .. } if !instead.is_empty() => Some(instead.clone()),
            Self::NoVariable { variable, .. } => {
                Some(format!("set `{variable}`; until then the default is used"))
            }
            Self::Migrated { .. } => Some(
                "it still works; `config show stocktake.worker` describes the keys of today".into(),
            ),
            Self::NoFile { .. } => {
                Some("right if the worker runs elsewhere; otherwise correct the path".into())
            }
            Self::NothingMasked(_) => Some("write the value itself in place of `****`".into()),
            Self::Path(_) => {
                Some("paths look like `worker.cleanup` or `k8s.configs[0].token`".into())
            }
            Self::Edit(_) => Some("edit the whole document instead".into()),
            _ => None,
        }
    }
}

/// A document that cannot be used; never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// The document.
    pub document: DocumentId,
    /// Everything that is wrong, in the order of the text.
    pub problems: Vec<Problem>,
}

impl ConfigError {
    /// An error about one thing without a place.
    pub(crate) fn of(document: DocumentId, kind: ProblemKind) -> Self {
        Self {
            document,
            problems: vec![Problem { kind, place: None }],
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` cannot be used", self.document.name())?;
        for problem in &self.problems {
            write!(f, "\n  {problem}")?;
            if let Some(hint) = problem.hint() {
                write!(f, "\n    hint: {hint}")?;
            }
        }
        Ok(())
    }
}
