//! The front door: credentials, permissions, health, compression, protocols, kubeconfigs.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Value, json};
use stocktake_kubernetes_sim::{
    Credential, Permissions, Rule, Sim, SimError, SimOptions, merge_kubeconfigs,
};

use crate::client::Client;
use crate::fixture::{cluster, nobody, options};

#[tokio::test]
async fn everybody_may_ask_for_version_and_health() {
    let (sim, _admin) = cluster().await;
    let anonymous = Client::new(&sim, None);
    let version = anonymous.get("/version").await.json();
    assert_eq!(
        (&version["major"], &version["minor"]),
        (&json!("1"), &json!("36"))
    );
    assert_eq!(version["gitVersion"], "v1.36.1");
    for check in ["readyz", "livez", "healthz"] {
        assert_eq!(anonymous.get(&format!("/{check}")).await.text(), "ok");
    }
    let verbose = anonymous.get("/readyz?verbose").await.text();
    assert!(verbose.starts_with("[+]ping ok\n") && verbose.ends_with("readyz check passed\n"));
}

#[tokio::test]
async fn a_client_certificate_names_its_user() {
    let (sim, _admin) = cluster().await;
    for (user, status) in [("admin", 200), ("nobody", 403)] {
        let config = sim
            .kubeconfig("c", Credential::ClientCertificate(user))
            .unwrap();
        let part = |key: &str| {
            STANDARD
                .decode(config["users"][0]["user"][key].as_str().unwrap())
                .unwrap()
        };
        let (certificate, key) = (part("client-certificate-data"), part("client-key-data"));
        let client = Client::with(&sim, None, Some((&certificate, &key)), &[b"h2"]);
        assert_eq!(client.get("/api/v1/pods").await.status, status, "{user}");
        assert_eq!(sim.requests().pop().unwrap().user, user);
    }
}

#[tokio::test]
async fn a_certificate_of_another_cluster_does_not_open_the_door() {
    let (sim, _admin) = cluster().await;
    let (other, _admin) = cluster().await;
    let config = other
        .kubeconfig("c", Credential::ClientCertificate("admin"))
        .unwrap();
    let part = |key: &str| {
        STANDARD
            .decode(config["users"][0]["user"][key].as_str().unwrap())
            .unwrap()
    };
    let (certificate, key) = (part("client-certificate-data"), part("client-key-data"));
    let client = Client::with(&sim, None, Some((&certificate, &key)), &[b"http/1.1"]);
    assert!(
        client
            .try_send(Method::GET, "/version", &[], "")
            .await
            .is_err()
    );
}

#[tokio::test]
async fn permissions_are_per_user_and_can_change() {
    let (sim, _admin) = cluster().await;
    let user = nobody(&sim);
    assert_eq!(user.get("/apis").await.status, 200);
    assert_eq!(user.get("/api/v1/pods").await.status, 403);
    sim.set_permissions(
        "nobody",
        Permissions::all().except(Rule::on(&["get", "list", "watch"], &[""], &["secrets"])),
    );
    assert_eq!(user.get("/api/v1/pods").await.status, 200);
    assert_eq!(user.get("/api/v1/secrets").await.status, 403);
    let only = Rule::on(&["list"], &[""], &["configmaps"]).in_namespaces(&["a"]);
    sim.set_permissions("nobody", Permissions::of([only]));
    assert_eq!(
        user.get("/api/v1/namespaces/a/configmaps").await.status,
        200
    );
    assert_eq!(
        user.get("/api/v1/namespaces/b/configmaps").await.status,
        403
    );
    assert_eq!(user.get("/api/v1/configmaps").await.status, 403);
}

#[tokio::test]
async fn users_can_ask_what_they_may() {
    let (sim, admin) = cluster().await;
    let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {"verb": "list", "resource": "secrets"}},
    });
    for (client, allowed) in [(&admin, true), (&nobody(&sim), false)] {
        let answer = client.post(path, &review).await;
        assert_eq!(
            (answer.status, &answer.json()["status"]),
            (201, &json!({"allowed": allowed}))
        );
    }
    let path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";
    let rules = nobody(&sim)
        .post(path, &json!({"spec": {"namespace": "a"}}))
        .await
        .json();
    assert_eq!(
        rules["status"]["resourceRules"].as_array().unwrap().len(),
        2
    );
    assert_eq!(rules["status"]["incomplete"], false);
    let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
    let me = admin.post(path, &json!({})).await.json();
    assert_eq!(me["status"]["userInfo"]["username"], "admin");
}

#[tokio::test]
async fn large_answers_are_compressed_for_who_can_read_them() {
    let big = "x".repeat(200 * 1024);
    let config_map = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "big", "namespace": "a"}, "data": {"a": big},
    });
    let sim = Sim::start([config_map], options()).await.unwrap();
    let admin = Client::new(&sim, Some("admin-token"));
    let headers = [("accept-encoding", "gzip")];
    let path = "/api/v1/configmaps";
    let answer = admin.send(Method::GET, path, &headers, "").await;
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    assert!(answer.body.len() < 10 * 1024);
    assert_eq!(admin.get(path).await.header("content-encoding"), None);
    let small = admin.send(Method::GET, "/api/v1/pods", &headers, "").await;
    assert_eq!(small.header("content-encoding"), None);
}

#[tokio::test]
async fn kubeconfigs_merge_into_one() {
    let (sim, _admin) = cluster().await;
    let (other, _admin) = cluster().await;
    let merged = merge_kubeconfigs([
        sim.kubeconfig("one", Credential::Token("admin")).unwrap(),
        other
            .kubeconfig("two", Credential::ClientCertificate("admin"))
            .unwrap(),
    ]);
    assert_eq!(merged["current-context"], "one");
    let names = |list: &str| {
        let items = merged[list].as_array().unwrap().iter();
        items
            .map(|item| item["name"].clone())
            .collect::<Vec<Value>>()
    };
    for list in ["clusters", "users", "contexts"] {
        assert_eq!(names(list), ["one", "two"]);
    }
    assert_eq!(merged["clusters"][1]["cluster"]["server"], other.url());
    let missing = sim.kubeconfig("c", Credential::Token("stranger"));
    assert!(matches!(missing, Err(SimError::NoSuchCredential { name }) if name == "stranger"));
}

#[tokio::test]
async fn what_was_asked_is_remembered() {
    let (sim, admin) = cluster().await;
    let headers = [("user-agent", "test/1")];
    admin
        .send(Method::GET, "/api/v1/pods?limit=1", &headers, "")
        .await;
    let seen = sim.requests().pop().unwrap();
    assert_eq!(
        (seen.method.as_str(), seen.path.as_str()),
        ("GET", "/api/v1/pods")
    );
    assert_eq!(
        (seen.query.as_str(), seen.user.as_str()),
        ("limit=1", "admin")
    );
    assert_eq!((seen.user_agent.as_str(), seen.status), ("test/1", 200));
    let url = sim.url();
    sim.stop().await;
    let address = url.trim_start_matches("https://");
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn an_object_that_cannot_be_served_is_an_error() {
    let unknown = json!({"apiVersion": "x.dev/v1", "kind": "X", "metadata": {"name": "x"}});
    let started = Sim::start([unknown], SimOptions::default()).await;
    let message = started.unwrap_err().to_string();
    assert!(
        message.starts_with("nothing serves kind `X` of `x.dev/v1`"),
        "{message}"
    );
    let nameless = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}});
    let started = Sim::start([nameless], SimOptions::default()).await;
    assert!(matches!(started, Err(SimError::Unnamed { .. })));
}
