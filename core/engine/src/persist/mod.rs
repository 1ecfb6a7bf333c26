//! A partition as bytes and back, so that opening an inventory copies arrays instead of reading documents. Where the
//! bytes are kept, whether they are damaged and which state they belong to is the business of whoever keeps them.
//!
//! The form is the memory itself, array by array ([`write`] says in which order), but for what costs less to make than
//! to read: edges seen from their other end, kinds of rows. Columns and sweeps are made again when they are asked for.
mod numbers;
mod read;
mod write;

use std::collections::BTreeSet;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use stocktake_model::{EdgeRecord, NodeId, Relation};

use crate::Partition;
use crate::partition::Row;

impl Partition {
    /// Number of the form in which [`Partition::to_arrays`] writes. Another number has another meaning.
    pub const FORM: u32 = 3;
}

/// Everything that is no array.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    /// Of the program that wrote it: what a newer one derives may differ.
    version: String,
    cloud: String,
    account: String,
    account_name: String,
    account_row: Row,
    kinds: Vec<(String, Range<Row>)>,
    properties: BTreeSet<String>,
    referring: BTreeSet<String>,
    derived: Vec<(String, Vec<bool>)>,
    explicit: Vec<EdgeRecord>,
    skipped: Vec<(Row, NodeId, Relation)>,
    stubs: Vec<Row>,
    /// Dropped nodes, dropped edges, lookups, cycle steps.
    counted: [usize; 4],
    region_kinds: BTreeSet<String>,
    /// Changes since all documents were read.
    #[serde(default)]
    changes: usize,
    had_loops: bool,
    resolved_by: Option<u64>,
    names_complete: bool,
    /// Number of buckets minus one, and of those that are common; absent if there is no index of words.
    words: Option<(u64, usize)>,
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

#[cfg(test)]
mod tests;
