//! Claims, volumes, classes, drivers, snapshots and devices.
use stocktake_model::Find::Uid;
use stocktake_model::Relation::{Allocates, Attaches, Backs, Mounts, Owns, Provisions};
use stocktake_model::{EdgeRule, NamespaceFrom};

use super::form::{between, global, having, into, near, out};

const POD: &str = "kubernetes_pod";
const CLAIM: &str = "kubernetes_persistent_volume_claim";
const VOLUME: &str = "kubernetes_persistent_volume";
const CLASS: &str = "kubernetes_storage_class";
const BETA_CLASS: &str = "tags.`volume.beta.kubernetes.io/storage-class`";

/// The references Resoto knew.
pub(super) fn first() -> Vec<EdgeRule> {
    vec![
        out(
            POD,
            "pod_spec.volumes[*]",
            "persistent_volume_claim.claim_name",
            near(CLAIM),
            Mounts,
        ),
        into(
            VOLUME,
            "",
            "persistent_volume_spec.claim_ref.uid",
            Uid,
            Backs,
        ),
    ]
}

/// All others.
pub(super) fn more() -> Vec<EdgeRule> {
    let mut rules = vec![out(
        POD,
        "ephemeral_claim_names[*]",
        "",
        near(CLAIM),
        Mounts,
    )];
    rules.extend(classes());
    rules.extend(attachments());
    rules.extend(snapshots());
    rules.extend(devices());
    rules
}

fn classes() -> Vec<EdgeRule> {
    let driver = || global("kubernetes_csi_driver");
    let class = |from: &str, value: &str| into(from, "", value, global(CLASS), Provisions);
    vec![
        class(VOLUME, "persistent_volume_spec.storage_class_name"),
        class(VOLUME, BETA_CLASS),
        class(CLAIM, "persistent_volume_claim_spec.storage_class_name"),
        class(CLAIM, BETA_CLASS),
        into(CLASS, "", "provisioner", driver(), Provisions),
        into(
            VOLUME,
            "",
            "persistent_volume_spec.csi.driver",
            driver(),
            Provisions,
        ),
    ]
}

fn attachments() -> Vec<EdgeRule> {
    let attachment = "kubernetes_volume_attachment";
    vec![
        into(
            attachment,
            "",
            "volume_attachment_spec.node_name",
            global("kubernetes_node"),
            Attaches,
        ),
        out(
            attachment,
            "",
            "volume_attachment_spec.source.persistent_volume_name",
            global(VOLUME),
            Attaches,
        ),
        out(
            "kubernetes_stateful_set",
            "claim_names[*]",
            "",
            near(CLAIM),
            Owns,
        ),
    ]
}

fn snapshots() -> Vec<EdgeRule> {
    let content = "kubernetes_volume_snapshot_content";
    vec![
        into(
            "kubernetes_volume_snapshot",
            "",
            "volume_snapshot_spec.source.persistent_volume_claim_name",
            near(CLAIM),
            Backs,
        ),
        out(
            "kubernetes_volume_snapshot",
            "",
            "volume_snapshot_status.bound_volume_snapshot_content_name",
            global(content),
            Backs,
        ),
        out(
            content,
            "",
            "volume_snapshot_content_spec.volume_snapshot_class_name",
            global("kubernetes_volume_snapshot_class"),
            Backs,
        ),
    ]
}

/// Devices: the class stands in `exactly` since the first stable version, beside it before.
fn devices() -> Vec<EdgeRule> {
    let class = |each: &str| {
        out(
            "kubernetes_resource_claim",
            each,
            "device_class_name",
            global("kubernetes_device_class"),
            Allocates,
        )
    };
    vec![
        class("resource_claim_spec.devices.requests[*].exactly"),
        class("resource_claim_spec.devices.requests[*].first_available[*]"),
        class("resource_claim_spec.devices.requests[*]"),
        between(
            out(
                POD,
                "device_claims[*]",
                "claim",
                near("kubernetes_resource_claim"),
                Allocates,
            ),
            "template",
            near("kubernetes_resource_claim_template"),
        ),
        out(
            "kubernetes_resource_claim",
            "resource_claim_status.allocation.devices.results[*]",
            "pool",
            having(
                "kubernetes_resource_slice",
                "resource_slice_spec.pool.name",
                NamespaceFrom::Cluster,
            ),
            Allocates,
        ),
        into(
            "kubernetes_resource_slice",
            "",
            "resource_slice_spec.node_name",
            global("kubernetes_node"),
            Allocates,
        ),
    ]
}
