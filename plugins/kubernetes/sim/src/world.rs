//! One simulated cluster: its objects, what is served, its time and dice, and the work its controllers still have to do.
//!
//! The verbs are in `write` and `delete`, the controllers in `controllers`; nothing here knows HTTP.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::Arc;

use jiff::Timestamp;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::{Value, json};

use crate::catalog::{Catalog, Resource};
use crate::clock::{Clock, rfc3339};
use crate::controllers::Reaction;
use crate::convert;
use crate::object::{Object, ObjectKey, metadata, text};
use crate::options::{Controllers, PodTermination, SimError};
use crate::status::Status;
use crate::store::{Place, Store};

/// The letters of generated names: no vowels, nothing that looks like something else.
const NAME_LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// A cluster without its front door.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) store: Store,
    pub(crate) catalog: Catalog,
    pub(crate) clock: Clock,
    pub(crate) controllers: Controllers,
    pub(crate) pod_termination: PodTermination,
    pub(crate) pending: VecDeque<Reaction>,
    /// Pods on their way out and when they will be gone.
    pub(crate) terminating: Vec<(Timestamp, Place)>,
    dice: StdRng,
}

/// How a world behaves; see `SimOptions`.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) clock: Clock,
    pub(crate) controllers: Controllers,
    pub(crate) pod_termination: PodTermination,
    pub(crate) seed: u64,
}

impl World {
    /// A cluster that holds `objects`. CRDs and `APIService`s may come after the objects they serve.
    pub(crate) fn load(
        objects: impl IntoIterator<Item = Value>,
        settings: Settings,
    ) -> Result<Self, SimError> {
        let mut world = Self {
            store: Store::default(),
            catalog: Catalog::new(),
            clock: settings.clock,
            controllers: settings.controllers,
            pod_termination: settings.pod_termination,
            pending: VecDeque::new(),
            terminating: Vec::new(),
            dice: StdRng::seed_from_u64(settings.seed),
        };
        // Objects of kinds that are not served yet wait for their CRD.
        let mut waiting = Vec::new();
        let now = rfc3339(world.clock.now());
        for object in objects {
            if let Err(object) = world.load_one(object, &now)? {
                waiting.push(object);
            }
        }
        for object in waiting {
            if let Err(object) = world.load_one(object, &now)? {
                return Err(SimError::UnknownKind {
                    api_version: text(&object, "apiVersion").to_owned(),
                    kind: text(&object, "kind").to_owned(),
                });
            }
        }
        world.store.finish_loading();
        Ok(world)
    }

    /// Gives the object back when nothing serves its kind.
    fn load_one(&mut self, object: Value, now: &str) -> Result<Result<(), Value>, SimError> {
        let of_kind = self
            .catalog
            .of_kind(text(&object, "apiVersion"), text(&object, "kind"));
        let Some(resource) = of_kind.map(Arc::clone) else {
            return Ok(Err(object));
        };
        let mut object = convert::to_storage(&resource, object);
        let meta = metadata(&mut object);
        let named = |key: &str| {
            meta.get(key)
                .and_then(Value::as_str)
                .is_some_and(|text| !text.is_empty())
        };
        if !named("name") || resource.namespaced != named("namespace") {
            return Err(SimError::Unnamed {
                kind: resource.kind.clone(),
                object: object.to_string(),
            });
        }
        if !meta.get("uid").is_some_and(Value::is_string) {
            meta.insert("uid".to_owned(), json!(self.uid()));
        }
        let meta = metadata(&mut object);
        if !meta.get("creationTimestamp").is_some_and(Value::is_string) {
            meta.insert("creationTimestamp".to_owned(), json!(now));
        }
        self.note_definition(&resource, &object);
        let (group, plural) = resource.storage();
        let collection = self.store.collection(group, plural);
        // An object out of a dump keeps its version, so that what points at it still fits.
        let given = text(&object["metadata"], "resourceVersion").parse().ok();
        let version = given.unwrap_or_else(|| self.store.next_version());
        self.store.load(collection, Object::new(object, version));
        Ok(Ok(()))
    }

    /// Serves what a stored CRD or `APIService` adds.
    pub(crate) fn note_definition(&mut self, resource: &Resource, object: &Value) {
        match resource.kind.as_str() {
            "CustomResourceDefinition" if !resource.custom => {
                self.catalog
                    .define(text(&object["metadata"], "name"), object);
            }
            "APIService" if !resource.custom => {
                self.catalog
                    .aggregate(text(&object["metadata"], "name"), object);
            }
            _ => {}
        }
    }

    /// The object a request names, or the refusal.
    pub(crate) fn find(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
    ) -> Result<(Place, Arc<Object>), Status> {
        let (group, plural) = resource.storage();
        let found = self
            .store
            .find_collection(group, plural)
            .and_then(|collection| {
                let place = Place {
                    collection,
                    key: ObjectKey::new(namespace, name),
                };
                let object = Arc::clone(self.store.get(&place)?);
                Some((place, object))
            });
        found.ok_or_else(|| Status::not_found(&resource.group, &resource.plural, name))
    }

    /// A new uid, from the seed.
    pub(crate) fn uid(&mut self) -> String {
        let bytes: [u8; 16] = self.dice.random();
        let mut uid = String::with_capacity(36);
        for (at, byte) in bytes.iter().enumerate() {
            if matches!(at, 4 | 6 | 8 | 10) {
                uid.push('-');
            }
            let byte = match at {
                6 => byte & 0x0f | 0x40,
                8 => byte & 0x3f | 0x80,
                _ => *byte,
            };
            write!(uid, "{byte:02x}").expect("writing to a string does not fail");
        }
        uid
    }

    /// `prefix` and five random letters.
    pub(crate) fn generated_name(&mut self, prefix: &str) -> String {
        let letter = |_| char::from(NAME_LETTERS[self.dice.random_range(0..NAME_LETTERS.len())]);
        let suffix: String = (0..5).map(letter).collect();
        // A real server cuts the prefix so that the whole is at most 63 letters long.
        let prefix: String = prefix.chars().take(58).collect();
        format!("{prefix}{suffix}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::delete::DeleteOptions;
    use crate::request::WriteOptions;
    use crate::request::{Query, Route};
    use crate::selector::Selector;
    use crate::token::Continue;

    fn json_value() -> impl Strategy<Value = Value> {
        let key = prop_oneof![
            Just("metadata".to_owned()),
            Just("annotations".to_owned()),
            Just("finalizers".to_owned()),
            Just("ownerReferences".to_owned()),
            Just("managedFields".to_owned()),
            Just("status".to_owned()),
            Just("spec".to_owned()),
            "[a-z!]{0,3}",
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[a-z/]{0,4}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(key.clone(), inner, 0..5)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_body_and_no_stored_object_brings_the_cluster_down(
            stored in json_value(),
            patch in json_value(),
            options in json_value(),
        ) {
            let mut object = json!({"spec": stored, "status": patch, "metadata": stored});
            object["kind"] = json!("Namespace");
            object["apiVersion"] = json!("v1");
            metadata(&mut object).insert("name".to_owned(), json!("a"));
            metadata(&mut object).remove("namespace");
            let settings = Settings {
                clock: Clock::manual(Timestamp::UNIX_EPOCH),
                controllers: Controllers::AtOnce,
                pod_termination: PodTermination::Immediate,
                seed: 1,
            };
            let mut world = World::load([object], settings).unwrap();
            let namespaces = world.catalog.resource("", "v1", "namespaces").unwrap().clone();
            let write = WriteOptions { manager: "test".to_owned(), dry_run: false, force: false };
            // Whether it is refused does not matter, as long as it comes back.
            let text = patch.to_string();
            let merged = (crate::patch::Language::Merge, text.as_bytes());
            let _ = world.patch(&namespaces, ("", "a"), merged, &write);
            let mut fresh = patch.clone();
            if let Some(fields) = fresh.as_object_mut() {
                fields.insert("kind".to_owned(), json!("Namespace"));
                fields.insert("apiVersion".to_owned(), json!("v1"));
                metadata(&mut fresh).insert("name".to_owned(), json!("b"));
            }
            let _ = world.create(&namespaces, "", fresh.to_string().as_bytes(), &write, crate::write::Creating::Plain);
            for name in ["a", "b"] {
                if let Ok(options) = DeleteOptions::read(options.to_string().as_bytes(), &Query::default()) {
                    let _ = world.delete(&namespaces, "", name, &options);
                }
                world.react();
            }
        }

        #[test]
        fn no_address_brings_the_parsers_down(text in "\\PC{0,40}") {
            Route::parse(&text);
            Query::parse(&text);
            let _ = Continue::decode(&text, true);
            let catalog = Catalog::new();
            let pods = catalog.resource("", "v1", "pods").unwrap();
            let _ = Selector::parse(Some(&text), Some(&text), pods);
        }
    }
}
