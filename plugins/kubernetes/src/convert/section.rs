//! Where the parts of an object go: `<kind>_spec`, `<kind>_status`, and everything else that stands beside them.
use stocktake_model::Map;

use crate::convert::Walk;
use crate::names::snake_owned;
use crate::raw::RawMap;

/// Adds every top-level part of the object to the reported section.
///
/// Kinds of Kubernetes have bare names for the parts beside spec and status (`rules`, `subjects`, …), custom
/// kinds begin them with their own name so that they can not hide a common property.
pub(crate) fn add(reported: &mut Map, object: RawMap<'_>, walk: &mut Walk<'_>) {
    for (key, value) in object {
        if matches!(&*key, "apiVersion" | "kind" | "metadata") {
            continue;
        }
        let name = property(walk, &key);
        if let Some(value) = walk.field(&key, value) {
            reported.entry(name).or_insert(value);
        }
    }
}

fn property(walk: &Walk<'_>, key: &str) -> String {
    let form = walk.form();
    let snake = snake_owned(key);
    let prefixed = form.custom
        || matches!(key, "spec" | "status")
        || matches!(
            snake.as_str(),
            "id" | "name" | "namespace" | "tags" | "labels" | "ctime" | "mtime" | "age"
        )
        || (form.short == "controller_revision" && key == "data");
    if prefixed {
        format!("{}_{snake}", form.short)
    } else {
        snake
    }
}
