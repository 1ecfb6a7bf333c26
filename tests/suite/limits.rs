//! How much a worker does at a time, and how long: `worker.pool_size` and `worker.timeout_secs`. And tags of clusters.
use std::time::Duration;

use serde_json::{Value, json};
use stocktake_kubernetes_sim::{Effect, Matcher, Times};

use crate::cluster::{in_shop, object, of};

const PROGRAM: &str = env!("CARGO_BIN_EXE_stocktake-under-test");

fn objects(config_maps: usize) -> Vec<Value> {
    let mut objects = vec![
        object("v1", "Namespace", "kube-system", json!({})),
        object("v1", "Namespace", "shop", json!({})),
    ];
    objects.extend((0..config_maps).map(|number| {
        let name = format!("settings-{number}");
        in_shop("v1", "ConfigMap", &name, json!({"data": {}}))
    }));
    objects
}

#[test]
fn a_collection_that_takes_too_long_fails_and_says_which_setting_it_was() {
    let (place, sim) = of(PROGRAM, objects(2));
    let _ = place
        .line("search is(kubernetes_config_map) | count")
        .code(0);
    sim.faults().add(
        Matcher::on("list", "configmaps"),
        Effect::Hang,
        Times::Forever,
    );
    let ran = place.arguments(&[
        "--override",
        "worker.timeout_secs=1",
        "-c",
        "workflows run collect",
        "-c",
        "search is(kubernetes_config_map) and namespace = shop | count",
    ]);
    assert!(
        ran.out
            .contains("the collection took longer than 1s (`worker.timeout_secs`)"),
        "{}\n{}",
        ran.out,
        ran.err
    );
    // What was known before stays.
    assert!(
        ran.out.contains("total matched: 2"),
        "{}\n{}",
        ran.out,
        ran.err
    );
}

#[test]
fn a_task_that_takes_too_long_fails_alone() {
    let (place, sim) = of(PROGRAM, objects(2));
    sim.faults().add(
        Matcher::on("patch", "configmaps"),
        Effect::Hang,
        Times::Only(1),
    );
    let ran = place.arguments(&[
        "--override",
        "worker.timeout_secs=3",
        "-c",
        "search is(kubernetes_config_map) and namespace = shop | tag update owner ann",
        "-c",
        "search is(kubernetes_config_map) and namespace = shop | count tags.owner",
    ]);
    assert!(
        ran.out
            .contains("it took longer than 3s (`worker.timeout_secs`)"),
        "{}\n{}",
        ran.out,
        ran.err
    );
    assert!(ran.out.contains("ann: 1"), "{}\n{}", ran.out, ran.err);
}

#[test]
fn a_pool_of_one_does_one_thing_after_the_other() {
    let (place, sim) = of(PROGRAM, objects(4));
    let _ = place
        .line("search is(kubernetes_config_map) | count")
        .code(0);
    let before = sim.requests().len();
    // Long enough for a second task to come in between, if there was one.
    let slow = Effect::Delay(Duration::from_millis(100));
    sim.faults().add(
        Matcher::on("get", "namespaces"),
        slow.clone(),
        Times::Forever,
    );
    sim.faults()
        .add(Matcher::on("patch", "configmaps"), slow, Times::Forever);
    let ran = place.arguments(&[
        "--override",
        "worker.pool_size=1",
        "-c",
        "search is(kubernetes_config_map) and namespace = shop | tag update owner ann",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let methods: Vec<String> = sim.requests()[before..]
        .iter()
        .filter(|request| {
            request.path == "/api/v1/namespaces/kube-system" || request.method == "PATCH"
        })
        .map(|request| request.method.clone())
        .collect();
    // Who the cluster is, then the change; and again.
    assert_eq!(methods, ["GET", "PATCH"].repeat(4));
}

#[test]
fn a_cluster_is_tagged_by_way_of_kube_system_if_that_is_wanted() {
    let (place, sim) = of(PROGRAM, objects(0));
    let tag = "search is(kubernetes_cluster) | tag update owner ann | list name, tags.owner";
    let ran = place.line(tag);
    assert!(
        ran.out.contains("a cluster cannot be tagged"),
        "{}\n{}",
        ran.out,
        ran.err
    );
    assert!(
        ran.out.contains("k8s.tag_cluster_on_kube_system: true"),
        "{}\n{}",
        ran.out,
        ran.err
    );
    let wanted = "k8s.tag_cluster_on_kube_system=true";
    let ran = place.arguments(&["--override", wanted, "-c", tag]).code(0);
    assert_eq!(ran.out, "name=one, owner=ann\n");
    let namespace = sim.object("", "namespaces", None, "kube-system");
    let namespace = namespace.expect("it is there");
    assert_eq!(namespace["metadata"]["annotations"]["owner"], "ann");
    // It is so after a restart, and after a collection.
    let found = "search is(kubernetes_cluster) and tags.owner = ann | list name";
    let again = ["-c", found, "-c", "workflows run collect", "-c", found];
    let ran = place.arguments(&[&["--override", wanted][..], &again].concat());
    assert_eq!(
        ran.out.matches("name=one\n").count(),
        2,
        "{}\n{}",
        ran.out,
        ran.err
    );
}
