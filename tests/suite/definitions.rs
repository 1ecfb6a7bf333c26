//! A cluster with very many custom kinds: each is read, each has a name of its own.
use serde_json::json;
use stocktake_kubernetes_sim::{Sim, SimOptions};

use crate::cluster::{definition, in_shop, object};
use crate::watch::Running;

const GROUPS: usize = 40;
const KINDS: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_definitions_are_a_normal_cluster() {
    let mut objects = vec![
        object("v1", "Namespace", "kube-system", json!({})),
        object("v1", "Namespace", "shop", json!({})),
    ];
    for group in 0..GROUPS {
        let group = format!("g{group}.dev");
        for number in 0..KINDS {
            let (kind, plural) = (format!("Thing{number}"), format!("thing{number}s"));
            let mut thing = in_shop(&format!("{group}/v1"), &kind, "one", json!({}));
            thing["metadata"]["uid"] = format!("{group}-{plural}").into();
            objects.push(definition(&group, "v1", &kind, &plural));
            objects.push(thing);
        }
    }
    let sim = Sim::start(objects, SimOptions::default()).await;
    let sim = sim.expect("the cluster starts");
    let running = Running::start(&sim, &[]).await;
    for (query, total) in [
        ("is(kubernetes_custom_resource)", GROUPS * KINDS),
        ("is(kubernetes_custom_resource_definition)", GROUPS * KINDS),
        // The short name of the kinds of all groups, and the whole name of one.
        ("is(kubernetes_thing7)", GROUPS),
        ("is(kubernetes_g7_dev_thing7)", 1),
    ] {
        let found = running.line(&format!("search {query} | count")).await;
        assert!(
            found.contains(&format!("total matched: {total}\n")),
            "{query}: {found}"
        );
    }
    let gaps = running.line("clusters gaps").await;
    assert!(!gaps.contains("thing"), "{gaps}");
    running.stop().await;
}
