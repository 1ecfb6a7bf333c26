//! The plugin: from the configuration section to the files it names.
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize as _;
use stocktake_config::{FileConfig, InventoryFile};
use stocktake_model::{GapReason, PluginModel};
use stocktake_plugin_api::{Account, Plugin, PluginError};

use crate::account::FileAccount;
use crate::model::{self, NAME};

/// The cloud of another plugin.
const TAKEN: &str = "k8s";

/// Collects resources from files.
#[derive(Debug, Default)]
pub struct FilePlugin;

#[async_trait]
impl Plugin for FilePlugin {
    fn name(&self) -> &'static str {
        NAME
    }

    fn model(&self) -> PluginModel {
        model::model()
    }

    async fn accounts(
        &self,
        section: &serde_json::Value,
    ) -> Vec<Result<Arc<dyn Account>, PluginError>> {
        let config = if section.is_null() {
            Ok(FileConfig::default())
        } else {
            FileConfig::deserialize(section)
        };
        let files = match config {
            Ok(config) => config.files,
            Err(error) => {
                let message = format!("the configuration section `file` can not be read: {error}");
                return vec![Err(PluginError::new(GapReason::Malformed, message))];
            }
        };
        let home = std::env::var_os("HOME").map(PathBuf::from);
        let mut ids: BTreeMap<String, String> = BTreeMap::new();
        let mut names: BTreeMap<String, String> = BTreeMap::new();
        let accounts = files.iter().map(|file| {
            let account = account(file, home.as_deref())?;
            let path = account.path.display().to_string();
            for (seen, word, own) in [
                (&mut ids, "id", &account.id),
                (&mut names, "name", &account.name),
            ] {
                if let Some(other) = seen.insert(own.clone(), path.clone()) {
                    let message = format!("`{path}` and `{other}` have the same {word} `{own}`");
                    return Err(PluginError::new(GapReason::Malformed, message)
                        .hint(format!("give one of them a `{word}` of its own")));
                }
            }
            Ok(Arc::new(account) as Arc<dyn Account>)
        });
        accounts.collect()
    }
}

fn account(file: &InventoryFile, home: Option<&Path>) -> Result<FileAccount, PluginError> {
    let wrong = |message: String| PluginError::new(GapReason::Malformed, message);
    if file.path.is_empty() {
        return Err(wrong(
            "a file of the section `file` has no `path`".to_owned(),
        ));
    }
    let path = match (file.path.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(&file.path),
    };
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    let or = |text: &str, other: &str| {
        let text = if text.is_empty() { other } else { text };
        text.to_owned()
    };
    let name = or(&file.name, stem.unwrap_or(&file.path));
    if file.cloud.is_empty() || file.cloud == TAKEN {
        let message = format!("`{}` cannot be in the cloud `{}`", file.path, file.cloud);
        return Err(wrong(message).hint("name the cloud its resources are in, e.g. `aws`"));
    }
    Ok(FileAccount {
        id: or(&file.id, &name),
        name,
        cloud: file.cloud.clone(),
        path,
    })
}
