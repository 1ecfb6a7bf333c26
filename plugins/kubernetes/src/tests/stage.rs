//! A simulated cluster, the plugin in front of it, and what came out.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};
use stocktake_kubernetes_sim::{Credential, Sim, SimOptions, User};
use stocktake_model::{
    Begin, Complete, End, Gap, NodeRecord, ObjectRef, PartVersions, SnapshotItem, UsageSample,
};
use stocktake_plugin_api::{Account, NoMemory, Plugin as _, PluginError, Progress, ProgressSink};
use tokio::sync::mpsc;

use crate::KubernetesPlugin;

/// Some objects of a small cluster: three namespaces, two nodes, pods in pages, a Secret, a custom kind.
pub(super) fn objects() -> Vec<Value> {
    let mut objects: Vec<Value> = ["kube-system", "web", "db"].map(namespace).into();
    for name in ["node-a", "node-b"] {
        objects.push(json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}}));
    }
    for number in 0..25 {
        let namespace = if number % 5 == 0 { "db" } else { "web" };
        objects.push(pod(namespace, &format!("pod-{number:02}")));
    }
    objects.push(json!({
        "apiVersion": "v1", "kind": "Secret", "type": "Opaque",
        "metadata": {"name": "login", "namespace": "web", "managedFields": [{
            "manager": "kubectl", "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1",
            "fieldsV1": {"f:data": {".": {}, "f:password": {}, "f:user": {}}, "f:type": {}},
        }]},
        "data": {"password": "Y2FuYXJ5LXNlY3JldA==", "user": "Y2FuYXJ5LXVzZXI="},
    }));
    for name in ["settings", "other"] {
        objects.push(json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": name, "namespace": "web"}, "data": {"a": "b"},
        }));
    }
    objects.extend(custom());
    objects
}

fn namespace(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
}

fn pod(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": namespace},
        "spec": {"nodeName": "node-a", "containers": [{"name": "main", "image": "nginx:1"}]},
    })
}

fn custom() -> [Value; 2] {
    [
        json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": "services.serving.acme.dev"},
            "spec": {
                "group": "serving.acme.dev", "scope": "Namespaced",
                "names": {"plural": "services", "singular": "service", "kind": "Service", "listKind": "ServiceList"},
                "versions": [{"name": "v1alpha1", "served": true, "storage": true,
                    "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}],
            },
        }),
        json!({
            "apiVersion": "serving.acme.dev/v1alpha1", "kind": "Service",
            "metadata": {"name": "hello", "namespace": "web"}, "spec": {"size": 3},
        }),
    ]
}

/// A simulated cluster with [`objects`] and the user `admin`.
pub(super) async fn cluster() -> Sim {
    with_users(vec![User::admin()]).await
}

pub(super) async fn with_users(users: Vec<User>) -> Sim {
    with_options(SimOptions {
        users,
        ..SimOptions::default()
    })
    .await
}

pub(super) async fn with_options(options: SimOptions) -> Sim {
    Sim::start(objects(), options).await.unwrap()
}

/// The configuration that leads to a cluster as this user, with further settings.
pub(super) fn section(sim: &Sim, user: &str, settings: Value) -> Value {
    let kubeconfig = sim.kubeconfig("test", Credential::Token(user)).unwrap();
    with_configs(&[kubeconfig], settings)
}

pub(super) fn with_configs(kubeconfigs: &[Value], mut settings: Value) -> Value {
    settings["configs"] = json!(kubeconfigs);
    settings
}

pub(super) async fn accounts(section: &Value) -> Vec<Result<Arc<dyn Account>, PluginError>> {
    KubernetesPlugin::new().hurried().accounts(section).await
}

pub(super) async fn account(section: &Value) -> Arc<dyn Account> {
    let mut accounts = accounts(section).await;
    assert_eq!(accounts.len(), 1, "one context");
    accounts.remove(0).unwrap()
}

/// One snapshot.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    pub begin: Option<Begin>,
    pub nodes: Vec<NodeRecord>,
    /// Complete kinds and how many objects they have.
    pub complete: BTreeMap<String, u64>,
    /// The same, as it was told.
    pub completed: Vec<Complete>,
    /// Versions of what was read namespace by namespace.
    pub parts: PartVersions,
    pub gaps: Vec<Gap>,
    pub usage: Vec<UsageSample>,
    /// Kinds as they were declared last.
    pub model: stocktake_model::Model,
    pub end: Option<End>,
    /// The last that was told about progress.
    pub progress: Progress,
}

/// Keeps the last that was told.
#[derive(Default)]
pub(super) struct Last(std::sync::Mutex<Progress>);

impl ProgressSink for Last {
    fn update(&self, progress: &Progress) {
        *self.0.lock().unwrap() = progress.clone();
    }
}

/// Collects one account.
pub(super) async fn collect(account: &dyn Account) -> Result<Snapshot, PluginError> {
    let (sink, mut items) = mpsc::channel(16);
    let last = Last::default();
    let take = async {
        let mut snapshot = Snapshot::default();
        while let Some(item) = items.recv().await {
            assert!(
                snapshot.end.is_none(),
                "nothing comes after the end: {item:?}"
            );
            match item {
                SnapshotItem::Begin(begin) => snapshot.begin = Some(begin),
                SnapshotItem::Model(model) => {
                    snapshot.model.add(model.kinds);
                }
                SnapshotItem::Edge(_) => {}
                SnapshotItem::Shared(_) | SnapshotItem::Same(_) => {
                    unreachable!("nothing is known: {item:?}")
                }
                SnapshotItem::Node(node) => snapshot.nodes.push(node.record().unwrap()),
                SnapshotItem::Complete(complete) => {
                    let kind = complete.kind.clone();
                    let before = snapshot.complete.insert(kind, complete.count);
                    assert_eq!(before, None, "a kind is complete once");
                    snapshot.completed.push(complete);
                }
                SnapshotItem::Part(part) => {
                    let parts = snapshot.parts.entry(part.kind).or_default();
                    parts.insert(part.namespace, part.resource_version);
                }
                SnapshotItem::Gap(gap) => snapshot.gaps.push(gap),
                SnapshotItem::Usage(sample) => snapshot.usage.push(sample),
                SnapshotItem::End(end) => snapshot.end = Some(end),
            }
        }
        snapshot
    };
    let (collected, mut snapshot) = tokio::join!(account.collect(sink, &last, &NoMemory), take);
    snapshot.progress = last.0.lock().unwrap().clone();
    collected.map(|()| snapshot)
}

/// Collects a cluster as `admin` with these settings.
pub(super) async fn collect_with(sim: &Sim, settings: Value) -> Snapshot {
    let account = account(&section(sim, "admin", settings)).await;
    collect(&*account).await.unwrap()
}

impl Snapshot {
    /// Names of the nodes of a kind, sorted.
    pub(super) fn names(&self, kind: &str) -> Vec<&str> {
        let nodes = self.nodes.iter().filter(|node| node.kind() == kind);
        let mut names: Vec<&str> = nodes.map(NodeRecord::name).collect();
        names.sort_unstable();
        names
    }

    /// The gaps that are not there by configuration, for people.
    pub(super) fn trouble(&self) -> String {
        let mut shown: Vec<String> = self
            .gaps
            .iter()
            .filter(|gap| gap.reason != stocktake_model::GapReason::NotCollected)
            .map(|gap| {
                let place = [&gap.kind, &gap.namespace, &gap.uid]
                    .map(|part| part.as_deref().unwrap_or("*"))
                    .join(" ");
                format!("{place}: {}: {}\n", gap.reason.as_str(), gap.message)
            })
            .collect();
        shown.sort();
        shown.concat()
    }

    /// Fails unless every id is there once.
    pub(super) fn assert_nothing_is_doubled(&self) {
        let mut ids = BTreeSet::new();
        for node in &self.nodes {
            assert!(ids.insert((node.kind(), node.id())), "{} twice", node.id());
        }
    }

    /// The node of a name as an object to act upon.
    pub(super) fn object(&self, kind: &str, name: &str) -> ObjectRef {
        let wanted = |node: &&NodeRecord| node.kind() == kind && node.name() == name;
        let node = self.nodes.iter().find(wanted).unwrap();
        let account = &self.begin.as_ref().unwrap().account;
        let id = node.node_id("k8s", account.id());
        ObjectRef::of(id, account.id(), account.name(), &node.reported).unwrap()
    }
}
