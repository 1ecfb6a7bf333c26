//! Looking after the record: its sizes, and giving back space.
use std::path::Path;

use stocktake_command::{CommandError, SystemInfo};

use crate::core::Core;
use crate::past::store_error;

impl Core {
    /// How large everything is.
    pub(crate) async fn sizes(&self) -> Result<SystemInfo, CommandError> {
        let store = self.0.store.clone();
        let stats = tokio::task::spawn_blocking(move || store.stats()).await;
        let stats = stats
            .map_err(|error| CommandError::world(error.to_string()))?
            .map_err(store_error)?;
        Ok(SystemInfo {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            cpus: std::thread::available_parallelism().map_or(1, |count| count.get() as u64),
            mem_total: machine("MemTotal:"),
            mem_available: machine("MemAvailable:"),
            inside_docker: Path::new("/.dockerenv").exists(),
            started_at: self.0.started,
            accounts: stats.accounts,
            nodes: stats.nodes,
            edges: stats.edges,
            memory_bytes: self.graph().memory_bytes() as u64,
            disk_bytes: stats.disk_bytes,
            versions: stats.versions,
            version_bytes: stats.version_bytes,
        })
    }

    /// Rewrites the record without what is no longer needed.
    pub(crate) async fn compact_now(&self) -> Result<(u64, u64), CommandError> {
        let store = self.0.store.clone();
        let compacted = tokio::task::spawn_blocking(move || store.compact()).await;
        let compacted = compacted
            .map_err(|error| CommandError::world(error.to_string()))?
            .map_err(store_error)?;
        Ok((compacted.before, compacted.after))
    }

    /// What is due after a commit. Blocks.
    pub(crate) fn tidy(&self, account: &str) {
        self.prune(account);
        if let Err(error) = self.0.store.compact_if_due() {
            tracing::warn!(%error, "space could not be given back");
        }
    }
}

/// What Linux says of the memory of the machine, in bytes; other systems say it elsewhere.
fn machine(what: &str) -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(what))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib << 10)
}
