//! Claims, volumes, attachments, and the classes and drivers behind them.
//!
//! Node-side objects (`CSINode`) belong to the nodes.
use serde_json::{Value, json};

use super::draft::{ATTACHMENT, CLAIM, CSI_DRIVER, STORAGE_CLASS, VOLUME};
use super::world::{Seat, World};

/// The driver every dynamic volume comes from.
pub(super) const DRIVER: &str = "ebs.csi.aws.com";

/// What is asked of [`bound`] and [`pending`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Claim<'a> {
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
    pub(super) app: &'a str,
    /// A quantity, e.g., `10Gi`.
    pub(super) size: &'a str,
    pub(super) age: i64,
}

/// A claim, the volume bound to it, and the attachment to the node of its pod, if it has one.
pub(super) fn bound(world: &World, claim: Claim<'_>, seat: Option<&Seat>) -> Vec<Value> {
    let owner = world.owner(CLAIM, claim.namespace, claim.name);
    let volume = format!("pvc-{}", owner.uid);
    let mut spec = claim_spec(claim);
    spec["volumeName"] = volume.as_str().into();
    let object = claim_draft(world, claim)
        .annotations(json!({
            "pv.kubernetes.io/bind-completed": "yes",
            "pv.kubernetes.io/bound-by-controller": "yes",
            "volume.kubernetes.io/storage-provisioner": DRIVER,
        }))
        .field("spec", spec)
        .field(
            "status",
            json!({
                "phase": "Bound",
                "accessModes": ["ReadWriteOnce"],
                "capacity": {"storage": claim.size},
            }),
        )
        .done();
    let reference = json!({
        "kind": "PersistentVolumeClaim",
        "apiVersion": "v1",
        "namespace": claim.namespace,
        "name": claim.name,
        "uid": owner.uid,
    });
    let mut objects = vec![
        object,
        persistent_volume(world, &volume, claim, "Bound", reference),
    ];
    if let Some(seat) = seat {
        objects.push(attachment(world, &volume, seat, claim.age));
    }
    objects
}

/// A claim no volume was found for.
pub(super) fn pending(world: &World, claim: Claim<'_>, class: &str) -> Value {
    let mut spec = claim_spec(claim);
    spec["storageClassName"] = class.into();
    claim_draft(world, claim)
        .field("spec", spec)
        .field("status", json!({"phase": "Pending"}))
        .done()
}

/// A volume whose claim is gone: it costs money and nobody uses it.
pub(super) fn released(world: &World, namespace: &str, claim: &str, age: i64) -> Value {
    let gone = world.owner(CLAIM, namespace, &format!("{claim}-gone"));
    let reference = json!({
        "kind": "PersistentVolumeClaim",
        "apiVersion": "v1",
        "namespace": namespace,
        "name": claim,
        "uid": gone.uid,
    });
    let claim = Claim {
        namespace,
        name: claim,
        app: claim,
        size: "200Gi",
        age,
    };
    persistent_volume(
        world,
        &format!("pvc-{}", gone.uid),
        claim,
        "Released",
        reference,
    )
}

fn claim_draft(world: &World, claim: Claim<'_>) -> super::draft::Draft {
    world
        .draft(CLAIM, claim.namespace, claim.name, claim.age)
        .labels(json!({"app": claim.app}))
        .meta("finalizers", json!(["kubernetes.io/pvc-protection"]))
}

fn claim_spec(claim: Claim<'_>) -> Value {
    json!({
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": claim.size}},
        "storageClassName": "fast",
        "volumeMode": "Filesystem",
    })
}

fn persistent_volume(
    world: &World,
    name: &str,
    claim: Claim<'_>,
    phase: &str,
    reference: Value,
) -> Value {
    world
        .draft(VOLUME, "", name, claim.age)
        .annotations(json!({"pv.kubernetes.io/provisioned-by": DRIVER}))
        .meta("finalizers", json!(["kubernetes.io/pv-protection"]))
        .managed("csi-provisioner", json!({"f:spec": {}}))
        .field(
            "spec",
            json!({
                "capacity": {"storage": claim.size},
                "csi": {
                    "driver": DRIVER,
                    "volumeHandle": format!("vol-0{}", world.hex(&["volume", name])),
                    "fsType": "ext4",
                },
                "accessModes": ["ReadWriteOnce"],
                "claimRef": reference,
                "persistentVolumeReclaimPolicy": "Delete",
                "storageClassName": "fast",
                "volumeMode": "Filesystem",
            }),
        )
        .field(
            "status",
            json!({"phase": phase, "lastPhaseTransitionTime": world.ago(claim.age / 2)}),
        )
        .done()
}

fn attachment(world: &World, volume: &str, seat: &Seat, age: i64) -> Value {
    let name = format!(
        "csi-{}",
        world.hex(&["attachment", volume, &seat.node]).repeat(4)
    );
    world
        .draft(ATTACHMENT, "", &name, age)
        .annotations(json!({"csi.alpha.kubernetes.io/node-id": seat.node}))
        .meta(
            "finalizers",
            json!([format!("external-attacher/{}", DRIVER.replace('.', "-"))]),
        )
        .managed("csi-attacher", json!({"f:status": {}}))
        .field(
            "spec",
            json!({
                "attacher": DRIVER,
                "nodeName": seat.node,
                "source": {"persistentVolumeName": volume},
            }),
        )
        .field("status", json!({"attached": true}))
        .done()
}

/// The storage classes and the driver of a cluster.
pub(super) fn classes(world: &World, age: i64) -> Vec<Value> {
    let class = |name: &str, kind: &str, default: &str| {
        world
            .draft(STORAGE_CLASS, "", name, age)
            .annotations(json!({"storageclass.kubernetes.io/is-default-class": default}))
            .field("provisioner", DRIVER.into())
            .field("parameters", json!({"type": kind}))
            .field("reclaimPolicy", "Delete".into())
            .field("allowVolumeExpansion", true.into())
            .field("volumeBindingMode", "WaitForFirstConsumer".into())
            .done()
    };
    vec![
        class("fast", "gp3", "true"),
        class("slow", "sc1", "false"),
        world
            .draft(CSI_DRIVER, "", DRIVER, age)
            .field(
                "spec",
                json!({
                    "attachRequired": true,
                    "podInfoOnMount": false,
                    "volumeLifecycleModes": ["Persistent"],
                    "storageCapacity": false,
                    "fsGroupPolicy": "ReadWriteOnceWithFSType",
                    "requiresRepublish": false,
                    "seLinuxMount": false,
                }),
            )
            .done(),
    ]
}
