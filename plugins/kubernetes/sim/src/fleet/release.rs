//! The Helm release `resoto` in the namespace `resoto`, as in the session Resoto announced its
//! Kubernetes support with.
//!
//! It is a picture of an installation, not a chart: what Helm would compute stands here as text.
use serde_json::{Value, json};

use super::basic;
use super::draft::{DEPLOYMENT, Draft, REPLICA_SET};
use super::network::{self, Front, Reach};
use super::pod::{self, Health, Pattern, Pod, Wanted};
use super::stateful::{self, Database, Set};
use super::world::{DAY, World};

/// The namespace and the name of the release.
pub(super) const RESOTO: &str = "resoto";
const DATABASE: &str = "resoto-graph-db-single";
const VERSION: &str = "2.2.0";
const AGE: i64 = 14 * DAY;

struct Part {
    /// Without the name of the release, e.g., `resotocore`.
    name: &'static str,
    port: u16,
    reach: Reach,
    balancer_ip: Option<&'static str>,
}

const PARTS: [Part; 3] = [
    Part {
        name: "resotocore",
        port: 8900,
        reach: Reach::LoadBalancer,
        balancer_ip: Some("203.0.113.10"),
    },
    Part {
        name: "resotometrics",
        port: 9955,
        reach: Reach::ClusterIp,
        balancer_ip: None,
    },
    Part {
        name: "resotoworker",
        port: 9956,
        reach: Reach::ClusterIp,
        balancer_ip: None,
    },
];

/// All objects of the release.
pub(super) fn release(world: &mut World) -> Vec<Value> {
    let mut objects = basic::namespace(world, RESOTO, "platform", AGE);
    for part in &PARTS {
        objects.extend(component(world, part));
    }
    objects.extend(graph_database(world));
    objects.push(
        chart(
            basic::secret(world, RESOTO, "resoto-psk", "Opaque", &["psk"], AGE),
            RESOTO,
        )
        .done(),
    );
    objects.push(
        basic::secret(
            world,
            RESOTO,
            "sh.helm.release.v1.resoto.v1",
            "helm.sh/release.v1",
            &["release"],
            AGE,
        )
        .labels(json!({
            "name": RESOTO, "owner": "helm", "status": "deployed", "version": "1",
        }))
        .done(),
    );
    objects
}

/// The labels Helm charts put on what they install.
fn labels(component: &str) -> Value {
    json!({
        "app.kubernetes.io/name": component,
        "app.kubernetes.io/instance": RESOTO,
        "app.kubernetes.io/managed-by": "Helm",
        "app.kubernetes.io/version": VERSION,
        "helm.sh/chart": format!("resoto-{VERSION}"),
    })
}

fn selector(component: &str) -> Value {
    json!({"app.kubernetes.io/name": component, "app.kubernetes.io/instance": RESOTO})
}

fn annotations() -> Value {
    json!({"meta.helm.sh/release-name": RESOTO, "meta.helm.sh/release-namespace": RESOTO})
}

/// Marks an object as installed by the chart.
fn chart(draft: Draft, component: &str) -> Draft {
    draft.labels(labels(component)).annotations(annotations())
}

/// A deployment of the release with its service, account and configuration.
fn component(world: &mut World, part: &Part) -> Vec<Value> {
    let name = format!("{RESOTO}-{}", part.name);
    let pattern = pattern(part, &name);
    let (mut objects, pod) = deployment(world, part, &name, &pattern);
    objects.push(chart(basic::account(world, RESOTO, &name, AGE), part.name).done());
    let data = json!({format!("{}.yaml", part.name): format!("{}: {{}}\n", part.name)});
    objects.push(
        chart(
            basic::config_map(world, RESOTO, &format!("{name}-config"), data, AGE),
            part.name,
        )
        .done(),
    );
    objects.extend(front(world, &name, part, &pod));
    objects.push(pod.object);
    objects
}

fn pattern(part: &Part, name: &str) -> Pattern {
    let image = format!("somecr.io/someengineering/{}:{VERSION}", part.name);
    let mut main = pod::container(part.name, &image, part.port);
    main["env"] = json!([
        {"name": "PSK", "valueFrom": {"secretKeyRef": {"name": "resoto-psk", "key": "psk"}}},
        {"name": "RESOTOCORE_URI", "value": "http://resoto-resotocore:8900"},
    ]);
    main["volumeMounts"] = json!([{"name": "config", "mountPath": "/etc/resoto"}]);
    let mut pattern = Pattern::new(selector(part.name), name, main);
    pattern.volumes = vec![json!({
        "name": "config", "configMap": {"name": format!("{name}-config"), "defaultMode": 420},
    })];
    pattern
}

fn deployment(world: &mut World, part: &Part, name: &str, pattern: &Pattern) -> (Vec<Value>, Pod) {
    let mut dice = world.dice(&["release", name]);
    let hash = dice.letters(10);
    let set_name = format!("{name}-{hash}");
    let owner = world.owner(DEPLOYMENT, RESOTO, name);
    let set_owner = world.owner(REPLICA_SET, RESOTO, &set_name);
    let mut notes = annotations();
    notes["deployment.kubernetes.io/revision"] = "1".into();
    let status = json!({
        "observedGeneration": 1, "replicas": 1, "readyReplicas": 1, "availableReplicas": 1,
    });
    let mut set_labels = selector(part.name);
    set_labels["pod-template-hash"] = hash.as_str().into();
    let objects = vec![
        world
            .draft(DEPLOYMENT, RESOTO, name, AGE)
            .meta("generation", 1.into())
            .labels(labels(part.name))
            .annotations(notes)
            .managed("helm", json!({"f:spec": {}}))
            .field(
                "spec",
                json!({
                    "replicas": 1,
                    "selector": {"matchLabels": selector(part.name)},
                    "template": pattern.template(),
                    "strategy": {"type": "Recreate"},
                    "revisionHistoryLimit": 10,
                    "progressDeadlineSeconds": 600,
                }),
            )
            .field("status", status.clone())
            .done(),
        world
            .draft(REPLICA_SET, RESOTO, &set_name, AGE)
            .meta("generation", 1.into())
            .labels(set_labels.clone())
            .annotations(json!({"deployment.kubernetes.io/revision": "1"}))
            .controlled_by(&owner)
            .managed("kube-controller-manager", json!({"f:spec": {}}))
            .field(
                "spec",
                json!({
                    "replicas": 1,
                    "selector": {"matchLabels": set_labels},
                    "template": pattern.template_with("pod-template-hash", &hash),
                }),
            )
            .field("status", status)
            .done(),
    ];
    let wanted = Wanted {
        namespace: RESOTO,
        name: format!("{set_name}-{}", dice.letters(5)),
        owner: Some(&set_owner),
        pattern,
        labels: &[("pod-template-hash", &hash)],
        health: Health::Running,
        age: AGE,
    };
    (objects, pod::build(world, &wanted))
}

fn front(world: &mut World, name: &str, part: &Part, pod: &Pod) -> Vec<Value> {
    let front = Front {
        namespace: RESOTO,
        name,
        labels: labels(part.name),
        annotations: annotations(),
        selector: selector(part.name),
        port: part.port,
        target: part.port,
        reach: part.reach,
        age: AGE,
        balancer_ip: part.balancer_ip,
    };
    network::service(world, &front, &[pod])
}

/// The graph database with its volume.
fn graph_database(world: &mut World) -> Vec<Value> {
    let db = Part {
        name: "graph-db",
        port: 8529,
        reach: Reach::ClusterIp,
        balancer_ip: None,
    };
    let mut main = pod::container("arangodb", "arangodb/arangodb:3.8.7", db.port);
    main["volumeMounts"] = json!([{"name": "data", "mountPath": "/var/lib/arangodb3"}]);
    main["env"] = json!([{"name": "ARANGO_ROOT_PASSWORD", "valueFrom": {
        "secretKeyRef": {"name": "resoto-graph-db", "key": "password"},
    }}]);
    let pattern = Pattern::new(selector(db.name), "resoto-graph-db", main);
    let hash = world.dice(&["revision", DATABASE]).letters(10);
    let set = Set {
        db: Database {
            namespace: RESOTO,
            name: DATABASE,
            age: AGE,
            replicas: 1,
        },
        pattern: &pattern,
        hash: &hash,
        service: "resoto-graph-db",
        claim_size: "10Gi",
    };
    let keys = ["username", "password"];
    let mut objects = vec![
        chart(
            stateful::set_object(world, &set, selector(db.name)),
            db.name,
        )
        .done(),
        stateful::revision(world, &set),
        chart(
            basic::account(world, RESOTO, "resoto-graph-db", AGE),
            db.name,
        )
        .done(),
        chart(
            basic::secret(world, RESOTO, "resoto-graph-db", "Opaque", &keys, AGE),
            db.name,
        )
        .done(),
    ];
    for pod in stateful::members(world, &set, &mut objects) {
        objects.extend(front(world, "resoto-graph-db", &db, &pod));
        objects.push(pod.object);
    }
    objects
}
