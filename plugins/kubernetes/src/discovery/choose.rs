//! Which version of a resource to list, and which of two groups that show the same objects.
use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{Group, Version};
use crate::Resource;

/// What a server serves, each kind once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Discovered {
    /// Kinds to list: the API's own first, then custom ones; by group and name.
    pub resources: Vec<Resource>,
    /// Group versions that can not be listed now.
    pub stale: Vec<Stale>,
    /// Where to ask what nodes and pods use: no objects, and nothing is missing without them.
    pub usage: Vec<Resource>,
    /// Why that cannot be asked now, though the server names it.
    pub usage_stale: Option<Stale>,
    /// Every group with the version it prefers and all it has.
    pub groups: Vec<(String, String, Vec<String>)>,
}

/// A group version that the server names, but not what it serves, or not now.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Stale {
    /// `<group>/<version>`.
    pub group_version: String,
    /// What the server said.
    pub why: String,
    /// What it served when it was last heard of.
    pub resources: Vec<Resource>,
}

/// Groups whose objects are computed when asked for: they have no UID.
const WITHOUT_OBJECTS: [&str; 2] = ["custom.metrics.k8s.io", "external.metrics.k8s.io"];

/// The one of them whose answers are about objects of other groups.
pub(crate) const USAGE: &str = "metrics.k8s.io";

/// Groups whose resources moved: (plural, old group, new group).
const MOVED: [(&str, &str, &str); 9] = [
    ("events", "", "events.k8s.io"),
    ("ingresses", "extensions", "networking.k8s.io"),
    ("networkpolicies", "extensions", "networking.k8s.io"),
    ("daemonsets", "extensions", "apps"),
    ("deployments", "extensions", "apps"),
    ("replicasets", "extensions", "apps"),
    ("podsecuritypolicies", "extensions", "policy"),
    ("endpointslices", "extensions", "discovery.k8s.io"),
    ("leases", "extensions", "coordination.k8s.io"),
];

impl Discovered {
    /// Chooses from everything the server named.
    pub(super) fn choose(groups: Vec<Group>) -> Self {
        let mut resources = Vec::new();
        let mut stale: Vec<Stale> = Vec::new();
        let mut named = Vec::new();
        let (mut usage, mut usage_stale) = (Vec::new(), None);
        for group in groups {
            if group.name == USAGE {
                usage_stale = stale_of(&group).pop();
                usage = of_group(group);
                usage.retain(|one| matches!(one.plural.as_str(), "nodes" | "pods"));
                continue;
            }
            if WITHOUT_OBJECTS.contains(&group.name.as_str()) {
                continue;
            }
            stale.extend(stale_of(&group));
            let versions = group.versions.iter().map(|version| version.name.clone());
            named.push((
                group.name.clone(),
                group.preferred.clone(),
                versions.collect(),
            ));
            resources.extend(of_group(group));
        }
        let served: Vec<(String, String)> = resources
            .iter()
            .map(|resource| (resource.group.clone(), resource.plural.clone()))
            .collect();
        resources.retain(|resource| !has_moved(resource, &served));
        for stale in &mut stale {
            // Another version of the group may serve it.
            let is_served =
                |one: &Resource| served.contains(&(one.group.clone(), one.plural.clone()));
            stale.resources.retain(|resource| !is_served(resource));
        }
        resources.sort_by_key(|resource| {
            let Resource { group, plural, .. } = resource;
            (is_custom(resource), group.clone(), plural.clone())
        });
        stale.sort();
        named.sort();
        Self {
            resources,
            stale,
            usage,
            usage_stale,
            groups: named,
        }
    }

    /// Whether a kind that is missing here is known to be gone.
    pub(crate) fn is_complete(&self) -> bool {
        self.stale.is_empty()
    }
}

/// The versions of a group that can not be listed now.
fn stale_of(group: &Group) -> Vec<Stale> {
    let stale = group.versions.iter().filter_map(|version| {
        let resources = version.resources.iter().filter(|one| lists(one));
        Some(Stale {
            why: version.stale.clone()?,
            group_version: group_version(&group.name, &version.name),
            resources: resources.cloned().collect(),
        })
    });
    stale.collect()
}

/// Whether a kind was added to the cluster; custom groups have a dot and are not of `k8s.io`.
pub(crate) fn is_custom(resource: &Resource) -> bool {
    resource.group.contains('.') && !resource.group.ends_with(".k8s.io")
}

/// Groups that an API server serves by itself; those of `k8s.io` that are not here are added like custom ones.
const OF_SERVERS: [&str; 24] = [
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
];

/// Whether objects of a kind come from the API server itself, and are read without a definition.
pub(crate) fn is_of_server(resource: &Resource) -> bool {
    OF_SERVERS.contains(&resource.group.as_str())
}

fn has_moved(resource: &Resource, served: &[(String, String)]) -> bool {
    MOVED.iter().any(|(plural, from, to)| {
        resource.plural == *plural
            && resource.group == *from
            && served
                .iter()
                .any(|(group, name)| group == to && name == plural)
    })
}

/// Every listable resource of a group: in the preferred version if that lists it, else in the best one.
fn of_group(group: Group) -> Vec<Resource> {
    let mut versions: Vec<Version> = group
        .versions
        .into_iter()
        // What a server that is down said earlier may not be listable now.
        .filter(|version| version.stale.is_none())
        .collect();
    versions.sort_by_key(|version| Reverse((version.name == group.preferred, rank(&version.name))));
    let mut best: BTreeMap<String, Resource> = BTreeMap::new();
    for resource in versions.into_iter().flat_map(|version| version.resources) {
        if lists(&resource) {
            best.entry(resource.plural.clone()).or_insert(resource);
        }
    }
    best.into_values().collect()
}

/// Whether objects of it can be listed; leaves out subresources.
fn lists(resource: &Resource) -> bool {
    let listable = resource.verbs.iter().any(|verb| verb == "list");
    listable && !resource.kind.is_empty() && !resource.plural.contains('/')
}

/// How good a version is: GA, beta, alpha, anything else; then higher numbers.
fn rank(version: &str) -> (u8, u32, u32) {
    let parse = || {
        let rest = version.strip_prefix('v')?;
        let (major, level, minor) = if let Some((major, minor)) = rest.split_once("beta") {
            (major, 2, minor)
        } else if let Some((major, minor)) = rest.split_once("alpha") {
            (major, 1, minor)
        } else {
            (rest, 3, "0")
        };
        Some((level, major.parse().ok()?, minor.parse().ok()?))
    };
    parse().unwrap_or((0, 0, 0))
}

fn group_version(group: &str, version: &str) -> String {
    match (group, version) {
        ("", version) => version.to_owned(),
        (group, "") => group.to_owned(),
        (group, version) => format!("{group}/{version}"),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::{Value, json};

    use super::super::aggregated;
    use super::*;

    fn resource(name: &str, verbs: &[&str]) -> Value {
        json!({"resource": name, "responseKind": {"group": "", "version": "", "kind": name.to_uppercase()},
            "scope": "Namespaced", "verbs": verbs})
    }

    fn group(name: &str, versions: Value) -> Value {
        json!({"metadata": {"name": name}, "versions": versions})
    }

    #[track_caller]
    fn check(items: Value, expected: Expect) {
        let found = Discovered::choose(aggregated::groups(&json!({"items": items})));
        let listed = found.resources.iter().map(Resource::list_path);
        let stale = found.stale.iter();
        let stale = stale.map(|stale| format!("stale {}: {}", stale.group_version, stale.why));
        let usage = found.usage.iter();
        let usage = usage.map(|one| format!("usage {}", one.list_path()));
        let usage_stale = found.usage_stale.iter();
        let usage_stale = usage_stale.map(|stale| format!("no usage: {}", stale.why));
        let mut shown: Vec<String> = listed
            .chain(stale)
            .chain(usage)
            .chain(usage_stale)
            .collect();
        shown.push(String::new());
        expected.assert_eq(&shown.join("\n"));
    }

    #[test]
    fn each_resource_is_listed_in_one_version() {
        let get = ["get"];
        let list = ["get", "list"];
        check(
            json!([
                group(
                    "apps",
                    json!([
                        {"version": "v1", "resources": [resource("deployments", &list), resource("scales", &get)]},
                        {"version": "v2alpha1", "resources": [resource("deployments", &list), resource("news", &list)]},
                        {"version": "v1beta1", "resources": [resource("news", &list), resource("olds", &list)]},
                        {"version": "v1beta2", "resources": [resource("olds", &list)]},
                    ])
                ),
                group(
                    "acme.dev",
                    json!([{"version": "v10", "resources": [resource("services", &list)]}])
                ),
                group(
                    "",
                    json!([{"version": "v1", "resources": [resource("services", &list), resource("events", &list)]}])
                ),
            ]),
            expect![[r"
                /api/v1/events
                /api/v1/services
                /apis/apps/v1/deployments
                /apis/apps/v1beta1/news
                /apis/apps/v1beta2/olds
                /apis/acme.dev/v10/services
            "]],
        );
    }

    #[test]
    fn moved_resources_are_listed_once_and_computed_ones_not_at_all() {
        let list = ["list"];
        check(
            json!([
                group(
                    "",
                    json!([{"version": "v1", "resources": [resource("events", &list)]}])
                ),
                group(
                    "events.k8s.io",
                    json!([{"version": "v1", "resources": [resource("events", &list)]}])
                ),
                group(
                    "extensions",
                    json!([{"version": "v1beta1", "resources": [
                    resource("ingresses", &list), resource("deployments", &list)]}])
                ),
                group(
                    "apps",
                    json!([{"version": "v1", "resources": [resource("deployments", &list)]}])
                ),
                group(
                    "metrics.k8s.io",
                    json!([{"version": "v1", "resources": [resource("pods", &list), resource("other", &list)]}])
                ),
                group(
                    "custom.metrics.k8s.io",
                    json!([{"version": "v1", "resources": [resource("pods", &list)]}])
                ),
            ]),
            expect![[r"
                /apis/apps/v1/deployments
                /apis/events.k8s.io/v1/events
                /apis/extensions/v1beta1/ingresses
                usage /apis/metrics.k8s.io/v1/pods
            "]],
        );
    }

    #[test]
    fn a_group_that_is_down_or_odd_is_told_and_costs_the_others_nothing() {
        let list = ["list"];
        check(
            json!([
                group("metrics.k8s.io", json!([{"version": "v1beta1", "freshness": "Stale", "resources": []}])),
                group("down.dev", json!([{"version": "v1", "freshness": "Stale", "resources": [resource("a", &list)]}])),
                {"metadata": {"name": "odd.dev"}, "versions": 7},
                group("half.dev", json!([{"version": "v1", "resources": [resource("b", &list), {"resource": 3}]}])),
                group("apps", json!([{"version": "v1", "freshness": "Current", "resources": [resource("c", &list)]}])),
            ]),
            expect![[r"
                /apis/apps/v1/c
                stale down.dev/v1: the server behind it does not answer
                stale half.dev/v1: what the server says about a resource of it can not be read
                stale odd.dev: what the server says about the group can not be read
                no usage: the server behind it does not answer
            "]],
        );
    }
}
