//! Tells of a change by an event in the namespace of the object, where those who look after it look first.
//!
//! A courtesy: an event that cannot be written changes nothing.
use http::Method;
use jiff::Timestamp;
use serde_json::json;
use stocktake_model::normalise;
use stocktake_plugin_api::Outcome;

use super::Subject;
use crate::connect::{Ask, JSON};

/// Longest name of an object that an event can be named after.
const NAME_BYTES: usize = 200;

/// Writes an event if something was really changed. `kind` is the kind of the object in the API.
pub(crate) async fn tell(subject: &Subject<'_>, kind: &str, outcome: &Outcome, why: &str) {
    let Some((reason, message)) = told(outcome, why).filter(|_| subject.events) else {
        return;
    };
    // A new object has a uid of its own.
    let uid = match outcome {
        Outcome::Restored { uid } => uid,
        _ => &subject.object.uid,
    };
    let object = subject.object;
    // Events about what is in no namespace are kept in this one.
    let namespace = object.namespace.as_deref().unwrap_or("default");
    let now = normalise(Timestamp::now());
    let name: String = object.name.chars().take(NAME_BYTES).collect();
    let event = json!({
        "apiVersion": "v1", "kind": "Event", "type": "Normal",
        "metadata": {"generateName": format!("{name}."), "namespace": namespace},
        "involvedObject": {
            "apiVersion": object.api_version, "kind": kind, "name": object.name,
            "namespace": object.namespace, "uid": uid,
        },
        "reason": reason, "message": message, "count": 1,
        "firstTimestamp": now, "lastTimestamp": now,
        "source": {"component": "stocktake"},
        "reportingComponent": "stocktake", "reportingInstance": "stocktake",
    });
    let ask = Ask {
        method: Method::POST,
        path: format!(
            "/api/v1/namespaces/{}/events?fieldManager=stocktake",
            crate::list::escape(namespace)
        ),
        accept: JSON,
        body: Some((JSON, event.to_string().into_bytes())),
    };
    if let Err(error) = subject.link.ask(&ask).await {
        tracing::debug!(%error, name = object.name, "no event could be written");
    }
}

/// Reason and message of the event; none if nothing was changed.
fn told(outcome: &Outcome, why: &str) -> Option<(&'static str, String)> {
    let because = if why.is_empty() {
        String::new()
    } else {
        format!(": {why}")
    };
    match outcome {
        Outcome::Deleted => Some(("Cleaned", format!("deleted by stocktake{because}"))),
        Outcome::Terminating { .. } => {
            Some(("Cleaned", format!("asked to go by stocktake{because}")))
        }
        Outcome::Tagged(_) => Some(("Tagged", format!("changed by stocktake{because}"))),
        Outcome::Restored { .. } => Some(("Restored", "created again by stocktake".to_owned())),
        _ => None,
    }
}
