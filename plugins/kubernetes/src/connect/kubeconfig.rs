//! Which contexts there are, and how each leads to its server.
//!
//! Reading the files is the work of `source`; nothing is asked of any server.
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;

use kube::Config;
use kube::config::{ExecConfig, KubeConfigOptions};
use stocktake_config::K8sConfig;
use stocktake_model::GapReason;
use stocktake_plugin_api::PluginError;

use super::source::{Source, explain, sources};
use super::{Pod, proxy};

/// What of the process's surroundings decides where contexts come from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Surroundings {
    /// `KUBECONFIG`.
    pub kubeconfig: Option<OsString>,
    /// The home folder.
    pub home: Option<PathBuf>,
    /// `NO_PROXY`.
    pub no_proxy: String,
    /// The pod this process runs in.
    pub pod: Option<Pod>,
}

impl Surroundings {
    /// Those of this process.
    pub(crate) fn of_process() -> Self {
        let text = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        Self {
            kubeconfig: std::env::var_os("KUBECONFIG").filter(|value| !value.is_empty()),
            home: std::env::home_dir(),
            no_proxy: text("NO_PROXY")
                .or_else(|| text("no_proxy"))
                .unwrap_or_default(),
            pod: Pod::of_process(),
        }
    }
}

/// One context: a server and who we are to it.
pub(crate) struct Target {
    /// Name of the account: that of the context, unless another one has it already.
    pub name: String,
    /// Name of the context in its file.
    pub context: String,
    /// Name of the `cluster` entry; an ARN on EKS.
    pub external_id: Option<String>,
    /// Name of the `user` entry.
    pub user: Option<String>,
    /// URL of the server.
    pub server_url: String,
    /// How to connect; without the exec plugin.
    pub config: Config,
    /// The program that gets the credentials.
    pub exec: Option<ExecConfig>,
}

/// Every context the configuration asks for, in its order. One that can not be used is an error in the list.
pub(crate) async fn targets(
    config: &K8sConfig,
    around: &Surroundings,
) -> Vec<Result<Target, PluginError>> {
    let mut failed = Vec::new();
    let sources = sources(config, around, &mut failed);
    let mut found: Vec<_> = failed.into_iter().map(Err).collect();
    let mut names = BTreeSet::new();
    let nothing_said = config.configs.is_empty() && config.config_files.is_empty();
    for source in sources {
        for (context, wanted) in wanted(&source) {
            let target = match wanted {
                Ok(()) => target(&source, &context, &mut names, around).await,
                Err(error) => Err(error),
            };
            found.push(target.map_err(|error| error.of(context)));
        }
    }
    if let Some(pod) = &around.pod
        && found.is_empty()
        && nothing_said
    {
        found.push(pod.target().await);
    }
    if found.is_empty() {
        found.push(Err(nothing(around)));
    }
    found
}

fn nothing(around: &Surroundings) -> PluginError {
    let looked = match (&around.kubeconfig, &around.home) {
        (Some(list), _) => format!("`KUBECONFIG` names `{}`", list.display()),
        (None, Some(home)) => format!("there is no `{}`", home.join(".kube/config").display()),
        (None, None) => "`KUBECONFIG` is not set".to_owned(),
    };
    PluginError::new(
        GapReason::NotFound,
        format!("no Kubernetes context was found: {looked}, and this is no pod"),
    )
    .hint("set `KUBECONFIG`, or name files under `k8s.config_files`; `stocktake demo` needs none")
}

/// The contexts wanted from a source; an unknown name is an error in its place.
fn wanted(source: &Source) -> Vec<(String, Result<(), PluginError>)> {
    let all = || {
        source
            .document
            .contexts
            .iter()
            .map(|context| context.name.clone())
    };
    let Some(names) = &source.contexts else {
        return all().map(|name| (name, Ok(()))).collect();
    };
    let known: Vec<String> = all().collect();
    let check = |name: &String| {
        if known.contains(name) {
            return Ok(());
        }
        let near = stocktake_model::near(name, known.iter().map(String::as_str));
        Err(PluginError::new(
            GapReason::NotFound,
            format!("there is no context `{name}` in {}", source.origin),
        )
        .hint(match near.first() {
            Some(near) => format!("did you mean `{near}`"),
            None => format!("it has: {}", known.join(", ")),
        }))
    };
    names
        .iter()
        .map(|name| (name.clone(), check(name)))
        .collect()
}

async fn target(
    source: &Source,
    context: &str,
    names: &mut BTreeSet<String>,
    around: &Surroundings,
) -> Result<Target, PluginError> {
    let name = unique(context, &source.stem, names);
    if name != context {
        tracing::warn!(
            context,
            name,
            origin = source.origin,
            "a context of this name exists already"
        );
    }
    let mut config = load(source, context).await?;
    let entry = source
        .document
        .contexts
        .iter()
        .find(|entry| entry.name == context);
    let entry = entry.and_then(|entry| entry.context.as_ref());
    let cluster = entry.map(|entry| entry.cluster.clone());
    settle_proxy(&mut config, source, cluster.as_deref(), around);
    if config.accept_invalid_certs {
        tracing::warn!(context, "the certificate of the server is not checked");
    }
    Ok(Target {
        name,
        context: context.to_owned(),
        external_id: cluster,
        user: entry.and_then(|entry| entry.user.clone()),
        server_url: url(&config),
        exec: config.auth_info.exec.take(),
        config,
    })
}

/// How to connect, by the rules of the client library.
async fn load(source: &Source, context: &str) -> Result<Config, PluginError> {
    let options = KubeConfigOptions {
        context: Some(context.to_owned()),
        ..KubeConfigOptions::default()
    };
    let loaded = Config::from_custom_kubeconfig(source.document.clone(), &options).await;
    loaded.map_err(|error| {
        PluginError::new(
            GapReason::Malformed,
            format!(
                "context `{context}` of {} can not be used: {}",
                source.origin,
                explain(&error)
            ),
        )
        .hint("mend the kubeconfig, or leave the context out")
    })
}

/// A proxy of the environment does not hold for servers that `NO_PROXY` names; one of the kubeconfig does.
fn settle_proxy(
    config: &mut Config,
    source: &Source,
    cluster: Option<&str>,
    around: &Surroundings,
) {
    let clusters = source.document.clusters.iter();
    let own = clusters
        .filter(|named| Some(named.name.as_str()) == cluster)
        .filter_map(|named| named.cluster.as_ref()?.proxy_url.as_deref())
        .any(|url| !url.is_empty());
    let host = config.cluster_url.host().unwrap_or_default();
    if !own && proxy::exempt(host, &around.no_proxy) {
        config.proxy_url = None;
    }
}

/// The URL as it was written, without the slash the parser appends.
fn url(config: &Config) -> String {
    config
        .cluster_url
        .to_string()
        .trim_end_matches('/')
        .to_owned()
}

fn unique(context: &str, stem: &str, names: &mut BTreeSet<String>) -> String {
    let mut name = context.to_owned();
    let mut again = 1;
    while !names.insert(name.clone()) {
        name = match again {
            1 => format!("{context}@{stem}"),
            more => format!("{context}@{stem}-{more}"),
        };
        again += 1;
    }
    name
}

#[cfg(test)]
mod tests;
