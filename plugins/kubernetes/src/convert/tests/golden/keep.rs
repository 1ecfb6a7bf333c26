//! What is kept: volumes, quotas, configuration, classes.
use expect_test::expect;
use serde_json::json;

use super::check;

#[test]
fn a_volume_and_its_claim_have_sizes_in_gb() {
    let volume = json!({
        "metadata": {"name": "pv"},
        "spec": {"capacity": {"storage": "8Gi"}, "storageClassName": "gp3",
            "claimRef": {"kind": "PersistentVolumeClaim", "name": "data", "uid": "c"},
            "csi": {"driver": "ebs.csi.aws.com", "volumeHandle": "vol-1",
                "volumeAttributes": {"encrypted": "true"}}},
        "status": {"phase": "Bound"},
    });
    check(
        "",
        "PersistentVolume",
        volume,
        &expect![[r"
        - external_references:
          - kind: aws_ec2_volume
            property: id
            value: vol-1
          kind: kubernetes_persistent_volume
          name: pv
          persistent_volume_spec:
            capacity:
              storage: 8Gi
            claim_ref:
              name: data
              resource_kind: PersistentVolumeClaim
              uid: c
            csi:
              driver: ebs.csi.aws.com
              volume_attributes:
                encrypted: 'true'
              volume_handle: vol-1
            storage_class_name: gp3
          persistent_volume_status:
            phase: Bound
          volume_encrypted: true
          volume_handle: vol-1
          volume_size: 8.589934592
          volume_size_bytes: 8589934592
          volume_source: ebs.csi.aws.com
          volume_status: in-use
          volume_type: gp3
    "]],
    );
    let claim = json!({
        "metadata": {"name": "data", "namespace": "shop"},
        "spec": {"resources": {"requests": {"storage": "5G"}}},
        "status": {"capacity": {"storage": "8Gi"}},
    });
    check(
        "",
        "PersistentVolumeClaim",
        claim,
        &expect![[r"
        - claim_capacity: 8.589934592
          claim_size: 5.0
          kind: kubernetes_persistent_volume_claim
          name: data
          namespace: shop
          persistent_volume_claim_spec:
            resources:
              requests:
                storage: 5G
          persistent_volume_claim_status:
            capacity:
              storage: 8Gi
    "]],
    );
}

#[test]
fn a_quota_has_its_limits_as_numbers() {
    let quota = json!({
        "metadata": {"name": "q", "namespace": "shop"},
        "status": {"hard": {"requests.cpu": "10", "pods": "50"},
            "used": {"requests.cpu": "2500m", "pods": "9"}},
    });
    check(
        "",
        "ResourceQuota",
        quota,
        &expect![[r"
        - kind: kubernetes_resource_quota
          name: q
          namespace: shop
          quota_items:
          - hard: 50.0
            resource: pods
            usage_percentage: 18.0
            used: 9.0
          - hard: 10.0
            resource: requests.cpu
            usage_percentage: 25.0
            used: 2.5
          resource_quota_status:
            hard:
              pods: '50'
              requests.cpu: '10'
            used:
              pods: '9'
              requests.cpu: 2500m
    "]],
    );
    let single = json!({
        "metadata": {"name": "one", "namespace": "shop"},
        "spec": {"hard": {"pods": "50"}},
    });
    check(
        "",
        "ResourceQuota",
        single,
        &expect![[r"
        - kind: kubernetes_resource_quota
          name: one
          namespace: shop
          quota: 50.0
          quota_items:
          - hard: 50.0
            resource: pods
          quota_type: pods
          resource_quota_spec:
            hard:
              pods: '50'
    "]],
    );
}

#[test]
fn config_maps_and_secrets_have_keys() {
    let map = json!({
        "metadata": {"name": "c", "namespace": "shop"},
        "data": {"appMode": "fast", "db-password": "x"}, "binaryData": {"logo": "AA=="},
    });
    check(
        "",
        "ConfigMap",
        map,
        &expect![[r"
        - binary_data_keys:
          - logo
          data:
            appMode: fast
            db-password: redacted
          data_keys:
          - appMode
          - db-password
          kind: kubernetes_config_map
          name: c
          namespace: shop
    "]],
    );
    let secret = json!({
        "metadata": {"name": "s", "namespace": "shop",
            "labels": {"owner": "helm", "name": "shop", "version": "3", "status": "deployed"}},
        "type": "helm.sh/release.v1", "dataCount": 1, "dataKeys": ["release"],
    });
    check(
        "",
        "Secret",
        secret,
        &expect![[r"
            - data_count: 1
              data_keys:
              - release
              helm_release:
                deployed: shop
                name: shop
                revision: '3'
                status: deployed
              kind: kubernetes_secret
              labels:
                name: shop
                owner: helm
                status: deployed
                version: '3'
              name: s
              namespace: shop
              type: helm.sh/release.v1
        "]],
    );
}

#[test]
fn classes_and_snapshots_are_read() {
    let class = json!({
        "metadata": {"name": "gp3", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": "ebs.csi.aws.com", "parameters": {"fsType": "ext4", "adminSecret": "x"},
    });
    check(
        "storage.k8s.io",
        "StorageClass",
        class,
        &expect![[r"
        - is_default_class: true
          kind: kubernetes_storage_class
          name: gp3
          parameters:
            adminSecret: redacted
            fsType: ext4
          provisioner: ebs.csi.aws.com
          tags:
            storageclass.kubernetes.io/is-default-class: 'true'
    "]],
    );
    let snapshot = json!({
        "metadata": {"name": "s", "namespace": "shop"},
        "spec": {"source": {"persistentVolumeClaimName": "data"}},
        "status": {"readyToUse": true, "restoreSize": "8Gi"},
    });
    check(
        "snapshot.storage.k8s.io",
        "VolumeSnapshot",
        snapshot,
        &expect![[r"
            - kind: kubernetes_volume_snapshot
              name: s
              namespace: shop
              snapshot_status: ready
              volume_id: data
              volume_size: 8.589934592
              volume_snapshot_spec:
                source:
                  persistent_volume_claim_name: data
              volume_snapshot_status:
                ready_to_use: true
                restore_size: 8Gi
        "]],
    );
}
