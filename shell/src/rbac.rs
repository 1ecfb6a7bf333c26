//! `stocktake rbac`: the rights it needs in a cluster, for an administrator to apply. Asks no cluster, only the
//! configuration.
use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use futures::StreamExt as _;
use stocktake_client::{Client, Execute};
use stocktake_command::Output;
use stocktake_config::{DocumentId, parse};
use stocktake_core::Overrides;
use stocktake_kubernetes::cluster_roles;

use crate::page;

/// Prints the `ClusterRole` to collect, and the one to tag and clean, for the configuration of this core.
pub(crate) async fn print(client: &Client, overrides: &Overrides) -> Result<u8> {
    let text = worker_document(client).await?;
    let config = parse(DocumentId::Worker, &text).context("reading `stocktake.worker`")?;
    let config = overrides
        .laid_over(config)
        .worker()
        .context("reading `stocktake.worker`")?;
    let [collect, change] = cluster_roles(&config.k8s);
    let text = format!("{}\n---\n{}\n", collect.trim_end(), change.trim_end());
    page::print(text.as_bytes())?;
    Ok(0)
}

async fn worker_document(client: &Client) -> Result<String> {
    let execute = Execute {
        line: "config show stocktake.worker".to_owned(),
        user: "rbac".to_owned(),
        prompt: false,
        width: None,
        env: BTreeMap::new(),
        files: BTreeMap::new(),
    };
    let mut outputs = client.execute(&execute).await?;
    let mut text = String::new();
    while let Some(output) = outputs.next().await {
        if let Output::Text { line } = output? {
            text.push_str(&line);
            text.push('\n');
        }
    }
    Ok(text)
}
