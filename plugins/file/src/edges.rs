//! Edges of a resource: to another one of the same file by its id, or to one elsewhere by what is known of it.
use std::collections::BTreeMap;

use serde_json::{Value, json};
use stocktake_model::{
    Direction, EXTERNAL_REFERENCES, EdgeType, ExternalReference, Map, Relation, near,
};

use crate::item::{EdgeItem, Item, Target, Text, line_of};
use crate::mistake::Mistake;
use crate::model::EDGE_TYPES;
use crate::split::Piece;

/// A resource as others refer to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) kind: String,
    pub(crate) id: String,
    /// Where it stands.
    pub(crate) line: usize,
}

/// Every resource of a file, by id: kind and line.
#[derive(Debug, Default)]
pub(crate) struct Ids(BTreeMap<String, Vec<(String, usize)>>);

impl Ids {
    /// Adds a resource, or says in which line it stands already.
    pub(crate) fn add(&mut self, known: &Known) -> Result<(), usize> {
        let found = self.0.entry(known.id.clone()).or_default();
        if let Some((_, line)) = found.iter().find(|(kind, _)| *kind == known.kind) {
            return Err(*line);
        }
        found.push((known.kind.clone(), known.line));
        Ok(())
    }

    /// Says why an id does not name exactly one resource.
    pub(crate) fn one(&self, id: &str) -> Result<(), String> {
        match self.0.get(id).map(Vec::as_slice) {
            Some([_]) => Ok(()),
            None | Some([]) => Err(format!("no resource of this file has the id `{id}`")),
            Some([(first, _), (second, _), ..]) => Err(format!(
                "the id `{id}` is that of a {first} and of a {second}"
            )),
        }
    }
}

/// Adds the edges to the properties of a resource. One that leads nowhere is left out and told: its other end may
/// only be missing because of a mistake of its own.
pub(crate) fn edges(
    ids: &Ids,
    piece: &Piece<'_>,
    item: &Item,
    known: &Known,
    reported: &mut Map,
    mistakes: &mut Vec<Mistake>,
) -> Result<(), Mistake> {
    let mut here = Vec::new();
    let mut elsewhere = Vec::new();
    for edge in item.edges.iter().flatten() {
        let (relation, edge_type) = meaning(piece, edge)?;
        match &edge.to {
            Target::Id(to) => match ids.one(to) {
                Ok(()) => here.push(json!({
                    "to": to, "relation": relation.as_str(), "edge_type": edge_type.as_str(),
                })),
                Err(why) => mistakes.push(
                    Mistake::at(line_of(piece, "edges"), format!("edge to `{to}`: {why}"))
                        .hint("a resource elsewhere is named by its kind: `to: {kind: …, id: …}`")
                        .of(&known.kind, Some(&known.id)),
                ),
            },
            Target::Elsewhere(told) => {
                let reference = external(piece, told)?;
                let reference = ExternalReference {
                    relation,
                    edge_type,
                    direction: Direction::Out,
                    ..reference
                };
                elsewhere.push(json!(reference));
            }
        }
    }
    for (name, edges) in [("edges", here), (EXTERNAL_REFERENCES, elsewhere)] {
        if !edges.is_empty() {
            reported.insert(name.to_owned(), Value::Array(edges));
        }
    }
    Ok(())
}

fn meaning(piece: &Piece<'_>, edge: &EdgeItem) -> Result<(Relation, EdgeType), Mistake> {
    let relations = Relation::ALL.map(Relation::as_str);
    let relation = Relation::ALL
        .into_iter()
        .find(|known| known.as_str() == edge.relation)
        .ok_or_else(|| unknown(piece, "relation", &edge.relation, &relations))?;
    let Some(word) = &edge.edge_type else {
        return Ok((relation, EdgeType::Default));
    };
    let types = EDGE_TYPES.map(EdgeType::as_str);
    let edge_type = EDGE_TYPES
        .into_iter()
        .find(|known| known.as_str() == word)
        .ok_or_else(|| unknown(piece, "edge_type", word, &types))?;
    Ok((relation, edge_type))
}

fn unknown(piece: &Piece<'_>, key: &str, word: &str, known: &[&str]) -> Mistake {
    let mistake = Mistake::at(line_of(piece, key), format!("`{word}` is no {key}"));
    match near(word, known.iter().copied()).first() {
        Some(meant) => mistake.hint(format!("did you mean `{meant}`?")),
        None => mistake.hint(format!("it is one of {}", known.join(", "))),
    }
}

/// `{kind, account?, zone?}` and one more, or several: the first by name tells it apart.
fn external(
    piece: &Piece<'_>,
    told: &BTreeMap<String, Text>,
) -> Result<ExternalReference, Mistake> {
    let text = |key: &str| told.get(key).map(|Text(text)| text.clone());
    let wrong = |message: &str| {
        Mistake::at(line_of(piece, "edges"), message)
            .hint("e.g. `to: {kind: kubernetes_node, name: worker-1, account: prod}`")
    };
    let kind = text("kind").ok_or_else(|| wrong("the other end of an edge has no `kind`"))?;
    let mut properties = told
        .iter()
        .filter(|(key, _)| !matches!(key.as_str(), "kind" | "account" | "zone"))
        .map(|(key, Text(value))| (key.clone(), value.clone()));
    // An id says more than anything else.
    let first = text("id").map(|id| ("id".to_owned(), id));
    let (property, value) = first
        .or_else(|| properties.next())
        .ok_or_else(|| wrong("nothing tells the other end of an edge apart"))?;
    let also = told
        .iter()
        .filter(|(key, _)| !matches!(key.as_str(), "kind" | "account" | "zone"))
        .filter(|(key, _)| **key != property)
        .map(|(key, Text(value))| (key.clone(), value.clone()))
        .collect();
    Ok(ExternalReference {
        also,
        account: text("account"),
        zone: text("zone"),
        ..ExternalReference::new(kind, property, value)
    })
}
