//! Where pods run, what starts them, what scales and protects them.
use stocktake_model::EdgeRule;
use stocktake_model::Find::{Object, Uid};
use stocktake_model::Relation::{
    Allocates, Defines, Owns, Protects, Runs, RunsAs, Scales, Selects,
};
use stocktake_model::SelectorForm::LabelSelector;

use super::form::{global, into, near, out, selected, selected_or_all, when};

const POD: &str = "kubernetes_pod";

/// The references Resoto knew.
pub(super) fn first() -> Vec<EdgeRule> {
    vec![
        into(
            POD,
            "",
            "pod_spec.node_name",
            global("kubernetes_node"),
            Runs,
        ),
        out(
            "kubernetes_deployment",
            "",
            "deployment_spec.selector",
            selected("kubernetes_replica_set", LabelSelector),
            Selects,
        ),
    ]
}

/// All others.
pub(super) fn more() -> Vec<EdgeRule> {
    vec![
        out("kubernetes_container", "", "image_node_id", Uid, Runs),
        out(
            POD,
            "",
            "pod_spec.service_account_name",
            near("kubernetes_service_account"),
            RunsAs,
        ),
        out(
            POD,
            "",
            "pod_spec.priority_class_name",
            global("kubernetes_priority_class"),
            Defines,
        ),
        out(
            POD,
            "",
            "pod_spec.runtime_class_name",
            global("kubernetes_runtime_class"),
            Defines,
        ),
        out(
            POD,
            "pod_spec.resource_claims[*]",
            "resource_claim_name",
            near("kubernetes_resource_claim"),
            Allocates,
        ),
        out(
            POD,
            "pod_status.resource_claim_statuses[*]",
            "resource_claim_name",
            near("kubernetes_resource_claim"),
            Allocates,
        ),
        when(
            into(
                "kubernetes_lease",
                "",
                "name",
                global("kubernetes_node"),
                Owns,
            ),
            "namespace",
            "kube-node-lease",
        ),
    ]
}

/// What scales and protects them.
pub(super) fn scaling() -> Vec<EdgeRule> {
    vec![
        out(
            "kubernetes_horizontal_pod_autoscaler",
            "",
            "horizontal_pod_autoscaler_spec.scale_target_ref",
            Object,
            Scales,
        ),
        out(
            "kubernetes_vertical_pod_autoscaler",
            "",
            "vertical_pod_autoscaler_spec.target_ref",
            Object,
            Scales,
        ),
        out(
            "kubernetes_custom_resource",
            "",
            "scale_target",
            Object,
            Scales,
        ),
        out(
            "kubernetes_pod_disruption_budget",
            "",
            "pod_disruption_budget_spec.selector",
            selected_or_all(POD),
            Protects,
        ),
    ]
}
