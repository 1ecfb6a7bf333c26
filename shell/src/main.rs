//! Reads the arguments, runs, and leaves with the exit code the answer deserves.
use std::process::ExitCode;

/// Reading a cluster makes and drops many small values on several threads: `docs/performance.md` has what it saves.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    stocktake::run(stocktake::Args::of_process())
}
