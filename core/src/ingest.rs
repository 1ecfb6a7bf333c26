//! Snapshots on their way into the record and the graph: streamed, committed as a whole or not at all.
mod laying;
mod packing;

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use stocktake_client::{AccountFailure, MergeSpent, Merged};
use stocktake_model::{Gap, Model, PluginModel, SnapshotItem};
use stocktake_store::{AccountHeader, CommitReport, StoreError};
use tokio::sync::mpsc;

use crate::core::Core;
use crate::events::MERGED;
use crate::status::is_missing;
use crate::usage;
use laying::{Laid, Laying};
use packing::{Content, Packed, micros, read};

/// Parts that are handed to the thread that packs them at once, if so many are there.
const TOGETHER: usize = 64;
/// How often that may be before it is waited for.
const BUFFERED: usize = 8;

/// A part of a snapshot as it comes.
pub(crate) enum Sent {
    /// Handed over by a worker in this process.
    Item(SnapshotItem),
    /// A line that nobody has read yet.
    Line(Bytes),
}

/// Some of them.
type Batch = Vec<Result<Sent, String>>;

/// Why a snapshot was not committed. What was there before stays.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IngestError {
    /// The stream broke off or could not be read.
    #[error("the snapshot broke off: {0}")]
    Stream(String),
    /// The items came in an order that means nothing.
    #[error("the snapshot is not one: {0}")]
    Protocol(&'static str),
    /// The record could not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The thread that packs it died.
    #[error("packing the snapshot failed: {0}")]
    Task(String),
}

/// A snapshot that was committed.
struct Committed {
    report: CommitReport,
    header: AccountHeader,
    spent: MergeSpent,
    /// Whether everything is new, as far as the graph is concerned.
    is_whole: bool,
}

impl Core {
    /// Takes one snapshot from `Begin` to `End` and commits it.
    pub(crate) async fn ingest(
        &self,
        mut sent: BoxStream<'static, Result<Sent, String>>,
    ) -> Result<Merged, IngestError> {
        let first = sent.next().await.map(read).transpose()?;
        let Some(SnapshotItem::Begin(begin)) = first else {
            return Err(IngestError::Protocol("it does not begin with `begin`"));
        };
        let (sender, receiver) = mpsc::channel(BUFFERED);
        let core = self.clone();
        let packing = tokio::task::spawn_blocking(move || packing::pack(core, begin, receiver));
        let mut batches = sent.ready_chunks(TOGETHER);
        while let Some(batch) = batches.next().await {
            // The thread may have ended with an error: that one is told.
            if sender.send(batch).await.is_err() {
                break;
            }
        }
        drop(sender);
        let packed = packing
            .await
            .map_err(|error| IngestError::Task(error.to_string()))??;
        let begin = packed.header.begin.clone();
        let merged = self.commit(packed).await?;
        self.adopt(&begin).await?;
        self.tell(
            MERGED,
            serde_json::json!({"account": merged.account, "nodes": merged.nodes}),
        );
        Ok(merged)
    }

    /// The record first, then the graph: what a search has seen survives a crash.
    async fn commit(&self, packed: Packed) -> Result<Merged, IngestError> {
        let _turn = self.0.commit.lock().await;
        let core = self.clone();
        let committed = self.0.lane.run(move || core.commit_packed(packed)).await;
        let committed = committed.map_err(|error| IngestError::Task(error.to_string()))?;
        let Committed {
            report,
            header,
            spent,
            is_whole,
        } = committed?;
        let merged = Merged {
            account: header.account().to_owned(),
            nodes: header.nodes,
            edges: header.edges,
            created: report.created,
            updated: report.updated,
            deleted: report.deleted,
            gaps: header.gaps.iter().filter(|gap| is_missing(gap)).count() as u64,
            rebuilt: is_whole,
            spent,
        };
        let account = header.account().to_owned();
        // Nobody waits for it: what is old may as well go a little later.
        let core = self.clone();
        tokio::task::spawn_blocking(move || {
            if is_whole {
                core.keep_form(&account);
            }
            core.tidy(&account);
        });
        Ok(merged)
    }

    /// Runs where it may block, in the turn of the caller.
    fn commit_packed(&self, packed: Packed) -> Result<Committed, StoreError> {
        let Packed {
            import,
            content,
            samples,
            header,
            mut spent,
        } = packed;
        let started = Instant::now();
        let account = header.account().to_owned();
        let before = self.graph();
        let is_whole = matches!(content, Content::Whole(_));
        let overtaken = import.overtaken();
        let Laid {
            graph,
            edges,
            touched,
        } = Laying {
            core: self,
            header: &header,
            before: &before,
            overtaken: &overtaken,
        }
        .lay(content);
        let usage = graph
            .partition(&account)
            .map_or_else(Vec::new, |partition| {
                usage::measured(partition, header.collected, samples)
            });
        let report = import.commit(edges, header.clone())?;
        usage::keep(&self.0.store, &account, &usage);
        // The store counts: what it wrote is what is shown.
        let header = self.0.store.view(&account)?.header()?.unwrap_or(header);
        self.show(&graph, &account);
        self.0.graph.rcu(|graph| graph.with_usage(&account, &usage));
        if is_whole {
            self.0.forms.replaced(&account);
        } else {
            self.form_ages(&account, touched);
        }
        self.reached(header.clone());
        spent.commit_us = micros(started.elapsed());
        Ok(Committed {
            report,
            header,
            spent,
            is_whole,
        })
    }

    fn reached(&self, header: AccountHeader) {
        let mut failures = self
            .0
            .failures
            .lock()
            .expect("nothing panics while it holds the failures");
        failures.remove(header.begin.account.name());
        drop(failures);
        self.note_header(Some(header));
    }

    /// What is known of a plugin's resources.
    pub(crate) fn known(&self, plugin: &str) -> PluginModel {
        let models = self
            .0
            .models
            .read()
            .expect("nothing panics while it holds the models");
        models.get(plugin).cloned().unwrap_or_default()
    }

    /// Adds kinds and rules to what is known of a plugin, in the record and in the graph; whether edges may be others now.
    pub(crate) fn learn(&self, plugin: &str, new: PluginModel) -> Result<bool, StoreError> {
        let mut models = self
            .0
            .models
            .write()
            .expect("nothing panics while it holds the models");
        let known = models.entry(plugin.to_owned()).or_default();
        let before = known.clone();
        known.add(new);
        if *known == before {
            return Ok(false);
        }
        self.0.store.put_model(plugin, known)?;
        let mut model = Model::clone(self.graph().model());
        model.add(known.kinds.iter().cloned());
        let model = Arc::new(model);
        self.0.graph.rcu(|graph| graph.with_model(model.clone()));
        Ok(known.relates_otherwise(&before))
    }

    /// Remembers that an account could not be collected; what is known of it stays.
    pub(crate) async fn account_failed(&self, failure: AccountFailure) -> Result<(), IngestError> {
        match self.failed_header(failure) {
            Some(header) => self.put_header(header).await,
            None => Ok(()),
        }
    }

    /// Replaces what is known about an account as a whole.
    pub(crate) async fn put_header(&self, header: AccountHeader) -> Result<(), IngestError> {
        let store = self.0.store.clone();
        let recorded = header.clone();
        let put = tokio::task::spawn_blocking(move || store.put_header(&recorded)).await;
        put.map_err(|error| IngestError::Task(error.to_string()))??;
        self.note_header(Some(header));
        Ok(())
    }

    /// Notes a failure; gives back the header to record if the account was ever collected.
    fn failed_header(&self, failure: AccountFailure) -> Option<AccountHeader> {
        if !failure.is_account {
            return None;
        }
        let mut headers = self
            .0
            .headers
            .write()
            .expect("nothing panics while it holds the headers");
        let known = headers
            .values_mut()
            .find(|header| header.begin.account.name() == failure.name);
        let header = known.map(|known| {
            known.last_error = Some(failure.message.clone());
            known.clone()
        });
        let mut failures = self
            .0
            .failures
            .lock()
            .expect("nothing panics while it holds the failures");
        failures.insert(failure.name.clone(), failure);
        header
    }
}

/// Whether a node lies in a gap.
pub(crate) fn covers(gap: &Gap, kind: &str, namespace: Option<&str>, uid: &str) -> bool {
    let was_read = |namespace: &str| gap.except.iter().any(|read| read == namespace);
    gap.kind.as_deref().is_none_or(|missing| missing == kind)
        && match gap.namespace.as_deref() {
            Some(missing) => Some(missing) == namespace,
            None => !namespace.is_some_and(was_read),
        }
        && gap.uid.as_deref().is_none_or(|missing| missing == uid)
}
