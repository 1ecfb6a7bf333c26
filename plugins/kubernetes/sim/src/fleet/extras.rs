//! What only some applications have: an ingress, an autoscaler, a lease, custom resources.
use serde_json::{Value, json};

use super::basic;
use super::deployment::App;
use super::dice::Dice;
use super::draft::{LEASE, SERVING_SERVICE, WIDGET};
use super::network;
use super::pod::Pod;
use super::world::World;

/// What only some applications have.
pub(super) fn extras(
    world: &World,
    app: &App<'_>,
    pods: &[Pod],
    dice: &mut Dice,
    objects: &mut Vec<Value>,
) {
    let App {
        namespace,
        name,
        age,
        ..
    } = *app;
    if dice.one_in(4) {
        let tls = format!("{name}-tls");
        let keys = ["tls.crt", "tls.key"];
        objects.push(network::ingress(world, namespace, name, age));
        objects.push(basic::secret(world, namespace, &tls, "kubernetes.io/tls", &keys, age).done());
    }
    if dice.one_in(4) {
        objects.push(network::autoscaler(
            world,
            namespace,
            name,
            app.replicas,
            age,
        ));
    }
    if dice.one_in(3) {
        objects.push(network::budget(world, namespace, name, pods, age));
    }
    if dice.one_in(5) {
        objects.push(network::network_policy(world, namespace, name, age));
    }
    if dice.one_in(6) {
        let holder = pods.first().map_or(name, |pod| pod.owner.name.as_str());
        objects.push(lease(world, namespace, name, holder, age));
    }
    if dice.one_in(8) {
        objects.push(widget(world, namespace, name, dice.between(1, 20), age));
    }
    if dice.one_in(8) {
        objects.push(serving_service(world, namespace, name, age));
    }
}

/// The lease of a leader election.
pub(super) fn lease(world: &World, namespace: &str, name: &str, holder: &str, age: i64) -> Value {
    world
        .draft(LEASE, namespace, name, age)
        .field(
            "spec",
            json!({
                "holderIdentity": holder,
                "leaseDurationSeconds": 15,
                "acquireTime": world.ago_micro(age),
                "renewTime": world.ago_micro(3),
                "leaseTransitions": 1,
            }),
        )
        .done()
}

/// A custom resource with numbers, lists and a status.
pub(super) fn widget(world: &World, namespace: &str, name: &str, size: usize, age: i64) -> Value {
    let parts: Vec<Value> = (0..size % 4)
        .map(|id| json!({"id": id, "ok": id % 2 == 0}))
        .collect();
    world
        .draft(WIDGET, namespace, name, age)
        .meta("generation", 1.into())
        .field("spec", json!({"size": size, "parts": parts}))
        .field("status", json!({"phase": "Ready"}))
        .done()
}

/// A custom resource whose kind is also called `Service`, with the name of a core service.
pub(super) fn serving_service(world: &World, namespace: &str, name: &str, age: i64) -> Value {
    world
        .draft(SERVING_SERVICE, namespace, name, age)
        .meta("generation", 1.into())
        .field(
            "spec",
            json!({"url": format!("http://{name}.{namespace}.svc")}),
        )
        .field(
            "status",
            json!({"conditions": [{"type": "Ready", "status": "True"}]}),
        )
        .done()
}
