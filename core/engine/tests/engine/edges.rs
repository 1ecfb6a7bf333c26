//! References become edges: of the right namespace, without cycles, in linear time.
use std::sync::Arc;

use serde_json::{Value, json};
use stocktake_engine::{Graph, Partition};
use stocktake_model::{EdgeRule, EdgeType, NodeId, NodeRecord, Relation};

use crate::fixture::{alpha, builder, derived, graph, id, model, record, request, rows, rules};

pub(crate) fn resolved(records: &[NodeRecord], rules: &Value) -> Partition {
    let rules: Vec<EdgeRule> = serde_json::from_value(rules.clone()).unwrap();
    builder("a", "alpha", records).resolve(&rules, &[])
}

/// Every edge that is not containment, as `from -relation-> to`, by `reported.id`.
pub(crate) fn edges(partition: Partition) -> Vec<String> {
    let graph = Graph::new(model()).with_partition(Arc::new(partition));
    let name = |id: NodeId| {
        let node = graph.node(&id).unwrap();
        node["reported"]["id"].as_str().unwrap().to_owned()
    };
    let mut lines: Vec<String> = graph.partitions()[0]
        .edges()
        .filter(|edge| edge.relations != [Relation::Contains])
        .map(|edge| {
            let relations = edge.relations.iter().map(|relation| relation.as_str());
            let relations = relations.collect::<Vec<_>>().join("+");
            let kind = match edge.edge_type {
                EdgeType::Default => String::new(),
                other => format!("{other}:"),
            };
            format!("{} -{kind}{relations}-> {}", name(edge.from), name(edge.to))
        })
        .collect();
    lines.sort();
    lines
}

#[test]
fn references_stay_in_their_namespace() {
    let partition = builder("a", "alpha", &alpha()).resolve(&rules(), &derived());
    assert_eq!(
        edges(partition),
        [
            "a-n1 -runs-> a-dns",
            "a-n1 -runs-> a-web-0",
            "a-n2 -runs-> a-web-1",
            "a-web -targets-> a-web-0",
            "a-web -targets-> a-web-1",
            "a-web-0 -delete:owns-> a-web-rs",
            "a-web-0 -mounts-> a-token",
            "a-web-1 -delete:owns-> a-web-rs",
            "a-web-rs -owns-> a-web-0",
            "a-web-rs -owns-> a-web-1",
        ]
    );
}

#[test]
fn every_condition_of_a_selector_counts() {
    let pods = [
        record(
            "pod",
            "a-1",
            Some("x"),
            json!({"labels": {"app": "web", "tier": "front"}}),
        ),
        record("pod", "a-2", Some("x"), json!({"labels": {"app": "web"}})),
        record(
            "pod",
            "a-3",
            Some("y"),
            json!({"labels": {"app": "web", "tier": "front"}}),
        ),
        record("pod", "a-4", Some("x"), json!({})),
    ];
    let rule = json!([{"from": "kubernetes_service", "value": "selector", "relation": "selects",
        "find": {"selector": {"kind": "kubernetes_pod", "form": "label_selector", "empty_selects_all": true}}}]);
    for (selector, expected) in [
        (
            json!({"match_labels": {"app": "web", "tier": "front"}}),
            vec!["a-1"],
        ),
        (json!({"match_labels": {"app": "web"}}), vec!["a-1", "a-2"]),
        (
            json!({"match_labels": {"app": "web"}, "match_expressions": [
            {"key": "tier", "operator": "DoesNotExist"}]}),
            vec!["a-2"],
        ),
        (
            json!({"match_expressions": [{"key": "tier", "operator": "Exists"}]}),
            vec!["a-1"],
        ),
        (
            json!({"match_expressions": [{"key": "app", "operator": "In", "values": ["web", "dns"]}]}),
            vec!["a-1", "a-2"],
        ),
        (
            json!({"match_expressions": [{"key": "tier", "operator": "NotIn", "values": ["front"]}]}),
            vec!["a-2", "a-4"],
        ),
        (json!({}), vec!["a-1", "a-2", "a-4"]),
        (
            json!({"match_expressions": [{"key": "tier", "operator": "Resembles"}]}),
            vec![],
        ),
        (json!({"match_fields": {}}), vec![]),
    ] {
        let mut records = pods.to_vec();
        records.push(record(
            "service",
            "a-s",
            Some("x"),
            json!({"selector": selector}),
        ));
        let expected: Vec<String> = expected
            .iter()
            .map(|pod| format!("a-s -selects-> {pod}"))
            .collect();
        assert_eq!(edges(resolved(&records, &rule)), expected, "{selector}");
    }
}

#[test]
fn an_empty_selector_of_a_service_selects_nothing_and_nobody_selects_itself() {
    let rule = json!([
        {"from": "kubernetes_service", "value": "selector", "relation": "targets",
         "find": {"selector": {"kind": "kubernetes_pod", "form": "labels"}}},
        {"from": "kubernetes_pod", "value": "name", "relation": "selects",
         "find": {"name": {"kinds": ["kubernetes_pod"]}}},
    ]);
    let records = [
        record("pod", "a-1", Some("x"), json!({"labels": {"app": "web"}})),
        record("service", "a-s", Some("x"), json!({"selector": {}})),
    ];
    assert_eq!(edges(resolved(&records, &rule)), [""; 0]);
}

#[test]
fn references_by_object_template_and_namespace_at_a_path() {
    let rule = json!([
        {"from": "kubernetes_service", "value": "target", "relation": "scales", "find": "object"},
        {"from": "kubernetes_service", "each": "claims[*]", "value": "{/name}-{name}", "relation": "mounts",
         "find": {"name": {"kinds": ["kubernetes_secret"]}}},
        {"from": "kubernetes_service", "each": "refs[*]", "value": "name", "relation": "binds",
         "find": {"name": {"kinds": ["region", "kubernetes_secret"], "namespace": {"at": "namespace"}}}},
    ]);
    let api = json!({"api_kind": "Pod", "api_version": "v1"});
    let records = [
        record("pod", "a-p", Some("x"), api),
        record(
            "node",
            "a-n",
            None,
            json!({"api_kind": "Node", "api_version": "v1"}),
        ),
        record("secret", "a-s-data", Some("x"), json!({})),
        record("secret", "a-other", Some("y"), json!({})),
        record(
            "service",
            "a-s",
            Some("x"),
            json!({
                "target": {"resource_kind": "Pod", "name": "p", "api_version": "v1"},
                "claims": [{"name": "data"}, {"name": "nope"}],
                "refs": [{"name": "other", "namespace": "y"}, {"name": "other"}],
            }),
        ),
        record(
            "service",
            "a-t",
            Some("x"),
            json!({
                "target": {"resource_kind": "Node", "name": "n", "api_group": ""},
            }),
        ),
        record(
            "service",
            "a-u",
            Some("x"),
            json!({
                "target": {"resource_kind": "Pod", "name": "p", "api_version": "apps/v1"},
            }),
        ),
    ];
    assert_eq!(
        edges(resolved(&records, &rule)),
        [
            "a-s -binds-> a-other",
            "a-s -mounts-> a-s-data",
            "a-s -scales-> a-p",
            "a-t -scales-> a-n"
        ]
    );
}

#[test]
fn an_edge_that_closes_a_cycle_is_left_out_and_told() {
    // A driver pod that owns a service which selects that same pod.
    let records = [
        record(
            "pod",
            "a-driver",
            Some("x"),
            json!({"labels": {"app": "driver"}}),
        ),
        record(
            "service",
            "a-s",
            Some("x"),
            json!({
                "selector": {"app": "driver"}, "owner_references": [{"uid": "a-driver"}],
            }),
        ),
    ];
    let partition = builder("a", "alpha", &records).resolve(&rules(), &[]);
    let pod = id("pod", "a", "a-driver");
    let service = id("service", "a", "a-s");
    let skipped: Vec<_> = partition.skipped_edges().collect();
    assert_eq!(skipped, [(service, pod, Relation::Targets)]);
    let graph = Graph::new(model()).with_partition(Arc::new(partition));
    assert_eq!(
        graph.node(&service).unwrap()["metadata"]["skipped_edges"],
        json!([{"to": pod, "relation": "targets"}])
    );
}

#[test]
fn several_relations_share_one_edge() {
    let rule = json!([
        {"from": "kubernetes_pod", "value": "secret", "relation": "mounts",
         "find": {"name": {"kinds": ["kubernetes_secret"]}}},
        {"from": "kubernetes_pod", "value": "secret", "relation": "uses_env",
         "find": {"name": {"kinds": ["kubernetes_secret"]}}},
    ]);
    let records = [
        record("pod", "a-p", Some("x"), json!({"secret": "s"})),
        record("secret", "a-s", Some("x"), json!({})),
    ];
    assert_eq!(
        edges(resolved(&records, &rule)),
        ["a-p -mounts+uses_env-> a-s"]
    );
}

#[test]
fn a_region_that_was_not_sent_is_made_up() {
    let records = [record("pod", "a-p", Some("ghost"), json!({}))];
    let partition = resolved(&records, &json!([]));
    let stubs: Vec<NodeRecord> = partition.stubs().collect();
    assert_eq!(stubs.len(), 1);
    assert_eq!(
        Value::Object(stubs[0].reported.clone()),
        json!({"kind": "kubernetes_namespace", "id": "a/ghost", "name": "ghost"})
    );
    assert_eq!(stubs[0].metadata["source"], "stub");
    // Sent again, as the store gives them back, they are still made up.
    let mut records = records.to_vec();
    records.extend(stubs);
    let again = resolved(&records, &json!([]));
    assert_eq!((again.len(), again.stubs().count()), (3, 1));
    // Once the region is sent, the stub is gone.
    let graph = Graph::new(model()).with_partition(Arc::new(again));
    let real = record("namespace", "a-ghost", None, json!({}));
    let graph = graph.with_changes("a", &[real], &[], &[], &[]);
    assert_eq!(graph.partitions()[0].stubs().count(), 0);
    assert_eq!(graph.partitions()[0].len(), 3);
}

#[test]
fn records_that_contain_each_other_are_contained_in_the_account() {
    let inside = |id: &str, parent: &str| NodeRecord {
        parent: stocktake_model::Parent::Uid(parent.to_owned()),
        ..record("pod", id, None, json!({}))
    };
    let records = [
        inside("a-1", "a-2"),
        inside("a-2", "a-1"),
        inside("a-3", "a-3"),
        inside("a-4", "gone"),
    ];
    let partition = resolved(&records, &json!([]));
    assert_eq!(partition.edges().count(), 4);
    assert_eq!(partition.skipped_edges().count(), 0);
}

#[test]
fn malformed_and_double_records_are_counted() {
    let records = [
        record("pod", "a-1", None, json!({"x": 1})),
        record("pod", "a-1", None, json!({"x": 2})),
        NodeRecord::default(),
    ];
    let partition = resolved(&records, &json!([]));
    assert_eq!((partition.len(), partition.counted().dropped_nodes), (2, 2));
    let graph = Graph::new(model()).with_partition(Arc::new(partition));
    assert_eq!(
        graph.node(&id("pod", "a", "a-1")).unwrap()["reported"]["x"],
        2
    );
}

#[test]
fn looking_up_references_is_linear() {
    let lookups = |pods: usize| {
        let mut records: Vec<NodeRecord> = (0..pods)
            .map(|at| {
                record(
                    "pod",
                    &format!("a-{at}"),
                    Some(&format!("ns{}", at / 10)),
                    json!({
                        "labels": {"app": format!("app{}", at % 10)}, "node_name": "n",
                        "owner_references": [{"uid": "a-n"}],
                    }),
                )
            })
            .collect();
        records.push(record("node", "a-n", None, json!({})));
        records.extend((0..pods / 10).map(|at| {
            let name = format!("a-s{at}");
            record(
                "service",
                &name,
                Some(&format!("ns{at}")),
                json!({"selector": {"app": "app3"}}),
            )
        }));
        let counted = builder("a", "alpha", &records)
            .resolve(&rules(), &[])
            .counted();
        assert_eq!(counted.cycle_steps, 0);
        counted.lookups
    };
    let (few, many) = (lookups(200), lookups(2_000));
    assert!(many <= 11 * few, "{few} {many}");
}

#[test]
fn a_loaded_partition_is_the_resolved_one() {
    let resolved = builder("a", "alpha", &alpha()).resolve(&rules(), &derived());
    let mut loading = builder("a", "alpha", &alpha());
    for (from, to, relation) in resolved.skipped_edges() {
        loading.skipped_edge(from, to, relation);
    }
    let edges: Vec<_> = resolved.edges().collect();
    let loaded = loading.with_edges(edges.clone(), &derived());
    assert_eq!(loaded.edges().collect::<Vec<_>>(), edges);
    let all = |partition: Partition| {
        let graph = Graph::new(model()).with_partition(Arc::new(partition));
        rows(&graph, &request("all")).unwrap()
    };
    assert_eq!(all(loaded), all(resolved));
}

#[test]
fn changes_give_the_graph_of_a_full_collection() {
    let before = graph();
    let changed = record(
        "pod",
        "a-web-1",
        Some("kube-system"),
        json!({"labels": {"app": "web"}}),
    );
    let removed = id("node", "a", "a-n1");
    let after = before.with_changes(
        "a",
        std::slice::from_ref(&changed),
        &[removed],
        &rules(),
        &derived(),
    );
    let mut records = alpha();
    records.retain(|record| record.id() != "a-n1" && record.id() != "a-web-1");
    records.push(changed);
    let fresh = builder("a", "alpha", &records).resolve(&rules(), &derived());
    let expected = before.with_partition(Arc::new(fresh));
    let all = |graph: &Graph| rows(graph, &request("all")).unwrap();
    assert_eq!(all(&after), all(&expected));
    let edges = |graph: &Graph| graph.partitions()[0].edges().collect::<Vec<_>>();
    assert_eq!(edges(&after), edges(&expected));
    // What a user marked is still there.
    let pod = after.node(&id("pod", "a", "a-web-1")).unwrap();
    assert_eq!(pod["desired"]["clean"], true);
    assert_eq!(before.without("a").counts().accounts, 1);
}
