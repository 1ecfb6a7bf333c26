//! Hides credentials in a text that is shown, and puts them back into one that comes back.
//!
//! Comments are shown as they are: a credential that was commented out is not found.
use std::ops::Range;

use serde_json::Value;

use crate::document::{DocumentId, respell};
use crate::environment;
use crate::error::{ConfigError, Problem, ProblemKind};
use crate::steps::{Step, show};
use crate::tree;
use crate::yaml;

/// What stands in place of a credential.
pub const MASK: &str = "****";

/// Last words of names whose values are credentials.
const WORDS: [&str; 8] = [
    "credential",
    "credentials",
    "passwd",
    "password",
    "psk",
    "secret",
    "token",
    "key-data",
];
/// Endings of more than one word, with `_` for every separator.
const ENDINGS: [&str; 6] = [
    "access_key",
    "api_key",
    "certificate_key",
    "client_key_data",
    "private_key",
    "secret_key",
];

/// Whether the value of a key is a credential. Names of other things (`token_file`, `secret_name`)
/// are not.
fn is_credential(key: &str) -> bool {
    let key = key.to_lowercase().replace(['-', '.'], "_");
    let last = key.rsplit('_').next().unwrap_or(&key);
    let certificate_key = key.contains("certificate") && last == "key";
    WORDS.contains(&last) || certificate_key || ENDINGS.iter().any(|end| key.ends_with(end))
}

/// The text with every credential replaced by [`MASK`]. References to variables stay visible.
pub fn masked(id: DocumentId, text: &str) -> Result<String, ConfigError> {
    let mut value = read(id, text)?;
    let mut secrets = Vec::new();
    collect(&value, &mut Vec::new(), Hidden::No, &mut secrets);
    anchored(text, &value, &mut secrets);
    let mask = Value::String(MASK.to_owned());
    let mut ranges = Vec::new();
    for path in &secrets {
        ranges.extend(tree::value_range(text, path).map(|range| (range, yaml::inline(&mask))));
        tree::put(&mut value, path, mask.clone());
    }
    let changed = replaced(text, ranges);
    // Never show what could not be hidden in place: rather lose comments and order.
    Ok(match yaml::read(&changed) {
        Ok(shown) if shown == value => changed,
        _ => yaml::block(&value) + "\n",
    })
}

/// Replaces every credential of a value by [`MASK`].
pub(crate) fn hide(value: &mut Value) {
    let mut secrets = Vec::new();
    collect(value, &mut Vec::new(), Hidden::No, &mut secrets);
    for path in secrets {
        tree::put(value, &path, Value::String(MASK.to_owned()));
    }
}

/// The new text with every [`MASK`] replaced by what the stored text has in that place. Items of
/// lists are recognised by their `name`, where they have one.
pub fn unmask(id: DocumentId, new: &str, stored: &str) -> Result<String, ConfigError> {
    let mut value = read(id, new)?;
    let stored = read(id, stored)?;
    let mut masks = Vec::new();
    collect(&value, &mut Vec::new(), Hidden::No, &mut masks);
    masks.retain(|path| tree::get(&value, path).is_some_and(|value| value == MASK));
    let mut secrets = Vec::new();
    let mut problems = Vec::new();
    for path in masks {
        let secret = counterpart(id, &value, &stored, &path).filter(|secret| *secret != MASK);
        match secret {
            Some(secret) => secrets.push((path, secret.clone())),
            None => problems.push(Problem {
                place: tree::value_place(new, &path),
                kind: ProblemKind::NothingMasked(show(&path)),
            }),
        }
    }
    if !problems.is_empty() {
        return Err(ConfigError {
            document: id,
            problems,
        });
    }
    let mut ranges = Vec::new();
    for (path, secret) in secrets {
        ranges.extend(tree::value_range(new, &path).map(|range| (range, yaml::inline(&secret))));
        tree::put(&mut value, &path, secret);
    }
    let changed = replaced(new, ranges);
    match yaml::read(&changed) {
        Ok(read) if read == value => Ok(changed),
        _ => Err(ConfigError::of(
            id,
            ProblemKind::Edit("the document".into()),
        )),
    }
}

/// Adds the places an alias takes its credential from: they hold it under any name.
fn anchored(text: &str, value: &Value, secrets: &mut Vec<Vec<Step>>) {
    let alias =
        |path: &Vec<Step>| tree::value_range(text, path).is_none_or(|at| text[at].starts_with('*'));
    let values: Vec<&Value> = secrets
        .iter()
        .filter(|path| alias(path))
        .filter_map(|path| tree::get(value, path))
        .collect();
    if values.is_empty() {
        return;
    }
    let mut all = Vec::new();
    collect(value, &mut Vec::new(), Hidden::Yes, &mut all);
    all.retain(|path| tree::get(value, path).is_some_and(|value| values.contains(&value)));
    secrets.extend(all);
    secrets.sort();
    secrets.dedup();
}

fn read(id: DocumentId, text: &str) -> Result<Value, ConfigError> {
    yaml::read(text).map_err(|problem| ConfigError {
        document: id,
        problems: vec![problem],
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hidden {
    No,
    Yes,
}

/// Finds the single values that are credentials, or below a key that names some.
fn collect(value: &Value, path: &mut Vec<Step>, hidden: Hidden, found: &mut Vec<Vec<Step>>) {
    match value {
        Value::Object(fields) => {
            // `{name: API_TOKEN, value: …}`, as in the environment of a login program.
            let named = fields
                .get("name")
                .and_then(Value::as_str)
                .is_some_and(is_credential);
            for (key, field) in fields {
                let secret =
                    is_credential(key) || (named && key == "value") || key == "files_in_home_dir";
                let below = if secret { Hidden::Yes } else { hidden };
                path.push(Step::Key(key.clone()));
                collect(field, path, below, found);
                path.pop();
            }
        }
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                path.push(Step::Item(number));
                collect(item, path, hidden, found);
                path.pop();
            }
        }
        Value::String(text) if text.is_empty() || is_reference(text) => {}
        Value::String(_) | Value::Number(_) if hidden == Hidden::Yes => found.push(path.clone()),
        _ => {}
    }
}

/// Whether the text is one `$(NAME)` and nothing else.
fn is_reference(text: &str) -> bool {
    environment::expand(text, &|_| Some(String::new())).is_ok_and(|rest| rest.is_empty())
}

/// The stored value of a path of the new text.
fn counterpart<'a>(
    id: DocumentId,
    new: &Value,
    stored: &'a Value,
    path: &[Step],
) -> Option<&'a Value> {
    let path = respell(id, stored, path.to_vec());
    let (mut new_at, mut at) = (new, stored);
    for (depth, step) in path.iter().enumerate() {
        match step {
            Step::Key(key) => {
                at = at.get(key)?;
                // The root may be spelled otherwise in the new text.
                new_at = new_at.get(key).or_else(|| {
                    let root = id.root(key).filter(|_| depth == 0)?;
                    std::iter::once(&root.name)
                        .chain(root.also)
                        .find_map(|name| new_at.get(name))
                })?;
            }
            Step::Item(number) => {
                new_at = new_at.get(number)?;
                let items = at.as_array()?;
                at = match new_at.get("name") {
                    Some(name) => items.iter().find(|item| item.get("name") == Some(name))?,
                    None => items.get(*number)?,
                };
            }
        }
    }
    Some(at)
}

/// Replaces parts of a text; the ranges must not overlap.
fn replaced(text: &str, mut parts: Vec<(Range<usize>, String)>) -> String {
    parts.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
    let mut changed = text.to_owned();
    for (range, part) in parts {
        // A block scalar ends with its line break, which is not part of the value.
        let breaks = text[range.clone()].ends_with('\n');
        changed.replace_range(range, &if breaks { part + "\n" } else { part });
    }
    changed
}
