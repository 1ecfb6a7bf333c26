//! Owners and what they own: by reference of the dependant, and by the marks that deployment tools leave.
use stocktake_model::{EdgeRule, EdgeType, Find, Relation::Owns};

use super::form::{into, out, there, when};

/// Owner references: owner → dependant, and the order of deletion the other way round.
pub(super) fn rules() -> Vec<EdgeRule> {
    let any = "kubernetes_resource";
    let deletion = |at: &str| {
        let rule = out(any, "owner_references[*]", "uid", Find::Uid, Owns);
        EdgeRule {
            edge_type: EdgeType::Delete,
            ..when(rule, at, true)
        }
    };
    vec![
        into(any, "owner_references[*]", "uid", Find::Uid, Owns),
        deletion("block_owner_deletion"),
        deletion("controller"),
    ]
}

/// Objects applied by Flux carry the name and namespace of what applied them.
pub(super) fn tools() -> Vec<EdgeRule> {
    let flux = |group: &str, kind: &str| {
        into(
            "kubernetes_resource",
            "labels",
            &format!("`{group}/name`"),
            there(kind, &format!("`{group}/namespace`")),
            Owns,
        )
    };
    vec![
        flux(
            "kustomize.toolkit.fluxcd.io",
            "kubernetes_kustomize_toolkit_fluxcd_io_kustomization",
        ),
        flux(
            "helm.toolkit.fluxcd.io",
            "kubernetes_helm_toolkit_fluxcd_io_helm_release",
        ),
    ]
}
