//! The `Table` form of objects, as `kubectl get` asks for it: columns and cells.
//!
//! Pods and secrets have the columns of a real server; every other kind has its name and age.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::catalog::Resource;
use crate::object::text;

const NAME: &str = "Name must be unique within a namespace. Is required when creating resources, \
    although some resources may allow a client to request the generation of an appropriate name \
    automatically. Name is primarily intended for creation idempotence and configuration \
    definition. Cannot be updated. More info: \
    https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names";
const AGE: &str = "CreationTimestamp is a timestamp representing the server time when this object \
    was created. It is not guaranteed to be set in happens-before order across separate \
    operations. Clients may not set this value. It is represented in RFC3339 form and is in \
    UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: \
    https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

/// A column: name, description, and whether it is only shown on request.
type Column = (&'static str, &'static str, u8);

const PLAIN: &[Column] = &[("Name", NAME, 0), ("Age", AGE, 0)];
const SECRETS: &[Column] = &[
    ("Name", NAME, 0),
    (
        "Type",
        "Used to facilitate programmatic handling of secret data.",
        0,
    ),
    ("Data", "Data contains the secret data.", 0),
    ("Age", AGE, 0),
];
const PODS: &[Column] = &[
    ("Name", NAME, 0),
    (
        "Ready",
        "The aggregate readiness state of this pod for accepting traffic.",
        0,
    ),
    (
        "Status",
        "The aggregate status of the containers in this pod.",
        0,
    ),
    (
        "Restarts",
        "The number of times the containers in this pod have been restarted and when the last \
         container in this pod has restarted.",
        0,
    ),
    ("Age", AGE, 0),
    (
        "IP",
        "podIP address allocated to the pod. Empty if not yet allocated.",
        1,
    ),
    (
        "Node",
        "NodeName indicates in which node this pod is scheduled.",
        1,
    ),
    (
        "Nominated Node",
        "nominatedNodeName is set only when this pod preempts other pods.",
        1,
    ),
    (
        "Readiness Gates",
        "All of them are evaluated for pod readiness.",
        1,
    ),
];

enum Shape {
    Pod,
    Secret,
    Plain,
}

fn shape(resource: &Resource) -> Shape {
    match (resource.group.as_str(), resource.plural.as_str()) {
        ("", "pods") => Shape::Pod,
        ("", "secrets") => Shape::Secret,
        _ => Shape::Plain,
    }
}

/// The `columnDefinitions`.
pub(crate) fn columns(resource: &Resource) -> Value {
    let columns = match shape(resource) {
        Shape::Pod => PODS,
        Shape::Secret => SECRETS,
        Shape::Plain => PLAIN,
    };
    let defined = columns.iter().map(|(name, description, priority)| {
        let format = if *name == "Name" { "name" } else { "" };
        json!({
            "name": name, "type": "string", "format": format, "description": description,
            "priority": priority,
        })
    });
    defined.collect()
}

/// The cells of one row.
pub(crate) fn cells(resource: &Resource, object: &Value, now: Timestamp) -> Value {
    let meta = &object["metadata"];
    let (name, age) = (
        text(meta, "name"),
        age(text(meta, "creationTimestamp"), now),
    );
    match shape(resource) {
        Shape::Plain => json!([name, age]),
        Shape::Secret => {
            let keys = object["data"].as_object().map_or(0, serde_json::Map::len);
            json!([name, object["type"], keys, age])
        }
        Shape::Pod => pod_cells(object, name, &age, now),
    }
}

fn pod_cells(pod: &Value, name: &str, age: &str, now: Timestamp) -> Value {
    let statuses = pod["status"]["containerStatuses"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let all = pod["spec"]["containers"].as_array().map_or(0, Vec::len);
    let ready = statuses
        .iter()
        .filter(|status| status["ready"] == true)
        .count();
    let restarts: i64 = statuses
        .iter()
        .filter_map(|status| status["restartCount"].as_i64())
        .sum();
    let last = statuses
        .iter()
        .filter_map(|status| status["lastState"]["terminated"]["finishedAt"].as_str())
        .max();
    let restarts = match last {
        Some(last) if restarts > 0 => format!("{restarts} ({} ago)", self::age(last, now)),
        _ => restarts.to_string(),
    };
    let or_none = |text: &str| {
        if text.is_empty() {
            "<none>".to_owned()
        } else {
            text.to_owned()
        }
    };
    json!([
        name,
        format!("{ready}/{all}"),
        pod_status(pod, &statuses),
        restarts,
        age,
        or_none(text(&pod["status"], "podIP")),
        or_none(text(&pod["spec"], "nodeName")),
        or_none(text(&pod["status"], "nominatedNodeName")),
        "<none>",
    ])
}

/// Why a container does not run, before the phase; a pod on its way out is `Terminating`.
fn pod_status(pod: &Value, statuses: &[Value]) -> String {
    if !pod["metadata"]["deletionTimestamp"].is_null() {
        return "Terminating".to_owned();
    }
    let reason = |status: &Value| {
        let reason = |state: &str| {
            status["state"][state]["reason"]
                .as_str()
                .map(ToOwned::to_owned)
        };
        reason("waiting").or_else(|| reason("terminated"))
    };
    let status = &pod["status"];
    let of_pod = status["reason"]
        .as_str()
        .filter(|reason| !reason.is_empty());
    statuses
        .iter()
        .rev()
        .find_map(reason)
        .or_else(|| of_pod.map(ToOwned::to_owned))
        .unwrap_or_else(|| text(status, "phase").to_owned())
}

/// How long ago `since` was, as `kubectl` prints it.
fn age(since: &str, now: Timestamp) -> String {
    let Ok(since) = since.parse::<Timestamp>() else {
        return "<unknown>".to_owned();
    };
    human(now.duration_since(since).as_secs())
}

/// Kubernetes' two most telling units, e.g., `96s`, `70m`, `3d4h`.
fn human(secs: i64) -> String {
    let (minutes, hours, days) = (secs / 60, secs / 3600, secs / 86_400);
    let years = days / 365;
    let two = |big: i64, big_unit: char, small: i64, small_unit: char| {
        if small == 0 {
            format!("{big}{big_unit}")
        } else {
            format!("{big}{big_unit}{small}{small_unit}")
        }
    };
    match secs {
        ..0 => "<invalid>".to_owned(),
        0..120 => format!("{secs}s"),
        _ if minutes < 10 => two(minutes, 'm', secs % 60, 's'),
        _ if hours < 3 => format!("{minutes}m"),
        _ if hours < 8 => two(hours, 'h', minutes % 60, 'm'),
        _ if hours < 48 => format!("{hours}h"),
        _ if days < 8 => two(days, 'd', hours % 24, 'h'),
        _ if years < 2 => format!("{days}d"),
        _ if years < 8 => two(years, 'y', days % 365, 'd'),
        _ => format!("{years}y"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_read_as_in_kubectl() {
        for (secs, expected) in [
            (-1, "<invalid>"),
            (96, "96s"),
            (300, "5m"),
            (301, "5m1s"),
            (4200, "70m"),
            (4 * 3600 + 60, "4h1m"),
            (47 * 3600, "47h"),
            (3 * 86_400 + 4 * 3600, "3d4h"),
            (9 * 86_400, "9d"),
            (3 * 365 * 86_400, "3y"),
        ] {
            assert_eq!(human(secs), expected, "{secs}");
        }
    }
}
