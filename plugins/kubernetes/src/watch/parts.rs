//! What becomes of a kind that the server does not let us watch: namespace by namespace where that is allowed, else a
//! gap. Which objects there are is still told by collections.
use std::collections::BTreeSet;

use stocktake_plugin_api::WatchItem;

use super::kind::{OfKind, Refused};
use super::{Kinds, Place, Running};
use crate::Resource;
use crate::list::Pager;
use crate::page::Form;
use crate::trouble::RequestError;

impl Kinds {
    /// The server does not let us watch a kind, or a part of it. Everything up to `version` was told.
    pub(super) async fn refused(
        &mut self,
        (kind, namespace): Place,
        refused: Refused,
        version: Option<String>,
    ) {
        tracing::warn!(kind, namespace, error = %refused.error, "it can not be watched; collections still list it");
        let Some(running) = self.running.get_mut(&kind) else {
            return;
        };
        running.tasks.remove(&namespace);
        let resource = running.resource.clone();
        if namespace.is_some() {
            return self.untold(&resource, namespace.as_deref(), &refused).await;
        }
        if resource.namespaced && refused.error.code() == Some(403) {
            running.parts = Some(BTreeSet::new());
            let version = version.as_deref();
            return self.divide(&kind, &resource, &refused, version).await;
        }
        self.running.remove(&kind);
        self.given_up.insert(kind);
        // One that is gone is looked for by discovery.
        if refused.error.code() != Some(404) {
            self.untold(&resource, None, &refused).await;
        }
    }

    /// Watches a kind in every namespace where we may; from `version` on if all of it was told up to there.
    async fn divide(
        &mut self,
        kind: &str,
        resource: &Resource,
        refused: &Refused,
        version: Option<&str>,
    ) {
        let is_whole = if let Some(names) = self.namespaces().await {
            self.leave(kind, &names).await;
            self.watch_in(kind, &names, version).await.is_none()
        } else {
            false
        };
        if !is_whole {
            self.untold(resource, None, refused).await;
        }
    }

    /// There may be other namespaces than before.
    pub(super) async fn see_namespaces(&mut self) {
        let divided = self.running.iter().filter(|(_, of)| of.parts.is_some());
        let divided: Vec<String> = divided.map(|(kind, _)| kind.clone()).collect();
        if divided.is_empty() {
            return;
        }
        let Some(names) = self.namespaces().await else {
            return;
        };
        for kind in divided {
            self.leave(&kind, &names).await;
            let refused = self.watch_in(&kind, &names, None).await;
            let resource = self.running.get(&kind).map(|of| of.resource.clone());
            if let (Some(refused), Some(resource)) = (refused, resource) {
                self.untold(&resource, None, &refused).await;
            }
        }
    }

    /// The namespaces that are wanted: those the configuration names, else all there are; `None` if nobody tells.
    async fn namespaces(&self) -> Option<Vec<String>> {
        let watch = &self.watch;
        if let Some(named) = watch.choice.named_namespaces() {
            return Some(named);
        }
        let path = Resource::namespaces().list_path();
        let size = watch.page_size;
        let mut pager = Pager::new(&watch.link, watch.patience, path, Form::Objects, size);
        let mut names = Vec::new();
        while let Some(object) = pager.next().await.ok()? {
            let object = object.ok()?;
            let name = object["metadata"]["name"].as_str()?.to_owned();
            names.push(name);
        }
        names.retain(|name| watch.choice.wants_namespace(name));
        Some(names)
    }

    /// Watches a kind in these namespaces, as far as it is not and we may; why not in all, if not. Each begins with
    /// the version it is known at, or with that of the whole; what is known at none is listed first.
    async fn watch_in(
        &mut self,
        kind: &str,
        names: &[String],
        whole: Option<&str>,
    ) -> Option<Refused> {
        let mut refused = None;
        for name in names {
            let running = self.running.get_mut(kind)?;
            if !running.parts.as_mut()?.insert(name.clone()) {
                continue;
            }
            let resource = running.resource.clone();
            let watch = self.watch.clone();
            if watch.access.may_list(&watch.link, &resource, name).await {
                let known = self.known_parts.get_mut(kind);
                let version = known.and_then(|parts| parts.remove(name));
                let version = version.or_else(|| whole.map(str::to_owned));
                self.spawn(OfKind::new(watch, resource, version).within(name));
            } else {
                let error = RequestError::not_granted(&resource.plural, name);
                let verb = "watch";
                refused = Some(Refused { verb, error });
            }
        }
        refused
    }

    /// Watches a kind no longer in namespaces that are gone: nothing is in them. Also in those that went while nobody
    /// watched; but what the configuration leaves out by now is there all the same.
    async fn leave(&mut self, kind: &str, names: &[String]) {
        let running = self.running.get_mut(kind);
        let Some(Running { parts, tasks, .. }) = running else {
            return;
        };
        let Some(parts) = parts else {
            return;
        };
        let mut gone = BTreeSet::new();
        for name in parts.extract_if(.., |name| !names.contains(name)) {
            if let Some(task) = tasks.remove(&Some(name.clone())) {
                task.abort();
                gone.insert(name);
            }
        }
        if let Some(known) = self.known_parts.get_mut(kind) {
            let choice = &self.watch.choice;
            let went = |name: &String| !names.contains(name) && choice.wants_namespace(name);
            let went = known.extract_if(.., |name, _| went(name));
            gone.extend(went.map(|(name, _)| name));
        }
        for name in &gone {
            self.emptied(kind, Some(name)).await;
        }
    }

    /// Tells that changes are not told; what is watched in some namespaces all the same is.
    async fn untold(&self, resource: &Resource, namespace: Option<&str>, refused: &Refused) {
        let mut gap = self.watch.untold(resource, namespace, refused);
        let running = gap.kind.as_ref().and_then(|kind| self.running.get(kind));
        if let Some(running) = running.filter(|_| namespace.is_none()) {
            gap.except = running.tasks.keys().flatten().cloned().collect();
        }
        // Whether it is closed is seen by whoever waits next.
        let _ = self.watch.sink.send(WatchItem::Gap(gap)).await;
    }
}
