//! Label and field selectors of a list request: text in, a test on objects out.
//!
//! Set-based and equality-based label selectors are complete but for `<` and `>`, which no API takes in lists.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::catalog::Resource;
use crate::object::Object;
use crate::status::Status;

/// One requirement on one label.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Requirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Missing(String),
}

/// Both selectors of a request; all requirements must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Selector {
    labels: Vec<Requirement>,
    /// JSON pointer, value, and whether it must be equal or must not.
    fields: Vec<(String, String, bool)>,
}

/// Field selectors a resource takes beside `metadata.name` and `metadata.namespace`.
const FIELDS: &[(&str, &[&str])] = &[
    (
        "pods",
        &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        ],
    ),
    (
        "events",
        &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
    ),
    ("secrets", &["type"]),
    ("namespaces", &["status.phase"]),
    ("nodes", &["spec.unschedulable"]),
];

impl Selector {
    /// Reads both parameters; what cannot be read is refused as a real server refuses it.
    pub(crate) fn parse(
        labels: Option<&str>,
        fields: Option<&str>,
        resource: &Resource,
    ) -> Result<Self, Status> {
        let labels = requirements(labels.unwrap_or_default())?;
        let fields = field_terms(fields.unwrap_or_default(), resource)?;
        Ok(Self { labels, fields })
    }

    /// Nothing is asked: every object matches.
    pub(crate) fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    pub(crate) fn matches(&self, object: &Object) -> bool {
        if !self.labels.is_empty() {
            let labels = object.labels();
            if !self
                .labels
                .iter()
                .all(|requirement| requirement.holds(&labels))
            {
                return false;
            }
        }
        if self.fields.is_empty() {
            return true;
        }
        let body = object.to_value();
        self.fields.iter().all(|(pointer, wanted, equal)| {
            let found = match body.pointer(pointer) {
                Some(Value::String(text)) => text.clone(),
                Some(Value::Null) | None => String::new(),
                Some(other) => other.to_string(),
            };
            (found == *wanted) == *equal
        })
    }
}

impl Requirement {
    fn holds(&self, labels: &BTreeMap<String, String>) -> bool {
        match self {
            Self::In(key, values) => labels.get(key).is_some_and(|value| values.contains(value)),
            Self::NotIn(key, values) => labels.get(key).is_none_or(|value| !values.contains(value)),
            Self::Exists(key) => labels.contains_key(key),
            Self::Missing(key) => !labels.contains_key(key),
        }
    }
}

fn requirements(text: &str) -> Result<Vec<Requirement>, Status> {
    let mut found = Vec::new();
    for part in split_outside_brackets(text) {
        let part = part.trim();
        if !part.is_empty() {
            found.push(requirement(part).ok_or_else(|| {
                Status::bad_request(format!("unable to parse requirement: found '{part}'"))
            })?);
        }
    }
    Ok(found)
}

/// Splits at commas that are not between brackets.
fn split_outside_brackets(text: &str) -> Vec<&str> {
    let mut depth = 0;
    text.split(|c| {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        c == ',' && depth == 0
    })
    .collect()
}

/// `key`, `!key`, `key = value`, `key != value`, `key in (a, b)` or `key notin (a, b)`.
fn requirement(part: &str) -> Option<Requirement> {
    if let Some(list) = part.strip_suffix(')') {
        let (head, list) = list.split_once('(')?;
        let values = list
            .split(',')
            .map(|value| value.trim().to_owned())
            .collect();
        let (key, operator) = head.trim().split_once(char::is_whitespace)?;
        return match operator.trim() {
            "in" => Some(Requirement::In(name(key)?, values)),
            "notin" => Some(Requirement::NotIn(name(key)?, values)),
            _ => None,
        };
    }
    if let Some((key, value)) = part.split_once("!=") {
        return Some(Requirement::NotIn(
            name(key)?,
            vec![value.trim().to_owned()],
        ));
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return Some(Requirement::In(name(key)?, vec![value.trim().to_owned()]));
    }
    match part.strip_prefix('!') {
        Some(key) => Some(Requirement::Missing(name(key)?)),
        None => Some(Requirement::Exists(name(part)?)),
    }
}

fn name(key: &str) -> Option<String> {
    let key = key.trim();
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    (!key.is_empty() && key.chars().all(fits)).then(|| key.to_owned())
}

fn field_terms(text: &str, resource: &Resource) -> Result<Vec<(String, String, bool)>, Status> {
    let own = FIELDS
        .iter()
        .find(|(plural, _)| *plural == resource.storage().1 && !resource.custom);
    let own = own.map_or::<&[&str], _>(&[], |(_, fields)| fields);
    let mut terms = Vec::new();
    for term in text.split(',').filter(|term| !term.trim().is_empty()) {
        let (field, value, equal) = if let Some((field, value)) = term.split_once("!=") {
            (field, value, false)
        } else if let Some((field, value)) = term.split_once("==").or_else(|| term.split_once('='))
        {
            (field, value, true)
        } else {
            return Err(Status::bad_request(format!(
                "invalid selector: '{term}'; can't understand '{term}'"
            )));
        };
        let field = field.trim();
        if !own.contains(&field) && !matches!(field, "metadata.name" | "metadata.namespace") {
            return Err(Status::bad_request(format!(
                "field label not supported: {field}"
            )));
        }
        terms.push((
            format!("/{}", field.replace('.', "/")),
            value.trim().to_owned(),
            equal,
        ));
    }
    Ok(terms)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(selector: &str, labels: &[(&str, &str)]) -> bool {
        let labels = labels
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        requirements(selector)
            .unwrap()
            .iter()
            .all(|requirement| requirement.holds(&labels))
    }

    #[test]
    fn label_selectors_mean_what_kubernetes_says() {
        let web = [("app", "web"), ("tier", "front")];
        for (selector, expected) in [
            ("", true),
            ("app=web", true),
            ("app == web,tier!=back", true),
            ("app in (db, web),tier", true),
            ("app notin (web)", false),
            ("!app", false),
            ("!gone", true),
            ("gone!=x", true),
            ("gone notin (x)", true),
        ] {
            assert_eq!(matches(selector, &web), expected, "{selector}");
        }
        assert!(requirements("app in web").is_err());
    }
}
