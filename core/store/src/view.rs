//! Reading one committed state of an account, whatever is committed meanwhile.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stocktake_model::{EdgeRecord, EdgeType, NodeId, NodeRecord, Relation};

use crate::back::WayBack;
use crate::block::{Entry, time};
use crate::key::{self, Section};
use crate::layers::Layers;
use crate::manifest::Manifest;
use crate::open::guard;
use crate::pin::Pin;
use crate::seal::from_sealed;
use crate::settle::Part;
use crate::stage::Trees;
use crate::version::Version;
use crate::{AccountHeader, Damaged, Nodes, Store, StoreError};

/// A node as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredNode {
    /// Its id.
    pub id: NodeId,
    /// What the collector saw.
    pub record: NodeRecord,
    /// When it was first committed; whole seconds.
    pub first_seen: Timestamp,
    /// When a commit last changed it; whole seconds.
    pub changed: Timestamp,
    /// Counts its versions, from 1; a node that went and came back begins anew.
    pub revision: u32,
}

/// Outgoing edges of one node, as stored.
pub(crate) type EdgeGroup = Vec<(NodeId, EdgeType, Vec<Relation>)>;

/// One committed state of an account. Blocks it needs are kept as long as it lives.
#[derive(Debug)]
pub struct View {
    account: String,
    header: Option<Vec<u8>>,
    pub(crate) manifests: BTreeMap<Part, Manifest>,
    damaged: Vec<Damaged>,
    /// Number of the last commit that changed something; 0 before the first.
    pub(crate) generation: u64,
    /// The one this state is of.
    commit: u64,
    /// What is kept beside the state, damaged or not.
    pub(crate) attachment: Option<Vec<u8>>,
    /// Earliest moment the versions lead back to; absent if they lead to the beginning.
    pub(crate) floor: Option<Timestamp>,
    /// Commits that were taken back, newest first.
    undone: Vec<Version>,
    /// Nobody reads it; it keeps blocks.
    _pin: Arc<Pin>,
    trees: Trees,
    store: Store,
}

/// Which state of an account is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    Now,
    /// After the last commit that was not later than this.
    Time(Timestamp),
    /// After the commit of this generation; thinned versions in between do not matter.
    Generation(u64),
}

impl Store {
    /// The state of an account as it is now; empty if it was never imported.
    pub fn view(&self, account: &str) -> Result<View, StoreError> {
        self.view_of(account, Moment::Now)
    }

    /// The state of an account as it was at a time: nodes, edges and kinds. The header is that of now.
    ///
    /// Kinds that are left out of the versions ([`Store::leave_out`]) are not in it. Where the versions do not lead
    /// back so far: [`StoreError::NotKept`].
    pub fn as_of(&self, account: &str, time: Timestamp) -> Result<View, StoreError> {
        self.view_of(account, Moment::Time(time))
    }

    pub(crate) fn view_of(&self, account: &str, moment: Moment) -> Result<View, StoreError> {
        key::check("an account", account)?;
        let slot = self.slot(account)?;
        // A commit can not come between the pin and what is read here.
        let current = guard(&slot.current);
        let trees = current.trees().clone();
        let get = |key: Vec<u8>| {
            let found = trees.graph.get(key).map_err(|error| trees.trouble(error));
            found.map(|found| found.map(|value| value.to_vec()))
        };
        let generation = get(key::generation(account))?;
        let floor = get(key::floor(account))?;
        let mut view = View {
            account: account.to_owned(),
            header: get(key::header(account))?,
            manifests: BTreeMap::new(),
            damaged: Vec::new(),
            generation: crate::stage::number(generation.as_deref()),
            commit: crate::stage::number(generation.as_deref()),
            attachment: get(key::attachment(account))?,
            floor: (floor.map(|value| from_sealed("earliest moment", &value))).transpose()?,
            undone: Vec::new(),
            _pin: current.clone(),
            trees: trees.clone(),
            store: self.clone(),
        };
        let prefix = key::manifests(account);
        for found in trees.graph.scan_prefix(&prefix) {
            let (key, value) = found.map_err(|error| trees.trouble(error))?;
            if let Some(part) = key::section(&key[prefix.len()..]) {
                view.add(part, &value);
            }
        }
        view.go_back(moment)?;
        Ok(view)
    }

    /// The nodes of an account as they are now, block by block. A damaged block is an error in its place.
    pub fn nodes(&self, account: &str) -> Result<Nodes, StoreError> {
        Ok(self.view(account)?.nodes())
    }

    /// The edges of an account as they are now, sorted.
    pub fn edges(&self, account: &str) -> Result<Vec<EdgeRecord>, StoreError> {
        self.view(account)?.edges()
    }
}

impl View {
    fn add(&mut self, part: Part, value: &[u8]) {
        match from_sealed("manifest", value) {
            Ok(manifest) => {
                self.manifests.insert(part, manifest);
            }
            Err(damaged) => {
                self.damaged.push(Damaged {
                    account: Some(self.account.clone()),
                    kind: crate::settle::kind_of(&part).map(str::to_owned),
                    ..damaged
                });
                // As good as empty: the next import replaces it.
                self.manifests.insert(part, Manifest::default());
            }
        }
    }

    /// Takes back every commit after a moment.
    fn go_back(&mut self, moment: Moment) -> Result<(), StoreError> {
        if let (Moment::Time(time), Some(floor)) = (moment, self.floor)
            && time < floor
        {
            return Err(StoreError::NotKept {
                account: self.account.clone(),
                time,
                since: floor,
            });
        }
        if moment == Moment::Now {
            return Ok(());
        }
        self.attachment = None;
        let trees = self.trees.clone();
        for found in trees.versions(&self.account).rev() {
            let (generation, version) = found?;
            let is_later = match moment {
                Moment::Now => false,
                Moment::Time(time) => version.at > time,
                Moment::Generation(last) => generation > last,
            };
            if !is_later {
                break;
            }
            self.commit = generation - 1;
            self.take_back(version);
        }
        let store = self.store.clone();
        self.manifests.retain(|part, _| {
            crate::settle::kind_of(part).is_none_or(|kind| !store.leaves_out(kind))
        });
        Ok(())
    }

    fn take_back(&mut self, version: Version) {
        if version.began {
            self.manifests.clear();
            self.damaged.clear();
        }
        for undo in &version.nodes {
            let part = (Section::Nodes, undo.kind.clone());
            self.manifests.entry(part).or_default();
        }
        self.undone.push(version);
    }

    /// Number of the commit that made this state; 0 before the first.
    pub fn commit(&self) -> u64 {
        self.commit
    }

    /// Time of the last commit that is in the version log.
    pub(crate) fn last_version(&self) -> Option<Timestamp> {
        let last = self.trees.versions(&self.account).next_back();
        last.and_then(Result::ok).map(|(_, version)| version.at)
    }

    /// When something happened to the account last, as far as anybody knows.
    pub(crate) fn last_change(&self) -> Option<Timestamp> {
        let collected = || Some(self.header().ok()??.collected);
        self.last_version().or_else(collected)
    }

    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    pub(crate) fn trees(&self) -> &Trees {
        &self.trees
    }

    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// The header; `None` if the account was never imported.
    pub fn header(&self) -> Result<Option<AccountHeader>, StoreError> {
        let header = self.header.as_deref();
        let header = header.map(|value| from_sealed("header", value));
        Ok(header.transpose()?)
    }

    pub(crate) fn is_unknown(&self) -> bool {
        self.header.is_none() && self.manifests.is_empty()
    }

    /// Lists of blocks that are damaged; the kinds they belong to look empty.
    pub(crate) fn damaged(&self) -> &[Damaged] {
        &self.damaged
    }

    /// Kinds that have nodes, sorted.
    pub fn kinds(&self) -> Vec<&str> {
        let kinds = self.manifests.keys().filter_map(crate::settle::kind_of);
        kinds.collect()
    }

    pub(crate) fn layers(&self, part: &Part) -> Result<Layers, StoreError> {
        let manifest = self.manifests.get(part).cloned().unwrap_or_default();
        let kind = crate::settle::kind_of(part);
        Layers::open(&self.trees, &self.account, kind, manifest.runs)
    }

    /// The nodes, kind by kind, decoded block by block: memory is bounded by a block, and for a state of the past by the
    /// changes since then of one kind.
    pub fn nodes(self) -> Nodes {
        Nodes::new(self)
    }

    pub(crate) fn way_back(&self, kind: &str) -> Result<WayBack, StoreError> {
        WayBack::read(&self.trees, &self.account, kind, &self.undone)
    }

    /// The edges, sorted by where they start, where they lead, and type.
    pub fn edges(&self) -> Result<Vec<EdgeRecord>, StoreError> {
        if let Some(damaged) = self.damaged.iter().find(|damaged| damaged.kind.is_none()) {
            return Err(damaged.clone().into());
        }
        let mut layers = self.layers(&edge_part())?;
        let mut edges = Vec::new();
        while let Some(live) = layers.next() {
            for (entry, doc) in layers.docs(&live?)? {
                edges.extend(edges_of(entry.id, parse(&self.account, &entry, &doc)?));
            }
        }
        if !self.undone.is_empty() {
            let mut past: BTreeSet<EdgeRecord> = edges.into_iter().collect();
            for version in &self.undone {
                version.undo_edges(&self.trees, &self.account, &mut past)?;
            }
            return Ok(past.into_iter().collect());
        }
        edges.sort_unstable();
        Ok(edges)
    }
}

/// The edges of a group that starts at this node.
pub(crate) fn edges_of(from: NodeId, group: EdgeGroup) -> impl Iterator<Item = EdgeRecord> {
    (group.into_iter()).map(move |(to, edge_type, relations)| EdgeRecord {
        from,
        to,
        edge_type,
        relations,
    })
}

/// Where all edges of an account are.
pub(crate) fn edge_part() -> Part {
    (Section::Edges, String::new())
}

pub(crate) fn parse<T: serde::de::DeserializeOwned>(
    account: &str,
    entry: &Entry,
    doc: &[u8],
) -> Result<T, Damaged> {
    serde_json::from_slice(doc).map_err(|_| Damaged {
        what: format!("node {}", entry.id),
        account: Some(account.to_owned()),
        kind: None,
        why: "it is not what was expected there",
    })
}

/// Reads a stored node.
pub(crate) fn node(account: &str, entry: &Entry, doc: &[u8]) -> Result<StoredNode, StoreError> {
    Ok(StoredNode {
        id: entry.id,
        record: parse(account, entry, doc)?,
        first_seen: time(entry.first_seen),
        changed: time(entry.changed),
        revision: entry.revision,
    })
}
