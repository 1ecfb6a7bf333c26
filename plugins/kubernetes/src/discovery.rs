//! What a server serves: every kind that can be listed, each once and in the version to use.
//!
//! Answers are read group by group: one that can not be read, or whose server is down, is told apart and costs
//! the others nothing. Which kinds are wanted is not decided here.
mod aggregated;
mod choose;
mod plain;

use serde_json::Value;

use crate::Resource;
use crate::connect::{Ask, Link};
use crate::retry::Patience;
use crate::trouble::RequestError;

pub(crate) use choose::{Discovered, Stale, USAGE, is_custom, is_of_server};

/// Aggregated discovery, newest form first, and the plain form servers before 1.26 answer with.
const FORMS: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
     application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,\
     application/json";

/// A group as the server names it; versions in its order of preference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Group {
    /// Its name; empty for core.
    pub name: String,
    /// The version the server prefers.
    pub preferred: String,
    /// What it serves.
    pub versions: Vec<Version>,
}

/// A version of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    /// Its name, e.g. `v1beta1`.
    pub name: String,
    /// Resources that are no subresources, listable or not.
    pub resources: Vec<Resource>,
    /// Why the resources are not known, or not known to be current.
    pub stale: Option<String>,
}

/// Asks the server what it serves.
pub(crate) async fn discover(link: &Link, patience: Patience) -> Result<Discovered, RequestError> {
    let ask = |path: &'static str| async move {
        let ask = Ask::get(path).accept(FORMS);
        patience
            .persist(|| async { link.ask(&ask).await?.json::<Value>() })
            .await
    };
    let (core, named) = tokio::try_join!(ask("/api"), ask("/apis"))?;
    let mut groups = Vec::new();
    for answer in [core, named] {
        if answer["kind"] == "APIGroupDiscoveryList" {
            groups.extend(aggregated::groups(&answer));
        } else {
            groups.extend(plain::groups(link, patience, &answer).await?);
        }
    }
    Ok(Discovered::choose(groups))
}

/// A resource for tests: everything but group and plural name is made up.
#[cfg(test)]
pub(crate) fn example(group: &str, plural: &str) -> Resource {
    Resource {
        group: group.to_owned(),
        version: "v1".to_owned(),
        kind: "Example".to_owned(),
        plural: plural.to_owned(),
        singular: String::new(),
        short_names: Vec::new(),
        namespaced: true,
        verbs: vec!["list".to_owned()],
    }
}
