//! A snapshot while it comes in: either what differs from before is gathered, or everything anew.
//!
//! An account that was collected before is mostly what it was. What is different is put into the graph as a watch would
//! put it; only when that is too much, or cannot be told as changes, the account is made of all its documents.
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use stocktake_client::MergeSpent;
use stocktake_engine::{Graph, Partition, PartitionBuilder};
use stocktake_model::{
    Begin, Document, End, Gap, GapReason, NodeId, NodeRecord, PluginModel, Same, SnapshotItem,
    UsageSample,
};
use stocktake_store::{AccountHeader, Import};
use tokio::sync::mpsc;

use super::{Batch, IngestError, Sent, covers};
use crate::core::{Core, now};
use crate::facts::{self, FIRST_SEEN};

/// More changed nodes than one in this many, and everything is made anew.
const FEW: usize = 16;
/// As many may always change, also since everything was made anew.
const ALWAYS_FEW: usize = 256;
/// More are never held; each takes some kilobytes until the commit.
const MOST: usize = 8192;

/// A snapshot that waits for its commit.
pub(super) struct Packed {
    pub(super) import: Import,
    pub(super) content: Content,
    pub(super) samples: Vec<UsageSample>,
    pub(super) header: AccountHeader,
    pub(super) spent: MergeSpent,
}

/// What is in it, for the graph.
pub(super) enum Content {
    /// Everything.
    Whole(Box<Partition>),
    /// What is different from the graph.
    Few {
        changed: Vec<NodeRecord>,
        removed: Vec<NodeId>,
    },
}

/// Packs items as they come, then resolves what they refer to if everything is new. Runs on a thread of its own.
pub(super) fn pack(
    core: Core,
    begin: Begin,
    mut batches: mpsc::Receiver<Batch>,
) -> Result<Packed, IngestError> {
    let mut packing = Packing::new(core, begin)?;
    let mut spent = Duration::ZERO;
    let mut waiting = Vec::new().into_iter();
    let end = loop {
        let Some(item) = waiting.next() else {
            let more = batches.blocking_recv();
            waiting = more
                .ok_or(IngestError::Protocol("it has no `end`"))?
                .into_iter();
            continue;
        };
        let started = Instant::now();
        let end = packing.take(read(item)?)?;
        spent += started.elapsed();
        if let Some(end) = end {
            break end;
        }
    };
    packing.finish(&end, spent)
}

struct Packing {
    core: Core,
    account: String,
    import: Import,
    header: AccountHeader,
    /// What the plugin says of its resources, all of it: of a kind that is told twice only the last counts.
    model: PluginModel,
    seen: HashSet<NodeId>,
    /// Objects that were said to be the same.
    same: HashSet<NodeId>,
    /// Their kinds.
    same_kinds: BTreeSet<String>,
    /// What others bring along, and may not be the first to.
    shared: Vec<Document>,
    samples: Vec<UsageSample>,
    gathered: Gathered,
}

/// What came so far, for the graph.
enum Gathered {
    /// Documents that differ, over a graph of this account alone: others change meanwhile, and nobody has to hold what they
    /// were.
    Few(Arc<Graph>, Vec<Differs>),
    /// All documents; nothing as long as none came.
    Whole(Option<Box<PartitionBuilder>>),
}

/// A document that is not the stored one.
struct Differs {
    document: Document,
    id: NodeId,
    first_seen: Timestamp,
}

impl Packing {
    fn new(core: Core, begin: Begin) -> Result<Self, IngestError> {
        let account = begin.account.id().to_owned();
        let import = core.0.store.import(&account)?;
        let graph = core.graph();
        let before = graph.partition(&account).filter(|before| {
            before.goes_on_with(&begin) && before.changes() <= ALWAYS_FEW.max(before.len() / 2)
        });
        // What is damaged is mended by whoever reads everything, and who does has everything made anew, too.
        let is_sound = import.damaged().is_empty();
        let gathered = match before.filter(|_| begin.resumes && is_sound) {
            Some(before) => {
                let alone = Graph::new(graph.model().clone()).with_partition(before.clone());
                Gathered::Few(alone.into(), Vec::new())
            }
            None => Gathered::Whole(None),
        };
        Ok(Self {
            core,
            account,
            import,
            header: AccountHeader::new(begin, now()),
            model: PluginModel::default(),
            seen: HashSet::new(),
            same: HashSet::new(),
            same_kinds: BTreeSet::new(),
            shared: Vec::new(),
            samples: Vec::new(),
            gathered,
        })
    }

    /// Takes an item; gives back the last one.
    fn take(&mut self, item: SnapshotItem) -> Result<Option<End>, IngestError> {
        match item {
            SnapshotItem::Begin(_) => return Err(IngestError::Protocol("it begins twice")),
            SnapshotItem::Model(model) => self.model.add(model),
            SnapshotItem::Node(node) => self.node(node)?,
            SnapshotItem::Shared(node) => self.shared.push(node),
            SnapshotItem::Same(same) => self.same(same)?,
            SnapshotItem::Edge(edge) => {
                self.widen();
                self.builder().edge(edge);
            }
            SnapshotItem::Usage(sample) => self.samples.push(sample),
            SnapshotItem::Complete(complete) => self.header.complete.push(complete),
            SnapshotItem::Part(part) => {
                let parts = self.header.parts.entry(part.kind).or_default();
                parts.insert(part.namespace, part.resource_version);
            }
            SnapshotItem::Gap(gap) => self.header.gaps.push(gap),
            SnapshotItem::End(end) => return Ok(Some(end)),
        }
        Ok(None)
    }

    fn id(&self, document: &Document) -> NodeId {
        document.node_id(&self.header.begin.cloud, &self.account)
    }

    fn node(&mut self, document: Document) -> Result<(), IngestError> {
        let id = self.id(&document);
        if !self.seen.insert(id) {
            return Ok(());
        }
        let came = (self.import).node(&document, id, self.header.collected)?;
        let first_seen = came.first_seen;
        match &mut self.gathered {
            Gathered::Few(..) if came.is_same => {}
            Gathered::Few(_, differing) => {
                differing.push(Differs {
                    document,
                    id,
                    first_seen,
                });
                self.widen_if_many(0);
            }
            Gathered::Whole(_) => {
                let state = |metadata: &mut _| facts::state(metadata, first_seen);
                self.builder().document(&document, id, state);
            }
        }
        Ok(())
    }

    /// An object that is what it was. One that nobody has is a gap, and the next collection reads its kind.
    fn same(&mut self, same: Same) -> Result<(), IngestError> {
        let id = NodeId::of(
            &same.kind,
            &self.header.begin.cloud,
            &self.account,
            &same.uid,
        );
        if self.stays(id)? {
            self.same.insert(id);
            self.same_kinds.insert(same.kind);
            return Ok(());
        }
        self.header.gaps.push(Gap {
            kind: Some(same.kind.clone()),
            namespace: None,
            except: Vec::new(),
            uid: Some(same.uid.clone()),
            reason: GapReason::Malformed,
            message: "it did not change, but what was known of it is lost".to_owned(),
            hint: Some("the next collection reads it again".to_owned()),
        });
        Ok(())
    }

    /// Keeps a node as it is; false if nobody has it. What is recorded of it may be damaged: then it is recorded again, as
    /// the graph has it.
    fn stays(&mut self, id: NodeId) -> Result<bool, IngestError> {
        if self.import.same(id) {
            return Ok(true);
        }
        let Some(mut record) = self.core.graph().record(&id) else {
            return Ok(false);
        };
        record.metadata.remove(FIRST_SEEN);
        self.node(Document::new(&record))?;
        Ok(true)
    }

    fn builder(&mut self) -> &mut PartitionBuilder {
        if let Gathered::Few(..) = self.gathered {
            self.widen();
        }
        let Gathered::Whole(builder) = &mut self.gathered else {
            unreachable!("it was widened");
        };
        builder.get_or_insert_with(|| {
            let model = self.core.graph().model().clone();
            PartitionBuilder::new(model, &self.header.begin).into()
        })
    }

    fn widen_if_many(&mut self, removed: usize) {
        if let Gathered::Few(before, differing) = &self.gathered {
            let partition = before.partition(&self.account);
            let few = partition.map_or(0, |partition| partition.len() / FEW);
            if differing.len() + removed > few.clamp(ALWAYS_FEW, MOST) {
                self.widen();
            }
        }
    }

    /// From here on everything is made anew.
    fn widen(&mut self) {
        let gathered = std::mem::replace(&mut self.gathered, Gathered::Whole(None));
        let Gathered::Few(_, differing) = gathered else {
            self.gathered = gathered;
            return;
        };
        self.import.forget_same();
        for one in differing {
            let state = |metadata: &mut _| facts::state(metadata, one.first_seen);
            self.builder().document(&one.document, one.id, state);
        }
    }

    fn finish(mut self, end: &End, mut packing: Duration) -> Result<Packed, IngestError> {
        let started = Instant::now();
        let (plugin, model) = (&self.header.begin.plugin, std::mem::take(&mut self.model));
        if self.core.learn(plugin, model)? {
            self.widen();
        }
        self.keep_company()?;
        self.forget_readings();
        let header = &self.header;
        (self.import).keep(|kind, namespace, uid| stays(header, end, kind, namespace, uid))?;
        self.widen_if_many(self.import.missing().count());
        if let Gathered::Whole(_) = self.gathered {
            self.builder();
        }
        packing += started.elapsed();
        let started = Instant::now();
        let content = match self.gathered {
            Gathered::Few(before, differing) => {
                let mut removed: Vec<_> = self.import.missing().collect();
                let begin = &self.header.begin;
                let changed = changed(&before, begin, &self.seen, differing, &mut removed);
                Content::Few { changed, removed }
            }
            Gathered::Whole(builder) => {
                let mut builder = builder.expect("it was made above");
                builder.set_model(self.core.graph().model().clone());
                self.import.kept(|mut kept| {
                    facts::state(&mut kept.record.metadata, kept.first_seen);
                    builder.node(&kept.record);
                })?;
                let known = self.core.known(&self.header.begin.plugin);
                Content::Whole(builder.resolve(&known.rules, &known.derived).into())
            }
        };
        Ok(Packed {
            import: self.import,
            content,
            samples: self.samples,
            header: self.header,
            spent: MergeSpent {
                packing_us: micros(packing),
                edges_us: micros(started.elapsed()),
                commit_us: 0,
            },
        })
    }

    /// With what is the same stay its parts, and what it brings along; of that, others may have told something else.
    fn keep_company(&mut self) -> Result<(), IngestError> {
        let complete = self.header.complete.iter();
        let shared = complete.filter(|complete| complete.shared);
        let shared: BTreeSet<&str> = shared.map(|complete| complete.kind.as_str()).collect();
        let graph = match &self.gathered {
            Gathered::Few(before, _) => Arc::clone(before),
            Gathered::Whole(_) => self.core.graph(),
        };
        let mut stays = HashSet::new();
        for id in graph.company(&self.account, &self.same, &shared) {
            if !self.seen.contains(&id) && self.stays(id)? {
                stays.insert(id);
            }
        }
        for document in std::mem::take(&mut self.shared) {
            if !stays.contains(&self.id(&document)) {
                self.node(document)?;
            }
        }
        Ok(())
    }

    /// Of a kind with a gap not everything was read in one way, unless it is left out by the configuration; nor was one
    /// whose objects are the same as those of another reading.
    fn forget_readings(&mut self) {
        let before = self.core.headers().remove(&self.account);
        let before = before.map_or_else(Vec::new, |header| header.complete);
        let gaps = &self.header.gaps;
        for complete in &mut self.header.complete {
            let lacks = |gap: &Gap| {
                gap.reason != GapReason::NotCollected
                    && gap.kind.as_ref().is_none_or(|kind| *kind == complete.kind)
            };
            let known = before.iter().find(|known| known.kind == complete.kind);
            let is_other = self.same_kinds.contains(&complete.kind)
                && known.is_none_or(|known| known.reading != complete.reading);
            if is_other || gaps.iter().any(lacks) {
                complete.reading = None;
            }
        }
    }
}

/// Documents that differ, as the graph has them. The account itself may come in the beginning only. What cannot be read (it
/// is nested too deeply) is recorded, but not in the graph.
fn changed(
    before: &Graph,
    begin: &Begin,
    seen: &HashSet<NodeId>,
    differing: Vec<Differs>,
    unread: &mut Vec<NodeId>,
) -> Vec<NodeRecord> {
    let account = begin.account.node_id(&begin.cloud, begin.account.id());
    let mut changed = Vec::with_capacity(differing.len());
    if !seen.contains(&account) && before.record(&account).as_ref() != Some(&begin.account) {
        changed.push(begin.account.clone());
    }
    for one in differing {
        if let Ok(mut record) = one.document.record() {
            facts::state(&mut record.metadata, one.first_seen);
            changed.push(record);
        } else {
            unread.push(one.id);
        }
    }
    changed
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

pub(super) fn read(sent: Result<Sent, String>) -> Result<SnapshotItem, IngestError> {
    match sent.map_err(IngestError::Stream)? {
        Sent::Item(item) => Ok(item),
        Sent::Line(line) => {
            serde_json::from_slice(&line).map_err(|error| IngestError::Stream(error.to_string()))
        }
    }
}

pub(super) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}
