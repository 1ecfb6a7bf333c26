//! Pods go by eviction, every deletion is tried before, and changes are told by events.
use expect_test::expect;
use serde_json::{Value, json};
use stocktake_kubernetes_sim::{Effect, Matcher, SimOptions, Times};
use stocktake_plugin_api::{Deletion, Outcome};

use super::{Scene, change, check, owner};

/// A budget over all pods of a namespace, with this many disruptions to give.
fn budget(scene: &Scene, name: &str, allowed: u64) {
    let budget = json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
        "metadata": {"name": name, "namespace": "web"},
        "spec": {"minAvailable": 19, "selector": {}},
        "status": {"disruptionsAllowed": allowed, "currentHealthy": 20, "desiredHealthy": 19},
    });
    scene.sim.put(budget).unwrap();
    let mut pod = scene.sim.object("", "pods", Some("web"), "pod-01").unwrap();
    pod["apiVersion"] = json!("v1");
    pod["kind"] = json!("Pod");
    pod["status"] = json!({"phase": "Running"});
    scene.sim.put(pod).unwrap();
}

/// The pod without the version that was seen: putting its phase changed it.
fn pod(scene: &Scene) -> stocktake_model::ObjectRef {
    stocktake_model::ObjectRef {
        resource_version: None,
        ..scene.object("kubernetes_pod", "pod-01")
    }
}

fn requests(scene: &Scene, method: &str, end: &str) -> Vec<String> {
    let requests = scene.sim.requests().into_iter();
    let requests = requests.filter(|one| one.method == method && one.path.ends_with(end));
    requests
        .map(|one| format!("{} {}", one.query, one.status))
        .collect()
}

#[tokio::test]
async fn a_pod_is_evicted_and_its_budget_asked() {
    let scene = Scene::new().await;
    budget(&scene, "web", 1);
    let outcome = scene.delete(&pod(&scene), &Deletion::default()).await;
    assert_eq!(outcome, Outcome::Deleted);
    assert_eq!(
        requests(&scene, "POST", "/eviction"),
        ["dryRun=All 201", " 201"]
    );
    assert_eq!(
        requests(&scene, "DELETE", ""),
        [""; 0],
        "nothing goes past the budget"
    );
}

#[tokio::test]
async fn a_budget_that_gives_nothing_is_named_and_asked_again_later() {
    let scene = Scene::new().await;
    budget(&scene, "web", 0);
    check(
        &scene.delete(&pod(&scene), &Deletion::default()).await,
        expect![[
            r#"{"outcome":"refused","message":"Cannot evict pod as it would violate the pod's disruption budget.; The disruption budget web needs 19 healthy pods and has 20 currently"}"#
        ]],
    );
    assert_eq!(
        requests(&scene, "POST", "/eviction").len(),
        4,
        "three more tries"
    );
    assert!(
        scene
            .sim
            .object("", "pods", Some("web"), "pod-01")
            .is_some()
    );
}

#[tokio::test]
async fn several_budgets_for_one_pod_are_told_as_the_server_does() {
    let scene = Scene::new().await;
    budget(&scene, "web", 1);
    budget(&scene, "also", 1);
    check(
        &scene.delete(&pod(&scene), &Deletion::default()).await,
        expect![[
            r#"{"outcome":"failed","message":"This pod has more than one PodDisruptionBudget, which the eviction subresource does not support. (500)"}"#
        ]],
    );
}

#[tokio::test]
async fn a_webhook_refuses_before_anything_happens() {
    let scene = Scene::new().await;
    let map = scene.object("kubernetes_config_map", "settings");
    let denied = Effect::Denied {
        webhook: "guard.acme.dev".to_owned(),
        why: "not on Fridays".to_owned(),
    };
    let faults = scene.sim.faults();
    let id = faults.add(Matcher::on("delete", "configmaps"), denied, Times::Forever);
    check(
        &scene.delete(&map, &Deletion::default()).await,
        expect![[
            r#"{"outcome":"refused","message":"admission webhook \"guard.acme.dev\" denied the request: not on Fridays"}"#
        ]],
    );
    let real = |scene: &Scene| {
        requests(scene, "DELETE", "/settings")
            .iter()
            .filter(|one| one.starts_with(' '))
            .count()
    };
    assert_eq!(real(&scene), 0, "the dry run was refused");
    faults.remove(id);
    // One with side effects takes no dry run, and says nothing about the real request.
    let blind = Effect::NoDryRun {
        webhook: "old.acme.dev".to_owned(),
    };
    faults.add(Matcher::on("delete", "configmaps"), blind, Times::Forever);
    check(
        &scene.would_delete(&map).await,
        expect![[
            r#"{"outcome":"refused","message":"admission webhook \"old.acme.dev\" does not support dry run"}"#
        ]],
    );
    assert_eq!(
        scene.delete(&map, &Deletion::default()).await,
        Outcome::Deleted
    );
}

#[tokio::test]
async fn the_server_goes_away_in_the_middle() {
    for (code, times) in [
        (500, Times::Forever),
        (503, Times::Forever),
        (409, Times::Only(1)),
        (422, Times::Only(1)),
    ] {
        let scene = Scene::new().await;
        let map = scene.object("kubernetes_config_map", "settings");
        let real = Matcher::on("delete", "configmaps").really();
        scene.sim.faults().add(real, Effect::Status(code), times);
        let outcome = scene.delete(&map, &Deletion::default()).await;
        let fits = match code {
            409 => matches!(outcome, Outcome::Changed { .. }),
            422 => matches!(outcome, Outcome::Refused { .. }),
            _ => matches!(outcome, Outcome::Failed { .. }),
        };
        assert!(fits, "{code}: {outcome:?}");
        let left = scene.sim.object("", "configmaps", Some("web"), "settings");
        assert!(left.is_some(), "{code}");
    }
    let scene = Scene::new().await;
    let map = scene.object("kubernetes_config_map", "settings");
    let section = super::stage::section(&scene.sim, "admin", json!({"request_timeout_secs": 1}));
    let account = super::account(&section).await;
    scene.sim.stop().await;
    let outcome = account
        .delete(
            &super::approved(&map, stocktake_act::Mode::Real),
            &Deletion::default(),
        )
        .await;
    assert!(matches!(outcome, Outcome::Failed { .. }), "{outcome:?}");
}

fn events(scene: &Scene, namespace: &str) -> Vec<String> {
    let names = scene.sim.names("", "events", Some(namespace));
    let event = |name: &String| {
        scene
            .sim
            .object("", "events", Some(namespace), name)
            .unwrap()
    };
    let told = |event: Value| {
        let of = &event["involvedObject"];
        format!(
            "{} {}: {} {}",
            of["kind"], of["name"], event["reason"], event["message"]
        )
    };
    names.iter().map(event).map(told).collect()
}

#[tokio::test]
async fn changes_are_told_by_events_where_the_object_is() {
    let scene = Scene::with(SimOptions::default()).await;
    let map = scene.object("kubernetes_config_map", "settings");
    // What was not there is not taken away.
    scene.tag(&map, &change(&[("nobody", None)])).await;
    scene.tag(&map, &owner()).await;
    let map = stocktake_model::ObjectRef {
        resource_version: None,
        ..map
    };
    scene.would_delete(&map).await;
    scene.delete(&map, &Deletion::default()).await;
    // Every real cluster has this namespace.
    let default = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}});
    scene.sim.put(default).unwrap();
    let node = scene.object("kubernetes_node", "node-a");
    scene.tag(&node, &owner()).await;
    expect![[r#"
        "ConfigMap" "settings": "Cleaned" "deleted by stocktake: test"
        "ConfigMap" "settings": "Tagged" "changed by stocktake: owner""#]]
    .assert_eq(&events(&scene, "web").join("\n"));
    expect![[r#""Node" "node-a": "Tagged" "changed by stocktake: owner""#]]
        .assert_eq(&events(&scene, "default").join("\n"));
    let section = super::stage::section(&scene.sim, "admin", json!({"write_events": false}));
    let other = scene.object("kubernetes_config_map", "other");
    super::account(&section).await.tag(&other, &owner()).await;
    assert_eq!(events(&scene, "web").len(), 2, "nobody wants them");
    // Whoever may not write events may change objects all the same.
    scene.sim.faults().add(
        Matcher::on("create", "events"),
        Effect::Status(403),
        Times::Forever,
    );
    assert_eq!(
        scene
            .delete(
                &stocktake_model::ObjectRef {
                    resource_version: None,
                    ..other
                },
                &Deletion::default()
            )
            .await,
        Outcome::Deleted
    );
}
