//! Edges that people add to the built-in ones (`k8s.edges`): by name, uid, labels and property, between kinds of any
//! group, never across namespaces they did not name; and what is said of rules that are none.
use serde_json::{Value, json};

use crate::cluster::{self, definition, in_shop, object};

const PROGRAM: &str = env!("CARGO_BIN_EXE_stocktake-under-test");

/// An app that refers to everything there is, and the same names again where they are not meant.
fn objects() -> Vec<Value> {
    let elsewhere = |api_version: &str, kind: &str, name: &str| {
        let uid = format!("other-{}-{name}", kind.to_lowercase());
        let metadata =
            json!({"metadata": {"namespace": "other", "uid": uid, "labels": {"app": "web"}}});
        object(api_version, kind, name, metadata)
    };
    vec![
        object("v1", "Namespace", "kube-system", json!({})),
        object("v1", "Namespace", "shop", json!({})),
        object("v1", "Namespace", "other", json!({})),
        definition("acme.dev", "v1", "App", "apps"),
        definition("acme.dev", "v1", "Queue", "queues"),
        in_shop(
            "acme.dev/v1",
            "App",
            "web",
            json!({"spec": {
                "inputs": [{"queue": "orders"}, {"queue": "orders", "off": true}],
                "settings": {"name": "conf", "space": "other"},
                "pods": {"app": "web"},
                "workers": {"matchLabels": {"app": "web"}},
                "boss": "configmap-conf",
                "address": "10.0.0.9",
            }}),
        ),
        in_shop("acme.dev/v1", "Queue", "orders", json!({})),
        elsewhere("acme.dev/v1", "Queue", "orders"),
        in_shop("v1", "ConfigMap", "conf", json!({})),
        elsewhere("v1", "ConfigMap", "conf"),
        in_shop(
            "v1",
            "Pod",
            "web-0",
            json!({"metadata": {"labels": {"app": "web"}}, "status": {"podIP": "10.0.0.9"}}),
        ),
        in_shop(
            "v1",
            "Pod",
            "db-0",
            json!({"metadata": {"labels": {"app": "db"}}}),
        ),
        elsewhere("v1", "Pod", "web-0"),
    ]
}

const APP: &str = "kubernetes_acme_dev_app";
const RULES: &str = r#"[
    {"from": "kubernetes_acme_dev_app", "path": "app_spec.inputs[*].queue", "to": "kubernetes_acme_dev_queue",
     "relation": "routes", "when": [{"path": "off", "equals": true}]},
    {"from": "kubernetes_acme_dev_app", "path": "app_spec.settings.name", "to": "kubernetes_config_map",
     "namespace": "app_spec.settings.space", "relation": "mounts"},
    {"from": "kubernetes_acme_dev_app", "path": "app_spec.pods", "to": "kubernetes_pod", "by": "labels",
     "relation": "targets"},
    {"from": "kubernetes_acme_dev_app", "path": "app_spec.workers", "to": "kubernetes_pod",
     "by": "label_selector", "relation": "scales"},
    {"from": "kubernetes_acme_dev_app", "path": "app_spec.boss", "by": "uid", "relation": "owns", "reverse": true},
    {"from": "kubernetes_acme_dev_app", "path": "app_spec.address", "to": "kubernetes_pod", "by": "property",
     "property": "pod_status.pod_ip", "relation": "attaches"}
]"#;

#[test]
fn rules_of_the_configuration_make_edges() {
    let (place, _sim) = cluster::of(PROGRAM, objects());
    let rules: Value = serde_json::from_str(RULES).expect("the rules are JSON");
    let first = format!("config set stocktake.worker k8s.edges={rules}\n");
    let rows = [
        (
            "-[1:1]{relation=routes}->",
            "kind=kubernetes_acme_dev_queue, name=orders, namespace=shop\n",
        ),
        (
            "-[1:1]{relation=mounts}->",
            "kind=kubernetes_config_map, name=conf, namespace=other\n",
        ),
        (
            "-[1:1]{relation=targets}->",
            "kind=kubernetes_pod, name=web-0, namespace=shop\n",
        ),
        (
            "-[1:1]{relation=scales}->",
            "kind=kubernetes_pod, name=web-0, namespace=shop\n",
        ),
        (
            "<-[1:1]{relation=owns}-",
            "kind=kubernetes_config_map, name=conf, namespace=shop\n",
        ),
        (
            "-[1:1]{relation=attaches}->",
            "kind=kubernetes_pod, name=web-0, namespace=shop\n",
        ),
    ];
    let questions: Vec<String> = rows
        .iter()
        .map(|(step, _)| {
            format!("search is({APP}) {step} is(kubernetes_resource) | list kind, name, namespace")
        })
        .collect();
    let answers = cluster::answers(&place, &first, &questions);
    for ((step, expected), answer) in rows.into_iter().zip(answers) {
        assert_eq!(answer, expected, "{step}");
    }
}

#[test]
fn a_rule_that_is_none_is_refused_with_its_place() {
    let (place, _sim) = cluster::of(PROGRAM, objects());
    let text = "k8s:\n  edges:\n    - from: a\n      path: 'x[*'\n      to: b\n      relation: likes\n    - from: a\n";
    place.write("wrong.yaml", text);
    let ran = place.line("config validate stocktake.worker wrong.yaml");
    for line in [
        "line 4, column 13: `k8s.edges[0].path` wants a path such as `pod_spec.volumes[*].name`, not `x[*`",
        "line 6, column 17: `k8s.edges[0].relation` wants one of `contains`",
        "line 7, column 7: `k8s.edges[1]` has no `path`",
        "line 7, column 7: `k8s.edges[1]` has no `relation`",
        "line 7, column 7: `k8s.edges[1]` has no `to`",
    ] {
        assert!(ran.err.contains(line), "{line}\n{}", ran.err);
    }
}
