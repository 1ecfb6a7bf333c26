//! Clusters that are odd and not broken: clocks that are wrong, namespaces nobody may list, one kind nobody can read,
//! a few of very many that are dead.
use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use stocktake_kubernetes_sim::{
    Clock, Credential, Effect, Matcher, Permissions, Rule, Sim, SimOptions, Times, User,
};
use stocktake_model::GapReason;

use super::stage::{self, account, accounts, collect, collect_with};

#[tokio::test]
async fn a_clock_that_is_wrong_costs_nothing() {
    let mut all = Vec::new();
    for start in [946_684_800, 4_070_908_800] {
        let clock = Clock::manual(Timestamp::from_second(start).unwrap());
        let options = SimOptions {
            clock: clock.clone(),
            ..SimOptions::default()
        };
        let sim = stage::with_options(options).await;
        let first = collect_with(&sim, json!({"page_size": 7})).await;
        clock.advance(SignedDuration::from_hours(-48));
        let second = collect_with(&sim, json!({"page_size": 7})).await;
        for snapshot in [&first, &second] {
            assert_eq!(snapshot.trouble(), "");
            assert!(snapshot.end.as_ref().unwrap().discovery_complete);
        }
        let reported = |snapshot: &stage::Snapshot| -> BTreeMap<String, Value> {
            let nodes = snapshot.nodes.iter();
            nodes
                .map(|node| (node.id().to_owned(), json!(node.reported)))
                .collect()
        };
        assert_eq!(reported(&first), reported(&second), "nothing changed");
        all.push(first.complete);
    }
    assert_eq!(all[0], all[1]);
}

#[tokio::test]
async fn a_user_who_may_not_list_namespaces_gets_what_is_in_them() {
    let namespaces = Rule::on(&["list", "watch"], &[""], &["namespaces"]);
    let somebody = User::new("somebody", Permissions::all().except(namespaces));
    let sim = stage::with_users(vec![somebody]).await;
    let account = account(&stage::section(&sim, "somebody", json!({}))).await;
    let snapshot = collect(&*account).await.unwrap();
    expect_test::expect![[r#"
        kubernetes_namespace * *: forbidden: namespaces is forbidden: User "somebody" cannot list resource "namespaces" in API group "" at the cluster scope (403)
    "#]]
    .assert_eq(&snapshot.trouble());
    assert_eq!(snapshot.complete["kubernetes_pod"], 25);
    assert_eq!(snapshot.complete.get("kubernetes_namespace"), None);
}

#[tokio::test]
async fn a_kind_nobody_can_read_is_a_gap_and_costs_the_others_nothing() {
    let sim = stage::cluster().await;
    let maps = Matcher::on("list", "configmaps");
    sim.faults()
        .add(maps, Effect::MalformedJson, Times::Forever);
    let snapshot = collect_with(&sim, json!({})).await;
    expect_test::expect![[r"
        kubernetes_config_map * *: malformed: the answer to `/api/v1/configmaps?limit=500` can not be read: it ends too early
    "]]
    .assert_eq(&snapshot.trouble());
    assert_eq!(snapshot.complete["kubernetes_pod"], 25);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_of_two_hundred_clusters_are_dead() {
    const ALL: usize = 200;
    let is_dead = |number: usize| number % 40 == 7;
    let namespace =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-system"}});
    let mut alive = Vec::new();
    let mut kubeconfigs = Vec::new();
    for number in 0..ALL {
        let options = SimOptions {
            seed: number as u64,
            ..SimOptions::default()
        };
        let sim = Sim::start(vec![namespace.clone()], options).await.unwrap();
        let name = format!("c{number:03}");
        kubeconfigs.push(sim.kubeconfig(&name, Credential::Token("admin")).unwrap());
        if is_dead(number) {
            sim.stop().await;
        } else {
            alive.push(sim);
        }
    }
    let section = stage::with_configs(&kubeconfigs, json!({"collect": ["namespace"]}));
    let accounts = accounts(&section).await;
    assert_eq!(accounts.len(), ALL);
    let collected = accounts.into_iter().map(|account| async move {
        let account = account.unwrap();
        (account.name().to_owned(), collect(&*account).await)
    });
    let mut dead = Vec::new();
    for (name, collected) in join_all(collected).await {
        match collected {
            Ok(snapshot) => {
                assert_eq!(snapshot.trouble(), "", "{name}");
                assert_eq!(snapshot.names("kubernetes_namespace"), ["kube-system"]);
            }
            Err(error) => {
                assert_eq!(error.reason, GapReason::Unreachable, "{error}");
                assert!(error.message.contains(&name), "{error}");
                dead.push(name);
            }
        }
    }
    assert_eq!(dead, ["c007", "c047", "c087", "c127", "c167"]);
    assert_eq!(alive.len(), ALL - 5);
}

/// How many lists of one group two servers get that never answer them, with these settings: once there are `all` of
/// them, and the others had a second to come as well.
async fn hung(settings: Value, all: usize) -> [usize; 2] {
    let seeded = |seed| SimOptions {
        seed,
        ..SimOptions::default()
    };
    let sims = [
        stage::with_options(seeded(1)).await,
        stage::with_options(seeded(2)).await,
    ];
    let mut kubeconfigs = Vec::new();
    for (sim, name) in sims.iter().zip(["one", "two"]) {
        let of_apps = Matcher {
            verb: Some("list".to_owned()),
            group: Some("apps".to_owned()),
            ..Matcher::any()
        };
        sim.faults().add(of_apps, Effect::Hang, Times::Forever);
        kubeconfigs.push(sim.kubeconfig(name, Credential::Token("admin")).unwrap());
    }
    let mut settings = settings;
    settings["collect"] = json!(["apps/*"]);
    let accounts = accounts(&stage::with_configs(&kubeconfigs, settings)).await;
    let collecting = join_all(
        accounts
            .into_iter()
            .map(|account| async move { collect(&*account.unwrap()).await.unwrap() }),
    );
    let asked = || {
        sims.each_ref().map(|sim| {
            let requests = sim.requests().into_iter();
            let of_apps = |path: &str| path.starts_with("/apis/apps/v1/");
            requests.filter(|request| of_apps(&request.path)).count()
        })
    };
    let counting = async {
        while asked().iter().sum::<usize>() < all {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        asked()
    };
    tokio::select! {
        _ = collecting => panic!("lists that hang were given up"),
        counted = counting => counted,
    }
}

#[tokio::test]
async fn no_more_lists_are_in_flight_than_may_be() {
    let (usual, narrow, together) = tokio::join!(
        hung(json!({}), 8),
        hung(json!({"list_parallelism": 2}), 4),
        hung(json!({"lists_in_flight": 3}), 3),
    );
    assert_eq!(usual, [4, 4]);
    assert_eq!(narrow, [2, 2]);
    assert_eq!(together[0] + together[1], 3, "{together:?}");
}

/// Pages of pods that were asked for, the first ones and others, where the first always ends in the middle.
async fn asked_where_the_first_page_ends_early(settings: Value) -> [usize; 2] {
    let sim = stage::cluster().await;
    sim.faults().add(
        Matcher::on("list", "pods").page(1),
        Effect::MalformedJson,
        Times::Forever,
    );
    let mut settings = settings;
    settings["collect"] = json!(["pod"]);
    settings["page_size"] = json!(10);
    let snapshot = collect_with(&sim, settings).await;
    assert_eq!(snapshot.complete.get("kubernetes_pod"), None);
    let pages = sim.requests().into_iter();
    let pages = pages.filter(|request| request.path == "/api/v1/pods");
    let (others, first): (Vec<_>, Vec<_>) =
        pages.partition(|request| request.query.contains("continue="));
    [first.len(), others.len()]
}

#[tokio::test]
async fn the_next_page_is_asked_for_while_one_arrives_if_not_too_many_lists_are_in_flight() {
    // Once, however often the page before it has to be asked for.
    let spare = asked_where_the_first_page_ends_early(json!({})).await;
    assert_eq!(spare, [4, 1]);
    let narrow = json!({"list_parallelism": 1});
    let narrow = asked_where_the_first_page_ends_early(narrow).await;
    assert_eq!(narrow, [4, 0]);
}
