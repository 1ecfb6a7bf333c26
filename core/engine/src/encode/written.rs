//! The same from the text of a [`stocktake_model::Document`], in one go: no tree of values is made in between.
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use stocktake_model::{Map, Parent};

use super::{close, encode_float, encode_int, encode_text, encode_uint, open, write_key};
use crate::document::tag::{FALSE, LIST, NULL, OBJECT, TRUE};
use crate::intern::Intern;

/// Appends the reported section of a document to `out` and hands back the rest of it, which is small.
pub(crate) struct Sections<'e, S, K> {
    /// Numbers of keys and texts.
    pub(crate) strings: &'e mut S,
    /// Where it is written to.
    pub(crate) out: &'e mut Vec<u8>,
    /// Hears the name and the number of each property right below `reported`.
    pub(crate) property: K,
}

/// What of a document is left to be written.
#[derive(Debug, Default)]
pub(crate) struct Rest {
    pub(crate) metadata: Map,
    pub(crate) parent: Parent,
}

impl<'de, S: Intern, K: FnMut(&str, u32)> DeserializeSeed<'de> for Sections<'_, S, K> {
    type Value = Rest;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Rest, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: Intern, K: FnMut(&str, u32)> Visitor<'de> for Sections<'_, S, K> {
    type Value = Rest;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a document")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Rest, A::Error> {
        let mut rest = Rest::default();
        while let Some(section) = map.next_key::<&str>()? {
            match section {
                "reported" => map.next_value_seed(Reported(&mut self))?,
                "metadata" => rest.metadata = map.next_value()?,
                "parent" => rest.parent = map.next_value()?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(rest)
    }
}

/// The section `reported`.
struct Reported<'s, 'e, S, K>(&'s mut Sections<'e, S, K>);

impl<'de, S: Intern, K: FnMut(&str, u32)> DeserializeSeed<'de> for Reported<'_, '_, S, K> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, S: Intern, K: FnMut(&str, u32)> Visitor<'de> for Reported<'_, '_, S, K> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a section")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let property = &mut self.0.property;
        let (strings, out) = (&mut *self.0.strings, &mut *self.0.out);
        let body = open(OBJECT, out);
        while map
            .next_key_seed(Key(strings, out, &mut *property))?
            .is_some()
        {
            map.next_value_seed(Any(strings, out))?;
        }
        close(body, out);
        Ok(())
    }
}

/// A key: its number is written, and told together with it.
struct Key<'e, S, K>(&'e mut S, &'e mut Vec<u8>, K);

impl<'de, S: Intern, K: FnMut(&str, u32)> DeserializeSeed<'de> for Key<'_, S, K> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<S: Intern, K: FnMut(&str, u32)> Visitor<'_> for Key<'_, S, K> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(mut self, key: &str) -> Result<(), E> {
        let number = self.0.key(key);
        write_key(number, self.1);
        (self.2)(key, number);
        Ok(())
    }
}

/// Any value.
struct Any<'e, S>(&'e mut S, &'e mut Vec<u8>);

impl<'de, S: Intern> DeserializeSeed<'de> for Any<'_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, S: Intern> Visitor<'de> for Any<'_, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.1.push(NULL);
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.1.push(if value { TRUE } else { FALSE });
        Ok(())
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        encode_int(value, self.1);
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        encode_uint(value, self.1);
        Ok(())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        encode_float(value, self.1);
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        encode_text(text, self.0, self.1);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let body = open(LIST, self.1);
        while items.next_element_seed(Any(self.0, self.1))?.is_some() {}
        close(body, self.1);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let body = open(OBJECT, self.1);
        while map
            .next_key_seed(Key(self.0, self.1, |_: &str, _| ()))?
            .is_some()
        {
            map.next_value_seed(Any(self.0, self.1))?;
        }
        close(body, self.1);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use stocktake_model::{Document, NodeRecord};

    use super::*;
    use crate::encode::encode_map;
    use crate::intern::StringsBuilder;

    /// A section as a tree of values gives it, and as its text does.
    fn both(reported: Value) -> [Vec<u8>; 2] {
        let Value::Object(reported) = reported else {
            panic!("a section is an object")
        };
        let mut values = Vec::new();
        encode_map(&reported, &mut StringsBuilder::default(), &mut values);
        let record = NodeRecord {
            reported,
            parent: Parent::Uid("u".to_owned()),
            ..NodeRecord::default()
        };
        let mut text = Vec::new();
        let mut properties = Vec::new();
        let sections = Sections {
            strings: &mut StringsBuilder::default(),
            out: &mut text,
            property: |name: &str, _| properties.push(name.to_owned()),
        };
        let document = Document::new(&record);
        let rest = sections
            .deserialize(&mut serde_json::Deserializer::from_str(document.text()))
            .unwrap();
        assert_eq!(rest.parent, record.parent);
        assert!(properties.iter().eq(record.reported.keys()));
        [values, text]
    }

    #[test]
    fn a_text_gives_the_same_bytes_as_its_values() {
        for section in [
            json!({}),
            json!({"a": null, "b": [true, false, [], {}], "c": {"a": {"a": "a"}}}),
            json!({"int": [0, 63, 64, -1, i64::MIN, i64::MAX], "uint": u64::MAX, "float": [0.1, -0.0, 1e300, 7.0]}),
            json!({"text": ["", "short", "x".repeat(63), "x".repeat(64), "short", "é\n\"\\\u{1}😀"]}),
            json!({"long": ["y".repeat(126), {"z": "y".repeat(20_000)}], "key \"\\\n é": 1}),
        ] {
            let [values, text] = both(section.clone());
            assert_eq!(values, text, "{section}");
        }
    }
}
