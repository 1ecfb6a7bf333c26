//! Guards about who would make an object again, or wonder where it went.
use serde_json::Value;

use super::{ELSEWHERE, Guard, Opens, Scope};
use crate::Candidate;

pub(crate) const LIVE_CONTROLLER: Guard = Guard {
    name: "live-controller",
    about: "Refuses objects whose controller stays: it would make them again. Pods are excepted.",
    opens: Opens::Allow,
    scope: Scope::Plan,
    check: ELSEWHERE,
};

pub(crate) const MANAGED_BY: Guard = Guard {
    name: "managed-by",
    about: "Refuses objects that Argo CD, Flux or Helm look after.",
    opens: Opens::Allow,
    scope: Scope::Object,
    check: |candidate, _, _| {
        let (who, sign) = manager(candidate)?;
        Some(format!("{who} looks after it ({sign})"))
    },
};

/// Annotations only the tool itself writes.
const TAGS: &[(&str, &str)] = &[
    ("argocd.argoproj.io/installation-id", "Argo CD"),
    ("argocd.argoproj.io/tracking-id", "Argo CD"),
    ("meta.helm.sh/release-name", "Helm"),
    ("meta.helm.sh/release-namespace", "Helm"),
];

/// Labels; also copied into the pods a controller makes.
const LABELS: &[(&str, &str)] = &[
    ("argocd.argoproj.io/instance", "Argo CD"),
    ("helm.toolkit.fluxcd.io/name", "Flux"),
    ("kustomize.toolkit.fluxcd.io/name", "Flux"),
];

/// Field managers.
const MANAGERS: &[(&str, &str)] = &[
    ("argocd-application-controller", "Argo CD"),
    ("argocd-controller", "Argo CD"),
    ("helm", "Helm"),
    ("helm-controller", "Flux"),
    ("kustomize-controller", "Flux"),
];

/// Who looks after an object, and by what sign. An object that a controller made has the labels of its template:
/// they speak of the controller, not of it.
fn manager(candidate: &Candidate) -> Option<(&'static str, String)> {
    let tag = TAGS.iter().find(|(key, _)| candidate.tag(key).is_some());
    if let Some((key, who)) = tag {
        return Some((who, format!("annotation `{key}`")));
    }
    let managers = candidate.reported.get("managed_field_managers");
    let managers = managers.and_then(Value::as_array);
    let has = |name: &str| managers.is_some_and(|all| all.iter().any(|one| one == name));
    if let Some((name, who)) = MANAGERS.iter().find(|(name, _)| has(name)) {
        return Some((who, format!("field manager `{name}`")));
    }
    if candidate.controller.is_some() {
        return None;
    }
    let label = LABELS
        .iter()
        .find(|(key, _)| candidate.label(key).is_some());
    if let Some((key, who)) = label {
        return Some((who, format!("label `{key}`")));
    }
    let key = "app.kubernetes.io/managed-by";
    let value = candidate.label(key)?;
    let who = match value.to_ascii_lowercase().as_str() {
        "helm" | "tiller" => "Helm",
        "argocd" | "argo-cd" => "Argo CD",
        "flux" | "fluxcd" => "Flux",
        _ => return None,
    };
    Some((who, format!("label `{key}: {value}`")))
}
