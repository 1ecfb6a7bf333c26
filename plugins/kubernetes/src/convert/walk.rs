//! The one walk over an object: field names to `snake_case`, nulls dropped, timestamps in one form,
//! secrets taken away. By move: what does not change is not copied.
//!
//! It knows places, not kinds; what a kind adds is in `kinds`.
use std::borrow::Cow;

use serde_json::Value;
use stocktake_model::{Map, normalise, parse_time};

use crate::Places;
use crate::convert::certificate;
use crate::names::snake;
use crate::raw::{Raw, RawMap};
use crate::redact::{DROPPED_ANNOTATIONS, REDACTED, Redactor};

/// How deep a document may be; what is deeper is cut.
const MAX_DEPTH: usize = 24;
/// How many bytes of text and names one object may have; the rest is cut.
const MAX_BYTES: usize = 2 << 20;

/// What of an object's kind changes how its places are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Form<'a> {
    /// API group.
    pub(crate) group: &'a str,
    /// Kind without group, in `snake_case`.
    pub(crate) short: &'a str,
    /// Whether it is not one of the kinds of Kubernetes itself. Where its schema does not say where maps are, the
    /// names of places do.
    pub(crate) custom: bool,
}

/// One walk over one object.
pub(crate) struct Walk<'a> {
    redactor: &'a Redactor,
    form: Form<'a>,
    depth: usize,
    budget: usize,
    /// What the schema says of the place the walk is at.
    places: &'a Places,
    /// Whether something was cut off.
    pub(crate) truncated: bool,
    /// Properties that could not be read.
    pub(crate) unreadable: Vec<String>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(redactor: &'a Redactor, form: Form<'a>, places: &'a Places) -> Self {
        Self {
            places,
            redactor,
            form,
            depth: 0,
            budget: MAX_BYTES,
            truncated: false,
            unreadable: Vec::new(),
        }
    }

    /// The value under `key` (its name in the API) with all that is below it; `None` if nothing is left.
    pub(crate) fn value(&mut self, key: &str, value: Raw<'_>) -> Option<Value> {
        match value {
            Raw::Null => None,
            Raw::Text(text) => self.text(key, text),
            Raw::List(items) => self.list(key, items).map(Value::Array),
            Raw::Map(map) if self.keeps_keys(key, &map) => self.data(key, map).map(Value::Object),
            Raw::Map(map) => self.fields(key, map).map(Value::Object),
            Raw::Bool(value) => Some(Value::Bool(value)),
            Raw::Number(number) => Some(Value::Number(number)),
        }
    }

    /// From here on the places are those of this schema.
    pub(crate) fn go_by(&mut self, places: &'a Places) {
        self.places = places;
    }

    /// The value of a top-level field.
    pub(crate) fn field(&mut self, key: &str, value: Raw<'_>) -> Option<Value> {
        let name = snake(key);
        let places = self.places;
        self.at(places.below(key), |walk| {
            walk.named(name.as_deref().unwrap_or(key), key, value)
        })
    }

    /// Goes on as if at another place, and comes back.
    fn at<T>(&mut self, places: &'a Places, go: impl FnOnce(&mut Self) -> T) -> T {
        let here = std::mem::replace(&mut self.places, places);
        let gone = go(self);
        self.places = here;
        gone
    }

    /// What of the kind the walk goes by.
    pub(crate) fn form(&self) -> Form<'a> {
        self.form
    }

    fn named(&mut self, name: &str, key: &str, value: Raw<'_>) -> Option<Value> {
        if self.redactor.is_suspicious(name) {
            self.hidden(key, value)
        } else {
            self.value(key, value)
        }
    }

    /// The fields of an object whose keys are names.
    fn fields(&mut self, parent: &str, mut map: RawMap<'_>) -> Option<Map> {
        if !self.enter() {
            return None;
        }
        self.hide_pair(&mut map);
        let in_template = parent.ends_with("emplate") || parent.ends_with("emplates");
        let mut out = Vec::with_capacity(map.len());
        for (key, mut value) in map {
            if !self.spend(key.len()) {
                break;
            }
            if in_template && key == "metadata" {
                reduce_metadata(&mut value);
            }
            let name = if key == "kind" {
                Some("resource_kind".to_owned())
            } else {
                snake(&key)
            };
            let below = self.places.below(&key);
            let value = self.at(below, |walk| {
                walk.named(name.as_deref().unwrap_or(&key), &key, value)
            });
            if let Some(value) = value {
                out.push((name.unwrap_or_else(|| key.into_owned()), value));
            }
        }
        self.depth -= 1;
        Some(out.into_iter().collect())
    }

    /// A map whose keys are data.
    fn data(&mut self, key: &str, mut map: RawMap<'_>) -> Option<Map> {
        if !self.enter() {
            return None;
        }
        let kept = *self.places == Places::Kept;
        if kept {
            self.hide_pair(&mut map);
        }
        let is_label = matches!(key, "labels" | "annotations" | "matchLabels");
        let may_hide = (self.form.custom && !is_label)
            || matches!(
                key,
                "parameters" | "volumeAttributes" | "options" | "data" | "attachmentMetadata"
            );
        let is_env = key == "env";
        let mut out = Vec::with_capacity(map.len());
        for (name, value) in map {
            if !self.spend(name.len()) {
                break;
            }
            if key == "annotations" && DROPPED_ANNOTATIONS.contains(&&*name) {
                continue;
            }
            let value = match value {
                Raw::Null => None,
                value if kept => self.kept(&name, value),
                Raw::Text(text) if is_env => Some(Value::Object(self.literal(&text))),
                Raw::Text(_) if may_hide && self.redactor.is_suspicious_name(&name) => {
                    Some(Value::from(REDACTED))
                }
                // Text in a map is a person's or a program's, no timestamp of the API.
                Raw::Text(text) => self.plain(text),
                Raw::Map(map) => {
                    let below = self.places.below(&name);
                    let fields = self.at(below, |walk| walk.fields("", map));
                    fields.map(Value::Object)
                }
                other => {
                    let below = self.places.below(&name);
                    self.at(below, |walk| walk.value("", other))
                }
            };
            if let Some(value) = value {
                out.push((name.into_owned(), value));
            }
        }
        self.depth -= 1;
        Some(out.into_iter().collect())
    }

    /// An entry of data of any depth: its keys stay, its secrets do not.
    fn kept(&mut self, name: &str, value: Raw<'_>) -> Option<Value> {
        match value {
            value if self.redactor.is_suspicious_name(name) => self.hidden(name, value),
            Raw::Map(map) => self.data(name, map).map(Value::Object),
            other => self.value(name, other),
        }
    }

    fn list(&mut self, key: &str, items: Vec<Raw<'_>>) -> Option<Vec<Value>> {
        if !self.enter() {
            return None;
        }
        let items = if is_arguments(key) {
            self.arguments(items)
        } else {
            items
        };
        let is_env = matches!(key, "env" | "extraEnv");
        let mut out = Vec::with_capacity(items.len());
        for mut item in items {
            if is_env {
                self.hide_literal(&mut item);
            }
            let item = match item {
                // Elements are not fields: no timestamp is looked for in them.
                Raw::Text(text) => self.plain(text),
                Raw::Map(map) if *self.places == Places::Kept => {
                    self.data(key, map).map(Value::Object)
                }
                Raw::Map(map) => {
                    let element = self.places.element();
                    let fields = self.at(element, |walk| walk.fields(key, map));
                    fields.map(Value::Object)
                }
                other => {
                    let element = self.places.element();
                    self.at(element, |walk| walk.value(key, other))
                }
            };
            out.extend(item);
        }
        if key == "conditions" {
            sort_conditions(&mut out);
        }
        self.depth -= 1;
        Some(out)
    }

    fn text(&mut self, key: &str, text: Cow<'_, str>) -> Option<Value> {
        if certificate::is_pem(&text) || (key == "caBundle" && !text.is_empty()) {
            return Some(certificate::summary(&text));
        }
        if looks_like_time(&text)
            && let Ok(time) = parse_time(&text)
        {
            return self.spend(text.len()).then(|| Value::from(normalise(time)));
        }
        self.plain(text)
    }

    /// A text as it is.
    fn plain(&mut self, text: Cow<'_, str>) -> Option<Value> {
        self.spend(text.len()).then(|| Value::from(text))
    }

    /// What is left of the value of a suspicious field: structure stays, text goes.
    fn hidden(&mut self, key: &str, value: Raw<'_>) -> Option<Value> {
        match value {
            Raw::Text(text) if text.is_empty() => Some(Value::String(String::new())),
            Raw::Text(_) => Some(Value::from(REDACTED)),
            Raw::List(mut items) => {
                for item in &mut items {
                    if let Raw::Text(text) = item {
                        *text = REDACTED.into();
                    }
                }
                self.list(key, items).map(Value::Array)
            }
            other => self.value(key, other),
        }
    }

    /// `{name: DB_PASSWORD, value: …}` outside of env: headers, parameters of templates.
    fn hide_pair(&self, map: &mut RawMap<'_>) {
        if map.get("value").and_then(Raw::as_str).is_none() {
            return;
        }
        let name = map.get("name").or_else(|| map.get("key"));
        let suspicious = name
            .and_then(Raw::as_str)
            .is_some_and(|name| self.redactor.is_suspicious_pair(name));
        if suspicious {
            map.insert("value", Raw::Text(REDACTED.into()));
        }
    }

    /// Replaces the literal of one env variable.
    fn hide_literal(&self, item: &mut Raw<'_>) {
        if let Raw::Map(map) = item
            && let Some(value) = map.remove("value")
        {
            let text = match value {
                Raw::Text(text) => text.into_owned(),
                other => Value::from(other).to_string(),
            };
            for (name, value) in self.hash_and_length(&text) {
                map.insert(name, value);
            }
        }
    }

    fn hash_and_length(&self, text: &str) -> [(&'static str, Value); 2] {
        [
            ("value_hash", self.redactor.hash(text).into()),
            ("value_length", text.len().into()),
        ]
    }

    fn literal(&self, text: &str) -> Map {
        let fields = self.hash_and_length(text).into_iter();
        fields
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    fn arguments<'t>(&self, mut items: Vec<Raw<'t>>) -> Vec<Raw<'t>> {
        let mut hide_next = false;
        for item in &mut items {
            let Raw::Text(text) = item else {
                continue;
            };
            if std::mem::take(&mut hide_next) && !text.starts_with('-') {
                *text = REDACTED.into();
                continue;
            }
            hide_next = self.redactor.announces_secret(text);
            if let Some(hidden) = self.redactor.argument(text) {
                *text = hidden.into();
            }
        }
        items
    }

    /// Whether the keys of the object under `key` are data.
    fn keeps_keys(&self, key: &str, map: &RawMap<'_>) -> bool {
        if matches!(key, "labels" | "annotations") {
            // Wherever they are: copies of objects are dropped from maps of annotations only.
            return true;
        }
        match self.places {
            Places::Fields(_) => return false,
            Places::Map(_) | Places::Kept => return true,
            Places::Unknown | Places::List(_) => {}
        }
        match key {
            "labels"
            | "annotations"
            | "matchLabels"
            | "limits"
            | "requests"
            | "capacity"
            | "allocatable"
            | "allocatedResources"
            | "allocatedResourceStatuses"
            | "podFixed"
            | "hard"
            | "used"
            | "binaryData"
            | "volumeAttributes"
            | "attachmentMetadata"
            | "extra"
            | "disruptedPods"
            | "consumedCapacity"
            | "counters"
            | "env" => true,
            "data" => self.form.short != "controller_revision",
            "nodeSelector" => !map.contains("nodeSelectorTerms"),
            "parameters" => self.form.short != "ingress_class" && has_scalars_only(map),
            "selector" | "overhead" | "options" => has_scalars_only(map),
            "default" | "defaultRequest" | "min" | "max" | "maxLimitRequestRatio" => {
                self.form.short == "limit_range"
            }
            "attributes" => self.form.group == "resource.k8s.io",
            _ if self.form.custom => {
                key.ends_with("Labels")
                    || key.ends_with("Annotations")
                    || (key.ends_with("Selector") && has_scalars_only(map))
            }
            _ => false,
        }
    }

    /// One level down; false (and marked) if that is too deep.
    fn enter(&mut self) -> bool {
        if self.depth == MAX_DEPTH {
            self.truncated = true;
            return false;
        }
        self.depth += 1;
        true
    }

    /// Takes bytes off the budget; false (and marked) if it is used up.
    fn spend(&mut self, bytes: usize) -> bool {
        if let Some(rest) = self.budget.checked_sub(bytes) {
            self.budget = rest;
            return true;
        }
        self.truncated = true;
        false
    }
}

fn has_scalars_only(map: &RawMap<'_>) -> bool {
    map.iter().all(|(_, value)| value.is_scalar())
}

fn is_arguments(key: &str) -> bool {
    matches!(key, "args" | "command" | "arguments") || key.ends_with("Args")
}

/// Ascending by the time of the last change; one without counts as the oldest.
fn sort_conditions(items: &mut [Value]) {
    let time = |item: &Value| {
        item.get("last_transition_time")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    if !items.is_sorted_by_key(time) {
        items.sort_by_cached_key(time);
    }
}

/// Metadata inside a template: only what its maker wrote.
fn reduce_metadata(metadata: &mut Raw<'_>) {
    if let Raw::Map(map) = metadata {
        map.retain(|key| {
            matches!(
                key,
                "name" | "generateName" | "namespace" | "labels" | "annotations"
            )
        });
    }
}

/// Whether a text has the outline of an RFC 3339 time that is not in the stored form yet.
fn looks_like_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 20
        && bytes.len() <= 40
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && bytes[10] == b'T'
        && bytes[13] == b':'
        && !(bytes.len() == 20 && bytes[19] == b'Z')
}

#[cfg(test)]
mod tests;
