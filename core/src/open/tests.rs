//! Opening what a bad disk has left.
use std::path::Path;

use futures::StreamExt as _;
use serde_json::Value;
use stocktake_client::Client;
use stocktake_model::{
    Begin, Complete, EdgeRecord, EdgeType, End, Identity, Kind, Map, NodeRecord, PluginModel,
    Relation, Same, SnapshotItem,
};
use stocktake_store::Store;

use super::*;

const ACCOUNT: &str = "prod-eu";

fn node(kind: &str, name: &str) -> NodeRecord {
    let text = |value: &str| Value::from(value);
    NodeRecord {
        reported: Map::from_iter([
            ("kind".to_owned(), text(kind)),
            ("id".to_owned(), text(name)),
            ("name".to_owned(), text(name)),
        ]),
        ..NodeRecord::default()
    }
}

fn kind(name: &str) -> Kind {
    Kind {
        name: name.to_owned(),
        bases: vec!["resource".into()],
        ..Kind::default()
    }
}

/// Opens a core, lets it live, and waits until all it left to do is done and the record is closed.
fn with_core<T>(dir: &Path, live: impl AsyncFnOnce(&Core) -> T) -> T {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let options = Options {
        data_dir: dir.to_owned(),
        contexts: Vec::new(),
        schedule: Schedule::Ignore,
    };
    runtime.block_on(async {
        let core = Core::open(options).await.unwrap();
        live(&core).await
    })
}

async fn collect(core: &Core) {
    merge(core, snapshot()).await;
}

async fn merge(core: &Core, items: Vec<SnapshotItem>) {
    let client = Client::new(core.transport());
    client.merge(futures::stream::iter(items)).await.unwrap();
}

/// Three things and a box that holds them.
fn snapshot() -> Vec<SnapshotItem> {
    let account = node("account", ACCOUNT);
    let begin = Begin {
        plugin: "test".into(),
        cloud: "test".into(),
        identity: Identity::Strong,
        formerly: None,
        resumes: false,
        account,
    };
    let id = |record: &NodeRecord| record.node_id("test", ACCOUNT);
    let nodes = [
        ("box", "box"),
        ("thing", "a"),
        ("thing", "b"),
        ("thing", "c"),
    ];
    let nodes = nodes.map(|(kind, name)| node(kind, name));
    let mut items = vec![
        SnapshotItem::Begin(begin),
        SnapshotItem::Model(PluginModel {
            kinds: vec![kind("box"), kind("thing")],
            ..PluginModel::default()
        }),
    ];
    for thing in &nodes[1..] {
        items.push(SnapshotItem::Edge(EdgeRecord {
            from: id(&nodes[0]),
            to: id(thing),
            edge_type: EdgeType::Default,
            relations: vec![Relation::Owns],
        }));
    }
    items.extend(nodes.map(|node| SnapshotItem::Node(node.into())));
    items.extend(["box", "thing"].map(|kind| {
        SnapshotItem::Complete(Complete {
            kind: kind.to_owned(),
            count: 0,
            ..Complete::default()
        })
    }));
    items.push(SnapshotItem::End(End {
        discovery_complete: true,
    }));
    items
}

async fn lines(core: &Core, line: &str) -> Vec<String> {
    let context = stocktake_command::Context {
        line: line.to_owned(),
        ..stocktake_command::Context::default()
    };
    let outputs = stocktake_command::execute(context, Arc::new(core.clone()));
    let outputs: Vec<_> = outputs.collect().await;
    let lines = outputs.into_iter().filter_map(|output| match output {
        stocktake_command::Output::Text { line } => Some(line),
        stocktake_command::Output::Error { message, .. } => Some(format!("error: {message}")),
        _ => None,
    });
    lines.collect()
}

fn gaps(core: &Core) -> Vec<(Option<String>, String)> {
    let header = core.headers().remove(ACCOUNT).unwrap();
    let gaps = header.gaps.into_iter();
    gaps.map(|gap| (gap.kind, gap.message)).collect()
}

#[test]
fn a_damaged_block_is_a_gap_and_is_collected_again() {
    let dir = tempfile::tempdir().unwrap();
    let things = "search is(thing) | list name";
    let held = "search is(box) -default-> is(thing) | list name";
    let all = ["name=a", "name=b", "name=c"];
    with_core(dir.path(), async |core| {
        collect(core).await;
        assert_eq!(lines(core, things).await, all);
    });
    let store = Store::open(dir.path()).unwrap();
    assert!(store.spoil(ACCOUNT, Some("thing")).unwrap());
    assert!(store.spoil(ACCOUNT, None).unwrap());
    assert!(store.spoil_attachment(ACCOUNT).unwrap());
    drop(store);
    with_core(dir.path(), async |core| {
        assert!(lines(core, things).await.is_empty());
        assert_eq!(
            lines(core, "search is(box) | list name").await,
            ["name=box"]
        );
        let found = gaps(core);
        assert_eq!(found[0].0.as_deref(), Some("thing"));
        assert_eq!((found.len(), &found[1].0), (2, &None));
        for (_, message) in &found {
            let said = "is damaged: its checksum does not fit (account `prod-eu`";
            assert!(
                message.starts_with("block ") && message.contains(said),
                "{message}"
            );
        }
        collect(core).await;
        assert_eq!(gaps(core), []);
        assert_eq!(lines(core, things).await, all);
    });
    with_core(dir.path(), async |core| {
        assert_eq!(lines(core, things).await, all);
        assert_eq!(lines(core, held).await, all);
        assert_eq!(gaps(core), []);
    });
}

/// A record with a damaged block of things, and the graph beside it.
fn collect_and_spoil(dir: &Path) {
    with_core(dir, async |core| {
        collect(core).await;
        core.close().await;
    });
    let store = Store::open(dir).unwrap();
    assert!(store.spoil(ACCOUNT, Some("thing")).unwrap());
}

#[test]
fn what_is_kept_beside_an_account_answers_without_its_documents() {
    let dir = tempfile::tempdir().unwrap();
    let held = "search is(box) -default-> is(thing) | list name";
    let all = ["name=a", "name=b", "name=c"];
    collect_and_spoil(dir.path());
    with_core(dir.path(), async |core| {
        assert_eq!(lines(core, held).await, all);
        assert_eq!(gaps(core), []);
        // It is found when it is needed: the next collection writes the nodes again.
        collect(core).await;
    });
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.nodes(ACCOUNT).unwrap().flatten().count(), 4);
}

#[test]
fn what_is_the_same_and_damaged_is_written_as_the_graph_has_it() {
    let dir = tempfile::tempdir().unwrap();
    let all = ["name=a", "name=b", "name=c"];
    collect_and_spoil(dir.path());
    with_core(dir.path(), async |core| {
        let mut items = snapshot();
        for item in &mut items {
            match item {
                SnapshotItem::Begin(begin) => begin.resumes = true,
                SnapshotItem::Node(node) if node.kind() == "thing" => {
                    *item = SnapshotItem::Same(Same {
                        kind: "thing".into(),
                        uid: node.id().to_owned(),
                    });
                }
                _ => {}
            }
        }
        merge(core, items).await;
        assert_eq!(gaps(core), []);
        assert_eq!(lines(core, "search is(thing) | list name").await, all);
    });
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(store.nodes(ACCOUNT).unwrap().flatten().count(), 4);
    store.spoil_attachment(ACCOUNT).unwrap();
    drop(store);
    // What nobody has any more is a gap, and nothing else is.
    with_core(dir.path(), async |core| {
        let mut items = snapshot();
        let end = items.pop().unwrap();
        items.extend([
            SnapshotItem::Same(Same {
                kind: "thing".into(),
                uid: "d".into(),
            }),
            end,
        ]);
        merge(core, items).await;
        let told = "it did not change, but what was known of it is lost".to_owned();
        assert_eq!(gaps(core), [(Some("thing".to_owned()), told)]);
        assert_eq!(lines(core, "search is(thing) | list name").await, all);
    });
}

/// What was changed after the last time the graph was kept, as a killed process leaves it.
#[test]
fn changes_since_it_was_kept_are_seen_as_if_all_documents_were_read() {
    let dir = tempfile::tempdir().unwrap();
    let everything = "search all | list /reported, /metadata";
    let edges = "search is(box) -default-> all | list name";
    let id = |kind: &str, name: &str| node(kind, name).node_id("test", ACCOUNT);
    with_core(dir.path(), async |core| {
        collect(core).await;
        core.close().await;
    });
    let mut changed = node("thing", "b");
    changed.reported.insert("size".into(), 7.into());
    let change = stocktake_store::Change {
        nodes: vec![
            (id("thing", "b"), changed),
            (id("other", "d"), node("other", "d")),
        ],
        removed: vec![("thing".into(), id("thing", "a"))],
        edges_of: vec![id("box", "box")],
        edges: vec!["b", "c"]
            .into_iter()
            .map(|to| EdgeRecord {
                from: id("box", "box"),
                to: id("thing", to),
                edge_type: EdgeType::Default,
                relations: vec![Relation::Owns],
            })
            .collect(),
        ..stocktake_store::Change::default()
    };
    let store = Store::open(dir.path()).unwrap();
    store.put(ACCOUNT, change).unwrap();
    assert!(
        store
            .view(ACCOUNT)
            .unwrap()
            .attachment(Partition::FORM)
            .unwrap()
            .is_some()
    );
    let seen = async |core: &Core| (lines(core, everything).await, lines(core, edges).await);
    drop(store);
    let replayed = with_core(dir.path(), async |core| seen(core).await);
    assert_eq!(replayed.1, ["name=b", "name=c"]);
    let store = Store::open(dir.path()).unwrap();
    assert!(
        store.view(ACCOUNT).unwrap().has_attachment(Partition::FORM),
        "it was kept anew"
    );
    assert!(store.spoil_attachment(ACCOUNT).unwrap());
    drop(store);
    let read = with_core(dir.path(), async |core| seen(core).await);
    assert_eq!(replayed, read);
}

#[test]
fn a_node_is_known_since_it_was_collected_first() {
    let dir = tempfile::tempdir().unwrap();
    let line = "search /metadata.first_seen > 2020-01-01 and is(thing) | list /metadata.first_seen";
    let first = with_core(dir.path(), async |core| {
        collect(core).await;
        let first = lines(core, line).await;
        collect(core).await;
        assert_eq!(lines(core, line).await, first);
        first
    });
    assert_eq!(first.len(), 3);
    let again = with_core(dir.path(), async |core| lines(core, line).await);
    assert_eq!(again, first);
}
