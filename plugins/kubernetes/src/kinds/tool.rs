//! What deployment tools say they made, and certificates that are put into others: references in words of their
//! own, turned into ones the edge rules read.
use serde_json::{Value, json};

use crate::convert::{Draft, field};

/// The address by which Argo CD calls the cluster it runs in.
const HERE: &str = "https://kubernetes.default.svc";

/// Objects of an Argo CD application. One that deploys to another cluster names nothing here.
pub(crate) fn finish_application(draft: &mut Draft<'_>) {
    let at = |name: &str| draft.text(&["application_spec", "destination", name]);
    let here = at("server") == Some(HERE) || at("name") == Some("in-cluster");
    if !here {
        return;
    }
    let managed: Vec<Value> = draft
        .list(&["application_status", "resources"])
        .iter()
        .filter_map(|resource| {
            let mut object = json!({
                "resource_kind": field(resource, "resource_kind")?,
                "name": field(resource, "name")?,
                "api_group": field(resource, "group").unwrap_or_default(),
            });
            if let Some(namespace) = field(resource, "namespace") {
                object["namespace"] = namespace.into();
            }
            Some(object)
        })
        .collect();
    if !managed.is_empty() {
        draft.set("managed_objects", managed);
    }
}

/// What a `ScaledObject` of KEDA scales: a deployment if it does not say what.
pub(crate) fn finish_scaled_object(draft: &mut Draft<'_>) {
    let Some(target) = draft.find(&["scaled_object_spec", "scale_target_ref"]) else {
        return;
    };
    let Some(name) = field(target, "name") else {
        return;
    };
    let target = json!({
        "resource_kind": field(target, "resource_kind").unwrap_or("Deployment"),
        "api_version": field(target, "api_version").unwrap_or("apps/v1"),
        "name": name,
    });
    draft.set("scale_target", target);
}

/// Annotations of cert-manager that say whose CA is put into a webhook, and what they name.
const INJECTED: [(&str, &str, &str); 2] = [
    (
        "cert-manager.io/inject-ca-from",
        "Certificate",
        "cert-manager.io/v1",
    ),
    ("cert-manager.io/inject-ca-from-secret", "Secret", "v1"),
];

/// Where the CA of a webhook comes from, if an annotation tells.
pub(crate) fn finish_callback(draft: &mut Draft<'_>) {
    let found = INJECTED.iter().find_map(|(annotation, kind, version)| {
        let (namespace, name) = draft.annotation(annotation)?.split_once('/')?;
        Some(json!({
            "resource_kind": kind, "api_version": version, "namespace": namespace, "name": name,
        }))
    });
    draft.set_some("ca_source", found);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(reported: Value) -> Draft<'static> {
        Draft::new("c", "c", reported.as_object().unwrap().clone())
    }

    #[test]
    fn an_application_for_another_cluster_manages_nothing_here() {
        for (destination, managed) in [
            (json!({"server": HERE}), true),
            (json!({"name": "in-cluster"}), true),
            (json!({"server": "https://other"}), false),
            (json!({}), false),
        ] {
            let mut app = draft(json!({
                "application_spec": {"destination": destination},
                "application_status": {"resources": [
                    {"resource_kind": "Deployment", "group": "apps", "name": "a", "namespace": "x"},
                    {"resource_kind": "Deployment"}]},
            }));
            finish_application(&mut app);
            let expected = json!([{"resource_kind": "Deployment", "api_group": "apps", "name": "a",
                "namespace": "x"}]);
            let found = app.find(&["managed_objects"]);
            assert_eq!(found, managed.then_some(&expected), "{destination}");
        }
    }

    #[test]
    fn a_scaled_object_scales_a_deployment_unless_it_says_otherwise() {
        let mut plain = draft(json!({"scaled_object_spec": {"scale_target_ref": {"name": "a"}}}));
        finish_scaled_object(&mut plain);
        assert_eq!(
            plain.text(&["scale_target", "resource_kind"]),
            Some("Deployment")
        );
    }
}
