//! Graphs that are kept beside the live one: copies of a moment, and what was imported. They are only read.
use async_trait::async_trait;
use futures::stream::BoxStream;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stocktake_model::normalise;
use stocktake_query::Span;

use crate::CommandError;

/// The graph that is collected, tagged and cleaned.
pub const LIVE: &str = "stocktake";
/// What the live graph was called elsewhere; understood wherever a name is read.
const LIVE_ELSEWHERE: [&str; 3] = ["resoto", "fix", "ck"];
/// How names of snapshots begin.
pub(crate) const SNAPSHOT: &str = "snapshot-";
/// Longest name of a graph, in bytes: it is part of a file name.
const LONGEST: usize = 120;

/// Lines of an export, without line feeds.
pub type ExportLines = BoxStream<'static, Result<String, CommandError>>;

/// Whoever keeps graphs. Names were checked by [`graph_name`].
#[async_trait]
pub trait Archive: Send + Sync {
    /// Every graph that is kept, by name; the live one is not among them.
    async fn kept_graphs(&self) -> Result<Vec<KeptGraph>, CommandError>;

    /// Keeps a copy of `from` (the live graph if it is [`LIVE`]) as it is now. All of it or nothing.
    async fn copy_graph(
        &self,
        from: &str,
        to: &str,
        existing: Existing,
    ) -> Result<KeptGraph, CommandError>;

    /// Deletes a kept graph.
    async fn delete_graph(&self, name: &str) -> Result<(), CommandError>;

    /// A graph as lines: first about it, then kinds, then accounts with their nodes and edges, then marks.
    async fn export_graph(&self, name: &str) -> Result<ExportLines, CommandError>;

    /// Keeps what was exported. All of it or, if any line is wrong, nothing.
    async fn import_graph(
        &self,
        name: &str,
        text: String,
        existing: Existing,
    ) -> Result<KeptGraph, CommandError>;
}

/// What is known about a graph without looking into it: the first line of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptGraph {
    /// What it is called.
    pub name: String,
    /// The moment it shows.
    pub taken: Timestamp,
    /// Number of accounts.
    pub accounts: u64,
    /// Number of nodes, without cloud, accounts and stubs.
    pub nodes: u64,
    /// Number of edges that were collected or made by rules.
    pub edges: u64,
}

/// What happens to a graph that has the name already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Existing {
    /// It stays, and the new one is refused.
    #[default]
    Stays,
    /// The new one takes its place.
    Replaced,
}

/// The name of a graph as it was typed; other names of the live graph become [`LIVE`].
pub fn graph_name(text: &str) -> Result<String, CommandError> {
    if LIVE_ELSEWHERE.contains(&text) {
        return Ok(LIVE.to_owned());
    }
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-:".contains(&byte);
    if text.is_empty()
        || text.len() > LONGEST
        || !text.bytes().all(allowed)
        || text.starts_with('-')
    {
        return Err(
            CommandError::usage(format!("`{text}` cannot be the name of a graph"))
                .hint("letters, digits and `_`, 120 at most"),
        );
    }
    Ok(text.to_owned())
}

/// The name of a copy of `graph` that is taken at a moment under a label.
pub fn snapshot_name(graph: &str, label: &str, at: Timestamp) -> String {
    format!("{SNAPSHOT}{graph}-{label}-{}", normalise(at))
}

/// The name of a graph that is to be made: names of snapshots are given, not chosen.
pub(crate) fn new_name(text: &str, span: Span) -> Result<String, CommandError> {
    let name = graph_name(text).map_err(|error| error.at(span))?;
    let wrong = |message: String, hint: &str| CommandError::usage(message).hint(hint).at(span);
    if name == LIVE {
        return Err(wrong(
            format!("`{text}` is the live graph: it is collected, not copied"),
            "take another name, and ask it with `graph=NAME search …`",
        ));
    }
    if !text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    {
        return Err(wrong(
            format!("`{text}` cannot be the name of a new graph"),
            "letters, digits and `_`; snapshots get their names from `graph snapshot LABEL`",
        ));
    }
    Ok(name)
}
