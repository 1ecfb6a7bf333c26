//! Collecting a cluster again: what did not change is neither read nor sent, and the graph is that of a first collection.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use serde_json::{Value, json};
use stocktake_core::Schedule;
use stocktake_kubernetes_sim::{Effect, Matcher, Sim, SimOptions, Times};
use stocktake_store::Store;
use tempfile::TempDir;

use crate::watch::{Dice, Running, cluster, disturb, fresh, object, objects, pod};

fn config_map(name: &str, data: &str) -> Value {
    object("v1", "ConfigMap", "web", name, json!({"data": {"a": data}}))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_did_not_change_is_not_read_again() {
    let sim = cluster().await;
    sim.put(config_map("first", "1")).unwrap();
    let again = Running::start(&sim, &[]).await;
    let expected = again.graph().await;
    let report = again.collect().await;
    let merged = &report.merged;
    assert!(report.spent.unchanged > 10, "{report:?}");
    assert_eq!((merged.created, merged.updated, merged.deleted), (0, 0, 0));
    again.becomes(&expected).await;
    // One that changed is the one that is read.
    sim.put(config_map("first", "2")).unwrap();
    let changed = again.collect().await;
    assert_eq!((changed.merged.created, changed.merged.deleted), (1, 1));
    again.becomes(&fresh(&sim).await).await;
    // Another configuration is another reading.
    again
        .line("config set stocktake.worker k8s.config_map_data=keys")
        .await;
    assert_eq!(again.collect().await.spent.unchanged, 0);
    let maps = again
        .line("search is(kubernetes_config_map) | list name, data")
        .await;
    assert!(!maps.contains("a=2") && !maps.contains("\"2\""), "{maps}");
    assert!(again.collect().await.spent.unchanged > 10);
    again
        .line("config set stocktake.worker k8s.reuse_unchanged=false")
        .await;
    for _ in 0..2 {
        assert_eq!(again.collect().await.spent.unchanged, 0);
    }
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_graph_is_that_of_a_first_collection() {
    let sim = cluster().await;
    let mut again = Running::start(&sim, &[]).await;
    let mut dice = Dice(23);
    for round in 0..12 {
        for _ in 0..=round * 2 {
            disturb(&sim, &mut dice);
        }
        let report = again.collect().await;
        assert!(report.spent.unchanged > 0, "round {round}: {report:?}");
        again.becomes(&fresh(&sim).await).await;
        if round % 4 == 3 {
            // And what is recorded is the same: nodes and edges are read from there.
            let home = again.stop().await;
            forget_forms(&home);
            again = Running::open(home, Schedule::Run).await;
            again.becomes(&fresh(&sim).await).await;
            again.collect().await;
        } else {
            assert!(!report.merged.rebuilt, "round {round}: {report:?}");
        }
    }
    again.stop().await;
}

/// Damages the graphs that are kept beside the record, so that the next start reads the record itself.
fn forget_forms(home: &TempDir) {
    let store = Store::open(home.path()).unwrap();
    for header in store.accounts() {
        store.spoil_attachment(header.unwrap().account()).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watched_cluster_that_is_collected_again_is_that_of_a_first_collection() {
    let sim = cluster().await;
    let again = Running::start(&sim, &["k8s.watch=true"]).await;
    let mut dice = Dice(5);
    for _ in 0..4 {
        for _ in 0..20 {
            disturb(&sim, &mut dice);
        }
        // Some of it comes by the watch, the rest by the collection.
        again.collect().await;
        again.becomes(&fresh(&sim).await).await;
    }
    assert!(again.collect().await.spent.unchanged > 0);
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_tag_brought_back_does_not_stand_for_the_rest_of_its_kind() {
    let sim = cluster().await;
    sim.put(object(
        "acme.dev/v1",
        "Widget",
        "web",
        "one",
        json!({"spec": {"size": 7}}),
    ))
    .unwrap();
    let again = Running::start(&sim, &[]).await;
    // The container restarts, which nobody sees; then the pod is tagged, and only the pod comes back.
    let changed = sim.edit(("", "pods"), (Some("web"), "pod-1"), |pod| {
        pod["status"]["containerStatuses"] =
            json!([{"name": "main", "restartCount": 3, "image": "registry.test/app:1"}]);
    });
    assert!(changed);
    for object in [
        "is(kubernetes_pod) and name=pod-1",
        "is(kubernetes_acme_dev_widget)",
    ] {
        again
            .line(&format!("search {object} | tag update owner me"))
            .await;
    }
    again
        .line("search is(kubernetes_pod) and name=pod-2 | tag update --label app app-2")
        .await;
    let home = again.stop().await;
    forget_forms(&home);
    let again = Running::open(home, Schedule::Run).await;
    again.collect().await;
    again.becomes(&fresh(&sim).await).await;
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_brings_along_any_more_goes() {
    let sim = cluster().await;
    let again = Running::start(&sim, &[]).await;
    let images = "search is(kubernetes_image) | list --csv name";
    let before = again.line(images).await;
    assert!(before.contains("registry.test/app:3"), "{before}");
    // Of six pods the fourth alone has this image; two have that of the second.
    sim.remove("", "pods", Some("web"), "pod-3");
    sim.remove("", "pods", Some("web"), "pod-1");
    again.collect().await;
    let after = again.line(images).await;
    assert!(!after.contains("registry.test/app:3"), "{after}");
    assert!(after.contains("registry.test/app:1"), "{after}");
    again.becomes(&fresh(&sim).await).await;
    // A pod that is new, with the image of one that is the same.
    sim.put(pod("late", 5)).unwrap();
    let report = again.collect().await;
    assert!(report.spent.unchanged > 0);
    again.becomes(&fresh(&sim).await).await;
    again.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kind_with_a_gap_is_read_whole_the_next_time() {
    let sim = cluster().await;
    for number in 0..3 {
        sim.put(config_map(&format!("map-{number}"), "1")).unwrap();
    }
    let again = Running::start(&sim, &[]).await;
    let all = again.collect().await.spent.unchanged;
    let expected = again.graph().await;
    sim.faults().add(
        Matcher::on("list", "configmaps"),
        Effect::Status(403),
        Times::Forever,
    );
    again.collect().await;
    sim.faults().clear();
    let maps = again.line("search is(kubernetes_config_map) | list name");
    assert_eq!(maps.await.lines().count(), 3);
    let after = again.collect().await.spent.unchanged;
    assert!(after < all, "{after} {all}");
    assert_eq!(again.collect().await.spent.unchanged, all);
    again.becomes(&expected).await;
    again.stop().await;
}

/// A kind of this group with one property, which is of this type.
fn defined(group: &str, size: &str) -> Value {
    let schema = json!({"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": size}}}}});
    let rest = json!({"spec": {
        "group": group, "scope": "Namespaced",
        "names": {"plural": "gadgets", "singular": "gadget", "kind": "Gadget", "listKind": "GadgetList"},
        "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}],
    }});
    let name = format!("gadgets.{group}");
    object(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        "",
        &name,
        rest,
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_of_another_schema_are_read_again() {
    // The names of groups of Kubernetes itself are no different.
    for group in ["acme.dev", "gateway.networking.k8s.io"] {
        let mut all = objects();
        all.push(defined(group, "integer"));
        let gadget = json!({"spec": {"size": 7, "resourceLimit": 3}});
        let version = format!("{group}/v1");
        all.push(object(&version, "Gadget", "web", "one", gadget));
        let sim = Sim::start(all, SimOptions::default()).await.unwrap();
        let again = Running::start(&sim, &[]).await;
        let before = again.collect().await.spent.unchanged;
        let definition = ("apiextensions.k8s.io", "customresourcedefinitions");
        let name = format!("gadgets.{group}");
        assert!(sim.edit(definition, (None, &name), |old| {
            old["spec"]["versions"] = defined(group, "number")["spec"]["versions"].take();
        }));
        let after = again.collect().await.spent.unchanged;
        assert_eq!(after, before - 1, "{group}");
        again.becomes(&fresh(&sim).await).await;
        assert_eq!(again.collect().await.spent.unchanged, before, "{group}");
        again.stop().await;
    }
}
