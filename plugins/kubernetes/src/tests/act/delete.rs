//! Deleting.
use expect_test::expect;
use stocktake_kubernetes_sim::{Controllers, Effect, Matcher, PodTermination, SimOptions, Times};
use stocktake_model::ObjectRef;
use stocktake_plugin_api::{Change, Deletion, Outcome};

use super::{Scene, check, owner};

#[tokio::test]
async fn a_dry_run_asks_and_changes_nothing() {
    let scene = Scene::new().await;
    let map = scene.object("kubernetes_config_map", "settings");
    let before = scene.sim.object("", "configmaps", Some("web"), "settings");
    let change = Change {
        dry_run: true,
        ..owner()
    };
    assert_eq!(scene.tag(&map, &change).await, Outcome::WouldSucceed);
    assert_eq!(scene.would_delete(&map).await, Outcome::WouldSucceed);
    assert_eq!(
        scene.sim.object("", "configmaps", Some("web"), "settings"),
        before
    );
}

#[tokio::test]
async fn deleted_means_that_it_is_gone() {
    let scene = Scene::new().await;
    let map = scene.object("kubernetes_config_map", "settings");
    let before = scene.sim.count("", "configmaps");
    assert_eq!(
        scene.delete(&map, &Deletion::default()).await,
        Outcome::Deleted
    );
    assert_eq!(
        scene.sim.object("", "configmaps", Some("web"), "settings"),
        None
    );
    assert_eq!(
        scene.sim.count("", "configmaps"),
        before - 1,
        "and nothing else is"
    );
    assert_eq!(
        scene.delete(&map, &Deletion::default()).await,
        Outcome::Vanished
    );
}

#[tokio::test]
async fn a_pod_that_takes_its_time_is_terminating() {
    let options = SimOptions {
        pod_termination: PodTermination::Graceful,
        ..SimOptions::default()
    };
    let scene = Scene::with(options).await;
    let pod = scene.object("kubernetes_pod", "pod-00");
    let terminating = Outcome::Terminating {
        finalizers: Vec::new(),
    };
    assert_eq!(scene.delete(&pod, &Deletion::default()).await, terminating);
    assert_eq!(
        scene.delete(&pod, &Deletion::default()).await,
        terminating,
        "and still is"
    );
}

#[tokio::test]
async fn what_holds_an_object_is_named() {
    let options = SimOptions {
        controllers: Controllers::ByHand,
        ..SimOptions::default()
    };
    let scene = Scene::with(options).await;
    let map = scene.object("kubernetes_config_map", "settings");
    let foreground = Deletion {
        propagation: Some("Foreground".to_owned()),
        ..Deletion::default()
    };
    check(
        &scene.delete(&map, &foreground).await,
        expect![[r#"{"outcome":"terminating","finalizers":["foregroundDeletion"]}"#]],
    );
}

#[tokio::test]
async fn only_the_version_that_was_seen_is_deleted() {
    let mut scene = Scene::new().await;
    let map = scene.object("kubernetes_config_map", "settings");
    let stale = ObjectRef {
        resource_version: Some("1".to_owned()),
        ..map.clone()
    };
    assert!(matches!(
        scene.delete(&stale, &Deletion::default()).await,
        Outcome::Changed { .. }
    ));
    let other = ObjectRef {
        uid: "00000000-0000-0000-0000-000000000000".to_owned(),
        ..map.clone()
    };
    check(
        &scene.delete(&other, &Deletion::default()).await,
        expect![[r#"{"outcome":"changed","message":"another object has this name now"}"#]],
    );
    let odd = Deletion {
        propagation: Some("Sideways".to_owned()),
        ..Deletion::default()
    };
    check(
        &scene.delete(&map, &odd).await,
        expect![[
            r#"{"outcome":"refused","message":"`Sideways` is no propagation: expected `Background`, `Foreground` or `Orphan`"}"#
        ]],
    );
    scene.user = "reader";
    check(
        &scene.delete(&map, &Deletion::default()).await,
        expect![[
            r#"{"outcome":"refused","message":"configmaps \"settings\" is forbidden: User \"reader\" cannot delete resource \"configmaps\" in API group \"\" in the namespace \"web\"; to grant `delete` on `configmaps` add this rule to a Role in namespace `web` of the user:\n- apiGroups: [\"\"]\n  resources: [\"configmaps\"]\n  verbs: [\"delete\"]"}"#
        ]],
    );
    assert!(
        scene
            .sim
            .object("", "configmaps", Some("web"), "settings")
            .is_some()
    );
    let deletes = scene
        .sim
        .requests()
        .into_iter()
        .filter(|request| request.method == "DELETE");
    assert_eq!(deletes.count(), 1, "only the reader got as far as asking");
}

#[tokio::test]
async fn a_deletion_whose_answer_is_lost_is_looked_after() {
    let scene = Scene::new().await;
    let map = scene.object("kubernetes_config_map", "settings");
    let cut = Effect::CutBody { after_bytes: 0 };
    scene
        .sim
        .faults()
        .add(Matcher::on("delete", "configmaps"), cut, Times::Only(1));
    let outcome = scene.delete(&map, &Deletion::default()).await;
    let gone = scene
        .sim
        .object("", "configmaps", Some("web"), "settings")
        .is_none();
    assert_eq!(gone, outcome == Outcome::Deleted, "{outcome:?}");
    let deletes = scene
        .sim
        .requests()
        .into_iter()
        .filter(|request| request.method == "DELETE" && request.query.is_empty());
    assert_eq!(deletes.count(), 1, "it is asked once");
}
