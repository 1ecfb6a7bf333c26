//! The text as a tree that keeps every character: where things stand, and changing one of them.
//!
//! It does not know what a document should hold.
use std::collections::BTreeMap;
use std::ops::Range;
use std::str::FromStr;

use serde_json::Value;
use yaml_edit::path::YamlPath;
use yaml_edit::{Document, Mapping, TextPosition, YamlNode};

use crate::error::Place;
use crate::steps::{self, Step};
use crate::yaml;

/// Where the key of a path stands; for list items, where the item begins.
pub(crate) fn key_place(text: &str, path: &[Step]) -> Option<Place> {
    let (last, parent) = path.split_last()?;
    let Step::Key(key) = last else {
        return value_place(text, path);
    };
    let entry = mapping(text, parent)?.find_entry_by_key(key.as_str())?;
    place(text, range(text, &entry.key_node()?).start)
}

/// Where these keys of a section stand; those that an alias brings in stand nowhere.
pub(crate) fn key_places<'k>(
    text: &str,
    path: &[Step],
    keys: impl Iterator<Item = &'k String>,
) -> BTreeMap<&'k str, Place> {
    let Some(mapping) = mapping(text, path) else {
        return BTreeMap::new();
    };
    let standing = keys.filter_map(|key| {
        let entry = mapping.find_entry_by_key(key.as_str())?;
        let place = place(text, range(text, &entry.key_node()?).start)?;
        Some((key.as_str(), place))
    });
    standing.collect()
}

/// Where the value of a path begins; where its key stands if there is no value.
pub(crate) fn value_place(text: &str, path: &[Step]) -> Option<Place> {
    match find(text, path) {
        Some(node) => place(text, range(text, &node).start),
        None if matches!(path.last(), Some(Step::Key(_))) => key_place(text, path),
        None => None,
    }
}

/// The bytes of a section in braces, and its keys with their values, each as it stands there. Nothing counts as a
/// section without keys. `None` for sections of other forms, and where a comment may stand between the keys.
pub(crate) fn in_braces(text: &str, path: &[Step]) -> Option<(Range<usize>, Vec<String>)> {
    let nothing = value_range(text, path).filter(|at| matches!(&text[at.clone()], "~" | "null"));
    if let Some(nothing) = nothing {
        return Some((nothing, Vec::new()));
    }
    let mapping = mapping(text, path)?;
    let bytes = bytes(text, mapping.byte_range());
    if !text[bytes.clone()].starts_with('{') || text[bytes.clone()].contains('#') {
        return None;
    }
    let entry = |(key, value): (YamlNode, YamlNode)| {
        let (key, value) = (range(text, &key), range(text, &value));
        let line = format!("{}: {}", text[key].trim(), text[value].trim());
        line.trim_end().to_owned()
    };
    Some((bytes, mapping.iter().map(entry).collect()))
}

/// The bytes of the value of a path.
pub(crate) fn value_range(text: &str, path: &[Step]) -> Option<Range<usize>> {
    Some(range(text, &find(text, path)?))
}

fn range(text: &str, node: &YamlNode) -> Range<usize> {
    bytes(text, node.byte_range())
}

fn bytes(text: &str, position: TextPosition) -> Range<usize> {
    let at = |offset: u32| usize::try_from(offset).map_or(text.len(), |at| at.min(text.len()));
    at(position.start)..at(position.end)
}

fn place(text: &str, offset: usize) -> Option<Place> {
    let before = text.get(..offset)?;
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    Some(Place { line, column })
}

fn mapping(text: &str, path: &[Step]) -> Option<Mapping> {
    if path.is_empty() {
        return Document::from_str(text).ok()?.as_mapping();
    }
    find(text, path)?.as_mapping().cloned()
}

fn find(text: &str, path: &[Step]) -> Option<YamlNode> {
    let document = Document::from_str(text).ok()?;
    let (first, rest) = path.split_first()?;
    let Step::Key(first) = first else { return None };
    let mut node = document.as_mapping()?.get(first.as_str())?;
    for step in rest {
        node = match step {
            Step::Key(key) => node.as_mapping()?.get(key.as_str())?,
            Step::Item(number) => node.as_sequence()?.get(*number)?,
        };
    }
    Some(node)
}

/// The text with one value set; sections on the way are added. `None` if it cannot be done without
/// changing anything else.
pub(crate) fn set(text: &str, path: &[Step], value: &Value) -> Option<String> {
    let before = yaml::read(text).ok()?;
    let changed = change(text, path, value)?;
    let mut wanted = if before.is_null() {
        Value::Object(serde_json::Map::new())
    } else {
        before
    };
    put(&mut wanted, path, value.clone())?;
    // The tree library is young: trust the result only where it means what it should.
    (yaml::read(&changed).ok()? == wanted).then_some(changed)
}

fn change(text: &str, path: &[Step], value: &Value) -> Option<String> {
    let document = if text.trim().is_empty() {
        Document::new_mapping()
    } else {
        Document::from_str(text).ok()?
    };
    let path = steps::show(path);
    let set = match value {
        Value::Bool(switch) => document.try_set_path(&path, *switch),
        Value::String(text) => document.try_set_path(&path, text.as_str()),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => document.try_set_path(&path, whole),
            None => document.try_set_path(&path, number.as_f64()?),
        },
        Value::Null | Value::Array(_) | Value::Object(_) => {
            let holder = Document::from_str(&format!("value: {}\n", yaml::inline(value))).ok()?;
            document.try_set_path(&path, holder.as_mapping()?.get("value")?)
        }
    };
    set.ok()?;
    let changed = document.to_string();
    Some(if changed.ends_with('\n') {
        changed
    } else {
        changed + "\n"
    })
}

/// Sets a value in a tree of values; sections on the way are added.
pub(crate) fn put(root: &mut Value, path: &[Step], value: Value) -> Option<()> {
    let mut at = root;
    for step in path {
        at = match step {
            Step::Key(key) => {
                if at.is_null() {
                    *at = Value::Object(serde_json::Map::new());
                }
                at.as_object_mut()?
                    .entry(key.clone())
                    .or_insert(Value::Null)
            }
            Step::Item(number) => at.as_array_mut()?.get_mut(*number)?,
        };
    }
    *at = value;
    Some(())
}

/// The value a path leads to.
pub(crate) fn get<'a>(root: &'a Value, path: &[Step]) -> Option<&'a Value> {
    path.iter().try_fold(root, |at, step| match step {
        Step::Key(key) => at.get(key),
        Step::Item(number) => at.get(*number),
    })
}
