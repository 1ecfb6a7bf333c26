//! The four languages a patch may be written in, as functions from an object to the changed one.
//!
//! Strategic merge knows the lists of metadata and no others; server-side apply is in `apply`. What they
//! do not know is refused, not done in some other way.

use serde_json::{Map, Value};

use crate::status::Status;

/// The language of a patch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    /// RFC 7386.
    Merge,
    /// As merge, but some lists are merged by their keys; built-in kinds only.
    Strategic,
    /// RFC 6902.
    Json,
    /// Server-side apply.
    Apply,
}

impl Language {
    /// By the content type of the request.
    pub(crate) fn of(content_type: &str) -> Option<Self> {
        match content_type {
            "application/merge-patch+json" => Some(Self::Merge),
            "application/strategic-merge-patch+json" => Some(Self::Strategic),
            "application/json-patch+json" => Some(Self::Json),
            "application/apply-patch+yaml" => Some(Self::Apply),
            _ => None,
        }
    }

    /// Whether the patch says anything about more than metadata.
    pub(crate) fn goes_beyond_metadata(self, patch: &Value) -> bool {
        let fields = patch.as_object().into_iter().flatten();
        match self {
            Self::Json => patch.as_array().into_iter().flatten().any(|step| {
                let place = step["path"].as_str().unwrap_or_default();
                !place.starts_with("/metadata/")
            }),
            Self::Apply => fields
                .into_iter()
                .any(|(field, _)| !matches!(field.as_str(), "metadata" | "apiVersion" | "kind")),
            Self::Merge | Self::Strategic => {
                fields.into_iter().any(|(field, _)| field != "metadata")
            }
        }
    }
}

/// RFC 7386.
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let fields = target.as_object_mut().expect("made an object just above");
    for (field, value) in patch {
        if value.is_null() {
            fields.remove(field);
        } else {
            merge(fields.entry(field.clone()).or_insert(Value::Null), value);
        }
    }
}

/// Strategic merge: finalizers are a set, owner references have their uid for a key.
pub(crate) fn strategic(target: &mut Value, patch: &Value) -> Result<(), Status> {
    let mut plain = patch.clone();
    if let Some(fields) = plain.as_object_mut() {
        for field in ["finalizers", "ownerReferences"] {
            let metadata = fields.get_mut("metadata").and_then(Value::as_object_mut);
            let Some(Value::Array(given)) = metadata.and_then(|metadata| metadata.remove(field))
            else {
                continue;
            };
            let list = &mut target["metadata"][field];
            if !list.is_array() {
                *list = Value::Array(Vec::new());
            }
            let list = list.as_array_mut().expect("made a list just above");
            for item in given {
                let key = |item: &Value| item.get("uid").unwrap_or(item).clone();
                match list.iter_mut().find(|known| key(known) == key(&item)) {
                    Some(known) => merge(known, &item),
                    None => list.push(item),
                }
            }
        }
    }
    if has_lists_or_directives(&plain) {
        // Which lists have keys, and which, only the schemas know.
        return Err(Status::method_not_allowed());
    }
    merge(target, &plain);
    Ok(())
}

fn has_lists_or_directives(patch: &Value) -> bool {
    match patch {
        Value::Array(_) => true,
        Value::Object(fields) => fields
            .iter()
            .any(|(field, value)| field.starts_with('$') || has_lists_or_directives(value)),
        _ => false,
    }
}

/// RFC 6902, all but `move` and `copy`.
pub(crate) fn json(target: &mut Value, steps: &Value) -> Result<(), Status> {
    let steps = steps
        .as_array()
        .ok_or_else(|| Status::bad_request("error decoding patch: it is no list"))?;
    for step in steps {
        let path = step["path"].as_str().unwrap_or_default();
        let value = step.get("value").cloned().unwrap_or_default();
        let done = match step["op"].as_str().unwrap_or_default() {
            "test" => target.pointer(path) == Some(&value),
            "add" => set(target, path, Some(value), Missing::MayBe),
            "replace" => set(target, path, Some(value), Missing::MustNotBe),
            "remove" => set(target, path, None, Missing::MustNotBe),
            _ => false,
        };
        if !done {
            return Err(Status::rejected_patch());
        }
    }
    Ok(())
}

/// Whether the place may be missing before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    MayBe,
    MustNotBe,
}

/// Sets or removes one place; false if there is none.
fn set(target: &mut Value, path: &str, value: Option<Value>, missing: Missing) -> bool {
    let Some((parent, key)) = path.rsplit_once('/') else {
        return false;
    };
    let key = key.replace("~1", "/").replace("~0", "~");
    match target.pointer_mut(parent) {
        Some(Value::Object(fields)) => {
            if missing == Missing::MustNotBe && !fields.contains_key(&key) {
                return false;
            }
            match value {
                Some(value) => fields.insert(key, value),
                None => fields.remove(&key),
            };
            true
        }
        Some(Value::Array(items)) => {
            let at = if key == "-" {
                Some(items.len())
            } else {
                key.parse().ok()
            };
            let Some(at) = at else { return false };
            match (value, missing) {
                (Some(value), Missing::MayBe) if at <= items.len() => items.insert(at, value),
                (Some(value), Missing::MustNotBe) if at < items.len() => items[at] = value,
                (None, _) if at < items.len() => drop(items.remove(at)),
                _ => return false,
            }
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json as value;

    use super::*;

    #[test]
    fn merging_follows_the_rfc() {
        for (target, patch, expected) in [
            (value!({"a": "b"}), value!({"a": "c"}), value!({"a": "c"})),
            (
                value!({"a": "b", "b": "c"}),
                value!({"a": null}),
                value!({"b": "c"}),
            ),
            (value!({"a": ["b"]}), value!({"a": "c"}), value!({"a": "c"})),
            (
                value!({"a": {"b": "c"}}),
                value!({"a": {"b": "d", "c": null}}),
                value!({"a": {"b": "d"}}),
            ),
            (
                value!({}),
                value!({"a": {"bb": {"ccc": null}}}),
                value!({"a": {"bb": {}}}),
            ),
        ] {
            let mut merged = target;
            merge(&mut merged, &patch);
            assert_eq!(merged, expected);
        }
    }

    #[test]
    fn strategic_merge_knows_the_lists_of_metadata() {
        let mut object =
            value!({"metadata": {"finalizers": ["a"], "ownerReferences": [{"uid": "1"}]}});
        let patch = value!({"metadata": {"finalizers": ["a", "b"],
            "ownerReferences": [{"uid": "1", "controller": true}, {"uid": "2"}], "labels": {"x": "y"}}});
        strategic(&mut object, &patch).unwrap();
        assert_eq!(
            object,
            value!({"metadata": {"finalizers": ["a", "b"], "labels": {"x": "y"},
                "ownerReferences": [{"uid": "1", "controller": true}, {"uid": "2"}]}})
        );
        for refused in [
            value!({"spec": {"ports": []}}),
            value!({"metadata": {"$patch": "replace"}}),
        ] {
            assert!(strategic(&mut object, &refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn json_patch_does_all_steps_or_says_no() {
        let start = value!({"a": {"x/y": "1"}, "l": [1, 2]});
        for (steps, expected) in [
            (
                value!([{"op": "remove", "path": "/a/x~1y"}]),
                Some(value!({"a": {}, "l": [1, 2]})),
            ),
            (
                value!([{"op": "test", "path": "/a/x~1y", "value": "1"}, {"op": "add", "path": "/l/-", "value": 3}]),
                Some(value!({"a": {"x/y": "1"}, "l": [1, 2, 3]})),
            ),
            (
                value!([{"op": "replace", "path": "/l/0", "value": 9}]),
                Some(value!({"a": {"x/y": "1"}, "l": [9, 2]})),
            ),
            (
                value!([{"op": "test", "path": "/a/x~1y", "value": "2"}]),
                None,
            ),
            (value!([{"op": "remove", "path": "/nope"}]), None),
            (
                value!([{"op": "replace", "path": "/l/5", "value": 9}]),
                None,
            ),
            (value!([{"op": "dance", "path": "/l"}]), None),
        ] {
            let mut object = start.clone();
            let done = json(&mut object, &steps).is_ok().then_some(object);
            assert_eq!(done, expected, "{steps}");
        }
    }
}
