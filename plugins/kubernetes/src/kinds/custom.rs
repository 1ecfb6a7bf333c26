//! Custom resources: readiness from conditions, and the references that can be told by their shape.
use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::convert::{Draft, Form, condition, field};

/// Conditions that say whether a resource does what it should; the first that is there counts.
const READY: [&str; 4] = ["Ready", "Available", "Accepted", "Programmed"];

/// Groups with bare kind names that are no part of Kubernetes itself.
const ADD_ON_GROUPS: [&str; 7] = [
    "autoscaling.k8s.io",
    "gateway.networking.k8s.io",
    "groupsnapshot.storage.k8s.io",
    "inference.networking.k8s.io",
    "multicluster.x-k8s.io",
    "policy.networking.k8s.io",
    "snapshot.storage.k8s.io",
];

/// Ends of field names that hold the name of something, and what: kind and version of it.
const NAMED: [(&str, &str, &str); 4] = [
    ("secret_name", "Secret", "v1"),
    ("service_account_name", "ServiceAccount", "v1"),
    ("claim_name", "PersistentVolumeClaim", "v1"),
    ("storage_class_name", "StorageClass", "storage.k8s.io/v1"),
];

/// Ends of names of objects with a `name` in them, and what that names.
const REFERENCES: [(&str, &str); 4] = [
    ("secret_ref", "Secret"),
    ("secret_key_ref", "Secret"),
    ("config_map_ref", "ConfigMap"),
    ("config_map_key_ref", "ConfigMap"),
];

/// Whether the group is a well-known add-on.
pub(crate) fn is_add_on(group: &str) -> bool {
    ADD_ON_GROUPS.binary_search(&group).is_ok()
}

pub(crate) fn finish(form: Form<'_>, draft: &mut Draft<'_>) {
    let status = format!("{}_status", form.short);
    let conditions = draft.list(&[&status, "conditions"]);
    let ready = READY.iter().find_map(|of| condition(conditions, of));
    if let Some(ready) = ready.map(|status| status == "True") {
        draft.set("ready", ready);
    }
    if !form.custom {
        // Add-ons have rules of their own.
        return;
    }
    let mut found = BTreeMap::new();
    let spec = format!("{}_spec", form.short);
    if let Some(spec) = draft.find(&[&spec]) {
        collect(spec, &mut found);
    }
    if !found.is_empty() {
        let references: Vec<Value> = found.into_values().collect();
        draft.set("references", references);
    }
}

/// Adds every reference below a value; the key keeps them sorted and single.
fn collect(value: &Value, found: &mut BTreeMap<String, Value>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(map) => {
            let mut add = |reference: Value| found.insert(reference.to_string(), reference);
            if let (Some(kind), Some(name)) = (field(value, "resource_kind"), field(value, "name"))
            {
                add(reference(value, kind, name));
            }
            for (key, value) in map {
                if let Some(reference) = named(key, value) {
                    add(reference);
                }
            }
            map.values().for_each(|value| collect(value, found));
        }
        _ => {}
    }
}

fn reference(value: &Value, kind: &str, name: &str) -> Value {
    let mut out = json!({"resource_kind": kind, "name": name});
    for (key, name) in [
        ("namespace", "namespace"),
        ("api_version", "api_version"),
        ("api_group", "api_group"),
        ("group", "api_group"),
    ] {
        if let Some(text) = field(value, key) {
            out[name] = text.into();
        }
    }
    out
}

fn named(key: &str, value: &Value) -> Option<Value> {
    if let Some(name) = value.as_str() {
        let (_, kind, version) = NAMED.iter().find(|(end, ..)| key.ends_with(end))?;
        return Some(json!({"resource_kind": kind, "name": name, "api_version": version}));
    }
    let (_, kind) = REFERENCES.iter().find(|(end, _)| key.ends_with(end))?;
    if value.get("resource_kind").is_some() {
        return None;
    }
    let mut found = reference(value, kind, field(value, "name")?);
    found["api_version"] = "v1".into();
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_told_by_their_shape() {
        let spec = json!({
            "issuer_ref": {"resource_kind": "Issuer", "name": "ca", "group": "cert-manager.io"},
            "tls_secret_name": "tls",
            "password_secret_ref": {"name": "db", "key": "pw", "namespace": "x"},
            "nested": [{"claim_name": "data"}, {"claim_name": "data"}],
            "username": "nobody",
        });
        let mut found = BTreeMap::new();
        collect(&spec, &mut found);
        let found: Vec<String> = found.into_keys().collect();
        assert_eq!(
            found,
            [
                r#"{"api_group":"cert-manager.io","name":"ca","resource_kind":"Issuer"}"#,
                r#"{"api_version":"v1","name":"data","resource_kind":"PersistentVolumeClaim"}"#,
                r#"{"api_version":"v1","name":"db","namespace":"x","resource_kind":"Secret"}"#,
                r#"{"api_version":"v1","name":"tls","resource_kind":"Secret"}"#,
            ]
        );
        assert!(ADD_ON_GROUPS.is_sorted());
    }
}
