//! The small objects that stand beside workloads: config maps, secrets, accounts, roles.
//!
//! Values in secrets are canaries: text that must never turn up outside a cluster.
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::draft::{
    CONFIG_MAP, Draft, LIMIT_RANGE, NAMESPACE, RESOURCE_QUOTA, ROLE, ROLE_BINDING, SECRET,
    SERVICE_ACCOUNT,
};
use super::world::World;

/// The annotation `kubectl apply` leaves behind, with the whole object inside.
pub(super) const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The word every secret value of a fleet begins with.
pub(super) const CANARY: &str = "CANARY";

const CA: &str =
    "-----BEGIN CERTIFICATE-----\nMIIBsimulatedcertificate\n-----END CERTIFICATE-----\n";

/// A namespace with what every namespace has: an account and the certificate of the server.
pub(super) fn namespace(world: &World, name: &str, team: &str, age: i64) -> Vec<Value> {
    let mut labels = json!({"kubernetes.io/metadata.name": name});
    if !team.is_empty() {
        labels["team"] = team.into();
    }
    vec![
        world
            .draft(NAMESPACE, "", name, age)
            .labels(labels)
            .field("spec", json!({"finalizers": ["kubernetes"]}))
            .field("status", json!({"phase": "Active"}))
            .done(),
        account(world, name, "default", age).done(),
        config_map(world, name, "kube-root-ca.crt", json!({"ca.crt": CA}), age).done(),
    ]
}

/// The quota and the limits of a namespace that holds `pods` pods.
pub(super) fn limits(world: &World, namespace: &str, pods: usize, age: i64) -> Vec<Value> {
    let hard = json!({"pods": "5k", "requests.cpu": "200"});
    vec![
        world
            .draft(RESOURCE_QUOTA, namespace, "quota", age)
            .field("spec", json!({"hard": hard}))
            .field(
                "status",
                json!({
                    "hard": hard,
                    "used": {
                        "pods": pods.to_string(),
                        "requests.cpu": format!("{}m", pods * 50),
                    },
                }),
            )
            .done(),
        world
            .draft(LIMIT_RANGE, namespace, "limits", age)
            .field(
                "spec",
                json!({"limits": [{
                    "type": "Container",
                    "default": {"cpu": "500m", "memory": "256Mi"},
                    "defaultRequest": {"cpu": "50m", "memory": "64Mi"},
                }]}),
            )
            .done(),
    ]
}

/// A config map, open for labels and owners.
pub(super) fn config_map(
    world: &World,
    namespace: &str,
    name: &str,
    data: Value,
    age: i64,
) -> Draft {
    world
        .draft(CONFIG_MAP, namespace, name, age)
        .field("data", data)
}

/// A secret whose keys all hold canaries; `managedFields` names the keys, as on a real server.
pub(super) fn secret(
    world: &World,
    namespace: &str,
    name: &str,
    of_type: &str,
    keys: &[&str],
    age: i64,
) -> Draft {
    let mut data = Map::new();
    let mut fields = json!({".": {}});
    for key in keys {
        let value = canary(namespace, name, key);
        data.insert((*key).into(), STANDARD.encode(value).into());
        fields[format!("f:{key}")] = json!({});
    }
    world
        .draft(SECRET, namespace, name, age)
        .managed("kubectl", json!({"f:data": fields, "f:type": {}}))
        .field("data", Value::Object(data))
        .field("type", of_type.into())
}

/// The value of a key of a secret.
pub(super) fn canary(namespace: &str, name: &str, key: &str) -> String {
    format!("{CANARY}-{namespace}-{name}-{key}")
}

/// The annotation that leaks the values of a secret to everyone who may read its metadata.
pub(super) fn last_applied_secret(namespace: &str, name: &str, key: &str) -> Value {
    let applied = json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "stringData": {key: canary(namespace, name, key)},
    });
    json!({LAST_APPLIED: format!("{applied}\n")})
}

/// A service account, open for labels.
pub(super) fn account(world: &World, namespace: &str, name: &str, age: i64) -> Draft {
    world.draft(SERVICE_ACCOUNT, namespace, name, age)
}

/// A role that may read config maps, and its binding to the account of the same name.
pub(super) fn role(world: &World, namespace: &str, name: &str, age: i64) -> Vec<Value> {
    vec![
        world
            .draft(ROLE, namespace, name, age)
            .field(
                "rules",
                json!([{
                    "verbs": ["get", "list", "watch"],
                    "apiGroups": [""],
                    "resources": ["configmaps", "pods"],
                }]),
            )
            .done(),
        world
            .draft(ROLE_BINDING, namespace, name, age)
            .field(
                "subjects",
                json!([{"kind": "ServiceAccount", "name": name, "namespace": namespace}]),
            )
            .field(
                "roleRef",
                json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}),
            )
            .done(),
    ]
}
