//! From the text of a file to resources that make sense, and everything that does not, with its line.
//!
//! A resource with a mistake is left out as a whole; the others are taken.
use std::collections::BTreeMap;

use serde_json::Value;
use stocktake_model::{Kind, Map, NodeRecord, Parent, near};

use crate::edges::{Ids, Known, edges};
use crate::item::{Item, Text, line_of, parse};
use crate::kinds::{Kinds, reserved};
use crate::mistake::Mistake;
use crate::split::{Format, Piece, split};
use crate::typed::fitting;

/// What a file holds.
#[derive(Debug, Default)]
pub(crate) struct Inventory {
    /// Kinds it declares, by name.
    pub(crate) kinds: Vec<Kind>,
    /// Resources, in the order of the file.
    pub(crate) records: Vec<NodeRecord>,
    /// What is wrong with it, by line.
    pub(crate) mistakes: Vec<Mistake>,
    /// Whether anything at all stands in it.
    pub(crate) is_blank: bool,
}

/// Reads a file.
pub(crate) fn check(format: Format, text: &str) -> Inventory {
    let pieces = split(format, text);
    let is_blank = pieces.is_empty();
    let mut mistakes = Vec::new();
    let mut items = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match parse(format, &piece) {
            Ok(item) => items.push((piece, item)),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    let kinds = Kinds::read(&items, &mut mistakes);
    let mut ids = Ids::default();
    let mut taken = Vec::new();
    for (piece, item) in &items {
        if item.define.is_some() {
            continue;
        }
        match identified(&kinds, &mut ids, piece, item) {
            Ok(known) => taken.push((piece, item, known)),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    let mut records = Vec::with_capacity(taken.len());
    for (piece, item, known) in taken {
        match record(&kinds, &ids, piece, item, &known, &mut mistakes) {
            Ok(record) => records.push(record),
            Err(mistake) => mistakes.push(mistake.of(&known.kind, Some(&known.id))),
        }
    }
    mistakes.sort_by(|a, b| (a.line, &a.message).cmp(&(b.line, &b.message)));
    Inventory {
        kinds: kinds.all().cloned().collect(),
        records,
        mistakes,
        is_blank,
    }
}

/// Kind and id of a resource.
fn identified(
    kinds: &Kinds,
    ids: &mut Ids,
    piece: &Piece<'_>,
    item: &Item,
) -> Result<Known, Mistake> {
    let at = |key: &str, message: String| Mistake::at(line_of(piece, key), message);
    let Some(kind) = item.kind.as_deref() else {
        return Err(
            Mistake::at(piece.line, "neither `kind` nor `define` stands here")
                .hint("a resource needs `kind` and `id`, the declaration of a kind `define`"),
        );
    };
    let id = item.id.as_ref().map(|Text(id)| id.as_str());
    let Some(id) = id.filter(|id| !id.is_empty()) else {
        return Err(at("id", "the resource has no `id`".to_owned()).of(kind, None));
    };
    if let Some(key) = ["bases", "about"]
        .into_iter()
        .zip([item.bases.is_some(), item.about.is_some()])
        .find_map(|(key, is_set)| is_set.then_some(key))
    {
        let message = format!("`{key}` has no place in a resource");
        return Err(at(key, message).of(kind, Some(id)));
    }
    if kinds.of(kind).is_none() {
        let message = format!("the kind `{kind}` is not declared");
        let mistake = at("kind", message).of(kind, Some(id));
        let names = kinds.all().map(|kind| kind.name.as_str());
        return Err(match near(kind, names).first() {
            Some(meant) => mistake.hint(format!("did you mean `{meant}`?")),
            None => mistake.hint(format!("declare it: `define: {kind}` with `bases`")),
        });
    }
    let known = Known {
        kind: kind.to_owned(),
        id: id.to_owned(),
        line: piece.line,
    };
    match ids.add(&known) {
        Ok(()) => Ok(known),
        Err(line) => {
            Err(at("id", format!("{kind} `{id}` stands in line {line} already")).of(kind, Some(id)))
        }
    }
}

fn record(
    kinds: &Kinds,
    ids: &Ids,
    piece: &Piece<'_>,
    item: &Item,
    known: &Known,
    mistakes: &mut Vec<Mistake>,
) -> Result<NodeRecord, Mistake> {
    let name = item.name.as_ref().map_or(&known.id, |Text(name)| name);
    let mut reported = Map::new();
    reported.insert("kind".to_owned(), known.kind.as_str().into());
    reported.insert("id".to_owned(), known.id.as_str().into());
    reported.insert("name".to_owned(), name.as_str().into());
    let tags: BTreeMap<&str, &str> = item
        .tags
        .iter()
        .flatten()
        .map(|(key, Text(value))| (key.as_str(), value.as_str()))
        .collect();
    if !tags.is_empty() {
        reported.insert("tags".to_owned(), serde_json::json!(tags));
    }
    for (property, value) in item.properties.iter().flatten() {
        let value = checked(kinds, &known.kind, piece, property, value.clone())?;
        reported.insert(property.clone(), value);
    }
    edges(ids, piece, item, known, &mut reported, mistakes)?;
    let parent = match &item.parent {
        None => Parent::Account,
        Some(Text(parent)) => {
            let line = line_of(piece, "parent");
            ids.one(parent).map_err(|why| Mistake::at(line, why))?;
            Parent::Uid(parent.clone())
        }
    };
    Ok(NodeRecord {
        reported,
        metadata: Map::new(),
        parent,
    })
}

/// A value of the type the kind, or one of its bases, says. Kinds that declare properties have no others.
fn checked(
    kinds: &Kinds,
    kind: &str,
    piece: &Piece<'_>,
    property: &str,
    value: Value,
) -> Result<Value, Mistake> {
    let at = |message: String| Mistake::at(line_of(piece, property), message);
    if let Some(message) = reserved(property) {
        return Err(at(message).hint("it stands beside `properties`, or is computed"));
    }
    let all = kinds.model.properties(kind);
    let declared = all.iter().find(|known| known.name == property);
    let Some(declared) = declared else {
        if kinds.of(kind).is_none_or(|kind| kind.properties.is_empty()) {
            return Ok(value);
        }
        let mistake = at(format!("`{kind}` has no property `{property}`"));
        let names = all.iter().map(|known| known.name.as_str());
        return Err(match near(property, names).first() {
            Some(meant) => mistake.hint(format!("did you mean `{meant}`?")),
            None => mistake.hint(format!(
                "declare it with its type where `{kind}` is declared"
            )),
        });
    };
    fitting(value, &declared.of).map_err(|misfit| {
        at(format!(
            "`{property}{}` must be {}, not {}",
            misfit.path, misfit.wanted, misfit.found
        ))
    })
}

#[cfg(test)]
mod tests;
