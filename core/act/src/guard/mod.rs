//! Guards: each may refuse an object, by a name people can switch it off with. One file per family.
mod account;
mod kind;
mod limit;
mod manager;
mod mark;
mod namespace;
mod protection;
mod run;
mod sight;

use jiff::Timestamp;

use crate::{Candidate, Refusal, Settings};

pub(crate) use limit::{MAX_OBJECTS, MAX_PERCENT};
pub(crate) use manager::LIVE_CONTROLLER;
pub(crate) use mark::NOT_MARKED;
pub use protection::protection;
pub(crate) use run::DELETE_CYCLE;

/// A reason not to delete.
#[derive(Debug, Clone, Copy)]
pub struct Guard {
    /// Its name.
    pub name: &'static str,
    /// What it refuses, in a sentence.
    pub about: &'static str,
    /// What lets objects pass.
    pub opens: Opens,
    /// What it looks at.
    pub scope: Scope,
    pub(crate) check: Check,
}

/// What lets an object pass a guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opens {
    /// A setting of its own.
    Setting(&'static str),
    /// Its name in `worker.cleanup_guards.allow`, or `--allow NAME` for one plan.
    Allow,
    /// A setting of its own for all kinds, or `NAME/KIND` in `worker.cleanup_guards.allow` for one.
    SettingOrKind(&'static str),
    /// Nothing but a change of the facts, which this says.
    Never(&'static str),
}

/// What a guard looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// One object at a time.
    Object,
    /// All objects of a plan together.
    Plan,
    /// The run: a plan can be made, but not carried out.
    Run,
}

/// Looks at one object: why it refuses, if it does.
pub(crate) type Check = fn(&Candidate, &Settings, Timestamp) -> Option<String>;

/// For guards that need more than one object to judge.
pub(crate) const ELSEWHERE: Check = |_, _, _| None;

/// Every guard, by name. A guard that is not listed does not exist.
pub static GUARDS: &[Guard] = &[
    kind::BOUND_CLAIM,
    mark::CLEANED,
    run::CLEANUP_OFF,
    kind::CLUSTER_SCOPED_KIND,
    run::DELETE_CYCLE,
    run::DRY_RUN,
    sight::GAP,
    manager::LIVE_CONTROLLER,
    manager::MANAGED_BY,
    mark::MARK_TOO_OLD,
    limit::MAX_OBJECTS,
    limit::MAX_PERCENT,
    namespace::NAMESPACE_KIND,
    kind::NO_OBJECT,
    mark::NOT_MARKED,
    kind::PHANTOM,
    protection::PROTECTED,
    protection::PROTECTED_DEPENDANT,
    namespace::PROTECTED_NAMESPACE,
    sight::STALE,
    account::SWAPPED,
    account::UNCONFIGURED,
    account::WEAK_IDENTITY,
];

impl Opens {
    /// Whether the name of the guard alone opens it.
    pub(crate) fn by_name(self) -> bool {
        self == Self::Allow
    }

    /// Whether the name of the guard opens it for one kind.
    pub(crate) fn by_kind(self) -> bool {
        matches!(self, Self::Allow | Self::SettingOrKind(_))
    }
}

impl Guard {
    /// The setting that lets objects pass, or what has to change instead.
    pub fn setting(&self) -> String {
        match self.opens {
            Opens::Setting(setting) => setting.to_owned(),
            Opens::Allow => format!("worker.cleanup_guards.allow: [{}]", self.name),
            Opens::SettingOrKind(setting) => format!(
                "{setting}, or worker.cleanup_guards.allow: [{}/KIND]",
                self.name
            ),
            Opens::Never(instead) => format!("none: {instead}"),
        }
    }

    pub(crate) fn refusal(&self, why: String) -> Refusal {
        Refusal {
            guard: self.name.to_owned(),
            setting: self.setting(),
            why,
        }
    }
}

impl Settings {
    /// Whether a guard is switched off for a kind. Guards that can not be switched off never are.
    pub fn allows(&self, guard: &Guard, kind: &str) -> bool {
        (self.allow.iter().chain(&self.also_allow)).any(|allowed| match allowed.split_once('/') {
            Some((name, of)) => name == guard.name && of == kind && guard.opens.by_kind(),
            None => allowed == guard.name && guard.opens.by_name(),
        })
    }

    /// Entries of `allow` and `also_allow` that name no guard which can be switched off this way.
    pub fn unknown_allowed(&self) -> Vec<&str> {
        let is_known = |allowed: &&String| {
            let (name, of) = match allowed.split_once('/') {
                Some((name, of)) => (name, Some(of)),
                None => (allowed.as_str(), None),
            };
            (GUARDS.iter()).any(|guard| {
                guard.name == name
                    && match of {
                        Some(_) => guard.opens.by_kind(),
                        None => guard.opens.by_name(),
                    }
            })
        };
        let all = self.allow.iter().chain(&self.also_allow);
        let unknown = all.filter(|allowed| !is_known(allowed));
        unknown.map(String::as_str).collect()
    }
}

/// Every refusal of the guards that look at one object, by the name of the guard.
pub(crate) fn refusals(candidate: &Candidate, settings: &Settings, now: Timestamp) -> Vec<Refusal> {
    (GUARDS.iter())
        .filter(|guard| !settings.allows(guard, &candidate.kind))
        .filter_map(|guard| Some(guard.refusal((guard.check)(candidate, settings, now)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guards_are_sorted_unique_and_say_what_they_do() {
        assert!(GUARDS.is_sorted_by(|a, b| a.name < b.name));
        for guard in GUARDS {
            let is_plain = |c: char| c.is_ascii_lowercase() || c == '-';
            assert!(guard.name.chars().all(is_plain), "{}", guard.name);
            assert!(guard.about.ends_with('.'), "{}", guard.name);
            assert!(!guard.setting().is_empty(), "{}", guard.name);
        }
    }
}
