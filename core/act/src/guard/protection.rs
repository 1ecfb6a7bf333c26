//! Guards about protection that people asked for.
use jiff::Timestamp;
use serde_json::Value;
use stocktake_model::{Map, parse_time};

use super::{Guard, Opens, Scope};
use crate::Holding;

pub(crate) const PROTECTED: Guard = Guard {
    name: "protected",
    about: "Refuses what is protected, by `protect` or by annotation.",
    opens: Opens::Never("`unprotect` it, or remove the annotation"),
    scope: Scope::Object,
    check: |candidate, _, now| protection(&candidate.metadata, &candidate.reported, now),
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

/// Why an object with these sections is protected, if it is. What can not be read protects.
pub fn protection(metadata: &Map, reported: &Map, now: Timestamp) -> Option<String> {
    let is_set = |value: &Value| !matches!(value, Value::Null | Value::Bool(false));
    if metadata.get("protected").is_some_and(is_set) {
        return Some("it is protected".to_owned());
    }
    let tag_of = |key: &str| reported.get("tags")?.get(key);
    let tag = "stocktake/protect";
    let is_off = |value: &Value| value.as_str().is_some_and(|text| text.trim() == "false");
    if tag_of(tag).is_some_and(|value| !is_off(value)) {
        return Some(format!("it has the annotation `{tag}`"));
    }
    let tag = "stocktake/protect-until";
    let text = tag_of(tag)?.as_str().unwrap_or_default();
    match parse_time(text) {
        Ok(until) if until <= now => None,
        Ok(until) => Some(format!("it is protected until {until}")),
        Err(_) => Some(format!("its annotation `{tag}: {text}` can not be read")),
    }
}
