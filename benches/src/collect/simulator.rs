//! The simulated cluster in a process of its own, told what to do by lines.
use std::io::{BufRead as _, BufReader, Write as _, stdin, stdout};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use stocktake_kubernetes_sim::fleet::FleetShape;
use stocktake_kubernetes_sim::{Effect, Matcher, RunningFleet, Times};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Time between two bursts of changes.
const BURST: Duration = Duration::from_millis(10);
/// Every so many changes one is the probe's.
const PROBE_EVERY: u64 = 50;

/// How the process is started.
#[derive(Args)]
pub(crate) struct Arguments {
    #[arg(long)]
    objects: usize,
    #[arg(long)]
    kubeconfig: PathBuf,
    /// Milliseconds that every page takes.
    #[arg(long)]
    page_ms: u64,
}

/// What the process is told.
#[derive(Serialize, Deserialize)]
enum Order {
    /// Forget the requests so far.
    Forget,
    /// Tell the requests since.
    Requests,
    /// Change objects: so many a second, for so many seconds; then tell when the probe was changed.
    Churn { a_second: u64, seconds: u64 },
}

/// A request that was answered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) query: String,
}

impl Asked {
    /// Whether it asked for a page of a list.
    pub(crate) fn is_page(&self) -> bool {
        self.query.contains("limit=")
    }
}

/// A running simulator; it ends when this is dropped.
pub(crate) struct Simulator {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    directory: TempDir,
}

impl Simulator {
    /// Starts a cluster of so many objects and waits until it answers.
    pub(crate) fn start(objects: usize, page_ms: u64) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let mut child = Command::new(std::env::current_exe()?)
            .args([
                "collect-part",
                "simulator",
                "--objects",
                &objects.to_string(),
                "--page-ms",
                &page_ms.to_string(),
            ])
            .arg("--kubeconfig")
            .arg(directory.path().join("kubeconfig"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let orders = child.stdin.take().context("it was piped")?;
        let answers = child.stdout.take().context("it was piped")?;
        let mut simulator = Self {
            child,
            orders,
            answers: BufReader::new(answers),
            directory,
        };
        simulator.answer::<()>()?;
        Ok(simulator)
    }

    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.directory.path().join("kubeconfig")
    }

    /// A place for files that live as long as the simulator.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn forget(&mut self) -> anyhow::Result<()> {
        self.ask(&Order::Forget)
    }

    /// Every GET since the last [`Self::forget`], oldest first.
    pub(crate) fn requests(&mut self) -> anyhow::Result<Vec<Asked>> {
        self.ask(&Order::Requests)
    }

    /// Begins to change objects; the answer is for [`Self::churned`].
    pub(crate) fn churn(&mut self, a_second: u64, seconds: u64) -> anyhow::Result<()> {
        self.tell(&Order::Churn { a_second, seconds })
    }

    /// Waits for the end of the changes: when the probe was changed, in milliseconds since 1970, and how many changes
    /// there were.
    pub(crate) fn churned(&mut self) -> anyhow::Result<(Vec<i64>, u64)> {
        self.answer()
    }

    fn tell(&mut self, order: &Order) -> anyhow::Result<()> {
        writeln!(self.orders, "{}", serde_json::to_string(order)?)?;
        Ok(self.orders.flush()?)
    }

    fn ask<T: DeserializeOwned>(&mut self, order: &Order) -> anyhow::Result<T> {
        self.tell(order)?;
        self.answer()
    }

    fn answer<T: DeserializeOwned>(&mut self) -> anyhow::Result<T> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        serde_json::from_str(&line).context("the simulator ended")
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // One that has ended by itself is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Serves until nobody tells it anything any more.
pub(crate) fn play(arguments: &Arguments) -> anyhow::Result<()> {
    let runtime = Runtime::new()?;
    let shape = FleetShape {
        clusters: 1,
        objects_per_cluster: arguments.objects,
        troubles: Vec::new(),
        now: Timestamp::now(),
        ..FleetShape::default()
    };
    let fleet = runtime.block_on(RunningFleet::start(&shape))?;
    std::fs::write(&arguments.kubeconfig, fleet.kubeconfig().to_string())?;
    answer(&())?;
    let (_, sim) = fleet.sims().next().context("there is one cluster")?;
    if arguments.page_ms > 0 {
        let lists = Matcher {
            verb: Some("list".to_owned()),
            ..Matcher::any()
        };
        let delay = Effect::Delay(Duration::from_millis(arguments.page_ms));
        sim.faults().add(lists, delay, Times::Forever);
    }
    let mut seen = 0;
    for line in stdin().lines() {
        match serde_json::from_str(&line?)? {
            Order::Forget => {
                seen = sim.requests().len();
                answer(&())?;
            }
            Order::Requests => {
                let requests = sim.requests().into_iter().skip(seen);
                let gets = requests.filter(|request| request.method == "GET");
                let asked = gets.map(|request| Asked {
                    path: request.path,
                    query: request.query,
                });
                answer(&asked.collect::<Vec<_>>())?;
            }
            Order::Churn { a_second, seconds } => answer(&churn(sim, a_second, seconds)?)?,
        }
    }
    Ok(())
}

fn answer(value: &impl Serialize) -> anyhow::Result<()> {
    let mut out = stdout().lock();
    writeln!(out, "{}", serde_json::to_string(value)?)?;
    Ok(out.flush()?)
}

/// Changes labels of pods one after the other, and now and then of the probe, which is told the time.
fn churn(
    sim: &stocktake_kubernetes_sim::Sim,
    a_second: u64,
    seconds: u64,
) -> anyhow::Result<(Vec<i64>, u64)> {
    let namespaces = sim.names("", "namespaces", None);
    let pods: Vec<(String, String)> = namespaces
        .into_iter()
        .flat_map(|namespace| {
            let names = sim.names("", "pods", Some(&namespace));
            names.into_iter().map(move |name| (namespace.clone(), name))
        })
        .collect();
    anyhow::ensure!(!pods.is_empty(), "there are no pods to change");
    let mut probes = Vec::new();
    let begun = std::time::Instant::now();
    let mut done = 0;
    while begun.elapsed() < Duration::from_secs(seconds) {
        let due = u128::from(a_second) * begun.elapsed().as_millis() / 1000;
        while u128::from(done) < due {
            if done % PROBE_EVERY == 0 {
                probes.push(probe(sim)?);
            } else {
                let at = usize::try_from(done)? % pods.len();
                let (namespace, name) = &pods[at];
                sim.edit(("", "pods"), (Some(namespace), name), |pod| {
                    pod["metadata"]["labels"]["bench"] = json!(done.to_string());
                });
            }
            done += 1;
        }
        std::thread::sleep(BURST);
    }
    Ok((probes, done))
}

/// Writes the time into the probe; the time.
fn probe(sim: &stocktake_kubernetes_sim::Sim) -> anyhow::Result<i64> {
    let now = Timestamp::now().as_millisecond();
    let label = json!(now.to_string());
    let place = (Some("default"), "bench-probe");
    if !sim.edit(("", "configmaps"), place, |map| {
        map["metadata"]["labels"]["bench"] = label.clone();
    }) {
        sim.put(json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "bench-probe", "namespace": "default", "labels": {"bench": label}},
        }))?;
    }
    Ok(now)
}
