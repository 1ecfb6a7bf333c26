//! How the objects of Kubernetes refer to each other, as data the core resolves, and the properties that
//! other objects decide.
//!
//! The order matters: where two edges would close a cycle, the earlier one stays. Owners come first, then the
//! references of the oldest kinds, then all others.
mod access;
mod config;
mod derived;
mod form;
mod network;
mod own;
mod owner;
mod schedule;
mod storage;

use stocktake_model::EdgeRule;

pub(crate) use derived::derived;
pub(crate) use own::rules as own_rules;

/// Every edge rule, in the order edges are inserted.
pub(crate) fn edge_rules() -> Vec<EdgeRule> {
    let families = [
        owner::rules(),
        schedule::first(),
        storage::first(),
        config::first(),
        network::first(),
        schedule::more(),
        schedule::scaling(),
        storage::more(),
        config::more(),
        network::more(),
        access::rules(),
        owner::tools(),
    ];
    families.into_iter().flatten().collect()
}

/// The rules for `collect_iam`: subjects → what they may do something in.
pub(crate) fn permission_rules() -> Vec<EdgeRule> {
    access::permissions()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;
    use stocktake_model::{Find, Model, NamespaceFrom, Over, Path, PropertyType, Step, Take};

    use super::*;
    use crate::model::built_in_model;

    /// Kinds of tools that rules know by name although only a server declares them.
    const FOREIGN: [&str; 2] = [
        "kubernetes_kustomize_toolkit_fluxcd_io_kustomization",
        "kubernetes_helm_toolkit_fluxcd_io_helm_release",
    ];

    fn every_rule() -> Vec<EdgeRule> {
        edge_rules().into_iter().chain(permission_rules()).collect()
    }

    fn model() -> Model {
        let mut model = Model::default();
        model.add(built_in_model().kinds);
        model
    }

    /// Whether the model declares the path for a kind; below a map every name is right.
    fn is_declared(model: &Model, kind: &str, steps: &[Step]) -> bool {
        let names: Vec<&str> = steps
            .iter()
            .filter_map(|step| match step {
                Step::Key(key) => Some(key.as_str()),
                Step::At(_) | Step::Each => None,
            })
            .collect();
        names.is_empty() || model.property_type(&names, &[kind]).is_some()
    }

    fn steps(paths: [&Path; 2]) -> Vec<Step> {
        paths.into_iter().flat_map(Path::steps).cloned().collect()
    }

    #[test]
    fn every_path_of_a_rule_is_in_the_model() {
        let model = model();
        for rule in every_rule() {
            assert!(model.kind(&rule.from).is_some(), "{}", rule.from);
            let value: Path = rule.value.parse().unwrap();
            let mut paths = vec![steps([&rule.each, &value])];
            paths.extend(rule.when.iter().map(|when| steps([&rule.each, &when.path])));
            if let Find::Name {
                namespace: NamespaceFrom::At(path),
                ..
            }
            | Find::Told {
                namespace: NamespaceFrom::At(path),
                ..
            } = &rule.find
            {
                paths.push(steps([&rule.each, path]));
            }
            if let Find::Told { by, name, kind, .. } = &rule.find {
                paths.push(steps([&rule.each, name]));
                assert!(is_declared(&model, by, kind.steps()), "{by}: {kind}");
            }
            for path in paths {
                assert!(
                    is_declared(&model, &rule.from, &path),
                    "{}: {path:?}",
                    rule.from
                );
            }
        }
    }

    #[test]
    fn every_kind_a_rule_finds_is_in_the_model() {
        let model = model();
        for rule in every_rule() {
            let kinds = match rule.find {
                Find::Uid | Find::Object => Vec::new(),
                Find::Name { kinds, .. } | Find::Property { kinds, .. } => kinds,
                Find::Selector { kind, .. } => vec![kind],
                Find::Told { by, .. } => vec![by],
            };
            for kind in kinds {
                assert!(
                    model.kind(&kind).is_some() || FOREIGN.contains(&kind.as_str()),
                    "{kind}"
                );
            }
        }
    }

    #[test]
    fn names_are_looked_up_where_they_can_be() {
        // What is cluster-scoped has no namespace to look in, and the other way round.
        const CLUSTER_SCOPED: [&str; 17] = [
            "kubernetes_cluster_role",
            "kubernetes_csi_driver",
            "kubernetes_device_class",
            "kubernetes_gateway_class",
            "kubernetes_ingress_class",
            "kubernetes_mutating_admission_policy",
            "kubernetes_node",
            "kubernetes_persistent_volume",
            "kubernetes_priority_class",
            "kubernetes_priority_level_configuration",
            "kubernetes_runtime_class",
            "kubernetes_storage_class",
            "kubernetes_subject_group",
            "kubernetes_subject_user",
            "kubernetes_validating_admission_policy",
            "kubernetes_volume_snapshot_class",
            "kubernetes_volume_snapshot_content",
        ];
        let mut seen = BTreeSet::new();
        for rule in every_rule() {
            let Find::Name { kinds, namespace } = rule.find else {
                continue;
            };
            for kind in kinds {
                let expected = CLUSTER_SCOPED.contains(&kind.as_str());
                assert_eq!(namespace == NamespaceFrom::Cluster, expected, "{kind}");
                seen.insert(kind);
            }
        }
        assert!(CLUSTER_SCOPED.iter().all(|kind| seen.contains(*kind)));
    }

    #[test]
    fn rules_and_derived_properties_survive_yaml() {
        for rule in every_rule() {
            let text = serde_yaml::to_string(&rule).unwrap();
            assert_eq!(serde_yaml::from_str::<EdgeRule>(&text).unwrap(), rule);
        }
        for derive in derived() {
            let text = serde_yaml::to_string(&derive).unwrap();
            let read: stocktake_model::Derive = serde_yaml::from_str(&text).unwrap();
            assert_eq!(read, derive);
        }
    }

    #[test]
    fn no_rule_is_there_twice() {
        let mut seen = BTreeSet::new();
        for rule in every_rule() {
            let text = serde_json::to_value(&rule).map(|value: Value| value.to_string());
            assert!(seen.insert(text.unwrap()), "{rule:?}");
        }
    }

    #[test]
    fn derived_properties_are_declared_with_their_type() {
        let model = model();
        for derive in derived() {
            let names: Vec<&str> = derive.property.split('.').collect();
            let found = model.property_type(&names, &[&derive.on]);
            let fits = match &derive.take {
                Take::Names => found == Some(PropertyType::array(PropertyType::String)),
                Take::Count => found == Some(PropertyType::Int64),
                Take::Any => found == Some(PropertyType::Boolean),
                Take::Sum(_) => found == Some(PropertyType::Double),
                Take::MostFrequent(_) | Take::First(_) => found == Some(PropertyType::String),
            };
            assert!(fits, "{}.{}: {found:?}", derive.on, derive.property);
            let kind = match &derive.over {
                Over::Walk { kind, .. } | Over::Account { kind } | Over::Region { kind } => kind,
                Over::Itself | Over::KindAt { .. } => &derive.on,
                Over::Top { .. } => "kubernetes_resource",
            };
            if let Take::Sum(path) | Take::MostFrequent(path) | Take::First(path) = &derive.take {
                assert!(is_declared(&model, kind, path.steps()), "{path}");
            }
        }
    }

    #[test]
    fn a_typo_in_a_rule_is_found() {
        let path: Path = "pod_spec.volums[*].name".parse().unwrap();
        assert!(!is_declared(&model(), "kubernetes_pod", path.steps()));
    }
}
