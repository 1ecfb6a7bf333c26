//! Changing tags.
use expect_test::expect;
use serde_json::json;
use stocktake_kubernetes_sim::{Effect, Matcher, Times};
use stocktake_model::ObjectRef;
use stocktake_plugin_api::{Change, Outcome};

use super::{Scene, change, check, owner};

#[tokio::test]
async fn tags_are_annotations_at_once() {
    let scene = Scene::new().await;
    let map = scene.object("kubernetes_config_map", "settings");
    check(
        &scene.tag(&map, &owner()).await,
        expect![[r#"tagged {"owner":"matthias"}"#]],
    );
    let live = scene
        .sim
        .object("", "configmaps", Some("web"), "settings")
        .unwrap();
    assert_eq!(
        live["metadata"]["annotations"],
        json!({"owner": "matthias"})
    );
    let removed = change(&[("owner", None)]);
    assert!(matches!(
        scene.tag(&map, &removed).await,
        Outcome::Tagged(_)
    ));
    let live = scene
        .sim
        .object("", "configmaps", Some("web"), "settings")
        .unwrap();
    assert_eq!(
        live["metadata"]
            .get("annotations")
            .filter(|map| **map != json!({})),
        None
    );
    let patches: Vec<_> = scene
        .sim
        .requests()
        .into_iter()
        .filter(|request| request.method == "PATCH")
        .collect();
    assert!(
        patches
            .iter()
            .all(|patch| patch.query.contains("fieldManager=stocktake"))
    );
    assert!(patches[0].user_agent.starts_with("stocktake/"));
}

#[tokio::test]
async fn custom_and_cluster_scoped_objects_and_labels_are_tagged_too() {
    let scene = Scene::new().await;
    let labels = Change {
        labels: true,
        ..owner()
    };
    let node = scene.object("kubernetes_node", "node-a");
    let Outcome::Tagged(tagged) = scene.tag(&node, &labels).await else {
        unreachable!("a node takes labels");
    };
    assert_eq!(tagged.node.kind(), "kubernetes_node");
    assert_eq!(tagged.node.reported["labels"], json!({"owner": "matthias"}));
    let kind = scene
        .snapshot
        .nodes
        .iter()
        .find(|node| node.name() == "hello")
        .unwrap()
        .kind();
    let hello = scene.object(kind, "hello");
    let Outcome::Tagged(tagged) = scene.tag(&hello, &owner()).await else {
        unreachable!("a custom object takes annotations");
    };
    assert_eq!(tagged.node.kind(), kind);
}

#[tokio::test]
async fn a_secret_comes_back_without_its_values() {
    let scene = Scene::new().await;
    let secret = scene.object("kubernetes_secret", "login");
    let outcome = scene.tag(&secret, &owner()).await;
    let Outcome::Tagged(tagged) = &outcome else {
        unreachable!("a secret takes annotations: {outcome:?}");
    };
    let before = scene
        .snapshot
        .nodes
        .iter()
        .find(|node| node.name() == "login")
        .unwrap();
    for (key, value) in &before.reported {
        let changes = [
            "tags",
            "resource_version",
            "managed_field_managers",
            "mtime",
        ]
        .contains(&key.as_str());
        assert!(
            changes || tagged.node.reported.get(key) == Some(value),
            "{key}"
        );
    }
    assert!(
        !serde_json::to_string(&outcome)
            .unwrap()
            .contains("Y2FuYXJ5")
    );
}

#[tokio::test]
async fn a_tag_that_can_not_be_set_says_why() {
    let mut scene = Scene::new().await;
    let map = scene.object("kubernetes_config_map", "settings");
    let refused = scene.tag(&map, &change(&[("bad key!", Some("x"))])).await;
    check(
        &refused,
        expect![[
            r#"{"outcome":"refused","message":"`bad key!` is no key the API takes: expected letters, digits, `-`, `_`, `.`, at most 63 of them, after an optional `prefix.example.com/`"}"#
        ]],
    );
    let other = ObjectRef {
        uid: "00000000-0000-0000-0000-000000000000".to_owned(),
        ..map.clone()
    };
    check(
        &scene.tag(&other, &owner()).await,
        expect![[
            r#"{"outcome":"changed","message":"ConfigMap \"settings\" is invalid: metadata.uid: Invalid value: \"00000000-0000-0000-0000-000000000000\": field is immutable"}"#
        ]],
    );
    let gone = ObjectRef {
        name: "gone".to_owned(),
        ..map.clone()
    };
    check(
        &scene.tag(&gone, &owner()).await,
        expect![[r#"{"outcome":"vanished"}"#]],
    );
    let no_api = ObjectRef {
        api_resource: "nothings".to_owned(),
        ..map.clone()
    };
    check(
        &scene.tag(&no_api, &owner()).await,
        expect![[
            r#"{"outcome":"failed","message":"the server could not find the requested resource (404)"}"#
        ]],
    );
    scene.user = "reader";
    check(
        &scene.tag(&map, &owner()).await,
        expect![[
            r#"{"outcome":"refused","message":"configmaps \"settings\" is forbidden: User \"reader\" cannot patch resource \"configmaps\" in API group \"\" in the namespace \"web\"; to grant `patch` on `configmaps` add this rule to a Role in namespace `web` of the user:\n- apiGroups: [\"\"]\n  resources: [\"configmaps\"]\n  verbs: [\"patch\"]"}"#
        ]],
    );
    let live = scene
        .sim
        .object("", "configmaps", Some("web"), "settings")
        .unwrap();
    assert_eq!(live["metadata"].get("annotations"), None);
}

#[tokio::test]
async fn a_conflict_is_tried_again() {
    let scene = Scene::new().await;
    let map = scene.object("kubernetes_config_map", "settings");
    let conflict = |times| {
        scene.sim.faults().add(
            Matcher::on("patch", "configmaps"),
            Effect::Status(409),
            times,
        )
    };
    conflict(Times::Only(2));
    assert!(matches!(
        scene.tag(&map, &owner()).await,
        Outcome::Tagged(_)
    ));
    conflict(Times::Forever);
    assert!(matches!(
        scene.tag(&map, &owner()).await,
        Outcome::Changed { .. }
    ));
}

#[tokio::test]
async fn what_the_server_finds_invalid_is_refused_once() {
    let scene = Scene::new().await;
    let map = scene.object("kubernetes_config_map", "settings");
    let invalid = Effect::Status(422);
    let patches = Matcher::on("patch", "configmaps");
    scene.sim.faults().add(patches, invalid, Times::Only(1));
    let outcome = scene.tag(&map, &owner()).await;
    assert!(matches!(outcome, Outcome::Refused { .. }), "{outcome:?}");
}

#[tokio::test]
async fn what_is_no_object_is_left_alone() {
    let scene = Scene::new().await;
    let map = scene.object("kubernetes_config_map", "settings");
    let nothing = ObjectRef {
        uid: String::new(),
        ..map
    };
    assert!(matches!(
        scene.tag(&nothing, &owner()).await,
        Outcome::Refused { .. }
    ));
    assert!(
        scene
            .sim
            .requests()
            .iter()
            .all(|request| request.method != "PATCH")
    );
}
