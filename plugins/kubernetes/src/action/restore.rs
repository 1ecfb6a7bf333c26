//! Creating an object again that was deleted.
use http::Method;
use serde::Deserialize;
use stocktake_plugin_api::{Manifest, Outcome, Trial};

use super::{METADATA, METADATA_ONLY, Subject, event};
use crate::connect::{Ask, JSON};
use crate::secrets;
use crate::trouble::RequestError;

/// The part of the answer that is read.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Created {
    metadata: CreatedMeta,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CreatedMeta {
    uid: String,
}

/// Creates the object; one of the same name is left alone.
pub(crate) async fn restore(subject: &Subject<'_>, manifest: &Manifest, trial: Trial) -> Outcome {
    if !manifest.redacted.is_empty() {
        return Outcome::Refused {
            message: "some of its values were never kept and are missing".to_owned(),
        };
    }
    let mut path = format!("{}?fieldManager=stocktake", subject.folder());
    if trial == Trial::Yes {
        path += "&dryRun=All";
    }
    let ask = Ask {
        method: Method::POST,
        path,
        accept: if secrets::are(&subject.resource) {
            METADATA_ONLY
        } else {
            METADATA
        },
        body: Some((JSON, manifest.body.to_string().into_bytes())),
    };
    // Asked once: an answer that is lost may stand for an object that is there.
    let created = match subject.link.ask(&ask).await {
        Ok(answer) => answer.json::<Created>(),
        Err(error) => return refused(subject, &error),
    };
    match created {
        _ if trial == Trial::Yes => Outcome::WouldSucceed,
        Ok(created) => {
            let kind = manifest.body["kind"].as_str().unwrap_or_default();
            let outcome = Outcome::Restored {
                uid: created.metadata.uid,
            };
            event::tell(subject, kind, &outcome, "").await;
            outcome
        }
        Err(error) => Outcome::Failed {
            message: format!("it was created, but the answer can not be read: {error}"),
        },
    }
}

fn refused(subject: &Subject<'_>, error: &RequestError) -> Outcome {
    match error {
        RequestError::Refused(refusal) => match refusal.code {
            // The namespace, or the kind, is not there.
            404 => Outcome::Refused {
                message: refusal.message.clone(),
            },
            _ => subject.outcome("create", error),
        },
        _ => Outcome::Failed {
            message: format!("whether it was created is not known: {error}"),
        },
    }
}
