//! Whatever the order of imports and changes, the layers read as the last state.
use std::collections::BTreeMap;

use proptest::prelude::*;
use stocktake_store::{Change, Keep, Store};

use crate::sample::{ACCOUNT, at, id, import, nodes, record};

/// A step: an import of exactly these pods, or a change of some.
#[derive(Debug, Clone)]
enum Step {
    Import(BTreeMap<u16, u64>),
    Put(BTreeMap<u16, Option<u64>>),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        proptest::collection::btree_map(0_u16..40, 0_u64..3, 0..40).prop_map(Step::Import),
        proptest::collection::btree_map(0_u16..40, proptest::option::of(0_u64..3), 0..4)
            .prop_map(Step::Put),
    ];
    proptest::collection::vec(step, 1..30)
}

fn pod(number: u16, version: u64) -> stocktake_model::NodeRecord {
    record("kubernetes_pod", &format!("{number}"), version)
}

fn perform(store: &Store, step: &Step, expected: &mut BTreeMap<u16, u64>) {
    match step {
        Step::Import(pods) => {
            let records: Vec<_> = pods
                .iter()
                .map(|(number, version)| pod(*number, *version))
                .collect();
            import(store, &records, 1);
            expected.clone_from(pods);
        }
        Step::Put(changes) => {
            let mut change = Change::default();
            for (number, version) in changes {
                let record = pod(*number, version.unwrap_or(0));
                if let Some(version) = version {
                    expected.insert(*number, *version);
                    change.nodes.push((id(&record), record));
                } else {
                    expected.remove(number);
                    change.removed.push(("kubernetes_pod".into(), id(&record)));
                }
            }
            store.put(ACCOUNT, change).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]
    #[test]
    fn layers_read_as_the_last_state(steps in steps()) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path()).unwrap();
        let mut expected = BTreeMap::new();
        import(&store, &[], 0);
        for step in &steps {
            perform(&store, step, &mut expected);
            let stored: BTreeMap<u16, u64> = nodes(&store)
                .into_values()
                .map(|node| {
                    let version = node.record.reported["resource_version"].as_str().unwrap();
                    (node.record.id().parse().unwrap(), version.parse().unwrap())
                })
                .collect();
            prop_assert_eq!(&stored, &expected);
        }
    }
}

#[test]
fn blocks_that_nobody_needs_are_removed() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    for version in 0..30 {
        let records: Vec<_> = (0..50).map(|number| pod(number, version)).collect();
        import(&store, &records, 1);
    }
    let keep = Keep {
        versions_since: at(2),
        changes_since: at(2),
    };
    store.prune(ACCOUNT, keep, |_| true).unwrap();
    drop(store);
    let db = sled::Config::new()
        .path(dir.path().join("record"))
        .segment_size(4 << 20)
        .open()
        .unwrap();
    let keys = db.open_tree("block").unwrap().iter().count();
    let notes = db.open_tree("graph").unwrap().scan_prefix("r").count();
    assert!(keys <= 10, "{keys} blocks for one kind and its edges");
    assert_eq!(notes, 0);
}
