//! The audit chain: every change made to a cluster, each entry sealed with the one before it. Where the entries
//! are kept is the business of others.
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stocktake_model::ObjectRef;

use crate::digest::digest;

/// What was done, before it is part of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// When.
    pub at: Timestamp,
    /// Who asked for it.
    pub who: String,
    /// The command line it came from, or the workflow.
    pub line: String,
    /// What was done: `delete`, `tag`, `restore`.
    pub action: String,
    /// Digest of the plan it was part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// What it was done to.
    pub object: ObjectRef,
    /// What became of it, e.g. `deleted`, `refused by gap`.
    pub verdict: String,
    /// What was said about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

/// An entry of the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Its number, from 1 on.
    pub number: u64,
    /// Digest of the entry before it; empty for the first.
    pub previous: String,
    /// What was done.
    pub deed: Deed,
    /// Digest of all of the above.
    pub digest: String,
}

/// A chain that is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuditError {
    /// An entry says something else than when it was written.
    #[error("audit entry {0} was changed")]
    Changed(u64),
    /// An entry does not follow the one before it.
    #[error("audit entry {found} stands where entry {expected} should")]
    Missing {
        /// Number that was due.
        expected: u64,
        /// Number that stands there.
        found: u64,
    },
    /// An entry was written after another one than the one before it.
    #[error("audit entry {0} does not follow the entry before it")]
    Broken(u64),
    /// The chain does not end as it is known to.
    #[error("the audit log ends with entry {0}, which is not the last that was written")]
    Cut(u64),
}

impl AuditEntry {
    fn computed_digest(&self) -> String {
        digest(&(self.number, &self.previous, &self.deed))
    }
}

/// The entry that follows `last`, or the first one.
pub fn next_entry(last: Option<&AuditEntry>, deed: Deed) -> AuditEntry {
    let mut entry = AuditEntry {
        number: last.map_or(1, |last| last.number.saturating_add(1)),
        previous: last.map(|last| last.digest.clone()).unwrap_or_default(),
        deed,
        digest: String::new(),
    };
    entry.digest = entry.computed_digest();
    entry
}

/// Checks a whole chain and returns how many entries it has.
///
/// A chain that was cut off at its end looks whole: `head`, the digest of the last entry as it was noted
/// elsewhere, uncovers that.
pub fn verify<'a>(
    entries: impl IntoIterator<Item = &'a AuditEntry>,
    head: Option<&str>,
) -> Result<u64, AuditError> {
    let (mut last, mut count) = ("", 0);
    for entry in entries {
        let expected = count + 1;
        if entry.number != expected {
            return Err(AuditError::Missing {
                expected,
                found: entry.number,
            });
        }
        if entry.digest != entry.computed_digest() {
            return Err(AuditError::Changed(expected));
        }
        if entry.previous != last {
            return Err(AuditError::Broken(expected));
        }
        last = &entry.digest;
        count = expected;
    }
    match head {
        Some(head) if head != last => Err(AuditError::Cut(count)),
        _ => Ok(count),
    }
}
