//! Opening a large inventory: how long it takes from the start of a process to the first answer of each question, and how
//! much memory that takes. Every measurement is a process of its own; the files are likely in the memory of the system.
use std::io::{BufRead as _, BufReader, Write as _, stdout};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use futures::StreamExt as _;
use serde_json::{Value, json};
use stocktake_client::{Client, Execute, Merged, Transport};
use stocktake_command::Output;
use stocktake_core::{Core, Options, Schedule, socket_path};
use stocktake_store::Store;
use tokio::runtime::Runtime;

use crate::fleet::{DISTINCT, Fleet};
use crate::prompt::merge;
use crate::questions::QUESTIONS;
use crate::report::{Report, peak_mib, rss_mib};

/// Objects of one cluster.
const CLUSTER: usize = 5_000;
/// Written once the inventory in a directory is whole.
const READY: &str = "bench-ready.json";

/// Measures and prints. An inventory that is in `dir` already is used again.
pub(crate) fn run(
    resources: usize,
    dir: Option<PathBuf>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let temporary = tempfile::tempdir()?;
    let dir = dir.unwrap_or_else(|| temporary.path().to_owned());
    std::fs::create_dir_all(&dir)?;
    if !dir.join(READY).exists() {
        let told = import(resources, &dir)?;
        std::fs::write(dir.join(READY), told.to_string())?;
    }
    let ready: Value = serde_json::from_str(&std::fs::read_to_string(dir.join(READY))?)?;
    let number = |told: &Value, name: &str| -> usize {
        usize::try_from(told[name].as_u64().unwrap_or_default()).unwrap_or_default()
    };
    let (n, edges) = (number(&ready, "nodes"), number(&ready, "edges"));
    let took = Duration::from_millis(ready["took_ms"].as_u64().unwrap_or_default());
    report.once("import through the core", n, edges, took)?;
    report.note(&format!("{ready}"))?;
    let stats = Store::open(&dir)?.stats()?;
    report.note(&format!("{stats:?}"))?;
    for (at, (name, _)) in QUESTIONS.iter().enumerate() {
        let (took, told) = child(&["ask", &at.to_string()], &dir)?;
        report.once(
            &format!("open to {name}"),
            n,
            number(&told, "results"),
            took,
        )?;
        report.note(&format!("{told}"))?;
    }
    let (took, told) = child(&["ask", "all"], &dir)?;
    report.once("open to all of them", n, QUESTIONS.len(), took)?;
    report.note(&format!("{told}"))
}

/// Runs a part in a process of its own: the time until it tells something, and what.
fn child(part: &[&str], dir: &Path) -> anyhow::Result<(Duration, Value)> {
    let start = Instant::now();
    let mut child = Command::new(std::env::current_exe()?)
        .arg("part")
        .arg(dir)
        .args(part)
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    let out = child.stdout.take().context("it was piped")?;
    BufReader::new(out).read_line(&mut line)?;
    let took = start.elapsed();
    if !child.wait()?.success() {
        bail!("the part {part:?} failed");
    }
    Ok((took, serde_json::from_str(&line)?))
}

/// What a process of its own does.
pub(crate) fn part(dir: PathBuf, part: &[String]) -> anyhow::Result<()> {
    let runtime = stocktake_core::runtime()?;
    let options = Options {
        data_dir: dir,
        contexts: Vec::new(),
        schedule: Schedule::Ignore,
    };
    let start = Instant::now();
    let core = runtime.block_on(Core::open(options))?;
    let (opened, after_opening) = (start.elapsed(), rss_mib());
    let told = match part {
        [what] if what == "serve" => {
            let _tasks = runtime.block_on(async { core.start() })?;
            writeln!(stdout(), "ready")?;
            std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
            let filled = (rss_mib(), peak_mib());
            runtime.block_on(core.close());
            json!({"rss_mib": filled.0, "peak_mib": filled.1, "peak_mib_closed": peak_mib()})
        }
        [what, which] if what == "ask" => {
            let client = Client::new(core.transport());
            let asked: Vec<_> = match which.parse::<usize>() {
                Ok(at) => vec![QUESTIONS[at]],
                Err(_) => QUESTIONS.to_vec(),
            };
            let mut results = 0;
            let mut each = Vec::new();
            for (_, query) in &asked {
                let begin = Instant::now();
                results = runtime.block_on(answers(&client, query, asked.len() > 1))?;
                each.push(begin.elapsed().as_millis());
            }
            json!({"results": results, "opened_ms": opened.as_millis(), "answered_ms": each,
                "rss_mib_opened": after_opening, "rss_mib": rss_mib(), "peak_mib": peak_mib()})
        }
        _ => bail!("there is no part {part:?}"),
    };
    writeln!(stdout(), "{told}")?;
    Ok(())
}

/// Sends clusters to a core of its own process, as a worker would, until there are so many nodes; what the core said of
/// it and of itself.
fn import(resources: usize, dir: &Path) -> anyhow::Result<Value> {
    let fleet = Arc::new(Fleet::generate(DISTINCT, CLUSTER));
    let mut core = Command::new(std::env::current_exe()?)
        .arg("part")
        .arg(dir)
        .arg("serve")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut says = BufReader::new(core.stdout.take().context("it was piped")?).lines();
    says.next().context("the core did not start")??;
    let client = Client::new(Transport::unix(&socket_path(dir)));
    let runtime = Runtime::new()?;
    let mut sum = Imported::default();
    while sum.nodes < resources as u64 {
        let start = Instant::now();
        for merged in runtime.block_on(merge(&client, &fleet, sum.clusters))? {
            sum.add(&merged);
        }
        sum.took += start.elapsed();
    }
    drop(core.stdin.take());
    let memory: Value = serde_json::from_str(&says.next().context("the core ended early")??)?;
    if !core.wait()?.success() {
        bail!("the core did not end well");
    }
    let Imported {
        nodes,
        edges,
        clusters,
        took,
        spent,
    } = sum;
    let [packing, resolving, commit] = spent.map(|us| us / 1000);
    Ok(
        json!({"nodes": nodes, "edges": edges, "clusters": clusters, "took_ms": took.as_millis(),
        "packing_ms": packing, "edges_ms": resolving, "commit_ms": commit, "core": memory}),
    )
}

/// What clusters added up to.
#[derive(Default)]
struct Imported {
    nodes: u64,
    edges: u64,
    clusters: usize,
    took: Duration,
    /// For packing, edges and commits, in microseconds.
    spent: [u64; 3],
}

impl Imported {
    fn add(&mut self, merged: &Merged) {
        self.nodes += merged.nodes;
        self.edges += merged.edges;
        self.clusters += 1;
        let parts = &merged.spent;
        let parts = [parts.packing_us, parts.edges_us, parts.commit_us];
        for (sum, part) in self.spent.iter_mut().zip(parts) {
            *sum += part;
        }
    }
}

/// Asks a question as a person would; until the first line of the answer, or to its end.
async fn answers(client: &Client, query: &str, to_the_end: bool) -> anyhow::Result<usize> {
    let request = Execute {
        line: format!("search {query}"),
        ..Execute::default()
    };
    let mut outputs = Box::pin(client.execute(&request).await?);
    let mut lines = 0;
    while let Some(output) = outputs.next().await {
        match output? {
            Output::Error { message, .. } => bail!("`{query}`: {message}"),
            Output::Text { .. } => lines += 1,
            _ => {}
        }
        if lines > 0 && !to_the_end {
            break;
        }
    }
    Ok(lines)
}
