//! Lists: pages, selectors, and the forms they come in.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::client::Client;
use crate::errors::refused;
use crate::fixture::cluster;

const TABLE: &str = "application/json;as=Table;g=meta.k8s.io;v=v1";
const METADATA: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

fn names(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|item| {
            let meta = &item["metadata"];
            let text = |key: &str| meta[key].as_str().unwrap_or_default().to_owned();
            format!("{}/{}", text("namespace"), text("name"))
        })
        .collect()
}

fn token(list: &Value) -> &str {
    list["metadata"]["continue"].as_str().expect("a token")
}

fn inside(token: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token).unwrap()).unwrap()
}

async fn next(admin: &Client, path: &str, list: &Value) -> Value {
    admin
        .get(&format!("{path}&continue={}", token(list)))
        .await
        .json()
}

#[tokio::test]
async fn pages_follow_each_other_in_the_order_of_keys() {
    let (_sim, admin) = cluster().await;
    let path = "/api/v1/configmaps?limit=4";
    let first = admin.get(path).await.json();
    assert_eq!(
        (&first["kind"], &first["apiVersion"]),
        (&json!("ConfigMapList"), &json!("v1"))
    );
    assert_eq!(names(&first), ["a/app-0", "a/app-1", "a/app-2", "a/app-3"]);
    assert_eq!(first["metadata"]["remainingItemCount"], 2);
    let version: i64 = first["metadata"]["resourceVersion"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(
        inside(token(&first)),
        json!({"v": "meta.k8s.io/v1", "rv": version, "start": "a/app-3\0"})
    );
    // Lists of built-in kinds leave out what every item would repeat.
    assert_eq!(first["items"][0].get("kind"), None);
    let second = next(&admin, path, &first).await;
    assert_eq!(names(&second), ["a/app-4", "b/app-0"]);
    let only_version = json!({"resourceVersion": version.to_string()});
    assert_eq!(second["metadata"], only_version);
}

#[tokio::test]
async fn a_paged_list_shows_one_version_whatever_happens_meanwhile() {
    let (_sim, admin) = cluster().await;
    let path = "/api/v1/namespaces/a/configmaps?limit=2";
    let first = admin.get(path).await.json();
    admin
        .delete("/api/v1/namespaces/a/configmaps/app-3", &Value::Null)
        .await;
    let body = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "app-2x"}});
    admin.post("/api/v1/namespaces/a/configmaps", &body).await;
    let second = next(&admin, path, &first).await;
    assert_eq!(names(&second), ["a/app-2", "a/app-3"]);
    assert_eq!(
        second["metadata"]["resourceVersion"],
        first["metadata"]["resourceVersion"]
    );
    let anew = admin.get("/api/v1/namespaces/a/configmaps").await.json();
    assert_eq!(
        names(&anew),
        ["a/app-0", "a/app-1", "a/app-2", "a/app-2x", "a/app-4"]
    );
}

#[tokio::test]
async fn an_expired_token_is_answered_with_a_fresh_one() {
    let (_sim, admin) = cluster().await;
    let old = json!({"v": "meta.k8s.io/v1", "rv": 5, "start": "/a/app-1\0"});
    let old = URL_SAFE_NO_PAD.encode(old.to_string());
    let path = "/api/v1/namespaces/a/configmaps?limit=2";
    let answer = admin.get(&format!("{path}&continue={old}")).await;
    let body = answer.json();
    assert_eq!((answer.status, &body["reason"]), (410, &json!("Expired")));
    assert_eq!(body.get("details"), None);
    let message = body["message"].as_str().unwrap();
    assert!(
        message.starts_with("The provided continue parameter is too old to display"),
        "{message}"
    );
    let fresh = json!({"v": "meta.k8s.io/v1", "rv": -1, "start": "a/app-1\0"});
    assert_eq!(inside(token(&body)), fresh);
    let rest = next(&admin, path, &body).await;
    assert_eq!(names(&rest), ["a/app-2", "a/app-3"]);
}

#[tokio::test]
async fn what_cannot_be_listed_is_refused() {
    let (_sim, admin) = cluster().await;
    refused(
        &admin.get("/api/v1/pods?limit=20&continue=garbage").await,
        400,
        "BadRequest",
        "invalid continue token: continue key is not valid: invalid character '\\u0081' looking \
         for beginning of value",
        Value::Null,
    );
    refused(
        &admin.get("/api/v1/pods?fieldSelector=spec.nope%3D1").await,
        400,
        "BadRequest",
        "field label not supported: spec.nope",
        Value::Null,
    );
    refused(
        &admin
            .get("/api/v1/configmaps?resourceVersion=5&resourceVersionMatch=Exact")
            .await,
        410,
        "Expired",
        "The resourceVersion for the provided list is too old.",
        Value::Null,
    );
    refused(
        &admin.get_as("/api/v1/pods?includeObject=Some", TABLE).await,
        400,
        "BadRequest",
        "unrecognized includeObject value: \"Some\"",
        Value::Null,
    );
    assert_eq!(
        admin
            .get("/api/v1/pods?labelSelector=a%20in%20b")
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn selectors_choose() {
    let (_sim, admin) = cluster().await;
    for (query, expected) in [
        ("labelSelector=app%3Dweb", 4),
        ("labelSelector=app+in+(web,db),!tier", 4),
        ("labelSelector=app!%3Dweb", 0),
        ("fieldSelector=metadata.name%3Dlone", 1),
        (
            "fieldSelector=status.phase%3DRunning,metadata.namespace%3Da",
            4,
        ),
        ("fieldSelector=spec.nodeName!%3Dnode-0", 0),
    ] {
        let list = admin.get(&format!("/api/v1/pods?{query}")).await.json();
        assert_eq!(names(&list).len(), expected, "{query}");
    }
    let page = admin
        .get("/api/v1/pods?fieldSelector=status.phase%3DRunning&limit=2")
        .await
        .json();
    assert_eq!(inside(token(&page))["start"], "a/lone\0");
    assert_eq!(page["metadata"].get("remainingItemCount"), None);
}

#[tokio::test]
async fn metadata_alone_can_be_had() {
    let (_sim, admin) = cluster().await;
    let list = admin.get_as("/api/v1/pods?limit=1", METADATA).await.json();
    assert_eq!(list["kind"], "PartialObjectMetadataList");
    assert_eq!(list["apiVersion"], "meta.k8s.io/v1");
    assert_eq!(list["metadata"]["remainingItemCount"], 3);
    let item = &list["items"][0];
    assert_eq!(
        (&item["kind"], item.get("spec")),
        (&json!("PartialObjectMetadata"), None)
    );
    assert_eq!(item["metadata"]["name"], "db-0");
    let accept = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";
    let one = admin
        .get_as("/api/v1/namespaces/a/pods/lone", accept)
        .await
        .json();
    assert_eq!(
        (&one["kind"], one.get("spec")),
        (&json!("PartialObjectMetadata"), None)
    );
}

#[tokio::test]
async fn a_table_of_secrets_says_how_many_keys_and_no_value() {
    let (_sim, admin) = cluster().await;
    let answer = admin
        .get_as("/api/v1/secrets?limit=3&includeObject=Metadata", TABLE)
        .await;
    let table = answer.json();
    assert_eq!(
        (&table["kind"], &table["apiVersion"]),
        (&json!("Table"), &json!("meta.k8s.io/v1"))
    );
    let columns = table["columnDefinitions"].as_array().unwrap();
    let columns: Vec<_> = columns
        .iter()
        .map(|column| column["name"].clone())
        .collect();
    assert_eq!(columns, ["Name", "Type", "Data", "Age"]);
    assert_eq!(table["rows"][0]["cells"], json!(["s", "Opaque", 2, "0s"]));
    assert_eq!(table["rows"][0]["object"]["kind"], "PartialObjectMetadata");
    assert!(!answer.text().contains("Y2FuYXJ5"), "a value of a secret");
}

#[tokio::test]
async fn tables_carry_as_much_of_the_object_as_asked_for() {
    let (_sim, admin) = cluster().await;
    let rows = async |query: &str| {
        let table = admin
            .get_as(&format!("/api/v1/pods?limit=1{query}"), TABLE)
            .await
            .json();
        assert_eq!(table["metadata"]["remainingItemCount"], 3);
        table["rows"][0].clone()
    };
    let row = rows("").await;
    let cells = json!([
        "db-0", "1/1", "Running", "0", "0s", "10.0.0.1", "node-0", "<none>", "<none>"
    ]);
    assert_eq!(row["cells"], cells);
    assert_eq!(row["object"]["kind"], "PartialObjectMetadata");
    assert_eq!(rows("&includeObject=None").await["object"], Value::Null);
    let whole = rows("&includeObject=Object").await;
    assert_eq!(
        (&whole["object"]["kind"], &whole["object"]["apiVersion"]),
        (&json!("Pod"), &json!("v1"))
    );
    assert_eq!(whole["object"]["spec"]["nodeName"], "node-0");
    let others = admin
        .get_as("/apis/acme.example.com/v1/widgets", TABLE)
        .await
        .json();
    assert_eq!(others["rows"][0]["cells"], json!(["w", "0s"]));
}

#[tokio::test]
async fn custom_resources_are_listed_in_every_served_version() {
    let (_sim, admin) = cluster().await;
    for version in ["v1", "v1alpha1"] {
        let list = admin
            .get(&format!("/apis/acme.example.com/{version}/widgets"))
            .await
            .json();
        let api_version = json!(format!("acme.example.com/{version}"));
        assert_eq!(
            (&list["kind"], &list["apiVersion"]),
            (&json!("WidgetList"), &api_version)
        );
        // Items of custom kinds, unlike built-in ones, say what they are.
        assert_eq!(list["items"][0]["kind"], "Widget");
        assert_eq!(list["items"][0]["apiVersion"], api_version);
    }
}

#[tokio::test]
async fn deprecated_resources_come_with_a_warning() {
    let (_sim, admin) = cluster().await;
    for (plural, warning) in [
        (
            "componentstatuses",
            Some("299 - \"v1 ComponentStatus is deprecated in v1.19+\""),
        ),
        (
            "endpoints",
            Some(
                "299 - \"v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\"",
            ),
        ),
        ("pods", None),
    ] {
        let answer = admin.get(&format!("/api/v1/{plural}")).await;
        assert_eq!(
            (answer.status, answer.header("warning")),
            (200, warning),
            "{plural}"
        );
    }
}
