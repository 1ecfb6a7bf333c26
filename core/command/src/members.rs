//! The properties below a path that is being typed, from the model.
use std::collections::BTreeMap;

use stocktake_model::{Model, Property, PropertyType};

use crate::complete::{Candidate, What, candidate};

/// Paths outside of the section that are worth offering, and what they say.
const ABSOLUTE: [(&str, &str); 11] = [
    ("/ancestors.account.reported.name", "name of the cluster"),
    ("/ancestors.cloud.reported.name", "name of the cloud"),
    ("/ancestors.region.reported.name", "name of the namespace"),
    ("/ancestors.zone.reported.name", "name of the zone"),
    ("/desired.clean", "marked for deletion"),
    ("/metadata.cleaned", "deleted by the cleanup"),
    ("/metadata.expires", "when it may go"),
    (
        "/metadata.expiry_error",
        "why it is not known when it may go",
    ),
    ("/metadata.protected", "never changed or deleted"),
    (
        "/metadata.unreadable",
        "values that are not what they should be",
    ),
    ("/reported.", "what was collected"),
];

/// Properties of nodes of these kinds (all if there are none) that begin like the typed path.
pub(crate) fn paths(model: &Model, kinds: &[String], typed: &str) -> Vec<Candidate> {
    if typed.starts_with('/') && !typed.starts_with("/reported.") {
        return ABSOLUTE
            .iter()
            .filter(|(path, _)| path.starts_with(typed))
            .map(|(path, about)| candidate(path, What::Property, about))
            .collect();
    }
    let (parent, start) = match typed.rfind('.') {
        Some(dot) => (&typed[..dot], &typed[dot + 1..]),
        None => ("", typed),
    };
    let names = names(parent);
    let kinds = concrete(model, kinds);
    let found = if names.is_empty() {
        top(model, &kinds)
    } else {
        below(model, &kinds, &names)
    };
    let before = if typed.contains('.') {
        format!("{parent}.")
    } else {
        String::new()
    };
    found
        .into_iter()
        .filter(|(name, _)| name.starts_with(start))
        .map(|(name, about)| candidate(&format!("{before}{name}"), What::Property, &about))
        .collect()
}

/// The word for the type of a path, if it is known.
pub(crate) fn value_type(model: &Model, names: &[&str]) -> Option<String> {
    let names = match names {
        ["reported", rest @ ..] => rest,
        other => other,
    };
    model.property_type(names, &[]).map(|of| of.to_string())
}

/// Names of a path without section and list brackets.
fn names(path: &str) -> Vec<String> {
    let plain = path.trim_start_matches("/reported").trim_start_matches('.');
    let names = plain.split('.').map(|name| {
        let name = name.split('[').next().unwrap_or_default();
        name.trim_matches('`').to_owned()
    });
    names.filter(|name| !name.is_empty()).collect()
}

/// The kinds that words stand for; words nobody knows are left out.
fn concrete(model: &Model, words: &[String]) -> Vec<String> {
    let found = words.iter().filter_map(|word| model.resolve(word).ok());
    found.map(|resolved| resolved.kind).collect()
}

/// Name, and type or description, of every property right below the section.
fn top(model: &Model, kinds: &[String]) -> Vec<(String, String)> {
    let mut found = BTreeMap::new();
    let mut add = |property: &Property| {
        found
            .entry(property.name.clone())
            .or_insert_with(|| said(property));
    };
    if kinds.is_empty() {
        model
            .kinds()
            .flat_map(|kind| &kind.properties)
            .for_each(add);
    } else {
        // A base kind stands for the kinds that inherit from it: what they add is worth asking for as well.
        for kind in kinds {
            model.properties(kind).into_iter().for_each(&mut add);
        }
    }
    found.into_iter().collect()
}

fn below(model: &Model, kinds: &[String], names: &[String]) -> Vec<(String, String)> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    let mut of = model.property_type(&names, &kinds);
    while let Some(PropertyType::Array(item)) = of {
        of = Some(*item);
    }
    let Some(PropertyType::Object(properties)) = of else {
        return Vec::new();
    };
    let described = properties.iter().map(|one| (one.name.clone(), said(one)));
    described.collect()
}

fn said(property: &Property) -> String {
    if property.about.is_empty() {
        property.of.to_string()
    } else {
        property.about.clone()
    }
}
