//! Deleting an object: preconditions, grace, finalizers, propagation, and what the answer shows.
//!
//! What follows from a deletion (dependants, replacements) is done in `controllers`.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::catalog::Resource;
use crate::clock::rfc3339;
use crate::controllers::Reaction;
use crate::convert;
use crate::object::{metadata, text};
use crate::options::PodTermination;
use crate::request::Query;
use crate::status::{Cause, Status, qualified};
use crate::store::Place;
use crate::world::World;

/// The finalizer that keeps an owner until its dependants are gone.
pub(crate) const FOREGROUND: &str = "foregroundDeletion";
/// The finalizer that keeps an owner until its dependants no longer name it.
pub(crate) const ORPHAN: &str = "orphan";

/// What becomes of the dependants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Propagation {
    Background,
    Foreground,
    Orphan,
}

/// The `DeleteOptions` of a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct DeleteOptions {
    pub(crate) uid: Option<String>,
    pub(crate) resource_version: Option<String>,
    pub(crate) propagation: Option<Propagation>,
    pub(crate) grace_secs: Option<i64>,
    pub(crate) dry_run: bool,
}

/// What is left of the object.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Deleted {
    /// The object, still there or shown a last time.
    Object(Value),
    /// Nothing but what its uid was.
    Gone {
        /// The uid it had.
        uid: String,
    },
}

/// Resources whose last state is the answer to their deletion; all others answer with a `Status`.
const SHOWN_A_LAST_TIME: &[(&str, &str)] = &[
    ("", "persistentvolumeclaims"),
    ("", "persistentvolumes"),
    ("", "pods"),
    ("", "podtemplates"),
    ("", "resourcequotas"),
    ("", "serviceaccounts"),
    ("", "services"),
    ("storage.k8s.io", "csidrivers"),
    ("storage.k8s.io", "csinodes"),
    ("storage.k8s.io", "storageclasses"),
    ("storage.k8s.io", "volumeattachments"),
    ("storage.k8s.io", "volumeattributesclasses"),
];

impl DeleteOptions {
    /// Options come from the body where there is one, and only then from the query: a server that
    /// was sent a body ignores a `dryRun` in the query and deletes for real.
    pub(crate) fn read(body: &[u8], query: &Query) -> Result<Self, Status> {
        if body.iter().all(u8::is_ascii_whitespace) {
            let propagation = query
                .get("propagationPolicy")
                .map(propagation)
                .transpose()?;
            return Ok(Self {
                propagation: propagation.or(orphan(query.get("orphanDependents") == Some("true"))),
                grace_secs: query
                    .get("gracePeriodSeconds")
                    .and_then(|secs| secs.parse().ok()),
                dry_run: query.get("dryRun") == Some("All"),
                ..Self::default()
            });
        }
        let body: Value = serde_json::from_slice(body).map_err(|why| {
            Status::bad_request(format!(
                "couldn't get version/kind; json parse error: {why}"
            ))
        })?;
        let owned = |value: &Value| value.as_str().map(ToOwned::to_owned);
        let given = body["propagationPolicy"]
            .as_str()
            .map(propagation)
            .transpose()?;
        let dry_run = body["dryRun"]
            .as_array()
            .is_some_and(|list| list.contains(&json!("All")));
        Ok(Self {
            uid: owned(&body["preconditions"]["uid"]),
            resource_version: owned(&body["preconditions"]["resourceVersion"]),
            propagation: given.or(orphan(body["orphanDependents"] == true)),
            grace_secs: body["gracePeriodSeconds"].as_i64(),
            dry_run,
        })
    }
}

fn orphan(dependants_stay: bool) -> Option<Propagation> {
    dependants_stay.then_some(Propagation::Orphan)
}

fn propagation(text: &str) -> Result<Propagation, Status> {
    match text {
        "Background" => Ok(Propagation::Background),
        "Foreground" => Ok(Propagation::Foreground),
        "Orphan" => Ok(Propagation::Orphan),
        other => {
            let message = format!(
                "Unsupported value: \"{other}\": supported values: \"Foreground\", \
                 \"Background\", \"Orphan\", \"nil\""
            );
            let (reason, field) = ("FieldValueNotSupported", "propagationPolicy");
            let cause = Cause {
                reason,
                message,
                field,
                repeated: 1,
            };
            Err(Status::invalid(
                "meta.k8s.io",
                "DeleteOptions",
                "",
                &[cause],
            ))
        }
    }
}

/// What happens when a request does not say. Jobs and replication controllers keep their pods.
pub(crate) fn default_propagation(resource: &Resource) -> Propagation {
    match (resource.group.as_str(), resource.plural.as_str()) {
        ("batch", "jobs") | ("", "replicationcontrollers") => Propagation::Orphan,
        _ => Propagation::Background,
    }
}

impl World {
    /// Deletes an object, or starts to.
    pub(crate) fn delete(
        &mut self,
        resource: &Resource,
        namespace: &str,
        name: &str,
        options: &DeleteOptions,
    ) -> Result<Deleted, Status> {
        let (place, found) = self.find(resource, namespace, name)?;
        let old = found.to_value();
        check_preconditions(resource, &old, options)?;
        let mut body = old.clone();
        let grace = grace_secs(resource, &old, options);
        let leaving = !old["metadata"]["deletionTimestamp"].is_null();
        if is_namespace(resource) {
            if !leaving {
                body = self.begin_namespace(&place, name, body, options);
            }
            return Ok(Deleted::Object(body));
        }
        if leaving && (grace > 0 || is_held(&old)) {
            return Ok(Deleted::Object(convert::from_storage(resource, old)));
        }
        let reactions = hold(&mut body, resource, &place, options);
        if grace > 0 || is_held(&body) {
            self.mark(&mut body, Some(grace));
            let body = self.keep_leaving(&place, body, &reactions, options);
            if grace > 0 && !options.dry_run {
                self.terminate(&place, &old, grace);
            }
            return Ok(Deleted::Object(convert::from_storage(resource, body)));
        }
        if !options.dry_run {
            self.take_out(&place);
        }
        if SHOWN_A_LAST_TIME.contains(&(resource.group.as_str(), resource.plural.as_str())) {
            return Ok(Deleted::Object(convert::from_storage(resource, old)));
        }
        Ok(Deleted::Gone {
            uid: text(&old["metadata"], "uid").to_owned(),
        })
    }

    /// A namespace stays until everything in it is gone.
    fn begin_namespace(
        &mut self,
        place: &Place,
        name: &str,
        mut body: Value,
        options: &DeleteOptions,
    ) -> Value {
        self.mark(&mut body, None);
        if !body["status"].is_object() {
            body["status"] = json!({});
        }
        body["status"]["phase"] = json!("Terminating");
        self.keep_leaving(
            place,
            body,
            &[Reaction::EmptyNamespace(name.into())],
            options,
        )
    }

    /// Takes an object out of the store and leaves what follows to the controllers.
    pub(crate) fn take_out(&mut self, place: &Place) {
        if let Some(gone) = self.store.remove(place) {
            self.pending
                .push_back(Reaction::Gone(place.collection, gone));
        }
    }

    fn mark(&self, body: &mut Value, grace_secs: Option<i64>) {
        let grace = SignedDuration::from_secs(grace_secs.unwrap_or_default());
        let at = self
            .clock
            .now()
            .saturating_add(grace)
            .unwrap_or(jiff::Timestamp::MAX);
        let meta = metadata(body);
        meta.insert("deletionTimestamp".to_owned(), json!(rfc3339(at)));
        if let Some(secs) = grace_secs {
            meta.insert("deletionGracePeriodSeconds".to_owned(), json!(secs));
            if let Some(generation) = meta.get("generation").and_then(Value::as_u64) {
                meta.insert("generation".to_owned(), json!(generation + 1));
            }
        }
    }

    /// Stores an object that is on its way out, unless the run is dry.
    fn keep_leaving(
        &mut self,
        place: &Place,
        body: Value,
        reactions: &[Reaction],
        options: &DeleteOptions,
    ) -> Value {
        if options.dry_run {
            return body;
        }
        let stored = self.store.put(place.collection, body);
        self.pending.extend(reactions.iter().cloned());
        stored.to_value()
    }

    /// A pod has been asked to stop.
    fn terminate(&mut self, place: &Place, pod: &Value, grace_secs: i64) {
        // A ReplicaSet does not wait for the old pod to be gone.
        self.pending.push_back(Reaction::Replace {
            pod: pod.clone(),
            gone: false,
        });
        match self.pod_termination {
            PodTermination::Immediate => {
                self.pending.push_back(Reaction::Terminated(place.clone()));
            }
            PodTermination::Graceful => {
                let grace = SignedDuration::from_secs(grace_secs);
                let due = self
                    .clock
                    .now()
                    .saturating_add(grace)
                    .unwrap_or(jiff::Timestamp::MAX);
                self.terminating.push((due, place.clone()));
            }
        }
    }
}

pub(crate) fn is_namespace(resource: &Resource) -> bool {
    resource.group.is_empty() && resource.plural == "namespaces"
}

fn is_held(body: &Value) -> bool {
    body["metadata"]["finalizers"]
        .as_array()
        .is_some_and(|list| !list.is_empty())
}

/// Puts on the finalizers the propagation asks for; returns what the controllers have to do about them.
fn hold(
    body: &mut Value,
    resource: &Resource,
    place: &Place,
    options: &DeleteOptions,
) -> Vec<Reaction> {
    let (finalizer, reaction) = match options.propagation.unwrap_or(default_propagation(resource)) {
        Propagation::Background => return Vec::new(),
        Propagation::Foreground => (FOREGROUND, Reaction::Foreground(place.clone())),
        Propagation::Orphan => (ORPHAN, Reaction::Orphan(place.clone())),
    };
    let finalizers = metadata(body)
        .entry("finalizers")
        .or_insert_with(|| json!([]));
    if let Some(finalizers) = finalizers.as_array_mut()
        && !finalizers.contains(&json!(finalizer))
    {
        finalizers.push(json!(finalizer));
    }
    vec![reaction]
}

/// Only pods that run on a node get time to stop.
fn grace_secs(resource: &Resource, body: &Value, options: &DeleteOptions) -> i64 {
    let pod = resource.group.is_empty() && resource.plural == "pods";
    let finished = matches!(text(&body["status"], "phase"), "Succeeded" | "Failed");
    if !pod || finished || text(&body["spec"], "nodeName").is_empty() {
        return 0;
    }
    let own = body["spec"]["terminationGracePeriodSeconds"]
        .as_i64()
        .unwrap_or(30);
    options.grace_secs.unwrap_or(own).max(0)
}

/// Refuses if the object is not the one, or not in the version, that is meant.
pub(crate) fn check_preconditions(
    resource: &Resource,
    body: &Value,
    options: &DeleteOptions,
) -> Result<(), Status> {
    let meta = &body["metadata"];
    let (uid, version) = (text(meta, "uid"), text(meta, "resourceVersion"));
    let conflict =
        |why: &str| Status::conflict(&resource.group, &resource.kind, text(meta, "name"), why);
    if let Some(wanted) = options.uid.as_deref().filter(|wanted| *wanted != uid) {
        return Err(conflict(&format!(
            "the UID in the precondition ({wanted}) does not match the UID in record ({uid}). The \
             object might have been deleted and then recreated"
        )));
    }
    if let Some(wanted) = options
        .resource_version
        .as_deref()
        .filter(|wanted| *wanted != version)
    {
        return Err(conflict(&format!(
            "the ResourceVersion in the precondition ({wanted}) does not match the ResourceVersion \
             in record ({version}). The object might have been modified"
        )));
    }
    Ok(())
}

/// The answer to a deletion that left nothing.
pub(crate) fn success(resource: &Resource, name: &str, uid: &str) -> Value {
    let mut details = json!({"name": name, "kind": resource.plural, "uid": uid});
    if !resource.group.is_empty() {
        details["group"] = json!(resource.group);
    }
    json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
        "details": details,
    })
}

/// The warning that comes with keeping the pods of a job nobody said to keep.
pub(crate) fn warning(resource: &Resource, options: &DeleteOptions) -> Option<String> {
    let jobs = qualified(&resource.plural, &resource.group) == "jobs.batch";
    (jobs && options.propagation.is_none()).then(|| {
        "child pods are preserved by default when jobs are deleted; set \
         propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress \
         this warning"
            .to_owned()
    })
}
