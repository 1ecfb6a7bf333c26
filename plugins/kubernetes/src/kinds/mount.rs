//! What a pod mounts where: one entry per mount of a config map, a secret or a claim.
//!
//! It becomes the payload of the edge from the pod to what is mounted.
use serde_json::{Value, json};

use crate::convert::{Draft, field, list};
use stocktake_model::Map;

/// Lists of containers a pod has.
const CONTAINERS: [&str; 3] = ["init_containers", "containers", "ephemeral_containers"];

pub(crate) fn finish(draft: &mut Draft<'_>) {
    let mut mounts = Vec::new();
    let pod = draft.text(&["name"]).unwrap_or_default();
    for volume in draft.list(&["pod_spec", "volumes"]) {
        let Some(name) = field(volume, "name") else {
            continue;
        };
        for (kind, of) in sources(volume, pod) {
            add(&draft.reported, name, (kind, &of), &mut mounts);
        }
    }
    if !mounts.is_empty() {
        draft.set("mounts", mounts);
    }
}

/// What a volume is filled from.
fn sources(volume: &Value, pod: &str) -> Vec<(&'static str, String)> {
    let mut sources = Vec::new();
    let mut source = |from: &Value, part: &str, name: &str, kind: &'static str| {
        if let Some(of) = from.get(part).and_then(|part| field(part, name)) {
            sources.push((kind, of.to_owned()));
        }
    };
    source(volume, "config_map", "name", "ConfigMap");
    source(volume, "secret", "secret_name", "Secret");
    source(
        volume,
        "persistent_volume_claim",
        "claim_name",
        "PersistentVolumeClaim",
    );
    let projected = volume
        .get("projected")
        .and_then(|projected| projected.get("sources"));
    for from in projected.and_then(Value::as_array).into_iter().flatten() {
        source(from, "config_map", "name", "ConfigMap");
        source(from, "secret", "name", "Secret");
    }
    if let (Some(_), Some(name)) = (volume.get("ephemeral"), field(volume, "name")) {
        sources.push(("PersistentVolumeClaim", format!("{pod}-{name}")));
    }
    sources
}

/// Adds every place the volume is mounted at; a block device is one, too.
fn add(reported: &Map, volume: &str, (kind, name): (&str, &str), mounts: &mut Vec<Value>) {
    for containers in CONTAINERS {
        for container in list(reported, &["pod_spec", containers]) {
            let places = [
                ("volume_mounts", "mount_path"),
                ("volume_devices", "device_path"),
            ];
            for (part, path) in places {
                let all = container.get(part).and_then(Value::as_array);
                for mount in all.into_iter().flatten() {
                    if field(mount, "name") != Some(volume) {
                        continue;
                    }
                    let mut told = json!({
                        "resource_kind": kind, "name": name, "volume": volume,
                        "read_only": mount.get("read_only") == Some(&Value::Bool(true)),
                    });
                    for (to, from) in [("mount_path", path), ("sub_path", "sub_path")] {
                        if let Some(text) = field(mount, from) {
                            told[to] = text.into();
                        }
                    }
                    if let Some(container) = field(container, "name") {
                        told["container"] = container.into();
                    }
                    mounts.push(told);
                }
            }
        }
    }
}
