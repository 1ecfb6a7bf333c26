//! What comes out of clusters that are well.
use serde_json::{Value, json};
use stocktake_kubernetes_sim::fleet::FleetShape;
use stocktake_kubernetes_sim::{
    AggregatedDiscovery, Credential, Permissions, Rule, RunningFleet, Sim, SimOptions, User,
};
use stocktake_model::{GapReason, Identity};

use super::stage::{self, accounts, collect, collect_with};

#[tokio::test]
async fn every_object_is_collected_once_and_every_kind_is_complete() {
    let sim = stage::cluster().await;
    let snapshot = collect_with(&sim, json!({"page_size": 7})).await;
    assert_eq!(snapshot.trouble(), "");
    snapshot.assert_nothing_is_doubled();
    let begin = snapshot.begin.as_ref().unwrap();
    assert_eq!(begin.identity, Identity::Strong);
    assert_eq!(begin.account.name(), "test");
    let kube_system = sim.object("", "namespaces", None, "kube-system").unwrap();
    assert_eq!(begin.account.id(), kube_system["metadata"]["uid"]);
    for (kind, count) in [
        ("kubernetes_pod", 25),
        ("kubernetes_container", 25),
        ("kubernetes_namespace", 3),
        ("kubernetes_node", 2),
        ("kubernetes_secret", 1),
        ("kubernetes_service", 0),
    ] {
        assert_eq!(snapshot.complete.get(kind), Some(&count), "{kind}");
        assert_eq!(snapshot.names(kind).len() as u64, count, "{kind}");
    }
    assert!(snapshot.end.unwrap().discovery_complete);
    let progress = snapshot.progress;
    assert!(progress.done && progress.kinds > 40 && progress.kinds == progress.kinds_done);
    let pages = sim
        .requests()
        .into_iter()
        .filter(|request| request.path == "/api/v1/pods");
    assert_eq!(pages.count(), 4, "25 pods in pages of 7");
}

#[tokio::test]
async fn a_server_without_aggregated_discovery_gives_the_same() {
    let old = SimOptions {
        aggregated_discovery: AggregatedDiscovery::Off,
        ..SimOptions::default()
    };
    let (old, new) = (stage::with_options(old).await, stage::cluster().await);
    let old = collect_with(&old, json!({})).await;
    let new = collect_with(&new, json!({})).await;
    assert_eq!(old.complete, new.complete);
    assert_eq!(old.gaps, new.gaps);
}

#[tokio::test]
async fn no_value_of_a_secret_is_ever_asked_for() {
    let sim = stage::cluster().await;
    let snapshot = collect_with(&sim, json!({})).await;
    let all = serde_json::to_string(&snapshot.nodes).unwrap();
    assert!(!all.contains("canary") && !all.contains("Y2FuYXJ5"));
    let login = snapshot
        .nodes
        .iter()
        .find(|node| node.name() == "login")
        .unwrap();
    assert_eq!(login.reported["data_keys"], json!(["password", "user"]));
    assert_eq!(login.reported["data_count"], json!(2));
}

#[tokio::test]
async fn configuration_leaves_out_kinds_and_namespaces_as_gaps() {
    let sim = stage::cluster().await;
    let settings = json!({"no_collect": ["secret"], "namespaces": ["w*"]});
    let snapshot = collect_with(&sim, settings).await;
    let left_out = |kind: Option<&str>, namespace: Option<&str>| {
        snapshot.gaps.iter().any(|gap| {
            gap.reason == GapReason::NotCollected
                && (gap.kind.as_deref(), gap.namespace.as_deref()) == (kind, namespace)
        })
    };
    assert!(left_out(Some("kubernetes_secret"), None));
    assert_eq!(
        snapshot.progress.gaps, 0,
        "nothing is missing that is wanted"
    );
    assert!(left_out(Some("kubernetes_event"), None));
    assert!(left_out(None, Some("db")) && !left_out(None, Some("web")));
    assert_eq!(snapshot.names("kubernetes_pod").len(), 20);
    assert_eq!(snapshot.names("kubernetes_namespace").len(), 3);
    assert!(
        !sim.requests()
            .iter()
            .any(|request| request.path.contains("/secrets"))
    );
}

#[tokio::test]
async fn two_contexts_of_one_cluster_are_one_account() {
    let sim = stage::cluster().await;
    let kubeconfigs = ["first", "second"].map(|name| {
        let credential = Credential::ClientCertificate("admin");
        sim.kubeconfig(name, credential).unwrap()
    });
    let accounts = accounts(&stage::with_configs(&kubeconfigs, json!({}))).await;
    let [first, second] = accounts
        .try_into()
        .unwrap_or_else(|_| unreachable!("two contexts"));
    let (first, second) = (first.unwrap(), second.unwrap());
    let (second, first) = tokio::join!(collect(&*second), collect(&*first));
    let second = second.unwrap_err();
    assert_eq!(second.reason, GapReason::NotCollected);
    assert_eq!(
        second.message,
        "`second` leads to the same cluster as `first`, which is collected once"
    );
    let begin = first.unwrap().begin.unwrap();
    let details = &begin.account.reported["cluster_details"];
    assert_eq!(details["contexts"], json!(["first", "second"]));
}

#[tokio::test]
async fn a_context_that_is_not_wanted_is_not_asked() {
    let (sim, other) = (stage::cluster().await, stage::cluster().await);
    let admin = Credential::Token("admin");
    let kubeconfigs = [
        other.kubeconfig("other", admin).unwrap(),
        sim.kubeconfig("first", admin).unwrap(),
        sim.kubeconfig("second", admin).unwrap(),
    ];
    let mut accounts = accounts(&stage::with_configs(&kubeconfigs, json!({}))).await;
    let second = accounts.pop().unwrap().unwrap();
    drop(accounts);
    let snapshot = collect(&*second).await.unwrap();
    assert_eq!(snapshot.begin.unwrap().account.name(), "second");
    assert_eq!(other.requests(), []);
}

#[tokio::test]
async fn a_fleet_loses_only_what_is_in_trouble() {
    let shape = FleetShape {
        clusters: 4,
        objects_per_cluster: 400,
        ..FleetShape::default()
    };
    let fleet = RunningFleet::start(&shape).await.unwrap();
    let section = stage::with_configs(&[fleet.kubeconfig().clone()], json!({}));
    let mut shown = Vec::new();
    for account in accounts(&section).await {
        let account = account.unwrap();
        shown.push(match collect(&*account).await {
            Ok(snapshot) => {
                snapshot.assert_nothing_is_doubled();
                let trouble = snapshot.trouble();
                format!(
                    "{}: {} namespaces\n{trouble}",
                    account.name(),
                    snapshot.names("kubernetes_namespace").len()
                )
            }
            Err(error) => format!("{}: {}\n", account.name(), error.reason.as_str()),
        });
    }
    expect_test::expect![[r#"
        prod-eu: 8 namespaces
        prod-us: 8 namespaces
        staging: 8 namespaces
        kubernetes_network_policy * *: forbidden: networkpolicies.networking.k8s.io is forbidden: User "stocktake" cannot list resource "networkpolicies" in API group "networking.k8s.io" at the cluster scope (403)
        prod-ap: unreachable
    "#]].assert_eq(&shown.concat());
}

/// A definition with a schema, and an object of its kind.
fn typed() -> [Value; 2] {
    let schema = json!({"type": "object", "properties": {"spec": {"type": "object", "properties": {
        "replicaCount": {"type": "integer"},
        "featureGates": {"type": "object", "additionalProperties": {"type": "string"}},
        "values": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
    }}}});
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "apps.acme.dev"},
        "spec": {"group": "acme.dev", "scope": "Namespaced",
            "names": {"plural": "apps", "singular": "app", "kind": "App", "listKind": "AppList"},
            "versions": [{"name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": schema}}]},
    });
    let app = json!({"apiVersion": "acme.dev/v1", "kind": "App",
        "metadata": {"name": "a", "namespace": "web"},
        "spec": {"replicaCount": 2, "featureGates": {"someGate": "on", "dbPassword": "hunter2"},
            "values": {"nestedThing": {"camelCase": 1, "apiKey": "hunter2",
                "env": [{"name": "X", "value": "hunter2"}]}}, "notInSchema": 1}});
    [definition, app]
}

async fn typed_cluster(permissions: Permissions) -> Sim {
    let mut objects = stage::objects();
    objects.extend(typed());
    let options = SimOptions {
        users: vec![User::new("admin", permissions)],
        ..SimOptions::default()
    };
    Sim::start(objects, options).await.unwrap()
}

#[tokio::test]
async fn custom_kinds_are_typed_by_their_definitions() {
    let sim = typed_cluster(Permissions::all()).await;
    let snapshot = collect_with(&sim, json!({})).await;
    assert_typed(&snapshot);
    let mut requests = sim.requests().into_iter();
    assert!(!requests.any(|request| request.path.starts_with("/openapi")));
}

#[tokio::test]
async fn custom_kinds_are_typed_by_what_is_published_where_definitions_may_not_be_read() {
    let definitions = Rule::on(
        &["*"],
        &["apiextensions.k8s.io"],
        &["customresourcedefinitions"],
    );
    let sim = typed_cluster(Permissions::all().except(definitions)).await;
    assert_typed(&collect_with(&sim, json!({})).await);
}

fn assert_typed(snapshot: &stage::Snapshot) {
    let app = snapshot
        .nodes
        .iter()
        .find(|node| node.kind() == "kubernetes_acme_dev_app")
        .unwrap();
    let mut spec = app.reported["app_spec"].clone();
    let env = spec["values"]["nestedThing"]["env"].take();
    assert_eq!(
        spec,
        json!({"replica_count": 2, "feature_gates": {"someGate": "on", "dbPassword": "redacted"},
            "values": {"nestedThing": {"camelCase": 1, "apiKey": "redacted", "env": null}},
            "not_in_schema": 1})
    );
    assert_eq!(env[0]["value_length"], 7, "{env}");
    let found = snapshot
        .model
        .property_type(&["app_spec", "replica_count"], &["kubernetes_acme_dev_app"]);
    assert_eq!(found, Some(stocktake_model::PropertyType::Int64));
}
