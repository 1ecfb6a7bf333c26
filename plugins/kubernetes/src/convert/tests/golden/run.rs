//! What runs, and where.
use expect_test::expect;
use serde_json::{Value, json};

use super::{check, check_own, check_parts};

fn pod() -> Value {
    json!({
        "metadata": {"name": "web-6f-x", "namespace": "shop", "creationTimestamp": "2024-05-01T10:00:00Z",
            "labels": {"pod-template-hash": "6f"},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-6f",
                "uid": "rs", "controller": true}]},
        "spec": {"nodeName": "n1", "volumes": [{"name": "scratch", "ephemeral": {}}],
            "containers": [{"name": "app", "image": "ghcr.io/a/app:1",
                "env": [{"name": "MODE", "value": "fast"}],
                "resources": {"requests": {"cpu": "500m", "memory": "100Mi"}},
                "securityContext": {"runAsNonRoot": true}}]},
        "status": {"phase": "Running",
            "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2024-05-01T10:01:00Z"}],
            "containerStatuses": [{"name": "app", "ready": true, "restartCount": 2,
                "imageID": "ghcr.io/a/app@sha256:ab", "state": {"running": {"startedAt": "2024-05-01T10:00:30Z"}},
                "lastState": {"terminated": {"reason": "OOMKilled", "exitCode": 137}}}]},
    })
}

#[test]
fn a_pod_says_how_it_is() {
    check_own(
        "",
        "Pod",
        pod(),
        &expect![[r"
            - controller_kind: Deployment
              controller_name: web
              ctime: 2024-05-01T10:00:00Z
              ephemeral_claim_names:
              - web-6f-x-scratch
              kind: kubernetes_pod
              labels:
                pod-template-hash: 6f
              mtime: 2024-05-01T10:01:00Z
              name: web-6f-x
              namespace: shop
              owner_references:
              - api_version: apps/v1
                controller: true
                name: web-6f
                resource_kind: ReplicaSet
                uid: rs
              pod_ready: true
              pod_restart_count: 2
              pod_spec:
                containers:
                - env:
                  - name: MODE
                    value_hash: d76811c3ad483b607a50a84ce013daab
                    value_length: 4
                  image: ghcr.io/a/app:1
                  name: app
                  resources:
                    requests:
                      cpu: 500m
                      memory: 100Mi
                  security_context:
                    run_as_non_root: true
                node_name: n1
                volumes:
                - ephemeral: {}
                  name: scratch
              pod_status:
                conditions:
                - last_transition_time: 2024-05-01T10:01:00Z
                  status: 'True'
                  type: Ready
                container_statuses:
                - image_id: ghcr.io/a/app@sha256:ab
                  last_state:
                    terminated:
                      exit_code: 137
                      reason: OOMKilled
                  name: app
                  ready: true
                  restart_count: 2
                  state:
                    running:
                      started_at: 2024-05-01T10:00:30Z
                phase: Running
              pod_status_reason: Running
              requested_cores: 0.5
              requested_memory: 0.09765625
              reserved_cores: 0.5
              reserved_memory: 0.09765625
        "]],
    );
}

#[test]
fn a_pod_brings_its_containers_and_images() {
    check_parts(
        "",
        "Pod",
        pod(),
        &expect![[r"
            - container_spec:
                env:
                - name: MODE
                  value_hash: d76811c3ad483b607a50a84ce013daab
                  value_length: 4
                image: ghcr.io/a/app:1
                name: app
                resources:
                  requests:
                    cpu: 500m
                    memory: 100Mi
                security_context:
                  run_as_non_root: true
              container_status:
                image_id: ghcr.io/a/app@sha256:ab
                last_state:
                  terminated:
                    exit_code: 137
                    reason: OOMKilled
                name: app
                ready: true
                restart_count: 2
                state:
                  running:
                    started_at: 2024-05-01T10:00:30Z
              container_type: container
              ctime: 2024-05-01T10:00:00Z
              image: ghcr.io/a/app:1
              image_node_id: sha256:ab
              image_registry: ghcr.io
              image_repository: a/app
              image_tag: '1'
              kind: kubernetes_container
              labels:
                pod-template-hash: 6f
              name: app
              namespace: shop
              node_name: n1
              pod_name: web-6f-x
              pod_uid: uid-1
              privileged: false
              requested_cores: 0.5
              requested_memory: 0.09765625
              restart_count: 2
              run_as_root: false
              started_at: 2024-05-01T10:00:30Z
              status_image_id: ghcr.io/a/app@sha256:ab
              status_image_sha: sha256:ab
              status_last_exit_code: 137
              status_last_reason: OOMKilled
              status_ready: true
              status_state: running
            - image_digest: sha256:ab
              image_registry: ghcr.io
              image_repository: a/app
              image_tag: '1'
              kind: kubernetes_image
              name: ghcr.io/a/app:1
        "]],
    );
}

#[test]
fn a_node_is_an_instance() {
    let node = json!({
        "metadata": {"name": "n1", "labels": {"node.kubernetes.io/instance-type": "m5.large",
            "topology.kubernetes.io/zone": "a", "node-role.kubernetes.io/worker": ""}},
        "spec": {"providerID": "aws:///a/i-1", "podCIDRs": ["10.0.0.0/24"]},
        "status": {"capacity": {"cpu": "4", "memory": "16Gi", "ephemeral-storage": "100G"},
            "allocatable": {"cpu": "3920m", "memory": "15Gi", "pods": "110"},
            "addresses": [{"type": "InternalIP", "address": "10.1.0.1"}],
            "conditions": [{"type": "Ready", "status": "True"}],
            "nodeInfo": {"bootID": "b", "kubeletVersion": "v1.36.0"}},
    });
    check(
        "",
        "Node",
        node,
        &expect![[r"
            - allocatable_cores: 3.92
              allocatable_memory: 15.0
              allocatable_pods: 110.0
              ephemeral_storage: 100.0
              external_ips: []
              external_references:
              - kind: aws_ec2_instance
                property: id
                value: i-1
              instance_cores: 4.0
              instance_memory: 16.0
              instance_status: running
              instance_type: m5.large
              internal_ips:
              - 10.1.0.1
              kind: kubernetes_node
              labels:
                node-role.kubernetes.io/worker: ''
                node.kubernetes.io/instance-type: m5.large
                topology.kubernetes.io/zone: a
              name: n1
              node_ready: true
              node_roles:
              - worker
              node_spec:
                pod_cidrs:
                - 10.0.0.0/24
                provider_id: aws:///a/i-1
              node_status:
                addresses:
                - address: 10.1.0.1
                  type: InternalIP
                allocatable:
                  cpu: 3920m
                  memory: 15Gi
                  pods: '110'
                capacity:
                  cpu: '4'
                  ephemeral-storage: 100G
                  memory: 16Gi
                conditions:
                - status: 'True'
                  type: Ready
                node_info:
                  boot_id: b
                  kubelet_version: v1.36.0
              provider_id: aws:///a/i-1
              provider_instance_id: i-1
              provider_name: aws
              provider_zone: a
              topology_zone: a
        "]],
    );
}

#[test]
fn controllers_tell_what_they_make() {
    let set = json!({
        "metadata": {"name": "db", "namespace": "shop"},
        "spec": {"replicas": 2, "ordinals": {"start": 1},
            "volumeClaimTemplates": [{"metadata": {"name": "data", "creationTimestamp": null}}]},
    });
    check(
        "apps",
        "StatefulSet",
        set,
        &expect![[r"
        - claim_names:
          - data-db-1
          - data-db-2
          kind: kubernetes_stateful_set
          name: db
          namespace: shop
          stateful_set_spec:
            ordinals:
              start: 1
            replicas: 2
            volume_claim_templates:
            - metadata:
                name: data
    "]],
    );
    let scaler = json!({
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
            "metrics": [{"type": "Resource", "resource": {"name": "cpu",
                "target": {"type": "Utilization", "averageUtilization": 70}}}]},
    });
    check(
        "autoscaling",
        "HorizontalPodAutoscaler",
        scaler,
        &expect![[r"
            - horizontal_pod_autoscaler_spec:
                metrics:
                - resource:
                    name: cpu
                    target:
                      average_utilization: 70
                      type: Utilization
                  type: Resource
                scale_target_ref:
                  api_version: apps/v1
                  name: web
                  resource_kind: Deployment
                target_cpu_utilization_percentage: 70
              kind: kubernetes_horizontal_pod_autoscaler
              name: web
              namespace: shop
              target_cpu_utilization_percentage: 70
        "]],
    );
}
