//! Completes the text of a document: keys it lacks are added with their defaults, explained as in the reference.
//!
//! It adds lines and never changes what a text means. Only a section in braces (`worker: {…}`) is laid out anew, because
//! its keys have no lines of their own that a comment could stand above.
use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::{Map, Value};

use crate::document::DocumentId;
use crate::error::{ConfigError, Place};
use crate::parsed::parse;
use crate::reference;
use crate::shape::{Key, Section, Shape};
use crate::steps::Step;
use crate::tree;
use crate::yaml;

/// The text with every key it lacks, each below its explanation. Comments, order and values stay. A key stands behind
/// the one that the reference has in front of it, so that an old default text becomes the new one.
///
/// What cannot be added without changing something else is left out, e.g., keys of a section that is an alias. A text
/// that is no valid document is an error.
pub fn completed(id: DocumentId, text: &str) -> Result<String, ConfigError> {
    let meant = parse(id, text)?.whole();
    if text.trim().is_empty() {
        return Ok(id.reference_yaml());
    }
    let mut filling = Filling {
        id,
        text: text.to_owned(),
        meant,
    };
    let roots = id.roots().iter();
    let roots: Vec<Key> = roots
        .map(|root| Key::new(root.name, root.about, root.shape).also(root.also))
        .collect();
    filling.section(&[], &roots, &id.defaults());
    Ok(filling.text)
}

/// A text on its way.
struct Filling {
    id: DocumentId,
    text: String,
    /// What the text means, defaults included: it must not change.
    meant: Value,
}

impl Filling {
    /// Adds what a section lacks, then what the sections in it lack.
    fn section(&mut self, path: &[Step], keys: &[Key], defaults: &Value) {
        let Some(mut fields) = self.fields(path) else {
            return;
        };
        if is_lacking(keys, &fields, defaults) {
            self.unfold(path);
            fields = self.fields(path).unwrap_or(fields);
            self.add_missing(path, keys, &fields, defaults);
        }
        for (name, section, defaults) in sections(keys, &fields, defaults) {
            self.section(&below(path, name), section.keys, defaults);
        }
    }

    /// The keys that stand in a section; `None` if it is none, but, e.g., a variable.
    fn fields(&self, path: &[Step]) -> Option<Map<String, Value>> {
        let text = yaml::read(&self.text).ok()?;
        match tree::get(&text, path) {
            Some(Value::Object(fields)) => Some(fields.clone()),
            Some(Value::Null) => Some(Map::new()),
            _ => None,
        }
    }

    /// Lays a section in braces out as lines.
    fn unfold(&mut self, path: &[Step]) {
        let Some((range, entries)) = tree::in_braces(&self.text, path) else {
            return;
        };
        let before = self.text[..range.start].trim_end_matches(' ');
        let (rest, after) = split_line(&self.text[range.end..]);
        let rest = rest.trim_end();
        let comment = rest.trim_start().is_empty() || rest.trim_start().starts_with('#');
        let header = path.is_empty() || before.ends_with(':');
        if !comment || !header {
            return;
        }
        let margin = " ".repeat(self.margin(path, &BTreeMap::new()));
        let lines: String = entries
            .iter()
            .flat_map(|entry| [&margin, entry.as_str(), "\n"])
            .collect();
        let end = if path.is_empty() { "" } else { "\n" };
        let unfolded = format!("{before}{rest}{end}{lines}{after}");
        self.take(unfolded);
    }

    fn add_missing(
        &mut self,
        path: &[Step],
        keys: &[Key],
        fields: &Map<String, Value>,
        defaults: &Value,
    ) {
        if tree::in_braces(&self.text, path).is_some() {
            return;
        }
        let standing = tree::key_places(&self.text, path, fields.keys());
        let margin = self.margin(path, &standing);
        for Group { before, keys } in groups(keys, fields, &standing) {
            let mut added = String::new();
            for key in keys {
                if path.is_empty() {
                    added.push('\n');
                }
                added += &reference::key(&key, margin, &defaults[key.name]);
            }
            if let Some(line) = self.line_for(path, before, margin) {
                self.insert(line, &added);
            }
        }
    }

    fn insert(&mut self, line: usize, added: &str) {
        let mut lines = self.text.split_inclusive('\n');
        let mut text: String = lines.by_ref().take(line).collect();
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text += added;
        text.extend(lines);
        self.take(text);
    }

    /// How many lines stand before what is added.
    fn line_for(&self, path: &[Step], before: Option<&str>, margin: usize) -> Option<usize> {
        let lines: Vec<&str> = self.text.lines().collect();
        let end = match before {
            Some(name) => {
                let key = tree::key_place(&self.text, &below(path, name))?;
                end_of(&lines, key.line - 1, margin)
            }
            None if path.is_empty() => lines.len(),
            None => tree::key_place(&self.text, path)?.line,
        };
        // At the end of the document also below the last comments: they are about what stands above.
        let nothing_follows = lines.iter().skip(end).all(|line| is_aside(line));
        Some(if path.is_empty() && nothing_follows {
            lines.len()
        } else {
            end
        })
    }

    /// Blanks in front of the keys of a section: as many as those there have.
    fn margin(&self, path: &[Step], standing: &BTreeMap<&str, Place>) -> usize {
        if let Some(place) = standing.values().next() {
            return place.column - 1;
        }
        let header = tree::key_place(&self.text, path);
        header.map_or(0, |place| place.column + 1)
    }

    /// Takes a text over if it means the same: the places are found by a young library, and YAML has corners.
    fn take(&mut self, text: String) {
        let same = parse(self.id, &text).is_ok_and(|parsed| parsed.whole() == self.meant);
        if same {
            self.text = text;
        }
    }
}

/// Whether a section, or one in it, lacks a key.
fn is_lacking(keys: &[Key], fields: &Map<String, Value>, defaults: &Value) -> bool {
    let here = keys.iter().any(|key| spelled(key, fields).is_none());
    here || sections(keys, fields, defaults).any(|(name, section, defaults)| match &fields[name] {
        Value::Object(fields) => is_lacking(section.keys, fields, defaults),
        nothing => nothing.is_null(),
    })
}

/// The sections in a section: how they are spelled there, their keys and the defaults of these.
fn sections<'s>(
    keys: &'s [Key],
    fields: &'s Map<String, Value>,
    defaults: &'s Value,
) -> impl Iterator<Item = (&'static str, &'static Section, &'s Value)> {
    keys.iter().filter_map(|key| {
        let Shape::Section(section) = key.shape else {
            return None;
        };
        let defaults = defaults.get(key.name).filter(|value| value.is_object())?;
        Some((spelled(key, fields)?, section, defaults))
    })
}

/// Keys that are not there and belong behind the same key.
struct Group {
    before: Option<&'static str>,
    keys: Vec<Key>,
}

fn groups(
    keys: &[Key],
    fields: &Map<String, Value>,
    standing: &BTreeMap<&str, Place>,
) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut before = None;
    for key in keys {
        match (spelled(key, fields), groups.last_mut()) {
            // What an alias brings in has no place of its own.
            (Some(name), _) if standing.contains_key(name) => before = Some(name),
            (Some(_), _) => {}
            (None, Some(group)) if group.before == before => group.keys.push(*key),
            (None, _) => groups.push(Group {
                before,
                keys: vec![*key],
            }),
        }
    }
    groups
}

/// How a key is spelled where it stands, if it does.
fn spelled(key: &Key, fields: &Map<String, Value>) -> Option<&'static str> {
    let mut spellings = std::iter::once(key.name).chain(key.also.iter().copied());
    spellings.find(|name| fields.contains_key(*name))
}

fn below(path: &[Step], name: &str) -> Vec<Step> {
    let mut path = path.to_vec();
    path.push(Step::Key(name.to_owned()));
    path
}

/// The line behind the value of a key. Comments no deeper than the key belong to what follows.
fn end_of(lines: &[&str], key: usize, margin: usize) -> usize {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let item = |line: &str| line.trim() == "-" || line.trim_start().starts_with("- ");
    let inside = |line: &str| {
        is_aside(line) || indent(line) > margin || (indent(line) == margin && item(line))
    };
    let body: Range<usize> = key + 1..lines.len();
    let end = body.clone().find(|at| !inside(lines[*at]));
    let own = |line: &str| !is_aside(line) || (!line.trim().is_empty() && indent(line) > margin);
    let body = body.start..end.unwrap_or(lines.len());
    body.rev().find(|at| own(lines[*at])).unwrap_or(key) + 1
}

/// Whether a line is blank or a comment.
fn is_aside(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with('#')
}

/// The rest of the line, and what follows it.
fn split_line(text: &str) -> (&str, &str) {
    text.split_at(text.find('\n').map_or(text.len(), |at| at + 1))
}
