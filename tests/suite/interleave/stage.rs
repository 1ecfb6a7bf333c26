//! A cluster and a core with two workers in this process, each on a runtime of its own, so that the core can be killed.
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use serde_json::{Value, json};
use stocktake_client::Client;
use stocktake_command::{Context, Output, Services as _, execute};
use stocktake_core::{Core, OpenError, Options, Schedule};
use stocktake_kubernetes_sim::{
    Credential, Effect, Matcher, Permissions, Rule, Sim, SimOptions, Times,
};
use stocktake_worker::Worker;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::{Book, Happens, by_hand};

/// The config maps of the test.
pub(super) const NAMES: [&str; 5] = ["m0", "m1", "m2", "m3", "m4"];

/// A cluster.
pub(super) struct Here {
    sim: Sim,
    _runtime: Runtime,
}

fn map(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "shop"}, "data": {"a": "b"},
    })
}

impl Here {
    pub(super) fn new(seed: u64) -> Self {
        let runtime = Runtime::new().expect("a runtime for the server");
        let mut objects: Vec<Value> = ["kube-system", "default", "shop"]
            .map(
                |name| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}),
            )
            .into();
        objects.extend(NAMES.map(map));
        let mut system = map("m-system");
        system["metadata"]["namespace"] = json!("kube-system");
        objects.push(system);
        let options = SimOptions {
            seed,
            ..SimOptions::default()
        };
        let sim = runtime.block_on(Sim::start(objects, options));
        Self {
            sim: sim.expect("the server starts"),
            _runtime: runtime,
        }
    }

    pub(super) fn uid(&self, number: usize) -> Option<String> {
        let found = self
            .sim
            .object("", "configmaps", Some("shop"), NAMES[number])?;
        Some(found["metadata"]["uid"].as_str()?.to_owned())
    }

    pub(super) fn uids(&self) -> BTreeSet<String> {
        (0..NAMES.len())
            .filter_map(|number| self.uid(number))
            .collect()
    }

    /// Config maps in `kube-system`.
    pub(super) fn system(&self) -> usize {
        self.sim.names("", "configmaps", Some("kube-system")).len()
    }

    /// Changes an object in one step. Gives back its uid, unless it is on its way out already: then it may go.
    pub(super) fn edit(&self, number: usize, change: impl FnOnce(&mut Value)) -> Option<String> {
        let mut uid = None;
        let place = (Some("shop"), NAMES[number]);
        self.sim.edit(("", "configmaps"), place, |map| {
            if map["metadata"]["deletionTimestamp"].is_null() {
                uid = map["metadata"]["uid"].as_str().map(str::to_owned);
            }
            change(map);
        });
        uid
    }

    /// Takes an object out and puts another in its place; gives back the uid of the new one.
    pub(super) fn recreate(&self, number: usize) -> Option<String> {
        self.sim
            .remove("", "configmaps", Some("shop"), NAMES[number]);
        self.sim
            .put(map(NAMES[number]))
            .expect("config maps are served");
        self.uid(number)
    }

    pub(super) fn may_delete(&self, may: bool) {
        let delete = Rule::on(&["delete"], &["*"], &["*"]);
        let permissions = if may {
            Permissions::all()
        } else {
            Permissions::all().except(delete)
        };
        self.sim.set_permissions("admin", permissions);
    }

    /// The next request that would really delete goes wrong.
    pub(super) fn fail(&self, code: u16) {
        let real = Matcher::on("delete", "configmaps").really();
        self.sim
            .faults()
            .add(real, Effect::Status(code), Times::Only(1));
    }

    pub(super) fn heal(&self) {
        self.sim.faults().clear();
        self.may_delete(true);
    }

    /// Requests that deleted, or tried to.
    pub(super) fn deletions(&self) -> usize {
        let requests = self.sim.requests();
        requests.iter().filter(|one| one.method == "DELETE").count()
    }

    fn kubeconfig(&self) -> Value {
        let found = self.sim.kubeconfig("prod", Credential::Token("admin"));
        found.expect("there is an admin")
    }
}

/// A core that runs, and two workers.
struct Running {
    core: Core,
    runtime: Runtime,
}

pub(super) struct Stage {
    running: Option<Running>,
    home: TempDir,
}

impl Stage {
    /// A core that has collected the cluster, with cleaning switched on.
    pub(super) fn new(here: &Here) -> Self {
        let mut stage = Self {
            running: None,
            home: tempfile::tempdir().expect("a home"),
        };
        stage.restart();
        stage.lead_to(here);
        stage.line(
            "config set stocktake.worker worker.cleanup=true worker.cleanup_dry_run=false \
             worker.cleanup_guards.always_allowed=50 worker.cleanup_rate=1000 worker.cleanup_pool_size=2 \
             k8s.delete_wait_secs=0",
        );
        stage.line("workflows run collect");
        stage
    }

    /// From now on the context leads to this cluster.
    pub(super) fn lead_to(&self, here: &Here) {
        let values = vec![("k8s.configs".to_owned(), json!([here.kubeconfig()]))];
        let running = self.running();
        let set = running
            .runtime
            .block_on(running.core.set_config("stocktake.worker", values));
        set.expect("the configuration is valid");
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("it runs")
    }

    fn directory(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// Ends the core in the middle of whatever it does.
    fn kill(&mut self) {
        if let Some(Running { core, runtime }) = self.running.take() {
            drop(core);
            runtime.shutdown_timeout(Duration::from_secs(20));
        }
    }

    /// Ends the core and opens it again.
    pub(super) fn restart(&mut self) {
        self.kill();
        let runtime = Runtime::new().expect("a runtime for the core");
        let options = Options {
            data_dir: self.directory(),
            contexts: Vec::new(),
            schedule: Schedule::Ignore,
        };
        let core = runtime.block_on(async {
            loop {
                match Core::open(options.clone()).await {
                    Err(OpenError::Locked { .. }) => tokio::task::yield_now().await,
                    opened => return opened.expect("the core opens"),
                }
            }
        });
        for name in ["one", "two"] {
            runtime.spawn(Worker::new(Client::new(core.transport()), name).run());
        }
        self.running = Some(Running { core, runtime });
    }

    /// What a line says, errors included.
    pub(super) fn line(&self, line: &str) -> String {
        let running = self.running();
        running
            .runtime
            .block_on(said(running.core.clone(), line, None))
    }

    /// A plan of what may go now.
    pub(super) fn plan(&self) -> String {
        let running = self.running();
        let context = context("clean plan -o plan.json", None);
        let outputs = execute(context, Arc::new(running.core.clone()));
        let outputs: Vec<Output> = running.runtime.block_on(outputs.collect());
        let mut files = outputs.into_iter().filter_map(|output| match output {
            Output::File { content, .. } => Some(content),
            _ => None,
        });
        files.next().expect("a plan is a file")
    }

    pub(super) fn apply(&self, plan: &str) -> String {
        let running = self.running();
        let said = said(running.core.clone(), APPLY, Some(plan));
        running.runtime.block_on(said)
    }

    /// Carries a plan out. Things happen once the server has seen so many more requests; past `crash` the core dies.
    /// Gives back the uids others took out, and of what they changed.
    pub(super) fn apply_while(
        &mut self,
        plan: &str,
        here: &Here,
        mut during: Vec<(usize, Happens)>,
        crash: Option<usize>,
    ) -> (BTreeSet<String>, BTreeSet<String>) {
        during.sort_by_key(|(after, _)| *after);
        let running = self.running();
        let begun = here.sim.requests().len();
        let said = said(running.core.clone(), APPLY, Some(plan));
        let applying = running.runtime.spawn(said);
        let (mut by_others, mut book) = (BTreeSet::new(), Book::default());
        let mut during = during.into_iter().peekable();
        loop {
            let over = applying.is_finished();
            let seen = here.sim.requests().len() - begun;
            if let Some((_, one)) = during.next_if(|(after, _)| *after <= seen) {
                if let Happens::Recreate(number) = one {
                    by_others.extend(here.uid(number));
                }
                by_hand(here, one, &mut book);
                continue;
            }
            if over || crash.is_some_and(|crash| crash <= seen) {
                break;
            }
            std::thread::yield_now();
        }
        if crash.is_some() {
            self.kill();
            self.restart();
        }
        (by_others, book.stay)
    }
}

const APPLY: &str = "clean apply plan.json";

fn context(line: &str, plan: Option<&str>) -> Context {
    let files = plan.map(|plan| ("plan.json".to_owned(), plan.to_owned()));
    Context {
        line: line.to_owned(),
        user: "tester".to_owned(),
        files: files.into_iter().collect(),
        ..Context::default()
    }
}

fn said(core: Core, line: &str, plan: Option<&str>) -> impl Future<Output = String> + use<> {
    let outputs = execute(context(line, plan), Arc::new(core));
    outputs
        .filter_map(|output| async move {
            match output {
                Output::Text { line } => Some(format!("{line}\n")),
                Output::Error { message, .. } => Some(format!("error: {message}\n")),
                _ => None,
            }
        })
        .collect()
}
