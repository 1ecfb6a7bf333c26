//! Server-side apply: what a manager applied before and applies no more goes, what somebody else set is a conflict.
//!
//! Lists are applied whole; a real server knows from its schemas which of them have elements of their own.

use serde_json::Value;

use crate::catalog::Resource;
use crate::managed;
use crate::object::text;
use crate::request::WriteOptions;
use crate::status::Status;

/// Applies `wanted` to an object; who owns its fields from now on is noted by the caller.
pub(crate) fn apply(
    resource: &Resource,
    object: &mut Value,
    wanted: &Value,
    options: &WriteOptions,
) -> Result<(), Status> {
    let (kind, version) = (text(wanted, "kind"), text(wanted, "apiVersion"));
    if kind != resource.kind || version != resource.api_version() {
        return Err(Status::bad_request("the object applied is of another kind"));
    }
    let manager = options.manager.as_str();
    if !options.force {
        let conflicts = managed::conflicts(object, wanted, manager);
        if let Some((other, fields)) = conflicts {
            return Err(Status::apply_conflict(&other, &fields));
        }
    }
    let applied = managed::applied_paths(wanted);
    for gone in managed::applied_before(object, manager).difference(&applied) {
        remove(object, gone);
    }
    for path in &applied {
        if let Some(value) = managed::leaf(wanted, path) {
            set(object, path, value.clone());
        }
    }
    Ok(())
}

fn set(object: &mut Value, path: &[String], value: Value) {
    let mut at = object;
    for element in path {
        let name = element.strip_prefix("f:").unwrap_or(element);
        if !at.is_object() {
            *at = Value::Object(serde_json::Map::new());
        }
        at = &mut at[name];
    }
    *at = value;
}

fn remove(object: &mut Value, path: &[String]) {
    let Some((last, above)) = path.split_last() else {
        return;
    };
    let name = |element: &String| element.strip_prefix("f:").map(str::to_owned);
    let place = above
        .iter()
        .try_fold(object, |at, element| at.get_mut(name(element)?));
    if let Some(fields) = place.and_then(Value::as_object_mut)
        && let Some(last) = name(last)
    {
        fields.remove(&last);
    }
}
