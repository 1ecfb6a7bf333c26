//! Reading a line of a snapshot in one go: its first field says what it is.
//!
//! A derived reader would copy every line into a buffer to look for that field, which costs more than the reading
//! itself. Lines that someone else wrote in another order are read as well, by way of such a copy.
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::{Map, SnapshotItem};

const TAG: &str = "item";

/// What a line is.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Tag {
    Begin,
    Model,
    Node,
    Edge,
    Complete,
    Gap,
    End,
}

impl Tag {
    /// What follows the tag.
    fn read<'de, D: Deserializer<'de>>(self, rest: D) -> Result<SnapshotItem, D::Error> {
        match self {
            Self::Begin => Deserialize::deserialize(rest).map(SnapshotItem::Begin),
            Self::Model => Deserialize::deserialize(rest).map(SnapshotItem::Model),
            Self::Node => Deserialize::deserialize(rest).map(SnapshotItem::Node),
            Self::Edge => Deserialize::deserialize(rest).map(SnapshotItem::Edge),
            Self::Complete => Deserialize::deserialize(rest).map(SnapshotItem::Complete),
            Self::Gap => Deserialize::deserialize(rest).map(SnapshotItem::Gap),
            Self::End => Deserialize::deserialize(rest).map(SnapshotItem::End),
        }
    }
}

impl<'de> Deserialize<'de> for SnapshotItem {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Line)
    }
}

struct Line;

impl<'de> Visitor<'de> for Line {
    type Value = SnapshotItem;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a line of a snapshot")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<SnapshotItem, A::Error> {
        let mut before = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            if name != TAG {
                before.insert(name, fields.next_value()?);
                continue;
            }
            let tag: Tag = fields.next_value()?;
            if before.is_empty() {
                return tag.read(MapAccessDeserializer::new(fields));
            }
            while let Some((name, value)) = fields.next_entry()? {
                before.insert(name, value);
            }
            return tag.read(Value::Object(before)).map_err(A::Error::custom);
        }
        Err(A::Error::missing_field(TAG))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Complete, End, SnapshotItem};

    #[test]
    fn the_order_of_fields_does_not_matter() {
        let complete = SnapshotItem::Complete(Complete {
            kind: "a".to_owned(),
            count: 3,
            resource_version: None,
        });
        for line in [
            r#"{"item":"complete","kind":"a","count":3}"#,
            r#"{"kind":"a","item":"complete","count":3}"#,
            r#"{"kind":"a","count":3,"item":"complete"}"#,
        ] {
            let read: SnapshotItem = serde_json::from_str(line).unwrap();
            assert_eq!(read, complete, "{line}");
        }
        let end = SnapshotItem::End(End::default());
        let line = serde_json::to_string(&end).unwrap();
        assert_eq!(serde_json::from_str::<SnapshotItem>(&line).unwrap(), end);
    }

    #[test]
    fn lines_that_are_none_are_refused() {
        for line in [
            "{}",
            "7",
            r#"{"kind":"a"}"#,
            r#"{"item":"other"}"#,
            r#"{"item":"complete"}"#,
        ] {
            assert!(
                serde_json::from_str::<SnapshotItem>(line).is_err(),
                "{line}"
            );
        }
    }
}
