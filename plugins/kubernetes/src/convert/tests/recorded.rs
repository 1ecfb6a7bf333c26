//! Lists a real server answered, where they are at hand: none is lost, none is doubled, every field that
//! comes out is in the model or below a place it leaves open.
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use serde_json::Value;
use stocktake_model::{Map, Model, PropertyType};

use super::*;
use crate::model::{built_in_model, dynamic_kinds};

/// The folder of recorded lists: `STOCKTAKE_RECORDED`, or beside the workspace.
fn folder() -> Option<PathBuf> {
    let root = std::env::var_os("STOCKTAKE_RECORDED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/recorded/k8s-1.36"),
        PathBuf::from,
    );
    Some(root.join("lists")).filter(|lists| lists.is_dir())
}

/// Every recorded list with the resource it is of: `<group>_<version>_<plural>.json`.
pub(crate) fn lists() -> Vec<(Resource, Vec<Value>)> {
    let Some(folder) = folder() else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let mut list: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let parts: Vec<&str> = stem.split('_').collect();
        let (group, version, plural) = match parts.as_slice() {
            [group, version, plural] => (*group, *version, *plural),
            [version, plural] => ("", *version, *plural),
            _ => panic!("`{stem}` is not the name of a list"),
        };
        let kind = list["kind"]
            .as_str()
            .unwrap()
            .trim_end_matches("List")
            .to_owned();
        let resource = Resource {
            group: group.into(),
            version: version.into(),
            plural: plural.into(),
            ..resource("", &kind)
        };
        let items = list["items"].as_array_mut().map(std::mem::take);
        found.push((resource, items.unwrap_or_default()));
    }
    found.sort_by(|(left, _), (right, _)| left.cmp(right));
    found
}

#[test]
fn no_object_of_a_real_server_is_lost_or_doubled() {
    for (resource, items) in lists() {
        let converter = converter();
        let count = items.len();
        let mut seen = BTreeSet::new();
        let mut own = 0;
        for item in items {
            let records = converter.convert(&resource, item.into()).unwrap();
            assert_eq!(records[0].kind(), crate::kind_name(&resource));
            own += 1;
            for record in &records {
                assert!(!record.id().is_empty() && !record.name().is_empty());
                let key = (record.kind().to_owned(), record.id().to_owned());
                assert!(
                    seen.insert(key),
                    "{} {} is doubled",
                    record.kind(),
                    record.id()
                );
            }
        }
        assert_eq!(own, count, "{}", resource.plural);
    }
}

#[test]
fn what_a_real_server_sends_is_in_the_model() {
    let lists = lists();
    let resources: Vec<Resource> = lists.iter().map(|(resource, _)| resource.clone()).collect();
    let mut model = Model::default();
    model.add(built_in_model().kinds);
    model.add(dynamic_kinds(&resources));
    let mut unknown = BTreeSet::new();
    let converter = converter();
    let mut types = BTreeMap::new();
    for (resource, items) in lists {
        for item in items {
            for record in converter.convert(&resource, item.into()).unwrap() {
                for (name, value) in &record.reported {
                    let key = (record.kind().to_owned(), name.clone());
                    let of = types
                        .entry(key)
                        .or_insert_with(|| model.property_type(&[name], &[record.kind()]));
                    undeclared(
                        &format!("{}.{name}", record.kind()),
                        value,
                        of.as_ref(),
                        &mut unknown,
                    );
                }
            }
        }
    }
    assert_eq!(unknown, BTreeSet::new());
}

/// Collects the paths that have no type, or one that the value is not of.
fn undeclared(
    path: &str,
    value: &Value,
    of: Option<&PropertyType>,
    unknown: &mut BTreeSet<String>,
) {
    let fits = match (of, value) {
        (Some(PropertyType::Any), _) => return,
        (Some(PropertyType::Array(item)), Value::Array(values)) => {
            for value in values {
                undeclared(&format!("{path}[]"), value, Some(item), unknown);
            }
            true
        }
        (Some(PropertyType::Dictionary(item)), Value::Object(map)) => {
            for value in map.values() {
                undeclared(&format!("{path}{{}}"), value, Some(item), unknown);
            }
            true
        }
        (Some(PropertyType::Object(properties)), Value::Object(map)) => {
            for (name, value) in map {
                let property = properties.iter().find(|property| property.name == *name);
                let of = property.map(|property| &property.of);
                undeclared(&format!("{path}.{name}"), value, of, unknown);
            }
            true
        }
        (Some(PropertyType::String | PropertyType::Datetime), value) => value.is_string(),
        (Some(PropertyType::Int32 | PropertyType::Int64), value) => value.is_i64(),
        (Some(PropertyType::Double), value) => value.is_number(),
        (Some(PropertyType::Boolean), value) => value.is_boolean(),
        _ => false,
    };
    if !fits {
        unknown.insert(format!("{path}: {of:?}"));
    }
}

#[test]
fn every_rule_about_recorded_kinds_finds_something_to_look_at() {
    let lists = lists();
    if lists.is_empty() {
        return;
    }
    let mut by_kind: BTreeMap<String, Vec<Map>> = BTreeMap::new();
    let converter = converter();
    for (resource, items) in lists {
        for item in items {
            for record in converter.convert(&resource, item.into()).unwrap() {
                let nodes = by_kind.entry(record.kind().to_owned()).or_default();
                nodes.push(record.reported);
            }
        }
    }
    // The recorded cluster has each of these at least once.
    for (kind, value) in [
        ("kubernetes_pod", "pod_spec.node_name"),
        ("kubernetes_service", "service_spec.selector"),
        ("kubernetes_endpoint_slice", "endpoints[*].target_ref.uid"),
        (
            "kubernetes_ingress",
            "ingress_spec.rules[*].http.paths[*].backend.service.name",
        ),
        ("kubernetes_container", "image_node_id"),
        ("kubernetes_cluster_role_binding", "role_ref.name"),
        (
            "kubernetes_persistent_volume",
            "persistent_volume_spec.claim_ref.uid",
        ),
        (
            "kubernetes_flow_schema",
            "flow_schema_spec.priority_level_configuration.name",
        ),
    ] {
        let path: stocktake_model::Path = value.parse().unwrap();
        let found = by_kind[kind]
            .iter()
            .any(|node| path.first(&Value::Object(node.clone())).is_some());
        assert!(found, "{kind} {value}");
    }
}
