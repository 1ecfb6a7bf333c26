//! Refusals: code, reason, message and details of each.

use http::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::fixture::{cluster, nobody};

/// Compares a refusal with what a real server says; `details` null means there are none.
#[track_caller]
pub(crate) fn refused(answer: &Answer, code: u16, reason: &str, message: &str, details: Value) {
    let mut expected = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "code": code, "reason": reason, "message": message,
    });
    if !details.is_null() {
        expected["details"] = details;
    }
    assert_eq!(answer.json(), expected);
    assert_eq!(answer.status, code);
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn who_may_not_is_told_what_and_where() {
    let (sim, _admin) = cluster().await;
    let (nobody, anonymous) = (nobody(&sim), Client::new(&sim, None));
    let garbage = Client::new(&sim, Some("garbage"));
    refused(
        &garbage.get("/api/v1/pods").await,
        401,
        "Unauthorized",
        "Unauthorized",
        Value::Null,
    );
    refused(
        &anonymous.get("/api").await,
        403,
        "Forbidden",
        "forbidden: User \"system:anonymous\" cannot get path \"/api\"",
        json!({}),
    );
    refused(
        &anonymous.get("/api/v1/pods").await,
        403,
        "Forbidden",
        "pods is forbidden: User \"system:anonymous\" cannot list resource \"pods\" in API group \
         \"\" at the cluster scope",
        json!({"kind": "pods"}),
    );
    refused(
        &nobody.get("/api/v1/namespaces/a/secrets").await,
        403,
        "Forbidden",
        "secrets is forbidden: User \"nobody\" cannot list resource \"secrets\" in API group \"\" \
         in the namespace \"a\"",
        json!({"kind": "secrets"}),
    );
    refused(
        &nobody
            .get("/apis/apps/v1/namespaces/a/deployments/web")
            .await,
        403,
        "Forbidden",
        "deployments.apps \"web\" is forbidden: User \"nobody\" cannot get resource \
         \"deployments\" in API group \"apps\" in the namespace \"a\"",
        json!({"name": "web", "group": "apps", "kind": "deployments"}),
    );
    refused(
        &nobody
            .patch("/api/v1/namespaces/a/configmaps/app-1", &json!({}))
            .await,
        403,
        "Forbidden",
        "configmaps \"app-1\" is forbidden: User \"nobody\" cannot patch resource \"configmaps\" \
         in API group \"\" in the namespace \"a\"",
        json!({"name": "app-1", "kind": "configmaps"}),
    );
}

#[tokio::test]
async fn what_is_not_there_is_not_found_in_three_ways() {
    let (_sim, admin) = cluster().await;
    refused(
        &admin.get("/api/v1/namespaces/a/pods/nope").await,
        404,
        "NotFound",
        "pods \"nope\" not found",
        json!({"name": "nope", "kind": "pods"}),
    );
    refused(
        &admin
            .get("/apis/apps/v1/namespaces/a/deployments/nope")
            .await,
        404,
        "NotFound",
        "deployments.apps \"nope\" not found",
        json!({"name": "nope", "group": "apps", "kind": "deployments"}),
    );
    let no_resource = "the server could not find the requested resource";
    for path in ["/api/v1/nopes", "/api/v1/namespaces/a/pods/lone/eviction"] {
        refused(
            &admin.get(path).await,
            404,
            "NotFound",
            no_resource,
            json!({}),
        );
    }
    for path in [
        "/apis/nope.example.com/v1",
        "/apis/nope.example.com/v1/nopes",
        "/apis/apps/v9",
        "/apis/acme.example.com/v0/widgets",
        "/apis/acme.example.com/v1/nopes",
        "/nope",
    ] {
        let answer = admin.get(path).await;
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (404, "404 page not found\n"),
            "{path}"
        );
        assert_eq!(
            answer.header("content-type"),
            Some("text/plain; charset=utf-8")
        );
    }
}

#[tokio::test]
async fn what_is_not_spoken_is_refused() {
    let (_sim, admin) = cluster().await;
    let not_allowed = "the server does not allow this method on the requested resource";
    for (method, path) in [
        (Method::DELETE, "/api/v1/componentstatuses/x"),
        (Method::POST, "/api/v1/configmaps"),
        (Method::POST, "/version"),
        // Until they are built:
        (Method::DELETE, "/api/v1/namespaces/a/configmaps"),
        (Method::PUT, "/api/v1/namespaces/a/configmaps/app-0"),
    ] {
        let answer = admin.send(method, path, &[], "{}").await;
        refused(&answer, 405, "MethodNotAllowed", not_allowed, json!({}));
    }
    refused(
        &admin.get_as("/api/v1/pods", "text/csv").await,
        406,
        "NotAcceptable",
        "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, \
         application/vnd.kubernetes.protobuf, application/json;stream=watch, \
         application/vnd.kubernetes.protobuf;stream=watch",
        json!({}),
    );
    for content_type in ["text/plain", "application/cbor"] {
        let headers = [("content-type", content_type)];
        let path = "/api/v1/namespaces/a/configmaps/app-0";
        refused(
            &admin.send(Method::PATCH, path, &headers, "{}").await,
            415,
            "UnsupportedMediaType",
            "415: Unsupported Media Type",
            json!({}),
        );
    }
    let large = admin
        .send(
            Method::POST,
            "/api/v1/namespaces",
            &[],
            &"x".repeat(4 << 20),
        )
        .await;
    assert_eq!(large.status, 413);
}

#[tokio::test]
async fn a_new_object_has_to_be_right() {
    let (_sim, admin) = cluster().await;
    let path = "/api/v1/namespaces/a/configmaps";
    let config_map =
        |metadata: Value| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata});
    refused(
        &admin.send(Method::POST, path, &[], "{\"a\":").await,
        400,
        "BadRequest",
        "the object provided is unrecognized (must be of type ConfigMap): couldn't get \
         version/kind; json parse error: unexpected end of JSON input ({\"a\":)",
        Value::Null,
    );
    refused(
        &admin
            .post(path, &json!({"apiVersion": "v1", "kind": "Secret"}))
            .await,
        400,
        "BadRequest",
        "Secret in version \"v1\" cannot be handled as a ConfigMap",
        Value::Null,
    );
    refused(
        &admin
            .post(path, &config_map(json!({"name": "x", "namespace": "b"})))
            .await,
        400,
        "BadRequest",
        "the namespace of the provided object does not match the namespace sent on the request",
        Value::Null,
    );
    refused(
        &admin
            .post(path, &config_map(json!({"name": "app-0"})))
            .await,
        409,
        "AlreadyExists",
        "configmaps \"app-0\" already exists",
        json!({"name": "app-0", "kind": "configmaps"}),
    );
    refused(
        &admin
            .post(
                "/api/v1/namespaces/gone/configmaps",
                &config_map(json!({"name": "x"})),
            )
            .await,
        404,
        "NotFound",
        "namespaces \"gone\" not found",
        json!({"name": "gone", "kind": "namespaces"}),
    );
    let rule = "Invalid value: \"Not_Valid\": a lowercase RFC 1123 subdomain must consist of lower \
        case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric \
        character (e.g. 'example.com', regex used for validation is \
        '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
    refused(
        &admin
            .post(path, &config_map(json!({"name": "Not_Valid"})))
            .await,
        422,
        "Invalid",
        &format!("ConfigMap \"Not_Valid\" is invalid: metadata.name: {rule}"),
        json!({
            "name": "Not_Valid",
            "kind": "ConfigMap",
            "causes": [{"reason": "FieldValueInvalid", "message": rule, "field": "metadata.name"}],
        }),
    );
}

#[tokio::test]
async fn a_policy_nobody_knows_is_invalid() {
    let (sim, admin) = cluster().await;
    let options = json!({"propagationPolicy": "Sideways"});
    let message = "Unsupported value: \"Sideways\": supported values: \"Foreground\", \
        \"Background\", \"Orphan\", \"nil\"";
    refused(
        &admin
            .delete("/api/v1/namespaces/a/configmaps/app-1", &options)
            .await,
        422,
        "Invalid",
        &format!("DeleteOptions.meta.k8s.io \"\" is invalid: propagationPolicy: {message}"),
        json!({
            "group": "meta.k8s.io", "kind": "DeleteOptions",
            "causes": [{
                "reason": "FieldValueNotSupported", "message": message, "field": "propagationPolicy",
            }],
        }),
    );
    assert_eq!(sim.count("", "configmaps"), 6);
}

#[tokio::test]
async fn a_right_object_is_created_and_named_on_demand() {
    let (sim, admin) = cluster().await;
    let path = "/api/v1/namespaces/b/configmaps";
    let body = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"generateName": "made-", "uid": "mine"}, "data": {"a": "1"},
    });
    let dry = admin.post(&format!("{path}?dryRun=All"), &body).await;
    assert_eq!((dry.status, sim.count("", "configmaps")), (201, 6));
    let answer = admin.post(path, &body).await;
    let made = answer.json();
    assert_eq!((answer.status, sim.count("", "configmaps")), (201, 7));
    let name = made["metadata"]["name"].as_str().unwrap();
    assert!(name.starts_with("made-") && name.len() == 10, "{name}");
    assert_eq!(made["metadata"]["namespace"], "b");
    assert_eq!(made["metadata"]["creationTimestamp"], crate::fixture::NOW);
    assert_ne!(made["metadata"]["uid"], "mine");
    assert_eq!(admin.get(&format!("{path}/{name}")).await.json(), made);
}
