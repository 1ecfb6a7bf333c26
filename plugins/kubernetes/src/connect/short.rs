//! Kubeconfigs written into our own configuration: complete documents, or one cluster in short form.
use kube::config::Kubeconfig;
use serde::Deserialize;
use serde_json::{Value, json};

/// One cluster in short form; becomes one cluster, one user and one context of the same name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Short {
    name: String,
    server: String,
    token: Option<String>,
    token_file: Option<String>,
    certificate_authority_data: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
    #[serde(default)]
    insecure_skip_tls_verify: bool,
    proxy_url: Option<String>,
    tls_server_name: Option<String>,
}

impl Short {
    fn document(self) -> Value {
        json!({
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": self.name, "cluster": {
                "server": self.server,
                "certificate-authority-data": self.certificate_authority_data,
                "insecure-skip-tls-verify": self.insecure_skip_tls_verify,
                "proxy-url": self.proxy_url,
                "tls-server-name": self.tls_server_name,
            }}],
            "users": [{"name": self.name, "user": {
                "token": self.token,
                "tokenFile": self.token_file,
                "client-certificate-data": self.client_certificate_data,
                "client-key-data": self.client_key_data,
            }}],
            "contexts": [{"name": self.name, "context": {"cluster": self.name, "user": self.name}}],
            "current-context": self.name,
        })
    }
}

/// Reads an entry of `k8s.configs`. The error says which field, never what it holds.
pub(super) fn read(entry: &Value) -> Result<Kubeconfig, String> {
    let is_document = entry.get("clusters").is_some() || entry.get("contexts").is_some();
    let document = if is_document {
        entry.clone()
    } else {
        Short::deserialize(entry)
            .map_err(|error| without_values(&error))?
            .document()
    };
    let read: Kubeconfig =
        serde_json::from_value(document).map_err(|error| without_values(&error))?;
    Ok(read)
}

/// Only messages that name fields are passed on: others quote the value that was found.
fn without_values(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if text.starts_with("unknown field") || text.starts_with("missing field") {
        text
    } else {
        "a field has a value of the wrong type".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_form_is_a_whole_kubeconfig() {
        let read = read(&json!({"name": "a", "server": "https://a", "token": "t"})).unwrap();
        assert_eq!(read.contexts[0].name, "a");
        let user = read.auth_infos[0].auth_info.as_ref().unwrap();
        assert!(user.token.is_some() && user.client_certificate_data.is_none());
    }

    #[test]
    fn errors_name_the_field_and_quote_nothing() {
        for (entry, expected) in [
            (json!({"name": "a"}), "missing field `server`"),
            (
                json!({"name": "a", "server": "s", "tokn": "canary"}),
                "unknown field `tokn`",
            ),
            (
                json!({"name": "a", "server": "s", "token": ["canary"]}),
                "a field has a value",
            ),
            (json!("canary"), "a field has a value"),
            (json!({"clusters": "canary"}), "a field has a value"),
        ] {
            let error = read(&entry).unwrap_err();
            assert!(
                error.starts_with(expected) && !error.contains("canary"),
                "{error}"
            );
        }
    }
}
