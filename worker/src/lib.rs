//! The worker: takes work from a core, runs plugins, hands snapshots over. It never reads the store.
mod collect;
mod run;
mod watch;

pub use run::{Worker, models};
