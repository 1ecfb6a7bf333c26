//! What a watch tells, and what it says when it can not.
use std::time::Duration;

use serde_json::json;
use stocktake_kubernetes_sim::{Effect, Matcher, Sim, Times};
use stocktake_model::NodeRecord;
use stocktake_plugin_api::{WatchItem, WatchStart};
use tokio::sync::mpsc;

use super::stage;

/// Long enough for anything; a test that waits for it has failed.
const PATIENCE: Duration = Duration::from_mins(1);

struct Told {
    items: mpsc::Receiver<WatchItem>,
}

impl Told {
    /// Begins to watch a cluster that was collected.
    async fn of(sim: &Sim) -> Self {
        let section = stage::section(sim, "admin", json!({}));
        let snapshot = stage::collect_with(sim, json!({})).await;
        let account = snapshot.begin.unwrap().account.id().to_owned();
        let start = WatchStart {
            account,
            complete: snapshot.completed,
        };
        let (sink, items) = mpsc::channel(16);
        let watched = stage::account(&section).await;
        tokio::spawn(async move { watched.watch(start, sink).await.unwrap() });
        Self { items }
    }

    /// The first item that fits.
    async fn find(&mut self, fits: impl Fn(&WatchItem) -> bool) -> WatchItem {
        let find = async {
            loop {
                let item = self.items.recv().await.expect("the watch goes on");
                if fits(&item) {
                    return item;
                }
            }
        };
        tokio::time::timeout(PATIENCE, find).await.unwrap()
    }
}

fn is_changed(item: &WatchItem, name: &str) -> bool {
    matches!(item, WatchItem::Changed(changed) if changed.nodes[0].name() == name)
}

#[tokio::test]
async fn an_object_comes_with_its_parts_and_goes() {
    let sim = stage::cluster().await;
    let mut told = Told::of(&sim).await;
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "new", "namespace": "web"},
        "spec": {"containers": [{"name": "a", "image": "nginx:1"}, {"name": "b", "image": "nginx:2"}]}});
    sim.put(pod).unwrap();
    let item = told.find(|item| is_changed(item, "new")).await;
    let WatchItem::Changed(changed) = item else {
        unreachable!("it was looked for")
    };
    let kinds: Vec<&str> = changed.nodes.iter().map(NodeRecord::kind).collect();
    assert_eq!(
        kinds,
        [
            "kubernetes_pod",
            "kubernetes_container",
            "kubernetes_container"
        ]
    );
    // Whoever else brought the images: what is told stands for itself.
    assert_eq!(changed.shared.len(), 2);
    sim.remove("", "pods", Some("web"), "new");
    let uid = changed.nodes[0].id().to_owned();
    told.find(|item| matches!(item, WatchItem::Gone { uid: gone, .. } if *gone == uid))
        .await;
}

#[tokio::test]
async fn secrets_are_watched_without_their_values() {
    let sim = stage::cluster().await;
    let mut told = Told::of(&sim).await;
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": {"name": "late", "namespace": "web"}, "data": {"password": "Y2FuYXJ5LXNlY3JldA=="}});
    sim.put(secret).unwrap();
    let item = told.find(|item| is_changed(item, "late")).await;
    let text = format!("{item:?}");
    assert!(!text.contains("Y2FuYXJ5"), "{text}");
    let WatchItem::Changed(changed) = item else {
        unreachable!("it was looked for")
    };
    assert_eq!(changed.nodes[0].reported["type"], "Opaque");
    assert_eq!(changed.nodes[0].reported["data_count"], 1);
    let asked = sim.requests();
    let mut watches = asked
        .iter()
        .filter(|asked| asked.path == "/api/v1/secrets" && asked.query.contains("watch=1"));
    assert!(watches.all(|asked| asked.query.contains("includeObject=Metadata")));
}

#[tokio::test]
async fn what_is_not_told_for_long_is_a_gap_until_it_is() {
    let sim = stage::cluster().await;
    let mut told = Told::of(&sim).await;
    let pods =
        |item: &WatchItem| matches!(item, WatchItem::Mended { kind } if kind == "kubernetes_pod");
    told.find(pods).await;
    let broken = Matcher::on("watch", "pods");
    let fault = sim
        .faults()
        .add(broken, Effect::Status(503), Times::Forever);
    sim.cut_watches();
    let item = told.find(|item| matches!(item, WatchItem::Gap(_))).await;
    let WatchItem::Gap(gap) = item else {
        unreachable!("it was looked for")
    };
    assert_eq!(gap.kind.as_deref(), Some("kubernetes_pod"));
    assert!(
        gap.message.starts_with("its changes are not told: "),
        "{}",
        gap.message
    );
    sim.faults().remove(fault);
    told.find(pods).await;
}

#[tokio::test]
async fn a_version_that_is_too_old_has_the_kind_listed_again() {
    let sim = stage::cluster().await;
    let mut told = Told::of(&sim).await;
    let pods =
        |item: &WatchItem| matches!(item, WatchItem::Mended { kind } if kind == "kubernetes_pod");
    told.find(pods).await;
    let broken = Matcher::on("watch", "pods");
    let fault = sim
        .faults()
        .add(broken, Effect::Status(500), Times::Forever);
    sim.cut_watches();
    sim.remove("", "pods", Some("web"), "pod-01");
    sim.compact();
    sim.faults().remove(fault);
    told.find(|item| matches!(item, WatchItem::Relisting { kind } if kind == "kubernetes_pod"))
        .await;
    let mut listed = 0;
    loop {
        match told.find(|_| true).await {
            WatchItem::Changed(changed) if changed.nodes[0].kind() == "kubernetes_pod" => {
                listed += 1;
            }
            WatchItem::Relisted { kind, .. } if kind == "kubernetes_pod" => break,
            _ => {}
        }
    }
    assert_eq!(listed, 24);
}
