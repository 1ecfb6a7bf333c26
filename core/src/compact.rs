//! Looking after the record: its sizes, and giving back space.
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
        self.keep_form(account);
        self.prune(account);
        if let Err(error) = self.0.store.compact_if_due() {
            tracing::warn!(%error, "space could not be given back");
        }
    }
}
