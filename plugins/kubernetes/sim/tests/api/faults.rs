//! Faults on demand, as a client meets them.

use std::time::Duration;

use http::Method;
use serde_json::json;
use stocktake_kubernetes_sim::{Effect, Matcher, Times};

use crate::client::Client;
use crate::fixture::cluster;

const LIST: &str = "/api/v1/configmaps?limit=2";

fn lists() -> Matcher {
    Matcher::on("list", "configmaps")
}

#[tokio::test]
async fn a_status_comes_as_often_as_ordered() {
    let (sim, admin) = cluster().await;
    for (code, reason) in [
        (403, "Forbidden"),
        (500, "InternalError"),
        (503, "ServiceUnavailable"),
    ] {
        sim.faults()
            .add(lists(), Effect::Status(code), Times::Only(1));
        let answer = admin.get(LIST).await;
        assert_eq!(
            (answer.status, &answer.json()["reason"]),
            (code, &json!(reason))
        );
        assert_eq!(admin.get(LIST).await.status, 200);
    }
    let fault = sim
        .faults()
        .add(lists(), Effect::Status(500), Times::Forever);
    assert_eq!(admin.get(LIST).await.status, 500);
    assert_eq!(admin.get("/api/v1/pods").await.status, 200);
    sim.faults().remove(fault);
    assert_eq!(admin.get(LIST).await.status, 200);
}

#[tokio::test]
async fn too_many_requests_say_when_to_come_back() {
    let (sim, admin) = cluster().await;
    let effect = Effect::TooManyRequests {
        retry_after_secs: 7,
    };
    sim.faults().add(Matcher::any(), effect, Times::Only(1));
    let answer = admin.get("/version").await;
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (429, Some("7"))
    );
    assert_eq!(
        answer.text(),
        "Too many requests, please try again later.\n"
    );
}

#[tokio::test]
async fn a_page_can_expire() {
    let (sim, admin) = cluster().await;
    sim.faults()
        .add(lists(), Effect::ExpireContinue, Times::Only(1));
    // The first page has no token that could expire, so that the fault waits.
    let first = admin.get(LIST).await.json();
    let next = |list: &serde_json::Value| {
        format!(
            "{LIST}&continue={}",
            list["metadata"]["continue"].as_str().unwrap()
        )
    };
    let answer = admin.get(&next(&first)).await;
    assert_eq!(answer.status, 410);
    let rest = admin.get(&next(&answer.json())).await.json();
    assert_eq!(rest["items"][0]["metadata"]["name"], "app-2");
}

#[tokio::test]
async fn a_fault_can_wait_for_a_page() {
    let (sim, admin) = cluster().await;
    sim.faults()
        .add(lists().page(3), Effect::Status(500), Times::Forever);
    let mut path = LIST.to_owned();
    let mut codes = Vec::new();
    for _ in 0..3 {
        let answer = admin.get(&path).await;
        codes.push(answer.status);
        if let Some(token) = answer.json()["metadata"]["continue"].as_str() {
            path = format!("{LIST}&continue={token}");
        }
    }
    assert_eq!(codes, [200, 200, 500]);
}

#[tokio::test]
async fn bodies_can_break() {
    let (sim, admin) = cluster().await;
    for protocol in [b"http/1.1".as_slice(), b"h2"] {
        let client = Client::with(&sim, Some("admin-token"), None, &[protocol]);
        sim.faults()
            .add(lists(), Effect::CutBody { after_bytes: 20 }, Times::Only(1));
        assert!(client.try_send(Method::GET, LIST, &[], "").await.is_err());
        assert_eq!(client.get(LIST).await.status, 200);
    }
    sim.faults()
        .add(lists(), Effect::MalformedJson, Times::Only(1));
    let answer = admin.get(LIST).await;
    assert_eq!(answer.status, 200);
    assert!(serde_json::from_slice::<serde_json::Value>(&answer.body).is_err());
    sim.faults()
        .add(lists(), Effect::MalformedObject, Times::Only(1));
    let list = admin.get(LIST).await.json();
    assert_eq!(list["items"][0].get("metadata"), None);
    assert_eq!(list["items"][1]["metadata"]["name"], "app-1");
}

#[tokio::test]
async fn an_answer_can_be_late_or_never_come() {
    let (sim, admin) = cluster().await;
    sim.faults().add(
        lists(),
        Effect::Delay(Duration::from_millis(1)),
        Times::Only(1),
    );
    assert_eq!(admin.get(LIST).await.status, 200);
    sim.faults().add(lists(), Effect::Hang, Times::Only(1));
    let asked = admin.try_send(Method::GET, LIST, &[], "");
    let hung = async {
        // It was seen, and has no status: it is being kept waiting.
        while sim.requests().last().is_none_or(|seen| seen.status != 0) {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        answer = asked => panic!("an answer: {answer:?}"),
        () = hung => {}
    }
    sim.faults().clear();
    assert_eq!(
        (sim.faults().left(), admin.get(LIST).await.status),
        (0, 200)
    );
}
