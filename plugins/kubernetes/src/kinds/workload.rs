//! Stateful sets and autoscalers: names of claims, and the old way to say a CPU target.
use serde_json::Value;

use crate::convert::{Draft, field};

/// More claims than any stateful set has; a spec may say any number.
const MAX_CLAIMS: i64 = 10_000;

/// Names of the claims a stateful set makes: `<template>-<set>-<ordinal>`.
pub(crate) fn finish_stateful_set(draft: &mut Draft<'_>) {
    let number = |path: &[&str]| draft.find(path).and_then(Value::as_i64);
    let first = number(&["stateful_set_spec", "ordinals", "start"]).unwrap_or_default();
    let wanted = number(&["stateful_set_spec", "replicas"]).unwrap_or(1);
    let there = number(&["stateful_set_status", "replicas"]).unwrap_or_default();
    let count = wanted.max(there).clamp(0, MAX_CLAIMS);
    let set = draft.text(&["name"]).unwrap_or_default();
    let names: Vec<String> = draft
        .list(&["stateful_set_spec", "volume_claim_templates"])
        .iter()
        .filter_map(|template| field(template.get("metadata")?, "name"))
        .flat_map(|template| {
            (0..count).map(move |at| format!("{template}-{set}-{}", first.saturating_add(at)))
        })
        .collect();
    if !names.is_empty() {
        draft.set("claim_names", names);
    }
}

/// The CPU target as version 1 of the API had it.
pub(crate) fn finish_autoscaler(draft: &mut Draft<'_>) {
    let spec = "horizontal_pod_autoscaler_spec";
    let old = draft.find(&[spec, "target_cpu_utilization_percentage"]);
    let target = old.cloned().or_else(|| {
        let metrics = draft.list(&[spec, "metrics"]).iter();
        let mut cpu = metrics.filter_map(|metric| metric.get("resource"));
        let cpu = cpu.find(|resource| field(resource, "name") == Some("cpu"))?;
        cpu.get("target")?.get("average_utilization").cloned()
    });
    let Some(target) = target else { return };
    if let Some(spec) = draft.section(spec) {
        spec.insert(
            "target_cpu_utilization_percentage".to_owned(),
            target.clone(),
        );
    }
    draft.set("target_cpu_utilization_percentage", target);
}
