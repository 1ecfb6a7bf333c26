//! Realistic trouble, present in every cluster whatever its size.
//!
//! Trouble that belongs to a whole cluster (unreachable, a forbidden kind) is not an object and is
//! told by [`super::Trouble`].
use serde_json::{Value, json};

use super::basic;
use super::deployment::{self, App};
use super::draft::{CONFIG_MAP, POD, SERVICE};
use super::network::{self, Front, Reach};
use super::pod::{self, Health, Pattern, Wanted};
use super::storage::{self, Claim};
use super::world::{DAY, Said, World};

/// The namespace most of the trouble is in.
pub(super) const SANDBOX: &str = "sandbox";
/// The namespace with the driver pod that owns the service which selects it.
pub(super) const SPARK: &str = "spark-jobs";

/// All of it.
pub(super) fn oddities(world: &mut World) -> Vec<Value> {
    let mut objects = basic::namespace(world, SANDBOX, "platform", 60 * DAY);
    for (name, health, replicas, healthy) in [
        ("flaky", Health::CrashLoop, 3, 1),
        ("greedy", Health::Unschedulable, 2, 0),
        ("typo", Health::ImagePull, 1, 0),
        ("hungry", Health::Evicted, 2, 1),
    ] {
        let app = App {
            namespace: SANDBOX,
            name,
            age: 9 * DAY,
            replicas,
            health,
            healthy,
        };
        objects.extend(deployment::application(world, &app));
    }
    objects.extend(volumes(world));
    objects.extend(owners(world));
    objects.extend(leftovers(world));
    objects.extend(driver(world));
    objects
}

/// A claim without a volume, the pod that waits for it, and a volume without a claim.
fn volumes(world: &mut World) -> Vec<Value> {
    let age = 5 * DAY;
    let claim = Claim {
        namespace: SANDBOX,
        name: "archive",
        app: "archive",
        size: "500Gi",
        age,
    };
    let pending = storage::pending(world, claim, "does-not-exist");
    let about = world.owner(super::draft::CLAIM, SANDBOX, "archive");
    let said = Said {
        class: "Warning",
        reason: "ProvisioningFailed",
        message: "storageclass.storage.k8s.io \"does-not-exist\" not found",
        by: "persistentvolume-controller",
        times: 5_040,
    };
    let event = world.event(&about, SANDBOX, 600, said);
    let mut pattern = Pattern::new(
        json!({"app": "archive"}),
        "default",
        pod::container("main", "ghcr.io/acme/archive:0.3.0", 8080),
    );
    pattern.volumes =
        vec![json!({"name": "data", "persistentVolumeClaim": {"claimName": "archive"}})];
    let wanted = Wanted {
        namespace: SANDBOX,
        name: "archive-0".into(),
        owner: None,
        pattern: &pattern,
        labels: &[],
        health: Health::Unschedulable,
        age,
    };
    let pod = pod::build(world, &wanted).object;
    vec![
        pending,
        event,
        pod,
        storage::released(world, SANDBOX, "old-archive", 40 * DAY),
    ]
}

/// Two objects that own each other, and one whose owner is gone.
fn owners(world: &World) -> Vec<Value> {
    let age = 20 * DAY;
    let map = |name: &str, owner: Value| {
        basic::config_map(world, SANDBOX, name, json!({"note": "see the other"}), age)
            .meta("ownerReferences", json!([owner]))
            .done()
    };
    let left = world.owner(CONFIG_MAP, SANDBOX, "egg");
    let right = world.owner(CONFIG_MAP, SANDBOX, "hen");
    let gone = world.owner(super::draft::DEPLOYMENT, SANDBOX, "long-gone");
    vec![
        map("egg", right.plain()),
        map("hen", left.plain()),
        map("orphan", gone.controller()),
    ]
}

/// Something that cannot finish dying, something expired, and a secret applied with `kubectl`.
fn leftovers(world: &World) -> Vec<Value> {
    let data = json!({"state": "unknown"});
    vec![
        basic::config_map(world, SANDBOX, "undead", data.clone(), 30 * DAY)
            .meta("finalizers", json!(["acme.example.com/cleanup"]))
            .meta("deletionTimestamp", world.ago(3 * DAY).into())
            .meta("deletionGracePeriodSeconds", 0.into())
            .done(),
        basic::config_map(world, SANDBOX, "experiment", data, 12 * DAY)
            .annotations(json!({"janitor/expires": world.ago(5 * DAY), "owner": "jane"}))
            .done(),
        basic::secret(world, SANDBOX, "applied", "Opaque", &["password"], 15 * DAY)
            .annotations(basic::last_applied_secret(SANDBOX, "applied", "password"))
            .done(),
    ]
}

/// A driver pod that owns the service which selects that same pod.
fn driver(world: &mut World) -> Vec<Value> {
    let age = DAY / 2;
    let labels = json!({"spark-app-name": "pi", "spark-role": "driver"});
    let pattern = Pattern::new(
        labels.clone(),
        "spark",
        pod::container("spark-kubernetes-driver", "ghcr.io/acme/spark:3.5.4", 4040),
    );
    let wanted = Wanted {
        namespace: SPARK,
        name: "pi-driver".into(),
        owner: None,
        pattern: &pattern,
        labels: &[],
        health: Health::Running,
        age,
    };
    let pod = pod::build(world, &wanted);
    let front = Front {
        namespace: SPARK,
        name: "pi-driver-svc",
        labels: json!({"spark-app-name": "pi"}),
        annotations: json!({}),
        selector: labels,
        port: 4040,
        target: 4040,
        reach: Reach::Headless,
        age,
        balancer_ip: None,
    };
    let mut objects = basic::namespace(world, SPARK, "data", 60 * DAY);
    objects.push(basic::account(world, SPARK, "spark", 60 * DAY).done());
    objects.extend(network::service(world, &front, &[&pod]));
    let driver = world.owner(POD, SPARK, "pi-driver");
    for object in &mut objects {
        if object["kind"] == SERVICE.kind {
            object["metadata"]["ownerReferences"] = json!([driver.controller()]);
        }
    }
    objects.push(pod.object);
    objects
}
