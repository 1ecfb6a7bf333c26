//! Where a collection goes (a bounded channel of snapshot items), how far it is, and what it may build upon.
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use stocktake_model::{Known, SnapshotItem};
use tokio::sync::mpsc;

/// Takes the items of one snapshot. Bounded: a slow reader slows the collection down, memory does not grow.
pub type Sink = mpsc::Sender<SnapshotItem>;

/// Is asked what is known of an account before it is collected.
#[async_trait]
pub trait Memory: Send + Sync {
    /// What is known; nothing if that cannot be told.
    async fn known(&self, account: &str) -> Known;
}

/// Knows nothing: everything is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NoMemory;

#[async_trait]
impl Memory for NoMemory {
    async fn known(&self, _: &str) -> Known {
        Known::default()
    }
}

/// How far the collection of one account is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Progress {
    /// Name of the account, e.g. the context.
    pub account: String,
    /// Kinds read to their end, gaps included.
    pub kinds_done: u64,
    /// Kinds there are; zero until discovery has answered.
    pub kinds: u64,
    /// Objects read, or found to be the same.
    pub objects: u64,
    /// Gaps so far.
    pub gaps: u64,
    /// True when nothing more will come.
    pub done: bool,
    /// Where the time went so far.
    #[serde(default)]
    pub spent: Spent,
    /// Why the account as a whole failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// What the collection of one account cost. Lists are read beside each other: their times are added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Spent {
    /// Pages that were asked for, those asked for again included.
    pub requests: u64,
    /// Bytes of their answers, decompressed.
    pub bytes: u64,
    /// Objects that were not read because they are known as they are.
    pub unchanged: u64,
    /// Microseconds in which a page was waited for.
    pub waiting_us: u64,
    /// Microseconds of taking answers apart.
    pub decoding_us: u64,
    /// Microseconds of making nodes of objects.
    pub converting_us: u64,
    /// Microseconds in which whoever takes the snapshot was waited for.
    pub sending_us: u64,
}

/// Is told how far a collection is; called often, must be quick.
pub trait ProgressSink: Send + Sync {
    /// Takes the newest state; an older one may be forgotten.
    fn update(&self, progress: &Progress);
}
