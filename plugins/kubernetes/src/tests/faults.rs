//! Trouble in the middle: each is a gap that a person understands, and nothing is lost or doubled beside it.
use std::time::Duration;

use expect_test::{Expect, expect};
use serde_json::{Value, json};
use stocktake_kubernetes_sim::{Effect, Matcher, Permissions, Rule, Sim, SimOptions, Times, User};
use stocktake_model::Identity;

use super::stage::{self, Snapshot, account, collect, collect_with};

/// Collects in pages of ten while `faults` strike; shows the gaps that are not there by configuration.
async fn check(faults: &[(Matcher, Effect, Times)], expected: Expect) -> Snapshot {
    check_with(json!({"page_size": 10}), faults, expected).await
}

async fn check_with(
    settings: Value,
    faults: &[(Matcher, Effect, Times)],
    expected: Expect,
) -> Snapshot {
    let sim = stage::cluster().await;
    for (matcher, effect, times) in faults {
        sim.faults().add(matcher.clone(), effect.clone(), *times);
    }
    let snapshot = collect_with(&sim, settings).await;
    snapshot.assert_nothing_is_doubled();
    expected.assert_eq(&snapshot.trouble().replace(&sim.url(), "URL"));
    // Whatever struck, what could be read is there, and what was not is not called complete.
    assert_eq!(snapshot.names("kubernetes_config_map").len(), 2);
    assert!(snapshot.end.is_some());
    snapshot
}

fn pods() -> Matcher {
    Matcher::on("list", "pods")
}

#[tokio::test]
async fn passing_trouble_leaves_no_trace() {
    for effect in [
        Effect::Status(500),
        Effect::Status(503),
        Effect::TooManyRequests {
            retry_after_secs: 1,
        },
        Effect::CutBody { after_bytes: 200 },
        Effect::MalformedJson,
        Effect::ExpireContinue,
    ] {
        for page in [1, 2] {
            let faults = [(pods().page(page), effect.clone(), Times::Only(2))];
            let snapshot = check(&faults, expect![""]).await;
            assert_eq!(snapshot.names("kubernetes_pod").len(), 25, "{effect:?}");
            assert_eq!(snapshot.complete["kubernetes_pod"], 25, "{effect:?}");
        }
    }
}

#[tokio::test]
async fn a_server_error_for_ever() {
    let snapshot = check(
        &[(pods(), Effect::Status(500), Times::Forever)],
        expect![[r"
            kubernetes_container * *: server_error: it comes with `kubernetes_pod`: Internal error occurred: on demand (500)
            kubernetes_image * *: server_error: it comes with `kubernetes_pod`: Internal error occurred: on demand (500)
            kubernetes_pod * *: server_error: Internal error occurred: on demand (500)
        "]],
    )
    .await;
    assert_eq!(snapshot.complete.get("kubernetes_pod"), None);
    assert_eq!(snapshot.complete.get("kubernetes_container"), None);
}

#[tokio::test]
async fn a_storm_of_429() {
    let storm = Effect::TooManyRequests {
        retry_after_secs: 1,
    };
    check(&[(pods(), storm, Times::Forever)], expect![[r"
        kubernetes_container * *: server_error: it comes with `kubernetes_pod`: Too many requests, please try again later. (429)
        kubernetes_image * *: server_error: it comes with `kubernetes_pod`: Too many requests, please try again later. (429)
        kubernetes_pod * *: server_error: Too many requests, please try again later. (429)
    "]]).await;
}

#[tokio::test]
async fn a_body_that_is_cut_for_ever_keeps_the_pages_before_it() {
    let cut = Effect::CutBody { after_bytes: 100 };
    let snapshot = check(&[(pods().page(2), cut, Times::Forever)], expect![[r"
        kubernetes_container * *: unreachable: it comes with `kubernetes_pod`: the connection to `URL` broke off: it was closed too early
        kubernetes_image * *: unreachable: it comes with `kubernetes_pod`: the connection to `URL` broke off: it was closed too early
        kubernetes_pod * *: unreachable: the connection to `URL` broke off: it was closed too early
    "]]).await;
    assert_eq!(snapshot.names("kubernetes_pod").len(), 10);
    assert_eq!(snapshot.complete.get("kubernetes_pod"), None);
}

#[tokio::test]
async fn a_list_that_expires_without_a_way_on_is_read_anew() {
    let gone = (pods().page(3), Effect::Status(410), Times::Only(1));
    let snapshot = check(&[gone], expect![""]).await;
    assert_eq!(snapshot.names("kubernetes_pod").len(), 25);
    let gone = (pods().page(2), Effect::Status(410), Times::Forever);
    check(&[gone], expect![[r"
        kubernetes_container * *: server_error: it comes with `kubernetes_pod`: The resourceVersion for the provided list is too old. (410)
        kubernetes_image * *: server_error: it comes with `kubernetes_pod`: The resourceVersion for the provided list is too old. (410)
        kubernetes_pod * *: server_error: The resourceVersion for the provided list is too old. (410)
    "]]).await;
}

#[tokio::test]
async fn an_object_without_metadata_costs_the_others_nothing() {
    let odd = (pods().page(1), Effect::MalformedObject, Times::Forever);
    let snapshot = check(&[odd], expect![[r"
        kubernetes_container * *: malformed: it comes with `kubernetes_pod`: 1 of its objects have no uid
        kubernetes_image * *: malformed: it comes with `kubernetes_pod`: 1 of its objects have no uid
        kubernetes_pod * *: malformed: 1 of its objects have no uid
    "]]).await;
    assert_eq!(snapshot.names("kubernetes_pod").len(), 24);
}

#[tokio::test]
async fn a_page_that_takes_too_long_is_asked_for_once_more() {
    let settings = || json!({"page_size": 40, "request_timeout_secs": 2});
    let slow = Effect::Delay(Duration::from_secs(30));
    let once = [(pods(), slow.clone(), Times::Only(1))];
    let snapshot = check_with(settings(), &once, expect![""]).await;
    assert_eq!(snapshot.names("kubernetes_pod").len(), 25);
    let always = [(pods(), slow, Times::Forever)];
    check_with(settings(), &always, expect![[r"
        kubernetes_container * *: timeout: it comes with `kubernetes_pod`: no complete answer from `URL` within 2 s
        kubernetes_image * *: timeout: it comes with `kubernetes_pod`: no complete answer from `URL` within 2 s
        kubernetes_pod * *: timeout: no complete answer from `URL` within 2 s
    "]]).await;
}

fn large(name: &str, kib: usize) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "db"},
        "data": {"text": "x".repeat(kib << 10)},
    })
}

#[tokio::test]
async fn pages_may_be_larger_than_what_is_held_of_them() {
    let mut objects = stage::objects();
    objects.extend(["a", "b", "c", "d", "e", "f"].map(|name| large(name, 100)));
    let sim = Sim::start(objects, SimOptions::default()).await.unwrap();
    let snapshot = collect_with(&sim, json!({})).await;
    assert_eq!(snapshot.trouble(), "");
    assert_eq!(snapshot.complete["kubernetes_config_map"], 8);
    let mut pages = sim.requests();
    pages.retain(|request| request.path == "/api/v1/configmaps");
    assert_eq!(pages.len(), 1, "it fits into one page of the server");
}

#[tokio::test]
async fn an_object_that_is_too_large_to_be_held_costs_the_others_nothing() {
    let mut objects = stage::objects();
    objects.extend([large("a", 100), large("b", 10 << 10), large("c", 1)]);
    let sim = Sim::start(objects, SimOptions::default()).await.unwrap();
    let snapshot = collect_with(&sim, json!({})).await;
    expect!["kubernetes_config_map * *: malformed: 1 of its objects are too large to be held\n"]
        .assert_eq(&snapshot.trouble());
    assert_eq!(
        snapshot.names("kubernetes_config_map"),
        ["a", "c", "other", "settings"]
    );
}

#[tokio::test]
async fn an_object_that_comes_again_with_its_page_is_counted_once() {
    let mut objects = stage::objects();
    objects.push(large("a", 300));
    objects.extend(["b", "c", "d", "e", "f"].map(|name| large(name, 100)));
    let sim = Sim::start(objects, SimOptions::default()).await.unwrap();
    // The page breaks off behind the first of them, twice.
    let maps = Matcher::on("list", "configmaps");
    sim.faults()
        .add(maps, Effect::MalformedJson, Times::Only(2));
    let snapshot = collect_with(&sim, json!({})).await;
    expect!["kubernetes_config_map * *: malformed: 1 of its objects are too large to be held\n"]
        .assert_eq(&snapshot.trouble());
    assert_eq!(snapshot.names("kubernetes_config_map").len(), 7);
}

#[tokio::test]
async fn the_time_for_a_cluster_is_limited() {
    let sim = stage::cluster().await;
    sim.faults().add(pods(), Effect::Hang, Times::Forever);
    let snapshot = collect_with(&sim, json!({"cluster_timeout_secs": 4})).await;
    let expected = "kubernetes_pod * *: timeout: the time for the whole cluster is over\n";
    assert!(
        snapshot.trouble().contains(expected),
        "{}",
        snapshot.trouble()
    );
    assert_eq!(snapshot.complete.get("kubernetes_pod"), None);
    assert_eq!(snapshot.complete["kubernetes_namespace"], 3);
    assert!(snapshot.end.is_some());
}

#[tokio::test]
async fn a_server_without_tables_is_not_asked_for_whole_secrets() {
    let sim = stage::cluster().await;
    let secrets = Matcher::on("list", "secrets");
    sim.faults()
        .add(secrets, Effect::Status(406), Times::Only(1));
    let snapshot = collect_with(&sim, json!({})).await;
    assert_eq!(snapshot.trouble(), "");
    let login = snapshot
        .nodes
        .iter()
        .find(|node| node.name() == "login")
        .unwrap();
    assert_eq!(login.reported["data_keys"], json!(["password", "user"]));
    assert_eq!(login.reported.get("data_count"), None);
}

#[tokio::test]
async fn a_snapshot_that_nobody_takes_ends_at_once() {
    let sim = stage::cluster().await;
    let account = account(&stage::section(&sim, "admin", json!({}))).await;
    let (sink, items) = tokio::sync::mpsc::channel(1);
    drop(items);
    assert!(
        account
            .collect(
                sink,
                &stage::Last::default(),
                &stocktake_plugin_api::NoMemory
            )
            .await
            .is_err()
    );
    let lists = sim
        .requests()
        .into_iter()
        .filter(|request| request.path == "/api/v1/pods");
    assert_eq!(lists.count(), 0);
}

#[tokio::test]
async fn a_user_of_one_namespace_reads_it_by_name() {
    let permissions =
        Permissions::of([Rule::on(&["list"], &[""], &["pods"]).in_namespaces(&["db"])]);
    let settings = json!({"collect": ["pod"], "namespaces": ["db"]});
    let (_sim, snapshot) = as_user(permissions, settings).await;
    assert_eq!(snapshot.names("kubernetes_pod").len(), 5);
    assert_eq!(
        snapshot.complete.get("kubernetes_pod"),
        None,
        "there may be other namespaces"
    );
    // What was read of it is known all the same.
    let gap = snapshot
        .gaps
        .iter()
        .find(|gap| gap.kind.as_deref() == Some("kubernetes_pod"));
    assert_eq!(gap.unwrap().except, ["db"]);
    expect![[r#"
        kubernetes_namespace * *: forbidden: namespaces is forbidden: User "somebody" cannot list resource "namespaces" in API group "" at the cluster scope (403)
    "#]].assert_eq(&snapshot.trouble());
}

#[tokio::test]
async fn a_kind_that_is_gone_since_discovery() {
    check(
        &[(pods(), Effect::Status(404), Times::Forever)],
        expect![[r"
            kubernetes_container * *: not_found: it comes with `kubernetes_pod`: the server could not find the requested resource (404)
            kubernetes_image * *: not_found: it comes with `kubernetes_pod`: the server could not find the requested resource (404)
            kubernetes_pod * *: not_found: the server could not find the requested resource (404)
        "]],
    )
    .await;
}

#[tokio::test]
async fn credentials_that_end_midway() {
    let sim = stage::cluster().await;
    sim.faults()
        .add(pods(), Effect::Status(401), Times::Forever);
    let settings = json!({"list_parallelism": 1});
    let snapshot = collect_with(&sim, settings).await;
    let trouble = snapshot.trouble();
    let unauthorized = trouble
        .lines()
        .filter(|line| line.contains(": unauthorized: "))
        .count();
    assert!(
        unauthorized > 30 && unauthorized == trouble.lines().count(),
        "{trouble}"
    );
    // What was read before stays, and nothing is asked any more.
    assert_eq!(snapshot.complete["kubernetes_namespace"], 3);
    assert_eq!(snapshot.complete.get("kubernetes_service_account"), None);
    let after = sim
        .requests()
        .into_iter()
        .skip_while(|request| request.path != "/api/v1/pods");
    assert_eq!(after.count(), 1);
}

#[tokio::test]
async fn a_server_that_goes_away_midway() {
    let sim = stage::cluster().await;
    let account = account(&stage::section(
        &sim,
        "admin",
        json!({"list_parallelism": 1}),
    ))
    .await;
    let slow = Effect::Delay(Duration::from_millis(500));
    sim.faults().add(pods(), slow, Times::Forever);
    let leave = async {
        while !sim
            .requests()
            .iter()
            .any(|request| request.path == "/api/v1/nodes")
        {
            tokio::task::yield_now().await;
        }
        sim.stop().await;
    };
    let (snapshot, ()) = tokio::join!(collect(&*account), leave);
    let snapshot = snapshot.unwrap();
    assert!(snapshot.end.is_some());
    assert!(snapshot.gaps.len() > 30, "{}", snapshot.trouble());
}

async fn as_user(permissions: Permissions, settings: Value) -> (Sim, Snapshot) {
    let sim = stage::with_users(vec![User::new("somebody", permissions)]).await;
    let account = account(&stage::section(&sim, "somebody", settings)).await;
    let snapshot = collect(&*account).await.unwrap();
    snapshot.assert_nothing_is_doubled();
    (sim, snapshot)
}

#[tokio::test]
async fn a_forbidden_kind_names_the_rule_that_would_grant_it() {
    let denied = Rule::on(&["list"], &[""], &["nodes"]);
    let (_sim, snapshot) = as_user(Permissions::all().except(denied), json!({})).await;
    expect![[r#"
        kubernetes_image * *: forbidden: it comes with `kubernetes_node`: nodes is forbidden: User "somebody" cannot list resource "nodes" in API group "" at the cluster scope (403)
        kubernetes_node * *: forbidden: nodes is forbidden: User "somebody" cannot list resource "nodes" in API group "" at the cluster scope (403)
    "#]].assert_eq(&snapshot.trouble());
    let gap = snapshot
        .gaps
        .iter()
        .find(|gap| gap.kind.as_deref() == Some("kubernetes_node"));
    expect![[r#"
        to grant `list` on `nodes` add this rule to a ClusterRole of the user:
        - apiGroups: [""]
          resources: ["nodes"]
          verbs: ["list"]"#]]
    .assert_eq(gap.unwrap().hint.as_ref().unwrap());
}

#[tokio::test]
async fn some_namespaces_are_better_than_none() {
    let permissions = Permissions::of([
        Rule::on(&["list", "get"], &[""], &["namespaces"]),
        Rule::on(&["list"], &[""], &["pods"]).in_namespaces(&["db"]),
        Rule::on(&["list"], &[""], &["secrets"]).in_namespaces(&["db", "web", "kube-system"]),
    ]);
    let settings = json!({"collect": ["pod", "secret", "config_map"]});
    let (sim, snapshot) = as_user(permissions, settings).await;
    assert_eq!(snapshot.names("kubernetes_pod").len(), 5);
    assert_eq!(snapshot.names("kubernetes_secret"), ["login"]);
    expect![[r#"
        kubernetes_config_map * *: forbidden: configmaps is forbidden: User "somebody" cannot list resource "configmaps" in API group "" at the cluster scope (403)
        kubernetes_container kube-system *: forbidden: it comes with `kubernetes_pod`: `pods` may not be listed in namespace `kube-system` (403)
        kubernetes_container web *: forbidden: it comes with `kubernetes_pod`: `pods` may not be listed in namespace `web` (403)
        kubernetes_pod kube-system *: forbidden: `pods` may not be listed in namespace `kube-system` (403)
        kubernetes_pod web *: forbidden: `pods` may not be listed in namespace `web` (403)
    "#]].assert_eq(&snapshot.trouble());
    assert_eq!(snapshot.complete["kubernetes_pod"], 5);
    assert_eq!(snapshot.complete.get("kubernetes_config_map"), None);
    let in_vain = sim
        .requests()
        .into_iter()
        .filter(|request| request.path.contains("/web/pods"));
    assert_eq!(in_vain.count(), 0, "the review said no");
}

#[tokio::test]
async fn a_user_without_rights_gets_a_weakly_known_cluster_of_gaps() {
    let (_sim, snapshot) = as_user(Permissions::none(), json!({"collect": ["pod"]})).await;
    let begin = snapshot.begin.as_ref().unwrap();
    assert_eq!(begin.identity, Identity::Weak);
    assert!(begin.account.id().starts_with("weak-"));
    expect![[r#"
        kubernetes_container * *: forbidden: it comes with `kubernetes_pod`: pods is forbidden: User "somebody" cannot list resource "pods" in API group "" at the cluster scope (403)
        kubernetes_namespace * *: forbidden: namespaces is forbidden: User "somebody" cannot list resource "namespaces" in API group "" at the cluster scope (403)
        kubernetes_pod * *: forbidden: pods is forbidden: User "somebody" cannot list resource "pods" in API group "" at the cluster scope (403)
    "#]].assert_eq(&snapshot.trouble());
}
