//! One stored object: its key, what has to be known without reading it, and its JSON as it goes over the wire.
//!
//! Kept as text because a list is then a concatenation and a fleet of 300,000 objects fits into memory.
//! `kind` and `apiVersion` are not part of the text: lists of built-in kinds leave them out, and two versions share it.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};

/// Namespace (empty for cluster-scoped objects) and name; ordered as etcd orders `namespace/name`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct ObjectKey {
    pub(crate) namespace: Arc<str>,
    pub(crate) name: Arc<str>,
}

impl ObjectKey {
    pub(crate) fn new(namespace: &str, name: &str) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
        }
    }

    /// Where this object's namespace stands relative to `namespace`.
    pub(crate) fn namespace_order(&self, namespace: &str) -> Ordering {
        order_of_namespaces(&self.namespace, namespace)
    }
}

/// As if a `/` followed each: `team-0/…` comes before `team/…`.
fn order_of_namespaces(a: &str, b: &str) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    a.bytes().chain([b'/']).cmp(b.bytes().chain([b'/']))
}

impl Ord for ObjectKey {
    fn cmp(&self, other: &Self) -> Ordering {
        order_of_namespaces(&self.namespace, &other.namespace)
            .then_with(|| self.name.cmp(&other.name))
    }
}

impl PartialOrd for ObjectKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// An owner reference, as far as the garbage collector cares.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Owner {
    pub(crate) uid: String,
    #[serde(default)]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) controller: bool,
    #[serde(default, rename = "blockOwnerDeletion")]
    pub(crate) blocks: bool,
}

/// An object at one resource version. Never changes; a write stores another one.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) key: ObjectKey,
    pub(crate) uid: Box<str>,
    /// Its resource version.
    pub(crate) version: u64,
    /// `{"metadata":{…},…}`.
    json: Box<[u8]>,
    /// Where the value of `metadata` ends.
    metadata_end: usize,
}

const OPENING: &[u8] = b"{\"metadata\":";

impl Object {
    /// `body`, whose `metadata` holds at least `name` and `uid`, as it is stored at `version`.
    pub(crate) fn new(mut body: Value, version: u64) -> Self {
        body["metadata"]["resourceVersion"] = version.to_string().into();
        Self::shown(&body, version)
    }

    /// `body` as it is, e.g., out of a dry run, which gives it no version.
    pub(crate) fn shown(body: &Value, version: u64) -> Self {
        let metadata = &body["metadata"];
        let key = ObjectKey::new(text(metadata, "namespace"), text(metadata, "name"));
        let uid = text(metadata, "uid").into();
        let mut json = OPENING.to_vec();
        json.extend(metadata.to_string().into_bytes());
        let metadata_end = json.len();
        for (field, value) in body.as_object().into_iter().flatten() {
            if !matches!(field.as_str(), "metadata" | "kind" | "apiVersion") {
                json.push(b',');
                json.extend(Value::from(field.as_str()).to_string().into_bytes());
                json.push(b':');
                json.extend(value.to_string().into_bytes());
            }
        }
        json.push(b'}');
        Self {
            key,
            uid,
            version,
            json: json.into_boxed_slice(),
            metadata_end,
        }
    }

    /// The object without `kind` and `apiVersion`.
    pub(crate) fn to_value(&self) -> Value {
        serde_json::from_slice(&self.json).expect("written by `new` from a JSON value")
    }

    /// The whole object without `kind` and `apiVersion`, as JSON.
    pub(crate) fn json(&self) -> &[u8] {
        &self.json
    }

    /// The value of `metadata`, as JSON.
    pub(crate) fn metadata_json(&self) -> &[u8] {
        &self.json[OPENING.len()..self.metadata_end]
    }

    /// Appends the object, `kind` and `apiVersion` included, to `out`.
    pub(crate) fn write_typed(&self, kind: &str, api_version: &str, out: &mut Vec<u8>) {
        write_type(kind, api_version, out);
        out.extend_from_slice(&self.json[1..]);
    }

    /// Appends the object as a `PartialObjectMetadata`.
    pub(crate) fn write_partial(&self, out: &mut Vec<u8>) {
        write_type("PartialObjectMetadata", "meta.k8s.io/v1", out);
        out.extend_from_slice(&self.json[1..self.metadata_end]);
        out.push(b'}');
    }

    pub(crate) fn labels(&self) -> BTreeMap<String, String> {
        self.part::<Labels>().labels.unwrap_or_default()
    }

    pub(crate) fn owners(&self) -> Vec<Owner> {
        self.part::<Owners>().owner_references.unwrap_or_default()
    }

    fn part<T: Default + for<'a> Deserialize<'a>>(&self) -> T {
        serde_json::from_slice(self.metadata_json()).unwrap_or_default()
    }
}

fn write_type(kind: &str, api_version: &str, out: &mut Vec<u8>) {
    let start = format!(
        "{{\"kind\":{},\"apiVersion\":{},",
        Value::from(kind),
        Value::from(api_version)
    );
    out.extend_from_slice(start.as_bytes());
}

#[derive(Default, Deserialize)]
struct Labels {
    labels: Option<BTreeMap<String, String>>,
}

#[derive(Default, Deserialize)]
struct Owners {
    #[serde(rename = "ownerReferences")]
    owner_references: Option<Vec<Owner>>,
}

/// The text under `key`, or nothing.
pub(crate) fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object[key].as_str().unwrap_or_default()
}

/// The `metadata` of an object; an empty one is put in when there is none.
pub(crate) fn metadata(object: &mut Value) -> &mut Map<String, Value> {
    if !object["metadata"].is_object() {
        object["metadata"] = Value::Object(Map::new());
    }
    object["metadata"]
        .as_object_mut()
        .expect("made an object just above")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_are_ordered_as_etcd_orders_paths() {
        let mut keys = [
            ("team", "b"),
            ("team-0", "a"),
            ("team", "a.b"),
            ("team", "a-b"),
        ]
        .map(|(namespace, name)| ObjectKey::new(namespace, name));
        keys.sort();
        let paths = keys.map(|key| format!("{}/{}", key.namespace, key.name));
        assert_eq!(paths, ["team-0/a", "team/a-b", "team/a.b", "team/b"]);
    }

    #[test]
    fn an_object_is_written_whole_and_in_part() {
        let body = json!({
            "kind": "Pod", "apiVersion": "v1", "spec": {"a": 1},
            "metadata": {"name": "web", "namespace": "prod", "uid": "u", "labels": {"app": "web"}},
        });
        let object = Object::new(body, 7);
        let mut whole = Vec::new();
        object.write_typed("Pod", "v1", &mut whole);
        let whole: Value = serde_json::from_slice(&whole).unwrap();
        assert_eq!(whole["metadata"]["resourceVersion"], "7");
        assert_eq!(whole["spec"]["a"], 1);
        let mut part = Vec::new();
        object.write_partial(&mut part);
        let part: Value = serde_json::from_slice(&part).unwrap();
        assert_eq!(part["kind"], "PartialObjectMetadata");
        assert_eq!(part.get("spec"), None);
        assert_eq!(object.labels().get("app").map(String::as_str), Some("web"));
    }
}
