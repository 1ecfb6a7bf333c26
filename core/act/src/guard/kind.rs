//! Guards about what kind of thing an object is.
use serde_json::Value;

use super::{Guard, Opens, Scope};
use crate::Candidate;

pub(crate) const NO_OBJECT: Guard = Guard {
    name: "no-object",
    about: "Refuses nodes that no object of an API stands behind: containers, images, stubs.",
    opens: Opens::Never("mark the object it belongs to"),
    scope: Scope::Object,
    check: |candidate, _, _| {
        let Some(object) = &candidate.object else {
            return Some("there is no object behind it".to_owned());
        };
        let says = [
            (object.uid.is_empty(), "it has no uid"),
            (
                object.kind != candidate.kind,
                "its object is of another kind",
            ),
            (
                object.node != candidate.node,
                "its object belongs to another node",
            ),
            (
                object.account != candidate.account,
                "its object is in another cluster",
            ),
        ];
        let wrong = says.into_iter().find(|(is_wrong, _)| *is_wrong);
        wrong.map(|(_, why)| why.to_owned())
    },
};

pub(crate) const PHANTOM: Guard = Guard {
    name: "phantom",
    about: "Refuses kinds that have no life of their own, such as the cluster.",
    opens: Opens::Never("it can not be deleted"),
    scope: Scope::Object,
    check: |candidate, _, _| {
        let kind = &candidate.kind;
        (candidate.is_phantom).then(|| format!("`{kind}` has no life of its own"))
    },
};

pub(crate) const CLUSTER_SCOPED_KIND: Guard = Guard {
    name: "cluster-scoped-kind",
    about: "Refuses nodes, volumes, CRDs and all else that is in no namespace.",
    opens: Opens::SettingOrKind("worker.cleanup_guards.clean_cluster_scoped"),
    scope: Scope::Object,
    check: |candidate, settings, _| {
        let is_scoped = is_cluster_scoped(candidate) && !super::namespace::is_namespace(candidate);
        (is_scoped && !settings.clean_cluster_scoped)
            .then(|| format!("it is a {}, which is in no namespace", candidate.kind))
    },
};

/// The kinds everything hangs on count whatever their record says.
fn is_cluster_scoped(candidate: &Candidate) -> bool {
    let is_known = matches!(
        candidate.kind.as_str(),
        "kubernetes_node"
            | "kubernetes_persistent_volume"
            | "kubernetes_custom_resource_definition"
    ) || matches!(
        candidate.api_kind.as_str(),
        "Node" | "PersistentVolume" | "CustomResourceDefinition"
    );
    is_known || candidate.namespace().is_none()
}

pub(crate) const BOUND_CLAIM: Guard = Guard {
    name: "bound-claim",
    about: "Refuses claims that a volume is bound to: the data may go with them.",
    opens: Opens::Allow,
    scope: Scope::Object,
    check: |candidate, _, _| {
        let is_claim = candidate.kind == "kubernetes_persistent_volume_claim"
            || candidate.api_kind == "PersistentVolumeClaim";
        if !is_claim {
            return None;
        }
        // Only a claim that is known to have no volume may go.
        match claim_phase(candidate) {
            Some("Pending" | "Lost") => None,
            Some(phase) => Some(format!("it is {}", phase.to_lowercase())),
            None => Some("it is not known whether a volume is bound to it".to_owned()),
        }
    },
};

/// `status.phase`, wherever the kind keeps its status.
fn claim_phase(candidate: &Candidate) -> Option<&str> {
    let mut sections = candidate
        .reported
        .iter()
        .filter(|(key, _)| key.ends_with("_status"));
    sections.find_map(|(_, status)| status.get("phase").and_then(Value::as_str))
}
