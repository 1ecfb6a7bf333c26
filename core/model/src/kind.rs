//! One kind of the model: its bases and the properties it declares.
use std::fmt;

use serde::{Deserialize, Serialize};

/// A kind of resource, abstract (`instance`) or concrete (`kubernetes_node`).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Kind {
    /// Name in the language, e.g. `kubernetes_pod`.
    pub name: String,
    /// Direct bases; the transitive closure is [`crate::Model::lineage`].
    pub bases: Vec<String>,
    /// One sentence on what it is, empty if nobody wrote one.
    pub about: String,
    /// Properties it adds to those of its bases, in the order they are shown.
    pub properties: Vec<Property>,
    /// True if it has no life of its own: it cannot be tagged, cleaned or deleted.
    pub phantom: bool,
    /// True if no node has exactly this kind (`instance`, or the alias of a custom kind).
    pub is_abstract: bool,
    /// Plural and short names people type (`pods`, `po`).
    pub aliases: Vec<String>,
}

/// A property of the reported section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Property {
    /// Name, one path segment.
    pub name: String,
    /// What its values are.
    #[serde(rename = "kind")]
    pub of: PropertyType,
    /// One sentence on what it says; empty if nobody wrote one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub about: String,
}

impl Property {
    /// A property with a description.
    pub fn new(name: impl Into<String>, of: PropertyType, about: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            of,
            about: about.into(),
        }
    }
}

/// What the values of a property are; drives coercion of literals in queries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PropertyType {
    /// Text.
    String,
    /// 32 bit integer.
    Int32,
    /// 64 bit integer.
    Int64,
    /// Single precision number.
    Float,
    /// Double precision number.
    Double,
    /// `true` or `false`.
    Boolean,
    /// `YYYY-MM-DD`.
    Date,
    /// `YYYY-MM-DDTHH:MM:SSZ`, always UTC.
    Datetime,
    /// Text such as `3d4h`.
    Duration,
    /// An age: never stored, computed from the named timestamp of the same section.
    AgeOf(String),
    /// Anything; literals are compared as they are written.
    Any,
    /// A list.
    Array(Box<PropertyType>),
    /// A map whose keys are data, e.g. labels.
    Dictionary(Box<PropertyType>),
    /// A nested object with declared properties.
    Object(Vec<Property>),
}

impl PropertyType {
    /// A list of `item`.
    pub fn array(item: Self) -> Self {
        Self::Array(Box::new(item))
    }

    /// A map from text to `value`.
    pub fn dictionary(value: Self) -> Self {
        Self::Dictionary(Box::new(value))
    }
}

impl fmt::Display for PropertyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self {
            Self::String => "string",
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Float => "float",
            Self::Double => "double",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Datetime => "datetime",
            Self::Duration | Self::AgeOf(_) => "duration",
            Self::Any => "any",
            Self::Object(_) => "object",
            Self::Array(item) => return write!(f, "{item}[]"),
            Self::Dictionary(value) => return write!(f, "dictionary[string, {value}]"),
        };
        f.write_str(word)
    }
}
