//! Looking into converted documents: a value, a text, a list at a path of names.
//!
//! Nothing here fails; what is missing or of another type is absent.
use serde_json::Value;
use stocktake_model::Map;

/// The value at a path of names.
pub(crate) fn find<'v>(map: &'v Map, path: &[&str]) -> Option<&'v Value> {
    let (first, rest) = path.split_first()?;
    rest.iter()
        .try_fold(map.get(*first)?, |value, name| value.get(name))
}

/// The text at a path of names.
pub(crate) fn text<'v>(map: &'v Map, path: &[&str]) -> Option<&'v str> {
    find(map, path)?.as_str()
}

/// The list at a path of names; empty if there is none.
pub(crate) fn list<'v>(map: &'v Map, path: &[&str]) -> &'v [Value] {
    find(map, path)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// The text under a name of an object.
pub(crate) fn field<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name)?.as_str()
}

/// Whether the condition of a type is `True`, `False` or anything else (`None` if there is none).
pub(crate) fn condition<'v>(conditions: &'v [Value], of: &str) -> Option<&'v str> {
    let found = conditions
        .iter()
        .find(|condition| field(condition, "type") == Some(of))?;
    field(found, "status")
}
