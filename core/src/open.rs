//! Opening: from the record in the data directory to a graph that answers.
use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, RwLock};

use arc_swap::ArcSwap;
use stocktake_engine::{Graph, Partition, PartitionBuilder, Turns};
use stocktake_model::{Gap, GapReason, Kind, Model, PluginModel};
use stocktake_store::{AccountHeader, Damaged, Store, StoreError};
use tokio::runtime::Handle;
use tracing::warn;

use crate::archive::Kept;
use crate::attached::Attached;
use crate::core::{Core, Parts, now};
use crate::documents::Documents;
use crate::events::Events;
use crate::facts;
use crate::forms::{self, Forms};
use crate::jobs::Jobs;
use crate::lane::Lane;
use crate::past::{LEFT_OUT, Past};
use crate::queue::Queue;
use crate::runs::Runs;
use crate::usage;
use crate::watches::Watches;

/// How a core is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Where the inventory is kept.
    pub data_dir: PathBuf,
    /// Collect only accounts of these names; all if empty.
    pub contexts: Vec<String>,
    /// Whether workflows run by themselves.
    pub schedule: Schedule,
}

/// Whether workflows run by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// As the configuration says.
    Run,
    /// Never: one line is to be answered, nothing else.
    Ignore,
}

/// Why a core could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the directory.
    #[error("another stocktake has `{}`", data_dir.display())]
    Locked {
        /// The directory.
        data_dir: PathBuf,
    },
    /// The record could not be opened.
    #[error(transparent)]
    Store(StoreError),
    /// The socket could not be made.
    #[error("cannot listen on the socket in the data directory: {message}")]
    Socket {
        /// What the system said.
        message: String,
    },
    /// Loading broke down.
    #[error("loading the inventory failed: {0}")]
    Load(String),
}

impl OpenError {
    /// The way out.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Locked { .. } => Some("`stocktake shell` attaches to it".to_owned()),
            Self::Store(error) => error.hint().map(str::to_owned),
            Self::Socket { .. } => {
                Some("a shorter `--data-dir` helps where the path is over 100 bytes".to_owned())
            }
            Self::Load(_) => None,
        }
    }
}

impl Core {
    /// Opens the inventory in a data directory, which is made if it is not there.
    pub async fn open(options: Options) -> Result<Self, OpenError> {
        let opened = tokio::task::spawn_blocking(move || open(options)).await;
        opened
            .map_err(|error| OpenError::Load(error.to_string()))?
            .map(|parts| {
                let core = Self(Arc::new(parts));
                let keeping = core.clone();
                tokio::task::spawn_blocking(move || keeping.keep_forms());
                core
            })
    }

    /// Makes the kinds that plugins bring along known before any of them was collected. What the record knows of a kind
    /// stays as it is.
    pub fn know(&self, kinds: impl IntoIterator<Item = Kind>) {
        let mut model = Model::clone(self.graph().model());
        let new: Vec<Kind> = kinds
            .into_iter()
            .filter(|kind| model.kind(&kind.name).is_none())
            .collect();
        if model.add(new) {
            let model = Arc::new(model);
            self.0.graph.rcu(|graph| graph.with_model(model.clone()));
        }
    }
}

fn open(options: Options) -> Result<Parts, OpenError> {
    let store = Store::open(&options.data_dir).map_err(|error| match error {
        StoreError::Locked { .. } => OpenError::Locked {
            data_dir: options.data_dir.clone(),
        },
        error => OpenError::Store(error),
    })?;
    store.leave_out(LEFT_OUT);
    let models = models(&store)?;
    let mut model = Model::default();
    for known in models.values() {
        model.add(known.kinds.iter().cloned());
    }
    let graph = Graph::new(Arc::new(model));
    let (headers, partitions, due) = load_all(&store, graph.model(), &models)?;
    let overlay = store.overlay().into_iter().filter_map(readable);
    let mut graph = graph.with_partitions(partitions).with_overlay(overlay);
    for account in headers.keys() {
        graph = graph.with_usage(account, &usage::last(&store, account, None));
    }
    // Edges between accounts are found, not kept: what they are made of is in the record.
    let graph = graph.joined().0;
    let documents = Documents::open(store.clone()).map_err(OpenError::Store)?;
    Ok(Parts {
        options,
        started: now(),
        store,
        graph: ArcSwap::from_pointee(graph),
        commit: tokio::sync::Mutex::new(()),
        lane: Lane::start(Handle::current()).map_err(|error| OpenError::Load(error.to_string()))?,
        headers: RwLock::new(headers),
        models: RwLock::new(models),
        failures: Mutex::new(BTreeMap::new()),
        documents,
        queue: Queue::default(),
        runs: Runs::default(),
        jobs: Jobs::default(),
        events: Events::default(),
        work: Mutex::new(BTreeMap::new()),
        audit: tokio::sync::Mutex::new(()),
        cleaning: Arc::default(),
        attached: Attached::default(),
        past: Past::default(),
        turns: Arc::new(Turns::new(cores())),
        kept: Kept::default(),
        watches: Watches::default(),
        forms: Forms::new(due),
        last_collection: Mutex::new(None),
    })
}

/// Number of searches that are worth running at once.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

fn models(store: &Store) -> Result<BTreeMap<String, PluginModel>, OpenError> {
    let models = store.model().map_err(OpenError::Store)?;
    Ok(models.into_iter().filter_map(readable).collect())
}

/// What can be read; damage is told and left out, the next collection brings it back.
pub(crate) fn readable<T>(found: Result<T, StoreError>) -> Option<T> {
    found
        .inspect_err(|error| warn!(%error, "a part of the record is damaged"))
        .ok()
}

/// Accounts by id, what is in them, and those that have to be kept anew.
type Loaded = (
    BTreeMap<String, AccountHeader>,
    Vec<Arc<Partition>>,
    Vec<String>,
);

/// One of them; the last says whether it has to be kept anew.
type LoadedOne = (AccountHeader, Arc<Partition>, bool);

/// Reads every account, on all cores.
fn load_all(
    store: &Store,
    model: &Arc<Model>,
    models: &BTreeMap<String, PluginModel>,
) -> Result<Loaded, OpenError> {
    let headers: Vec<AccountHeader> = store.accounts().into_iter().filter_map(readable).collect();
    let none = PluginModel::default();
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<LoadedOne>, OpenError> {
        let mut loaded = Vec::new();
        while let Some(header) = headers.get(next.fetch_add(1, Ordering::Relaxed)) {
            let header = header.clone();
            let known = models.get(&header.begin.plugin).unwrap_or(&none);
            loaded.push(load_one(store, model, header, known)?);
        }
        Ok(loaded)
    };
    let loaded = std::thread::scope(|scope| {
        let others: Vec<_> = (1..cores()).map(|_| scope.spawn(work)).collect();
        let mut loaded = vec![work()];
        for other in others {
            let other = other.join();
            loaded.push(other.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        loaded
    });
    let (mut headers, mut partitions, mut due) = Loaded::default();
    for loaded in loaded {
        for (header, partition, is_due) in loaded? {
            let account = header.account().to_owned();
            due.extend(is_due.then(|| account.clone()));
            headers.insert(account, header);
            partitions.push(partition);
        }
    }
    Ok((headers, partitions, due))
}

/// One account, from what is kept beside it or from its documents.
fn load_one(
    store: &Store,
    model: &Arc<Model>,
    mut header: AccountHeader,
    known: &PluginModel,
) -> Result<LoadedOne, OpenError> {
    let account = header.account().to_owned();
    let view = store.view(&account).map_err(OpenError::Store)?;
    let kept = forms::read(&view, &account, model, known).map_err(OpenError::Store)?;
    if let Some(kept) = kept {
        let is_whole = view.has_attachment(Partition::FORM);
        return Ok((header, kept, !is_whole));
    }
    let partition = load(store, model, &mut header, known)?;
    Ok((header, Arc::new(partition), true))
}

/// One account from its documents. A damaged block is a gap, not a refusal.
fn load(
    store: &Store,
    model: &Arc<Model>,
    header: &mut AccountHeader,
    known: &PluginModel,
) -> Result<Partition, OpenError> {
    let account = header.account().to_owned();
    let mut builder = PartitionBuilder::new(Arc::clone(model), &header.begin);
    for node in store.nodes(&account).map_err(OpenError::Store)? {
        match node {
            Ok(mut node) => {
                facts::state(&mut node.record.metadata, node.first_seen);
                builder.node(&node.record);
            }
            Err(StoreError::Damaged(damaged)) => header.gaps.push(lost(&account, &damaged)),
            Err(error) => return Err(OpenError::Store(error)),
        }
    }
    let partition = match store.edges(&account) {
        Ok(edges) => builder.with_edges(edges, &known.derived),
        Err(StoreError::Damaged(damaged)) => {
            // Those that follow from the nodes can be made again.
            header.gaps.push(lost(&account, &damaged));
            builder.resolve(&known.rules, &known.derived)
        }
        Err(error) => return Err(OpenError::Store(error)),
    };
    Ok(partition)
}

/// The gap that a damaged block leaves until its nodes are collected again.
fn lost(account: &str, damaged: &Damaged) -> Gap {
    warn!(%damaged, account, "a block of the record is damaged");
    Gap {
        kind: damaged.kind.clone(),
        namespace: None,
        except: Vec::new(),
        uid: None,
        reason: GapReason::Malformed,
        message: damaged.to_string(),
        hint: Some("the next collection reads it again".to_owned()),
    }
}

#[cfg(test)]
mod tests;
