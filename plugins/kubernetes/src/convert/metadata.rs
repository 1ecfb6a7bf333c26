//! The properties every object has: identity, times, labels and annotations, owners, managers.
use serde_json::Value;
use stocktake_act::expiry;
use stocktake_model::{Map, TimeError, normalise, parse_time};

use crate::convert::{Walk, field, list, text};
use crate::raw::{Raw, RawMap};

/// Names in the API's metadata that are kept as they are, and the properties they become.
const KEPT: [(&str, &str); 9] = [
    ("uid", "id"),
    ("name", "name"),
    ("namespace", "namespace"),
    ("labels", "labels"),
    ("resourceVersion", "resource_version"),
    ("generation", "generation"),
    ("generateName", "generate_name"),
    ("selfLink", "self_link"),
    (
        "deletionGracePeriodSeconds",
        "deletion_grace_period_seconds",
    ),
];

/// The common properties that `metadata` gives.
pub(crate) fn properties(mut metadata: RawMap<'_>, walk: &mut Walk<'_>) -> Map {
    let mut reported = Map::new();
    for (key, name) in KEPT {
        let empty = |value: &Raw<'_>| value.as_str().is_some_and(str::is_empty);
        if let Some(value) = metadata.remove(key)
            && !empty(&value)
            && let Some(value) = walk.value(key, value)
        {
            reported.insert(name.to_owned(), value);
        }
    }
    if let Some(tags) = metadata
        .remove("annotations")
        .and_then(|annotations| walk.value("annotations", annotations))
    {
        reported.insert("tags".to_owned(), tags);
    }
    for (key, name) in [
        ("creationTimestamp", "ctime"),
        ("deletionTimestamp", "deletion_timestamp"),
    ] {
        match metadata.get(key).map(time) {
            Some(Ok(Some(time))) => {
                reported.insert(name.to_owned(), time.into());
            }
            Some(Err(error)) => {
                tracing::debug!(key, %error, "timestamp left out");
                walk.unreadable.push(name.to_owned());
            }
            Some(Ok(None)) | None => {}
        }
    }
    for (key, name) in [
        ("finalizers", "finalizers"),
        ("ownerReferences", "owner_references"),
    ] {
        if let Some(value) = metadata
            .remove(key)
            .and_then(|value| walk.value(key, value))
        {
            reported.insert(name.to_owned(), value);
        }
    }
    managed_fields(&metadata, &mut reported);
    reported
}

/// Who wrote the object, and when last; what they wrote is in the object itself.
fn managed_fields(metadata: &RawMap<'_>, reported: &mut Map) {
    let entries = metadata.get("managedFields").map_or(&[][..], Raw::items);
    let mut managers: Vec<&str> = entries
        .iter()
        .filter_map(|entry| entry.text("manager"))
        .collect();
    managers.sort_unstable();
    managers.dedup();
    if !managers.is_empty() {
        reported.insert("managed_field_managers".to_owned(), managers.into());
    }
    let last = entries
        .iter()
        .filter_map(|entry| time(entry.get("time")?).ok()?)
        .max();
    if let Some(last) = last {
        reported.insert("mtime".to_owned(), last.into());
    }
}

/// When an object may go by its own annotations, or why that can not be read.
pub(crate) fn expiry_of(reported: &Map) -> Option<(String, Value)> {
    let tags = reported.get("tags")?.as_object()?;
    let created = text(reported, &["ctime"]).and_then(|time| parse_time(time).ok());
    match expiry(tags, created) {
        Ok(at) => Some(("expires".to_owned(), normalise(at?).into())),
        Err(error) => Some(("expiry_error".to_owned(), error.to_string().into())),
    }
}

/// Sets `mtime`: the last transition of a condition, else the last write, else the creation.
pub(crate) fn last_change(reported: &mut Map, short: &str) {
    let status = format!("{short}_status");
    let transition = list(reported, &[&status, "conditions"])
        .iter()
        .filter_map(|condition| field(condition, "last_transition_time"))
        .filter(|time| parse_time(time).is_ok())
        .max()
        .map(str::to_owned);
    let fallback = || match reported.get("mtime") {
        Some(_) => None,
        None => text(reported, &["ctime"]).map(str::to_owned),
    };
    if let Some(time) = transition.or_else(fallback) {
        reported.insert("mtime".to_owned(), time.into());
    }
}

/// A timestamp in its stored form; none for empty ones and for the zero times some servers send.
fn time(value: &Raw<'_>) -> Result<Option<String>, TimeError> {
    let Some(text) = value.as_str().filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let time = parse_time(text)?;
    Ok((time.as_second() > 0).then(|| normalise(time)))
}
