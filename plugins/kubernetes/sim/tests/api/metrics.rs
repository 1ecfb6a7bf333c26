//! The resource metrics API: served where an `APIService` says so, without pages and uids, different from minute to minute.

use jiff::SignedDuration;
use serde_json::{Value, json};
use stocktake_kubernetes_sim::{Effect, Matcher, Sim, Times, metrics_api};

use crate::client::Client;
use crate::fixture::{NOW, nobody, objects, options};

const PODS: &str = "/apis/metrics.k8s.io/v1beta1/pods";
const NODES: &str = "/apis/metrics.k8s.io/v1beta1/nodes";

fn measured() -> Vec<Value> {
    let mut all = objects();
    all.push(metrics_api());
    all.push(json!({
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-0", "labels": {"zone": "a"}},
        "status": {"allocatable": {"cpu": "4", "memory": "8Gi"}},
    }));
    all.push(json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "waiting", "namespace": "a"},
        "spec": {"containers": [{"name": "main"}]}, "status": {"phase": "Pending"},
    }));
    all
}

fn names(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|item| item["metadata"]["name"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn what_runs_is_measured_and_a_minute_later_it_uses_something_else() {
    let options = options();
    let clock = options.clock.clone();
    let sim = Sim::start(measured(), options).await.unwrap();
    let admin = Client::new(&sim, Some("admin-token"));
    let nodes = admin.get(&format!("{NODES}?limit=1")).await.json();
    assert_eq!(
        (&nodes["kind"], &nodes["metadata"]),
        (&json!("NodeMetricsList"), &json!({}))
    );
    let node = &nodes["items"][0];
    assert_eq!(
        node["metadata"],
        json!({"name": "node-0", "creationTimestamp": NOW, "labels": {"zone": "a"}})
    );
    assert_eq!(node["window"], "15.01s");
    let cpu = node["usage"]["cpu"]
        .as_str()
        .unwrap()
        .strip_suffix('n')
        .unwrap();
    let cpu: u64 = cpu.parse().unwrap();
    assert!((400_000_000..=3_600_000_000).contains(&cpu), "{cpu}");
    assert!(node["usage"]["memory"].as_str().unwrap().ends_with("Ki"));
    // Without pages: a limit changes nothing. What does not run is not measured.
    let pods = admin.get(&format!("{PODS}?limit=1")).await.json();
    let running = sim.names("", "pods", None);
    let running: Vec<&str> = running
        .iter()
        .map(String::as_str)
        .filter(|name| *name != "waiting")
        .collect();
    assert_eq!(names(&pods), running);
    let pod = &pods["items"][0];
    assert_eq!(pod["containers"][0]["name"], "main");
    assert!(pod["metadata"].get("uid").is_none(), "{pod}");
    let (namespace, name) = (&pod["metadata"]["namespace"], &pod["metadata"]["name"]);
    let path = format!(
        "/apis/metrics.k8s.io/v1beta1/namespaces/{}/pods/{}",
        namespace.as_str().unwrap(),
        name.as_str().unwrap()
    );
    let alone = admin.get(&path).await.json();
    assert_eq!(
        (&alone["kind"], &alone["containers"]),
        (&json!("PodMetrics"), &pod["containers"])
    );
    assert_eq!(admin.get(&format!("{path}-nope")).await.status, 404);
    assert_eq!(admin.delete(&path, &json!({})).await.status, 405);
    clock.advance(SignedDuration::from_mins(1));
    let later = admin.get(PODS).await.json();
    assert_ne!(later["items"], pods["items"]);
    assert_eq!(names(&later), names(&pods));
}

#[tokio::test]
async fn it_is_there_only_with_a_server_and_can_fail() {
    let sim = Sim::start(measured(), options()).await.unwrap();
    let admin = Client::new(&sim, Some("admin-token"));
    let group = admin.get("/apis/metrics.k8s.io/v1beta1").await.json();
    assert_eq!(group["resources"][1]["kind"], "PodMetrics");
    assert_eq!(nobody(&sim).get(PODS).await.status, 403);
    let broken = Matcher {
        group: Some("metrics.k8s.io".to_owned()),
        ..Matcher::on("list", "pods")
    };
    sim.faults()
        .add(broken, Effect::Status(503), Times::Only(1));
    assert_eq!(admin.get("/api/v1/pods").await.status, 200);
    assert_eq!(admin.get(PODS).await.status, 503);
    assert_eq!(admin.get(PODS).await.status, 200);
    // One that does not answer any more.
    let service = "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io";
    admin.delete(service, &json!({})).await;
    assert_eq!(admin.get(PODS).await.status, 404);
    let mut down = metrics_api();
    down["status"]["conditions"][0]["status"] = json!("False");
    let sim = Sim::start([down], options()).await.unwrap();
    let admin = Client::new(&sim, Some("admin-token"));
    assert_eq!(admin.get(NODES).await.status, 503);
}
