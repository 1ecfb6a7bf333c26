//! Which resources are served at the moment: the built-in ones and those the stored CRDs and `APIService`s add.
//!
//! One `Resource` per group, version and plural. Its discovery documents are written in `discovery`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::builtin::{BUILTIN, SCALE, STATUS, Sub};
use crate::metrics;

/// One resource in one served version.
#[derive(Debug, Clone)]
pub(crate) struct Resource {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) plural: String,
    pub(crate) singular: String,
    pub(crate) kind: String,
    pub(crate) list_kind: String,
    pub(crate) namespaced: bool,
    pub(crate) verbs: &'static [&'static str],
    pub(crate) short_names: Vec<String>,
    pub(crate) categories: Vec<String>,
    pub(crate) subresources: Vec<Sub>,
    /// The version objects are kept in; differs from `version` where two versions share objects.
    pub(crate) storage_version: String,
    /// Added by a `CustomResourceDefinition`.
    pub(crate) custom: bool,
    /// Its OpenAPI v3 schema, as far as it is known: that of the definition.
    pub(crate) schema: Value,
}

/// The order in which a server lists the verbs of a custom resource.
const CUSTOM_VERBS: &[&str] = &[
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "create",
    "update",
    "watch",
];

impl Resource {
    /// `v1`, or `apps/v1`.
    pub(crate) fn api_version(&self) -> String {
        group_version(&self.group, &self.version)
    }

    /// Under which group and plural the objects are kept. Events of both groups are the same objects.
    pub(crate) fn storage(&self) -> (&str, &str) {
        match (self.group.as_str(), self.plural.as_str()) {
            ("events.k8s.io", "events") => ("", "events"),
            own => own,
        }
    }

    pub(crate) fn has_subresource(&self, name: &str) -> bool {
        self.subresources.iter().any(|sub| sub.name == name)
    }

    pub(crate) fn allows(&self, verb: &str) -> bool {
        self.verbs.contains(&verb)
    }
}

/// `v1`, or `apps/v1`.
pub(crate) fn group_version(group: &str, version: &str) -> String {
    if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    }
}

/// One group as discovery shows it.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) name: String,
    /// Most preferred first; the resources are sorted by plural.
    pub(crate) versions: Vec<(String, Vec<Arc<Resource>>)>,
    /// Served by an aggregated API server that does not answer.
    pub(crate) stale: bool,
}

/// What an aggregated API server is there for.
#[derive(Debug, Clone)]
struct Aggregated {
    group: String,
    version: String,
    /// Nothing if it does not answer.
    resources: Vec<Arc<Resource>>,
}

/// Every served group, in the order of discovery.
#[derive(Debug, Clone)]
pub(crate) struct Catalog {
    builtin: Vec<Group>,
    /// By name of the CRD.
    custom: BTreeMap<String, Vec<Arc<Resource>>>,
    /// By name of the `APIService`: aggregated API servers. But for that of metrics none is ever there in this simulator.
    aggregated: BTreeMap<String, Aggregated>,
    groups: Vec<Group>,
}

impl Catalog {
    /// The catalog of an empty cluster.
    pub(crate) fn new() -> Self {
        let mut builtin: Vec<Group> = Vec::new();
        for row in BUILTIN {
            let resource = Arc::new(built_in(row));
            add(&mut builtin, resource);
        }
        Self {
            groups: builtin.clone(),
            builtin,
            custom: BTreeMap::new(),
            aggregated: BTreeMap::new(),
        }
    }

    /// Every group, the core group (with the empty name) first.
    pub(crate) fn groups(&self) -> &[Group] {
        &self.groups
    }

    pub(crate) fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == name)
    }

    pub(crate) fn resource(
        &self,
        group: &str,
        version: &str,
        plural: &str,
    ) -> Option<&Arc<Resource>> {
        let (_, resources) = self
            .group(group)?
            .versions
            .iter()
            .find(|(name, _)| name == version)?;
        resources.iter().find(|resource| resource.plural == plural)
    }

    /// The most preferred version of a resource.
    pub(crate) fn preferred(&self, group: &str, plural: &str) -> Option<&Arc<Resource>> {
        let mut resources = self
            .group(group)?
            .versions
            .iter()
            .flat_map(|(_, resources)| resources);
        resources.find(|resource| resource.plural == plural)
    }

    /// The resource an object of this `apiVersion` and `kind` belongs to.
    pub(crate) fn of_kind(&self, api_version: &str, kind: &str) -> Option<&Arc<Resource>> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let (_, resources) = self
            .group(group)?
            .versions
            .iter()
            .find(|(name, _)| name == version)?;
        resources
            .iter()
            .find(|resource| resource.kind == kind && resource.allows("get"))
    }

    /// Serves what the CRD defines; a CRD that cannot be read serves nothing.
    pub(crate) fn define(&mut self, name: &str, crd: &Value) {
        self.custom.insert(name.to_owned(), custom_resources(crd));
        self.rebuild();
    }

    /// Serves no longer what the CRD defined. Returns group and plural of its objects.
    pub(crate) fn undefine(&mut self, name: &str) -> Option<(String, String)> {
        let gone = self.custom.remove(name)?;
        self.rebuild();
        gone.first()
            .map(|resource| (resource.group.clone(), resource.plural.clone()))
    }

    /// Notes the group of an `APIService` object that is served by somebody else.
    pub(crate) fn aggregate(&mut self, name: &str, api_service: &Value) {
        let spec = &api_service["spec"];
        if let (Some(group), Some(version), true) = (
            spec["group"].as_str(),
            spec["version"].as_str(),
            spec["service"].is_object(),
        ) {
            let resources = if metrics::is_served(api_service) {
                metrics::resources()
            } else {
                Vec::new()
            };
            let served = Aggregated {
                group: group.to_owned(),
                version: version.to_owned(),
                resources,
            };
            self.aggregated.insert(name.to_owned(), served);
            self.rebuild();
        }
    }

    /// Forgets the group of an `APIService` object.
    pub(crate) fn disaggregate(&mut self, name: &str) {
        if self.aggregated.remove(name).is_some() {
            self.rebuild();
        }
    }

    fn rebuild(&mut self) {
        self.groups.clone_from(&self.builtin);
        let mut custom: Vec<Group> = Vec::new();
        for resource in self.custom.values().flatten() {
            add(&mut custom, Arc::clone(resource));
        }
        for Aggregated {
            group,
            version,
            resources,
        } in self.aggregated.values()
        {
            let served = (version.clone(), resources.clone());
            let known = self.groups.iter().any(|other| other.name == *group);
            match custom.iter_mut().find(|other| other.name == *group) {
                _ if known => {}
                Some(other) if other.stale => other.versions.push(served),
                Some(_) => {}
                None => custom.push(Group {
                    name: group.clone(),
                    versions: vec![served],
                    stale: resources.is_empty(),
                }),
            }
        }
        custom.sort_by(|a, b| a.name.cmp(&b.name));
        for group in &mut custom {
            group
                .versions
                .sort_by_key(|(version, _)| std::cmp::Reverse(priority(version)));
            for (_, resources) in &mut group.versions {
                resources.sort_by(|a, b| a.plural.cmp(&b.plural));
            }
        }
        self.groups.append(&mut custom);
    }
}

fn add(groups: &mut Vec<Group>, resource: Arc<Resource>) {
    let at = groups
        .iter()
        .position(|group| group.name == resource.group)
        .unwrap_or_else(|| {
            let name = resource.group.clone();
            groups.push(Group {
                name,
                versions: Vec::new(),
                stale: false,
            });
            groups.len() - 1
        });
    let versions = &mut groups[at].versions;
    match versions
        .iter_mut()
        .find(|(version, _)| *version == resource.version)
    {
        Some((_, resources)) => resources.push(resource),
        None => versions.push((resource.version.clone(), vec![resource])),
    }
}

fn built_in(row: &crate::builtin::Builtin) -> Resource {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    // Autoscalers are served in two versions; the others are kept in one that is not served any more.
    let storage_version = match row.plural {
        "horizontalpodautoscalers" => "v2",
        "mutatingadmissionpolicies"
        | "mutatingadmissionpolicybindings"
        | "customresourcedefinitions" => "v1beta1",
        _ => row.version,
    };
    Resource {
        group: row.group.to_owned(),
        version: row.version.to_owned(),
        plural: row.plural.to_owned(),
        singular: row.kind.to_lowercase(),
        kind: row.kind.to_owned(),
        list_kind: format!("{}List", row.kind),
        namespaced: row.namespaced,
        verbs: row.verbs,
        short_names: owned(row.short_names),
        categories: owned(row.categories),
        subresources: row.subresources.to_vec(),
        storage_version: storage_version.to_owned(),
        custom: false,
        schema: Value::Null,
    }
}

fn custom_resources(crd: &Value) -> Vec<Arc<Resource>> {
    let spec = &crd["spec"];
    let names = &spec["names"];
    let (Some(group), Some(plural), Some(kind), Some(versions)) = (
        spec["group"].as_str(),
        names["plural"].as_str(),
        names["kind"].as_str(),
        spec["versions"].as_array(),
    ) else {
        return Vec::new();
    };
    let stored = versions.iter().find(|version| version["storage"] == true);
    let stored = stored
        .and_then(|version| version["name"].as_str())
        .unwrap_or_default();
    let served = versions.iter().filter(|version| version["served"] == true);
    let resources = served.filter_map(|version| {
        let text = |key: &str| names[key].as_str().map(ToOwned::to_owned);
        Some(Arc::new(Resource {
            group: group.to_owned(),
            version: version["name"].as_str()?.to_owned(),
            plural: plural.to_owned(),
            singular: text("singular").unwrap_or_else(|| kind.to_lowercase()),
            kind: kind.to_owned(),
            list_kind: text("listKind").unwrap_or_else(|| format!("{kind}List")),
            namespaced: spec["scope"] == "Namespaced",
            verbs: CUSTOM_VERBS,
            short_names: strings(&names["shortNames"]),
            categories: strings(&names["categories"]),
            subresources: custom_subresources(&version["subresources"]),
            storage_version: stored.to_owned(),
            custom: true,
            schema: version["schema"]["openAPIV3Schema"].clone(),
        }))
    });
    resources.collect()
}

fn custom_subresources(declared: &Value) -> Vec<Sub> {
    let known = [("status", STATUS), ("scale", SCALE)];
    known
        .into_iter()
        .filter(|(name, _)| declared[*name].is_object())
        .map(|(_, sub)| sub)
        .collect()
}

fn strings(list: &Value) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items
        .filter_map(Value::as_str)
        .map(ToOwned::to_owned)
        .collect()
}

/// Kubernetes' order of versions: `v2` before `v1` before `v2beta1` before `v1alpha1` before anything else.
fn priority(version: &str) -> (u8, u64, u64, std::cmp::Reverse<String>) {
    let other = (0, 0, 0, std::cmp::Reverse(version.to_owned()));
    let Some(rest) = version.strip_prefix('v') else {
        return other;
    };
    let digits = rest
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(rest.len());
    let (major, rest) = rest.split_at(digits);
    let Ok(major) = major.parse::<u64>() else {
        return other;
    };
    let stage = if rest.is_empty() {
        Some((3, 0))
    } else if let Some(minor) = rest.strip_prefix("beta") {
        minor.parse().ok().map(|minor| (2, minor))
    } else {
        rest.strip_prefix("alpha")
            .and_then(|minor| minor.parse().ok())
            .map(|minor| (1, minor))
    };
    let Some((stage, minor)) = stage else {
        return other;
    };
    (stage, major, minor, std::cmp::Reverse(String::new()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_preferred_as_in_kubernetes() {
        let mut versions = [
            "v1alpha1",
            "foo10",
            "v1",
            "v2beta1",
            "v10",
            "v11alpha2",
            "foo1",
        ];
        versions.sort_by_key(|version| std::cmp::Reverse(priority(version)));
        assert_eq!(
            versions,
            [
                "v10",
                "v1",
                "v2beta1",
                "v11alpha2",
                "v1alpha1",
                "foo1",
                "foo10"
            ]
        );
    }
}
