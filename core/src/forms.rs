//! The graph of every account beside its record, so that the next start loads arrays instead of reading documents.
//! Made when nobody waits for it; what is missing or does not fit costs time at the next start and nothing else.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stocktake_engine::{Graph, Partition};
use stocktake_model::{Model, NodeId, NodeRecord, PluginModel};
use stocktake_store::{Attached, PutSection, StoreError, View};
use tracing::warn;

use crate::core::Core;
use crate::facts;

/// More changed nodes than one in this many, and reading all documents is as good.
const FEW: usize = 16;
/// Fewer changed nodes than this are replayed at the next start however small the account is.
const ALWAYS_FEW: usize = 256;

/// Which accounts differ from what is kept beside them.
#[derive(Debug, Default)]
pub(crate) struct Forms {
    /// Nodes that changed since, at least.
    due: Mutex<BTreeMap<String, usize>>,
    /// Held while one is made: they take memory and processor time, and nobody waits for them.
    making: Mutex<()>,
}

fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Forms {
    /// With these accounts to be made.
    pub(crate) fn new(due: impl IntoIterator<Item = String>) -> Self {
        Self {
            due: Mutex::new(due.into_iter().map(|account| (account, 0)).collect()),
            making: Mutex::default(),
        }
    }

    /// Notes that an account is another one as a whole.
    pub(crate) fn replaced(&self, account: &str) {
        guard(&self.due).entry(account.to_owned()).or_default();
    }

    /// Notes that nodes of an account changed; whether these are the ones with which they are more than `few`.
    fn changed(&self, account: &str, nodes: usize, few: usize) -> bool {
        let mut due = guard(&self.due);
        let since = due.entry(account.to_owned()).or_default();
        let before = *since;
        *since = before.saturating_add(nodes);
        before <= few && *since > few
    }
}

impl Core {
    /// Keeps the graph of every account that changed. Blocks; others that change meanwhile may be left out.
    pub(crate) fn keep_forms(&self) {
        let due: Vec<String> = guard(&self.0.forms.due).keys().cloned().collect();
        for account in due {
            self.keep_form(&account);
        }
    }

    /// Keeps the graph of an account, if it changed since that was done last. Blocks.
    pub(crate) fn keep_form(&self, account: &str) {
        let _one = guard(&self.0.forms.making);
        if guard(&self.0.forms.due).remove(account).is_none() {
            return;
        }
        if let Err(error) = self.make_form(account) {
            warn!(%error, account, "the next start has to read the documents of the account");
        }
    }

    fn make_form(&self, account: &str) -> Result<(), StoreError> {
        let (partition, view) = {
            // Record and graph are the same thing only while nobody is between the two.
            let _turn = self.0.commit.blocking_lock();
            let graph = self.graph();
            let Some(partition) = graph.partition(account) else {
                return Ok(());
            };
            (Arc::clone(partition), self.0.store.view(account)?)
        };
        if view.has_attachment(Partition::FORM) {
            return Ok(());
        }
        let commit = view.commit();
        drop(view);
        // If it is no longer the state of the record, whoever changed that says so here as well.
        let arrays = |put: PutSection<'_>| partition.to_arrays(put);
        let attached = (self.0.store).attach(account, commit, Partition::FORM, arrays);
        attached.map(drop)
    }

    /// What so many changed nodes mean for what is kept: it is made anew once there are too many to replay them.
    pub(crate) fn form_ages(&self, account: &str, nodes: usize) {
        let graph = self.graph();
        let len = graph.partition(account).map_or(0, |found| found.len());
        let few = ALWAYS_FEW.max(len / FEW);
        if self.0.forms.changed(account, nodes, few) {
            let (core, account) = (self.clone(), account.to_owned());
            tokio::task::spawn_blocking(move || core.keep_form(&account));
        }
    }
}

/// What is kept beside an account, with what changed since; `None` if its documents have to be read.
pub(crate) fn read(
    view: &View,
    account: &str,
    model: &Arc<Model>,
    known: &PluginModel,
) -> Result<Option<Arc<Partition>>, StoreError> {
    let Some(mut attached) = view.attachment(Partition::FORM)? else {
        return Ok(None);
    };
    let kept = Partition::from_arrays(attached.sections());
    let Some(kept) = kept.filter(|kept| kept.account() == account).map(Arc::new) else {
        warn!(
            account,
            "what is kept beside the account is of another version, and made anew"
        );
        return Ok(None);
    };
    let graph = Graph::new(Arc::clone(model)).with_partition(Arc::clone(&kept));
    let (changed, removed) = since(&graph, account, &mut attached);
    let count = changed.len() + removed.len();
    if count == 0 {
        return Ok(Some(kept));
    }
    if count > ALWAYS_FEW.max(kept.len() / FEW) {
        return Ok(None);
    }
    let graph = graph.with_changes(account, &changed, &removed, &known.rules, &known.derived);
    Ok(graph.partition(account).cloned())
}

/// Nodes that are different now, and those that are gone.
fn since(graph: &Graph, account: &str, attached: &mut Attached) -> (Vec<NodeRecord>, Vec<NodeId>) {
    let mut removed = std::mem::take(&mut attached.removed);
    let ids: BTreeSet<NodeId> = attached.changed.iter().map(|node| node.id).collect();
    for kind in &attached.whole {
        let known = graph.ids_of_kind(account, kind).into_iter();
        removed.extend(known.filter(|id| !ids.contains(id)));
    }
    let changed = std::mem::take(&mut attached.changed).into_iter();
    let changed = changed.filter_map(|mut node| {
        facts::state(&mut node.record.metadata, node.first_seen);
        let is_known = graph.record(&node.id).as_ref() == Some(&node.record);
        (!is_known).then_some(node.record)
    });
    (changed.collect(), removed)
}
