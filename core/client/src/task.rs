//! What the core asks a worker to do, and what the worker answers.
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stocktake_act::Approved;
use stocktake_model::{GapReason, ObjectRef};
use stocktake_plugin_api::{Change, Deletion, Manifest, Outcome, Spent, Trial, WatchStart};

/// A piece of work with its number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// Number of the work, to answer to.
    pub id: u64,
    /// What is to be done.
    pub task: Task,
    /// What the configuration allows a worker at the moment.
    #[serde(default)]
    pub limits: WorkLimits,
}

/// What the configuration allows a worker; sent with every piece of work, so that a change counts from the next one on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkLimits {
    /// Pieces of work a worker does at the same time; watches are not counted.
    pub pool_size: usize,
    /// Seconds one piece of work may take; a watch may go on.
    pub timeout_secs: u64,
}

impl Default for WorkLimits {
    fn default() -> Self {
        Self {
            pool_size: 5,
            timeout_secs: 10_800,
        }
    }
}

/// What a worker can be asked to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum Task {
    /// Collect every account of every plugin.
    Collect(CollectRequest),
    /// Follow one account until the core has heard enough.
    Watch(WatchRequest),
    /// Change tags of one object.
    Tag {
        /// Name of the plugin.
        plugin: String,
        /// Section of the plugin in the worker's configuration.
        section: Value,
        /// Which object.
        object: Box<ObjectRef>,
        /// What is to change.
        change: Change,
    },
    /// Delete one object.
    Delete {
        /// Name of the plugin.
        plugin: String,
        /// Section of the plugin in the worker's configuration.
        section: Value,
        /// The verdict that allows it.
        approved: Box<Approved>,
        /// How it is to be deleted.
        deletion: Deletion,
    },
    /// Read one object so that it can be created again.
    Keep {
        /// Name of the plugin.
        plugin: String,
        /// Section of the plugin in the worker's configuration.
        section: Value,
        /// Which object.
        object: Box<ObjectRef>,
    },
    /// Create one object again.
    Restore {
        /// Name of the plugin.
        plugin: String,
        /// Section of the plugin in the worker's configuration.
        section: Value,
        /// What it was.
        object: Box<ObjectRef>,
        /// What it is to be.
        manifest: Box<Manifest>,
        /// Whether it is really created.
        trial: Trial,
    },
}

/// Which accounts are to be collected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CollectRequest {
    /// Plugin name to its section in the worker's configuration.
    pub sections: Vec<(String, Value)>,
    /// Names of the accounts to collect; empty means all.
    #[serde(default)]
    pub only: Vec<String>,
    /// Accounts collected at the same time.
    pub parallel: usize,
}

/// Which account is to be watched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WatchRequest {
    /// Name of the plugin.
    pub plugin: String,
    /// Section of the plugin in the worker's configuration.
    pub section: Value,
    /// Name of the account, for people.
    pub account_name: String,
    /// Where to begin.
    pub start: WatchStart,
}

/// What became of a piece of work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub enum TaskResult {
    /// Of [`Task::Collect`].
    Collected(CollectSummary),
    /// Of every task about one object.
    Acted(Outcome),
    /// Of [`Task::Watch`]: it is over, because the core wanted no more.
    Watched,
    /// The worker could not do it at all.
    Failed {
        /// What happened.
        message: String,
    },
}

/// What became of a collection.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CollectSummary {
    /// One report per account that answered.
    pub accounts: Vec<AccountReport>,
    /// Accounts that could not be collected.
    pub failures: Vec<AccountFailure>,
    /// What else people should know, e.g. that two contexts lead to one cluster.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// An account that was collected and committed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AccountReport {
    /// Name for people.
    pub name: String,
    /// What the commit did.
    pub merged: Merged,
    /// What collecting it cost.
    #[serde(default)]
    pub spent: Spent,
    /// Milliseconds from the first request to the commit.
    #[serde(default)]
    pub took_ms: u64,
}

/// What the core did with one snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Merged {
    /// Id of the account.
    pub account: String,
    /// Nodes now in the account.
    pub nodes: u64,
    /// Edges now in the account.
    pub edges: u64,
    /// Nodes that are new.
    pub created: u64,
    /// Nodes that changed.
    pub updated: u64,
    /// Nodes that are gone.
    pub deleted: u64,
    /// Gaps in the snapshot.
    pub gaps: u64,
    /// Whether the graph of the account was made of all its documents, and not of what was different.
    #[serde(default)]
    pub rebuilt: bool,
    /// What taking it in cost.
    #[serde(default)]
    pub spent: MergeSpent,
}

/// What taking in one snapshot cost, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct MergeSpent {
    /// Packing nodes as they came.
    pub packing_us: u64,
    /// Making edges and derived properties.
    pub edges_us: u64,
    /// Writing, and swapping the graph.
    pub commit_us: u64,
}

/// An account that could not be collected. What the core holds of it stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountFailure {
    /// Name for people: of the account, or of the plugin if it is about none in particular.
    pub name: String,
    /// Whether it is about one account.
    pub is_account: bool,
    /// What happened, for programs.
    pub reason: GapReason,
    /// What happened, for people.
    pub message: String,
    /// The way out, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}
