//! Nodes as a search returns them: all sections, marks laid over them, the ancestors everybody asks for.
use serde_json::{Value, json};
use stocktake_model::Map;

use crate::graph::{Graph, Spot, Stored};
use crate::usage::Used;

impl Graph {
    /// The node as a search returns it, with what it uses.
    pub(crate) fn render(&self, spot: Spot, used: Option<Used<'_>>) -> Value {
        let partition = self.part(spot);
        let id = partition.id(spot.row);
        let sections = partition.sections(spot.row);
        let overlay = self.overlay.get(&id);
        let mut node = Map::new();
        node.insert("id".into(), id.to_string().into());
        node.insert("type".into(), "node".into());
        node.insert("reported".into(), sections.reported.to_value());
        if let Some(desired) = overlay
            .map(|overlay| &overlay.desired)
            .filter(|map| !map.is_empty())
        {
            node.insert("desired".into(), desired.clone().into());
        }
        let mut metadata = sections.metadata.to_map();
        if let Some(overlay) = overlay {
            metadata.extend(overlay.metadata.clone());
        }
        node.insert("metadata".into(), metadata.into());
        node.insert("ancestors".into(), self.ancestors(spot).into());
        if let Some(used) = used {
            node.insert("usage".into(), used.to_value());
        }
        let kinds = self.catalog.model.lineage(partition.kind(spot.row));
        node.insert("kinds".into(), kinds.into());
        Value::Object(node)
    }

    fn ancestors(&self, spot: Spot) -> Map {
        Stored::ALL
            .into_iter()
            .filter_map(|which| {
                let found = self.ancestor(spot, which)?;
                let partition = self.part(found);
                let reported = json!({
                    "id": partition.uid(found.row),
                    "name": partition.name(found.row),
                });
                Some((which.as_str().to_owned(), json!({ "reported": reported })))
            })
            .collect()
    }
}
