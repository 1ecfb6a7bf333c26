//! Faults on demand: what goes wrong, with which requests, and how often.
//!
//! A fault is matched after authentication and before permissions; the first one added that matches wins.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// A `Status` with this HTTP code and the reason that belongs to it.
    Status(u16),
    /// 429 with `Retry-After`, in seconds, as API priority and fairness answers.
    TooManyRequests {
        /// Seconds to wait.
        retry_after_secs: u32,
    },
    /// 410 to a list request with a continue token, with a fresh token for an inconsistent rest.
    ExpireContinue,
    /// The connection breaks after this many bytes of the body.
    CutBody {
        /// Bytes that still arrive.
        after_bytes: usize,
    },
    /// The answer takes this much longer.
    Delay(Duration),
    /// 200 with a body that ends in the middle of a JSON value.
    MalformedJson,
    /// 200 with a list whose first item has no metadata; single objects come without theirs.
    MalformedObject,
    /// No answer, ever.
    Hang,
    /// An admission webhook denies the request: 403, before anything changes.
    Denied {
        /// Name of the webhook.
        webhook: String,
        /// What it says.
        why: String,
    },
    /// An admission webhook with side effects: dry runs are refused with 400, real requests pass.
    NoDryRun {
        /// Name of the webhook.
        webhook: String,
    },
}

/// Which requests a fault hits. `None` matches everything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Matcher {
    /// E.g., `list`; requests for other paths than resources have the verb `get`.
    pub verb: Option<String>,
    /// API group; the core group is the empty text.
    pub group: Option<String>,
    /// The plural, e.g., `pods`; or a whole path that is no resource, e.g., `/readyz`.
    pub resource: Option<String>,
    /// The namespace of the path.
    pub namespace: Option<String>,
    /// The page of a list, counted from 1.
    pub page: Option<usize>,
    /// Whether it is a dry run.
    pub dry_run: Option<bool>,
}

impl Matcher {
    /// Every request.
    pub fn any() -> Self {
        Self::default()
    }

    /// Requests with this verb on a resource of any group.
    pub fn on(verb: &str, resource: &str) -> Self {
        Self {
            verb: Some(verb.to_owned()),
            resource: Some(resource.to_owned()),
            ..Self::default()
        }
    }

    /// The same, for requests that really change something.
    #[must_use]
    pub fn really(self) -> Self {
        Self {
            dry_run: Some(false),
            ..self
        }
    }

    /// The same, for one page of a list, counted from 1.
    #[must_use]
    pub fn page(self, page: usize) -> Self {
        Self {
            page: Some(page),
            ..self
        }
    }

    fn matches(&self, asked: &Asked<'_>) -> bool {
        let fits = |wanted: &Option<String>, found: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| found == Some(wanted))
        };
        fits(&self.verb, Some(asked.verb))
            && fits(&self.group, asked.group)
            && fits(&self.resource, Some(asked.resource))
            && fits(&self.namespace, asked.namespace)
            && self.page.is_none_or(|page| asked.page == Some(page))
            && self.dry_run.is_none_or(|dry| asked.dry_run == dry)
    }
}

/// What a matcher looks at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) verb: &'a str,
    pub(crate) group: Option<&'a str>,
    pub(crate) resource: &'a str,
    pub(crate) namespace: Option<&'a str>,
    /// Only of lists.
    pub(crate) page: Option<usize>,
    /// Whether there is a continue token, without which nothing can expire.
    pub(crate) continues: bool,
    /// Whether the request asks for nothing to be changed.
    pub(crate) dry_run: bool,
}

/// Names a fault that was added, to take it away again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FaultId(u64);

/// How often a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// Until it is removed.
    Forever,
    /// This often.
    Only(u32),
}

#[derive(Debug)]
struct Fault {
    id: FaultId,
    matcher: Matcher,
    effect: Effect,
    times: Times,
}

/// The faults of a running simulator; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<Armed>>);

#[derive(Debug, Default)]
struct Armed {
    faults: Vec<Fault>,
    next: u64,
}

impl Faults {
    /// Lets requests that match go wrong from now on.
    pub fn add(&self, matcher: Matcher, effect: Effect, times: Times) -> FaultId {
        self.with(|armed| {
            let id = FaultId(armed.next);
            armed.next += 1;
            armed.faults.push(Fault {
                id,
                matcher,
                effect,
                times,
            });
            id
        })
    }

    /// Takes one fault away; one that is gone already does not matter.
    pub fn remove(&self, id: FaultId) {
        self.with(|armed| armed.faults.retain(|fault| fault.id != id));
    }

    /// Takes all faults away.
    pub fn clear(&self) {
        self.with(|armed| armed.faults.clear());
    }

    /// How many faults are left that can still strike.
    pub fn left(&self) -> usize {
        self.with(|armed| armed.faults.len())
    }

    /// Whether the page of a list matters to any fault.
    pub(crate) fn count_pages(&self) -> bool {
        self.with(|armed| {
            armed
                .faults
                .iter()
                .any(|fault| fault.matcher.page.is_some())
        })
    }

    /// The effect on this request, used up by one.
    pub(crate) fn strike(&self, asked: &Asked<'_>) -> Option<Effect> {
        self.with(|armed| {
            let hits = |fault: &Fault| {
                let possible = match fault.effect {
                    Effect::ExpireContinue => asked.continues,
                    Effect::NoDryRun { .. } => asked.dry_run,
                    _ => true,
                };
                possible && fault.matcher.matches(asked)
            };
            let at = armed.faults.iter().position(hits)?;
            let effect = armed.faults[at].effect.clone();
            match &mut armed.faults[at].times {
                Times::Forever => {}
                Times::Only(left) if *left > 1 => *left -= 1,
                Times::Only(_) => {
                    armed.faults.remove(at);
                }
            }
            Some(effect)
        })
    }

    fn with<T>(&self, work: impl FnOnce(&mut Armed) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(resource: &str, page: usize) -> Asked<'_> {
        let (group, namespace) = (Some(""), None);
        Asked {
            verb: "list",
            group,
            resource,
            namespace,
            page: Some(page),
            continues: page > 1,
            dry_run: false,
        }
    }

    #[test]
    fn a_fault_strikes_what_it_matches_as_often_as_it_should() {
        let faults = Faults::default();
        faults.add(
            Matcher::on("list", "pods").page(2),
            Effect::Status(500),
            Times::Only(1),
        );
        assert_eq!(faults.strike(&list("pods", 1)), None);
        assert_eq!(faults.strike(&list("secrets", 2)), None);
        assert_eq!(faults.strike(&list("pods", 2)), Some(Effect::Status(500)));
        assert_eq!(faults.strike(&list("pods", 2)), None);
        let for_ever = faults.add(Matcher::any(), Effect::Hang, Times::Forever);
        assert_eq!(faults.strike(&list("pods", 1)), Some(Effect::Hang));
        faults.remove(for_ever);
        assert_eq!(faults.left(), 0);
    }
}
