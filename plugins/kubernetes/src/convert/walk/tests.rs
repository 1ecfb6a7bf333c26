//! The walk on small documents, place by place.
use serde_json::json;

use super::*;

const POD: Form<'_> = Form {
    group: "",
    short: "pod",
    custom: false,
};

#[track_caller]
fn check(form: Form<'_>, input: Value, expected: Value) {
    let redactor = Redactor::new(&[], b"key");
    let found = Walk::new(&redactor, form, &Places::Unknown).value("spec", input.into());
    assert_eq!(found, Some(expected));
}

#[test]
fn fields_are_renamed_and_keys_of_maps_are_not() {
    check(
        POD,
        json!({"nodeName": "n", "nodeSelector": {"nodePool": "x"}, "matchLabels": {"aB": "c"},
            "ref": {"kind": "Pod", "apiVersion": "v1"}, "gone": null, "empty": [], "blank": {}}),
        json!({"node_name": "n", "node_selector": {"nodePool": "x"}, "match_labels": {"aB": "c"},
            "ref": {"resource_kind": "Pod", "api_version": "v1"}, "empty": [], "blank": {}}),
    );
}

#[test]
fn a_selector_is_a_map_or_a_label_selector() {
    check(
        POD,
        json!({"selector": {"appName": "x"}}),
        json!({"selector": {"appName": "x"}}),
    );
    check(
        POD,
        json!({"selector": {"matchLabels": {"appName": "x"}}}),
        json!({"selector": {"match_labels": {"appName": "x"}}}),
    );
}

#[test]
fn parameters_of_an_ingress_class_are_fields() {
    let class = Form {
        group: "networking.k8s.io",
        short: "ingress_class",
        custom: false,
    };
    check(
        class,
        json!({"parameters": {"apiGroup": "x", "kind": "P"}}),
        json!({"parameters": {"api_group": "x", "resource_kind": "P"}}),
    );
}

#[test]
fn times_have_one_form_and_conditions_one_order() {
    check(
        POD,
        json!({"renewTime": "2024-05-01T10:00:00.123456Z", "note": "2024-05-01",
            "conditions": [
                {"type": "b", "lastTransitionTime": "2024-05-01T12:00:00+02:00"},
                {"type": "a", "lastTransitionTime": "2024-05-01T09:00:00Z"},
                {"type": "c"}]}),
        json!({"renew_time": "2024-05-01T10:00:00Z", "note": "2024-05-01",
            "conditions": [
                {"type": "c"},
                {"type": "a", "last_transition_time": "2024-05-01T09:00:00Z"},
                {"type": "b", "last_transition_time": "2024-05-01T10:00:00Z"}]}),
    );
}

#[test]
fn templates_keep_what_their_maker_wrote() {
    check(
        POD,
        json!({"template": {"metadata": {"labels": {"aB": "c"}, "creationTimestamp": null, "uid": "u",
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "k": "v"}}}}),
        json!({"template": {"metadata": {"labels": {"aB": "c"}, "annotations": {"k": "v"}}}}),
    );
}

#[test]
fn what_is_too_deep_or_too_big_is_cut_and_marked() {
    let redactor = Redactor::new(&[], b"key");
    let deep = (0..40).fold(json!("x"), |inner, _| json!({"a": inner}));
    let mut walk = Walk::new(&redactor, POD, &Places::Unknown);
    assert!(walk.value("spec", deep.into()).is_some());
    assert!(walk.truncated);
    let mut walk = Walk::new(&redactor, POD, &Places::Unknown);
    let big = json!({"a": "x".repeat(3 << 20), "b": "kept"});
    assert_eq!(walk.value("spec", big.into()), Some(json!({"b": "kept"})));
    assert!(walk.truncated);
}
