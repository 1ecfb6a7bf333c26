//! Edges between accounts: machines of a cloud and the nodes they represent, and everything that keeps such an edge
//! from being made.
use std::sync::Arc;

use serde_json::{Value, json};
use stocktake_engine::{Graph, Joined, PartitionBuilder};
use stocktake_model::{Begin, Kind, Map, Model, NodeRecord, Parent};

use crate::fixture::{begin, derived, ids, model, record, request, rows, rules};

fn with_clouds() -> Arc<Model> {
    let mut model = Model::clone(&model());
    let kind = |name: &str, base: &str| Kind {
        name: name.to_owned(),
        bases: vec![base.to_owned()],
        ..Kind::default()
    };
    model.add([
        kind("cloud_account", "account"),
        kind("cloud_zone", "zone"),
        kind("cloud_vm", "instance"),
        kind("cloud_disk", "volume"),
    ]);
    Arc::new(model)
}

fn node(kind: &str, id: &str, rest: Value) -> NodeRecord {
    let mut reported = Map::from_iter([
        ("kind".to_owned(), kind.into()),
        ("id".to_owned(), id.into()),
        ("name".to_owned(), id.into()),
    ]);
    let mut rest = rest.as_object().cloned().unwrap();
    let parent = rest
        .remove("in")
        .and_then(|parent| parent.as_str().map(str::to_owned));
    reported.extend(rest);
    NodeRecord {
        reported,
        metadata: Map::new(),
        parent: parent.map_or(Parent::Account, Parent::Uid),
    }
}

/// A cloud account with these resources, in a graph of its own making.
fn with_cloud(graph: &Graph, id: &str, records: &[NodeRecord]) -> Graph {
    let begin = Begin {
        cloud: "cloud".to_owned(),
        account: node("cloud_account", id, json!({"name": format!("{id}-name")})),
        ..begin("", "")
    };
    let mut builder = PartitionBuilder::new(with_clouds(), &begin);
    for record in records {
        builder.node(record);
    }
    graph.with_partition(Arc::new(builder.resolve(&[], &[])))
}

/// A cluster whose only node has these references, and one pod on it.
fn with_cluster(graph: &Graph, id: &str, references: Value) -> Graph {
    let machine = format!("{id}-n1");
    let records = [
        record(
            "node",
            &machine,
            None,
            json!({"external_references": references}),
        ),
        record(
            "pod",
            &format!("{id}-web"),
            Some("default"),
            json!({"node_name": "n1"}),
        ),
    ];
    let mut builder = PartitionBuilder::new(with_clouds(), &begin(id, &format!("{id}-name")));
    for record in &records {
        builder.node(record);
    }
    graph.with_partition(Arc::new(builder.resolve(&rules(), &derived())))
}

fn empty() -> Graph {
    Graph::new(with_clouds())
}

fn vm(value: &str) -> Value {
    json!({"kind": "cloud_vm", "property": "id", "value": value})
}

/// What becomes of one reference where the cloud has these machines.
#[track_caller]
fn check(reference: Value, machines: &[NodeRecord], expected: (usize, usize, usize)) {
    let graph = with_cloud(
        &with_cluster(&empty(), "k", json!([reference])),
        "c",
        machines,
    );
    let (_, joined) = graph.joined();
    let found = (joined.edges, joined.known_by_id, joined.ambiguous.len());
    assert_eq!(found, expected, "{reference}");
}

#[test]
fn a_machine_and_its_node_are_one_walk() {
    let graph = with_cluster(&empty(), "k", json!([vm("i-1")]));
    let graph = with_cloud(
        &graph,
        "c",
        &[
            node("cloud_vm", "i-1", json!({})),
            node("cloud_vm", "i-2", json!({})),
        ],
    );
    assert_eq!(
        ids(&graph, "is(cloud_vm) -->").unwrap(),
        Vec::<String>::new()
    );
    let (graph, joined) = graph.joined();
    assert_eq!((joined.edges, joined.known_by_id), (1, 0));
    for (query, found) in [
        ("is(instance)", vec!["i-1", "i-2", "k-n1"]),
        ("is(cloud_vm) -->", vec!["k-n1"]),
        ("is(cloud_vm) -[1:1]{relation=represents}->", vec!["k-n1"]),
        (
            "is(kubernetes_pod) <-- is(kubernetes_node) <-- is(cloud_vm)",
            vec!["i-1"],
        ),
        (
            "is(cloud_vm) with(empty, --> is(kubernetes_node))",
            vec!["i-2"],
        ),
        (
            "/ancestors.cloud_vm.reported.id = i-1",
            vec!["k-n1", "k-web"],
        ),
        (
            "is(cloud_vm) and /descendants.kubernetes_pod.reported.name = web",
            vec!["i-1"],
        ),
    ] {
        assert_eq!(ids(&graph, query).unwrap(), found, "{query}");
    }
    let counted =
        "aggregate(/ancestors.cloud_vm.reported.id as vm: sum(1) as n): is(kubernetes_pod)";
    let counted = rows(&graph, &request(counted)).unwrap();
    assert_eq!(counted, [json!({"group": {"vm": "i-1"}, "n": 1})]);
    assert_eq!(
        graph.counts().edges,
        with_cluster(&empty(), "k", json!([])).counts().edges + 2 + 2 + 1
    );
}

#[test]
fn a_reference_is_joined_only_where_exactly_one_resource_fits() {
    let machine = |id: &str, rest| node("cloud_vm", id, rest);
    let two = [
        machine("i-1", json!({"pool": "a"})),
        machine("I-1", json!({"pool": "b"})),
    ];
    check(vm("i-1"), &[machine("i-1", json!({}))], (1, 0, 0));
    check(vm("i-1"), &[], (0, 1, 0));
    check(
        vm("i-1"),
        &[node("cloud_disk", "i-1", json!({}))],
        (0, 1, 0),
    );
    // Case counts only where it has to.
    check(vm("i-1"), &[machine("I-1", json!({}))], (1, 0, 0));
    check(vm("i-1"), &two, (1, 0, 0));
    check(
        vm("i-1"),
        &[two[1].clone(), machine("I-1", json!({}))],
        (1, 0, 0),
    );
    let by = |property: &str, value: &str| json!({"kind": "cloud_vm", "property": property, "value": value});
    check(
        by("name", "web"),
        &[
            machine("a", json!({"name": "web"})),
            machine("b", json!({"name": "web"})),
        ],
        (0, 0, 1),
    );
    check(
        by("number", "7"),
        &[machine("a", json!({"number": 7}))],
        (1, 0, 0),
    );
    check(
        by("at.host", "x"),
        &[machine("a", json!({"at": {"host": "x"}}))],
        (1, 0, 0),
    );
    check(
        by("hosts[*]", "x"),
        &[machine("a", json!({"hosts": ["x", "x"]}))],
        (1, 0, 0),
    );
    check(by("]", "x"), &[machine("a", json!({}))], (0, 1, 0));
    // A base kind says enough.
    check(
        json!({"kind": "instance", "property": "id", "value": "i-1"}),
        &[machine("i-1", json!({}))],
        (1, 0, 0),
    );
    // Not a reference at all.
    check(
        json!({"kind": "cloud_vm"}),
        &[machine("i-1", json!({}))],
        (0, 0, 0),
    );
    check(json!(7), &[machine("i-1", json!({}))], (0, 0, 0));
}

#[test]
fn account_zone_and_further_properties_narrow_a_reference_down() {
    let zone = node("cloud_zone", "z1", json!({}));
    let machine = node("cloud_vm", "i-1", json!({"in": "z1", "pool": "a"}));
    let records = [zone, machine];
    let with = |key: &str, value: Value| {
        let mut reference = vm("i-1");
        reference[key] = value;
        reference
    };
    for (key, fits, not) in [
        ("account", json!("c"), json!("d")),
        ("account", json!("c-name"), json!("z1")),
        ("zone", json!("z1"), json!("z2")),
        ("also", json!({"pool": "A"}), json!({"pool": "b"})),
    ] {
        check(with(key, fits), &records, (1, 0, 0));
        check(with(key, not), &records, (0, 1, 0));
    }
    check(
        with("zone", json!("z2")),
        &[node("cloud_vm", "i-1", json!({"zone": "z2"}))],
        (1, 0, 0),
    );
}

#[test]
fn edges_follow_the_accounts_they_are_between() {
    let graph = with_cluster(&empty(), "k", json!([vm("i-1")]));
    let graph = with_cloud(&graph, "c", &[node("cloud_vm", "i-1", json!({}))]);
    let graph = graph.joined().0;
    let walk = "is(cloud_vm) -->";
    // Collected again with more in it, rows are other rows.
    let again = with_cloud(
        &graph,
        "c",
        &[
            node("cloud_disk", "a", json!({})),
            node("cloud_vm", "i-1", json!({})),
        ],
    );
    assert_eq!(ids(&again, walk).unwrap(), ["k-n1"]);
    // Another cluster changes nothing; a machine that is gone takes the edge along, until it is back.
    let other = with_cluster(&again, "j", json!([]));
    assert_eq!(ids(&other, walk).unwrap(), ["k-n1"]);
    let gone = with_cloud(&other, "c", &[node("cloud_vm", "i-2", json!({}))]);
    assert_eq!(ids(&gone, walk).unwrap(), Vec::<String>::new());
    assert_eq!(
        gone.joined().1,
        Joined {
            known_by_id: 1,
            ..Joined::default()
        }
    );
    assert_eq!(ids(&gone.without("k"), walk).unwrap(), Vec::<String>::new());
    // What was joined before and is not any more leaves no edge behind.
    let changed = with_cluster(&other, "k", json!([vm("i-9")]));
    assert_eq!(changed.joined().1.edges, 0);
    assert_eq!(
        ids(&changed.joined().0, walk).unwrap(),
        Vec::<String>::new()
    );
}

#[test]
fn edges_between_accounts_close_no_cycle() {
    let to = |kind: &str, id: &str| {
        json!({"external_references": [
            {"kind": kind, "property": "id", "value": id, "relation": "attaches", "direction": "out"},
        ]})
    };
    let graph = with_cloud(
        &empty(),
        "a",
        &[node("cloud_vm", "a1", to("cloud_disk", "b1"))],
    );
    let graph = with_cloud(
        &graph,
        "b",
        &[node("cloud_disk", "b1", to("cloud_vm", "c1"))],
    );
    let graph = with_cloud(
        &graph,
        "c",
        &[
            node("cloud_vm", "c1", to("cloud_vm", "a1")),
            node("cloud_vm", "c2", to("cloud_vm", "a1")),
            node("cloud_vm", "c3", to("cloud_vm", "c2")),
        ],
    );
    let (joined, came) = graph.joined();
    assert_eq!((came.edges, came.cycles), (4, 1));
    assert_eq!(
        ids(&joined, "id(root) -[0:]-> is(cloud_vm)").unwrap(),
        ["a1", "c1", "c2", "c3"]
    );
    assert_eq!(
        ids(&joined, "is(cloud_vm) and name = c3 -[0:]-> is(resource)").unwrap(),
        ["b1", "a1", "c1", "c2", "c3"]
    );
}
