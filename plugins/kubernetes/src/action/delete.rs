//! Deleting one object, and looking whether it is gone.
use std::time::Duration;

use http::Method;
use serde_json::{Value, json};
use stocktake_act::{Approved, Mode};
use stocktake_config::Propagation;
use stocktake_plugin_api::{Deletion, Outcome};
use tokio::time::Instant;

use super::{Live, Subject, event};
use crate::Resource;
use crate::connect::{Ask, JSON};
use crate::trouble::RequestError;

/// Wait before the first look; doubles up to [`SLOWEST_LOOK`].
const FIRST_LOOK: Duration = Duration::from_millis(50);
const SLOWEST_LOOK: Duration = Duration::from_secs(1);

/// Deletes the object if it still is what was seen. Deleted means: the server says 404, or has another uid under
/// this name. An answer of 200 or 202 alone means nothing: finalizers and grace periods come after it.
pub(crate) async fn delete(
    subject: &Subject<'_>,
    approved: &Approved,
    deletion: &Deletion,
    propagation: Propagation,
) -> Outcome {
    let dry = approved.mode == Mode::Dry;
    let options = match options(subject, deletion, propagation) {
        Ok(options) => options,
        Err(outcome) => return outcome,
    };
    let live = match subject.look_closely().await {
        Ok(live) => live,
        Err(error) => return subject.outcome("get", &error),
    };
    if let Some(outcome) = differs(subject, &live) {
        return outcome;
    }
    let way = Way::of(subject);
    // The server is always asked first whether it would: admission and permissions speak before anything happens.
    let ask = way.ask(subject, &options, Mode::Dry);
    let would = (subject.patience)
        .persist(|| async { subject.link.ask(&ask).await })
        .await;
    match would {
        Err(error) if !dry && has_no_dry_run(&error) => {
            tracing::debug!(%error, "the server can not be asked beforehand");
        }
        Err(error) => return way.outcome(subject, &error),
        Ok(_) if dry => return Outcome::WouldSucceed,
        Ok(_) => {}
    }
    let outcome = really(subject, way, &options).await;
    let kind = subject.api_kind(&live.kind);
    event::tell(subject, kind, &outcome, &approved.reason).await;
    outcome
}

async fn really(subject: &Subject<'_>, way: Way, options: &Value) -> Outcome {
    let ask = way.ask(subject, options, Mode::Real);
    let sent = subject
        .patience
        .persist(|| async {
            match subject.link.ask(&ask).await {
                // It may have been heard: asking again could mistake our own deletion for a change.
                Err(error) if error.transient() && !matches!(error.code(), Some(429 | 503)) => {
                    Ok(Err(error))
                }
                Err(error) => Err(error),
                Ok(_) => Ok(Ok(())),
            }
        })
        .await;
    match sent {
        Err(error) => way.outcome(subject, &error),
        Ok(Ok(())) => verify(subject, None).await,
        Ok(Err(error)) => verify(subject, Some(error)).await,
    }
}

/// A webhook with side effects lets no dry run pass, whatever it would say of the real request.
fn has_no_dry_run(error: &RequestError) -> bool {
    error.code() == Some(400) && error.to_string().contains("does not support dry run")
}

/// How an object is made to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Delete,
    /// Pods: disruption budgets are asked.
    Evict,
}

impl Way {
    fn of(subject: &Subject<'_>) -> Self {
        let resource = &subject.resource;
        if resource.group.is_empty() && resource.plural == "pods" {
            Self::Evict
        } else {
            Self::Delete
        }
    }

    /// The request. Whether it is a dry run stands in the body, which is what counts with a deletion, and in the query.
    fn ask(self, subject: &Subject<'_>, options: &Value, mode: Mode) -> Ask {
        let mut options = options.clone();
        let mut query = "";
        if mode == Mode::Dry {
            options["dryRun"] = json!(["All"]);
            query = "?dryRun=All";
        }
        match self {
            Self::Delete => subject.ask(Method::DELETE, query, JSON, &options),
            Self::Evict => {
                let object = subject.object;
                let eviction = json!({
                    "apiVersion": "policy/v1", "kind": "Eviction",
                    "metadata": {"name": object.name, "namespace": object.namespace},
                    "deleteOptions": options,
                });
                let query = format!("/eviction{query}");
                subject.ask(Method::POST, &query, JSON, &eviction)
            }
        }
    }

    fn outcome(self, subject: &Subject<'_>, error: &RequestError) -> Outcome {
        match self {
            Self::Delete => subject.outcome("delete", error),
            Self::Evict => {
                let part = Resource {
                    plural: "pods/eviction".to_owned(),
                    ..subject.resource.clone()
                };
                subject.outcome_at(&part, "create", error)
            }
        }
    }
}

/// Why the live object may not be deleted in the place of the one that was seen.
fn differs(subject: &Subject<'_>, live: &Live) -> Option<Outcome> {
    let meta = &live.metadata;
    if meta.uid != subject.object.uid {
        return Some(Outcome::Changed {
            message: "another object has this name now".to_owned(),
        });
    }
    if meta.deletion_timestamp.is_some() {
        return Some(terminating(live));
    }
    let seen = subject.object.resource_version.as_ref()?;
    (*seen != meta.resource_version).then(|| Outcome::Changed {
        message: format!(
            "it was changed since it was looked at (version {seen}, now {})",
            meta.resource_version
        ),
    })
}

fn options(
    subject: &Subject<'_>,
    deletion: &Deletion,
    propagation: Propagation,
) -> Result<Value, Outcome> {
    let policy = match deletion.propagation.as_deref() {
        None => match propagation {
            Propagation::Background => "Background",
            Propagation::Foreground => "Foreground",
            Propagation::Orphan => "Orphan",
        },
        Some(policy @ ("Background" | "Foreground" | "Orphan")) => policy,
        Some(other) => {
            return Err(Outcome::Refused {
                message: format!(
                    "`{other}` is no propagation: expected `Background`, `Foreground` or `Orphan`"
                ),
            });
        }
    };
    let mut options = json!({
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "propagationPolicy": policy,
        "preconditions": {"uid": subject.object.uid},
    });
    if let Some(version) = &subject.object.resource_version {
        options["preconditions"]["resourceVersion"] = json!(version);
    }
    if let Some(seconds) = deletion.grace_period_seconds {
        options["gracePeriodSeconds"] = json!(seconds);
    }
    Ok(options)
}

/// Looks until the object is gone or time is up; `doubt` is why we do not know whether the server has heard us.
async fn verify(subject: &Subject<'_>, doubt: Option<RequestError>) -> Outcome {
    let deadline = Instant::now() + subject.patience.verify;
    let mut wait = FIRST_LOOK;
    loop {
        let look = subject.look().await;
        let now = match look {
            Ok(live) if live.metadata.uid != subject.object.uid => return Outcome::Deleted,
            Ok(live) => live,
            Err(error) => match subject.outcome("get", &error) {
                Outcome::Vanished => return Outcome::Deleted,
                _ if Instant::now() < deadline && error.transient() => {
                    tokio::time::sleep(wait).await;
                    continue;
                }
                _ => {
                    return Outcome::Failed {
                        message: format!(
                            "it was asked to go, but whether it did is not known: {error}"
                        ),
                    };
                }
            },
        };
        if Instant::now() + wait > deadline {
            return match doubt {
                _ if now.metadata.deletion_timestamp.is_some() => terminating(&now),
                Some(doubt) => subject.outcome("delete", &doubt),
                None => Outcome::Failed {
                    message: "the server accepted, but the object is still there".to_owned(),
                },
            };
        }
        tokio::time::sleep(wait).await;
        wait = (wait * 2).min(SLOWEST_LOOK);
    }
}

fn terminating(live: &Live) -> Outcome {
    let mut finalizers = live.metadata.finalizers.clone();
    finalizers.sort();
    Outcome::Terminating { finalizers }
}
