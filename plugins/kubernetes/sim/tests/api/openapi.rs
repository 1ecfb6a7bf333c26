//! OpenAPI v3: which documents there are, and what they say about kinds.

use serde_json::{Value, json};

use crate::client::Client;
use crate::fixture::cluster;

async fn document(admin: &Client, index: &Value, name: &str) -> Value {
    let address = index["paths"][name]["serverRelativeURL"].as_str().unwrap();
    admin.get(address).await.json()
}

#[tokio::test]
async fn there_is_a_document_per_group_and_version() {
    let (_sim, admin) = cluster().await;
    let index = admin.get("/openapi/v3").await.json();
    let has = |name: &str| index["paths"].get(name).is_some();
    for name in [
        "api",
        "api/v1",
        "apis",
        "apis/apps",
        "apis/apps/v1",
        "version",
    ] {
        assert!(has(name), "{name}");
    }
    // A custom group has no document about itself.
    assert!(has("apis/acme.example.com/v1") && !has("apis/acme.example.com"));
    assert_eq!(admin.get("/openapi/v3/apis/nothing/v1").await.status, 404);
}

#[tokio::test]
async fn custom_kinds_have_the_schema_of_their_definition() {
    let (_sim, admin) = cluster().await;
    let index = admin.get("/openapi/v3").await.json();
    let widgets = document(&admin, &index, "apis/acme.example.com/v1").await;
    let schema = &widgets["components"]["schemas"]["com.example.acme.v1.Widget"];
    assert_eq!(
        schema["x-kubernetes-group-version-kind"],
        json!([{"group": "acme.example.com", "version": "v1", "kind": "Widget"}])
    );
    let stored = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.acme.example.com";
    let definition = admin.get(stored).await.json();
    assert_eq!(
        schema["properties"],
        definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
    );
}

#[tokio::test]
async fn operations_name_their_kind_and_parameters() {
    let (_sim, admin) = cluster().await;
    let index = admin.get("/openapi/v3").await.json();
    let core = document(&admin, &index, "api/v1").await;
    let patch = &core["paths"]["/api/v1/namespaces/{namespace}/configmaps/{name}"]["patch"];
    assert_eq!(
        patch["x-kubernetes-group-version-kind"],
        json!({"group": "", "version": "v1", "kind": "ConfigMap"})
    );
    let parameters: Vec<&str> = patch["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|parameter| parameter["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        parameters,
        ["dryRun", "fieldManager", "fieldValidation", "force"]
    );
}
