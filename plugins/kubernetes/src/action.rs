//! What is done to objects: tags changed, objects deleted. One object at a time, guarded by its uid.
//!
//! Whether it should be done was decided elsewhere; here is only what the server has to say.
mod delete;
mod event;
mod key;
mod manifest;
mod restore;
mod tag;

use std::sync::Arc;

use http::Method;
use serde::Deserialize;
use stocktake_model::ObjectRef;
use stocktake_plugin_api::Outcome;

pub(crate) use delete::delete;
pub(crate) use manifest::manifest;
pub(crate) use restore::restore;
pub(crate) use tag::tag;

use crate::connect::{Ask, JSON, Link};
use crate::list::escape;
use crate::retry::Patience;
use crate::trouble::{Refusal, RequestError, grant};
use crate::{Resource, secrets};

/// Metadata only. For kinds without secrets an old server may answer with the whole object.
const METADATA: &str =
    "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
/// Metadata only, whatever the server can do.
const METADATA_ONLY: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

/// The one object something is done to.
pub(crate) struct Subject<'a> {
    link: &'a Arc<Link>,
    patience: Patience,
    object: &'a ObjectRef,
    /// Its kind in the API; `kind` is only known once the server has named it.
    resource: Resource,
    /// Whether changes are told by events.
    events: bool,
}

/// The live object, as far as it is looked at.
#[derive(Debug, Default, Deserialize)]
struct Live {
    #[serde(default)]
    kind: String,
    metadata: LiveMeta,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct LiveMeta {
    uid: String,
    resource_version: String,
    deletion_timestamp: Option<String>,
    finalizers: Vec<String>,
}

impl<'a> Subject<'a> {
    /// The object a node stands for; refused if it names none.
    pub(crate) fn new(
        link: &'a Arc<Link>,
        patience: Patience,
        object: &'a ObjectRef,
        events: bool,
    ) -> Result<Self, Outcome> {
        let ObjectRef {
            name,
            uid,
            api_resource,
            ..
        } = object;
        if [name, uid, api_resource, &object.api_version]
            .iter()
            .any(|text| text.is_empty())
        {
            return Err(Outcome::Refused {
                message: format!("`{name}` is no object of the API"),
            });
        }
        let (group, version) = object
            .api_version
            .split_once('/')
            .unwrap_or(("", &object.api_version));
        Ok(Self {
            link,
            patience,
            object,
            resource: Resource {
                group: group.to_owned(),
                version: version.to_owned(),
                kind: String::new(),
                plural: api_resource.clone(),
                singular: String::new(),
                short_names: Vec::new(),
                namespaced: object.namespace.is_some(),
                verbs: Vec::new(),
            },
            events,
        })
    }

    /// Path of the list the object is in.
    fn folder(&self) -> String {
        let base = self.resource.base_path();
        let plural = escape(&self.resource.plural);
        match &self.object.namespace {
            Some(namespace) => format!("{base}/namespaces/{}/{plural}", escape(namespace)),
            None => format!("{base}/{plural}"),
        }
    }

    fn path(&self) -> String {
        format!("{}/{}", self.folder(), escape(&self.object.name))
    }

    /// How to ask so that no value of a Secret comes back.
    fn metadata(&self) -> &'static str {
        if secrets::are(&self.resource) {
            METADATA_ONLY
        } else {
            METADATA
        }
    }

    /// The kind of the object in the API, as an answer of the server names it.
    fn api_kind<'k>(&self, answered: &'k str) -> &'k str {
        if secrets::are(&self.resource) {
            "Secret"
        } else {
            answered
        }
    }

    /// The live object, with its kind.
    async fn look_closely(&self) -> Result<Live, RequestError> {
        if secrets::are(&self.resource) {
            return self.look().await;
        }
        let ask = Ask::get(self.path());
        self.patience
            .persist(|| async { self.link.ask(&ask).await?.json() })
            .await
    }

    /// Metadata of the live object.
    async fn look(&self) -> Result<Live, RequestError> {
        let ask = Ask::get(self.path()).accept(self.metadata());
        self.patience
            .persist(|| async { self.link.ask(&ask).await?.json() })
            .await
    }

    fn ask(
        &self,
        method: Method,
        query: &str,
        form: &'static str,
        body: &serde_json::Value,
    ) -> Ask {
        Ask {
            method,
            path: format!("{}{query}", self.path()),
            accept: if secrets::are(&self.resource) {
                METADATA_ONLY
            } else {
                JSON
            },
            body: Some((form, body.to_string().into_bytes())),
        }
    }

    /// What a request that failed means for the object; `verb` is what was tried.
    fn outcome(&self, verb: &str, error: &RequestError) -> Outcome {
        self.outcome_at(&self.resource, verb, error)
    }

    /// The same, where a part of the resource was asked (`pods/eviction`).
    fn outcome_at(&self, resource: &Resource, verb: &str, error: &RequestError) -> Outcome {
        let failed = || {
            let hint = error.hint(&self.link.target().context);
            Outcome::Failed {
                message: with_hint(error.to_string(), hint),
            }
        };
        let RequestError::Refused(refusal) = error else {
            return failed();
        };
        let message = refusal.message.clone();
        match refusal.code {
            404 if self.is_about_the_object(refusal) => Outcome::Vanished,
            409 => Outcome::Changed { message },
            // A disruption budget; a server that is only busy names no cause.
            429 if refusal.cause.is_some() => Outcome::Refused {
                message: with_hint(message, refusal.cause.clone()),
            },
            422 if message.contains("metadata.uid") => Outcome::Changed { message },
            403 => {
                let namespace = self.object.namespace.as_deref();
                // A webhook forbids too, but no rule would change its mind.
                let by_rbac = message.contains(&format!("cannot {verb} resource"));
                let hint = by_rbac.then(|| grant(resource, verb, namespace));
                Outcome::Refused {
                    message: with_hint(message, hint),
                }
            }
            400 | 405 | 415 | 422 => Outcome::Refused { message },
            _ => failed(),
        }
    }

    /// A 404 for the object; one for its API names no object.
    fn is_about_the_object(&self, refusal: &Refusal) -> bool {
        refusal.reason == "NotFound"
            && refusal
                .message
                .contains(&format!("\"{}\"", self.object.name))
    }
}

fn with_hint(message: String, hint: Option<String>) -> String {
    match hint {
        Some(hint) => format!("{message}; {hint}"),
        None => message,
    }
}
