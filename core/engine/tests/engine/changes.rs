//! A partition after any sequence of changes is the one a full collection of the same nodes makes.
use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use stocktake_engine::{Graph, PartitionBuilder};
use stocktake_model::{Derive, EdgeRule, NodeId, NodeRecord, Parent};

use crate::fixture::{begin, derived, model, record, request, rows, rules};

/// Rules of every form: those of the fixture, and some that look in other ways.
fn all_rules() -> Vec<EdgeRule> {
    let mut all = rules();
    let more = json!([
        {"from": "kubernetes_secret", "value": "/volume", "relation": "mounts", "direction": "in",
         "find": {"property": {"kinds": ["kubernetes_persistent_volume"], "property": "handle",
                               "namespace": "cluster"}}},
        {"from": "kubernetes_resource", "each": "targets[*]", "value": "", "relation": "routes",
         "find": "object"},
        {"from": "kubernetes_replica_set", "value": "selector", "relation": "scales",
         "find": {"selector": {"kind": "kubernetes_pod", "form": "label_selector",
                               "empty_selects_all": true}}},
        {"from": "kubernetes_secret", "each": "peers[*]", "value": "pods", "relation": "grants",
         "edge_type": "iam",
         "find": {"selector": {"kind": "kubernetes_pod", "form": "label_selector",
                               "scope": {"namespaces": "namespaces"}}}},
        {"from": "kubernetes_secret", "each": "joins[*]", "value": "one", "relation": "backs",
         "find": {"name": {"kinds": ["kubernetes_pod", "kubernetes_service"]}},
         "end": {"value": "other", "find": {"name": {"kinds": ["kubernetes_service"]}}}},
        {"from": "kubernetes_secret", "each": "asks", "value": "of", "relation": "binds",
         "find": {"told": {"by": "kubernetes_node", "name": "who", "kind": "tells"}}},
        {"from": "kubernetes_secret", "each": "asks", "value": "name", "relation": "defines",
         "find": {"told": {"by": "kubernetes_node", "name": "who", "kind": "tells",
                           "namespace": {"at": "in"}}}},
        {"from": "kubernetes_secret", "each": "asks", "value": "labelled", "relation": "routes",
         "find": {"told": {"by": "kubernetes_node", "name": "who", "kind": "tells",
                           "namespace": {"at": "in"}, "selector": "label_selector"}}},
        {"from": "kubernetes_service", "value": "{/name}-{suffix}", "relation": "backs",
         "find": {"name": {"kinds": ["kubernetes_secret", "kubernetes_pod"]}}},
    ]);
    let more: Vec<EdgeRule> = serde_json::from_value(more).unwrap();
    all.extend(more);
    all
}

fn all_derived() -> Vec<Derive> {
    let mut all = derived();
    let more = json!([
        {"on": "kubernetes_pod", "property": "top", "take": {"first": "name"}, "over": {"top": {
            "each": "owner_references[*]", "when": [{"path": "controller", "equals": true}], "uid": "uid"}}},
        {"on": "kubernetes_replica_set", "property": "far", "take": "names",
         "over": {"walk": {"relations": ["routes", "targets"], "kind": "kubernetes_pod"}}},
        {"on": "kubernetes_service", "property": "counted", "take": "count",
         "over": {"kind_at": {"path": "counts"}}},
        {"on": "kubernetes_pod", "property": "details.copy", "take": {"first": "pod_ip"}, "over": "itself"},
    ]);
    let more: Vec<Derive> = serde_json::from_value(more).unwrap();
    all.extend(more);
    all
}

const KINDS: [&str; 7] = [
    "namespace",
    "node",
    "pod",
    "replica_set",
    "service",
    "secret",
    "persistent_volume",
];
const NAMES: [&str; 4] = ["web", "db", "web-x", "n1"];
const SPACES: [Option<&str>; 3] = [None, Some("one"), Some("two")];

/// What a secret refers to.
fn refer(rest: &mut Value, pick: impl Fn(usize) -> usize) {
    rest["volume"] = NAMES[pick(2) % 2].into();
    rest["peers"] = json!([{"pods": {"match_labels": {"app": "web"}},
        "namespaces": {"match_labels": {"tier": NAMES[pick(3) % 2]}}}]);
    let labelled = [
        json!({}),
        json!({"match_labels": {"app": NAMES[pick(6) % 2]}}),
    ];
    rest["asks"] = json!({"who": NAMES[pick(2) % 4], "of": NAMES[pick(3) % 3],
        "name": NAMES[pick(5) % 3], "labelled": labelled[pick(7) % 2]});
    if let Some(space) = SPACES[pick(1) % 3] {
        rest["asks"]["in"] = space.into();
    }
    rest["joins"] = json!([{"one": NAMES[pick(4) % 3], "other": NAMES[pick(5) % 3]}]);
}

/// One node: its kind, its place in the pool, its name, and everything that refers to others.
fn node() -> impl Strategy<Value = NodeRecord> {
    let labels = prop::collection::btree_map(
        prop::sample::select(vec!["app", "tier"]),
        prop::sample::select(vec!["web", "db"]),
        0..3,
    );
    let seed = (0..KINDS.len(), 0..3_usize, 0..NAMES.len(), 0..3_usize);
    let rest = (labels, any::<[u8; 8]>());
    (seed, rest).prop_map(|((kind, at, _, space), (labels, dice))| {
        let kind = KINDS[kind];
        let cluster = ["namespace", "node", "persistent_volume"].contains(&kind);
        let namespace = SPACES[if cluster { 0 } else { space }];
        let pick = |at: usize| usize::from(dice[at]);
        let uid = |at: usize| format!("{}-{}", KINDS[pick(at) % KINDS.len()], pick(at) % 3);
        let name = match kind {
            "namespace" => ["one", "two", "three"][at],
            // The name of a node never changes while its id stays, or hardly ever.
            _ if dice[0] < 250 => NAMES[at],
            _ => NAMES[3],
        };
        let mut rest = json!({"name": name, "labels": labels, "restarts": dice[1] % 4});
        match kind {
            "pod" => {
                rest["node_name"] = NAMES[pick(2) % NAMES.len()].into();
                rest["secrets"] = json!([{"name": NAMES[pick(3) % NAMES.len()]}]);
                if dice[4] < 128 {
                    rest["pod_ip"] = format!("10.0.0.{}", dice[4] % 3).into();
                }
            }
            "replica_set" => {
                let labels = json!({"app": NAMES[pick(2) % 2]});
                let exists = json!([{"key": "tier", "operator": "Exists"}]);
                rest["selector"] = match dice[3] % 3 {
                    0 => json!({"match_labels": labels}),
                    1 => json!({"match_expressions": exists}),
                    _ => json!({"match_labels": labels, "match_expressions": exists}),
                };
            }
            "service" => {
                rest["selector"] = json!({"app": NAMES[pick(2) % 2]});
                rest["suffix"] = "x".into();
                rest["counts"] = format!("kubernetes_{}", KINDS[pick(3) % KINDS.len()]).into();
            }
            "secret" => refer(&mut rest, pick),
            "node" if dice[2] < 200 => {
                let kinds = ["Pod", "Service", "Secret", "Nobody"];
                rest["tells"] = json!({"resource_kind": kinds[pick(2) % 4]});
            }
            "persistent_volume" => rest["handle"] = NAMES[pick(2) % 2].into(),
            _ => {}
        }
        if dice[6] < 100 {
            rest["owner_references"] = json!([{"uid": uid(6), "controller": dice[6] % 2 == 0}]);
        }
        if dice[7] < 100 {
            let kinds = ["Pod", "Service", "Secret"];
            rest["targets"] =
                json!([{"resource_kind": kinds[pick(7) % 3], "name": NAMES[pick(5) % 3]}]);
        }
        rest["api_kind"] = match kind {
            "pod" => "Pod".into(),
            "service" => "Service".into(),
            "secret" => "Secret".into(),
            other => other.into(),
        };
        let mut node = record(kind, &format!("{kind}-{at}"), namespace, rest);
        if dice[5] < 20 && !cluster {
            node.parent = Parent::Uid(uid(5));
        }
        node
    })
}

type Step = (Vec<NodeRecord>, Vec<prop::sample::Index>, bool);

fn steps() -> impl Strategy<Value = (Vec<NodeRecord>, Vec<Step>)> {
    let nodes = prop::collection::vec(node(), 0..20);
    let some = prop::collection::vec(node(), 0..4);
    let gone = prop::collection::vec(any::<prop::sample::Index>(), 0..3);
    let step = (some, gone, prop::bool::weighted(0.2));
    (nodes, prop::collection::vec(step, 1..8))
}

fn whole(nodes: &BTreeMap<NodeId, NodeRecord>) -> Graph {
    let mut builder = PartitionBuilder::new(model(), &begin("a", "alpha"));
    for node in nodes.values() {
        builder.node(node);
    }
    let partition = builder.resolve(&all_rules(), &all_derived());
    Graph::new(model()).with_partition(Arc::new(partition))
}

/// Questions that are answered from indexes that a change has to keep.
const QUESTIONS: [&str; 9] = [
    "all",
    "is(kubernetes_pod) and restarts > 1",
    "is(kubernetes_pod) and labels.app = web",
    "aggregate(/ancestors.kubernetes_node.reported.name as node: sum(1) as n): is(kubernetes_pod)",
    "aggregate(labels.app as app, restarts as r: sum(1) as n): is(kubernetes_pod)",
    "\"web\"",
    "name =~ \"web.*\" sort name limit 5",
    "is(kubernetes_service) -[1:2]-> all",
    "id(pod-1) or name = web",
];

fn answers(graph: &Graph) -> Vec<(&'static str, Vec<Value>)> {
    let answer = |question| {
        let mut request = request(question);
        request.sort = stocktake_engine::DefaultSort::Names;
        // A name may stand for a property that no node has any more: that is an error in one of both.
        (question, rows(graph, &request).unwrap_or_default())
    };
    QUESTIONS.map(answer).to_vec()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn changes_give_what_a_full_collection_gives((first, steps) in steps()) {
        let mut nodes: BTreeMap<NodeId, NodeRecord> = BTreeMap::new();
        let id = |node: &NodeRecord| node.node_id("k8s", "a");
        nodes.extend(first.into_iter().map(|node| (id(&node), node)));
        let mut graph = whole(&nodes);
        // Whether somebody was ready for the first change makes no difference.
        if steps.len() % 2 == 0 {
            graph.expect_changes("a", &all_rules(), &all_derived());
        }
        for (changed, gone, merge) in steps {
            let gone: Vec<NodeId> = gone
                .iter()
                .filter(|_| !nodes.is_empty())
                .map(|gone| *gone.get(&nodes.keys().copied().collect::<Vec<_>>()))
                .collect();
            graph = graph.with_changes("a", &changed, &gone, &all_rules(), &all_derived());
            for id in &gone {
                nodes.remove(id);
            }
            nodes.extend(changed.into_iter().map(|node| (id(&node), node)));
            if merge {
                graph = graph.merged("a");
            }
            let expected = whole(&nodes);
            let (left, right) = (&graph.partitions()[0], &expected.partitions()[0]);
            prop_assert_eq!(left.edges().collect::<Vec<_>>(), right.edges().collect::<Vec<_>>());
            prop_assert_eq!(
                left.skipped_edges().collect::<Vec<_>>(),
                right.skipped_edges().collect::<Vec<_>>()
            );
            prop_assert_eq!(left.stubs().collect::<Vec<_>>(), right.stubs().collect::<Vec<_>>());
            prop_assert_eq!(graph.counts(), expected.counts());
            for ((question, ours), (_, theirs)) in answers(&graph).iter().zip(answers(&expected)) {
                for (our, their) in ours.iter().zip(&theirs) {
                    prop_assert_eq!(our, their, "{}", question);
                }
                prop_assert_eq!(ours.len(), theirs.len(), "{}", question);
            }
        }
    }
}

#[test]
fn a_namespace_that_goes_takes_nothing_of_the_others_along() {
    let selected = json!({"tier": "web"});
    let namespace = |name: &str| {
        let rest = json!({"name": name, "labels": selected});
        record("namespace", &format!("namespace-{name}"), None, rest)
    };
    let pod = |space: &str| {
        let rest = json!({"name": "web", "labels": {"app": "web"}});
        record("pod", &format!("pod-{space}"), Some(space), rest)
    };
    let peers = json!([{"pods": {"match_labels": {"app": "web"}}, "namespaces": {"match_labels": selected}}]);
    let policy = record("secret", "policy", Some("one"), json!({"peers": peers}));
    let nodes = [
        namespace("one"),
        pod("one"),
        namespace("two"),
        pod("two"),
        policy,
    ];
    let id = |node: &NodeRecord| node.node_id("k8s", "a");
    let mut left: BTreeMap<NodeId, NodeRecord> =
        nodes.iter().map(|node| (id(node), node.clone())).collect();
    let graph = whole(&left);
    let gone = [id(&nodes[2]), id(&nodes[3])];
    let graph = graph.with_changes("a", &[], &gone, &all_rules(), &all_derived());
    left.retain(|id, _| !gone.contains(id));
    let edges = |graph: &Graph| graph.partitions()[0].edges().collect::<Vec<_>>();
    assert_eq!(edges(&graph), edges(&whole(&left)));
    let granted = edges(&graph)
        .into_iter()
        .filter(|edge| edge.from == id(&nodes[4]));
    assert_eq!(granted.count(), 1);
}

#[test]
fn a_change_of_a_few_nodes_looks_at_a_few_nodes() {
    let pods = |count: usize| {
        let pod = |at| {
            let rest =
                json!({"name": format!("p{at}"), "labels": {"app": "web"}, "node_name": "n1"});
            record("pod", &format!("pod-{at}"), Some("one"), rest)
        };
        let mut nodes: Vec<NodeRecord> = (0..count).map(pod).collect();
        nodes.push(record("node", "node-1", None, json!({"name": "n1"})));
        nodes.push(record("namespace", "ns-1", None, json!({"name": "one"})));
        nodes
    };
    let all = pods(500);
    let nodes = all
        .iter()
        .map(|node| (node.node_id("k8s", "a"), node.clone()));
    let graph = whole(&nodes.collect());
    let before = graph.partitions()[0].counted().lookups;
    let new = record(
        "pod",
        "pod-new",
        Some("one"),
        json!({"name": "p77a", "node_name": "n1"}),
    );
    let next = graph.with_changes("a", &[new], &[], &all_rules(), &all_derived());
    let partition = &next.partitions()[0];
    // The new pod, and the cluster that counts it: once as gone and once as new.
    assert_eq!(partition.changed_rows(), 3);
    assert!(partition.counted().lookups < before + 20);
    assert_eq!(next.merged("a").partitions()[0].changed_rows(), 0);
    // Other rules: everything is looked at.
    let rebuilt = next.with_changes("a", &[], &[], &rules(), &derived());
    assert_eq!(rebuilt.partitions()[0].changed_rows(), 0);
}
