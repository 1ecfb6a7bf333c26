//! What an edge carries beside its relations: read from the node it leaves whenever it is asked for, never kept.
//!
//! A node tells it in a list with the name of the relation (`mounts`), whose elements name the other node by
//! `resource_kind` and `name`.
use serde_json::Value;
use stocktake_model::{Map, Relation};

use crate::document::{Cursor, Item};
use crate::graph::{Graph, Spot};
use crate::relations::Relations;

/// Relations that carry something; to look for others would only cost time.
const CARRYING: [Relation; 1] = [Relation::Mounts];

/// The payload of an edge, by the name of its relation; most edges have none.
pub(crate) fn payload(graph: &Graph, from: Spot, to: Spot, relations: Relations) -> Map {
    let mut payload = Map::new();
    for relation in CARRYING {
        if !relations.contains(relation) {
            continue;
        }
        let from = graph.part(from).reported(from.row);
        let Some(Item::List(told)) = from.member(relation.as_str()).map(Cursor::item) else {
            continue;
        };
        let to = graph.part(to).reported(to.row);
        let named = [("resource_kind", "api_kind"), ("name", "name")];
        let is_told = |element: &Cursor<'_>| {
            let text = |cursor: Cursor<'_>, key: &str| match cursor.member(key).map(Cursor::item) {
                Some(Item::Text(text)) => Some(text.to_owned()),
                _ => None,
            };
            named.iter().all(|(here, there)| {
                let here = text(*element, here);
                here.is_some() && here == text(to, there)
            })
        };
        let elements: Vec<Value> = told
            .elements()
            .filter(is_told)
            .map(|element| {
                let mut told = element.to_map();
                for (key, _) in named {
                    told.remove(key);
                }
                Value::Object(told)
            })
            .collect();
        if !elements.is_empty() {
            payload.insert(relation.as_str().to_owned(), elements.into());
        }
    }
    payload
}
