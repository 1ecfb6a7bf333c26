//! What `system backup` needs of the world: everything as text, and a record made of such a text.
use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{CommandError, ExportLines};

/// Whoever copies and restores the record.
#[async_trait]
pub trait Backups: Send + Sync {
    /// Everything the record holds, and the kept graphs, as lines of text.
    async fn backup(&self) -> Result<ExportLines, CommandError>;

    /// Makes a record of the lines of a backup; it takes the place of the present one with the next start. All of it
    /// or, if any line is wrong, nothing.
    async fn restore_backup(&self, text: String) -> Result<BackedUp, CommandError>;
}

/// What is known about a backup without looking into it: its first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackedUp {
    /// Version of the program that made it.
    pub version: String,
    /// The moment it shows.
    pub taken: Timestamp,
    /// Number of accounts.
    pub accounts: u64,
    /// Number of nodes, without cloud, accounts and stubs.
    pub nodes: u64,
}
