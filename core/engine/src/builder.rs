//! From records to a partition: encodes each record as it comes, then lays out rows, parents and regions.
//! Edges are the business of [`crate::resolve`], derived properties that of [`crate::derive`].
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashSet;
use serde::de::DeserializeSeed as _;
use stocktake_model::{
    Begin, Derive, Document, EXTERNAL_REFERENCES, EdgeRecord, EdgeRule, EdgeType, Map, Model,
    NodeId, NodeRecord, Parent, Relation,
};

use crate::adjacency::{Adjacency, Edge};
use crate::derive;
use crate::encode::{Sections, encode, encode_map};
use crate::intern::{Intern as _, StringsBuilder};
use crate::layout::{containment, merged};
use crate::links::Fingerprint;
use crate::partition::{Counted, Derived, Partition, SKIPPED_EDGES, parent_value, row_number};
use crate::resolve::Resolver;

/// Takes in the records of one account, one by one, and makes a [`Partition`] of them.
#[derive(Debug)]
pub struct PartitionBuilder {
    pub(crate) model: Arc<Model>,
    pub(crate) cloud: String,
    pub(crate) account: String,
    pub(crate) account_name: String,
    pub(crate) account_id: NodeId,
    pub(crate) strings: StringsBuilder,
    pub(crate) arena: Vec<u8>,
    pub(crate) drafts: Vec<Draft>,
    pub(crate) kinds: Vec<String>,
    pub(crate) kind_numbers: BTreeMap<String, usize>,
    /// Regions that records are contained in, by kind.
    pub(crate) regions: BTreeMap<String, BTreeSet<String>>,
    /// Numbers of the keys right below `reported`.
    pub(crate) properties: FxHashSet<u32>,
    /// Kinds with references to other accounts.
    pub(crate) referring: BTreeSet<String>,
    pub(crate) explicit: Vec<EdgeRecord>,
    pub(crate) skipped: Vec<(NodeId, NodeId, Relation)>,
    pub(crate) counted: Counted,
}

/// A record that has no row yet.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) kind: usize,
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) id: NodeId,
}

/// Keys of what the engine writes itself after the table of texts is finished. They come first, so that each has
/// its place here as its number.
pub(crate) const OWN_KEYS: [&str; 7] = [
    "kind",
    "id",
    "name",
    "source",
    SKIPPED_EDGES,
    "to",
    "relation",
];

impl PartitionBuilder {
    /// A builder for the account that `begin` names; the account itself is its first node.
    pub fn new(model: Arc<Model>, begin: &Begin) -> Self {
        let account = begin.account.id().to_owned();
        let mut builder = Self::empty(model, &begin.cloud, &account, begin.account.name());
        builder.account_id = begin.account.node_id(&begin.cloud, &account);
        builder.node(&begin.account);
        builder
    }

    pub(crate) fn empty(model: Arc<Model>, cloud: &str, account: &str, name: &str) -> Self {
        let mut strings = StringsBuilder::default();
        for key in OWN_KEYS {
            strings.key(key);
        }
        Self {
            model,
            cloud: cloud.to_owned(),
            account: account.to_owned(),
            account_name: name.to_owned(),
            account_id: NodeId::ROOT,
            strings,
            arena: Vec::new(),
            drafts: Vec::new(),
            kinds: Vec::new(),
            kind_numbers: BTreeMap::new(),
            regions: BTreeMap::new(),
            properties: FxHashSet::default(),
            referring: BTreeSet::new(),
            explicit: Vec::new(),
            skipped: Vec::new(),
            counted: Counted::default(),
        }
    }

    /// A builder that holds the nodes of `partition`, as they were sent, with some of them changed or removed.
    pub(crate) fn rebuild(
        model: Arc<Model>,
        partition: &Partition,
        changed: &[NodeRecord],
        removed: &[NodeId],
    ) -> Self {
        let mut builder = Self::empty(
            model,
            &partition.cloud,
            &partition.account,
            &partition.account_name,
        );
        builder.account_id = partition.id(partition.account_row);
        let mut gone: BTreeSet<NodeId> = removed.iter().copied().collect();
        // What a node that changed referred to counts no more.
        let ids = changed.iter();
        gone.extend(ids.map(|record| record.node_id(&partition.cloud, &partition.account)));
        gone.remove(&builder.account_id);
        for row in 0..row_number(partition.len()) {
            let id = partition.id(row);
            if !gone.contains(&id) && !partition.is_stub(row) {
                builder.node_as(&partition.record(row), id);
            }
        }
        // Of several with one id the last counts, here as well.
        let mut last: BTreeMap<NodeId, &NodeRecord> = BTreeMap::new();
        for record in changed {
            last.insert(record.node_id(&partition.cloud, &partition.account), record);
        }
        for record in last.into_values() {
            builder.node(record);
        }
        builder.explicit.extend(partition.explicit.iter().cloned());
        builder
    }

    /// Uses another model from now on, e.g. one that learned custom kinds while the snapshot came in.
    pub fn set_model(&mut self, model: Arc<Model>) {
        self.model = model;
    }

    /// Adds a node; one that was added before (same kind and id) is replaced.
    pub fn node(&mut self, record: &NodeRecord) {
        if record.kind().is_empty() || record.id().is_empty() {
            self.counted.dropped_nodes += 1;
            return;
        }
        let id = record.node_id(&self.cloud, &self.account);
        self.node_as(record, id);
    }

    /// Adds a node with an id of its own.
    pub(crate) fn node_as(&mut self, record: &NodeRecord, id: NodeId) {
        let start = self.arena.len();
        for key in record.reported.keys() {
            let number = self.strings.key(key);
            self.properties.insert(number);
        }
        encode_map(&record.reported, &mut self.strings, &mut self.arena);
        let refers = record.reported.contains_key(EXTERNAL_REFERENCES);
        self.draft(
            start,
            record.kind(),
            refers,
            &record.metadata,
            &record.parent,
            id,
        );
    }

    /// Adds a node as it was sent; `add` adds to its metadata. One that was added before is replaced.
    pub fn document(&mut self, document: &Document, id: NodeId, add: impl FnOnce(&mut Map)) {
        let start = self.arena.len();
        let mut refers = false;
        let properties = &mut self.properties;
        let sections = Sections {
            strings: &mut self.strings,
            out: &mut self.arena,
            property: |name: &str, number| {
                properties.insert(number);
                refers |= name == EXTERNAL_REFERENCES;
            },
        };
        let read = sections.deserialize(&mut serde_json::Deserializer::from_str(document.text()));
        let is_one = !document.kind().is_empty() && !document.id().is_empty();
        let Some(mut rest) = read.ok().filter(|_| is_one) else {
            // No key, or nested deeper than anything that is read.
            self.arena.truncate(start);
            self.counted.dropped_nodes += 1;
            return;
        };
        add(&mut rest.metadata);
        self.draft(
            start,
            document.kind(),
            refers,
            &rest.metadata,
            &rest.parent,
            id,
        );
    }

    /// Ends a node whose reported section begins at `start`.
    fn draft(
        &mut self,
        start: usize,
        kind: &str,
        refers: bool,
        metadata: &Map,
        parent: &Parent,
        id: NodeId,
    ) {
        encode_map(metadata, &mut self.strings, &mut self.arena);
        encode(&parent_value(parent), &mut self.strings, &mut self.arena);
        if let Parent::Region { kind, name } = parent {
            let known = self
                .regions
                .get(kind)
                .is_some_and(|names| names.contains(name));
            if !known {
                let names = self.regions.entry(kind.clone()).or_default();
                names.insert(name.clone());
            }
        }
        if refers && !self.referring.contains(kind) {
            self.referring.insert(kind.to_owned());
        }
        let draft = Draft {
            kind: self.kind_number(kind),
            start,
            end: self.arena.len(),
            id,
        };
        self.drafts.push(draft);
    }

    pub(crate) fn kind_number(&mut self, kind: &str) -> usize {
        if let Some(number) = self.kind_numbers.get(kind) {
            return *number;
        }
        let number = self.kinds.len();
        self.kinds.push(kind.to_owned());
        self.kind_numbers.insert(kind.to_owned(), number);
        number
    }

    /// Adds an edge that the collector knows by itself.
    pub fn edge(&mut self, edge: EdgeRecord) {
        self.explicit.push(edge);
    }

    /// Adds an edge that was left out when the partition was resolved, see [`Partition::skipped_edges`].
    pub fn skipped_edge(&mut self, from: NodeId, to: NodeId, relation: Relation) {
        self.skipped.push((from, to, relation));
    }

    /// The partition, with edges as `rules` make them: containment first, then owners, then what the collector
    /// sent, then everything else in the order of the rules. An edge that would close a cycle of `default` or
    /// `delete` edges is listed in `metadata.skipped_edges` of its source instead.
    pub fn resolve(mut self, rules: &[EdgeRule], derived: &[Derive]) -> Partition {
        let model = Arc::clone(&self.model);
        self.intern_properties(derived);
        let explicit = std::mem::take(&mut self.explicit);
        let mut partition = self.lay_out();
        let resolved = Resolver::new(&partition, &model).run(rules, &explicit);
        partition.edges = resolved
            .edges
            .map(|edges| Adjacency::new(partition.len(), &edges));
        partition.skipped = resolved.skipped;
        partition.resolved_by = Some(Fingerprint::of(rules, derived));
        partition.counted.lookups = resolved.lookups;
        partition.counted.cycle_steps = resolved.cycle_steps;
        partition.counted.dropped_edges = resolved.dropped;
        partition.explicit = Arc::new(explicit);
        finish(partition, derived, &model)
    }

    /// The partition, with edges that are known already (those of [`Partition::edges`], from the store). What the
    /// collector sent itself still goes in through [`PartitionBuilder::edge`].
    pub fn with_edges(
        mut self,
        edges: impl IntoIterator<Item = EdgeRecord>,
        derived: &[Derive],
    ) -> Partition {
        let model = Arc::clone(&self.model);
        self.intern_properties(derived);
        let explicit = std::mem::take(&mut self.explicit);
        let skipped = std::mem::take(&mut self.skipped);
        let mut partition = self.lay_out();
        let mut by_type: [Vec<Edge>; 3] = Default::default();
        by_type[EdgeType::Default as usize] = containment(&partition);
        for edge in edges.into_iter().chain(explicit.iter().cloned()) {
            match (partition.row_of(&edge.from), partition.row_of(&edge.to)) {
                (Some(from), Some(to)) => by_type[edge.edge_type as usize].push(Edge {
                    from,
                    to,
                    relations: edge.relations.into_iter().collect(),
                }),
                _ => partition.counted.dropped_edges += 1,
            }
        }
        partition.edges = by_type.map(|edges| Adjacency::new(partition.len(), &merged(edges)));
        partition.skipped = skipped
            .into_iter()
            .filter_map(|(from, to, relation)| Some((partition.row_of(&from)?, to, relation)))
            .collect();
        partition.explicit = Arc::new(explicit);
        finish(partition, derived, &model)
    }

    fn intern_properties(&mut self, derived: &[Derive]) {
        for derive in derived {
            for key in derive.property.split('.') {
                self.strings.key(key);
            }
        }
    }
}

/// Adds derived properties and skipped edges to the documents.
fn finish(mut partition: Partition, derived: &[Derive], model: &Model) -> Partition {
    partition.skipped.sort_unstable();
    partition.skipped.dedup();
    let mut patches = derive::values(&partition, derived, model, None);
    for (row, to, relation) in &partition.skipped {
        patches
            .entry(*row)
            .or_default()
            .skipped
            .push((*to, *relation));
    }
    partition.derived = derived
        .iter()
        .map(|derive| Derived {
            property: derive.property.clone(),
            on: partition
                .kinds
                .iter()
                .map(|rows| model.is_a(&rows.name, &derive.on))
                .collect(),
        })
        .collect();
    derive::apply(&mut partition, &patches);
    partition
}
