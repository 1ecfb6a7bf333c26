//! Config maps and secrets: keys, and of config maps the values that are not secret.
//!
//! Values of secrets are never asked for; should some arrive, they end here.
use serde_json::{Value, json};
use stocktake_config::ConfigMapData;
use stocktake_model::Map;

use crate::convert::{Draft, is_private_key};
use crate::redact::{REDACTED, Redactor};

/// How much of one value is kept, in bytes.
const MAX_VALUE: usize = 64 << 10;

/// Drops what a secret holds; the names of its keys stay.
pub(crate) fn prepare_secret(object: &mut Map) {
    let mut keys: Vec<String> = ["data", "stringData"]
        .iter()
        .filter_map(|part| object.remove(*part))
        .flat_map(into_keys)
        .collect();
    keys.sort_unstable();
    keys.dedup();
    if !keys.is_empty() && !object.contains_key("dataKeys") {
        object
            .entry("dataCount")
            .or_insert_with(|| json!(keys.len()));
        object.insert("dataKeys".to_owned(), keys.into());
    }
}

/// Keeps of a config map what the configuration allows.
pub(crate) fn prepare_config_map(keep: ConfigMapData, redactor: &Redactor, object: &mut Map) {
    let is_release = is_helm_release(object.get("metadata"));
    let data = object.remove("data");
    let binary = object.remove("binaryData");
    if keep == ConfigMapData::None {
        return;
    }
    let binary: Vec<String> = binary.map(into_keys).unwrap_or_default();
    if !binary.is_empty() {
        object.insert("binaryDataKeys".to_owned(), binary.into());
    }
    let Some(Value::Object(data)) = data else {
        return;
    };
    let keys: Vec<&str> = data.keys().map(String::as_str).collect();
    object.insert("dataKeys".to_owned(), keys.into());
    if keep == ConfigMapData::Full && !is_release {
        let mut cut = false;
        let data: Map = data
            .into_iter()
            .map(|(key, value)| {
                let value = kept(redactor, &key, value, &mut cut);
                (key, value)
            })
            .collect();
        object.insert("data".to_owned(), data.into());
        if cut {
            object.insert("dataTruncated".to_owned(), true.into());
        }
    }
}

fn kept(redactor: &Redactor, key: &str, value: Value, cut: &mut bool) -> Value {
    let Value::String(mut text) = value else {
        return value;
    };
    if redactor.is_suspicious_name(key) || is_private_key(&text) {
        return REDACTED.into();
    }
    if text.len() > MAX_VALUE {
        *cut = true;
        text.truncate(text.floor_char_boundary(MAX_VALUE));
    }
    Value::String(text)
}

fn into_keys(value: Value) -> Vec<String> {
    match value {
        Value::Object(map) => map.into_iter().map(|(key, _)| key).collect(),
        _ => Vec::new(),
    }
}

/// Releases of Helm 3 (`owner=helm`) and Helm 2 (`OWNER=TILLER`).
fn is_helm_release(metadata: Option<&Value>) -> bool {
    let label = |name: &str| metadata?.get("labels")?.get(name)?.as_str();
    label("owner") == Some("helm") || label("OWNER") == Some("TILLER")
}

/// What a release of Helm is called, read from labels: its content is never looked at.
pub(crate) fn finish(draft: &mut Draft<'_>) {
    if draft.label("owner") != Some("helm") {
        return;
    }
    let mut release = Map::new();
    for (name, label) in [
        ("name", "name"),
        ("revision", "version"),
        ("status", "status"),
    ] {
        if let Some(value) = draft.label(label) {
            release.insert(name.to_owned(), value.into());
        }
    }
    if release.get("status") == Some(&"deployed".into()) {
        let name = release.get("name").cloned().unwrap_or_default();
        release.insert("deployed".to_owned(), name);
    }
    draft.set("helm_release", release);
}
