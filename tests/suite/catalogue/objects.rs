//! A cluster with two ends for every relationship of the catalogue; most of it in the namespace `shop`.
use serde_json::{Value, json};

use super::policies::policies;
use crate::cluster::{defined, definition, in_shop, object};

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
    ]
}

fn snapshots() -> Vec<Value> {
    let snapshots = "snapshot.storage.k8s.io/v1";
    vec![
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

fn gateways() -> Vec<Value> {
    let gateway = "gateway.networking.k8s.io/v1";
    vec![
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

pub(super) fn objects() -> Vec<Value> {
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
        snapshots(),
        config(),
        network(),
        gateways(),
        access(),
        policies(),
        tools(),
    ] {
        objects.extend(family);
    }
    objects
}
