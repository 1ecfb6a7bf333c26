//! The rights that are printed are enough: a user who has them and no others collects and watches without a gap.
use serde_json::{Value, json};
use stocktake_config::K8sConfig;
use stocktake_kubernetes_sim::{Permissions, Rule, Sim, SimOptions, User, metrics_api};

use super::stage;
use crate::cluster_roles;

/// What a `ClusterRole` grants.
fn granted(role: &str) -> Permissions {
    let role: Value = serde_yaml::from_str(role).unwrap();
    let rules = role["rules"].as_array().unwrap().iter();
    let of_resources = rules.filter(|rule| rule["resources"].is_array());
    Permissions::of(of_resources.map(|rule| {
        let [verbs, groups, resources] = ["verbs", "apiGroups", "resources"].map(|key| {
            let texts = rule[key].as_array().unwrap().iter();
            texts.filter_map(Value::as_str).collect::<Vec<_>>()
        });
        Rule::on(&verbs, &groups, &resources)
    }))
}

async fn cluster(settings: &Value) -> Sim {
    let config: K8sConfig = serde_json::from_value(settings.clone()).unwrap();
    let [collect, _] = cluster_roles(&config);
    let options = SimOptions {
        users: vec![User::new("somebody", granted(&collect))],
        ..SimOptions::default()
    };
    let objects = stage::objects().into_iter().chain([metrics_api()]);
    Sim::start(objects, options).await.unwrap()
}

#[tokio::test]
async fn the_printed_rights_are_enough_to_collect() {
    for settings in [
        json!({}),
        json!({"collect": ["pod", "secret", "node"]}),
        json!({"collect": ["core/*", "serving.acme.dev/services"], "no_collect": ["secret"]}),
    ] {
        let sim = cluster(&settings).await;
        let account = stage::account(&stage::section(&sim, "somebody", settings.clone())).await;
        let snapshot = stage::collect(&*account).await.unwrap();
        assert_eq!(snapshot.trouble(), "", "{settings}");
        assert_eq!(snapshot.names("kubernetes_pod").len(), 25, "{settings}");
        assert_eq!(snapshot.usage.len(), 2 + 25, "{settings}");
    }
}

#[tokio::test]
async fn without_one_of_them_there_is_a_gap() {
    let settings = json!({"collect": ["pod", "secret"]});
    let sim = cluster(&settings).await;
    let section = stage::section(
        &sim,
        "somebody",
        json!({"collect": ["pod", "secret", "node"]}),
    );
    let snapshot = stage::collect(&*stage::account(&section).await)
        .await
        .unwrap();
    assert!(
        snapshot
            .trouble()
            .contains("kubernetes_node * *: forbidden"),
        "{}",
        snapshot.trouble()
    );
}
