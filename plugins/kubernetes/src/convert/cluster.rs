//! The node of the cluster itself, from what the connection knows about it.
use serde_json::{Value, json};
use stocktake_model::{EXTERNAL_REFERENCES, Map, NodeRecord, Parent};

use crate::kinds;

/// A group of the API and the versions it is served in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ApiGroup {
    /// Name; empty for core.
    pub(crate) group: String,
    /// Version the server prefers.
    pub(crate) preferred_version: String,
    /// Every version, best first.
    pub(crate) versions: Vec<String>,
}

/// What the connection knows about a cluster.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct ClusterFacts {
    /// UID of `kube-system`, or a hash of how the cluster was reached.
    pub(crate) id: String,
    /// Name for people: the context.
    pub(crate) name: String,
    /// Whether the id is only the hash.
    pub(crate) identity_weak: bool,
    /// When `kube-system` was created, RFC 3339.
    pub(crate) created: Option<String>,
    /// Answer of `/version`.
    pub(crate) version: Value,
    /// URL of the API server.
    pub(crate) server_url: String,
    /// Context it was reached by.
    pub(crate) context: String,
    /// Every context that leads to it.
    pub(crate) contexts: Vec<String>,
    /// User of the context.
    pub(crate) user: Option<String>,
    /// Name of the kubeconfig's cluster entry (an ARN in EKS).
    pub(crate) external_id: Option<String>,
    /// Whether `/readyz` answered 200; absent if it may not be asked.
    pub(crate) ready: Option<bool>,
    /// Whether `/livez` answered 200; absent if it may not be asked.
    pub(crate) live: Option<bool>,
    /// Groups of the API.
    pub(crate) api_groups: Vec<ApiGroup>,
    /// Tags of `kube-system`, if they are those of the cluster.
    pub(crate) tags: Option<Value>,
}

/// The record of the cluster.
pub(crate) fn cluster_record(facts: &ClusterFacts) -> NodeRecord {
    let mut reported = Map::new();
    let mut set = |name: &str, value: Value| {
        if !value.is_null() {
            reported.insert(name.to_owned(), value);
        }
    };
    set("kind", "kubernetes_cluster".into());
    set("id", facts.id.as_str().into());
    set("name", facts.name.as_str().into());
    set(
        "ctime",
        facts.created.as_deref().and_then(stored_time).into(),
    );
    set("tags", facts.tags.clone().unwrap_or_default());
    set("cluster_info", info(facts));
    set("cluster_details", details(facts));
    let health = compact(json!({"ready": facts.ready, "live": facts.live}));
    if health.as_object().is_some_and(|health| !health.is_empty()) {
        set("health", health);
    }
    set("access", json!({"connected": facts.version.is_object()}));
    let groups: Vec<Value> = facts
        .api_groups
        .iter()
        .map(|group| {
            json!({
                "group": group.group,
                "preferred_version": group.preferred_version,
                "versions": group.versions,
            })
        })
        .collect();
    set("api_groups", groups.into());
    let elsewhere = kinds::cluster_elsewhere(facts);
    if !elsewhere.is_empty() {
        set(EXTERNAL_REFERENCES, json!(elsewhere));
    }
    let mut metadata = Map::new();
    if facts.identity_weak {
        metadata.insert("identity".to_owned(), "weak".into());
    }
    NodeRecord {
        reported,
        metadata,
        parent: Parent::Account,
    }
}

/// Exactly these four: `list cluster_info` prints them and nothing else.
fn info(facts: &ClusterFacts) -> Value {
    compact(json!({
        "major": facts.version["major"],
        "minor": facts.version["minor"],
        "platform": facts.version["platform"],
        "server_url": facts.server_url,
    }))
}

fn details(facts: &ClusterFacts) -> Value {
    let version = &facts.version;
    let built = version["buildDate"].as_str().and_then(stored_time);
    compact(json!({
        "git_version": version["gitVersion"],
        "git_commit": version["gitCommit"],
        "git_tree_state": version["gitTreeState"],
        "build_date": built,
        "go_version": version["goVersion"],
        "compiler": version["compiler"],
        "external_id": facts.external_id,
        "context": facts.context,
        "contexts": facts.contexts,
        "user": facts.user,
        "distribution": distribution(facts),
    }))
}

/// Ends of version and host names that only one distribution has.
const MARKS: [(&str, &str); 14] = [
    ("-eks-", "eks"),
    (".eks.amazonaws.com", "eks"),
    ("-gke.", "gke"),
    (".azmk8s.io", "aks"),
    (".k8s.ondigitalocean.com", "doks"),
    ("+k3s", "k3s"),
    ("-k3s", "k3s"),
    ("+rke2", "rke2"),
    ("openshift", "openshift"),
    ("talos", "talos"),
    ("minikube", "minikube"),
    ("kind-", "kind"),
    ("gke_", "gke"),
    ("arn:aws", "eks"),
];

fn distribution(facts: &ClusterFacts) -> &'static str {
    let version = facts.version["gitVersion"].as_str().unwrap_or_default();
    let has = |text: &str, mark: &str| text.contains(mark);
    let external = facts.external_id.as_deref().unwrap_or_default();
    MARKS
        .into_iter()
        .find(|(mark, _)| match *mark {
            "kind-" | "gke_" | "arn:aws" => external.starts_with(mark),
            "minikube" => external == *mark,
            mark => has(version, mark) || has(&facts.server_url, mark),
        })
        .map_or("unknown", |(_, name)| name)
}

fn stored_time(text: &str) -> Option<String> {
    stocktake_model::parse_time(text)
        .ok()
        .map(stocktake_model::normalise)
}

/// The object without the keys that have no value.
fn compact(value: Value) -> Value {
    match value {
        Value::Object(map) => map
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    #[test]
    fn a_cluster_keeps_four_facts_in_cluster_info() {
        let facts = ClusterFacts {
            id: "uid".into(),
            name: "prod".into(),
            created: Some("2024-05-01T10:00:00.5Z".into()),
            version: json!({"major": "1", "minor": "30+", "platform": "linux/amd64",
                "gitVersion": "v1.30.1-eks-abc", "buildDate": "2024-04-01T00:00:00Z"}),
            server_url: "https://api".into(),
            context: "prod".into(),
            contexts: vec!["prod".into(), "prod-ro".into()],
            live: Some(true),
            ..ClusterFacts::default()
        };
        expect![[r"
            access:
              connected: true
            api_groups: []
            cluster_details:
              build_date: 2024-04-01T00:00:00Z
              context: prod
              contexts:
              - prod
              - prod-ro
              distribution: eks
              git_version: v1.30.1-eks-abc
            cluster_info:
              major: '1'
              minor: 30+
              platform: linux/amd64
              server_url: https://api
            ctime: 2024-05-01T10:00:00Z
            health:
              live: true
            id: uid
            kind: kubernetes_cluster
            name: prod
        "]]
        .assert_eq(&serde_yaml::to_string(&cluster_record(&facts).reported).unwrap());
    }
}
