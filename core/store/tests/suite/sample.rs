//! Accounts and nodes to store.
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::json;
use stocktake_model::{
    Begin, Document, EdgeRecord, EdgeType, Identity, Map, NodeId, NodeRecord, Parent, Relation,
};
use stocktake_store::{AccountHeader, CommitReport, Edges, Store, StoredNode};

pub(crate) const ACCOUNT: &str = "cluster-1";

/// The time, `second` seconds after nothing in particular.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

pub(crate) fn record(kind: &str, uid: &str, version: u64) -> NodeRecord {
    let reported = json!({
        "kind": kind, "id": uid, "name": format!("name of {uid}"), "namespace": "shop",
        "resource_version": version.to_string(),
        "labels": {"app": "web", "filling": "some text that compresses well, like all of it"},
    });
    NodeRecord {
        reported: map(reported),
        metadata: Map::new(),
        parent: Parent::Account,
    }
}

pub(crate) fn map(value: serde_json::Value) -> Map {
    match value {
        serde_json::Value::Object(map) => map,
        other => panic!("{other} is not an object"),
    }
}

pub(crate) fn id(record: &NodeRecord) -> NodeId {
    record.node_id("k8s", ACCOUNT)
}

pub(crate) fn header(second: i64) -> AccountHeader {
    let begin = Begin {
        plugin: "k8s".into(),
        cloud: "k8s".into(),
        identity: Identity::Strong,
        formerly: None,
        resumes: false,
        account: record("kubernetes_cluster", ACCOUNT, 0),
    };
    AccountHeader::new(begin, at(second))
}

/// Edges from the first to each of the others.
pub(crate) fn star(records: &[NodeRecord]) -> Vec<EdgeRecord> {
    let Some((first, rest)) = records.split_first() else {
        return Vec::new();
    };
    rest.iter().map(|other| edge(first, other)).collect()
}

pub(crate) fn edge(from: &NodeRecord, to: &NodeRecord) -> EdgeRecord {
    EdgeRecord {
        from: id(from),
        to: id(to),
        edge_type: EdgeType::Default,
        relations: vec![Relation::Owns],
    }
}

/// Imports exactly these nodes.
pub(crate) fn import(store: &Store, records: &[NodeRecord], second: i64) -> CommitReport {
    let mut import = store.import(ACCOUNT).unwrap();
    for record in records {
        import
            .node(&Document::new(record), id(record), at(second))
            .unwrap();
    }
    import
        .commit(Edges::All(star(records)), header(second))
        .unwrap()
}

/// Every stored node by `reported.id`.
pub(crate) fn nodes(store: &Store) -> BTreeMap<String, StoredNode> {
    let nodes = store.nodes(ACCOUNT).unwrap();
    let nodes = nodes.map(|node| node.map(|node| (node.record.id().to_owned(), node)));
    nodes.collect::<Result<_, _>>().unwrap()
}

/// Pods `from..to`, all of this version.
pub(crate) fn pods(from: u32, to: u32, version: u64) -> Vec<NodeRecord> {
    (from..to)
        .map(|number| record("kubernetes_pod", &format!("pod-{number:05}"), version))
        .collect()
}
