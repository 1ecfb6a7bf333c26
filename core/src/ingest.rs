//! Snapshots on their way into the record and the graph: streamed, committed as a whole or not at all.
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::BoxStream;
use stocktake_client::{AccountFailure, MergeSpent, Merged};
use stocktake_engine::{Graph, Partition, PartitionBuilder};
use stocktake_model::{Begin, End, Gap, Model, NodeId, PluginModel, SnapshotItem, UsageBlock};
use stocktake_store::{AccountHeader, CommitReport, Import, StoreError};
use tokio::sync::mpsc;

use crate::core::{Core, now};
use crate::events::MERGED;
use crate::facts;
use crate::status::is_missing;
use crate::usage;

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

/// A snapshot that is packed, resolved and waits for its commit.
struct Packed {
    import: Import,
    partition: Partition,
    usage: Vec<UsageBlock>,
    header: AccountHeader,
    spent: MergeSpent,
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
        let packing = tokio::task::spawn_blocking(move || core.pack(begin, receiver));
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

    /// Packs items as they come, then resolves what they refer to. Runs on a thread of its own.
    fn pack(
        &self,
        begin: Begin,
        mut batches: mpsc::Receiver<Batch>,
    ) -> Result<Packed, IngestError> {
        let account = begin.account.id().to_owned();
        let mut import = self.0.store.import(&account)?;
        let mut header = AccountHeader::new(begin, now());
        let mut builder: Option<PartitionBuilder> = None;
        let mut seen = HashSet::new();
        let mut samples = Vec::new();
        let mut packing = Duration::ZERO;
        let mut waiting = Vec::new().into_iter();
        let end = loop {
            let Some(sent) = waiting.next() else {
                let more = batches.blocking_recv();
                waiting = more
                    .ok_or(IngestError::Protocol("it has no `end`"))?
                    .into_iter();
                continue;
            };
            let started = Instant::now();
            match read(sent)? {
                SnapshotItem::Begin(_) => return Err(IngestError::Protocol("it begins twice")),
                SnapshotItem::Model(model) => self.learn(&header.begin.plugin, model)?,
                SnapshotItem::Node(node) => {
                    let builder = builder.get_or_insert_with(|| self.builder(&header.begin));
                    let id = node.node_id(&header.begin.cloud, &account);
                    if seen.insert(id) {
                        let first_seen = import.node(&node, id, header.collected)?;
                        builder.document(&node, id, |metadata| facts::state(metadata, first_seen));
                    }
                }
                SnapshotItem::Edge(edge) => {
                    builder
                        .get_or_insert_with(|| self.builder(&header.begin))
                        .edge(edge);
                }
                SnapshotItem::Usage(sample) => samples.push(sample),
                SnapshotItem::Complete(complete) => header.complete.push(complete),
                SnapshotItem::Part(part) => {
                    let parts = header.parts.entry(part.kind).or_default();
                    parts.insert(part.namespace, part.resource_version);
                }
                SnapshotItem::Gap(gap) => header.gaps.push(gap),
                SnapshotItem::End(end) => break end,
            }
            packing += started.elapsed();
        };
        let started = Instant::now();
        let mut builder = builder.unwrap_or_else(|| self.builder(&header.begin));
        import.keep(|kind, namespace, uid| stays(&header, &end, kind, namespace, uid))?;
        import.kept(|mut kept| {
            facts::state(&mut kept.record.metadata, kept.first_seen);
            builder.node(&kept.record);
        })?;
        packing += started.elapsed();
        let started = Instant::now();
        let known = self.known(&header.begin.plugin);
        let partition = builder.resolve(&known.rules, &known.derived);
        let usage = usage::measured(&partition, header.collected, samples);
        let spent = MergeSpent {
            packing_us: micros(packing),
            edges_us: micros(started.elapsed()),
            commit_us: 0,
        };
        Ok(Packed {
            import,
            partition,
            usage,
            header,
            spent,
        })
    }

    fn builder(&self, begin: &Begin) -> PartitionBuilder {
        PartitionBuilder::new(self.graph().model().clone(), begin)
    }

    /// The record first, then the graph: what a search has seen survives a crash.
    async fn commit(&self, packed: Packed) -> Result<Merged, IngestError> {
        let Packed {
            import,
            partition,
            usage,
            header,
            mut spent,
        } = packed;
        let _turn = self.0.commit.lock().await;
        let started = Instant::now();
        let edges: Vec<_> = partition.edges().collect();
        let store = self.0.store.clone();
        let record =
            move || -> Result<(CommitReport, AccountHeader, Vec<UsageBlock>), StoreError> {
                let report = import.commit(edges, header.clone())?;
                usage::keep(&store, header.account(), &usage);
                // The store counts: what it wrote is what is shown.
                let recorded = store.view(header.account())?.header()?.unwrap_or(header);
                Ok((report, recorded, usage))
            };
        let recorded = self.0.lane.run(record).await;
        let (report, header, usage) =
            recorded.map_err(|error| IngestError::Task(error.to_string()))??;
        let partition = Arc::new(partition);
        let overtaken = &report.overtaken;
        let before = self.graph();
        self.0.graph.rcu(|graph| {
            let graph = graph.with_partition(partition.clone());
            let graph = graph.with_usage(header.account(), &usage);
            self.with_overtaken(graph, &before, &header, overtaken)
        });
        self.0.forms.replaced(header.account());
        spent.commit_us = micros(started.elapsed());
        let merged = Merged {
            account: header.account().to_owned(),
            nodes: header.nodes,
            edges: header.edges,
            created: report.created,
            updated: report.updated,
            deleted: report.deleted,
            gaps: header.gaps.iter().filter(|gap| is_missing(gap)).count() as u64,
            spent,
        };
        let account = header.account().to_owned();
        self.reached(header);
        // Nobody waits for it: what is old may as well go a little later.
        let core = self.clone();
        tokio::task::spawn_blocking(move || core.tidy(&account));
        Ok(merged)
    }

    /// With what was changed while the snapshot came in, as the record has it.
    fn with_overtaken(
        &self,
        graph: Graph,
        before: &Graph,
        header: &AccountHeader,
        overtaken: &[NodeId],
    ) -> Graph {
        if overtaken.is_empty() {
            return graph;
        }
        let known = self.known(&header.begin.plugin);
        let changed = overtaken.iter().filter_map(|id| before.record(id));
        let gone = overtaken.iter().filter(|id| before.record(id).is_none());
        let (changed, gone): (Vec<_>, Vec<_>) = (changed.collect(), gone.copied().collect());
        let account = header.account();
        graph.with_changes(account, &changed, &gone, &known.rules, &known.derived)
    }

    fn reached(&self, header: AccountHeader) {
        let mut failures = self
            .0
            .failures
            .lock()
            .expect("nothing panics while it holds the failures");
        failures.remove(header.begin.account.name());
        let mut headers = self
            .0
            .headers
            .write()
            .expect("nothing panics while it holds the headers");
        headers.insert(header.account().to_owned(), header);
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

    /// Adds kinds and rules to what is known of a plugin, in the record and in the graph.
    pub(crate) fn learn(&self, plugin: &str, new: PluginModel) -> Result<(), StoreError> {
        let mut models = self
            .0
            .models
            .write()
            .expect("nothing panics while it holds the models");
        let known = models.entry(plugin.to_owned()).or_default();
        let before = known.clone();
        for kind in new.kinds {
            match known.kinds.iter_mut().find(|old| old.name == kind.name) {
                Some(old) => *old = kind,
                None => known.kinds.push(kind),
            }
        }
        if !new.rules.is_empty() {
            known.rules = new.rules;
        }
        if !new.derived.is_empty() {
            known.derived = new.derived;
        }
        if *known == before {
            return Ok(());
        }
        self.0.store.put_model(plugin, known)?;
        let mut model = Model::clone(self.graph().model());
        model.add(known.kinds.iter().cloned());
        let model = Arc::new(model);
        self.0.graph.rcu(|graph| graph.with_model(model.clone()));
        Ok(())
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
        let mut headers = self
            .0
            .headers
            .write()
            .expect("nothing panics while it holds the headers");
        headers.insert(header.account().to_owned(), header);
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

fn read(sent: Result<Sent, String>) -> Result<SnapshotItem, IngestError> {
    match sent.map_err(IngestError::Stream)? {
        Sent::Item(item) => Ok(item),
        Sent::Line(line) => {
            serde_json::from_slice(&line).map_err(|error| IngestError::Stream(error.to_string()))
        }
    }
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// Whether a node that the core holds and the snapshot did not bring stays: its kind was not read to its end, or
/// it lies in a gap. A kind that discovery no longer names is gone only if discovery was complete.
fn stays(
    header: &AccountHeader,
    end: &End,
    kind: &str,
    namespace: Option<&str>,
    uid: &str,
) -> bool {
    if header
        .gaps
        .iter()
        .any(|gap| covers(gap, kind, namespace, uid))
    {
        return true;
    }
    let complete = header.complete.iter().any(|complete| complete.kind == kind);
    !complete && !end.discovery_complete
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
