//! The small cluster most tests ask: two namespaces, config maps, a secret, workloads with pods, a CRD.

use serde_json::{Value, json};
use stocktake_kubernetes_sim::{Clock, Permissions, Sim, SimOptions, User};

use crate::client::Client;

/// When it is in the cluster.
pub(crate) const NOW: &str = "2026-01-02T03:04:05Z";

/// The uid of the ReplicaSet `web-1`.
pub(crate) const REPLICA_SET: &str = "00000000-0000-4000-8000-0000000000b1";
/// The uid of the Deployment `web`.
pub(crate) const DEPLOYMENT: &str = "00000000-0000-4000-8000-0000000000a1";

/// Options with a clock that stands, and a user `nobody` who may nothing.
pub(crate) fn options() -> SimOptions {
    SimOptions {
        users: vec![User::admin(), User::new("nobody", Permissions::none())],
        clock: Clock::manual(NOW.parse().unwrap()),
        ..SimOptions::default()
    }
}

/// A cluster and its admin.
pub(crate) async fn cluster() -> (Sim, Client) {
    cluster_with(options()).await
}

/// The same with other options.
pub(crate) async fn cluster_with(options: SimOptions) -> (Sim, Client) {
    let sim = Sim::start(objects(), options).await.unwrap();
    let admin = Client::new(&sim, Some("admin-token"));
    (sim, admin)
}

/// The token of the user who may nothing.
pub(crate) fn nobody(sim: &Sim) -> Client {
    Client::new(sim, Some("nobody-token"))
}

/// A reference to an owner that controls.
pub(crate) fn owner(kind: &str, name: &str, uid: &str) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid,
        "controller": true, "blockOwnerDeletion": true,
    })
}

/// A running pod in namespace `a`.
pub(crate) fn pod(name: &str, owners: &[Value]) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "name": name, "namespace": "a", "generation": 1, "labels": {"app": "web"},
            "ownerReferences": owners,
        },
        "spec": {
            "nodeName": "node-0", "terminationGracePeriodSeconds": 30,
            "containers": [{"name": "main"}],
        },
        "status": {
            "phase": "Running", "podIP": "10.0.0.1",
            "containerStatuses": [{"name": "main", "ready": true, "restartCount": 0}],
        },
    })
}

fn workload(kind: &str, name: &str, uid: &str, owners: &[Value]) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": kind,
        "metadata": {
            "name": name, "namespace": "a", "uid": uid, "generation": 1, "ownerReferences": owners,
        },
        "spec": {"replicas": 2},
        "status": {"replicas": 2},
    })
}

fn widget_definition() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.acme.example.com"},
        "spec": {
            "group": "acme.example.com", "scope": "Namespaced",
            "names": {
                "plural": "widgets", "singular": "widget", "kind": "Widget",
                "listKind": "WidgetList", "shortNames": ["wd"],
            },
            "versions": [
                {"name": "v1alpha1", "served": true, "storage": false},
                {"name": "v1", "served": true, "storage": true, "subresources": {"status": {}}},
                {"name": "v0", "served": false, "storage": false},
            ],
        },
    })
}

/// Everything in the cluster.
pub(crate) fn objects() -> Vec<Value> {
    let simple = |kind: &str, namespace: &str, name: &str| json!({"apiVersion": "v1", "kind": kind, "metadata": {"namespace": namespace, "name": name}});
    let mut objects = vec![
        // Before its definition, on purpose.
        json!({
            "apiVersion": "acme.example.com/v1", "kind": "Widget",
            "metadata": {"name": "w", "namespace": "a"}, "spec": {"size": 1},
        }),
        widget_definition(),
        json!({
            "apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", "namespace": "a"},
            "type": "Opaque", "data": {"password": "Y2FuYXJ5", "user": "Y2FuYXJ5"},
        }),
        workload("Deployment", "web", DEPLOYMENT, &[]),
        workload(
            "ReplicaSet",
            "web-1",
            REPLICA_SET,
            &[owner("Deployment", "web", DEPLOYMENT)],
        ),
        workload(
            "StatefulSet",
            "db",
            "00000000-0000-4000-8000-0000000000c1",
            &[],
        ),
        pod(
            "db-0",
            &[owner(
                "StatefulSet",
                "db",
                "00000000-0000-4000-8000-0000000000c1",
            )],
        ),
        pod("lone", &[]),
    ];
    for namespace in ["a", "b", "kube-system"] {
        objects.push(json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace},
            "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"},
        }));
    }
    for name in ["web-1-aaaaa", "web-1-bbbbb"] {
        let mut pod = pod(name, &[owner("ReplicaSet", "web-1", REPLICA_SET)]);
        pod["metadata"]["generateName"] = json!("web-1-");
        objects.push(pod);
    }
    for at in 0..5 {
        objects.push(simple("ConfigMap", "a", &format!("app-{at}")));
    }
    objects.push(simple("ConfigMap", "b", "app-0"));
    objects
}
