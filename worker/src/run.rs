//! The loop: take work, do it, answer. Several pieces of work run at the same time.
use std::sync::Arc;
use std::time::Duration;

use stocktake_client::{Client, ClientError, Task, TaskResult, Work};
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

impl Worker {
    /// A worker that is known to the core by `name`.
    pub fn new(client: Client, name: impl Into<String>) -> Self {
        Self {
            client,
            name: name.into(),
        }
    }

    /// Works for ever; a core that does not answer is asked again.
    pub async fn run(self) {
        let ready = Arc::new(self.ready().await);
        let mut busy = JoinSet::new();
        loop {
            match ready.client.take_work(&self.name).await {
                Ok(Some(work)) => {
                    let ready = ready.clone();
                    busy.spawn(async move { ready.perform(work).await });
                }
                Ok(None) => {}
                Err(error) => {
                    debug!(%error, "no work could be taken");
                    tokio::time::sleep(RETRY).await;
                }
            }
            while busy.try_join_next().is_some() {}
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
        let result = match work.task {
            Task::Collect(request) => {
                TaskResult::Collected(collect(&self.client, &self.plugins, work.id, request).await)
            }
            Task::Watch(request) => self.watch(work.id, request).await,
            Task::Tag {
                plugin,
                section,
                object,
                change,
            } => match self.account(&plugin, &section, (&*object).into()).await {
                Ok(account) => TaskResult::Acted(account.tag(&object, &change).await),
                Err(message) => failed(message),
            },
            Task::Delete {
                plugin,
                section,
                approved,
                deletion,
            } => match self
                .account(&plugin, &section, (&approved.object).into())
                .await
            {
                Ok(account) => TaskResult::Acted(account.delete(&approved, &deletion).await),
                Err(message) => failed(message),
            },
            Task::Keep {
                plugin,
                section,
                object,
            } => match self.account(&plugin, &section, (&*object).into()).await {
                Ok(account) => TaskResult::Acted(account.manifest(&object).await),
                Err(message) => failed(message),
            },
            Task::Restore {
                plugin,
                section,
                object,
                manifest,
                trial,
            } => match self.account(&plugin, &section, (&*object).into()).await {
                Ok(account) => TaskResult::Acted(account.restore(&object, &manifest, trial).await),
                Err(message) => failed(message),
            },
        };
        if let Err(error) = self.answer(work.id, &result).await {
            warn!(%error, work = work.id, "the core did not take the result");
        }
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
