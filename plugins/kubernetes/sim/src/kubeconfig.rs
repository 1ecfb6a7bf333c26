//! Kubeconfig documents for simulated clusters.
//!
//! Written, never read: reading them is the business of the clients under test.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::tls::ClientCertificate;

/// What a kubeconfig's user shows.
#[derive(Debug, Clone)]
pub(crate) enum Login {
    Token(String),
    Certificate(ClientCertificate),
}

/// One context, one cluster and one user, all of the same name.
pub(crate) fn document(context: &str, server: &str, ca_pem: &str, login: &Login) -> Value {
    let user = match login {
        Login::Token(token) => json!({"token": token}),
        Login::Certificate(pair) => json!({
            "client-certificate-data": STANDARD.encode(&pair.certificate),
            "client-key-data": STANDARD.encode(&pair.key),
        }),
    };
    let cluster = json!({
        "server": server,
        "certificate-authority-data": STANDARD.encode(ca_pem),
    });
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "preferences": {},
        "clusters": [{"name": context, "cluster": cluster}],
        "users": [{"name": context, "user": user}],
        "contexts": [{"name": context, "context": {"cluster": context, "user": context}}],
        "current-context": context,
    })
}

/// One kubeconfig out of several; the current context is that of the first.
pub fn merge_kubeconfigs(documents: impl IntoIterator<Item = Value>) -> Value {
    let mut merged = json!({
        "apiVersion": "v1", "kind": "Config", "preferences": {},
        "clusters": [], "users": [], "contexts": [], "current-context": "",
    });
    for document in documents {
        if merged["current-context"] == "" {
            merged["current-context"] = document["current-context"].clone();
        }
        for list in ["clusters", "users", "contexts"] {
            let items = document[list].as_array().cloned().unwrap_or_default();
            if let Some(all) = merged[list].as_array_mut() {
                all.extend(items);
            }
        }
    }
    merged
}
