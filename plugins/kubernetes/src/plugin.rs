//! The plugin: from the configuration section to the contexts it names.
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::Deserialize as _;
use stocktake_config::K8sConfig;
use stocktake_model::{GapReason, PluginModel};
use stocktake_plugin_api::{Account, Plugin, PluginError};
use tokio::sync::Semaphore;

use crate::claims::Claims;
use crate::cluster::Cluster;
use crate::connect::{Credentials, Limits, Link, Paces, Surroundings, targets};
use crate::retry::Patience;

/// Name of the plugin, of its configuration section, and of the cloud.
pub(crate) const NAME: &str = "k8s";

/// Four lists of each cluster are read at the same time, and a page may be mostly air.
const LARGEST: usize = 64 << 20;

/// Collects Kubernetes clusters and acts on their objects.
pub struct KubernetesPlugin {
    key: Arc<[u8]>,
    credentials: Arc<Credentials>,
    paces: Arc<Paces>,
    patience: Patience,
    /// Bytes of one answer that are held at most.
    largest: usize,
}

impl Default for KubernetesPlugin {
    fn default() -> Self {
        Self {
            key: Arc::default(),
            credentials: Arc::default(),
            paces: Arc::default(),
            patience: Patience::default(),
            largest: LARGEST,
        }
    }
}

impl KubernetesPlugin {
    /// A plugin that keys the hashes of values it does not keep (env literals) with the id of their cluster
    /// alone.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with a secret of this installation, at most 32 bytes of which are used. It should not change:
    /// all hashes would.
    #[must_use]
    pub fn with_key(self, key: &[u8]) -> Self {
        Self {
            key: key.into(),
            ..self
        }
    }

    /// The same, but waiting only moments where it would wait seconds, and holding less.
    #[cfg(test)]
    pub(crate) fn hurried(self) -> Self {
        let patience = Patience {
            base: Duration::from_millis(2),
            longest: Duration::from_millis(20),
            verify: Duration::from_millis(300),
            gap: Duration::from_millis(50),
            ..Patience::default()
        };
        Self {
            patience,
            largest: 256 << 10,
            ..self
        }
    }
}

#[async_trait]
impl Plugin for KubernetesPlugin {
    fn name(&self) -> &'static str {
        NAME
    }

    fn model(&self) -> PluginModel {
        crate::built_in_model()
    }

    async fn accounts(
        &self,
        section: &serde_json::Value,
    ) -> Vec<Result<Arc<dyn Account>, PluginError>> {
        let config = if section.is_null() {
            Ok(K8sConfig::default())
        } else {
            K8sConfig::deserialize(section)
        };
        let config = match config {
            Ok(config) => Arc::new(config),
            Err(error) => return vec![Err(wrong_section(&error))],
        };
        let limits = Limits {
            timeout: Duration::from_secs(config.request_timeout_secs.max(1)),
            bytes: self.largest,
            qps: config.qps,
        };
        let wait = Duration::from_secs(config.delete_wait_secs);
        let targets = targets(&config, &Surroundings::of_process()).await;
        let links: Vec<Result<Arc<Link>, PluginError>> = targets
            .into_iter()
            .map(|target| {
                target.map(|target| {
                    let credentials = self.credentials.clone();
                    Arc::new(Link::new(target, credentials, limits, &self.paces))
                })
            })
            .collect();
        let claims = links
            .iter()
            .filter_map(|link| Some(Arc::downgrade(link.as_ref().ok()?)));
        let claims = Arc::new(Claims::new(claims.collect()));
        let lists = Arc::new(Semaphore::new(config.lists_in_flight.max(1)));
        let account = |link| -> Arc<dyn Account> {
            Arc::new(Cluster {
                link,
                config: config.clone(),
                claims: claims.clone(),
                key: self.key.clone(),
                lists: lists.clone(),
                patience: Patience {
                    verify: wait.min(self.patience.verify),
                    ..self.patience
                },
            })
        };
        links.into_iter().map(|link| link.map(account)).collect()
    }
}

/// Says which field is wrong; the section may hold tokens, so nothing else of it is quoted.
fn wrong_section(error: &serde_json::Error) -> PluginError {
    let text = error.to_string();
    let what = if text.starts_with("unknown field") || text.starts_with("missing field") {
        text
    } else {
        "a field has a value of the wrong type".to_owned()
    };
    PluginError::new(
        GapReason::Malformed,
        format!("the configuration section `k8s` can not be read: {what}"),
    )
    .hint("see `config edit` for the section as it should be")
}
