//! Two small clusters, and short ways to ask about them. Nothing here tests anything.
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};
use stocktake_engine::{DefaultSort, EngineError, Graph, PartitionBuilder, SearchRequest};
use stocktake_model::Overlay;
use stocktake_model::{
    Begin, Derive, EdgeRule, Identity, Kind, Map, Model, NodeId, NodeRecord, Parent, Property,
    PropertyType, parse_time,
};

/// The time every test runs at.
pub(crate) fn now() -> Timestamp {
    parse_time("2024-05-10T12:00:00Z").unwrap()
}

fn kind(name: &str, bases: &[&str], properties: &[(&str, PropertyType)], aliases: &[&str]) -> Kind {
    Kind {
        name: name.to_owned(),
        bases: bases.iter().map(|&base| base.to_owned()).collect(),
        properties: properties
            .iter()
            .map(|(name, of)| Property::new(*name, of.clone(), ""))
            .collect(),
        aliases: aliases.iter().map(|&alias| alias.to_owned()).collect(),
        ..Kind::default()
    }
}

/// Base kinds and a handful of Kubernetes ones.
pub(crate) fn model() -> Arc<Model> {
    use PropertyType::{Boolean, Datetime, Duration, Int64, String as Text};
    let container = PropertyType::Object(vec![
        Property::new("name", Text, ""),
        Property::new("image", Text, ""),
        Property::new("ports", PropertyType::array(Int64), ""),
        Property::new("tty", Boolean, ""),
    ]);
    let base = "kubernetes_resource";
    let mut model = Model::default();
    model.add([
        kind(
            base,
            &["resource"],
            &[
                ("labels", PropertyType::dictionary(Text)),
                ("namespace", Text),
                ("owner_references", PropertyType::Any),
            ],
            &[],
        ),
        kind("kubernetes_cluster", &[base, "account"], &[], &[]),
        kind("kubernetes_namespace", &[base, "region"], &[], &["ns"]),
        kind("kubernetes_node", &[base, "instance"], &[], &["no"]),
        kind(
            "kubernetes_replica_set",
            &[base],
            &[("replicas", Int64)],
            &["rs"],
        ),
        kind(
            "kubernetes_pod",
            &[base],
            &[
                ("pod_ip", Text),
                ("restarts", Int64),
                ("paused", Boolean),
                ("started", Datetime),
                ("grace", Duration),
                ("ports", PropertyType::array(Int64)),
                ("containers", PropertyType::array(container)),
            ],
            &["po", "pods"],
        ),
        kind(
            "kubernetes_service",
            &[base, "load_balancer"],
            &[],
            &["svc"],
        ),
        kind("kubernetes_secret", &[base], &[], &[]),
        kind(
            "kubernetes_persistent_volume",
            &[base, "volume"],
            &[],
            &["pv"],
        ),
    ]);
    Arc::new(model)
}

/// How the kinds of [`model`] refer to each other.
pub(crate) fn rules() -> Vec<EdgeRule> {
    serde_json::from_value(json!([
        {"from": "kubernetes_replica_set", "value": "pod_names[*]", "relation": "scales",
         "find": {"name": {"kinds": ["kubernetes_pod"]}}},
        {"from": "kubernetes_resource", "each": "owner_references[*]", "value": "uid", "find": "uid",
         "relation": "owns", "direction": "in"},
        {"from": "kubernetes_resource", "each": "owner_references[*]", "value": "uid", "find": "uid",
         "relation": "owns", "edge_type": "delete", "when": [{"path": "controller", "equals": true}]},
        {"from": "kubernetes_pod", "value": "node_name", "relation": "runs", "direction": "in",
         "find": {"name": {"kinds": ["kubernetes_node"], "namespace": "cluster"}}},
        {"from": "kubernetes_pod", "each": "secrets[*]", "value": "name", "relation": "mounts",
         "find": {"name": {"kinds": ["kubernetes_secret"]}}},
        {"from": "kubernetes_service", "value": "selector", "relation": "targets",
         "find": {"selector": {"kind": "kubernetes_pod", "form": "labels"}}},
    ]))
    .unwrap()
}

/// Properties that other nodes decide.
pub(crate) fn derived() -> Vec<Derive> {
    serde_json::from_value(json!([
        {"on": "kubernetes_service", "property": "backends", "take": "names",
         "over": {"walk": {"relations": ["targets"], "kind": "kubernetes_pod"}}},
        {"on": "kubernetes_cluster", "property": "pod_count", "take": "count",
         "over": {"account": {"kind": "kubernetes_pod"}}},
        {"on": "region", "property": "region_in_use", "take": "any",
         "over": {"region": {"kind": "kubernetes_pod"}}},
        {"on": "region", "property": "restarts_total", "take": {"sum": "restarts"},
         "over": {"region": {"kind": "kubernetes_pod"}}},
        {"on": "kubernetes_cluster", "property": "usual_app", "take": {"most_frequent": "labels.app"},
         "over": {"account": {"kind": "kubernetes_pod"}}},
    ]))
    .unwrap()
}

/// A record: `kind` without `kubernetes_`, its `reported.id`, its namespace if it has one, the rest.
pub(crate) fn record(kind: &str, id: &str, namespace: Option<&str>, rest: Value) -> NodeRecord {
    let mut reported = Map::new();
    reported.insert("kind".into(), format!("kubernetes_{kind}").into());
    reported.insert("id".into(), id.into());
    // `a-web-0` is `web-0` in cluster `a`.
    let name = id.split_once('-').map_or(id, |(_, name)| name);
    reported.insert("name".into(), name.into());
    if let Some(namespace) = namespace {
        reported.insert("namespace".into(), namespace.into());
    }
    reported.extend(rest.as_object().cloned().unwrap_or_default());
    let parent = namespace.map_or(Parent::Account, |namespace| Parent::Region {
        kind: "kubernetes_namespace".to_owned(),
        name: namespace.to_owned(),
    });
    NodeRecord {
        reported,
        metadata: Map::new(),
        parent,
    }
}

/// The header of a cluster.
pub(crate) fn begin(id: &str, name: &str) -> Begin {
    Begin {
        plugin: "k8s".to_owned(),
        cloud: "k8s".to_owned(),
        identity: Identity::Strong,
        formerly: None,
        resumes: false,
        account: record(
            "cluster",
            id,
            None,
            json!({"name": name, "ctime": "2024-01-01T00:00:00Z"}),
        ),
    }
}

pub(crate) fn alpha() -> Vec<NodeRecord> {
    let ns = Some("default");
    let system = Some("kube-system");
    let mut records = vec![
        record("namespace", "a-default", None, json!({})),
        record(
            "namespace",
            "a-kube-system",
            None,
            json!({"ctime": "2024-01-02T00:00:00Z"}),
        ),
        record(
            "node",
            "a-n1",
            None,
            json!({"instance_cores": 4, "instance_memory": 16.0}),
        ),
        record(
            "node",
            "a-n2",
            None,
            json!({"instance_cores": 8, "instance_memory": 32.0}),
        ),
        record("replica_set", "a-web-rs", ns, json!({"replicas": 2})),
        record("service", "a-web", ns, json!({"selector": {"app": "web"}})),
        record(
            "service",
            "a-dns-svc",
            system,
            json!({"selector": {"app": "web"}, "name": "web"}),
        ),
        record("secret", "a-token", ns, json!({})),
        record("secret", "a-token2", system, json!({"name": "token"})),
        record(
            "persistent_volume",
            "a-pv",
            None,
            json!({"volume_size": 20.0, "volume_type": "fast"}),
        ),
    ];
    records.extend(alpha_pods());
    records
}

fn alpha_pods() -> Vec<NodeRecord> {
    let ns = Some("default");
    let owner = json!([{"uid": "a-web-rs", "controller": true}]);
    vec![
        record(
            "pod",
            "a-web-0",
            ns,
            json!({
                "labels": {"app": "web", "tier": "front"}, "node_name": "n1", "owner_references": owner,
                "ctime": "2024-05-01T12:00:00Z", "started": "2024-05-01T12:01:00Z", "grace": "1min30s",
                "pod_ip": "10.1.2.3", "restarts": 3, "paused": false, "ports": [80, 443],
                "tags": {"owner": "web team", "note": null}, "secrets": [{"name": "token"}],
                "containers": [
                    {"name": "nginx", "image": "nginx:1.25", "ports": [80, 443], "tty": true},
                    {"name": "sidecar", "image": "envoy:1.30", "ports": [9000]},
                ],
            }),
        ),
        record(
            "pod",
            "a-web-1",
            ns,
            json!({
                "labels": {"app": "web"}, "node_name": "n2", "owner_references": owner,
                "ctime": "2024-05-09T12:00:00Z", "pod_ip": "fd00::7", "restarts": 0, "paused": true,
                "ports": [], "containers": [{"name": "nginx", "image": "nginx:1.26", "ports": []}],
            }),
        ),
        record(
            "pod",
            "a-dns",
            Some("kube-system"),
            json!({
                "labels": {"app": "dns"}, "node_name": "n1", "ctime": "2024-03-01T00:00:00Z",
                "pod_ip": "10.9.9.9", "restarts": 12, "ports": [53], "containers": [],
                "message": "kube-dns was OOMKilled at 2024-05-01T10:00:00Z",
            }),
        ),
        record(
            "pod",
            "a-lost",
            Some("ghost"),
            json!({"ctime": "2024-05-10T11:00:00Z"}),
        ),
    ]
}

pub(crate) fn beta() -> Vec<NodeRecord> {
    let ns = Some("default");
    vec![
        record("namespace", "b-default", None, json!({})),
        record("node", "b-n1", None, json!({"instance_cores": 2})),
        record(
            "pod",
            "b-web-0",
            ns,
            json!({
                "labels": {"app": "web"}, "node_name": "n1", "ctime": "2024-05-10T11:59:00Z", "restarts": 7,
            }),
        ),
        record(
            "persistent_volume",
            "b-pv",
            None,
            json!({"volume_size": 3.0}),
        ),
    ]
}

/// The builder of a cluster with these records.
pub(crate) fn builder(id: &str, name: &str, records: &[NodeRecord]) -> PartitionBuilder {
    let mut builder = PartitionBuilder::new(model(), &begin(id, name));
    for record in records {
        builder.node(record);
    }
    builder
}

/// Both clusters; on `a-web-1` somebody marked something.
pub(crate) fn graph() -> Graph {
    let alpha = builder("a", "alpha", &alpha()).resolve(&rules(), &derived());
    let beta = builder("b", "beta", &beta()).resolve(&rules(), &derived());
    let marks = Overlay {
        desired: json!({"clean": true, "restarts": 5})
            .as_object()
            .cloned()
            .unwrap(),
        metadata: json!({"protected": true}).as_object().cloned().unwrap(),
    };
    Graph::new(model())
        .with_partition(Arc::new(alpha))
        .with_partition(Arc::new(beta))
        .with_overlay([(id("pod", "a", "a-web-1"), marks)])
}

/// A node id in one of the clusters.
pub(crate) fn id(kind: &str, account: &str, id: &str) -> NodeId {
    NodeId::of(&format!("kubernetes_{kind}"), "k8s", account, id)
}

/// A query in the section `reported`.
pub(crate) fn request(query: &str) -> SearchRequest {
    let parsed = stocktake_query::parse(query).unwrap_or_else(|why| panic!("{query}: {why}"));
    SearchRequest::new(parsed.in_section("reported"), now())
}

/// All rows of a query.
pub(crate) fn rows(graph: &Graph, request: &SearchRequest) -> Result<Vec<Value>, EngineError> {
    graph.search(request)?.collect()
}

/// `reported.id` of every node a query finds, in default order.
pub(crate) fn ids(graph: &Graph, query: &str) -> Result<Vec<String>, EngineError> {
    let mut request = request(query);
    request.sort = DefaultSort::Names;
    let nodes = rows(graph, &request)?;
    let id = |node: &Value| node["reported"]["id"].as_str().unwrap_or("?").to_owned();
    Ok(nodes.iter().map(id).collect())
}
