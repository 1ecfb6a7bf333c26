//! Reads the arguments, runs, and leaves with the exit code the answer deserves.
use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    stocktake::run(stocktake::Args::parse())
}
