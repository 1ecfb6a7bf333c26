//! The engine and the plain evaluator must agree on every query about every inventory.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};
use stocktake_engine::Graph;
use stocktake_model::{
    EdgeRecord, EdgeType, Measures, Metric, Model, NodeId, NodeRecord, Overlay, UsageBlock,
};

use crate::fixture::{begin, builder, ids, model, record, request, rows};
use crate::generate::{Inventory, Node, aggregate, inventory, query, simple};
use crate::naive::{Edge, Naive, document, region};

const ACCOUNTS: [&str; 2] = ["a", "b"];

fn records(account: &str, nodes: &[Node]) -> Vec<NodeRecord> {
    let made = nodes.iter().enumerate().map(|(at, node)| {
        let mut rest = json!({"name": node.name});
        for (name, value) in &node.properties {
            rest[*name] = value.clone();
        }
        record(node.kind, &format!("{account}-{at}"), node.namespace, rest)
    });
    made.collect()
}

/// The inventory in the engine.
fn engine(inventory: &Inventory) -> Graph {
    engine_after(inventory, inventory)
}

/// The inventory in the engine, after all nodes of another one became those of this one.
fn engine_after(before: &Inventory, inventory: &Inventory) -> Graph {
    let mut graph = Graph::new(model());
    let mut overlay = Vec::new();
    let accounts = before.accounts.iter().zip(&inventory.accounts);
    for (account, ((old, _), (nodes, links))) in ACCOUNTS.into_iter().zip(accounts) {
        let id = |record: &NodeRecord| record.node_id("k8s", account);
        let (old, records) = (records(account, old), records(account, nodes));
        let ids: Vec<NodeId> = records.iter().map(id).collect();
        let mut builder = builder(account, account, &old);
        for (from, to, edge_type, relation) in links {
            if let (Some(from), Some(to)) = (ids.get(*from), ids.get(*to)) {
                builder.edge(EdgeRecord {
                    from: *from,
                    to: *to,
                    edge_type: edge_type.parse().unwrap(),
                    relations: vec![serde_json::from_value(json!(relation)).unwrap()],
                });
            }
        }
        graph = graph.with_partition(Arc::new(builder.resolve(&[], &[])));
        let gone = old.iter().map(id).filter(|id| !ids.contains(id));
        let changed: Vec<NodeRecord> = records
            .into_iter()
            .filter(|record| !old.contains(record))
            .collect();
        graph = graph.with_changes(account, &changed, &gone.collect::<Vec<_>>(), &[], &[]);
        graph = graph.with_usage(account, &usage(&ids, nodes));
        for (id, node) in ids.iter().zip(nodes) {
            if let Some((desired, metadata)) = &node.marks {
                let map = |value: &Value| value.as_object().cloned().unwrap();
                overlay.push((
                    *id,
                    Overlay {
                        desired: map(desired),
                        metadata: map(metadata),
                    },
                ));
            }
        }
    }
    graph.with_overlay(overlay)
}

/// When everything was measured.
const MEASURED: &str = "2024-05-10T11:00:00Z";

/// What the nodes of an account use, kind by kind.
fn usage(ids: &[NodeId], nodes: &[Node]) -> Vec<UsageBlock> {
    let mut kinds: BTreeMap<&str, BTreeMap<NodeId, Measures>> = BTreeMap::new();
    for (id, node) in ids.iter().zip(nodes) {
        if let Some(used) = node.used {
            let measures = Measures::default().with(Metric::MemoryBytes, Some(used.into()));
            kinds.entry(node.kind).or_default().insert(*id, measures);
        }
    }
    let block = |(kind, nodes): (&str, BTreeMap<NodeId, Measures>)| UsageBlock {
        kind: format!("kubernetes_{kind}"),
        at: MEASURED.parse().unwrap(),
        nodes: nodes.into_iter().collect(),
    };
    kinds.into_iter().map(block).collect()
}

/// The same inventory as documents. Edges are those of the engine: which ones there are is tested elsewhere.
fn plain(inventory: &Inventory, graph: &Graph) -> Naive {
    let model = model();
    let top = |kind: &str, id: &str, node: &str| {
        json!({"id": node, "type": "node", "reported": {"kind": kind, "id": id, "name": id}, "metadata": {},
            "kinds": model.lineage(kind)})
    };
    let cloud = NodeId::of("cloud", "k8s", "", "k8s").to_string();
    let mut docs = vec![
        (String::new(), top("cloud", "k8s", &cloud)),
        (String::new(), top("graph_root", "root", "root")),
    ];
    for (account, (nodes, _)) in ACCOUNTS.into_iter().zip(&inventory.accounts) {
        let documents = documents(&model, account, nodes).into_iter();
        docs.extend(documents.map(|doc| (account.to_owned(), doc)));
    }
    docs.sort_by_key(|(account, doc)| {
        let names =
            ["kind", "name", "id"].map(|key| doc["reported"][key].as_str().unwrap().to_owned());
        (account.clone(), names)
    });
    let docs: Vec<Value> = docs.into_iter().map(|(_, doc)| doc).collect();
    let edges = edges(&docs, graph, &cloud);
    Naive {
        model,
        docs,
        edges,
        within: Vec::new(),
    }
}

/// The documents of one account, made-up regions included.
fn documents(model: &Model, account: &str, nodes: &[Node]) -> Vec<Value> {
    let mut all = vec![begin(account, account).account];
    let sent = records(account, nodes);
    let regions: BTreeSet<&str> = sent.iter().filter_map(region).collect();
    for region in regions {
        let id = format!("{account}/{region}");
        let mut stub = record("namespace", &id, None, json!({"name": region}));
        stub.metadata.insert("source".into(), "stub".into());
        all.push(stub);
    }
    let first = all.len();
    all.extend(sent);
    let mut docs = Vec::new();
    for (at, record) in all.iter().enumerate() {
        let mut doc = document(model, record, &record.node_id("k8s", account).to_string());
        if let Some(used) = at.checked_sub(first).and_then(|at| nodes[at].used) {
            doc["usage"] = json!({
                "memory_bytes": {"min": used, "avg": used, "max": used},
                "entries": 1, "start": MEASURED, "duration": "0s",
            });
        }
        let marks = at.checked_sub(first).and_then(|at| nodes[at].marks.clone());
        if let Some((desired, metadata)) = marks {
            if desired != json!({}) {
                doc["desired"] = desired;
            }
            let marks = metadata.as_object().cloned().unwrap();
            doc["metadata"].as_object_mut().unwrap().extend(marks);
        }
        docs.push(doc);
    }
    docs
}

fn edges(docs: &[Value], graph: &Graph, cloud: &str) -> Vec<Edge> {
    let id = |doc: &Value| doc["id"].as_str().unwrap().to_owned();
    let places: BTreeMap<String, usize> = (0..).zip(docs).map(|(at, doc)| (id(doc), at)).collect();
    let contains = |from: &str, to: &str| Edge {
        from: places[from],
        to: places[to],
        of: EdgeType::Default,
        relations: vec!["contains".to_owned()],
    };
    let mut edges = vec![contains("root", cloud)];
    for account in ACCOUNTS {
        let id = begin(account, account).account.node_id("k8s", account);
        edges.push(contains(cloud, &id.to_string()));
    }
    let inside = graph
        .partitions()
        .iter()
        .flat_map(|partition| partition.edges());
    edges.extend(inside.map(|edge| Edge {
        from: places[&edge.from.to_string()],
        to: places[&edge.to.to_string()],
        of: edge.edge_type,
        relations: edge.relations.iter().map(ToString::to_string).collect(),
    }));
    edges
}

/// A property that no node of a small inventory happens to have is refused; that is not what this is about.
/// Whether the query means nothing: the plain evaluator answers it, the engine says so.
fn means_nothing(error: &stocktake_engine::EngineError) -> bool {
    use stocktake_engine::EngineErrorKind as Kind;
    matches!(error.kind, Kind::UnknownProperty(_) | Kind::NoOrder { .. })
}

/// Engine and plain evaluator give the same nodes, in the same order.
fn same_nodes(graph: &Graph, inventory: &Inventory, query: &str) -> Result<(), TestCaseError> {
    let mut found = match ids(graph, query) {
        Err(error) if means_nothing(&error) => return Ok(()),
        Err(error) => return Err(TestCaseError::fail(error.to_string())),
        Ok(found) => found,
    };
    // Columns and indexes that the first search left behind change nothing.
    prop_assert_eq!(&ids(graph, query).unwrap(), &found, "{}", query);
    let mut expected = plain(inventory, graph).run(&request(query).query);
    // By relevance: the plain evaluator does not know how well a text matches.
    if query.contains("\"web\"") || query.contains("\"dns 1\"") || query.contains("\"a web\"") {
        if query.contains(" limit ") {
            return Ok(());
        }
        expected.sort();
        found.sort();
    }
    prop_assert_eq!(found, expected, "{}", query);
    Ok(())
}

fn same_rows(graph: &Graph, inventory: &Inventory, query: &str) -> Result<(), TestCaseError> {
    let found = match rows(graph, &request(query)) {
        Err(error) if means_nothing(&error) => return Ok(()),
        Err(error) => return Err(TestCaseError::fail(error.to_string())),
        Ok(found) => found,
    };
    prop_assert_eq!(&rows(graph, &request(query)).unwrap(), &found, "{}", query);
    let expected = plain(inventory, graph).run_aggregate(&request(query).query);
    prop_assert_eq!(found, expected, "{}", query);
    Ok(())
}

/// The same nodes many times, so that there is something to skip, to split and to count by number.
fn repeated(inventory: &Inventory) -> Inventory {
    let mut many = inventory.clone();
    for (nodes, _) in &mut many.accounts {
        let few = nodes.clone();
        nodes.extend((0..12).flat_map(|_| few.clone()));
    }
    many
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn on_nodes(inventory in inventory(), query in query()) {
        same_nodes(&engine(&inventory), &inventory, &query)?;
    }

    #[test]
    fn on_aggregates(inventory in inventory(), query in aggregate()) {
        same_rows(&engine(&inventory), &inventory, &query)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn on_many_nodes(inventory in inventory(), query in simple()) {
        let inventory = repeated(&inventory);
        same_nodes(&engine(&inventory), &inventory, &query)?;
    }

    #[test]
    fn on_aggregates_of_many_nodes(inventory in inventory(), query in aggregate()) {
        let inventory = repeated(&inventory);
        same_rows(&engine(&inventory), &inventory, &query)?;
    }

    #[test]
    fn on_nodes_that_changed(before in inventory(), inventory in inventory(), query in query()) {
        same_nodes(&engine_after(&before, &inventory), &inventory, &query)?;
    }

    #[test]
    fn on_aggregates_of_nodes_that_changed(
        before in inventory(), inventory in inventory(), query in aggregate()
    ) {
        same_rows(&engine_after(&before, &inventory), &inventory, &query)?;
    }
}
