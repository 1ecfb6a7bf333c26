//! What a real server once listed, served again and collected: nothing is lost, nothing doubled.
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use stocktake_kubernetes_sim::{Controllers, Sim, SimOptions};

use super::stage::collect_with;
use crate::Resource;
use crate::convert::recorded_lists;

/// Lists that show the objects of another list once more.
const TWICE: [(&str, &str); 2] = [("events.k8s.io", "events"), ("autoscaling", "v1")];

fn is_twice(resource: &Resource) -> bool {
    let Resource {
        group,
        version,
        plural,
        ..
    } = resource;
    TWICE.contains(&(group, plural)) || TWICE.contains(&(group, version))
}

fn uids<'v>(of: impl Iterator<Item = &'v Value>) -> Vec<&'v str> {
    let mut uids: Vec<&str> = of
        .filter_map(|item| item["metadata"]["uid"].as_str())
        .collect();
    uids.sort_unstable();
    uids
}

#[tokio::test]
async fn a_recorded_cluster_is_collected_whole() {
    let mut lists = recorded_lists();
    if lists.is_empty() {
        println!("skipped: set STOCKTAKE_RECORDED to the folder of recordings");
        return;
    }
    // Component statuses are asked for, not stored.
    lists.retain(|(resource, _)| !is_twice(resource) && resource.plural != "componentstatuses");
    let objects = lists.iter().flat_map(|(resource, items)| {
        items.iter().map(|item| {
            let mut object = item.clone();
            object["kind"] = json!(resource.kind);
            object["apiVersion"] = json!(resource.api_version());
            object
        })
    });
    let options = SimOptions {
        controllers: Controllers::ByHand,
        ..SimOptions::default()
    };
    let sim = Sim::start(objects, options).await.unwrap();
    // Every kind has more pages than one.
    let settings = json!({"page_size": 3, "collect_events": true});
    let snapshot = collect_with(&sim, settings).await;
    assert_eq!(snapshot.trouble(), "");
    snapshot.assert_nothing_is_doubled();
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for node in &snapshot.nodes {
        found.entry(node.kind()).or_default().push(node.id());
    }
    let mut expected = BTreeSet::new();
    for (resource, items) in &lists {
        let kind = crate::kind_name(resource);
        let mut ids = found.get(kind.as_str()).cloned().unwrap_or_default();
        ids.sort_unstable();
        assert_eq!(ids, uids(items.iter()), "{kind}");
        expected.insert(kind);
    }
    assert!(expected.len() > 50, "{expected:?}");
}
