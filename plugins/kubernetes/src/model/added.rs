//! Properties the converter adds to single kinds, beside what the API has.
use stocktake_model::PropertyType::{
    Boolean, Datetime, Double, Int32, Int64, Object, String as Text,
};
use stocktake_model::{Property, PropertyType};

use super::top::{map, property, texts};

/// The properties of a kind that are not fields of the API.
pub(super) fn properties(kind: &str) -> Vec<Property> {
    match kind {
        "kubernetes_pod" => pod(),
        "kubernetes_node" => node(),
        "kubernetes_stateful_set" => vec![property(
            "claim_names",
            texts(),
            "Names of the claims it makes.",
        )],
        "kubernetes_horizontal_pod_autoscaler" => vec![property(
            "target_cpu_utilization_percentage",
            Int32,
            "CPU use it aims at, in percent of the requests.",
        )],
        "kubernetes_service" | "kubernetes_ingress" | "kubernetes_gateway" => exposed(kind),
        "kubernetes_persistent_volume" => volume(),
        "kubernetes_persistent_volume_claim" => vec![
            property("claim_size", Double, "Size asked for, in GB."),
            property("claim_capacity", Double, "Size it has, in GB."),
        ],
        "kubernetes_storage_class" => vec![property(
            "is_default_class",
            Boolean,
            "Whether claims without a class get it.",
        )],
        "kubernetes_resource_quota" => quota(),
        "kubernetes_config_map" | "kubernetes_secret" => config(kind),
        "kubernetes_certificate_signing_request" => vec![property(
            "node_name",
            Text,
            "Node that asks for the certificate.",
        )],
        "kubernetes_cluster_trust_bundle" => {
            vec![property("signer_name", Text, "Who signs with it.")]
        }
        "kubernetes_api_service" => vec![
            property("available", Boolean, "Whether it answers."),
            reference("ca_source", "Where its CA comes from."),
        ],
        "kubernetes_validating_webhook_configuration"
        | "kubernetes_mutating_webhook_configuration" => {
            vec![reference("ca_source", "Where its CA comes from.")]
        }
        "kubernetes_custom_resource_definition" => vec![
            property("instance_kind", Text, "Kind its objects have here."),
            property("instance_count", Int64, "Number of its objects."),
            reference("ca_source", "Where its CA comes from."),
        ],
        "kubernetes_resource_slice" => {
            vec![property("device_count", Int64, "Number of devices in it.")]
        }
        "kubernetes_event" => event(),
        _ => Vec::new(),
    }
}

/// Requests and limits, of a pod or a container.
pub(super) fn requests() -> Vec<Property> {
    vec![
        property("requested_cores", Double, "Cores it asks for."),
        property("requested_memory", Double, "Memory it asks for, in GiB."),
        property("limit_cores", Double, "Cores it may use at most."),
        property("limit_memory", Double, "Memory it may use at most, in GiB."),
    ]
}

fn pod() -> Vec<Property> {
    let mut all = vec![
        property("pod_status_reason", Text, "State in the words of kubectl."),
        property("pod_ready", Boolean, "Whether it is ready."),
        property("pod_restart_count", Int64, "Restarts of all containers."),
        property("owner_kind", Text, "Kind of its top-most controller."),
        property("owner_name", Text, "Name of its top-most controller."),
        property("controller_kind", Text, "Kind of what made it."),
        property("controller_name", Text, "Name of what made it."),
        mounts(),
        property(
            "device_claims",
            PropertyType::array(Object(vec![
                property("template", Text, ""),
                property("claim", Text, ""),
            ])),
            "Claims for devices, and the templates they were made from.",
        ),
    ];
    all.extend(requests());
    all.extend([
        property(
            "reserved_cores",
            Double,
            "Cores it asks for, until it is through.",
        ),
        property(
            "reserved_memory",
            Double,
            "Memory it asks for in GiB, until it is through.",
        ),
        property(
            "ephemeral_claim_names",
            texts(),
            "Names of the claims its ephemeral volumes make.",
        ),
    ]);
    all
}

fn mounts() -> Property {
    let mut fields: Vec<Property> = [
        "resource_kind",
        "name",
        "volume",
        "container",
        "mount_path",
        "sub_path",
    ]
    .map(|name| property(name, Text, ""))
    .into();
    fields.push(property("read_only", Boolean, ""));
    property(
        "mounts",
        PropertyType::array(Object(fields)),
        "Config maps, secrets and claims it mounts, and where.",
    )
}

/// `{resource_kind, name, namespace, api_version, api_group}`
fn reference(name: &str, about: &str) -> Property {
    property(name, super::top::reference(), about)
}

fn node() -> Vec<Property> {
    vec![
        property("provider_id", Text, "What the cloud calls it."),
        property("provider_name", Text, "Cloud it is in."),
        property("provider_instance_id", Text, "Machine it is in its cloud."),
        property("provider_zone", Text, "Zone of its cloud it is in."),
        property("distribution_hint", Text, "Distribution it betrays."),
        property("node_ready", Boolean, "Whether it is ready."),
        property("node_roles", texts(), "Roles."),
        property("node_pool", Text, "Pool or group it belongs to."),
        property("topology_region", Text, "Region it is in."),
        property("topology_zone", Text, "Zone it is in."),
        property("internal_ips", texts(), "Addresses inside."),
        property("external_ips", texts(), "Addresses outside."),
        property("allocatable_cores", Double, "Cores for pods."),
        property("allocatable_memory", Double, "Memory for pods, in GiB."),
        property("allocatable_pods", Double, "Number of pods it takes."),
        property("ephemeral_storage", Double, "Local storage, in GB."),
    ]
}

fn exposed(kind: &str) -> Vec<Property> {
    let mut all = vec![
        property("hostname", Text, "First name it is reached by."),
        property("external_hosts", texts(), "Every name it is reached by."),
    ];
    if kind == "kubernetes_service" {
        all.push(property("cluster_ip", Text, "Address inside."));
    }
    all
}

fn volume() -> Vec<Property> {
    vec![
        property("volume_size_bytes", Int64, "Size in bytes."),
        property("volume_source", Text, "Driver or kind of its backend."),
        property("volume_handle", Text, "What its backend calls it."),
    ]
}

fn quota() -> Vec<Property> {
    let item = Object(vec![
        property("resource", Text, ""),
        property("hard", Double, ""),
        property("used", Double, ""),
        property("usage_percentage", Double, ""),
    ]);
    vec![
        property(
            "quota_items",
            PropertyType::array(item),
            "Every limit, as numbers: cores, bytes, pieces.",
        ),
        property(
            "usage_percentage",
            Double,
            "How much of the one limit is used; absent if there are more.",
        ),
    ]
}

fn config(kind: &str) -> Vec<Property> {
    let release = Object(vec![
        property("name", Text, ""),
        property("revision", Text, ""),
        property("status", Text, ""),
        property("deployed", Text, ""),
    ]);
    let mut all = vec![
        property("data_keys", texts(), "Names of its entries."),
        property("helm_release", release, "Release of Helm it stores."),
    ];
    if kind == "kubernetes_secret" {
        all.push(property("data_count", Int64, "Number of its entries."));
    } else {
        all.push(property("data", map(), "Its entries, without secret ones."));
        all.push(property(
            "binary_data_keys",
            texts(),
            "Names of its binary entries.",
        ));
        all.push(property(
            "data_truncated",
            Boolean,
            "Whether entries were cut.",
        ));
    }
    all
}

/// Fields of events in the core group; those of the newer group come from the API.
fn event() -> Vec<Property> {
    let texts = |names: &[&str]| {
        let properties = names.iter().map(|name| property(name, Text, ""));
        Object(properties.collect())
    };
    let object = texts(&[
        "api_version",
        "resource_kind",
        "name",
        "namespace",
        "uid",
        "resource_version",
        "field_path",
    ]);
    vec![
        property("message", Text, "What happened."),
        property("involved_object", object, "What it happened to."),
        property("source", texts(&["component", "host"]), "Who saw it."),
        property("count", Int32, "How often it happened."),
        property("first_timestamp", Datetime, "When it happened first."),
        property("last_timestamp", Datetime, "When it happened last."),
        property("reporting_component", Text, "Who says so."),
    ]
}
