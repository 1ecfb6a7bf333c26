//! The objects of a list: made into nodes a few at a time, on whichever thread is free, while more arrive, and sent in the
//! order they came in.
//!
//! What is made of an object depends on nothing but itself; whether it was sent before, and what it may bring along, is
//! decided in their order, so that a collection sends the same each time.
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use stocktake_model::{Document, Gap, Same, SnapshotItem, UsageSample};
use tokio_util::task::AbortOnDropHandle;

use super::clock::With;
use super::reader::{Listed, Stop, malformed};
use super::reading::Names;
use super::{Collection, usage};
use crate::Resource;
use crate::list::{PageFlaws, Pager};
use crate::page::{Element, Lost};

/// Objects that are made into nodes together.
const TOGETHER: usize = 64;
/// Bytes of them at most; a single one may be larger.
const TOGETHER_BYTES: usize = 256 << 10;
/// Batches of a list on their way, beside the one that is filled.
const ON_THE_WAY: usize = 2;

/// What the objects of a list have in common.
struct Of {
    resource: Resource,
    kind: String,
    /// Whether known objects were read as these are.
    is_known: bool,
}

/// What is made of an object.
enum Made {
    /// It is known as it is.
    Same(Names),
    /// It comes to these nodes, and brings others along.
    Nodes {
        uid: Option<String>,
        nodes: Vec<Document>,
        shared: Vec<Document>,
    },
    /// A measurement.
    Sample(UsageSample),
    /// It is not wanted.
    LeftOut,
    /// It can not be known which object it is.
    Lost(Lost),
    /// It is no node.
    Gap(Gap),
}

/// Objects of one page that wait to be read.
#[derive(Default)]
struct Batch {
    elements: Vec<Element>,
    bytes: usize,
}

/// Batches on their way, in order, with the page each is of.
type Line = VecDeque<(Arc<PageFlaws>, AbortOnDropHandle<Vec<Made>>)>;

impl Batch {
    fn push(&mut self, element: Element) {
        self.bytes += element.len();
        self.elements.push(element);
    }

    fn is_full(&self) -> bool {
        self.elements.len() >= TOGETHER || self.bytes >= TOGETHER_BYTES
    }
}

impl Collection {
    /// Reads and sends every object of a list. What came before an error is sent too.
    pub(super) async fn page_by_page(
        self: &Arc<Self>,
        resource: &Resource,
        pager: &mut Pager,
        listed: &mut Listed,
    ) -> Result<(), Stop> {
        let of = Arc::new(Of {
            resource: resource.clone(),
            kind: listed.kind.clone(),
            is_known: listed.reading.is_known,
        });
        let mut line = Line::new();
        let mut batch = Batch::default();
        let mut page = pager.page_flaws().clone();
        let ended = loop {
            let element = match self.next(pager).await {
                Ok(Some(Ok(element))) => element,
                Ok(Some(Err(lost))) => {
                    pager.flawed(lost);
                    continue;
                }
                Ok(None) => break Ok(()),
                Err(stop) => break Err(stop),
            };
            if !Arc::ptr_eq(&page, pager.page_flaws()) {
                self.start(&of, &mut batch, &page, &mut line);
                page = pager.page_flaws().clone();
            }
            batch.push(element);
            if batch.is_full() {
                self.start(&of, &mut batch, &page, &mut line);
            }
            while line.len() > ON_THE_WAY {
                self.send_first(&of, &mut line, listed).await?;
            }
        };
        self.start(&of, &mut batch, &page, &mut line);
        while !line.is_empty() {
            self.send_first(&of, &mut line, listed).await?;
        }
        ended
    }

    async fn next(&self, pager: &mut Pager) -> Result<Option<crate::page::Object>, Stop> {
        let begun = Instant::now();
        let object = pager.next().await;
        let waited = pager.take_waited();
        self.clock.add(With::Waiting, waited);
        let rest = begun.elapsed().saturating_sub(waited);
        self.clock.add(With::Decoding, rest);
        Ok(object?)
    }

    /// Has a batch made into nodes.
    fn start(
        self: &Arc<Self>,
        of: &Arc<Of>,
        batch: &mut Batch,
        page: &Arc<PageFlaws>,
        line: &mut Line,
    ) {
        let Batch { elements, .. } = std::mem::take(batch);
        if elements.is_empty() {
            return;
        }
        let (collection, of) = (self.clone(), of.clone());
        let made = tokio::spawn(async move {
            let elements = elements.into_iter();
            elements
                .map(|element| collection.make(&of, element))
                .collect()
        });
        line.push_back((page.clone(), AbortOnDropHandle::new(made)));
    }

    async fn send_first(&self, of: &Of, line: &mut Line, listed: &mut Listed) -> Result<(), Stop> {
        let Some((page, made)) = line.pop_front() else {
            return Ok(());
        };
        let made = match made.await {
            Ok(made) => made,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => return Err(Stop::Closed),
            },
        };
        let begun = Instant::now();
        for made in made {
            if let Some(lost) = self.send(of, made, listed).await? {
                page.add(lost);
            }
        }
        self.clock.add(With::Sending, begun.elapsed());
        Ok(())
    }

    /// What one object comes to. One that has no uid to be known by is lost.
    fn make(&self, of: &Of, element: Element) -> Made {
        let resource = &of.resource;
        let begun = Instant::now();
        if of.is_known
            && let Some(names) = self.reading.same(&of.kind, &element)
        {
            self.clock.add(With::Decoding, begun.elapsed());
            let is_wanted = self.is_wanted(resource, names.namespace.as_deref(), &names.name);
            return if is_wanted {
                Made::Same(names)
            } else {
                Made::LeftOut
            };
        }
        let object = element.raw();
        self.clock.add(With::Decoding, begun.elapsed());
        let object = match object {
            Ok(object) => object,
            Err(lost) => return Made::Lost(lost),
        };
        let metadata = object.get("metadata");
        let text = |name: &str| metadata?.text(name).filter(|text| !text.is_empty());
        let uid = text("uid").map(str::to_owned);
        let namespace = text("namespace").map(str::to_owned);
        let name = text("name").unwrap_or_default();
        if !self.is_wanted(resource, namespace.as_deref(), name) {
            return Made::LeftOut;
        }
        if usage::is(resource) {
            let sample = usage::sample(resource, &object);
            return sample.map_or(Made::Lost(Lost::Malformed), Made::Sample);
        }
        // The one kind of object that has none.
        if uid.is_none() && resource.plural != "componentstatuses" {
            return Made::Lost(Lost::Malformed);
        }
        if resource.plural == "customresourcedefinitions" {
            let definition = object.clone().into();
            self.definitions.define(&self.converter, &definition);
        }
        let begun = Instant::now();
        let converted = self.converter.convert_whole(resource, object);
        let made = match converted {
            Ok(changed) => Made::Nodes {
                uid,
                nodes: changed.nodes.into_iter().map(Document::from).collect(),
                shared: changed.shared.into_iter().map(Document::from).collect(),
            },
            Err(error) => Made::Gap(malformed(&of.kind, namespace, uid, error.to_string())),
        };
        self.clock.add(With::Converting, begun.elapsed());
        made
    }

    /// Whether an object is to be collected. Namespaces are heard of.
    fn is_wanted(&self, resource: &Resource, namespace: Option<&str>, name: &str) -> bool {
        if let Some(namespace) = namespace
            && resource.namespaced
            && !self.choice.wants_namespace(namespace)
        {
            return false;
        }
        if resource.group.is_empty() && resource.plural == "namespaces" {
            self.heard_of_namespace(name);
        }
        true
    }

    /// Sends what was made of an object, unless the object was sent before.
    async fn send(&self, of: &Of, made: Made, listed: &mut Listed) -> Result<Option<Lost>, Stop> {
        let is_new = |uid: Option<&str>| uid.is_none_or(|uid| self.seen.is_new("uid", uid));
        match made {
            Made::Lost(lost) => return Ok(Some(lost)),
            Made::Sample(sample) => self.send_item(SnapshotItem::Usage(sample)).await?,
            Made::Gap(gap) => listed
                .gaps
                .extend(Some(gap).filter(|gap| is_new(gap.uid.as_deref()))),
            Made::Same(names) if is_new(Some(&names.uid)) => {
                self.objects.fetch_add(1, Ordering::Relaxed);
                self.clock.unchanged();
                listed.count(&of.kind);
                let (kind, uid) = (of.kind.clone(), names.uid);
                self.send_item(SnapshotItem::Same(Same { kind, uid }))
                    .await?;
            }
            Made::Nodes { uid, nodes, shared } if is_new(uid.as_deref()) => {
                self.objects.fetch_add(1, Ordering::Relaxed);
                for node in nodes {
                    listed.count(node.kind());
                    self.send_item(SnapshotItem::Node(node)).await?;
                }
                for node in shared {
                    self.send_shared(of, node, listed).await?;
                }
            }
            Made::Same(_) | Made::Nodes { .. } | Made::LeftOut => {}
        }
        Ok(None)
    }

    /// What several objects bring along (an image) is sent once.
    async fn send_shared(&self, of: &Of, node: Document, listed: &mut Listed) -> Result<(), Stop> {
        if !self.seen.is_new(node.kind(), node.id()) {
            return Ok(());
        }
        listed.count(node.kind());
        // Objects that are the same may bring it along too.
        let item = if of.is_known {
            SnapshotItem::Shared(node)
        } else {
            SnapshotItem::Node(node)
        };
        self.send_item(item).await
    }

    async fn send_item(&self, item: SnapshotItem) -> Result<(), Stop> {
        self.sink.send(item).await.map_err(|_| Stop::Closed)
    }
}
