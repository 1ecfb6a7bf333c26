//! Files on disk as snapshots: those that can be read, those that cannot, those in between.
use std::sync::Arc;

use serde_json::json;
use stocktake_plugin_api::{NoMemory, Plugin as _};
use tokio::sync::mpsc;

use super::*;
use crate::FilePlugin;

struct Quiet;

impl ProgressSink for Quiet {
    fn update(&self, _: &Progress) {}
}

async fn account(path: &Path) -> Arc<dyn Account> {
    let section = json!({"files": [{"path": path, "cloud": "aws"}]});
    let mut accounts = FilePlugin.accounts(&section).await;
    accounts.remove(0).unwrap()
}

/// What a file is collected as: ids of nodes, kinds read to the end, gaps, and whether that is all there is.
async fn collected(path: &Path) -> (Vec<String>, Vec<String>, Vec<Gap>, bool) {
    let (sink, mut items) = mpsc::channel(1_000);
    account(path)
        .await
        .collect(sink, &Quiet, &NoMemory)
        .await
        .unwrap();
    let (mut nodes, mut complete, mut gaps, mut end) = (Vec::new(), Vec::new(), Vec::new(), None);
    while let Some(item) = items.recv().await {
        match item {
            SnapshotItem::Node(node) => nodes.push(node.id().to_owned()),
            SnapshotItem::Complete(kind) => complete.push(kind.kind),
            SnapshotItem::Gap(gap) => gaps.push(gap),
            SnapshotItem::End(found) => end = Some(found.discovery_complete),
            SnapshotItem::Begin(begin) => assert_eq!(begin.cloud, "aws"),
            SnapshotItem::Model(_)
            | SnapshotItem::Edge(_)
            | SnapshotItem::Shared(_)
            | SnapshotItem::Same(_)
            | SnapshotItem::Part(_)
            | SnapshotItem::Usage(_) => {}
        }
    }
    (nodes, complete, gaps, end.unwrap())
}

#[tokio::test]
async fn a_file_is_a_snapshot() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("prod.ndjson");
    std::fs::write(
        &path,
        "{\"define\": \"disk\"}\n{\"kind\": \"disk\", \"id\": \"a\"}\n",
    )
    .unwrap();
    assert_eq!(account(&path).await.name(), "prod");
    assert_eq!(account(&path).await.identify().await.unwrap(), "prod");
    let (nodes, complete, gaps, end) = collected(&path).await;
    assert_eq!(
        (nodes, complete),
        (vec!["a".to_owned()], vec!["disk".to_owned()])
    );
    assert_eq!((gaps, end), (Vec::new(), true));
}

#[tokio::test]
async fn what_cannot_be_read_is_a_gap_that_holds_everything() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("prod.yaml");
    let whole = async |reason: GapReason, told: &str| {
        let (nodes, complete, gaps, end) = collected(&path).await;
        assert_eq!((nodes.len(), complete.len(), end), (0, 0, false));
        let [gap] = gaps.as_slice() else {
            panic!("{gaps:?}")
        };
        assert_eq!((gap.reason, &gap.kind, &gap.uid), (reason, &None, &None));
        assert!(gap.message.contains(told), "{}", gap.message);
    };
    whole(GapReason::NotFound, "cannot read").await;
    std::fs::write(&path, "").unwrap();
    whole(GapReason::Malformed, "holds nothing").await;
    std::fs::write(&path, b"- kind: a\n  id: \xff\n").unwrap();
    whole(GapReason::Malformed, "prod.yaml:2: this is not UTF-8").await;
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    whole(GapReason::Unreachable, "cannot read").await;
}

#[tokio::test]
async fn a_mistake_holds_the_resource_it_is_in_and_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("prod.yaml");
    let kind = "- define: disk\n  bases: [volume]\n";
    let bad = "- {kind: disk, id: a}\n- {kind: disk, id: b, properties: {volume_size: big}}\n";
    std::fs::write(&path, format!("{kind}{bad}")).unwrap();
    let (nodes, complete, gaps, end) = collected(&path).await;
    assert_eq!(
        (nodes, complete),
        (vec!["a".to_owned()], vec!["disk".to_owned()])
    );
    assert_eq!(
        (gaps[0].kind.as_deref(), gaps[0].uid.as_deref()),
        (Some("disk"), Some("b"))
    );
    assert!(end);
    // What cannot be read at all may have been anything.
    std::fs::write(&path, format!("{kind}- [\n")).unwrap();
    let (.., gaps, end) = collected(&path).await;
    assert_eq!((gaps.len(), gaps[0].kind.as_deref(), end), (1, None, false));
}

#[tokio::test]
async fn sections_that_make_no_sense_are_refused() {
    for (section, told) in [
        (json!({"files": [{}]}), "has no `path`"),
        (json!({"files": 7}), "can not be read"),
        (
            json!({"files": [{"path": "a", "cloud": "k8s"}]}),
            "cannot be in the cloud",
        ),
    ] {
        let mut accounts = FilePlugin.accounts(&section).await;
        let error = accounts.remove(0).err().unwrap();
        assert!(error.message.contains(told), "{error}");
    }
    let twice = json!({"files": [{"path": "x/a.yaml"}, {"path": "y/a.yaml"}]});
    let accounts = FilePlugin.accounts(&twice).await;
    assert!(accounts[0].is_ok());
    let error = accounts[1].as_ref().err().unwrap();
    assert!(error.message.contains("the same id `a`"), "{error}");
}
