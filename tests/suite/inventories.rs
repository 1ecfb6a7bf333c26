//! What other inventories know of a cluster, field by field: each row is a question that has exactly one node, or
//! the given number of them, as its answer.
//!
//! Not here: when a node was first and last seen, which the core's record knows and no search can ask yet; creating
//! objects from a model, which is no business of an inventory.
use serde_json::{Value, json};

use crate::cluster::{self, in_shop, object};

const PROGRAM: &str = env!("CARGO_BIN_EXE_stocktake-under-test");
const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

fn pod() -> Value {
    in_shop(
        "v1",
        "Pod",
        "web-0",
        json!({
            "metadata": {
                "labels": {"app": "web"}, "generateName": "web-", "selfLink": "/api/v1/x",
                "annotations": {"kubernetes.io/created-by": "me"},
                "deletionTimestamp": "2024-05-02T10:00:00Z", "finalizers": ["x/y"],
                "creationTimestamp": "2024-05-01T10:00:00Z",
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web",
                    "uid": "statefulset-web", "controller": true}],
            },
            "spec": {
                "nodeName": "n1", "serviceAccountName": "web", "dnsPolicy": "ClusterFirst",
                "terminationGracePeriodSeconds": 30, "restartPolicy": "Always",
                "securityContext": {"fsGroup": 2000, "sysctls": [{"name": "a", "value": "b"}]},
                "volumes": [{"name": "conf", "configMap": {"name": "conf"}},
                    {"name": "key", "secret": {"secretName": "key"}}],
                "containers": [{
                    "name": "main", "image": "registry.example.com/shop/web:1.2",
                    "imagePullPolicy": "Always", "terminationMessagePath": "/dev/termination-log",
                    "resources": {"limits": {"cpu": "1"}},
                    "ports": [{"containerPort": 80, "protocol": "TCP"}],
                    "volumeMounts": [
                        {"name": "conf", "mountPath": "/etc/conf", "subPath": "app.yaml"},
                        {"name": "key", "mountPath": "/etc/key", "subPath": "tls.key"}],
                }],
            },
            "status": {
                "phase": "Running", "podIP": "10.0.0.1", "hostIP": "192.168.0.1",
                "startTime": "2024-05-01T10:00:05Z",
                "conditions": [{"type": "Ready", "status": "True", "lastProbeTime": null,
                    "lastTransitionTime": "2024-05-01T10:00:10Z"}],
                "containerStatuses": [{
                    "name": "main", "ready": true, "started": true, "restartCount": 3,
                    "containerID": "containerd://abc", "image": "registry.example.com/shop/web:1.2",
                    "imageID": format!("registry.example.com/shop/web@{DIGEST}"),
                    "state": {"running": {"startedAt": "2024-05-01T11:00:00Z"}},
                    "lastState": {"terminated": {"containerID": "containerd://old", "exitCode": 137,
                        "reason": "OOMKilled", "startedAt": "2024-05-01T10:00:05Z",
                        "finishedAt": "2024-05-01T10:59:00Z"}},
                }],
            },
        }),
    )
}

fn objects() -> Vec<Value> {
    let made = json!({"metadata": {"creationTimestamp": "2024-04-01T00:00:00Z"}});
    vec![
        object("v1", "Namespace", "kube-system", made.clone()),
        object(
            "v1",
            "Namespace",
            "shop",
            json!({"metadata": made["metadata"], "status": {"phase": "Active"}}),
        ),
        object(
            "v1",
            "Node",
            "n1",
            json!({"status": {"capacity": {"cpu": "4", "memory": "16Gi"}}}),
        ),
        pod(),
        in_shop(
            "apps/v1",
            "StatefulSet",
            "web",
            json!({"spec": {"replicas": 1, "template": {"spec":
            {"serviceAccountName": "web", "containers": []}}}}),
        ),
        in_shop(
            "v1",
            "Pod",
            "bare",
            json!({"spec": {"containers": [{"name": "a", "image": "a"}]}}),
        ),
        in_shop("v1", "ServiceAccount", "web", json!({})),
        in_shop(
            "v1",
            "ConfigMap",
            "conf",
            json!({"data": {"app.yaml": "a: 1"}}),
        ),
        in_shop(
            "v1",
            "Secret",
            "key",
            json!({"type": "kubernetes.io/tls", "data": {"tls.key": "eA=="},
            "metadata": {"managedFields": [{"manager": "helm", "operation": "Update", "apiVersion": "v1",
                "fieldsType": "FieldsV1", "fieldsV1": {"f:data": {"f:tls.key": {}}}}],
                "ownerReferences": [{"apiVersion": "v1", "kind": "ServiceAccount", "name": "web",
                    "uid": "serviceaccount-web"}]}}),
        ),
        in_shop(
            "v1",
            "Service",
            "web",
            json!({
            "spec": {"type": "LoadBalancer", "selector": {"app": "web"}, "clusterIP": "10.1.0.1",
                "loadBalancerIP": "1.2.3.4", "ports": [
                    {"name": "http", "port": 80, "targetPort": 8080, "nodePort": 30080, "protocol": "TCP"}]},
            "status": {"loadBalancer": {"ingress": [
                {"hostname": "lb.example.com"}, {"ip": "1.2.3.4", "ipMode": "VIP"}]}}}),
        ),
        object(
            "v1",
            "PersistentVolume",
            "pv1",
            json!({"spec": {"capacity": {"storage": "8Gi"}}}),
        ),
    ]
}

/// Row, kind without `kubernetes_`, condition. One node fulfils it.
const FIELDS: [(&str, &str, &str); 90] = [
    // Cartography, old schema.
    ("Cluster.id", "cluster", r#"id = "namespace-kube-system""#),
    ("Cluster.name", "cluster", "name = one"),
    (
        "Namespace.id, name",
        "namespace",
        r#"id = "namespace-shop" and name = shop"#,
    ),
    ("Pod.created_at", "pod", r#"ctime = "2024-05-01T10:00:00Z""#),
    (
        "Pod.deleted_at",
        "pod",
        r#"deletion_timestamp = "2024-05-02T10:00:00Z""#,
    ),
    (
        "Pod.id, name",
        "pod",
        r#"id = "pod-web-0" and name = "web-0""#,
    ),
    ("Container.id", "container", r#"id = "pod-web-0-main""#),
    (
        "Container.name, image",
        "container",
        r#"name = main and image = "registry.example.com/shop/web:1.2""#,
    ),
    (
        "Service.id, name",
        "service",
        r#"id = "service-web" and name = web"#,
    ),
    (
        "Service.type",
        "service",
        "service_spec.type = LoadBalancer",
    ),
    (
        "Service.load_balancer_ip",
        "service",
        r#"service_spec.load_balancer_ip = "1.2.3.4""#,
    ),
    (
        "Service.ingress_host",
        "service",
        r#"service_status.load_balancer.ingress[0].hostname = "lb.example.com""#,
    ),
    (
        "every ingress host",
        "service",
        r#"external_hosts[*] = "lb.example.com""#,
    ),
    (
        "Service.ingress_ip",
        "service",
        r#"public_ip_address = "1.2.3.4""#,
    ),
    (
        "HAS_NAMESPACE",
        "cluster",
        "name = one -[1:1]{relation=contains}-> is(kubernetes_namespace) and name = shop",
    ),
    (
        "Cluster HAS_POD",
        "cluster",
        r#"name = one -[2:2]-> is(kubernetes_pod) and name = "web-0""#,
    ),
    (
        "Namespace HAS_POD",
        "namespace",
        r#"name = shop -[1:1]{relation=contains}-> is(kubernetes_pod) and name = "web-0""#,
    ),
    (
        "Namespace HAS_SERVICE",
        "namespace",
        "name = shop -[1:1]{relation=contains}-> is(kubernetes_service)",
    ),
    (
        "HAS_CONTAINER",
        "pod",
        r#"name = "web-0" -[1:1]{relation=contains}-> is(kubernetes_container)"#,
    ),
    (
        "SERVES_POD, TARGETS",
        "service",
        "name = web -[1:1]{relation=targets}-> is(kubernetes_pod)",
    ),
    // Cartography, new schema.
    (
        "Cluster.creation_timestamp",
        "cluster",
        r#"ctime = "2024-04-01T00:00:00Z""#,
    ),
    (
        "Cluster.external_id",
        "cluster",
        "cluster_details.external_id != null",
    ),
    (
        "Cluster.version",
        "cluster",
        r#"cluster_details.git_version = "v1.36.1""#,
    ),
    (
        "Cluster.version_major, minor",
        "cluster",
        r#"cluster_info.major = "1" and cluster_info.minor = "36""#,
    ),
    (
        "Cluster.go_version",
        "cluster",
        "cluster_details.go_version != null",
    ),
    (
        "Cluster.compiler",
        "cluster",
        "cluster_details.compiler = rustc",
    ),
    (
        "Cluster.platform",
        "cluster",
        r#"cluster_info.platform = "linux/amd64""#,
    ),
    (
        "Namespace.creation_timestamp",
        "namespace",
        r#"name = shop and ctime = "2024-04-01T00:00:00Z""#,
    ),
    (
        "Namespace.deletion_timestamp",
        "namespace",
        "name = shop and deletion_timestamp = null",
    ),
    (
        "Namespace.status_phase",
        "namespace",
        "name = shop and namespace_status.phase = Active",
    ),
    (
        "Namespace.cluster_name",
        "namespace",
        "name = shop and cluster_name = one",
    ),
    (
        "Pod.cluster_name",
        "pod",
        r#"name = "web-0" and cluster_name = one"#,
    ),
    (
        "Container.cluster_name",
        "container",
        "name = main and cluster_name = one",
    ),
    ("Service.cluster_name", "service", "cluster_name = one"),
    ("Secret.cluster_name", "secret", "cluster_name = one"),
    ("Pod.status_phase", "pod", "pod_status.phase = Running"),
    (
        "Pod.namespace",
        "pod",
        r#"name = "web-0" and namespace = shop"#,
    ),
    (
        "Container.namespace",
        "container",
        "name = main and namespace = shop",
    ),
    ("Pod.labels", "pod", "labels.app = web"),
    ("Pod.node", "pod", "pod_spec.node_name = n1"),
    (
        "Container.image_pull_policy",
        "container",
        "image_pull_policy = Always",
    ),
    (
        "Container.status_image_id",
        "container",
        r#"status_image_id ~ "^registry.example.com/shop/web@sha256:""#,
    ),
    (
        "Container.status_image_sha",
        "container",
        r#"status_image_sha ~ "^sha256:0123456789""#,
    ),
    ("Container.status_ready", "container", "status_ready = true"),
    (
        "Container.status_started",
        "container",
        "status_started = true",
    ),
    (
        "Container.status_state",
        "container",
        "status_state = running",
    ),
    (
        "Service.selector",
        "service",
        "service_spec.selector.app = web",
    ),
    (
        "Service.cluster_ip",
        "service",
        r#"service_spec.cluster_ip = "10.1.0.1""#,
    ),
    (
        "Service.load_balancer_ingress",
        "service",
        "service_status.load_balancer.ingress[*].ip_mode = VIP",
    ),
    (
        "Secret.id, name",
        "secret",
        r#"id = "secret-key" and name = key and ctime != null"#,
    ),
    (
        "Secret.owner_references",
        "secret",
        "owner_references[*].name = web",
    ),
    ("Secret.type", "secret", r#"type = "kubernetes.io/tls""#),
    (
        "Cluster RESOURCE",
        "container",
        "name = main and /ancestors.account.reported.name = one",
    ),
    (
        "Namespace CONTAINS Secret",
        "namespace",
        "name = shop -[1:1]{relation=contains}-> is(kubernetes_secret)",
    ),
    // BinaryEdge.
    ("connected", "cluster", "access.connected = true"),
    (
        "restartCount",
        "pod",
        "pod_status.container_statuses[*].{restart_count = 3 and ready = true and name = main}",
    ),
    (
        "containerID",
        "pod",
        r#"pod_status.container_statuses[*].container_id = "containerd://abc""#,
    ),
    (
        "lastState",
        "pod",
        "pod_status.container_statuses[*].last_state.terminated.{reason = OOMKilled and exit_code = 137}",
    ),
    (
        "lastState times",
        "pod",
        r#"pod_status.container_statuses[*].last_state.terminated.finished_at = "2024-05-01T10:59:00Z""#,
    ),
    (
        "running.startedAt",
        "container",
        r#"started_at = "2024-05-01T11:00:00Z""#,
    ),
    (
        "startTime, podIP, hostIP",
        "pod",
        r#"pod_status.pod_ip = "10.0.0.1" and pod_status.host_ip = "192.168.0.1" and pod_status.start_time != null"#,
    ),
    (
        "conditions",
        "pod",
        r#"pod_status.conditions[*].{type = Ready and status = "True" and last_transition_time = "2024-05-01T10:00:10Z"}"#,
    ),
    (
        "securityContext",
        "pod",
        "pod_spec.security_context.fs_group = 2000 and pod_spec.security_context.sysctls[*].name = a",
    ),
    (
        "dnsPolicy …",
        "pod",
        "pod_spec.dns_policy = ClusterFirst and pod_spec.termination_grace_period_seconds = 30 and pod_spec.restart_policy = Always",
    ),
    (
        "containers[]",
        "pod",
        r#"pod_spec.containers[*].{image_pull_policy = Always and termination_message_path = "/dev/termination-log" and name = main}"#,
    ),
    (
        "ports[]",
        "pod",
        "pod_spec.containers[*].ports[*].{protocol = TCP and container_port = 80}",
    ),
    (
        "ownerReferences",
        "pod",
        r#"owner_references[*].{controller = true and uid = "statefulset-web" and name = web and resource_kind = StatefulSet and api_version = "apps/v1"}"#,
    ),
    ("annotations", "pod", "tags.`kubernetes.io/created-by` = me"),
    (
        "resourceVersion",
        "pod",
        r#"name = "web-0" and resource_version != null"#,
    ),
    ("generateName", "pod", r#"generate_name = "web-""#),
    ("selfLink", "pod", r#"self_link = "/api/v1/x""#),
    (
        "request target",
        "cluster",
        r#"cluster_info.server_url ~ "^https://127.0.0.1:""#,
    ),
    // Resoto's announcement.
    (
        "PV is a volume",
        "persistent_volume",
        "is(volume) and volume_size > 8.58",
    ),
    (
        "node is an instance",
        "node",
        "is(instance) and instance_cores = 4 and instance_memory = 16",
    ),
    (
        "service dump",
        "service",
        "service_spec.ports[*].{port = 80 and target_port = 8080 and node_port = 30080 and name = http}",
    ),
    // XOS.
    (
        "TrustDomain",
        "namespace",
        "name = shop and /ancestors.account.reported.name = one",
    ),
    (
        "Principal",
        "service_account",
        "name = web and namespace = shop",
    ),
    (
        "Slice of an instance",
        "pod",
        "owner_kind = StatefulSet and owner_name = web",
    ),
    (
        "Slice.principal",
        "pod",
        r#"name = "web-0" -[1:1]{relation=runs_as}-> is(kubernetes_service_account)"#,
    ),
    (
        "Slice.principal by template",
        "stateful_set",
        "stateful_set_spec.template.spec.service_account_name = web",
    ),
    (
        "Slice.controller_kind",
        "stateful_set",
        "api_kind = StatefulSet",
    ),
    (
        "Slice.controller_replica_count",
        "stateful_set",
        "stateful_set_spec.replicas = 1",
    ),
    ("a slice without controller", "pod", "owner_kind = null"),
    (
        "Instance.image",
        "pod",
        r#"name = "web-0" -[1:1]-> is(kubernetes_container) -[1:1]{relation=runs}-> is(kubernetes_image)"#,
    ),
    (
        "Image.name, tag",
        "image",
        r#"image_repository = "shop/web" and image_tag = "1.2""#,
    ),
    (
        "ConfigMap.data",
        "config_map",
        r#"data.`app.yaml` = "a: 1""#,
    ),
    ("Secret.data_keys", "secret", r#"data_keys[*] = "tls.key""#),
    (
        "ConfigVolumeMount",
        "pod",
        r#"name = "web-0" -[1:1]{mounts[*].sub_path = "app.yaml"}-> is(kubernetes_config_map)"#,
    ),
    (
        "SecretVolumeMount",
        "pod",
        r#"name = "web-0" -[1:1]{mounts[*].mount_path = "/etc/key"}-> is(kubernetes_secret)"#,
    ),
    ("xos_managed", "secret", "managed_field_managers[*] = helm"),
];

#[test]
fn every_field_other_inventories_know_can_be_asked_for() {
    let (place, _sim) = cluster::of(PROGRAM, objects());
    let questions: Vec<String> = FIELDS
        .iter()
        .map(|(_, kind, condition)| {
            format!("search is(kubernetes_{kind}) and {condition} | count kind")
        })
        .collect();
    let answers = cluster::answers(&place, "", &questions);
    let wrong: Vec<_> = FIELDS
        .into_iter()
        .zip(answers)
        .filter(|(_, answer)| !answer.contains("total matched: 1\n"))
        .map(|((row, ..), answer)| (row, answer))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
