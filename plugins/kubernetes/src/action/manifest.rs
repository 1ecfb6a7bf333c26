//! An object so that it can be created again: without status and identity, and without what the inventory does not keep
//! either. It is stricter than the conversion where in doubt; what it takes away is named.
use std::fmt::Write as _;
use std::mem::take;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use stocktake_config::ConfigMapData;
use stocktake_plugin_api::{Manifest, Outcome, Redacted};

use super::{Subject, tag};
use crate::connect::Ask;
use crate::redact::{DROPPED_ANNOTATIONS, Redactor};
use crate::secrets;

/// Metadata that a new object has to be given; everything else is the server's.
const METADATA: [&str; 5] = ["annotations", "finalizers", "labels", "name", "namespace"];
/// Finalizers that belong to a deletion.
const OF_DELETION: [&str; 2] = ["foregroundDeletion", "orphan"];
/// Labels a job gets from the server together with its selector.
const OF_JOB: [&str; 4] = [
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/job-name",
    "controller-uid",
    "job-name",
];

/// Reads the live object; refuses if it is another one by now.
pub(crate) async fn manifest(
    subject: &Subject<'_>,
    redactor: &Redactor,
    data: ConfigMapData,
) -> Outcome {
    if secrets::are(&subject.resource) {
        return secret(subject).await;
    }
    let ask = Ask::get(subject.path());
    let live: Result<Value, _> = subject
        .patience
        .persist(|| async { subject.link.ask(&ask).await?.json() })
        .await;
    match live {
        Ok(live) if live["metadata"]["uid"] == subject.object.uid => {
            Outcome::Kept(Box::new(kept(live, redactor, data)))
        }
        Ok(_) => another(),
        Err(error) => subject.outcome("get", &error),
    }
}

fn another() -> Outcome {
    Outcome::Changed {
        message: "another object has this name now".to_owned(),
    }
}

/// A Secret: its type and the names of its keys; values are never asked for.
async fn secret(subject: &Subject<'_>) -> Outcome {
    let mut row = match tag::row(subject).await {
        Ok(Some(row)) => row,
        Ok(None) => return Outcome::Vanished,
        Err(error) => return subject.outcome("list", &error),
    };
    if row["metadata"]["uid"] != subject.object.uid {
        return another();
    }
    let Some(keys) = row["data_keys"].as_array() else {
        return Outcome::Refused {
            message: "the names of its keys are not known".to_owned(),
        };
    };
    let redacted = keys.iter().filter_map(Value::as_str).map(|key| Redacted {
        field: format!("data.{key}"),
        pointer: format!("/stringData/{}", escaped(key)),
    });
    let redacted = redacted.collect();
    let mut body =
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": row["metadata"].take()});
    if row["type"].is_string() {
        body["type"] = row["type"].take();
    }
    reduce_metadata(&mut body);
    Outcome::Kept(Box::new(Manifest { body, redacted }))
}

/// What of an object is kept.
fn kept(mut body: Value, redactor: &Redactor, data: ConfigMapData) -> Manifest {
    reduce_metadata(&mut body);
    let kind = body["kind"].as_str().unwrap_or_default().to_owned();
    if let Value::Object(fields) = &mut body {
        fields.remove("status");
    }
    let mut hide = Hide {
        redactor,
        redacted: Vec::new(),
    };
    match kind.as_str() {
        "ConfigMap" => hide.config_map(&mut body, data),
        "Job" => without_made_selector(&mut body),
        "PersistentVolumeClaim" => without_binding(&mut body),
        "Pod" => {
            if let Some(spec) = spec(&mut body) {
                spec.remove("nodeName");
            }
        }
        _ => {}
    }
    let mut at = Vec::new();
    hide.value(&mut at, &mut body);
    Manifest {
        body,
        redacted: hide.redacted,
    }
}

/// Leaves of the metadata what a new object is given. Owners may be gone, so none is kept: the garbage collector would
/// delete the object again.
fn reduce_metadata(body: &mut Value) {
    let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) else {
        return;
    };
    metadata.retain(|key, _| METADATA.contains(&key.as_str()));
    if let Some(annotations) = metadata
        .get_mut("annotations")
        .and_then(Value::as_object_mut)
    {
        annotations.retain(|key, _| !DROPPED_ANNOTATIONS.contains(&key.as_str()));
    }
    if let Some(finalizers) = metadata.get_mut("finalizers").and_then(Value::as_array_mut) {
        finalizers.retain(|one| !OF_DELETION.iter().any(|name| one == name));
    }
}

fn spec(body: &mut Value) -> Option<&mut Map<String, Value>> {
    body.get_mut("spec")?.as_object_mut()
}

/// A new job is given a selector by the server, for its own uid.
fn without_made_selector(body: &mut Value) {
    let Some(spec) = spec(body) else {
        return;
    };
    if spec.get("manualSelector") == Some(&Value::Bool(true)) {
        return;
    }
    spec.remove("selector");
    let labels = spec
        .get_mut("template")
        .and_then(|template| template.pointer_mut("/metadata/labels"))
        .and_then(Value::as_object_mut);
    if let Some(labels) = labels {
        labels.retain(|key, _| !OF_JOB.contains(&key.as_str()));
    }
    if let Some(labels) = body
        .pointer_mut("/metadata/labels")
        .and_then(Value::as_object_mut)
    {
        labels.retain(|key, _| !OF_JOB.contains(&key.as_str()));
    }
}

/// A new claim gets a volume of its own: the old one is bound to the claim that is gone.
fn without_binding(body: &mut Value) {
    if let Some(spec) = spec(body) {
        spec.remove("volumeName");
    }
    let annotations = body.pointer_mut("/metadata/annotations");
    if let Some(annotations) = annotations.and_then(Value::as_object_mut) {
        annotations.retain(|key, _| !key.starts_with("pv.kubernetes.io/"));
    }
}

/// A step of a path into the object.
#[derive(Clone)]
enum Step {
    Key(String),
    At(usize),
}

/// Takes values away and notes where.
struct Hide<'r> {
    redactor: &'r Redactor,
    redacted: Vec<Redacted>,
}

impl Hide<'_> {
    /// Of a config map nothing is kept that the inventory would not keep: values of a release of Helm, binary values,
    /// and what the configuration says.
    fn config_map(&mut self, body: &mut Value, data: ConfigMapData) {
        let label = |name: &str| body.pointer("/metadata/labels")?.get(name)?.as_str();
        let is_release = label("owner") == Some("helm") || label("OWNER") == Some("TILLER");
        let all = is_release || data != ConfigMapData::Full;
        for (part, whole) in [("data", all), ("binaryData", true)] {
            let values = body.get_mut(part).and_then(Value::as_object_mut);
            let Some(values) = values.filter(|_| whole) else {
                continue;
            };
            for (key, value) in values {
                let at = [Step::Key(part.to_owned()), Step::Key(key.clone())];
                self.take(&at, value);
            }
        }
    }

    fn take(&mut self, at: &[Step], value: &mut Value) {
        *value = Value::Null;
        let mut field = String::new();
        let mut pointer = String::new();
        for step in at {
            match step {
                Step::Key(key) => {
                    if !field.is_empty() {
                        field.push('.');
                    }
                    field.push_str(key);
                    pointer.push('/');
                    pointer.push_str(&escaped(key));
                }
                Step::At(number) => {
                    write!(field, "[{number}]").expect("a string takes any text");
                    write!(pointer, "/{number}").expect("a string takes any text");
                }
            }
        }
        self.redacted.push(Redacted { field, pointer });
    }

    fn value(&mut self, at: &mut Vec<Step>, value: &mut Value) {
        match value {
            Value::Object(map) => self.map(at, map),
            Value::Array(items) => self.list(at, items),
            Value::String(text) if holds_private_key(text) => self.take(at, value),
            _ => {}
        }
    }

    fn map(&mut self, at: &mut Vec<Step>, map: &mut Map<String, Value>) {
        let place = last_key(at);
        let is_marks = matches!(place, "labels" | "annotations" | "matchLabels");
        let is_env = place == "env" && matches!(at.last(), Some(Step::Key(_)));
        let pair = map.get("name").or_else(|| map.get("key"));
        let pair = pair.and_then(Value::as_str);
        let hides_value = pair.is_some_and(|name| self.redactor.is_suspicious_pair(name));
        for (key, value) in map {
            at.push(Step::Key(key.clone()));
            let hide = is_env
                || (key == "value" && hides_value)
                || (!is_marks && self.redactor.is_suspicious_name(key));
            if hide {
                self.texts(at, value);
            } else {
                self.value(at, value);
            }
            at.pop();
        }
    }

    /// A place whose texts are secret, be it one or a list.
    fn texts(&mut self, at: &mut Vec<Step>, value: &mut Value) {
        match value {
            Value::String(text) if text.is_empty() => {}
            Value::String(_) => self.take(at, value),
            Value::Array(items) => {
                for (number, item) in items.iter_mut().enumerate() {
                    at.push(Step::At(number));
                    if item.is_string() {
                        self.take(at, item);
                    } else {
                        self.value(at, item);
                    }
                    at.pop();
                }
            }
            other => self.value(at, other),
        }
    }

    fn list(&mut self, at: &mut Vec<Step>, items: &mut [Value]) {
        let place = last_key(at).to_owned();
        let is_env = matches!(place.as_str(), "env" | "extraEnv");
        let is_arguments =
            matches!(place.as_str(), "args" | "command" | "arguments") || place.ends_with("Args");
        let mut hide_next = false;
        for (number, item) in items.iter_mut().enumerate() {
            at.push(Step::At(number));
            let hides = take(&mut hide_next);
            match item {
                Value::String(text) if is_arguments => {
                    hide_next = self.redactor.announces_secret(text);
                    let secret = hides && !text.starts_with('-');
                    if secret || self.redactor.argument(text).is_some() || holds_private_key(text) {
                        self.take(at, item);
                    }
                }
                Value::Object(variable) if is_env && variable.contains_key("value") => {
                    at.push(Step::Key("value".to_owned()));
                    self.take(at, &mut variable["value"]);
                    at.pop();
                }
                other => self.value(at, other),
            }
            at.pop();
        }
    }
}

fn last_key(at: &[Step]) -> &str {
    let mut keys = at.iter().rev().filter_map(|step| match step {
        Step::Key(key) => Some(key.as_str()),
        Step::At(_) => None,
    });
    keys.next().unwrap_or_default()
}

fn holds_private_key(text: &str) -> bool {
    let says = |text: &str| text.contains("PRIVATE KEY-----");
    says(text)
        || (text.starts_with("LS0tLS1CRUdJTi")
            && STANDARD
                .decode(text.trim())
                .is_ok_and(|bytes| says(&String::from_utf8_lossy(&bytes))))
}

/// A key as it stands in a JSON pointer.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests;
