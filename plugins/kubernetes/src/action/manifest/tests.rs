//! What of an object is kept to create it again, and what is not.
use expect_test::{Expect, expect};
use serde_json::json;

use super::*;

#[track_caller]
fn check(object: Value, data: ConfigMapData, expected: Expect) {
    let redactor = Redactor::new(&["licenseText".to_owned()], b"key");
    let kept = kept(object, &redactor, data);
    let text = kept.body.to_string();
    assert!(!text.contains("canary"), "{text}");
    let redacted = kept.redacted.iter();
    let redacted = redacted.map(|one| format!("{} ({})\n", one.field, one.pointer));
    // Every pointer leads to the hole it tells of.
    for one in &kept.redacted {
        assert_eq!(
            kept.body.pointer(&one.pointer),
            Some(&Value::Null),
            "{one:?}"
        );
    }
    let redacted: String = redacted.collect();
    expected.assert_eq(&format!("{text}\n{redacted}"));
}

#[test]
fn identity_and_status_are_left_to_the_server() {
    check(
        json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {
                "name": "a", "namespace": "shop", "uid": "u", "resourceVersion": "7", "generation": 2,
                "creationTimestamp": "2024-05-01T00:00:00Z", "deletionTimestamp": "2024-05-02T00:00:00Z",
                "labels": {"app": "a"}, "managedFields": [{}], "ownerReferences": [{"uid": "o"}],
                "finalizers": ["foregroundDeletion", "acme.dev/hold"],
                "annotations": {"a": "b", "kubectl.kubernetes.io/last-applied-configuration": "canary"},
            },
            "data": {"colour": "green", "DB_PASSWORD": "canary", "key.pem": "-----BEGIN RSA PRIVATE KEY-----\ncanary"},
            "binaryData": {"blob/1": "canary"},
            "status": {"a": 1},
        }),
        ConfigMapData::Full,
        expect![[r#"
            {"apiVersion":"v1","binaryData":{"blob/1":null},"data":{"DB_PASSWORD":null,"colour":"green","key.pem":null},"kind":"ConfigMap","metadata":{"annotations":{"a":"b"},"finalizers":["acme.dev/hold"],"labels":{"app":"a"},"name":"a","namespace":"shop"}}
            binaryData.blob/1 (/binaryData/blob~11)
            data.DB_PASSWORD (/data/DB_PASSWORD)
            data.key.pem (/data/key.pem)
        "#]],
    );
    check(
        json!({
            "kind": "ConfigMap", "metadata": {"name": "r", "labels": {"owner": "helm"}},
            "data": {"release": "canary"},
        }),
        ConfigMapData::Full,
        expect![[r#"
            {"data":{"release":null},"kind":"ConfigMap","metadata":{"labels":{"owner":"helm"},"name":"r"}}
            data.release (/data/release)
        "#]],
    );
    check(
        json!({"kind": "ConfigMap", "metadata": {"name": "r"}, "data": {"x": "canary"}}),
        ConfigMapData::Keys,
        expect![[r#"
            {"data":{"x":null},"kind":"ConfigMap","metadata":{"name":"r"}}
            data.x (/data/x)
        "#]],
    );
}

#[test]
fn values_that_the_inventory_does_not_keep_are_not_kept_here() {
    check(
        json!({
            "kind": "Deployment", "metadata": {"name": "web"},
            "spec": {"template": {"spec": {"containers": [{
                "name": "main",
                "env": [
                    {"name": "COLOUR", "value": "canary"},
                    {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "token"}}},
                ],
                "args": ["--verbose", "--db-password=canary", "--token", "canary", "--port=1"],
                "livenessProbe": {"httpGet": {"httpHeaders": [{"name": "Authorization", "value": "canary"}]}},
            }]}}},
        }),
        ConfigMapData::Full,
        expect![[r#"
            {"kind":"Deployment","metadata":{"name":"web"},"spec":{"template":{"spec":{"containers":[{"args":["--verbose",null,"--token",null,"--port=1"],"env":[{"name":"COLOUR","value":null},{"name":"TOKEN","valueFrom":{"secretKeyRef":{"key":"token","name":"s"}}}],"livenessProbe":{"httpGet":{"httpHeaders":[{"name":"Authorization","value":null}]}},"name":"main"}]}}}}
            spec.template.spec.containers[0].args[1] (/spec/template/spec/containers/0/args/1)
            spec.template.spec.containers[0].args[3] (/spec/template/spec/containers/0/args/3)
            spec.template.spec.containers[0].env[0].value (/spec/template/spec/containers/0/env/0/value)
            spec.template.spec.containers[0].livenessProbe.httpGet.httpHeaders[0].value (/spec/template/spec/containers/0/livenessProbe/httpGet/httpHeaders/0/value)
        "#]],
    );
    check(
        json!({
            "kind": "Widget", "metadata": {"name": "w", "labels": {"token": "blue"}},
            "spec": {
                "adminPassword": "canary", "apiTokens": ["x"], "credentials": ["canary", {"user": "u", "secret": "canary"}],
                "secretName": "s", "env": {"A": "canary"}, "licenseText": "canary", "empty": {"password": ""},
                "tls": "LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCmNhbmFyeQ==",
            },
        }),
        ConfigMapData::Full,
        expect![[r#"
            {"kind":"Widget","metadata":{"labels":{"token":"blue"},"name":"w"},"spec":{"adminPassword":null,"apiTokens":["x"],"credentials":[null,{"secret":null,"user":"u"}],"empty":{"password":""},"env":{"A":null},"licenseText":null,"secretName":"s","tls":null}}
            spec.adminPassword (/spec/adminPassword)
            spec.credentials[0] (/spec/credentials/0)
            spec.credentials[1].secret (/spec/credentials/1/secret)
            spec.env.A (/spec/env/A)
            spec.licenseText (/spec/licenseText)
            spec.tls (/spec/tls)
        "#]],
    );
}

#[test]
fn what_the_server_gave_for_the_old_object_is_given_anew() {
    check(
        json!({
            "kind": "Job", "metadata": {"name": "j", "labels": {"job-name": "j", "app": "a"}},
            "spec": {
                "selector": {"matchLabels": {"controller-uid": "u"}},
                "template": {"metadata": {"labels": {"controller-uid": "u", "app": "a"}}},
            },
        }),
        ConfigMapData::Full,
        expect![[r#"
            {"kind":"Job","metadata":{"labels":{"app":"a"},"name":"j"},"spec":{"template":{"metadata":{"labels":{"app":"a"}}}}}
        "#]],
    );
    check(
        json!({
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "c", "annotations": {"pv.kubernetes.io/bind-completed": "yes", "a": "b"}},
            "spec": {"volumeName": "pv-1", "storageClassName": "fast"},
        }),
        ConfigMapData::Full,
        expect![[r#"
            {"kind":"PersistentVolumeClaim","metadata":{"annotations":{"a":"b"},"name":"c"},"spec":{"storageClassName":"fast"}}
        "#]],
    );
    check(
        json!({"kind": "Pod", "metadata": {"name": "p"}, "spec": {"nodeName": "n", "containers": []}}),
        ConfigMapData::Full,
        expect![[r#"
            {"kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[]}}
        "#]],
    );
}
