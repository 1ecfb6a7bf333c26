//! Watches: which events follow from which changes, and how they are written. One line of JSON each.
//!
//! Nothing here waits: `stream` asks for what has happened whenever something has.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;

use crate::accept::Form;
use crate::catalog::Resource;
use crate::convert;
use crate::list::IncludeObject;
use crate::object::{Object, metadata};
use crate::request::Query;
use crate::selector::Selector;
use crate::status::Status;
use crate::store::{Change, CollectionId, Range};
use crate::table;
use crate::world::World;

/// How long a watch lasts for which no time is asked.
const LASTS: Duration = Duration::from_mins(30);
/// Marks the bookmark after which a streaming list is complete.
const INITIAL_END: &str = "k8s.io/initial-events-end";

/// A watch that was admitted, and how far it is.
#[derive(Debug)]
pub(crate) struct Watch {
    resource: Arc<Resource>,
    collection: CollectionId,
    namespace: Option<String>,
    selector: Selector,
    form: Form,
    include: IncludeObject,
    /// Everything up to this version was told.
    version: u64,
    begin: Begin,
    /// Whether the columns of a table were told.
    columns_told: bool,
    pub(crate) wants_bookmarks: bool,
    pub(crate) lasts: Duration,
    pub(crate) news: watch::Receiver<u64>,
}

/// What a watch tells first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Begin {
    /// Nothing: the client knows the version.
    Changes,
    /// Every object there is.
    Objects,
    /// Every object there is, then a bookmark that says so.
    StreamingList,
}

impl Begin {
    fn read(query: &Query) -> Result<Self, Status> {
        let matching = query.get("resourceVersionMatch");
        let initial = query.get("sendInitialEvents");
        match (initial, matching) {
            (Some(_), Some("NotOlderThan")) | (None, None) => {}
            (Some(_), _) => {
                return Err(Status::invalid_watch(
                    "resourceVersionMatch",
                    "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
                ));
            }
            (None, Some(_)) => {
                return Err(Status::invalid_watch(
                    "resourceVersionMatch",
                    "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
                ));
            }
        }
        Ok(match (initial, query.get("resourceVersion")) {
            (Some("true" | "1"), _) => Self::StreamingList,
            (None, None | Some("0")) => Self::Objects,
            _ => Self::Changes,
        })
    }
}

impl World {
    /// Admits a watch, or says what is wrong with its parameters.
    pub(crate) fn watch(
        &mut self,
        resource: &Arc<Resource>,
        namespace: Option<&str>,
        query: &Query,
        form: Form,
    ) -> Result<Watch, Status> {
        let begin = Begin::read(query)?;
        let (labels, fields) = (query.get("labelSelector"), query.get("fieldSelector"));
        let selector = Selector::parse(labels, fields, resource)?;
        let asked = query.get("resourceVersion").map(str::parse::<u64>);
        let version = match asked {
            Some(Err(_)) => {
                let given = query.get("resourceVersion").unwrap_or_default();
                return Err(Status::bad_request(format!(
                    "Invalid value: \"{given}\": strconv.ParseUint: parsing \"{given}\": invalid syntax"
                )));
            }
            Some(Ok(version)) if begin == Begin::Changes && version > 0 => version,
            _ => self.store.version(),
        };
        let seconds = query
            .get("timeoutSeconds")
            .and_then(|text| text.parse().ok());
        let (group, plural) = resource.storage();
        let collection = self.store.collection(group, plural);
        Ok(Watch {
            resource: Arc::clone(resource),
            collection,
            namespace: namespace.map(str::to_owned),
            selector,
            form,
            include: IncludeObject::read(query)?,
            version,
            begin,
            columns_told: false,
            wants_bookmarks: query.is_set("allowWatchBookmarks"),
            lasts: seconds.map_or(LASTS, Duration::from_secs),
            news: self.store.news(collection),
        })
    }

    /// Everything that is to be told now, one line each. An error is told too, and is the end.
    pub(crate) fn events(&self, watch: &mut Watch) -> Result<Vec<u8>, Vec<u8>> {
        let mut lines = Vec::new();
        if watch.begin != Begin::Changes {
            self.initial(watch, &mut lines);
        }
        let now = self.store.version();
        if now > watch.version {
            let namespace = watch.namespace.clone();
            let changes =
                self.store
                    .changes_since(watch.collection, namespace.as_deref(), watch.version);
            let Ok(changes) = changes else {
                let status = Status::expired_watch(watch.version, now);
                write(&mut lines, "ERROR", &status.to_json());
                return Err(lines);
            };
            for change in changes {
                self.tell(watch, change, &mut lines);
            }
            watch.version = now;
        }
        Ok(lines)
    }

    fn initial(&self, watch: &mut Watch, lines: &mut Vec<u8>) {
        let range = Range {
            collection: watch.collection,
            namespace: watch.namespace.as_deref(),
            after: None,
            at: None,
        };
        let (objects, _) = self.store.list(&range).unwrap_or_default();
        let objects = objects.into_owned();
        for object in objects {
            if watch.selector.matches(&object) {
                self.write_event(watch, "ADDED", &object, lines);
            }
        }
        watch.version = self.store.version();
        if watch.begin == Begin::StreamingList {
            self.bookmark(watch, Some(INITIAL_END), lines);
        }
        watch.begin = Begin::Changes;
    }

    /// What a change is to who sees only what fits the selector.
    fn tell(&self, watch: &mut Watch, change: &Change, lines: &mut Vec<u8>) {
        let seen = |object: &Option<Arc<Object>>| {
            let object = object.as_ref()?;
            watch.selector.matches(object).then(|| Arc::clone(object))
        };
        match (seen(&change.before), seen(&change.after)) {
            (Some(before), Some(after)) if before.uid != after.uid => {
                // One made by hand in the place of another.
                let last = Object::new(before.to_value(), change.version);
                self.write_event(watch, "DELETED", &last, lines);
                self.write_event(watch, "ADDED", &after, lines);
            }
            (None, Some(object)) => self.write_event(watch, "ADDED", &object, lines),
            (Some(_), Some(object)) => self.write_event(watch, "MODIFIED", &object, lines),
            (Some(object), None) => {
                // As it was last, with the version of its end.
                let last = Object::new(object.to_value(), change.version);
                self.write_event(watch, "DELETED", &last, lines);
            }
            (None, None) => {}
        }
    }

    /// A bookmark at the version that was told last.
    pub(crate) fn bookmark(
        &self,
        watch: &mut Watch,
        annotation: Option<&str>,
        lines: &mut Vec<u8>,
    ) {
        let mut body = json!({"metadata": {}});
        if let Some(annotation) = annotation {
            metadata(&mut body).insert("annotations".to_owned(), json!({annotation: "true"}));
        }
        let mark = Object::new(body, watch.version);
        self.write_event(watch, "BOOKMARK", &mark, lines);
    }

    /// Goes on to the newest version if nothing that is watched has happened, and says so.
    pub(crate) fn progress(&self, watch: &mut Watch) -> Result<Vec<u8>, Vec<u8>> {
        let mut lines = self.events(watch)?;
        self.bookmark(watch, None, &mut lines);
        Ok(lines)
    }

    fn write_event(&self, watch: &mut Watch, event: &str, object: &Object, lines: &mut Vec<u8>) {
        let resource = &watch.resource;
        if watch.form == Form::Table {
            let mut table = json!({
                "kind": "Table",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": {"resourceVersion": object.version.to_string()},
                "rows": [self.row(resource, object, watch.include)],
            });
            let columns = if watch.columns_told {
                Value::Null
            } else {
                json!(table::columns(resource))
            };
            table["columnDefinitions"] = columns;
            watch.columns_told = true;
            write(lines, event, &table);
            return;
        }
        lines.extend_from_slice(format!("{{\"type\":\"{event}\",\"object\":").as_bytes());
        if watch.form == Form::Metadata {
            object.write_partial(lines);
        } else if convert::is_converted(resource) && event != "BOOKMARK" {
            let shown = convert::from_storage(resource, object.to_value());
            let shown = Object::shown(&shown, object.version);
            shown.write_typed(&resource.kind, &resource.api_version(), lines);
        } else {
            object.write_typed(&resource.kind, &resource.api_version(), lines);
        }
        lines.extend_from_slice(b"}\n");
    }
}

fn write(lines: &mut Vec<u8>, event: &str, object: &Value) {
    let line = json!({"type": event, "object": object}).to_string();
    lines.extend_from_slice(line.as_bytes());
    lines.push(b'\n');
}
