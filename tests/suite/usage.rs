//! What nodes and pods use, from a metrics server to a search: the last sample, many of them, and none.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use jiff::SignedDuration;
use serde_json::{Value, json};
use stocktake_core::Schedule;
use stocktake_kubernetes_sim::{
    Clock, Credential, Effect, Matcher, Sim, SimOptions, Times, metrics_api,
};

use crate::watch::{Running, object};

fn objects() -> Vec<Value> {
    let pod = |name: &str, resources: Value| {
        let rest = json!({
            "spec": {"nodeName": "n1", "containers": [{"name": "main", "resources": resources}]},
            "status": {"phase": "Running"},
        });
        object("v1", "Pod", "web", name, rest)
    };
    let limits = json!({"requests": {"cpu": "200m", "memory": "64Mi"}, "limits": {"cpu": "500m"}});
    vec![
        object("v1", "Namespace", "", "kube-system", json!({})),
        object("v1", "Namespace", "", "web", json!({})),
        object(
            "v1",
            "Node",
            "",
            "n1",
            json!({"status": {"allocatable": {"cpu": "4", "memory": "8Gi"}}}),
        ),
        pod("limited", limits),
        pod("asking", json!({"requests": {"cpu": "200m"}})),
        pod("free", json!({})),
        metrics_api(),
    ]
}

/// What is used, by name.
async fn usage(running: &Running, query: &str) -> Vec<(String, Value)> {
    let nodes = running
        .line(&format!("search {query} | format --json"))
        .await;
    let nodes: Vec<Value> = serde_json::from_str(&nodes).unwrap();
    let used = |node: &Value| {
        let name = node["reported"]["name"].as_str().unwrap().to_owned();
        (name, node["usage"].clone())
    };
    nodes.iter().map(used).collect()
}

const MEASURED: &str = "(is(kubernetes_pod) or is(kubernetes_node))";
const JOINED: &str = "with_usage(1h, [memory_bytes]) (is(kubernetes_pod) or is(kubernetes_node)) and /usage.entries = 2";

/// A cluster whose time a test moves.
async fn cluster() -> (Sim, Clock) {
    let clock = Clock::manual("2026-03-01T10:00:30Z".parse().unwrap());
    let options = SimOptions {
        clock: clock.clone(),
        ..SimOptions::default()
    };
    (Sim::start(objects(), options).await.unwrap(), clock)
}

/// Percent are of the limit, or else of what a pod asks for; of nothing there are none.
fn is_the_first_sample(name: &str, used: &Value) {
    let bytes = &used["memory_bytes"];
    assert!(bytes["avg"].as_f64().unwrap() > 1024.0, "{name} {used}");
    assert_eq!(
        (&bytes["min"], &bytes["max"]),
        (&bytes["avg"], &bytes["avg"])
    );
    assert_eq!(used["entries"], 1);
    let cores = used["cpu_cores"]["avg"].as_f64().unwrap();
    let whole = [("n1", 4.0), ("limited", 0.5), ("asking", 0.2)];
    let whole = whole.iter().find(|(known, _)| *known == name);
    match (whole, used["cpu_utilization"]["avg"].as_f64()) {
        (Some((_, whole)), Some(percent)) => {
            assert!(
                (percent - cores / whole * 100.0).abs() < 0.1,
                "{name} {used}"
            );
        }
        (None, None) => {}
        other => panic!("{name} {other:?}"),
    }
}

/// What two samples of a node come to.
fn is_of_both(first: &Value, second: &Value, joined: &Value) {
    let of = |used: &Value| used["memory_bytes"]["avg"].as_f64().unwrap();
    let (first, second) = (of(first), of(second));
    let figures = [
        first.min(second),
        f64::midpoint(first, second),
        first.max(second),
    ];
    for (key, expected) in ["min", "avg", "max"].into_iter().zip(figures) {
        let found = joined["memory_bytes"][key].as_f64().unwrap();
        assert!((found - expected).abs() < 1.0, "{key} {joined}");
    }
    assert!(joined.get("cpu_cores").is_none(), "it was not asked for");
    assert_eq!(joined["duration"], "1h");
}

#[tokio::test]
async fn samples_are_searched_and_joined_and_change_no_node() {
    let (sim, clock) = cluster().await;
    let running = Running::start(&sim, &[]).await;
    let first = usage(&running, MEASURED).await;
    assert_eq!(first.len(), 4);
    for (name, used) in &first {
        is_the_first_sample(name, used);
    }
    let found = running
        .line("search is(kubernetes_pod) and /usage.cpu_utilization.avg > 0 sort name | list name")
        .await;
    assert_eq!(found, "name=asking\nname=limited\n");

    clock.advance(SignedDuration::from_hours(1));
    running.line("workflows run collect").await;
    let second = usage(&running, MEASURED).await;
    assert_ne!(first, second);
    let history = running
        .line("history --change node_updated is(kubernetes_pod) or is(kubernetes_node)")
        .await;
    assert_eq!(history, "", "a sample is no change");

    let joined = usage(&running, JOINED).await;
    assert_eq!(joined.len(), 4);
    for (at, (_, joined)) in joined.iter().enumerate() {
        is_of_both(&first[at].1, &second[at].1, joined);
    }
    let plan = running.line(&format!("search --explain {JOINED}")).await;
    assert!(plan.contains("estimated_nr_items"), "{plan}");
    let past = usage(
        &running,
        &format!("with_usage(2d::1d, memory_bytes) {MEASURED}"),
    )
    .await;
    assert!(past.iter().all(|(_, used)| used.is_null()), "{past:?}");
    running.stop().await;
}

#[tokio::test]
async fn samples_outlive_the_process_and_go_with_their_cluster() {
    let (sim, clock) = cluster().await;
    let running = Running::start(&sim, &[]).await;
    clock.advance(SignedDuration::from_hours(1));
    running.line("workflows run collect").await;
    let known = usage(&running, MEASURED).await;
    let joined = usage(&running, JOINED).await.len();
    assert_eq!((known.len(), joined), (4, 4));
    let home = running.stop().await;
    let running = Running::open(home, Schedule::Run).await;
    assert_eq!(usage(&running, MEASURED).await, known);
    assert_eq!(usage(&running, JOINED).await.len(), 4);

    // Without: the nodes stay, and what was known keeps its time.
    let broken = Matcher {
        group: Some("metrics.k8s.io".to_owned()),
        ..Matcher::default()
    };
    sim.faults()
        .add(broken, Effect::Status(403), Times::Forever);
    running.line("workflows run collect").await;
    assert_eq!(usage(&running, MEASURED).await, known);
    assert_eq!(running.line("clusters gaps").await, "");
    let told = running
        .line("search is(kubernetes_cluster) | format --json")
        .await;
    assert!(told.contains("metrics.k8s.io/v1beta1"), "{told}");

    let elsewhere = object("v1", "Namespace", "", "kube-system", json!({}));
    let options = SimOptions {
        seed: 7,
        ..SimOptions::default()
    };
    let other = Sim::start([elsewhere], options).await.unwrap();
    let kubeconfig = other
        .kubeconfig("other", Credential::Token("admin"))
        .unwrap();
    let line = format!("config set stocktake.worker k8s.configs=[{kubeconfig}]");
    running.line(&line).await;
    running.line("workflows run collect").await;
    running.line("clusters forget one").await;
    let left = usage(&running, "all").await;
    assert!(left.iter().all(|(_, used)| used.is_null()), "{left:?}");
    running.stop().await;
}
