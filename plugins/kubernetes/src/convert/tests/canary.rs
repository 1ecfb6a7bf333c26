//! Values planted where secrets stand in real clusters; none may come out.
use serde_json::{Value, json};

use super::*;

const CANARY: &str = "c4n4ry-value";

#[track_caller]
fn check(group: &str, kind: &str, mut object: Value) {
    object["metadata"] = json!({
        "uid": "u",
        "name": "n",
        "labels": object["metadata"]["labels"],
        "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": CANARY,
            "openshift.io/token-secret.value": CANARY,
        },
        "managedFields": [{"manager": "kubectl", "fieldsV1": {"f:x": CANARY}}],
    });
    let records = convert(group, kind, object).unwrap();
    let text = serde_json::to_string(&records).unwrap();
    assert!(!text.contains(CANARY), "{kind}: {text}");
}

#[test]
fn secrets_keep_no_value() {
    check(
        "",
        "Secret",
        json!({"type": "Opaque", "data": {"a": CANARY}, "stringData": {"b": CANARY}}),
    );
    check(
        "",
        "Secret",
        json!({"type": "helm.sh/release.v1", "data": {"release": CANARY},
            "metadata": {"labels": {"owner": "helm", "name": "shop", "version": "3"}}}),
    );
}

#[test]
fn config_maps_keep_no_secret_value() {
    let release = json!({"owner": "helm", "name": "shop"});
    check(
        "",
        "ConfigMap",
        json!({"data": {"db_password": CANARY, "API_KEY": CANARY, "client-secret": CANARY,
            "key.pem": format!("-----BEGIN RSA PRIVATE KEY-----\n{CANARY}")},
            "binaryData": {"x": CANARY}}),
    );
    check(
        "",
        "ConfigMap",
        json!({"data": {"release": CANARY}, "metadata": {"labels": release}}),
    );
}

#[test]
fn pods_and_what_makes_them_keep_no_secret_value() {
    let container = json!({
        "name": "a",
        "env": [{"name": "LEVEL", "value": CANARY}, {"name": "PORT", "value": CANARY}],
        "args": [format!("--db-password={CANARY}"), "--token", CANARY],
        "command": ["sh", "-c", format!("TOKEN={CANARY} run --url=http://u:{CANARY}@h")],
        "livenessProbe": {"httpGet": {"httpHeaders": [{"name": "Authorization", "value": CANARY}]}},
    });
    let spec = json!({"containers": [container], "initContainers": [container],
        "ephemeralContainers": [container],
        "volumes": [{"csi": {"volumeAttributes": {"password": CANARY}}}]});
    let template = json!({"metadata": {"annotations": {
        "kubectl.kubernetes.io/last-applied-configuration": CANARY}}, "spec": spec});
    check("", "Pod", json!({"spec": spec}));
    check(
        "apps",
        "Deployment",
        json!({"spec": {"template": template}}),
    );
    check(
        "batch",
        "CronJob",
        json!({"spec": {"jobTemplate": {"spec": {"template": template}}}}),
    );
    check(
        "apps",
        "ControllerRevision",
        json!({"data": {"spec": {"template": template}}}),
    );
    check(
        "example.com",
        "Rollout",
        json!({"spec": {"template": template}}),
    );
}

#[test]
fn custom_resources_keep_no_secret_value() {
    check(
        "example.com",
        "Database",
        json!({
            "spec": {"password": CANARY, "clientSecret": CANARY, "nested": [{"apiKey": CANARY}],
                "token": [CANARY], "env": {"ANY": CANARY},
                "parameters": [{"name": "password", "value": CANARY}],
                "extraArgs": [format!("--secret={CANARY}")],
                "settings": {"db": {"private_key": CANARY}}},
            "status": {"token": CANARY},
            "credentials": CANARY,
        }),
    );
}

#[test]
fn certificates_keep_no_bytes() {
    let webhook = json!([{"clientConfig": {"caBundle": CANARY}}]);
    check(
        "admissionregistration.k8s.io",
        "ValidatingWebhookConfiguration",
        json!({"webhooks": webhook}),
    );
    check(
        "certificates.k8s.io",
        "CertificateSigningRequest",
        json!({"spec": {"request": CANARY},
            "status": {"certificate": format!("-----BEGIN CERTIFICATE-----\n{CANARY}")}}),
    );
    check(
        "certificates.k8s.io",
        "PodCertificateRequest",
        json!({"spec": {"pkixPublicKey": CANARY, "proofOfPossession": CANARY}}),
    );
    check(
        "certificates.k8s.io",
        "ClusterTrustBundle",
        json!({"spec": {"trustBundle": CANARY}}),
    );
}

#[test]
fn names_added_by_the_configuration_count() {
    let config = K8sConfig {
        redact_fields: vec!["licenseText".into()],
        ..K8sConfig::default()
    };
    let converter = Converter::new(&config, "c", "c", b"key");
    let object = json!({"metadata": {"uid": "u"}, "spec": {"licenseText": CANARY, "other": "x"}});
    let records = converter.convert(&resource("example.com", "App"), object.into());
    let spec = records.unwrap().remove(0).reported["app_spec"].clone();
    assert_eq!(spec, json!({"license_text": "redacted", "other": "x"}));
}
