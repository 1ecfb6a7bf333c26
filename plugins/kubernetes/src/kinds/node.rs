//! Nodes: capacity, state, roles, addresses and place, as an `instance`.
use serde_json::Value;
use stocktake_model::{Map, parse_time};

use crate::convert::{Draft, condition, field};
use crate::kinds::amounts::{cores, gb, gib};
use crate::kinds::{elsewhere, provider};
use crate::raw::{Raw, RawMap};

/// How many images of a node are kept: the largest.
const IMAGES: usize = 50;
/// How long a node that is not ready counts as starting, in seconds.
const STARTING: i64 = 600;

/// Labels that tell the pool of a node, the most specific first.
const POOL_LABELS: [&str; 8] = [
    "eks.amazonaws.com/nodegroup",
    "alpha.eksctl.io/nodegroup-name",
    "kubernetes.azure.com/agentpool",
    "agentpool",
    "cloud.google.com/gke-nodepool",
    "doks.digitalocean.com/node-pool",
    "karpenter.sh/nodepool",
    "node.openshift.io/os_id",
];

/// Keeps the largest images only, before anything is converted.
pub(crate) fn prepare(object: &mut RawMap<'_>) {
    let images = object
        .get_mut("status")
        .and_then(|status| status.get_mut("images"));
    if let Some(Raw::List(images)) = images
        && images.len() > IMAGES
    {
        let size = |image: &Raw<'_>| image.get("sizeBytes").and_then(Raw::as_u64);
        images.sort_by_key(|image| std::cmp::Reverse(size(image)));
        images.truncate(IMAGES);
    }
}

pub(crate) fn finish(draft: &mut Draft<'_>) {
    let status = status(draft);
    draft.set("instance_status", status);
    let ready = condition(draft.list(&["node_status", "conditions"]), "Ready");
    draft.set("node_ready", ready == Some("True"));
    draft.copy("provider_id", &["node_spec", "provider_id"]);
    provider::finish(draft);
    elsewhere::finish_node(draft);
    amounts(draft);
    let labelled = |names: &[&str]| {
        let found = names.iter().find_map(|name| draft.label(name));
        found.map(str::to_owned)
    };
    let instance_type = labelled(&[
        "node.kubernetes.io/instance-type",
        "beta.kubernetes.io/instance-type",
    ]);
    let region = labelled(&[
        "topology.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/region",
    ]);
    let zone = labelled(&[
        "topology.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/zone",
    ]);
    let pool = labelled(&POOL_LABELS);
    draft.set(
        "instance_type",
        instance_type.unwrap_or_else(|| "kubernetes_node".to_owned()),
    );
    draft.set_some("topology_region", region);
    draft.set_some("topology_zone", zone);
    draft.set_some("node_pool", pool);
    let roles = roles(draft);
    draft.set("node_roles", roles);
    for (name, of) in [
        ("internal_ips", "InternalIP"),
        ("external_ips", "ExternalIP"),
    ] {
        let addresses = addresses(draft, of);
        draft.set(name, addresses);
    }
}

fn amounts(draft: &mut Draft<'_>) {
    type Read = fn(&Value) -> Option<f64>;
    let rows: [(&str, [&str; 3], Read); 6] = [
        ("instance_cores", ["node_status", "capacity", "cpu"], cores),
        (
            "instance_memory",
            ["node_status", "capacity", "memory"],
            gib,
        ),
        (
            "ephemeral_storage",
            ["node_status", "capacity", "ephemeral-storage"],
            gb,
        ),
        (
            "allocatable_cores",
            ["node_status", "allocatable", "cpu"],
            cores,
        ),
        (
            "allocatable_memory",
            ["node_status", "allocatable", "memory"],
            gib,
        ),
        (
            "allocatable_pods",
            ["node_status", "allocatable", "pods"],
            cores,
        ),
    ];
    for (name, path, read) in rows {
        draft.read(name, &path, read);
    }
}

/// The state as a machine. How old a node that is not ready is, is measured at its last heartbeat: the
/// same object gives the same state whenever it is converted.
fn status(draft: &Draft<'_>) -> &'static str {
    if draft.reported.contains_key("deletion_timestamp") {
        return "terminated";
    }
    let conditions = draft.list(&["node_status", "conditions"]);
    match condition(conditions, "Ready") {
        Some("True") => "running",
        Some("False") if is_starting(draft, conditions) => "busy",
        Some("False") => "stopped",
        Some(_) => "unknown",
        None => match draft.text(&["node_status", "phase"]) {
            Some("Pending") => "busy",
            Some("Running") => "running",
            Some("Failed") => "terminated",
            Some("Succeeded") => "stopped",
            _ => "unknown",
        },
    }
}

fn is_starting(draft: &Draft<'_>, conditions: &[Value]) -> bool {
    let ready = conditions
        .iter()
        .find(|condition| field(condition, "type") == Some("Ready"));
    let seen = ready.and_then(|ready| {
        field(ready, "last_heartbeat_time").or_else(|| field(ready, "last_transition_time"))
    });
    let second = |text: Option<&str>| Some(parse_time(text?).ok()?.as_second());
    match (second(draft.text(&["ctime"])), second(seen)) {
        (Some(made), Some(seen)) => seen - made < STARTING,
        _ => false,
    }
}

fn roles(draft: &Draft<'_>) -> Vec<String> {
    let labels = draft.find(&["labels"]).and_then(Value::as_object);
    labels
        .into_iter()
        .flat_map(Map::iter)
        .filter_map(|(label, value)| match label.as_str() {
            "kubernetes.io/role" => value.as_str(),
            label => label.strip_prefix("node-role.kubernetes.io/"),
        })
        .filter(|role| !role.is_empty())
        .map(str::to_owned)
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect()
}

fn addresses(draft: &Draft<'_>, of: &str) -> Vec<String> {
    draft
        .list(&["node_status", "addresses"])
        .iter()
        .filter(|address| field(address, "type") == Some(of))
        .filter_map(|address| field(address, "address").map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(node: Value, expected: &str) {
        let Value::Object(map) = node else {
            panic!("a node is an object");
        };
        assert_eq!(status(&Draft::new("c", "c", map)), expected);
    }

    fn with(status: &str, heartbeat: &str) -> Value {
        json!({"ctime": "2024-05-01T10:00:00Z", "node_status": {"conditions": [
            {"type": "Ready", "status": status, "last_heartbeat_time": heartbeat}]}})
    }

    #[test]
    fn the_state_follows_the_ready_condition() {
        check(with("True", ""), "running");
        check(with("Unknown", ""), "unknown");
        check(with("False", "2024-05-01T10:09:59Z"), "busy");
        check(with("False", "2024-05-01T10:10:00Z"), "stopped");
        check(with("False", "nonsense"), "stopped");
        check(json!({"deletion_timestamp": "x"}), "terminated");
        check(json!({"node_status": {"phase": "Pending"}}), "busy");
        check(json!({}), "unknown");
    }

    #[test]
    fn only_the_largest_images_are_kept() {
        let images: Vec<Value> = (0..60).map(|size| json!({"sizeBytes": size})).collect();
        let mut node = Raw::from(json!({"status": {"images": images}}));
        prepare(node.as_map_mut().unwrap());
        let node = Value::from(node);
        let kept = node["status"]["images"].as_array().unwrap();
        assert_eq!((kept.len(), &kept[49]), (50, &json!({"sizeBytes": 10})));
    }
}
