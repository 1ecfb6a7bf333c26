//! The version log: every state that was, what led from one to the next, and letting it go.
use std::collections::BTreeMap;

use jiff::Timestamp;
use stocktake_model::EdgeRecord;
use stocktake_store::{
    Change, ChangeKind, Keep, Pruned, Store, StoreError, StoredNode, VersionChange,
};

use crate::sample::{ACCOUNT, at, edge, id, import, nodes, pods, record};

fn open() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.leave_out(["kubernetes_lease"]);
    (dir, store)
}

type State = (BTreeMap<String, StoredNode>, Vec<EdgeRecord>);

fn now(store: &Store) -> State {
    let mut all = nodes(store);
    all.retain(|_, node| node.record.kind() != "kubernetes_lease");
    (all, store.edges(ACCOUNT).unwrap())
}

fn then(store: &Store, time: Timestamp) -> State {
    let view = store.as_of(ACCOUNT, time).unwrap();
    let edges = view.edges().unwrap();
    let nodes = view.nodes().map(|node| {
        let node = node.unwrap();
        (node.record.id().to_owned(), node)
    });
    (nodes.collect(), edges)
}

/// Commits of every sort; gives back the state after each, by the second of the commit.
fn lived(store: &Store) -> BTreeMap<i64, State> {
    let mut states = BTreeMap::new();
    let mut records = pods(0, 600, 1);
    for second in 1..26_i64 {
        let number = usize::try_from(second).unwrap();
        let version = u64::try_from(second).unwrap();
        if second % 3 == 0 {
            let changed = record("kubernetes_pod", &format!("pod-{number:05}"), version);
            let place = 300 + 3 * u32::try_from(second).unwrap();
            let gone = pods(place, place + 1, 1).remove(0);
            let change = Change {
                nodes: vec![(id(&changed), changed.clone())],
                removed: vec![("kubernetes_pod".into(), id(&gone))],
                edges: vec![edge(&changed, &records[0])],
                edges_of: vec![id(&records[0])],
                at: Some(at(second)),
                ..Change::default()
            };
            store.put(ACCOUNT, change).unwrap();
            records.retain(|record| record.id() != gone.id());
            let place = records
                .iter()
                .position(|record| record.id() == changed.id());
            if let Some(place) = place {
                records[place] = changed;
            }
        } else if second == 20 {
            // Everything goes, and comes back.
            import(store, &[], second);
        } else {
            for place in (number % 7..records.len()).step_by(11) {
                let uid = records[place].id().to_owned();
                records[place] = record("kubernetes_pod", &uid, version);
            }
            records.push(record("kubernetes_lease", "lease", version));
            records.push(record("kubernetes_node", &format!("node-{second}"), 1));
            records.retain(|record| record.id() != format!("node-{}", second - 5));
            import(store, &records, second);
            records.retain(|record| record.id() != "lease");
        }
        states.insert(second, now(store));
    }
    states
}

#[test]
fn every_state_that_was_can_be_seen_again() {
    let (dir, store) = open();
    let states = lived(&store);
    assert_eq!(then(&store, at(0)), State::default());
    for (second, state) in &states {
        assert_eq!(&then(&store, at(*second)), state, "second {second}");
    }
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    store.leave_out(["kubernetes_lease"]);
    for (second, state) in &states {
        assert_eq!(&then(&store, at(*second)), state, "second {second}");
    }
    let (_, last) = states.last_key_value().unwrap();
    assert_eq!(&then(&store, at(1000)), last);
}

#[test]
fn a_reader_of_the_past_is_not_disturbed_by_what_is_committed_or_pruned_meanwhile() {
    let (_dir, store) = open();
    let states = lived(&store);
    let view = store.as_of(ACCOUNT, at(7)).unwrap();
    let keep = Keep {
        versions_since: at(1000),
        changes_since: at(1000),
    };
    store.prune(ACCOUNT, keep, |_| true).unwrap();
    import(&store, &pods(0, 3, 9), 50);
    assert_eq!(view.edges().unwrap(), states[&7].1);
    assert_eq!(view.nodes().map(Result::unwrap).count(), states[&7].0.len());
}

/// `second change uid before->after`, by version.
fn shown(change: &VersionChange) -> String {
    let version = |node: &Option<StoredNode>| {
        let version = |node: &StoredNode| node.record.reported["resource_version"].clone();
        node.as_ref().map_or("-".into(), |node| {
            version(node).as_str().unwrap().to_owned()
        })
    };
    let node = change.after.as_ref().or(change.before.as_ref()).unwrap();
    assert_eq!(node.id, change.id);
    format!(
        "{} {:?} {} {}->{}",
        change.at.as_second() - at(0).as_second(),
        change.change,
        node.record.id(),
        version(&change.before),
        version(&change.after)
    )
}

fn changes(store: &Store, after: Option<i64>, before: Option<i64>) -> Vec<String> {
    let found = store
        .changes(ACCOUNT, after.map(at), before.map(at))
        .unwrap();
    let found = found.map(|change| shown(&change.unwrap()));
    found.collect()
}

fn few(store: &Store) {
    let pod = |uid: &str, version| record("kubernetes_pod", uid, version);
    import(store, &[pod("a", 1), pod("b", 1)], 1);
    import(store, &[pod("a", 2), pod("c", 2)], 2);
    import(store, &[pod("a", 2), pod("c", 2)], 3);
    import(store, &[pod("a", 4), pod("b", 4)], 4);
}

#[test]
fn what_happened_is_told_with_before_and_after() {
    let (_dir, store) = open();
    few(&store);
    let all = expect_test::expect![[r"
        4 Updated a 2->4
        4 Deleted c 2->-
        4 Created b -->4
        2 Updated a 1->2
        2 Deleted b 1->-
        2 Created c -->2
        1 Created a -->1
        1 Created b -->1"]];
    all.assert_eq(&changes(&store, None, None).join("\n"));
    assert_eq!(changes(&store, Some(1), Some(2)).len(), 3);
    assert_eq!(changes(&store, Some(2), Some(3)).len(), 0);
    assert_eq!(changes(&store, None, Some(1)).len(), 2);
    assert_eq!(changes(&store, Some(4), None).len(), 0);
}

#[test]
fn pruning_thins_first_and_drops_later() {
    let (dir, store) = open();
    few(&store);
    let is_shown = |change: &VersionChange| change.change != ChangeKind::Updated;
    let mut keep = Keep {
        versions_since: at(3),
        changes_since: at(0),
    };
    let done = store.prune(ACCOUNT, keep, is_shown).unwrap();
    assert_eq!((done.thinned, done.dropped), (2, 0));
    assert_eq!(
        store.prune(ACCOUNT, keep, is_shown).unwrap(),
        Pruned::default()
    );
    let thinned = expect_test::expect![[r"
        4 Updated a 2->4
        4 Deleted c 2->-
        4 Created b -->4
        2 Deleted b 1->-
        2 Created c -->2
        1 Created a -->2
        1 Created b -->1"]];
    thinned.assert_eq(&changes(&store, None, None).join("\n"));
    let error = store.as_of(ACCOUNT, at(1)).unwrap_err();
    assert!(matches!(error, StoreError::NotKept { since, .. } if since == at(2)));
    assert_eq!(then(&store, at(3)).0.len(), 2);

    keep.changes_since = at(2);
    let done = store.prune(ACCOUNT, keep, is_shown).unwrap();
    assert_eq!((done.thinned, done.dropped), (0, 1));
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(changes(&store, None, None).len(), 5);
    assert!(store.as_of(ACCOUNT, at(1)).is_err());
}

#[test]
fn a_forgotten_account_has_no_past() {
    let (_dir, store) = open();
    few(&store);
    store.forget(ACCOUNT).unwrap();
    assert!(changes(&store, None, None).is_empty());
    import(&store, &pods(0, 1, 1), 9);
    assert_eq!(changes(&store, None, None).len(), 1);
    assert_eq!(then(&store, at(3)), State::default());
}

/// Prints what the log costs; the figures are in the documentation, not in an assertion.
#[test]
#[ignore = "it measures, it does not check"]
fn bytes_of_one_percent_a_day() {
    let (_dir, store) = open();
    let pod = |number: u32, version: u32| {
        let mut pod = record(
            "kubernetes_pod",
            &format!("uid-{number:08x}"),
            version.into(),
        );
        let text = |seed: u32| {
            let number = id(&record("k", &seed.to_string(), 0)).to_string();
            serde_json::Value::from(number)
        };
        for field in 0..12 {
            pod.reported
                .insert(format!("field_{field}"), text(number * 100 + field));
        }
        pod.reported.insert("status".into(), text(version));
        pod
    };
    let count: u32 = 20_000;
    let mut records: Vec<_> = (0..count).map(|number| pod(number, 0)).collect();
    let live = import(&store, &records, 0).bytes_written;
    for round in 1..=24 {
        for step in 0..count / 100 {
            let place = (step * 100 + round * 7) % count;
            records[place as usize] = pod(place, round);
        }
        import(&store, &records, i64::from(round) * 3600);
    }
    let stats = store.stats().unwrap();
    let log = stats.version_bytes;
    let part = |bytes: u64| bytes * 10_000 / live;
    println!(
        "live {live} B; log after 24 commits of 1 % each {log} B: {}/10000 of live",
        part(log)
    );
    println!("one commit of 1 %: {}/10000 of live", part(log / 24));
    let sizes = store.compact().unwrap();
    println!("live now {} B; a rewrite: {sizes:?}", stats.live_bytes);
}
