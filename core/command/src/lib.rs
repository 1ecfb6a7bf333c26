//! The command line: lines, pipelines, commands and output formats. Reaches the world through [`Services`] only.
//!
//! It stores nothing, opens no socket and prints nothing: a line goes in, a stream of [`Output`] comes out.
//! On its way a line is cut (`line`), read and checked as a whole (`pipeline`), its search folded into one query
//! (`draft`), and run (`execute`).
mod act;
mod archive;
mod argument;
mod backup;
mod bars;
mod columns;
mod commands;
mod complete;
mod context;
mod draft;
mod error;
mod execute;
mod expand;
#[cfg(test)]
mod fixture;
mod flow;
mod form;
mod format;
mod ground;
mod keep;
mod line;
mod members;
mod moment;
mod mustache;
mod order;
mod output;
mod pairs;
mod pipeline;
mod placed;
mod placeholder;
mod reader;
mod scene;
mod services;
mod shorthand;
mod show;
mod spec;
mod status;
mod syntax;
mod table;
mod tally;
mod web;

pub use act::{
    Acting, Applied, AuditFilter, Confirmation, PlanOptions, PlanPurpose, PlanVersion,
    PlannedCleanup, RestoreOptions,
};
pub use archive::{Archive, Existing, ExportLines, KeptGraph, LIVE, graph_name, snapshot_name};
pub use argument::{Argument, Word};
pub use backup::{BackedUp, Backups};
pub use commands::{COMMANDS, Target, command, targets};
pub use complete::{Candidate, Completing, Completions, Wanted, What, complete};
pub use context::{Context, Terminal};
pub use draft::{Draft, Folded};
pub use error::{Class, CommandError};
pub use execute::{Checked, check, execute};
pub use flow::{Column, Flow, Layout, View};
pub use ground::Ground;
pub use keep::{
    Aggregation, CertificateRequest, Chronicle, Equality, Job, JobEnd, JobRun, Library,
    MadeCertificate, Measured, Parameter, Place, Scheduler, SeriesEntry, SeriesFilter,
    SeriesOptions, SeriesRow, Shorthand,
};
pub use moment::moment;
pub use output::{FileMode, Output, Progress};
pub use scene::{Call, Scene, Side};
pub use services::{
    DefaultOrder, Elements, Found, HistoryChange, HistorySearch, Marks, RunEvents, Search,
    Services, Settings, SystemInfo, TagChange, TagMode, TagTarget, WithEdges,
};
pub use spec::{Category, Command, Example, Shape, Spec, Stage};
pub use status::{
    ClusterGap, ClusterStatus, ConfigSaved, ConfigText, HistoryOptions, Run, RunEvent, RunFilter,
    RunLog, Start, WorkflowInfo, WorkflowStarted,
};
pub use tally::Tally;
pub use web::{Encoding, Trust, Web, WebRequest};
