//! Lists and single objects as bodies: pages, and the forms they are shown in.
//!
//! Which objects there are is the store's business; who may see them is decided before.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::accept::Form;
use crate::catalog::Resource;
use crate::convert;
use crate::object::Object;
use crate::request::Query;
use crate::selector::Selector;
use crate::status::Status;
use crate::store::{Compacted, Range};
use crate::table;
use crate::token::Continue;
use crate::world::World;

/// Which part of the objects the rows of a `Table` carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IncludeObject {
    Nothing,
    Metadata,
    Object,
}

impl IncludeObject {
    pub(crate) fn read(query: &Query) -> Result<Self, Status> {
        match query.get("includeObject") {
            Some("None") => Ok(Self::Nothing),
            None | Some("Metadata") => Ok(Self::Metadata),
            Some("Object") => Ok(Self::Object),
            Some(other) => Err(Status::bad_request(format!(
                "unrecognized includeObject value: \"{other}\""
            ))),
        }
    }
}

/// What a list request asks for.
struct Wanted {
    selector: Selector,
    limit: Option<usize>,
    token: Option<Continue>,
    /// The version to list at; `None`: now.
    at: Option<u64>,
}

impl Wanted {
    fn read(resource: &Resource, query: &Query) -> Result<Self, Status> {
        let labels = query.get("labelSelector");
        let selector = Selector::parse(labels, query.get("fieldSelector"), resource)?;
        let limit = limit(query)?;
        let version = query
            .get("resourceVersion")
            .filter(|version| *version != "0");
        if query.get("continue").is_some() && version.is_some() {
            return Err(Status::bad_request(
                "specifying resource version is not allowed when using continue",
            ));
        }
        let token = continue_of(resource, query)?;
        let exact = query.get("resourceVersionMatch") == Some("Exact");
        let exact = version
            .filter(|_| exact)
            .and_then(|version| version.parse().ok());
        let at = token.as_ref().map_or(exact, |token| token.version);
        Ok(Self {
            selector,
            limit,
            token,
            at,
        })
    }
}

/// One page of a list.
struct Page {
    objects: Vec<Arc<Object>>,
    version: u64,
    next: Option<Continue>,
    /// Objects after this page; not known with a selector.
    remaining: Option<usize>,
}

impl World {
    /// The body of a list request.
    pub(crate) fn list(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
        query: &Query,
        form: Form,
    ) -> Result<Vec<u8>, Status> {
        let page = self.page(resource, namespace, query)?;
        let metadata = list_metadata(resource, &page);
        if form == Form::Table {
            return self.table(resource, &page.objects, &metadata, query);
        }
        let (kind, version) = match form {
            Form::Metadata => ("PartialObjectMetadataList", "meta.k8s.io/v1".to_owned()),
            _ => (resource.list_kind.as_str(), resource.api_version()),
        };
        let mut body = Vec::with_capacity(page.objects.len() * 2048);
        let head = json!({"kind": kind, "apiVersion": version, "metadata": metadata}).to_string();
        body.extend_from_slice(&head.as_bytes()[..head.len() - 1]);
        body.extend_from_slice(b",\"items\":[");
        for (at, object) in page.objects.iter().enumerate() {
            if at > 0 {
                body.push(b',');
            }
            if form == Form::Metadata {
                object.write_partial(&mut body);
            } else if resource.custom {
                object.write_typed(&resource.kind, &resource.api_version(), &mut body);
            } else if convert::is_converted(resource) {
                let shown = convert::from_storage(resource, object.to_value());
                body.extend_from_slice(shown.to_string().as_bytes());
            } else {
                body.extend_from_slice(object.json());
            }
        }
        body.extend_from_slice(b"]}");
        Ok(body)
    }

    /// The body of an answer that is one object.
    pub(crate) fn show(
        &self,
        resource: &Resource,
        object: Value,
        query: &Query,
        form: Form,
    ) -> Result<Vec<u8>, Status> {
        let stored = Object::shown(&object, version_of(&object));
        match form {
            Form::Table => self.table(resource, &[Arc::new(stored)], &Map::new(), query),
            Form::Metadata => {
                let mut body = Vec::new();
                stored.write_partial(&mut body);
                Ok(body)
            }
            _ => {
                let mut body = Vec::new();
                stored.write_typed(&resource.kind, &resource.api_version(), &mut body);
                Ok(body)
            }
        }
    }

    fn table(
        &self,
        resource: &Resource,
        objects: &[Arc<Object>],
        metadata: &Map<String, Value>,
        query: &Query,
    ) -> Result<Vec<u8>, Status> {
        let include = IncludeObject::read(query)?;
        let rows = objects
            .iter()
            .map(|object| self.row(resource, object, include));
        let body = json!({
            "kind": "Table",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": metadata,
            "columnDefinitions": table::columns(resource),
            "rows": rows.collect::<Vec<_>>(),
        });
        Ok(body.to_string().into_bytes())
    }

    /// One row of a table.
    pub(crate) fn row(
        &self,
        resource: &Resource,
        object: &Object,
        include: IncludeObject,
    ) -> Value {
        let body = convert::from_storage(resource, object.to_value());
        let cells = table::cells(resource, &body, self.clock.now());
        let mut shown = Vec::new();
        match include {
            IncludeObject::Nothing => shown.extend_from_slice(b"null"),
            IncludeObject::Metadata => object.write_partial(&mut shown),
            IncludeObject::Object => {
                let version = resource.api_version();
                Object::new(body, object.version).write_typed(&resource.kind, &version, &mut shown);
            }
        }
        let shown: Value = serde_json::from_slice(&shown).expect("written just above");
        json!({"cells": cells, "object": shown})
    }

    fn page(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
        query: &Query,
    ) -> Result<Page, Status> {
        let wanted = Wanted::read(resource, query)?;
        let version = wanted.at.unwrap_or(self.store.version());
        let (group, plural) = resource.storage();
        let Some(collection) = self.store.find_collection(group, plural) else {
            return Ok(Page {
                objects: Vec::new(),
                version,
                next: None,
                remaining: None,
            });
        };
        let after = wanted.token.as_ref().map(|token| token.after.clone());
        let at = wanted.at;
        let range = Range {
            collection,
            namespace,
            after,
            at,
        };
        let (rest, _) = self
            .store
            .list(&range)
            .map_err(|Compacted| match wanted.token {
                Some(token) => Status::expired_continue(token.unversioned().encode()),
                None => Status::expired_version(),
            })?;
        let selector = wanted.selector;
        let mut objects = Vec::new();
        let mut seen = 0;
        for object in rest.iter() {
            if wanted.limit.is_some_and(|limit| objects.len() >= limit) {
                break;
            }
            seen += 1;
            if selector.is_empty() || selector.matches(object) {
                objects.push(Arc::clone(object));
            }
        }
        let left = rest.len() - seen;
        let next = objects.last().filter(|_| left > 0).map(|last| Continue {
            version: Some(version),
            after: last.key.clone(),
        });
        let remaining = (selector.is_empty() && next.is_some()).then_some(left);
        Ok(Page {
            objects,
            version,
            next,
            remaining,
        })
    }

    /// Which page of a list a request asks for, counted from 1; only faults want to know.
    pub(crate) fn page_number(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
        query: &Query,
    ) -> Option<usize> {
        let Some(token) = continue_of(resource, query).ok()? else {
            return Some(1);
        };
        let (group, plural) = resource.storage();
        let collection = self.store.find_collection(group, plural)?;
        let range = Range {
            collection,
            namespace,
            after: Some(token.after),
            at: None,
        };
        let (_, start) = self.store.list(&range).ok()?;
        let limit = limit(query).ok()??;
        Some(start.div_ceil(limit) + 1)
    }
}

fn list_metadata(resource: &Resource, page: &Page) -> Map<String, Value> {
    let mut metadata = Map::new();
    // Component statuses are asked for, not stored: their list has no version.
    if resource.plural != "componentstatuses" {
        metadata.insert(
            "resourceVersion".to_owned(),
            json!(page.version.to_string()),
        );
    }
    if let Some(next) = &page.next {
        metadata.insert("continue".to_owned(), json!(next.encode()));
    }
    if let Some(remaining) = page.remaining {
        metadata.insert("remainingItemCount".to_owned(), json!(remaining));
    }
    metadata
}

/// The continue token of a request.
pub(crate) fn continue_of(resource: &Resource, query: &Query) -> Result<Option<Continue>, Status> {
    let token = query.get("continue");
    token
        .map(|token| Continue::decode(token, resource.namespaced))
        .transpose()
}

fn limit(query: &Query) -> Result<Option<usize>, Status> {
    let Some(text) = query.get("limit") else {
        return Ok(None);
    };
    match text.parse::<usize>() {
        Ok(0) => Ok(None),
        Ok(limit) => Ok(Some(limit)),
        Err(_) => Err(Status::bad_request(format!(
            "unable to decode limit: strconv.ParseInt: parsing \"{text}\": invalid syntax"
        ))),
    }
}

fn version_of(object: &Value) -> u64 {
    let version = object["metadata"]["resourceVersion"]
        .as_str()
        .unwrap_or_default();
    version.parse().unwrap_or_default()
}
