//! Exec plugins: programs that print the credentials for a cluster.
//!
//! The client library would run them without a deadline, on its own thread and joined to our terminal. Here
//! they are children that are killed after ten seconds, never ask questions, and are not run again before
//! what they printed expires. What they print is never quoted.
use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Mutex;
use std::time::Duration;

use blake2::{Blake2s256, Digest as _};
use jiff::Timestamp;
use kube::config::{AuthInfo, ExecConfig, ExecInteractiveMode};
use serde::Deserialize;
use tokio::process::Command;

use crate::trouble::RequestError;

/// Time a plugin has.
const DEADLINE: Duration = Duration::from_secs(10);
/// Credentials are renewed this long before they expire.
const MARGIN: Duration = Duration::from_mins(1);

/// What exec plugins printed, for as long as it is good. Shared by all contexts.
#[derive(Default)]
pub(crate) struct Credentials(Mutex<BTreeMap<[u8; 32], Credential>>);

/// What one plugin printed.
#[derive(Clone)]
pub(super) struct Credential {
    token: Option<String>,
    /// Certificate and key.
    identity: Option<(String, String)>,
    /// `None` if it is good for as long as the process lives.
    expires: Option<Timestamp>,
}

impl Credential {
    /// Whether it should be asked for again.
    pub(super) fn is_stale(&self) -> bool {
        self.expires
            .is_some_and(|expires| Timestamp::now() + MARGIN >= expires)
    }

    /// Puts it where the client library looks for static credentials.
    pub(super) fn enter(self, auth: &mut AuthInfo) {
        auth.exec = None;
        auth.token = self.token.map(Into::into);
        if let Some((certificate, key)) = self.identity {
            auth.client_certificate_data = Some(encoded(&certificate));
            auth.client_key_data = Some(encoded(&key).into());
        }
    }
}

fn encoded(pem: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(pem)
}

/// Whether to make do with what is at hand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fresh {
    /// What was printed before is good until it expires.
    IfStale,
    /// The server refused what was printed before.
    Always,
}

impl Credentials {
    /// What the plugin prints, from memory if it still holds.
    pub(super) async fn of(
        &self,
        exec: &ExecConfig,
        fresh: Fresh,
    ) -> Result<Credential, RequestError> {
        let key = key(exec);
        if fresh == Fresh::IfStale
            && let Some(known) = self.known(&key)
        {
            return Ok(known);
        }
        let credential = run(exec, DEADLINE).await?;
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .insert(key, credential.clone());
        Ok(credential)
    }

    fn known(&self, key: &[u8; 32]) -> Option<Credential> {
        let known = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        known.get(key).filter(|known| !known.is_stale()).cloned()
    }
}

/// Two users of one kubeconfig may run the same program with other arguments or environment.
fn key(exec: &ExecConfig) -> [u8; 32] {
    let mut env: Vec<BTreeMap<&String, &String>> = exec
        .env
        .iter()
        .flatten()
        .map(|pairs| pairs.iter().collect())
        .collect();
    env.sort();
    let text = format!("{:?}", (&exec.command, &exec.args, env, &exec.api_version));
    let cluster = serde_json::to_string(&exec.cluster).unwrap_or_default();
    Blake2s256::new()
        .chain_update(text)
        .chain_update(cluster)
        .finalize()
        .into()
}

#[derive(Deserialize)]
struct Printed {
    status: Option<PrintedStatus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PrintedStatus {
    token: Option<String>,
    expiration_timestamp: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
}

async fn run(exec: &ExecConfig, deadline: Duration) -> Result<Credential, RequestError> {
    let name = exec.command.clone().unwrap_or_default();
    let fail = |what: String, hint: Option<String>| RequestError::Credentials {
        message: format!("the exec plugin `{name}` {what}"),
        hint,
    };
    if exec.interactive_mode == Some(ExecInteractiveMode::Always) {
        return Err(fail(
            "wants to ask questions, which it can not do here".to_owned(),
            Some("set `interactiveMode: IfAvailable` and log in beforehand".to_owned()),
        ));
    }
    let run = command(exec).output();
    let output = match tokio::time::timeout(deadline, run).await {
        Err(_) => {
            return Err(fail(
                format!(
                    "did not end within {} s and was stopped",
                    deadline.as_secs()
                ),
                Some("run it by hand: it may wait for a login or for the network".to_owned()),
            ));
        }
        Ok(Err(why)) if why.kind() == std::io::ErrorKind::NotFound => {
            let hint = exec.install_hint.clone();
            return Err(fail(
                "was not found".to_owned(),
                Some(hint.unwrap_or_else(|| "install it, or add its folder to `PATH`".to_owned())),
            ));
        }
        Ok(Err(why)) => return Err(fail(format!("can not be run: {why}"), None)),
        Ok(Ok(output)) => output,
    };
    if !output.status.success() {
        let hint = format!("run `{name}` by hand to see why; it may need a new login");
        return Err(fail(format!("failed ({})", output.status), Some(hint)));
    }
    read(&output.stdout).map_err(|what| fail(what, None))
}

fn command(exec: &ExecConfig) -> Command {
    let mut command = Command::new(exec.command.as_deref().unwrap_or_default());
    command
        .args(exec.args.iter().flatten())
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .env("KUBERNETES_EXEC_INFO", exec_info(exec));
    for pair in exec.env.iter().flatten() {
        if let (Some(name), Some(value)) = (pair.get("name"), pair.get("value")) {
            command.env(name, value);
        }
    }
    command
}

fn exec_info(exec: &ExecConfig) -> String {
    let mut spec = serde_json::json!({"interactive": false});
    if exec.provide_cluster_info {
        spec["cluster"] = serde_json::to_value(&exec.cluster).unwrap_or_default();
    }
    let version = exec.api_version.as_deref();
    serde_json::json!({
        "apiVersion": version.unwrap_or("client.authentication.k8s.io/v1"),
        "kind": "ExecCredential",
        "spec": spec,
    })
    .to_string()
}

fn read(printed: &[u8]) -> Result<Credential, String> {
    // YAML, because client-go reads it too and JSON is YAML.
    let printed: Printed = serde_yaml::from_slice(printed)
        .map_err(|_| "did not print an `ExecCredential`".to_owned())?;
    let status = printed
        .status
        .ok_or("printed an `ExecCredential` without a status")?;
    let expires = match status.expiration_timestamp {
        None => None,
        Some(text) => Some(
            text.parse()
                .map_err(|_| "printed an expiration that is no timestamp".to_owned())?,
        ),
    };
    let identity = status.client_certificate_data.zip(status.client_key_data);
    if status.token.is_none() && identity.is_none() {
        return Err("printed neither a token nor a certificate with its key".to_owned());
    }
    Ok(Credential {
        token: status.token,
        identity,
        expires,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exec(command: &str, script: &str) -> ExecConfig {
        ExecConfig {
            command: Some(command.to_owned()),
            args: Some(vec!["-c".to_owned(), script.to_owned()]),
            ..ExecConfig::default()
        }
    }

    async fn message(exec: &ExecConfig) -> String {
        match run(exec, Duration::from_millis(100)).await {
            Ok(_) => "fine".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[tokio::test]
    async fn a_token_is_taken_from_what_it_prints() {
        let script = r#"echo "{\"status\": {\"token\": \"$KUBERNETES_EXEC_INFO\"}}" | tr -d '{}\n' > /dev/null
            echo 'status: {token: abc, expirationTimestamp: "2000-01-01T00:00:00Z"}'"#;
        let credential = run(&exec("sh", script), DEADLINE).await.unwrap();
        assert_eq!(credential.token.as_deref(), Some("abc"));
        assert!(credential.is_stale());
    }

    #[tokio::test]
    async fn each_failure_has_its_message_and_none_quotes_what_was_printed() {
        assert_eq!(
            message(&exec("stocktake-no-such-program", "")).await,
            "the exec plugin `stocktake-no-such-program` was not found"
        );
        assert_eq!(
            message(&exec("sh", "exec sleep 60")).await,
            "the exec plugin `sh` did not end within 0 s and was stopped"
        );
        for script in [
            "echo canary; exit 3",
            "echo canary",
            "echo 'status: {a: canary}'",
        ] {
            let message = run(&exec("sh", script), DEADLINE)
                .await
                .err()
                .unwrap()
                .to_string();
            assert!(!message.contains("canary"), "{message}");
        }
    }

    #[tokio::test]
    async fn what_was_printed_is_used_until_it_expires() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("runs");
        for (expiry, runs) in [("2999-01-01T00:00:00Z", 1), ("2000-01-01T00:00:00Z", 3)] {
            let script = format!(
                "echo run >> {}; echo 'status: {{token: abc, expirationTimestamp: \"{expiry}\"}}'",
                log.display()
            );
            let exec = exec("sh", &script);
            let known = Credentials::default();
            for _ in 0..3 {
                assert!(known.of(&exec, Fresh::IfStale).await.is_ok());
            }
            let ran = std::fs::read_to_string(&log).unwrap();
            assert_eq!(ran.lines().count(), runs);
            std::fs::remove_file(&log).unwrap();
        }
    }
}
