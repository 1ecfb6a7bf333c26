//! What is known about an account besides its nodes: the state of its last collection.
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stocktake_model::{Begin, Complete, Gap, Map, PartVersions};

/// An account and the state of its last collection; committed together with its nodes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccountHeader {
    /// The account as the worker introduced it.
    pub begin: Begin,
    /// What could not be read: inside these nothing was removed.
    #[serde(default)]
    pub gaps: Vec<Gap>,
    /// Kinds that were read to their end.
    #[serde(default)]
    pub complete: Vec<Complete>,
    /// Versions of what was read namespace by namespace; of namespaces that are there only.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub parts: PartVersions,
    /// When the snapshot was committed.
    pub collected: Timestamp,
    /// Why the last collection changed nothing, if it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// Number of nodes. Counted by the store at a commit; given by the caller otherwise.
    #[serde(default)]
    pub nodes: u64,
    /// Number of edges. Counted by the store at a commit; given by the caller otherwise.
    #[serde(default)]
    pub edges: u64,
    /// True once the account is no longer in the configuration: it stays, but nothing in it is cleaned.
    #[serde(default)]
    pub unconfigured: bool,
    /// Whatever else the core keeps per account.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub more: Map,
}

impl AccountHeader {
    /// A header without gaps or counts.
    pub fn new(begin: Begin, collected: Timestamp) -> Self {
        Self {
            begin,
            gaps: Vec::new(),
            complete: Vec::new(),
            parts: PartVersions::new(),
            collected,
            last_error: None,
            nodes: 0,
            edges: 0,
            unconfigured: false,
            more: Map::new(),
        }
    }

    /// Id of the account.
    pub fn account(&self) -> &str {
        self.begin.account.id()
    }
}
