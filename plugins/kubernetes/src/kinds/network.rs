//! Services, ingresses, gateways, endpoints, addresses: what traffic comes in by.
//!
//! Who is behind them (`backends`) takes other objects and is derived in the core.
use serde_json::{Value, json};
use stocktake_model::Map;

use crate::convert::{Draft, field};
use crate::kinds::elsewhere;

/// Lists of a service that are written even if the server leaves them out.
const SERVICE_LISTS: [&str; 3] = ["external_ips", "load_balancer_source_ranges", "ports"];

pub(crate) fn finish_service(draft: &mut Draft<'_>) {
    service_lists(draft);
    let ingress = ["service_status", "load_balancer", "ingress"];
    let hosts = texts(draft.list(&ingress), "hostname");
    let addresses = texts(draft.list(&ingress), "ip");
    elsewhere::finish_balancer(draft, &hosts, &addresses);
    let public = addresses.into_iter().next();
    let external = draft.list(&["service_spec", "external_ips"]).first();
    let address = public.or_else(|| external.and_then(Value::as_str).map(str::to_owned));
    draft.set_some("public_ip_address", address);
    draft.copy("lb_type", &["service_spec", "type"]);
    draft.copy("cluster_ip", &["service_spec", "cluster_ip"]);
    external_hosts(draft, hosts);
}

fn service_lists(draft: &mut Draft<'_>) {
    let spec = object(&mut draft.reported, "service_spec");
    for name in SERVICE_LISTS {
        spec.entry(name).or_insert_with(|| json!([]));
    }
    let status = object(&mut draft.reported, "service_status");
    status.entry("conditions").or_insert_with(|| json!([]));
    let ingress = status
        .get_mut("load_balancer")
        .and_then(|balancer| balancer.get_mut("ingress"))
        .and_then(Value::as_array_mut);
    for entry in ingress.into_iter().flatten() {
        if let Value::Object(entry) = entry {
            entry.entry("ports").or_insert_with(|| json!([]));
        }
    }
}

/// The object under a name, made if there is none.
fn object<'m>(map: &'m mut Map, name: &str) -> &'m mut Map {
    let value = map.entry(name).or_insert_with(|| json!({}));
    if !value.is_object() {
        *value = json!({});
    }
    value.as_object_mut().expect("it was made an object above")
}

pub(crate) fn finish_ingress(draft: &mut Draft<'_>) {
    let ingress = draft.list(&["ingress_status", "load_balancer", "ingress"]);
    let hosts = texts(ingress, "hostname");
    let addresses = texts(ingress, "ip");
    elsewhere::finish_balancer(draft, &hosts, &addresses);
    let address = addresses.into_iter().next();
    draft.set_some("public_ip_address", address);
    draft.set("lb_type", "ingress");
    external_hosts(draft, hosts);
}

pub(crate) fn finish_gateway(draft: &mut Draft<'_>) {
    let addresses = draft.list(&["gateway_status", "addresses"]);
    let of = |kind: &str| -> Vec<String> {
        let chosen = addresses
            .iter()
            // The type defaults to an address in the API.
            .filter(|address| field(address, "type").unwrap_or("IPAddress") == kind);
        chosen
            .filter_map(|address| field(address, "value").map(str::to_owned))
            .collect()
    };
    let hosts = of("Hostname");
    let addresses = of("IPAddress");
    elsewhere::finish_balancer(draft, &hosts, &addresses);
    let address = addresses.into_iter().next();
    draft.set_some("public_ip_address", address);
    draft.set("lb_type", "gateway");
    external_hosts(draft, hosts);
}

fn external_hosts(draft: &mut Draft<'_>, hosts: Vec<String>) {
    draft.set_some("hostname", hosts.first().cloned());
    if !hosts.is_empty() {
        draft.set("external_hosts", hosts);
    }
}

/// Addresses in the order of their text: the server's order changes without meaning anything.
pub(crate) fn finish_endpoint(draft: &mut Draft<'_>) {
    let subsets = draft
        .reported
        .get_mut("subsets")
        .and_then(Value::as_array_mut);
    for subset in subsets.into_iter().flatten() {
        for name in ["addresses", "not_ready_addresses"] {
            if let Some(addresses) = subset.get_mut(name).and_then(Value::as_array_mut) {
                addresses.sort_by_cached_key(|address| field(address, "ip").map(str::to_owned));
            }
        }
    }
}

pub(crate) fn finish_ip_address(draft: &mut Draft<'_>) {
    draft.copy("ip_address", &["name"]);
    let family = draft.text(&["name"]).map(|address| {
        if address.contains(':') {
            "ipv6"
        } else {
            "ipv4"
        }
    });
    draft.set_some("ip_address_family", family);
}

pub(crate) fn finish_service_cidr(draft: &mut Draft<'_>) {
    let blocks = draft.list(&["service_cidr_spec", "cidrs"]).to_vec();
    draft.set("cidr_blocks", blocks);
}

fn texts(items: &[Value], name: &str) -> Vec<String> {
    items
        .iter()
        .filter_map(|item| field(item, name).filter(|text| !text.is_empty()))
        .map(str::to_owned)
        .collect()
}
