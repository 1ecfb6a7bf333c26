//! Any moment of any life of an account can be seen again exactly, whatever was done since.
use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::sample::Index;
use stocktake_model::{Document, EdgeRecord, NodeRecord};
use stocktake_store::{Change, ChangeKind, Edges, Keep, Store, StoredNode};

use crate::sample::{ACCOUNT, at, edge, header, id, record};

/// A step; nodes are `(number, version)`, edges `(from, to)`.
#[derive(Debug, Clone)]
enum Step {
    /// A collection finds exactly these.
    Import(BTreeMap<u8, u8>, Vec<(u8, u8)>),
    /// Some change or go, and the first gets these edges.
    Put(BTreeMap<u8, Option<u8>>, Vec<u8>),
    /// The database is rewritten.
    Compact,
    /// What is older than so many seconds is thinned.
    Prune(u8),
    /// The process ends and another begins.
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let nodes = proptest::collection::btree_map(0_u8..12, 0_u8..4, 0..12);
    let edges = proptest::collection::vec((0_u8..12, 0_u8..12), 0..8);
    let changes = proptest::collection::btree_map(0_u8..12, proptest::option::of(0_u8..4), 1..4);
    let step = prop_oneof![
        4 => (nodes, edges).prop_map(|(nodes, edges)| Step::Import(nodes, edges)),
        6 => (changes, proptest::collection::vec(0_u8..12, 0..3))
            .prop_map(|(nodes, edges)| Step::Put(nodes, edges)),
        1 => Just(Step::Compact),
        1 => (0_u8..40).prop_map(Step::Prune),
        1 => Just(Step::Reopen),
    ];
    proptest::collection::vec(step, 1..70)
}

/// Kinds, so that documents of several follow each other; every version differs in more than one place.
fn node(number: u8, version: u8) -> NodeRecord {
    let kind = ["kubernetes_pod", "kubernetes_node", "kubernetes_service"][usize::from(number % 3)];
    let mut record = record(kind, &format!("uid-{number}"), version.into());
    if version > 1 {
        let list: Vec<_> = (0..version)
            .map(|one| format!("{one} of {version}"))
            .collect();
        record.reported.insert("conditions".into(), list.into());
    }
    record
}

type State = (BTreeMap<String, StoredNode>, Vec<EdgeRecord>);

fn state(store: &Store, time: Option<Timestamp>) -> State {
    let view = match time {
        Some(time) => store.as_of(ACCOUNT, time).unwrap(),
        None => store.view(ACCOUNT).unwrap(),
    };
    let edges = view.edges().unwrap();
    let nodes = view.nodes().map(|node| {
        let node = node.unwrap();
        (node.record.id().to_owned(), node)
    });
    (nodes.collect(), edges)
}

fn perform(store: &mut Store, dir: &std::path::Path, step: &Step, second: i64) {
    match step {
        Step::Import(nodes, edges) => {
            let nodes = nodes
                .iter()
                .map(|(number, version)| node(*number, *version));
            let nodes: Vec<_> = nodes.collect();
            let mut import = store.import(ACCOUNT).unwrap();
            for record in &nodes {
                import
                    .node(&Document::new(record), id(record), at(second))
                    .unwrap();
            }
            let edges = edges
                .iter()
                .map(|(from, to)| edge(&node(*from, 0), &node(*to, 0)));
            import
                .commit(Edges::All(edges.collect()), header(second))
                .unwrap();
        }
        Step::Put(nodes, edges) => {
            let mut change = Change {
                at: Some(at(second)),
                ..Change::default()
            };
            for (number, version) in nodes {
                let record = node(*number, version.unwrap_or(0));
                match version {
                    Some(_) => change.nodes.push((id(&record), record)),
                    None => (change.removed).push((record.kind().to_owned(), id(&record))),
                }
            }
            let first = node(*nodes.keys().next().unwrap(), 0);
            change.edges_of.push(id(&first));
            change.edges = edges.iter().map(|to| edge(&first, &node(*to, 0))).collect();
            store.put(ACCOUNT, change).unwrap();
        }
        Step::Compact => drop(store.compact().unwrap()),
        Step::Prune(seconds) => {
            let keep = Keep {
                versions_since: at(second - i64::from(*seconds)),
                changes_since: at(second - 2 * i64::from(*seconds)),
            };
            let is_shown = |change: &stocktake_store::VersionChange| change.id.as_bytes()[0] < 128;
            store.prune(ACCOUNT, keep, is_shown).unwrap();
        }
        Step::Reopen => {
            let elsewhere = tempfile::tempdir().unwrap();
            drop(std::mem::replace(
                store,
                Store::open(elsewhere.path()).unwrap(),
            ));
            *store = Store::open(dir).unwrap();
        }
    }
}

/// Going back over what happened leads from the present to the beginning of what is kept.
fn retrace(store: &Store, states: &BTreeMap<i64, State>, kept: i64) {
    let (_, (present, _)) = states.last_key_value().unwrap();
    let mut nodes = present.clone();
    for change in store.changes(ACCOUNT, Some(at(kept)), None).unwrap() {
        let change = change.unwrap();
        let second = change.at.as_second() - at(0).as_second();
        let node = change.after.as_ref().or(change.before.as_ref()).unwrap();
        let uid = node.record.id().to_owned();
        assert_eq!(states[&second].0.get(&uid), change.after.as_ref());
        assert_eq!(
            nodes.get(&uid),
            change.after.as_ref(),
            "{second} {:?}",
            change.change
        );
        match change.before {
            Some(before) => drop(nodes.insert(uid, before)),
            None => drop(nodes.remove(&uid)),
        }
        assert_eq!(change.change == ChangeKind::Deleted, change.after.is_none());
    }
    assert_eq!(
        nodes,
        states
            .get(&kept)
            .map_or_else(BTreeMap::new, |then| then.0.clone())
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]
    #[test]
    fn any_moment_equals_the_state_kept_aside(steps in steps(), picked in any::<[Index; 6]>()) {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        perform(&mut store, dir.path(), &Step::Import(BTreeMap::new(), Vec::new()), 0);
        let mut states = BTreeMap::from([(0, state(&store, None))]);
        let mut kept = 0;
        for (second, step) in (1_i64..).zip(&steps) {
            perform(&mut store, dir.path(), step, second);
            states.insert(second, state(&store, None));
            if let Step::Prune(seconds) = step {
                kept = kept.max(second - i64::from(*seconds));
            }
        }
        for index in picked {
            let second = index.index(states.len());
            let second = i64::try_from(second).unwrap().max(kept);
            prop_assert_eq!(&state(&store, Some(at(second))), &states[&second], "second {}", second);
        }
        retrace(&store, &states, kept);
    }
}

#[test]
fn a_document_that_changes_often_is_kept_whole_now_and_then() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    let mut states = BTreeMap::new();
    for second in 0..100 {
        let version = u8::try_from(second).unwrap();
        let nodes = BTreeMap::from([(1, version), (2, 0)]);
        perform(
            &mut store,
            dir.path(),
            &Step::Import(nodes, Vec::new()),
            second,
        );
        states.insert(second, state(&store, None));
    }
    for (second, then) in &states {
        assert_eq!(&state(&store, Some(at(*second))), then, "second {second}");
    }
    assert_eq!(states[&99].0["uid-1"].revision, 100);
    retrace(&store, &states, 0);
}
