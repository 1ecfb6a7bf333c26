//! Deletions: preconditions, dry runs, finalizers, and what the answers show.

use serde_json::{Value, json};
use stocktake_kubernetes_sim::{Clock, Controllers, PodTermination, SimOptions};

use crate::errors::refused;
use crate::fixture::{NOW, cluster, cluster_with, options};

const CONFIG_MAP: &str = "/api/v1/namespaces/a/configmaps/app-1";
const POD: &str = "/api/v1/namespaces/a/pods/lone";

fn by_hand() -> SimOptions {
    SimOptions {
        controllers: Controllers::ByHand,
        pod_termination: PodTermination::Graceful,
        ..options()
    }
}

#[tokio::test]
async fn preconditions_guard() {
    let (sim, admin) = cluster().await;
    let pod = sim.object("", "pods", Some("a"), "lone").unwrap();
    let (uid, version) = (&pod["metadata"]["uid"], &pod["metadata"]["resourceVersion"]);
    let (uid, version) = (uid.as_str().unwrap(), version.as_str().unwrap());
    let other = "00000000-0000-0000-0000-000000000000";
    // The kind, not the plural, unlike in the conflict of a patch.
    let details = json!({"name": "lone", "kind": "Pod"});
    refused(
        &admin
            .delete(POD, &json!({"preconditions": {"uid": other}}))
            .await,
        409,
        "Conflict",
        &format!(
            "Operation cannot be fulfilled on Pod \"lone\": the UID in the precondition ({other}) \
             does not match the UID in record ({uid}). The object might have been deleted and then \
             recreated"
        ),
        details.clone(),
    );
    refused(
        &admin
            .delete(POD, &json!({"preconditions": {"resourceVersion": "999"}}))
            .await,
        409,
        "Conflict",
        &format!(
            "Operation cannot be fulfilled on Pod \"lone\": the ResourceVersion in the \
             precondition (999) does not match the ResourceVersion in record ({version}). The \
             object might have been modified"
        ),
        details,
    );
    let both = json!({"preconditions": {"uid": uid, "resourceVersion": version}});
    assert_eq!(admin.delete(POD, &both).await.status, 200);
    assert_eq!(sim.object("", "pods", Some("a"), "lone"), None);
}

#[tokio::test]
async fn most_kinds_answer_with_a_status_and_are_gone() {
    let (sim, admin) = cluster().await;
    let uid = sim.object("", "configmaps", Some("a"), "app-1").unwrap()["metadata"]["uid"].clone();
    let answer = admin.delete(CONFIG_MAP, &Value::Null).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json(),
        json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
            "details": {"name": "app-1", "kind": "configmaps", "uid": uid},
        })
    );
    refused(
        &admin.get(CONFIG_MAP).await,
        404,
        "NotFound",
        "configmaps \"app-1\" not found",
        json!({"name": "app-1", "kind": "configmaps"}),
    );
}

#[tokio::test]
async fn a_dry_run_in_the_query_counts_only_without_a_body() {
    let (sim, admin) = cluster().await;
    let dry = format!("{CONFIG_MAP}?dryRun=All");
    assert_eq!(admin.delete(&dry, &Value::Null).await.status, 200);
    assert_eq!(
        admin
            .delete(CONFIG_MAP, &json!({"dryRun": ["All"]}))
            .await
            .status,
        200
    );
    assert!(sim.object("", "configmaps", Some("a"), "app-1").is_some());
    // With a body a real server does not look at the query, and deletes.
    let options = json!({"kind": "DeleteOptions", "apiVersion": "v1"});
    assert_eq!(admin.delete(&dry, &options).await.status, 200);
    assert_eq!(sim.object("", "configmaps", Some("a"), "app-1"), None);
}

#[tokio::test]
async fn a_pod_on_a_node_gets_its_grace() {
    let clock = Clock::manual(NOW.parse().unwrap());
    let graceful = SimOptions {
        clock: clock.clone(),
        pod_termination: PodTermination::Graceful,
        ..options()
    };
    let (_sim, admin) = cluster_with(graceful).await;
    let pod = admin.delete(POD, &Value::Null).await.json();
    assert_eq!(pod["kind"], "Pod");
    let meta = &pod["metadata"];
    assert_eq!(meta["deletionTimestamp"], "2026-01-02T03:04:35Z");
    assert_eq!(
        (&meta["deletionGracePeriodSeconds"], &meta["generation"]),
        (&json!(30), &json!(2))
    );
    assert_eq!(admin.get(POD).await.json(), pod);
    // Asked again, it is still the same deletion.
    assert_eq!(admin.delete(POD, &Value::Null).await.json(), pod);
    clock.advance(jiff::SignedDuration::from_secs(29));
    assert_eq!(admin.get(POD).await.status, 200);
    clock.advance(jiff::SignedDuration::from_secs(1));
    assert_eq!(admin.get(POD).await.status, 404);
}

#[tokio::test]
async fn no_grace_no_waiting() {
    let (_sim, admin) = cluster_with(by_hand()).await;
    assert_eq!(
        admin
            .delete(POD, &json!({"gracePeriodSeconds": 0}))
            .await
            .status,
        200
    );
    assert_eq!(admin.get(POD).await.status, 404);
}

#[tokio::test]
async fn a_finalizer_holds_the_object_until_it_is_taken_off() {
    let (_sim, admin) = cluster().await;
    let finalizers = |list: Value| json!({"metadata": {"finalizers": list}});
    admin
        .patch(CONFIG_MAP, &finalizers(json!(["acme.example.com/hold"])))
        .await;
    let held = admin.delete(CONFIG_MAP, &Value::Null).await.json();
    assert_eq!(held["kind"], "ConfigMap");
    assert_eq!(held["metadata"]["deletionTimestamp"], NOW);
    assert_eq!(held["metadata"]["deletionGracePeriodSeconds"], 0);
    assert_eq!(admin.get(CONFIG_MAP).await.json(), held);
    assert_eq!(
        admin
            .patch(CONFIG_MAP, &finalizers(Value::Null))
            .await
            .status,
        200
    );
    assert_eq!(admin.get(CONFIG_MAP).await.status, 404);
}

#[tokio::test]
async fn a_foreground_deletion_keeps_the_owner_until_its_dependants_are_gone() {
    let (sim, admin) = cluster_with(by_hand()).await;
    let path = "/apis/apps/v1/namespaces/a/deployments/web";
    let shown = admin
        .delete(path, &json!({"propagationPolicy": "Foreground"}))
        .await
        .json();
    let meta = &shown["metadata"];
    assert_eq!(meta["finalizers"], json!(["foregroundDeletion"]));
    assert_eq!(
        (&meta["deletionTimestamp"], &meta["generation"]),
        (&json!(NOW), &json!(2))
    );
    assert_eq!(meta["deletionGracePeriodSeconds"], 0);
    assert_eq!(admin.get(path).await.json(), shown);
    sim.settle();
    assert_eq!(admin.get(path).await.status, 404);
    assert_eq!(sim.object("apps", "replicasets", Some("a"), "web-1"), None);
}

#[tokio::test]
async fn a_namespace_terminates_before_it_goes_with_all_it_holds() {
    let (sim, admin) = cluster_with(by_hand()).await;
    let shown = admin
        .delete("/api/v1/namespaces/b", &Value::Null)
        .await
        .json();
    assert_eq!(shown["status"]["phase"], "Terminating");
    assert_eq!(shown["spec"]["finalizers"], json!(["kubernetes"]));
    assert_eq!(shown["metadata"]["deletionTimestamp"], NOW);
    assert_eq!(shown["metadata"].get("deletionGracePeriodSeconds"), None);
    assert_eq!(admin.get("/api/v1/namespaces/b").await.json(), shown);
    let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}});
    refused(
        &admin.post("/api/v1/namespaces/b/configmaps", &body).await,
        403,
        "Forbidden",
        "configmaps \"x\" is forbidden: unable to create new content in namespace b because it is \
         being terminated",
        json!({"name": "x", "kind": "configmaps"}),
    );
    sim.settle();
    assert_eq!(admin.get("/api/v1/namespaces/b").await.status, 404);
    assert_eq!(sim.object("", "configmaps", Some("b"), "app-0"), None);
    assert_eq!(sim.count("", "configmaps"), 5);
}
