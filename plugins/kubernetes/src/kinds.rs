//! What single kinds add to the generic conversion, one file per family.
//!
//! A kind that is not named here is converted all the same: nothing is skipped because it is unknown.
mod access;
mod amounts;
mod certificate;
mod config;
mod container;
mod custom;
mod elsewhere;
mod extension;
mod image;
mod mount;
mod network;
mod node;
mod pod;
mod pod_resources;
mod pod_status;
mod provider;
mod quota;
mod storage;
mod tool;
mod workload;

use stocktake_config::ConfigMapData;

use crate::convert::{Draft, Form};
use crate::raw::RawMap;
use crate::redact::Redactor;

pub(crate) use elsewhere::cluster as cluster_elsewhere;

/// Takes away, from the object as the server sent it, what must not be converted: values of secrets, parts
/// that are too big to keep.
pub(crate) fn prepare(
    config_map_data: ConfigMapData,
    redactor: &Redactor,
    kind: &str,
    object: &mut RawMap<'_>,
) {
    match kind {
        "kubernetes_secret" => config::prepare_secret(object),
        "kubernetes_config_map" => config::prepare_config_map(config_map_data, redactor, object),
        "kubernetes_node" => node::prepare(object),
        "kubernetes_certificate_signing_request" => certificate::prepare_request(object),
        "kubernetes_cluster_trust_bundle" => certificate::prepare_trust_bundle(object),
        "kubernetes_pod_certificate_request" => certificate::prepare_pod_request(object),
        "kubernetes_custom_resource_definition" => extension::prepare_definition(object),
        _ => {}
    }
}

/// Adds the properties a kind derives from its own object, and the nodes it brings along.
pub(crate) fn finish(kind: &str, form: Form<'_>, draft: &mut Draft<'_>) {
    match kind {
        "kubernetes_pod" => pod::finish(draft),
        "kubernetes_node" => node::finish(draft),
        "kubernetes_namespace" => draft.copy("long_name", &["tags", "openshift.io/display-name"]),
        "kubernetes_stateful_set" => workload::finish_stateful_set(draft),
        "kubernetes_horizontal_pod_autoscaler" => workload::finish_autoscaler(draft),
        "kubernetes_service" => network::finish_service(draft),
        "kubernetes_ingress" => network::finish_ingress(draft),
        "kubernetes_gateway" => network::finish_gateway(draft),
        "kubernetes_endpoint" => network::finish_endpoint(draft),
        "kubernetes_ip_address" => network::finish_ip_address(draft),
        "kubernetes_service_cidr" => network::finish_service_cidr(draft),
        "kubernetes_persistent_volume" => storage::finish_volume(draft),
        "kubernetes_persistent_volume_claim" => storage::finish_claim(draft),
        "kubernetes_service_account" => elsewhere::finish_service_account(draft),
        "kubernetes_storage_class" => storage::finish_class(draft),
        "kubernetes_volume_snapshot" => storage::finish_snapshot(draft),
        "kubernetes_resource_quota" => quota::finish(draft),
        "kubernetes_secret" | "kubernetes_config_map" => config::finish(draft),
        "kubernetes_role_binding" | "kubernetes_cluster_role_binding" => {
            access::finish_binding(draft);
        }
        "kubernetes_certificate_signing_request" => certificate::finish_request(draft),
        "kubernetes_cluster_trust_bundle" => certificate::finish_trust_bundle(draft),
        "kubernetes_api_service" => {
            extension::finish_api_service(draft);
            tool::finish_callback(draft);
        }
        "kubernetes_custom_resource_definition" => {
            extension::finish_definition(draft);
            tool::finish_callback(draft);
        }
        "kubernetes_validating_webhook_configuration"
        | "kubernetes_mutating_webhook_configuration" => tool::finish_callback(draft),
        "kubernetes_argoproj_io_application" => tool::finish_application(draft),
        "kubernetes_keda_sh_scaled_object" => tool::finish_scaled_object(draft),
        "kubernetes_resource_slice" => extension::finish_resource_slice(draft),
        _ => {}
    }
    if form.custom || custom::is_add_on(form.group) {
        custom::finish(form, draft);
    }
}
