//! Which cluster a server is: the UID of its `kube-system`, or a guess where that may not be read.
use blake2::{Blake2s256, Digest as _};
use serde::Deserialize;
use serde_json::Value;
use stocktake_model::Identity;

use crate::connect::{Ask, Link};
use crate::retry::Patience;
use crate::trouble::RequestError;

/// Which cluster a server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identified {
    /// Id of the account.
    pub id: String,
    /// How sure it is.
    pub identity: Identity,
    /// What it would be taken for if it did not say so.
    pub formerly: Option<String>,
    /// When `kube-system` was created.
    pub created: Option<String>,
    /// The namespace `kube-system` as it was read.
    pub kube_system: Option<Value>,
}

#[derive(Deserialize)]
struct Namespace {
    metadata: Meta,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    uid: String,
    creation_timestamp: Option<String>,
}

/// Asks the server.
pub(crate) async fn identify(link: &Link, patience: Patience) -> Result<Identified, RequestError> {
    let ask = Ask::get("/api/v1/namespaces/kube-system");
    let answer = patience
        .persist(|| async {
            let answer = link.ask(&ask).await?;
            Ok((answer.json::<Namespace>()?, answer.json::<Value>()?))
        })
        .await;
    match answer {
        Ok((namespace, whole)) => Ok(Identified {
            id: namespace.metadata.uid,
            identity: Identity::Strong,
            formerly: Some(guess(link)),
            created: namespace.metadata.creation_timestamp,
            kube_system: Some(whole),
        }),
        Err(error) if may_be_guessed(&error) => Ok(Identified {
            id: guess(link),
            identity: Identity::Weak,
            formerly: None,
            created: None,
            kube_system: None,
        }),
        Err(error) => Err(error),
    }
}

/// Forbidden, or a server without that namespace; an address that is no API server at all says 404 in another way.
fn may_be_guessed(error: &RequestError) -> bool {
    match error {
        RequestError::Refused(refusal) => {
            refusal.code == 403 || (refusal.code == 404 && refusal.reason == "NotFound")
        }
        _ => false,
    }
}

/// The same server reached in the same way is taken for the same cluster.
fn guess(link: &Link) -> String {
    use std::fmt::Write as _;
    let target = link.target();
    let mut hash = Blake2s256::new();
    hash.update(&target.server_url);
    for certificate in target.config.root_cert.iter().flatten() {
        hash.update([0]);
        hash.update(certificate);
    }
    let mut id = "weak-".to_owned();
    for byte in &hash.finalize()[..16] {
        write!(id, "{byte:02x}").expect("writing to a string does not fail");
    }
    id
}
