//! All objects, sorted as etcd sorts them, with the last changes kept so that a paged list sees one version.
//!
//! Knows no HTTP, no kinds and no rules: those are in `api`, `catalog`, `write` and `delete`.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::watch;

use crate::object::{Object, ObjectKey};

/// How many changes are kept for lists at an older version; a real server compacts by time instead.
const KEPT_CHANGES: usize = 20_000;

/// Index of the objects of one group and plural.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct CollectionId(usize);

/// Where an object is, or was.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) collection: CollectionId,
    pub(crate) key: ObjectKey,
}

#[derive(Debug)]
struct Collection {
    group: String,
    plural: String,
    /// Sorted by key.
    objects: Vec<Arc<Object>>,
    /// The version of the last change in it; who watches waits for it.
    news: watch::Sender<u64>,
}

/// What an object was before the change to `version`, and what it was then.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) version: u64,
    place: Place,
    pub(crate) before: Option<Arc<Object>>,
    pub(crate) after: Option<Arc<Object>>,
}

/// The objects of one cluster.
#[derive(Debug, Default)]
pub(crate) struct Store {
    collections: Vec<Collection>,
    ids: BTreeMap<(String, String), CollectionId>,
    /// By uid of the owner.
    dependants: HashMap<Box<str>, Vec<Place>>,
    version: u64,
    /// Lists at a version below this one are no longer possible.
    oldest: u64,
    changes: VecDeque<Change>,
}

/// Which objects of a collection to list.
#[derive(Debug, Clone)]
pub(crate) struct Range<'a> {
    pub(crate) collection: CollectionId,
    /// `None`: all namespaces, or a cluster-scoped resource.
    pub(crate) namespace: Option<&'a str>,
    /// Only what comes after this key.
    pub(crate) after: Option<ObjectKey>,
    /// As of this version; `None`: now.
    pub(crate) at: Option<u64>,
}

/// The objects of a range, and how many of the same list come before them.
pub(crate) type Listed<'a> = (Cow<'a, [Arc<Object>]>, usize);

/// The version is not kept (any more).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Compacted;

impl Store {
    /// The version of the last change.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// Takes the next version for a change about to be made.
    pub(crate) fn next_version(&mut self) -> u64 {
        self.version += 1;
        self.version
    }

    pub(crate) fn collection(&mut self, group: &str, plural: &str) -> CollectionId {
        if let Some(id) = self.find_collection(group, plural) {
            return id;
        }
        let id = CollectionId(self.collections.len());
        self.ids.insert((group.to_owned(), plural.to_owned()), id);
        self.collections.push(Collection {
            group: group.to_owned(),
            plural: plural.to_owned(),
            objects: Vec::new(),
            news: watch::Sender::new(0),
        });
        id
    }

    pub(crate) fn find_collection(&self, group: &str, plural: &str) -> Option<CollectionId> {
        self.ids
            .get(&(group.to_owned(), plural.to_owned()))
            .copied()
    }

    /// Group and plural of a collection.
    pub(crate) fn name(&self, id: CollectionId) -> (&str, &str) {
        let collection = &self.collections[id.0];
        (&collection.group, &collection.plural)
    }

    pub(crate) fn collections(&self) -> impl Iterator<Item = CollectionId> + use<> {
        (0..self.collections.len()).map(CollectionId)
    }

    /// Puts an object in place while the store is filled; `finish_loading` must follow.
    pub(crate) fn load(&mut self, collection: CollectionId, object: Object) {
        self.version = self.version.max(object.version);
        self.index_owners(collection, &object);
        self.collections[collection.0]
            .objects
            .push(Arc::new(object));
    }

    /// Sorts what was loaded. Of two objects with one key the later one stays.
    pub(crate) fn finish_loading(&mut self) {
        for collection in &mut self.collections {
            collection.objects.sort_by(|a, b| a.key.cmp(&b.key));
            collection.objects.reverse();
            collection.objects.dedup_by(|a, b| a.key == b.key);
            collection.objects.reverse();
        }
        self.oldest = self.version;
    }

    pub(crate) fn get(&self, place: &Place) -> Option<&Arc<Object>> {
        let objects = &self.collections[place.collection.0].objects;
        let at = objects
            .binary_search_by(|object| object.key.cmp(&place.key))
            .ok()?;
        Some(&objects[at])
    }

    pub(crate) fn len(&self, collection: CollectionId) -> usize {
        self.collections[collection.0].objects.len()
    }

    /// The names of a collection as it is now, of one namespace or of all, in key order.
    pub(crate) fn names(&self, collection: CollectionId, namespace: Option<&str>) -> Vec<String> {
        let objects = within(&self.collections[collection.0].objects, namespace);
        objects
            .iter()
            .map(|object| object.key.name.to_string())
            .collect()
    }

    /// Stores `body` under the next version, replacing what was there.
    pub(crate) fn put(&mut self, collection: CollectionId, body: Value) -> Arc<Object> {
        let version = self.next_version();
        let object = Arc::new(Object::new(body, version));
        let place = Place {
            collection,
            key: object.key.clone(),
        };
        let objects = &mut self.collections[collection.0].objects;
        let before = match objects.binary_search_by(|other| other.key.cmp(&object.key)) {
            Ok(at) => Some(std::mem::replace(&mut objects[at], Arc::clone(&object))),
            Err(at) => {
                objects.insert(at, Arc::clone(&object));
                None
            }
        };
        if let Some(before) = &before {
            self.forget_owners(collection, before);
        }
        self.index_owners(collection, &object);
        self.remember(Change {
            version,
            place,
            before,
            after: Some(Arc::clone(&object)),
        });
        object
    }

    /// Takes an object out. The removal is a change with a version of its own.
    pub(crate) fn remove(&mut self, place: &Place) -> Option<Arc<Object>> {
        let objects = &mut self.collections[place.collection.0].objects;
        let at = objects
            .binary_search_by(|object| object.key.cmp(&place.key))
            .ok()?;
        let gone = objects.remove(at);
        self.forget_owners(place.collection, &gone);
        let version = self.next_version();
        let before = Some(Arc::clone(&gone));
        self.remember(Change {
            version,
            place: place.clone(),
            before,
            after: None,
        });
        Some(gone)
    }

    /// What names this uid as an owner, in order.
    pub(crate) fn dependants(&self, uid: &str) -> Vec<Place> {
        let mut places = self.dependants.get(uid).cloned().unwrap_or_default();
        places.sort();
        places
    }

    /// The objects of a range, and how many of the same list come before them.
    pub(crate) fn list(&self, range: &Range<'_>) -> Result<Listed<'_>, Compacted> {
        let objects = &self.collections[range.collection.0].objects;
        let at = range.at.unwrap_or(self.version);
        if at < self.oldest || at > self.version {
            return Err(Compacted);
        }
        let now = within(objects, range.namespace);
        if !self.changed_since(range.collection, at) {
            let start = first_after(now, range.after.as_ref());
            return Ok((Cow::Borrowed(&now[start..]), start));
        }
        let mut then = self.rewound(range, now, at);
        let start = first_after(&then, range.after.as_ref());
        Ok((Cow::Owned(then.split_off(start)), start))
    }

    /// Tells the version of every change in a collection from now on.
    pub(crate) fn news(&self, collection: CollectionId) -> watch::Receiver<u64> {
        self.collections[collection.0].news.subscribe()
    }

    /// The changes in a collection, or in one namespace of it, after a version; oldest first.
    pub(crate) fn changes_since<'a>(
        &'a self,
        collection: CollectionId,
        namespace: Option<&'a str>,
        version: u64,
    ) -> Result<impl Iterator<Item = &'a Change>, Compacted> {
        if version < self.oldest {
            return Err(Compacted);
        }
        let start = self
            .changes
            .partition_point(|change| change.version <= version);
        let changes = self.changes.range(start..);
        Ok(changes.filter(move |change| {
            let key = &change.place.key;
            change.place.collection == collection
                && namespace.is_none_or(|namespace| *key.namespace == *namespace)
        }))
    }

    /// Forgets every change: nothing older than now can be listed or watched from.
    pub(crate) fn compact(&mut self) {
        self.changes.clear();
        self.oldest = self.version;
    }

    fn changed_since(&self, collection: CollectionId, version: u64) -> bool {
        let mut later = self
            .changes
            .iter()
            .rev()
            .take_while(|change| change.version > version);
        later.any(|change| change.place.collection == collection)
    }

    /// The objects as they were at version `at`, from the kept changes.
    fn rewound(&self, range: &Range<'_>, now: &[Arc<Object>], at: u64) -> Vec<Arc<Object>> {
        let mut then: BTreeMap<&ObjectKey, Option<&Arc<Object>>> = BTreeMap::new();
        for change in self
            .changes
            .iter()
            .rev()
            .take_while(|change| change.version > at)
        {
            let key = &change.place.key;
            let inside = range
                .namespace
                .is_none_or(|namespace| *key.namespace == *namespace);
            if change.place.collection == range.collection && inside {
                then.insert(key, change.before.as_ref());
            }
        }
        let unchanged = now.iter().filter(|object| !then.contains_key(&object.key));
        let before = then.values().filter_map(|before| *before);
        let mut objects: Vec<_> = unchanged.chain(before).cloned().collect();
        objects.sort_by(|a, b| a.key.cmp(&b.key));
        objects
    }

    fn remember(&mut self, change: Change) {
        let news = &self.collections[change.place.collection.0].news;
        news.send_replace(change.version);
        self.changes.push_back(change);
        if self.changes.len() > KEPT_CHANGES
            && let Some(dropped) = self.changes.pop_front()
        {
            self.oldest = dropped.version;
        }
    }

    fn index_owners(&mut self, collection: CollectionId, object: &Object) {
        for owner in object.owners() {
            let place = Place {
                collection,
                key: object.key.clone(),
            };
            self.dependants
                .entry(owner.uid.into())
                .or_default()
                .push(place);
        }
    }

    fn forget_owners(&mut self, collection: CollectionId, object: &Object) {
        for owner in object.owners() {
            if let Some(places) = self.dependants.get_mut(owner.uid.as_str()) {
                places.retain(|place| place.collection != collection || place.key != object.key);
                if places.is_empty() {
                    self.dependants.remove(owner.uid.as_str());
                }
            }
        }
    }
}

fn within<'a>(objects: &'a [Arc<Object>], namespace: Option<&str>) -> &'a [Arc<Object>] {
    let Some(namespace) = namespace else {
        return objects;
    };
    let start =
        objects.partition_point(|object| object.key.namespace_order(namespace) == Ordering::Less);
    let end = objects
        .partition_point(|object| object.key.namespace_order(namespace) != Ordering::Greater);
    &objects[start..end]
}

fn first_after(objects: &[Arc<Object>], after: Option<&ObjectKey>) -> usize {
    after.map_or(0, |after| {
        objects.partition_point(|object| object.key <= *after)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(name: &str) -> Value {
        json!({"metadata": {"name": name, "namespace": "a", "uid": name}})
    }

    fn names(store: &Store, pods: CollectionId, at: Option<u64>) -> Result<Vec<String>, Compacted> {
        let range = Range {
            collection: pods,
            namespace: Some("a"),
            after: None,
            at,
        };
        let (objects, _) = store.list(&range)?;
        Ok(objects
            .iter()
            .map(|object| object.key.name.to_string())
            .collect())
    }

    #[test]
    fn a_list_at_an_older_version_does_not_see_later_changes() {
        let mut store = Store::default();
        let pods = store.collection("", "pods");
        store.load(pods, Object::new(pod("b"), 0));
        store.load(pods, Object::new(pod("a"), 0));
        store.finish_loading();
        let then = store.version();
        store.put(pods, pod("c"));
        store.remove(&Place {
            collection: pods,
            key: ObjectKey::new("a", "a"),
        });
        assert_eq!(names(&store, pods, None).unwrap(), ["b", "c"]);
        assert_eq!(names(&store, pods, Some(then)).unwrap(), ["a", "b"]);
        assert_eq!(names(&store, pods, Some(then + 9)), Err(Compacted));
    }

    #[test]
    fn dependants_follow_the_owner_references() {
        let mut store = Store::default();
        let pods = store.collection("", "pods");
        let mut owned = pod("a");
        owned["metadata"]["ownerReferences"] = json!([{"uid": "rs", "kind": "ReplicaSet"}]);
        store.put(pods, owned);
        assert_eq!(store.dependants("rs").len(), 1);
        store.put(pods, pod("a"));
        assert_eq!(store.dependants("rs"), []);
    }
}
