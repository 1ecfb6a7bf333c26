//! Kubeconfigs: from our configuration, the files it names, or where `kubectl` looks.
//!
//! Files are merged and relative paths resolved by the client library; its errors are not printed where they
//! could quote the file.
use std::path::{Path, PathBuf};

use kube::config::{Kubeconfig, KubeconfigError};
use stocktake_config::K8sConfig;
use stocktake_model::GapReason;
use stocktake_plugin_api::PluginError;

use super::{Surroundings, short};

/// A kubeconfig and what is wanted of it.
pub(super) struct Source {
    /// Where it is from, for messages.
    pub origin: String,
    /// Appended to names that exist already.
    pub stem: String,
    pub document: Kubeconfig,
    /// `None` for all.
    pub contexts: Option<Vec<String>>,
}

/// The kubeconfigs to look into; those that can not be read go to `failed`.
pub(super) fn sources(
    config: &K8sConfig,
    around: &Surroundings,
    failed: &mut Vec<PluginError>,
) -> Vec<Source> {
    let mut sources = Vec::new();
    for (at, entry) in config.configs.iter().enumerate() {
        match short::read(entry) {
            Ok(document) => sources.push(Source {
                origin: format!("`k8s.configs[{at}]`"),
                stem: format!("configs-{at}"),
                document,
                contexts: None,
            }),
            Err(why) => failed.push(
                PluginError::new(
                    GapReason::Malformed,
                    format!("`k8s.configs[{at}]` is no kubeconfig: {why}"),
                )
                .hint("write a complete kubeconfig, or `{name, server, token}`"),
            ),
        }
    }
    for file in &config.config_files {
        let contexts = (!file.all_contexts).then(|| file.contexts.clone());
        // An empty path is the standard search, so that contexts can be chosen from it.
        if file.path.is_empty() {
            sources.extend(standard(around, contexts, failed));
        } else {
            let path = from_home(&file.path, around);
            match read(&path) {
                Ok(document) => sources.push(Source::of_file(&path, document, contexts)),
                Err(error) => failed.push(error),
            }
        }
    }
    if config.configs.is_empty() && config.config_files.is_empty() {
        sources.extend(standard(around, None, failed));
    }
    sources
}

impl Source {
    fn of_file(path: &Path, document: Kubeconfig, contexts: Option<Vec<String>>) -> Self {
        let stem = path.file_stem().unwrap_or_default();
        Self {
            origin: format!("`{}`", path.display()),
            stem: stem.to_string_lossy().into_owned(),
            document,
            contexts,
        }
    }
}

fn from_home(path: &str, around: &Surroundings) -> PathBuf {
    match (path.strip_prefix("~/"), &around.home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

/// Where `kubectl` looks: the files of `KUBECONFIG` merged, else `~/.kube/config`. Files that do not exist are
/// passed over, like `kubectl` does.
fn standard(
    around: &Surroundings,
    contexts: Option<Vec<String>>,
    failed: &mut Vec<PluginError>,
) -> Option<Source> {
    let paths: Vec<PathBuf> = match &around.kubeconfig {
        Some(list) => std::env::split_paths(list).collect(),
        None => around
            .home
            .iter()
            .map(|home| home.join(".kube/config"))
            .collect(),
    };
    let mut merged: Option<Source> = None;
    for path in paths.iter().filter(|path| path.is_file()) {
        let document = match read(path) {
            Ok(document) => document,
            Err(error) => {
                failed.push(error);
                continue;
            }
        };
        merged = Some(match merged {
            None => Source::of_file(path, document, contexts.clone()),
            Some(before) => match before.document.clone().merge(document) {
                Ok(document) => Source { document, ..before },
                Err(error) => {
                    failed.push(unreadable(path, &error));
                    before
                }
            },
        });
    }
    merged
}

fn read(path: &Path) -> Result<Kubeconfig, PluginError> {
    Kubeconfig::read_from(path).map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &KubeconfigError) -> PluginError {
    let path = path.display();
    match error {
        KubeconfigError::ReadConfig(why, _) => PluginError::new(
            GapReason::NotFound,
            format!("the kubeconfig `{path}` can not be read: {why}"),
        )
        .hint("check the path under `k8s.config_files` or in `KUBECONFIG`, and who may read it"),
        error => PluginError::new(
            GapReason::Malformed,
            format!("`{path}` is no kubeconfig: {}", explain(error)),
        )
        .hint(format!(
            "see what `kubectl --kubeconfig {path} config view` says"
        )),
    }
}

/// What is wrong with a kubeconfig, without quoting it: it holds tokens.
pub(super) fn explain(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::Parse(error) => match error.location() {
            Some(place) => format!("line {}, column {}", place.line(), place.column()),
            None => "it is not the YAML that was expected".to_owned(),
        },
        KubeconfigError::LoadClientKey(_) => {
            "the client key can not be read (`client-key`, `client-key-data`)".to_owned()
        }
        other => other.to_string(),
    }
}
