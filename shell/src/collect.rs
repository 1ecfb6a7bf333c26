//! `stocktake collect`: one collection, and what it cost as JSON for whoever wants to know why it takes as long as it does.
use std::path::Path;

use anyhow::{Context as _, Result};
use stocktake_client::Client;

use crate::script;
use crate::session::Session;

/// Collects once; gives back the exit code. With `report`, what it cost goes into that file.
pub(crate) async fn run(session: &Session, client: &Client, report: Option<&Path>) -> Result<u8> {
    let line = "workflows run collect".to_owned();
    let code = script::lines(session, [Ok(line)].into_iter()).await;
    let Some(file) = report else { return Ok(code) };
    let summary = client.last_collection().await?;
    let summary = summary.context("nothing was collected")?;
    let mut text = serde_json::to_string_pretty(&summary)?;
    text.push('\n');
    std::fs::write(file, text).with_context(|| format!("cannot write `{}`", file.display()))?;
    Ok(code)
}
