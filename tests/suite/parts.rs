//! Clusters that are seen only in part: by a user of some namespaces, by a configuration that leaves some out, through
//! a list with something nobody can read. What is in the other parts stays, what is gone from this one goes.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::Duration;

use serde_json::{Value, json};
use stocktake_core::Schedule;
use stocktake_kubernetes_sim::{Effect, Matcher, Permissions, Rule, Sim, SimOptions, Times, User};

use crate::watch::{Running, object, objects, pod};

const PODS: &str = "search is(kubernetes_pod) | list name";

async fn cluster(permissions: Permissions) -> Sim {
    let options = SimOptions {
        users: vec![User::admin(), User::new("guest", permissions)],
        bookmarks: Duration::from_millis(50),
        ..SimOptions::default()
    };
    Sim::start(objects(), options).await.unwrap()
}

/// May read namespaces, and everything in some of them.
fn guest_of(namespaces: &[&str]) -> Permissions {
    let verbs = ["get", "list", "watch"];
    Permissions::of([
        Rule::on(&verbs, &[""], &["namespaces"]),
        Rule::on(&verbs, &["*"], &["*"]).in_namespaces(namespaces),
    ])
}

fn config_map(namespace: &str, name: &str) -> Value {
    object(
        "v1",
        "ConfigMap",
        namespace,
        name,
        json!({"data": {"a": "b"}}),
    )
}

/// Has everything listed again.
fn forget(sim: &Sim) {
    sim.cut_watches();
    sim.compact();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_gone_goes_where_only_named_namespaces_may_be_read() {
    let verbs = ["get", "list", "watch"];
    let web = Rule::on(&verbs, &["*"], &["*"]).in_namespaces(&["web"]);
    let sim = cluster(Permissions::of([web])).await;
    let guest = Running::start_as(&sim, "guest", &["k8s.namespaces=[web]"]).await;
    assert_eq!(guest.line(PODS).await.lines().count(), 6);
    sim.remove("", "pods", Some("web"), "pod-3");
    guest.line("workflows run collect").await;
    let left = guest.line(PODS).await;
    assert_eq!(left.lines().count(), 5, "{left}");
    assert!(!left.contains("pod-3"), "{left}");
    guest.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_of_some_namespaces_watches_them_one_by_one() {
    let sim = cluster(guest_of(&["web", "late"])).await;
    let guest = Running::start_as(&sim, "guest", &["k8s.watch=true"]).await;
    sim.put(pod("new", 1)).unwrap();
    sim.remove("", "pods", Some("web"), "pod-2");
    sim.put(config_map("kube-system", "unseen")).unwrap();
    guest.becomes(&collected_anew(&sim).await).await;
    // A namespace more, and then all versions are forgotten.
    sim.put(object("v1", "Namespace", "", "late", json!({})))
        .unwrap();
    sim.put(config_map("late", "first")).unwrap();
    guest.becomes(&collected_anew(&sim).await).await;
    let verbs = ["watch", "list"].map(|verb| Matcher {
        verb: Some(verb.to_owned()),
        ..Matcher::any()
    });
    for matcher in verbs {
        sim.faults()
            .add(matcher, Effect::Status(503), Times::Forever);
    }
    forget(&sim);
    sim.remove("", "configmaps", Some("late"), "first");
    sim.put(config_map("web", "second")).unwrap();
    sim.compact();
    sim.faults().clear();
    guest.becomes(&collected_anew(&sim).await).await;
    guest.stop().await;
}

/// What a collection from nothing finds as the guest.
async fn collected_anew(sim: &Sim) -> String {
    let fresh = Running::start_as(sim, "guest", &[]).await;
    let graph = fresh.graph().await;
    fresh.stop().await;
    graph
}

/// Lists of something in one namespace that were asked for after the first `before` requests.
fn lists_of_parts(sim: &Sim, before: usize) -> Vec<String> {
    let asked = sim.requests().into_iter().skip(before);
    let lists = asked.filter(|asked| {
        asked.method == "GET"
            && asked.path.contains("/namespaces/")
            && asked.query.contains("limit=")
    });
    lists.map(|asked| asked.path).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_watches_of_some_namespaces_are_resumed() {
    let sim = cluster(guest_of(&["web", "late"])).await;
    sim.put(object("v1", "Namespace", "", "late", json!({})))
        .unwrap();
    for name in ["first", "second"] {
        sim.put(config_map("late", name)).unwrap();
    }
    let guest = Running::start_as(&sim, "guest", &["k8s.watch=true"]).await;
    // After the collection of its own, and again after a restart.
    let before = sim.requests().len();
    sim.put(pod("new", 1)).unwrap();
    guest
        .prints("search is(kubernetes_pod) | list name", "name=new")
        .await;
    assert_eq!(lists_of_parts(&sim, before), Vec::<String>::new());
    let home = guest.stop().await;
    sim.put(pod("newer", 2)).unwrap();
    sim.remove("", "pods", Some("web"), "pod-2");
    sim.remove("", "configmaps", Some("late"), "first");
    let expected = collected_anew(&sim).await;
    let before = sim.requests().len();
    let guest = Running::open(home, Schedule::Run).await;
    guest.becomes(&expected).await;
    assert_eq!(lists_of_parts(&sim, before), Vec::<String>::new());
    // A namespace that goes while nobody looks takes along what was in it.
    let home = guest.stop().await;
    sim.remove("", "configmaps", Some("late"), "second");
    sim.remove("", "namespaces", None, "late");
    sim.compact();
    sim.put(pod("newest", 3)).unwrap();
    let expected = collected_anew(&sim).await;
    let guest = Running::open(home, Schedule::Run).await;
    guest.becomes(&expected).await;
    guest.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rights_that_are_taken_away_are_a_gap_and_nothing_is_lost() {
    let sim = cluster(Permissions::all()).await;
    let guest = Running::start_as(&sim, "guest", &["k8s.watch=true"]).await;
    let pods = Rule::on(&["watch", "list"], &[""], &["pods"]);
    sim.set_permissions("guest", Permissions::all().except(pods));
    sim.cut_watches();
    let gaps = "clusters gaps";
    guest.prints(gaps, "its changes are not told: ").await;
    let told = guest.line(gaps).await;
    assert!(told.contains("kubernetes_pod"), "{told}");
    assert_eq!(guest.line(PODS).await.lines().count(), 6);
    guest.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_can_read_in_a_list_is_not_gone() {
    let sim = cluster(Permissions::none()).await;
    let watched = Running::start(&sim, &["k8s.watch=true"]).await;
    let list = Matcher::on("list", "pods");
    let fault = sim
        .faults()
        .add(list, Effect::MalformedObject, Times::Forever);
    forget(&sim);
    sim.remove("", "pods", Some("web"), "pod-5");
    sim.compact();
    watched
        .prints("clusters gaps", "1 of its objects have no uid")
        .await;
    // Nobody can say which of those that did not come it is.
    assert_eq!(watched.line(PODS).await.lines().count(), 6);
    sim.faults().remove(fault);
    forget(&sim);
    sim.put(pod("pod-9", 9)).unwrap();
    sim.compact();
    watched.prints(PODS, "pod-9").await;
    let fresh = Running::start(&sim, &[]).await;
    watched.becomes(&fresh.graph().await).await;
    let gaps = watched.line("clusters gaps").await;
    assert!(!gaps.contains("have no uid"), "{gaps}");
    fresh.stop().await;
    watched.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_left_out_by_now_is_not_gone() {
    let sim = cluster(Permissions::none()).await;
    sim.put(config_map("web", "kept")).unwrap();
    let watched = Running::start(&sim, &["k8s.watch=true"]).await;
    watched
        .line("config set stocktake.worker k8s.no_namespaces=[web]")
        .await;
    watched.line("workflows run collect").await;
    forget(&sim);
    sim.put(config_map("kube-system", "first")).unwrap();
    sim.compact();
    let maps = "search is(kubernetes_config_map) | list name";
    watched.prints(maps, "first").await;
    // What is told after the list has the list behind it.
    sim.put(config_map("kube-system", "second")).unwrap();
    watched.prints(maps, "second").await;
    let found = watched.line(maps).await;
    assert!(found.contains("kept"), "{found}");
    watched.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_says_who_it_is_keeps_its_marks_and_is_there_once() {
    let name = Rule::on(&["get"], &[""], &["namespaces"]);
    let sim = cluster(Permissions::all().except(name)).await;
    let guest = Running::start_as(&sim, "guest", &[]).await;
    let weak = guest
        .line("search is(kubernetes_cluster) | list /metadata.identity")
        .await;
    assert!(weak.contains("weak"), "{weak}");
    guest
        .line("search is(kubernetes_pod) and name = pod-1 | protect")
        .await;
    sim.set_permissions("guest", Permissions::all());
    guest.line("workflows run collect").await;
    let marked = guest
        .line("search is(kubernetes_pod) and /metadata.protected = true | list name")
        .await;
    assert_eq!(marked, "name=pod-1\n");
    assert_eq!(guest.line(PODS).await.lines().count(), 6);
    let clusters = guest
        .line("search is(kubernetes_cluster) | list name")
        .await;
    assert_eq!(clusters, "name=one\n");
    guest.stop().await;
}
