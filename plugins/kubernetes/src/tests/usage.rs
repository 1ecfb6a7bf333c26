//! What nodes and pods use: samples beside the nodes, and nothing else suffers where they cannot be read.
use serde_json::{Value, json};
use stocktake_kubernetes_sim::{
    AggregatedDiscovery, Effect, Matcher, Permissions, Rule, Sim, SimOptions, Times, User,
    metrics_api,
};

use super::stage::{self, Snapshot, account, collect, collect_with};

const GROUP: &str = "metrics.k8s.io";

async fn measured(options: SimOptions) -> Sim {
    let objects = stage::objects().into_iter().chain([metrics_api()]);
    Sim::start(objects, options).await.unwrap()
}

/// Samples of nodes and of pods, and what the cluster says about those that are missing.
fn told(snapshot: &Snapshot) -> (usize, usize, Vec<Value>) {
    assert_eq!(snapshot.names("kubernetes_pod").len(), 25);
    assert_eq!(snapshot.complete["kubernetes_pod"], 25);
    assert_eq!(snapshot.complete["kubernetes_node"], 2);
    assert!(
        !snapshot.trouble().contains("pod"),
        "{}",
        snapshot.trouble()
    );
    assert!(snapshot.end.as_ref().unwrap().discovery_complete);
    let of = |kind: &str| snapshot.usage.iter().filter(|one| one.kind == kind).count();
    let cluster = snapshot.nodes.iter().rev();
    let cluster = cluster
        .into_iter()
        .find(|node| node.kind() == "kubernetes_cluster")
        .unwrap();
    let errors = cluster.reported["collect_errors"]
        .as_array()
        .unwrap()
        .clone();
    assert!(!cluster.metadata.contains_key("partial_kinds"));
    (of("kubernetes_node"), of("kubernetes_pod"), errors)
}

#[tokio::test]
async fn what_is_measured_comes_beside_the_nodes() {
    for aggregated_discovery in [AggregatedDiscovery::On, AggregatedDiscovery::Off] {
        let sim = measured(SimOptions {
            aggregated_discovery,
            ..SimOptions::default()
        })
        .await;
        let snapshot = collect_with(&sim, json!({"page_size": 10})).await;
        assert_eq!(told(&snapshot), (2, 25, vec![]));
        let pod = snapshot
            .usage
            .iter()
            .find(|one| one.name == "pod-03")
            .unwrap();
        assert_eq!(pod.namespace.as_deref(), Some("web"));
        assert!(
            pod.cpu_cores.unwrap() > 0.0 && pod.memory_bytes.unwrap() > 1024.0,
            "{pod:?}"
        );
        assert_eq!(snapshot.progress.kinds, snapshot.progress.kinds_done);
    }
}

#[tokio::test]
async fn only_what_is_wanted_is_asked_for() {
    let sim = measured(SimOptions::default()).await;
    for (settings, expected) in [
        (json!({"collect_usage": false}), (0, 0)),
        (json!({"no_collect": ["metrics.k8s.io/nodes"]}), (0, 25)),
        (json!({"namespaces": ["db"]}), (2, 5)),
        (json!({"collect": ["node"]}), (2, 0)),
        (json!({"no_collect": ["kubernetes_node"]}), (0, 25)),
    ] {
        let snapshot = collect_with(&sim, settings.clone()).await;
        let of = |kind: &str| snapshot.usage.iter().filter(|one| one.kind == kind).count();
        let found = (of("kubernetes_node"), of("kubernetes_pod"));
        assert_eq!(found, expected, "{settings}");
    }
    // Without such a server there is nothing to say.
    let sim = stage::cluster().await;
    assert_eq!(told(&collect_with(&sim, json!({})).await), (0, 0, vec![]));
}

#[tokio::test]
async fn where_it_cannot_be_read_it_is_told_once_and_nothing_else_suffers() {
    let listing = |plural: &str| Matcher {
        group: Some(GROUP.to_owned()),
        ..Matcher::on("list", plural)
    };
    for (matcher, effect, expected, status) in [
        (listing("pods"), Effect::Status(503), (2, 0), Value::Null),
        (listing("nodes"), Effect::Status(403), (0, 25), json!(403)),
        (
            listing("nodes"),
            Effect::MalformedJson,
            (0, 25),
            Value::Null,
        ),
    ] {
        let sim = measured(SimOptions::default()).await;
        sim.faults().add(matcher, effect.clone(), Times::Forever);
        let (nodes, pods, errors) = told(&collect_with(&sim, json!({})).await);
        assert_eq!((nodes, pods), expected, "{effect:?}");
        let [error] = &errors[..] else {
            panic!("{errors:?}")
        };
        assert_eq!(
            (&error["status"], &error["api_version"]),
            (&status, &json!("metrics.k8s.io/v1beta1"))
        );
        assert!(error.get("resource_kind").is_none(), "{error}");
    }
    // A server that is registered and down.
    let mut down = metrics_api();
    down["status"]["conditions"][0]["status"] = json!("False");
    let objects = stage::objects().into_iter().chain([down]);
    let sim = Sim::start(objects, SimOptions::default()).await.unwrap();
    let (nodes, pods, errors) = told(&collect_with(&sim, json!({})).await);
    assert_eq!((nodes, pods, errors.len()), (0, 0, 1));
    assert_eq!(errors[0]["status"], 503);
    let off = collect_with(&sim, json!({"collect_usage": false})).await;
    assert_eq!(told(&off), (0, 0, vec![]));
}

#[tokio::test]
async fn who_may_ask_in_some_namespaces_asks_there() {
    let everything = Permissions::all().except(Rule::on(&["list"], &[GROUP], &["pods"]));
    let sim = measured(SimOptions {
        users: vec![User::admin(), User::new("some", everything)],
        ..SimOptions::default()
    })
    .await;
    let account = account(&stage::section(&sim, "some", json!({}))).await;
    let (nodes, pods, errors) = told(&collect(&*account).await.unwrap());
    assert_eq!((nodes, pods, errors.len()), (2, 0, 1));
    assert_eq!(errors[0]["status"], 403);
}
