//! Server-side apply of labels and annotations: what a manager applied before and applies no more goes, what somebody
//! else set is a conflict.

use serde_json::Value;

use crate::catalog::Resource;
use crate::managed;
use crate::object::text;
use crate::status::Status;
use crate::write::WriteOptions;

/// Maps of metadata that can be applied.
const MAPS: [&str; 2] = ["annotations", "labels"];

/// Applies `wanted` to an object; who owns its fields from now on is noted by the caller.
pub(crate) fn apply(
    resource: &Resource,
    object: &mut Value,
    wanted: &Value,
    options: &WriteOptions,
) -> Result<(), Status> {
    let given = wanted["metadata"].as_object().into_iter().flatten();
    let known = |field: &str| MAPS.contains(&field) || matches!(field, "name" | "namespace");
    if given.into_iter().any(|(field, _)| !known(field)) {
        return Err(Status::method_not_allowed());
    }
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
    for map in MAPS {
        for gone in managed::applied_before(object, manager, map) {
            let still = wanted["metadata"][map].get(&gone).is_some();
            if let Some(fields) = object["metadata"][map].as_object_mut()
                && !still
            {
                fields.remove(&gone);
            }
        }
        for (key, value) in wanted["metadata"][map].as_object().into_iter().flatten() {
            object["metadata"][map][key] = value.clone();
        }
    }
    Ok(())
}
