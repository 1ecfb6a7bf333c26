//! Admission policies, their bindings, and parameters of a built-in and of a custom kind; the same names again where
//! they are not meant.
use serde_json::{Value, json};

use crate::cluster::{defined, definition, in_shop, object};

const ADMISSION: &str = "admissionregistration.k8s.io/v1";

pub(super) fn policies() -> Vec<Value> {
    let policy = |kind: &str, name: &str, api_version: &str, of: &str| {
        let param_kind = json!({"apiVersion": api_version, "kind": of});
        object(
            ADMISSION,
            kind,
            name,
            json!({"spec": {"paramKind": param_kind}}),
        )
    };
    let binding = |kind: &str, name: &str, policy: &str, param: Value| {
        let spec = json!({"policyName": policy, "paramRef": param});
        object(ADMISSION, kind, name, json!({"spec": spec}))
    };
    vec![
        policy("ValidatingAdmissionPolicy", "p", "v1", "ConfigMap"),
        binding(
            "ValidatingAdmissionPolicyBinding",
            "b",
            "p",
            json!({"name": "limits", "namespace": "shop"}),
        ),
        in_shop("v1", "ConfigMap", "limits", json!({})),
        in_shop("v1", "Secret", "limits", json!({})),
        defined("acme.dev", "v1", "Limit", "limits", "Cluster"),
        definition("other.dev", "v1", "Limit", "limits"),
        policy("MutatingAdmissionPolicy", "q", "acme.dev/v1", "Limit"),
        binding(
            "MutatingAdmissionPolicyBinding",
            "m",
            "q",
            json!({"name": "most"}),
        ),
        object("acme.dev/v1", "Limit", "most", json!({})),
        in_shop(
            "other.dev/v1",
            "Limit",
            "most",
            json!({"metadata": {"uid": "another-limit"}}),
        ),
    ]
}
