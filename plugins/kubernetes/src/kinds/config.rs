//! Config maps and secrets: keys, and of config maps the values that are not secret.
//!
//! Values of secrets are never asked for; should some arrive, they end here.
use serde_json::json;
use stocktake_config::ConfigMapData;
use stocktake_model::Map;

use crate::convert::{Draft, is_private_key};
use crate::raw::{Raw, RawMap};
use crate::redact::{REDACTED, Redactor};

/// How much of one value is kept, in bytes.
const MAX_VALUE: usize = 64 << 10;

/// Drops what a secret holds; the names of its keys stay.
pub(crate) fn prepare_secret(object: &mut RawMap<'_>) {
    let parts = ["data", "stringData"].map(|part| object.remove(part));
    let mut keys: Vec<String> = parts.into_iter().flatten().flat_map(into_keys).collect();
    keys.sort_unstable();
    keys.dedup();
    if !keys.is_empty() && !object.contains("dataKeys") {
        if !object.contains("dataCount") {
            object.insert("dataCount", json!(keys.len()));
        }
        object.insert("dataKeys", keys);
    }
}

/// Keeps of a config map what the configuration allows.
pub(crate) fn prepare_config_map(
    keep: ConfigMapData,
    redactor: &Redactor,
    object: &mut RawMap<'_>,
) {
    let is_release = is_helm_release(object.get("metadata"));
    let data = object.remove("data");
    let binary = object.remove("binaryData");
    if keep == ConfigMapData::None {
        return;
    }
    let binary = binary.map(into_keys).unwrap_or_default();
    if !binary.is_empty() {
        object.insert("binaryDataKeys", binary);
    }
    let Some(Raw::Map(data)) = data else {
        return;
    };
    object.insert("dataKeys", sorted_keys(&data));
    if keep == ConfigMapData::Full && !is_release {
        let mut cut = false;
        let data = data.map(|key, value| kept(redactor, key, value, &mut cut));
        object.insert("data", Raw::Map(data));
        if cut {
            object.insert("dataTruncated", json!(true));
        }
    }
}

fn kept<'t>(redactor: &Redactor, key: &str, value: Raw<'t>, cut: &mut bool) -> Raw<'t> {
    let Raw::Text(mut text) = value else {
        return value;
    };
    if redactor.is_suspicious_name(key) || is_private_key(&text) {
        return Raw::Text(REDACTED.into());
    }
    if text.len() > MAX_VALUE {
        *cut = true;
        let end = text.floor_char_boundary(MAX_VALUE);
        text.to_mut().truncate(end);
    }
    Raw::Text(text)
}

fn into_keys(value: Raw<'_>) -> Vec<String> {
    match value {
        Raw::Map(map) => sorted_keys(&map),
        _ => Vec::new(),
    }
}

fn sorted_keys(map: &RawMap<'_>) -> Vec<String> {
    let mut keys: Vec<String> = map.iter().map(|(key, _)| key.to_owned()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Releases of Helm 3 (`owner=helm`) and Helm 2 (`OWNER=TILLER`).
fn is_helm_release(metadata: Option<&Raw<'_>>) -> bool {
    let label = |name: &str| metadata?.get("labels")?.text(name);
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
