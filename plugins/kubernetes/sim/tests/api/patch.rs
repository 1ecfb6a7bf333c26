//! Merge patches: what they change, what they guard, who owns the fields afterwards.

use http::Method;
use serde_json::{Value, json};

use crate::errors::refused;
use crate::fixture::{NOW, cluster};

const PATH: &str = "/api/v1/namespaces/a/configmaps/app-1";

#[tokio::test]
async fn an_annotation_comes_and_goes_and_its_manager_with_it() {
    let (_sim, admin) = cluster().await;
    let before = admin.get(PATH).await.json();
    let path = format!("{PATH}?fieldManager=inventory");
    let with = admin
        .patch(&path, &json!({"metadata": {"annotations": {"owner": "m"}}}))
        .await
        .json();
    assert_eq!(
        (&with["kind"], &with["apiVersion"]),
        (&json!("ConfigMap"), &json!("v1"))
    );
    assert_eq!(with["metadata"]["annotations"], json!({"owner": "m"}));
    assert_eq!(
        with["metadata"]["managedFields"],
        json!([{
            "manager": "inventory", "operation": "Update", "apiVersion": "v1", "time": NOW,
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:metadata": {"f:annotations": {".": {}, "f:owner": {}}}},
        }])
    );
    assert_ne!(
        with["metadata"]["resourceVersion"],
        before["metadata"]["resourceVersion"]
    );
    let without = admin
        .patch(
            &path,
            &json!({"metadata": {"annotations": {"owner": null}}}),
        )
        .await
        .json();
    assert_eq!(without["metadata"].get("annotations"), None);
    assert_eq!(without["metadata"].get("managedFields"), None);
    // What changes nothing makes no new version.
    let same = admin
        .patch(
            &path,
            &json!({"metadata": {"annotations": {"owner": null}}}),
        )
        .await;
    assert_eq!(same.json(), without);
}

#[tokio::test]
async fn the_manager_is_the_user_agent_where_none_is_named() {
    let (_sim, admin) = cluster().await;
    let headers = [
        ("content-type", "application/merge-patch+json"),
        ("user-agent", "stocktake/0.1 (linux)"),
    ];
    let body = json!({"metadata": {"labels": {"a": "b"}}}).to_string();
    let answer = admin
        .send(Method::PATCH, PATH, &headers, &body)
        .await
        .json();
    assert_eq!(
        answer["metadata"]["managedFields"][0]["manager"],
        "stocktake"
    );
}

#[tokio::test]
async fn a_patch_guarded_by_version_or_uid_does_not_hit_another_object() {
    let (sim, admin) = cluster().await;
    let before = sim.object("", "configmaps", Some("a"), "app-1");
    let guarded =
        |key: &str, value: &str| json!({"metadata": {key: value, "annotations": {"x": "y"}}});
    refused(
        &admin.patch(PATH, &guarded("resourceVersion", "1")).await,
        409,
        "Conflict",
        "Operation cannot be fulfilled on configmaps \"app-1\": the object has been modified; \
         please apply your changes to the latest version and try again",
        json!({"name": "app-1", "kind": "configmaps"}),
    );
    let other = "00000000-0000-0000-0000-000000000000";
    let told = format!("Invalid value: \"{other}\": field is immutable");
    let cause = json!({"reason": "FieldValueInvalid", "message": told, "field": "metadata.uid"});
    refused(
        &admin.patch(PATH, &guarded("uid", other)).await,
        422,
        "Invalid",
        &format!("ConfigMap \"app-1\" is invalid: metadata.uid: {told}"),
        json!({"name": "app-1", "kind": "ConfigMap", "causes": [cause, cause]}),
    );
    refused(
        &admin
            .patch(
                "/api/v1/namespaces/a/configmaps/gone",
                &guarded("uid", other),
            )
            .await,
        404,
        "NotFound",
        "configmaps \"gone\" not found",
        json!({"name": "gone", "kind": "configmaps"}),
    );
    assert_eq!(sim.object("", "configmaps", Some("a"), "app-1"), before);
    let uid = before.unwrap()["metadata"]["uid"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(admin.patch(PATH, &guarded("uid", &uid)).await.status, 200);
}

#[tokio::test]
async fn a_dry_run_shows_and_changes_nothing() {
    let (sim, admin) = cluster().await;
    let before = sim.object("", "configmaps", Some("a"), "app-1").unwrap();
    let patch = json!({"metadata": {"annotations": {"owner": "dry"}}});
    let answer = admin.patch(&format!("{PATH}?dryRun=All"), &patch).await;
    let shown = answer.json();
    assert_eq!(
        (answer.status, &shown["metadata"]["annotations"]["owner"]),
        (200, &json!("dry"))
    );
    assert_eq!(
        shown["metadata"]["resourceVersion"],
        before["metadata"]["resourceVersion"]
    );
    assert_eq!(
        sim.object("", "configmaps", Some("a"), "app-1"),
        Some(before)
    );
}

#[tokio::test]
async fn annotations_have_rules() {
    let (_sim, admin) = cluster().await;
    let bad = "Invalid value: \"bad key!\": name part must consist of alphanumeric characters, \
        '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or \
        'my.name',  or '123-abc', regex used for validation is \
        '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    let long = "Too long: may not be more than 262144 bytes";
    for (key, value, reason, told) in [
        ("bad key!", "y".to_owned(), "FieldValueInvalid", bad),
        ("long", "x".repeat(262_145), "FieldValueTooLong", long),
    ] {
        let cause = json!({"reason": reason, "message": told, "field": "metadata.annotations"});
        refused(
            &admin
                .patch(PATH, &json!({"metadata": {"annotations": {key: value}}}))
                .await,
            422,
            "Invalid",
            &format!("ConfigMap \"app-1\" is invalid: metadata.annotations: {told}"),
            json!({"name": "app-1", "kind": "ConfigMap", "causes": vec![cause; 4]}),
        );
    }
}

#[tokio::test]
async fn what_is_the_servers_stays_as_it_is() {
    let (_sim, admin) = cluster().await;
    let path = "/apis/apps/v1/namespaces/a/deployments/web";
    let wanted = json!({
        "metadata": {"creationTimestamp": null, "generation": 9},
        "spec": {"replicas": 3},
        "status": {"replicas": 9},
    });
    let patched = admin.patch(path, &wanted).await.json();
    assert_eq!(patched["spec"]["replicas"], 3);
    assert_eq!(patched["status"]["replicas"], 2);
    assert_eq!(patched["metadata"]["generation"], 2);
    assert_eq!(patched["metadata"]["creationTimestamp"], NOW);
    refused(
        &admin
            .patch(path, &json!({"metadata": {"name": "other"}}))
            .await,
        400,
        "BadRequest",
        "the name of the object (other) does not match the name on the URL (web)",
        Value::Null,
    );
}

#[tokio::test]
async fn metadata_has_types() {
    let (_sim, admin) = cluster().await;
    for metadata in [
        json!({"annotations": "text"}),
        json!({"annotations": {"a": 1}}),
        json!({"labels": ["a"]}),
        json!({"finalizers": {"a": "b"}}),
    ] {
        let answer = admin.patch(PATH, &json!({"metadata": metadata})).await;
        assert_eq!(
            (answer.status, &answer.json()["reason"]),
            (400, &json!("BadRequest"))
        );
    }
}

fn apply(manager: &str, annotations: &Value) -> (String, String) {
    let path = format!("{PATH}?fieldManager={manager}");
    let body = json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "app-1", "annotations": annotations}});
    (path, body.to_string())
}

#[tokio::test]
async fn what_is_applied_belongs_to_who_applied_it() {
    let (_sim, admin) = cluster().await;
    let headers = [("content-type", "application/apply-patch+yaml")];
    let send = async |(path, body): (String, String)| {
        admin.send(Method::PATCH, &path, &headers, &body).await
    };
    let first = send(apply("one", &json!({"a": "1", "b": "1"}))).await;
    assert_eq!(
        first.json()["metadata"]["annotations"],
        json!({"a": "1", "b": "1"})
    );
    // The same value may have two owners, another value needs force.
    let same = send(apply("two", &json!({"a": "1"}))).await;
    assert_eq!(
        same.json()["metadata"]["managedFields"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let other = send(apply("two", &json!({"a": "2"}))).await;
    refused(
        &other,
        409,
        "Conflict",
        "Apply failed with 1 conflict: conflict with \"one\": .metadata.annotations.a",
        json!({"causes": [{"reason": "FieldManagerConflict", "message": "conflict with \"one\"",
            "field": ".metadata.annotations.a"}]}),
    );
    let (path, body) = apply("two", &json!({"a": "2"}));
    let forced = send((format!("{path}&force=true"), body)).await.json();
    assert_eq!(
        forced["metadata"]["annotations"],
        json!({"a": "2", "b": "1"})
    );
    // What is applied no more goes, unless somebody else has it too.
    let less = send(apply("one", &json!({}))).await.json();
    assert_eq!(less["metadata"]["annotations"], json!({"a": "2"}));
}

#[tokio::test]
async fn an_apply_creates_what_is_not_there_and_owns_every_field() {
    let (_sim, admin) = cluster().await;
    let headers = [("content-type", "application/apply-patch+yaml")];
    let send = async |manager: &str, data: &Value| {
        let path = format!("/api/v1/namespaces/a/configmaps/new?fieldManager={manager}");
        let body = json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "new"}, "data": data});
        admin
            .send(Method::PATCH, &path, &headers, &body.to_string())
            .await
    };
    let first = send("one", &json!({"x": "1", "y": "1"})).await;
    assert_eq!(first.status, 201);
    let owners = &first.json()["metadata"]["managedFields"];
    assert_eq!(
        (&owners[0]["operation"], &owners[0]["fieldsV1"]["f:data"]),
        (&json!("Apply"), &json!({"f:x": {}, "f:y": {}}))
    );
    let less = send("one", &json!({"x": "2"})).await;
    assert_eq!(
        (less.status, &less.json()["data"]),
        (200, &json!({"x": "2"}))
    );
    let other = send("two", &json!({"x": "3"})).await;
    assert_eq!(other.status, 409);
    assert_eq!(
        other.json()["details"]["causes"][0]["field"],
        json!(".data.x")
    );
}
