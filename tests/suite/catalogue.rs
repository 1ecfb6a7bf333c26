//! Every relationship of the catalogue, in one hand-written cluster, asked for by its relation.
//!
//! Not edges, and why: a definition and its objects (a count and `api_group` instead: it would be half the graph), a
//! topology constraint and a label, an image and its registry (properties: no object has them), cloud resources (no
//! plugin collects them yet).
use serde_json::{Value, json};

use crate::cluster::{self, defined, definition, in_shop, object};

const PROGRAM: &str = env!("CARGO_BIN_EXE_stocktake-under-test");

fn owned_by(kind: &str, name: &str, api_version: &str) -> Value {
    json!({"ownerReferences": [{"apiVersion": api_version, "kind": kind, "name": name,
        "uid": format!("{}-{name}", kind.to_lowercase()), "controller": true}]})
}

fn pod() -> Value {
    let mut metadata = owned_by("ReplicaSet", "web-1", "apps/v1");
    metadata["labels"] = json!({"app": "web"});
    in_shop(
        "v1",
        "Pod",
        "web-1-a",
        json!({"metadata": metadata, "spec": {
            "nodeName": "n1", "serviceAccountName": "web", "priorityClassName": "high",
            "runtimeClassName": "gvisor", "imagePullSecrets": [{"name": "pull"}],
            "resourceClaims": [{"name": "gpu", "resourceClaimTemplateName": "gpus"}],
            "volumes": [
                {"name": "conf", "configMap": {"name": "conf"}},
                {"name": "key", "secret": {"secretName": "key"}},
                {"name": "both", "projected": {"sources": [
                    {"configMap": {"name": "projected"}}, {"secret": {"name": "projected"}}]}},
                {"name": "data", "persistentVolumeClaim": {"claimName": "data"}},
                {"name": "scratch", "ephemeral": {"volumeClaimTemplate": {}}},
                {"name": "csi", "csi": {"driver": "d", "nodePublishSecretRef": {"name": "publish"}}},
            ],
            "containers": [{
                "name": "main", "image": "nginx:1.25",
                "env": [
                    {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "env", "key": "a"}}},
                    {"name": "B", "valueFrom": {"secretKeyRef": {"name": "env", "key": "b"}}},
                ],
                "envFrom": [{"configMapRef": {"name": "from"}}, {"secretRef": {"name": "from"}}],
                "volumeMounts": [
                    {"name": "conf", "mountPath": "/etc/conf", "subPath": "app.yaml", "readOnly": true},
                    {"name": "key", "mountPath": "/etc/key"},
                    {"name": "data", "mountPath": "/data"},
                ],
            }],
        }, "status": {"phase": "Running", "resourceClaimStatuses": [
            {"name": "gpu", "resourceClaimName": "web-1-a-gpu"}]}}),
    )
}

fn workloads() -> Vec<Value> {
    let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"});
    let mut replica_set = owned_by("Deployment", "web", "apps/v1");
    replica_set["labels"] = json!({"app": "web"});
    let helm = json!({"annotations": {
        "meta.helm.sh/release-name": "shop", "meta.helm.sh/release-namespace": "shop"}});
    vec![
        pod(),
        in_shop(
            "apps/v1",
            "ReplicaSet",
            "web-1",
            json!({"metadata": replica_set}),
        ),
        in_shop(
            "apps/v1",
            "Deployment",
            "web",
            json!({"metadata": helm, "spec": {
            "selector": {"matchLabels": {"app": "web"}}}}),
        ),
        in_shop(
            "apps/v1",
            "StatefulSet",
            "db",
            json!({"spec": {"serviceName": "web", "replicas": 1,
            "volumeClaimTemplates": [{"metadata": {"name": "disk"}}]}}),
        ),
        in_shop("v1", "PersistentVolumeClaim", "disk-db-0", json!({})),
        in_shop("v1", "PersistentVolumeClaim", "web-1-a-scratch", json!({})),
        in_shop(
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            "web",
            json!({"spec": {"scaleTargetRef": target}}),
        ),
        in_shop(
            "autoscaling.k8s.io/v1",
            "VerticalPodAutoscaler",
            "web",
            json!({"spec": {"targetRef": target}}),
        ),
        in_shop(
            "keda.sh/v1alpha1",
            "ScaledObject",
            "web",
            json!({"spec": {"scaleTargetRef": {"name": "web"}}}),
        ),
        in_shop(
            "policy/v1",
            "PodDisruptionBudget",
            "web",
            json!({"spec": {"selector": {"matchLabels": {"app": "web"}}}}),
        ),
        definition(
            "autoscaling.k8s.io",
            "v1",
            "VerticalPodAutoscaler",
            "verticalpodautoscalers",
        ),
        definition("keda.sh", "v1alpha1", "ScaledObject", "scaledobjects"),
    ]
}

fn machines() -> Vec<Value> {
    vec![
        object(
            "v1",
            "Node",
            "n1",
            json!({"metadata": {"labels": {"cloud.google.com/gke-nodepool": "a",
            "topology.kubernetes.io/region": "europe-west1"}},
            "spec": {"providerID": "gce://project/europe-west1-b/n1"}}),
        ),
        object(
            "storage.k8s.io/v1",
            "CSINode",
            "n1",
            json!({"metadata": owned_by("Node", "n1", "v1")}),
        ),
        json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
            "metadata": {"name": "n1", "namespace": "kube-node-lease", "uid": "lease-n1"}}),
        object(
            "scheduling.k8s.io/v1",
            "PriorityClass",
            "high",
            json!({"value": 1}),
        ),
        object(
            "node.k8s.io/v1",
            "RuntimeClass",
            "gvisor",
            json!({"handler": "x"}),
        ),
        in_shop(
            "resource.k8s.io/v1",
            "ResourceClaimTemplate",
            "gpus",
            json!({}),
        ),
        in_shop(
            "resource.k8s.io/v1",
            "ResourceClaim",
            "web-1-a-gpu",
            json!({
            "spec": {"devices": {"requests": [{"name": "a", "exactly": {"deviceClassName": "gpu"}}]}},
            "status": {"allocation": {"devices": {"results": [
                {"request": "a", "driver": "d", "pool": "n1-pool", "device": "gpu0"}]}}}}),
        ),
        object("resource.k8s.io/v1", "DeviceClass", "gpu", json!({})),
        object(
            "resource.k8s.io/v1",
            "ResourceSlice",
            "n1-slice",
            json!({"spec": {"nodeName": "n1", "driver": "d", "pool": {"name": "n1-pool"}}}),
        ),
    ]
}

fn storage() -> Vec<Value> {
    let snapshots = "snapshot.storage.k8s.io/v1";
    vec![
        in_shop(
            "v1",
            "PersistentVolumeClaim",
            "data",
            json!({"spec": {"storageClassName": "fast", "volumeName": "pv1"}}),
        ),
        object(
            "v1",
            "PersistentVolume",
            "pv1",
            json!({"spec": {"storageClassName": "fast",
            "csi": {"driver": "ebs.csi.aws.com", "volumeHandle": "vol-1"},
            "claimRef": {"uid": "persistentvolumeclaim-data", "namespace": "shop", "name": "data"}}}),
        ),
        object(
            "storage.k8s.io/v1",
            "StorageClass",
            "fast",
            json!({"provisioner": "ebs.csi.aws.com"}),
        ),
        object(
            "storage.k8s.io/v1",
            "CSIDriver",
            "ebs.csi.aws.com",
            json!({}),
        ),
        object(
            "storage.k8s.io/v1",
            "VolumeAttachment",
            "va1",
            json!({"spec": {"nodeName": "n1",
            "attacher": "ebs.csi.aws.com", "source": {"persistentVolumeName": "pv1"}}}),
        ),
        in_shop(
            snapshots,
            "VolumeSnapshot",
            "snap",
            json!({
            "spec": {"source": {"persistentVolumeClaimName": "data"}},
            "status": {"boundVolumeSnapshotContentName": "content"}}),
        ),
        object(
            snapshots,
            "VolumeSnapshotContent",
            "content",
            json!({"spec": {"volumeSnapshotClassName": "class"}}),
        ),
        object(snapshots, "VolumeSnapshotClass", "class", json!({})),
        definition(
            "snapshot.storage.k8s.io",
            "v1",
            "VolumeSnapshot",
            "volumesnapshots",
        ),
        defined(
            "snapshot.storage.k8s.io",
            "v1",
            "VolumeSnapshotContent",
            "volumesnapshotcontents",
            "Cluster",
        ),
        defined(
            "snapshot.storage.k8s.io",
            "v1",
            "VolumeSnapshotClass",
            "volumesnapshotclasses",
            "Cluster",
        ),
    ]
}

fn config() -> Vec<Value> {
    let mut all = Vec::new();
    for name in ["conf", "projected", "env", "from"] {
        all.push(in_shop("v1", "ConfigMap", name, json!({})));
    }
    for name in [
        "key",
        "projected",
        "env",
        "from",
        "publish",
        "pull",
        "tls",
        "issuer",
        "sa",
    ] {
        all.push(in_shop("v1", "Secret", name, json!({"type": "Opaque"})));
    }
    all.push(in_shop("v1", "Secret", "sh.helm.release.v1.shop.v2", json!({
        "type": "helm.sh/release.v1",
        "metadata": {"labels": {"owner": "helm", "name": "shop", "version": "2", "status": "deployed"}}})));
    all.push(in_shop(
        "v1",
        "ServiceAccount",
        "web",
        json!({
        "secrets": [{"name": "sa"}], "imagePullSecrets": [{"name": "pull"}]}),
    ));
    all.push(in_shop(
        "cert-manager.io/v1",
        "Issuer",
        "ca",
        json!({"spec": {"ca": {"secretName": "issuer"}}}),
    ));
    all.push(in_shop(
        "cert-manager.io/v1",
        "Certificate",
        "serving",
        json!({}),
    ));
    all.push(definition("cert-manager.io", "v1", "Issuer", "issuers"));
    all.push(definition(
        "cert-manager.io",
        "v1",
        "Certificate",
        "certificates",
    ));
    all
}

fn network() -> Vec<Value> {
    let service = json!({"service": {"name": "web", "namespace": "shop"}});
    let peers = json!([
        {"podSelector": {"matchLabels": {"app": "web"}}},
        {"namespaceSelector": {"matchLabels": {"team": "other"}}},
        {"namespaceSelector": {"matchLabels": {"team": "other"}}, "podSelector": {}},
    ]);
    let gateway = "gateway.networking.k8s.io/v1";
    vec![
        in_shop(
            "v1",
            "Service",
            "web",
            json!({"spec": {"selector": {"app": "web"}}}),
        ),
        in_shop(
            "v1",
            "Endpoints",
            "web",
            json!({"subsets": [{"addresses": [
            {"ip": "10.0.0.1", "targetRef": {"kind": "Pod", "uid": "pod-web-1-a"}}]}]}),
        ),
        in_shop(
            "discovery.k8s.io/v1",
            "EndpointSlice",
            "web-x",
            json!({
            "metadata": {"labels": {"kubernetes.io/service-name": "web"}}, "addressType": "IPv4",
            "endpoints": [{"nodeName": "n1", "targetRef": {"kind": "Pod", "uid": "pod-web-1-a"}}]}),
        ),
        in_shop(
            "networking.k8s.io/v1",
            "Ingress",
            "web",
            json!({"spec": {
            "ingressClassName": "nginx", "tls": [{"secretName": "tls"}],
            "rules": [{"http": {"paths": [{"backend": service}]}}]}}),
        ),
        object("networking.k8s.io/v1", "IngressClass", "nginx", json!({})),
        object(gateway, "GatewayClass", "envoy", json!({})),
        in_shop(
            gateway,
            "Gateway",
            "edge",
            json!({"spec": {"gatewayClassName": "envoy", "listeners": [
            {"tls": {"certificateRefs": [{"name": "tls"}]}}]}}),
        ),
        in_shop(
            gateway,
            "HTTPRoute",
            "web",
            json!({"spec": {
            "parentRefs": [{"kind": "Gateway", "name": "edge"}],
            "rules": [{"backendRefs": [{"kind": "Service", "name": "web"}]}]}}),
        ),
        defined(
            "gateway.networking.k8s.io",
            "v1",
            "GatewayClass",
            "gatewayclasses",
            "Cluster",
        ),
        definition("gateway.networking.k8s.io", "v1", "Gateway", "gateways"),
        definition("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes"),
        in_shop(
            "networking.k8s.io/v1",
            "NetworkPolicy",
            "web",
            json!({"spec": {
            "podSelector": {"matchLabels": {"app": "web"}}, "ingress": [{"from": peers}]}}),
        ),
        json!({"apiVersion": "v1", "kind": "Pod", "metadata":
            {"name": "guest", "namespace": "other", "uid": "pod-guest", "labels": {"app": "web"}},
            "spec": {"containers": [{"name": "a", "image": "a"}]}}),
        object(
            "admissionregistration.k8s.io/v1",
            "ValidatingWebhookConfiguration",
            "hook",
            json!({
            "metadata": {"annotations": {"cert-manager.io/inject-ca-from": "shop/serving"}},
            "webhooks": [{"clientConfig": service}]}),
        ),
        object(
            "apiregistration.k8s.io/v1",
            "APIService",
            "v1.x.dev",
            json!({"spec": service}),
        ),
    ]
}

fn access() -> Vec<Value> {
    let rbac = "rbac.authorization.k8s.io/v1";
    vec![
        in_shop(rbac, "Role", "reader", json!({"rules": []})),
        in_shop(
            rbac,
            "RoleBinding",
            "readers",
            json!({
            "roleRef": {"kind": "Role", "name": "reader", "apiGroup": "rbac.authorization.k8s.io"},
            "subjects": [{"kind": "ServiceAccount", "name": "web", "namespace": "shop"},
                {"kind": "Group", "name": "devs"}]}),
        ),
        object(
            rbac,
            "ClusterRoleBinding",
            "admins",
            json!({
            "roleRef": {"kind": "ClusterRole", "name": "all", "apiGroup": "rbac.authorization.k8s.io"},
            "subjects": [{"kind": "User", "name": "jane"}]}),
        ),
        object(
            rbac,
            "ClusterRole",
            "all",
            json!({"aggregationRule": {"clusterRoleSelectors": [
            {"matchLabels": {"part-of": "all"}}]}, "rules": []}),
        ),
        object(
            rbac,
            "ClusterRole",
            "part",
            json!({"metadata": {"labels": {"part-of": "all"}}, "rules": []}),
        ),
        object(
            "admissionregistration.k8s.io/v1",
            "ValidatingAdmissionPolicy",
            "p",
            json!({}),
        ),
        object(
            "admissionregistration.k8s.io/v1",
            "ValidatingAdmissionPolicyBinding",
            "b",
            json!({"spec": {"policyName": "p"}}),
        ),
        object(
            "flowcontrol.apiserver.k8s.io/v1",
            "PriorityLevelConfiguration",
            "mid",
            json!({}),
        ),
        object(
            "flowcontrol.apiserver.k8s.io/v1",
            "FlowSchema",
            "flow",
            json!({"spec": {"priorityLevelConfiguration": {"name": "mid"}}}),
        ),
        object(
            "certificates.k8s.io/v1",
            "CertificateSigningRequest",
            "csr",
            json!({"spec": {
            "username": "system:node:n1", "signerName": "kubernetes.io/kubelet-serving"}}),
        ),
    ]
}

fn tools() -> Vec<Value> {
    let flux = |group: &str| json!({"metadata": {"labels": {format!("{group}/name"): "shop", format!("{group}/namespace"): "shop"}}});
    vec![
        in_shop(
            "argoproj.io/v1alpha1",
            "Application",
            "shop",
            json!({
            "spec": {"destination": {"server": "https://kubernetes.default.svc"}},
            "status": {"resources": [{"group": "apps", "kind": "StatefulSet", "name": "db", "namespace": "shop"}]}}),
        ),
        definition("argoproj.io", "v1alpha1", "Application", "applications"),
        in_shop(
            "kustomize.toolkit.fluxcd.io/v1",
            "Kustomization",
            "shop",
            json!({}),
        ),
        definition(
            "kustomize.toolkit.fluxcd.io",
            "v1",
            "Kustomization",
            "kustomizations",
        ),
        in_shop(
            "helm.toolkit.fluxcd.io/v2",
            "HelmRelease",
            "shop",
            json!({}),
        ),
        definition(
            "helm.toolkit.fluxcd.io",
            "v2",
            "HelmRelease",
            "helmreleases",
        ),
        in_shop(
            "v1",
            "ConfigMap",
            "kustomized",
            flux("kustomize.toolkit.fluxcd.io"),
        ),
        in_shop(
            "v1",
            "ConfigMap",
            "released",
            flux("helm.toolkit.fluxcd.io"),
        ),
    ]
}

fn objects() -> Vec<Value> {
    let mut objects: Vec<Value> = ["kube-system", "kube-node-lease", "shop"]
        .map(|name| object("v1", "Namespace", name, json!({})))
        .into();
    objects.push(object(
        "v1",
        "Namespace",
        "other",
        json!({"metadata": {"labels": {"team": "other"}}}),
    ));
    for family in [
        workloads(),
        machines(),
        storage(),
        config(),
        network(),
        access(),
        tools(),
    ] {
        objects.extend(family);
    }
    objects
}

/// From, relation, to: `kind name`, without `kubernetes_`.
const EDGES: [(&str, &str, &str); 86] = [
    ("cluster one", "contains", "namespace shop"),
    ("namespace shop", "contains", "pod web-1-a"),
    ("cluster one", "contains", "node n1"),
    ("deployment web", "owns", "replica_set web-1"),
    ("replica_set web-1", "owns", "pod web-1-a"),
    ("deployment web", "selects", "replica_set web-1"),
    ("api_service v1.x.dev", "validates", "service web"),
    (
        "secret sh.helm.release.v1.shop.v2",
        "owns",
        "deployment web",
    ),
    ("argoproj_io_application shop", "owns", "stateful_set db"),
    (
        "kustomize_toolkit_fluxcd_io_kustomization shop",
        "owns",
        "config_map kustomized",
    ),
    (
        "helm_toolkit_fluxcd_io_helm_release shop",
        "owns",
        "config_map released",
    ),
    ("node n1", "runs", "pod web-1-a"),
    ("pod web-1-a", "defines", "priority_class high"),
    ("pod web-1-a", "defines", "runtime_class gvisor"),
    ("pod web-1-a", "runs_as", "service_account web"),
    ("node n1", "owns", "lease n1"),
    ("node n1", "owns", "csi_node n1"),
    ("pod web-1-a", "allocates", "resource_claim web-1-a-gpu"),
    (
        "resource_claim_template gpus",
        "allocates",
        "resource_claim web-1-a-gpu",
    ),
    (
        "resource_claim web-1-a-gpu",
        "allocates",
        "device_class gpu",
    ),
    (
        "resource_claim web-1-a-gpu",
        "allocates",
        "resource_slice n1-slice",
    ),
    ("node n1", "allocates", "resource_slice n1-slice"),
    ("pod web-1-a", "mounts", "persistent_volume_claim data"),
    (
        "pod web-1-a",
        "mounts",
        "persistent_volume_claim web-1-a-scratch",
    ),
    (
        "persistent_volume_claim data",
        "backs",
        "persistent_volume pv1",
    ),
    ("storage_class fast", "provisions", "persistent_volume pv1"),
    (
        "storage_class fast",
        "provisions",
        "persistent_volume_claim data",
    ),
    (
        "csi_driver ebs.csi.aws.com",
        "provisions",
        "storage_class fast",
    ),
    (
        "csi_driver ebs.csi.aws.com",
        "provisions",
        "persistent_volume pv1",
    ),
    ("volume_attachment va1", "attaches", "persistent_volume pv1"),
    ("node n1", "attaches", "volume_attachment va1"),
    (
        "persistent_volume_claim data",
        "backs",
        "volume_snapshot snap",
    ),
    (
        "volume_snapshot snap",
        "backs",
        "volume_snapshot_content content",
    ),
    (
        "volume_snapshot_content content",
        "backs",
        "volume_snapshot_class class",
    ),
    (
        "stateful_set db",
        "owns",
        "persistent_volume_claim disk-db-0",
    ),
    ("pod web-1-a", "mounts", "config_map conf"),
    ("pod web-1-a", "mounts", "secret key"),
    ("pod web-1-a", "mounts", "config_map projected"),
    ("pod web-1-a", "mounts", "secret projected"),
    ("pod web-1-a", "uses_env", "config_map env"),
    ("pod web-1-a", "uses_env", "secret env"),
    ("pod web-1-a", "uses_env", "config_map from"),
    ("pod web-1-a", "uses_env", "secret from"),
    ("pod web-1-a", "pulls_with", "secret pull"),
    ("pod web-1-a", "pulls_with", "secret publish"),
    ("service_account web", "mounts", "secret sa"),
    ("service_account web", "pulls_with", "secret pull"),
    ("ingress web", "mounts", "secret tls"),
    ("gateway edge", "mounts", "secret tls"),
    (
        "validating_webhook_configuration hook",
        "mounts",
        "cert_manager_io_certificate serving",
    ),
    ("cert_manager_io_issuer ca", "defines", "secret issuer"),
    ("service web", "targets", "pod web-1-a"),
    ("service web", "defines", "endpoint_slice web-x"),
    ("service web", "defines", "endpoint web"),
    ("endpoint web", "targets", "pod web-1-a"),
    ("endpoint_slice web-x", "targets", "pod web-1-a"),
    ("endpoint_slice web-x", "targets", "node n1"),
    ("stateful_set db", "targets", "service web"),
    ("ingress web", "routes", "service web"),
    ("ingress_class nginx", "defines", "ingress web"),
    ("gateway_class envoy", "routes", "gateway edge"),
    ("gateway edge", "routes", "http_route web"),
    ("http_route web", "routes", "service web"),
    ("network_policy web", "selects", "pod web-1-a"),
    ("network_policy web", "iam routes", "pod web-1-a"),
    ("network_policy web", "iam routes", "namespace other"),
    ("network_policy web", "iam routes", "pod guest"),
    (
        "validating_webhook_configuration hook",
        "validates",
        "service web",
    ),
    ("horizontal_pod_autoscaler web", "scales", "deployment web"),
    ("vertical_pod_autoscaler web", "scales", "deployment web"),
    ("keda_sh_scaled_object web", "scales", "deployment web"),
    ("pod_disruption_budget web", "protects", "pod web-1-a"),
    ("role_binding readers", "grants", "role reader"),
    ("cluster_role_binding admins", "grants", "cluster_role all"),
    ("role_binding readers", "binds", "service_account web"),
    ("role_binding readers", "binds", "subject_group devs"),
    ("cluster_role_binding admins", "binds", "subject_user jane"),
    ("cluster_role all", "grants", "cluster_role part"),
    ("service_account web", "iam grants", "namespace shop"),
    ("subject_user jane", "iam grants", "cluster one"),
    (
        "validating_admission_policy_binding b",
        "binds",
        "validating_admission_policy p",
    ),
    (
        "flow_schema flow",
        "defines",
        "priority_level_configuration mid",
    ),
    ("pod web-1-a", "contains", "container main"),
    ("container main", "runs", "image nginx:1.25"),
    ("node n1", "owns", "certificate_signing_request csr"),
    ("subject_group devs", "iam grants", "namespace shop"),
];

/// `search` for the far end of an edge.
fn question((from, relation, to): (&str, &str, &str)) -> String {
    let node = |text: &str| {
        let (kind, name) = text.split_once(' ').expect("kind and name");
        format!("is(kubernetes_{kind}) and name = \"{name}\"")
    };
    let (of_type, relation) = match relation.strip_prefix("iam ") {
        Some(relation) => ("iam", relation),
        None => ("", relation),
    };
    format!(
        "search {} -{of_type}[1:1]{{relation={relation}}}-> {} | list name",
        node(from),
        node(to)
    )
}

#[test]
fn every_relationship_of_the_catalogue_is_an_edge() {
    let (place, _sim) = cluster::of(PROGRAM, objects());
    let questions: Vec<String> = EDGES.into_iter().map(question).collect();
    let first = "config set stocktake.worker k8s.collect_iam=true\n";
    let answers = cluster::answers(&place, first, &questions);
    let missing: Vec<_> = EDGES
        .into_iter()
        .zip(answers)
        .filter(|((_, _, to), answer)| {
            let name = to.split_once(' ').expect("kind and name").1;
            *answer != format!("name={name}\n")
        })
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn what_other_objects_decide_is_a_property() {
    let (place, _sim) = cluster::of(PROGRAM, objects());
    let rows = [
        // The top-most controller, two references up.
        (
            "search is(kubernetes_pod) and name = \"web-1-a\" | list owner_kind, owner_name",
            "owner_kind=Deployment, owner_name=web\n",
        ),
        (
            "search is(kubernetes_custom_resource_definition) and name = \"issuers.cert-manager.io\" | list instance_count",
            "instance_count=1\n",
        ),
        (
            "search is(kubernetes_cluster) | list cluster_details.distribution, cluster_details.region",
            "distribution=gke, region=europe-west1\n",
        ),
        (
            "search is(kubernetes_node) | list provider_name, provider_instance_id, provider_zone, node_pool",
            "provider_name=gcp, provider_instance_id=n1, provider_zone=europe-west1-b, node_pool=a\n",
        ),
        // The payload of an edge, in a filter and in an answer.
        (
            "search is(kubernetes_pod) -[1:1]{mounts[*].mount_path=\"/etc/conf\"}-> is(kubernetes_config_map) | list name",
            "name=conf\n",
        ),
        (
            "search is(kubernetes_pod) -[1:1]{mounts[*].mount_path=\"/etc/other\"}-> is(kubernetes_config_map) | list name",
            "",
        ),
    ];
    let questions: Vec<String> = rows.iter().map(|(line, _)| (*line).to_owned()).collect();
    let answers = cluster::answers(&place, "", &questions);
    for ((line, expected), answer) in rows.into_iter().zip(answers) {
        assert_eq!(answer, expected, "{line}");
    }
    let line = "search --with-edges is(kubernetes_pod) and name = \"web-1-a\" -[0:1]-> is(kubernetes_config_map) | format --ndjson";
    let answer = cluster::answers(&place, "", &[line.to_owned()]).remove(0);
    assert!(
        answer.contains(r#""mounts":[{"container":"main","mount_path":"/etc/conf","read_only":true,"sub_path":"app.yaml","volume":"conf"}]"#),
        "{answer}"
    );
}
