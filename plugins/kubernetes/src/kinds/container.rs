//! Containers: one node per entry of a pod's three lists, a view onto the pod and contained in it.
use serde_json::Value;
use stocktake_model::{Map, NodeRecord, Parent};

use crate::convert::{Draft, UNREADABLE, field};
use crate::kinds::image::{Image, status_digest};
use crate::kinds::pod_resources::{self, own};

/// List of specs, list of statuses, type of the container.
const LISTS: [(&str, &str, &str); 3] = [
    ("init_containers", "init_container_statuses", "init"),
    ("containers", "container_statuses", "container"),
    (
        "ephemeral_containers",
        "ephemeral_container_statuses",
        "ephemeral",
    ),
];

/// Properties of the pod that its containers share.
const OF_POD: [&str; 4] = ["namespace", "cluster_name", "labels", "ctime"];

/// Adds the containers of a converted pod and their images to its draft.
pub(crate) fn bring(draft: &mut Draft<'_>) {
    let mut parts = Vec::new();
    let mut images = Vec::new();
    for (specs, statuses, of_type) in LISTS {
        let statuses = draft.list(&["pod_status", statuses]);
        for spec in draft.list(&["pod_spec", specs]) {
            let status = statuses
                .iter()
                .find(|status| status.get("name") == spec.get("name"));
            let Some(container) = Container::new(draft, of_type, spec, status) else {
                continue;
            };
            images.push(container.image);
            parts.push(container.record);
        }
    }
    for (id, reference) in images.into_iter().flatten() {
        let mut properties = Image::parse(&reference).properties();
        if id.starts_with("sha256:") {
            properties.insert("image_digest".to_owned(), id.as_str().into());
        }
        draft.share("kubernetes_image", id, &reference, properties);
    }
    draft.parts = parts;
}

/// A container, with the id and reference of its image.
struct Container {
    record: NodeRecord,
    image: Option<(String, String)>,
}

impl Container {
    fn new(pod: &Draft<'_>, of_type: &str, spec: &Value, status: Option<&Value>) -> Option<Self> {
        let name = field(spec, "name")?;
        let uid = pod.text(&["id"])?;
        let mut map = Map::new();
        for property in OF_POD {
            if let Some(value) = pod.reported.get(property) {
                map.insert(property.to_owned(), value.clone());
            }
        }
        let sidecar = of_type == "init" && field(spec, "restart_policy") == Some("Always");
        let mut set = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                map.insert(name.to_owned(), value);
            }
        };
        set("kind", Some("kubernetes_container".into()));
        set("id", Some(format!("{uid}-{name}").into()));
        set("name", Some(name.into()));
        set(
            "container_type",
            Some(if sidecar { "sidecar" } else { of_type }.into()),
        );
        set("pod_uid", Some(uid.into()));
        set("pod_name", pod.reported.get("name").cloned());
        set("node_name", pod.find(&["pod_spec", "node_name"]).cloned());
        set("image_pull_policy", spec.get("image_pull_policy").cloned());
        set("privileged", Some(is_privileged(spec).into()));
        set("run_as_root", Some(runs_as_root(pod, spec).into()));
        let mut unreadable = Vec::new();
        for (which, cores, memory) in [
            ("requests", "requested_cores", "requested_memory"),
            ("limits", "limit_cores", "limit_memory"),
        ] {
            let amounts = own(spec, which);
            unreadable.extend(pod_resources::unreadable(spec, which, &amounts));
            set(cores, amounts.cores.map(Value::from));
            set(memory, amounts.memory.map(Value::from));
        }
        let image = image(spec, status, &mut map);
        if let Some(status) = status {
            add_status(status, &mut map);
            map.insert("container_status".to_owned(), status.clone());
        }
        map.insert("container_spec".to_owned(), spec.clone());
        let mut metadata = Map::new();
        if !unreadable.is_empty() {
            metadata.insert(UNREADABLE.to_owned(), unreadable.into());
        }
        let record = NodeRecord {
            reported: map,
            metadata,
            parent: Parent::Uid(uid.to_owned()),
        };
        Some(Self { record, image })
    }
}

/// Sets the properties of the image; gives the id and reference of its node.
fn image(spec: &Value, status: Option<&Value>, map: &mut Map) -> Option<(String, String)> {
    let reference = field(spec, "image").filter(|image| !image.is_empty())?;
    let parsed = Image::parse(reference);
    map.extend(parsed.properties());
    map.insert("image".to_owned(), reference.into());
    let resolved = status
        .and_then(|status| field(status, "image_id"))
        .and_then(status_digest);
    let id = resolved.or(parsed.digest()).unwrap_or(reference);
    // The id of the image's node: where the edge to it comes from.
    map.insert("image_node_id".to_owned(), id.into());
    Some((id.to_owned(), reference.to_owned()))
}

fn add_status(status: &Value, map: &mut Map) {
    let mut set = |name: &str, value: Option<&Value>| {
        if let Some(value) = value {
            map.insert(name.to_owned(), value.clone());
        }
    };
    set("restart_count", status.get("restart_count"));
    set("status_ready", status.get("ready"));
    set("status_started", status.get("started"));
    set("status_image_id", status.get("image_id"));
    let digest = field(status, "image_id").and_then(status_digest);
    set("status_image_sha", digest.map(Value::from).as_ref());
    let state = |name: &str, of: &str| status.get(name).and_then(|state| state.get(of)).cloned();
    for of in ["running", "waiting", "terminated"] {
        let Some(detail) = state("state", of) else {
            continue;
        };
        set("status_state", Some(&Value::from(of)));
        set("status_state_reason", detail.get("reason"));
        set("status_exit_code", detail.get("exit_code"));
        set("started_at", detail.get("started_at"));
    }
    if let Some(last) = state("last_state", "terminated") {
        set("status_last_reason", last.get("reason"));
        set("status_last_exit_code", last.get("exit_code"));
    }
}

fn is_privileged(spec: &Value) -> bool {
    let security = spec.get("security_context");
    security.and_then(|security| security.get("privileged")) == Some(&Value::Bool(true))
}

/// Whether the user is 0, or nobody says who it is and nothing forbids root. The container's own word counts
/// before the pod's.
fn runs_as_root(pod: &Draft<'_>, spec: &Value) -> bool {
    let of_pod = pod.find(&["pod_spec", "security_context"]);
    let said = |name: &str| {
        let of_container = spec.get("security_context").and_then(|own| own.get(name));
        of_container.or_else(|| of_pod.and_then(|pod| pod.get(name)))
    };
    match said("run_as_user").and_then(Value::as_i64) {
        Some(user) => user == 0,
        None => said("run_as_non_root") != Some(&Value::Bool(true)),
    }
}
