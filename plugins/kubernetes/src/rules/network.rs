//! Who sends traffic to whom: services, endpoints, ingresses, gateways, policies, webhooks.
use serde_json::Value;
use stocktake_model::EdgeRule;
use stocktake_model::Find::{Object, Uid};
use stocktake_model::Relation::{Defines, Mounts, Routes, Selects, Targets, Validates};
use stocktake_model::SelectorForm::Labels;

use super::form::{
    global, into, near, out, permission, selected, selected_global, selected_or_all,
    selected_there, there, when,
};

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
    rules.push(out(
        "kubernetes_endpoint_slice",
        "endpoints[*]",
        "node_name",
        global("kubernetes_node"),
        Targets,
    ));
    rules.extend(callbacks());
    rules.extend(gateways());
    rules.extend(peers());
    rules
}

/// Whom a policy lets talk to the pods it selects, and whom they may talk to. Of the type `iam`: it is a permission,
/// a pod that is only a peer is not covered by the policy, and peers may well be the selected pods themselves.
fn peers() -> Vec<EdgeRule> {
    let mut rules = Vec::new();
    for each in [
        "network_policy_spec.ingress[*].from[*]",
        "network_policy_spec.egress[*].to[*]",
    ] {
        let peer = |value: &str, find| {
            permission(out("kubernetes_network_policy", each, value, find, Routes))
        };
        rules.push(when(
            peer("pod_selector", selected_or_all(POD)),
            "namespace_selector",
            Value::Null,
        ));
        rules.push(when(
            peer(
                "namespace_selector",
                selected_global("kubernetes_namespace"),
            ),
            "pod_selector",
            Value::Null,
        ));
        rules.push(peer(
            "pod_selector",
            selected_there(POD, "namespace_selector"),
        ));
    }
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
    .flat_map(|(from, each)| {
        [
            out(from, each, "name", there(SERVICE, "namespace"), Validates),
            out(from, "", "ca_source", Object, Mounts),
        ]
    })
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
