//! Admission policies, their bindings, and parameters of a built-in and of a custom kind; the same names and labels
//! again where they are not meant.
use serde_json::{Value, json};

use crate::cluster::{defined, definition, in_shop, object};

const ADMISSION: &str = "admissionregistration.k8s.io/v1";

fn elsewhere(name: &str, labels: &Value) -> Value {
    let uid = format!("other-{name}");
    let metadata = json!({"namespace": "other", "uid": uid, "labels": labels});
    object("v1", "ConfigMap", name, json!({"metadata": metadata}))
}

/// Each binding by name with its parameters: namespace and name.
pub(super) const PARAMETERS: [(&str, &str); 4] = [
    ("b", "namespace=shop, name=limits\n"),
    (
        "each-in-its-own",
        "namespace=other, name=limits\nnamespace=shop, name=limits\n",
    ),
    (
        "labelled",
        "namespace=other, name=strict\nnamespace=shop, name=strict\n",
    ),
    ("labelled-there", "namespace=shop, name=strict\n"),
];

pub(super) fn policies() -> Vec<Value> {
    [validating(), mutating()].concat()
}

fn policy(kind: &str, name: &str, api_version: &str, of: &str) -> Value {
    let param_kind = json!({"apiVersion": api_version, "kind": of});
    let spec = json!({"spec": {"paramKind": param_kind}});
    object(ADMISSION, kind, name, spec)
}

fn binding(kind: &str, name: &str, policy: &str, param: &Value) -> Value {
    let spec = json!({"policyName": policy, "paramRef": param});
    object(ADMISSION, kind, name, json!({"spec": spec}))
}

/// Parameters of a namespaced kind.
fn validating() -> Vec<Value> {
    let strict = json!({"matchLabels": {"limits": "strict"}});
    let bindings = [
        ("b", json!({"name": "limits", "namespace": "shop"})),
        ("each-in-its-own", json!({"name": "limits"})),
        ("labelled", json!({"selector": strict})),
        (
            "labelled-there",
            json!({"selector": strict, "namespace": "shop"}),
        ),
    ];
    let bindings = bindings
        .map(|(name, param)| binding("ValidatingAdmissionPolicyBinding", name, "p", &param));
    let labelled = json!({"metadata": {"labels": {"limits": "strict"}}});
    let mut objects = vec![policy("ValidatingAdmissionPolicy", "p", "v1", "ConfigMap")];
    objects.extend(bindings);
    for kind in ["ConfigMap", "Secret"] {
        objects.push(in_shop("v1", kind, "limits", json!({})));
        objects.push(in_shop("v1", kind, "strict", labelled.clone()));
    }
    objects.push(elsewhere("limits", &json!({})));
    objects.push(elsewhere("strict", &json!({"limits": "strict"})));
    objects
}

/// Parameters of a kind without namespaces.
fn mutating() -> Vec<Value> {
    let most = json!({"name": "most"});
    vec![
        defined("acme.dev", "v1", "Limit", "limits", "Cluster"),
        definition("other.dev", "v1", "Limit", "limits"),
        policy("MutatingAdmissionPolicy", "q", "acme.dev/v1", "Limit"),
        binding("MutatingAdmissionPolicyBinding", "m", "q", &most),
        object("acme.dev/v1", "Limit", "most", json!({})),
        in_shop(
            "other.dev/v1",
            "Limit",
            "most",
            json!({"metadata": {"uid": "another-limit"}}),
        ),
    ]
}
