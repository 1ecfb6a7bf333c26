//! Following a watched account: what its watch tells is gathered for a moment and committed, again and again.
mod notes;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::BoxStream;
use jiff::Timestamp;
use stocktake_engine::Graph;
use stocktake_model::{Gap, GapReason, NodeId, NodeRecord};
use stocktake_plugin_api::{Changed, WatchItem};
use stocktake_store::{Change, StoreError};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::batch::{Batch, Ground, Listing, Opened, changed_edges, orphans};
use crate::core::{Core, now};
use crate::facts::{self, FIRST_SEEN};
use crate::ingest::{IngestError, covers};
use crate::recall::forget_readings;

/// Objects that are committed at once at most.
const LARGEST: usize = 2_000;
/// Time between two signs of life for the lease on the work.
const ALIVE: Duration = Duration::from_secs(30);

/// One watch as the core follows it.
struct Session {
    account: String,
    cloud: String,
    plugin: String,
    shared_kinds: BTreeSet<String>,
    /// How objects are read.
    reading: Option<String>,
    /// What came since it is listed anew.
    relisting: BTreeMap<Listing, BTreeSet<NodeId>>,
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
            reading,
        })) = items.next().await
        else {
            return Err(IngestError::Protocol("it does not begin with `begin`"));
        };
        let mut session = self.session(account, shared_kinds)?;
        session.reading = reading;
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
            reading: None,
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
                self.learn(&session.plugin, model).map(drop)?;
            }
            WatchItem::Changed(changed) => session.change(self, changed),
            WatchItem::Gone { kind, uid } => {
                let id = NodeId::of(&kind, &session.cloud, &session.account, &uid);
                session.remove(self, &[id]);
            }
            WatchItem::Relisting { kind, namespace } => {
                // What came before is not part of the list.
                session = self.commit_batch(session).await?;
                session.relisting.insert((kind, namespace), BTreeSet::new());
            }
            WatchItem::Relisted {
                kind,
                namespace,
                resource_version,
            } => {
                session = self.commit_batch(session).await?;
                let listing = (kind, namespace);
                let gone = session.missing(self, &listing);
                session.remove(self, &gone);
                session.heard.insert(listing.0.clone(), now());
                session.batch.versions.insert(listing, resource_version);
            }
            WatchItem::Seen {
                kind,
                namespace,
                resource_version,
            } => {
                session.heard.insert(kind.clone(), now());
                if let Some(version) = resource_version {
                    let listing = (kind, namespace);
                    session.batch.versions.insert(listing, Some(version));
                }
            }
            WatchItem::Gap(gap) => session.lack(gap),
            WatchItem::Mended { kind, namespace } => {
                session.heard.insert(kind.clone(), now());
                session.batch.gaps.push(Opened::Mended { kind, namespace });
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
        let kinds = nodes.iter().map(|(_, node)| node.kind()).collect();
        forget_readings(&mut header, &kinds, session.reading.as_deref());
        notes::note_versions(&mut header, batch.versions);
        notes::note_gaps(&mut header, batch.gaps);
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
            self.show(&next.graph, account);
            self.form_ages(account, next.touched.len());
        }
        self.note_header(Some(header));
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
        None => facts::state(&mut record.metadata, now()),
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
        let object = changed.nodes.first();
        let kind = object.map(|node| node.kind().to_owned());
        let namespace = object.and_then(|node| node.reported.get("namespace")?.as_str());
        let namespace = namespace.map(str::to_owned);
        let ground = Ground {
            graph: &graph,
            cloud: &self.cloud,
            account: &self.account,
        };
        let ids = self.batch.change(&ground, changed);
        if let Some(kind) = kind {
            for ((of, place), came) in &mut self.relisting {
                if *of == kind && (place.is_none() || *place == namespace) {
                    came.extend(ids.first());
                }
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

    /// Nodes that did not come although everything of the kind was listed, in a namespace or in all. What the
    /// configuration leaves out was not meant.
    fn missing(&mut self, core: &Core, listing: &Listing) -> Vec<NodeId> {
        let (kind, namespace) = listing;
        let (graph, headers) = (core.graph(), core.headers());
        let gaps = headers.get(&self.account).map(|header| &header.gaps);
        let left_out: Vec<&Gap> = gaps
            .into_iter()
            .flatten()
            .filter(|gap| gap.reason == GapReason::NotCollected)
            .collect();
        let mut missing = graph.ids_of_kind(&self.account, kind);
        let came = self.relisting.remove(listing).unwrap_or_default();
        missing.retain(|id| {
            if came.contains(id) {
                return false;
            }
            let place = graph.namespace_of(id);
            let is_meant = namespace.is_none() || *namespace == place;
            let lies_in = |gap: &&Gap| covers(gap, kind, place.as_deref(), "");
            is_meant && !left_out.iter().any(lies_in)
        });
        missing
    }

    /// Something can not be told. An object that can not be read is there all the same.
    fn lack(&mut self, gap: Gap) {
        if let (Some(kind), Some(uid)) = (&gap.kind, &gap.uid) {
            let id = NodeId::of(kind, &self.cloud, &self.account, uid);
            let of_kind = |((of, _), _): &(&Listing, &mut BTreeSet<NodeId>)| of == kind;
            for (_, came) in self.relisting.iter_mut().filter(of_kind) {
                came.insert(id);
            }
        }
        self.batch.gaps.push(Opened::Gap(gap));
    }
}
