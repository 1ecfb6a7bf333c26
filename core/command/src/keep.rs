//! What people keep in the core for later: query templates, command lines as jobs, shorthands of the configuration.
//!
//! The traits are part of [`crate::Services`]; only the commands that manage these things use them.
use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stocktake_model::EdgeRule;

use crate::CommandError;

/// The stored query templates, and what plugins told about kinds.
pub trait Library: Send + Sync {
    /// Name and text of every template, by name.
    fn templates(&self) -> Result<Vec<(String, String)>, CommandError>;

    /// Stores a template, over the one that had the name. The text was checked already.
    fn save_template(&self, name: &str, text: &str) -> Result<(), CommandError>;

    /// Deletes a template; false if there was none of this name.
    fn delete_template(&self, name: &str) -> Result<bool, CommandError>;

    /// How kinds refer to each other, as the plugins say.
    fn edge_rules(&self) -> Vec<EdgeRule>;
}

/// The jobs: command lines that run by themselves.
#[async_trait]
pub trait Scheduler: Send + Sync {
    /// Every job, by id.
    fn jobs(&self) -> Result<Vec<Job>, CommandError>;

    /// Stores a job, over the one that had the id. Refuses a schedule or an event that cannot come.
    fn save_job(&self, job: &Job) -> Result<(), CommandError>;

    /// Deletes a job; false if there was none of this id.
    fn delete_job(&self, id: &str) -> Result<bool, CommandError>;

    /// Starts a job now, whatever its trigger, and gives back the id of the run. While it runs already, it runs once
    /// more afterwards.
    async fn run_job(&self, id: &str) -> Result<String, CommandError>;

    /// Jobs on their way, oldest first.
    fn running_jobs(&self) -> Vec<JobRun>;
}

/// A command line that runs by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// What it is called.
    pub id: String,
    /// The command line; placeholders are filled in when it runs.
    pub command: String,
    /// Whether its trigger counts; `jobs run` works either way.
    pub active: bool,
    /// Cron expression of five fields in the local time zone.
    pub schedule: Option<String>,
    /// Step of a workflow that starts it; with a schedule as well, it waits for the first such step after each tick.
    pub wait_for_event: Option<String>,
    /// Seconds it may take.
    pub timeout_secs: u64,
    /// Variables of whoever added it.
    pub env: BTreeMap<String, String>,
    /// Who added it.
    pub user: String,
    /// What became of it the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<JobEnd>,
}

/// How a run of a job ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobEnd {
    /// When it began.
    pub started: Timestamp,
    /// Exit code of the line.
    pub exit_code: u8,
    /// The first error, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A job on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRun {
    /// The job.
    pub id: String,
    /// The run.
    pub task: String,
    /// When it began.
    pub started: Timestamp,
}

/// A custom command: a shorthand for a command line, from the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Shorthand {
    /// One line for the list of commands.
    pub info: String,
    /// The text of `help NAME`.
    pub description: String,
    /// The command line, with `{{parameter}}` and `{{args}}` in places. Without either, arguments go to its end.
    pub template: String,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// Where on a line it may stand.
    pub place: Place,
}

/// A parameter of a custom command.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parameter {
    /// As it stands in the template.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What is used when it is not given; without one it must be.
    pub default: Option<String>,
}

/// Where on a line a custom command may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Place {
    /// Anywhere.
    #[default]
    Anywhere,
    /// Behind another command.
    AfterAnother,
}

impl Shorthand {
    /// A shorthand for a text, without parameters.
    pub fn new(template: impl Into<String>) -> Self {
        Self {
            template: template.into(),
            ..Self::default()
        }
    }
}

/// What a certificate is to be good for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CertificateRequest {
    /// Whom it is for; one of its names.
    pub common_name: String,
    /// More names.
    pub dns_names: Vec<String>,
    /// Addresses.
    pub ip_addresses: Vec<std::net::IpAddr>,
    /// Days it is valid, from today on.
    pub days_valid: u32,
}

/// A key and a certificate, both PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeCertificate {
    /// The private key.
    pub key: String,
    /// The certificate.
    pub certificate: String,
}

/// Numbers over time.
pub trait Chronicle: Send + Sync {
    /// Adds what was measured just now to a series.
    fn record_series(&self, name: &str, measured: &Measured) -> Result<(), CommandError>;

    /// What a series was, slot by slot. Nothing if there is no such series.
    fn series(&self, wanted: &SeriesOptions) -> Result<Vec<SeriesRow>, CommandError>;

    /// Every series, by name, and how often it was measured.
    fn series_names(&self) -> Result<Vec<(String, u64)>, CommandError>;

    /// Thins out what is old, and gives back how many measurements that were.
    fn downsample_series(&self) -> Result<u64, CommandError>;
}

/// A series at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// The moment.
    pub at: Timestamp,
    /// A number for each group.
    pub entries: Vec<SeriesEntry>,
}

/// The number of one group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeriesEntry {
    /// Names and values of the group.
    pub group: BTreeMap<String, String>,
    /// The number.
    pub v: f64,
}

/// What is asked of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesOptions {
    /// The series.
    pub name: String,
    /// From here on.
    pub start: Timestamp,
    /// Up to here, exclusive.
    pub end: Timestamp,
    /// Names of the groups to keep; the others are added up. All if absent.
    pub groups: Option<Vec<String>>,
    /// Groups to leave in: name and value that must, or must not, be there.
    pub filters: Vec<SeriesFilter>,
    /// Seconds of a slot; an hour at least.
    pub slot_secs: i64,
    /// How the moments of a slot become one number.
    pub aggregation: Aggregation,
}

/// A condition on a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesFilter {
    /// Name of the group.
    pub name: String,
    /// What it is compared with.
    pub value: String,
    /// Whether it has to be equal.
    pub equality: Equality,
}

/// Whether two things have to be equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Equality {
    /// They have to.
    Equal,
    /// They must not.
    Different,
}

/// How the moments of a slot become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the words say it")]
pub enum Aggregation {
    #[default]
    Avg,
    Sum,
    Min,
    Max,
}

/// One slot of a series, for one group.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesRow {
    /// Beginning of the slot.
    pub at: Timestamp,
    /// The group.
    pub group: BTreeMap<String, String>,
    /// The number.
    pub v: f64,
}
