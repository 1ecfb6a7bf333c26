//! One way to look at a value, whatever holds it: a compact document, JSON, a user's marks laid over a
//! section, or a text the engine knows by itself. Compares nothing; that is [`crate::value`].
use std::borrow::Cow;

use serde_json::Value;
use stocktake_model::{Map, Metric, NodeId};

use crate::document::{Cursor, Item};
use crate::usage::Used;
use crate::value::Num;

/// A value somewhere.
#[derive(Clone, Copy, Debug)]
pub(crate) enum View<'a> {
    /// In a compact document.
    Doc(Cursor<'a>),
    /// As JSON.
    Json(&'a Value),
    /// A text.
    Text(&'a str),
    /// The id of a node.
    Id(NodeId),
    /// Seconds since a timestamp, or another number without a fraction.
    Seconds(i64),
    /// Any number.
    Number(f64),
    /// What a node uses.
    Usage(Used<'a>),
    /// How much it uses in one metric.
    Metric(Used<'a>, Metric),
    /// A section of a node with what a user marked on it: `over` wins, key by key.
    Layered {
        over: &'a Map,
        under: Option<Cursor<'a>>,
    },
}

/// What a value is, as far as comparing needs it.
#[derive(Clone, Debug)]
pub(crate) enum Shape<'a> {
    Null,
    Bool(bool),
    Number(Num),
    Text(Cow<'a, str>),
    List,
    Object,
}

impl<'a> View<'a> {
    pub(crate) fn shape(self) -> Shape<'a> {
        match self {
            Self::Doc(cursor) => match cursor.item() {
                Item::Null => Shape::Null,
                Item::Bool(flag) => Shape::Bool(flag),
                Item::Int(int) => Shape::Number(Num::Int(int.into())),
                Item::UInt(int) => Shape::Number(Num::Int(int.into())),
                Item::Float(float) => Shape::Number(Num::Float(float)),
                Item::Text(text) => Shape::Text(Cow::Borrowed(text)),
                Item::List(_) => Shape::List,
                Item::Object(_) => Shape::Object,
            },
            Self::Json(value) => match value {
                Value::Null => Shape::Null,
                Value::Bool(flag) => Shape::Bool(*flag),
                Value::Number(number) => Shape::Number(Num::of(number)),
                Value::String(text) => Shape::Text(Cow::Borrowed(text)),
                Value::Array(_) => Shape::List,
                Value::Object(_) => Shape::Object,
            },
            Self::Text(text) => Shape::Text(Cow::Borrowed(text)),
            Self::Id(id) => Shape::Text(Cow::Owned(id.to_string())),
            Self::Seconds(seconds) => Shape::Number(Num::Int(seconds.into())),
            Self::Number(number) => Shape::Number(Num::Float(number)),
            Self::Layered { .. } | Self::Usage(_) | Self::Metric(..) => Shape::Object,
        }
    }

    /// The text, if it is one.
    pub(crate) fn text(self) -> Option<Cow<'a, str>> {
        match self.shape() {
            Shape::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The member with this key, whose number in the strings of the document is `number` (if it has one).
    pub(crate) fn member(self, key: &str, number: Option<u32>) -> Option<Self> {
        match self {
            Self::Doc(cursor) => cursor.member_numbered(number?).map(Self::Doc),
            Self::Json(value) => value.get(key).map(Self::Json),
            Self::Layered { over, under } => match over.get(key) {
                Some(value) => Some(Self::Json(value)),
                None => Self::Doc(under?).member(key, number),
            },
            Self::Usage(used) => used.member(key),
            Self::Metric(used, metric) => used.figure(metric, key),
            Self::Text(_) | Self::Id(_) | Self::Seconds(_) | Self::Number(_) => None,
        }
    }

    /// Whether it is an object with this key.
    pub(crate) fn has_key(self, key: &str) -> bool {
        let number = match self {
            Self::Doc(cursor)
            | Self::Layered {
                under: Some(cursor),
                ..
            } => cursor.strings().find(key),
            _ => None,
        };
        self.member(key, number).is_some()
    }

    /// The elements, if it is a list.
    pub(crate) fn elements(self) -> Option<Box<dyn Iterator<Item = View<'a>> + 'a>> {
        match self {
            Self::Doc(cursor) => match cursor.item() {
                Item::List(body) => Some(Box::new(body.elements().map(View::Doc))),
                _ => None,
            },
            Self::Json(Value::Array(items)) => Some(Box::new(items.iter().map(View::Json))),
            _ => None,
        }
    }

    /// Whether it is a list without elements.
    pub(crate) fn is_empty_list(self) -> bool {
        match self {
            Self::Doc(cursor) => matches!(cursor.item(), Item::List(body) if body.is_empty()),
            Self::Json(Value::Array(items)) => items.is_empty(),
            _ => false,
        }
    }

    /// The same value as JSON.
    pub(crate) fn to_value(self) -> Value {
        match self {
            Self::Doc(cursor) => cursor.to_value(),
            Self::Json(value) => value.clone(),
            Self::Text(text) => text.into(),
            Self::Id(id) => id.to_string().into(),
            Self::Seconds(seconds) => seconds.into(),
            Self::Number(number) => Num::Float(number).to_value(),
            Self::Usage(used) => used.to_value(),
            Self::Metric(used, metric) => used.metric(metric).unwrap_or_default(),
            Self::Layered { over, under } => {
                let mut map = under.map(Cursor::to_map).unwrap_or_default();
                map.extend(over.iter().map(|(key, value)| (key.clone(), value.clone())));
                Value::Object(map)
            }
        }
    }

    /// The text form: a text as it is, everything else as JSON.
    pub(crate) fn text_form(self) -> Cow<'a, str> {
        match self.shape() {
            Shape::Text(text) => text,
            _ => Cow::Owned(self.to_value().to_string()),
        }
    }
}
