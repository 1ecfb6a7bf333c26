//! `history`: the changes in the record that a query selects. The engine answers, on a small graph of what changed.
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use futures::StreamExt as _;
use futures::stream;
use jiff::Timestamp;
use serde_json::{Value, json};
use stocktake_command::{CommandError, Found, HistoryChange, HistorySearch};
use stocktake_engine::{DefaultSort, Graph, PartitionBuilder, SearchRequest};
use stocktake_model::{NodeId, NodeRecord, normalise};
use stocktake_query::{Filter, Path, Query, Segment};
use stocktake_store::{AccountHeader, ChangeKind, VersionChange};

use crate::core::{Core, now};
use crate::facts;
use crate::noise::is_noise;
use crate::past::store_error;
use crate::search::command_error;
use crate::usage;

/// Changes that are looked at together; more are looked at piece by piece.
const TOGETHER: usize = 20_000;
/// Where a change is while the engine looks at it.
const INSIDE: &str = "history";

impl Core {
    /// Every change a query selects.
    pub(crate) async fn find_history(&self, wanted: HistorySearch) -> Result<Found, CommandError> {
        let core = self.clone();
        let rows = tokio::task::spawn_blocking(move || core.history_now(&wanted)).await;
        let (rows, hints) = rows.map_err(|error| CommandError::world(error.to_string()))??;
        Ok(Found {
            elements: stream::iter(rows.into_iter().map(Ok)).boxed(),
            hints,
            data_age_secs: self.data_age(now()),
            gaps: 0,
        })
    }

    fn history_now(
        &self,
        wanted: &HistorySearch,
    ) -> Result<(Vec<Value>, Vec<String>), CommandError> {
        let mut search = SearchRequest::new(inside(wanted.query.clone()), now());
        search.sort = DefaultSort::None;
        search.cancel = Arc::new(AtomicBool::new(false));
        search.deadline = wanted.timeout.map(|timeout| Instant::now() + timeout);
        // Words that mean nothing are told even if nothing changed.
        let empty = Graph::new(self.graph().model().clone());
        let hints = empty.search(&search).map_err(command_error)?.hints.clone();
        let mut rows = Vec::new();
        for (account, header) in self.headers() {
            let changes = self.0.store.changes(&account, wanted.after, wanted.before);
            let mut pieces = Pieces {
                core: self,
                header: &header,
                search: &search,
                changes: BTreeMap::new(),
                rows: &mut rows,
            };
            for change in changes.map_err(store_error)? {
                let change = change.map_err(store_error)?;
                let is_wanted =
                    wanted.changes.is_empty() || wanted.changes.contains(&shown(change.change));
                if is_wanted && !is_noise(&change) {
                    pieces.add(change)?;
                }
            }
            pieces.look()?;
        }
        Ok((rows, hints))
    }
}

/// Changes of one account, looked at piece by piece: in a piece every node has one change.
struct Pieces<'a> {
    core: &'a Core,
    header: &'a AccountHeader,
    search: &'a SearchRequest,
    changes: BTreeMap<NodeId, VersionChange>,
    rows: &'a mut Vec<Value>,
}

impl Pieces<'_> {
    fn add(&mut self, change: VersionChange) -> Result<(), CommandError> {
        if self.changes.len() >= TOGETHER || self.changes.contains_key(&change.id) {
            self.look()?;
        }
        self.changes.insert(change.id, change);
        Ok(())
    }

    /// Asks the engine which of these changes are selected.
    fn look(&mut self) -> Result<(), CommandError> {
        let mut changes = std::mem::take(&mut self.changes);
        if changes.is_empty() {
            return Ok(());
        }
        let model = self.core.graph().model().clone();
        let mut builder = PartitionBuilder::new(model.clone(), &self.header.begin);
        for change in changes.values() {
            builder.node(&record(change));
        }
        let known = self.core.known(&self.header.begin.plugin);
        let partition = builder.with_edges([], &known.derived);
        let graph = Graph::new(model).with_partition(Arc::new(partition));
        for row in graph.search(self.search).map_err(command_error)? {
            let row = row.map_err(command_error)?;
            let id = row.get("id").and_then(Value::as_str);
            let id = id.and_then(|id| id.parse().ok());
            // The engine adds nodes of its own: the root, the account.
            if let Some(change) = id.and_then(|id: NodeId| changes.remove(&id)) {
                self.rows.push(finished(row, change));
            }
        }
        Ok(())
    }
}

/// What changed, with what is to be known about the change in a place that the engine can look at.
fn record(change: &VersionChange) -> NodeRecord {
    let node = change.after.as_ref().or(change.before.as_ref());
    let node = node.expect("a change has a node before or after it");
    let mut record = node.record.clone();
    facts::state(&mut record.metadata, node.first_seen);
    let mut about = json!({
        "change": shown(change.change).as_str(),
        "changed_at": normalise(change.at),
    });
    if let Some(before) = &change.before {
        about["before"] = Value::Object(before.record.reported.clone());
    }
    record.metadata.insert(INSIDE.to_owned(), about);
    record
}

fn finished(mut row: Value, change: VersionChange) -> Value {
    if let Some(metadata) = row.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove(INSIDE);
    }
    row["change"] = shown(change.change).as_str().into();
    row["changed_at"] = normalise(change.at).into();
    if let Some(before) = change.before {
        row["before"] = Value::Object(before.record.reported);
    }
    row
}

fn shown(change: ChangeKind) -> HistoryChange {
    match change {
        ChangeKind::Created => HistoryChange::Created,
        ChangeKind::Updated => HistoryChange::Updated,
        ChangeKind::Deleted => HistoryChange::Deleted,
    }
}

/// The query with `/change`, `/changed_at` and `/before` where [`record`] puts them.
fn inside(mut query: Query) -> Query {
    for part in &mut query.parts {
        filter_inside(&mut part.filter);
    }
    query
}

fn filter_inside(filter: &mut Filter) {
    match filter {
        Filter::Compare(comparison) => path_inside(&mut comparison.path),
        Filter::HasKey(path, _)
        | Filter::InSubnet(path, _)
        | Filter::DesiredChange(path)
        | Filter::NoDesiredChange(path)
        | Filter::Context(path, _) => path_inside(path),
        Filter::Not(inner) => filter_inside(inner),
        Filter::And(filters) | Filter::Or(filters) => filters.iter_mut().for_each(filter_inside),
        Filter::All | Filter::Is(_) | Filter::Id(_) | Filter::Text(_) => {}
    }
}

fn path_inside(path: &mut Path) {
    let first = path.segments.first().map(|first| first.name.as_str());
    if matches!(first, Some("change" | "changed_at" | "before")) {
        let names = ["metadata", INSIDE].map(|name| Segment {
            name: name.to_owned(),
            indexes: Vec::new(),
        });
        path.segments.splice(0..0, names);
    }
}

impl Core {
    /// Lets the past of an account go as far as the configuration says. Blocks.
    pub(crate) fn prune(&self, account: &str) {
        let graph = self.0.documents.kept();
        let since = |days: u32| {
            let age = jiff::SignedDuration::from_hours(i64::from(days) * 24);
            now().checked_sub(age).unwrap_or(Timestamp::MIN)
        };
        let versions = graph.keep_versions_for_days;
        let changes = if graph.keep_history {
            graph.keep_history_for_days.max(versions)
        } else {
            versions
        };
        let keep = stocktake_store::Keep {
            versions_since: since(versions),
            changes_since: since(changes),
        };
        let pruned = (self.0.store).prune(account, keep, |change| !is_noise(change));
        if let Err(error) = pruned {
            tracing::warn!(account, %error, "old versions could not be pruned");
        }
        let keep = stocktake_store::KeepUsage {
            all_since: since(usage::WHOLE_DAYS),
            some_since: since(graph.keep_usage_for_days),
        };
        if let Err(error) = self.0.store.prune_usage(account, keep) {
            tracing::warn!(account, %error, "old samples of usage could not be pruned");
        }
    }
}

#[cfg(test)]
mod tests;
