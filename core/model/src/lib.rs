//! The words every part of stocktake shares: kinds, nodes, edges, snapshots, gaps, edge rules, and
//! the small values that need one reading (durations, sizes, quantities, node ids).
//!
//! It does no I/O and reads no clock: whoever needs "now" passes it in.
mod amount;
mod base;
mod document;
mod duration;
mod edge;
mod external;
mod hash;
mod id;
mod kind;
mod known;
mod model;
mod near;
mod nested;
mod object;
mod overlay;
mod path;
mod rule;
mod snapshot;
mod time;
mod usage;

pub use amount::{AmountError, Size, quantity};
pub use base::base_kinds;
pub use document::Document;
pub use duration::{Duration, DurationError};
pub use edge::{EdgeType, Relation};
pub use external::{EXTERNAL_REFERENCES, ExternalReference};
pub use hash::mixed;
pub use id::{NodeId, NodeIdError};
pub use kind::{Kind, Property, PropertyType};
pub use known::{Known, version_number};
pub use model::{Model, Resolved, UnknownKind};
pub use near::near;
pub use object::ObjectRef;
pub use overlay::Overlay;
pub use path::{Path, PathError, Step};
pub use rule::{
    Condition, Derive, Direction, EdgeRule, Find, NamespaceFrom, OtherEnd, Over, Scope,
    SelectorForm, Take,
};
pub use snapshot::{
    Begin, Complete, EdgeRecord, End, Gap, GapReason, Identity, NodeRecord, Parent, Part,
    PartVersions, PluginModel, Same, SnapshotItem,
};
pub use time::{TimeError, normalise, parse_moment, parse_time};
pub use usage::{Measures, Metric, UsageBlock, UsageSample};

/// A JSON object; the shape of every section of a node.
pub type Map = serde_json::Map<String, serde_json::Value>;
