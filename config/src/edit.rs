//! Changing the text of a document while keeping what the person wrote around it.
use serde_json::Value;
use stocktake_model::near;

use crate::document::{DocumentId, Root, respell};
use crate::error::{ConfigError, Problem, ProblemKind};
use crate::parsed::{Parsed, parse};
use crate::shape::Shape;
use crate::steps::{self, Step};
use crate::tree;
use crate::yaml;

/// The text with the value of one key set, e.g., `worker.cleanup` to `true`. The value is YAML.
/// Comments and order stay; sections that are missing are added. The result is a valid document.
///
/// A root key may be given in any spelling; the one in the text stays.
pub fn set(id: DocumentId, text: &str, path: &str, value: &str) -> Result<String, ConfigError> {
    let located = |problem: Problem| ConfigError {
        document: id,
        problems: vec![problem],
    };
    let roots = yaml::read(text).map_err(located)?;
    let value = yaml::read(value).map_err(located)?;
    let steps = steps::parse(path)
        .ok_or_else(|| ConfigError::of(id, ProblemKind::Path(path.to_owned())))?;
    let near = meant(id, &roots, &steps);
    if !near.is_empty() {
        let path = path.to_owned();
        return Err(ConfigError::of(id, ProblemKind::NoSection { path, near }));
    }
    let steps = respell(id, &roots, steps);
    let changed = tree::set(text, &steps, &value)
        .ok_or_else(|| ConfigError::of(id, ProblemKind::Edit(path.to_owned())))?;
    parse(id, &changed)?;
    Ok(changed)
}

/// Paths that may have been meant by one that begins with no section: the section was left out (`workflows.collect…` for
/// `core.workflows.collect…`), or is misspelled. Empty if the text has such a section, or nothing is like it: it may be that
/// of a plugin.
fn meant(id: DocumentId, roots: &Value, steps: &[Step]) -> Vec<String> {
    let Some((Step::Key(first), rest)) = steps.split_first() else {
        return Vec::new();
    };
    if id.root(first).is_some() || roots.get(first).is_some() {
        return Vec::new();
    }
    let below = |root: &str, steps: &[Step]| {
        let root = std::iter::once(Step::Key(root.to_owned()));
        steps::show(&root.chain(steps.iter().cloned()).collect::<Vec<_>>())
    };
    let has = |root: &&Root| match root.shape {
        Shape::Section(section) => section.has(first),
        _ => false,
    };
    let left_out: Vec<String> = (id.roots().iter().filter(has))
        .map(|root| below(root.name, steps))
        .collect();
    if !left_out.is_empty() {
        return left_out;
    }
    let near = near(first, id.roots().iter().map(|root| root.name));
    near.into_iter().map(|root| below(root, rest)).collect()
}

/// The document an assignment such as `worker.cleanup=true` stands for: an override from the
/// command line.
pub fn assignment(id: DocumentId, assignment: &str) -> Result<Parsed, ConfigError> {
    let wrong = || ConfigError::of(id, ProblemKind::Path(assignment.to_owned()));
    let (path, value) = assignment.split_once('=').ok_or_else(wrong)?;
    let steps = steps::parse(path.trim()).ok_or_else(wrong)?;
    let value = yaml::read(value).map_err(|problem| ConfigError {
        document: id,
        problems: vec![problem],
    })?;
    let mut root = Value::Null;
    tree::put(&mut root, &steps, value).ok_or_else(wrong)?;
    // As a text, so that whatever is wrong with it is found as in any other text.
    parse(id, &yaml::block(&root))
}

/// What changes between two texts, as a unified diff; empty if nothing does. Give it masked texts.
pub fn diff(old: &str, new: &str) -> String {
    similar::TextDiff::from_lines(old, new)
        .unified_diff()
        .context_radius(3)
        .header("stored", "new")
        .to_string()
}
