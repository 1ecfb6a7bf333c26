//! Where log lines go: standard error, errors only unless more was asked for.
use tracing_subscriber::EnvFilter;

/// Starts logging. `STOCKTAKE_LOG` (a `tracing` filter) wins over the number of `-v`.
pub(crate) fn start(verbose: u8) {
    let level = match verbose {
        0 => "error",
        1 => "info,kube=warn,sled=warn,rustyline=warn,hyper=warn,rustls=warn",
        _ => "debug,sled=info,rustyline=info,hyper=info,rustls=info,h2=info",
    };
    let filter = EnvFilter::try_from_env("STOCKTAKE_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    // A second start in one process (tests) keeps the first subscriber.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init();
}
