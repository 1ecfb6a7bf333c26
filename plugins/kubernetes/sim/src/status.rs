//! The `Status` object a Kubernetes API server answers with when it refuses, one constructor per refusal.
//!
//! Reasons, message forms and `details` follow what a 1.36 server was seen to answer. HTTP is not known here.

use serde_json::{Map, Value, json};

/// A refusal: everything of a `Status` object of `status: Failure`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Status {
    pub(crate) code: u16,
    reason: &'static str,
    message: String,
    /// `None`: no `details` at all; some answers have an empty object instead.
    details: Option<Map<String, Value>>,
    /// A token to go on with, in the answer to an expired one.
    fresh_continue: Option<String>,
}

/// One broken rule of an invalid object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cause {
    pub(crate) reason: &'static str,
    pub(crate) message: String,
    pub(crate) field: &'static str,
    /// How often the rule is checked, and therefore reported, by a real server.
    pub(crate) repeated: usize,
}

impl Status {
    fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            reason,
            message: message.into(),
            details: None,
            fresh_continue: None,
        }
    }

    fn with_details(mut self, details: &[(&str, &str)]) -> Self {
        let given = details.iter().filter(|(_, value)| !value.is_empty());
        self.details = Some(
            given
                .map(|(key, value)| ((*key).to_owned(), json!(value)))
                .collect(),
        );
        self
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(401, "Unauthorized", "Unauthorized")
    }

    /// `message` is complete: who may not do what; see `auth`.
    pub(crate) fn forbidden(message: impl Into<String>, details: &[(&str, &str)]) -> Self {
        Self::new(403, "Forbidden", message).with_details(details)
    }

    /// No such resource in a group and version that are served.
    pub(crate) fn no_such_resource() -> Self {
        Self::new(
            404,
            "NotFound",
            "the server could not find the requested resource",
        )
        .with_details(&[])
    }

    pub(crate) fn not_found(group: &str, plural: &str, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", qualified(plural, group));
        Self::new(404, "NotFound", message).with_details(&[
            ("name", name),
            ("group", group),
            ("kind", plural),
        ])
    }

    pub(crate) fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self::new(405, "MethodNotAllowed", message).with_details(&[])
    }

    pub(crate) fn not_acceptable() -> Self {
        let message = "406: Not Acceptable\n\nAvailable representations: application/json, \
             application/yaml, application/vnd.kubernetes.protobuf, application/json;stream=watch, \
             application/vnd.kubernetes.protobuf;stream=watch";
        Self::new(406, "NotAcceptable", message).with_details(&[])
    }

    pub(crate) fn already_exists(group: &str, plural: &str, name: &str) -> Self {
        let message = format!("{} \"{name}\" already exists", qualified(plural, group));
        Self::new(409, "AlreadyExists", message).with_details(&[
            ("name", name),
            ("group", group),
            ("kind", plural),
        ])
    }

    /// `kind` is the plural for a stale update, the kind for a broken precondition.
    pub(crate) fn conflict(group: &str, kind: &str, name: &str, why: &str) -> Self {
        let what = qualified(kind, group);
        let message = format!("Operation cannot be fulfilled on {what} \"{name}\": {why}");
        Self::new(409, "Conflict", message).with_details(&[
            ("name", name),
            ("group", group),
            ("kind", kind),
        ])
    }

    /// A continue token from before the oldest kept version; `fresh` reads the rest inconsistently.
    pub(crate) fn expired_continue(fresh: String) -> Self {
        let message = "The provided continue parameter is too old to display a consistent list \
             result. You can start a new list without the continue parameter, or use the continue \
             token in this response to retrieve the remainder of the results. Continuing with the \
             provided token results in an inconsistent list - objects that were created, modified, \
             or deleted between the time the first chunk was returned and now may show up in the list.";
        let mut status = Self::new(410, "Expired", message);
        status.fresh_continue = Some(fresh);
        status
    }

    /// A list at exactly a version that is no longer kept.
    pub(crate) fn expired_version() -> Self {
        Self::new(
            410,
            "Expired",
            "The resourceVersion for the provided list is too old.",
        )
    }

    /// A watch from a version that is no longer kept; it is told in the stream.
    pub(crate) fn expired_watch(asked: u64, oldest: u64) -> Self {
        let message = format!("too old resource version: {asked} ({oldest})");
        Self::new(410, "Expired", message)
    }

    /// Parameters of a watch that do not go together.
    pub(crate) fn invalid_watch(field: &str, why: &str) -> Self {
        let told = format!("{field}: Forbidden: {why}");
        let message = format!("ListOptions.meta.k8s.io \"\" is invalid: {told}");
        let mut status = Self::new(422, "Invalid", message);
        let causes = json!([{"reason": "FieldValueForbidden", "message": format!("Forbidden: {why}"), "field": field}]);
        status.details = Some(Map::from_iter([
            ("group".to_owned(), json!("meta.k8s.io")),
            ("kind".to_owned(), json!("ListOptions")),
            ("causes".to_owned(), causes),
        ]));
        status
    }

    /// A JSON patch that does not fit the object.
    pub(crate) fn rejected_patch() -> Self {
        let message = "the server rejected our request due to an error in our request";
        Self::new(422, "Invalid", message).with_details(&[])
    }

    /// An eviction that a disruption budget forbids.
    pub(crate) fn disruption_budget(name: &str, desired: u64, current: u64) -> Self {
        let message = "Cannot evict pod as it would violate the pod's disruption budget.";
        let mut status = Self::new(429, "TooManyRequests", message);
        let why = format!(
            "The disruption budget {name} needs {desired} healthy pods and has {current} currently"
        );
        let causes = json!([{"reason": "DisruptionBudget", "message": why}]);
        status.details = Some(Map::from_iter([("causes".to_owned(), causes)]));
        status
    }

    /// An eviction of a pod that several disruption budgets cover.
    pub(crate) fn several_budgets() -> Self {
        let message = "This pod has more than one PodDisruptionBudget, which the eviction \
             subresource does not support.";
        Self::new(500, "InternalError", message)
    }

    /// What an admission webhook does not let pass.
    pub(crate) fn denied(webhook: &str, why: &str) -> Self {
        let message = format!("admission webhook \"{webhook}\" denied the request: {why}");
        Self::new(403, "Forbidden", message)
    }

    /// A webhook that cannot say what it would do.
    pub(crate) fn no_dry_run(webhook: &str) -> Self {
        Self::bad_request(format!(
            "admission webhook \"{webhook}\" does not support dry run"
        ))
    }

    /// An apply that would change fields somebody else owns.
    pub(crate) fn apply_conflict(manager: &str, fields: &[String]) -> Self {
        let message = match fields {
            [field] => {
                format!("Apply failed with 1 conflict: conflict with \"{manager}\": {field}")
            }
            fields => format!(
                "Apply failed with {} conflicts: conflicts with \"{manager}\":\n- {}",
                fields.len(),
                fields.join("\n- ")
            ),
        };
        let causes: Vec<Value> = fields
            .iter()
            .map(|field| {
                let message = format!("conflict with \"{manager}\"");
                json!({"reason": "FieldManagerConflict", "message": message, "field": field})
            })
            .collect();
        let mut status = Self::new(409, "Conflict", message);
        status.details = Some(Map::from_iter([("causes".to_owned(), causes.into())]));
        status
    }

    pub(crate) fn unsupported_media_type() -> Self {
        Self::new(415, "UnsupportedMediaType", "415: Unsupported Media Type").with_details(&[])
    }

    /// An object that breaks rules; the message names each rule once, the causes repeat it.
    pub(crate) fn invalid(group: &str, kind: &str, name: &str, causes: &[Cause]) -> Self {
        let told: Vec<_> = causes
            .iter()
            .map(|cause| format!("{}: {}", cause.field, cause.message))
            .collect();
        let told = match told.as_slice() {
            [only] => only.clone(),
            several => format!("[{}]", several.join(", ")),
        };
        let message = format!("{} \"{name}\" is invalid: {told}", qualified(kind, group));
        let mut status = Self::new(422, "Invalid", message).with_details(&[
            ("name", name),
            ("group", group),
            ("kind", kind),
        ]);
        let listed: Vec<_> = causes
            .iter()
            .flat_map(|cause| std::iter::repeat_n(cause, cause.repeated))
            .map(|cause| {
                json!({"reason": cause.reason, "message": cause.message, "field": cause.field})
            })
            .collect();
        status
            .details
            .get_or_insert_default()
            .insert("causes".to_owned(), Value::Array(listed));
        status
    }

    /// A fault on demand: `code` with the reason a server gives for it.
    pub(crate) fn on_demand(code: u16) -> Self {
        let (reason, message) = match code {
            401 => return Self::unauthorized(),
            403 => ("Forbidden", "forbidden: on demand"),
            404 => return Self::no_such_resource(),
            409 => ("Conflict", "the operation cannot be fulfilled: on demand"),
            410 => return Self::expired_version(),
            429 => (
                "TooManyRequests",
                "the server has received too many requests, please try again later",
            ),
            500 => ("InternalError", "Internal error occurred: on demand"),
            503 => (
                "ServiceUnavailable",
                "the server is currently unable to handle the request",
            ),
            504 => (
                "Timeout",
                "the server was unable to return a response in the time allotted",
            ),
            _ => ("Unknown", "an error on demand"),
        };
        Self::new(code, reason, message)
    }

    /// The `Status` object.
    pub(crate) fn to_json(&self) -> Value {
        let mut metadata = Map::new();
        if let Some(token) = &self.fresh_continue {
            metadata.insert("continue".to_owned(), json!(token));
        }
        let mut status = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": metadata,
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "code": self.code,
        });
        if let Some(details) = &self.details {
            status["details"] = Value::Object(details.clone());
        }
        status
    }
}

impl Cause {
    pub(crate) fn invalid_value(field: &'static str, value: &str, why: &str) -> Self {
        let message = format!("Invalid value: {}: {why}", Value::from(value));
        Self {
            reason: "FieldValueInvalid",
            message,
            field,
            repeated: 1,
        }
    }

    pub(crate) fn repeated(self, repeated: usize) -> Self {
        Self { repeated, ..self }
    }
}

/// `deployments.apps`; only the plural in the core group.
pub(crate) fn qualified(plural: &str, group: &str) -> String {
    if group.is_empty() {
        plural.to_owned()
    } else {
        format!("{plural}.{group}")
    }
}
