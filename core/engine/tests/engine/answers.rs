//! What answers look like: rows of aggregates, whole nodes, edges, hints and errors.
use expect_test::{Expect, expect};
use serde_json::{Value, json};
use stocktake_engine::{Edges, EngineErrorKind, Graph, Rows};

use crate::fixture::{graph, id, request, rows};

#[track_caller]
fn check_rows(query: &str, expected: Expect) {
    let found = rows(&graph(), &request(query)).unwrap();
    let lines: Vec<String> = found.iter().map(Value::to_string).collect();
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn aggregates() {
    check_rows(
        "aggregate(sum(1) as n): is(kubernetes_pod)",
        expect![[r#"{"n":5}"#]],
    );
    check_rows(
        "aggregate(kind: sum(1) as n): is(kubernetes_resource)",
        expect![[r#"
        {"group":{"kind":"kubernetes_replica_set"},"n":1}
        {"group":{"kind":"kubernetes_cluster"},"n":2}
        {"group":{"kind":"kubernetes_persistent_volume"},"n":2}
        {"group":{"kind":"kubernetes_secret"},"n":2}
        {"group":{"kind":"kubernetes_service"},"n":2}
        {"group":{"kind":"kubernetes_node"},"n":3}
        {"group":{"kind":"kubernetes_namespace"},"n":4}
        {"group":{"kind":"kubernetes_pod"},"n":5}"#]],
    );
    check_rows(
        "aggregate(namespace as ns: sum(restarts) as r, max(ctime) as last): is(kubernetes_pod)",
        expect![[r#"
        {"group":{"ns":"ghost"},"last":"2024-05-10T11:00:00Z","r":0}
        {"group":{"ns":"default"},"last":"2024-05-10T11:59:00Z","r":10}
        {"group":{"ns":"kube-system"},"last":"2024-03-01T00:00:00Z","r":12}"#]],
    );
    check_rows(
        "aggregate(\"{name}@{/ancestors.account.reported.name}\" as who: count(name)): is(instance)",
        expect![[r#"
        {"count_of_name":1,"group":{"who":"n1@alpha"}}
        {"count_of_name":1,"group":{"who":"n1@beta"}}
        {"count_of_name":1,"group":{"who":"n2@alpha"}}"#]],
    );
    check_rows(
        "aggregate(containers[*].name as c, containers[*].image as i: sum(1) as n): is(kubernetes_pod)",
        expect![[r#"
        {"group":{"c":"nginx","i":"nginx:1.25"},"n":1}
        {"group":{"c":"nginx","i":"nginx:1.26"},"n":1}
        {"group":{"c":"sidecar","i":"envoy:1.30"},"n":1}"#]],
    );
    check_rows(
        "aggregate(name: sum(ports[*]) as ports, max(ports[*]) as top): is(kubernetes_pod) sort /top desc limit 2",
        expect![[r#"
        {"group":{"name":"web-0"},"ports":523,"top":443}
        {"group":{"name":"dns"},"ports":53,"top":53}"#]],
    );
    check_rows(
        "aggregate(/ancestors.kubernetes_node.reported.name as node: sum(1) as n): is(kubernetes_pod)",
        expect![[r#"
        {"group":{"node":null},"n":1}
        {"group":{"node":"n2"},"n":1}
        {"group":{"node":"n1"},"n":3}"#]],
    );
    check_rows(
        "aggregate(sum(restarts * 2 + 1) as s, avg(restarts / 0) as z, avg(restarts), min(name), max(age) as oldest): is(kubernetes_pod)",
        expect![[
            r#"{"avg_of_restarts":5.5,"min_of_name":"dns","oldest":6091200,"s":48,"z":null}"#
        ]],
    );
    check_rows(
        "aggregate(sum(1) as n): name = nope",
        expect![[r#"{"n":0}"#]],
    );
    check_rows(
        "aggregate(kind as k: sum(1) as n): is(instance) or is(region) sort k desc",
        expect![[r#"
        {"group":{"k":"kubernetes_node"},"n":3}
        {"group":{"k":"kubernetes_namespace"},"n":4}"#]],
    );
}

#[test]
fn a_node_is_shown_with_everything_known_about_it() {
    let graph = graph();
    let node = graph.node(&id("pod", "a", "a-web-1")).unwrap();
    assert_eq!(node["id"], json!(id("pod", "a", "a-web-1")));
    assert_eq!(node["type"], "node");
    assert_eq!(node["desired"], json!({"clean": true, "restarts": 5}));
    assert_eq!(node["metadata"], json!({"protected": true}));
    assert_eq!(
        node["ancestors"],
        json!({
            "cloud": {"reported": {"id": "k8s", "name": "k8s"}},
            "account": {"reported": {"id": "a", "name": "alpha"}},
            "region": {"reported": {"id": "a-default", "name": "default"}},
        })
    );
    assert_eq!(
        node["kinds"],
        json!(["kubernetes_pod", "kubernetes_resource", "resource"])
    );
    let service = graph.node(&id("service", "a", "a-web")).unwrap();
    assert_eq!(service["reported"]["backends"], json!(["web-0", "web-1"]));
    let cluster = graph.node(&id("cluster", "a", "a")).unwrap();
    assert_eq!(cluster["reported"]["pod_count"], 4);
    assert_eq!(cluster["reported"]["usual_app"], "web");
    let region = graph.node(&id("namespace", "a", "a-default")).unwrap();
    assert_eq!(region["reported"]["region_in_use"], true);
    assert_eq!(region["reported"]["restarts_total"], 3);
    assert_eq!(
        graph.account_of(&id("pod", "b", "b-web-0")).as_deref(),
        Some("b")
    );
}

#[test]
fn nodes_are_followed_by_the_edges_they_were_reached_over() {
    let mut request = request("is(kubernetes_replica_set) --> is(kubernetes_pod) and name = web-0");
    request.edges = Edges::Included;
    let found = rows(&graph(), &request).unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(
        found[1],
        json!({
            "type": "edge",
            "from": id("replica_set", "a", "a-web-rs"),
            "to": id("pod", "a", "a-web-0"),
            "edge_type": "default",
            "reported": {"relation": "owns", "relations": ["owns"]},
        })
    );
}

#[test]
fn a_tagged_part_is_part_of_the_result() {
    let found = rows(
        &graph(),
        &request("is(kubernetes_node) and name = n2 #here -->"),
    )
    .unwrap();
    assert_eq!(found[0]["metadata"]["query_tag"], "here");
    assert_eq!(found[1]["metadata"]["query_tag"], json!(null));
}

#[test]
fn words_for_kinds_are_told() {
    let graph = graph();
    let found = graph
        .search(&request("is(pods) and region = default"))
        .unwrap();
    assert_eq!(found.hints, ["`pods` was read as `kubernetes_pod`"]);
    assert_eq!(found.count(), 3);
}

#[track_caller]
fn check_hints(query: &str, expected: &[&str]) {
    let found = graph().search(&request(query)).unwrap();
    assert_eq!(found.hints, expected, "{query}");
}

#[test]
fn a_property_of_other_kinds_is_told() {
    check_hints(
        "is(kubernetes_replica_set) and (restarts > 1 or restarts = 0) sort restarts",
        &["`restarts` is a property of `kubernetes_pod`, not of `kubernetes_replica_set`"],
    );
    check_hints(
        "is(kubernetes_replica_set, kubernetes_node) and restarts > 1",
        &[
            "`restarts` is a property of `kubernetes_pod`, not of `kubernetes_replica_set`, `kubernetes_node`",
        ],
    );
    // No kind is demanded, one of them has it, some of what inherits from it has it, nobody declares it.
    check_hints("restarts > 1", &[]);
    check_hints("is(kubernetes_replica_set) or restarts > 1", &[]);
    check_hints("is(kubernetes_node, kubernetes_pod) and restarts > 1", &[]);
    check_hints("is(kubernetes_resource) and restarts > 1", &[]);
    check_hints("is(kubernetes_node) and node_name = x", &[]);
    check_hints("is(kubernetes_node) --> restarts > 1", &[]);
}

#[track_caller]
fn check_error(query: &str, kind: EngineErrorKind, at: &str, hint: Option<&str>) {
    let error = graph().search(&request(query)).unwrap_err();
    assert_eq!(error.kind, kind, "{query}");
    let span = error.span.expect("an error says where");
    assert_eq!(&query[span.start..span.end], at);
    assert_eq!(error.hint.as_deref(), hint, "{query}");
}

#[test]
fn mistakes_are_told_with_the_way_out() {
    check_error(
        "is(kubernetes_pdo)",
        EngineErrorKind::UnknownKind("kubernetes_pdo".into()),
        "kubernetes_pdo",
        Some("did you mean `kubernetes_pod`?"),
    );
    check_error(
        "is(xyzzy)",
        EngineErrorKind::UnknownKind("xyzzy".into()),
        "xyzzy",
        None,
    );
    check_error(
        "is(kubernetes_pod) and restart = 1",
        EngineErrorKind::UnknownProperty("restart".into()),
        "restart",
        Some("did you mean `restarts` or `restarts_total`?"),
    );
    check_error(
        "/metdata.protected = true",
        EngineErrorKind::UnknownSection("metdata".into()),
        "/metdata.protected",
        Some("did you mean `metadata`?"),
    );
    check_error(
        "name =~ \"(?=x)\"",
        EngineErrorKind::LookAround("(?=x)".into()),
        "name =~ \"(?=x)\"",
        Some("patterns run in linear time; say it with `not`, or with two conditions"),
    );
    check_error(
        "name =~ \"(x\"",
        EngineErrorKind::Pattern {
            pattern: "(x".into(),
            why: "unclosed group".into(),
        },
        "name =~ \"(x\"",
        None,
    );
    check_error(
        "in_subnet(pod_ip, here)",
        EngineErrorKind::Network("here".into()),
        "here",
        Some("write e.g. `10.0.0.0/8` or `fd00::/8`"),
    );
    check_error(
        "aggregate(kind: sum(1) as n): all sort /m",
        EngineErrorKind::UnknownColumn("m".into()),
        "/m",
        None,
    );
}

#[test]
fn a_search_can_be_stopped() {
    let graph = graph();
    let stopped = request("all sort name");
    stopped
        .cancel
        .store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(
        graph.search(&stopped).unwrap_err().kind,
        EngineErrorKind::Cancelled
    );
    let mut late = request("all sort name");
    late.deadline = std::time::Instant::now().checked_sub(std::time::Duration::from_secs(1));
    assert_eq!(
        graph.search(&late).unwrap_err().kind,
        EngineErrorKind::Timeout
    );
}

#[test]
fn graphs_and_rows_can_go_to_other_threads() {
    fn goes<T: Send + 'static>() {}
    fn is_shared<T: Send + Sync>() {}
    goes::<Rows>();
    is_shared::<Graph>();
}
