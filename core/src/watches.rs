//! Which accounts are watched: one piece of work each, asked for again whenever it ends, held back while a collection
//! runs.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jiff::Timestamp;
use stocktake_client::{Task, TaskResult, WatchRequest};
use stocktake_plugin_api::WatchStart;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info};

use crate::core::Core;
use crate::open::Schedule;

/// Time to the next try after a watch ended, first and at most.
const AGAIN: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// The watches there are.
#[derive(Default)]
pub(crate) struct Watches {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// By account.
    running: BTreeMap<String, Watching>,
    /// By number of the work.
    work: BTreeMap<u64, Arc<Hold>>,
    /// Up to when everything of an account is known.
    fresh: BTreeMap<String, Timestamp>,
    /// How many collections hold the watches back.
    held: usize,
}

/// What a piece of work is stopped with.
#[derive(Debug, Default)]
pub(crate) struct Hold {
    pub(crate) stop: CancellationToken,
    /// Held while something is committed that the work told.
    pub(crate) busy: tokio::sync::Mutex<()>,
}

struct Watching {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Watches {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .expect("nothing panics while it holds the watches")
    }

    /// What stops a piece of work, if it is one of ours and still wanted.
    pub(crate) fn hold_of(&self, work: u64) -> Option<Arc<Hold>> {
        self.lock().work.get(&work).cloned()
    }

    /// Everything of the account up to this moment was told.
    pub(crate) fn fresh(&self, account: &str, at: Timestamp) {
        self.lock().fresh.insert(account.to_owned(), at);
    }

    /// Up to when everything of a watched account is known.
    pub(crate) fn known_until(&self, account: &str) -> Option<Timestamp> {
        self.lock().fresh.get(account).copied()
    }
}

/// Holds the watches back; they go on when it is dropped.
pub(crate) struct Held(Core);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.0.watches.lock().held -= 1;
        self.0.start_watches();
    }
}

impl Core {
    /// Stops every watch, and waits until what they told is committed. A collection begins from there, and the watches
    /// begin from it.
    pub(crate) async fn hold_watches(&self) -> Held {
        let held = Held(self.clone());
        self.end_watches().await;
        held
    }

    /// The same, for good.
    pub(crate) async fn end_watches(&self) {
        let running = {
            let mut state = self.0.watches.lock();
            state.held += 1;
            state.fresh.clear();
            std::mem::take(&mut state.running)
        };
        for watching in running.values() {
            watching.stop.cancel();
        }
        for watching in running.into_values() {
            // One that panicked is over as well.
            let _ = watching.task.await;
        }
    }

    /// Watches every account that is to be watched and is not.
    pub(crate) fn start_watches(&self) {
        if self.0.options.schedule != Schedule::Run {
            return;
        }
        for (account, header) in self.headers() {
            let plugin = &header.begin.plugin;
            let section = self.0.documents.section(plugin);
            if section["watch"] != true || header.unconfigured {
                continue;
            }
            let mut state = self.0.watches.lock();
            if state.held > 0 || state.running.contains_key(&account) {
                continue;
            }
            let stop = CancellationToken::new();
            let (core, stopped) = (self.clone(), stop.clone());
            let name = account.clone();
            let task = tokio::spawn(async move { core.keep_watching(name, stopped).await });
            state.running.insert(account, Watching { stop, task });
        }
    }

    async fn keep_watching(&self, account: String, stop: CancellationToken) {
        let mut wait = AGAIN.0;
        while !stop.is_cancelled() {
            let begun = tokio::time::Instant::now();
            if let Some(message) = self.watch_once(&account, &stop).await {
                debug!(account, message, "a watch ended");
            }
            if begun.elapsed() > AGAIN.1 {
                wait = AGAIN.0;
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(wait) => wait = (wait * 2).min(AGAIN.1),
            }
        }
    }

    /// One piece of work; why it ended, if not because it was stopped.
    async fn watch_once(&self, account: &str, stop: &CancellationToken) -> Option<String> {
        let header = self.headers().remove(account)?;
        let name = header.begin.account.name().to_owned();
        let task = Task::Watch(WatchRequest {
            section: self.0.documents.section(&header.begin.plugin),
            plugin: header.begin.plugin,
            account_name: name.clone(),
            start: WatchStart {
                account: account.to_owned(),
                complete: header.complete,
                parts: header.parts,
            },
        });
        let id = self.queue().reserve();
        let hold = Arc::new(Hold {
            stop: stop.child_token(),
            ..Hold::default()
        });
        self.0.watches.lock().work.insert(id, hold.clone());
        info!(cluster = name, "watching");
        let result = tokio::select! {
            result = self.work(id, task) => Some(result),
            () = stop.cancelled() => None,
        };
        // From here on nobody begins to tell; who has begun is waited for.
        self.0.watches.lock().work.remove(&id);
        hold.stop.cancel();
        drop(hold.busy.lock().await);
        match result {
            Some(TaskResult::Failed { message }) => Some(message),
            _ => None,
        }
    }
}
