//! Running in a pod: its account is found, and its token is taken as it is now.
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use stocktake_config::K8sConfig;
use stocktake_kubernetes_sim::{Permissions, Sim, SimOptions, User};

use super::stage;
use crate::connect::{Ask, Credentials, Limits, Link, Paces, Pod, Surroundings, targets};

fn around(sim: &Sim, folder: &std::path::Path) -> Surroundings {
    let url = sim.url();
    let (host, port) = url.trim_start_matches("https://").rsplit_once(':').unwrap();
    Surroundings {
        pod: Some(Pod {
            host: host.to_owned(),
            port: port.to_owned(),
            folder: folder.to_owned(),
        }),
        ..Surroundings::default()
    }
}

#[tokio::test]
async fn a_pod_collects_its_own_cluster() {
    let account = "system:serviceaccount:tools:stocktake";
    let options = SimOptions {
        users: vec![User::new(account, Permissions::all())],
        ..SimOptions::default()
    };
    let sim = stage::with_options(options).await;
    let kubeconfig = sim.kubeconfig("x", stocktake_kubernetes_sim::Credential::Token(account));
    let token = kubeconfig.unwrap()["users"][0]["user"]["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let folder = tempfile::tempdir().unwrap();
    let around = around(&sim, folder.path());
    let found = targets(&K8sConfig::default(), &around).await;
    let error = found.into_iter().next().unwrap().err().unwrap();
    assert!(
        error.message.contains("the service account of this pod"),
        "{error}"
    );

    fs::write(folder.path().join("ca.crt"), sim.ca_pem()).unwrap();
    // As it is mounted, with a line break at its end.
    fs::write(folder.path().join("token"), format!("{token}\n")).unwrap();
    let target = targets(&K8sConfig::default(), &around)
        .await
        .remove(0)
        .unwrap();
    assert_eq!(
        (target.name.as_str(), target.server_url.clone()),
        ("in-cluster", sim.url())
    );
    let limits = Limits {
        timeout: Duration::from_secs(30),
        bytes: 1 << 20,
        qps: None,
    };
    let link = Link::new(
        target,
        Arc::<Credentials>::default(),
        limits,
        &Paces::default(),
    );
    link.ask(&Ask::get("/api/v1/namespaces")).await.unwrap();
    assert_eq!(sim.requests()[0].user, account);
}
