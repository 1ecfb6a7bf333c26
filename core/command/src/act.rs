//! What is changed in clusters and what is remembered of it: plans, the audit log, restored objects.
//!
//! The trait is part of [`crate::Services`]; only the commands about these things use it.
use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

use crate::{CommandError, Context, Elements, TagMode};

/// Plans, the audit log, restored objects.
#[async_trait]
pub trait Acting: Send + Sync {
    /// Freezes what would be deleted now of what is marked. Deletes nothing.
    async fn plan_cleanup(
        &self,
        wanted: PlanOptions,
        context: &Context,
    ) -> Result<PlannedCleanup, CommandError>;

    /// Carries out a plan this core has kept, given as the text of its file. Rows come as objects are done with:
    /// `{verdict, kind, name, namespace, cluster, message, reason, id}`. Dropping them begins nothing more. Where much would
    /// really go, it has to be confirmed.
    async fn apply_plan(
        &self,
        text: &str,
        confirmed: Option<Confirmation>,
        context: &Context,
    ) -> Result<Applied, CommandError>;

    /// Entries of the audit log, oldest first, and how many more there are that were left out for the limit.
    async fn audit(&self, wanted: AuditFilter) -> Result<(Vec<Value>, u64), CommandError>;

    /// Checks the audit log from its first entry to its last; gives back how many there are.
    async fn verify_audit(&self) -> Result<u64, CommandError>;

    /// Creates a deleted object again; gives back a row like those of [`Self::apply_plan`].
    async fn restore(
        &self,
        wanted: RestoreOptions,
        context: &Context,
    ) -> Result<Value, CommandError>;
}

/// What a plan is to be like.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PlanOptions {
    /// Guards switched off for it: `NAME`, or `NAME/KIND`.
    pub allow: Vec<String>,
    /// In which version objects may go.
    pub version: PlanVersion,
    /// What it is for.
    pub purpose: PlanPurpose,
}

/// In which version a planned object may be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PlanVersion {
    /// Only in the one that was seen.
    #[default]
    Seen,
    /// In any, as long as it is the same object.
    Any,
}

/// What a plan is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PlanPurpose {
    /// To be looked at.
    #[default]
    Look,
    /// To be carried out later: the core keeps it.
    Apply,
}

/// A plan, for people and for a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PlannedCleanup {
    /// Its file.
    pub text: String,
    /// One row per object: `{pass, verdict, kind, name, namespace, cluster, says, reason, by, takes, id}`.
    pub rows: Vec<Value>,
    /// What else people should know.
    pub notes: Vec<String>,
}

/// A plan that is being carried out.
pub struct Applied {
    /// What became of each object.
    pub rows: Elements,
    /// How many objects there are, by the name of their cluster.
    pub totals: BTreeMap<String, u64>,
    /// What else people should know.
    pub notes: Vec<String>,
}

/// How a person, or a script, says that so much is meant to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirmation {
    /// So many objects, by the name of their cluster.
    Counts(BTreeMap<String, u64>),
    /// The digest of the plan.
    Digest(String),
}

/// Which entries of the audit log are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditFilter {
    /// Of this object: its id, uid or name.
    pub object: Option<String>,
    /// Of this action: `delete`, `tag`, `restore`.
    pub action: Option<String>,
    /// By this person.
    pub who: Option<String>,
    /// With this verdict.
    pub verdict: Option<String>,
    /// In this cluster.
    pub cluster: Option<String>,
    /// Later than this.
    pub after: Option<Timestamp>,
    /// Earlier than this.
    pub before: Option<Timestamp>,
    /// So many, the newest; all if absent.
    pub limit: Option<usize>,
}

/// Which object is created again, and what of it was not kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RestoreOptions {
    /// Id of its node, or number of the entry of the audit log that tells of its deletion.
    pub id: String,
    /// Values of fields that were redacted, by path.
    pub fill: BTreeMap<String, String>,
    /// Whether it is really created.
    pub mode: TagMode,
}
