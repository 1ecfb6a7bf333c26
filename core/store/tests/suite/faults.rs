//! A process that is killed, or runs out of disk, while it imports: what it acknowledged is there, and nothing
//! is there by half. The child is this test binary again.
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use stocktake_model::{Document, NodeRecord};
use stocktake_store::{Change, Edges, Keep, Store, StoreError, StoredNode};

use crate::sample::{ACCOUNT, at, edge, header, id, nodes, pods, record, star};

const DIR: &str = "STOCKTAKE_TEST_CHILD_DIR";
/// Set for a child that is to fill its disk, so that it never gives space back.
const GROWS: &str = "STOCKTAKE_TEST_CHILD_GROWS";
const ROUNDS: &str = "STOCKTAKE_TEST_KILL_ROUNDS";
/// One test starts processes or opens stores at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// Format of what is attached.
const FORMAT: u32 = 1;
/// Pods that are there in every generation.
const PODS: u32 = 60;
/// Rounds that share a directory, one after the other; the others have theirs.
const LANES: u64 = 8;

/// The nodes of one generation: some stay, some change, some come and go; now and then there are so many that they
/// take several blocks.
fn generation(number: u64) -> Vec<NodeRecord> {
    let more = if number % 9 > 6 { 400 } else { 0 };
    let mut records = pods(0, PODS + more, 1);
    let step = if number.is_multiple_of(3) { 1 } else { 13 };
    for pod in (0..PODS as usize).step_by(step) {
        records[pod]
            .reported
            .insert("generation".into(), number.into());
    }
    let passing = u32::try_from(number % 1000).unwrap();
    records.extend(pods(1000 + passing, 1010 + passing, number));
    records.push(record("kubernetes_cluster", ACCOUNT, number));
    records
}

/// Odd generations are put as a change, even ones are imported; now and then the database is rewritten, and the past
/// thinned.
fn advance(store: &Store, number: u64) -> Result<(), StoreError> {
    if number.is_multiple_of(7) && std::env::var_os(GROWS).is_none() {
        store.compact()?;
    }
    if number.is_multiple_of(5) {
        let second = i64::try_from(number).unwrap();
        let keep = Keep {
            versions_since: at(second - 8),
            changes_since: at(second - 20),
        };
        store.prune(ACCOUNT, keep, |change| change.id.as_bytes()[0] < 100)?;
    }
    if number.is_multiple_of(4) {
        // The present state: what it becomes now is told on top of it.
        let (last, commit) = (number - 1, store.view(ACCOUNT)?.commit());
        store.attach(ACCOUNT, commit, FORMAT, |put| put(&last.to_le_bytes()))?;
    }
    let records = generation(number);
    if number.is_multiple_of(2) || number == 1 {
        return replace(store, &records, i64::try_from(number).unwrap());
    }
    let kept: Vec<_> = records.iter().map(id).collect();
    let removed = nodes(store)
        .into_values()
        .filter(|node| !kept.contains(&node.id));
    let mut header = header(i64::try_from(number).unwrap());
    header.nodes = records.len() as u64;
    header.edges = header.nodes - 1;
    let change = Change {
        removed: removed
            .map(|node| (node.record.kind().to_owned(), node.id))
            .collect(),
        edges: star(&records),
        nodes: records
            .iter()
            .map(|record| (id(record), record.clone()))
            .collect(),
        header: Some(header),
        ..Change::default()
    };
    store.put(ACCOUNT, change)
}

fn replace(store: &Store, records: &[NodeRecord], second: i64) -> Result<(), StoreError> {
    let mut import = store.import(ACCOUNT)?;
    for record in records {
        import.node(&Document::new(record), id(record), at(second))?;
    }
    import
        .commit(Edges::All(star(records)), header(second))
        .map(drop)
}

/// What is attached, if anything, and what is told on top of it are what is stored.
fn attached_leads_to(store: &Store, stored: &BTreeMap<String, StoredNode>) {
    let attached = store.view(ACCOUNT).unwrap().attachment(FORMAT).unwrap();
    let Some(attached) = attached else { return };
    let section = attached.sections().next().unwrap();
    let base = u64::from_le_bytes(section.try_into().unwrap());
    let then = generation(base).into_iter();
    let mut then: BTreeMap<_, _> = then.map(|record| (id(&record), record)).collect();
    then.retain(|id, record| {
        !attached.removed.contains(id) && !attached.whole.iter().any(|kind| kind == record.kind())
    });
    let changed = attached.changed.into_iter();
    then.extend(changed.map(|node| (node.id, node.record)));
    let stored = stored.values().map(|node| (node.id, node.record.clone()));
    assert_eq!(then, stored.collect(), "attached to generation {base}");
}

/// The generation a store holds; panics if it holds a part of one.
fn whole_generation(store: &Store) -> u64 {
    let Some(header) = store.accounts().into_iter().next() else {
        assert!(nodes(store).is_empty());
        return 0;
    };
    let header = header.unwrap();
    let number = u64::try_from(header.collected.as_second() - at(0).as_second()).unwrap();
    let records = generation(number);
    let mut expected: Vec<_> = records
        .iter()
        .map(|record| record.id().to_owned())
        .collect();
    expected.sort();
    let stored = nodes(store);
    assert_eq!(
        stored.keys().collect::<Vec<_>>(),
        expected.iter().collect::<Vec<_>>()
    );
    for record in &records {
        assert_eq!(&stored[record.id()].record, record, "generation {number}");
    }
    attached_leads_to(store, &stored);
    let mut edges: Vec<_> = records[1..]
        .iter()
        .map(|to| edge(&records[0], to))
        .collect();
    edges.sort();
    assert_eq!(store.edges(ACCOUNT).unwrap(), edges);
    assert_eq!(
        (header.nodes, header.edges),
        (records.len() as u64, edges.len() as u64)
    );
    for before in number.saturating_sub(3).max(1)..number {
        let then = at(i64::try_from(before).unwrap());
        let then = store.as_of(ACCOUNT, then).unwrap();
        assert_eq!(then.edges().unwrap().len(), generation(before).len() - 1);
        let then = then.nodes().map(|node| node.unwrap().record);
        let then: BTreeMap<_, _> = then
            .map(|record| (record.id().to_owned(), record))
            .collect();
        let records = generation(before).into_iter();
        let expected = records.map(|record| (record.id().to_owned(), record));
        assert_eq!(
            then,
            expected.collect(),
            "generation {before}, seen from {number}"
        );
    }
    for change in store.changes(ACCOUNT, None, None).unwrap() {
        change.unwrap();
    }
    number
}

/// Runs in a child: looks what is there, then goes on from generation to generation and says so until it is killed or
/// fails.
#[test]
fn child() {
    let Ok(dir) = std::env::var(DIR) else {
        return;
    };
    let store = Store::open(Path::new(&dir)).unwrap();
    let begin = whole_generation(&store);
    let mut out = std::io::stdout();
    writeln!(out, "found {begin}").unwrap();
    out.flush().unwrap();
    for number in begin + 1..begin + 10_000 {
        let done = advance(&store, number);
        match done {
            Ok(()) => writeln!(out, "acknowledged {number}").unwrap(),
            Err(error) => return writeln!(out, "stopped: {error}").unwrap(),
        }
        out.flush().unwrap();
    }
}

/// What a child says.
#[derive(Debug, Clone, Copy)]
enum Said {
    /// The generation that was there, whole, when it began.
    Found(u64),
    /// A generation that was committed.
    Acknowledged(u64),
}

/// A child, what it says, and whatever else it prints.
fn spawn(mut command: Command, dir: &Path) -> (Child, Receiver<Said>, JoinHandle<String>) {
    command
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = command.spawn().unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let (sender, receiver) = channel();
    let printed = std::thread::spawn(move || {
        let mut other = String::new();
        for line in out.lines().map_while(Result::ok) {
            if let Some((_, number)) = line.split_once("acknowledged ") {
                let _ = sender.send(Said::Acknowledged(number.parse().unwrap()));
            } else if let Some((_, number)) = line.split_once("found ") {
                let _ = sender.send(Said::Found(number.parse().unwrap()));
            } else {
                other.push_str(&line);
            }
        }
        other
    });
    (child, receiver, printed)
}

fn this_binary() -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "faults::child", "--nocapture"]);
    command
}

#[test]
fn a_killed_process_loses_nothing_it_acknowledged_and_leaves_nothing_by_half() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let rounds: u64 = std::env::var(ROUNDS).map_or(200, |rounds| rounds.parse().unwrap());
    let reached: u64 = std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANES)
            .map(|lane| scope.spawn(move || kill_and_look(lane, rounds / LANES)))
            .collect();
        lanes.into_iter().map(|lane| lane.join().unwrap()).sum()
    });
    assert!(
        reached > rounds / 2,
        "the children did something: {reached}"
    );
}

/// Lets children go on in one directory and kills each; the next one looks. Gives back the last generation.
fn kill_and_look(lane: u64, rounds: u64) -> u64 {
    let dir = tempfile::tempdir().unwrap();
    let mut last = 0;
    let mut moment = lane;
    for round in 0..=rounds {
        let (mut child, said, _) = spawn(this_binary(), dir.path());
        let mut heed = |said| match said {
            Said::Acknowledged(number) => last = number,
            Said::Found(found) => {
                assert!(
                    found == last || found == last + 1,
                    "lane {lane}, round {round}: acknowledged {last}, found {found}"
                );
                last = found;
            }
        };
        // Any moment will do; a fixed sequence of them makes a failure easier to see again.
        moment = moment
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        // One in four may be killed while it opens and looks; the last one only looks.
        let wait_for = match round {
            last if last == rounds => 1,
            round if round % 4 == 3 => 0,
            _ => 1 + (moment >> 40) % 3,
        };
        for _ in 0..wait_for {
            let next = said.recv_timeout(Duration::from_mins(1));
            heed(next.expect("the child goes on"));
        }
        let until = Duration::from_micros((moment >> 33) % 60_000);
        if let Ok(next) = said.recv_timeout(until) {
            heed(next);
        }
        child.kill().unwrap();
        child.wait().unwrap();
        said.iter().for_each(heed);
    }
    last
}

#[test]
fn a_full_disk_is_an_error_and_what_was_committed_stays() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    advance(&store, 1).unwrap();
    drop(store);
    // The limit of a shell's file size counts in KiB or half of that; either is soon reached.
    let size = std::fs::metadata(dir.path().join("record/db"))
        .unwrap()
        .len();
    let script = format!(
        r#"trap "" XFSZ; ulimit -f {}; exec "$0" "$@""#,
        size / 1024 + 5 * 1024
    );
    let mut shell = Command::new("bash");
    shell.env(GROWS, "1");
    let binary = this_binary();
    shell
        .arg("-c")
        .arg(script)
        .arg(binary.get_program())
        .args(binary.get_args());
    let (mut child, acknowledged, printed) = spawn(shell, dir.path());
    let last = acknowledged.iter().last();
    let Some(Said::Found(last) | Said::Acknowledged(last)) = last else {
        panic!("the child said nothing");
    };
    assert!(child.wait().unwrap().success());
    let printed = printed.join().unwrap();
    assert!(
        printed.contains("stopped: no space left to write"),
        "{printed}"
    );
    let store = Store::open(dir.path()).unwrap();
    let found = whole_generation(&store);
    assert!(
        found == last || found == last + 1,
        "acknowledged {last}, found {found}"
    );
    advance(&store, found + 1).unwrap();
    assert_eq!(whole_generation(&store), found + 1);
}
