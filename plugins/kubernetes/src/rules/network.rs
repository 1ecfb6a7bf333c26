//! Who sends traffic to whom: services, endpoints, ingresses, gateways, policies, webhooks.
use stocktake_model::EdgeRule;
use stocktake_model::Find::Uid;
use stocktake_model::Relation::{Defines, Mounts, Routes, Selects, Targets, Validates};
use stocktake_model::SelectorForm::Labels;

use super::form::{global, into, near, out, selected, selected_or_all, there, when};

const POD: &str = "kubernetes_pod";
const SERVICE: &str = "kubernetes_service";
const INGRESS: &str = "kubernetes_ingress";
const ROUTES: [&str; 5] = ["http", "grpc", "tls", "tcp", "udp"];

/// The references Resoto knew.
pub(super) fn first() -> Vec<EdgeRule> {
    let route = |each: &str| out(INGRESS, each, "service.name", near(SERVICE), Routes);
    vec![
        out(
            SERVICE,
            "",
            "service_spec.selector",
            selected(POD, Labels),
            Targets,
        ),
        out(
            "kubernetes_endpoint",
            "subsets[*].addresses[*].target_ref",
            "uid",
            Uid,
            Targets,
        ),
        route("ingress_spec.default_backend"),
        route("ingress_spec.rules[*].http.paths[*].backend"),
    ]
}

/// All others.
pub(super) fn more() -> Vec<EdgeRule> {
    let mut rules = vec![
        out(
            "kubernetes_stateful_set",
            "",
            "stateful_set_spec.service_name",
            near(SERVICE),
            Targets,
        ),
        out(
            "kubernetes_network_policy",
            "",
            "network_policy_spec.pod_selector",
            selected_or_all(POD),
            Selects,
        ),
        into(
            INGRESS,
            "",
            "ingress_spec.ingress_class_name",
            global("kubernetes_ingress_class"),
            Defines,
        ),
        into(
            INGRESS,
            "",
            "tags.`kubernetes.io/ingress.class`",
            global("kubernetes_ingress_class"),
            Defines,
        ),
        out(
            INGRESS,
            "ingress_spec.tls[*]",
            "secret_name",
            near("kubernetes_secret"),
            Mounts,
        ),
        out(
            "kubernetes_endpoint_slice",
            "endpoints[*].target_ref",
            "uid",
            Uid,
            Targets,
        ),
        into(
            "kubernetes_endpoint_slice",
            "",
            "labels.`kubernetes.io/service-name`",
            near(SERVICE),
            Defines,
        ),
        into("kubernetes_endpoint", "", "name", near(SERVICE), Defines),
    ];
    rules.extend(callbacks());
    rules.extend(gateways());
    rules
}

/// What the API server calls to check or serve objects.
fn callbacks() -> Vec<EdgeRule> {
    [
        (
            "kubernetes_validating_webhook_configuration",
            "webhooks[*].client_config.service",
        ),
        (
            "kubernetes_mutating_webhook_configuration",
            "webhooks[*].client_config.service",
        ),
        ("kubernetes_api_service", "api_service_spec.service"),
        (
            "kubernetes_custom_resource_definition",
            "custom_resource_definition_spec.conversion.webhook.client_config.service",
        ),
    ]
    .into_iter()
    .map(|(from, each)| out(from, each, "name", there(SERVICE, "namespace"), Validates))
    .collect()
}

fn gateways() -> Vec<EdgeRule> {
    let gateway = "kubernetes_gateway";
    let mut rules = vec![
        into(
            gateway,
            "",
            "gateway_spec.gateway_class_name",
            global("kubernetes_gateway_class"),
            Routes,
        ),
        out(
            gateway,
            "gateway_spec.listeners[*].tls.certificate_refs[*]",
            "name",
            there("kubernetes_secret", "namespace"),
            Mounts,
        ),
    ];
    for protocol in ROUTES {
        let from = format!("kubernetes_{protocol}_route");
        let of = |part: &str| format!("{protocol}_route_spec.{part}[*]");
        rules.push(when(
            into(
                &from,
                &of("parent_refs"),
                "name",
                there(gateway, "namespace"),
                Routes,
            ),
            "resource_kind",
            "Gateway",
        ));
        rules.push(when(
            out(
                &from,
                &of("rules[*].backend_refs"),
                "name",
                there(SERVICE, "namespace"),
                Routes,
            ),
            "resource_kind",
            "Service",
        ));
    }
    rules
}
