//! Pods and the templates they are made from, in every state the generator knows.
//!
//! What owns a pod is decided by the workloads.
use serde_json::{Map, Value, json};

use super::draft::{Owner, POD, object};
use super::world::{Seat, World};

/// What a pod is made from: the `spec.template` of a workload.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    pub(super) labels: Map<String, Value>,
    pub(super) containers: Vec<Value>,
    pub(super) volumes: Vec<Value>,
    pub(super) service_account: String,
    pub(super) restart: &'static str,
}

impl Pattern {
    /// A pattern with one label set, one container and no volumes.
    pub(super) fn new(labels: Value, service_account: &str, container: Value) -> Self {
        let Value::Object(labels) = labels else {
            unreachable!("labels are an object")
        };
        Self {
            labels,
            containers: vec![container],
            volumes: Vec::new(),
            service_account: service_account.into(),
            restart: "Always",
        }
    }

    /// The `template` as it stands in a workload.
    pub(super) fn template(&self) -> Value {
        object([
            (
                "metadata",
                object([("labels", Value::Object(self.labels.clone()))]),
            ),
            ("spec", self.spec()),
        ])
    }

    /// The template with further labels, as in the template of a replica set.
    pub(super) fn template_with(&self, label: &str, value: &str) -> Value {
        let mut template = self.template();
        template["metadata"]["labels"][label] = value.into();
        template
    }

    fn spec(&self) -> Value {
        let mut spec = object([
            ("containers", Value::Array(self.containers.clone())),
            ("restartPolicy", self.restart.into()),
            ("terminationGracePeriodSeconds", 30.into()),
            ("dnsPolicy", "ClusterFirst".into()),
            ("serviceAccountName", self.service_account.as_str().into()),
            ("serviceAccount", self.service_account.as_str().into()),
            ("securityContext", Value::Object(Map::new())),
            ("schedulerName", "default-scheduler".into()),
        ]);
        if !self.volumes.is_empty() {
            spec["volumes"] = Value::Array(self.volumes.clone());
        }
        spec
    }
}

/// A container with the defaults the API server fills in.
pub(super) fn container(name: &str, image: &str, port: u16) -> Value {
    json!({
        "name": name,
        "image": image,
        "ports": [{"name": "http", "containerPort": port, "protocol": "TCP"}],
        "resources": {
            "limits": {"cpu": "500m", "memory": "256Mi"},
            "requests": {"cpu": "50m", "memory": "64Mi"},
        },
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": "IfNotPresent",
    })
}

/// How a pod is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Health {
    Running,
    /// Starts, fails and is restarted with growing pauses.
    CrashLoop,
    /// Its image does not exist.
    ImagePull,
    /// No node takes it.
    Unschedulable,
    /// It ran to its end.
    Succeeded,
    /// Its node ran out of disk.
    Evicted,
}

impl Health {
    fn phase(self) -> &'static str {
        match self {
            Self::Running | Self::CrashLoop => "Running",
            Self::ImagePull | Self::Unschedulable => "Pending",
            Self::Succeeded => "Succeeded",
            Self::Evicted => "Failed",
        }
    }
}

/// What is asked of [`build`].
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    pub(super) namespace: &'a str,
    pub(super) name: String,
    pub(super) owner: Option<&'a Owner>,
    pub(super) pattern: &'a Pattern,
    /// Labels beside those of the pattern.
    pub(super) labels: &'a [(&'a str, &'a str)],
    pub(super) health: Health,
    /// Seconds since it was created.
    pub(super) age: i64,
}

/// A finished pod and what others need to know of it.
#[derive(Debug)]
pub(super) struct Pod {
    pub(super) object: Value,
    pub(super) owner: Owner,
    pub(super) seat: Option<Seat>,
    pub(super) health: Health,
}

/// Builds a pod on the node the scheduler picks, if it finds one.
pub(super) fn build(world: &mut World, wanted: &Wanted<'_>) -> Pod {
    let seat = (wanted.health != Health::Unschedulable).then(|| world.seat());
    build_at(world, wanted, seat)
}

/// Builds a pod at a given place, as daemon sets want it.
pub(super) fn build_at(world: &World, wanted: &Wanted<'_>, seat: Option<Seat>) -> Pod {
    let owner = world.owner(POD, wanted.namespace, &wanted.name);
    let mut labels = wanted.pattern.labels.clone();
    for (label, value) in wanted.labels {
        labels.insert((*label).into(), (*value).into());
    }
    let mut draft = world
        .draft(POD, wanted.namespace, &wanted.name, wanted.age)
        .meta("generation", 1.into())
        .labels(Value::Object(labels))
        .managed(
            "kube-controller-manager",
            json!({"f:metadata": {"f:labels": {}}, "f:spec": {}}),
        )
        .field("spec", spec(world, wanted, seat.as_ref()))
        .field("status", status(world, wanted, seat.as_ref()));
    if let Some(owner) = wanted.owner {
        draft = draft.controlled_by(owner);
        if let Some((prefix, _)) = wanted.name.rsplit_once('-') {
            draft = draft.meta("generateName", format!("{prefix}-").into());
        }
    }
    Pod {
        object: draft.done(),
        owner,
        seat,
        health: wanted.health,
    }
}

/// The spec of the pattern with what admission and the scheduler add.
fn spec(world: &World, wanted: &Wanted<'_>, seat: Option<&Seat>) -> Value {
    let access = format!(
        "kube-api-access-{}",
        world.dice(&["access", &wanted.name]).letters(5)
    );
    let mut spec = wanted.pattern.spec();
    let mount = json!({
        "name": access,
        "readOnly": true,
        "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
    });
    for container in spec["containers"].as_array_mut().into_iter().flatten() {
        match container
            .get_mut("volumeMounts")
            .and_then(Value::as_array_mut)
        {
            Some(mounts) => mounts.push(mount.clone()),
            None => container["volumeMounts"] = Value::Array(vec![mount.clone()]),
        }
    }
    let volume = api_access(&access);
    match spec.get_mut("volumes").and_then(Value::as_array_mut) {
        Some(volumes) => volumes.push(volume),
        None => spec["volumes"] = Value::Array(vec![volume]),
    }
    if let Some(seat) = seat {
        spec["nodeName"] = seat.node.as_str().into();
    }
    spec["priority"] = 0.into();
    spec["enableServiceLinks"] = true.into();
    spec["preemptionPolicy"] = "PreemptLowerPriority".into();
    spec["tolerations"] = Value::Array(vec![
        toleration("node.kubernetes.io/not-ready"),
        toleration("node.kubernetes.io/unreachable"),
    ]);
    spec
}

fn toleration(key: &str) -> Value {
    json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300})
}

/// The projected volume with the token, as admission adds it to every pod.
fn api_access(name: &str) -> Value {
    json!({
        "name": name,
        "projected": {
            "defaultMode": 420,
            "sources": [
                {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
                {"configMap": {
                    "name": "kube-root-ca.crt",
                    "items": [{"key": "ca.crt", "path": "ca.crt"}],
                }},
                {"downwardAPI": {"items": [{
                    "path": "namespace",
                    "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"},
                }]}},
            ],
        },
    })
}

fn status(world: &World, wanted: &Wanted<'_>, seat: Option<&Seat>) -> Value {
    let since = world.ago(wanted.age - wanted.age.min(4));
    let mut status = object([
        ("phase", wanted.health.phase().into()),
        ("qosClass", "Burstable".into()),
        ("conditions", conditions(wanted.health, &since)),
    ]);
    let Some(seat) = seat else { return status };
    status["startTime"] = since.as_str().into();
    status["hostIP"] = seat.host_ip.as_str().into();
    status["hostIPs"] = json!([{"ip": seat.host_ip}]);
    if wanted.health == Health::Evicted {
        status["reason"] = "Evicted".into();
        status["message"] = "The node was low on resource: ephemeral-storage.".into();
        return status;
    }
    status["podIP"] = seat.pod_ip.as_str().into();
    status["podIPs"] = json!([{"ip": seat.pod_ip}]);
    status["containerStatuses"] = wanted
        .pattern
        .containers
        .iter()
        .map(|container| container_status(world, wanted, container))
        .collect();
    status
}

fn conditions(health: Health, since: &str) -> Value {
    let condition = |kind: &str, holds: bool| {
        let mut condition = object([
            ("type", kind.into()),
            ("status", if holds { "True" } else { "False" }.into()),
            ("lastProbeTime", Value::Null),
            ("lastTransitionTime", since.into()),
        ]);
        if !holds {
            condition["reason"] = match health {
                Health::Unschedulable => "Unschedulable",
                Health::Succeeded => "PodCompleted",
                _ => "ContainersNotReady",
            }
            .into();
        }
        condition
    };
    let mut scheduled = condition("PodScheduled", health != Health::Unschedulable);
    if health == Health::Unschedulable {
        scheduled["message"] = "0/3 nodes are available: 3 Insufficient memory.".into();
        return Value::Array(vec![scheduled]);
    }
    let ready = health == Health::Running;
    Value::Array(vec![
        condition("Initialized", true),
        condition("Ready", ready),
        condition("ContainersReady", ready),
        scheduled,
    ])
}

fn container_status(world: &World, wanted: &Wanted<'_>, container: &Value) -> Value {
    let image = container["image"].as_str().unwrap_or_default();
    let name = container["name"].as_str().unwrap_or_default();
    let digest = world.hex(&["image", image]).repeat(4);
    let id = world.hex(&["container", &wanted.name, name]).repeat(4);
    let (state, last, restarts) = states(world, wanted, name, image, &id);
    let pulled = wanted.health != Health::ImagePull;
    let ready = wanted.health == Health::Running;
    object([
        ("name", name.into()),
        ("image", image.into()),
        (
            "imageID",
            if pulled {
                format!("{image}@sha256:{digest}")
            } else {
                String::new()
            }
            .into(),
        ),
        (
            "containerID",
            if pulled {
                format!("containerd://{id}")
            } else {
                String::new()
            }
            .into(),
        ),
        ("state", state),
        ("lastState", last),
        ("ready", ready.into()),
        ("started", ready.into()),
        ("restartCount", restarts.into()),
    ])
}

/// What the container does now, what it did before, and how often it was restarted.
fn states(
    world: &World,
    wanted: &Wanted<'_>,
    name: &str,
    image: &str,
    id: &str,
) -> (Value, Value, i64) {
    let started = world.ago(wanted.age - wanted.age.min(3));
    match wanted.health {
        Health::CrashLoop => (
            json!({"waiting": {
                "reason": "CrashLoopBackOff",
                "message": format!(
                    "back-off 5m0s restarting failed container={name} pod={}", wanted.name
                ),
            }}),
            json!({"terminated": {
                "exitCode": 137,
                "reason": "OOMKilled",
                "startedAt": world.ago(400),
                "finishedAt": world.ago(340),
                "containerID": format!("containerd://{id}"),
            }}),
            wanted.age / 330,
        ),
        Health::ImagePull => (
            json!({"waiting": {
                "reason": "ImagePullBackOff",
                "message": format!("Back-off pulling image \"{image}\""),
            }}),
            json!({}),
            0,
        ),
        Health::Succeeded => (
            json!({"terminated": {
                "exitCode": 0,
                "reason": "Completed",
                "startedAt": started,
                "finishedAt": world.ago(wanted.age - wanted.age.min(60)),
                "containerID": format!("containerd://{id}"),
            }}),
            json!({}),
            0,
        ),
        _ => (json!({"running": {"startedAt": started}}), json!({}), 0),
    }
}
