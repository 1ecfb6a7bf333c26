//! Nodes and what runs on each of them: lease, storage node, and one pod of every daemon set.
//!
//! The daemon sets themselves are here too; everything else of `kube-system` is in `system`.
use serde_json::{Value, json};

use super::draft::{CSI_NODE, DAEMON_SET, NODE, REVISION};
use super::extras::lease;
use super::pod::{self, Health, Pattern, Wanted};
use super::storage::DRIVER;
use super::world::{DAY, World};

/// The daemon sets of every cluster: name and image.
const DAEMONS: [(&str, &str); 2] = [
    ("kube-proxy", "registry.k8s.io/kube-proxy:v1.36.0"),
    ("node-agent", "ghcr.io/acme/node-agent:0.9.2"),
];

/// The number of the node that is not ready.
pub(super) const BROKEN: usize = 2;

/// One node with everything that belongs to it.
pub(super) fn node(world: &World, number: usize) -> Vec<Value> {
    let name = World::node_name(number);
    let age = 90 * DAY - i64::try_from(number % 60).unwrap_or(0) * DAY;
    let owner = world.owner(NODE, "", &name);
    let mut objects = vec![
        node_object(world, number, &name, age),
        world
            .draft(CSI_NODE, "", &name, age)
            .meta("ownerReferences", json!([owner.plain()]))
            .managed("kubelet", json!({"f:spec": {}}))
            .field(
                "spec",
                json!({"drivers": [{
                    "name": DRIVER,
                    "nodeID": format!("i-0{}", world.hex(&["instance", &name])),
                    "topologyKeys": ["topology.kubernetes.io/zone"],
                    "allocatable": {"count": 25},
                }]}),
            )
            .done(),
    ];
    let mut heartbeat = lease(world, "kube-node-lease", &name, &name, age);
    heartbeat["metadata"]["ownerReferences"] = json!([owner.plain()]);
    objects.push(heartbeat);
    for (slot, (daemon, image)) in DAEMONS.iter().enumerate() {
        let set = world.owner(DAEMON_SET, "kube-system", daemon);
        let hash = revision_hash(world, daemon);
        let wanted = Wanted {
            namespace: "kube-system",
            name: format!(
                "{daemon}-{}",
                world.dice(&["daemon", daemon, &name]).letters(5)
            ),
            owner: Some(&set),
            pattern: &daemon_pattern(daemon, image),
            labels: &[
                ("controller-revision-hash", &hash),
                ("pod-template-generation", "1"),
            ],
            health: Health::Running,
            age,
        };
        let place = world.seat_on(number, slot + 2);
        objects.push(pod::build_at(world, &wanted, Some(place)).object);
    }
    objects
}

fn node_object(world: &World, number: usize, name: &str, age: i64) -> Value {
    let net = format!("{}.0/24", World::pod_net(number));
    let zone = world.zone(number);
    let capacity = json!({
        "cpu": "8", "memory": "32Gi", "pods": "110", "ephemeral-storage": "200Gi",
    });
    let allocatable = json!({
        "cpu": "7910m", "memory": "30514Mi", "pods": "110", "ephemeral-storage": "190Gi",
    });
    world
        .draft(NODE, "", name, age)
        .labels(json!({
            "kubernetes.io/arch": "amd64",
            "kubernetes.io/hostname": name,
            "kubernetes.io/os": "linux",
            "node.kubernetes.io/instance-type": "m6i.2xlarge",
            "topology.kubernetes.io/region": world.region,
            "topology.kubernetes.io/zone": zone,
        }))
        .annotations(json!({"node.alpha.kubernetes.io/ttl": "0"}))
        .managed("kubelet", json!({"f:spec": {}, "f:status": {}}))
        .field(
            "spec",
            json!({
                "podCIDR": net,
                "podCIDRs": [net],
                "providerID": format!("aws:///{zone}/i-0{}", world.hex(&["instance", name])),
            }),
        )
        .field(
            "status",
            json!({
                "capacity": capacity,
                "allocatable": allocatable,
                "conditions": node_conditions(world, number != BROKEN),
                "addresses": [
                    {"type": "InternalIP", "address": World::host_ip(number)},
                    {"type": "Hostname", "address": name},
                ],
                "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
                "nodeInfo": node_info(world, name),
            }),
        )
        .done()
}

fn node_info(world: &World, name: &str) -> Value {
    json!({
        "machineID": world.hex(&["machine", name]).repeat(2),
        "systemUUID": world.uid(NODE, "system", name),
        "bootID": world.uid(NODE, "boot", name),
        "kernelVersion": "6.12.8",
        "osImage": "Debian GNU/Linux 13 (trixie)",
        "containerRuntimeVersion": "containerd://2.1.4",
        "kubeletVersion": format!("v1.{}.0", world.minor),
        "kubeProxyVersion": "",
        "operatingSystem": "linux",
        "architecture": "amd64",
    })
}

fn node_conditions(world: &World, ready: bool) -> Value {
    let condition = |kind: &str, status: &str, reason: &str, message: &str| {
        json!({
            "type": kind,
            "status": status,
            "reason": reason,
            "message": message,
            "lastHeartbeatTime": world.ago(if ready { 120 } else { 7_200 }),
            "lastTransitionTime": world.ago(if ready { 30 * DAY } else { 7_000 }),
        })
    };
    let gone = (
        "Unknown",
        "NodeStatusUnknown",
        "Kubelet stopped posting node status.",
    );
    let fine = |kind: &'static str, reason: &'static str| {
        let (status, reason, message) = if ready {
            ("False", reason, "kubelet is fine")
        } else {
            gone
        };
        condition(kind, status, reason, message)
    };
    json!([
        fine("MemoryPressure", "KubeletHasSufficientMemory"),
        fine("DiskPressure", "KubeletHasNoDiskPressure"),
        fine("PIDPressure", "KubeletHasSufficientPID"),
        if ready {
            condition(
                "Ready",
                "True",
                "KubeletReady",
                "kubelet is posting ready status",
            )
        } else {
            condition("Ready", gone.0, gone.1, gone.2)
        },
    ])
}

fn daemon_pattern(name: &str, image: &str) -> Pattern {
    Pattern::new(
        json!({"k8s-app": name}),
        name,
        pod::container(name, image, 10_249),
    )
}

fn revision_hash(world: &World, daemon: &str) -> String {
    world.dice(&["daemon", daemon]).letters(10)
}

/// The daemon sets with their revisions and accounts.
pub(super) fn daemons(world: &World, age: i64) -> Vec<Value> {
    let mut objects = Vec::new();
    for (name, image) in DAEMONS {
        let template = daemon_pattern(name, image).template();
        let owner = world.owner(DAEMON_SET, "kube-system", name);
        let hash = revision_hash(world, name);
        objects.push(daemon_set(world, name, &template, age));
        objects.push(
            world
                .draft(REVISION, "kube-system", &format!("{name}-{hash}"), age)
                .labels(json!({"k8s-app": name, "controller-revision-hash": hash}))
                .controlled_by(&owner)
                .field("data", json!({"spec": {"template": template}}))
                .field("revision", 1.into())
                .done(),
        );
        objects.push(super::basic::account(world, "kube-system", name, age).done());
    }
    objects
}

fn daemon_set(world: &World, name: &str, template: &Value, age: i64) -> Value {
    world
        .draft(DAEMON_SET, "kube-system", name, age)
        .meta("generation", 1.into())
        .labels(json!({"k8s-app": name}))
        .annotations(json!({"deprecated.daemonset.template.generation": "1"}))
        .field(
            "spec",
            json!({
                "selector": {"matchLabels": {"k8s-app": name}},
                "template": template,
                "updateStrategy": {
                    "type": "RollingUpdate",
                    "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0},
                },
                "revisionHistoryLimit": 10,
            }),
        )
        .field(
            "status",
            json!({
                "observedGeneration": 1,
                "currentNumberScheduled": world.nodes,
                "desiredNumberScheduled": world.nodes,
                "updatedNumberScheduled": world.nodes,
                "numberAvailable": world.nodes,
                "numberReady": world.nodes,
                "numberMisscheduled": 0,
            }),
        )
        .done()
}
