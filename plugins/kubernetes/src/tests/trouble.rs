//! Clusters that can not be entered: one clear message each, and the others are still collected.
use expect_test::{Expect, expect};
use serde_json::{Value, json};
use stocktake_kubernetes_sim::{Credential, Effect, Matcher, Sim, Times};

use super::stage::{self, account, accounts, collect};

/// What is said of a cluster whose kubeconfig was changed; addresses shortened.
async fn check(sim: &Sim, change: impl FnOnce(&mut Value), expected: Expect) {
    let mut kubeconfig = sim.kubeconfig("test", Credential::Token("admin")).unwrap();
    change(&mut kubeconfig);
    let account = account(&stage::with_configs(&[kubeconfig], json!({}))).await;
    let error = collect(&*account).await.unwrap_err();
    let shown = format!(
        "{}: {error}\n{}\n",
        error.reason.as_str(),
        error.hint.as_deref().unwrap_or("no hint")
    );
    assert!(!shown.contains("canary"), "{shown}");
    expected.assert_eq(&shown.replace(&sim.url(), "URL"));
    assert_eq!(account.identify().await.unwrap_err().reason, error.reason);
}

#[tokio::test]
async fn a_token_that_is_refused() {
    let sim = stage::cluster().await;
    check(
        &sim,
        |config| config["users"][0]["user"]["token"] = json!("canary"),
        expect![[r"
            unauthorized: unable to authenticate with `test`: Unauthorized (401)
            the token or certificate of context `test` is expired or wrong: log in again, then try `kubectl --context test auth whoami`
        "]],
    )
    .await;
}

#[tokio::test]
async fn a_server_that_is_not_there() {
    let sim = stage::cluster().await;
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let nobody = format!("https://127.0.0.1:{port}");
    let server = json!(nobody);
    let mut kubeconfig = sim.kubeconfig("test", Credential::Token("admin")).unwrap();
    kubeconfig["clusters"][0]["cluster"]["server"] = server;
    let account = account(&stage::with_configs(&[kubeconfig], json!({}))).await;
    let error = collect(&*account).await.unwrap_err();
    assert_eq!(
        error.message,
        format!("`test`: `{nobody}` can not be reached: connection refused")
    );
}

#[tokio::test]
async fn a_certificate_that_another_ca_signed() {
    let (sim, other) = (stage::cluster().await, stage::cluster().await);
    let other = other
        .kubeconfig("other", Credential::Token("admin"))
        .unwrap();
    let ca = other["clusters"][0]["cluster"]["certificate-authority-data"].clone();
    check(
        &sim,
        |config| config["clusters"][0]["cluster"]["certificate-authority-data"] = ca,
        expect![[r"
            unreachable: `test`: the certificate of `URL` is not signed by the CA in the kubeconfig
            take `certificate-authority-data` anew from the cluster; the server may have been set up again, or another server answers at this address
        "]],
    )
    .await;
}

#[tokio::test]
async fn a_certificate_for_another_name() {
    let sim = stage::cluster().await;
    check(
        &sim,
        |config| config["clusters"][0]["cluster"]["tls-server-name"] = json!("other.example.com"),
        expect![[r"
            unreachable: `test`: the certificate of `URL` is for another name
            use a name the certificate is for, or set `tls-server-name` in the kubeconfig
        "]],
    )
    .await;
}

#[tokio::test]
async fn a_client_certificate_of_another_cluster() {
    let (sim, other) = (stage::cluster().await, stage::cluster().await);
    let other = other
        .kubeconfig("other", Credential::ClientCertificate("admin"))
        .unwrap();
    let user = other["users"][0]["user"].clone();
    check(
        &sim,
        |config| config["users"][0]["user"] = user,
        expect![[r"
            unauthorized: `test`: `URL` does not accept our client certificate
            get a new client certificate for the user of the context
        "]],
    )
    .await;
}

#[tokio::test]
async fn an_exec_plugin_that_is_missing_or_fails() {
    let sim = stage::cluster().await;
    let exec = |command: &str, args: Value| {
        json!({"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": command, "args": args,
            "installHint": "install it from example.com"}})
    };
    let missing = exec("stocktake-no-such-plugin", json!([]));
    check(
        &sim,
        |config| config["users"][0]["user"] = missing,
        expect![[r"
            unauthorized: `test`: the exec plugin `stocktake-no-such-plugin` was not found
            install it from example.com
        "]],
    )
    .await;
    let fails = exec("sh", json!(["-c", "echo canary; echo canary >&2; exit 3"]));
    check(
        &sim,
        |config| config["users"][0]["user"] = fails,
        expect![[r"
            unauthorized: `test`: the exec plugin `sh` failed (exit status: 3)
            run `sh` by hand to see why; it may need a new login
        "]],
    )
    .await;
}

#[tokio::test]
async fn an_exec_plugin_lets_us_in() {
    let sim = stage::cluster().await;
    let mut kubeconfig = sim.kubeconfig("test", Credential::Token("admin")).unwrap();
    let script = r#"echo '{"kind":"ExecCredential","status":{"token":"admin-token"}}'"#;
    kubeconfig["users"][0]["user"] = json!({"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "args": ["-c", script]}});
    let account = account(&stage::with_configs(&[kubeconfig], json!({}))).await;
    assert_eq!(collect(&*account).await.unwrap().trouble(), "");
}

#[tokio::test]
async fn a_token_file_that_rotates_is_read_again_for_every_collection() {
    let sim = stage::cluster().await;
    let dir = tempfile::tempdir().unwrap();
    let token = dir.path().join("token");
    let mut kubeconfig = sim.kubeconfig("test", Credential::Token("admin")).unwrap();
    kubeconfig["users"][0]["user"] = json!({"tokenFile": token});
    let section = stage::with_configs(&[kubeconfig], json!({}));
    for (written, allowed) in [
        ("expired", false),
        ("admin-token\n", true),
        ("expired", false),
    ] {
        std::fs::write(&token, written).unwrap();
        let collected = collect(&*account(&section).await).await;
        let reason = collected.as_ref().err().map(|error| error.reason.as_str());
        assert_eq!(reason, (!allowed).then_some("unauthorized"), "{written}");
    }
}

#[tokio::test]
async fn a_server_that_never_answers() {
    let sim = stage::cluster().await;
    sim.faults()
        .add(Matcher::any(), Effect::Hang, Times::Forever);
    let section = stage::section(&sim, "admin", json!({"request_timeout_secs": 1}));
    let error = collect(&*account(&section).await).await.unwrap_err();
    assert_eq!(error.reason, stocktake_model::GapReason::Timeout);
}

#[tokio::test]
async fn something_that_is_no_api_server() {
    let sim = stage::cluster().await;
    sim.faults()
        .add(Matcher::any(), Effect::MalformedJson, Times::Forever);
    check(&sim, |_| {}, expect![[r"
        malformed: `test`: the answer to `/api/v1/namespaces/kube-system` can not be read: it ends too early
        check that an API server answers at the address of context `test`, not a proxy or a login page
    "]]).await;
}

#[tokio::test]
async fn one_dead_cluster_costs_the_others_nothing() {
    let sim = stage::cluster().await;
    let good = sim.kubeconfig("good", Credential::Token("admin")).unwrap();
    let mut dead = sim.kubeconfig("dead", Credential::Token("admin")).unwrap();
    dead["clusters"][0]["cluster"]["server"] = json!("https://127.0.0.1:1");
    let section = stage::with_configs(&[dead, json!({"name": "odd"}), good], json!({}));
    let mut shown = Vec::new();
    for account in accounts(&section).await {
        shown.push(match account {
            Err(error) => error.message,
            Ok(account) => match collect(&*account).await {
                Err(error) => error.message,
                Ok(snapshot) => format!(
                    "{} {}",
                    account.name(),
                    snapshot.names("kubernetes_pod").len()
                ),
            },
        });
    }
    shown.sort();
    expect![[r"
        `dead`: `https://127.0.0.1:1` can not be reached: connection refused
        `k8s.configs[1]` is no kubeconfig: missing field `server`
        good 25"]]
    .assert_eq(&shown.join("\n"));
}

#[tokio::test]
async fn a_section_that_can_not_be_read_quotes_nothing() {
    for (section, expected) in [
        (json!({"config": "canary"}), "unknown field `config`"),
        (
            json!({"page_size": "canary"}),
            "a field has a value of the wrong type",
        ),
    ] {
        let error = accounts(&section).await.remove(0).err().unwrap();
        assert!(
            error.message.contains(expected) && !error.message.contains("canary"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_server_gets_no_more_requests_than_it_is_to_get() {
    let sim = stage::cluster().await;
    let kubeconfig = sim.kubeconfig("test", Credential::Token("admin")).unwrap();
    let settings = json!({"qps": 0.001, "cluster_timeout_secs": 1});
    let account = account(&stage::with_configs(&[kubeconfig], settings)).await;
    let error = collect(&*account).await.unwrap_err();
    assert_eq!(error.message, "`test` did not answer within 1 s");
    // The second one would have had its turn after a quarter of an hour.
    assert_eq!(sim.requests().len(), 1);
}
