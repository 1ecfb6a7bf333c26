//! From an API object to nodes: the object itself first, then what it brings along.
//!
//! It looks at one object at a time and at nothing else: whatever takes two objects is an edge rule or a
//! derived property, and the core's.
mod certificate;
mod cluster;
mod draft;
mod look;
mod metadata;
mod section;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError, RwLock};

use stocktake_config::{ConfigMapData, K8sConfig};
use stocktake_model::{Map, NodeRecord, Parent};
use stocktake_plugin_api::Changed;

use crate::raw::Raw;
use crate::redact::Redactor;
use crate::{Places, Resource, kinds, names};

pub(crate) use certificate::{bundle as certificate_bundle, is_private_key};
pub(crate) use cluster::{ApiGroup, ClusterFacts, cluster_record};
pub(crate) use draft::Draft;
pub(crate) use look::{condition, field, find, list, text};
pub(crate) use walk::{Form, Walk};

/// Makes nodes from the objects of one cluster.
pub(crate) struct Converter {
    cluster_id: String,
    cluster_name: String,
    redactor: Redactor,
    config_map_data: ConfigMapData,
    /// Ids of the nodes that many objects bring along (images, subjects): each is sent once.
    brought: Mutex<BTreeSet<String>>,
    /// Places of custom kinds, by kind.
    places: RwLock<BTreeMap<String, Places>>,
}

/// Why an object gives no node. The object is lost, never the list it came in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConvertError {
    /// The item of the list is a number, a text, …
    #[error("an item of the list of `{kind}` is not an object")]
    NotAnObject {
        /// Kind of the list.
        kind: String,
    },
    /// No `metadata`, so nothing to know it by.
    #[error("an object of kind `{kind}` has no metadata")]
    NoMetadata {
        /// Kind of the list.
        kind: String,
    },
    /// No uid: it may not even be an object that lasts (metrics).
    #[error("the {kind} `{name}` has no uid")]
    NoUid {
        /// Kind of the list.
        kind: String,
        /// Its name, with namespace; empty if it has none.
        name: String,
    },
}

impl Converter {
    /// A converter for the cluster with this id and name; `key` keys the hashes of env literals.
    pub(crate) fn new(
        config: &K8sConfig,
        cluster_id: &str,
        cluster_name: &str,
        key: &[u8],
    ) -> Self {
        Self {
            cluster_id: cluster_id.to_owned(),
            cluster_name: cluster_name.to_owned(),
            redactor: Redactor::new(&config.redact_fields, key),
            config_map_data: config.config_map_data,
            brought: Mutex::default(),
            places: RwLock::default(),
        }
    }

    /// What decides which values are not kept.
    pub(crate) fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    /// From now on objects of the kind are read by its schema.
    pub(crate) fn learn(&self, kind: &str, places: Places) {
        let mut known = self.places.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(kind.to_owned(), places);
    }

    /// The nodes of one object as a list returned it: the object itself first, then what it brings along
    /// (containers of a pod, images and subjects not seen before).
    pub(crate) fn convert(
        &self,
        resource: &Resource,
        object: Raw<'_>,
    ) -> Result<Vec<NodeRecord>, ConvertError> {
        let Changed { mut nodes, shared } = self.convert_whole(resource, object)?;
        if !shared.is_empty() {
            let mut brought = self.brought.lock().unwrap_or_else(PoisonError::into_inner);
            let mut is_new = |record: &NodeRecord| brought.insert(record.id().to_owned());
            nodes.extend(shared.into_iter().filter(&mut is_new));
        }
        Ok(nodes)
    }

    /// The same, with everything that other objects may bring along too, seen before or not.
    pub(crate) fn convert_whole(
        &self,
        resource: &Resource,
        object: Raw<'_>,
    ) -> Result<Changed, ConvertError> {
        let kind = names::kind_name(resource);
        let Raw::Map(mut object) = object else {
            return Err(ConvertError::NotAnObject { kind });
        };
        kinds::prepare(self.config_map_data, &self.redactor, &kind, &mut object);
        let Some(Raw::Map(metadata)) = object.remove("metadata") else {
            return Err(ConvertError::NoMetadata { kind });
        };
        let short = names::short_name(resource);
        let form = Form {
            group: &resource.group,
            short: &short,
            custom: !names::is_bare(&resource.group),
        };
        let known = self.places.read().unwrap_or_else(PoisonError::into_inner);
        let places = known.get(&kind).unwrap_or(&Places::Unknown);
        let mut walk = Walk::new(&self.redactor, form, &Places::Unknown);
        let mut reported = metadata::properties(metadata, &mut walk);
        // Metadata is the same for every kind: what a schema says begins beside it.
        walk.go_by(places);
        if !reported.contains_key("id") {
            let name = text(&reported, &["name"]).unwrap_or_default().to_owned();
            if kind != "kubernetes_component_status" || name.is_empty() {
                return Err(ConvertError::NoUid { kind, name });
            }
            reported.insert("id".to_owned(), name.into());
        }
        section::add(&mut reported, object, &mut walk);
        let truncated = walk.truncated;
        self.identify(resource, &kind, &mut reported);
        metadata::last_change(&mut reported, &short);
        let mut draft = Draft::new(&self.cluster_id, &self.cluster_name, reported);
        draft.unreadable = walk.unreadable;
        kinds::finish(&kind, form, &mut draft);
        Ok(records(draft, truncated))
    }

    /// What of the common properties comes from discovery and the cluster.
    fn identify(&self, resource: &Resource, kind: &str, reported: &mut Map) {
        let mut set = |name: &str, value: &str| {
            reported.insert(name.to_owned(), value.into());
        };
        set("kind", kind);
        set("api_version", &resource.api_version());
        set("api_group", &resource.group);
        set("api_kind", &resource.kind);
        set("api_resource", &resource.plural);
        set("cluster_name", &self.cluster_name);
        // A namespaced object without the namespace in it does not exist; an aggregated server may still try.
        if !reported.contains_key("name") {
            let id = reported.get("id").cloned().unwrap_or_default();
            reported.insert("name".to_owned(), id);
        }
    }
}

/// Where the metadata of a node says which values could not be read.
pub(crate) const UNREADABLE: &str = "unreadable";

fn records(draft: Draft<'_>, truncated: bool) -> Changed {
    let parent = match text(&draft.reported, &["namespace"]) {
        Some(name) => Parent::Region {
            kind: "kubernetes_namespace".to_owned(),
            name: name.to_owned(),
        },
        None => Parent::Account,
    };
    let mut metadata = Map::new();
    if truncated {
        metadata.insert("truncated".to_owned(), true.into());
    }
    if !draft.unreadable.is_empty() {
        metadata.insert(UNREADABLE.to_owned(), draft.unreadable.into());
    }
    metadata.extend(metadata::expiry_of(&draft.reported));
    let mut nodes = Vec::with_capacity(1 + draft.parts.len());
    nodes.push(NodeRecord {
        reported: draft.reported,
        metadata,
        parent,
    });
    nodes.extend(draft.parts);
    Changed {
        nodes,
        shared: draft.shared,
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::recorded_lists;
