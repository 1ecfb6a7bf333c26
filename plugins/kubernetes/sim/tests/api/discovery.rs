//! Discovery: what is served, in both forms, and what stands out.

use serde_json::{Value, json};
use stocktake_kubernetes_sim::{AggregatedDiscovery, Sim, SimOptions};

use crate::client::Client;
use crate::fixture::{cluster, cluster_with, objects, options};

const AGGREGATED: &str =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

fn group<'a>(list: &'a Value, name: &str) -> &'a Value {
    let mut items = list["items"].as_array().unwrap().iter();
    items
        .find(|group| group["metadata"]["name"].as_str().unwrap_or_default() == name)
        .unwrap()
}

#[tokio::test]
async fn the_aggregated_form_holds_everything_in_two_documents() {
    let (_sim, admin) = cluster().await;
    let answer = admin.get_as("/apis", AGGREGATED).await;
    assert_eq!(
        answer.header("content-type"),
        Some("application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList")
    );
    assert!(answer.header("etag").is_some());
    let groups = answer.json();
    assert_eq!(groups["apiVersion"], "apidiscovery.k8s.io/v2");
    // 20 built-in groups beside the core group, and one custom one.
    assert_eq!(groups["items"].as_array().unwrap().len(), 21);
    let autoscaling = &group(&groups, "autoscaling")["versions"];
    assert_eq!(
        (&autoscaling[0]["version"], &autoscaling[1]["version"]),
        (&json!("v2"), &json!("v1"))
    );
    let widgets = &group(&groups, "acme.example.com")["versions"][0];
    assert_eq!(
        (&widgets["version"], &widgets["freshness"]),
        (&json!("v1"), &json!("Current"))
    );
    assert_eq!(
        widgets["resources"][0],
        json!({
            "resource": "widgets",
            "responseKind": {"group": "acme.example.com", "version": "v1", "kind": "Widget"},
            "scope": "Namespaced",
            "singularResource": "widget",
            "verbs": ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"],
            "shortNames": ["wd"],
            "subresources": [{
                "subresource": "status",
                "responseKind": {"group": "acme.example.com", "version": "v1", "kind": "Widget"},
                "verbs": ["get", "patch", "update"],
            }],
        })
    );
    let core = admin.get_as("/api", AGGREGATED).await.json();
    let core = group(&core, "");
    assert_eq!(core["metadata"], json!({}));
    let resources = core["versions"][0]["resources"].as_array().unwrap();
    let pods = resources
        .iter()
        .find(|resource| resource["resource"] == "pods")
        .unwrap();
    assert_eq!(
        pods["responseKind"],
        json!({"group": "", "version": "", "kind": "Pod"})
    );
    assert_eq!(pods["subresources"].as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn the_older_form_goes_group_by_group() {
    let old = SimOptions {
        aggregated_discovery: AggregatedDiscovery::Off,
        ..options()
    };
    let (_sim, admin) = cluster_with(old).await;
    let versions = admin.get_as("/api", AGGREGATED).await.json();
    assert_eq!(
        (&versions["kind"], &versions["versions"]),
        (&json!("APIVersions"), &json!(["v1"]))
    );
    let groups = admin.get_as("/apis", AGGREGATED).await.json();
    assert_eq!(groups["kind"], "APIGroupList");
    assert_eq!(groups["groups"][0]["name"], "apiregistration.k8s.io");
    let autoscaling = admin.get("/apis/autoscaling").await.json();
    assert_eq!(autoscaling["kind"], "APIGroup");
    assert_eq!(
        autoscaling["preferredVersion"]["groupVersion"],
        "autoscaling/v2"
    );
    let core = admin.get("/api/v1").await.json();
    assert_eq!(
        (&core["kind"], core.get("apiVersion")),
        (&json!("APIResourceList"), None)
    );
    let apps = admin.get("/apis/apps/v1").await.json();
    assert_eq!(
        (&apps["apiVersion"], &apps["groupVersion"]),
        (&json!("v1"), &json!("apps/v1"))
    );
    let row = |name: &str| {
        let mut rows = apps["resources"].as_array().unwrap().iter();
        rows.find(|row| row["name"] == name).unwrap().clone()
    };
    assert_eq!(
        row("deployments"),
        json!({
            "name": "deployments", "singularName": "deployment", "namespaced": true,
            "kind": "Deployment", "shortNames": ["deploy"], "categories": ["all"],
            "verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
            "storageVersionHash": "8aSe+NMegvE=",
        })
    );
    assert_eq!(
        row("deployments/scale"),
        json!({
            "name": "deployments/scale", "singularName": "", "namespaced": true,
            "group": "autoscaling", "version": "v1", "kind": "Scale",
            "verbs": ["get", "patch", "update"],
        })
    );
}

#[tokio::test]
async fn a_definition_created_later_is_served_at_once() {
    let (_sim, admin) = cluster().await;
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "gadgets.acme.example.com"},
        "spec": {
            "group": "acme.example.com", "scope": "Cluster",
            "names": {"plural": "gadgets", "kind": "Gadget"},
            "versions": [{"name": "v1", "served": true, "storage": true}],
        },
    });
    let path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    assert_eq!(admin.post(path, &definition).await.status, 201);
    let gadget = json!({
        "apiVersion": "acme.example.com/v1", "kind": "Gadget", "metadata": {"name": "g"},
    });
    assert_eq!(
        admin
            .post("/apis/acme.example.com/v1/gadgets", &gadget)
            .await
            .status,
        201
    );
    let list = admin.get("/apis/acme.example.com/v1/gadgets").await.json();
    assert_eq!(
        (&list["kind"], list["items"].as_array().unwrap().len()),
        (&json!("GadgetList"), 1)
    );
}

#[tokio::test]
async fn a_group_whose_server_is_down_is_stale() {
    let mut all = objects();
    all.push(json!({
        "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
        "metadata": {"name": "v1beta1.metrics.k8s.io"},
        "spec": {
            "group": "metrics.k8s.io", "version": "v1beta1",
            "service": {"name": "metrics-server", "namespace": "kube-system"},
        },
    }));
    let sim = Sim::start(all, options()).await.unwrap();
    let admin = Client::new(&sim, Some("admin-token"));
    let groups = admin.get_as("/apis", AGGREGATED).await.json();
    let versions = &group(&groups, "metrics.k8s.io")["versions"];
    assert_eq!(
        *versions,
        json!([{"version": "v1beta1", "freshness": "Stale"}])
    );
    for path in [
        "/apis/metrics.k8s.io/v1beta1",
        "/apis/metrics.k8s.io/v1beta1/pods",
    ] {
        assert_eq!(admin.get(path).await.status, 503, "{path}");
    }
    let path = "/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io";
    assert_eq!(admin.delete(path, &Value::Null).await.status, 200);
    assert_eq!(admin.get("/apis/metrics.k8s.io/v1beta1").await.status, 404);
}

#[tokio::test]
async fn events_and_autoscalers_are_served_in_both_their_shapes() {
    let all = [
        json!({
            "apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "a"},
            "involvedObject": {"name": "web"}, "message": "hello", "reportingComponent": "",
        }),
        json!({
            "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "h", "namespace": "a"},
            "spec": {"maxReplicas": 5, "metrics": [{"type": "Resource", "resource": {
                "name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70},
            }}]},
        }),
    ];
    let sim = Sim::start(all, options()).await.unwrap();
    let admin = Client::new(&sim, Some("admin-token"));
    let event = admin
        .get("/apis/events.k8s.io/v1/namespaces/a/events/e")
        .await
        .json();
    assert_eq!(event["apiVersion"], "events.k8s.io/v1");
    assert_eq!(
        (&event["note"], event.get("message")),
        (&json!("hello"), None)
    );
    assert_eq!(event["regarding"]["name"], "web");
    assert_eq!(
        admin.get("/api/v1/namespaces/a/events/e").await.json()["message"],
        "hello"
    );
    let path = "/namespaces/a/horizontalpodautoscalers/h";
    let old = admin
        .get(&format!("/apis/autoscaling/v1{path}"))
        .await
        .json();
    assert_eq!(
        old["spec"],
        json!({"maxReplicas": 5, "targetCPUUtilizationPercentage": 70})
    );
    let new = admin
        .get(&format!("/apis/autoscaling/v2{path}"))
        .await
        .json();
    assert_eq!(
        new["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"],
        70
    );
}
