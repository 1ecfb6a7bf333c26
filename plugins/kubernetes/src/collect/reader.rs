//! Reading one kind: where its lists are, page by page or namespace by namespace; what can not be read becomes a gap.
use std::collections::BTreeMap;
use std::sync::Arc;

use stocktake_model::{Gap, GapReason};

use super::reading::KindReading;
use super::{Collection, usage};
use crate::list::{Flaws, Pager, Spare};
use crate::page::Form;
use crate::trouble::RequestError;
use crate::{Resource, discovery, secrets};

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

impl Listed {
    /// Counts a node that was sent.
    pub(super) fn count(&mut self, kind: &str) {
        match self.sent.get_mut(kind) {
            Some(count) => *count += 1,
            None => drop(self.sent.insert(kind.to_owned(), 1)),
        }
    }
}

/// Why reading stopped.
pub(super) enum Stop {
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
    pub(super) async fn read(self: &Arc<Self>, resource: &Resource) -> Listed {
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

    async fn read_into(self: &Arc<Self>, resource: &Resource, listed: &mut Listed) {
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
        self: &Arc<Self>,
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
    async fn read_elsewhere(
        self: &Arc<Self>,
        resource: &Resource,
        listed: &mut Listed,
        error: RequestError,
    ) {
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
        self: &Arc<Self>,
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
        let spare = Spare([self.gate.clone(), self.lists.clone()]);
        let mut pager = Pager::new(&self.link, self.patience, path, form, limit).ahead(spare);
        let ended = self.page_by_page(resource, &mut pager, listed).await;
        listed.flaws.add(pager.flaws());
        ended.map(|()| pager.resource_version())
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

pub(super) fn malformed(
    kind: &str,
    namespace: Option<String>,
    uid: Option<String>,
    message: String,
) -> Gap {
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
