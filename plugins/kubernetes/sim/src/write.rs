//! Creating and patching objects: what a request may change, and what the server keeps to itself.
//!
//! How a patch changes an object is in `patch`. `update` is not built yet.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::apply::apply;
use crate::catalog::Resource;
use crate::clock::rfc3339;
use crate::convert;
use crate::managed;
use crate::object::{Object, metadata, text};
use crate::patch::{self, Language};
use crate::request::WriteOptions;
use crate::status::{Status, qualified};
use crate::store::Place;
use crate::validate;
use crate::world::World;

/// How a new object comes to be, which its fields' owner remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Creating {
    /// By a creation.
    Plain,
    /// By the first apply.
    Applying,
}

/// What a client cannot set.
const SERVER_FIELDS: &[&str] = &[
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "generation",
    "managedFields",
    "selfLink",
];

impl World {
    /// Creates the object in `body` and returns it in the shape it is served in.
    pub(crate) fn create(
        &mut self,
        resource: &Resource,
        namespace: &str,
        body: &[u8],
        options: &WriteOptions,
        how: Creating,
    ) -> Result<Value, Status> {
        let mut object = parse_new(resource, body)?;
        if resource.namespaced {
            self.open_namespace(resource, namespace, &object)?;
        }
        self.complete(resource, namespace, &mut object)?;
        validate::created(resource, &object)?;
        let name = text(&object["metadata"], "name").to_owned();
        if self.find(resource, namespace, &name).is_ok() {
            return Err(Status::already_exists(
                &resource.group,
                &resource.plural,
                &name,
            ));
        }
        let (time, version) = (rfc3339(self.clock.now()), resource.api_version());
        let (none, manager) = (json!({}), options.manager.as_str());
        match how {
            Creating::Plain => managed::note_update(&none, &mut object, manager, &version, &time),
            Creating::Applying => {
                let wanted = object.clone();
                managed::note_apply(&none, &mut object, &wanted, manager, (&version, &time));
            }
        }
        if options.dry_run {
            return Ok(object);
        }
        let stored = convert::to_storage(resource, object);
        self.note_definition(resource, &stored);
        let (group, plural) = resource.storage();
        let collection = self.store.collection(group, plural);
        let stored = self.store.put(collection, stored);
        Ok(convert::from_storage(resource, stored.to_value()))
    }

    /// Refuses new content where there is no namespace, or one on its way out.
    fn open_namespace(
        &self,
        resource: &Resource,
        namespace: &str,
        object: &Value,
    ) -> Result<(), Status> {
        let namespaces = self.catalog.resource("", "v1", "namespaces");
        let Some(namespaces) = namespaces.map(Arc::clone) else {
            return Ok(());
        };
        let (_, found) = self.find(&namespaces, "", namespace)?;
        if found.to_value()["metadata"]["deletionTimestamp"].is_null() {
            return Ok(());
        }
        let name = text(&object["metadata"], "name");
        let what = qualified(&resource.plural, &resource.group);
        let message = format!(
            "{what} \"{name}\" is forbidden: unable to create new content in namespace \
             {namespace} because it is being terminated"
        );
        let details = [
            ("name", name),
            ("group", &resource.group),
            ("kind", &resource.plural),
        ];
        Err(Status::forbidden(message, &details))
    }

    /// Fills in what the server decides: name, namespace, uid, times.
    fn complete(
        &mut self,
        resource: &Resource,
        namespace: &str,
        object: &mut Value,
    ) -> Result<(), Status> {
        let given = text(&object["metadata"], "namespace");
        if !given.is_empty() && given != namespace {
            return Err(Status::bad_request(
                "the namespace of the provided object does not match the namespace sent on the request",
            ));
        }
        let prefix = text(&object["metadata"], "generateName").to_owned();
        let named = !text(&object["metadata"], "name").is_empty();
        let generated = (!named && !prefix.is_empty()).then(|| self.generated_name(&prefix));
        let uid = self.uid();
        let now = rfc3339(self.clock.now());
        let has_generation = object["spec"].is_object() && resource.has_subresource("status");
        begin(resource, object);
        let meta = metadata(object);
        for field in SERVER_FIELDS {
            meta.remove(*field);
        }
        meta.remove("resourceVersion");
        if let Some(name) = generated {
            meta.insert("name".to_owned(), json!(name));
        }
        if resource.namespaced {
            meta.insert("namespace".to_owned(), json!(namespace));
        } else {
            meta.remove("namespace");
        }
        meta.insert("uid".to_owned(), json!(uid));
        meta.insert("creationTimestamp".to_owned(), json!(now));
        if has_generation {
            meta.insert("generation".to_owned(), json!(1));
        }
        drop_empty(meta);
        Ok(())
    }

    /// Patches an object and returns it in the shape it is served in.
    pub(crate) fn patch(
        &mut self,
        resource: &Resource,
        (namespace, name): (&str, &str),
        (language, patch): (Language, &[u8]),
        options: &WriteOptions,
    ) -> Result<Value, Status> {
        let (place, found) = self.find(resource, namespace, name)?;
        let patch: Value = serde_json::from_slice(patch)
            .map_err(|why| Status::bad_request(format!("error decoding patch: {why}")))?;
        let beyond_metadata = language.goes_beyond_metadata(&patch);
        if convert::is_converted(resource) && beyond_metadata {
            // The shape that is kept is another one; no one has needed this yet.
            return Err(Status::method_not_allowed());
        }
        let old = found.to_value();
        let mut new = old.clone();
        match language {
            Language::Merge => patch::merge(&mut new, &patch),
            Language::Strategic => patch::strategic(&mut new, &patch)?,
            Language::Json => patch::json(&mut new, &patch)?,
            Language::Apply => apply(resource, &mut new, &patch, options)?,
        }
        check_identity(resource, &old, &new)?;
        restore(resource, &old, &mut new);
        validate::updated(resource, &old, &new)?;
        let time = rfc3339(self.clock.now());
        let api_version = resource.api_version();
        if language == Language::Apply {
            // Who applies owns, also what was there with that value before.
            managed::note_apply(
                &old,
                &mut new,
                &patch,
                &options.manager,
                (&api_version, &time),
            );
        }
        if new == old {
            return Ok(convert::from_storage(resource, old));
        }
        if old.get("spec") != new.get("spec")
            && let Some(generation) = old["metadata"]["generation"].as_u64()
        {
            new["metadata"]["generation"] = json!(generation + 1);
        }
        if language != Language::Apply {
            managed::note_update(&old, &mut new, &options.manager, &api_version, &time);
        }
        if options.dry_run {
            return Ok(convert::from_storage(resource, new));
        }
        let stored = self.replace(resource, &place, new);
        Ok(convert::from_storage(resource, stored.to_value()))
    }

    /// Stores a changed object; one whose deletion waited for its last finalizer goes.
    pub(crate) fn replace(
        &mut self,
        resource: &Resource,
        place: &Place,
        body: Value,
    ) -> Arc<Object> {
        self.note_definition(resource, &body);
        let meta = &body["metadata"];
        let leaving = !meta["deletionTimestamp"].is_null();
        let held = meta["finalizers"]
            .as_array()
            .is_some_and(|list| !list.is_empty());
        let graceful = meta["deletionGracePeriodSeconds"]
            .as_i64()
            .unwrap_or_default()
            > 0;
        // A namespace is held by its content; see `controllers`.
        let namespace = resource.group.is_empty() && resource.plural == "namespaces";
        let stored = self.store.put(place.collection, body);
        if leaving && !held && !graceful && !namespace {
            self.take_out(place);
        }
        stored
    }
}

/// The state a new object starts in: a status is not the client's to give.
fn begin(resource: &Resource, object: &mut Value) {
    let Some(fields) = object.as_object_mut() else {
        return;
    };
    if resource.has_subresource("status") {
        fields.remove("status");
    }
    match (resource.group.as_str(), resource.plural.as_str()) {
        ("", "namespaces") => {
            fields.insert("spec".to_owned(), json!({"finalizers": ["kubernetes"]}));
            fields.insert("status".to_owned(), json!({"phase": "Active"}));
        }
        ("", "pods") => {
            fields.insert("status".to_owned(), json!({"phase": "Pending"}));
        }
        _ => {}
    }
}

fn parse_new(resource: &Resource, body: &[u8]) -> Result<Value, Status> {
    let mut object: Value = serde_json::from_slice(body).map_err(|why| {
        let told = if why.is_eof() {
            "unexpected end of JSON input".to_owned()
        } else {
            why.to_string()
        };
        let shown = String::from_utf8_lossy(body);
        let shown: String = shown.chars().take(1024).collect();
        Status::bad_request(format!(
            "the object provided is unrecognized (must be of type {}): couldn't get version/kind; \
             json parse error: {told} ({shown})",
            resource.kind
        ))
    })?;
    let api_version = resource.api_version();
    let (given_kind, given_version) = (text(&object, "kind"), text(&object, "apiVersion"));
    if !object.is_object() || given_kind != resource.kind || given_version != api_version {
        return Err(Status::bad_request(format!(
            "{given_kind} in version \"{given_version}\" cannot be handled as a {}",
            resource.kind
        )));
    }
    if let Some(fields) = object.as_object_mut() {
        fields.remove("kind");
        fields.remove("apiVersion");
    }
    Ok(object)
}

/// A patch may name the object, but not turn it into another one; a stale version is a conflict.
fn check_identity(resource: &Resource, old: &Value, new: &Value) -> Result<(), Status> {
    let meta = |object: &Value, key: &str| text(&object["metadata"], key).to_owned();
    let name = meta(old, "name");
    for (key, what) in [("name", "name"), ("namespace", "namespace")] {
        let (had, has) = (meta(old, key), meta(new, key));
        if has != had {
            return Err(Status::bad_request(format!(
                "the {what} of the object ({has}) does not match the {what} on the URL ({had})"
            )));
        }
    }
    let version = meta(new, "resourceVersion");
    if !version.is_empty() && version != meta(old, "resourceVersion") {
        let why = "the object has been modified; please apply your changes to the latest version \
                   and try again";
        return Err(Status::conflict(
            &resource.group,
            &resource.plural,
            &name,
            why,
        ));
    }
    Ok(())
}

/// Undoes what a patch of the main resource may not change.
fn restore(resource: &Resource, old: &Value, new: &mut Value) {
    if let Some(fields) = new.as_object_mut() {
        fields.remove("kind");
        fields.remove("apiVersion");
        if resource.has_subresource("status") {
            match old.get("status") {
                Some(status) => fields.insert("status".to_owned(), status.clone()),
                None => fields.remove("status"),
            };
        }
    }
    let meta = metadata(new);
    for field in SERVER_FIELDS.iter().chain(&["resourceVersion"]) {
        match old["metadata"].get(*field) {
            Some(value) => meta.insert((*field).to_owned(), value.clone()),
            None => meta.remove(*field),
        };
    }
    meta.entry("uid")
        .or_insert_with(|| old["metadata"]["uid"].clone());
    drop_empty(meta);
}

/// Empty maps and lists of metadata are not kept.
fn drop_empty(meta: &mut Map<String, Value>) {
    for field in ["labels", "annotations"] {
        if meta
            .get(field)
            .and_then(Value::as_object)
            .is_some_and(Map::is_empty)
        {
            meta.remove(field);
        }
    }
    for field in ["finalizers", "ownerReferences"] {
        if meta
            .get(field)
            .and_then(Value::as_array)
            .is_some_and(Vec::is_empty)
        {
            meta.remove(field);
        }
    }
}
