//! The form of a document as a JSON schema, so that editors complete, explain and check it.
//!
//! It says no more than the check of this room does, and where the check is milder (`"5"` for 5) it says what is wanted.
use serde_json::{Map, Value, json};

use crate::document::DocumentId;
use crate::shape::{Section, Shape};

impl DocumentId {
    /// Its JSON schema (2020-12): every key with its description, type, bounds and default.
    pub fn json_schema(self) -> Value {
        let defaults = self.defaults();
        let mut roots = Map::new();
        for root in self.roots() {
            let schema = described(root.shape, root.about, defaults.get(root.name));
            for name in std::iter::once(&root.name).chain(root.also) {
                roots.insert((*name).to_owned(), schema.clone());
            }
        }
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": self.name(),
            "type": "object",
            "properties": roots,
        })
    }
}

fn described(shape: Shape, about: &str, default: Option<&Value>) -> Value {
    let mut schema = of(shape, default);
    schema["description"] = about.replace('\n', " ").into();
    let section = matches!(shape, Shape::Section(_));
    if let Some(default) = default.filter(|default| !section && !default.is_null()) {
        schema["default"] = default.clone();
    }
    schema
}

fn of(shape: Shape, default: Option<&Value>) -> Value {
    match shape {
        Shape::Switch => json!({"type": "boolean"}),
        Shape::Whole(low, i64::MAX) => json!({"type": "integer", "minimum": low}),
        Shape::Whole(low, high) => json!({"type": "integer", "minimum": low, "maximum": high}),
        Shape::Number(low, high) => json!({"type": "number", "minimum": low, "maximum": high}),
        Shape::Seconds => json!({"type": ["integer", "string"], "minimum": 1}),
        Shape::Duration | Shape::Cron | Shape::CronOrNever | Shape::Text | Shape::Path => {
            json!({"type": "string"})
        }
        Shape::Choice(words) => json!({"enum": words}),
        Shape::List(item) => json!({"type": "array", "items": of(*item, None)}),
        Shape::Map(item) => json!({"type": "object", "additionalProperties": of(*item, None),
            "propertyNames": {"pattern": "^[A-Za-z0-9_]{1,40}$"}}),
        Shape::Section(section) => keys(section, default),
        Shape::Record(section, needs) => {
            let mut schema = keys(section, default);
            schema["required"] = needs.always.into();
            schema
        }
        Shape::Anything => json!({}),
    }
}

fn keys(section: &Section, defaults: Option<&Value>) -> Value {
    let mut properties = Map::new();
    for key in section.keys {
        let default = defaults.and_then(|defaults| defaults.get(key.name));
        let mut schema = described(key.shape, key.about, default);
        if default.is_some_and(Value::is_null) {
            // Not set is a value of its own.
            schema = json!({"anyOf": [schema, {"type": "null"}]});
        }
        for name in std::iter::once(&key.name).chain(key.also) {
            properties.insert((*name).to_owned(), schema.clone());
        }
    }
    for (name, instead) in section.ignored {
        let about = format!("Has no effect. {instead}");
        properties.insert(
            (*name).to_owned(),
            json!({"deprecated": true, "description": about.trim_end()}),
        );
    }
    json!({"type": "object", "properties": properties, "additionalProperties": false})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_its_type_its_bounds_its_default_and_its_description() {
        let schema = DocumentId::Worker.json_schema();
        let key = |path: &str| schema.pointer(path).cloned().unwrap_or_default();
        assert_eq!(
            key("/properties/worker/properties/cleanup"),
            json!({
                "type": "boolean", "default": false,
                "description": "Whether resources marked for cleaning are deleted at all.",
            })
        );
        assert_eq!(
            key("/properties/k8s/properties/config_map_data/enum"),
            json!(["full", "keys", "none"])
        );
        assert_eq!(key("/properties/resotoworker"), key("/properties/worker"));
        assert_eq!(
            key("/properties/worker/properties/tempdir/deprecated"),
            json!(true)
        );
    }

    #[test]
    fn what_a_schema_calls_a_default_is_one() {
        for id in DocumentId::ALL {
            let schema = id.json_schema();
            for root in id.roots() {
                let shown = &schema["properties"][root.name];
                assert!(shown["description"].is_string(), "{}", root.name);
            }
        }
    }
}
