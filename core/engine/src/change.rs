//! A few nodes of a partition changed, added or removed, without a look at the others: documents go behind those that
//! are there, rows move up, and only references that a change touches are followed again. The result is that of a
//! rebuild; what is too seldom or too tangled to be worth the trouble is left to one.
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use stocktake_model::{Derive, EdgeRule, Model, NodeId, NodeRecord, Parent};

use crate::arena::Arena;
use crate::columns::Columns;
use crate::keys::Key;
use crate::layer::Layer;
use crate::layout::stub;
use crate::links::{Fingerprint, Links};
use crate::partition::{NO_ROW, Partition, Row, parent_of};
use crate::redo::Redone;
use crate::relink::Relinked;
use crate::shift::Shift;
use crate::splice::Spliced;
use crate::words::Words;

/// What edges and derived properties are made by.
#[derive(Clone, Copy)]
pub(crate) struct Rules<'r> {
    pub(crate) model: &'r Model,
    pub(crate) edges: &'r [EdgeRule],
    pub(crate) derived: &'r [Derive],
}

/// The nodes that change; `None` for one that goes.
pub(crate) type Delta<'n> = BTreeMap<NodeId, Option<Cow<'n, NodeRecord>>>;

/// More than one in this many rows is not a few.
const FEW: usize = 4;
/// A layer of one in this many rows is merged with the one below.
const LAYER: usize = 8;
/// Rows and bytes that are never worth merging.
const SMALL: usize = 4096;
const SMALL_BYTES: usize = 1 << 20;

impl Partition {
    /// With nodes changed or added, and others removed; `None` if that takes a rebuild.
    pub(crate) fn changed(
        self: &Arc<Self>,
        changed: &[NodeRecord],
        removed: &[NodeId],
        with: Rules<'_>,
    ) -> Option<Arc<Self>> {
        if !self.can_change(with) {
            return None;
        }
        let (mut delta, dropped) = self.delta(changed, removed)?;
        if delta.is_empty() && dropped == 0 {
            return Some(Arc::clone(self));
        }
        if FEW * delta.len() > self.len().max(SMALL) {
            return None;
        }
        let links = self.links(with);
        self.add_stubs(links, &mut delta, with.model)?;
        let mut spliced = Spliced::new(self, &delta)?;
        spliced.after.counted.dropped_nodes += dropped;
        let touched = spliced.touched(links, with.model)?;
        let relinked = Relinked::new(&mut spliced, links, &touched, with)?;
        // Until documents are written, columns are those of the nodes as they were sent.
        spliced.after.layer = Some(Layer::over(self, &spliced.shift, &spliced.changed));
        let redone = Redone::new(&spliced, &relinked, with);
        let fresh = redone.write(&mut spliced, &delta);
        let Spliced {
            mut after, shift, ..
        } = spliced;
        after.layer = Some(Layer::over(self, &shift, &fresh));
        after.lazy = Columns::default();
        // It was empty: nobody else has seen this partition.
        let _ = after.links.set(relinked.links);
        let after = if after.is_worth_merging() {
            after.merged()
        } else {
            after
        };
        Some(Arc::new(after))
    }

    /// Who refers to whom; made now if it was not.
    fn links(&self, with: Rules<'_>) -> &Links {
        let build = || Links::build(self, with.model, with.edges, with.derived);
        self.links.get_or_init(build)
    }

    /// Makes what the first change needs.
    pub(crate) fn expect_changes(&self, with: Rules<'_>) {
        if self.can_change(with) {
            self.links(with);
            crate::totals::expect(self, with.derived, with.model);
        }
    }

    fn can_change(&self, with: Rules<'_>) -> bool {
        let is_region = |kind: &String| with.model.is_a(kind, "region");
        self.account_row != NO_ROW
            && !self.had_loops
            && self.resolved_by == Some(Fingerprint::of(with.edges, with.derived))
            && self.region_kinds.iter().all(is_region)
            && self.explicit.iter().all(|edge| !edge.relations.is_empty())
            && !crate::redo::reads_derived(self, with)
    }

    /// What changes, by id, and how many records are none.
    fn delta<'n>(
        &self,
        changed: &'n [NodeRecord],
        removed: &[NodeId],
    ) -> Option<(Delta<'n>, usize)> {
        let mut delta = Delta::new();
        for id in removed {
            let row = self.row_of(id).filter(|row| *row != self.account_row);
            if row.is_some_and(|row| !self.is_stub(row)) {
                delta.insert(*id, None);
            }
        }
        let mut dropped = 0;
        for record in changed {
            if record.kind().is_empty() || record.id().is_empty() {
                dropped += 1;
                continue;
            }
            let id = record.node_id(&self.cloud, &self.account);
            if self.row_of(&id).is_some_and(|row| self.is_stub(row)) {
                return None;
            }
            delta.insert(id, Some(Cow::Borrowed(record)));
        }
        Some((delta, dropped))
    }

    /// Makes up regions that are missing now, and removes made-up ones that nobody needs any more.
    fn add_stubs(&self, links: &Links, delta: &mut Delta<'_>, model: &Model) -> Option<()> {
        let mut regions = BTreeSet::new();
        for (id, record) in delta.iter() {
            if let Some(row) = self.row_of(id) {
                regions.extend(self.region_wanted(row));
                regions.insert((self.kind(row).to_owned(), self.name(row).to_owned()));
            }
            let Some(record) = record else { continue };
            regions.extend(region_of(&record.parent));
            regions.insert((record.kind().to_owned(), name_of(record).to_owned()));
        }
        let records = || delta.values().flatten();
        let sent: BTreeSet<(String, String)> = records()
            .map(|record| (record.kind().to_owned(), name_of(record).to_owned()))
            .collect();
        let wanted: BTreeSet<(String, String)> = records()
            .filter_map(|record| region_of(&record.parent))
            .collect();
        for (kind, name) in regions {
            let region = (kind, name);
            let wants = |row: Row| self.region_wanted(row).as_ref() == Some(&region);
            let is_wanted = wanted.contains(&region)
                || links
                    .asking(Key::Region(&region.0, &region.1))
                    .any(|row| !delta.contains_key(&self.id(row)) && wants(row));
            let is_sent = sent.contains(&region);
            let (kind, name) = region;
            if is_wanted && !model.is_a(&kind, "region") {
                return None;
            }
            let of_kind = self.kind_named(&kind);
            let known = of_kind.map(|kind| self.rows_named(kind, &name));
            let is_sent = is_sent
                || known
                    .into_iter()
                    .flatten()
                    .any(|row| !self.is_stub(row) && !delta.contains_key(&self.id(row)));
            let made_up = stub(&self.account, &kind, &name);
            let id = made_up.node_id(&self.cloud, &self.account);
            let known = self.row_of(&id);
            if delta.contains_key(&id) || known.is_some_and(|row| !self.is_stub(row)) {
                if is_wanted && !is_sent {
                    return None;
                }
                continue;
            }
            match (is_wanted && !is_sent, known) {
                (true, None) => delta.insert(id, Some(Cow::Owned(made_up))),
                (false, Some(_)) => delta.insert(id, None),
                _ => None,
            };
        }
        Some(())
    }

    fn region_wanted(&self, row: Row) -> Option<(String, String)> {
        region_of(&parent_of(&self.sections(row).parent.to_value()))
    }

    /// Whether the layer has grown so much that both together are better.
    fn is_worth_merging(&self) -> bool {
        let whole = self.arena.len() - self.arena.added();
        self.changed_rows() > SMALL.max(self.len() / LAYER)
            || self.arena.added() > whole / FEW + SMALL_BYTES
    }

    /// Whether it lies on another one, or knows who refers to whom.
    pub(crate) fn is_unsettled(&self) -> bool {
        self.layer.is_some() || self.links.get().is_some()
    }

    /// On its own again, without the partition it was made from.
    pub(crate) fn merged(&self) -> Self {
        let merged = self.settled();
        if let Some(links) = self.links.get() {
            // It was empty: nobody else has seen this partition.
            let _ = merged.links.set(links.merged());
        }
        merged
    }

    /// The same, without who refers to whom.
    pub(crate) fn settled(&self) -> Self {
        let mut bytes = Vec::with_capacity(self.arena.len());
        let mut docs = Vec::with_capacity(self.len());
        for row in self.rows() {
            docs.push(bytes.len());
            bytes.extend_from_slice(self.document(row));
        }
        let same = Shift::new(self.len(), &[], &[]);
        let mut merged = self.moved(&same, self.strings.clone());
        merged.arena = Arena::new(bytes);
        merged.docs = docs;
        merged.edges.clone_from(&self.edges);
        merged.skipped.clone_from(&self.skipped);
        merged.stubs.clone_from(&self.stubs);
        merged.derived.clone_from(&self.derived);
        merged.nearest = Arc::clone(&self.nearest);
        if let Some(layer) = &self.layer {
            merged.words = Words::merged(self, layer);
        }
        merged
    }
}

fn region_of(parent: &Parent) -> Option<(String, String)> {
    match parent {
        Parent::Region { kind, name } => Some((kind.clone(), name.clone())),
        _ => None,
    }
}

/// The name, if it is a text.
pub(crate) fn name_of(record: &NodeRecord) -> &str {
    let name = record.reported.get("name");
    name.and_then(|name| name.as_str()).unwrap_or_default()
}
