//! Giving space back, and going on after the disk was full.
use stocktake_model::{NodeId, NodeRecord};
use stocktake_store::{FORMAT, Store, StoreError};

use crate::sample::{ACCOUNT, at, import, nodes, pods, record};

/// Everything a store holds, as text.
fn everything(store: &Store) -> String {
    let documents = store.document("d").unwrap();
    let records: Vec<_> = store.records("t").unwrap().list::<u64>("").collect();
    let past: Vec<_> = (store.as_of(ACCOUNT, at(15)).unwrap().nodes())
        .map(Result::unwrap)
        .collect();
    let changes: Vec<_> = store.changes(ACCOUNT, None, None).unwrap().collect();
    format!(
        "{:?} {:?} {documents:?} {records:?} {past:?} {changes:?}",
        nodes(store),
        store.edges(ACCOUNT).unwrap()
    )
}

fn grown(store: &Store) {
    for second in 1..30_i64 {
        let mut records = pods(0, 300, u64::try_from(second).unwrap());
        records.truncate(usize::try_from(300 - second).unwrap());
        import(store, &records, second);
    }
    store.put_document("d", "a: b", None, at(0)).unwrap();
    store.records("t").unwrap().put("k", &7_u64).unwrap();
}

#[test]
fn a_rewritten_store_holds_the_same_in_less_space() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    grown(&store);
    let before = everything(&store);
    let reader = store.view(ACCOUNT).unwrap();
    let sizes = store.compact().unwrap();
    assert!(sizes.after < sizes.before, "{sizes:?}");
    assert_eq!(everything(&store), before);
    assert_eq!(reader.edges().unwrap(), store.edges(ACCOUNT).unwrap());
    assert!(dir.path().join("record").exists(), "somebody reads it");
    drop(reader);
    assert!(!dir.path().join("record").exists());
    import(&store, &[record("kubernetes_pod", "new", 1)], 40);
    store.compact().unwrap();
    let after = everything(&store);
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(everything(&store), after);
    assert!(store.compact_if_due().unwrap().is_none(), "it is small");
}

#[test]
fn a_backup_is_what_there_was_at_the_next_open() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    grown(&store);
    let before = everything(&store);
    let backup = store.backup().unwrap();
    let entries: Vec<_> = backup.entries().map(Result::unwrap).collect();
    assert!(dir.path().join("copy-0").exists());
    drop(backup);
    assert!(!dir.path().join("copy-0").exists());
    import(&store, &[record("kubernetes_pod", "new", 1)], 40);
    let later = everything(&store);
    // One that is given up changes nothing.
    let mut given_up = store.restore(FORMAT).unwrap();
    given_up.entry(&entries[0]).unwrap();
    drop(given_up);
    assert!(!store.is_replaced());
    let mut restore = store.restore(FORMAT).unwrap();
    for entry in &entries {
        restore.entry(entry).unwrap();
    }
    restore.finish().unwrap();
    assert!(store.is_replaced());
    assert_eq!(everything(&store), later, "until then");
    assert!(matches!(store.compact(), Err(StoreError::Replaced)));
    drop(store);
    // As if a process had been killed while it made a copy.
    std::fs::create_dir(dir.path().join("copy-7")).unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(everything(&store), before);
    assert!(!dir.path().join("copy-7").exists());
    let newer = store.restore(FORMAT + 1).unwrap_err();
    assert!(matches!(newer, StoreError::Newer { .. }), "{newer}");
}

/// Nodes that can hardly be compressed, a megabyte each, different ones for each second.
fn noise(second: i64, count: u32) -> Vec<NodeRecord> {
    let mut state = u64::try_from(second).unwrap();
    let mut pods = pods(0, count, state);
    for pod in &mut pods {
        let mut text = String::new();
        while text.len() < 1 << 20 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            text.push_str(&state.to_string());
        }
        pod.reported.insert("noise".to_owned(), text.into());
    }
    pods
}

#[test]
fn a_store_that_is_mostly_garbage_rewrites_itself_and_gives_the_space_back() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    import(&store, &noise(1, 60), 1);
    store.forget(ACCOUNT).unwrap();
    import(&store, &noise(2, 4), 2);
    let before = everything_of(&store);
    let sizes = store.compact_if_due().unwrap().expect("most is garbage");
    assert!(sizes.before > 20 << 20, "{sizes:?}");
    assert!(sizes.after < 10 << 20, "{sizes:?}");
    let used: u64 = walk(dir.path());
    assert!(used < 10 << 20, "{used} bytes of files");
    assert_eq!(everything_of(&store), before);
    assert!(
        store.compact_if_due().unwrap().is_none(),
        "it was just done"
    );
}

fn everything_of(store: &Store) -> Vec<NodeId> {
    nodes(store).values().map(|node| node.id).collect()
}

/// Bytes of all files below a directory.
fn walk(dir: &std::path::Path) -> u64 {
    let entries = std::fs::read_dir(dir).unwrap();
    let size = |entry: std::fs::DirEntry| match entry.metadata().unwrap() {
        about if about.is_dir() => walk(&entry.path()),
        about => about.len(),
    };
    entries.map(|entry| size(entry.unwrap())).sum()
}

#[test]
fn imports_and_a_rewrite_wait_for_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    grown(&store);
    let import = store.import(ACCOUNT).unwrap();
    let other = std::thread::spawn({
        let store = store.clone();
        move || store.compact().unwrap()
    });
    // What an import needs is written although somebody waits for its end.
    store.records("t").unwrap().put("k", &8_u64).unwrap();
    drop(import);
    other.join().unwrap();
    assert_eq!(
        store.records("t").unwrap().get::<u64>("k").unwrap(),
        Some(8)
    );
}

#[test]
fn a_half_made_or_replaced_database_is_removed_and_never_used() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    grown(&store);
    let before = everything(&store);
    drop(store);
    // Killed while it was written: nothing names it.
    std::fs::create_dir(dir.path().join("record-1")).unwrap();
    std::fs::write(dir.path().join("record-1/db"), "half").unwrap();
    std::fs::write(dir.path().join("current.new"), "reco").unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(everything(&store), before);
    assert!(!dir.path().join("record-1").exists());
    store.compact().unwrap();
    drop(store);
    // Killed before the old one was removed.
    std::fs::create_dir(dir.path().join("record")).unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(everything(&store), before);
    assert!(!dir.path().join("record").exists());
    drop(store);
    std::fs::write(dir.path().join("current"), "../elsewhere 1").unwrap();
    assert!(matches!(
        Store::open(dir.path()),
        Err(StoreError::Corrupt { .. })
    ));
}
