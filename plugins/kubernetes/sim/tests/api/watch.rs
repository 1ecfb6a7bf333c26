//! Watches: what is told after which change, from which version, and how they end.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use stocktake_kubernetes_sim::{Effect, Matcher, Permissions, Sim, SimOptions, Times};

use crate::client::Client;
use crate::fixture::{cluster, cluster_with, nobody, options};

const MAPS: &str = "/api/v1/namespaces/a/configmaps";
const JSON: &str = "application/json";

fn map(namespace: &str, name: &str, labels: &Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, "uid": format!("{namespace}-{name}"), "labels": labels},
    })
}

async fn version(admin: &Client) -> u64 {
    let list = admin.get(MAPS).await.json();
    let version = list["metadata"]["resourceVersion"].as_str().unwrap();
    version.parse().unwrap()
}

fn change(sim: &Sim, namespace: &str, name: &str, labels: &Value) {
    sim.put(map(namespace, name, labels)).unwrap();
}

#[tokio::test]
async fn a_watch_tells_what_happens_after_its_version() {
    let (sim, admin) = cluster().await;
    let begin = version(&admin).await;
    change(&sim, "a", "early", &json!({}));
    let mut watch = admin
        .watch(&format!("{MAPS}?watch=1&resourceVersion={begin}"), JSON)
        .await;
    assert_eq!(watch.told().await, format!("ADDED early {}", begin + 1));
    change(&sim, "b", "elsewhere", &json!({}));
    change(&sim, "a", "early", &json!({"x": "y"}));
    assert_eq!(watch.told().await, format!("MODIFIED early {}", begin + 3));
    sim.remove("", "configmaps", Some("a"), "early");
    let last = watch.next().await.unwrap().unwrap();
    assert_eq!(last["type"], "DELETED");
    // The last state, with the version of its end.
    assert_eq!(last["object"]["metadata"]["labels"], json!({"x": "y"}));
    assert_eq!(
        last["object"]["metadata"]["resourceVersion"],
        (begin + 4).to_string()
    );
    assert_eq!(last["object"]["kind"], "ConfigMap");
}

#[tokio::test]
async fn a_selector_turns_changes_into_coming_and_going() {
    let (sim, admin) = cluster().await;
    let begin = version(&admin).await;
    let path = format!("{MAPS}?watch=1&resourceVersion={begin}&labelSelector=team%3Dred");
    let mut watch = admin.watch(&path, JSON).await;
    for team in ["blue", "red", "blue"] {
        change(&sim, "a", "m", &json!({"team": team}));
    }
    assert_eq!(watch.told().await, format!("ADDED m {}", begin + 2));
    assert_eq!(watch.told().await, format!("DELETED m {}", begin + 3));
}

#[tokio::test]
async fn without_a_version_everything_is_told_first() {
    let (_sim, admin) = cluster().await;
    let now = version(&admin).await;
    for start in ["", "&resourceVersion=0"] {
        let mut watch = admin.watch(&format!("{MAPS}?watch=1{start}"), JSON).await;
        for at in 0..5 {
            assert!(watch.told().await.starts_with(&format!("ADDED app-{at} ")));
        }
    }
    let path = format!(
        "{MAPS}?watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    );
    let mut watch = admin.watch(&path, JSON).await;
    for _ in 0..5 {
        assert!(watch.told().await.starts_with("ADDED app-"));
    }
    let end = watch.next().await.unwrap().unwrap();
    assert_eq!(end["type"], "BOOKMARK");
    let metadata = &end["object"]["metadata"];
    assert_eq!(metadata["annotations"]["k8s.io/initial-events-end"], "true");
    assert_eq!(metadata["resourceVersion"], now.to_string());
}

#[tokio::test]
async fn a_version_that_is_not_kept_is_told_in_the_stream() {
    let (sim, admin) = cluster().await;
    let begin = version(&admin).await;
    change(&sim, "a", "m", &json!({}));
    sim.compact();
    let mut watch = admin
        .watch(&format!("{MAPS}?watch=1&resourceVersion={begin}"), JSON)
        .await;
    let event = watch.next().await.unwrap().unwrap();
    let status = &event["object"];
    assert_eq!(event["type"], "ERROR");
    assert_eq!(
        (&status["code"], &status["reason"]),
        (&json!(410), &json!("Expired"))
    );
    assert_eq!(
        status["message"],
        format!("too old resource version: {begin} ({})", begin + 1)
    );
    assert_eq!(watch.next().await, Ok(None));
}

#[tokio::test]
async fn bookmarks_tell_versions_when_nothing_happens() {
    let (sim, admin) = cluster_with(SimOptions {
        bookmarks: Duration::from_millis(1),
        ..options()
    })
    .await;
    let begin = version(&admin).await;
    let path = format!("{MAPS}?watch=1&resourceVersion={begin}&allowWatchBookmarks=true");
    let mut watch = admin.watch(&path, JSON).await;
    assert_eq!(watch.told().await, format!("BOOKMARK - {begin}"));
    change(&sim, "b", "elsewhere", &json!({}));
    let later = format!("BOOKMARK - {}", begin + 1);
    while watch.told().await != later {}
}

#[tokio::test]
async fn a_watch_has_the_form_that_was_asked_for() {
    let (sim, admin) = cluster().await;
    let path = "/api/v1/secrets?watch=1&includeObject=Metadata";
    let table = "application/json;as=Table;g=meta.k8s.io;v=v1";
    let mut watch = admin.watch(path, table).await;
    let first = watch.next().await.unwrap().unwrap();
    let object = &first["object"];
    assert_eq!(object["kind"], "Table");
    assert_eq!(object["columnDefinitions"][1]["name"], "Type");
    assert_eq!(object["rows"][0]["cells"][1], "Opaque");
    assert_eq!(object["rows"][0]["object"]["kind"], "PartialObjectMetadata");
    sim.remove("", "secrets", Some("a"), "s");
    let last = watch.next().await.unwrap().unwrap();
    assert_eq!(last["type"], "DELETED");
    // Columns come once.
    assert_eq!(last["object"]["columnDefinitions"], Value::Null);
    let partial = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
    let mut watch = admin.watch(&format!("{MAPS}?watch=1"), partial).await;
    let event = watch.next().await.unwrap().unwrap();
    assert_eq!(event["object"]["kind"], "PartialObjectMetadata");
}

#[tokio::test]
async fn watches_end_in_time_or_are_cut() {
    let (sim, admin) = cluster().await;
    let now = version(&admin).await;
    let path = format!("{MAPS}?watch=1&resourceVersion={now}");
    let mut over = admin.watch(&format!("{path}&timeoutSeconds=0"), JSON).await;
    assert_eq!(over.next().await, Ok(None));
    let mut cut = admin.watch(&path, JSON).await;
    sim.cut_watches();
    assert!(cut.next().await.is_err());
    sim.faults().add(
        Matcher::on("watch", "configmaps"),
        Effect::CutBody { after_bytes: 10 },
        Times::Only(1),
    );
    let path = format!("{MAPS}?watch=1");
    let short = admin.try_send(Method::GET, &path, &[], "");
    assert!(short.await.is_err());
}

#[tokio::test]
async fn what_may_not_or_can_not_be_watched_is_refused() {
    let (sim, admin) = cluster().await;
    assert_eq!(
        nobody(&sim).get(&format!("{MAPS}?watch=1")).await.status,
        403
    );
    sim.set_permissions("nobody", Permissions::all());
    for (query, code) in [
        ("watch=1&resourceVersion=x", 400),
        ("watch=1&sendInitialEvents=true", 422),
        ("watch=1&resourceVersionMatch=NotOlderThan", 422),
    ] {
        let answer = admin.get(&format!("{MAPS}?{query}")).await;
        assert_eq!(answer.status, code, "{query}");
    }
    let statuses = admin.get("/api/v1/componentstatuses?watch=1").await;
    assert_eq!(statuses.status, 405);
}
