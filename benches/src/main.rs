//! Measures speed and memory, prints tables, and writes the rows as JSON on request. Judges nothing: what is fast
//! enough stands in `docs/performance.md`.
mod changes;
mod fleet;
mod questions;
mod report;
mod scale;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about = "Measures stocktake")]
struct Arguments {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Subcommand)]
enum Bench {
    /// Loading, memory, changes and the eight questions, from small to great.
    Scale {
        /// About how many resources the largest inventory has.
        #[arg(long, default_value_t = 1_000_000)]
        resources: usize,
        /// Where to write one JSON object per row.
        #[arg(long)]
        json: Option<PathBuf>,
        /// Leaves out the inventories below the largest, and the single large cluster.
        #[arg(long)]
        only_largest: bool,
    },
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().bench {
        Bench::Scale {
            resources,
            json,
            only_largest,
        } => {
            let extent = if only_largest {
                scale::Extent::Largest
            } else {
                scale::Extent::All
            };
            scale::run(resources, extent, json.as_deref())
        }
    }
}
