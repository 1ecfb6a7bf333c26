//! Reads the arguments, runs, and leaves with the exit code the answer deserves.
use std::process::ExitCode;

fn main() -> ExitCode {
    stocktake::run(stocktake::Args::of_process())
}
