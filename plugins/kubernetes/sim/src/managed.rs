//! `managedFields`: who set which field last, kept up to date when somebody patches an object.
//!
//! Lists count as one field, but for `finalizers` and `ownerReferences`; a real server knows more from its schemas.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// Path elements as `fieldsV1` spells them, e.g., `f:metadata`, `f:annotations`, `f:owner`.
pub(crate) type Path = Vec<String>;

/// Fields of `metadata` nobody owns.
const UNOWNED: &[&str] = &[
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "selfLink",
];

/// Notes in `new` that `manager` made it out of `old`, at `time` (RFC 3339, seconds).
pub(crate) fn note_update(
    old: &Value,
    new: &mut Value,
    manager: &str,
    api_version: &str,
    time: &str,
) {
    let before = paths_of(old);
    let after = paths_of(new);
    let set: BTreeSet<Path> = after
        .iter()
        .filter(|path| !before.contains(*path) || differs(old, new, path))
        .cloned()
        .collect();
    let gone: BTreeSet<&Path> = before.difference(&after).collect();
    let mut entries = entries_of(new);
    for entry in &mut entries {
        let own = is_by(entry, manager, api_version);
        let mut owned = owned_paths(&entry["fieldsV1"]);
        let count = owned.len();
        owned.retain(|path| !gone.contains(path) && (own || !set.contains(path)));
        if owned.len() != count {
            entry["fieldsV1"] = fields_of(&owned);
        }
    }
    if !set.is_empty() {
        let entry = entry_of(&mut entries, manager, api_version);
        let mut owned = owned_paths(&entry["fieldsV1"]);
        owned.extend(set);
        entry["fieldsV1"] = fields_of(&owned);
        entry["time"] = json!(time);
    }
    entries.retain(|entry| {
        entry["fieldsV1"]
            .as_object()
            .is_some_and(|fields| !fields.is_empty())
    });
    entries.sort_by_cached_key(order);
    let metadata = crate::object::metadata(new);
    if entries.is_empty() {
        metadata.remove("managedFields");
    } else {
        metadata.insert("managedFields".to_owned(), Value::Array(entries));
    }
}

/// What an apply sets: every leaf. Maps are not applied themselves, only what is in them.
pub(crate) fn applied_paths(wanted: &Value) -> BTreeSet<Path> {
    let is_leaf = |path: &Path| leaf(wanted, path).is_some();
    paths_of(wanted).into_iter().filter(is_leaf).collect()
}

fn applies(entry: &Value, manager: &str) -> bool {
    entry["manager"] == manager && entry["operation"] == "Apply"
}

/// What the manager applied before and nobody else owns.
pub(crate) fn applied_before(object: &Value, manager: &str) -> BTreeSet<Path> {
    let (own, others): (Vec<Value>, Vec<Value>) = entries_of(object)
        .into_iter()
        .partition(|entry| applies(entry, manager));
    let owned = |entries: &[Value]| -> BTreeSet<Path> {
        let paths = entries
            .iter()
            .flat_map(|entry| owned_paths(&entry["fieldsV1"]));
        paths.collect()
    };
    owned(&own).difference(&owned(&others)).cloned().collect()
}

/// Who else owns fields that `wanted` would change, and which: the first of them.
pub(crate) fn conflicts(
    object: &Value,
    wanted: &Value,
    manager: &str,
) -> Option<(String, Vec<String>)> {
    let changed: Vec<Path> = applied_paths(wanted)
        .into_iter()
        .filter(|path| differs(object, wanted, path))
        .collect();
    entries_of(object).into_iter().find_map(|entry| {
        let owned = owned_paths(&entry["fieldsV1"]);
        let fields: Vec<String> = changed
            .iter()
            .filter(|path| owned.contains(*path))
            .map(|path| format!(".{}", path.join(".").replace("f:", "")))
            .collect();
        let other = entry["manager"].as_str().unwrap_or_default().to_owned();
        (!applies(&entry, manager) && !fields.is_empty()).then_some((other, fields))
    })
}

/// Notes that `manager` applied `wanted`; what it took from others is theirs no more.
pub(crate) fn note_apply(
    old: &Value,
    object: &mut Value,
    wanted: &Value,
    manager: &str,
    (api_version, time): (&str, &str),
) {
    let applied = applied_paths(wanted);
    let (had, has) = (paths_of(old), paths_of(object));
    let gone: BTreeSet<&Path> = had.difference(&has).collect();
    // Equal values may have several owners.
    let is_taken = |path: &&Path| differs(old, object, path);
    let taken: BTreeSet<Path> = applied.iter().filter(is_taken).cloned().collect();
    let mut entries = entries_of(object);
    let before = entries
        .iter()
        .find(|entry| applies(entry, manager))
        .cloned();
    entries.retain(|entry| !applies(entry, manager));
    for entry in &mut entries {
        let mut owned = owned_paths(&entry["fieldsV1"]);
        // An empty map may be owned without being there.
        owned.retain(|path| !gone.contains(&path) && !taken.contains(path));
        entry["fieldsV1"] = fields_of(&owned);
    }
    entries.retain(|entry| {
        entry["fieldsV1"]
            .as_object()
            .is_some_and(|fields| !fields.is_empty())
    });
    let fields = fields_of(&applied);
    let same = before.filter(|before| before["fieldsV1"] == fields);
    let time = same.map_or_else(|| json!(time), |same| same["time"].clone());
    if !applied.is_empty() {
        entries.push(json!({
            "manager": manager, "operation": "Apply", "apiVersion": api_version, "time": time,
            "fieldsType": "FieldsV1", "fieldsV1": fields,
        }));
    }
    entries.sort_by_cached_key(order);
    crate::object::metadata(object).insert("managedFields".to_owned(), Value::Array(entries));
}

fn entries_of(object: &Value) -> Vec<Value> {
    object["metadata"]["managedFields"]
        .as_array()
        .map(|entries| {
            entries
                .iter()
                .filter(|entry| entry.is_object())
                .cloned()
                .collect()
        })
        .unwrap_or_default()
}

/// The entry of this manager, a new one if there is none.
fn entry_of<'a>(entries: &'a mut Vec<Value>, manager: &str, api_version: &str) -> &'a mut Value {
    let own = entries
        .iter()
        .position(|entry| is_by(entry, manager, api_version));
    let at = own.unwrap_or(entries.len());
    if own.is_none() {
        entries.push(json!({
            "manager": manager, "operation": "Update", "apiVersion": api_version,
            "fieldsType": "FieldsV1", "fieldsV1": {},
        }));
    }
    &mut entries[at]
}

fn is_by(entry: &Value, manager: &str, api_version: &str) -> bool {
    entry["manager"] == manager
        && entry["operation"] == "Update"
        && entry["apiVersion"] == api_version
        && entry.get("subresource").is_none()
}

/// Apply before Update, then by time and manager.
fn order(entry: &Value) -> [String; 3] {
    ["operation", "time", "manager"].map(|key| entry[key].as_str().unwrap_or_default().to_owned())
}

/// Every owned path of an object: leaves, and maps, which are owned themselves.
fn paths_of(object: &Value) -> BTreeSet<Path> {
    let mut paths = BTreeSet::new();
    for (field, value) in object.as_object().into_iter().flatten() {
        match field.as_str() {
            "kind" | "apiVersion" => {}
            "metadata" => {
                for (field, value) in value.as_object().into_iter().flatten() {
                    if !UNOWNED.contains(&field.as_str()) {
                        let path = vec!["f:metadata".to_owned(), format!("f:{field}")];
                        collect(&path, value, &mut paths);
                    }
                }
            }
            _ => collect(&[format!("f:{field}")], value, &mut paths),
        }
    }
    paths
}

fn collect(path: &[String], value: &Value, paths: &mut BTreeSet<Path>) {
    paths.insert(path.to_vec());
    let child = |element: String| {
        let mut child = path.to_vec();
        child.push(element);
        child
    };
    let set = path.len() == 2 && path[0] == "f:metadata";
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                collect(&child(format!("f:{field}")), value, paths);
            }
        }
        Value::Array(items) if set && path[1] == "f:finalizers" => {
            paths.extend(items.iter().map(|item| child(format!("v:{item}"))));
        }
        Value::Array(items) if set && path[1] == "f:ownerReferences" => {
            let key = |item: &Value| child(format!("k:{}", json!({"uid": item["uid"]})));
            paths.extend(items.iter().map(key));
        }
        _ => {}
    }
}

/// The value at a path, unless it is a map. An element of a set has none of its own.
pub(crate) fn leaf<'a>(object: &'a Value, path: &[String]) -> Option<&'a Value> {
    let value = path
        .iter()
        .try_fold(object, |at, element| at.get(element.strip_prefix("f:")?))?;
    (!value.is_object()).then_some(value)
}

/// Whether a leaf both have is another value now.
fn differs(old: &Value, new: &Value, path: &[String]) -> bool {
    let set = path.len() == 2 && matches!(path[1].as_str(), "f:finalizers" | "f:ownerReferences");
    !set && leaf(old, path) != leaf(new, path)
}

fn owned_paths(fields: &Value) -> BTreeSet<Path> {
    fn walk(path: &mut Path, fields: &Map<String, Value>, paths: &mut BTreeSet<Path>) {
        if fields.is_empty() {
            paths.insert(path.clone());
        }
        for (element, below) in fields {
            if element == "." {
                paths.insert(path.clone());
            } else if let Some(below) = below.as_object() {
                path.push(element.clone());
                walk(path, below, paths);
                path.pop();
            }
        }
    }
    let mut paths = BTreeSet::new();
    if let Some(fields) = fields.as_object().filter(|fields| !fields.is_empty()) {
        walk(&mut Vec::new(), fields, &mut paths);
    }
    paths
}

fn fields_of(paths: &BTreeSet<Path>) -> Value {
    let mut root = json!({});
    for path in paths {
        let mut at = &mut root;
        for element in path {
            at = &mut at[element.as_str()];
            if at.is_null() {
                *at = json!({});
            }
        }
    }
    mark(&mut root, &mut Vec::new(), paths);
    root
}

/// Adds the `.` that says that a map with owned members is itself owned.
fn mark(fields: &mut Value, path: &mut Path, paths: &BTreeSet<Path>) {
    let Some(members) = fields.as_object_mut().filter(|members| !members.is_empty()) else {
        return;
    };
    for (element, below) in members.iter_mut() {
        path.push(element.clone());
        mark(below, path, paths);
        path.pop();
    }
    if paths.contains(path) {
        members.insert(".".to_owned(), json!({}));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: &str = "2026-01-01T00:00:00Z";

    fn config_map(annotations: Option<Value>) -> Value {
        let mut object = json!({
            "metadata": {
                "name": "app",
                "managedFields": [{
                    "manager": "kubectl", "operation": "Apply", "apiVersion": "v1", "time": TIME,
                    "fieldsType": "FieldsV1",
                    "fieldsV1": {"f:data": {"f:a": {}}, "f:metadata": {"f:annotations": {}, "f:labels": {}}},
                }],
            },
            "data": {"a": "1"},
        });
        if let Some(annotations) = annotations {
            object["metadata"]["annotations"] = annotations;
        }
        object
    }

    #[test]
    fn an_annotation_belongs_to_who_set_it_until_it_is_gone() {
        let old = config_map(None);
        let mut new = config_map(Some(json!({"owner": "a"})));
        note_update(&old, &mut new, "inventory", "v1", TIME);
        let entries = new["metadata"]["managedFields"].as_array().unwrap();
        assert_eq!(entries.len(), 2);
        assert_eq!(
            entries[0]["fieldsV1"],
            json!({"f:data": {"f:a": {}}, "f:metadata": {"f:labels": {}}})
        );
        assert_eq!(
            entries[1]["fieldsV1"],
            json!({"f:metadata": {"f:annotations": {".": {}, "f:owner": {}}}})
        );
        let mut last = new.clone();
        last["metadata"]
            .as_object_mut()
            .unwrap()
            .remove("annotations");
        note_update(&new, &mut last, "inventory", "v1", TIME);
        assert_eq!(
            last["metadata"]["managedFields"].as_array().unwrap().len(),
            1
        );
    }

    #[test]
    fn a_changed_value_changes_hands() {
        let old = config_map(None);
        let mut new = config_map(None);
        new["data"]["a"] = json!("2");
        note_update(&old, &mut new, "inventory", "v1", TIME);
        let entries = new["metadata"]["managedFields"].as_array().unwrap();
        assert_eq!(entries[1]["fieldsV1"], json!({"f:data": {"f:a": {}}}));
        assert_eq!(entries[0]["fieldsV1"].get("f:data"), None);
    }
}
