//! The balancer that a service, an ingress or a gateway stands behind, by host name or address.
use std::net::IpAddr;

use stocktake_model::ExternalReference;

use super::gke;
use crate::convert::Draft;

const DIGITALOCEAN: &str = "kubernetes.digitalocean.com/load-balancer-id";

/// Beginnings of annotations only one cloud reads.
const MARKS: [(&str, Cloud); 3] = [
    ("cloud.google.com/", Cloud::Gcp),
    ("networking.gke.io/", Cloud::Gcp),
    ("service.beta.kubernetes.io/azure-", Cloud::Azure),
];

#[derive(Clone, Copy, PartialEq)]
enum Cloud {
    Azure,
    Gcp,
}

pub(crate) fn references(
    draft: &Draft<'_>,
    hosts: &[String],
    addresses: &[String],
) -> Vec<ExternalReference> {
    let mut found = Vec::new();
    if let Some(id) = draft.annotation(DIGITALOCEAN).filter(|id| !id.is_empty()) {
        found.push(ExternalReference::new(
            "digitalocean_load_balancer",
            "id",
            id,
        ));
        return found;
    }
    for host in hosts.iter().filter(|host| is_elb(host)) {
        let host = host.trim_end_matches('.');
        found.push(ExternalReference::new("aws_elb", "id", host));
        found.push(ExternalReference::new("aws_alb", "alb_dns_name", host));
    }
    for address in addresses {
        found.extend(by_address(draft, address));
    }
    found
}

/// `[internal-]name-number.region.elb.amazonaws.com` or `name-hex.elb.region.amazonaws.com`, in China with `.cn`.
fn is_elb(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_lowercase();
    let host = host.strip_suffix(".cn").unwrap_or(&host);
    let Some(rest) = host.strip_suffix(".amazonaws.com") else {
        return false;
    };
    let parts: Vec<&str> = rest.split('.').collect();
    matches!(
        parts.as_slice(),
        [_, _, "elb"] | [_, "elb", _] | ["dualstack", _, _, "elb"]
    )
}

/// An address does not tell its cloud. Where nothing else on the object does either, a public one is looked for in both:
/// it is given once in the world.
fn by_address(draft: &Draft<'_>, address: &str) -> Vec<ExternalReference> {
    let Ok(parsed) = address.parse::<IpAddr>() else {
        return Vec::new();
    };
    let project = gke(draft.cluster_name).map(|(project, ..)| project);
    let told = if project.is_some() {
        Some(Cloud::Gcp)
    } else {
        cloud(draft)
    };
    if told.is_none() && !is_public(parsed) {
        return Vec::new();
    }
    let mut found = Vec::new();
    if told != Some(Cloud::Azure) {
        let rule = ExternalReference::new("gcp_forwarding_rule", "ip_address", address);
        found.push(match project {
            Some(project) => rule.in_account(project),
            None => rule,
        });
    }
    if told != Some(Cloud::Gcp) {
        let by = |kind: &str, property: &str| ExternalReference::new(kind, property, address);
        found.push(by("azure_network_load_balancer", "aks_public_ip_address"));
        found.push(by("azure_network_public_ip_address", "ip_address"));
    }
    found
}

fn cloud(draft: &Draft<'_>) -> Option<Cloud> {
    let tags = draft.find(&["tags"]).and_then(|tags| tags.as_object());
    let names = || tags.into_iter().flat_map(|tags| tags.keys());
    let marked = |(start, _): &&(&str, Cloud)| names().any(|name| name.starts_with(start));
    MARKS.iter().find(marked).map(|(_, cloud)| *cloud)
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(four) => {
            let shared = four.octets()[0] == 100 && four.octets()[1] & 0xC0 == 64;
            let documentation = four.is_documentation() || four.is_unspecified();
            !(four.is_private()
                || four.is_loopback()
                || four.is_link_local()
                || shared
                || documentation)
        }
        IpAddr::V6(six) => {
            !(six.is_loopback()
                || six.is_unspecified()
                || six.is_unique_local()
                || six.is_unicast_link_local())
        }
    }
}
