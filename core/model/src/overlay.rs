//! What people add to a node: wishes and marks. Never part of a snapshot, so that no collection loses them.
use serde::{Deserialize, Serialize};

use crate::Map;

/// What was added to one node.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Overlay {
    /// The desired section, e.g. `clean`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub desired: Map,
    /// Laid over the metadata of the record, key by key, e.g. `protected`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub metadata: Map,
}

impl Overlay {
    /// True if it says nothing.
    pub fn is_empty(&self) -> bool {
        self.desired.is_empty() && self.metadata.is_empty()
    }
}
