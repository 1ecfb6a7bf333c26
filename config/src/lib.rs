//! Typed configuration documents: defaults, reading with exact places of mistakes, changing a text
//! without losing its comments, hiding credentials.
//!
//! It reads no files, no environment and no store: texts and lookups are handed in.
mod check;
mod commands;
mod core;
mod document;
mod edges;
mod edit;
mod environment;
mod error;
mod files;
mod fill;
mod inventory;
mod k8s;
mod legacy;
mod mask;
mod parsed;
mod reference;
mod schema;
mod shape;
mod snapshots;
mod steps;
mod tree;
mod worker;
mod yaml;

pub use self::core::{CliConfig, CoreConfig, GraphConfig, Workflow, Workflows};
pub use commands::{CommandParameter, CommandsConfig, CustomCommand};
pub use document::{DocumentId, UnknownDocument};
pub use edges::{EdgeCondition, EdgeConfig, RefersBy};
pub use edit::{assignment, diff, set};
pub use error::{ConfigError, Place, Problem, ProblemKind};
pub use files::missing_files;
pub use fill::completed;
pub use inventory::{FileConfig, InventoryFile};
pub use k8s::{ConfigFile, ConfigMapData, K8sConfig, Propagation};
pub use mask::{MASK, masked, unmask};
pub use parsed::{Parsed, parse};
pub use snapshots::{SnapshotSchedule, SnapshotsConfig};
pub use worker::{CleanupGuards, WorkerConfig, WorkerSection};
