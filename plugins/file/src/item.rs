//! One resource, or one declaration of a kind, as it is written. Whether it makes sense is checked elsewhere.
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use stocktake_model::Map;

use crate::mistake::Mistake;
use crate::split::{Format, Piece};

/// What may stand in a file: a resource (`kind`, `id`, …) or a declaration of a kind (`define`, `bases`, …).
#[derive(Debug, Clone, PartialEq, Default, serde::Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Item {
    /// Name of the kind that is declared.
    pub(crate) define: Option<String>,
    /// Its bases.
    pub(crate) bases: Option<Vec<String>>,
    /// One sentence on it.
    pub(crate) about: Option<String>,
    /// Kind of the resource.
    pub(crate) kind: Option<String>,
    /// Id of the resource where it was found.
    pub(crate) id: Option<Text>,
    /// Its name; the id if it has none.
    pub(crate) name: Option<Text>,
    /// What people wrote on it.
    pub(crate) tags: Option<BTreeMap<String, Text>>,
    /// Its properties; of a declaration their types.
    pub(crate) properties: Option<Map>,
    /// What it refers to.
    pub(crate) edges: Option<Vec<EdgeItem>>,
    /// Id of the resource it is contained in.
    pub(crate) parent: Option<Text>,
}

/// An edge from the resource it stands in.
#[derive(Debug, Clone, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EdgeItem {
    /// The other resource.
    pub(crate) to: Target,
    /// What the edge means.
    pub(crate) relation: String,
    /// `default` or `delete`.
    #[serde(default)]
    pub(crate) edge_type: Option<String>,
}

/// Where an edge leads.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Target {
    /// To the resource of this file with this id.
    Id(String),
    /// To a resource of another account: kind, one property, and the account if it must be a certain one.
    Elsewhere(BTreeMap<String, Text>),
}

/// A text; numbers and switches are taken as they are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text(pub(crate) String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
        Ok(Text(text.to_owned()))
    }

    fn visit_bool<E: Error>(self, switch: bool) -> Result<Text, E> {
        Ok(Text(switch.to_string()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Text, E> {
        Ok(Text(number.to_string()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Text, E> {
        Ok(Text(number.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Text, E> {
        Ok(Text(number.to_string()))
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TargetVisitor)
    }
}

struct TargetVisitor;

impl<'de> Visitor<'de> for TargetVisitor {
    type Value = Target;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an id, or kind and property of a resource elsewhere")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Target, E> {
        Ok(Target::Id(text.to_owned()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Target, E> {
        Ok(Target::Id(number.to_string()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Target, E> {
        Ok(Target::Id(number.to_string()))
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Target, A::Error> {
        let map = serde::de::value::MapAccessDeserializer::new(map);
        Ok(Target::Elsewhere(BTreeMap::deserialize(map)?))
    }
}

/// Reads one piece of a file.
pub(crate) fn parse(format: Format, piece: &Piece<'_>) -> Result<Item, Mistake> {
    match format {
        Format::Ndjson if !piece.text.trim_start().starts_with('{') => {
            Err(Mistake::at(piece.line, "a line must hold one JSON object")
                .hint("a list is written as one object per line, without brackets and commas"))
        }
        Format::Ndjson => serde_json::from_str(piece.text).map_err(|error| {
            let place = format!(" at line {} column {}", error.line(), error.column());
            let message = error.to_string();
            Mistake {
                column: Some(error.column()).filter(|column| *column > 0),
                ..Mistake::at(
                    piece.line,
                    quoted(message.strip_suffix(&place).unwrap_or(&message)),
                )
            }
        }),
        Format::Yaml => yaml(piece),
    }
}

/// An element of a list is a list of one.
fn yaml(piece: &Piece<'_>) -> Result<Item, Mistake> {
    let parsed = if piece.text.starts_with('-') {
        serde_yaml::from_str::<Vec<Item>>(piece.text).map(|items| items.into_iter().next())
    } else {
        serde_yaml::from_str::<Item>(piece.text).map(Some)
    };
    match parsed {
        Ok(Some(item)) => Ok(item),
        Ok(None) => Err(Mistake::at(piece.line, "nothing stands here")),
        Err(error) => {
            let message = error.to_string();
            let place = error.location();
            let message = place.as_ref().map_or(message.as_str(), |place| {
                let end = format!(" at line {} column {}", place.line(), place.column());
                message.strip_suffix(&end).unwrap_or(&message)
            });
            Err(Mistake {
                column: place.as_ref().map(serde_yaml::Location::column),
                ..Mistake::at(
                    piece.line + place.map_or(1, |place| place.line().max(1)) - 1,
                    quoted(below_element(message)),
                )
            })
        }
    }
}

/// Every element was read as a list of one: nobody wrote that.
fn below_element(message: &str) -> &str {
    let below = message.strip_prefix(".[0]");
    below.map_or(message, |below| below.trim_start_matches([':', '.', ' ']))
}

/// Error texts of the parsers may quote a whole value: not more of it than a line.
fn quoted(message: &str) -> String {
    match message.char_indices().nth(160) {
        Some((end, _)) => format!("{}…", &message[..end]),
        None => message.to_owned(),
    }
}

/// The line of a piece in which a key is set; its first line if there is no such.
pub(crate) fn line_of(piece: &Piece<'_>, key: &str) -> usize {
    let found = piece.text.lines().position(|line| sets(line, key));
    piece.line + found.unwrap_or(0)
}

/// Whether `key:` stands in a line, quoted or not, at its beginning or inside of braces.
fn sets(line: &str, key: &str) -> bool {
    line.match_indices(key).any(|(at, _)| {
        let before = line[..at].trim_end_matches(['"', '\'']);
        let after = line[at + key.len()..].trim_start_matches(['"', '\'']);
        let begins = before.is_empty() || before.ends_with([' ', '{', ',', '\t']);
        begins && after.trim_start().starts_with(':')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::split::split;

    #[track_caller]
    fn refused(format: Format, text: &str, expected: &str) {
        let pieces = split(format, text);
        let mistake = parse(format, pieces.last().unwrap()).unwrap_err();
        let place = mistake
            .column
            .map_or(String::new(), |column| format!("{column}:"));
        let found = format!("{}:{place} {}", mistake.line, mistake.message);
        assert!(found.starts_with(expected), "{found}");
    }

    #[test]
    fn numbers_are_ids_and_tags_too() {
        for (format, text) in [
            (
                Format::Ndjson,
                r#"{"kind": "a", "id": 7, "tags": {"on": true}, "edges": [{"to": 8, "relation": "runs"}]}"#,
            ),
            (
                Format::Yaml,
                "- kind: a\n  id: 7\n  tags: {on: true}\n  edges: [{to: 8, relation: runs}]\n",
            ),
        ] {
            let item = parse(format, &split(format, text)[0]).unwrap();
            assert_eq!(item.id, Some(Text("7".into())));
            assert_eq!(item.tags.unwrap()["on"], Text("true".into()));
            assert_eq!(item.edges.unwrap()[0].to, Target::Id("8".into()));
        }
    }

    #[test]
    fn what_cannot_be_read_has_a_line_and_a_column() {
        let json = |text, expected| refused(Format::Ndjson, text, expected);
        let yaml = |text, expected| refused(Format::Yaml, text, expected);
        json("{}\n{\"idd\": 1}\n", "2:6: unknown field `idd`, expected");
        json("{\"kind\": \"a\",", "1:13: EOF while parsing a value");
        json("[1, 2]", "1: a line must hold one JSON object");
        yaml(
            "- kind: a\n- kind: b\n  idd: 1\n",
            "3:3: unknown field `idd`",
        );
        yaml(
            "- kind: a\n  id: {\n",
            "2:7: id: invalid type: map, expected text",
        );
        yaml("kind: a\ntags: [1]\n", "2:7: tags: invalid type: sequence");
        yaml("- kind: a\n  id: \"b\n", "3:1: found unexpected end");
    }

    #[test]
    fn a_key_is_found_in_its_line() {
        let text =
            "- kind: a\n  properties:\n    \"cores\": 8\n    memory: 2\n    more: {disk: 7}\n";
        let piece = &split(Format::Yaml, text)[0];
        assert_eq!(line_of(piece, "kind"), 1);
        assert_eq!(line_of(piece, "cores"), 3);
        assert_eq!(line_of(piece, "memory"), 4);
        assert_eq!(line_of(piece, "disk"), 5);
        assert_eq!(line_of(piece, "ore"), 1);
    }
}
