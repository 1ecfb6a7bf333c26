//! What nodes use, on its way from a snapshot into the record and the graph. It is no part of a document, and nothing
//! is missing without it: a record that does not take it is told in the log.
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use stocktake_command::CommandError;
use stocktake_engine::{Partition, Usage, UsageWindow};
use stocktake_model::{UsageBlock, UsageSample};
use stocktake_query::{Query, WithUsage};
use stocktake_store::Store;

use crate::core::Core;
use crate::open::readable;
use crate::search::command_error;

/// Days for which every sample is kept; later some of them.
pub(crate) const WHOLE_DAYS: u32 = 2;

/// Where a kind says how many cores it has, or may use; the first that is there counts.
const CORES: [(&str, &[&str]); 2] = [
    ("kubernetes_node", &["allocatable_cores"]),
    ("kubernetes_pod", &["limit_cores", "requested_cores"]),
];

/// The samples of a snapshot as those of its nodes.
pub(crate) fn measured(
    partition: &Partition,
    at: Timestamp,
    samples: Vec<UsageSample>,
) -> Vec<UsageBlock> {
    let mut kinds: BTreeMap<String, Vec<UsageSample>> = BTreeMap::new();
    for sample in samples {
        match kinds.get_mut(&sample.kind) {
            Some(known) => known.push(sample),
            None => {
                kinds.insert(sample.kind.clone(), vec![sample]);
            }
        }
    }
    let block = |(kind, samples): (&String, &Vec<UsageSample>)| {
        let known = CORES.iter().find(|(known, _)| known == kind);
        let cores = known.map_or(&[][..], |(_, cores)| cores);
        partition.measured(kind, at, samples, cores)
    };
    let blocks = kinds.iter().map(block);
    // Where nothing was measured, what is known stays.
    blocks.filter(|block| !block.nodes.is_empty()).collect()
}

/// Writes them down. Blocks.
pub(crate) fn keep(store: &Store, account: &str, blocks: &[UsageBlock]) {
    if blocks.is_empty() {
        return;
    }
    if let Err(error) = store.put_usage(account, blocks) {
        tracing::warn!(account, %error, "samples of usage could not be kept");
    }
}

/// The last of each kind, or the last until a time, as far as it can be read. Blocks.
pub(crate) fn last(store: &Store, account: &str, until: Option<Timestamp>) -> Vec<UsageBlock> {
    let last = readable(store.last_usage(account, until));
    last.into_iter().flatten().filter_map(readable).collect()
}

/// What each `with_usage` of a query asks for, as if nothing had been measured: enough to make a plan.
pub(crate) fn unread(query: &Query) -> Vec<(WithUsage, Arc<Usage>)> {
    let all = UsageWindow::all(query).into_iter();
    all.map(|asked| (asked.clone(), Arc::default())).collect()
}

impl Core {
    /// What the samples come to that each `with_usage` of a query is about. Blocks.
    pub(crate) fn joined_usage(
        &self,
        query: &Query,
        now: Timestamp,
    ) -> Result<Vec<(WithUsage, Arc<Usage>)>, CommandError> {
        let mut joined = unread(query);
        for (asked, usage) in &mut joined {
            let window = UsageWindow::read(asked, now).map_err(command_error)?;
            let headers = self.headers();
            let blocks = headers.keys().flat_map(|account| {
                let found = self.0.store.usage(account, window.start..window.end);
                readable(found).into_iter().flatten().filter_map(readable)
            });
            *usage = Arc::new(Usage::over(&window, blocks));
        }
        Ok(joined)
    }
}
