//! The record: what was collected and what people added to it, kept in sled.
//!
//! The only room that names sled. It knows nothing about queries or HTTP and reads no clock. Every call
//! blocks; an asynchronous caller uses `spawn_blocking`.
mod account;
mod attachment;
mod back;
mod backup;
mod block;
mod cache;
mod change;
mod changes;
mod commit;
mod compact;
mod delta;
mod document;
mod error;
mod files;
mod format;
mod gate;
mod header;
mod import;
mod key;
mod later;
mod layers;
mod log;
mod manifest;
mod nodes;
mod open;
mod overlay;
mod pin;
mod plugin;
mod prune;
mod record;
mod seal;
mod settle;
#[cfg(feature = "spoil")]
mod spoil;
mod stage;
mod stats;
mod sync;
mod usage;
mod version;
mod view;

pub use attachment::{Attached, PutSection};
pub use backup::{Backup, Entry, Restore, Shelf};
pub use change::Change;
pub use changes::{ChangeKind, Changes, VersionChange};
pub use commit::{CommitReport, Edges};
pub use compact::Compacted;
pub use document::Document;
pub use error::{Damaged, StoreError};
pub use format::FORMAT;
pub use header::AccountHeader;
pub use import::{Came, Import};
pub use open::Store;

pub use nodes::Nodes;
pub use prune::{Keep, Pruned};
pub use record::Records;
pub use stats::Stats;
pub use usage::KeepUsage;
pub use view::{StoredNode, View};
