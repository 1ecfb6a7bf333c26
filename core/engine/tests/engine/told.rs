//! References to nodes of a kind that another node tells, by name and by labels, in one namespace and in all.
use serde_json::{Value, json};
use stocktake_model::NodeRecord;

use crate::edges::{edges, resolved};
use crate::fixture::record;

fn rules() -> Value {
    let find = |selector: Value| {
        json!({"told": {"by": "kubernetes_node", "name": "policy", "kind": "policy.param_kind",
                        "namespace": {"at": "param.namespace"}, "selector": selector}})
    };
    json!([
        {"from": "kubernetes_service", "each": "binding", "value": "param.name", "relation": "binds",
         "find": find(Value::Null)},
        {"from": "kubernetes_service", "each": "binding", "value": "param.selector", "relation": "binds",
         "find": find(json!("label_selector"))},
    ])
}

/// Policies that tell kinds, and what may be meant: `Limits` in namespaces, and again in another group; `Scale` in none.
fn policies() -> Vec<NodeRecord> {
    let policy = |name: &str, kind: Value| {
        let rest = json!({"name": name, "policy": {"param_kind": kind}});
        record("node", &format!("a-{name}"), None, rest)
    };
    let told = |kind: &str, version: &str| json!({"resource_kind": kind, "api_version": version});
    let named =
        |kind: &str, called: (&str, &str), id: &str, namespace: Option<&str>, label: &str| {
            let api = json!({"name": "limits", "api_kind": called.0, "api_group": called.1,
            "labels": {"in": label}});
            record(kind, id, namespace, api)
        };
    vec![
        policy("limits", told("Limits", "acme.dev/v1")),
        policy("foreign", told("Limits", "other.dev/v1")),
        policy("scale", told("Scale", "acme.dev/v1")),
        policy("none", Value::Null),
        named("secret", ("Limits", "acme.dev"), "x", Some("x"), "x"),
        named("secret", ("Limits", "acme.dev"), "y", Some("y"), "y"),
        named("pod", ("Limits", "core.dev"), "pod", Some("x"), "x"),
        named(
            "persistent_volume",
            ("Scale", "acme.dev"),
            "scale",
            None,
            "y",
        ),
    ]
}

/// Whom a binding of this policy means by its parameter.
#[track_caller]
fn check(policy: &str, param: &Value, expected: &[&str]) {
    let rest = json!({"name": "b", "binding": {"policy": policy, "param": param}});
    let mut records = policies();
    records.push(record("service", "b", None, rest));
    let found = edges(resolved(&records, &rules()));
    let expected: Vec<String> = expected
        .iter()
        .map(|id| format!("b -binds-> {id}"))
        .collect();
    assert_eq!(found, expected, "{policy} {param}");
}

#[test]
fn a_name_is_meant_in_its_namespace_or_in_all() {
    let there = json!({"name": "limits", "namespace": "x"});
    let anywhere = json!({"name": "limits"});
    check("limits", &there, &["x"]);
    check("limits", &anywhere, &["x", "y"]);
    check("limits", &json!({"name": "limits", "namespace": "z"}), &[]);
    check("limits", &json!({"name": "other"}), &[]);
    check("scale", &anywhere, &["scale"]);
    check("scale", &there, &[]);
    for policy in ["foreign", "none", "missing"] {
        check(policy, &there, &[]);
        check(policy, &anywhere, &[]);
    }
}

#[test]
fn labels_select_in_their_namespace_or_in_all() {
    let all = json!({"selector": {}});
    let of_y = json!({"selector": {"match_labels": {"in": "y"}}});
    check("limits", &all, &["x", "y"]);
    check("limits", &json!({"selector": {}, "namespace": "x"}), &["x"]);
    check("limits", &of_y, &["y"]);
    let elsewhere = json!({"selector": {"match_labels": {"in": "y"}}, "namespace": "x"});
    check("limits", &elsewhere, &[]);
    // What can not be understood selects nothing.
    check("limits", &json!({"selector": {"match_fields": {}}}), &[]);
    check("limits", &json!({"selector": null}), &[]);
    check("scale", &of_y, &["scale"]);
    check("scale", &json!({"selector": {}, "namespace": "y"}), &[]);
    for policy in ["foreign", "none", "missing"] {
        check(policy, &all, &[]);
    }
}
