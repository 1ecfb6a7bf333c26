//! What the core tells about its documents, workflows and clusters.
//!
//! Plain records: how they are shown is decided by the commands of the same names.
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stocktake_model::{Gap, Identity};

use crate::Progress;

/// A configuration document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigText {
    /// Its id, the present name.
    pub id: String,
    /// YAML with a comment above every key that is documented.
    pub text: String,
    /// Revision, for [`Services::save_config`].
    pub revision: u64,
}

/// What storing a document came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigSaved {
    /// Its id, the present name.
    pub id: String,
    /// New revision.
    pub revision: u64,
    /// What changed, as a unified diff; empty if nothing did.
    pub diff: String,
    /// What was accepted but deserves a look (unknown keys, overrides), one line each.
    pub warnings: Vec<String>,
}

/// A workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowInfo {
    /// Its name.
    pub name: String,
    /// Cron expression, if it runs by itself.
    pub schedule: Option<String>,
    /// Names of its steps, in order.
    pub steps: Vec<String>,
}

/// What starting a workflow came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowStarted {
    /// Its name.
    pub name: String,
    /// Id of the run: the new one, or the one on its way.
    pub task: String,
    /// Whether it is new.
    pub start: Start,
}

/// Whether a run is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// It was started just now.
    New,
    /// One was on its way; another follows when it is done.
    AlreadyRunning,
}

/// One thing that happens in a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunEvent {
    /// It has come this far.
    Progress(Progress),
    /// It is over.
    Finished {
        /// What it came to, for people: one line each.
        summary: Vec<String>,
        /// What went wrong, one line each.
        errors: Vec<String>,
    },
}

/// What a run of a workflow said, a line or more each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunLog {
    /// What it did.
    pub said: Vec<String>,
    /// What went wrong.
    pub errors: Vec<String>,
}

/// A run of a workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Name of the workflow.
    pub workflow: String,
    /// Id of the run.
    pub task: String,
    /// When it began.
    pub started: Timestamp,
    /// How long it took, or has taken so far.
    pub duration: Duration,
    /// Step it is in; `None` if it is over.
    pub step: Option<String>,
    /// How far it is, 0 to 100.
    pub percent: u8,
    /// Errors so far.
    pub errors: u64,
}

/// Which runs [`Services::workflow_history`] gives back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HistoryOptions {
    /// Of this workflow only.
    pub workflow: Option<String>,
    /// Begun before.
    pub started_before: Option<Timestamp>,
    /// Begun after.
    pub started_after: Option<Timestamp>,
    /// Those with errors, or all.
    pub only: RunFilter,
    /// At most so many; `None` for all.
    pub limit: Option<usize>,
}

/// Which runs count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RunFilter {
    /// All.
    #[default]
    All,
    /// Those with errors.
    WithErrors,
}

/// How it stands with one cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterStatus {
    /// Name in the configuration.
    pub name: String,
    /// UID of its `kube-system`; `None` if it was never reached.
    pub id: Option<String>,
    /// How sure its identity is.
    pub identity: Identity,
    /// Whether the configuration still names it.
    pub configured: bool,
    /// When it was collected last.
    pub collected: Option<Timestamp>,
    /// Version of its API server, e.g. `1.36`.
    pub version: Option<String>,
    /// Nodes known in it.
    pub nodes: u64,
    /// Edges between them.
    pub edges: u64,
    /// Things that could not be read.
    pub gaps: u64,
    /// Why the last collection failed, if it did.
    pub last_error: Option<String>,
}

/// A gap and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterGap {
    /// Name of the cluster.
    pub cluster: String,
    /// What is missing and why.
    pub gap: Gap,
}
