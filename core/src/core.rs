//! The core itself: what it holds, and how its parts find each other.
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, RwLock};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use stocktake_client::{AccountFailure, CollectSummary, Info, Task, TaskResult, Transport};
use stocktake_engine::{Graph, Turns};
use stocktake_model::PluginModel;
use stocktake_store::{AccountHeader, Store};
use tokio::task::JoinHandle;

use crate::archive::Kept;
use crate::attached::{Attached, Seat};
use crate::documents::Documents;
use crate::events::Events;
use crate::forms::Forms;
use crate::jobs::Jobs;
use crate::lane::Lane;
use crate::open::{OpenError, Options, Schedule};
use crate::past::Past;
use crate::queue::Queue;
use crate::runs::Runs;
use crate::watches::Watches;
use crate::{routes, socket};

/// A core on one data directory; cheap to clone.
#[derive(Clone)]
pub struct Core(pub(crate) Arc<Parts>);

/// What a core is made of.
pub(crate) struct Parts {
    pub(crate) options: Options,
    pub(crate) started: Timestamp,
    pub(crate) store: Store,
    /// The graph as it is now; a search keeps the one it began with.
    pub(crate) graph: ArcSwap<Graph>,
    /// Held while a commit builds the next graph from the present one.
    pub(crate) commit: tokio::sync::Mutex<()>,
    /// Where commits are done, by whoever holds that.
    pub(crate) lane: Lane,
    pub(crate) headers: RwLock<BTreeMap<String, AccountHeader>>,
    pub(crate) models: RwLock<BTreeMap<String, PluginModel>>,
    /// Accounts that could not be collected the last time, by name.
    pub(crate) failures: Mutex<BTreeMap<String, AccountFailure>>,
    pub(crate) documents: Documents,
    pub(crate) queue: Queue,
    pub(crate) runs: Runs,
    pub(crate) jobs: Jobs,
    pub(crate) events: Events,
    /// Which run a piece of work belongs to.
    pub(crate) work: Mutex<BTreeMap<u64, String>>,
    /// Held while an entry is added to the audit chain: each follows the one before it.
    pub(crate) audit: tokio::sync::Mutex<()>,
    /// Held while a plan is carried out: one at a time.
    pub(crate) cleaning: Arc<tokio::sync::Mutex<()>>,
    pub(crate) attached: Attached,
    pub(crate) past: Past,
    /// Searches of people and programs take turns.
    pub(crate) turns: Arc<Turns>,
    pub(crate) kept: Kept,
    pub(crate) watches: Watches,
    pub(crate) forms: Forms,
    /// What the last collection came to.
    pub(crate) last_collection: Mutex<Option<CollectSummary>>,
}

impl Core {
    /// A way to this core inside the process.
    pub fn transport(&self) -> Transport {
        Transport::in_process(routes::router(self.clone()))
    }

    /// Begins to serve: the socket in the data directory and, if wanted, the schedule. Aborting the tasks ends that.
    pub fn start(&self) -> Result<Vec<JoinHandle<()>>, OpenError> {
        let router = routes::router(self.clone());
        let socket =
            socket::serve(&self.0.options.data_dir, router).map_err(|error| OpenError::Socket {
                message: error.to_string(),
            })?;
        let mut tasks = vec![socket];
        if self.0.options.schedule == Schedule::Run {
            self.resume_runs();
            self.resume_jobs();
            let core = self.clone();
            tasks.push(tokio::spawn(async move { core.keep_schedule().await }));
            let core = self.clone();
            tasks.push(tokio::spawn(async move { core.keep_jobs().await }));
            let core = self.clone();
            tasks.push(tokio::spawn(async move { core.keep_snapshots().await }));
            self.start_watches();
        }
        Ok(tasks)
    }

    /// How many other processes are attached.
    pub fn attached(&self) -> usize {
        self.0.attached.count()
    }

    /// Waits until no other process is attached.
    pub async fn all_left(&self) {
        self.0.attached.all_left().await;
    }

    /// Ends what is on its way and tells everybody attached.
    pub async fn close(&self) {
        for run in self.0.runs.all() {
            self.0.runs.stop(&run.task);
        }
        self.end_watches().await;
        self.0.attached.close();
        let core = self.clone();
        if let Err(error) = tokio::task::spawn_blocking(move || core.keep_forms()).await {
            tracing::warn!(%error, "the next start has to read documents");
        }
        // A socket that is left behind is in nobody's way: the next owner removes it.
        let path = socket::socket_path(&self.0.options.data_dir);
        let _ = tokio::fs::remove_file(path).await;
    }

    pub(crate) fn attach(&self) -> Seat {
        self.0.attached.sit()
    }

    pub(crate) fn queue(&self) -> &Queue {
        &self.0.queue
    }

    /// Has a worker do something. Nothing any more once another record takes the place of this one: nobody would know of
    /// it afterwards.
    pub(crate) async fn work(&self, id: u64, task: Task) -> TaskResult {
        if self.0.store.is_replaced() {
            let message = "a restored backup waits for the next start: start stocktake again";
            return TaskResult::Failed {
                message: message.to_owned(),
            };
        }
        self.queue().run(id, task).await
    }

    pub(crate) fn graph(&self) -> Arc<Graph> {
        self.0.graph.load_full()
    }

    /// Puts an account as it is in `graph` into the graph that everybody sees. In the turn of commits; what does not take a
    /// turn, like what is learnt of kinds, is left as it is.
    pub(crate) fn show(&self, graph: &Graph, account: &str) {
        if let Some(partition) = graph.partition(account) {
            self.0
                .graph
                .rcu(|graph| graph.with_partition(partition.clone()));
        }
    }

    pub(crate) fn data_dir(&self) -> &PathBuf {
        &self.0.options.data_dir
    }

    /// The headers of all accounts, by id.
    pub(crate) fn headers(&self) -> BTreeMap<String, AccountHeader> {
        self.0
            .headers
            .read()
            .expect("nothing panics while it holds the headers")
            .clone()
    }

    /// What is known of an account from now on.
    pub(crate) fn note_header(&self, header: Option<AccountHeader>) {
        let mut headers = self
            .0
            .headers
            .write()
            .expect("nothing panics while it holds the headers");
        headers.extend(header.map(|header| (header.account().to_owned(), header)));
    }

    pub(crate) fn info(&self) -> Info {
        let headers = self.headers();
        Info {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            data_dir: self.data_dir().display().to_string(),
            accounts: headers.len() as u64,
            nodes: headers.values().map(|header| header.nodes).sum(),
            data_age_secs: self.data_age(now()),
        }
    }
}

/// The time it is: the only clock of the core.
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}
