//! What is known of an account, for the worker that collects it again.
use std::collections::BTreeSet;

use stocktake_model::{Known, version_number};
use stocktake_store::AccountHeader;

use crate::core::Core;

impl Core {
    /// Kinds that were read whole, how, and the versions of their objects. Takes a moment for a large account.
    pub(crate) fn recall(&self, account: &str) -> Known {
        let Some(header) = self.headers().remove(account) else {
            return Known::default();
        };
        let graph = self.graph();
        let mut known = Known::default();
        for complete in header.complete {
            let Some(reading) = complete.reading else {
                continue;
            };
            let kind = complete.kind;
            let versions = graph.versions(account, &kind);
            let numbers = versions.map(|(uid, version)| version_number(&kind, uid, version));
            known.versions.extend(numbers);
            known.readings.insert(kind, reading);
        }
        known
    }
}

/// What was read in another way `now` than the rest of its kind makes it necessary to read the kind again. What follows a
/// reading with a slash is the same for every kind that has no definition; others are read again in any case.
pub(crate) fn forget_readings(
    header: &mut AccountHeader,
    kinds: &BTreeSet<&str>,
    now: Option<&str>,
) {
    let is_as_now = |reading: &String| {
        let rest = now.and_then(|now| reading.strip_prefix(now));
        rest.is_some_and(|rest| rest.starts_with('/'))
    };
    for complete in &mut header.complete {
        if kinds.contains(&*complete.kind) {
            complete.reading = complete.reading.take().filter(is_as_now);
        }
    }
}
