//! Reading one kind: every object converted and sent as it is decoded; what can not be read becomes a gap.
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Instant;

use stocktake_model::{Gap, GapReason, Same, SnapshotItem, UsageSample};

use super::clock::With;
use super::reading::{KindReading, Names};
use super::{Collection, SHARED, usage};
use crate::list::Flaws;
use crate::page::{Element, Form, Lost};
use crate::trouble::RequestError;
use crate::{Resource, discovery, list, secrets};

/// What became of one kind.
#[derive(Debug, Clone, Default)]
pub(super) struct Listed {
    /// Kind of the objects.
    pub kind: String,
    /// Nodes sent, by kind: the objects, and what they bring along.
    pub sent: BTreeMap<String, u64>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
    /// Version of the list, if it was one list.
    pub resource_version: Option<String>,
    /// How its objects are read.
    pub reading: KindReading,
    /// Namespaces that were read to their end one by one, and the versions of their lists.
    pub parts: BTreeMap<String, String>,
    /// Objects that can not be known.
    pub flaws: Flaws,
    /// Whether these are measurements: no nodes come of them, and what could not be read is no gap.
    pub is_usage: bool,
}

/// Why reading stopped.
enum Stop {
    /// The server.
    Request(RequestError),
    /// Nobody takes the items any more.
    Closed,
}

impl From<RequestError> for Stop {
    fn from(error: RequestError) -> Self {
        Self::Request(error)
    }
}

impl Collection {
    /// Reads a kind to its end, or as far as it can be read.
    pub(super) async fn read(&self, resource: &Resource) -> Listed {
        let mut listed = Listed {
            kind: crate::kind_name(resource),
            is_usage: usage::is(resource),
            reading: self.reading.of(resource, &self.definitions),
            ..Listed::default()
        };
        let read = self.read_into(resource, &mut listed);
        let in_time = tokio::time::timeout_at(self.deadline, read).await;
        if in_time.is_err() {
            listed.gaps.push(Gap {
                kind: Some(listed.kind.clone()),
                namespace: None,
                except: Vec::new(),
                uid: None,
                reason: GapReason::Timeout,
                message: "the time for the whole cluster is over".to_owned(),
                hint: Some("raise `k8s.cluster_timeout_secs`".to_owned()),
            });
        }
        for message in listed.flaws.messages() {
            let gap = malformed(&listed.kind, None, None, message);
            listed.gaps.push(gap);
        }
        listed
    }

    async fn read_into(&self, resource: &Resource, listed: &mut Listed) {
        if let Some(error) = self.broken.get() {
            self.lacks(resource, listed, None, error);
            return;
        }
        if resource.namespaced
            && let Some(named) = self.choice.named_namespaces()
        {
            self.read_namespaces(resource, listed, &named, None).await;
            return;
        }
        let whole = self.pages(resource, resource.list_path(), listed).await;
        let error = match whole {
            Ok(version) => {
                listed.resource_version = version;
                return;
            }
            Err(Stop::Closed) => return,
            Err(Stop::Request(error)) => error,
        };
        match error.code() {
            Some(403) if resource.namespaced => {
                let known = self.namespaces();
                self.read_namespaces(resource, listed, &known.names, Some(error))
                    .await;
            }
            Some(404) => self.read_elsewhere(resource, listed, error).await,
            _ => self.lacks(resource, listed, None, &error),
        }
    }

    /// Namespace by namespace: because only these are wanted, or because the whole was `refused`.
    async fn read_namespaces(
        &self,
        resource: &Resource,
        listed: &mut Listed,
        names: &[String],
        refused: Option<RequestError>,
    ) {
        let mut wanted: Vec<&String> = names.iter().collect();
        wanted.retain(|name| self.choice.wants_namespace(name));
        let mut gaps = Vec::new();
        for &name in &wanted {
            if refused.is_some() && !self.access.may_list(&self.link, resource, name).await {
                gaps.push((name, RequestError::not_granted(&resource.plural, name)));
                continue;
            }
            let path = resource.list_path_in(Some(name));
            match self.pages(resource, path, listed).await {
                Ok(version) => {
                    let part = version.map(|version| (name.clone(), version));
                    listed.parts.extend(part);
                }
                Err(Stop::Closed) => return,
                Err(Stop::Request(error)) => gaps.push((name, error)),
            }
        }
        let known = self.namespaces().complete;
        let whole = match refused {
            // Nothing was granted, or there may be namespaces nobody told us about.
            Some(refused) if gaps.len() == wanted.len() || !known => {
                for (_, error) in &gaps {
                    self.note(error);
                }
                let except = read(&wanted, &gaps);
                let gap = self.lack(resource, &listed.kind, None, &refused);
                listed.gaps.push(Gap { except, ..gap });
                return;
            }
            Some(_) => true,
            None => known,
        };
        let except = read(&wanted, &gaps);
        for (name, error) in gaps {
            self.lacks(resource, listed, Some(name), &error);
        }
        if !whole {
            listed.gaps.push(Gap {
                kind: Some(listed.kind.clone()),
                namespace: None,
                except,
                uid: None,
                reason: GapReason::NotCollected,
                message: "only the configured namespaces are collected".to_owned(),
                hint: None,
            });
        }
    }

    /// A kind that was there a moment ago: its version may have gone, so discovery is asked once more.
    async fn read_elsewhere(&self, resource: &Resource, listed: &mut Listed, error: RequestError) {
        let again = self
            .rediscovered
            .get_or_init(|| async { discovery::discover(&self.link, self.patience).await.ok() })
            .await;
        let moved = again.as_ref().and_then(|found| {
            let same =
                |one: &&Resource| one.group == resource.group && one.plural == resource.plural;
            let found = found.resources.iter().find(same)?;
            (found.version != resource.version).then(|| found.clone())
        });
        let Some(moved) = moved else {
            self.lacks(resource, listed, None, &error);
            return;
        };
        listed.reading = KindReading::default();
        match self.pages(&moved, moved.list_path(), listed).await {
            Ok(version) => listed.resource_version = version,
            Err(Stop::Closed) => {}
            Err(Stop::Request(error)) => self.lacks(resource, listed, None, &error),
        }
    }

    /// All pages below a path; the version of the list.
    async fn pages(
        &self,
        resource: &Resource,
        path: String,
        listed: &mut Listed,
    ) -> Result<Option<String>, Stop> {
        let form = if secrets::are(resource) {
            Form::Rows
        } else {
            Form::Objects
        };
        let limit = self.page_size;
        let mut pager = list::Pager::new(&self.link, self.patience, path, form, limit);
        let ended = self.page_by_page(resource, &mut pager, listed).await;
        listed.flaws.add(pager.flaws());
        ended.map(|()| pager.resource_version())
    }

    async fn page_by_page(
        &self,
        resource: &Resource,
        pager: &mut list::Pager<'_>,
        listed: &mut Listed,
    ) -> Result<(), Stop> {
        loop {
            let begun = Instant::now();
            let object = pager.next().await;
            let waited = pager.take_waited();
            self.clock.add(With::Waiting, waited);
            let rest = begun.elapsed().saturating_sub(waited);
            self.clock.add(With::Decoding, rest);
            match object? {
                None => return Ok(()),
                Some(Ok(element)) => {
                    if let Some(lost) = self.take(resource, element, listed).await? {
                        pager.flawed(lost);
                    }
                }
                Some(Err(lost)) => pager.flawed(lost),
            }
        }
    }

    /// One object: converted and sent, unless it was before. One that has no uid to be known by is lost.
    async fn take(
        &self,
        resource: &Resource,
        element: Element,
        listed: &mut Listed,
    ) -> Result<Option<Lost>, Stop> {
        let begun = Instant::now();
        let is_known = listed.reading.is_known;
        if is_known && let Some(names) = self.reading.same(&listed.kind, &element) {
            self.clock.add(With::Decoding, begun.elapsed());
            return self.take_same(resource, names, listed).await;
        }
        let object = element.raw();
        self.clock.add(With::Decoding, begun.elapsed());
        let object = match object {
            Ok(object) => object,
            Err(lost) => return Ok(Some(lost)),
        };
        let metadata = object.get("metadata");
        let text = |name: &str| metadata?.text(name).filter(|text| !text.is_empty());
        let uid = text("uid").map(str::to_owned);
        let namespace = text("namespace").map(str::to_owned);
        if let Some(namespace) = &namespace
            && resource.namespaced
            && !self.choice.wants_namespace(namespace)
        {
            return Ok(None);
        }
        if usage::is(resource) {
            let sample = usage::sample(resource, &object);
            return self.measured(sample).await;
        }
        if resource.group.is_empty() && resource.plural == "namespaces" {
            self.heard_of_namespace(text("name").unwrap_or_default());
        }
        match &uid {
            Some(uid) if !self.seen.is_new("uid", uid) => return Ok(None),
            // The one kind of object that has none.
            None if resource.plural != "componentstatuses" => return Ok(Some(Lost::Malformed)),
            _ => {}
        }
        if resource.plural == "customresourcedefinitions" {
            let definition = object.clone().into();
            self.definitions.define(&self.converter, &definition);
        }
        let begun = Instant::now();
        let converted = self.converter.convert(resource, object);
        self.clock.add(With::Converting, begun.elapsed());
        let nodes = match converted {
            Ok(nodes) => nodes,
            Err(error) => {
                let message = error.to_string();
                let gap = malformed(&listed.kind, namespace, uid, message);
                listed.gaps.push(gap);
                return Ok(None);
            }
        };
        self.objects.fetch_add(1, Ordering::Relaxed);
        let begun = Instant::now();
        for (at, node) in nodes.into_iter().enumerate() {
            // What several objects bring along (an image) is sent once.
            if at > 0 && !self.seen.is_new(node.kind(), node.id()) {
                continue;
            }
            *listed.sent.entry(node.kind().to_owned()).or_default() += 1;
            // Objects that are the same may bring it along too.
            let item = if is_known && SHARED.contains(&node.kind()) {
                SnapshotItem::Shared(node.into())
            } else {
                SnapshotItem::Node(node.into())
            };
            self.sink.send(item).await.map_err(|_| Stop::Closed)?;
        }
        self.clock.add(With::Sending, begun.elapsed());
        Ok(None)
    }

    /// One object that is known as it is, unless it was before.
    async fn take_same(
        &self,
        resource: &Resource,
        names: Names,
        listed: &mut Listed,
    ) -> Result<Option<Lost>, Stop> {
        if let Some(namespace) = &names.namespace
            && resource.namespaced
            && !self.choice.wants_namespace(namespace)
        {
            return Ok(None);
        }
        if resource.group.is_empty() && resource.plural == "namespaces" {
            self.heard_of_namespace(&names.name);
        }
        if !self.seen.is_new("uid", &names.uid) {
            return Ok(None);
        }
        self.objects.fetch_add(1, Ordering::Relaxed);
        self.clock.unchanged();
        *listed.sent.entry(listed.kind.clone()).or_default() += 1;
        let begun = Instant::now();
        let same = Same {
            kind: listed.kind.clone(),
            uid: names.uid,
        };
        let sent = self.sink.send(SnapshotItem::Same(same)).await;
        self.clock.add(With::Sending, begun.elapsed());
        sent.map_err(|_| Stop::Closed).map(|()| None)
    }

    /// One measurement.
    async fn measured(&self, sample: Option<UsageSample>) -> Result<Option<Lost>, Stop> {
        let Some(sample) = sample else {
            return Ok(Some(Lost::Malformed));
        };
        let sent = self.sink.send(SnapshotItem::Usage(sample)).await;
        sent.map_err(|_| Stop::Closed).map(|()| None)
    }

    /// Notes whether anything else is worth asking. The first reason stands: others follow from it.
    pub(super) fn note(&self, error: &RequestError) {
        if error.ends_everything() {
            let _ = self.broken.set(error.clone());
        }
    }

    /// Notes a gap.
    fn lacks(
        &self,
        resource: &Resource,
        listed: &mut Listed,
        namespace: Option<&str>,
        error: &RequestError,
    ) {
        let gap = self.lack(resource, &listed.kind, namespace, error);
        listed.gaps.push(gap);
    }

    fn lack(
        &self,
        resource: &Resource,
        kind: &str,
        namespace: Option<&str>,
        error: &RequestError,
    ) -> Gap {
        self.note(error);
        let context = &self.link.target().context;
        error.of_list(context, resource, kind, namespace)
    }
}

/// The namespaces that were read to their end.
fn read(wanted: &[&String], failed: &[(&String, RequestError)]) -> Vec<String> {
    let is_read = |name: &&&String| failed.iter().all(|(missing, _)| missing != *name);
    wanted
        .iter()
        .filter(is_read)
        .map(|name| (*name).clone())
        .collect()
}

fn malformed(kind: &str, namespace: Option<String>, uid: Option<String>, message: String) -> Gap {
    Gap {
        kind: Some(kind.to_owned()),
        namespace,
        except: Vec::new(),
        uid,
        reason: GapReason::Malformed,
        message,
        hint: None,
    }
}
