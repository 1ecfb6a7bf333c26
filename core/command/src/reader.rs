//! Reads the value at a path of an element, and computes ages on the way.
use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::Value;
use stocktake_model::{Duration, Model, PropertyType, parse_time};
use stocktake_query::{Index, Path, Segment};

use crate::Scene;
use crate::flow::absolute;

/// Reads one path from many elements.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    /// From the root of the document.
    inside: Path,
    /// As it was typed, for elements without sections.
    typed: Path,
    /// The timestamp it is computed from, if it is an age.
    stamp: Option<Path>,
    /// Declared type, so that objects print in model order.
    pub(crate) of: Option<PropertyType>,
    now: Timestamp,
}

impl Reader {
    /// Reads `path`, relative to the section of the scene.
    pub(crate) fn new(path: &Path, scene: &Scene) -> Self {
        let inside = crate::syntax::in_section(path, &scene.section);
        let of = declared(&inside, &scene.model);
        let stamp = match &of {
            Some(PropertyType::AgeOf(stamp)) => Some(sibling(&inside, stamp)),
            _ => None,
        };
        Self {
            inside,
            typed: path.clone(),
            stamp,
            of,
            now: scene.now,
        }
    }

    /// The path from the root of the document.
    pub(crate) fn path(&self) -> &Path {
        &self.inside
    }

    /// The value in an element; `None` where there is none, and for `null`.
    ///
    /// A node is read below its section; of a change in the history, what the change itself has (`change`, `changed_at`) is
    /// found by its bare name too. Anything else (a row, a JSON value) is read from its root, then from its groups.
    pub(crate) fn value<'v>(&self, element: &'v Value) -> Option<Cow<'v, Value>> {
        let found = at(element, &self.inside.segments).or_else(|| self.age(element));
        let found = match found {
            None if !is_node(element) && !self.typed.absolute => {
                let typed = &self.typed.segments;
                at(element, typed).or_else(|| at(element.get("group")?, typed))
            }
            None if !self.typed.absolute && self.of_the_change() && is_change(element) => {
                at(element, &self.typed.segments)
            }
            None if !is_node(element) => at(element.get("group")?, &self.typed.segments),
            found => found,
        };
        found.filter(|value| !value.is_null())
    }

    /// The value to compare by: of an age, the timestamp behind it.
    pub(crate) fn stored(&self, element: &Value) -> Option<Value> {
        let stamp = self.stamp.as_ref();
        let stored = stamp.and_then(|stamp| at(element, &stamp.segments));
        stored.or_else(|| self.value(element)).map(Cow::into_owned)
    }

    /// Whether `[*]` asks for the elements of a list.
    pub(crate) fn spreads(&self) -> bool {
        let all = self.inside.segments.iter();
        all.flat_map(|part| &part.indexes)
            .any(|index| *index == Index::Any)
    }

    /// Whether the order of what is stored is the reverse of what is shown.
    pub(crate) fn is_age(&self) -> bool {
        self.stamp.is_some()
    }

    fn of_the_change(&self) -> bool {
        let first = self.typed.segments.first();
        first.is_some_and(|first| matches!(&*first.name, "change" | "changed_at" | "before"))
    }

    fn age<'v>(&self, element: &'v Value) -> Option<Cow<'v, Value>> {
        let stamp = at(element, &self.stamp.as_ref()?.segments)?;
        let then = parse_time(stamp.as_str()?).ok()?;
        Some(Cow::Owned(Value::String(age(then, self.now))))
    }
}

/// How long ago `then` was, as people read it.
pub(crate) fn age(then: Timestamp, now: Timestamp) -> String {
    Duration::from_seconds(now.as_second() - then.as_second()).as_age()
}

/// Whether an element is a node or an edge of the graph, with sections.
pub(crate) fn is_node(element: &Value) -> bool {
    element.get("reported").is_some_and(Value::is_object)
}

/// Whether an element is an edge.
pub(crate) fn is_edge(element: &Value) -> bool {
    element.get("type").and_then(Value::as_str) == Some("edge")
}

/// Whether an element is a node as it was at a change.
fn is_change(element: &Value) -> bool {
    element.get("changed_at").is_some()
}

/// The value at the end of the segments. Lists are looked through: the result is then a list.
pub(crate) fn at<'v>(value: &'v Value, segments: &[Segment]) -> Option<Cow<'v, Value>> {
    let mut found = Vec::new();
    let several = gather(value, segments, &mut found);
    if several {
        let items: Vec<Value> = found.into_iter().cloned().collect();
        return (!items.is_empty()).then_some(Cow::Owned(Value::Array(items)));
    }
    found.pop().map(Cow::Borrowed)
}

/// Collects the values, and says whether a list was looked through.
fn gather<'v>(value: &'v Value, segments: &[Segment], found: &mut Vec<&'v Value>) -> bool {
    let Some((first, rest)) = segments.split_first() else {
        found.push(value);
        return false;
    };
    match value {
        Value::Object(map) => map
            .get(&first.name)
            .is_some_and(|value| index(value, &first.indexes, rest, found)),
        Value::Array(items) => {
            for item in items {
                gather(item, segments, found);
            }
            true
        }
        _ => false,
    }
}

fn index<'v>(
    value: &'v Value,
    indexes: &[Index],
    rest: &[Segment],
    found: &mut Vec<&'v Value>,
) -> bool {
    let Some((first, others)) = indexes.split_first() else {
        return gather(value, rest, found);
    };
    let Value::Array(items) = value else {
        return false;
    };
    match first {
        Index::At(place) => items
            .get(*place)
            .is_some_and(|item| index(item, others, rest, found)),
        Index::Any => {
            for item in items {
                index(item, others, rest, found);
            }
            true
        }
    }
}

/// The declared type of a path into the reported section, its own or that of an ancestor.
fn declared(path: &Path, model: &Model) -> Option<PropertyType> {
    let names: Vec<&str> = path
        .segments
        .iter()
        .map(|part| part.name.as_str())
        .collect();
    match names.as_slice() {
        ["reported", rest @ ..] => model.property_type(rest, &[]),
        ["ancestors" | "descendants", kind, "reported", rest @ ..] => {
            model.property_type(rest, &[kind])
        }
        _ => None,
    }
}

fn sibling(path: &Path, name: &str) -> Path {
    let mut names: Vec<&str> = path
        .segments
        .iter()
        .map(|part| part.name.as_str())
        .collect();
    names.pop();
    names.push(name);
    absolute(&names)
}
