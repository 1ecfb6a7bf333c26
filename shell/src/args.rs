//! What can be said on the command line of the program itself.
use std::path::PathBuf;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// An inventory of everything that runs in your Kubernetes clusters.
///
/// Without a command: collects the clusters of your kubeconfig and opens a prompt. Lines come from `-c`, from standard input
/// when that is not a terminal, or from the prompt.
#[derive(Debug, Clone, Parser)]
#[command(version, max_term_width = 100, after_help = EXAMPLES)]
pub struct Args {
    /// Run this line and exit; may be given several times
    #[arg(short = 'c', long = "command", value_name = "LINE", global = true)]
    pub lines: Vec<String>,

    /// Directory of the inventory [default: `$XDG_DATA_HOME/stocktake`]
    #[arg(long, value_name = "DIR", global = true, env = "STOCKTAKE_DATA_DIR")]
    pub data_dir: Option<PathBuf>,

    /// Use only these contexts of the kubeconfig; may be given several times
    #[arg(long = "context", value_name = "NAME", global = true)]
    pub contexts: Vec<String>,

    /// Lay a value over the configuration while this runs, e.g. `worker.cleanup=true`; may be given several times
    #[arg(long = "override", value_name = "PATH=VALUE", global = true)]
    pub overrides: Vec<String>,

    /// Directory with files such as `stocktake.worker.yaml` that are laid over the configuration
    #[arg(
        long,
        value_name = "DIR",
        global = true,
        env = "STOCKTAKE_OVERRIDE_PATH"
    )]
    pub override_path: Option<PathBuf>,

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
    /// Collect the clusters once and exit
    Collect {
        /// Where to write what it cost, as JSON: requests, bytes, and the time of each step per cluster
        #[arg(long, value_name = "FILE")]
        report: Option<PathBuf>,
    },
    /// Try it on three simulated clusters; nothing is kept
    Demo,
    /// Only the core: keeps the inventory, runs workflows on schedule, serves other stocktakes on its socket
    Core,
    /// Only a worker for the core on this data directory
    Worker,
    /// Print the cluster roles it needs in a cluster: one to collect, one to tag and clean
    Rbac,
    /// Only the prompt, attached to the core on this data directory
    Shell,
    /// Print a completion script for your shell
    #[command(after_help = COMPLETION)]
    Completion {
        /// Which shell it is for
        shell: Shell,
    },
    /// Print the man page
    Man,
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

/// Name under which kubectl finds us on the path.
const PLUGIN: &str = "kubectl-stocktake";

impl Args {
    /// Reads the arguments of this process; wrong ones end it with exit code 2, `--help` and `--version` with 0.
    pub fn of_process() -> Self {
        let matches = program(std::env::args_os().next().map(PathBuf::from)).get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }
}

/// The program as clap knows it. Started by kubectl as a plugin, it calls itself what the person typed.
fn program(started_as: Option<PathBuf>) -> clap::Command {
    let stem = started_as.as_deref().and_then(|path| path.file_stem());
    if stem.is_some_and(|stem| stem == PLUGIN) {
        return Args::command().bin_name("kubectl stocktake");
    }
    Args::command()
}

/// The completion script for a shell.
pub(crate) fn completion(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "stocktake", &mut script);
    script
}

/// The man page, as roff.
pub(crate) fn man() -> std::io::Result<Vec<u8>> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Args::command()).render(&mut page)?;
    Ok(page)
}

const COMPLETION: &str = "\
Examples:
  stocktake completion bash > /etc/bash_completion.d/stocktake
  stocktake completion zsh > \"${fpath[1]}/_stocktake\"
  stocktake completion fish > ~/.config/fish/completions/stocktake.fish
  stocktake completion powershell | Out-String | Invoke-Expression";

const EXAMPLES: &str = "\
Examples:
  stocktake demo
  stocktake -c 'search is(kubernetes_pod) | count namespace'
  echo 'search is(instance) | list name, instance_cores' | stocktake

Exit codes: 0 ok, 1 failed, 2 wrong usage, 3 answered from partial data, 130 broken off by Ctrl-C";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_well_formed() {
        Args::command().debug_assert();
    }

    #[test]
    fn as_a_plugin_of_kubectl_it_is_called_as_it_was_typed() {
        let usage = |name: &str| program(Some(name.into())).render_usage().to_string();
        assert!(usage("/usr/bin/kubectl-stocktake").contains("kubectl stocktake [OPTIONS]"));
        assert!(usage("/usr/bin/stocktake").contains("Usage: stocktake [OPTIONS]"));
    }

    #[test]
    fn every_shell_has_a_script_and_the_manual_a_page() {
        for shell in Shell::value_variants() {
            let script = String::from_utf8(completion(*shell)).unwrap();
            assert!(script.contains("data-dir"), "{shell}");
        }
        let page = String::from_utf8(man().unwrap()).unwrap();
        assert!(
            page.contains(".TH stocktake 1") && page.contains("Exit codes"),
            "{page}"
        );
    }
}
