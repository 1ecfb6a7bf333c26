//! From the JSON schemas of the API to property types, by the naming rule of the objects.
use schemars::generate::SchemaGenerator;
use schemars::{JsonSchema, Schema};
use serde_json::Value;
use stocktake_model::PropertyType::{
    Any, Boolean, Datetime, Double, Int32, Int64, Object, String as Text,
};
use stocktake_model::{Map, Property, PropertyType};

use crate::names::snake_owned;

/// Where the schema of a kind comes from.
pub(super) type Source = fn(&mut SchemaGenerator) -> Schema;

/// The schema of a type of the API.
pub(super) fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

/// Schemas by name, to follow references in.
pub(super) struct Schemas {
    generator: SchemaGenerator,
}

/// A field of an object: name in the API, first sentence on it, type.
pub(super) struct Field {
    pub(super) key: String,
    pub(super) about: String,
    pub(super) of: PropertyType,
}

impl Schemas {
    pub(super) fn new() -> Self {
        Self {
            generator: SchemaGenerator::default(),
        }
    }

    /// What the kind is, and its top-level fields.
    pub(super) fn read(&mut self, source: Source) -> (String, Vec<Field>) {
        let schema = source(&mut self.generator).to_value();
        let definitions = self.generator.definitions();
        let mut reader = Reader::new(definitions);
        let schema = reader.resolve(&schema);
        let fields = properties(schema)
            .filter(|(key, _)| !matches!(key.as_str(), "apiVersion" | "kind" | "metadata"))
            .map(|(key, schema)| Field {
                key: key.clone(),
                about: sentence(schema),
                of: reader.field(key, schema),
            })
            .collect();
        (sentence(schema), fields)
    }

    /// The type of a part of the API.
    pub(super) fn part(&mut self, source: Source) -> PropertyType {
        let schema = source(&mut self.generator).to_value();
        let mut reader = Reader::new(self.generator.definitions());
        reader.type_of(&schema)
    }
}

/// Reads types out of schemas.
pub(super) struct Reader<'s> {
    definitions: &'s Map,
    /// Definitions on the way here: one that refers to itself ends as `any`.
    open: Vec<&'s str>,
}

impl<'s> Reader<'s> {
    pub(super) fn new(definitions: &'s Map) -> Self {
        Self {
            definitions,
            open: Vec::new(),
        }
    }

    fn resolve<'v>(&self, schema: &'v Value) -> &'v Value
    where
        's: 'v,
    {
        reference(schema)
            .and_then(|name| self.definitions.get(name))
            .unwrap_or(schema)
    }

    fn field(&mut self, key: &str, schema: &Value) -> PropertyType {
        match key {
            "caBundle" | "certificate" | "certificateChain" => certificate(),
            "trustBundle" => PropertyType::array(certificate()),
            _ => self.type_of(schema),
        }
    }

    pub(super) fn type_of(&mut self, schema: &Value) -> PropertyType {
        let Some(name) = reference(schema) else {
            return self.inline(schema);
        };
        match name.rsplit('.').next().unwrap_or(name) {
            "Quantity" => return Text,
            "ObjectMeta" => return template_metadata(),
            _ => {}
        }
        let Some((name, schema)) = self.definitions.get_key_value(name) else {
            return Any;
        };
        if self.open.contains(&name.as_str()) {
            return Any;
        }
        self.open.push(name);
        let mut of = self.inline(schema);
        self.open.pop();
        if name.ends_with(".EnvVar")
            && let Object(properties) = &mut of
        {
            properties.retain(|property| property.name != "value");
            properties.extend([
                Property::new("value_hash", Text, "Keyed hash of the literal value."),
                Property::new(
                    "value_length",
                    Int64,
                    "Length of the literal value in bytes.",
                ),
            ]);
        }
        of
    }

    fn inline(&mut self, schema: &Value) -> PropertyType {
        let format = schema["format"].as_str().unwrap_or_default();
        match schema["type"].as_str() {
            Some("string") if format == "date-time" => Datetime,
            Some("string") => Text,
            Some("integer") if format == "int32" => Int32,
            Some("integer") => Int64,
            Some("number") => Double,
            Some("boolean") => Boolean,
            Some("array") => PropertyType::array(self.type_of(&schema["items"])),
            Some("object") if schema["properties"].is_object() => self.object(schema),
            Some("object") if schema["additionalProperties"].is_object() => {
                PropertyType::dictionary(self.type_of(&schema["additionalProperties"]))
            }
            _ => Any,
        }
    }

    fn object(&mut self, schema: &Value) -> PropertyType {
        let properties = properties(schema).map(|(key, schema)| {
            let name = if key == "kind" {
                "resource_kind".to_owned()
            } else {
                snake_owned(key)
            };
            Property::new(name, self.field(key, schema), "")
        });
        Object(properties.collect())
    }
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["properties"].as_object().into_iter().flatten()
}

/// Name of the definition a schema refers to.
fn reference(schema: &Value) -> Option<&str> {
    let target = schema["$ref"]
        .as_str()
        .or_else(|| schema["allOf"][0]["$ref"].as_str())?;
    target.rsplit('/').next()
}

/// The first sentence of the description.
fn sentence(schema: &Value) -> String {
    let text = schema["description"].as_str().unwrap_or_default();
    let line = text.lines().next().unwrap_or_default();
    let end = line.find(". ").map_or(line.len(), |at| at + 1);
    line[..end].to_owned()
}

/// What is left of a certificate.
pub(super) fn certificate() -> PropertyType {
    Object(vec![
        Property::new("sha256", Text, "Digest of the bytes."),
        Property::new("size", Int64, "Length in bytes."),
        Property::new("count", Int64, "Number of certificates, if more than one."),
        Property::new("subject", Text, "Subject of the first certificate."),
        Property::new("not_after", Datetime, "End of its validity."),
        Property::new("dns_names", PropertyType::array(Text), "Names it is for."),
    ])
}

/// What is left of the metadata in a template.
fn template_metadata() -> PropertyType {
    Object(vec![
        Property::new("name", Text, ""),
        Property::new("generate_name", Text, ""),
        Property::new("namespace", Text, ""),
        Property::new("labels", PropertyType::dictionary(Text), ""),
        Property::new("annotations", PropertyType::dictionary(Text), ""),
    ])
}
