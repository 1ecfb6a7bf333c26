//! The account of the pod this process runs in: the server stands in the environment, token and CA in a folder.
use std::path::PathBuf;

use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig};
use serde_json::json;
use stocktake_model::GapReason;
use stocktake_plugin_api::PluginError;

use super::Target;

/// Where every pod has the token of its account.
const FOLDER: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
const NAME: &str = "in-cluster";

/// What a pod knows about its cluster.
#[derive(Debug, Clone)]
pub(crate) struct Pod {
    /// `KUBERNETES_SERVICE_HOST`.
    pub host: String,
    /// `KUBERNETES_SERVICE_PORT`.
    pub port: String,
    /// The folder with `token` and `ca.crt`.
    pub folder: PathBuf,
}

impl Pod {
    /// The pod of this process, if it runs in one.
    pub(crate) fn of_process() -> Option<Self> {
        let text = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        Some(Self {
            host: text("KUBERNETES_SERVICE_HOST")?,
            port: text("KUBERNETES_SERVICE_PORT").unwrap_or_else(|| "443".to_owned()),
            folder: FOLDER.into(),
        })
    }

    /// The way to its cluster. The token is read with each client: it is replaced every hour.
    pub(crate) async fn target(&self) -> Result<Target, PluginError> {
        let wrong = |why: String| {
            let message = format!("the service account of this pod can not be used: {why}");
            PluginError::new(GapReason::Unauthorized, message)
                .hint("mount its token: `automountServiceAccountToken: true`")
        };
        let (token, authority) = (self.folder.join("token"), self.folder.join("ca.crt"));
        if let Err(why) = tokio::fs::metadata(&token).await {
            return Err(wrong(format!("`{}`: {why}", token.display())));
        }
        let server_url = self.url();
        let document = json!({
            "clusters": [{"name": NAME, "cluster": {
                "server": server_url, "certificate-authority": authority}}],
            "users": [{"name": NAME, "user": {"tokenFile": token}}],
            "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": NAME}}],
            "current-context": NAME,
        });
        let kubeconfig: Kubeconfig =
            serde_json::from_value(document).map_err(|error| wrong(error.to_string()))?;
        let options = KubeConfigOptions::default();
        let mut config = Config::from_custom_kubeconfig(kubeconfig, &options)
            .await
            .map_err(|error| wrong(error.to_string()))?;
        // What the environment says of proxies is not about the way to one's own cluster.
        config.proxy_url = None;
        Ok(Target {
            name: NAME.to_owned(),
            context: NAME.to_owned(),
            external_id: None,
            user: None,
            server_url,
            config,
            exec: None,
        })
    }

    fn url(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') {
            format!("https://[{host}]:{port}")
        } else {
            format!("https://{host}:{port}")
        }
    }
}
