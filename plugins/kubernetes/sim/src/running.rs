//! A whole fleet that runs: one server per cluster with its trouble, and one kubeconfig for all of them.

use serde_json::Value;

use crate::fleet::{Cluster, FleetShape, Trouble, fleet};
use crate::{
    Credential, Permissions, Rule, Sim, SimError, SimOptions, User, Version, merge_kubeconfigs,
    metrics_api,
};

/// Name of the user that collects; what it may not do is the cluster's trouble.
const COLLECTOR: &str = "stocktake";

/// The servers of a fleet. They stop when it is dropped.
#[derive(Debug)]
pub struct RunningFleet {
    sims: Vec<(String, Sim)>,
    kubeconfig: Value,
}

impl RunningFleet {
    /// Starts every cluster of a fleet. One that is to be unreachable has its context and no server.
    ///
    /// # Errors
    /// Where a server cannot start.
    pub async fn start(shape: &FleetShape) -> Result<Self, SimError> {
        let mut sims = Vec::new();
        let mut documents = Vec::new();
        for cluster in fleet(shape) {
            let measured = shape.metrics.then(metrics_api);
            let objects = cluster.objects().chain(measured);
            let sim = Sim::start(objects, options(&cluster)).await?;
            documents.push(sim.kubeconfig(&cluster.name, Credential::Token(COLLECTOR))?);
            if cluster.trouble == Some(Trouble::Unreachable) {
                sim.stop().await;
            } else {
                sims.push((cluster.name, sim));
            }
        }
        Ok(Self {
            sims,
            kubeconfig: merge_kubeconfigs(documents),
        })
    }

    /// One context per cluster, named like it.
    pub fn kubeconfig(&self) -> &Value {
        &self.kubeconfig
    }

    /// The server of a cluster.
    pub fn sim(&self, cluster: &str) -> Option<&Sim> {
        self.sims
            .iter()
            .find(|(name, _)| name == cluster)
            .map(|(_, sim)| sim)
    }

    /// Every server with the name of its cluster.
    pub fn sims(&self) -> impl Iterator<Item = (&str, &Sim)> {
        self.sims.iter().map(|(name, sim)| (name.as_str(), sim))
    }
}

fn options(cluster: &Cluster) -> SimOptions {
    let permissions = match &cluster.trouble {
        Some(Trouble::Forbidden { group, resource }) => {
            Permissions::all().except(Rule::on(&["*"], &[group], &[resource]))
        }
        Some(Trouble::Unreachable) | None => Permissions::all(),
    };
    let version = Version {
        minor: cluster.minor.to_string(),
        git_version: format!("v1.{}.1", cluster.minor),
        ..Version::default()
    };
    SimOptions {
        users: vec![User::new(COLLECTOR, permissions)],
        version,
        ..SimOptions::default()
    }
}
