//! Guards about protection that people asked for.
use jiff::Timestamp;
use serde_json::Value;
use stocktake_model::parse_time;

use super::{Guard, Opens, Scope};
use crate::{Candidate, Holding};

pub(crate) const PROTECTED: Guard = Guard {
    name: "protected",
    about: "Refuses what is protected, by `protect` or by annotation.",
    opens: Opens::Never("`unprotect` it, or remove the annotation"),
    scope: Scope::Object,
    check: |candidate, _, now| protection(candidate, now),
};

pub(crate) const PROTECTED_DEPENDANT: Guard = Guard {
    name: "protected-dependant",
    about: "Refuses what would take something protected with it.",
    opens: Opens::Never("`unprotect` what would go with it"),
    scope: Scope::Object,
    check: |candidate, _, _| {
        let mut dependants = candidate.dependants.iter();
        let found = dependants.find(|one| one.holding == Holding::Protected)?;
        Some(format!(
            "the protected {} `{}` would go with it",
            found.kind, found.name
        ))
    },
};

/// Why an object is protected. What can not be read protects.
fn protection(candidate: &Candidate, now: Timestamp) -> Option<String> {
    let is_set = |value: &Value| !matches!(value, Value::Null | Value::Bool(false));
    if candidate.metadata.get("protected").is_some_and(is_set) {
        return Some("it is protected".to_owned());
    }
    let tag = "stocktake/protect";
    let is_off = |value: &Value| value.as_str().is_some_and(|text| text.trim() == "false");
    if candidate.tag(tag).is_some_and(|value| !is_off(value)) {
        return Some(format!("it has the annotation `{tag}`"));
    }
    let tag = "stocktake/protect-until";
    let text = candidate.tag(tag)?.as_str().unwrap_or_default();
    match parse_time(text) {
        Ok(until) if until <= now => None,
        Ok(until) => Some(format!("it is protected until {until}")),
        Err(_) => Some(format!("its annotation `{tag}: {text}` can not be read")),
    }
}
