//! One snapshot of one cluster: which kinds, in which order, and how the lists run beside each other.
//!
//! Nothing is kept but ids and counts: an object is sent as it is decoded.
mod access;
mod choice;
mod clock;
mod define;
mod errors;
mod glob;
mod object;
mod published;
mod reader;
mod reading;
mod seen;
mod stale;
mod summary;
mod usage;

pub(crate) use access::Access;
pub(crate) use choice::Choice;
pub(crate) use define::Definitions;
pub(crate) use reading::base as reading;
pub(crate) use summary::SHARED;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use stocktake_config::K8sConfig;
use stocktake_model::{
    Begin, End, Gap, GapReason, Known, Model, NodeRecord, PluginModel, SnapshotItem,
};
use stocktake_plugin_api::{PluginError, Progress, ProgressSink, Sink};
use tokio::sync::{OnceCell, Semaphore};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::Resource;
use crate::connect::Link;
use crate::convert::{ClusterFacts, Converter};
use crate::discovery::{self, Discovered};
use crate::retry::Patience;
use crate::trouble::RequestError;
use clock::Clock;
use reader::Listed;
use reading::Reading;
use seen::Seen;
use summary::Summary;

/// Time between two looks at how many objects came.
const TICK: Duration = Duration::from_millis(100);

/// Kind of the definitions of custom kinds.
const DEFINITION: &str = "kubernetes_custom_resource_definition";

/// What is known before the first object is asked for.
pub(crate) struct Plan {
    /// Way to the server.
    pub link: Arc<Link>,
    /// How patient to be with it.
    pub patience: Patience,
    /// What is wanted.
    pub config: Arc<K8sConfig>,
    /// Makes nodes.
    pub converter: Converter,
    /// How it makes them; `None` if that cannot be told.
    pub reading: Option<String>,
    /// The cluster.
    pub facts: ClusterFacts,
    /// First item of the snapshot.
    pub begin: Begin,
    /// What the server serves.
    pub discovered: Discovered,
    /// Lists in flight over all clusters.
    pub lists: Arc<Semaphore>,
    /// When everything must be done.
    pub deadline: Instant,
}

/// What the lists of one snapshot share.
struct Collection {
    link: Arc<Link>,
    patience: Patience,
    page_size: u32,
    converter: Converter,
    reading: Reading,
    choice: Choice,
    sink: Sink,
    seen: Seen,
    deadline: Instant,
    /// Why nothing else is worth asking.
    broken: OnceLock<RequestError>,
    /// Objects sent.
    objects: AtomicU64,
    heard: Mutex<BTreeSet<String>>,
    known: OnceLock<Namespaces>,
    access: access::Access,
    rediscovered: OnceCell<Option<Discovered>>,
    /// What definitions said of custom kinds: read before their objects.
    definitions: Definitions,
    /// Lists in flight to this cluster.
    gate: Arc<Semaphore>,
    /// Lists in flight over all clusters.
    lists: Arc<Semaphore>,
    clock: Clock,
}

/// The namespaces there are.
#[derive(Debug, Clone, Default)]
struct Namespaces {
    names: Vec<String>,
    /// True if there are no others.
    complete: bool,
}

/// Whether something is known that would be read in the same way now.
fn resumes(reading: Option<&str>, known: &Known) -> bool {
    let is_as_now = |known: &String| reading.is_some_and(|reading| known.starts_with(reading));
    known.readings.values().any(is_as_now)
}

/// Sends one snapshot. An error means that nobody takes it any more.
pub(crate) async fn run(
    plan: Plan,
    known: Known,
    sink: Sink,
    progress: &dyn ProgressSink,
) -> Result<(), PluginError> {
    let kinds = crate::dynamic_kinds(&plan.discovered.resources);
    let mut model = Model::default();
    let mut sent_model = crate::built_in_model();
    sent_model.kinds.extend(kinds);
    if plan.config.collect_iam {
        sent_model.rules.extend(crate::permission_rules());
    }
    // After all others: where edges would close a circle, what everybody knows stands.
    let own = crate::own_rules(&plan.config.edges)
        .map_err(|error| PluginError::new(GapReason::Malformed, format!("`k8s.edges`: {error}")))?;
    sent_model.rules.extend(own);
    model.add(sent_model.kinds.clone());
    let mut out = Out::new(&plan, sink.clone(), progress);
    let begin = Begin {
        resumes: resumes(plan.reading.as_deref(), &known),
        ..plan.begin.clone()
    };
    out.send(vec![
        SnapshotItem::Begin(begin),
        SnapshotItem::Model(sent_model),
    ])
    .await?;
    let choice = Choice::new(&plan.config, model);
    let wanted = out.wanted(&plan.discovered, &choice).await?;
    let usage = out.wanted_usage(&plan.discovered, &choice);
    let complete = plan.discovered.is_complete();
    let cluster = plan.begin.account.clone();
    let asked = [&plan.discovered.resources[..], &usage].concat();
    let collection = Arc::new(Collection::new(plan, known, choice, sink));
    out.stages(&collection, wanted).await?;
    // Last, so that nothing else waits for a server that may be down.
    out.stage(&collection, usage).await?;
    out.end(complete, &cluster, &asked).await
}

impl Collection {
    fn new(plan: Plan, known: Known, choice: Choice, sink: Sink) -> Self {
        Self {
            link: plan.link,
            patience: plan.patience,
            page_size: plan.config.page_size,
            converter: plan.converter,
            reading: Reading::new(plan.reading, known),
            choice,
            sink,
            seen: Seen::default(),
            deadline: plan.deadline,
            broken: OnceLock::new(),
            objects: AtomicU64::new(0),
            heard: Mutex::default(),
            known: OnceLock::new(),
            access: access::Access::default(),
            rediscovered: OnceCell::new(),
            definitions: Definitions::new(plan.discovered.resources),
            gate: Arc::new(Semaphore::new(plan.config.list_parallelism.max(1))),
            lists: plan.lists,
            clock: Clock::default(),
        }
    }

    fn heard_of_namespace(&self, name: &str) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.insert(name.to_owned());
    }

    /// The namespaces there are: those that were listed, else those the configuration names.
    fn namespaces(&self) -> Namespaces {
        let listed = self.known.get().cloned().unwrap_or_default();
        if listed.complete {
            return listed;
        }
        Namespaces {
            names: self.choice.named_namespaces().unwrap_or(listed.names),
            complete: false,
        }
    }

    /// Called once, when the list of namespaces was tried.
    fn settle_namespaces(&self, complete: bool) {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let names = heard.iter().cloned().collect();
        let _ = self.known.set(Namespaces { names, complete });
    }

    /// Namespaces that are there but not wanted: what is in them stays.
    fn left_out(&self) -> Vec<Gap> {
        if self.choice.wants_all_namespaces() {
            return Vec::new();
        }
        let known = self.namespaces();
        let left_out = known
            .names
            .into_iter()
            .filter(|name| !self.choice.wants_namespace(name));
        left_out
            .map(|name| Gap {
                kind: None,
                message: format!("namespace `{name}` is left out by the configuration"),
                namespace: Some(name),
                except: Vec::new(),
                uid: None,
                reason: GapReason::NotCollected,
                hint: Some("see `k8s.namespaces` and `k8s.no_namespaces`".to_owned()),
            })
            .collect()
    }
}

/// The way out: items to the sink, and how far we are.
struct Out<'p> {
    sink: Sink,
    watcher: &'p dyn ProgressSink,
    progress: Progress,
    summary: Summary,
}

impl<'p> Out<'p> {
    fn new(plan: &Plan, sink: Sink, watcher: &'p dyn ProgressSink) -> Self {
        Self {
            sink,
            watcher,
            progress: Progress {
                account: plan.facts.name.clone(),
                ..Progress::default()
            },
            summary: Summary::default(),
        }
    }

    async fn send(&mut self, items: Vec<SnapshotItem>) -> Result<(), PluginError> {
        for item in items {
            self.sink.send(item).await.map_err(|_| {
                PluginError::new(
                    GapReason::NotCollected,
                    "nobody takes the snapshot any more",
                )
            })?;
        }
        self.progress.gaps = self.summary.count;
        self.watcher.update(&self.progress);
        Ok(())
    }

    /// The kinds to list; those that can not be, or are not wanted, are gaps.
    async fn wanted(
        &mut self,
        discovered: &Discovered,
        choice: &Choice,
    ) -> Result<Vec<Resource>, PluginError> {
        let mut gaps = Vec::new();
        for stale in &discovered.stale {
            gaps.extend(stale::gaps(stale));
        }
        let mut wanted = Vec::new();
        for resource in &discovered.resources {
            match choice.leaves_out(resource, &crate::kind_name(resource)) {
                Some(gap) => gaps.push(gap),
                None => wanted.push(resource.clone()),
            }
        }
        let items = gaps.into_iter().map(|gap| self.summary.gap(gap)).collect();
        self.progress.kinds = wanted.len() as u64;
        self.send(items).await?;
        Ok(wanted)
    }

    /// Where to ask what nodes and pods use, as far as that is wanted.
    fn wanted_usage(&mut self, discovered: &Discovered, choice: &Choice) -> Vec<Resource> {
        let is_wanted = |one: &&Resource| choice.wants_usage(&usage::of(one), one);
        let wanted: Vec<_> = discovered.usage.iter().filter(is_wanted).cloned().collect();
        self.progress.kinds += wanted.len() as u64;
        if choice.asks_for_usage() {
            let stale = discovered.usage_stale.as_ref();
            self.summary.no_usage(stale.map(usage::not_served));
        }
        wanted
    }

    /// Namespaces and nodes first, since others are read by them; then what the server has by itself; then what
    /// definitions added. Where two groups show the same object, the earlier stage wins.
    async fn stages(
        &mut self,
        collection: &Arc<Collection>,
        wanted: Vec<Resource>,
    ) -> Result<(), PluginError> {
        let first = |resource: &Resource| {
            resource.group.is_empty() && matches!(resource.plural.as_str(), "namespaces" | "nodes")
        };
        let (basis, rest): (Vec<_>, Vec<_>) = wanted.into_iter().partition(first);
        let (own, custom): (Vec<_>, Vec<_>) = rest.into_iter().partition(discovery::is_of_server);
        let complete = self.stage(collection, basis).await?;
        collection.settle_namespaces(complete);
        let gaps = collection.left_out();
        let items = gaps.into_iter().map(|gap| self.summary.gap(gap)).collect();
        self.send(items).await?;
        self.stage(collection, own).await?;
        if self.summary.lacks(DEFINITION) {
            collection.learn_published(&custom).await;
        }
        let kinds = collection.definitions.typed_kinds();
        if !kinds.is_empty() {
            let model = PluginModel {
                kinds,
                ..PluginModel::default()
            };
            self.send(vec![SnapshotItem::Model(model)]).await?;
        }
        self.stage(collection, custom).await?;
        Ok(())
    }

    /// Reads these kinds; whether the namespaces, if among them, were read to their end.
    async fn stage(
        &mut self,
        collection: &Arc<Collection>,
        resources: Vec<Resource>,
    ) -> Result<bool, PluginError> {
        let mut lists = JoinSet::new();
        for resource in resources {
            let collection = collection.clone();
            lists.spawn(async move {
                let _turn = collection.gate.clone().acquire_owned().await;
                let _share = collection.lists.clone().acquire_owned().await;
                collection.read(&resource).await
            });
        }
        let mut namespaces = false;
        let mut tick = tokio::time::interval(TICK);
        loop {
            let listed: Listed = tokio::select! {
                joined = lists.join_next() => match joined {
                    None => return Ok(namespaces),
                    Some(listed) => listed.map_err(|error| {
                        PluginError::new(GapReason::ServerError, format!("a list ended early: {error}"))
                    })?,
                },
                _ = tick.tick() => {
                    self.count(collection);
                    self.watcher.update(&self.progress);
                    continue;
                }
            };
            namespaces |= listed.kind == "kubernetes_namespace" && listed.gaps.is_empty();
            self.progress.kinds_done += 1;
            self.count(collection);
            let items = self.summary.listed(listed);
            self.send(items).await?;
        }
    }

    fn count(&mut self, collection: &Collection) {
        self.progress.objects = collection.objects.load(Ordering::Relaxed);
        self.progress.spent = collection.clock.spent(collection.link.traffic());
    }

    /// Closes the snapshot. The cluster comes a second time, now that it is known what could not be read.
    async fn end(
        mut self,
        discovery_complete: bool,
        cluster: &NodeRecord,
        known: &[Resource],
    ) -> Result<(), PluginError> {
        let mut items = self.summary.end();
        let missing = (self.summary.gaps(), self.summary.usage());
        let cluster = errors::with_errors(cluster, missing, known);
        items.push(SnapshotItem::Node(cluster.into()));
        items.push(SnapshotItem::End(End { discovery_complete }));
        self.progress.done = true;
        self.send(items).await
    }
}
