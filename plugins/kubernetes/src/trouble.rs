//! What can go wrong between us and an API server, and how it is told: as an error of the whole account or
//! as a gap in its snapshot, each with the way out.
//!
//! No credential may get into a text made here: errors of libraries are looked at, not printed, where they
//! could quote what they were given.
use std::time::Duration;

use serde::Deserialize;
use stocktake_model::{Gap, GapReason};
use stocktake_plugin_api::PluginError;

use crate::Resource;

/// Why one request did not bring what it was sent for.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum RequestError {
    /// The server answered, but not with success.
    #[error("{0}")]
    Refused(Box<Refusal>),
    /// Nothing, or not everything, came in time.
    #[error("no complete answer from `{server}` within {} s", .after.as_secs())]
    Timeout {
        /// URL of the server.
        server: String,
        /// How long was waited.
        after: Duration,
    },
    /// No connection was made.
    #[error("`{server}` can not be reached: {why}")]
    Unreachable {
        /// URL of the server.
        server: String,
        /// What the network said.
        why: String,
    },
    /// A certificate was not accepted, theirs or ours.
    #[error("{message}")]
    Certificate {
        /// What is wrong with which certificate.
        message: String,
        /// The way out.
        hint: String,
        /// True if the server did not accept ours.
        ours: bool,
    },
    /// The connection broke in the middle of an answer.
    #[error("the connection to `{server}` broke off: {why}")]
    Cut {
        /// URL of the server.
        server: String,
        /// What the network said.
        why: String,
    },
    /// An answer that is not what was asked for.
    #[error("the answer to `{what}` can not be read: {why}")]
    Malformed {
        /// Path that was asked.
        what: String,
        /// What the decoder said.
        why: String,
    },
    /// An answer in another form than was asked for.
    #[error("the answer to `{what}` is no `{wanted}`")]
    WrongForm {
        /// Path that was asked.
        what: String,
        /// Kind it should have had.
        wanted: &'static str,
    },
    /// An answer that is larger than may be held in memory.
    #[error("the answer to `{what}` is larger than {} KiB", .limit >> 10)]
    TooLarge {
        /// Path that was asked.
        what: String,
        /// Bytes that are allowed.
        limit: usize,
    },
    /// We have nothing to show to the server: an exec plugin or a file failed us.
    #[error("{message}")]
    Credentials {
        /// What happened.
        message: String,
        /// The way out.
        hint: Option<String>,
    },
}

/// An answer other than success, as the server's `Status` says it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} ({code})")]
pub(crate) struct Refusal {
    /// HTTP status code.
    pub code: u16,
    /// Reason in the API's words, e.g. `Forbidden`; empty if the body was no `Status`.
    pub reason: String,
    /// What the server said.
    pub message: String,
    /// How long it wants to be left alone.
    pub retry_after: Option<Duration>,
    /// Token for the rest of an expired list.
    pub fresh_continue: Option<String>,
    /// The first cause it gives, e.g. the disruption budget that forbids an eviction.
    pub cause: Option<String>,
}

/// Characters kept of a message that is not a `Status`.
const MESSAGE_CHARS: usize = 300;

impl Refusal {
    /// Reads an answer; one that is no `Status` (a proxy's page) becomes its first line.
    pub(crate) fn read(code: u16, retry_after: Option<Duration>, body: &[u8]) -> Self {
        let status: Status = serde_json::from_slice(body).unwrap_or_default();
        let message = if status.message.is_empty() {
            let text = String::from_utf8_lossy(body);
            text.lines().next().unwrap_or_default().trim().to_owned()
        } else {
            status.message
        };
        let message = if message.is_empty() {
            format!("the server answered {code}")
        } else {
            message.chars().take(MESSAGE_CHARS).collect()
        };
        Self {
            code,
            reason: status.reason,
            message,
            retry_after,
            fresh_continue: status.metadata.token.filter(|token| !token.is_empty()),
            cause: status
                .details
                .and_then(|details| details.causes.into_iter().next())
                .map(|cause| cause.message),
        }
    }
}

/// The part of `Status` that is read.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    message: String,
    reason: String,
    metadata: StatusMeta,
    details: Option<StatusDetails>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StatusDetails {
    causes: Vec<StatusCause>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StatusCause {
    message: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StatusMeta {
    #[serde(rename = "continue")]
    token: Option<String>,
}

impl RequestError {
    /// A list that was not asked for, because the server said beforehand that it would refuse.
    pub(crate) fn not_granted(plural: &str, namespace: &str) -> Self {
        Self::Refused(Box::new(Refusal {
            code: 403,
            reason: "Forbidden".to_owned(),
            message: format!("`{plural}` may not be listed in namespace `{namespace}`"),
            retry_after: None,
            fresh_continue: None,
            cause: None,
        }))
    }

    /// HTTP status code of the answer, if there was one.
    pub(crate) fn code(&self) -> Option<u16> {
        match self {
            Self::Refused(refusal) => Some(refusal.code),
            _ => None,
        }
    }

    /// Why, for programs.
    pub(crate) fn reason(&self) -> GapReason {
        match self {
            Self::Refused(refusal) => match refusal.code {
                401 => GapReason::Unauthorized,
                403 => GapReason::Forbidden,
                404 | 405 => GapReason::NotFound,
                _ => GapReason::ServerError,
            },
            Self::Timeout { .. } => GapReason::Timeout,
            Self::Certificate { ours: true, .. } | Self::Credentials { .. } => {
                GapReason::Unauthorized
            }
            Self::Unreachable { .. } | Self::Certificate { .. } | Self::Cut { .. } => {
                GapReason::Unreachable
            }
            Self::Malformed { .. } | Self::WrongForm { .. } | Self::TooLarge { .. } => {
                GapReason::Malformed
            }
        }
    }

    /// Whether asking again may help.
    pub(crate) fn transient(&self) -> bool {
        match self {
            Self::Refused(refusal) => matches!(refusal.code, 429 | 500 | 502..=504),
            Self::Timeout { .. }
            | Self::Unreachable { .. }
            | Self::Cut { .. }
            | Self::Malformed { .. } => true,
            Self::WrongForm { .. }
            | Self::TooLarge { .. }
            | Self::Certificate { .. }
            | Self::Credentials { .. } => false,
        }
    }

    /// Whether no other request to this server will do better.
    pub(crate) fn ends_everything(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Certificate { .. } | Self::Credentials { .. } => true,
            Self::Refused(refusal) => refusal.code == 401,
            _ => false,
        }
    }

    /// How long the server wants to be left alone.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(refusal) => refusal.retry_after,
            _ => None,
        }
    }

    /// The way out, where it does not depend on what was asked.
    pub(crate) fn hint(&self, context: &str) -> Option<String> {
        match self {
            Self::Refused(refusal) => match refusal.code {
                401 => Some(format!(
                    "the token or certificate of context `{context}` is expired or wrong: log in again, \
                     then try `kubectl --context {context} auth whoami`"
                )),
                429 => Some("the server is busy: lower `k8s.list_parallelism`".to_owned()),
                _ => None,
            },
            Self::Timeout { .. } => Some(
                "raise `k8s.request_timeout_secs`, or lower `k8s.page_size` if the server is slow"
                    .to_owned(),
            ),
            Self::Unreachable { .. } | Self::Cut { .. } => Some(format!(
                "check that the server is up and the address of context `{context}` is right \
                 (network, VPN, proxy)"
            )),
            Self::Certificate { hint, .. } => Some(hint.clone()),
            Self::Malformed { .. } | Self::WrongForm { .. } => Some(format!(
                "check that an API server answers at the address of context `{context}`, not a proxy or a \
                 login page"
            )),
            Self::TooLarge { .. } => None,
            Self::Credentials { hint, .. } => hint.clone(),
        }
    }

    /// The error of a whole account.
    pub(crate) fn of_account(&self, context: &str) -> PluginError {
        PluginError {
            reason: self.reason(),
            message: match self {
                Self::Refused(refusal) if refusal.code == 401 => {
                    format!("unable to authenticate with `{context}`: {self}")
                }
                _ => format!("`{context}`: {self}"),
            },
            hint: self.hint(context),
            account: Some(context.to_owned()),
        }
    }

    /// The gap that a list of `resource` leaves, in one namespace or in all.
    pub(crate) fn of_list(
        &self,
        context: &str,
        resource: &Resource,
        kind: &str,
        namespace: Option<&str>,
    ) -> Gap {
        let hint = if self.reason() == GapReason::Forbidden {
            Some(grant(resource, "list", namespace))
        } else {
            self.hint(context)
        };
        Gap {
            kind: Some(kind.to_owned()),
            namespace: namespace.map(str::to_owned),
            except: Vec::new(),
            uid: None,
            reason: self.reason(),
            message: self.to_string(),
            hint,
        }
    }
}

/// The hint that says which RBAC rule would let us use `verb`.
pub(crate) fn grant(resource: &Resource, verb: &str, namespace: Option<&str>) -> String {
    let (what, place) = match namespace {
        None => ("ClusterRole", String::new()),
        Some(namespace) => ("Role", format!(" in namespace `{namespace}`")),
    };
    format!(
        "to grant `{verb}` on `{}` add this rule to a {what}{place} of the user:\n\
         - apiGroups: [\"{}\"]\n  resources: [\"{}\"]\n  verbs: [\"{verb}\"]",
        resource.plural, resource.group, resource.plural
    )
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[track_caller]
    fn check(code: u16, body: &str, expected: Expect) {
        let refusal = Refusal::read(code, None, body.as_bytes());
        let error = RequestError::Refused(Box::new(refusal));
        expected.assert_eq(&format!(
            "{} {} {error}",
            error.reason().as_str(),
            if error.transient() { "again" } else { "final" }
        ));
    }

    #[test]
    fn an_answer_is_told_in_the_servers_words() {
        let forbidden = r#"{"kind":"Status","message":"pods is forbidden","reason":"Forbidden"}"#;
        check(
            403,
            forbidden,
            expect!["forbidden final pods is forbidden (403)"],
        );
        check(
            404,
            "404 page not found\n",
            expect!["not_found final 404 page not found (404)"],
        );
        check(
            502,
            "<html>\nmore",
            expect!["server_error again <html> (502)"],
        );
        check(
            429,
            "",
            expect!["server_error again the server answered 429 (429)"],
        );
        check(401, "{", expect!["unauthorized final { (401)"]);
    }

    #[test]
    fn an_expired_list_brings_a_token_for_its_rest() {
        let refusal = Refusal::read(
            410,
            None,
            br#"{"metadata":{"continue":"abc"},"message":"old"}"#,
        );
        assert_eq!(refusal.fresh_continue.as_deref(), Some("abc"));
        assert_eq!(Refusal::read(410, None, b"{}").fresh_continue, None);
    }

    #[test]
    fn a_forbidden_list_names_the_rule_that_would_grant_it() {
        let resource = crate::discovery::example("apps", "deployments");
        expect![[r#"
            to grant `list` on `deployments` add this rule to a Role in namespace `web` of the user:
            - apiGroups: ["apps"]
              resources: ["deployments"]
              verbs: ["list"]"#]]
        .assert_eq(&grant(&resource, "list", Some("web")));
    }
}
