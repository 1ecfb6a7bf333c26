//! What the cluster does by itself after a deletion.

use serde_json::{Value, json};
use stocktake_kubernetes_sim::{Clock, PodTermination, Sim, SimOptions};

use crate::client::Client;
use crate::fixture::{NOW, cluster, cluster_with, objects, options, owner, pod};

async fn pods(admin: &Client) -> Vec<String> {
    let list = admin.get("/api/v1/namespaces/a/pods").await.json();
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|item| item["metadata"]["name"].as_str().unwrap().to_owned())
        .collect()
}

fn uid(sim: &Sim, name: &str) -> Option<Value> {
    Some(sim.object("", "pods", Some("a"), name)?["metadata"]["uid"].clone())
}

#[tokio::test]
async fn a_deleted_pod_of_a_replica_set_is_replaced_under_another_name() {
    let (sim, admin) = cluster().await;
    let gone = uid(&sim, "web-1-aaaaa");
    admin
        .delete("/api/v1/namespaces/a/pods/web-1-aaaaa", &Value::Null)
        .await;
    let now = pods(&admin).await;
    assert_eq!(now.len(), 4);
    assert!(!now.contains(&"web-1-aaaaa".to_owned()));
    let new = now
        .iter()
        .find(|name| name.starts_with("web-1-") && *name != "web-1-bbbbb")
        .unwrap();
    assert_eq!(new.len(), "web-1-aaaaa".len());
    assert_ne!(uid(&sim, new), gone);
    let new = sim.object("", "pods", Some("a"), new).unwrap();
    assert_eq!(new["metadata"].get("deletionTimestamp"), None);
    assert_eq!(new["metadata"]["ownerReferences"][0]["name"], "web-1");
}

#[tokio::test]
async fn a_deleted_pod_of_a_stateful_set_comes_back_under_its_name() {
    let (sim, admin) = cluster().await;
    let gone = uid(&sim, "db-0");
    admin
        .delete("/api/v1/namespaces/a/pods/db-0", &Value::Null)
        .await;
    assert!(uid(&sim, "db-0").is_some());
    assert_ne!(uid(&sim, "db-0"), gone);
}

#[tokio::test]
async fn a_pod_nobody_controls_stays_away() {
    let (sim, admin) = cluster().await;
    admin
        .delete("/api/v1/namespaces/a/pods/lone", &Value::Null)
        .await;
    assert_eq!(sim.count("", "pods"), 3);
}

#[tokio::test]
async fn a_replica_set_does_not_wait_for_the_old_pod_but_a_stateful_set_does() {
    let clock = Clock::manual(NOW.parse().unwrap());
    let graceful = SimOptions {
        clock: clock.clone(),
        pod_termination: PodTermination::Graceful,
        ..options()
    };
    let (sim, admin) = cluster_with(graceful).await;
    let old = uid(&sim, "db-0");
    admin
        .delete("/api/v1/namespaces/a/pods/web-1-aaaaa", &Value::Null)
        .await;
    admin
        .delete("/api/v1/namespaces/a/pods/db-0", &Value::Null)
        .await;
    assert_eq!(sim.count("", "pods"), 5);
    assert_eq!(uid(&sim, "db-0"), old);
    clock.advance(jiff::SignedDuration::from_secs(30));
    assert_eq!(sim.count("", "pods"), 4);
    assert_ne!(uid(&sim, "db-0"), old);
}

#[tokio::test]
async fn a_deleted_owner_takes_its_dependants_all_the_way_down() {
    let (sim, admin) = cluster().await;
    let answer = admin
        .delete("/apis/apps/v1/namespaces/a/deployments/web", &Value::Null)
        .await;
    assert_eq!(answer.json()["details"]["group"], "apps");
    assert_eq!(sim.count("apps", "replicasets"), 0);
    assert_eq!(pods(&admin).await, ["db-0", "lone"]);
}

#[tokio::test]
async fn orphans_forget_their_owner() {
    let (sim, admin) = cluster().await;
    let path = "/apis/apps/v1/namespaces/a/deployments/web";
    let shown = admin
        .delete(path, &json!({"propagationPolicy": "Orphan"}))
        .await
        .json();
    assert_eq!(shown["metadata"]["finalizers"], json!(["orphan"]));
    assert_eq!(admin.get(path).await.status, 404);
    let left = sim
        .object("apps", "replicasets", Some("a"), "web-1")
        .unwrap();
    assert_eq!(left["metadata"].get("ownerReferences"), None);
    assert_eq!(sim.count("", "pods"), 4);
}

#[tokio::test]
async fn a_second_owner_keeps_the_dependant() {
    let mut all = objects();
    let (first, second) = (
        "00000000-0000-4000-8000-0000000000d1",
        crate::fixture::DEPLOYMENT,
    );
    all.push(json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "other", "namespace": "a", "uid": first},
    }));
    let owners = [
        owner("Deployment", "other", first),
        owner("Deployment", "web", second),
    ];
    all.push(pod("shared", &owners));
    let sim = Sim::start(all, options()).await.unwrap();
    let admin = Client::new(&sim, Some("admin-token"));
    admin
        .delete("/apis/apps/v1/namespaces/a/deployments/other", &Value::Null)
        .await;
    let shared = sim.object("", "pods", Some("a"), "shared").unwrap();
    let owners = shared["metadata"]["ownerReferences"].as_array().unwrap();
    assert_eq!(owners.len(), 1);
    assert_eq!(owners[0]["name"], "web");
}

#[tokio::test]
async fn jobs_keep_their_pods_unless_told_otherwise() {
    let job = "00000000-0000-4000-8000-0000000000e1";
    for (options_given, warned, pods_left) in [
        (Value::Null, true, 1),
        (json!({"propagationPolicy": "Background"}), false, 0),
    ] {
        let mut reference = owner("Job", "run", job);
        reference["apiVersion"] = json!("batch/v1");
        let all = [
            json!({
                "apiVersion": "batch/v1", "kind": "Job",
                "metadata": {"name": "run", "namespace": "a", "uid": job},
            }),
            pod("run-1", &[reference]),
        ];
        let sim = Sim::start(all, options()).await.unwrap();
        let admin = Client::new(&sim, Some("admin-token"));
        let path = "/apis/batch/v1/namespaces/a/jobs/run";
        let answer = admin.delete(path, &options_given).await;
        assert_eq!(
            (answer.status, answer.header("warning").is_some()),
            (200, warned)
        );
        assert_eq!(
            (sim.count("batch", "jobs"), sim.count("", "pods")),
            (0, pods_left)
        );
    }
}

#[tokio::test]
async fn a_deleted_definition_takes_its_custom_resources() {
    let (sim, admin) = cluster().await;
    let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.acme.example.com";
    admin.delete(path, &Value::Null).await;
    assert_eq!(sim.count("acme.example.com", "widgets"), 0);
    assert_eq!(
        admin.get("/apis/acme.example.com/v1/widgets").await.status,
        404
    );
}

#[tokio::test]
async fn a_deleted_namespace_takes_everything_and_nothing_comes_back() {
    let (sim, admin) = cluster().await;
    admin.delete("/api/v1/namespaces/a", &Value::Null).await;
    assert_eq!(admin.get("/api/v1/namespaces/a").await.status, 404);
    for (group, plural, left) in [
        ("", "pods", 0),
        ("", "configmaps", 1),
        ("apps", "replicasets", 0),
        ("acme.example.com", "widgets", 0),
    ] {
        assert_eq!(sim.count(group, plural), left, "{plural}");
    }
}
