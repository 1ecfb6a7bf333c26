//! The two built-in objects that are served in two shapes: events and horizontal pod autoscalers.
//!
//! Conversion between versions of custom resources is not simulated (their strategy is `None`: only `apiVersion` changes).

use serde_json::{Map, Value, json};

use crate::catalog::Resource;

/// Fields of an event: name in the core group, name in `events.k8s.io`.
const EVENT_FIELDS: &[(&str, &str)] = &[
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("reportingComponent", "reportingController"),
];

/// Whether objects of this resource are kept in another shape than they are served in.
pub(crate) fn is_converted(resource: &Resource) -> bool {
    !resource.custom
        && matches!(
            resource.api_version().as_str(),
            "events.k8s.io/v1" | "autoscaling/v1"
        )
}

/// From the shape of a request into the shape that is kept.
pub(crate) fn to_storage(resource: &Resource, mut object: Value) -> Value {
    if is_converted(resource) {
        if resource.group == "autoscaling" {
            let spec = &mut object["spec"];
            let target = spec
                .as_object_mut()
                .and_then(|spec| spec.remove("targetCPUUtilizationPercentage"));
            if let Some(target) = target {
                spec["metrics"] = json!([{"type": "Resource", "resource": {
                    "name": "cpu", "target": {"type": "Utilization", "averageUtilization": target},
                }}]);
            }
        } else {
            rename(
                &mut object,
                EVENT_FIELDS.iter().map(|(core, own)| (*own, *core)),
            );
        }
    }
    object
}

/// From the shape that is kept into the shape of an answer.
pub(crate) fn from_storage(resource: &Resource, mut object: Value) -> Value {
    if is_converted(resource) {
        if resource.group == "autoscaling" {
            autoscaler_v1(&mut object);
        } else {
            rename(&mut object, EVENT_FIELDS.iter().copied());
            // The core group always says them, the other one only when there is something to say.
            if let Some(fields) = object.as_object_mut() {
                let silent = |field: &str| field.starts_with("reporting");
                fields.retain(|field, value| !(silent(field) && value == ""));
            }
        }
    }
    object
}

fn rename<'a>(object: &mut Value, names: impl Iterator<Item = (&'a str, &'a str)>) {
    let Some(fields) = object.as_object_mut() else {
        return;
    };
    for (from, to) in names {
        if let Some(value) = fields.remove(from) {
            fields.insert(to.to_owned(), value);
        }
    }
}

/// Metrics other than the CPU's, the behaviour and conditions go into annotations, as JSON.
fn autoscaler_v1(object: &mut Value) {
    let mut annotations = Map::new();
    let mut keep = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            let key = format!("autoscaling.alpha.kubernetes.io/{key}");
            annotations.insert(key, value.to_string().into());
        }
    };
    if let Some(spec) = object["spec"].as_object_mut() {
        let metrics = spec.remove("metrics");
        let metrics = metrics
            .as_ref()
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let (cpu, others): (Vec<_>, Vec<_>) = metrics.into_iter().partition(is_cpu_utilization);
        if let Some(cpu) = cpu.first() {
            let target = cpu["resource"]["target"]["averageUtilization"].clone();
            spec.insert("targetCPUUtilizationPercentage".to_owned(), target);
        }
        keep(
            "metrics",
            (!others.is_empty()).then_some(Value::Array(others)),
        );
        keep("behavior", spec.remove("behavior"));
    }
    if let Some(status) = object["status"].as_object_mut() {
        keep("conditions", status.remove("conditions"));
        keep("current-metrics", status.remove("currentMetrics"));
    }
    if !annotations.is_empty() {
        let held = &mut object["metadata"]["annotations"];
        if let Some(held) = held.as_object_mut() {
            held.append(&mut annotations);
        } else {
            *held = Value::Object(annotations);
        }
    }
}

fn is_cpu_utilization(metric: &Value) -> bool {
    metric["resource"]["name"] == "cpu" && metric["resource"]["target"]["type"] == "Utilization"
}
