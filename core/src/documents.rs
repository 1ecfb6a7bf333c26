//! The configuration documents: kept in the record as people wrote them, read anew whenever somebody needs them.
mod counting;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::{PoisonError, RwLock};

use serde_json::Value;
use stocktake_command::{CommandError, ConfigSaved, ConfigText};
use stocktake_config::{
    ConfigError, DocumentId, Parsed, Problem, completed, diff, masked, missing_files, parse, set,
    unmask,
};
use stocktake_store::{Document, Store, StoreError};
use tracing::warn;

use crate::core::now;
use crate::overrides::Overrides;

/// The documents of one core.
pub(crate) struct Documents {
    store: Store,
    overrides: RwLock<Overrides>,
}

impl Documents {
    /// The documents in a record; those that are missing are written with their defaults, and so are keys that came
    /// with a newer version.
    pub(crate) fn open(store: Store) -> Result<Self, StoreError> {
        for id in DocumentId::ALL {
            match store.document(id.name()) {
                Ok(None) => {
                    store.put_document(id.name(), &id.reference_yaml(), Some(0), now())?;
                }
                Ok(Some(document)) => complete(&store, id, &document),
                // A damaged document is left for a person to look at; meanwhile the defaults count.
                Err(_) => {}
            }
        }
        Ok(Self {
            store,
            overrides: RwLock::default(),
        })
    }

    /// Lays values over the documents from now on.
    pub(crate) fn lay_over(&self, overrides: Overrides) {
        let held = self.overrides.write();
        *held.unwrap_or_else(PoisonError::into_inner) = overrides;
    }

    fn overrides(&self) -> Overrides {
        let held = self.overrides.read();
        held.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ids of all documents.
    pub(crate) fn ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = DocumentId::ALL
            .iter()
            .map(|id| id.name().to_owned())
            .collect();
        ids.extend(self.store.documents().unwrap_or_default());
        ids.sort();
        ids.dedup();
        ids
    }

    /// A document as it is edited, credentials masked.
    pub(crate) fn text(&self, id: &str) -> Result<ConfigText, CommandError> {
        let Ok(id) = DocumentId::resolve(id) else {
            return self.copied(id);
        };
        let (text, revision) = self.stored(id)?;
        let text = masked(id, &text).map_err(|error| config_error(&error))?;
        // Remarks, as those of a failed try: they are not stored when they come back.
        let overrides = self.overrides();
        let remark =
            |line: String| format!("## overridden, what stands below does not count: {line}\n");
        let remarks = overrides.told(id).into_iter().map(remark);
        let left_out = overrides.left_out(id).map(|why| format!("## {why}\n"));
        let remarks: String = remarks.chain(left_out).collect();
        Ok(ConfigText {
            id: id.name().to_owned(),
            text: remarks + &text,
            revision,
        })
    }

    /// A document that is a copy under a name of its own.
    fn copied(&self, id: &str) -> Result<ConfigText, CommandError> {
        let document = self
            .store
            .document(id)
            .map_err(|error| store_error(&error))?;
        let document = document.ok_or_else(|| unknown(id))?;
        Ok(ConfigText {
            id: id.to_owned(),
            text: document.text,
            revision: document.revision,
        })
    }

    fn stored(&self, id: DocumentId) -> Result<(String, u64), CommandError> {
        let document = self
            .store
            .document(id.name())
            .map_err(|error| store_error(&error))?;
        Ok(document.map_or_else(
            || (id.reference_yaml(), 0),
            |document| (document.text, document.revision),
        ))
    }

    /// Stores a document if it can be read, with the keys it lacks. A text that cannot never replaces one that can.
    pub(crate) fn save(
        &self,
        id: &str,
        text: &str,
        revision: Option<u64>,
    ) -> Result<ConfigSaved, CommandError> {
        let id = DocumentId::resolve(id).map_err(|_| unknown(id))?;
        let (stored, _) = self.stored(id)?;
        let text = unmask(id, text, &stored).map_err(|error| config_error(&error))?;
        self.put(id, &stored, &text, revision)
    }

    /// Sets single values, by path.
    pub(crate) fn set(
        &self,
        id: &str,
        values: &[(String, Value)],
    ) -> Result<ConfigSaved, CommandError> {
        let id = DocumentId::resolve(id).map_err(|_| unknown(id))?;
        let (stored, revision) = self.stored(id)?;
        let mut text = stored.clone();
        for (path, value) in values {
            text = set_one(id, &text, path, value).map_err(|error| config_error(&error))?;
        }
        self.put(id, &stored, &text, Some(revision))
    }

    fn put(
        &self,
        id: DocumentId,
        stored: &str,
        text: &str,
        revision: Option<u64>,
    ) -> Result<ConfigSaved, CommandError> {
        let parsed = parse(id, text).map_err(|error| config_error(&error))?;
        if is_empty(text) {
            // A file that was truncated, a text deleted by mistake: what was set, guards included, is not lost by that.
            return Err(CommandError::usage(format!(
                "an empty text does not replace `{}`",
                id.name()
            ))
            .hint(format!(
                "`config delete {}` brings its defaults back",
                id.name()
            )));
        }
        let whole = completed(id, text).map_err(|error| config_error(&error))?;
        let put = self.store.put_document(id.name(), &whole, revision, now());
        let revision = put.map_err(|error| store_error(&error))?;
        let mut warnings: Vec<String> = parsed.warnings.iter().map(warning).collect();
        warnings.extend(missing(id, text));
        Ok(ConfigSaved {
            id: id.name().to_owned(),
            revision,
            diff: difference(id, stored, &whole),
            warnings,
        })
    }

    /// What storing a text would change, with everything that is odd about it; nothing is stored. Without a text: how
    /// the stored document differs from the defaults.
    pub(crate) fn compare(
        &self,
        id: &str,
        text: Option<&str>,
    ) -> Result<ConfigSaved, CommandError> {
        let id = DocumentId::resolve(id).map_err(|_| unknown(id))?;
        let (stored, revision) = self.stored(id)?;
        let (old, new) = match text {
            Some(text) => {
                let text = unmask(id, text, &stored).map_err(|error| config_error(&error))?;
                (stored, text)
            }
            None => (id.reference_yaml(), stored),
        };
        let parsed = parse(id, &new).map_err(|error| config_error(&error))?;
        let counts = self.counting(parsed)?;
        let mut warnings: Vec<String> = counts.warnings.iter().map(warning).collect();
        warnings.extend(missing(id, &new));
        let overrides = self.overrides();
        let told = overrides.told(id).into_iter();
        warnings.extend(told.map(|line| format!("overridden: {line}")));
        warnings.extend(overrides.left_out(id));
        let new = completed(id, &new).map_err(|error| config_error(&error))?;
        Ok(ConfigSaved {
            id: id.name().to_owned(),
            revision,
            diff: difference(id, &old, &new),
            warnings,
        })
    }

    /// JSON schema of a document.
    pub(crate) fn schema(id: &str) -> Result<Value, CommandError> {
        let id = DocumentId::resolve(id).map_err(|_| unknown(id))?;
        Ok(id.json_schema())
    }

    /// A document as it counts: overrides on top, variables put in.
    fn counting(&self, parsed: Parsed) -> Result<Parsed, CommandError> {
        let parsed = self.overrides().laid_over(parsed);
        parsed
            .expanded(&|name| std::env::var(name).ok())
            .map_err(|error| config_error(&error))
    }

    /// Deletes a document; one of the built-in ones falls back to its defaults.
    pub(crate) fn delete(&self, id: &str) -> Result<(), CommandError> {
        let name = match DocumentId::resolve(id) {
            Ok(known) => known.name(),
            Err(_) => id,
        };
        match self.store.delete_document(name) {
            Ok(true) => Ok(()),
            Ok(false) => Err(unknown(id)),
            Err(error) => Err(store_error(&error)),
        }
    }

    /// Copies a document.
    pub(crate) fn copy(&self, from: &str, to: &str) -> Result<(), CommandError> {
        let text = match DocumentId::resolve(from) {
            Ok(id) => self.stored(id)?.0,
            Err(_) => self.copied(from)?.text,
        };
        if let Ok(id) = DocumentId::resolve(to) {
            let (stored, revision) = self.stored(id)?;
            return self.put(id, &stored, &text, Some(revision)).map(drop);
        }
        let put = self.store.put_document(to, &text, None, now());
        put.map(drop).map_err(|error| store_error(&error))
    }

    fn parsed(&self, id: DocumentId) -> Result<Parsed, CommandError> {
        let (text, _) = self.stored(id)?;
        let parsed = parse(id, &text).map_err(|error| config_error(&error))?;
        self.counting(parsed)
    }
}

/// Adds the keys a stored document lacks. One that cannot be read stays as it is.
fn complete(store: &Store, id: DocumentId, document: &Document) {
    let Ok(text) = completed(id, &document.text) else {
        return;
    };
    if text == document.text {
        return;
    }
    let put = store.put_document(id.name(), &text, Some(document.revision), now());
    if let Err(error) = put {
        warn!(%error, "`{}` keeps lacking keys; their defaults count", id.name());
    }
}

/// The text with one value set. A list or an object may be written as YAML has it: `[a, b]`.
fn set_one(id: DocumentId, text: &str, path: &str, value: &Value) -> Result<String, ConfigError> {
    // JSON is YAML on one line.
    let changed = set(id, text, path, &value.to_string());
    let Err(wrong) = changed else { return changed };
    let flow = value.as_str().filter(|flow| flow.starts_with(['[', '{']));
    flow.and_then(|flow| set(id, text, path, flow).ok())
        .ok_or(wrong)
}

/// Whether a text says nothing: it is empty, or all of it is comments.
fn is_empty(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim);
    lines.all(|line| line.is_empty() || line.starts_with('#') || line == "---")
}

/// Masked, so that a changed token does not end up on a screen.
fn difference(id: DocumentId, old: &str, new: &str) -> String {
    let show = |text: &str| masked(id, text).unwrap_or_default();
    diff(&show(old), &show(new))
}

fn warning(problem: &Problem) -> String {
    match problem.hint() {
        Some(hint) => format!("{problem}; {hint}"),
        None => problem.to_string(),
    }
}

/// Warnings about files that are not there.
fn missing(id: DocumentId, text: &str) -> Vec<String> {
    let is_there = |file: &str| match (file.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest).is_file(),
        _ => Path::new(file).is_file(),
    };
    missing_files(id, text, &is_there)
        .iter()
        .map(warning)
        .collect()
}

fn unknown(id: &str) -> CommandError {
    let error = CommandError::usage(format!("No config with this id: {id}"));
    match DocumentId::resolve(id) {
        Err(unknown) if !unknown.near.is_empty() => {
            error.hint(format!("did you mean `{}`?", unknown.near[0]))
        }
        _ => error.hint("`config list` shows those there are"),
    }
}

fn config_error(error: &ConfigError) -> CommandError {
    CommandError::usage(error.to_string())
}

fn store_error(error: &StoreError) -> CommandError {
    let shown = match error {
        StoreError::Conflict { id, .. } => {
            CommandError::world(format!("`{id}` was changed by somebody else meanwhile"))
                .hint("edit it again: your changes are laid on the new text then")
        }
        error => CommandError::world(error.to_string()),
    };
    match (shown.hint.is_some(), error.hint()) {
        (false, Some(hint)) => shown.hint(hint),
        _ => shown,
    }
}
