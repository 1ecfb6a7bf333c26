//! The cost per object, from ten thousand to the largest inventory: loading, memory, answering, changing. Every inventory
//! is measured in a process of its own, which loads it from files: its memory is that of the inventory alone.
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use stocktake_engine::Graph;

use crate::changes::changes;
use crate::fleet::DISTINCT;
use crate::questions::{QUESTIONS, count, documents, request};
use crate::report::{Report, repeat, rss_mib};
use crate::saved::{Loaded, Saved};

/// Objects of one cluster of a fleet.
const CLUSTER: usize = 5_000;
/// Objects of the one large cluster.
const LARGE: usize = 300_000;

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Fleets of all sizes and the one large cluster.
    All,
    /// The largest fleet only.
    Largest,
    /// The one large cluster only.
    Cluster,
}

/// One inventory, for the process that measures it.
#[derive(Args)]
pub(crate) struct Inventory {
    /// Where the generated clusters are.
    #[arg(long)]
    dir: PathBuf,
    #[arg(long)]
    load: Load,
    /// How many clusters it has.
    #[arg(long)]
    clusters: usize,
    /// Where to add one JSON object per row.
    #[arg(long)]
    json: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Load {
    Fleet,
    OneCluster,
}

impl Load {
    fn name(self) -> &'static str {
        match self {
            Self::Fleet => "fleet",
            Self::OneCluster => "one cluster",
        }
    }

    /// Objects that change at once.
    fn changed(self) -> usize {
        match self {
            Self::Fleet => 100,
            Self::OneCluster => 1_000,
        }
    }
}

/// Generates inventories, and has each measured by a process of its own.
pub(crate) fn run(resources: usize, extent: Extent, json: Option<&Path>) -> anyhow::Result<()> {
    let mut report = Report::new(json)?;
    let dir = tempfile::tempdir()?;
    if extent != Extent::Largest {
        let objects = resources.min(LARGE);
        generate(dir.path(), 1, objects, &mut report)?;
        measure_apart(dir.path(), Load::OneCluster, 1, json)?;
    }
    if extent == Extent::Cluster {
        return Ok(());
    }
    generate(dir.path(), DISTINCT, CLUSTER, &mut report)?;
    let mut sizes = match extent {
        Extent::All => vec![10_000, 100_000, resources],
        _ => vec![resources],
    };
    sizes.retain(|size| *size <= resources);
    sizes.dedup();
    for size in sizes {
        measure_apart(dir.path(), Load::Fleet, size.div_ceil(CLUSTER), json)?;
    }
    Ok(())
}

fn generate(
    dir: &Path,
    clusters: usize,
    objects: usize,
    report: &mut Report,
) -> anyhow::Result<()> {
    let converted = Saved::generate(dir, clusters, objects)?;
    report.once(
        "convert objects to nodes",
        clusters * objects,
        converted.nodes,
        converted.took,
    )
}

fn measure_apart(
    dir: &Path,
    load: Load,
    clusters: usize,
    json: Option<&Path>,
) -> anyhow::Result<()> {
    let program = std::env::current_exe().context("where this program is")?;
    let load = load.to_possible_value().expect("no load is skipped");
    let mut command = Command::new(program);
    command.arg("measure").arg("--dir").arg(dir);
    command.args(["--load", load.get_name(), "--clusters"]);
    command.arg(clusters.to_string());
    if let Some(json) = json {
        command.arg("--json").arg(json);
    }
    let status = command.status().context("starting the measuring process")?;
    anyhow::ensure!(
        status.success(),
        "the measuring process ended with {status}"
    );
    Ok(())
}

/// Measures one inventory and prints.
pub(crate) fn measure(inventory: &Inventory) -> anyhow::Result<()> {
    let mut report = Report::resume(inventory.json.as_deref())?;
    let saved = Saved::open(&inventory.dir)?;
    let loaded = saved.load(inventory.clusters)?;
    let load = inventory.load;
    questions(load.name(), &loaded, &mut report)?;
    changes(load.name(), &saved, &loaded, load.changed(), &mut report)
}

fn questions(load: &str, loaded: &Loaded, report: &mut Report) -> anyhow::Result<()> {
    let (graph, n) = (&loaded.graph, loaded.objects);
    let counts = graph.counts();
    report.once(
        &format!("{load}: encode and resolve"),
        n,
        counts.nodes,
        loaded.loading,
    )?;
    report.note(&format!(
        "{load}: {} accounts, {n} objects, {} nodes, {} edges",
        counts.accounts, counts.nodes, counts.edges
    ))?;
    memory(load, "loaded", graph, report)?;
    for (name, query) in QUESTIONS {
        let request = request(query)?;
        let start = Instant::now();
        let results = count(graph, &request)?;
        report.once(&format!("{name}, first"), n, results, start.elapsed())?;
        // What the first made or asked for in vain is made by now: a core has it ready after a collection.
        let start = Instant::now();
        let results = count(graph, &request)?;
        report.once(&format!("{name}, second"), n, results, start.elapsed())?;
        report.add(&repeat(name, n, || count(graph, &request))?)?;
    }
    for (name, query) in QUESTIONS {
        let request = request(query)?;
        let row = repeat(&format!("{name}, documents"), n, || {
            documents(graph, &request)
        })?;
        report.add(&row)?;
    }
    memory(load, "every question asked", graph, report)
}

fn memory(load: &str, when: &str, graph: &Graph, report: &mut Report) -> anyhow::Result<()> {
    report.note(&format!(
        "{load}, {when}: {} MiB in the graph, {} MiB in the process",
        graph.memory_bytes() >> 20,
        rss_mib()
    ))
}
