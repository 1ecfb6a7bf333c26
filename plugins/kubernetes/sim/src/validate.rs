//! The rules an object has to keep, with the words a real server uses when it does not.
//!
//! Only metadata is checked: names, label and annotation keys, sizes. The schema of a kind is not.

use serde_json::{Map, Value};

use crate::catalog::Resource;
use crate::status::{Cause, Status};

/// All annotations of an object together, keys and values, in bytes.
const ANNOTATIONS_LIMIT: usize = 256 * 1024;

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric \
    characters, '-' or '.', and must start and end with an alphanumeric character (e.g. \
    'example.com', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters \
    or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', \
    regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const QUALIFIED_NAME: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', \
    and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or \
    '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric \
    characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. \
    'MyValue',  or 'my_value',  or '12345', regex used for validation is \
    '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// Refuses a new object whose name or metadata breaks a rule.
pub(crate) fn created(resource: &Resource, object: &Value) -> Result<(), Status> {
    typed_metadata(resource, object)?;
    let mut causes = Vec::new();
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    if name.is_empty() {
        let message = "Required value: name or generateName is required".to_owned();
        causes.push(Cause {
            reason: "FieldValueRequired",
            message,
            field: "metadata.name",
            repeated: 1,
        });
    } else if let Some(why) = broken_name(resource, name) {
        causes.push(Cause::invalid_value("metadata.name", name, why));
    }
    causes.extend(broken_metadata(object, 1));
    refuse(resource, name, &causes)
}

/// Refuses a changed object. A change of the uid is what guards a patch against a recreated object.
pub(crate) fn updated(resource: &Resource, old: &Value, new: &Value) -> Result<(), Status> {
    typed_metadata(resource, new)?;
    let mut causes = Vec::new();
    let uid = |object: &Value| {
        object["metadata"]["uid"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    if uid(old) != uid(new) {
        let cause = Cause::invalid_value("metadata.uid", &uid(new), "field is immutable");
        causes.push(cause.repeated(2));
    }
    // A real server runs these checks four times over an update, and tells each time.
    causes.extend(broken_metadata(new, 4));
    refuse(
        resource,
        old["metadata"]["name"].as_str().unwrap_or_default(),
        &causes,
    )
}

/// Labels and annotations are maps of text, finalizers a list of text.
fn typed_metadata(resource: &Resource, object: &Value) -> Result<(), Status> {
    let text = |value: &Value| value.is_string();
    for field in ["labels", "annotations", "finalizers"] {
        let fits = match &object["metadata"][field] {
            Value::Null => true,
            Value::Object(map) => field != "finalizers" && map.values().all(text),
            Value::Array(list) => field == "finalizers" && list.iter().all(text),
            _ => false,
        };
        if !fits {
            let (kind, version) = (&resource.kind, &resource.version);
            return Err(Status::bad_request(format!(
                "{kind} in version \"{version}\" cannot be handled as a {kind}: json: cannot \
                 unmarshal the value of ObjectMeta.metadata.{field}"
            )));
        }
    }
    Ok(())
}

fn refuse(resource: &Resource, name: &str, causes: &[Cause]) -> Result<(), Status> {
    if causes.is_empty() {
        return Ok(());
    }
    Err(Status::invalid(
        &resource.group,
        &resource.kind,
        name,
        causes,
    ))
}

fn broken_name(resource: &Resource, name: &str) -> Option<&'static str> {
    match (resource.group.as_str(), resource.plural.as_str()) {
        // Names such as `system:node-proxier` are path segments, not DNS names.
        ("rbac.authorization.k8s.io", _) => name
            .contains(['/', '%'])
            .then_some("may not contain '/' or '%'"),
        ("", "namespaces" | "services") => (!is_label(name)).then_some(LABEL),
        _ => (name.len() > 253 || !name.split('.').all(is_label)).then_some(SUBDOMAIN),
    }
}

fn is_label(part: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !part.is_empty() && part.chars().all(fits) && !part.starts_with('-') && !part.ends_with('-')
}

fn broken_metadata(object: &Value, repeated: usize) -> Vec<Cause> {
    let mut causes = Vec::new();
    let none = Map::new();
    let map = |field: &str| object["metadata"][field].as_object().unwrap_or(&none);
    for (field, pointer) in [
        ("metadata.labels", "labels"),
        ("metadata.annotations", "annotations"),
    ] {
        let keys = map(pointer).keys().filter(|key| !is_qualified_name(key));
        causes.extend(
            keys.map(|key| Cause::invalid_value(field, key, QUALIFIED_NAME).repeated(repeated)),
        );
    }
    for value in map("labels").values().filter_map(Value::as_str) {
        if !value.is_empty() && !is_name_part(value) {
            causes.push(Cause::invalid_value("metadata.labels", value, LABEL_VALUE));
        }
    }
    let size: usize = map("annotations")
        .iter()
        .map(|(key, value)| key.len() + value.as_str().map_or(0, str::len))
        .sum();
    if size > ANNOTATIONS_LIMIT {
        causes.push(Cause {
            reason: "FieldValueTooLong",
            message: format!("Too long: may not be more than {ANNOTATIONS_LIMIT} bytes"),
            field: "metadata.annotations",
            repeated,
        });
    }
    causes
}

/// `prefix/name`, or only `name`.
fn is_qualified_name(key: &str) -> bool {
    match key.split_once('/') {
        Some((prefix, name)) => {
            prefix.to_ascii_lowercase().split('.').all(is_label) && is_name_part(name)
        }
        None => is_name_part(key),
    }
}

fn is_name_part(name: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    name.len() <= 63
        && edge(name.chars().next())
        && edge(name.chars().last())
        && name.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_keys_are_judged_as_in_kubernetes() {
        for (key, good) in [
            ("owner", true),
            ("stocktake.dev/owner", true),
            ("a.b_c-D", true),
            ("bad key!", false),
            ("fix:owner", false),
            ("/owner", false),
            ("-owner", false),
        ] {
            assert_eq!(is_qualified_name(key), good, "{key}");
        }
        assert!(is_label("web-0"));
        assert!(!is_label("Web"));
    }
}
