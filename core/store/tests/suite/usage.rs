//! What was measured: beside the documents, for a while, and part of every copy.
use stocktake_model::{Measures, Metric, UsageBlock};
use stocktake_store::{FORMAT, KeepUsage, Store};

use crate::sample::{ACCOUNT, at, id, import, pods};

const HOUR: i64 = 60 * 60;

fn block(kind: &str, second: i64, count: u32) -> UsageBlock {
    let measures = |number: u32| {
        let cores = f64::from(number) / 8.0;
        Measures::default().with(Metric::CpuCores, Some(cores))
    };
    let mut nodes: Vec<_> = (0..).zip(pods(0, count, 1)).collect();
    nodes.sort_by_cached_key(|(_, pod)| id(pod));
    let nodes = nodes.iter();
    UsageBlock {
        kind: kind.to_owned(),
        at: at(second),
        nodes: nodes
            .map(|(number, pod)| (id(pod), measures(*number)))
            .collect(),
    }
}

fn last(store: &Store, until: Option<i64>) -> Vec<UsageBlock> {
    let last = store.last_usage(ACCOUNT, until.map(at)).unwrap();
    last.into_iter().map(Result::unwrap).collect()
}

fn all(store: &Store, from: i64, to: i64) -> Vec<UsageBlock> {
    let all = store.usage(ACCOUNT, at(from)..at(to)).unwrap();
    all.map(Result::unwrap).collect()
}

#[test]
fn measurements_are_kept_by_kind_and_moment_and_change_no_version() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    import(&store, &pods(0, 10, 1), 1);
    let commit = store.view(ACCOUNT).unwrap().commit();
    assert_eq!(last(&store, None), []);
    // Large enough to need several pieces.
    let blocks = [block("node", 1, 3), block("pod", 1, 4_000)];
    store.put_usage(ACCOUNT, &blocks).unwrap();
    store
        .put_usage("cluster-10", &[block("pod", 9, 1)])
        .unwrap();
    store.put_usage(ACCOUNT, &[block("pod", 2, 5)]).unwrap();
    // The same moment again: what was there before is replaced as a whole.
    store.put_usage(ACCOUNT, &[block("pod", 3, 4_000)]).unwrap();
    store.put_usage(ACCOUNT, &[block("pod", 3, 2)]).unwrap();
    assert_eq!(store.view(ACCOUNT).unwrap().commit(), commit);
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(
        last(&store, None),
        [block("node", 1, 3), block("pod", 3, 2)]
    );
    assert_eq!(
        last(&store, Some(2)),
        [block("node", 1, 3), block("pod", 2, 5)]
    );
    assert_eq!(last(&store, Some(0)), []);
    let [node, first] = blocks;
    assert_eq!(all(&store, 0, 3), [node, first, block("pod", 2, 5)]);
    assert_eq!(all(&store, 4, 9), []);
}

#[test]
fn old_measurements_go_and_a_forgotten_account_has_none() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    import(&store, &pods(0, 1, 1), 1);
    let pods: Vec<_> = (0..10).map(|hour| block("pod", hour * HOUR, 1)).collect();
    store.put_usage(ACCOUNT, &pods).unwrap();
    store.put_usage(ACCOUNT, &[block("node", 0, 1)]).unwrap();
    let keep = KeepUsage {
        all_since: at(9 * HOUR),
        some_since: at(2 * HOUR),
    };
    assert_eq!(store.prune_usage(ACCOUNT, keep).unwrap(), 2 + 5);
    assert_eq!(store.prune_usage(ACCOUNT, keep).unwrap(), 0);
    let left: Vec<_> = all(&store, 0, 10 * HOUR);
    let left: Vec<_> = left.iter().map(|one| (&*one.kind, one.at)).collect();
    let hour = |hour| ("pod", at(hour * HOUR));
    assert_eq!(left, [("node", at(0)), hour(2), hour(6), hour(9)]);
    store.forget(ACCOUNT).unwrap();
    assert_eq!(all(&store, 0, 10 * HOUR), []);
}

#[test]
fn a_rewritten_record_and_a_restored_copy_have_them() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    import(&store, &pods(0, 1, 1), 1);
    store.put_usage(ACCOUNT, &[block("pod", 1, 4_000)]).unwrap();
    store.compact().unwrap();
    assert_eq!(last(&store, None), [block("pod", 1, 4_000)]);
    let backup = store.backup().unwrap();
    let other = tempfile::tempdir().unwrap();
    let restored = Store::open(other.path()).unwrap();
    let mut restore = restored.restore(FORMAT).unwrap();
    for entry in backup.entries() {
        restore.entry(&entry.unwrap()).unwrap();
    }
    restore.finish().unwrap();
    drop(restored);
    let restored = Store::open(other.path()).unwrap();
    assert_eq!(last(&restored, None), [block("pod", 1, 4_000)]);
}
