//! Lines about the past, against a record with three collections.
use std::sync::Arc;

use expect_test::{Expect, expect};
use futures::StreamExt as _;
use serde_json::{Value, json};
use stocktake_command::{Context, Output, execute};
use stocktake_model::{
    Begin, Document, EdgeRecord, EdgeType, Identity, Kind, Map, NodeRecord, Parent, PluginModel,
    Property, PropertyType, Relation,
};
use stocktake_store::{AccountHeader, Edges, Store};

use crate::{Core, Options, Schedule};

const CLUSTER: &str = "uid-prod";

fn record(kind: &str, uid: &str, more: Value) -> NodeRecord {
    let mut reported = json!({"kind": kind, "id": uid, "name": uid, "tags": {}});
    for (key, value) in more.as_object().unwrap() {
        reported[key] = value.clone();
    }
    let Value::Object(reported) = reported else {
        unreachable!("it was written as an object")
    };
    NodeRecord {
        reported,
        metadata: Map::new(),
        parent: Parent::Account,
    }
}

fn kinds() -> Vec<Kind> {
    let kind = |name: &str, base: &str| Kind {
        name: name.to_owned(),
        bases: vec![base.to_owned()],
        properties: vec![
            Property::new("replicas", PropertyType::Int64, ""),
            Property::new("resource_version", PropertyType::String, ""),
        ],
        ..Kind::default()
    };
    vec![
        kind("kubernetes_cluster", "account"),
        kind("kubernetes_deployment", "resource"),
        kind("kubernetes_pod", "resource"),
        kind("kubernetes_lease", "resource"),
    ]
}

/// One collection: the first node owns all others.
fn collect(store: &Store, time: &str, records: &[NodeRecord]) {
    let begin = Begin {
        plugin: "k8s".into(),
        cloud: "k8s".into(),
        identity: Identity::Strong,
        formerly: None,
        resumes: false,
        account: record("kubernetes_cluster", CLUSTER, json!({"name": "prod"})),
    };
    let mut import = store.import(CLUSTER).unwrap();
    let collected = time.parse().unwrap();
    let id = |record: &NodeRecord| record.node_id("k8s", CLUSTER);
    for record in records {
        import
            .node(&Document::new(record), id(record), collected)
            .unwrap();
    }
    let owned = records.iter().skip(1).map(|other| EdgeRecord {
        from: id(&records[0]),
        to: id(other),
        edge_type: EdgeType::Default,
        relations: vec![Relation::Owns],
    });
    let header = AccountHeader::new(begin, collected);
    import.commit(Edges::All(owned.collect()), header).unwrap();
}

async fn core() -> (tempfile::TempDir, Core) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let model = PluginModel {
        kinds: kinds(),
        ..PluginModel::default()
    };
    store.put_model("k8s", &model).unwrap();
    store.leave_out(crate::past::LEFT_OUT);
    let web = |replicas, version: &str| {
        let more = json!({"replicas": replicas, "resource_version": version});
        record("kubernetes_deployment", "web", more)
    };
    let other = |kind, uid| record(kind, uid, json!({}));
    let pod = |uid| other("kubernetes_pod", uid);
    let lease = other("kubernetes_lease", "lease");
    collect(
        &store,
        "2024-05-01T10:00:00Z",
        &[web(1, "1"), pod("pod-a"), lease.clone()],
    );
    collect(
        &store,
        "2024-05-02T10:00:00Z",
        &[web(1, "2"), pod("pod-a"), pod("pod-b")],
    );
    collect(
        &store,
        "2024-05-03T10:00:00Z",
        &[web(3, "3"), pod("pod-b"), lease],
    );
    drop(store);
    let options = Options {
        data_dir: dir.path().to_owned(),
        contexts: Vec::new(),
        schedule: Schedule::Ignore,
    };
    (dir, Core::open(options).await.unwrap())
}

async fn check(core: &Core, line: &str, expected: Expect) {
    expected.assert_eq(&printed(core, line).await);
}

async fn printed(core: &Core, line: &str) -> String {
    let context = Context {
        line: line.to_owned(),
        ..Context::default()
    };
    let outputs: Vec<Output> = execute(context, Arc::new(core.clone())).collect().await;
    let shown = |output: Output| match output {
        Output::Text { line } => Some(line),
        Output::Error { message, hint, .. } => {
            Some(format!("error: {message} / {}", hint.unwrap_or_default()))
        }
        Output::Note { message } => Some(format!("note: {message}")),
        _ => None,
    };
    let lines: Vec<String> = outputs.into_iter().filter_map(shown).collect();
    lines.join("\n")
}

#[tokio::test]
async fn history_tells_what_somebody_changed() {
    let (_dir, core) = core().await;
    check(
        &core,
        "history is(resource) | list /change, /changed_at, name, replicas, /before.replicas",
        expect![[r"
            change=node_created, changed_at=2024-05-01T10:00:00Z, name=web, replicas=1
            change=node_created, changed_at=2024-05-01T10:00:00Z, name=pod-a
            change=node_created, changed_at=2024-05-02T10:00:00Z, name=pod-b
            change=node_updated, changed_at=2024-05-03T10:00:00Z, name=web, replicas=3, before_replicas=1
            change=node_deleted, changed_at=2024-05-03T10:00:00Z, name=pod-a"]],
    )
    .await;
    check(
        &core,
        "history --change node_deleted all | list /changed_at, name",
        expect!["changed_at=2024-05-03T10:00:00Z, name=pod-a"],
    )
    .await;
    check(
        &core,
        "history --after 2024-05-01T12:00:00Z --before 2024-05-02T12:00:00Z all | list name",
        expect!["name=pod-b"],
    )
    .await;
    check(
        &core,
        "history /change = node_updated and /before.replicas < 2 | list name",
        expect!["name=web"],
    )
    .await;
    check(
        &core,
        "history /ancestors.account.reported.name = prod | count /change",
        expect![[r"
            node_deleted: 1
            node_updated: 1
            node_created: 3
            total matched: 5
            total unmatched: 0"]],
    )
    .await;
    check(
        &core,
        "history is(kubernetes_pod) sort name desc limit 2 | list name",
        expect![[r"
            name=pod-b
            name=pod-a"]],
    )
    .await;
    check(
        &core,
        "history is(kubernetes_pdo)",
        expect!["error: unknown kind `kubernetes_pdo` / did you mean `kubernetes_pod`?"],
    )
    .await;
}

#[tokio::test]
async fn any_question_can_be_asked_of_the_past() {
    let (_dir, core) = core().await;
    check(
        &core,
        "search is(kubernetes_deployment) --> | list name",
        expect![[r"
            name=lease
            name=pod-b"]],
    )
    .await;
    let both = "name=pod-a\nname=pod-b";
    for time in ["2024-05-02T10:00:00Z", "2024-05-03T09:59:59Z"] {
        let line = format!("search --at {time} is(kubernetes_deployment) --> | list name");
        assert_eq!(printed(&core, &line).await, both, "{time}");
    }
    check(
        &core,
        "search --at 2024-05-01T11:00:00Z is(kubernetes_lease)",
        expect!["note: changes of `kubernetes_lease` are not kept: the past has none"],
    )
    .await;
    check(
        &core,
        "search --at 2024-05-01T11:00:00Z is(resource) | list kind, name, replicas, account",
        expect![[r"
            kind=cloud, name=k8s
            kind=graph_root, name=root
            kind=kubernetes_cluster, name=prod, account=prod
            kind=kubernetes_deployment, name=web, replicas=1, account=prod
            kind=kubernetes_pod, name=pod-a, account=prod"]],
    )
    .await;
    check(
        &core,
        "search --at 2024-05-01T11:00:00Z name = pod-a <-- | list name",
        expect![[r"
            name=prod
            name=web"]],
    )
    .await;
    check(
        &core,
        "search --at 2024-04-01 all | count",
        expect![[r"
            total matched: 0
            total unmatched: 0"]],
    )
    .await;
    check(
        &core,
        "search --at 0s is(kubernetes_pod) | list name",
        expect!["name=pod-b"],
    )
    .await;
}

#[tokio::test]
async fn the_record_can_be_rewritten_while_it_is_used() {
    let (_dir, core) = core().await;
    let (before, after) = core.compact_now().await.unwrap();
    assert!(before > 0 && after > 0);
    check(
        &core,
        "history is(kubernetes_pod) | count /change",
        expect![[r"
            node_deleted: 1
            node_created: 2
            total matched: 3
            total unmatched: 0"]],
    )
    .await;
    let info = core.sizes().await.unwrap();
    assert_eq!((info.accounts, info.versions), (1, 3));
}
