//! The cluster as its provider sees it, by ARN, context or host of its server.
use std::net::IpAddr;

use stocktake_model::ExternalReference;

use super::{eks, gke};
use crate::convert::ClusterFacts;

pub(crate) fn references(facts: &ClusterFacts) -> Vec<ExternalReference> {
    let names = [Some(&facts.context), facts.external_id.as_ref()];
    let names = || names.into_iter().flatten().map(String::as_str);
    if let Some(arn) = names().find(|name| eks(name).is_some()) {
        return vec![ExternalReference::new("aws_eks_cluster", "arn", arn)];
    }
    if let Some((project, _, name)) = names().find_map(gke) {
        let cluster = ExternalReference::new("gcp_container_cluster", "name", name);
        return vec![cluster.in_account(project)];
    }
    let Some(host) = host(&facts.server_url) else {
        return Vec::new();
    };
    let lower = host.to_lowercase();
    let ends = |end: &str| lower.strip_suffix(end);
    if let Some(uuid) = ends(".k8s.ondigitalocean.com") {
        return vec![ExternalReference::new(
            "digitalocean_kubernetes_cluster",
            "id",
            uuid,
        )];
    }
    if ends(".eks.amazonaws.com")
        .or(ends(".eks.amazonaws.com.cn"))
        .is_some()
    {
        // As the provider writes it.
        return vec![ExternalReference::new(
            "aws_eks_cluster",
            "endpoint",
            format!("https://{host}"),
        )];
    }
    if ends(".azmk8s.io").is_some() {
        let by = |property: &str| {
            ExternalReference::new("azure_container_service_managed_cluster", property, host)
        };
        return vec![by("fqdn"), by("private_fqdn")];
    }
    let version = facts.version["gitVersion"].as_str().unwrap_or_default();
    if version.contains("-gke.") && host.parse::<IpAddr>().is_ok() {
        return vec![ExternalReference::new(
            "gcp_container_cluster",
            "endpoint",
            host,
        )];
    }
    Vec::new()
}

/// The host of a URL, without port and brackets.
fn host(url: &str) -> Option<&str> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next()?;
    let host = match authority.strip_prefix('[') {
        Some(six) => six.split(']').next()?,
        None => authority.split(':').next()?,
    };
    (!host.is_empty()).then_some(host)
}
