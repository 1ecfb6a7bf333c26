//! What an object is in its cloud, as far as the object itself says: the machine of a node, the disk of a volume, the
//! balancer of a service. The core joins both once the other one was collected; until then it is known by id.
//!
//! Decided by the fields of each object alone, never by where its API server is: a cluster may mix providers.
mod balancer;
mod cluster;
mod machine;
mod volume;

use serde_json::json;
use stocktake_model::{EXTERNAL_REFERENCES, ExternalReference};

use crate::convert::Draft;

pub(crate) use balancer::references as balancer;
pub(crate) use cluster::references as cluster;

/// Adds what a node is.
pub(crate) fn finish_node(draft: &mut Draft<'_>) {
    let found = machine::references(draft);
    add(draft, found);
}

/// Adds what a persistent volume is.
pub(crate) fn finish_volume(draft: &mut Draft<'_>) {
    let found = volume::references(draft);
    add(draft, found);
}

/// Adds which balancer sends to these hosts and addresses.
pub(crate) fn finish_balancer(draft: &mut Draft<'_>, hosts: &[String], addresses: &[String]) {
    let found = balancer(draft, hosts, addresses);
    add(draft, found);
}

/// Annotations that name the identity in the cloud which pods of an account act as.
const IDENTITIES: [(&str, &str, &str); 3] = [
    (
        "azure.workload.identity/client-id",
        "azure_managed_identity",
        "client_id",
    ),
    ("eks.amazonaws.com/role-arn", "aws_iam_role", "arn"),
    (
        "iam.gke.io/gcp-service-account",
        "gcp_service_account",
        "email",
    ),
];

/// Adds who the pods of a service account are in the cloud.
pub(crate) fn finish_service_account(draft: &mut Draft<'_>) {
    let found = IDENTITIES
        .iter()
        .filter_map(|(annotation, kind, property)| {
            let value = draft
                .annotation(annotation)
                .filter(|value| !value.is_empty())?;
            Some(ExternalReference::new(*kind, *property, value))
        });
    let found = found.collect();
    add(draft, found);
}

fn add(draft: &mut Draft<'_>, found: Vec<ExternalReference>) {
    if !found.is_empty() {
        draft.set(EXTERNAL_REFERENCES, json!(found));
    }
}

/// Name and parts of an EKS cluster's ARN: the account and the name of the cluster.
pub(crate) fn eks(arn: &str) -> Option<(&str, &str)> {
    let mut parts = arn.splitn(6, ':');
    let is_eks = parts.next() == Some("arn")
        && parts
            .next()
            .is_some_and(|partition| partition.starts_with("aws"))
        && parts.next() == Some("eks");
    let _region = parts.next()?;
    let account = parts.next()?;
    let name = parts.next()?.strip_prefix("cluster/")?;
    (is_eks && !account.is_empty() && !name.is_empty()).then_some((account, name))
}

/// Project, location and name of a GKE cluster, from the name of its context.
pub(crate) fn gke(context: &str) -> Option<(&str, &str, &str)> {
    let rest = context.strip_prefix("gke_")?;
    let (project, rest) = rest.split_once('_')?;
    let (location, name) = rest.split_once('_')?;
    (!name.is_empty()).then_some((project, location, name))
}

#[cfg(test)]
mod tests;
