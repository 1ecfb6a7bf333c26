//! Imports, changes and readers.
use stocktake_model::{Document, NodeId, NodeRecord, Overlay};
use stocktake_store::{Change, CommitReport, Edges, Store, StoreError, StoredNode};

use crate::sample::{ACCOUNT, at, edge, header, id, import, map, nodes, pods, record, star};

fn open() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    (dir, store)
}

/// Created, updated, deleted, unchanged, kept.
fn counts(report: &CommitReport) -> [u64; 5] {
    let CommitReport {
        created,
        updated,
        deleted,
        unchanged,
        kept,
        ..
    } = report;
    [*created, *updated, *deleted, *unchanged, *kept]
}

#[test]
fn what_was_committed_is_there_after_opening_again() {
    let (dir, store) = open();
    let mut records = pods(0, 1000, 1);
    records.push(record("kubernetes_node", "node-1", 7));
    assert_eq!(counts(&import(&store, &records, 5)), [1001, 0, 0, 0, 0]);
    let before = nodes(&store);
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(nodes(&store), before);
    let stored = &before["pod-00007"];
    assert_eq!((&stored.record, stored.first_seen), (&records[7], at(5)));
    let mut edges = star(&records);
    edges.sort();
    assert_eq!(store.edges(ACCOUNT).unwrap(), edges);
    let header = store.accounts().remove(0).unwrap();
    assert_eq!((header.nodes, header.edges), (1001, 1000));
    assert_eq!(
        store.view(ACCOUNT).unwrap().kinds(),
        ["kubernetes_node", "kubernetes_pod"]
    );
}

#[test]
fn an_import_says_what_it_did_and_keeps_times() {
    let (_dir, store) = open();
    import(&store, &pods(0, 300, 1), 10);
    let mut records = pods(0, 299, 1);
    records[3] = record("kubernetes_pod", "pod-00003", 2);
    records.extend(pods(400, 402, 1));
    assert_eq!(counts(&import(&store, &records, 20)), [2, 1, 1, 298, 0]);
    let stored = nodes(&store);
    let times = |uid: &str| {
        let node = &stored[uid];
        (node.first_seen, node.changed, node.revision)
    };
    assert_eq!(times("pod-00003"), (at(10), at(20), 2));
    assert_eq!(times("pod-00004"), (at(10), at(10), 1));
    assert_eq!(times("pod-00400"), (at(20), at(20), 1));
    assert!(!stored.contains_key("pod-00299"));
    assert_eq!(stored.len(), 301);
}

#[test]
fn an_unchanged_import_writes_next_to_nothing() {
    let (_dir, store) = open();
    let records = pods(0, 5000, 1);
    let first = import(&store, &records, 1);
    assert!(first.bytes_written > 50_000, "{first:?}");
    let again = import(&store, &records, 2);
    assert_eq!(counts(&again), [0, 0, 0, 5000, 0]);
    assert!(again.bytes_written < 1000, "{again:?}");
}

#[test]
fn one_changed_object_costs_one_small_block() {
    let (_dir, store) = open();
    let mut records = pods(0, 5000, 1);
    import(&store, &records, 1);
    records[2500] = record("kubernetes_pod", "pod-02500", 2);
    let report = import(&store, &records, 2);
    assert_eq!(counts(&report), [0, 1, 0, 4999, 0]);
    assert!(report.bytes_written < 3000, "{report:?}");
}

#[test]
fn what_lies_in_a_gap_stays_and_the_rest_goes() {
    let (_dir, store) = open();
    let mut records = pods(0, 10, 1);
    records.push(record("kubernetes_service", "service-1", 1));
    import(&store, &records, 1);
    let mut import = store.import(ACCOUNT).unwrap();
    import
        .node(&Document::new(&records[0]), id(&records[0]), at(2))
        .unwrap();
    let mut asked = Vec::new();
    let kept = import.keep(|kind, namespace, uid| {
        asked.push((kind.to_owned(), namespace.map(str::to_owned)));
        kind == "kubernetes_service" || uid == "pod-00004"
    });
    assert_eq!(kept.unwrap(), 2);
    assert_eq!(asked.len(), 10);
    assert_eq!(asked[0], ("kubernetes_pod".into(), Some("shop".into())));
    let mut seen = Vec::new();
    import
        .kept(|node| seen.push(node.record.id().to_owned()))
        .unwrap();
    assert_eq!(seen, ["pod-00004", "service-1"]);
    let report = import.commit(Edges::All(Vec::new()), header(2)).unwrap();
    assert_eq!(counts(&report), [0, 0, 8, 1, 2]);
    let left: Vec<String> = nodes(&store).into_keys().collect();
    assert_eq!(left, ["pod-00000", "pod-00004", "service-1"]);
    assert_eq!(store.accounts()[0].as_ref().unwrap().nodes, 3);
}

#[test]
fn what_is_said_to_be_the_same_stays_without_its_document() {
    let (_dir, store) = open();
    let old = pods(0, 4, 1);
    import(&store, &old, 1);
    let edges = store.edges(ACCOUNT).unwrap();
    let mut import = store.import(ACCOUNT).unwrap();
    assert!(import.same(id(&old[0])));
    assert!(import.same(id(&old[1])));
    assert!(!import.same(id(&pods(7, 8, 1)[0])));
    let other = pods(1, 2, 2).remove(0);
    let mut take = |record: &NodeRecord| import.node(&Document::new(record), id(record), at(2));
    assert!(!take(&other).unwrap().is_same);
    assert!(take(&old[2]).unwrap().is_same);
    assert_eq!(import.missing().collect::<Vec<_>>(), [id(&old[3])]);
    let kept = |import: &stocktake_store::Import| {
        let mut kept = Vec::new();
        import
            .kept(|node| kept.push(node.record.id().to_owned()))
            .unwrap();
        kept
    };
    assert_eq!(kept(&import), ["pod-00000"]);
    import.forget_same();
    assert_eq!(kept(&import), ["pod-00000", "pod-00002"]);
    let star: Vec<_> = edges
        .iter()
        .filter(|edge| edge.to != id(&old[3]))
        .cloned()
        .collect();
    let from = edges[0].from;
    let changed = Edges::Changed {
        of: vec![from],
        edges: star.clone(),
        count: star.len() as u64,
    };
    let report = import.commit(changed, header(2)).unwrap();
    assert_eq!(counts(&report), [0, 1, 1, 2, 0]);
    assert_eq!(store.edges(ACCOUNT).unwrap(), star);
    assert_eq!(nodes(&store)["pod-00001"].record, other);
    let header = store.view(ACCOUNT).unwrap().header().unwrap().unwrap();
    assert_eq!((header.nodes, header.edges), (3, star.len() as u64));
}

#[test]
fn of_a_node_that_comes_twice_the_last_counts() {
    let (_dir, store) = open();
    let twice = [pods(0, 3, 1), pods(1, 2, 2), pods(1, 2, 1), pods(1, 2, 3)].concat();
    let report = import(&store, &twice, 1);
    assert_eq!(counts(&report), [3, 0, 0, 0, 0]);
    assert_eq!(nodes(&store)["pod-00001"].record, twice[5]);
    // Back and forth to what is stored.
    let report = import(&store, &[pods(0, 3, 1), pods(1, 2, 3)].concat(), 2);
    assert_eq!(counts(&report), [0, 1, 0, 2, 0]);
    assert_eq!(nodes(&store)["pod-00001"].record, twice[5]);
}

#[test]
fn an_import_that_is_given_up_changes_nothing() {
    let (_dir, store) = open();
    import(&store, &pods(0, 3, 1), 1);
    let before = nodes(&store);
    let mut import = store.import(ACCOUNT).unwrap();
    assert!(matches!(store.import(ACCOUNT), Err(StoreError::Busy(_))));
    assert!(matches!(store.forget(ACCOUNT), Err(StoreError::Busy(_))));
    for record in pods(0, 600, 2) {
        import
            .node(&Document::new(&record), id(&record), at(2))
            .unwrap();
    }
    drop(import);
    assert_eq!(nodes(&store), before);
    store.import(ACCOUNT).unwrap();
}

#[test]
fn a_reader_sees_the_state_it_began_with() {
    let (_dir, store) = open();
    import(&store, &pods(0, 700, 1), 1);
    let mut reader = store.nodes(ACCOUNT).unwrap();
    let first = reader.next().unwrap().unwrap();
    for version in 2..6 {
        import(&store, &pods(0, 700, version), 2);
    }
    let rest: Vec<_> = reader.map(|node| node.unwrap().record).collect();
    assert_eq!(first.record, pods(0, 1, 1)[0]);
    assert_eq!(rest, pods(1, 700, 1));
}

#[test]
fn a_change_replaces_nodes_and_the_edges_that_start_there() {
    let (_dir, store) = open();
    let records = pods(0, 200, 1);
    import(&store, &records, 1);
    let new = record("kubernetes_pod", "pod-00001", 2);
    let change = Change {
        nodes: vec![with_id(new.clone()), with_id(records[4].clone())],
        at: Some(at(9)),
        removed: vec![("kubernetes_pod".into(), id(&records[2]))],
        edges: vec![
            edge(&records[1], &records[3]),
            edge(&records[0], &records[1]),
        ],
        ..Change::default()
    };
    store.put(ACCOUNT, change).unwrap();
    let after = nodes(&store);
    assert_eq!(after.len(), 199);
    let changed = &after["pod-00001"];
    assert_eq!(changed.record, new);
    // It is known since it came; what did not change stays as it was.
    let told = |node: &StoredNode| (node.first_seen, node.changed, node.revision);
    assert_eq!(told(changed), (at(1), at(9), 2));
    assert_eq!(told(&after["pod-00004"]), (at(1), at(1), 1));
    let mut edges = [
        edge(&records[1], &records[3]),
        edge(&records[0], &records[1]),
    ];
    edges.sort();
    assert_eq!(store.edges(ACCOUNT).unwrap(), edges);
    let none = store.put("cluster-2", Change::default());
    assert!(matches!(none, Err(StoreError::UnknownAccount(_))));
}

fn with_id(record: NodeRecord) -> (NodeId, NodeRecord) {
    (id(&record), record)
}

#[test]
fn a_commit_respects_what_was_changed_meanwhile() {
    let (_dir, store) = open();
    let old = pods(0, 6, 5);
    import(&store, &old, 1);
    let mut import = store.import(ACCOUNT).unwrap();
    for record in &old[..3] {
        import
            .node(&Document::new(record), id(record), at(3))
            .unwrap();
    }
    let changed = |number: u32, version| with_id(pods(number, number + 1, version).remove(0));
    let change = Change {
        // 1: read before it was changed. 3: a newer version is read later. 4: an older one. 9: new.
        nodes: vec![changed(1, 8), changed(3, 8), changed(4, 8), changed(9, 8)],
        removed: vec![("kubernetes_pod".into(), old[2].node_id("k8s", ACCOUNT))],
        ..Change::default()
    };
    store.put(ACCOUNT, change).unwrap();
    for record in [&pods(3, 4, 10)[0], &old[4], &old[5]] {
        import
            .node(&Document::new(record), id(record), at(3))
            .unwrap();
    }
    let report = import.commit(Edges::All(star(&old)), header(3)).unwrap();
    let stay = [(1, 8), (4, 8), (9, 8)].map(|(number, version)| changed(number, version).0);
    let mut overtaken = [&stay[..], &[old[2].node_id("k8s", ACCOUNT)]].concat();
    overtaken.sort_unstable();
    assert_eq!(report.overtaken, overtaken);
    let versions: Vec<_> = (nodes(&store).into_values())
        .map(|node| {
            format!(
                "{} {}",
                node.record.id(),
                node.record.reported["resource_version"]
            )
        })
        .collect();
    let expected = [
        r#"pod-00000 "5""#,
        r#"pod-00001 "8""#,
        r#"pod-00003 "10""#,
        r#"pod-00004 "8""#,
        r#"pod-00005 "5""#,
        r#"pod-00009 "8""#,
    ];
    assert_eq!(versions, expected);
    let header = store.accounts().remove(0).unwrap();
    assert_eq!((header.nodes, header.edges), (6, 4));
}

#[test]
fn a_forgotten_account_leaves_nothing() {
    let (dir, store) = open();
    let records = pods(0, 3, 1);
    import(&store, &records, 1);
    let mark = Overlay {
        desired: map(serde_json::json!({"clean": true})),
        ..Overlay::default()
    };
    store.set_overlay(&[(id(&records[1]), mark)]).unwrap();
    store.forget(ACCOUNT).unwrap();
    assert!(matches!(
        store.forget(ACCOUNT),
        Err(StoreError::UnknownAccount(_))
    ));
    assert!(store.accounts().is_empty() && store.overlay().is_empty());
    assert!(nodes(&store).is_empty() && store.edges(ACCOUNT).unwrap().is_empty());
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    assert!(nodes(&store).is_empty());
    assert_eq!(counts(&import(&store, &records, 2)), [3, 0, 0, 0, 0]);
}
