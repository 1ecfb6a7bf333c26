//! The discovery documents: aggregated (`APIGroupDiscoveryList` v2) and one by one, all from the catalog.
//!
//! Which of them a request gets is decided in `api`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::builtin::Sub;
use crate::catalog::{Catalog, Group, Resource, group_version};

/// Content type of an aggregated document.
pub(crate) const AGGREGATED: &str =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// `/api`, one document per call.
pub(crate) fn api_versions(address: &str) -> Value {
    json!({
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}],
    })
}

/// `/apis`.
pub(crate) fn api_groups(catalog: &Catalog) -> Value {
    let groups: Vec<_> = named(catalog).map(group_body).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

/// `/apis/GROUP`.
pub(crate) fn api_group(group: &Group) -> Value {
    let mut body = group_body(group);
    body["kind"] = json!("APIGroup");
    body["apiVersion"] = json!("v1");
    body
}

/// `/api/v1` and `/apis/GROUP/VERSION`.
pub(crate) fn api_resources(group: &Group, version: &str) -> Option<Value> {
    let (_, resources) = group.versions.iter().find(|(name, _)| name == version)?;
    let listed: Vec<_> = resources
        .iter()
        .flat_map(|resource| resource_rows(resource))
        .collect();
    let mut body = json!({
        "kind": "APIResourceList",
        "groupVersion": group_version(&group.name, version),
        "resources": listed,
    });
    // The core group's document alone goes without it.
    if !group.name.is_empty() {
        body["apiVersion"] = json!("v1");
    }
    Some(body)
}

/// `/api` in the aggregated form.
pub(crate) fn aggregated_core(catalog: &Catalog) -> Value {
    aggregated(
        catalog
            .groups()
            .iter()
            .filter(|group| group.name.is_empty()),
    )
}

/// `/apis` in the aggregated form.
pub(crate) fn aggregated_groups(catalog: &Catalog) -> Value {
    aggregated(named(catalog))
}

fn named(catalog: &Catalog) -> impl Iterator<Item = &Group> {
    catalog
        .groups()
        .iter()
        .filter(|group| !group.name.is_empty())
}

fn group_body(group: &Group) -> Value {
    let version =
        |name: &str| json!({"groupVersion": group_version(&group.name, name), "version": name});
    let versions: Vec<_> = group
        .versions
        .iter()
        .map(|(name, _)| version(name))
        .collect();
    let preferred = versions.first().cloned().unwrap_or_default();
    json!({"name": group.name, "versions": versions, "preferredVersion": preferred})
}

fn resource_rows(resource: &Resource) -> Vec<Value> {
    let mut row = json!({
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": resource.verbs,
    });
    names(&mut row, resource);
    if resource.allows("get") && resource.allows("create") {
        row["storageVersionHash"] = json!(storage_version_hash(resource));
    }
    let mut rows = vec![row];
    rows.extend(resource.subresources.iter().map(|sub| {
        let mut row = json!({
            "name": format!("{}/{}", resource.plural, sub.name),
            "singularName": "",
            "namespaced": resource.namespaced,
            "kind": kind_of(sub, resource),
            "verbs": sub.verbs,
        });
        if !sub.group.is_empty() {
            row["group"] = json!(sub.group);
            row["version"] = json!(sub.version);
        }
        row
    }));
    rows
}

fn names(row: &mut Value, resource: &Resource) {
    if !resource.short_names.is_empty() {
        row["shortNames"] = json!(resource.short_names);
    }
    if !resource.categories.is_empty() {
        row["categories"] = json!(resource.categories);
    }
}

fn kind_of<'a>(sub: &'a Sub, parent: &'a Resource) -> &'a str {
    if sub.kind.is_empty() {
        &parent.kind
    } else {
        sub.kind
    }
}

/// The first eight bytes of the SHA-256 of `group/version/kind`, as Kubernetes computes it.
fn storage_version_hash(resource: &Resource) -> String {
    let (group, _) = resource.storage();
    let text = format!("{group}/{}/{}", resource.storage_version, resource.kind);
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    STANDARD.encode(&digest.as_ref()[..8])
}

fn aggregated<'a>(groups: impl Iterator<Item = &'a Group>) -> Value {
    let items: Vec<_> = groups.map(aggregated_group).collect();
    json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": "apidiscovery.k8s.io/v2",
        "metadata": {},
        "items": items,
    })
}

fn aggregated_group(group: &Group) -> Value {
    let versions: Vec<_> = group
        .versions
        .iter()
        .map(|(version, resources)| {
            if group.stale {
                return json!({"version": version, "freshness": "Stale"});
            }
            let resources: Vec<_> = resources
                .iter()
                .map(|resource| aggregated_resource(resource))
                .collect();
            json!({"version": version, "resources": resources, "freshness": "Current"})
        })
        .collect();
    let metadata = if group.name.is_empty() {
        json!({})
    } else {
        json!({"name": group.name})
    };
    json!({"metadata": metadata, "versions": versions})
}

fn aggregated_resource(resource: &Resource) -> Value {
    // A real server leaves group and version of its own kinds empty, not those of custom ones.
    let own = if resource.custom {
        (&*resource.group, &*resource.version)
    } else {
        ("", "")
    };
    let mut row = json!({
        "resource": resource.plural,
        "responseKind": {"group": own.0, "version": own.1, "kind": resource.kind},
        "scope": if resource.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": resource.singular,
        "verbs": resource.verbs,
    });
    names(&mut row, resource);
    let subresources = resource.subresources.iter().map(|sub| {
        let (group, version) = if sub.group.is_empty() {
            own
        } else {
            (sub.group, sub.version)
        };
        json!({
            "subresource": sub.name,
            "responseKind": {
                "group": group, "version": version, "kind": kind_of(sub, resource),
            },
            "verbs": sub.verbs,
        })
    });
    let subresources: Vec<_> = subresources.collect();
    if !subresources.is_empty() {
        row["subresources"] = Value::Array(subresources);
    }
    row
}
