//! What commands need from the core, as one trait: the only way out of this crate.
//!
//! Nothing here says how it is done; the core implements it, tests have a small one of their own.
use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use jiff::Timestamp;
use serde_json::Value;
use stocktake_model::Map;
use stocktake_query::{Path, Query};

use crate::{
    Acting, Archive, Backups, CertificateRequest, Chronicle, ClusterGap, ClusterStatus,
    CommandError, ConfigSaved, ConfigText, Context, Ground, HistoryOptions, Library,
    MadeCertificate, Run, RunEvent, RunLog, Scheduler, Shorthand, Web, WorkflowInfo,
    WorkflowStarted,
};

/// Elements on their way through a pipeline: nodes, edges, rows, or any other JSON.
pub type Elements = BoxStream<'static, Result<Value, CommandError>>;

/// Progress and end of one run of a workflow.
pub type RunEvents = BoxStream<'static, RunEvent>;

/// Everything commands need from the core.
#[async_trait]
pub trait Services:
    Ground + Library + Scheduler + Chronicle + Acting + Archive + Backups + Web
{
    /// Runs a query. Nodes come as `{id, type: "node", revision, reported, desired, metadata, ancestors, …}`, edges as
    /// `{type: "edge", from, to, edge_type, reported}`, rows of an aggregate as `{group: {…}, <function>: …}`.
    async fn search(&self, search: Search) -> Result<Found, CommandError>;

    /// How a query would be run, without running it: one object.
    async fn explain(&self, search: Search) -> Result<Value, CommandError>;

    /// What happened to nodes that a query selects, in no order that is promised. Each row is the node as it was after
    /// the change (before it, if it was deleted) with the root fields `change`, `changed_at` and, unless it was
    /// created, `before`: what was reported until then.
    async fn history(&self, wanted: HistorySearch) -> Result<Found, CommandError>;

    /// How large everything is.
    async fn system_info(&self) -> Result<SystemInfo, CommandError>;

    /// Rewrites the record without what is no longer needed. Gives back its bytes before and after.
    async fn compact(&self) -> Result<(u64, u64), CommandError>;

    /// Merges `patch` into a section of every node of `ids`, one level deep; `null` deletes a key.
    ///
    /// Gives back the updated nodes in the order of `ids`; ids nobody knows are left out.
    async fn patch(
        &self,
        section: Marks,
        ids: Vec<String>,
        patch: Map,
        context: &Context,
    ) -> Result<Vec<Value>, CommandError>;

    /// Changes one tag of the object behind `node`, and gives back the node as it is afterwards.
    async fn tag(
        &self,
        node: Value,
        change: TagChange,
        context: &Context,
    ) -> Result<Value, CommandError>;

    /// Ids of all configuration documents, sorted.
    async fn configs(&self) -> Result<Vec<String>, CommandError>;

    /// A document, with comments, as it is edited. Old names (`resoto.core`) are understood everywhere.
    async fn config(&self, id: &str) -> Result<ConfigText, CommandError>;

    /// Stores a document. Another `revision` than the stored one is a conflict; `None` does not look.
    async fn save_config(
        &self,
        id: &str,
        text: String,
        revision: Option<u64>,
    ) -> Result<ConfigSaved, CommandError>;

    /// Sets single values of a document, by path (`worker.cleanup`).
    async fn set_config(
        &self,
        id: &str,
        values: Vec<(String, Value)>,
    ) -> Result<ConfigSaved, CommandError>;

    /// What storing a text would change, and what is odd about it; a mistake is an error. Without a text: how the stored
    /// document differs from the defaults. Nothing is stored.
    async fn compare_config(
        &self,
        id: &str,
        text: Option<String>,
    ) -> Result<ConfigSaved, CommandError>;

    /// JSON schema of a document, for editors.
    async fn config_schema(&self, id: &str) -> Result<Value, CommandError>;

    /// Deletes a document.
    async fn delete_config(&self, id: &str) -> Result<(), CommandError>;

    /// Copies a document.
    async fn copy_config(&self, from: &str, to: &str) -> Result<(), CommandError>;

    /// Every workflow, by name.
    async fn workflows(&self) -> Vec<WorkflowInfo>;

    /// Starts a workflow, or finds the run that is on its way.
    async fn run_workflow(&self, name: &str) -> Result<WorkflowStarted, CommandError>;

    /// What a run does from now on, until [`RunEvent::Finished`]; a run that is over has only that.
    async fn workflow_events(&self, task: &str) -> Result<RunEvents, CommandError>;

    /// Runs on their way, oldest first.
    async fn running_workflows(&self) -> Vec<Run>;

    /// Runs that are over, newest first.
    async fn workflow_history(&self, wanted: HistoryOptions) -> Result<Vec<Run>, CommandError>;

    /// What a run did, and what went wrong.
    async fn workflow_log(&self, task: &str) -> Result<RunLog, CommandError>;

    /// Ends a run before its time.
    async fn stop_workflow(&self, task: &str) -> Result<(), CommandError>;

    /// Every cluster, by name; those never yet reached included.
    async fn clusters(&self) -> Vec<ClusterStatus>;

    /// Everything that could not be read, by cluster; of one cluster (name or id) or of all.
    async fn gaps(&self, cluster: Option<&str>) -> Result<Vec<ClusterGap>, CommandError>;

    /// Makes a key and a certificate that signs itself.
    fn certificate(&self, request: &CertificateRequest) -> Result<MadeCertificate, CommandError>;

    /// Drops a cluster that is no longer configured, with everything in it. Gives back how many nodes that were.
    async fn forget_cluster(&self, name: &str, context: &Context) -> Result<u64, CommandError>;
}

/// What the configuration says about the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Section that paths are relative to; empty is the root.
    pub section: String,
    /// Time a search may take if the line names none.
    pub search_timeout: Option<Duration>,
    /// Shorthands for whole command lines, by what is typed.
    pub aliases: BTreeMap<String, Shorthand>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            section: "reported".to_owned(),
            search_timeout: None,
            aliases: BTreeMap::new(),
        }
    }
}

/// A query with everything that is said beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// The query, its paths already moved into their section, the edge type of the line in its preamble.
    pub query: Query,
    /// Whether edges are wanted.
    pub edges: WithEdges,
    /// How parts without a sort are ordered.
    pub order: DefaultOrder,
    /// Time it may take; past it, an error of the world that says so.
    pub timeout: Option<Duration>,
    /// Look at the past instead: a duration before now, or a time.
    pub at: Option<String>,
    /// Look at a graph that is kept instead of the live one.
    pub graph: Option<String>,
    /// Absolute paths below `ancestors`, `descendants` and `usage` that later commands read: their values have to be
    /// in the nodes, under exactly this path. The four of `ancestors` that every node has may be among them.
    pub wanted: Vec<Path>,
}

/// A question about changes.
#[derive(Debug, Clone, PartialEq)]
pub struct HistorySearch {
    /// One part with a filter and nothing else, its paths already moved into their section. `/change`, `/changed_at`
    /// and `/before…` are those of the row.
    pub query: Query,
    /// Nothing at this time or before.
    pub after: Option<Timestamp>,
    /// Nothing later than this.
    pub before: Option<Timestamp>,
    /// Only these changes; all if empty.
    pub changes: Vec<HistoryChange>,
    /// Time it may take.
    pub timeout: Option<Duration>,
}

/// What happened to a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HistoryChange {
    /// It is new.
    Created,
    /// It is different.
    Updated,
    /// It is gone.
    Deleted,
}

impl HistoryChange {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Created, Self::Updated, Self::Deleted];

    /// The word for it in `/change`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "node_created",
            Self::Updated => "node_updated",
            Self::Deleted => "node_deleted",
        }
    }
}

/// How large everything is; sizes in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SystemInfo {
    /// Version of the core.
    pub version: String,
    /// Processors the core may use.
    pub cpus: u64,
    /// Bytes of memory of the machine, where the system tells.
    pub mem_total: Option<u64>,
    /// Bytes of it that are free or can be made so.
    pub mem_available: Option<u64>,
    /// Whether the core runs in a container of Docker.
    pub inside_docker: bool,
    /// When the core was started.
    pub started_at: Timestamp,
    /// Number of accounts.
    pub accounts: u64,
    /// Number of nodes.
    pub nodes: u64,
    /// Number of edges.
    pub edges: u64,
    /// What the graph takes in memory.
    pub memory_bytes: u64,
    /// What the record takes on the disk.
    pub disk_bytes: u64,
    /// Commits whose versions are kept.
    pub versions: u64,
    /// What the versions take of the record.
    pub version_bytes: u64,
}

/// Whether edges are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WithEdges {
    /// Nodes only.
    #[default]
    No,
    /// Each node is followed by the edges it was reached over.
    Yes,
}

/// How parts without a sort are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DefaultOrder {
    /// By kind, name and id; a lone full text term by relevance.
    #[default]
    Cli,
    /// In no order that is promised.
    Any,
}

/// The answer to a search.
pub struct Found {
    /// What was found.
    pub elements: Elements,
    /// How the query was read, where that was not obvious; one line each.
    pub hints: Vec<String>,
    /// Age of the oldest data that was read, in seconds.
    pub data_age_secs: Option<u64>,
    /// Gaps in the data that was read.
    pub gaps: u64,
}

/// A section that belongs to users, not to collectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marks {
    /// What is wished for: `desired`.
    Desired,
    /// What is known about it: `metadata`.
    Metadata,
}

impl Marks {
    /// Name of the section.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Desired => "desired",
            Self::Metadata => "metadata",
        }
    }
}

/// A change of one tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagChange {
    /// Its key.
    pub key: String,
    /// Its new value; `None` deletes it.
    pub value: Option<String>,
    /// What the tag is in the world.
    pub target: TagTarget,
    /// Whether it is really done.
    pub mode: TagMode,
}

/// What a tag is in the world, where there is a choice (Kubernetes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TagTarget {
    /// An annotation: what `tags` shows.
    #[default]
    Annotations,
    /// A label: selectors may depend on it.
    Labels,
}

/// Whether a change is really done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TagMode {
    /// Do it.
    #[default]
    Apply,
    /// Only check that it could be done.
    DryRun,
}
