//! What a watch tells, and what it says when it can not.
use std::time::Duration;

use serde_json::json;
use stocktake_kubernetes_sim::{Effect, Matcher, Permissions, Rule, Sim, Times, User};
use stocktake_model::{Gap, NodeRecord};
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
        Self::to(sim, "admin").await
    }

    /// The same as another user.
    async fn to(sim: &Sim, user: &str) -> Self {
        Self::from(sim, user, |_| {}).await
    }

    /// The same, from other versions than those of the collection.
    async fn from(sim: &Sim, user: &str, edit: impl FnOnce(&mut WatchStart)) -> Self {
        let section = stage::section(sim, user, json!({}));
        let collected = stage::account(&section).await;
        let snapshot = stage::collect(&*collected).await.unwrap();
        let account = snapshot.begin.unwrap().account.id().to_owned();
        let mut start = WatchStart {
            account,
            complete: snapshot.completed,
            parts: snapshot.parts,
        };
        edit(&mut start);
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
    let pods = |item: &WatchItem| matches!(item, WatchItem::Mended { kind, .. } if kind == "kubernetes_pod");
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
    let pods = |item: &WatchItem| matches!(item, WatchItem::Mended { kind, .. } if kind == "kubernetes_pod");
    told.find(pods).await;
    let broken = Matcher::on("watch", "pods");
    let fault = sim
        .faults()
        .add(broken, Effect::Status(500), Times::Forever);
    sim.cut_watches();
    sim.remove("", "pods", Some("web"), "pod-01");
    sim.compact();
    sim.faults().remove(fault);
    told.find(|item| matches!(item, WatchItem::Relisting { kind, .. } if kind == "kubernetes_pod"))
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

#[tokio::test]
async fn what_nobody_can_read_is_told_and_nothing_is_said_to_be_gone() {
    let sim = stage::cluster().await;
    let mut told = Told::of(&sim).await;
    let of_pods = |item: &WatchItem, kind: &str| match item {
        WatchItem::Relisting { kind: of, .. } => kind == "relisting" && of == "kubernetes_pod",
        WatchItem::Relisted { kind: of, .. } => kind == "relisted" && of == "kubernetes_pod",
        WatchItem::Mended { kind: of, .. } => kind == "mended" && of == "kubernetes_pod",
        WatchItem::Gap(gap) => kind == "gap" && gap.kind.as_deref() == Some("kubernetes_pod"),
        _ => false,
    };
    told.find(|item| of_pods(item, "mended")).await;
    let odd = Matcher::on("list", "pods");
    sim.faults()
        .add(odd, Effect::MalformedObject, Times::Only(1));
    sim.cut_watches();
    sim.remove("", "pods", Some("web"), "pod-01");
    sim.compact();
    told.find(|item| of_pods(item, "relisting")).await;
    let next = told
        .find(|item| of_pods(item, "relisted") || of_pods(item, "gap"))
        .await;
    let WatchItem::Gap(gap) = next else {
        panic!("{next:?}")
    };
    assert_eq!(gap.message, "1 of its objects have no uid");
}

#[tokio::test]
async fn a_user_of_one_namespace_is_told_of_it_and_what_else_there_is() {
    let verbs = ["get", "list", "watch"];
    let permissions = Permissions::of([
        Rule::on(&verbs, &[""], &["namespaces"]),
        Rule::on(&verbs, &[""], &["pods"]).in_namespaces(&["db"]),
    ]);
    let sim = stage::with_users(vec![User::new("somebody", permissions)]).await;
    let mut told = Told::to(&sim, "somebody").await;
    let pods = |gap: &Gap| gap.kind.as_deref() == Some("kubernetes_pod");
    let item = told
        .find(|item| matches!(item, WatchItem::Gap(gap) if pods(gap)))
        .await;
    let WatchItem::Gap(gap) = item else {
        unreachable!("it was looked for")
    };
    assert_eq!((gap.namespace, gap.except), (None, vec!["db".to_owned()]));
    assert_eq!(
        gap.hint.unwrap(),
        "to grant `list` on `pods` add this rule to a ClusterRole of the user:\n\
         - apiGroups: [\"\"]\n  resources: [\"pods\"]\n  verbs: [\"list\"]\n\
         or set `k8s.watch: false`"
    );
    let of_db = |item: &WatchItem| {
        matches!(item, WatchItem::Mended { kind, namespace }
            if kind == "kubernetes_pod" && namespace.as_deref() == Some("db"))
    };
    told.find(of_db).await;
    for namespace in ["web", "db"] {
        let pod = json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "new", "namespace": namespace}});
        sim.put(pod).unwrap();
    }
    let WatchItem::Changed(changed) = told.find(|item| is_changed(item, "new")).await else {
        unreachable!("it was looked for")
    };
    assert_eq!(changed.nodes[0].reported["namespace"], "db");
}

/// Namespaces in which pods were listed by themselves since the first `before` requests.
fn listed_parts(sim: &Sim, before: usize) -> Vec<String> {
    let asked = sim.requests().into_iter().skip(before);
    let lists = asked.filter(|asked| asked.query.contains("limit="));
    let namespace = |path: String| {
        let path = path.strip_prefix("/api/v1/namespaces/")?;
        path.strip_suffix("/pods").map(str::to_owned)
    };
    lists.filter_map(|asked| namespace(asked.path)).collect()
}

#[tokio::test]
async fn a_part_is_listed_again_only_if_its_version_is_too_old() {
    let verbs = ["get", "list", "watch"];
    let permissions = Permissions::of([
        Rule::on(&verbs, &[""], &["namespaces"]),
        Rule::on(&verbs, &[""], &["pods"]).in_namespaces(&["db", "web"]),
    ]);
    let sim = stage::with_users(vec![User::new("somebody", permissions)]).await;
    let mut before = 0;
    let mut told = Told::from(&sim, "somebody", |start| {
        let pods = start.parts.get_mut("kubernetes_pod").unwrap();
        let known: Vec<&String> = pods.keys().collect();
        assert_eq!(known, ["db", "web"]);
        pods.insert("db".to_owned(), "1".to_owned());
        pods.insert("went".to_owned(), "1".to_owned());
        sim.compact();
        before = sim.requests().len();
    })
    .await;
    let mut relisted = Vec::new();
    while relisted.len() < 2 {
        let item = told
            .find(|item| matches!(item, WatchItem::Relisted { .. }))
            .await;
        if let WatchItem::Relisted {
            kind,
            namespace,
            resource_version,
        } = item
            && kind == "kubernetes_pod"
        {
            relisted.push((namespace.unwrap(), resource_version.is_some()));
        }
    }
    // Nothing is in a namespace that is gone, and no version stays of it.
    let expected = [("went".to_owned(), false), ("db".to_owned(), true)];
    assert_eq!(relisted, expected);
    for namespace in ["web", "db"] {
        let pod = json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": namespace, "namespace": namespace}});
        sim.put(pod).unwrap();
        told.find(|item| is_changed(item, namespace)).await;
    }
    assert_eq!(listed_parts(&sim, before), ["db"]);
}

#[tokio::test]
async fn parts_of_a_kind_that_may_be_listed_as_a_whole_go_on_from_there() {
    let verbs = ["get", "list", "watch"];
    let permissions = Permissions::of([
        Rule::on(&verbs, &[""], &["namespaces"]),
        Rule::on(&["list"], &[""], &["pods"]),
        Rule::on(&verbs, &[""], &["pods"]).in_namespaces(&["db"]),
    ]);
    let sim = stage::with_users(vec![User::new("somebody", permissions)]).await;
    let mut before = 0;
    let mut told = Told::from(&sim, "somebody", |start| {
        assert_eq!(start.parts.get("kubernetes_pod"), None);
        before = sim.requests().len();
    })
    .await;
    let pod = json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "new", "namespace": "db"}});
    sim.put(pod).unwrap();
    told.find(|item| is_changed(item, "new")).await;
    assert_eq!(listed_parts(&sim, before), Vec::<String>::new());
}
