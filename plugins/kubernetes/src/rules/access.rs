//! Who may do what: bindings, roles, subjects, admission policies, priorities of requests, certificates, events.
use stocktake_model::Find::Uid;
use stocktake_model::Relation::{Binds, Defines, Grants, Owns};
use stocktake_model::SelectorForm::LabelSelector;
use stocktake_model::{EdgeRule, Find, NamespaceFrom};

use super::form::{between, global, into, near, out, path, permission, selected, there, when};

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
        rules.extend(parameters(change));
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

/// The objects that a binding gives its policy as parameters, by name or by labels. What kind they have stands in the
/// policy. Where the binding names no namespace, each request looks in its own: what is meant may be in any.
fn parameters(change: &str) -> [EdgeRule; 2] {
    let by = [("name", None), ("selector", Some(LabelSelector))];
    by.map(|(value, selector)| {
        let find = Find::Told {
            by: format!("kubernetes_{change}_admission_policy"),
            name: path("policy_name"),
            kind: path(&format!("{change}_admission_policy_spec.param_kind")),
            namespace: NamespaceFrom::At(path("param_ref.namespace")),
            selector,
        };
        out(
            &format!("kubernetes_{change}_admission_policy_binding"),
            &format!("{change}_admission_policy_binding_spec"),
            &format!("param_ref.{value}"),
            find,
            Binds,
        )
    })
}

/// Who may do something where: from the subjects of a binding to the namespace or cluster it holds in. What they may do
/// stands in the role that the binding grants.
pub(super) fn permissions() -> Vec<EdgeRule> {
    let mut rules = Vec::new();
    for (from, place, name) in [
        (
            "kubernetes_role_binding",
            "kubernetes_namespace",
            "/namespace",
        ),
        (
            "kubernetes_cluster_role_binding",
            "kubernetes_cluster",
            "/cluster_name",
        ),
    ] {
        for (kind, find) in subjects() {
            let rule = into(from, "subjects[*]", "name", find, Grants);
            let rule = between(rule, name, global(place));
            rules.push(when(permission(rule), "resource_kind", kind));
        }
    }
    rules
}

/// Kinds of subjects, and how a name of them is found.
fn subjects() -> [(&'static str, Find); 3] {
    [
        (
            "ServiceAccount",
            there("kubernetes_service_account", "namespace"),
        ),
        ("User", global("kubernetes_subject_user")),
        ("Group", global("kubernetes_subject_group")),
    ]
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
        for (kind, find) in subjects() {
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
