//! Changes made past the front door: what somebody else does to the cluster while a client looks away.
//!
//! No permission, no validation, no fault is in the way; the object gets a new version like any other change.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::clock::rfc3339;
use crate::convert;
use crate::object::{metadata, text};
use crate::options::SimError;
use crate::sim::Sim;
use crate::world::World;

impl Sim {
    /// Stores an object, complete Kubernetes JSON, over the one that has its name. One without a uid is a new object.
    ///
    /// # Errors
    /// A kind nothing serves; an object without a name, or with a namespace where its kind has none.
    pub fn put(&self, object: Value) -> Result<(), SimError> {
        let mut world = self.world();
        world.put_by_hand(object)?;
        world.react();
        Ok(())
    }

    /// Changes an object that is there, in one step; false if there is none. It gets a new version.
    pub fn edit(
        &self,
        (group, plural): (&str, &str),
        (namespace, name): (Option<&str>, &str),
        change: impl FnOnce(&mut Value),
    ) -> bool {
        let mut world = self.world();
        let Some(resource) = world.catalog.preferred(group, plural).map(Arc::clone) else {
            return false;
        };
        let found = world.find(&resource, namespace.unwrap_or_default(), name);
        let Ok((place, found)) = found else {
            return false;
        };
        let mut body = found.to_value();
        change(&mut body);
        world.replace(&resource, &place, body);
        world.react();
        true
    }

    /// Takes an object out at once, whatever holds it; false if there was none.
    pub fn remove(&self, group: &str, plural: &str, namespace: Option<&str>, name: &str) -> bool {
        let mut world = self.world();
        let Some(resource) = world.catalog.preferred(group, plural).map(Arc::clone) else {
            return false;
        };
        let found = world.find(&resource, namespace.unwrap_or_default(), name);
        let Ok((place, _)) = found else { return false };
        world.take_out(&place);
        world.react();
        true
    }
}

impl World {
    fn put_by_hand(&mut self, object: Value) -> Result<(), SimError> {
        let (api_version, kind) = (text(&object, "apiVersion"), text(&object, "kind"));
        let Some(resource) = self.catalog.of_kind(api_version, kind).map(Arc::clone) else {
            return Err(SimError::UnknownKind {
                api_version: api_version.to_owned(),
                kind: kind.to_owned(),
            });
        };
        let mut object = convert::to_storage(&resource, object);
        let meta = &object["metadata"];
        if text(meta, "name").is_empty()
            || resource.namespaced == text(meta, "namespace").is_empty()
        {
            return Err(SimError::Unnamed {
                kind: resource.kind.clone(),
                object: object.to_string(),
            });
        }
        let (uid, now) = (self.uid(), rfc3339(self.clock.now()));
        let meta = metadata(&mut object);
        meta.remove("resourceVersion");
        meta.entry("uid").or_insert_with(|| json!(uid));
        meta.entry("creationTimestamp")
            .or_insert_with(|| json!(now));
        self.note_definition(&resource, &object);
        let (group, plural) = resource.storage();
        let collection = self.store.collection(group, plural);
        self.store.put(collection, object);
        Ok(())
    }
}
