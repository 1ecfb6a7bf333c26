//! Watching: after any sequence of changes, with connections cut and versions forgotten in between, the graph is that
//! of a fresh collection.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::time::{Duration, Instant};

use futures::StreamExt as _;
use serde_json::{Value, json};
use stocktake_client::{AccountReport, Client, Execute};
use stocktake_command::Output;
use stocktake_core::{Core, OpenError, Options, Schedule};
use stocktake_kubernetes_sim::{Credential, Effect, Matcher, Sim, SimOptions, Times};
use stocktake_worker::Worker;
use tempfile::TempDir;
use tokio::task::JoinHandle;

/// How long anything may take to show before the test gives up.
const PATIENCE: Duration = Duration::from_mins(1);

/// A core with a worker, in this process.
pub(crate) struct Running {
    client: Client,
    tasks: Vec<JoinHandle<()>>,
    core: Core,
    home: TempDir,
}

impl Running {
    /// A core that has collected the cluster, and watches it if `settings` say so.
    pub(crate) async fn start(sim: &Sim, settings: &[&str]) -> Self {
        Self::start_as(sim, "admin", settings).await
    }

    /// The same as another user of the cluster.
    pub(crate) async fn start_as(sim: &Sim, user: &str, settings: &[&str]) -> Self {
        let running = Self::open(tempfile::tempdir().unwrap(), Schedule::Run).await;
        let kubeconfig = sim.kubeconfig("one", Credential::Token(user)).unwrap();
        running
            .line(&format!(
                "config set stocktake.worker k8s.configs=[{kubeconfig}]"
            ))
            .await;
        for setting in settings {
            running
                .line(&format!("config set stocktake.worker {setting}"))
                .await;
        }
        running.line("workflows run collect").await;
        running
    }

    /// A core over what was recorded.
    pub(crate) async fn open(home: TempDir, schedule: Schedule) -> Self {
        let options = Options {
            data_dir: home.path().to_owned(),
            contexts: Vec::new(),
            schedule,
        };
        let begun = Instant::now();
        let core = loop {
            match Core::open(options.clone()).await {
                // What the one before had on its way ends by itself, and then lets go of the directory.
                Err(OpenError::Locked { .. }) if begun.elapsed() < PATIENCE => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                opened => break opened.unwrap(),
            }
        };
        let mut tasks = core.start().unwrap();
        let client = Client::new(core.transport());
        tasks.push(tokio::spawn(Worker::new(client.clone(), "test").run()));
        Self {
            client,
            tasks,
            core,
            home,
        }
    }

    /// Ends everything; what is left is what was recorded.
    pub(crate) async fn stop(self) -> TempDir {
        self.core.close().await;
        for task in &self.tasks {
            task.abort();
        }
        for task in self.tasks {
            // It was aborted just now.
            let _ = task.await;
        }
        self.home
    }

    /// What a line prints.
    pub(crate) async fn line(&self, line: &str) -> String {
        let execute = Execute {
            line: line.to_owned(),
            user: "tester".to_owned(),
            ..Execute::default()
        };
        let outputs = self.client.execute(&execute).await.unwrap();
        let outputs: Vec<_> = outputs.collect().await;
        let mut text = String::new();
        for output in outputs {
            match output.unwrap() {
                Output::Text { line } => text += &(line + "\n"),
                Output::Error { message, .. } => panic!("{line}: {message}"),
                _ => {}
            }
        }
        text
    }

    /// Collects, and says what that cost and did.
    pub(crate) async fn collect(&self) -> AccountReport {
        self.line("workflows run collect").await;
        let last = self.client.last_collection().await.unwrap();
        last.unwrap().accounts.remove(0)
    }

    /// Every node with what it was sent with and what follows from others, and every edge; without times of the record.
    pub(crate) async fn graph(&self) -> String {
        let nodes = self.line("search all | format --json").await;
        let nodes: Vec<Value> = serde_json::from_str(&nodes).unwrap();
        let mut shown: Vec<String> = nodes
            .iter()
            .map(|node| node["reported"].to_string())
            .collect();
        shown.sort();
        let edges = self
            .line("search --with-edges id(root) -[0:]-> | format --dot")
            .await;
        let mut edges: Vec<&str> = edges.lines().filter(|line| line.contains("->")).collect();
        edges.sort_unstable();
        format!("{}\n{}", shown.join("\n"), edges.join("\n"))
    }

    /// Waits until a line prints something with this text in it.
    pub(crate) async fn prints(&self, line: &str, text: &str) {
        let begun = Instant::now();
        loop {
            let printed = self.line(line).await;
            if printed.contains(text) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{line}: no {text} in {printed}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until the graph is this one.
    pub(crate) async fn becomes(&self, expected: &str) {
        let begun = Instant::now();
        loop {
            let found = self.graph().await;
            if found == expected {
                return;
            }
            if begun.elapsed() > PATIENCE {
                let (found, expected) = difference(&found, expected);
                panic!("too much:\n{found}\nmissing:\n{expected}");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Lines of one text that are not in the other.
fn difference(a: &str, b: &str) -> (String, String) {
    let without = |a: &str, b: &str| -> String {
        let b: Vec<&str> = b.lines().collect();
        let lines: Vec<&str> = a.lines().filter(|line| !b.contains(line)).collect();
        lines.join("\n")
    };
    (without(a, b), without(b, a))
}

/// What a fresh inventory of the cluster holds.
pub(crate) async fn fresh(sim: &Sim) -> String {
    let running = Running::start(sim, &[]).await;
    let graph = running.graph().await;
    running.stop().await;
    assert!(
        graph.contains("kubernetes_pod") && graph.contains("->"),
        "{graph}"
    );
    graph
}

pub(crate) fn object(
    api_version: &str,
    kind: &str,
    namespace: &str,
    name: &str,
    rest: Value,
) -> Value {
    let mut object = json!({
        "apiVersion": api_version, "kind": kind, "metadata": {"name": name},
    });
    if !namespace.is_empty() {
        object["metadata"]["namespace"] = namespace.into();
    }
    merge(&mut object, rest);
    object
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

pub(crate) fn pod(name: &str, number: u32) -> Value {
    let rest = json!({
        "metadata": {"labels": {"app": format!("app-{}", number % 3)}},
        "spec": {
            "nodeName": format!("node-{}", number % 2), "serviceAccountName": "default",
            "containers": [{
                "name": "main", "image": format!("registry.test/app:{}", number % 4),
                "resources": {"requests": {"cpu": format!("{}m", 100 + number)}},
            }],
            "volumes": [{"name": "c", "configMap": {"name": format!("map-{}", number % 5)}}],
        },
        "status": {"phase": "Running"},
    });
    object("v1", "Pod", "web", name, rest)
}

fn definition(plural: &str, kind: &str) -> Value {
    let rest = json!({"spec": {
        "group": "acme.dev", "scope": "Namespaced",
        "names": {"plural": plural, "singular": kind.to_lowercase(), "kind": kind, "listKind": format!("{kind}List")},
        "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {
            "type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}},
        }}}],
    }});
    object(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        "",
        &format!("{plural}.acme.dev"),
        rest,
    )
}

pub(crate) fn objects() -> Vec<Value> {
    let mut objects: Vec<Value> = ["kube-system", "web"]
        .map(|name| object("v1", "Namespace", "", name, json!({})))
        .into();
    for number in 0..2 {
        let rest = json!({"status": {"capacity": {"cpu": "4", "memory": "8Gi"}}});
        objects.push(object("v1", "Node", "", &format!("node-{number}"), rest));
    }
    for number in 0..3 {
        let rest = json!({"spec": {"selector": {"app": format!("app-{number}")}}});
        objects.push(object(
            "v1",
            "Service",
            "web",
            &format!("app-{number}"),
            rest,
        ));
    }
    for number in 0..6 {
        objects.push(pod(&format!("pod-{number}"), number));
    }
    objects.push(definition("widgets", "Widget"));
    objects
}

/// A number that looks random and is the same in every run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    fn roll(&mut self, sides: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 33).unwrap() % sides
    }
}

/// One change, or one thing that goes wrong with the connections.
pub(crate) fn disturb(sim: &Sim, dice: &mut Dice) {
    let (number, other) = (dice.roll(12), dice.roll(40));
    let name = format!("pod-{number}");
    match dice.roll(14) {
        0..=4 => sim.put(pod(&name, other)).unwrap(),
        5 | 6 => {
            sim.remove("", "pods", Some("web"), &name);
        }
        7 => {
            let data = json!({"data": {"key": other.to_string()}});
            let map = object(
                "v1",
                "ConfigMap",
                "web",
                &format!("map-{}", number % 5),
                data,
            );
            sim.put(map).unwrap();
        }
        8 => {
            let rest = json!({"spec": {"selector": {"app": format!("app-{}", other % 3)}}});
            let service = object("v1", "Service", "web", &format!("app-{}", number % 3), rest);
            sim.put(service).unwrap();
        }
        9 => {
            let rest = json!({"roleRef": {"kind": "ClusterRole", "name": "view", "apiGroup": "rbac.authorization.k8s.io"},
                "subjects": [{"kind": "User", "name": format!("user-{}", other % 3), "apiGroup": "rbac.authorization.k8s.io"}]});
            let name = format!("binding-{}", number % 3);
            sim.put(object(
                "rbac.authorization.k8s.io/v1",
                "ClusterRoleBinding",
                "",
                &name,
                rest,
            ))
            .unwrap();
        }
        10 => {
            let widget = object(
                "acme.dev/v1",
                "Widget",
                "web",
                &name,
                json!({"spec": {"size": other}}),
            );
            sim.put(widget).unwrap();
        }
        11 => sim.cut_watches(),
        12 => {
            sim.cut_watches();
            sim.compact();
        }
        _ => {
            let rest = json!({"type": "Opaque", "data": {format!("key-{other}"): "eA=="}});
            sim.put(object(
                "v1",
                "Secret",
                "web",
                &format!("secret-{}", number % 2),
                rest,
            ))
            .unwrap();
        }
    }
}

pub(crate) async fn cluster() -> Sim {
    let options = SimOptions {
        bookmarks: Duration::from_millis(50),
        ..SimOptions::default()
    };
    Sim::start(objects(), options).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_watched_graph_is_that_of_a_fresh_collection() {
    let sim = cluster().await;
    let watched = Running::start(&sim, &["k8s.watch=true"]).await;
    let mut dice = Dice(7);
    for _ in 0..5 {
        for _ in 0..40 {
            disturb(&sim, &mut dice);
        }
        watched.becomes(&fresh(&sim).await).await;
    }
    let expected = watched.graph().await;
    let recorded = Running::open(watched.stop().await, Schedule::Ignore).await;
    recorded.becomes(&expected).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_core_that_starts_again_resumes_its_watches() {
    let sim = cluster().await;
    let watched = Running::start(&sim, &["k8s.watch=true"]).await;
    let home = watched.stop().await;
    let mut dice = Dice(3);
    for _ in 0..30 {
        disturb(&sim, &mut dice);
    }
    let watched = Running::open(home, Schedule::Run).await;
    watched.becomes(&fresh(&sim).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_is_gone_for_long_loses_nothing() {
    let sim = cluster().await;
    let watched = Running::start(&sim, &["k8s.watch=true"]).await;
    let verbs = ["watch", "list"].map(|verb| Matcher {
        verb: Some(verb.to_owned()),
        ..Matcher::any()
    });
    for matcher in verbs {
        sim.faults()
            .add(matcher, Effect::Status(503), Times::Forever);
    }
    sim.cut_watches();
    let mut dice = Dice(11);
    for _ in 0..60 {
        disturb(&sim, &mut dice);
    }
    sim.compact();
    sim.faults().clear();
    watched.becomes(&fresh(&sim).await).await;
    watched.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kinds_come_and_go_while_a_cluster_is_watched() {
    let sim = cluster().await;
    let watched = Running::start(&sim, &["k8s.watch=true"]).await;
    sim.put(definition("gadgets", "Gadget")).unwrap();
    let gadget = object(
        "acme.dev/v1",
        "Gadget",
        "web",
        "g",
        json!({"spec": {"size": 3}}),
    );
    sim.put(gadget).unwrap();
    watched.becomes(&fresh(&sim).await).await;
    let found = watched
        .line("search is(kubernetes_acme_dev_gadget) | count")
        .await;
    assert!(found.contains("total matched: 1"), "{found}");
    sim.remove("acme.dev", "gadgets", Some("web"), "g");
    let definitions = ("apiextensions.k8s.io", "customresourcedefinitions");
    sim.remove(definitions.0, definitions.1, None, "gadgets.acme.dev");
    watched.becomes(&fresh(&sim).await).await;
    watched.stop().await;
}
