//! Which changes are worth showing in a history: those of what somebody configured, not of what goes up and down by
//! itself.
use std::collections::BTreeMap;

use serde_json::Value;
use stocktake_model::{Map, NodeRecord};
use stocktake_store::{ChangeKind, VersionChange};

use crate::past::LEFT_OUT;

/// Properties that change without anybody changing the object.
const VOLATILE: [&str; 8] = [
    "ctime",
    "atime",
    "mtime",
    "age",
    "last_access",
    "last_update",
    "resource_version",
    "generation",
];
/// Who wrote which field last; of no use without what was written.
const MANAGERS: &str = "managed_field_managers";
/// Leader election writes its annotations every few seconds, so only its data counts.
const DATA_ONLY: &str = "kubernetes_config_map";

/// True if a history leaves the change out.
pub(crate) fn is_noise(change: &VersionChange) -> bool {
    let node = change.after.as_ref().or(change.before.as_ref());
    if node.is_none_or(|node| LEFT_OUT.contains(&node.record.kind())) {
        return true;
    }
    match (change.change, &change.before, &change.after) {
        (ChangeKind::Updated, Some(before), Some(after)) => {
            essence(&before.record) == essence(&after.record)
        }
        _ => false,
    }
}

/// What of a node a history is about.
fn essence(record: &NodeRecord) -> BTreeMap<&str, Value> {
    let is_kept = |name: &str| match record.kind() {
        DATA_ONLY => name.starts_with("data") || name.starts_with("binary_data"),
        _ => !VOLATILE.contains(&name) && name != MANAGERS && !is_status(name),
    };
    let properties = record
        .reported
        .iter()
        .map(|(key, value)| (key.as_str(), value));
    properties
        .filter(|(name, value)| is_kept(name) && !is_time(value))
        .map(|(name, value)| (name, quiet(value)))
        .collect()
}

fn is_status(name: &str) -> bool {
    name == "status" || name.ends_with("_status") || name.starts_with("status_")
}

/// The value without times and statuses, however deep they are.
fn quiet(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let left = map.iter().filter(|(name, value)| {
                !is_status(name) && !is_time(value) && name.as_str() != MANAGERS
            });
            let left: Map = left
                .map(|(name, value)| (name.clone(), quiet(value)))
                .collect();
            Value::Object(left)
        }
        Value::Array(items) => items
            .iter()
            .filter(|item| !is_time(item))
            .map(quiet)
            .collect(),
        scalar => scalar.clone(),
    }
}

/// True for `YYYY-MM-DDTHH:MM:SSZ` and its variants: cheap to rule out for everything else.
fn is_time(value: &Value) -> bool {
    let Some(text) = value.as_str() else {
        return false;
    };
    let bytes = text.as_bytes();
    matches!(
        bytes,
        [b'0'..=b'9', _, _, _, b'-', _, _, b'-', _, _, b'T', ..]
    ) && text.parse::<jiff::Timestamp>().is_ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use stocktake_model::{NodeId, Parent};
    use stocktake_store::StoredNode;

    use super::*;

    fn node(kind: &str, reported: &Value) -> StoredNode {
        let mut reported = reported.as_object().unwrap().clone();
        reported.insert("kind".into(), kind.into());
        StoredNode {
            id: NodeId::ROOT,
            record: NodeRecord {
                reported,
                metadata: Map::new(),
                parent: Parent::Account,
            },
            first_seen: jiff::Timestamp::UNIX_EPOCH,
            changed: jiff::Timestamp::UNIX_EPOCH,
            revision: 1,
        }
    }

    #[test]
    fn what_goes_up_and_down_by_itself_is_noise() {
        for (kind, before, after, is_noisy) in [
            (
                "kubernetes_pod",
                json!({"resource_version": "1"}),
                json!({"resource_version": "2"}),
                true,
            ),
            (
                "kubernetes_pod",
                json!({"pod_status": {"phase": "Pending"}}),
                json!({"pod_status": {}}),
                true,
            ),
            (
                "kubernetes_pod",
                json!({"containers": [{"name": "a", "status_ready": true}]}),
                json!({"containers": [{"name": "a", "status_ready": false}]}),
                true,
            ),
            (
                "kubernetes_pod",
                json!({"renewed": "2024-05-01T00:00:00Z"}),
                json!({"renewed": "2024-05-02T00:00:00Z"}),
                true,
            ),
            (
                "kubernetes_pod",
                json!({"labels": {"a": "1"}}),
                json!({"labels": {"a": "2"}}),
                false,
            ),
            (
                "kubernetes_pod",
                json!({"replicas": 1}),
                json!({"replicas": 2}),
                false,
            ),
            (
                "kubernetes_pod",
                json!({"image": "web:2024-05-01"}),
                json!({"image": "web:2024-05-02"}),
                false,
            ),
            (
                "kubernetes_config_map",
                json!({"annotations": {"leader": "a"}}),
                json!({"annotations": {"leader": "b"}}),
                true,
            ),
            (
                "kubernetes_config_map",
                json!({"data": {"a": "1"}}),
                json!({"data": {"a": "2"}}),
                false,
            ),
            (
                "kubernetes_lease",
                json!({"labels": {"a": "1"}}),
                json!({"labels": {"a": "2"}}),
                true,
            ),
        ] {
            let change = VersionChange::new(
                ChangeKind::Updated,
                jiff::Timestamp::UNIX_EPOCH,
                Some(node(kind, &before)),
                Some(node(kind, &after)),
            );
            assert_eq!(is_noise(&change), is_noisy, "{kind} {before} {after}");
        }
    }
}
