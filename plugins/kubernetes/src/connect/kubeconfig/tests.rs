//! Which contexts are found, and what is said of those that can not be used.
use std::fs;

use expect_test::{Expect, expect};
use serde_json::json;
use stocktake_config::ConfigFile;

use super::*;

/// Writes kubeconfigs into a folder and shows what is found, paths shortened.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    async fn check(&self, config: K8sConfig, around: Surroundings, expected: Expect) {
        let found = targets(&config, &around).await;
        let shown = found.into_iter().map(|target| match target {
            Ok(target) => format!("{} {}\n", target.name, target.server_url),
            Err(error) => format!("{error} | {}\n", error.hint.clone().unwrap_or_default()),
        });
        let shown: Vec<String> = shown.collect();
        expected.assert_eq(&shown.concat().replace(&self.path(""), ""));
    }
}

fn contexts(names: &[&str]) -> String {
    let list =
        |entry: fn(&str) -> serde_json::Value| names.iter().map(|name| entry(name)).collect();
    let list: [Vec<_>; 3] = [
        list(|name| json!({"name": name, "cluster": {"server": format!("https://{name}:6443")}})),
        list(|name| json!({"name": name, "context": {"cluster": name, "user": name}})),
        list(|name| json!({"name": name, "user": {"token": "canary"}})),
    ];
    json!({"clusters": list[0], "contexts": list[1], "users": list[2]}).to_string()
}

fn file(path: String, wanted: Option<&[&str]>) -> ConfigFile {
    ConfigFile {
        path,
        contexts: wanted
            .unwrap_or_default()
            .iter()
            .map(|&name| name.to_owned())
            .collect(),
        all_contexts: wanted.is_none(),
    }
}

#[tokio::test]
async fn files_are_taken_whole_or_by_context_and_names_stay_unique() {
    let folder = Folder::new(&[
        ("one.yaml", &contexts(&["a", "b"])),
        ("two.yaml", &contexts(&["a", "c"])),
        ("bad.yaml", "contexts: [canary"),
    ]);
    let config = K8sConfig {
        config_files: vec![
            file(folder.path("one.yaml"), None),
            file(folder.path("two.yaml"), Some(&["a", "cc"])),
            file(folder.path("bad.yaml"), None),
            file(folder.path("none.yaml"), None),
        ],
        ..K8sConfig::default()
    };
    folder
        .check(config, Surroundings::default(), expect![[r"
            `bad.yaml` is no kubeconfig: line 1, column 11 | see what `kubectl --kubeconfig bad.yaml config view` says
            the kubeconfig `none.yaml` can not be read: No such file or directory (os error 2) | check the path under `k8s.config_files` or in `KUBECONFIG`, and who may read it
            a https://a:6443
            b https://b:6443
            a@two https://a:6443
            there is no context `cc` in `two.yaml` | did you mean `c`
        "]])
        .await;
}

#[tokio::test]
async fn without_configuration_the_files_of_kubectl_are_merged() {
    let folder = Folder::new(&[
        ("one.yaml", &contexts(&["a", "b"])),
        ("two.yaml", &contexts(&["a", "c"])),
        (".kube/config", &contexts(&["home"])),
    ]);
    let list = [
        folder.path("one.yaml"),
        folder.path("none"),
        folder.path("two.yaml"),
    ];
    let around = Surroundings {
        kubeconfig: Some(std::env::join_paths(list).unwrap()),
        home: Some(folder.0.path().to_owned()),
        ..Surroundings::default()
    };
    let default = K8sConfig::default;
    folder
        .check(
            default(),
            around.clone(),
            expect![[r"
        a https://a:6443
        b https://b:6443
        c https://c:6443
    "]],
        )
        .await;
    let chosen = K8sConfig {
        config_files: vec![file(String::new(), Some(&["c"]))],
        ..default()
    };
    folder
        .check(
            chosen,
            around.clone(),
            expect![[r"
        c https://c:6443
    "]],
        )
        .await;
    let home = Surroundings {
        kubeconfig: None,
        ..around
    };
    folder
        .check(
            default(),
            home,
            expect![[r"
        home https://home:6443
    "]],
        )
        .await;
}

#[tokio::test]
async fn nothing_at_all_says_where_it_was_looked_for() {
    let folder = Folder::new(&[]);
    let around = Surroundings {
        home: Some(folder.0.path().to_owned()),
        ..Surroundings::default()
    };
    folder
        .check(K8sConfig::default(), around, expect![[r"
            no Kubernetes context was found: there is no `.kube/config`, and this is no pod | set `KUBECONFIG`, or name files under `k8s.config_files`; `stocktake demo` needs none
        "]])
        .await;
}

#[tokio::test]
async fn inline_documents_and_the_short_form() {
    let folder = Folder::new(&[]);
    let config = K8sConfig {
        configs: vec![
            json!({"name": "short", "server": "https://short:6443", "token": "canary"}),
            serde_json::from_str(&contexts(&["long", "short"])).unwrap(),
            json!({"name": "x", "server": "https://x", "ca": "canary"}),
        ],
        ..K8sConfig::default()
    };
    folder
        .check(config, Surroundings::default(), expect![[r"
            `k8s.configs[2]` is no kubeconfig: unknown field `ca`, expected one of `name`, `server`, `token`, `token_file`, `certificate_authority_data`, `client_certificate_data`, `client_key_data`, `insecure_skip_tls_verify`, `proxy_url`, `tls_server_name` | write a complete kubeconfig, or `{name, server, token}`
            short https://short:6443
            long https://long:6443
            short@configs-1 https://short:6443
        "]])
        .await;
}

#[tokio::test]
async fn a_context_that_can_not_be_used_costs_the_others_nothing() {
    let document = json!({
        "clusters": [
            {"name": "ca", "cluster": {"server": "https://ca", "certificate-authority": "missing.pem"}},
            {"name": "data", "cluster": {"server": "https://data", "certificate-authority-data": "%%"}},
            {"name": "fine", "cluster": {"server": "https://fine"}},
        ],
        "contexts": [
            {"name": "ca", "context": {"cluster": "ca"}},
            {"name": "data", "context": {"cluster": "data"}},
            {"name": "nowhere", "context": {"cluster": "nope"}},
            {"name": "fine", "context": {"cluster": "fine"}},
        ],
    });
    let folder = Folder::new(&[("one.yaml", &document.to_string())]);
    let config = K8sConfig {
        config_files: vec![file(folder.path("one.yaml"), None)],
        ..K8sConfig::default()
    };
    folder
        .check(config, Surroundings::default(), expect![[r#"
            context `ca` of `one.yaml` can not be used: failed to load certificate authority: failed to read file '"missing.pem"': No such file or directory (os error 2) | mend the kubeconfig, or leave the context out
            context `data` of `one.yaml` can not be used: failed to load certificate authority: failed to decode base64 data: Invalid symbol 37, offset 0. | mend the kubeconfig, or leave the context out
            context `nowhere` of `one.yaml` can not be used: failed to load the cluster of context: nope | mend the kubeconfig, or leave the context out
            fine https://fine
        "#]])
        .await;
}
