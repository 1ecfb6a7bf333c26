//! Who reaches what, and what extends a cluster.
use expect_test::expect;
use serde_json::json;

use super::check;

#[test]
fn a_service_is_a_load_balancer() {
    let service = json!({
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"type": "LoadBalancer", "clusterIP": "10.0.0.5", "clusterIPs": ["10.0.0.5"],
            "ports": [{"port": 80, "targetPort": "http"}], "selector": {"appName": "web"}},
        "status": {"loadBalancer": {"ingress": [{"ip": "1.2.3.4"}, {"hostname": "lb.example.com"}]}},
    });
    check(
        "",
        "Service",
        service,
        &expect![[r"
        - cluster_ip: 10.0.0.5
          external_hosts:
          - lb.example.com
          external_references:
          - kind: gcp_forwarding_rule
            property: ip_address
            value: 1.2.3.4
          - kind: azure_network_load_balancer
            property: aks_public_ip_address
            value: 1.2.3.4
          - kind: azure_network_public_ip_address
            property: ip_address
            value: 1.2.3.4
          hostname: lb.example.com
          kind: kubernetes_service
          lb_type: LoadBalancer
          name: web
          namespace: shop
          public_ip_address: 1.2.3.4
          service_spec:
            cluster_ip: 10.0.0.5
            cluster_ips:
            - 10.0.0.5
            external_ips: []
            load_balancer_source_ranges: []
            ports:
            - port: 80
              target_port: http
            selector:
              appName: web
            type: LoadBalancer
          service_status:
            conditions: []
            load_balancer:
              ingress:
              - ip: 1.2.3.4
                ports: []
              - hostname: lb.example.com
                ports: []
    "]],
    );
}

#[test]
fn a_binding_brings_its_subjects() {
    let binding = json!({
        "metadata": {"name": "b"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
        "subjects": [{"kind": "User", "name": "ann"}, {"kind": "Group", "name": "ops"},
            {"kind": "ServiceAccount", "name": "bot", "namespace": "ci"}],
    });
    check(
        "rbac.authorization.k8s.io",
        "ClusterRoleBinding",
        binding,
        &expect![[r"
            - kind: kubernetes_cluster_role_binding
              name: b
              role_ref:
                api_group: rbac.authorization.k8s.io
                name: view
                resource_kind: ClusterRole
              subjects:
              - name: ann
                resource_kind: User
              - name: ops
                resource_kind: Group
              - name: bot
                namespace: ci
                resource_kind: ServiceAccount
            - kind: kubernetes_subject_user
              name: ann
            - kind: kubernetes_subject_group
              name: ops
        "]],
    );
}

#[test]
fn custom_resources_have_sections_of_their_own() {
    let certificate = json!({
        "metadata": {"name": "tls", "namespace": "shop", "generation": 2},
        "spec": {"secretName": "tls", "dnsNames": ["a"], "issuerRef": {"kind": "Issuer", "name": "ca"}},
        "status": {"conditions": [{"type": "Ready", "status": "False"}]},
        "extraPart": {"someField": 1},
    });
    check(
        "cert-manager.io",
        "Certificate",
        certificate,
        &expect![[r"
        - certificate_extra_part:
            some_field: 1
          certificate_spec:
            dns_names:
            - a
            issuer_ref:
              name: ca
              resource_kind: Issuer
            secret_name: tls
          certificate_status:
            conditions:
            - status: 'False'
              type: Ready
          generation: 2
          kind: kubernetes_cert_manager_io_certificate
          name: tls
          namespace: shop
          ready: false
          references:
          - api_version: v1
            name: tls
            resource_kind: Secret
          - name: ca
            resource_kind: Issuer
    "]],
    );
}

#[test]
fn what_extends_a_cluster_is_kept_small() {
    let definition = json!({
        "metadata": {"name": "widgets.example.com"},
        "spec": {"group": "example.com", "names": {"kind": "Widget", "plural": "widgets"}, "scope": "Namespaced",
            "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {}}}]},
    });
    check(
        "apiextensions.k8s.io",
        "CustomResourceDefinition",
        definition,
        &expect![[r"
            - custom_resource_definition_spec:
                group: example.com
                names:
                  plural: widgets
                  resource_kind: Widget
                scope: Namespaced
                versions:
                - name: v1
                  served: true
                  storage: true
              instance_kind: kubernetes_example_com_widget
              kind: kubernetes_custom_resource_definition
              name: widgets.example.com
        "]],
    );
    let service = json!({
        "metadata": {"name": "v1.metrics"},
        "spec": {"service": {"name": "m", "namespace": "x"}, "caBundle": "bm90IGEgY2VydGlmaWNhdGU="},
        "status": {"conditions": [{"type": "Available", "status": "True"}]},
    });
    check(
        "apiregistration.k8s.io",
        "APIService",
        service,
        &expect![[r"
            - api_service_spec:
                ca_bundle:
                  sha256: 47209c9b7af839de69e9a9cd625e9182c1ad63dae79ed88a2dd680fe34218620
                  size: 17
                service:
                  name: m
                  namespace: x
              api_service_status:
                conditions:
                - status: 'True'
                  type: Available
              available: true
              kind: kubernetes_api_service
              name: v1.metrics
        "]],
    );
    let address = json!({"metadata": {"name": "fd00::1"}, "spec": {}});
    check(
        "networking.k8s.io",
        "IPAddress",
        address,
        &expect![[r"
        - ip_address: fd00::1
          ip_address_family: ipv6
          ip_address_spec: {}
          kind: kubernetes_ip_address
          name: fd00::1
    "]],
    );
}
