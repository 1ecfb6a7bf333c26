//! Documents in a compact form that is read in place: tags, varints, and numbers for keys and for texts that
//! occur often. Loses nothing; knows nothing about sections or queries.
//!
//! ```text
//! value = 00 null | 01 false | 02 true | 03 zigzag | 04 u64 | 05 eight bytes of f64
//!       | 06 length bytes (text) | 07 number (interned text) | 08 length values (list) | 09 length (key value)* (object)
//!       | 0x40+n (0..=63) | 0x80+length bytes (text below 64 bytes) | 0xC0+high low (interned, 14 bit)
//! ```
use serde_json::{Number, Value};
use stocktake_model::Map;

use self::tag::{
    FALSE, FLOAT, INT, INTERNED, LIST, NULL, OBJECT, SHORT_INTERNED, SHORT_TEXT, SMALL_INT, TEXT,
    TRUE, UINT,
};
use crate::intern::Strings;

/// The first byte of a value.
pub(crate) mod tag {
    pub(crate) const NULL: u8 = 0;
    pub(crate) const FALSE: u8 = 1;
    pub(crate) const TRUE: u8 = 2;
    pub(crate) const INT: u8 = 3;
    pub(crate) const UINT: u8 = 4;
    pub(crate) const FLOAT: u8 = 5;
    pub(crate) const TEXT: u8 = 6;
    pub(crate) const INTERNED: u8 = 7;
    pub(crate) const LIST: u8 = 8;
    pub(crate) const OBJECT: u8 = 9;
    pub(crate) const SMALL_INT: u8 = 0x40;
    pub(crate) const SHORT_TEXT: u8 = 0x80;
    pub(crate) const SHORT_INTERNED: u8 = 0xC0;
}

fn read_varint(bytes: &[u8]) -> (u64, usize) {
    let mut number = 0;
    for (at, byte) in bytes.iter().enumerate() {
        number |= u64::from(byte & 0x7F) << (7 * at);
        if byte & 0x80 == 0 {
            return (number, at + 1);
        }
    }
    unreachable!("a varint ends inside the document it was written to")
}

/// A length or number that was written from something that fits.
fn read_small(bytes: &[u8]) -> (usize, usize) {
    let (number, used) = read_varint(bytes);
    let number = usize::try_from(number).expect("lengths were written from a usize");
    (number, used)
}

/// A place in a compact document: the value that begins here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a> {
    strings: &'a Strings,
    bytes: &'a [u8],
}

/// A value as it was read, its insides unread.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Item<'a> {
    Null,
    Bool(bool),
    Int(i64),
    UInt(u64),
    Float(f64),
    Text(&'a str),
    List(Body<'a>),
    Object(Body<'a>),
}

/// The insides of a list or an object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Body<'a> {
    strings: &'a Strings,
    bytes: &'a [u8],
    /// How many bytes at the end do not belong to it.
    behind: usize,
}

impl<'a> Cursor<'a> {
    /// The value that `bytes` begins with; there may be more behind it.
    pub(crate) fn new(strings: &'a Strings, bytes: &'a [u8]) -> Self {
        Self { strings, bytes }
    }

    /// The texts its numbers stand for.
    pub(crate) fn strings(self) -> &'a Strings {
        self.strings
    }

    /// The value and what stands behind it.
    fn split(self) -> (Item<'a>, &'a [u8]) {
        let (tag, rest) = (self.bytes[0], &self.bytes[1..]);
        let text = |length: usize, rest: &'a [u8]| {
            let text = std::str::from_utf8(&rest[..length]).expect("only text is written as text");
            (Item::Text(text), &rest[length..])
        };
        match tag {
            NULL => (Item::Null, rest),
            FALSE => (Item::Bool(false), rest),
            TRUE => (Item::Bool(true), rest),
            INT => {
                let (zigzag, used) = read_varint(rest);
                let half = i64::from_ne_bytes((zigzag >> 1).to_ne_bytes());
                let sign = if zigzag & 1 == 1 { -1 } else { 0 };
                (Item::Int(half ^ sign), &rest[used..])
            }
            UINT => {
                let (number, used) = read_varint(rest);
                (Item::UInt(number), &rest[used..])
            }
            FLOAT => {
                let (bytes, rest) = rest.split_first_chunk().expect("eight bytes were written");
                (Item::Float(f64::from_le_bytes(*bytes)), rest)
            }
            TEXT => {
                let (length, used) = read_small(rest);
                text(length, &rest[used..])
            }
            INTERNED => {
                let (number, used) = read_varint(rest);
                let number = u32::try_from(number).expect("numbers of texts are 32 bit");
                (Item::Text(self.strings.text(number)), &rest[used..])
            }
            LIST | OBJECT => {
                let (length, used) = read_small(rest);
                let bytes = &rest[used..];
                let rest = &bytes[length..];
                let body = Body {
                    strings: self.strings,
                    bytes,
                    behind: rest.len(),
                };
                if tag == LIST {
                    (Item::List(body), rest)
                } else {
                    (Item::Object(body), rest)
                }
            }
            SMALL_INT..SHORT_TEXT => (Item::Int(i64::from(tag & 0x3F)), rest),
            SHORT_TEXT..SHORT_INTERNED => text(usize::from(tag & 0x3F), rest),
            SHORT_INTERNED.. => {
                let number = u32::from(tag & 0x3F) << 8 | u32::from(rest[0]);
                (Item::Text(self.strings.text(number)), &rest[1..])
            }
            10..SMALL_INT => unreachable!("this tag is never written"),
        }
    }

    /// The value here.
    pub(crate) fn item(self) -> Item<'a> {
        self.split().0
    }

    /// The number of the text here, if it is one that has a number.
    pub(crate) fn number_of_text(self) -> Option<u32> {
        match self.bytes[0] {
            INTERNED => u32::try_from(read_varint(&self.bytes[1..]).0).ok(),
            tag @ SHORT_INTERNED.. => Some(u32::from(tag & 0x3F) << 8 | u32::from(self.bytes[1])),
            _ => None,
        }
    }

    /// The place behind the value here.
    pub(crate) fn after(self) -> Self {
        Self {
            strings: self.strings,
            bytes: self.after_bytes(),
        }
    }

    /// What stands behind the value; does not look at texts.
    fn after_bytes(self) -> &'a [u8] {
        let rest = &self.bytes[1..];
        match self.bytes[0] {
            NULL | FALSE | TRUE | SMALL_INT..SHORT_TEXT => rest,
            INT | UINT | INTERNED => &rest[read_varint(rest).1..],
            FLOAT => &rest[8..],
            TEXT | LIST | OBJECT => {
                let (length, used) = read_small(rest);
                &rest[used + length..]
            }
            tag @ SHORT_TEXT..SHORT_INTERNED => &rest[usize::from(tag & 0x3F)..],
            SHORT_INTERNED.. => &rest[1..],
            10..SMALL_INT => unreachable!("this tag is never written"),
        }
    }

    /// The bytes of the value, without what stands behind it.
    pub(crate) fn own_bytes(self) -> &'a [u8] {
        &self.bytes[..self.bytes.len() - self.after_bytes().len()]
    }

    /// How many bytes behind the beginning of `whole`, which it is a part of, it begins.
    pub(crate) fn offset_in(self, whole: Cursor<'_>) -> usize {
        whole.bytes.len() - self.bytes.len()
    }

    /// The member with this key, if the value is an object.
    pub(crate) fn member(self, key: &str) -> Option<Self> {
        let Item::Object(body) = self.item() else {
            return None;
        };
        // Objects have few members: comparing them is less work than looking the key up among all texts.
        let mut members = body.members();
        members.find_map(|(found, value)| (found == key).then_some(value))
    }

    /// The member whose key has this number, if the value is an object.
    pub(crate) fn member_numbered(self, key: u32) -> Option<Self> {
        if self.bytes[0] != OBJECT {
            return None;
        }
        let (length, used) = read_small(&self.bytes[1..]);
        let mut rest = &self.bytes[1 + used..];
        let behind = rest.len() - length;
        while rest.len() > behind {
            let (found, used) = read_varint(rest);
            let value = Cursor::new(self.strings, &rest[used..]);
            if found == u64::from(key) {
                return Some(value);
            }
            rest = value.after_bytes();
        }
        None
    }

    /// The same value as JSON.
    pub(crate) fn to_value(self) -> Value {
        match self.item() {
            Item::Null => Value::Null,
            Item::Bool(flag) => Value::Bool(flag),
            Item::Int(int) => int.into(),
            Item::UInt(int) => int.into(),
            Item::Float(float) => Number::from_f64(float).map_or(Value::Null, Value::Number),
            Item::Text(text) => text.into(),
            Item::List(body) => body.elements().map(Cursor::to_value).collect(),
            Item::Object(body) => Value::Object(body.to_map()),
        }
    }

    /// The same value as a JSON object; empty if it is none.
    pub(crate) fn to_map(self) -> Map {
        match self.item() {
            Item::Object(body) => body.to_map(),
            _ => Map::new(),
        }
    }
}

impl<'a> Body<'a> {
    /// The elements of a list.
    pub(crate) fn elements(self) -> impl Iterator<Item = Cursor<'a>> {
        let mut rest = self.bytes;
        std::iter::from_fn(move || {
            (rest.len() > self.behind).then(|| {
                let here = Cursor::new(self.strings, rest);
                rest = here.after_bytes();
                here
            })
        })
    }

    /// The members of an object.
    pub(crate) fn members(self) -> impl Iterator<Item = (&'a str, Cursor<'a>)> {
        self.entries()
            .map(move |(key, value)| (self.strings.text(key), value))
    }

    /// The values of an object, with the numbers of their keys.
    pub(crate) fn entries(self) -> impl Iterator<Item = (u32, Cursor<'a>)> {
        let mut rest = self.bytes;
        std::iter::from_fn(move || {
            (rest.len() > self.behind).then(|| {
                let (key, used) = read_varint(rest);
                let here = Cursor::new(self.strings, &rest[used..]);
                rest = here.after_bytes();
                let key = u32::try_from(key).expect("numbers of keys are 32 bit");
                (key, here)
            })
        })
    }

    /// Whether there is nothing inside.
    pub(crate) fn is_empty(self) -> bool {
        self.bytes.len() == self.behind
    }

    fn to_map(self) -> Map {
        self.members()
            .map(|(key, value)| (key.to_owned(), value.to_value()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::encode::encode;
    use crate::intern::StringsBuilder;

    fn json_value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            (-100_i64..100).prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "[a-c]{0,3}|\\PC{0,100}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 64, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map("[a-d]{1,2}|\\PC{0,9}", inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_document_comes_back_as_it_was(values in prop::collection::vec(json_value(), 1..5)) {
            let mut strings = StringsBuilder::default();
            let mut bytes = Vec::new();
            for value in &values {
                encode(value, &mut strings, &mut bytes);
            }
            let strings = strings.finish();
            let mut place = Cursor::new(&strings, &bytes);
            for (at, value) in values.iter().enumerate() {
                prop_assert_eq!(&place.to_value(), value);
                if at + 1 < values.len() {
                    place = place.after();
                }
            }
        }
    }

    #[test]
    fn members_are_found_without_reading_the_others() {
        let long = "x".repeat(300);
        let document = json!({"a": [1, {"b": -5}], "b": {"c": long, "d": 3.5}, "e": null});
        let mut strings = StringsBuilder::default();
        let mut bytes = Vec::new();
        encode(&document, &mut strings, &mut bytes);
        let strings = strings.finish();
        let root = Cursor::new(&strings, &bytes);
        let deep = root.member("b").and_then(|b| b.member("d")).unwrap();
        assert_eq!(deep.to_value(), json!(3.5));
        assert_eq!(
            Cursor::new(&strings, &bytes[deep.offset_in(root)..]).to_value(),
            json!(3.5)
        );
        let Item::List(list) = root.member("a").unwrap().item() else {
            panic!("it was written as a list")
        };
        let inner = list
            .elements()
            .last()
            .and_then(|last| last.member("b"))
            .unwrap();
        assert_eq!(
            Cursor::new(&strings, &bytes[inner.offset_in(root)..]).to_value(),
            json!(-5)
        );
        assert!(root.member("nope").is_none());
        assert!(root.member("e").unwrap().member("c").is_none());
    }
}
