//! Owners and what they own: by reference of the dependant, and by the marks that deployment tools leave.
use stocktake_model::{EdgeRule, EdgeType, Find, NamespaceFrom, Relation::Owns};

use super::form::{having, into, out, path, there, when};

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

/// Objects applied by Helm and Flux carry the name and namespace of what applied them; Argo CD keeps lists.
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
    // The release of Helm that stands now, in a secret or (if so configured) a config map.
    let helm = |kind: &str| {
        into(
            "kubernetes_resource",
            "tags",
            "`meta.helm.sh/release-name`",
            having(
                kind,
                "helm_release.deployed",
                NamespaceFrom::At(path("`meta.helm.sh/release-namespace`")),
            ),
            Owns,
        )
    };
    vec![
        helm("kubernetes_secret"),
        helm("kubernetes_config_map"),
        out(
            "kubernetes_custom_resource",
            "managed_objects[*]",
            "",
            Find::Object,
            Owns,
        ),
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
