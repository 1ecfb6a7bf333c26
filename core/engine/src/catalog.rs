//! What the model says, in the form a search needs and remembered between searches: types of property paths,
//! the kinds a word stands for, the kinds that declare a property.
use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use rustc_hash::FxHashMap;
use stocktake_model::{Model, PropertyType};

/// A model with a memory.
#[derive(Debug)]
pub(crate) struct Catalog {
    pub(crate) model: Arc<Model>,
    types: Remembered<Option<PropertyType>>,
    concrete: Remembered<Arc<BTreeSet<String>>>,
    declaring: Remembered<Arc<[String]>>,
}

type Remembered<T> = RwLock<FxHashMap<String, T>>;

impl Catalog {
    pub(crate) fn new(model: Arc<Model>) -> Self {
        Self {
            model,
            types: RwLock::default(),
            concrete: RwLock::default(),
            declaring: RwLock::default(),
        }
    }

    /// The type of a path below `reported`, over all kinds or those that are one of `within`.
    pub(crate) fn property_type(&self, path: &[&str], within: &[&str]) -> Option<PropertyType> {
        let key = format!("{}\n{}", path.join("\n"), within.join("\r"));
        remember(&self.types, key, || self.model.property_type(path, within))
    }

    /// Every kind that is `base`, itself included.
    pub(crate) fn concrete(&self, base: &str) -> Arc<BTreeSet<String>> {
        remember(&self.concrete, base.to_owned(), || {
            let kinds = self
                .model
                .kinds()
                .filter(|kind| self.model.is_a(&kind.name, base));
            let mut names: BTreeSet<String> = kinds.map(|kind| kind.name.clone()).collect();
            names.insert(base.to_owned());
            names.into()
        })
    }

    /// Kinds that declare the property; empty if nobody does, or if every resource has it.
    pub(crate) fn declaring(&self, path: &[&str]) -> Arc<[String]> {
        remember(&self.declaring, path.join("\n"), || {
            let Some(top) = path.first() else {
                return Arc::default();
            };
            let declared = self.model.declared_by(top);
            if declared.contains(&"resource") {
                return Arc::default();
            }
            let knows_all = |kind: &&str| self.model.property_type(path, &[kind]).is_some();
            declared
                .into_iter()
                .filter(knows_all)
                .map(str::to_owned)
                .collect()
        })
    }

    /// Names of all properties right below `reported` that some kind declares.
    pub(crate) fn top_properties(&self) -> BTreeSet<&str> {
        self.model
            .kinds()
            .flat_map(|kind| &kind.properties)
            .map(|property| property.name.as_str())
            .collect()
    }
}

fn remember<T: Clone>(memory: &Remembered<T>, key: String, find: impl FnOnce() -> T) -> T {
    let known = memory.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(value) = known.get(&key) {
        return value.clone();
    }
    drop(known);
    let value = find();
    let mut known = memory.write().unwrap_or_else(PoisonError::into_inner);
    // Paths come from users: a memory without bounds would be a leak.
    if known.len() >= 10_000 {
        known.clear();
    }
    known.insert(key, value.clone());
    value
}
