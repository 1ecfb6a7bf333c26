//! Kinds a server adds: concrete, qualified by their group, with the bare name as abstract base.
//!
//! What their fields are is not known here; it comes with their schemas.
use std::collections::{BTreeMap, BTreeSet};

use stocktake_model::PropertyType::Any;
use stocktake_model::{Kind, Property};

use super::built_in_kinds;
use crate::Resource;
use crate::names::{alias_name, is_bare, kind_name, short_name};

/// The kinds of these resources that are not built in, by name.
pub(crate) fn dynamic_kinds(resources: &[Resource]) -> Vec<Kind> {
    let taken = Taken::new();
    let mut kinds = BTreeMap::new();
    for resource in resources {
        let name = kind_name(resource);
        if taken.names.contains(name.as_str()) || kinds.contains_key(&name) {
            continue;
        }
        let alias = alias_name(resource);
        let custom = !is_bare(&resource.group);
        let mut bases = vec![if custom {
            "kubernetes_custom_resource".to_owned()
        } else {
            "kubernetes_resource".to_owned()
        }];
        if custom && !taken.names.contains(alias.as_str()) {
            kinds
                .entry(alias.clone())
                .or_insert_with(|| abstract_kind(&alias, &resource.kind));
            bases.push(alias);
        }
        // Two kinds may have the same word: whoever types it is told so, and chooses.
        let aliases = taken.free(resource);
        kinds.insert(name.clone(), concrete_kind(name, bases, aliases, resource));
    }
    kinds.into_values().collect()
}

/// What the built-in kinds already stand for.
struct Taken {
    names: BTreeSet<&'static str>,
    words: BTreeSet<&'static str>,
}

impl Taken {
    fn new() -> Self {
        let kinds = built_in_kinds();
        Self {
            names: kinds.iter().map(|kind| kind.name.as_str()).collect(),
            words: kinds
                .iter()
                .flat_map(|kind| &kind.aliases)
                .map(String::as_str)
                .collect(),
        }
    }

    /// Words people may type for the kind, without those that mean a built-in one: `services` stay services.
    fn free(&self, resource: &Resource) -> Vec<String> {
        let mut words = vec![resource.plural.clone(), resource.singular.clone()];
        words.extend(resource.short_names.iter().cloned());
        words.retain(|word| !word.is_empty() && !self.words.contains(word.as_str()));
        words.sort_unstable();
        words.dedup();
        words
    }
}

fn abstract_kind(name: &str, kind: &str) -> Kind {
    Kind {
        name: name.to_owned(),
        bases: vec!["kubernetes_custom_resource".to_owned()],
        about: format!("A custom resource of kind {kind}, of any API group."),
        is_abstract: true,
        ..Kind::default()
    }
}

fn concrete_kind(
    name: String,
    bases: Vec<String>,
    aliases: Vec<String>,
    resource: &Resource,
) -> Kind {
    let short = short_name(resource);
    let section = |part: &str| Property::new(format!("{short}_{part}"), Any, "");
    Kind {
        name,
        bases,
        about: format!("A {} of {}.", resource.kind, resource.api_version()),
        properties: vec![section("spec"), section("status")],
        aliases,
        ..Kind::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(group: &str, kind: &str, plural: &str) -> Resource {
        Resource {
            group: group.into(),
            version: "v1".into(),
            kind: kind.into(),
            plural: plural.into(),
            singular: kind.to_lowercase(),
            short_names: vec!["x".into()],
            namespaced: true,
            verbs: vec!["list".into()],
        }
    }

    #[test]
    fn custom_kinds_share_a_base_unless_its_name_is_taken() {
        let kinds = dynamic_kinds(&[
            resource("", "Pod", "pods"),
            resource("serving.knative.dev", "Service", "services"),
            resource("cert-manager.io", "Certificate", "certificates"),
            resource("certs.example.com", "Certificate", "certificates"),
            resource("apps", "NewThing", "newthings"),
        ]);
        let shown: Vec<String> = kinds
            .iter()
            .map(|kind| format!("{} {:?} {:?}", kind.name, kind.bases, kind.aliases))
            .collect();
        expect_test::expect![[r#"
            [
                "kubernetes_cert_manager_io_certificate [\"kubernetes_custom_resource\", \"kubernetes_certificate\"] [\"certificate\", \"certificates\", \"x\"]",
                "kubernetes_certificate [\"kubernetes_custom_resource\"] []",
                "kubernetes_certs_example_com_certificate [\"kubernetes_custom_resource\", \"kubernetes_certificate\"] [\"certificate\", \"certificates\", \"x\"]",
                "kubernetes_new_thing [\"kubernetes_resource\"] [\"newthing\", \"newthings\", \"x\"]",
                "kubernetes_serving_knative_dev_service [\"kubernetes_custom_resource\"] [\"service\", \"x\"]",
            ]
        "#]]
        .assert_debug_eq(&shown);
    }
}
