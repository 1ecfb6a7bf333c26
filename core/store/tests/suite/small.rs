//! Documents, records, overlays, models.
use serde_json::json;
use stocktake_model::Overlay;
use stocktake_model::{NodeId, PluginModel};
use stocktake_store::{Store, StoreError};

use crate::sample::{at, map};

fn open() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    (dir, store)
}

#[test]
fn a_document_that_changed_meanwhile_is_not_overwritten() {
    let (_dir, store) = open();
    assert_eq!(
        store.put_document("core", "a: 1", Some(0), at(1)).unwrap(),
        1
    );
    assert_eq!(
        store.put_document("core", "a: 2", Some(1), at(2)).unwrap(),
        2
    );
    for (expected, said) in [
        (0, "document `core` exists already, with revision 2"),
        (
            1,
            "document `core` has revision 2 by now; revision 1 was expected",
        ),
    ] {
        let error = store
            .put_document("core", "a: 3", Some(expected), at(3))
            .unwrap_err();
        assert_eq!(error.to_string(), said);
    }
    let gone = store.put_document("other", "", Some(4), at(3)).unwrap_err();
    assert_eq!(
        gone.to_string(),
        "document `other` is gone; revision 4 was expected"
    );
    let stored = store.document("core").unwrap().unwrap();
    assert_eq!(
        (stored.text.as_str(), stored.revision, stored.changed),
        ("a: 2", 2, at(2))
    );
    assert_eq!(store.put_document("core", "a: 4", None, at(4)).unwrap(), 3);
    assert_eq!(store.documents().unwrap(), ["core"]);
    assert!(store.delete_document("core").unwrap());
    assert!(!store.delete_document("core").unwrap());
    assert_eq!(store.document("core").unwrap(), None);
}

#[test]
fn records_are_listed_by_key_and_tables_do_not_mix() {
    let (dir, store) = open();
    let jobs = store.records("job").unwrap();
    for key in ["b", "a/2", "a/1"] {
        jobs.put(key, &json!({"key": key})).unwrap();
    }
    store.records("jobs").unwrap().put("a/9", &1).unwrap();
    jobs.write(&[("b", None), ("c", Some(&json!(3)))]).unwrap();
    drop((jobs, store));
    let store = Store::open(dir.path()).unwrap();
    let jobs = store.records("job").unwrap();
    let keys = |prefix| -> Vec<String> {
        jobs.list::<serde_json::Value>(prefix)
            .map(|found| found.unwrap().0)
            .collect()
    };
    assert_eq!(keys(""), ["a/1", "a/2", "c"]);
    assert_eq!(keys("a/"), ["a/1", "a/2"]);
    assert_eq!(jobs.get::<i32>("c").unwrap(), Some(3));
    assert_eq!(jobs.get::<i32>("b").unwrap(), None);
    assert!(matches!(
        jobs.get::<String>("c"),
        Err(StoreError::Damaged(_))
    ));
    assert!(jobs.delete("c").unwrap() && !jobs.delete("c").unwrap());
    for name in ["", "a\0b"] {
        assert!(matches!(jobs.put(name, &1), Err(StoreError::Name { .. })));
        assert!(matches!(store.records(name), Err(StoreError::Name { .. })));
    }
}

#[test]
fn appended_records_are_numbered_in_order() {
    let (_dir, store) = open();
    let audit = store.records("audit").unwrap();
    for number in 1..=12 {
        assert_eq!(audit.append(&number).unwrap(), number);
    }
    let all: Vec<u64> = audit.list("").map(|found| found.unwrap().1).collect();
    assert_eq!(all, (1..=12).collect::<Vec<_>>());
}

#[test]
fn marks_and_models_survive() {
    let (dir, store) = open();
    let node = NodeId::from_bytes([7; 16]);
    let other = NodeId::from_bytes([8; 16]);
    let mark = Overlay {
        desired: map(json!({"clean": true})),
        metadata: map(json!({"protected": true})),
    };
    store
        .set_overlay(&[(node, mark.clone()), (other, mark.clone())])
        .unwrap();
    store.set_overlay(&[(other, Overlay::default())]).unwrap();
    store.put_model("k8s", &PluginModel::default()).unwrap();
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    let overlay: Vec<_> = store.overlay().into_iter().map(Result::unwrap).collect();
    assert_eq!(overlay, [(node, mark)]);
    let model = store.model().unwrap().remove(0).unwrap();
    assert_eq!(model, ("k8s".to_owned(), PluginModel::default()));
    let stats = store.stats().unwrap();
    assert!(stats.disk_bytes > 0 && stats.accounts == 0);
}
