//! Guards about the mark: who wished it, and when.
use serde_json::Value;

use super::{Guard, Opens, Scope};

pub(crate) const NOT_MARKED: Guard = Guard {
    name: "not-marked",
    about: "Refuses what nobody marked for cleaning.",
    opens: Opens::Never("mark it with `clean`"),
    scope: Scope::Object,
    check: |candidate, _, _| {
        (candidate.mark.is_none()).then(|| "it is not marked for cleaning".to_owned())
    },
};

pub(crate) const CLEANED: Guard = Guard {
    name: "cleaned",
    about: "Refuses what was deleted already; it disappears with the next collection.",
    opens: Opens::Never("nothing is left to do"),
    scope: Scope::Object,
    check: |candidate, _, _| {
        let is_cleaned = candidate.metadata.get("cleaned") == Some(&Value::Bool(true));
        is_cleaned.then(|| "it was deleted already".to_owned())
    },
};

pub(crate) const MARK_TOO_OLD: Guard = Guard {
    name: "mark-too-old",
    about: "Refuses marks nobody has looked at for a long time.",
    opens: Opens::Setting("worker.cleanup_guards.max_mark_age"),
    scope: Scope::Object,
    check: |candidate, settings, now| {
        let mark = candidate.mark.as_ref()?;
        let Some(at) = mark.at else {
            return Some("it is not known when it was marked".to_owned());
        };
        (now.duration_since(at) > settings.max_mark_age)
            .then(|| format!("it was marked at {at}; mark it again if it is still meant"))
    },
};
