//! What can be said on the command line of the program itself.
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

/// An inventory of everything that runs in your Kubernetes clusters.
///
/// Without a command: collects the clusters of your kubeconfig and opens a prompt. Lines come from `-c`, from standard input
/// when that is not a terminal, or from the prompt.
#[derive(Debug, Clone, Parser)]
#[command(version, max_term_width = 100, after_help = EXAMPLES)]
pub struct Args {
    /// Run this line and exit; may be given several times
    #[arg(short = 'c', long = "command", value_name = "LINE")]
    pub lines: Vec<String>,

    /// Directory of the inventory [default: `$XDG_DATA_HOME/stocktake`]
    #[arg(long, value_name = "DIR", global = true, env = "STOCKTAKE_DATA_DIR")]
    pub data_dir: Option<PathBuf>,

    /// Use only these contexts of the kubeconfig; may be given several times
    #[arg(long = "context", value_name = "NAME", global = true)]
    pub contexts: Vec<String>,

    /// When to use colours
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true)]
    pub color: Color,

    /// Tell more on standard error; -vv tells everything
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,

    /// What to run; the prompt if left out
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// The parts on their own.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Try it on three simulated clusters; nothing is kept
    Demo,
    /// Only the core: keeps the inventory, runs workflows on schedule, serves other stocktakes on its socket
    Core,
    /// Only a worker for the core on this data directory
    Worker,
    /// Only the prompt, attached to the core on this data directory
    Shell,
    /// Read command lines and run none: one JSON object per line, exit code 2 if one is wrong
    Check {
        /// Files with one command line per line [default: standard input]
        #[arg(value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

const EXAMPLES: &str = "\
Examples:
  stocktake demo
  stocktake -c 'search is(kubernetes_pod) | count namespace'
  echo 'search is(instance) | list name, instance_cores' | stocktake

Exit codes: 0 ok, 1 failed, 2 wrong usage, 3 answered from partial data";
