//! Following a watched account: what its watch tells is gathered for a moment and committed, again and again.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::BoxStream;
use jiff::Timestamp;
use stocktake_engine::Graph;
use stocktake_model::{Complete, NodeId, NodeRecord};
use stocktake_plugin_api::{Changed, WatchItem};
use stocktake_store::{AccountHeader, Change, StoreError};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::batch::{Batch, Ground, Opened, changed_edges, orphans};
use crate::core::{Core, now};
use crate::facts::{self, FIRST_SEEN};
use crate::ingest::IngestError;

/// Objects that are committed at once at most.
const LARGEST: usize = 2_000;
/// Time between two signs of life for the lease on the work.
const ALIVE: Duration = Duration::from_secs(30);
/// Key of a header below which the kinds stand whose gap a watch opened.
const WATCH_GAPS: &str = "watch_gaps";

/// One watch as the core follows it.
struct Session {
    account: String,
    cloud: String,
    plugin: String,
    shared_kinds: BTreeSet<String>,
    /// What came since a kind is listed anew.
    relisting: BTreeMap<String, BTreeSet<NodeId>>,
    batch: Batch,
    /// When something was heard of each kind.
    heard: BTreeMap<String, Timestamp>,
}

impl Core {
    /// Takes what a watch tells until it ends or is stopped; everything taken is committed when this returns.
    pub(crate) async fn follow(
        &self,
        work: u64,
        mut items: BoxStream<'static, Result<WatchItem, String>>,
        stop: &CancellationToken,
    ) -> Result<(), IngestError> {
        let Some(Ok(WatchItem::Begin {
            account,
            shared_kinds,
        })) = items.next().await
        else {
            return Err(IngestError::Protocol("it does not begin with `begin`"));
        };
        let mut session = self.session(account, shared_kinds)?;
        self.expect_changes(&session);
        let mut alive = tokio::time::interval(ALIVE);
        let mut due: Option<Instant> = None;
        loop {
            let full = session.batch.told >= LARGEST;
            let wait = due.unwrap_or_else(|| Instant::now() + ALIVE);
            let item = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = tokio::time::sleep_until(wait), if due.is_some() && !full => None,
                () = std::future::ready(()), if full => None,
                item = items.next() => match item {
                    Some(item) => Some(item.map_err(IngestError::Stream)?),
                    None => break,
                },
                _ = alive.tick() => {
                    self.queue().heard(work);
                    continue;
                }
            };
            if let Some(item) = item {
                session = self.take_item(session, item).await?;
                due = session.batch.due(due);
            } else {
                session = self.commit_batch(session).await?;
                due = None;
            }
        }
        self.commit_batch(session).await.map(drop)
    }

    /// Has the engine prepare for the first change while nobody waits for it.
    fn expect_changes(&self, session: &Session) {
        let (graph, account) = (self.graph(), session.account.clone());
        let known = self.known(&session.plugin);
        tokio::task::spawn_blocking(move || {
            graph.expect_changes(&account, &known.rules, &known.derived);
        });
    }

    fn session(&self, account: String, shared_kinds: Vec<String>) -> Result<Session, IngestError> {
        let headers = self.headers();
        let header = headers.get(&account);
        let header = header.ok_or(IngestError::Protocol("nobody collected the account"))?;
        Ok(Session {
            cloud: header.begin.cloud.clone(),
            plugin: header.begin.plugin.clone(),
            account,
            shared_kinds: shared_kinds.into_iter().collect(),
            relisting: BTreeMap::new(),
            batch: Batch::default(),
            heard: BTreeMap::new(),
        })
    }

    async fn take_item(
        &self,
        mut session: Session,
        item: WatchItem,
    ) -> Result<Session, IngestError> {
        match item {
            WatchItem::Begin { .. } => return Err(IngestError::Protocol("it begins twice")),
            WatchItem::Model(model) => {
                session = self.commit_batch(session).await?;
                self.learn(&session.plugin, model)?;
            }
            WatchItem::Changed(changed) => session.change(self, changed),
            WatchItem::Gone { kind, uid } => {
                let id = NodeId::of(&kind, &session.cloud, &session.account, &uid);
                session.remove(self, &[id]);
            }
            WatchItem::Relisting { kind } => {
                // What came before is not part of the list.
                session = self.commit_batch(session).await?;
                session.relisting.insert(kind, BTreeSet::new());
            }
            WatchItem::Relisted {
                kind,
                resource_version,
            } => {
                session = self.commit_batch(session).await?;
                let came = session.relisting.remove(&kind).unwrap_or_default();
                let mut gone = self.graph().ids_of_kind(&session.account, &kind);
                gone.retain(|id| !came.contains(id));
                session.remove(self, &gone);
                session.seen(kind, resource_version);
            }
            WatchItem::Seen {
                kind,
                resource_version,
            } => session.seen(kind, Some(resource_version)),
            WatchItem::Gap(gap) => session.batch.gaps.push(Opened::Gap(gap)),
            WatchItem::Mended { kind } => {
                session.heard.insert(kind.clone(), now());
                session.batch.gaps.push(Opened::Mended(kind));
            }
        }
        Ok(session)
    }

    async fn commit_batch(&self, session: Session) -> Result<Session, IngestError> {
        if let Some(fresh) = session.heard.values().min() {
            self.0.watches.fresh(&session.account, *fresh);
        }
        if session.batch.is_empty() {
            return Ok(session);
        }
        let _turn = self.0.commit.lock().await;
        let core = self.clone();
        let done = self.0.lane.run(move || core.commit_now(session)).await;
        Ok(done.map_err(|error| IngestError::Task(error.to_string()))??)
    }

    /// The record first, then the graph. Runs where it may block, in the turn of the caller.
    fn commit_now(&self, mut session: Session) -> Result<Session, StoreError> {
        let batch = std::mem::take(&mut session.batch);
        let account = session.account.as_str();
        let Some(mut header) = self.headers().remove(account) else {
            return Ok(session);
        };
        let before = self.graph();
        let nodes: Vec<_> = batch.changed.into_iter().collect();
        let next = self.advance(&session, &before, &nodes, batch.removed);
        let (edges_of, edges) = changed_edges((&before, &next.graph), &next.touched);
        let is_new = |id: &&NodeId| before.record(id).is_none();
        let created = nodes.iter().map(|(id, _)| id).filter(is_new).count() as u64;
        header.nodes = (header.nodes + created).saturating_sub(next.removed.len() as u64);
        let partition = next.graph.partition(account);
        header.edges = partition.map_or(header.edges, |partition| partition.edge_count() as u64);
        note_versions(&mut header, batch.versions);
        note_gaps(&mut header, batch.gaps);
        if next.touched.is_empty() {
            self.0.store.put_header(&header)?;
        } else {
            let removed = next.removed.into_iter().map(|(id, kind)| (kind, id));
            let change = Change {
                nodes,
                removed: removed.collect(),
                edges_of,
                edges,
                header: Some(header.clone()),
                at: Some(now()),
            };
            self.0.store.put(account, change)?;
            self.0.graph.store(next.graph);
            self.form_ages(account, next.touched.len());
        }
        let mut headers = self
            .0
            .headers
            .write()
            .expect("nothing panics while it holds the headers");
        headers.insert(account.to_owned(), header);
        Ok(session)
    }

    /// The graph with these changes, and without what nobody refers to any more.
    fn advance(
        &self,
        session: &Session,
        before: &Arc<Graph>,
        nodes: &[(NodeId, NodeRecord)],
        mut removed: BTreeMap<NodeId, String>,
    ) -> Next {
        let mut touched: Vec<NodeId> = nodes.iter().map(|(id, _)| *id).collect();
        touched.extend(removed.keys());
        if touched.is_empty() {
            return Next {
                graph: before.clone(),
                removed,
                touched,
            };
        }
        let known = self.known(&session.plugin);
        let change = |graph: &Graph, records: &[NodeRecord], gone: &BTreeMap<NodeId, String>| {
            let gone: Vec<NodeId> = gone.keys().copied().collect();
            let (account, rules) = (&session.account, &known.rules);
            let change = || graph.with_changes(account, records, &gone, rules, &known.derived);
            self.0.turns.ahead(change)
        };
        let records: Vec<_> = nodes
            .iter()
            .map(|(id, record)| shown(before, id, record))
            .collect();
        let mut graph = change(before, &records, &removed);
        let orphans = orphans((before, &graph), &touched, &session.shared_kinds);
        if !orphans.is_empty() {
            graph = change(&graph, &[], &orphans);
            touched.extend(orphans.keys());
            removed.extend(orphans);
        }
        Next {
            graph: graph.into(),
            removed,
            touched,
        }
    }
}

/// A node as the graph has it: with since when it is known.
fn shown(before: &Graph, id: &NodeId, record: &NodeRecord) -> NodeRecord {
    let mut record = record.clone();
    let known = before.record(id);
    match known.and_then(|mut known| known.metadata.remove(FIRST_SEEN)) {
        Some(first_seen) => {
            record.metadata.insert(FIRST_SEEN.to_owned(), first_seen);
        }
        None => facts::state(&mut record, now()),
    }
    record
}

/// The graph after a batch.
struct Next {
    graph: Arc<Graph>,
    /// Nodes that are gone, with their kinds.
    removed: BTreeMap<NodeId, String>,
    /// Nodes that are different or gone.
    touched: Vec<NodeId>,
}

impl Session {
    fn change(&mut self, core: &Core, changed: Changed) {
        let graph = core.graph();
        let kind = changed.nodes.first().map(|node| node.kind().to_owned());
        let ground = Ground {
            graph: &graph,
            cloud: &self.cloud,
            account: &self.account,
        };
        let ids = self.batch.change(&ground, changed);
        if let Some(kind) = kind {
            if let Some(came) = self.relisting.get_mut(&kind) {
                came.extend(ids.first());
            }
            self.heard.insert(kind, now());
        }
    }

    fn remove(&mut self, core: &Core, ids: &[NodeId]) {
        let graph = core.graph();
        let ground = Ground {
            graph: &graph,
            cloud: &self.cloud,
            account: &self.account,
        };
        for id in ids {
            self.batch.remove(&ground, id);
        }
        self.batch.told += ids.len();
    }

    fn seen(&mut self, kind: String, version: Option<String>) {
        self.heard.insert(kind.clone(), now());
        if let Some(version) = version {
            self.batch.versions.insert(kind, version);
        }
    }
}

/// Notes the versions to resume from.
fn note_versions(header: &mut AccountHeader, versions: BTreeMap<String, String>) {
    for (kind, version) in versions {
        let known = header.complete.iter_mut().find(|known| known.kind == kind);
        match known {
            Some(known) => known.resource_version = Some(version),
            None => header.complete.push(Complete {
                kind,
                count: 0,
                resource_version: Some(version),
            }),
        }
    }
}

/// Notes what is missing, and what is no longer.
fn note_gaps(header: &mut AccountHeader, gaps: Vec<Opened>) {
    let mut own: BTreeSet<String> = header
        .more
        .get(WATCH_GAPS)
        .and_then(|kinds| kinds.as_array())
        .into_iter()
        .flatten()
        .filter_map(|kind| kind.as_str().map(str::to_owned))
        .collect();
    for gap in gaps {
        match gap {
            Opened::Gap(gap) => {
                let kind = gap.kind.clone().unwrap_or_default();
                let is_wide = gap.uid.is_none();
                let is_known = header.gaps.iter().any(|known| {
                    (&known.kind, &known.namespace, &known.uid)
                        == (&gap.kind, &gap.namespace, &gap.uid)
                });
                if !is_known {
                    header.gaps.push(gap);
                    if is_wide {
                        own.insert(kind);
                    }
                }
            }
            Opened::Mended(kind) => {
                if own.remove(&kind) {
                    header.gaps.retain(|gap| {
                        gap.kind.as_ref() != Some(&kind)
                            || gap.namespace.is_some()
                            || gap.uid.is_some()
                    });
                }
            }
        }
    }
    if own.is_empty() {
        header.more.remove(WATCH_GAPS);
    } else {
        let own: Vec<String> = own.into_iter().collect();
        header.more.insert(WATCH_GAPS.to_owned(), own.into());
    }
}
