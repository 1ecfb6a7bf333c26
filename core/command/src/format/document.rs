//! YAML for people: properties in model order, ages computed, internals left out. What `dump` prints.
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;
use serde_yaml::{Mapping, Value as Yaml};
use stocktake_model::{Map, Model, PropertyType, parse_time};

use super::Render;
use crate::reader::age;
use crate::show::{in_order, reported_in_order};
use crate::{Call, Column};

/// Sections in the order they are shown; other keys come after them, places last.
const SECTIONS: [&str; 5] = ["id", "reported", "security", "desired", "metadata"];
const LAST: [&str; 3] = ["usage", "descendants", "ancestors"];
const HIDDEN: [&str; 3] = ["type", "revision", "kinds"];

/// Ages and the timestamps they are computed from.
const AGES: [(&str, &str); 3] = [
    ("age", "ctime"),
    ("last_update", "mtime"),
    ("last_access", "atime"),
];

/// Writes a YAML document per element.
pub(crate) struct Dump {
    model: Arc<Model>,
    now: Timestamp,
    columns: Vec<Column>,
    first: bool,
}

impl Dump {
    /// Elements that are not of the graph have these properties first.
    pub(crate) fn ordered(call: &Call, columns: Vec<Column>) -> Self {
        Self {
            model: call.scene.model.clone(),
            now: call.scene.now,
            columns,
            first: true,
        }
    }

    fn tree(&self, element: &Value) -> Yaml {
        match element {
            Value::Object(map) if map.get("reported").is_some_and(Value::is_object) => {
                self.node(map)
            }
            Value::Object(map) => self.other(map),
            other => tree(other, None),
        }
    }

    fn node(&self, node: &Map) -> Yaml {
        let mut shown = Mapping::new();
        let known =
            |key: &str| SECTIONS.contains(&key) || LAST.contains(&key) || HIDDEN.contains(&key);
        let others = in_order(node, None).into_iter().map(|(key, ..)| key);
        let others: Vec<&str> = others.filter(|key| !known(key)).collect();
        for key in SECTIONS.into_iter().chain(others).chain(LAST) {
            let section = match (key, node.get(key)) {
                (_, None) => continue,
                ("reported", Some(Value::Object(reported))) => self.reported(reported),
                ("metadata", Some(Value::Object(metadata))) => {
                    let mut metadata = metadata.clone();
                    metadata.retain(|key, _| !key.starts_with("descendant_"));
                    tree(&Value::Object(metadata), None)
                }
                (_, Some(section)) => tree(section, None),
            };
            if !is_empty(&section) {
                shown.insert(key.into(), section);
            }
        }
        Yaml::Mapping(shown)
    }

    /// The reported section, each age right after what it is computed from.
    fn reported(&self, reported: &Map) -> Yaml {
        let mut shown = Mapping::new();
        for (key, value, of) in reported_in_order(reported, &self.model) {
            shown.insert(key.into(), tree(value, of));
            let age = AGES.iter().find(|(_, stamp)| *stamp == key);
            if let Some((name, _)) = age.filter(|(name, _)| !reported.contains_key(*name))
                && let Some(then) = value.as_str().and_then(|text| parse_time(text).ok())
            {
                shown.insert((*name).into(), self::age(then, self.now).into());
            }
        }
        Yaml::Mapping(shown)
    }

    fn other(&self, map: &Map) -> Yaml {
        let mut shown = Mapping::new();
        for column in &self.columns {
            if let Some((key, value)) = map.get_key_value(&column.name) {
                shown.insert(key.as_str().into(), tree(value, None));
            }
        }
        for (key, value, _) in in_order(map, None) {
            if !shown.contains_key(key) {
                shown.insert(key.into(), tree(value, None));
            }
        }
        Yaml::Mapping(shown)
    }
}

fn is_empty(section: &Yaml) -> bool {
    match section {
        Yaml::Null => true,
        Yaml::Mapping(map) => map.is_empty(),
        _ => false,
    }
}

impl Render for Dump {
    fn element(&mut self, element: &Value) -> Vec<String> {
        let rule = !std::mem::replace(&mut self.first, false);
        let rule = rule.then(|| "---".to_owned());
        rule.into_iter().chain(yaml(&self.tree(element))).collect()
    }
}

/// The value with its objects in model order.
fn tree(value: &Value, of: Option<&PropertyType>) -> Yaml {
    match value {
        Value::Object(map) => {
            let entries = in_order(map, of).into_iter();
            Yaml::Mapping(
                entries
                    .map(|(key, value, of)| (key.into(), tree(value, of)))
                    .collect(),
            )
        }
        Value::Array(items) => {
            let of = match of {
                Some(PropertyType::Array(item)) => Some(&**item),
                _ => None,
            };
            Yaml::Sequence(items.iter().map(|item| tree(item, of)).collect())
        }
        scalar => serde_yaml::to_value(scalar).unwrap_or_default(),
    }
}

/// The lines of a document.
pub(crate) fn yaml(tree: &Yaml) -> Vec<String> {
    let text = serde_yaml::to_string(tree).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use stocktake_model::{Kind, Property};

    use super::super::testing::{graph, written};
    use super::*;

    #[test]
    fn a_node_is_shown_in_model_order_without_internals() {
        let spec = PropertyType::Object(vec![Property::new("b", PropertyType::Any, "")]);
        let mut model = Model::default();
        model.add([Kind {
            name: "kubernetes_pod".into(),
            bases: vec!["resource".into()],
            properties: vec![Property::new("pod_spec", spec, "")],
            ..Kind::default()
        }]);
        let dump = Dump {
            model: Arc::new(model),
            now: "2024-05-04T04:00:00Z".parse().unwrap(),
            columns: Vec::new(),
            first: true,
        };
        expect![[r#"
            id: n1
            reported:
              kind: kubernetes_pod
              id: u1
              tags: {}
              name: web-0
              ctime: 2024-05-01T00:00:00Z
              age: 3d4h
              pod_spec:
                b:
                - 1
                - 2
                a: |-
                  x
                  y
            metadata:
              protected: true
            ancestors:
              account:
                reported:
                  name: prod
            ---
            id: n2
            reported:
              kind: kubernetes_service
              id: u2
              name: a|b "c" <d> \ {e}
            ancestors:
              account:
                reported:
                  name: prod
            ---
            reported:
              relations:
              - targets
            edge_type: default
            from: n2
            to: n1"#]]
        .assert_eq(&written(Box::new(dump), &graph()));
    }
}
