//! Pods: restarts, readiness, owner, claims, and the containers and images they bring along.
use serde_json::{Value, json};

use crate::convert::{Draft, condition, field};
use crate::kinds::{container, mount, pod_resources, pod_status};

/// The three lists of statuses a pod has.
pub(crate) const STATUSES: [&str; 3] = [
    "init_container_statuses",
    "container_statuses",
    "ephemeral_container_statuses",
];

pub(crate) fn finish(draft: &mut Draft<'_>) {
    let restarts: i64 = STATUSES
        .iter()
        .flat_map(|list| draft.list(&["pod_status", list]))
        .filter_map(|status| status.get("restart_count")?.as_i64())
        .sum();
    draft.set("pod_restart_count", restarts);
    let ready = condition(draft.list(&["pod_status", "conditions"]), "Ready");
    draft.set("pod_ready", ready == Some("True"));
    let reason = pod_status::reason(&draft.reported);
    draft.set("pod_status_reason", reason);
    resources(draft);
    owner(draft);
    claims(draft);
    device_claims(draft);
    mount::finish(draft);
    container::bring(draft);
}

fn resources(draft: &mut Draft<'_>) {
    let Some(spec) = draft.find(&["pod_spec"]) else {
        return;
    };
    let sums = pod_resources::sums(spec);
    let finished = matches!(
        draft.text(&["pod_status", "phase"]),
        Some("Succeeded" | "Failed")
    );
    for (name, value) in [
        ("requested_cores", sums.requested.cores),
        ("requested_memory", sums.requested.memory),
        ("limit_cores", sums.limit.cores),
        ("limit_memory", sums.limit.memory),
        // What the scheduler still counts: nothing once the pod is through.
        ("reserved_cores", sums.requested.cores.filter(|_| !finished)),
        (
            "reserved_memory",
            sums.requested.memory.filter(|_| !finished),
        ),
    ] {
        draft.set_some(name, value);
    }
}

/// The controller that made the pod; a replica set made by a deployment is named after it and the hash of
/// the template, so the deployment is known without having seen it. The core looks further up where it can.
fn owner(draft: &mut Draft<'_>) {
    let controller = draft
        .list(&["owner_references"])
        .iter()
        .find(|owner| owner.get("controller") == Some(&Value::Bool(true)));
    let Some((kind, name)) =
        controller.and_then(|owner| Some((field(owner, "resource_kind")?, field(owner, "name")?)))
    else {
        return;
    };
    let deployment = draft
        .label("pod-template-hash")
        .filter(|_| kind == "ReplicaSet")
        .and_then(|hash| name.strip_suffix(hash)?.strip_suffix('-'));
    let (kind, name) = match deployment {
        Some(deployment) => ("Deployment".to_owned(), deployment.to_owned()),
        None => (kind.to_owned(), name.to_owned()),
    };
    draft.set("controller_kind", kind);
    draft.set("controller_name", name);
}

/// Names of the claims that generic ephemeral volumes make: `<pod>-<volume>`.
fn claims(draft: &mut Draft<'_>) {
    let pod = draft.text(&["name"]).unwrap_or_default();
    let names: Vec<String> = draft
        .list(&["pod_spec", "volumes"])
        .iter()
        .filter(|volume| volume.get("ephemeral").is_some())
        .filter_map(|volume| Some(format!("{pod}-{}", field(volume, "name")?)))
        .collect();
    if !names.is_empty() {
        draft.set("ephemeral_claim_names", names);
    }
}

/// Which template each claim for devices was made from: the spec names the template, the status the claim.
fn device_claims(draft: &mut Draft<'_>) {
    let made = draft.list(&["pod_status", "resource_claim_statuses"]);
    let pairs: Vec<Value> = draft
        .list(&["pod_spec", "resource_claims"])
        .iter()
        .filter_map(|asked| {
            let template = field(asked, "resource_claim_template_name")?;
            let claim = made
                .iter()
                .find(|made| made.get("name") == asked.get("name"))?;
            let claim = field(claim, "resource_claim_name")?;
            Some(json!({"template": template, "claim": claim}))
        })
        .collect();
    if !pairs.is_empty() {
        draft.set("device_claims", pairs);
    }
}
