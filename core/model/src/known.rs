//! What the core knows of an account before it is collected again, so that objects which did not change need neither be
//! read nor sent.
//!
//! An object of the same version (`resourceVersion`) is the same object; it comes to the same nodes if it is read in the
//! same way. How a kind was read is its *reading*: a text of the plugin's own, another one as soon as anything else than
//! the objects themselves could make nodes different (the program, its configuration, a schema, the server).
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::mixed;

/// Readings of kinds, and the objects that were read so.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Known {
    /// By kind.
    pub readings: BTreeMap<String, String>,
    /// The [`version_number`] of every object of these kinds that has a version. Eight bytes each, since there may be
    /// hundreds of thousands: of so many, one that changed is taken for one that did not in one of 10^13 cases.
    pub versions: Vec<u64>,
}

/// A number for an object at a version.
pub fn version_number(kind: &str, uid: &str, version: &str) -> u64 {
    let texts = [kind, uid, version].map(|text| text.bytes().chain([0]));
    mixed(texts.into_iter().flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_version_is_the_same_everywhere() {
        let number = version_number("kubernetes_pod", "6a1f", "812");
        assert_eq!(number, 1_498_651_686_331_120_657);
        assert_ne!(number, version_number("kubernetes_pod", "6a1f8", "12"));
    }
}
