//! Watching a cluster: every wanted kind in a connection of its own, kinds that come up and go included.
//!
//! Nothing is kept but a version per kind, or per namespace of it: what an event means for the graph is the core's business.
mod event;
mod kind;
mod parts;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use stocktake_model::{Gap, GapReason, Model, PartVersions, PluginModel};
use stocktake_plugin_api::{WatchItem, WatchSink, WatchStart};
use tokio::sync::{Notify, Semaphore};
use tokio::task::{AbortHandle, JoinSet};

use crate::collect::{Access, Choice, Definitions, Plan, SHARED};
use crate::connect::Link;
use crate::convert::Converter;
use crate::discovery::{self, Discovered};
use crate::retry::Patience;
use crate::trouble::{RequestError, grant};
use crate::{Resource, kind_name};
use kind::{End, OfKind, Refused};

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
    /// There may be other namespaces.
    divided: Notify,
    /// What may be listed in a namespace.
    access: Access,
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
        if resource.plural == "namespaces" && resource.group.is_empty() {
            self.divided.notify_one();
        }
    }

    /// The gap of a kind whose changes are not told, in a namespace or in all.
    fn untold(&self, resource: &Resource, namespace: Option<&str>, refused: &Refused) -> Gap {
        let Refused { verb, error } = refused;
        let context = &self.link.target().context;
        let mut gap = error.of_list(context, resource, &kind_name(resource), namespace);
        gap.message = format!("its changes are not told: {}", gap.message);
        if gap.reason == GapReason::Forbidden {
            let rule = grant(resource, verb, namespace);
            gap.hint = Some(format!("{rule}\nor set `k8s.watch: false`"));
        }
        gap
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
        divided: Notify::new(),
        access: Access::default(),
        sink,
    });
    let begin = WatchItem::Begin {
        account: plan.facts.id,
        shared_kinds: SHARED.map(str::to_owned).into(),
        reading: plan.reading,
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
    /// Versions the core knows, of whole kinds and of what is in one namespace.
    known: BTreeMap<String, String>,
    known_parts: PartVersions,
    running: BTreeMap<String, Running>,
    tasks: JoinSet<(Place, End)>,
    /// Kinds that can not be watched.
    given_up: BTreeSet<String>,
}

/// A kind, and the namespace if it is not all of it.
type Place = (String, Option<String>);

/// A kind that is watched, in one connection or in one for each namespace.
struct Running {
    resource: Resource,
    /// By namespace; the one without for all of them.
    tasks: BTreeMap<Option<String>, AbortHandle>,
    /// The namespaces that were looked at, if it is watched by them.
    parts: Option<BTreeSet<String>>,
}

impl Running {
    fn abort(&self) {
        for task in self.tasks.values() {
            task.abort();
        }
    }
}

impl Kinds {
    fn new(watch: Arc<Watch>, start: &WatchStart) -> Self {
        let known = start.complete.iter().filter_map(|complete| {
            let version = complete.resource_version.clone()?;
            Some((complete.kind.clone(), version))
        });
        Self {
            known: known.collect(),
            known_parts: start.parts.clone(),
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
            self.spawn(of_kind);
        }
    }

    fn is_wanted(&self, resource: &Resource) -> bool {
        let kind = kind_name(resource);
        resource.verbs.iter().any(|verb| verb == "watch")
            && self.watch.choice.leaves_out(resource, &kind).is_none()
    }

    fn spawn(&mut self, of_kind: OfKind) {
        let place = of_kind.place();
        let (kind, namespace) = place.clone();
        let running = self.running.entry(kind).or_insert_with(|| Running {
            resource: of_kind.resource().clone(),
            tasks: BTreeMap::new(),
            parts: None,
        });
        let task = async move { (place, of_kind.run().await) };
        running.tasks.insert(namespace, self.tasks.spawn(task));
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
        for (kind, running) in &self.running {
            match wanted.get(kind) {
                Some(served) if served.version == running.resource.version => {}
                Some(_) => {
                    running.abort();
                    gone.push(kind.clone());
                }
                None if is_complete => {
                    running.abort();
                    gone.push(kind.clone());
                    self.emptied(kind, None).await;
                }
                None => {}
            }
        }
        for kind in &gone {
            self.running.remove(kind);
            self.known.remove(kind);
            self.known_parts.remove(kind);
        }
        self.given_up.retain(|kind| wanted.contains_key(kind));
        for (kind, resource) in wanted {
            if !self.running.contains_key(&kind) && !self.given_up.contains(&kind) {
                let version = self.known.remove(&kind);
                let of_kind = OfKind::new(self.watch.clone(), resource, version);
                self.spawn(of_kind);
            }
        }
    }

    /// A kind that is not served any more has no objects, and none are in a namespace that is gone.
    async fn emptied(&self, kind: &str, namespace: Option<&str>) {
        let (kind, namespace) = (kind.to_owned(), namespace.map(str::to_owned));
        let items = [
            WatchItem::Relisting {
                kind: kind.clone(),
                namespace: namespace.clone(),
            },
            WatchItem::Relisted {
                kind: kind.clone(),
                namespace: namespace.clone(),
                resource_version: None,
            },
            WatchItem::Mended { kind, namespace },
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
                    if let Ok((place, End::Unwatchable { refused, version })) = ended {
                        looks = later_looks(&looks, &refused.error);
                        self.refused(place, refused, version).await;
                    }
                }
                () = self.watch.divided.notified() => self.see_namespaces().await,
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
