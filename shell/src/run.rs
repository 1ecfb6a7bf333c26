//! From arguments to exit code.
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use stocktake_command::Class;
use stocktake_core::BadOverride;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::args::{self, Args, Command};
use crate::demo::Demo;
use crate::embed::{self, Embedded, Trouble};
use crate::render::Screen;
use crate::session::{CANCELLED, Seat, Session};
use crate::{asked, check, collect, demo, logs, page, prompt, rbac, script};

/// How long what is still written may take at the end of a demo.
const END: Duration = Duration::from_secs(5);

/// Runs the program.
pub fn run(args: Args) -> ExitCode {
    logs::start(args.verbose);
    let screen = Screen::new(args.color);
    // Another provider can only be there if this process ran us twice.
    let _ = rustls::crypto::ring::default_provider().install_default();
    match start(&args, screen) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            let hint = error
                .chain()
                .find_map(|cause| cause.downcast_ref::<Trouble>());
            screen.error(&format!("{error:#}"), None, hint.and_then(Trouble::hint));
            // As clap has it: what is wrong is how it was called.
            let usage = error.is::<BadOverride>();
            ExitCode::from(if usage { 2 } else { 1 })
        }
    }
}

fn start(args: &Args, screen: Screen) -> Result<u8> {
    let runtime = Arc::new(stocktake_core::runtime().context("cannot start the runtime")?);
    for complaint in embed::overrides(args)?.complaints() {
        screen.note(&complaint);
    }
    match &args.command {
        // What of these is a line was made one when the arguments were read.
        None | Some(Command::Search(_) | Command::Line(_)) => everything(args, screen, &runtime),
        Some(Command::Check { files }) => check::run(args, files),
        Some(Command::Collect { report }) => runtime.block_on(async {
            let embedded = Embedded::start(args, Seat::Script).await?;
            let session = Session::new(embedded.client(), screen, Seat::Script);
            let code = collect::run(&session, &embedded.client(), report.as_deref()).await;
            embedded.leave(screen).await;
            code
        }),
        Some(Command::Demo) => {
            let (code, directory) = show_demo(args, screen, &runtime)?;
            if let Some(runtime) = Arc::into_inner(runtime) {
                runtime.shutdown_timeout(END);
            }
            drop(directory);
            Ok(code)
        }
        Some(Command::Core) => runtime.block_on(embed::core_only(args, screen)),
        Some(Command::Worker) => runtime.block_on(embed::worker_only(args, screen)),
        Some(Command::Completion { shell }) => Ok(print(&args::completion(*shell))),
        Some(Command::Man) => Ok(print(&args::man().context("cannot write the man page")?)),
        Some(Command::Rbac) => {
            let seat = script::seat(args);
            runtime.block_on(async {
                let embedded = Embedded::start(args, seat).await?;
                let code = rbac::print(&embedded.client(), &embed::overrides(args)?).await;
                embedded.leave(screen).await;
                code
            })
        }
        Some(Command::Shell) => {
            let client = runtime.block_on(embed::attach(&embed::data_dir(args)?))?;
            converse(args, screen, &runtime, client)
        }
    }
}

fn print(text: &[u8]) -> u8 {
    // Nobody who closed the pipe wants to hear of it.
    let _ = page::print(text);
    0
}

/// For whoever has no clusters at hand, or none that answers.
const NOTHING_THERE: &str = "\
No cluster could be collected, so there is nothing to ask yet. Ways on:
  stocktake demo                    three simulated clusters: nothing to set up, nothing kept
  KUBECONFIG=FILE stocktake         the clusters of that kubeconfig
  config edit stocktake.worker      at the prompt: name kubeconfigs under `k8s.config_files`; then `workflows run collect`";

/// Core, worker and shell in one process, or a shell on the core that runs already.
fn everything(args: &Args, screen: Screen, runtime: &Arc<Runtime>) -> Result<u8> {
    let seat = script::seat(args);
    let embedded = runtime.block_on(Embedded::start(args, seat))?;
    if let Some(note) = embedded.note(args) {
        screen.aside(&note);
    }
    let client = embedded.client();
    let waits = args.lines.is_empty() || !args.lines.iter().all(|line| asked::needs_no_data(line));
    let first = if waits {
        runtime.block_on(embedded.collect_first(&Session::new(client.clone(), screen, seat)))?
    } else {
        0
    };
    let nothing_there = waits && runtime.block_on(client.info())?.accounts == 0;
    if nothing_there {
        screen.aside(NOTHING_THERE);
    }
    if seat == Seat::Prompt {
        screen.aside("`help` says what you can do, Tab completes, Ctrl-D leaves");
    }
    let code = if skips(first, seat) {
        first
    } else {
        converse(args, screen, runtime, client)?
    };
    runtime.block_on(embedded.leave(screen));
    // An answer from nothing is not a partial one: what failed is the collection.
    let from_nothing = nothing_there && code == Class::Partial.exit_code();
    Ok(if code == 0 || from_nothing {
        first
    } else {
        code
    })
}

/// The exit code, and the directory that is to be removed.
fn show_demo(args: &Args, screen: Screen, runtime: &Arc<Runtime>) -> Result<(u8, TempDir)> {
    let seat = script::seat(args);
    let demo = runtime.block_on(Demo::start(args, seat))?;
    let client = demo.client();
    let first = runtime.block_on(demo.collect(&Session::new(client.clone(), screen, seat)));
    if skips(first, seat) {
        return Ok((first, demo.end()));
    }
    if seat == Seat::Prompt {
        demo::welcome()?;
    }
    let code = converse(args, screen, runtime, client)?;
    Ok((code, demo.end()))
}

/// Ctrl-C while a script waits for the first collection ends the script; a person gets the prompt.
fn skips(first: u8, seat: Seat) -> bool {
    first == CANCELLED && seat == Seat::Script
}

/// Lines from `-c`, from standard input, or from the prompt.
fn converse(
    args: &Args,
    screen: Screen,
    runtime: &Arc<Runtime>,
    client: stocktake_client::Client,
) -> Result<u8> {
    let seat = script::seat(args);
    let session = Session::new(client.clone(), screen, seat);
    if !args.lines.is_empty() {
        return Ok(runtime.block_on(script::lines(&session, args.lines.iter().cloned().map(Ok))));
    }
    if seat == Seat::Script {
        let input = std::io::stdin().lines();
        return Ok(runtime.block_on(script::lines(&session, input)));
    }
    prompt::run(&session, screen, &client, runtime)
}
