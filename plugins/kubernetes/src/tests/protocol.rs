//! What is spoken with a server, and over how many connections.
use std::collections::BTreeSet;

use serde_json::json;
use stocktake_kubernetes_sim::{Protocols, RequestLog, Sim, SimOptions};

use super::stage::{collect_with, with_options};

async fn cluster(protocols: Protocols) -> Sim {
    with_options(SimOptions {
        protocols,
        ..SimOptions::default()
    })
    .await
}

fn spoken(requests: &[RequestLog]) -> BTreeSet<&str> {
    let requests = requests.iter();
    requests.map(|request| request.protocol.as_str()).collect()
}

#[tokio::test]
async fn lists_share_one_connection_of_http_2() {
    let sim = cluster(Protocols::Both).await;
    let snapshot = collect_with(&sim, json!({"page_size": 7})).await;
    assert_eq!(snapshot.trouble(), "");
    let requests = sim.requests();
    assert_eq!(spoken(&requests), BTreeSet::from(["HTTP/2.0"]));
    let last = requests.iter().map(|request| request.connection).max();
    assert_eq!(last, Some(1));
}

#[tokio::test]
async fn a_server_that_speaks_http_1_only_gives_the_same() {
    let (old, new) = (
        cluster(Protocols::Http1).await,
        cluster(Protocols::Both).await,
    );
    let told = collect_with(&old, json!({})).await;
    assert_eq!(told.complete, collect_with(&new, json!({})).await.complete);
    assert_eq!(spoken(&old.requests()), BTreeSet::from(["HTTP/1.1"]));
}
