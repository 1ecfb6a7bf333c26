//! Watching a cluster: every wanted kind in a connection of its own, kinds that come up and go included.
//!
//! Nothing is kept but a version per kind: what an event means for the graph is the core's business.
mod event;
mod kind;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use stocktake_model::{Model, PluginModel};
use stocktake_plugin_api::{WatchItem, WatchSink, WatchStart};
use tokio::sync::{Notify, Semaphore};
use tokio::task::{AbortHandle, JoinSet};

use crate::collect::{Choice, Definitions, Plan, SHARED};
use crate::connect::Link;
use crate::convert::Converter;
use crate::discovery::{self, Discovered};
use crate::retry::Patience;
use crate::trouble::RequestError;
use crate::{Resource, kind_name};
use kind::{End, OfKind};

/// A definition is served a moment after it was accepted; later looks find what the first missed.
const LOOKS: [Duration; 3] = [
    Duration::from_millis(200),
    Duration::from_secs(2),
    Duration::from_secs(10),
];

/// What the watches of one cluster share.
struct Watch {
    link: Arc<Link>,
    patience: Patience,
    page_size: u32,
    converter: Converter,
    choice: Choice,
    definitions: Definitions,
    sink: WatchSink,
    /// Lists in flight, of this cluster and of all.
    gate: Semaphore,
    lists: Arc<Semaphore>,
    /// What is served may have changed.
    redefined: Notify,
}

impl Watch {
    /// Looks at an object for what it says about other kinds; `None` if it is gone.
    fn notice(&self, resource: &Resource, object: Option<&Value>) {
        let defines = resource.plural == "customresourcedefinitions";
        if let Some(object) = object.filter(|_| defines) {
            self.definitions.define(&self.converter, object);
        }
        if defines || resource.plural == "apiservices" {
            self.redefined.notify_one();
        }
    }
}

/// Tells what happens until the sink is closed.
pub(crate) async fn run(plan: Plan, start: WatchStart, sink: WatchSink) {
    let mut model = Model::default();
    model.add(crate::built_in_model().kinds);
    model.add(crate::dynamic_kinds(&plan.discovered.resources));
    let watch = Arc::new(Watch {
        choice: Choice::new(&plan.config, model),
        definitions: Definitions::new(plan.discovered.resources.clone()),
        link: plan.link,
        patience: plan.patience,
        page_size: plan.config.page_size,
        converter: plan.converter,
        gate: Semaphore::new(plan.config.list_parallelism.max(1)),
        lists: plan.lists,
        redefined: Notify::new(),
        sink,
    });
    let begin = WatchItem::Begin {
        account: plan.facts.id,
        shared_kinds: SHARED.map(str::to_owned).into(),
    };
    let mut kinds = Kinds::new(watch.clone(), &start);
    if watch.sink.send(begin).await.is_ok() {
        kinds.define(&plan.discovered).await;
        kinds.serve(plan.discovered).await;
        kinds.run().await;
    }
}

/// The kinds that are watched.
struct Kinds {
    watch: Arc<Watch>,
    /// Versions the core knows.
    known: BTreeMap<String, String>,
    running: BTreeMap<String, (Resource, AbortHandle)>,
    tasks: JoinSet<(String, End)>,
    /// Kinds that can not be watched.
    given_up: BTreeSet<String>,
}

impl Kinds {
    fn new(watch: Arc<Watch>, start: &WatchStart) -> Self {
        let known = start.complete.iter().filter_map(|complete| {
            let version = complete.resource_version.clone()?;
            Some((complete.kind.clone(), version))
        });
        Self {
            known: known.collect(),
            watch,
            running: BTreeMap::new(),
            tasks: JoinSet::new(),
            given_up: BTreeSet::new(),
        }
    }

    /// Definitions are read before everything else: objects of custom kinds are read by them.
    async fn define(&mut self, discovered: &Discovered) {
        let definitions = discovered.resources.iter().find(|resource| {
            resource.plural == "customresourcedefinitions" && self.is_wanted(resource)
        });
        if let Some(resource) = definitions {
            let mut of_kind = OfKind::new(self.watch.clone(), resource.clone(), None);
            of_kind.list_first().await;
            self.spawn(resource.clone(), of_kind);
        }
    }

    fn is_wanted(&self, resource: &Resource) -> bool {
        let kind = kind_name(resource);
        resource.verbs.iter().any(|verb| verb == "watch")
            && self.watch.choice.leaves_out(resource, &kind).is_none()
    }

    fn spawn(&mut self, resource: Resource, of_kind: OfKind) {
        let kind = kind_name(&resource);
        let name = kind.clone();
        let task = self.tasks.spawn(async move { (name, of_kind.run().await) });
        self.running.insert(kind, (resource, task));
    }

    /// Watches what is served from now on, and no longer what is not.
    async fn serve(&mut self, discovered: Discovered) {
        let wanted: BTreeMap<String, Resource> = discovered
            .resources
            .iter()
            .filter(|resource| self.is_wanted(resource))
            .map(|resource| (kind_name(resource), resource.clone()))
            .collect();
        let is_complete = discovered.is_complete();
        let mut gone: Vec<String> = Vec::new();
        for (kind, (resource, task)) in &self.running {
            match wanted.get(kind) {
                Some(served) if served.version == resource.version => {}
                Some(_) => {
                    task.abort();
                    gone.push(kind.clone());
                }
                None if is_complete => {
                    task.abort();
                    gone.push(kind.clone());
                    self.emptied(kind).await;
                }
                None => {}
            }
        }
        for kind in &gone {
            self.running.remove(kind);
            self.known.remove(kind);
        }
        self.given_up.retain(|kind| wanted.contains_key(kind));
        for (kind, resource) in wanted {
            if !self.running.contains_key(&kind) && !self.given_up.contains(&kind) {
                let version = self.known.remove(&kind);
                let of_kind = OfKind::new(self.watch.clone(), resource.clone(), version);
                self.spawn(resource, of_kind);
            }
        }
    }

    /// A kind that is not served any more has no objects.
    async fn emptied(&self, kind: &str) {
        let kind = kind.to_owned();
        let items = [
            WatchItem::Relisting { kind: kind.clone() },
            WatchItem::Relisted {
                kind,
                resource_version: None,
            },
        ];
        for item in items {
            // Whether it is closed is seen by whoever waits next.
            let _ = self.watch.sink.send(item).await;
        }
    }

    async fn run(&mut self) {
        let mut looks: Vec<Duration> = Vec::new();
        loop {
            let look = async {
                match looks.last() {
                    Some(wait) => tokio::time::sleep(*wait).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.watch.sink.closed() => return,
                Some(ended) = self.tasks.join_next() => {
                    if let Ok((kind, End::Unwatchable(error))) = ended {
                        self.give_up(kind, &error);
                        looks = later_looks(&looks, &error);
                    }
                }
                () = self.watch.redefined.notified() => {
                    looks = LOOKS.into_iter().rev().collect();
                }
                () = look => {
                    looks.pop();
                    self.look().await;
                }
            }
        }
    }

    fn give_up(&mut self, kind: String, error: &RequestError) {
        tracing::warn!(kind, %error, "a kind can not be watched; collections still list it");
        self.running.remove(&kind);
        self.given_up.insert(kind);
    }

    /// Asks what is served now.
    async fn look(&mut self) {
        let found = discovery::discover(&self.watch.link, self.watch.patience).await;
        let Ok(discovered) = found else { return };
        let definitions = &self.watch.definitions;
        definitions.serve(&self.watch.converter, discovered.resources.clone());
        let custom = discovered.resources.iter().filter(|resource| {
            discovery::is_custom(resource) && !self.running.contains_key(&kind_name(resource))
        });
        let custom: Vec<Resource> = custom.cloned().collect();
        let mut kinds = crate::dynamic_kinds(&custom);
        kinds.extend(definitions.typed_kinds());
        if !kinds.is_empty() {
            let model = PluginModel {
                kinds,
                ..PluginModel::default()
            };
            let _ = self.watch.sink.send(WatchItem::Model(model)).await;
        }
        self.serve(discovered).await;
    }
}

/// A kind that is gone may have taken others with it.
fn later_looks(looks: &[Duration], error: &RequestError) -> Vec<Duration> {
    if error.code() == Some(404) && looks.is_empty() {
        return vec![LOOKS[0]];
    }
    looks.to_vec()
}
