//! Sizes of the record, for `metrics` and for people.
use crate::manifest::Manifest;
use crate::view::View;
use crate::{Store, StoreError};

/// Sizes of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Bytes of all files, what is attached included.
    pub disk_bytes: u64,
    /// Number of accounts.
    pub accounts: u64,
    /// Number of nodes of all accounts.
    pub nodes: u64,
    /// Number of edges of all accounts.
    pub edges: u64,
    /// Bytes of the blocks of the present state: nodes and edges of all accounts, compressed.
    pub live_bytes: u64,
    /// Bytes of what is attached to accounts.
    pub attachment_bytes: u64,
    /// Commits whose versions are kept.
    pub versions: u64,
    /// Bytes of all versions, as they are stored.
    pub version_bytes: u64,
}

impl Store {
    /// The sizes as they are now. Accounts with a damaged header count as empty.
    pub fn stats(&self) -> Result<Stats, StoreError> {
        let disk_bytes = self.files()?.trees.home.db().size_on_disk();
        let mut stats = Stats {
            disk_bytes: disk_bytes.map_err(|error| self.trouble(error))? + self.attachment_bytes(),
            attachment_bytes: self.attachment_bytes(),
            ..Stats::default()
        };
        (stats.versions, stats.version_bytes) = self.trees()?.version_sizes()?;
        for header in self.accounts() {
            stats.accounts += 1;
            match header {
                Ok(header) => {
                    stats.live_bytes += self.view(header.account())?.live_bytes()?;
                    stats.nodes += header.nodes;
                    stats.edges += header.edges;
                }
                Err(StoreError::Damaged(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(stats)
    }
}

impl View {
    fn live_bytes(&self) -> Result<u64, StoreError> {
        let blocks = self.manifests.values().flat_map(Manifest::blocks);
        self.trees().sizes(self.account(), blocks)
    }
}
