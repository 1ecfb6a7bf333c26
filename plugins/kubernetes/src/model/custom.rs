//! Custom kinds from the structural schemas in their definitions: types of the fields, and which places of their
//! objects are maps, whose keys are data and stay as they are.
//!
//! Definitions are read before the objects they define; a kind whose definition could not be read stays untyped.
use std::collections::BTreeMap;

use serde_json::Value;
use stocktake_model::PropertyType::{Any, Int64, Object, String as Text};
use stocktake_model::{Map, Property, PropertyType};

use super::schema::Reader;
use crate::names::snake_owned;

/// More properties than this and a kind has none: nobody looks through them, and a fleet has many kinds.
const MAX_PROPERTIES: usize = 5_000;

/// What the schema of a custom kind says.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct CustomSchema {
    /// Its properties beside those of every object.
    pub(crate) properties: Vec<Property>,
    /// Where its maps are.
    pub(crate) places: Places,
}

/// What the keys of an object are, place by place.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) enum Places {
    /// Nothing is known; names of places decide.
    #[default]
    Unknown,
    /// Names of fields, each with what is below it.
    Fields(BTreeMap<String, Places>),
    /// Data; below each the same.
    Map(Box<Places>),
    /// A list of such elements.
    List(Box<Places>),
    /// Data, and so is everything below.
    Kept,
}

impl Places {
    /// What is below a field, or an entry of a map.
    pub(crate) fn below(&self, key: &str) -> &Places {
        match self {
            Self::Fields(fields) => fields.get(key).unwrap_or(&Self::Unknown),
            Self::Map(of) => of,
            Self::Kept => self,
            Self::Unknown | Self::List(_) => &Self::Unknown,
        }
    }

    /// What an element of a list is.
    pub(crate) fn element(&self) -> &Places {
        match self {
            Self::List(of) => of,
            Self::Kept => self,
            _ => &Self::Unknown,
        }
    }

    fn read(schema: &Value) -> Self {
        if schema["properties"].is_object() {
            let fields = fields(schema).map(|(key, schema)| (key.clone(), Self::read(schema)));
            return Self::Fields(fields.collect());
        }
        if schema["items"].is_object() {
            return Self::List(Box::new(Self::read(&schema["items"])));
        }
        if schema["additionalProperties"].is_object() {
            return Self::Map(Box::new(Self::read(&schema["additionalProperties"])));
        }
        if schema["x-kubernetes-preserve-unknown-fields"] == true {
            return Self::Kept;
        }
        Self::Unknown
    }
}

/// Group, kind and schema that a definition (as the API returns it) has for a version.
pub(crate) fn custom_schema(
    definition: &Value,
    short: &str,
    version: &str,
) -> Option<CustomSchema> {
    let versions = definition["spec"]["versions"].as_array()?;
    let served = versions.iter().find(|served| served["name"] == version)?;
    let schema = &served["schema"]["openAPIV3Schema"];
    let mut places = match Places::read(schema) {
        Places::Fields(fields) => fields,
        _ => BTreeMap::new(),
    };
    // A whole section of anything is read like one of Kubernetes' own: references and conditions are found in it.
    places.retain(|_, place| *place != Places::Kept);
    let none = Map::new();
    let mut reader = Reader::new(&none);
    let mut properties: Vec<Property> = fields(schema)
        .filter(|(key, _)| !matches!(key.as_str(), "apiVersion" | "kind" | "metadata"))
        .map(|(key, schema)| {
            let mut of = reader.type_of(schema);
            complete(&mut of);
            Property::new(format!("{short}_{}", snake_owned(key)), of, "")
        })
        .collect();
    if properties
        .iter()
        .map(|property| count(&property.of))
        .sum::<usize>()
        > MAX_PROPERTIES
    {
        for property in &mut properties {
            property.of = Any;
        }
    }
    for part in ["spec", "status"] {
        let name = format!("{short}_{part}");
        if properties.iter().all(|property| property.name != name) {
            properties.push(Property::new(name, Any, ""));
        }
    }
    Some(CustomSchema {
        properties,
        places: Places::Fields(places),
    })
}

fn fields(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["properties"].as_object().into_iter().flatten()
}

/// Adds what takes the place of literals in env, wherever one is.
fn complete(of: &mut PropertyType) {
    match of {
        PropertyType::Array(of) | PropertyType::Dictionary(of) => complete(of),
        Object(properties) => {
            for property in properties {
                complete(&mut property.of);
                if property.name != "env" {
                    continue;
                }
                if let PropertyType::Array(of) = &mut property.of
                    && let Object(of) = &mut **of
                {
                    of.retain(|property| property.name != "value");
                    of.push(Property::new("value_hash", Text, ""));
                    of.push(Property::new("value_length", Int64, ""));
                }
            }
        }
        _ => {}
    }
}

fn count(of: &PropertyType) -> usize {
    match of {
        PropertyType::Array(of) | PropertyType::Dictionary(of) => count(of),
        Object(properties) => properties
            .iter()
            .map(|property| 1 + count(&property.of))
            .sum(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::json;

    use super::*;

    fn definition() -> Value {
        json!({"spec": {"versions": [{"name": "v1", "schema": {"openAPIV3Schema": {
            "type": "object",
            "properties": {
                "metadata": {"type": "object"},
                "spec": {"type": "object", "properties": {
                    "replicaCount": {"type": "integer", "format": "int32"},
                    "targetRef": {"type": "object", "properties": {"kind": {"type": "string"}}},
                    "featureGates": {"type": "object", "additionalProperties": {"type": "boolean"}},
                    "maxSurge": {"x-kubernetes-int-or-string": true},
                    "rawValues": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
                    "env": {"type": "array", "items": {"type": "object", "properties": {
                        "name": {"type": "string"}, "value": {"type": "string"}}}},
                }},
                "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
            },
        }}}]}})
    }

    #[test]
    fn the_schema_of_a_definition_gives_types_and_maps() {
        let schema = custom_schema(&definition(), "app", "v1").unwrap();
        let shown: Vec<String> = schema
            .properties
            .iter()
            .map(|property| format!("{}: {}", property.name, property.of))
            .collect();
        expect![[r"
            app_spec: object
            app_status: any"]]
        .assert_eq(&shown.join("\n"));
        let spec = schema.places.below("spec");
        assert!(matches!(spec.below("featureGates"), Places::Map(_)));
        assert_eq!(spec.below("rawValues").below("anything"), &Places::Kept);
        assert_eq!(schema.places.below("status"), &Places::Unknown);
        assert_eq!(custom_schema(&definition(), "app", "v2"), None);
        let Object(fields) = &schema.properties[0].of else {
            panic!("{:?}", schema.properties);
        };
        let of = |name: &str| {
            let field = fields.iter().find(|field| field.name == name);
            field.map(|field| field.of.to_string())
        };
        for (name, expected) in [
            ("replica_count", "int32"),
            ("feature_gates", "dictionary[string, boolean]"),
            ("max_surge", "any"),
            ("raw_values", "any"),
        ] {
            assert_eq!(of(name).as_deref(), Some(expected), "{name}");
        }
    }
}
