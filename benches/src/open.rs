//! Opening a large inventory: how long it takes from the start of a process to the first answer of each question, and how
//! much memory that takes. Every measurement is a process of its own; the files are likely in the memory of the system.
use std::io::{BufRead as _, BufReader, Write as _, stdout};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use futures::StreamExt as _;
use serde_json::{Value, json};
use stocktake_client::{Client, Execute};
use stocktake_command::Output;
use stocktake_core::{Core, Options, Schedule};
use stocktake_store::Store;
use tokio::runtime::Runtime;

use crate::fleet::{DISTINCT, Fleet};
use crate::prompt::snapshot;
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
        let told = child(&["import", &resources.to_string()], &dir)?.1;
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
    let runtime = Runtime::new()?;
    let options = Options {
        data_dir: dir,
        contexts: Vec::new(),
        schedule: Schedule::Ignore,
    };
    let start = Instant::now();
    let core = runtime.block_on(Core::open(options))?;
    let (opened, after_opening) = (start.elapsed(), rss_mib());
    let client = Client::new(core.transport());
    let told = match part {
        [what, resources] if what == "import" => {
            let told = import(resources.parse()?, &runtime, &client)?;
            runtime.block_on(core.close());
            told
        }
        [what, which] if what == "ask" => {
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

/// Imports clusters until there are so many nodes.
fn import(resources: usize, runtime: &Runtime, client: &Client) -> anyhow::Result<Value> {
    let fleet = Fleet::generate(DISTINCT, CLUSTER);
    let before = rss_mib();
    let (mut nodes, mut edges, mut clusters) = (0, 0, 0);
    let mut took = Duration::ZERO;
    let mut spent = [0; 3];
    while nodes < resources {
        let items = snapshot(&fleet, clusters);
        let start = Instant::now();
        let merged = runtime.block_on(client.merge(futures::stream::iter(items)))?;
        took += start.elapsed();
        nodes += usize::try_from(merged.nodes)?;
        edges += usize::try_from(merged.edges)?;
        let parts = merged.spent;
        for (sum, part) in spent
            .iter_mut()
            .zip([parts.packing_us, parts.edges_us, parts.commit_us])
        {
            *sum += part / 1000;
        }
        clusters += 1;
    }
    let [packing, resolving, commit] = spent;
    Ok(
        json!({"nodes": nodes, "edges": edges, "clusters": clusters, "took_ms": took.as_millis(),
        "packing_ms": packing, "edges_ms": resolving, "commit_ms": commit,
        "rss_mib_before": before, "rss_mib": rss_mib(), "peak_mib": peak_mib()}),
    )
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
