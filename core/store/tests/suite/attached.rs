//! What is kept beside a state: given out for exactly that state and what follows from it, or not at all.
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use stocktake_model::NodeId;
use stocktake_store::{Attached, Change, PutSection, Store, StoredNode};

use crate::sample::{ACCOUNT, at, header, id, import, nodes, pods, record};

const FORMAT: u32 = 7;

fn open() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    (dir, store)
}

fn attach(store: &Store, sections: &[&[u8]]) -> bool {
    let commit = store.view(ACCOUNT).unwrap().commit();
    let put = |put: PutSection<'_>| sections.iter().try_for_each(|section| put(section));
    store.attach(ACCOUNT, commit, FORMAT, put).unwrap()
}

fn attached(store: &Store, format: u32) -> Option<Attached> {
    store.view(ACCOUNT).unwrap().attachment(format).unwrap()
}

fn sections(store: &Store) -> Option<Vec<Vec<u8>>> {
    Some(attached(store, FORMAT)?.sections().collect())
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir.join("attachments")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn it_belongs_to_one_state_and_survives_that_of_the_process() {
    let (dir, store) = open();
    assert!(!attach(&store, &[b"of nothing"]), "there is no account");
    import(&store, &pods(0, 10, 1), 1);
    let long: Vec<u8> = (0..9_000_000_u32).map(|n| (n % 251) as u8).collect();
    assert!(attach(&store, &[&long, b"", b"short"]));
    let all = vec![long, Vec::new(), b"short".to_vec()];
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(sections(&store), Some(all.clone()));
    assert!(attached(&store, FORMAT + 1).is_none());
    let past = store.as_of(ACCOUNT, at(0)).unwrap();
    assert!(past.attachment(FORMAT).unwrap().is_none());
    store.compact().unwrap();
    assert_eq!(sections(&store), Some(all));
    // The same again leaves the state as it was.
    import(&store, &pods(0, 10, 1), 2);
    assert!(store.view(ACCOUNT).unwrap().has_attachment(FORMAT));
    let old = store.view(ACCOUNT).unwrap().commit();
    import(&store, &pods(0, 10, 2), 3);
    assert!(!store.view(ACCOUNT).unwrap().has_attachment(FORMAT));
    let late = store.attach(ACCOUNT, old, FORMAT, |_| Ok(()));
    assert!(!late.unwrap(), "it is not the present state");
    assert!(attach(&store, &[b"new"]));
    assert_eq!(sections(&store), Some(vec![b"new".to_vec()]));
    assert_eq!(files(dir.path()).len(), 1);
    store.forget(ACCOUNT).unwrap();
    assert!(files(dir.path()).is_empty());
}

#[test]
fn an_account_that_introduces_itself_anew_is_another_state() {
    let (_dir, store) = open();
    import(&store, &pods(0, 3, 1), 1);
    assert!(attach(&store, &[b"x"]));
    let mut other = header(2);
    other.last_error = Some("it was not reached".to_owned());
    store.put_header(&other).unwrap();
    assert!(attached(&store, FORMAT).is_some());
    other.begin.cloud = "other".to_owned();
    store.put_header(&other).unwrap();
    assert!(attached(&store, FORMAT).is_none());
}

#[test]
fn a_damaged_or_lost_file_is_as_good_as_none() {
    let (dir, store) = open();
    import(&store, &pods(0, 10, 1), 1);
    for damage in 0..3 {
        assert!(attach(&store, &[b"some bytes", b"more bytes"]));
        let path = files(dir.path()).remove(0);
        let mut bytes = fs::read(&path).unwrap();
        match damage {
            0 => bytes[20] ^= 1,
            1 => bytes.truncate(bytes.len() - 1),
            _ => bytes.clear(),
        }
        fs::write(&path, bytes).unwrap();
        assert!(attached(&store, FORMAT).is_none(), "{damage}");
    }
    fs::remove_file(files(dir.path()).remove(0)).unwrap();
    assert!(attached(&store, FORMAT).is_none());
    assert_eq!(nodes(&store).len(), 10);
}

#[test]
fn files_that_nothing_names_are_removed() {
    let (dir, store) = open();
    import(&store, &pods(0, 10, 1), 1);
    assert!(attach(&store, &[b"x"]));
    let named = files(dir.path());
    drop(store);
    for stray in ["new-3", "0123456789abcdef"] {
        fs::write(dir.path().join("attachments").join(stray), "x").unwrap();
    }
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(files(dir.path()), named);
    assert!(attached(&store, FORMAT).is_some());
}

/// Commits of every sort after it was attached, folding included.
#[test]
fn what_changed_since_leads_to_the_present_state() {
    let (_dir, store) = open();
    let mut records = pods(0, 600, 1);
    records.push(record("kubernetes_service", "service", 1));
    import(&store, &records, 0);
    let mut known = BTreeMap::new();
    let (mut layers, mut whole) = (0, 0);
    for second in 1..60_i64 {
        if second % 20 == 1 {
            assert!(attach(&store, &[b"x"]));
            known = by_id(nodes(&store).into_values());
        }
        let number = usize::try_from(second).unwrap();
        let version = u64::try_from(second).unwrap();
        if second % 3 == 0 {
            let changed = record("kubernetes_pod", &format!("pod-{number:05}"), version);
            let new = record(&format!("kind_{}", second % 2), &format!("{second}"), 1);
            let gone = records.remove(200 + number);
            let change = Change {
                nodes: [changed, new].map(|node| (id(&node), node)).to_vec(),
                removed: vec![(gone.kind().to_owned(), id(&gone))],
                at: Some(at(second)),
                ..Change::default()
            };
            store.put(ACCOUNT, change).unwrap();
        } else if second % 17 == 0 {
            records = nodes(&store)
                .into_values()
                .map(|node| node.record)
                .collect();
            let place = records.len() / 2;
            records[place] = record("kubernetes_pod", records[place].id(), version);
            import(&store, &records, second);
        }
        let attached = attached(&store, FORMAT).unwrap();
        layers += usize::from(!attached.changed.is_empty() && attached.changed.len() < 100);
        whole += usize::from(!attached.whole.is_empty());
        let mut then = known.clone();
        for gone in &attached.removed {
            then.remove(gone);
        }
        then.retain(|_, node| !attached.whole.contains(&node.record.kind().to_owned()));
        then.extend(by_id(attached.changed.into_iter()));
        assert_eq!(then, by_id(nodes(&store).into_values()), "{second}");
    }
    assert!(layers > 20 && whole > 5, "{layers} {whole}");
}

fn by_id(nodes: impl Iterator<Item = StoredNode>) -> BTreeMap<NodeId, StoredNode> {
    nodes.map(|node| (node.id, node)).collect()
}
