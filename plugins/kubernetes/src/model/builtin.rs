//! Every built-in kind, put together from the table, the schemas of the API and what the converter adds.
use stocktake_model::PropertyType::{Any, Boolean};
use stocktake_model::{Kind, Property, PropertyType};

use super::schema::{Field, Schemas, Source};
use super::source::SOURCES;
use super::table::{ADD_ONS, KINDS, Row, rows};
use super::{added, top};
use crate::names::snake_owned;

/// Fields of the API that the converter never keeps.
const DROPPED: [(&str, &str); 5] = [
    ("secret", "data"),
    ("secret", "stringData"),
    ("secret", "immutable"),
    ("config_map", "binaryData"),
    ("config_map", "data"),
];

/// Properties below a section that the converter never keeps: kind, the object they are in, their names.
const DROPPED_BELOW: [(&str, &str, &[&str]); 3] = [
    (
        "certificate_signing_request",
        "certificate_signing_request_spec",
        &["request"],
    ),
    (
        "pod_certificate_request",
        "pod_certificate_request_spec",
        &[
            "pkix_public_key",
            "proof_of_possession",
            "stub_pkcs10_request",
        ],
    ),
    (
        "custom_resource_definition",
        "versions",
        &[
            "schema",
            "additional_printer_columns",
            "subresources",
            "selectable_fields",
        ],
    ),
];

/// Properties below a section that older versions of the API have: kind, where, name, type.
const ADDED_BELOW: [(&str, &[&str], &str, PropertyType); 2] = [
    (
        "horizontal_pod_autoscaler",
        &["horizontal_pod_autoscaler_spec"],
        "target_cpu_utilization_percentage",
        PropertyType::Int32,
    ),
    (
        "resource_claim",
        &["resource_claim_spec", "devices", "requests"],
        "device_class_name",
        PropertyType::String,
    ),
];

/// Every built-in kind: bases first, then the kinds of the API, then those of add-ons.
pub(super) fn kinds() -> Vec<Kind> {
    let mut schemas = Schemas::new();
    let mut kinds = top::kinds(&mut schemas);
    for row in rows(KINDS) {
        kinds.push(typed(&row, &mut schemas));
    }
    kinds.extend(rows(ADD_ONS).map(|row| add_on(&row)));
    kinds
}

fn source(short: &str) -> Source {
    let found = SOURCES.iter().find(|(kind, _)| *kind == short);
    found
        .expect("a test builds every kind, so every line has a source")
        .1
}

fn typed(row: &Row, schemas: &mut Schemas) -> Kind {
    let short = row.short;
    let (about, fields) = schemas.read(source(short));
    let mut kind = named(row);
    let known = added::properties(&kind.name);
    kind.properties = fields
        .into_iter()
        .filter(|field| !DROPPED.contains(&(short, field.key.as_str())))
        .map(|field| section(short, field))
        .filter(|field| known.iter().all(|added| added.name != field.name))
        .collect();
    for (of, within, names) in DROPPED_BELOW {
        if of == short {
            drop_below(&mut kind.properties, within, names);
        }
    }
    for (of, path, name, property) in &ADDED_BELOW {
        if *of == short {
            add_below(&mut kind.properties, path, name, property);
        }
    }
    kind.properties.extend(known);
    kind.about = if about.is_empty() {
        format!("A {} of Kubernetes.", short.replace('_', " "))
    } else {
        about
    };
    kind
}

/// The properties of the object a property is, or is a list of.
fn below(property: &mut Property) -> Option<&mut Vec<Property>> {
    let mut of = &mut property.of;
    while let PropertyType::Array(item) = of {
        of = item;
    }
    match of {
        PropertyType::Object(properties) => Some(properties),
        _ => None,
    }
}

fn drop_below(properties: &mut [Property], within: &str, names: &[&str]) {
    for property in properties {
        let is_meant = property.name == within;
        if let Some(below) = below(property) {
            if is_meant {
                below.retain(|property| !names.contains(&property.name.as_str()));
            }
            drop_below(below, within, names);
        }
    }
}

fn add_below(properties: &mut Vec<Property>, path: &[&str], name: &str, of: &PropertyType) {
    let Some((first, rest)) = path.split_first() else {
        properties.push(Property::new(name, of.clone(), ""));
        return;
    };
    let found = properties
        .iter_mut()
        .find(|property| property.name == *first);
    if let Some(properties) = found.and_then(below) {
        add_below(properties, rest, name, of);
    }
}

fn section(short: &str, field: Field) -> Property {
    let name = match field.key.as_str() {
        "spec" | "status" => format!("{short}_{}", field.key),
        "data" if short == "controller_revision" => format!("{short}_data"),
        key => snake_owned(key),
    };
    Property::new(name, field.of, field.about)
}

fn add_on(row: &Row) -> Kind {
    let mut kind = named(row);
    row.about.clone_into(&mut kind.about);
    kind.properties = ["spec", "status"]
        .iter()
        .map(|part| Property::new(format!("{}_{part}", row.short), Any, ""))
        .collect();
    kind.properties.push(top::property(
        "ready",
        Boolean,
        "Whether it says that it is ready.",
    ));
    kind.properties.extend(added::properties(&kind.name));
    kind
}

fn named(row: &Row) -> Kind {
    let singular = row.short.replace('_', "");
    let mut aliases = vec![row.plural.to_owned()];
    // `kubernetes_<word>` is read without any help, so only the joined spelling is a word of its own.
    if singular != row.short && singular != row.plural {
        aliases.push(singular);
    }
    aliases.extend(row.short_names.iter().map(|&word| word.to_owned()));
    let mut bases = vec!["kubernetes_resource".to_owned()];
    bases.extend(row.bases.iter().map(|&base| base.to_owned()));
    Kind {
        name: format!("kubernetes_{}", row.short),
        bases,
        aliases,
        ..Kind::default()
    }
}
