//! The model of Kubernetes: every built-in kind with its bases and typed properties, and what becomes of the
//! kinds a server adds.
//!
//! Types of nested fields come from the schemas of the API itself, by the same naming rule as the objects.
mod added;
mod builtin;
mod custom;
mod dynamic;
mod schema;
mod source;
mod table;
mod top;

use std::sync::LazyLock;

use stocktake_model::{Kind, PluginModel};

use crate::rules;

pub(crate) use custom::{CustomSchema, Places, custom_schema};
pub(crate) use dynamic::dynamic_kinds;

static KINDS: LazyLock<Vec<Kind>> = LazyLock::new(builtin::kinds);

/// Every kind that is known before anything was collected, with all edge rules and derived properties.
pub(crate) fn built_in_model() -> PluginModel {
    PluginModel {
        kinds: KINDS.clone(),
        rules: rules::edge_rules(),
        derived: rules::derived(),
    }
}

/// The built-in kinds.
fn built_in_kinds() -> &'static [Kind] {
    &KINDS
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use stocktake_model::{Model, PropertyType, base_kinds};

    use super::*;

    fn model() -> Model {
        let mut model = Model::default();
        model.add(built_in_model().kinds);
        model
    }

    #[test]
    fn names_are_unique_and_bases_exist() {
        let model = model();
        let kinds = built_in_kinds();
        let names: BTreeSet<&str> = kinds.iter().map(|kind| kind.name.as_str()).collect();
        assert_eq!(names.len(), kinds.len());
        for kind in kinds {
            assert!(base_kinds().iter().all(|base| base.name != kind.name));
            for base in &kind.bases {
                assert!(model.kind(base).is_some(), "{} of {}", base, kind.name);
            }
            assert!(!kind.about.is_empty(), "{} is not described", kind.name);
        }
    }

    #[test]
    fn words_for_kinds_are_not_shared() {
        let mut seen = BTreeSet::new();
        for alias in built_in_kinds().iter().flat_map(|kind| &kind.aliases) {
            assert!(seen.insert(alias), "`{alias}` names two kinds");
        }
    }

    #[track_caller]
    fn check(path: &str, kind: &str, expected: &str) {
        let names: Vec<&str> = path.split('.').collect();
        let found = model().property_type(&names, &[kind]);
        let found = found.map(|of| of.to_string());
        assert_eq!(found.as_deref(), Some(expected), "{path}");
    }

    #[test]
    fn nested_fields_have_the_types_of_the_api() {
        let pod = "kubernetes_pod";
        check("pod_spec.node_name", pod, "string");
        check("pod_spec.containers.resources.requests.cpu", pod, "string");
        check("pod_spec.containers.env.value_length", pod, "int64");
        check("pod_spec.containers.ports.container_port", pod, "int32");
        check("pod_status.start_time", pod, "datetime");
        check("pod_status.container_statuses.restart_count", pod, "int32");
        check("labels.anything", pod, "string");
        check("owner_references.resource_kind", pod, "string");
        let deployment = "kubernetes_deployment";
        check(
            "deployment_spec.strategy.rolling_update.max_surge",
            deployment,
            "any",
        );
        check(
            "deployment_spec.template.metadata.labels.x",
            deployment,
            "string",
        );
        check(
            "deployment_spec.template.spec.host_ipc",
            deployment,
            "boolean",
        );
        check("rules.verbs", "kubernetes_cluster_role", "string[]");
        check(
            "service_spec.ports.target_port",
            "kubernetes_service",
            "any",
        );
        check(
            "webhooks.client_config.ca_bundle.sha256",
            "kubernetes_validating_webhook_configuration",
            "string",
        );
        check("container_spec.image", "kubernetes_container", "string");
        check("cluster_info.minor", "kubernetes_cluster", "string");
    }

    #[test]
    fn values_that_are_never_kept_are_not_declared() {
        let model = model();
        for (kind, path) in [
            ("kubernetes_secret", "data"),
            ("kubernetes_secret", "string_data"),
            ("kubernetes_pod", "pod_spec.containers.env.value"),
            (
                "kubernetes_certificate_signing_request",
                "certificate_signing_request_spec.request",
            ),
            (
                "kubernetes_pod_certificate_request",
                "pod_certificate_request_spec.stub_pkcs10_request",
            ),
            (
                "kubernetes_custom_resource_definition",
                "custom_resource_definition_spec.versions.schema",
            ),
        ] {
            let names: Vec<&str> = path.split('.').collect();
            assert_eq!(model.property_type(&names, &[kind]), None, "{path}");
        }
    }

    #[test]
    fn bases_give_base_properties() {
        let model = model();
        for (kind, base) in [
            ("kubernetes_node", "instance"),
            ("kubernetes_persistent_volume", "volume"),
            ("kubernetes_service", "load_balancer"),
            ("kubernetes_resource_quota", "quota"),
            ("kubernetes_cluster", "account"),
            ("kubernetes_namespace", "region"),
            ("kubernetes_subject_user", "user"),
            ("kubernetes_gateway", "gateway"),
        ] {
            assert!(model.is_a(kind, base), "{kind} is no {base}");
            assert!(!model.is_phantom(kind), "{kind} is a phantom");
        }
        assert!(!model.is_a("kubernetes_container", "kubernetes_resource"));
        assert!(model.is_a("kubernetes_container", "kubernetes_derived"));
        let found = model.property_type(&["instance_cores"], &["kubernetes_node"]);
        assert_eq!(found, Some(PropertyType::Double));
    }

    #[test]
    fn short_names_are_read() {
        let model = model();
        for (word, kind) in [
            ("po", "kubernetes_pod"),
            ("services", "kubernetes_service"),
            ("configmap", "kubernetes_config_map"),
            ("endpoints", "kubernetes_endpoints"),
            ("deploy", "kubernetes_deployment"),
            ("netpol", "kubernetes_network_policy"),
        ] {
            let found = model.resolve(word).map(|found| found.kind);
            assert_eq!(found.as_deref(), Ok(kind), "{word}");
        }
    }
}
