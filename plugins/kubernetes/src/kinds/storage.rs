//! Volumes, claims, storage classes and snapshots: sizes in GB, states, where the bytes are.
use serde_json::Value;

use crate::convert::{Draft, field};
use crate::kinds::amounts::{gb, whole_bytes};
use crate::kinds::elsewhere;

/// Fields of a volume's spec that are not its source.
const NOT_A_SOURCE: [&str; 3] = ["capacity", "claim_ref", "node_affinity"];
/// Fields of a source that name the volume in its backend.
const HANDLES: [&str; 6] = [
    "volume_handle",
    "volume_id",
    "disk_uri",
    "pd_name",
    "dataset_uuid",
    "volume_name",
];

pub(crate) fn finish_volume(draft: &mut Draft<'_>) {
    let capacity = ["persistent_volume_spec", "capacity", "storage"];
    if draft.find(&capacity).is_none() {
        draft.set("volume_size", 0.0);
    }
    draft.read("volume_size", &capacity, gb);
    let bytes = draft.find(&capacity).and_then(whole_bytes);
    draft.set_some("volume_size_bytes", bytes);
    let class = draft.text(&["persistent_volume_spec", "storage_class_name"]);
    let class = class.unwrap_or_default().to_owned();
    draft.set("volume_type", class);
    let status = match draft.text(&["persistent_volume_status", "phase"]) {
        Some("Available") => "available",
        Some("Bound") => "in-use",
        Some("Released" | "Pending") => "busy",
        Some("Failed") => "error",
        _ => "unknown",
    };
    draft.set("volume_status", status);
    source(draft);
    elsewhere::finish_volume(draft);
}

fn source(draft: &mut Draft<'_>) {
    let spec = draft
        .find(&["persistent_volume_spec"])
        .and_then(Value::as_object);
    let Some((name, source)) = spec.and_then(|spec| {
        spec.iter()
            .find(|(name, value)| value.is_object() && !NOT_A_SOURCE.contains(&name.as_str()))
    }) else {
        return;
    };
    let driver = field(source, "driver").filter(|_| matches!(name.as_str(), "csi" | "flex_volume"));
    let kind = driver.unwrap_or(name).to_owned();
    let handle = HANDLES.iter().find_map(|handle| field(source, handle));
    let handle = handle.map(str::to_owned);
    let encrypted = source
        .get("volume_attributes")
        .and_then(|attributes| field(attributes, "encrypted"))
        .and_then(|text| text.parse::<bool>().ok());
    draft.set("volume_source", kind);
    draft.set_some("volume_handle", handle);
    draft.set_some("volume_encrypted", encrypted);
}

pub(crate) fn finish_claim(draft: &mut Draft<'_>) {
    let spec = "persistent_volume_claim_spec";
    let status = "persistent_volume_claim_status";
    draft.read(
        "claim_size",
        &[spec, "resources", "requests", "storage"],
        gb,
    );
    draft.read("claim_capacity", &[status, "capacity", "storage"], gb);
}

pub(crate) fn finish_class(draft: &mut Draft<'_>) {
    let is_default = [
        "storageclass.kubernetes.io/is-default-class",
        "storageclass.beta.kubernetes.io/is-default-class",
    ]
    .iter()
    .any(|name| draft.annotation(name) == Some("true"));
    draft.set("is_default_class", is_default);
}

pub(crate) fn finish_snapshot(draft: &mut Draft<'_>) {
    let status = draft.find(&["volume_snapshot_status"]);
    let of = |name: &str| status.and_then(|status| status.get(name));
    let word = if of("error").is_some() {
        "error"
    } else if of("ready_to_use") == Some(&Value::Bool(true)) {
        "ready"
    } else {
        "pending"
    };
    draft.set("snapshot_status", word);
    draft.read(
        "volume_size",
        &["volume_snapshot_status", "restore_size"],
        gb,
    );
    let source = [
        "persistent_volume_claim_name",
        "volume_snapshot_content_name",
    ]
    .iter()
    .find_map(|name| draft.text(&["volume_snapshot_spec", "source", name]));
    let source = source.map(str::to_owned);
    draft.set_some("volume_id", source);
}
