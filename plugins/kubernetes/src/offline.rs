//! The objects of a cluster as nodes without a server to list them from: for benches and other measurements.
//! Collecting is [`crate::KubernetesPlugin`]; nothing here connects to anything.
use serde_json::Value;
use stocktake_config::K8sConfig;
use stocktake_model::{Kind, NodeRecord, PluginModel};

use crate::Resource;
use crate::convert::{ClusterFacts, Converter, cluster_record};

/// One cluster whose objects are at hand.
pub struct Offline {
    converter: Converter,
    account: NodeRecord,
}

impl Offline {
    /// A cluster with this id and name and the default configuration.
    pub fn new(id: &str, name: &str) -> Self {
        let facts = ClusterFacts {
            id: id.to_owned(),
            name: name.to_owned(),
            ..ClusterFacts::default()
        };
        Self {
            converter: Converter::new(&K8sConfig::default(), id, name, id.as_bytes()),
            account: cluster_record(&facts),
        }
    }

    /// The node of the cluster itself.
    pub fn account(&self) -> &NodeRecord {
        &self.account
    }

    /// The nodes of one object; none if it can not be a node.
    pub fn nodes(&self, resource: &Resource, object: Value) -> Vec<NodeRecord> {
        self.converter
            .convert(resource, object.into())
            .unwrap_or_default()
    }
}

/// Kinds, edge rules and derived properties that are known before anything was collected.
pub fn model() -> PluginModel {
    crate::built_in_model()
}

/// The kinds that these resources add to [`model`].
pub fn kinds_of(resources: &[Resource]) -> Vec<Kind> {
    crate::dynamic_kinds(resources)
}
