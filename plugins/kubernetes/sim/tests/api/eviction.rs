//! Evictions and disruption budgets; webhooks; changes by hand.

use http::Method;
use serde_json::{Value, json};
use stocktake_kubernetes_sim::{Effect, Matcher, Sim, SimError, SimOptions, Times};

use crate::client::{Answer, Client};
use crate::fixture::cluster;

fn pod(name: &str, phase: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "a", "labels": {"app": "web"}},
        "spec": {"containers": []}, "status": {"phase": phase}})
}

fn budget(name: &str, allowed: u64) -> Value {
    json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": {"name": name, "namespace": "a"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}},
        "status": {"disruptionsAllowed": allowed, "currentHealthy": 2, "desiredHealthy": 1}})
}

async fn with(objects: &[Value]) -> (Sim, Client) {
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}});
    let objects = std::iter::once(namespace).chain(objects.iter().cloned());
    let sim = Sim::start(objects, SimOptions::default()).await.unwrap();
    let admin = Client::new(&sim, Some("admin-token"));
    (sim, admin)
}

async fn evict(admin: &Client, name: &str, query: &str, options: &Value) -> Answer {
    let path = format!("/api/v1/namespaces/a/pods/{name}/eviction{query}");
    let body = json!({"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name},
        "deleteOptions": options});
    admin
        .send(Method::POST, &path, &[], &body.to_string())
        .await
}

fn left(sim: &Sim) -> Value {
    let budget = sim.object("policy", "poddisruptionbudgets", Some("a"), "web");
    budget.unwrap()["status"]["disruptionsAllowed"].clone()
}

#[tokio::test]
async fn an_eviction_asks_the_budget() {
    let (sim, admin) = with(&[
        pod("web-0", "Running"),
        pod("web-1", "Running"),
        budget("web", 1),
    ])
    .await;
    for (query, options) in [("?dryRun=All", json!({})), ("", json!({"dryRun": ["All"]}))] {
        assert_eq!(evict(&admin, "web-0", query, &options).await.status, 201);
        assert_eq!(
            (left(&sim), sim.count("", "pods")),
            (json!(1), 2),
            "a dry run"
        );
    }
    assert_eq!(evict(&admin, "web-0", "", &Value::Null).await.status, 201);
    assert!(sim.object("", "pods", Some("a"), "web-0").is_none());
    let second = evict(&admin, "web-1", "", &Value::Null).await;
    assert_eq!(second.status, 429, "{}", second.text());
    assert_eq!(
        second.json()["details"]["causes"][0]["reason"],
        "DisruptionBudget"
    );
    assert!(sim.object("", "pods", Some("a"), "web-1").is_some());
}

#[tokio::test]
async fn preconditions_hold_before_a_budget_is_asked() {
    let (sim, admin) = with(&[pod("web-0", "Running"), budget("web", 1)]).await;
    let other = json!({"preconditions": {"uid": "00000000-0000-0000-0000-000000000000"}});
    assert_eq!(evict(&admin, "web-0", "", &other).await.status, 409);
    assert_eq!((left(&sim), sim.count("", "pods")), (json!(1), 1));
    assert_eq!(evict(&admin, "nobody", "", &Value::Null).await.status, 404);
}

#[tokio::test]
async fn what_disrupts_nothing_needs_no_budget_and_two_are_too_many() {
    for phase in ["Succeeded", "Failed", "Pending"] {
        let (_sim, admin) = with(&[pod("web-0", phase), budget("web", 0)]).await;
        assert_eq!(
            evict(&admin, "web-0", "", &Value::Null).await.status,
            201,
            "{phase}"
        );
    }
    let (_sim, admin) = with(&[pod("web-0", "Running"), budget("web", 1), budget("also", 1)]).await;
    assert_eq!(evict(&admin, "web-0", "", &Value::Null).await.status, 500);
}

#[tokio::test]
async fn a_pod_in_the_place_of_another_gives_its_budget_one_back() {
    let (sim, admin) = cluster().await;
    let mut over = budget("web", 1);
    over["status"] = json!({"disruptionsAllowed": 1, "currentHealthy": 2, "desiredHealthy": 1});
    sim.put(over).unwrap();
    let before = sim.names("", "pods", Some("a"));
    let replaced = before.iter().find(|name| name.starts_with("web-")).unwrap();
    assert_eq!(evict(&admin, replaced, "", &Value::Null).await.status, 201);
    assert_eq!(
        (left(&sim), sim.count("", "pods")),
        (json!(1), before.len())
    );
}

#[tokio::test]
async fn webhooks_deny_what_is_real_or_what_is_not() {
    let (sim, admin) = with(&[pod("web-0", "Running")]).await;
    let path = "/api/v1/namespaces/a/pods/web-0";
    let dry = json!({"dryRun": ["All"]});
    let blind = Effect::NoDryRun {
        webhook: "old.acme.dev".to_owned(),
    };
    let id = sim
        .faults()
        .add(Matcher::on("delete", "pods"), blind, Times::Forever);
    let answer = admin.delete(path, &dry).await;
    assert_eq!(answer.status, 400);
    assert!(
        answer.text().contains("does not support dry run"),
        "{}",
        answer.text()
    );
    sim.faults().remove(id);
    let denied = Effect::Denied {
        webhook: "guard.acme.dev".to_owned(),
        why: "no".to_owned(),
    };
    sim.faults().add(
        Matcher::on("delete", "pods").really(),
        denied,
        Times::Only(1),
    );
    assert_eq!(admin.delete(path, &dry).await.status, 200);
    let answer = admin.delete(path, &Value::Null).await;
    assert_eq!(answer.status, 403);
    assert_eq!(
        answer.json()["message"],
        "admission webhook \"guard.acme.dev\" denied the request: no"
    );
    assert_eq!(admin.delete(path, &Value::Null).await.status, 200);
}

#[tokio::test]
async fn a_hand_reaches_past_the_door() {
    let (sim, admin) = with(&[pod("web-0", "Running")]).await;
    let seen = sim.object("", "pods", Some("a"), "web-0").unwrap();
    assert!(sim.edit(("", "pods"), (Some("a"), "web-0"), |pod| {
        pod["metadata"]["finalizers"] = json!(["acme.dev/hold"]);
    }));
    let held = sim.object("", "pods", Some("a"), "web-0").unwrap();
    assert_eq!(held["metadata"]["uid"], seen["metadata"]["uid"]);
    assert_ne!(
        held["metadata"]["resourceVersion"],
        seen["metadata"]["resourceVersion"]
    );
    admin
        .delete("/api/v1/namespaces/a/pods/web-0", &Value::Null)
        .await;
    assert_eq!(sim.count("", "pods"), 1, "the finalizer holds it");
    assert!(sim.remove("", "pods", Some("a"), "web-0"));
    assert!(!sim.remove("", "pods", Some("a"), "web-0"));
    assert!(!sim.edit(("", "pods"), (Some("a"), "web-0"), |_| {}));
    sim.put(pod("web-0", "Running")).unwrap();
    let new = sim.object("", "pods", Some("a"), "web-0").unwrap();
    assert_ne!(new["metadata"]["uid"], seen["metadata"]["uid"]);
    let unknown = sim.put(json!({"apiVersion": "v9", "kind": "Nope"}));
    assert!(matches!(unknown, Err(SimError::UnknownKind { .. })));
    let unnamed = sim.put(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}}));
    assert!(matches!(unnamed, Err(SimError::Unnamed { .. })));
}
