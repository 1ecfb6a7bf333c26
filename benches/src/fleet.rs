//! Inventories in memory: a handful of generated clusters, converted by the Kubernetes plugin and repeated under other
//! cluster ids until there are enough. Inventories on disk are [`crate::saved`].
use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;
use stocktake_engine::{Partition, PartitionBuilder};
use stocktake_kubernetes::Resource;
use stocktake_kubernetes::offline::{self, Offline};
use stocktake_kubernetes_sim::fleet::{FleetShape, fleet};
use stocktake_model::{Begin, Identity, Model, NodeRecord, PluginModel};

/// Different clusters; the others are the same under another id.
pub(crate) const DISTINCT: usize = 8;

/// A converted cluster.
pub(crate) struct Converted {
    account: NodeRecord,
    records: Vec<NodeRecord>,
}

/// Converted clusters and what the plugin says about them.
pub(crate) struct Fleet {
    pub(crate) model: Arc<Model>,
    pub(crate) plugin: PluginModel,
    clusters: Vec<Converted>,
}

impl Fleet {
    /// `distinct` clusters of about this many objects each.
    pub(crate) fn generate(distinct: usize, objects_per_cluster: usize) -> Self {
        let shape = FleetShape {
            clusters: distinct,
            objects_per_cluster,
            troubles: Vec::new(),
            ..FleetShape::default()
        };
        let mut resources = BTreeSet::new();
        let mut clusters = Vec::new();
        for cluster in fleet(&shape) {
            let offline = Offline::new(&cluster.uid, &cluster.name);
            let mut records = Vec::new();
            for object in cluster.objects() {
                let resource = resource_of(&object);
                records.extend(offline.nodes(&resource, object));
                resources.insert(resource);
            }
            clusters.push(Converted {
                account: offline.account().clone(),
                records,
            });
        }
        let plugin = offline::model();
        let mut model = Model::default();
        model.add(plugin.kinds.clone());
        model.add(offline::kinds_of(
            &resources.into_iter().collect::<Vec<_>>(),
        ));
        Self {
            model: Arc::new(model),
            plugin,
            clusters,
        }
    }

    /// A cluster with an id of its own, and its nodes.
    pub(crate) fn cluster(&self, number: usize) -> (Begin, &[NodeRecord]) {
        let cluster = &self.clusters[number % self.clusters.len()];
        (begin(&cluster.account, number), &cluster.records)
    }

    /// The nodes of a cluster.
    pub(crate) fn records(&self, number: usize) -> &[NodeRecord] {
        &self.clusters[number % self.clusters.len()].records
    }

    pub(crate) fn partition(&self, number: usize) -> Partition {
        let (begin, records) = self.cluster(number);
        let mut builder = PartitionBuilder::new(Arc::clone(&self.model), &begin);
        for record in records {
            builder.node(record);
        }
        builder.resolve(&self.plugin.rules, &self.plugin.derived)
    }
}

/// The header of a cluster under another id.
pub(crate) fn begin(account: &NodeRecord, number: usize) -> Begin {
    let mut account = account.clone();
    for (property, value) in [
        ("id", format!("cluster-{number:04}")),
        ("name", format!("c{number:04}")),
    ] {
        account.reported.insert(property.to_owned(), value.into());
    }
    Begin {
        plugin: "k8s".to_owned(),
        cloud: "k8s".to_owned(),
        identity: Identity::default(),
        formerly: None,
        resumes: false,
        account,
    }
}

/// What discovery would say about the kind of an object; its plural is made up, as nothing measured here needs it.
pub(crate) fn resource_of(object: &Value) -> Resource {
    let text = |name: &str| object[name].as_str().unwrap_or_default();
    let (group, version) = text("apiVersion")
        .split_once('/')
        .unwrap_or(("", text("apiVersion")));
    let singular = text("kind").to_lowercase();
    Resource {
        group: group.to_owned(),
        version: version.to_owned(),
        kind: text("kind").to_owned(),
        plural: format!("{singular}s"),
        singular,
        short_names: Vec::new(),
        namespaced: object["metadata"]["namespace"].is_string(),
        verbs: vec!["list".to_owned()],
    }
}
