//! Keeping objects and creating them again.
use expect_test::expect;
use serde_json::json;
use stocktake_model::ObjectRef;
use stocktake_plugin_api::{Deletion, Manifest, Outcome, Trial};

use super::{Scene, account, check, stage};

async fn manifest(scene: &Scene, object: &ObjectRef) -> Manifest {
    let account = account(&stage::section(&scene.sim, "admin", json!({}))).await;
    match account.manifest(object).await {
        Outcome::Kept(manifest) => *manifest,
        other => unreachable!("it can be kept: {other:?}"),
    }
}

#[tokio::test]
async fn what_was_deleted_is_created_again_with_a_uid_of_its_own() {
    let scene = Scene::new().await;
    let map = scene.object("kubernetes_config_map", "settings");
    let kept = manifest(&scene, &map).await;
    let account = account(&stage::section(&scene.sim, "admin", json!({}))).await;
    // It is still there.
    check(
        &account.restore(&map, &kept, Trial::No).await,
        expect![[r#"{"outcome":"changed","message":"configmaps \"settings\" already exists"}"#]],
    );
    assert_eq!(
        scene.delete(&map, &Deletion::default()).await,
        Outcome::Deleted
    );
    assert_eq!(
        account.restore(&map, &kept, Trial::Yes).await,
        Outcome::WouldSucceed
    );
    assert_eq!(
        scene.sim.object("", "configmaps", Some("web"), "settings"),
        None
    );
    let outcome = account.restore(&map, &kept, Trial::No).await;
    let live = scene
        .sim
        .object("", "configmaps", Some("web"), "settings")
        .unwrap();
    assert_eq!(live["data"], json!({"a": "b"}));
    assert_ne!(live["metadata"]["uid"], map.uid);
    let uid = live["metadata"]["uid"].as_str().unwrap().to_owned();
    assert_eq!(outcome, Outcome::Restored { uid });
}

#[tokio::test]
async fn a_secret_is_kept_without_its_values() {
    let scene = Scene::new().await;
    let secret = scene.object("kubernetes_secret", "login");
    let kept = manifest(&scene, &secret).await;
    let text = serde_json::to_string(&kept).unwrap();
    assert!(!text.contains("Y2FuYXJ5"), "{text}");
    let fields: Vec<&str> = kept.redacted.iter().map(|one| one.field.as_str()).collect();
    assert_eq!(fields, ["data.password", "data.user"]);
    assert_eq!(kept.body["type"], "Opaque");
    let account = account(&stage::section(&scene.sim, "admin", json!({}))).await;
    check(
        &account.restore(&secret, &kept, Trial::No).await,
        expect![[
            r#"{"outcome":"refused","message":"some of its values were never kept and are missing"}"#
        ]],
    );
}

#[tokio::test]
async fn another_object_is_not_kept_in_its_place() {
    let scene = Scene::new().await;
    let map = ObjectRef {
        uid: "00000000-0000-0000-0000-000000000000".to_owned(),
        ..scene.object("kubernetes_config_map", "settings")
    };
    let account = account(&stage::section(&scene.sim, "admin", json!({}))).await;
    check(
        &account.manifest(&map).await,
        expect![[r#"{"outcome":"changed","message":"another object has this name now"}"#]],
    );
    let gone = ObjectRef {
        name: "nobody".to_owned(),
        ..map
    };
    assert_eq!(account.manifest(&gone).await, Outcome::Vanished);
}
