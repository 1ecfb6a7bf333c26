//! One context as an account: who the cluster is, its snapshot, and what is done to its objects.
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use blake2::Blake2sMac256;
use blake2::digest::Mac as _;
use serde_json::Value;
use stocktake_act::Approved;
use stocktake_config::K8sConfig;
use stocktake_model::{Begin, GapReason, Identity, ObjectRef};
use stocktake_plugin_api::{
    Account, Change, Deletion, Manifest, Memory, Outcome, PluginError, ProgressSink, Sink, Trial,
    WatchSink, WatchStart,
};
use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::action::{self, Subject};
use crate::claims::Claims;
use crate::connect::{Ask, Link};
use crate::convert::{ApiGroup, ClusterFacts, Converter, cluster_record};
use crate::discovery::{self, Discovered};
use crate::identity::{Identified, identify};
use crate::retry::Patience;
use crate::trouble::RequestError;
use crate::{Resource, collect, plugin, watch};

/// Time for what is good to know but not worth waiting for.
const COURTESY: Duration = Duration::from_secs(10);

/// One context.
pub(crate) struct Cluster {
    /// Way to the server.
    pub link: Arc<Link>,
    /// How it is to be collected.
    pub config: Arc<K8sConfig>,
    /// The other contexts.
    pub claims: Arc<Claims>,
    /// Key of this installation for the hashes of values that are not kept.
    pub key: Arc<[u8]>,
    /// How patient to be.
    pub patience: Patience,
    /// Lists in flight over all clusters.
    pub lists: Arc<Semaphore>,
}

impl Cluster {
    fn of_account(&self, error: &RequestError) -> PluginError {
        let context = &self.link.target().context;
        let told = error.of_account(context);
        if error.code() == Some(403) {
            return told.hint(format!(
                "give the user of `{context}` the ClusterRole `system:discovery`; see \
                 `kubectl --context {context} auth can-i --list`"
            ));
        }
        told
    }

    fn converter(&self, id: &str) -> Converter {
        Converter::new(&self.config, id, self.name(), &self.key_of(id))
    }

    /// Equal values in two clusters do not have equal hashes.
    fn key_of(&self, id: &str) -> Vec<u8> {
        let key = &self.key[..self.key.len().min(32)];
        Blake2sMac256::new_with_salt_and_personal(key, &[], b"env-hash")
            .expect("the key has at most 32 bytes, the personal text 8")
            .chain_update(id)
            .finalize()
            .into_bytes()
            .to_vec()
    }

    async fn prepare(&self, deadline: Instant) -> Result<collect::Plan, PluginError> {
        self.claims.settle().await;
        let found = identify(&self.link, self.patience).await;
        let identified = found.map_err(|error| self.of_account(&error))?;
        let contexts = self.claims.claim(&identified.id, self.name());
        if let Some(other) = contexts.first().filter(|first| *first != self.name()) {
            return Err(same_cluster(self.name(), other));
        }
        let discovered = discovery::discover(&self.link, self.patience).await;
        let discovered = discovered.map_err(|error| self.of_account(&error))?;
        let facts = self.facts(&identified, contexts, &discovered).await;
        Ok(collect::Plan {
            link: self.link.clone(),
            patience: self.patience,
            config: self.config.clone(),
            converter: self.converter(&identified.id),
            reading: collect::reading(&self.config, &facts, &self.key_of(&identified.id)),
            begin: Begin {
                plugin: plugin::NAME.to_owned(),
                cloud: plugin::NAME.to_owned(),
                identity: identified.identity,
                formerly: identified.formerly,
                resumes: false,
                account: cluster_record(&facts),
            },
            facts,
            discovered,
            deadline,
            lists: self.lists.clone(),
        })
    }

    async fn facts(
        &self,
        identified: &Identified,
        contexts: Vec<String>,
        discovered: &Discovered,
    ) -> ClusterFacts {
        let version = async {
            let ask = Ask::get("/version");
            let answer = tokio::time::timeout(COURTESY, self.link.ask(&ask)).await;
            answer.ok()?.ok()?.json::<Value>().ok()
        };
        let (version, ready, live) =
            tokio::join!(version, self.healthy("/readyz"), self.healthy("/livez"));
        let target = self.link.target();
        ClusterFacts {
            id: identified.id.clone(),
            name: self.name().to_owned(),
            identity_weak: identified.identity == Identity::Weak,
            created: identified.created.clone(),
            version: version.unwrap_or_default(),
            server_url: target.server_url.clone(),
            context: target.context.clone(),
            contexts,
            user: target.user.clone(),
            external_id: target.external_id.clone(),
            ready,
            live,
            api_groups: discovered.groups.iter().map(api_group).collect(),
            tags: self.tags(identified),
        }
    }

    /// The tags of the cluster: those of `kube-system`, if the configuration wants that.
    fn tags(&self, identified: &Identified) -> Option<Value> {
        let namespace = identified.kube_system.clone();
        let namespace = namespace.filter(|_| self.config.tag_cluster_on_kube_system)?;
        let converter = self.converter(&identified.id);
        let nodes = converter.convert_whole(&Resource::namespaces(), namespace.into());
        nodes.ok()?.nodes.first()?.reported.get("tags").cloned()
    }

    /// Whether a health check says yes; `None` if we may not ask.
    async fn healthy(&self, path: &str) -> Option<bool> {
        let ask = Ask::get(path);
        let answer = tokio::time::timeout(COURTESY, self.link.ask(&ask)).await;
        match answer.ok()? {
            Ok(_) => Some(true),
            Err(error) => match error.code() {
                Some(500..=599) => Some(false),
                _ => None,
            },
        }
    }

    fn subject<'a>(&'a self, object: &'a ObjectRef) -> Result<Subject<'a>, Outcome> {
        Subject::new(&self.link, self.patience, object, self.config.write_events)
    }
}

fn api_group((group, preferred, versions): &(String, String, Vec<String>)) -> ApiGroup {
    ApiGroup {
        group: group.clone(),
        preferred_version: preferred.clone(),
        versions: versions.clone(),
    }
}

fn same_cluster(name: &str, other: &str) -> PluginError {
    PluginError::new(
        GapReason::NotCollected,
        format!("`{name}` leads to the same cluster as `{other}`, which is collected once"),
    )
}

#[async_trait]
impl Account for Cluster {
    fn name(&self) -> &str {
        &self.link.target().name
    }

    async fn identify(&self) -> Result<String, PluginError> {
        let found = identify(&self.link, self.patience).await;
        found
            .map(|found| found.id)
            .map_err(|error| self.of_account(&error))
    }

    async fn collect(
        &self,
        sink: Sink,
        progress: &dyn ProgressSink,
        memory: &dyn Memory,
    ) -> Result<(), PluginError> {
        let most = Duration::from_secs(self.config.cluster_timeout_secs.max(1));
        let deadline = Instant::now() + most;
        let prepared = tokio::time::timeout_at(deadline, self.prepare(deadline)).await;
        let plan = prepared.map_err(|_| {
            let message = format!(
                "`{}` did not answer within {} s",
                self.name(),
                most.as_secs()
            );
            PluginError::new(GapReason::Timeout, message).hint("raise `k8s.cluster_timeout_secs`")
        })??;
        let known = memory.known(&plan.facts.id).await;
        collect::run(plan, known, sink, progress).await
    }

    async fn watch(&self, start: WatchStart, sink: WatchSink) -> Result<(), PluginError> {
        let most = Duration::from_secs(self.config.cluster_timeout_secs.max(1));
        let plan = self.prepare(Instant::now() + most).await?;
        if plan.facts.id != start.account {
            let message = format!("`{}` leads to another cluster now", self.name());
            return Err(PluginError::new(GapReason::NotFound, message));
        }
        watch::run(plan, start, sink).await;
        Ok(())
    }

    async fn tag(&self, object: &ObjectRef, change: &Change) -> Outcome {
        match self.subject(object) {
            Ok(subject) => action::tag(&subject, &self.converter(&object.account), change).await,
            Err(outcome) => outcome,
        }
    }

    async fn delete(&self, approved: &Approved, deletion: &Deletion) -> Outcome {
        match self.subject(&approved.object) {
            Ok(subject) => {
                let propagation = self.config.delete_propagation;
                action::delete(&subject, approved, deletion, propagation).await
            }
            Err(outcome) => outcome,
        }
    }

    async fn manifest(&self, object: &ObjectRef) -> Outcome {
        match self.subject(object) {
            Ok(subject) => {
                let converter = self.converter(&object.account);
                let data = self.config.config_map_data;
                action::manifest(&subject, converter.redactor(), data).await
            }
            Err(outcome) => outcome,
        }
    }

    async fn restore(&self, object: &ObjectRef, manifest: &Manifest, trial: Trial) -> Outcome {
        match self.subject(object) {
            Ok(subject) => action::restore(&subject, manifest, trial).await,
            Err(outcome) => outcome,
        }
    }
}
