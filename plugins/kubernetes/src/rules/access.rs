//! Who may do what: bindings, roles, subjects, admission policies, priorities of requests, certificates, events.
use stocktake_model::EdgeRule;
use stocktake_model::Find::Uid;
use stocktake_model::Relation::{Binds, Defines, Grants, Owns};
use stocktake_model::SelectorForm::LabelSelector;

use super::form::{global, into, near, out, selected, there, when};

const CLUSTER_ROLE: &str = "kubernetes_cluster_role";

/// Every rule of the family.
pub(super) fn rules() -> Vec<EdgeRule> {
    let mut rules = bindings();
    rules.push(out(
        CLUSTER_ROLE,
        "aggregation_rule.cluster_role_selectors[*]",
        "",
        selected(CLUSTER_ROLE, LabelSelector),
        Grants,
    ));
    for change in ["validating", "mutating"] {
        rules.push(out(
            &format!("kubernetes_{change}_admission_policy_binding"),
            "",
            &format!("{change}_admission_policy_binding_spec.policy_name"),
            global(&format!("kubernetes_{change}_admission_policy")),
            Binds,
        ));
    }
    rules.push(out(
        "kubernetes_flow_schema",
        "",
        "flow_schema_spec.priority_level_configuration.name",
        global("kubernetes_priority_level_configuration"),
        Defines,
    ));
    rules.extend(requests());
    rules.push(into("kubernetes_event", "", "regarding.uid", Uid, Owns));
    rules.push(into(
        "kubernetes_event",
        "",
        "involved_object.uid",
        Uid,
        Owns,
    ));
    rules
}

fn bindings() -> Vec<EdgeRule> {
    let mut rules = Vec::new();
    for from in ["kubernetes_role_binding", "kubernetes_cluster_role_binding"] {
        for (kind, find) in [
            ("Role", near("kubernetes_role")),
            ("ClusterRole", global(CLUSTER_ROLE)),
        ] {
            rules.push(when(
                out(from, "role_ref", "name", find, Grants),
                "resource_kind",
                kind,
            ));
        }
        for (kind, find) in [
            (
                "ServiceAccount",
                there("kubernetes_service_account", "namespace"),
            ),
            ("User", global("kubernetes_subject_user")),
            ("Group", global("kubernetes_subject_group")),
        ] {
            rules.push(when(
                out(from, "subjects[*]", "name", find, Binds),
                "resource_kind",
                kind,
            ));
        }
    }
    rules
}

fn requests() -> Vec<EdgeRule> {
    let request = "kubernetes_certificate_signing_request";
    vec![
        into(request, "", "node_name", global("kubernetes_node"), Owns),
        into(
            request,
            "",
            "certificate_signing_request_spec.username",
            global("kubernetes_subject_user"),
            Owns,
        ),
    ]
}
