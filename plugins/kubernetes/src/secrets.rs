//! Secrets without their values: what a table row and the metadata tell.
//!
//! Values are never asked for, so there is nothing to redact. The key names come from `managedFields`, where
//! each writer notes the fields it set.
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::Resource;

/// Whether objects of this kind hold secrets by their nature.
pub(crate) fn are(resource: &Resource) -> bool {
    resource.group.is_empty() && resource.plural == "secrets"
}

/// Where a table has the cells that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Columns {
    type_at: Option<usize>,
    count_at: Option<usize>,
}

impl Columns {
    /// Finds them by name.
    pub(crate) fn find<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mut found = Self::default();
        for (at, name) in names.enumerate() {
            match name {
                "Type" => found.type_at = Some(at),
                "Data" => found.count_at = Some(at),
                _ => {}
            }
        }
        found
    }

    /// The object a row stands for.
    pub(crate) fn object(self, mut row: Value) -> Value {
        let cell = |at: Option<usize>| at.and_then(|at| row["cells"].get(at)).cloned();
        let (kind, count) = (cell(self.type_at), cell(self.count_at));
        let mut object = row["object"].take();
        if let Value::Object(fields) = &mut object {
            fields.retain(|name, _| name == "metadata");
            if let Some(Value::String(kind)) = kind {
                fields.insert("type".to_owned(), json!(kind));
            }
            // Printed as a number by today's servers, as text by some before.
            let count = count.and_then(|count| match count {
                Value::String(text) => text.parse().ok(),
                other => other.as_u64(),
            });
            if let Some(count) = count {
                fields.insert("data_count".to_owned(), json!(count));
            }
        }
        with_keys(object)
    }
}

/// Adds the key names to an object that has metadata only, and drops everything else but what a row told.
pub(crate) fn with_keys(mut object: Value) -> Value {
    let mut keys = BTreeSet::new();
    for entry in object["metadata"]["managedFields"]
        .as_array()
        .into_iter()
        .flatten()
    {
        for part in ["f:data", "f:stringData"] {
            let fields = entry["fieldsV1"][part].as_object();
            keys.extend(
                fields
                    .into_iter()
                    .flat_map(Map::keys)
                    .filter_map(|key| key.strip_prefix("f:"))
                    .map(str::to_owned),
            );
        }
    }
    if let Value::Object(fields) = &mut object {
        fields.retain(|name, _| matches!(name.as_str(), "metadata" | "type" | "data_count"));
        // Objects written by an old server have no notes: their keys are unknown, not none.
        let count = fields.get("data_count").and_then(Value::as_u64);
        if !keys.is_empty() || count == Some(0) {
            fields.insert("data_keys".to_owned(), json!(keys));
        }
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_tells_type_count_and_key_names_and_nothing_else() {
        let columns = Columns::find(["Name", "Type", "Data", "Age"].into_iter());
        let metadata = json!({"name": "a", "uid": "u", "managedFields": [
            {"fieldsV1": {"f:data": {".": {}, "f:tls.crt": {}}, "f:type": {}}},
            {"fieldsV1": {"f:stringData": {"f:password": {}}}},
            {"fieldsV1": null},
        ]});
        for count in [json!(2), json!("2")] {
            let object = columns.object(json!({
                "cells": ["a", "Opaque", count, "1d"],
                "object": {"kind": "PartialObjectMetadata", "metadata": metadata, "data": {"x": "canary"}},
            }));
            assert_eq!(
                object,
                json!({"metadata": metadata, "type": "Opaque", "data_count": 2,
                    "data_keys": ["password", "tls.crt"]})
            );
        }
    }

    #[test]
    fn rows_that_are_not_as_expected_do_no_harm() {
        let columns = Columns::find(["Name"].into_iter());
        assert_eq!(
            columns.object(json!({"cells": null, "object": null})),
            Value::Null
        );
        assert_eq!(
            columns.object(json!({"object": {"metadata": {}}})),
            json!({"metadata": {}})
        );
    }
}
