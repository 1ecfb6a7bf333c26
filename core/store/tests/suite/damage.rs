//! What an abrupt stop, a bad disk, or another program may leave behind.
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use stocktake_store::{Store, StoreError};

use crate::sample::{ACCOUNT, import, nodes, pods, record};

fn raw(dir: &Path) -> sled::Db {
    let config = sled::Config::new()
        .path(dir.join("record"))
        .segment_size(4 << 20);
    config.open().unwrap()
}

/// A closed store with 1000 pods in several blocks, and one service.
fn closed() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let mut records = pods(0, 1000, 1);
    records.push(record("kubernetes_service", "service-1", 1));
    import(&store, &records, 1);
    dir
}

#[test]
fn a_damaged_block_is_named_skipped_and_replaced_by_the_next_import() {
    let dir = closed();
    let blocks = raw(dir.path()).open_tree("block").unwrap();
    // The first block that was written is the first one of the pods.
    let (key, value) = blocks.iter().next().unwrap().unwrap();
    let mut value = value.to_vec();
    value[40] ^= 1;
    blocks.insert(key, value).unwrap();
    drop(blocks);
    let store = Store::open(dir.path()).unwrap();
    let (good, bad): (Vec<_>, Vec<_>) = store.nodes(ACCOUNT).unwrap().partition(Result::is_ok);
    assert_eq!((good.len(), bad.len()), (1001 - 256, 1));
    let Err(StoreError::Damaged(damaged)) = &bad[0] else {
        panic!("{bad:?}");
    };
    let said = "block 1-0 is damaged: its checksum does not fit (account `cluster-1`, kind `kubernetes_pod`)";
    assert_eq!(damaged.to_string(), said);
    let mut records = pods(0, 1000, 1);
    records.push(record("kubernetes_service", "service-1", 1));
    let report = import(&store, &records, 2);
    assert_eq!(report.damaged, std::slice::from_ref(damaged));
    assert_eq!((report.created, report.unchanged), (256, 745));
    assert_eq!(nodes(&store).len(), 1001);
    assert!(import(&store, &records, 3).damaged.is_empty());
}

#[test]
fn a_lost_block_and_a_damaged_manifest_do_not_panic_and_heal() {
    let dir = closed();
    let db = raw(dir.path());
    let blocks = db.open_tree("block").unwrap();
    let (key, _) = blocks.iter().next().unwrap().unwrap();
    blocks.remove(key).unwrap();
    let graph = db.open_tree("graph").unwrap();
    for found in graph.scan_prefix("m") {
        let (key, value) = found.unwrap();
        if key.ends_with(b"service") || key.ends_with(b"e") {
            graph.insert(key, &value[..value.len() - 1]).unwrap();
        }
    }
    drop((blocks, graph, db));
    let store = Store::open(dir.path()).unwrap();
    let bad = store.nodes(ACCOUNT).unwrap().filter(Result::is_err);
    assert_eq!(bad.count(), 2);
    assert!(matches!(store.edges(ACCOUNT), Err(StoreError::Damaged(_))));
    let records = pods(0, 1000, 1);
    import(&store, &records, 2);
    assert_eq!(nodes(&store).len(), 1000);
    assert_eq!(store.edges(ACCOUNT).unwrap().len(), 999);
    assert!(import(&store, &records, 3).damaged.is_empty());
}

#[test]
fn a_newer_format_is_refused() {
    let dir = closed();
    raw(dir.path())
        .open_tree("meta")
        .unwrap()
        .insert("format", "99")
        .unwrap();
    let error = Store::open(dir.path()).unwrap_err();
    let said = "the store has format 99, newer than format 2, the newest this stocktake knows";
    assert_eq!(error.to_string(), said);
    assert!(error.hint().is_some());
}

#[test]
fn a_torn_snapshot_file_is_removed() {
    let dir = closed();
    let torn = dir.path().join("record/snap.00000000FFFFFFFF.generating");
    fs::write(&torn, b"half of").unwrap();
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(nodes(&store).len(), 1001);
    assert!(!torn.exists());
}

#[test]
fn an_unreadable_snapshot_is_moved_aside_and_rebuilt_from_the_log() {
    let dir = closed();
    // sled writes a snapshot when it opens what was there.
    drop(raw(dir.path()));
    let mut cut = 0;
    for entry in fs::read_dir(dir.path().join("record")).unwrap() {
        let path = entry.unwrap().path();
        if path
            .file_name()
            .unwrap()
            .to_str()
            .unwrap()
            .starts_with("snap.")
        {
            let bytes = fs::read(&path).unwrap();
            fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
            cut += 1;
        }
    }
    assert!(cut > 0, "sled left a snapshot");
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(nodes(&store).len(), 1001);
}

#[test]
fn a_second_open_says_who_has_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let error = Store::open(dir.path()).unwrap_err();
    let pid = std::process::id();
    assert!(matches!(error, StoreError::Locked { pid: Some(holder), .. } if holder == pid));
    assert!(
        error
            .to_string()
            .ends_with(&format!("is in use by process {pid}"))
    );
    // A reader that is still there keeps the lock.
    let view = store.view(ACCOUNT).unwrap();
    drop(store);
    assert!(Store::open(dir.path()).is_err());
    drop(view);
    Store::open(dir.path()).unwrap();
}

#[test]
fn the_directory_is_private_and_a_file_is_no_directory() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("new/store");
    drop(Store::open(&path).unwrap());
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o700
    );
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    for path in [&file, &file.join("below")] {
        assert!(matches!(
            Store::open(path),
            Err(StoreError::NotADirectory(_))
        ));
    }
}
