//! What is known of an account, for the worker that collects it again.
use stocktake_model::{Known, version_number};

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
