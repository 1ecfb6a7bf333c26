//! Reading discovery as servers before 1.26 offer it: one answer with the groups, then one per version.
use futures::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::Deserialize;
use serde_json::Value;

use super::{Group, Version};
use crate::Resource;
use crate::connect::{Ask, Link};
use crate::retry::Patience;
use crate::trouble::RequestError;

/// Requests in flight at the same time; there are some dozens in all.
const IN_FLIGHT: usize = 8;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawList {
    #[serde(default)]
    resources: Vec<RawResource>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawResource {
    name: String,
    #[serde(default)]
    singular_name: String,
    #[serde(default)]
    namespaced: bool,
    kind: String,
    #[serde(default)]
    verbs: Vec<String>,
    #[serde(default)]
    short_names: Vec<String>,
}

/// The groups an `APIVersions` or `APIGroupList` names, each version asked for. Only trouble with the whole
/// server is an error.
pub(super) async fn groups(
    link: &Link,
    patience: Patience,
    answer: &Value,
) -> Result<Vec<Group>, RequestError> {
    stream::iter(named(answer))
        .map(|(name, preferred, versions)| async move {
            let versions = stream::iter(versions)
                .map(|found| version(link, patience, &name, found))
                .buffered(IN_FLIGHT)
                .try_collect()
                .await?;
            Ok(Group {
                name: name.clone(),
                preferred,
                versions,
            })
        })
        .buffered(IN_FLIGHT)
        .try_collect()
        .await
}

/// Name, preferred version and versions of every group.
fn named(answer: &Value) -> Vec<(String, String, Vec<String>)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    if answer["kind"] == "APIVersions" {
        let versions: Vec<String> = list(&answer["versions"]).iter().map(text).collect();
        let preferred = versions.first().cloned().unwrap_or_default();
        return vec![(String::new(), preferred, versions)];
    }
    list(&answer["groups"])
        .iter()
        .map(|group| {
            let versions = list(&group["versions"]);
            (
                text(&group["name"]),
                text(&group["preferredVersion"]["version"]),
                versions
                    .iter()
                    .map(|version| text(&version["version"]))
                    .collect(),
            )
        })
        .collect()
}

async fn version(
    link: &Link,
    patience: Patience,
    group: &str,
    name: String,
) -> Result<Version, RequestError> {
    let path = match group {
        "" => format!("/api/{name}"),
        group => format!("/apis/{group}/{name}"),
    };
    let ask = Ask::get(path);
    let answer = patience
        .persist(|| async { link.ask(&ask).await?.json::<RawList>() })
        .await;
    match answer {
        Ok(list) => Ok(Version {
            resources: resources(group, &name, list),
            name,
            stale: None,
        }),
        Err(error) if error.ends_everything() => Err(error),
        Err(error) => Ok(Version {
            name,
            resources: Vec::new(),
            stale: Some(error.to_string()),
        }),
    }
}

fn resources(group: &str, version: &str, list: RawList) -> Vec<Resource> {
    list.resources
        .into_iter()
        // Subresources are listed beside their resources here.
        .filter(|raw| !raw.name.contains('/'))
        .map(|raw| Resource {
            group: group.to_owned(),
            version: version.to_owned(),
            kind: raw.kind,
            plural: raw.name,
            singular: raw.singular_name,
            short_names: raw.short_names,
            namespaced: raw.namespaced,
            verbs: raw.verbs,
        })
        .collect()
}
