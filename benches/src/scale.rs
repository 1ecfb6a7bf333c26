//! The cost per resource, from ten thousand to the largest inventory: loading, memory, answering, changing.
use std::path::Path;
use std::time::Instant;

use stocktake_engine::Graph;

use crate::changes::changes;
use crate::fleet::{DISTINCT, Fleet, Loaded};
use crate::questions::{QUESTIONS, count, documents, request};
use crate::report::{Report, repeat, rss_mib};

/// Objects of one cluster of a fleet.
const CLUSTER: usize = 5_000;
/// Objects of the one large cluster.
const LARGE: usize = 300_000;
/// Objects that change at once.
const CHANGED: usize = 1_000;

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Fleets of all sizes and the one large cluster.
    All,
    /// The largest fleet only.
    Largest,
}

/// Measures and prints.
pub(crate) fn run(resources: usize, extent: Extent, json: Option<&Path>) -> anyhow::Result<()> {
    let mut report = Report::new(json)?;
    if extent == Extent::All {
        large(resources.min(LARGE), &mut report)?;
    }
    let fleet = Fleet::generate(DISTINCT, CLUSTER);
    report.once(
        "convert objects to nodes",
        fleet.nodes(),
        DISTINCT,
        fleet.converting,
    )?;
    let mut sizes = match extent {
        Extent::All => vec![10_000, 100_000, resources],
        Extent::Largest => vec![resources],
    };
    sizes.retain(|size| *size <= resources);
    sizes.dedup();
    for size in sizes {
        let loaded = fleet.load(size);
        inventory("fleet", &loaded, &mut report)?;
        changes("fleet", &fleet, &loaded.graph, CHANGED / 10, &mut report)?;
    }
    Ok(())
}

fn large(resources: usize, report: &mut Report) -> anyhow::Result<()> {
    let fleet = Fleet::generate(1, resources);
    let loaded = fleet.load(1);
    inventory("one cluster", &loaded, report)?;
    changes("one cluster", &fleet, &loaded.graph, CHANGED, report)
}

fn inventory(load: &str, loaded: &Loaded, report: &mut Report) -> anyhow::Result<()> {
    let counts = loaded.graph.counts();
    let (graph, n) = (&loaded.graph, counts.nodes);
    report.once(
        &format!("{load}: encode and resolve"),
        n,
        counts.accounts,
        loaded.loading,
    )?;
    memory(load, graph, counts.edges, report)?;
    for (name, query) in QUESTIONS {
        let request = request(query)?;
        let start = Instant::now();
        let results = count(graph, &request)?;
        report.once(&format!("{name}, first"), n, results, start.elapsed())?;
        report.add(&repeat(name, n, || count(graph, &request))?)?;
    }
    for (name, query) in QUESTIONS {
        let request = request(query)?;
        let row = repeat(&format!("{name}, documents"), n, || {
            documents(graph, &request)
        })?;
        report.add(&row)?;
    }
    memory(load, graph, counts.edges, report)
}

fn memory(load: &str, graph: &Graph, edges: usize, report: &mut Report) -> anyhow::Result<()> {
    report.note(&format!(
        "{load}: {} MiB in the graph, {} MiB in the process, {edges} edges",
        graph.memory_bytes() >> 20,
        rss_mib()
    ))
}
