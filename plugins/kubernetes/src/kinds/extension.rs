//! Definitions of custom kinds, aggregated APIs, slices of devices: what extends a cluster.
use crate::convert::{Draft, condition};
use crate::raw::{Raw, RawMap};
use crate::{Resource, names};

/// What is kept of a version of a custom kind; its schema is as big as a program.
const OF_VERSION: [&str; 5] = [
    "name",
    "served",
    "storage",
    "deprecated",
    "deprecationWarning",
];

/// Drops the schemas.
pub(crate) fn prepare_definition(object: &mut RawMap<'_>) {
    let versions = object
        .get_mut("spec")
        .and_then(|spec| spec.get_mut("versions"));
    let Some(Raw::List(versions)) = versions else {
        return;
    };
    for version in versions {
        if let Raw::Map(version) = version {
            version.retain(|key| OF_VERSION.contains(&key));
        }
    }
}

/// The kind its objects have here, by which they are counted.
pub(crate) fn finish_definition(draft: &mut Draft<'_>) {
    let spec = |path: &[&str]| {
        let mut whole = vec!["custom_resource_definition_spec"];
        whole.extend(path);
        draft.text(&whole).unwrap_or_default().to_owned()
    };
    let resource = Resource {
        group: spec(&["group"]),
        version: String::new(),
        kind: spec(&["names", "resource_kind"]),
        plural: spec(&["names", "plural"]),
        singular: String::new(),
        short_names: Vec::new(),
        namespaced: false,
        verbs: Vec::new(),
    };
    draft.set("instance_kind", names::kind_name(&resource));
}

pub(crate) fn finish_api_service(draft: &mut Draft<'_>) {
    let available = condition(
        draft.list(&["api_service_status", "conditions"]),
        "Available",
    );
    if let Some(available) = available.map(|status| status == "True") {
        draft.set("available", available);
    }
}

pub(crate) fn finish_resource_slice(draft: &mut Draft<'_>) {
    let devices = draft.list(&["resource_slice_spec", "devices"]).len();
    draft.set("device_count", devices);
}
