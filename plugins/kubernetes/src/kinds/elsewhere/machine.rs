//! The machine behind a node, by its provider id, and the pool it is in, by its labels.
use stocktake_model::ExternalReference;

use super::eks;
use crate::convert::Draft;

/// Schemes whose last part is the id of the machine, and the kind of the machine.
const BY_ID: [(&str, &str); 15] = [
    ("civo", "civo_instance"),
    ("cloudstack", "cloudstack_instance"),
    ("digitalocean", "digitalocean_droplet"),
    ("equinixmetal", "equinixmetal_device"),
    ("exoscale", "exoscale_instance"),
    ("ibm", "ibm_worker"),
    ("ibmpowervs", "ibm_pvm_instance"),
    ("linode", "linode_instance"),
    ("nutanix", "nutanix_vm"),
    ("oci", "oci_instance"),
    ("openstack", "openstack_server"),
    ("packet", "equinixmetal_device"),
    ("upcloud", "upcloud_server"),
    ("vsphere", "vsphere_instance"),
    ("vultr", "vultr_instance"),
];

pub(crate) fn references(draft: &Draft<'_>) -> Vec<ExternalReference> {
    let id = draft.text(&["provider_id"]);
    let mut found: Vec<ExternalReference> = id.and_then(machine).into_iter().collect();
    found.extend(node_group(draft));
    found.extend(node_pool(draft));
    found
}

/// Nothing for machines that no cloud knows by this id (Fargate, hybrid nodes) and for local ones (kind, k3s, …).
pub(crate) fn machine(provider_id: &str) -> Option<ExternalReference> {
    let Some((scheme, rest)) = provider_id.split_once("://") else {
        return bare(provider_id);
    };
    let parts: Vec<&str> = rest.trim_start_matches('/').split('/').collect();
    let last = parts.last().copied().filter(|last| !last.is_empty())?;
    match scheme {
        "aws" => ec2(last),
        "azure" => azure(rest),
        "gce" => {
            let [project, zone, name] = parts.as_slice() else {
                return None;
            };
            let instance = ExternalReference::new("gcp_instance", "name", *name);
            Some(instance.in_account(*project).in_zone(*zone))
        }
        "hcloud" => Some(match last.strip_prefix("bm-") {
            Some(number) => ExternalReference::new("hrobot_server", "id", number),
            None => ExternalReference::new("hcloud_server", "id", last),
        }),
        "hrobot" => Some(ExternalReference::new("hrobot_server", "id", last)),
        "scaleway" => (parts.first() == Some(&"instance"))
            .then(|| ExternalReference::new("scaleway_instance", "id", last)),
        "kubevirt" => Some(ExternalReference::new(
            "kubernetes_kubevirt_io_virtual_machine",
            "name",
            last,
        )),
        "alicloud" => bare(rest),
        scheme => {
            let (_, kind) = BY_ID.iter().find(|(known, _)| *known == scheme)?;
            Some(ExternalReference::new(*kind, "id", last))
        }
    }
}

/// The last part of a Fargate node is the name of a host.
fn ec2(last: &str) -> Option<ExternalReference> {
    let hex = last.strip_prefix("i-")?;
    let is_id = !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_id.then(|| ExternalReference::new("aws_ec2_instance", "id", last))
}

fn azure(arm_id: &str) -> Option<ExternalReference> {
    let lower = arm_id.to_lowercase();
    let kind = if lower.contains("/virtualmachinescalesets/") {
        "azure_compute_virtual_machine_scale_set_instance"
    } else if lower.contains("/virtualmachines/") {
        "azure_compute_virtual_machine"
    } else {
        return None;
    };
    Some(ExternalReference::new(kind, "id", arm_id))
}

/// Oracle and Alibaba write no scheme.
fn bare(id: &str) -> Option<ExternalReference> {
    if id.starts_with("ocid1.instance.") {
        return Some(ExternalReference::new("oci_instance", "id", id));
    }
    let (_, instance) = id.split_once('.')?;
    instance
        .starts_with("i-")
        .then(|| ExternalReference::new("alibaba_ecs_instance", "id", instance))
}

/// Names of node groups repeat: cluster and account narrow them down where the object tells.
fn node_group(draft: &Draft<'_>) -> Option<ExternalReference> {
    let group = draft.label("eks.amazonaws.com/nodegroup")?;
    let group = ExternalReference::new("aws_eks_nodegroup", "id", group);
    if let Some((account, cluster)) = eks(draft.cluster_name) {
        return Some(group.in_account(account).and("cluster_name", cluster));
    }
    Some(match draft.label("alpha.eksctl.io/cluster-name") {
        Some(cluster) => group.and("cluster_name", cluster),
        None => group,
    })
}

fn node_pool(draft: &Draft<'_>) -> Option<ExternalReference> {
    let pool = draft.label("cloud.google.com/gke-nodepool")?;
    let pool = ExternalReference::new("gcp_container_node_pool", "name", pool);
    let project = draft
        .text(&["provider_id"])
        .and_then(|id| id.strip_prefix("gce://")?.split('/').next());
    Some(match project {
        Some(project) => pool.in_account(project),
        None => pool,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_are_sorted() {
        assert!(BY_ID.is_sorted_by(|a, b| a.0 < b.0));
    }
}
