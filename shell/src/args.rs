//! What can be said on the command line of the program itself.
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::asked::{self, Asked};
use crate::examples;

/// An inventory of everything that runs in your Kubernetes clusters.
///
/// Without a command: collects the clusters of your kubeconfig and opens a prompt. Lines come from `-c`, from standard input
/// when that is not a terminal, or from the prompt. Every command of the prompt can be run once as well: `stocktake clusters`,
/// `stocktake config list`; `stocktake help` lists them, and options of the program stand in front of them.
#[derive(Debug, Clone, Parser)]
#[command(
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    allow_external_subcommands = true,
    after_help = EXIT_CODES
)]
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
    /// Ask once, as kubectl is asked, and leave
    Search(Asked),
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
    /// A command of the prompt.
    #[command(external_subcommand)]
    Line(Vec<String>),
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
        let mut program = program(std::env::args_os().next().map(PathBuf::from));
        let matches = program.get_matches_mut();
        let read = Self::from_arg_matches(&matches).and_then(|args| args.spelled_out(&mut program));
        read.unwrap_or_else(|error| error.exit())
    }

    /// With a search or a command of the prompt turned into the line it stands for.
    fn spelled_out(mut self, program: &mut clap::Command) -> Result<Self, clap::Error> {
        match self.command.take() {
            Some(Command::Search(asked)) => self.lines.push(asked.line(&self.contexts)),
            Some(Command::Line(words)) => {
                if let [help, name] = &words[..]
                    && help == "help"
                    && program.find_subcommand(name).is_some()
                {
                    let asked = ["stocktake", name, "--help"];
                    return program.try_get_matches_from_mut(asked).map(|_| self);
                }
                self.lines
                    .push(asked::line(&words).map_err(|near| unknown(program, &words, &near))?);
            }
            other => self.command = other,
        }
        Ok(self)
    }
}

fn unknown(program: &mut clap::Command, words: &[String], near: &[&str]) -> clap::Error {
    let name = words.first().map_or("", String::as_str);
    let parts = program.get_subcommands().map(clap::Command::get_name);
    let hint = match stocktake_model::near(name, near.iter().copied().chain(parts)).first() {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "`stocktake --help` lists the parts, `stocktake help` the commands".to_owned(),
    };
    program.error(
        ErrorKind::InvalidSubcommand,
        format!("unknown command `{name}`\n  hint: {hint}"),
    )
}

/// The program as clap knows it. Started by kubectl as a plugin, it calls itself what the person typed.
fn program(started_as: Option<PathBuf>) -> clap::Command {
    let program = Args::command()
        .help_template(TEMPLATE)
        .before_help(examples::of("stocktake"))
        .mut_subcommands(|part| {
            let text = examples::of(part.get_name());
            part.help_template(TEMPLATE).before_help(text)
        });
    let stem = started_as.as_deref().and_then(|path| path.file_stem());
    if stem.is_some_and(|stem| stem == PLUGIN) {
        return program.bin_name("kubectl stocktake");
    }
    program
}

/// What it is, then how it is used, then the rest: examples say most in the least time.
const TEMPLATE: &str =
    "{about-with-newline}\n{before-help}{usage-heading} {usage}\n\n{all-args}{after-help}";

/// The completion script for a shell.
pub(crate) fn completion(shell: Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "stocktake", &mut script);
    script
}

/// The man page, as roff.
pub(crate) fn man() -> std::io::Result<Vec<u8>> {
    let mut page = Vec::new();
    let more = format!("{}\n\n{EXIT_CODES}", examples::of("stocktake"));
    clap_mangen::Man::new(Args::command().after_help(more)).render(&mut page)?;
    Ok(page)
}

const EXIT_CODES: &str = "\
Exit codes: 0 ok, 1 failed, 2 wrong usage, 3 answered from partial data, 130 broken off by Ctrl-C";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_well_formed() {
        Args::command().debug_assert();
    }

    #[test]
    fn completion_scripts_know_the_forms_of_an_answer() {
        for shell in [Shell::Bash, Shell::Zsh] {
            let script = String::from_utf8(completion(shell)).unwrap();
            let forms = "table wide json yaml name csv";
            assert!(script.contains(forms), "{shell}");
        }
    }

    #[test]
    fn as_a_plugin_of_kubectl_it_is_called_as_it_was_typed() {
        let usage = |name: &str| program(Some(name.into())).render_usage().to_string();
        assert!(usage("/usr/bin/kubectl-stocktake").contains("kubectl stocktake [OPTIONS]"));
        assert!(usage("/usr/bin/stocktake").contains("Usage: stocktake [OPTIONS]"));
    }

    #[test]
    fn every_part_begins_its_help_with_three_examples_that_can_be_typed() {
        let program = program(None);
        let parts = program.get_subcommands().cloned();
        for mut part in parts.chain([program.clone()]) {
            let help = part.render_long_help().to_string();
            let (before, examples) = help.split_once("Examples:\n").expect(&help);
            assert!(!before.contains("Usage:"), "{help}");
            let lines: Vec<&str> = examples
                .lines()
                .take_while(|line| line.starts_with("  "))
                .collect();
            assert!(lines.len() >= 3, "{help}");
            for line in lines {
                let words = examples::words(line).unwrap_or_else(|| panic!("{line}"));
                let matches = super::program(None).try_get_matches_from(&words);
                let args = matches.and_then(|matches| Args::from_arg_matches(&matches));
                let read = args.and_then(|args| args.spelled_out(&mut super::program(None)));
                assert!(read.is_ok(), "{line}: {read:?}");
            }
        }
    }

    #[test]
    fn a_search_and_commands_of_the_prompt_become_lines() {
        let read = |line: &str| {
            let matches = program(None).try_get_matches_from(line.split_whitespace());
            let args = Args::from_arg_matches(&matches.unwrap()).unwrap();
            args.spelled_out(&mut program(None))
        };
        let lines = |line: &str| read(line).unwrap().lines;
        assert_eq!(
            lines("stocktake --context prod search pods -n default"),
            ["search --context prod -n default pods"]
        );
        assert_eq!(
            lines("stocktake config show stocktake.core"),
            ["config show stocktake.core"]
        );
        assert_eq!(lines("stocktake count --help"), ["count --help"]);
        assert!(
            read("stocktake dmeo")
                .unwrap_err()
                .to_string()
                .contains("did you mean `demo`?")
        );
        let help = read("stocktake help demo").unwrap_err();
        assert_eq!(help.kind(), ErrorKind::DisplayHelp);
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
