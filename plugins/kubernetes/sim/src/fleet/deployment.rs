//! A deployed application: deployment, replica sets with old revisions, pods, and what stands
//! around them.
//!
//! Stateful and scheduled work is built elsewhere.
use serde_json::{Value, json};

use super::basic;
use super::dice::Dice;
use super::draft::{DEPLOYMENT, Owner, REPLICA_SET, object};
use super::extras;
use super::network::{self, Front, Reach};
use super::pod::{self, Health, Pattern, Pod, Wanted};
use super::world::{Said, World};

/// An application to build.
#[derive(Debug, Clone)]
pub(super) struct App<'a> {
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
    pub(super) age: i64,
    pub(super) replicas: usize,
    /// How the pods beyond the first `healthy` ones fare.
    pub(super) health: Health,
    pub(super) healthy: usize,
}

/// All objects of the application.
pub(super) fn application(world: &mut World, app: &App<'_>) -> Vec<Value> {
    let mut dice = world.dice(&["app", app.namespace, app.name]);
    let pattern = pattern(app, &mut dice);
    let mut objects = Vec::with_capacity(48);
    let pods = controllers(world, app, &pattern, &mut dice, &mut objects);
    objects.extend(around(world, app, &mut dice));
    objects.extend(front(world, app, &pods, &mut dice));
    extras::extras(world, app, &pods, &mut dice, &mut objects);
    objects.extend(
        pods.iter()
            .flat_map(|pod| events(world, app, pod))
            .collect::<Vec<_>>(),
    );
    objects.extend(pods.into_iter().map(|pod| pod.object));
    objects
}

fn pattern(app: &App<'_>, dice: &mut Dice) -> Pattern {
    let image = match app.health {
        Health::ImagePull => "ghcr.io/acme/worker:lastest".to_owned(),
        _ => format!(
            "ghcr.io/acme/{}:1.{}.{}",
            app.name,
            dice.below(30),
            dice.below(10)
        ),
    };
    let mut main = pod::container("main", &image, 8080);
    main["envFrom"] = json!([{"configMapRef": {"name": app.name}}]);
    main["env"] = json!([
        {"name": "MODE", "value": "production"},
        {"name": "DB_PASSWORD", "valueFrom": {
            "secretKeyRef": {"name": app.name, "key": "password"},
        }},
    ]);
    main["volumeMounts"] = json!([{"name": "config", "mountPath": "/etc/app", "readOnly": true}]);
    let labels = json!({"app": app.name, "tier": dice.pick(&["web", "batch", "data"])});
    let mut pattern = Pattern::new(labels, app.name, main);
    pattern.volumes =
        vec![json!({"name": "config", "configMap": {"name": app.name, "defaultMode": 420}})];
    if dice.one_in(5) {
        let mut sidecar = pod::container("sidecar", "envoyproxy/envoy:v1.30", 15_090);
        sidecar["resources"] = json!({});
        pattern.containers.push(sidecar);
    }
    pattern
}

/// The deployment and its replica sets go to `objects`; the pods come back.
fn controllers(
    world: &mut World,
    app: &App<'_>,
    pattern: &Pattern,
    dice: &mut Dice,
    objects: &mut Vec<Value>,
) -> Vec<Pod> {
    let revisions = dice.between(1, 4);
    let deployment = world.owner(DEPLOYMENT, app.namespace, app.name);
    objects.push(deployment_object(world, app, pattern, revisions));
    let mut current = String::new();
    for revision in 1..=revisions {
        let hash = dice.suffix(revision) + &dice.letters(5);
        let replicas = if revision == revisions {
            app.replicas
        } else {
            0
        };
        objects.push(replica_set(
            world,
            app,
            pattern,
            &Revision {
                number: revision,
                of: revisions,
                hash: &hash,
                replicas,
                owner: &deployment,
            },
        ));
        current = hash;
    }
    let name = format!("{}-{current}", app.name);
    let owner = world.owner(REPLICA_SET, app.namespace, &name);
    let age = app.age / i64::try_from(revisions).unwrap_or(1);
    (0..app.replicas)
        .map(|number| {
            let health = if number < app.healthy {
                Health::Running
            } else {
                app.health
            };
            let wanted = Wanted {
                namespace: app.namespace,
                name: format!("{name}-{}", dice.suffix(number)),
                owner: Some(&owner),
                pattern,
                labels: &[("pod-template-hash", &current)],
                health,
                age,
            };
            pod::build(world, &wanted)
        })
        .collect()
}

fn deployment_object(world: &World, app: &App<'_>, pattern: &Pattern, revision: usize) -> Value {
    let missing = app.replicas - app.healthy;
    let mut status = json!({
        "observedGeneration": revision,
        "replicas": app.replicas,
        "updatedReplicas": app.replicas,
        "readyReplicas": app.healthy,
        "availableReplicas": app.healthy,
        "terminatingReplicas": 0,
        "conditions": [{
            "type": "Available",
            "status": if missing == 0 { "True" } else { "False" },
            "lastUpdateTime": world.ago(app.age),
            "lastTransitionTime": world.ago(app.age),
            "reason": if missing == 0 {
                "MinimumReplicasAvailable"
            } else {
                "MinimumReplicasUnavailable"
            },
            "message": if missing == 0 {
                "Deployment has minimum availability."
            } else {
                "Deployment does not have minimum availability."
            },
        }],
    });
    if missing > 0 {
        status["unavailableReplicas"] = missing.into();
    }
    world
        .draft(DEPLOYMENT, app.namespace, app.name, app.age)
        .meta("generation", revision.into())
        .labels(json!({"app": app.name}))
        .annotations(json!({"deployment.kubernetes.io/revision": revision.to_string()}))
        .field(
            "spec",
            json!({
                "replicas": app.replicas,
                "selector": {"matchLabels": {"app": app.name}},
                "template": pattern.template(),
                "strategy": {
                    "type": "RollingUpdate",
                    "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"},
                },
                "revisionHistoryLimit": 10,
                "progressDeadlineSeconds": 600,
            }),
        )
        .field("status", status)
        .done()
}

struct Revision<'a> {
    number: usize,
    of: usize,
    hash: &'a str,
    replicas: usize,
    owner: &'a Owner,
}

fn replica_set(world: &World, app: &App<'_>, pattern: &Pattern, revision: &Revision<'_>) -> Value {
    let mut labels = pattern.labels.clone();
    labels.insert("pod-template-hash".into(), revision.hash.into());
    let healthy = revision.replicas.min(app.healthy);
    let mut status = json!({"replicas": revision.replicas, "observedGeneration": 1});
    if revision.replicas > 0 {
        status["fullyLabeledReplicas"] = revision.replicas.into();
        status["readyReplicas"] = healthy.into();
        status["availableReplicas"] = healthy.into();
    }
    // The first revision is as old as the deployment, each later one younger.
    let steps = i64::try_from(revision.number).unwrap_or(1);
    let total = i64::try_from(revision.of).unwrap_or(1);
    let age = app.age / total * (total - steps + 1);
    world
        .draft(
            REPLICA_SET,
            app.namespace,
            &format!("{}-{}", app.name, revision.hash),
            age,
        )
        .meta("generation", 1.into())
        .labels(Value::Object(labels))
        .annotations(json!({
            "deployment.kubernetes.io/desired-replicas": revision.replicas.to_string(),
            "deployment.kubernetes.io/revision": revision.number.to_string(),
        }))
        .controlled_by(revision.owner)
        .managed(
            "kube-controller-manager",
            json!({"f:spec": {}, "f:status": {}}),
        )
        .field(
            "spec",
            object([
                ("replicas", revision.replicas.into()),
                (
                    "selector",
                    json!({"matchLabels": {"app": app.name, "pod-template-hash": revision.hash}}),
                ),
                (
                    "template",
                    pattern.template_with("pod-template-hash", revision.hash),
                ),
            ]),
        )
        .field("status", status)
        .done()
}

/// Configuration, secret, account and, for some, a role.
fn around(world: &World, app: &App<'_>, dice: &mut Dice) -> Vec<Value> {
    let App {
        namespace,
        name,
        age,
        ..
    } = *app;
    let data = json!({
        "LOG_LEVEL": dice.pick(&["info", "debug", "warn"]),
        "config.yaml": format!("service: {name}\nworkers: {}\n", dice.between(1, 16)),
    });
    let labels = json!({"app": name});
    let mut secret = basic::secret(
        world,
        namespace,
        name,
        "Opaque",
        &["password", "token"],
        age,
    )
    .labels(labels.clone());
    if dice.one_in(6) {
        secret = secret.annotations(basic::last_applied_secret(namespace, name, "password"));
    }
    let mut objects = vec![
        basic::config_map(world, namespace, name, data, age)
            .labels(labels.clone())
            .done(),
        secret.done(),
        basic::account(world, namespace, name, age)
            .labels(labels)
            .done(),
    ];
    if dice.one_in(6) {
        objects.extend(basic::role(world, namespace, name, age));
    }
    objects
}

fn front(world: &mut World, app: &App<'_>, pods: &[Pod], dice: &mut Dice) -> Vec<Value> {
    let front = Front {
        namespace: app.namespace,
        name: app.name,
        labels: json!({"app": app.name}),
        annotations: json!({"team": app.namespace}),
        selector: json!({"app": app.name}),
        port: 80,
        target: 8080,
        reach: if dice.one_in(15) {
            Reach::LoadBalancer
        } else {
            Reach::ClusterIp
        },
        age: app.age,
        balancer_ip: None,
    };
    network::service(world, &front, &pods.iter().collect::<Vec<_>>())
}

/// What the cluster said about a pod lately: all failures, and the start of one pod in four.
fn events(world: &World, app: &App<'_>, pod: &Pod) -> Vec<Value> {
    let quiet = world.dice(&["event", &pod.owner.uid]).one_in(4);
    let (reason, message, by, times) = match pod.health {
        Health::CrashLoop => (
            "BackOff",
            "Back-off restarting failed container",
            "kubelet",
            412,
        ),
        Health::ImagePull => ("Failed", "Error: ImagePullBackOff", "kubelet", 97),
        Health::Unschedulable => (
            "FailedScheduling",
            "0/3 nodes are available: 3 Insufficient memory.",
            "default-scheduler",
            12,
        ),
        Health::Evicted => ("Evicted", "The node was low on resource.", "kubelet", 1),
        _ if quiet => ("Started", "Started container main", "kubelet", 1),
        _ => return Vec::new(),
    };
    let class = if times == 1 && reason == "Started" {
        "Normal"
    } else {
        "Warning"
    };
    vec![world.event(
        &pod.owner,
        app.namespace,
        1_800,
        Said {
            class,
            reason,
            message,
            by,
            times,
        },
    )]
}
