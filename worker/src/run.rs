//! The loop: take work, do it, answer. Several pieces of work run at the same time.
use std::sync::Arc;
use std::time::Duration;

use stocktake_client::{Client, ClientError, Task, TaskResult, Work, WorkLimits};
use stocktake_file::FilePlugin;
use stocktake_kubernetes::KubernetesPlugin;
use stocktake_model::{ObjectRef, PluginModel};
use stocktake_plugin_api::{Account, Outcome, Plugin};
use tokio::task::JoinSet;
use tracing::{debug, warn};

use crate::collect::collect;

/// Every plugin this worker has, by name; they hash with the key of the installation.
fn plugins(key: &[u8]) -> Vec<Arc<dyn Plugin>> {
    vec![
        Arc::new(FilePlugin),
        Arc::new(KubernetesPlugin::new().with_key(key)),
    ]
}

/// What every plugin knows about its resources before anything was collected, by the name of the plugin.
pub fn models() -> Vec<(&'static str, PluginModel)> {
    let plugins = plugins(&[]);
    plugins
        .iter()
        .map(|plugin| (plugin.name(), plugin.model()))
        .collect()
}

/// Takes work from one core until it is dropped or the core is gone.
pub struct Worker {
    client: Client,
    name: String,
}

/// A worker that knows its installation.
pub(crate) struct Ready {
    pub(crate) client: Client,
    plugins: Vec<Arc<dyn Plugin>>,
}

/// Time between two tries to reach a core that does not answer.
const RETRY: Duration = Duration::from_secs(1);
/// Time between two signs of life while a piece of work is done; the core's lease is four times as long.
const HOLD_EVERY: Duration = Duration::from_secs(30);

impl Worker {
    /// A worker that is known to the core by `name`.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self {
            client,
            name: name.into(),
        }
    }

    /// Works for ever; a core that does not answer is asked again. As many pieces of work are done at the same time as
    /// the core says with each; watches last, and are not counted.
    pub async fn run(self) {
        let ready = Arc::new(self.ready().await);
        let (mut busy, mut watching) = (JoinSet::new(), JoinSet::new());
        let mut pool_size = WorkLimits::default().pool_size;
        loop {
            while busy.len() >= pool_size.max(1) {
                busy.join_next().await;
            }
            match ready.client.take_work(&self.name).await {
                Ok(Some(work)) => {
                    pool_size = work.limits.pool_size;
                    let tasks = match work.task {
                        Task::Watch(_) => &mut watching,
                        _ => &mut busy,
                    };
                    let ready = ready.clone();
                    tasks.spawn(async move { ready.perform(work).await });
                }
                Ok(None) => {}
                Err(error) => {
                    debug!(%error, "no work could be taken");
                    tokio::time::sleep(RETRY).await;
                }
            }
            while busy.try_join_next().is_some() || watching.try_join_next().is_some() {}
        }
    }

    async fn ready(&self) -> Ready {
        loop {
            match self.client.installation_key().await {
                Ok(key) => {
                    return Ready {
                        client: self.client.clone(),
                        plugins: plugins(&key),
                    };
                }
                Err(error) => {
                    debug!(%error, "the core did not tell its key");
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }
}

impl Ready {
    async fn perform(&self, work: Work) {
        let (id, limit) = (work.id, Duration::from_secs(work.limits.timeout_secs));
        let doing = async {
            match work.task {
                Task::Collect(request) => {
                    let summary = collect(&self.client, &self.plugins, id, request, limit).await;
                    TaskResult::Collected(summary)
                }
                Task::Watch(request) => self.watch(id, request).await,
                task => {
                    let acted = tokio::time::timeout(limit, self.act(task)).await;
                    acted.unwrap_or_else(|_| failed(took_longer("it", limit)))
                }
            }
        };
        let result = tokio::select! {
            result = doing => result,
            never = self.hold(id) => match never {},
        };
        if let Err(error) = self.answer(id, &result).await {
            warn!(%error, work = id, "the core did not take the result");
        }
    }

    /// Says for ever that the work is being done.
    async fn hold(&self, id: u64) -> std::convert::Infallible {
        loop {
            tokio::time::sleep(HOLD_EVERY).await;
            if let Err(error) = self.client.hold_work(id).await {
                debug!(%error, work = id, "the core did not hear of it");
            }
        }
    }

    /// Does something to one object.
    async fn act(&self, task: Task) -> TaskResult {
        let acted = match task {
            Task::Collect(_) | Task::Watch(_) => unreachable!("these are about accounts"),
            Task::Tag {
                plugin,
                section,
                object,
                change,
            } => match self.account(&plugin, &section, (&*object).into()).await {
                Ok(account) => account.tag(&object, &change).await,
                Err(message) => return failed(message),
            },
            Task::Delete {
                plugin,
                section,
                approved,
                deletion,
            } => {
                let wanted = (&approved.object).into();
                match self.account(&plugin, &section, wanted).await {
                    Ok(account) => account.delete(&approved, &deletion).await,
                    Err(message) => return failed(message),
                }
            }
            Task::Keep {
                plugin,
                section,
                object,
            } => match self.account(&plugin, &section, (&*object).into()).await {
                Ok(account) => account.manifest(&object).await,
                Err(message) => return failed(message),
            },
            Task::Restore {
                plugin,
                section,
                object,
                manifest,
                trial,
            } => match self.account(&plugin, &section, (&*object).into()).await {
                Ok(account) => account.restore(&object, &manifest, trial).await,
                Err(message) => return failed(message),
            },
        };
        TaskResult::Acted(acted)
    }

    async fn answer(&self, id: u64, result: &TaskResult) -> Result<(), ClientError> {
        self.client.finish_work(id, result).await
    }

    /// The account an object lives in: found by asking each configured account who it is, so that a context
    /// which now points at another cluster never gets the action.
    pub(crate) async fn account(
        &self,
        plugin: &str,
        section: &serde_json::Value,
        wanted: Wanted<'_>,
    ) -> Result<Arc<dyn Account>, String> {
        let known = self.plugins.iter().find(|known| known.name() == plugin);
        let plugin = known.ok_or_else(|| format!("this worker has no plugin `{plugin}`"))?;
        let mut accounts: Vec<Arc<dyn Account>> = plugin
            .accounts(section)
            .await
            .into_iter()
            .filter_map(Result::ok)
            .collect();
        accounts.sort_by_key(|account| account.name() != wanted.name);
        for account in accounts {
            match account.identify().await {
                Ok(id) if id == wanted.id => return Ok(account),
                Ok(id) => debug!(account = account.name(), id, "another cluster"),
                Err(error) => debug!(account = account.name(), %error, "not identified"),
            }
        }
        Err(format!(
            "cluster `{}` is not reachable through any configured context",
            wanted.name
        ))
    }
}

/// Which account is wanted.
pub(crate) struct Wanted<'a> {
    pub(crate) id: &'a str,
    pub(crate) name: &'a str,
}

impl<'a> From<&'a ObjectRef> for Wanted<'a> {
    fn from(object: &'a ObjectRef) -> Self {
        Self {
            id: &object.account,
            name: &object.account_name,
        }
    }
}

pub(crate) fn failed(message: String) -> TaskResult {
    TaskResult::Acted(Outcome::Failed { message })
}

/// What is said of work that took too long.
pub(crate) fn took_longer(what: &str, limit: Duration) -> String {
    format!(
        "{what} took longer than {}s (`worker.timeout_secs`)",
        limit.as_secs()
    )
}
