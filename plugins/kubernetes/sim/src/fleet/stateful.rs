//! A database: stateful set, revisions, pods, claims with their volumes, headless service.
use serde_json::{Value, json};

use super::basic;
use super::draft::{REVISION, STATEFUL_SET};
use super::network::{self, Front, Reach};
use super::pod::{self, Health, Pattern, Pod, Wanted};
use super::storage::{self, Claim};
use super::world::World;

/// A stateful set to build.
#[derive(Debug, Clone, Copy)]
pub(super) struct Database<'a> {
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
    pub(super) age: i64,
    pub(super) replicas: usize,
}

/// All objects of the database.
pub(super) fn database(world: &mut World, db: Database<'_>) -> Vec<Value> {
    let Database {
        namespace,
        name,
        age,
        ..
    } = db;
    let mut main = pod::container("postgres", "postgres:17.2", 5432);
    main["volumeMounts"] = json!([{"name": "data", "mountPath": "/var/lib/postgresql/data"}]);
    main["env"] = json!([{"name": "POSTGRES_PASSWORD", "valueFrom": {
        "secretKeyRef": {"name": name, "key": "password"},
    }}]);
    let pattern = Pattern::new(json!({"app": name, "tier": "data"}), name, main);
    let hash = world.dice(&["revision", namespace, name]).letters(10);
    let set = Set {
        db,
        pattern: &pattern,
        hash: &hash,
        service: name,
        claim_size: "20Gi",
    };
    let mut objects = vec![
        set_object(world, &set, json!({"app": name})).done(),
        revision(world, &set),
        basic::secret(world, namespace, name, "Opaque", &["password"], age).done(),
        basic::account(world, namespace, name, age).done(),
    ];
    let pods = members(world, &set, &mut objects);
    let front = Front {
        namespace,
        name,
        labels: json!({"app": name}),
        annotations: json!({}),
        selector: json!({"app": name}),
        port: 5432,
        target: 5432,
        reach: Reach::Headless,
        age,
        balancer_ip: None,
    };
    objects.extend(network::service(
        world,
        &front,
        &pods.iter().collect::<Vec<_>>(),
    ));
    objects.extend(pods.into_iter().map(|pod| pod.object));
    objects
}

/// A stateful set with its pattern; the release uses it too.
#[derive(Debug, Clone, Copy)]
pub(super) struct Set<'a> {
    pub(super) db: Database<'a>,
    pub(super) pattern: &'a Pattern,
    pub(super) hash: &'a str,
    pub(super) service: &'a str,
    pub(super) claim_size: &'a str,
}

impl Set<'_> {
    fn revision_name(&self) -> String {
        format!("{}-{}", self.db.name, self.hash)
    }
}

/// The stateful set itself, open for annotations.
pub(super) fn set_object(world: &World, set: &Set<'_>, selector: Value) -> super::draft::Draft {
    let Database {
        namespace,
        name,
        age,
        replicas,
    } = set.db;
    world
        .draft(STATEFUL_SET, namespace, name, age)
        .meta("generation", 1.into())
        .labels(Value::Object(set.pattern.labels.clone()))
        .field(
            "spec",
            json!({
                "replicas": replicas,
                "selector": {"matchLabels": selector},
                "template": set.pattern.template(),
                "volumeClaimTemplates": [{
                    "apiVersion": "v1",
                    "kind": "PersistentVolumeClaim",
                    "metadata": {"name": "data"},
                    "spec": {
                        "accessModes": ["ReadWriteOnce"],
                        "resources": {"requests": {"storage": set.claim_size}},
                        "storageClassName": "fast",
                        "volumeMode": "Filesystem",
                    },
                    "status": {"phase": "Pending"},
                }],
                "serviceName": set.service,
                "podManagementPolicy": "OrderedReady",
                "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
                "revisionHistoryLimit": 10,
                "persistentVolumeClaimRetentionPolicy": {
                    "whenDeleted": "Retain", "whenScaled": "Retain",
                },
            }),
        )
        .field(
            "status",
            json!({
                "observedGeneration": 1,
                "replicas": replicas,
                "readyReplicas": replicas,
                "currentReplicas": replicas,
                "updatedReplicas": replicas,
                "availableReplicas": replicas,
                "currentRevision": set.revision_name(),
                "updateRevision": set.revision_name(),
                "collisionCount": 0,
            }),
        )
}

/// The stored template of the set.
pub(super) fn revision(world: &World, set: &Set<'_>) -> Value {
    let Database {
        namespace,
        name,
        age,
        ..
    } = set.db;
    let owner = world.owner(STATEFUL_SET, namespace, name);
    world
        .draft(REVISION, namespace, &set.revision_name(), age)
        .labels(json!({"app": name, "controller.kubernetes.io/hash": set.hash}))
        .controlled_by(&owner)
        .managed(
            "kube-controller-manager",
            json!({"f:data": {}, "f:revision": {}}),
        )
        .field(
            "data",
            json!({"spec": {"template": set.pattern.template()}}),
        )
        .field("revision", 1.into())
        .done()
}

/// The pods of the set; claims, volumes and attachments go to `objects`.
pub(super) fn members(world: &mut World, set: &Set<'_>, objects: &mut Vec<Value>) -> Vec<Pod> {
    let Database {
        namespace,
        name,
        age,
        replicas,
    } = set.db;
    let owner = world.owner(STATEFUL_SET, namespace, name);
    let revision = set.revision_name();
    (0..replicas)
        .map(|number| {
            let pod_name = format!("{name}-{number}");
            let claim = format!("data-{pod_name}");
            let mut pattern = set.pattern.clone();
            pattern.volumes.push(json!({
                "name": "data", "persistentVolumeClaim": {"claimName": claim},
            }));
            let wanted = Wanted {
                namespace,
                name: pod_name.clone(),
                owner: Some(&owner),
                pattern: &pattern,
                labels: &[
                    ("apps.kubernetes.io/pod-index", &number.to_string()),
                    ("controller-revision-hash", &revision),
                    ("statefulset.kubernetes.io/pod-name", &pod_name),
                ],
                health: Health::Running,
                age,
            };
            let pod = pod::build(world, &wanted);
            let claim = Claim {
                namespace,
                name: &claim,
                app: name,
                size: set.claim_size,
                age,
            };
            objects.extend(storage::bound(world, claim, pod.seat.as_ref()));
            pod
        })
        .collect()
}
