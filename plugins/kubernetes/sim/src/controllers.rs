//! What a cluster does by itself after a change: collect dependants, replace pods, empty namespaces.
//!
//! One queue of reactions, worked off in order, so that the outcome never depends on timing.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::catalog::Resource;
use crate::clock::rfc3339;
use crate::delete::{DeleteOptions, FOREGROUND, ORPHAN, Propagation};
use crate::object::{Object, metadata, text};
use crate::options::Controllers;
use crate::store::{CollectionId, Place};
use crate::world::World;

/// Something a controller still has to do.
#[derive(Debug, Clone)]
pub(crate) enum Reaction {
    /// An object is gone: its dependants follow, a pod is replaced, a CRD's objects go.
    Gone(CollectionId, Arc<Object>),
    /// The dependants of this owner go first, then the owner.
    Foreground(Place),
    /// The dependants of this owner forget it, then it goes.
    Orphan(Place),
    /// The containers of this pod have stopped.
    Terminated(Place),
    /// Everything in this namespace goes, then the namespace.
    EmptyNamespace(Box<str>),
    /// The controller of this pod makes a new one.
    Replace {
        /// The pod as it was.
        pod: Value,
        /// Whether it is gone, or only asked to stop.
        gone: bool,
    },
}

impl World {
    /// Whether a pod's time is up, so that `advance` has something to do.
    pub(crate) fn is_due(&self) -> bool {
        let now = self.clock.now();
        self.terminating.iter().any(|(due, _)| *due <= now)
    }

    /// Stops the pods whose time is up, and reacts to that if the controllers act at once.
    pub(crate) fn advance(&mut self) {
        let now = self.clock.now();
        let (due, waiting) = std::mem::take(&mut self.terminating)
            .into_iter()
            .partition(|(due, _)| *due <= now);
        self.terminating = waiting;
        let due: Vec<_> = due;
        self.pending.extend(
            due.into_iter()
                .map(|(_, place)| Reaction::Terminated(place)),
        );
        self.react();
    }

    /// Lets the controllers act if they act at once.
    pub(crate) fn react(&mut self) {
        if self.controllers == Controllers::AtOnce {
            self.settle();
        }
    }

    /// Lets the controllers act until nothing is left to do.
    pub(crate) fn settle(&mut self) {
        let mut blocked = Vec::new();
        while let Some(reaction) = self.pending.pop_front() {
            let something_went = matches!(reaction, Reaction::Gone(..));
            if let Some(waiting) = self.work(reaction) {
                blocked.push(waiting);
            }
            if something_went {
                self.pending.extend(blocked.drain(..));
            }
        }
        // What waits for a pod to stop is looked at again when one has.
        self.pending.extend(blocked);
    }

    /// Does one thing; gives it back when it has to wait for something else to go.
    fn work(&mut self, reaction: Reaction) -> Option<Reaction> {
        match reaction {
            Reaction::Gone(collection, object) => {
                self.collect_dependants(&object.uid);
                self.follow(collection, &object);
                None
            }
            Reaction::Foreground(place) => self.finish_foreground(place),
            Reaction::Orphan(place) => {
                self.finish_orphan(&place);
                None
            }
            Reaction::Terminated(place) => {
                self.finish_pod(&place);
                None
            }
            Reaction::EmptyNamespace(name) => self.empty_namespace(name),
            Reaction::Replace { pod, gone } => {
                self.replace_pod(&pod, gone);
                None
            }
        }
    }

    /// What depends on the kind of what went.
    fn follow(&mut self, collection: CollectionId, object: &Object) {
        let (group, plural) = self.store.name(collection);
        match (group, plural) {
            ("", "pods") => {
                let pod = object.to_value();
                self.pending
                    .push_back(Reaction::Replace { pod, gone: true });
            }
            ("apiregistration.k8s.io", "apiservices") => {
                self.catalog.disaggregate(&object.key.name);
            }
            ("apiextensions.k8s.io", "customresourcedefinitions") => {
                let gone = self.catalog.undefine(&object.key.name);
                let gone =
                    gone.and_then(|(group, plural)| self.store.find_collection(&group, &plural));
                for place in gone.map(|gone| self.places(gone, None)).unwrap_or_default() {
                    self.take_out(&place);
                }
            }
            _ => {}
        }
    }

    fn places(&self, collection: CollectionId, namespace: Option<&str>) -> Vec<Place> {
        let range = crate::store::Range {
            collection,
            namespace,
            after: None,
            at: None,
        };
        let Ok((objects, _)) = self.store.list(&range) else {
            return Vec::new();
        };
        objects
            .iter()
            .map(|object| Place {
                collection,
                key: object.key.clone(),
            })
            .collect()
    }

    /// The owner with this uid is gone: what has no other owner goes, too.
    fn collect_dependants(&mut self, uid: &str) {
        for place in self.store.dependants(uid) {
            let Some(dependant) = self.store.get(&place).map(|found| found.to_value()) else {
                continue;
            };
            let owners = dependant["metadata"]["ownerReferences"]
                .as_array()
                .cloned()
                .unwrap_or_default();
            let others = owners.iter().filter(|owner| owner["uid"] != uid);
            if others
                .into_iter()
                .any(|owner| self.owner(owner, &place.key.namespace).is_some())
            {
                self.forget_owner(&place, uid);
            } else {
                self.delete_place(&place);
            }
        }
    }

    /// Deletes in the background, as the garbage collector does.
    fn delete_place(&mut self, place: &Place) {
        let (group, plural) = self.store.name(place.collection);
        let resource = self.catalog.preferred(group, plural).map(Arc::clone);
        match resource {
            Some(resource) => {
                let options = DeleteOptions {
                    propagation: Some(Propagation::Background),
                    ..DeleteOptions::default()
                };
                // Not found: it went with something else.
                let _ = self.delete(&resource, &place.key.namespace, &place.key.name, &options);
            }
            // Nothing serves it any more: there are no rules left to keep.
            None => self.take_out(place),
        }
    }

    fn forget_owner(&mut self, place: &Place, uid: &str) {
        let Some(mut body) = self.store.get(place).map(|found| found.to_value()) else {
            return;
        };
        let meta = metadata(&mut body);
        if let Some(owners) = meta
            .get_mut("ownerReferences")
            .and_then(Value::as_array_mut)
        {
            owners.retain(|owner| owner["uid"] != uid);
            if owners.is_empty() {
                meta.remove("ownerReferences");
            }
        }
        self.store.put(place.collection, body);
    }

    /// The owner an owner reference points at, if it is still the same one.
    fn owner(&self, reference: &Value, namespace: &str) -> Option<(Arc<Resource>, Arc<Object>)> {
        let resource = self
            .catalog
            .of_kind(text(reference, "apiVersion"), text(reference, "kind"))?;
        let namespace = if resource.namespaced { namespace } else { "" };
        let (_, found) = self
            .find(resource, namespace, text(reference, "name"))
            .ok()?;
        (*found.uid == *text(reference, "uid")).then(|| (Arc::clone(resource), found))
    }

    fn finish_foreground(&mut self, place: Place) -> Option<Reaction> {
        let uid = self.store.get(&place)?.uid.clone();
        for dependant in self.store.dependants(&uid) {
            self.delete_place(&dependant);
        }
        let blocking = |dependant: &Place| {
            let found = self.store.get(dependant);
            found.is_some_and(|found| {
                found
                    .owners()
                    .iter()
                    .any(|owner| *owner.uid == *uid && owner.blocks)
            })
        };
        if self.store.dependants(&uid).iter().any(blocking) {
            return Some(Reaction::Foreground(place));
        }
        self.release(&place, FOREGROUND);
        None
    }

    /// The containers have stopped; a finalizer may still hold the object.
    fn finish_pod(&mut self, place: &Place) {
        let Some(mut body) = self.store.get(place).map(|found| found.to_value()) else {
            return;
        };
        if body["metadata"]["deletionTimestamp"].is_null() {
            // Another pod by now, under the same name.
            return;
        }
        if body["metadata"]["finalizers"].is_null() {
            return self.take_out(place);
        }
        metadata(&mut body).insert("deletionGracePeriodSeconds".to_owned(), json!(0));
        self.store.put(place.collection, body);
    }

    fn finish_orphan(&mut self, place: &Place) {
        let Some(uid) = self.store.get(place).map(|owner| owner.uid.clone()) else {
            return;
        };
        for dependant in self.store.dependants(&uid) {
            self.forget_owner(&dependant, &uid);
        }
        self.release(place, ORPHAN);
    }

    /// Takes a finalizer off; the last one lets the object go.
    fn release(&mut self, place: &Place, finalizer: &str) {
        let Some(mut body) = self.store.get(place).map(|found| found.to_value()) else {
            return;
        };
        let meta = metadata(&mut body);
        if let Some(list) = meta.get_mut("finalizers").and_then(Value::as_array_mut) {
            list.retain(|held| held != finalizer);
            if list.is_empty() {
                meta.remove("finalizers");
            }
        }
        let (group, plural) = self.store.name(place.collection);
        if let Some(resource) = self.catalog.preferred(group, plural).map(Arc::clone) {
            self.replace(&resource, place, body);
        }
    }

    fn empty_namespace(&mut self, name: Box<str>) -> Option<Reaction> {
        let mut left = false;
        for collection in self.store.collections() {
            for place in self.places(collection, Some(&name)) {
                self.delete_place(&place);
                left |= self.store.get(&place).is_some();
            }
        }
        if left {
            return Some(Reaction::EmptyNamespace(name));
        }
        if let Some(namespaces) = self.store.find_collection("", "namespaces") {
            let key = crate::object::ObjectKey::new("", &name);
            self.take_out(&Place {
                collection: namespaces,
                key,
            });
        }
        None
    }

    /// A ReplicaSet replaces a pod as soon as it is asked to stop, the others when it is gone.
    fn replace_pod(&mut self, pod: &Value, gone: bool) {
        let meta = &pod["metadata"];
        let namespace = text(meta, "namespace");
        let controller = meta["ownerReferences"].as_array().into_iter().flatten();
        let Some(controller) = controller
            .into_iter()
            .find(|owner| owner["controller"] == true)
        else {
            return;
        };
        let eager = match text(controller, "kind") {
            "ReplicaSet" | "ReplicationController" => true,
            "StatefulSet" | "DaemonSet" => false,
            _ => return,
        };
        let was_asked = !meta["deletionTimestamp"].is_null();
        let due = if eager { !(gone && was_asked) } else { gone };
        if !due {
            return;
        }
        let Some((_, owner)) = self.owner(controller, namespace) else {
            return;
        };
        let owner = owner.to_value();
        if !owner["metadata"]["deletionTimestamp"].is_null() || !self.lacks_pods(&owner) {
            return;
        }
        let name = self.new_name(pod, text(controller, "kind"));
        self.start_pod(pod.clone(), &name);
    }

    /// A pod like the old one, as new.
    fn start_pod(&mut self, mut pod: Value, name: &str) {
        let (uid, now) = (self.uid(), rfc3339(self.clock.now()));
        let meta = metadata(&mut pod);
        for field in [
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "finalizers",
        ] {
            meta.remove(field);
        }
        meta.insert("name".to_owned(), json!(name));
        meta.insert("uid".to_owned(), json!(uid));
        meta.insert("creationTimestamp".to_owned(), json!(now));
        if meta.contains_key("generation") {
            meta.insert("generation".to_owned(), json!(1));
        }
        if pod["status"]["startTime"].is_string() {
            pod["status"]["startTime"] = json!(now);
        }
        let pods = self.store.collection("", "pods");
        let started = self.store.put(pods, pod);
        self.refill_budgets(&started.to_value());
    }

    /// Fewer pods that stay than the owner asks for; a DaemonSet always lacks the one that went.
    fn lacks_pods(&self, owner: &Value) -> bool {
        let Some(wanted) = owner["spec"]["replicas"].as_u64() else {
            return true;
        };
        let pods = self.store.find_collection("", "pods");
        let places = self.store.dependants(text(&owner["metadata"], "uid"));
        // A StatefulSet owns its revisions, too.
        let found = places
            .iter()
            .filter(|place| Some(place.collection) == pods)
            .filter_map(|place| self.store.get(place));
        let staying =
            found.filter(|object| object.to_value()["metadata"]["deletionTimestamp"].is_null());
        (staying.count() as u64) < wanted
    }

    fn new_name(&mut self, pod: &Value, controller: &str) -> String {
        let name = text(&pod["metadata"], "name");
        if controller == "StatefulSet" {
            return name.to_owned();
        }
        match text(&pod["metadata"], "generateName") {
            "" => {
                let prefix = name
                    .rsplit_once('-')
                    .map_or(name, |(prefix, _)| prefix)
                    .to_owned();
                self.generated_name(&format!("{prefix}-"))
            }
            prefix => self.generated_name(prefix),
        }
    }
}
