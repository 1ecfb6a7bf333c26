//! Collecting: every account of every plugin, some at the same time, each as a stream of its own. One that
//! fails costs the others nothing.
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::{self, StreamExt as _};
use stocktake_client::{
    AccountFailure, AccountReport, Client, ClientError, CollectRequest, CollectSummary, Merged,
};
use stocktake_model::{GapReason, Known};
use stocktake_plugin_api::{Account, Memory, Plugin, PluginError, Progress, ProgressSink};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tracing::debug;

use crate::run::took_longer;

/// Items of a snapshot that may wait for the core.
const BUFFERED: usize = 512;
/// Time between two progress reports.
const REPORT_EVERY: Duration = Duration::from_millis(200);

/// Collects every account the request names; those that are not done within `limit` have failed.
pub(crate) async fn collect(
    client: &Client,
    plugins: &[Arc<dyn Plugin>],
    work: u64,
    request: CollectRequest,
    limit: Duration,
) -> CollectSummary {
    let until = Instant::now() + limit;
    let mut accounts: Vec<Arc<dyn Account>> = Vec::new();
    let mut summary = CollectSummary::default();
    for (name, section) in &request.sections {
        let Some(plugin) = plugins.iter().find(|plugin| plugin.name() == name) else {
            summary
                .notes
                .push(format!("there is no plugin `{name}` (`worker.collector`)"));
            continue;
        };
        for account in plugin.accounts(section).await {
            match account {
                Ok(account) => accounts.push(account),
                Err(error) => summary.failures.push(failure(name, error)),
            }
        }
    }
    summary
        .failures
        .extend(choose(&mut accounts, &request.only));
    for failure in &summary.failures {
        tell(client.report_failure(work, failure).await);
    }
    let parallel = request.parallel.clamp(1, accounts.len().max(1));
    let collections: Vec<_> = accounts
        .into_iter()
        .map(|account| {
            let time = Time { until, limit };
            collect_account(client.clone(), work, account, time)
        })
        .collect();
    let mut results = stream::iter(collections).buffer_unordered(parallel);
    while let Some(result) = results.next().await {
        match result {
            Ok(report) => summary.accounts.push(report),
            // Another context stands for the same cluster: nothing is missing.
            Err(failure) if failure.reason == GapReason::NotCollected => {
                summary.notes.push(failure.message);
            }
            Err(failure) => {
                tell(client.report_failure(work, &failure).await);
                summary.failures.push(failure);
            }
        }
    }
    summary.accounts.sort_by(|a, b| a.name.cmp(&b.name));
    summary.failures.sort_by(|a, b| a.name.cmp(&b.name));
    summary
}

/// Leaves only the accounts of these names (all if there are none); a name nobody has is a failure.
fn choose(accounts: &mut Vec<Arc<dyn Account>>, only: &[String]) -> Vec<AccountFailure> {
    if only.is_empty() {
        return Vec::new();
    }
    let names: Vec<String> = accounts
        .iter()
        .map(|account| account.name().to_owned())
        .collect();
    accounts.retain(|account| only.iter().any(|name| name == account.name()));
    let missing = only.iter().filter(|name| !names.contains(name));
    missing
        .map(|name| {
            let message = format!("there is no context `{name}`");
            let hint = format!("there are {}", names.join(", "));
            let error = PluginError::new(GapReason::NotFound, message);
            failure(name, error.hint(hint).of(name))
        })
        .collect()
}

/// When a collection has to be done.
#[derive(Clone, Copy)]
struct Time {
    until: Instant,
    /// The same as a span from its beginning.
    limit: Duration,
}

async fn collect_account(
    client: Client,
    work: u64,
    account: Arc<dyn Account>,
    time: Time,
) -> Result<AccountReport, AccountFailure> {
    let name = account.name().to_owned();
    let (newest, seen) = watch::channel(Progress {
        account: name.clone(),
        ..Progress::default()
    });
    let reporter = tokio::spawn(report(client.clone(), work, seen));
    let (sink, items) = mpsc::channel(BUFFERED);
    let memory = OfCore(client.clone());
    let merge = client.merge(ReceiverStream::new(items));
    let newest = Newest(newest);
    let begun = Instant::now();
    let both = async { tokio::join!(account.collect(sink, &newest, &memory), merge) };
    // What was given up half-way is not committed: the core takes a snapshot whole or not at all.
    let mut result = match tokio::time::timeout_at(time.until, both).await {
        Ok((collected, merged)) => outcome(&name, collected, merged),
        Err(_) => Err(failure(&name, too_late(&name, time.limit))),
    };
    if let Ok(report) = &mut result {
        report.spent = newest.0.borrow().spent;
        report.took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    }
    let failed = result.as_ref().err().map(|failure| failure.message.clone());
    newest.0.send_modify(|progress| {
        progress.done = true;
        progress.failed = failed;
    });
    drop(newest);
    // The reporter ends by itself once the channel is closed.
    let _ = reporter.await;
    result
}

/// The plugin's own trouble explains more than the stream it left unfinished.
fn outcome(
    name: &str,
    collected: Result<(), PluginError>,
    merged: Result<Merged, ClientError>,
) -> Result<AccountReport, AccountFailure> {
    collected.map_err(|error| failure(name, error.of(name)))?;
    let merged = merged.map_err(|error| {
        let error = PluginError::new(GapReason::ServerError, error.to_string());
        failure(name, error.of(name))
    })?;
    Ok(AccountReport {
        name: name.to_owned(),
        merged,
        ..AccountReport::default()
    })
}

fn too_late(name: &str, limit: Duration) -> PluginError {
    PluginError::new(GapReason::Timeout, took_longer("the collection", limit))
        .hint("raise `worker.timeout_secs`, or leave kinds out (`k8s.no_collect`)")
        .of(name)
}

fn failure(name: &str, error: PluginError) -> AccountFailure {
    AccountFailure {
        is_account: error.account.is_some(),
        name: error.account.unwrap_or_else(|| name.to_owned()),
        reason: error.reason,
        message: error.message,
        hint: error.hint,
    }
}

/// What the core knows.
struct OfCore(Client);

#[async_trait]
impl Memory for OfCore {
    async fn known(&self, account: &str) -> Known {
        let known = self.0.known(account).await;
        known.unwrap_or_else(|error| {
            debug!(%error, account, "everything is read, since nobody says what is known");
            Known::default()
        })
    }
}

/// Keeps the newest state only; the reporter sends it at its own pace.
struct Newest(watch::Sender<Progress>);

impl ProgressSink for Newest {
    fn update(&self, progress: &Progress) {
        self.0.send_replace(progress.clone());
    }
}

async fn report(client: Client, work: u64, mut seen: watch::Receiver<Progress>) {
    while seen.changed().await.is_ok() {
        let progress = seen.borrow_and_update().clone();
        tell(client.report_progress(work, &progress).await);
        if pause(&seen).await == Ended::Yes {
            break;
        }
    }
    let last = seen.borrow().clone();
    tell(client.report_progress(work, &last).await);
}

/// Whether the collection ended while the reporter waited.
#[derive(PartialEq, Eq)]
enum Ended {
    Yes,
    No,
}

/// Waits until the next report is due; not at all once nothing more will come, since the collection waits for this.
async fn pause(seen: &watch::Receiver<Progress>) -> Ended {
    // A reader of its own: what it sees is still news to the other.
    let mut until = seen.clone();
    match tokio::time::timeout(REPORT_EVERY, until.wait_for(|_| false)).await {
        Ok(_) => Ended::Yes,
        Err(_) => Ended::No,
    }
}

/// Progress is a courtesy: one that does not arrive changes nothing.
fn tell(result: Result<(), ClientError>) {
    if let Err(error) = result {
        debug!(%error, "progress was not taken");
    }
}
