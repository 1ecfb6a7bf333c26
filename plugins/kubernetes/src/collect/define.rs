//! Custom kinds get their types from the definitions that are read before their objects.
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use stocktake_model::Kind;

use crate::convert::Converter;
use crate::{CustomSchema, Resource};

/// What definitions said of custom kinds.
pub(crate) struct Definitions {
    /// Everything the server serves: a definition is read for the version its objects are listed in.
    served: Mutex<Vec<Resource>>,
    /// Not yet told, by kind.
    known: Mutex<BTreeMap<String, CustomSchema>>,
    /// Definitions of what is not served yet, by name.
    early: Mutex<BTreeMap<String, serde_json::Value>>,
    /// Which definition it was, by kind.
    versions: Mutex<BTreeMap<String, String>>,
}

impl Definitions {
    /// Definitions of what is served.
    pub(crate) fn new(served: Vec<Resource>) -> Self {
        Self {
            served: Mutex::new(served),
            known: Mutex::default(),
            early: Mutex::default(),
            versions: Mutex::default(),
        }
    }

    /// Which definition a kind has; `None` if it was not read, or has the objects converted by somebody else.
    pub(crate) fn version(&self, kind: &str) -> Option<String> {
        let versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
        versions.get(kind).cloned()
    }

    /// What is served now. Definitions that came before are read.
    pub(crate) fn serve(&self, converter: &Converter, served: Vec<Resource>) {
        *self.served.lock().unwrap_or_else(PoisonError::into_inner) = served;
        let early = std::mem::take(&mut *self.early());
        for definition in early.values() {
            self.define(converter, definition);
        }
    }

    fn early(&self) -> MutexGuard<'_, BTreeMap<String, serde_json::Value>> {
        self.early.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads the schema in a definition, for the version its objects are listed in.
    pub(crate) fn define(&self, converter: &Converter, definition: &serde_json::Value) {
        let spec = &definition["spec"];
        let served = self.served.lock().unwrap_or_else(PoisonError::into_inner);
        let of = served.iter().find(|resource| {
            spec["group"] == *resource.group && spec["names"]["plural"] == *resource.plural
        });
        let Some(of) = of else {
            let name = definition["metadata"]["name"].as_str().unwrap_or_default();
            self.early().insert(name.to_owned(), definition.clone());
            return;
        };
        let kind = crate::kind_name(of);
        let metadata = &definition["metadata"];
        if let (Some(uid), Some(version)) = (
            metadata["uid"].as_str(),
            metadata["resourceVersion"].as_str(),
        ) && spec["conversion"]["strategy"] != "Webhook"
        {
            let mut versions = self.versions.lock().unwrap_or_else(PoisonError::into_inner);
            versions.insert(kind.clone(), format!("{uid} {version}"));
        }
        let short = crate::names::short_name(of);
        if let Some(schema) = crate::custom_schema(definition, &short, &of.version) {
            converter.learn(&kind, schema.places.clone());
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.insert(kind, schema);
        }
    }

    /// The custom kinds that were defined since this was asked last, with the properties they have.
    pub(crate) fn typed_kinds(&self) -> Vec<Kind> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let served = self.served.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kinds = crate::dynamic_kinds(&served);
        kinds.retain_mut(|kind| match known.remove(&kind.name) {
            Some(schema) => {
                kind.properties = schema.properties;
                true
            }
            None => false,
        });
        kinds
    }
}
