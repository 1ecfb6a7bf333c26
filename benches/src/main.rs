//! Measures speed and memory, prints tables, and writes the rows as JSON on request. Judges nothing: what is fast
//! enough stands in `docs/performance.md`.
mod changes;
mod collect;
mod fleet;
mod layouts;
mod open;
mod peers;
mod prompt;
mod questions;
mod report;
mod saved;
mod scale;
mod shredded;
mod store;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// As in the binary that is measured here.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(about = "Measures stocktake")]
struct Arguments {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Subcommand)]
enum Bench {
    /// Collecting a simulated cluster, against `curl`; memory of a worker; how fast a watched change is seen.
    Collect {
        /// Objects of the cluster.
        #[arg(long, default_value_t = 5_000)]
        objects: usize,
        /// Milliseconds that every page takes the server; only the collection and `curl` are measured then.
        #[arg(long)]
        page_ms: Option<u64>,
        /// Where to write one JSON object per row.
        #[arg(long)]
        json: Option<PathBuf>,
    },
    /// What the bench starts itself again as.
    #[command(hide = true)]
    CollectPart {
        #[command(subcommand)]
        part: collect::Part,
    },
    /// Completion at the prompt of a core with a large inventory.
    Complete {
        /// About how many resources it has.
        #[arg(long, default_value_t = 1_000_000)]
        resources: usize,
        /// Where to write one JSON object per row.
        #[arg(long)]
        json: Option<PathBuf>,
    },
    /// One generated inventory, in this process.
    #[command(hide = true)]
    Measure(scale::Inventory),
    /// The same documents and questions to three databases.
    Peers {
        /// About how many objects there are.
        #[arg(long, default_value_t = 1_000_000)]
        resources: usize,
        /// Where the documents and the databases go, some five gigabytes; a directory that is removed afterwards if none is named.
        #[arg(long)]
        dir: Option<PathBuf>,
        /// Where to write one JSON object per row.
        #[arg(long)]
        json: Option<PathBuf>,
        /// Some of `duckdb`, `sqlite`, `postgres`; all of them if none is named.
        engines: Vec<String>,
    },
    /// Two forms of the same inventory: documents that are read in place, and a column per property.
    Layouts {
        /// Where to write one JSON object per row.
        #[arg(long)]
        json: Option<PathBuf>,
    },
    /// From the start of a process to the first answer, and the memory of the core.
    Open {
        /// About how many resources it has.
        #[arg(long, default_value_t = 1_370_000)]
        resources: usize,
        /// Where the inventory is or is to be made; it stays there. Otherwise in a directory that is removed.
        #[arg(long)]
        dir: Option<PathBuf>,
        /// Where to write one JSON object per row.
        #[arg(long)]
        json: Option<PathBuf>,
    },
    /// What the others measure in a process of its own.
    #[command(hide = true)]
    Part {
        /// Directory of an inventory.
        dir: PathBuf,
        /// Which, and what it needs.
        part: Vec<String>,
    },
    /// Loading, memory, changes and the eight questions, from small to great.
    Scale {
        /// About how many objects of the API the largest inventory has; containers and images come on top.
        #[arg(long, default_value_t = 1_000_000)]
        resources: usize,
        /// Where to write one JSON object per row.
        #[arg(long)]
        json: Option<PathBuf>,
        /// Leaves out the inventories below the largest, and the single large cluster.
        #[arg(long)]
        only_largest: bool,
        /// Leaves out everything but the single large cluster.
        #[arg(long, conflicts_with = "only_largest")]
        only_cluster: bool,
    },
    /// Disk and memory of the record: the version log of a day, a hundred collections, one large cluster as a stream.
    Store {
        /// Clusters of 5,000 objects that are collected again and again; 0 leaves that out.
        #[arg(long, default_value_t = 20)]
        clusters: usize,
        /// How often.
        #[arg(long, default_value_t = 100)]
        collections: usize,
        /// Objects of the one large cluster.
        #[arg(long, default_value_t = 300_000)]
        large: usize,
        /// Where to write one JSON object per row.
        #[arg(long)]
        json: Option<PathBuf>,
    },
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().bench {
        Bench::Collect {
            objects,
            page_ms,
            json,
        } => {
            let mut report = report::Report::new(json.as_deref())?;
            collect::run(objects, page_ms, &mut report)
        }
        Bench::CollectPart { part } => collect::play(part),
        Bench::Complete { resources, json } => {
            let mut report = report::Report::new(json.as_deref())?;
            prompt::run(resources, &mut report)
        }
        Bench::Measure(inventory) => scale::measure(&inventory),
        Bench::Peers {
            resources,
            dir,
            json,
            engines,
        } => {
            let mut report = report::Report::new(json.as_deref())?;
            let temporary = tempfile::tempdir()?;
            let directory = dir.as_deref().unwrap_or(temporary.path());
            peers::run(resources, directory, &engines, &mut report)
        }
        Bench::Layouts { json } => {
            let mut report = report::Report::new(json.as_deref())?;
            layouts::run(&mut report)
        }
        Bench::Open {
            resources,
            dir,
            json,
        } => {
            let mut report = report::Report::new(json.as_deref())?;
            open::run(resources, dir, &mut report)
        }
        Bench::Part { dir, part } => open::part(dir, &part),
        Bench::Scale {
            resources,
            json,
            only_largest,
            only_cluster,
        } => {
            let extent = match (only_largest, only_cluster) {
                (true, _) => scale::Extent::Largest,
                (_, true) => scale::Extent::Cluster,
                _ => scale::Extent::All,
            };
            scale::run(resources, extent, json.as_deref())
        }
        Bench::Store {
            clusters,
            collections,
            large,
            json,
        } => {
            let mut report = report::Report::new(json.as_deref())?;
            if clusters > 0 {
                store::churn(clusters, collections, &mut report)?;
            }
            store::stream(large, &mut report)
        }
    }
}
