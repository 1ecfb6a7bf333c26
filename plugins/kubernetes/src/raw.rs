//! An object of the API as a page holds it: texts stay where they are in the page, fields stand in the order they came in.
//!
//! It lives for one conversion. A tree of owned values costs a multiple of that in memory that is asked for and given
//! back, and most of it would be copied once more into the node.
use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

/// Which fields each writer set: a third of what a server sends, and of no use to whoever knows the object itself.
const UNREAD: &str = "fieldsV1";

/// A value of an object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Raw<'t> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// Any number.
    Number(Number),
    /// A text.
    Text(Cow<'t, str>),
    /// A list.
    List(Vec<Raw<'t>>),
    /// An object.
    Map(RawMap<'t>),
}

/// Fields in the order they came in. Of several with one name the last counts.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct RawMap<'t>(Vec<(Cow<'t, str>, Raw<'t>)>);

impl<'t> Raw<'t> {
    /// The text it is.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number it is.
    pub(crate) fn as_u64(&self) -> Option<u64> {
        match self {
            Self::Number(number) => number.as_u64(),
            _ => None,
        }
    }

    /// The elements of the list it is; none if it is no list.
    pub(crate) fn items(&self) -> &[Raw<'t>] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }

    /// The object it is.
    pub(crate) fn as_map_mut(&mut self) -> Option<&mut RawMap<'t>> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The value of a field, if it is an object with it.
    pub(crate) fn get(&self, name: &str) -> Option<&Raw<'t>> {
        match self {
            Self::Map(map) => map.get(name),
            _ => None,
        }
    }

    /// As [`Raw::get`], to be changed.
    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Raw<'t>> {
        self.as_map_mut()?.get_mut(name)
    }

    /// The text of a field.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// Whether there is nothing below it.
    pub(crate) fn is_scalar(&self) -> bool {
        !matches!(self, Self::List(_) | Self::Map(_))
    }
}

impl<'t> RawMap<'t> {
    fn place(&self, name: &str) -> Option<usize> {
        self.0.iter().rposition(|(key, _)| key == name)
    }

    /// The value of a field.
    pub(crate) fn get(&self, name: &str) -> Option<&Raw<'t>> {
        self.place(name).map(|at| &self.0[at].1)
    }

    /// As [`RawMap::get`], to be changed.
    pub(crate) fn get_mut(&mut self, name: &str) -> Option<&mut Raw<'t>> {
        self.place(name).map(|at| &mut self.0[at].1)
    }

    /// Whether there is a field of this name.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.place(name).is_some()
    }

    /// Takes a field out.
    pub(crate) fn remove(&mut self, name: &str) -> Option<Raw<'t>> {
        let at = self.place(name)?;
        let (_, value) = self.0.remove(at);
        self.0.retain(|(key, _)| key != name);
        Some(value)
    }

    /// Sets a field.
    pub(crate) fn insert(&mut self, name: &'static str, value: impl Into<Raw<'t>>) {
        self.remove(name);
        self.0.push((Cow::Borrowed(name), value.into()));
    }

    /// Leaves only fields of these names.
    pub(crate) fn retain(&mut self, mut stays: impl FnMut(&str) -> bool) {
        self.0.retain(|(key, _)| stays(key));
    }

    /// The same fields with other values.
    pub(crate) fn map(self, mut to: impl FnMut(&str, Raw<'t>) -> Raw<'t>) -> Self {
        let fields = self.0.into_iter();
        let fields = fields.map(|(key, value)| {
            let value = to(&key, value);
            (key, value)
        });
        Self(fields.collect())
    }

    /// How many fields there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Names and values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Raw<'t>)> {
        self.0.iter().map(|(key, value)| (&**key, value))
    }
}

impl<'t> IntoIterator for RawMap<'t> {
    type Item = (Cow<'t, str>, Raw<'t>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl From<Value> for Raw<'_> {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Number(number) => Self::Number(number),
            Value::String(text) => Self::Text(text.into()),
            Value::Array(items) => Self::List(items.into_iter().map(Self::from).collect()),
            Value::Object(map) => {
                let fields = map
                    .into_iter()
                    .map(|(key, value)| (key.into(), value.into()));
                Self::Map(RawMap(fields.collect()))
            }
        }
    }
}

impl From<Raw<'_>> for Value {
    fn from(raw: Raw<'_>) -> Self {
        match raw {
            Raw::Null => Self::Null,
            Raw::Bool(value) => Self::Bool(value),
            Raw::Number(number) => Self::Number(number),
            Raw::Text(text) => Self::String(text.into_owned()),
            Raw::List(items) => Self::Array(items.into_iter().map(Self::from).collect()),
            Raw::Map(map) => {
                let fields = map.into_iter();
                let fields = fields.map(|(key, value)| (key.into_owned(), Self::from(value)));
                Self::Object(fields.collect())
            }
        }
    }
}

impl From<Vec<String>> for Raw<'_> {
    fn from(texts: Vec<String>) -> Self {
        Self::List(
            texts
                .into_iter()
                .map(|text| Self::Text(text.into()))
                .collect(),
        )
    }
}

impl<'t> Deserialize<'t> for Raw<'t> {
    fn deserialize<D: Deserializer<'t>>(deserializer: D) -> Result<Self, D::Error> {
        At::Object.deserialize(deserializer)
    }
}

/// Where in an object a value is read.
#[derive(Clone, Copy)]
enum At {
    /// The object itself.
    Object,
    /// Its metadata.
    Metadata,
    /// Who wrote it, and when.
    Writers,
    /// Anywhere else.
    Elsewhere,
}

impl At {
    /// Where the value of a field is; `None` if nobody reads it.
    fn below(self, name: &str) -> Option<Self> {
        match (self, name) {
            (Self::Object, "metadata") => Some(Self::Metadata),
            (Self::Metadata, "managedFields") => Some(Self::Writers),
            (Self::Writers, UNREAD) => None,
            _ => Some(Self::Elsewhere),
        }
    }
}

impl<'t> DeserializeSeed<'t> for At {
    type Value = Raw<'t>;

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<Raw<'t>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'t> Visitor<'t> for At {
    type Value = Raw<'t>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Raw<'t>, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Raw<'t>, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Raw<'t>, E> {
        Ok(Raw::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Raw<'t>, E> {
        Ok(Raw::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Raw<'t>, E> {
        Ok(Number::from_f64(value).map_or(Raw::Null, Raw::Number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Raw<'t>, E> {
        Ok(Raw::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'t str) -> Result<Raw<'t>, E> {
        Ok(Raw::Text(Cow::Borrowed(text)))
    }

    fn visit_seq<A: SeqAccess<'t>>(self, mut items: A) -> Result<Raw<'t>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'t>>(self, mut fields: A) -> Result<Raw<'t>, A::Error> {
        let mut map = Vec::new();
        while let Some(key) = fields.next_key_seed(Name)? {
            match self.below(&key) {
                Some(place) => map.push((key, fields.next_value_seed(place)?)),
                None => drop(fields.next_value::<IgnoredAny>()?),
            }
        }
        Ok(Raw::Map(RawMap(map)))
    }
}

/// The name of a field.
struct Name;

impl<'t> DeserializeSeed<'t> for Name {
    type Value = Cow<'t, str>;

    fn deserialize<D: Deserializer<'t>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'t> Visitor<'t> for Name {
    type Value = Cow<'t, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }

    fn visit_borrowed_str<E: Error>(self, name: &'t str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_is_read_as_it_is_but_for_what_writers_set() {
        let text = r#"{"b":[1,-2,1.5,true,null,"\n\u00e9"],"a\"":{"fieldsV1":{}},
            "metadata":{"fieldsV1":1,"managedFields":[{"fieldsV1":{"f:x":{}},"time":"t"}]}}"#;
        let raw: Raw<'_> = serde_json::from_str(text).unwrap();
        let value = Value::from(raw.clone());
        assert_eq!(
            value,
            json!({"b": [1, -2, 1.5, true, null, "\né"], "a\"": {"fieldsV1": {}},
                "metadata": {"fieldsV1": 1, "managedFields": [{"time": "t"}]}})
        );
        assert_eq!(Value::from(Raw::from(value.clone())), value);
        let deep = "[".repeat(200);
        assert!(serde_json::from_str::<Raw<'_>>(&deep).is_err());
    }

    #[test]
    fn of_fields_with_one_name_the_last_counts() {
        let mut raw: Raw<'_> = serde_json::from_str(r#"{"a":1,"b":2,"a":3}"#).unwrap();
        assert_eq!(Value::from(raw.clone()), json!({"a": 3, "b": 2}));
        let map = raw.as_map_mut().unwrap();
        assert_eq!(map.get("a"), Some(&Raw::Number(3.into())));
        map.insert("b", vec!["x".to_owned()]);
        assert_eq!(map.remove("a"), Some(Raw::Number(3.into())));
        assert!(!map.contains("a"));
        assert_eq!(Value::from(raw), json!({"b": ["x"]}));
    }
}
