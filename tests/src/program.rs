//! The program, for the tests to start: the same one line as the shell's own `main`.
use std::process::ExitCode;

fn main() -> ExitCode {
    stocktake::run(stocktake::Args::of_process())
}
