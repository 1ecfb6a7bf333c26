//! What the record knows about a node by itself, as a search sees it. Only the graph has it: the record keeps it in
//! its own form, so that it makes no node differ.
use jiff::Timestamp;
use stocktake_model::{Map, normalise};

/// Adds to the metadata of a node since when it is known.
pub(crate) fn state(metadata: &mut Map, first_seen: Timestamp) {
    let first_seen = normalise(first_seen).into();
    metadata.insert(FIRST_SEEN.to_owned(), first_seen);
}

/// Where [`state`] puts it.
pub(crate) const FIRST_SEEN: &str = "first_seen";
