//! Reading aggregated discovery: all groups in one answer (servers since 1.26).
use serde::Deserialize;
use serde_json::Value;

use super::{Group, Version};
use crate::Resource;

#[derive(Deserialize)]
struct RawGroup {
    #[serde(default)]
    metadata: Meta,
    #[serde(default)]
    versions: Vec<RawVersion>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Meta {
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawVersion {
    version: String,
    #[serde(default)]
    resources: Vec<Value>,
    #[serde(default)]
    freshness: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawResource {
    resource: String,
    response_kind: Option<ResponseKind>,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    singular_resource: String,
    #[serde(default)]
    short_names: Vec<String>,
    #[serde(default)]
    verbs: Vec<String>,
}

#[derive(Deserialize)]
struct ResponseKind {
    kind: String,
}

/// The groups of an `APIGroupDiscoveryList`; one that can not be read is a stale one.
pub(super) fn groups(answer: &Value) -> Vec<Group> {
    let items = answer["items"].as_array();
    items.into_iter().flatten().map(group).collect()
}

fn group(item: &Value) -> Group {
    let Ok(raw) = RawGroup::deserialize(item) else {
        return Group {
            name: item["metadata"]["name"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            preferred: String::new(),
            versions: vec![Version {
                name: String::new(),
                resources: Vec::new(),
                stale: Some("what the server says about the group can not be read".to_owned()),
            }],
        };
    };
    let name = raw.metadata.name;
    Group {
        preferred: raw
            .versions
            .first()
            .map(|first| first.version.clone())
            .unwrap_or_default(),
        versions: raw
            .versions
            .into_iter()
            .map(|raw| version(&name, raw))
            .collect(),
        name,
    }
}

fn version(group: &str, raw: RawVersion) -> Version {
    let read: Vec<_> = raw
        .resources
        .iter()
        .map(|item| resource(group, &raw.version, item))
        .collect();
    let stale = if raw.freshness == "Stale" {
        Some("the server behind it does not answer".to_owned())
    } else if read.iter().any(Option::is_none) {
        Some("what the server says about a resource of it can not be read".to_owned())
    } else {
        None
    };
    Version {
        name: raw.version,
        resources: read.into_iter().flatten().collect(),
        stale,
    }
}

fn resource(group: &str, version: &str, item: &Value) -> Option<Resource> {
    let raw = RawResource::deserialize(item).ok()?;
    Some(Resource {
        group: group.to_owned(),
        version: version.to_owned(),
        kind: raw.response_kind.map(|kind| kind.kind).unwrap_or_default(),
        plural: raw.resource,
        singular: raw.singular_resource,
        short_names: raw.short_names,
        namespaced: raw.scope == "Namespaced",
        verbs: raw.verbs,
    })
}
