//! OpenAPI v3: which documents there are, and what each says about the resources of one group and version.
//!
//! Custom kinds have the schema of their definition. Of built-in kinds a document has the names, the operations and
//! their parameters, but not the fields: those stand in the API's own repository, and no client of ours reads them here.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::catalog::{Catalog, Group, Resource, group_version};

/// Documents that do not depend on what is served.
const ALWAYS: [&str; 5] = [
    ".well-known/openid-configuration",
    "api",
    "apis",
    "openid/v1/jwks",
    "version",
];
/// Parameters of every operation that changes something.
const CHANGING: &[&str] = &["dryRun", "fieldManager", "fieldValidation"];
/// Parameters of every operation that lists.
const LISTING: &[&str] = &[
    "allowWatchBookmarks",
    "continue",
    "fieldSelector",
    "labelSelector",
    "limit",
    "resourceVersion",
    "resourceVersionMatch",
    "sendInitialEvents",
    "timeoutSeconds",
    "watch",
];

/// `/openapi/v3`: where each document is. Its address changes with what it says.
pub(crate) fn index(catalog: &Catalog, version: &str) -> Value {
    let names = ALWAYS.map(str::to_owned);
    let groups = catalog.groups().iter().flat_map(names_of);
    let paths: Map<String, Value> = names
        .into_iter()
        .chain(groups)
        .map(|name| {
            let body = document(catalog, &name, version).unwrap_or_default();
            let digest = ring::digest::digest(&ring::digest::SHA256, body.to_string().as_bytes());
            let mut address = format!("/openapi/v3/{name}?hash=");
            for byte in &digest.as_ref()[..16] {
                write!(address, "{byte:02X}").expect("writing to a string does not fail");
            }
            (name, json!({"serverRelativeURL": address}))
        })
        .collect();
    json!({"paths": paths})
}

/// The documents about a group. Custom groups have none about themselves.
fn names_of(group: &Group) -> Vec<String> {
    let custom = group
        .versions
        .iter()
        .flat_map(|(_, resources)| resources)
        .all(|resource| resource.custom);
    let about_itself = (!group.name.is_empty() && !custom).then(|| format!("apis/{}", group.name));
    // What an aggregated server that is down would say is not known.
    let versions = group.versions.iter().filter(|_| !group.stale);
    let versions = versions.map(|(version, _)| match group.name.as_str() {
        "" => format!("api/{version}"),
        name => format!("apis/{}", group_version(name, version)),
    });
    about_itself
        .filter(|_| !group.stale)
        .into_iter()
        .chain(versions)
        .collect()
}

/// `/openapi/v3/NAME`; `None` if there is none with this name.
pub(crate) fn document(catalog: &Catalog, name: &str, version: &str) -> Option<Value> {
    let parts: Vec<&str> = name.split('/').collect();
    let (group, served) = match parts.as_slice() {
        _ if ALWAYS.contains(&name) => return Some(body(Map::new(), Map::new(), version)),
        ["apis", group] => {
            let known = catalog.group(group)?;
            let named = names_of(known).contains(&name.to_owned());
            return named.then(|| body(Map::new(), Map::new(), version));
        }
        ["api", served] => ("", *served),
        ["apis", group, served] => (*group, *served),
        _ => return None,
    };
    let group = catalog.group(group).filter(|group| !group.stale)?;
    let (_, resources) = group.versions.iter().find(|(name, _)| name == served)?;
    let paths = resources
        .iter()
        .flat_map(|resource| paths_of(resource))
        .collect();
    let schemas = resources.iter().flat_map(|resource| schemas_of(resource));
    Some(body(paths, schemas.collect(), version))
}

fn body(paths: Map<String, Value>, schemas: Map<String, Value>, version: &str) -> Value {
    json!({
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": version},
        "paths": paths,
        "components": {"schemas": schemas},
    })
}

fn paths_of(resource: &Resource) -> Vec<(String, Value)> {
    let root = match resource.group.as_str() {
        "" => "/api",
        _ => "/apis",
    };
    let root = format!("{root}/{}", resource.api_version());
    let below = if resource.namespaced {
        format!("{root}/namespaces/{{namespace}}/{}", resource.plural)
    } else {
        format!("{root}/{}", resource.plural)
    };
    let mut paths = vec![
        (
            format!("{below}/{{name}}"),
            operations(
                resource,
                &[
                    ("get", "get", &[]),
                    ("put", "update", CHANGING),
                    ("patch", "patch", CHANGING),
                    ("delete", "delete", &["dryRun"]),
                ],
            ),
        ),
        (
            below.clone(),
            operations(
                resource,
                &[("get", "list", LISTING), ("post", "create", CHANGING)],
            ),
        ),
    ];
    if resource.namespaced && resource.allows("list") {
        let everywhere = operations(resource, &[("get", "list", LISTING)]);
        paths.push((format!("{root}/{}", resource.plural), everywhere));
    }
    paths
}

/// Method, verb and parameters of each operation, as far as the resource has it.
fn operations(resource: &Resource, all: &[(&str, &str, &[&str])]) -> Value {
    let offered = all.iter().filter(|(_, verb, _)| resource.allows(verb));
    let operations: Map<String, Value> = offered
        .map(|(method, verb, parameters)| {
            // Only a patch may be forced: it is how server-side apply takes fields over.
            let force = (*verb == "patch").then_some("force");
            let parameters = parameters.iter().copied().chain(force);
            let parameters: Vec<Value> = parameters
                .map(|name| json!({"name": name, "in": "query", "schema": {"uniqueItems": true}}))
                .collect();
            let operation = json!({
                "x-kubernetes-action": verb,
                "x-kubernetes-group-version-kind": kind_of(resource),
                "parameters": parameters,
                "responses": {"200": {"description": "OK"}},
            });
            ((*method).to_owned(), operation)
        })
        .collect();
    Value::Object(operations)
}

fn schemas_of(resource: &Resource) -> [(String, Value); 2] {
    let name = schema_name(resource, &resource.kind);
    let mut schema = match &resource.schema {
        Value::Object(_) => resource.schema.clone(),
        _ => json!({"type": "object"}),
    };
    schema["x-kubernetes-group-version-kind"] = json!([kind_of(resource)]);
    let items = json!({"type": "array", "items": {"$ref": format!("#/components/schemas/{name}")}});
    let list = json!({"type": "object", "properties": {"items": items}, "required": ["items"]});
    let list_name = schema_name(resource, &resource.list_kind);
    [(name, schema), (list_name, list)]
}

fn kind_of(resource: &Resource) -> Value {
    json!({"group": resource.group, "version": resource.version, "kind": resource.kind})
}

/// How the schema of a kind is called: by the package of a built-in kind, by the reversed group of a custom one.
fn schema_name(resource: &Resource, kind: &str) -> String {
    let Resource { group, version, .. } = resource;
    if resource.custom {
        let reversed: Vec<&str> = group.rsplit('.').collect();
        return format!("{}.{version}.{kind}", reversed.join("."));
    }
    let short = group.split('.').next().unwrap_or_default();
    let package = match short {
        "" => "io.k8s.api.core".to_owned(),
        "apiextensions" => "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions".to_owned(),
        "apiregistration" => "io.k8s.kube-aggregator.pkg.apis.apiregistration".to_owned(),
        _ => format!("io.k8s.api.{short}"),
    };
    format!("{package}.{version}.{kind}")
}
