//! Joins accounts: looks up what resources know of resources elsewhere, and makes edges of what is found once.
//!
//! Every reference is one look-up in an index over the kinds and properties that are asked for. What is not found, or
//! found more than once, stays a reference: the resource is known by id.
use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use stocktake_model::{Direction, EXTERNAL_REFERENCES, EdgeType, ExternalReference, Path};

use crate::crossing::{Crossing, Crossings, End};
use crate::document::{Cursor, Item};
use crate::graph::{Graph, Outbound, Spot, Stored};
use crate::partition::Partition;
use crate::relations::Relations;
use crate::resolve::text_member;
use crate::steps::Steps;

/// What joining the accounts came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Joined {
    /// Edges between accounts.
    pub edges: usize,
    /// References to resources that no account holds (yet).
    pub known_by_id: usize,
    /// References that several resources fit, none of them better than the others.
    pub ambiguous: Vec<ExternalReference>,
    /// Edges left out because they would have closed a cycle of `default` or `delete` edges.
    pub cycles: usize,
}

/// Resources by what stands at a property, for the texts that are asked for. In small letters.
type Index = FxHashMap<String, Vec<(Spot, String)>>;

/// Edges by ends and type.
type Wanted = BTreeMap<(Spot, Spot, EdgeType), Relations>;

impl Graph {
    /// The same graph with the edges between accounts found anew, and what came of it.
    #[must_use]
    pub fn joined(&self) -> (Self, Joined) {
        let apart = self.with_crossings(Arc::default());
        let references = apart.references();
        let indexes = apart.indexes(&references);
        let mut joined = Joined::default();
        let mut wanted = Wanted::new();
        for (holder, reference) in references {
            let index = &indexes[&(reference.kind.clone(), reference.property.clone())];
            match apart.meant(holder, &reference, index).as_slice() {
                [] => joined.known_by_id += 1,
                [other] => {
                    let (from, to) = match reference.direction {
                        Direction::Out => (holder, *other),
                        Direction::In => (*other, holder),
                    };
                    let relations = wanted.entry((from, to, reference.edge_type)).or_default();
                    *relations = relations.with(Relations::of(reference.relation));
                }
                _ => joined.ambiguous.push(reference),
            }
        }
        let crossings = apart.without_cycles(wanted, &mut joined);
        (apart.with_crossings(crossings), joined)
    }

    /// The same nodes with the edges between accounts that `other` has.
    #[must_use]
    pub fn joined_like(&self, other: &Self) -> Self {
        self.with_crossings(other.crossings.all())
    }

    /// Who refers to what elsewhere. A reference that is not one is none.
    fn references(&self) -> Vec<(Spot, ExternalReference)> {
        let mut found = Vec::new();
        for (part, partition) in (0..).zip(self.partitions.iter()) {
            let Some(key) = partition.strings.find(EXTERNAL_REFERENCES) else {
                continue;
            };
            let kinds = partition.kinds.iter();
            let kinds = kinds.filter(|kind| partition.referring.contains(&kind.name));
            for row in kinds.flat_map(|kind| kind.rows.clone()) {
                let Some(list) = partition.reported(row).member_numbered(key) else {
                    continue;
                };
                let Item::List(list) = list.item() else {
                    continue;
                };
                let references = list.elements().map(Cursor::to_value);
                found.extend(
                    references
                        .filter_map(|value| serde_json::from_value(value).ok())
                        .map(|reference| (Spot { part, row }, reference)),
                );
            }
        }
        found
    }

    fn indexes(
        &self,
        references: &[(Spot, ExternalReference)],
    ) -> BTreeMap<(String, String), Index> {
        let mut indexes: BTreeMap<(String, String), Index> = BTreeMap::new();
        for (_, reference) in references {
            let key = (reference.kind.clone(), reference.property.clone());
            let index = indexes.entry(key).or_default();
            index.entry(reference.value.to_lowercase()).or_default();
        }
        for ((kind, property), index) in &mut indexes {
            if let Ok(path) = property.parse::<Path>() {
                self.fill(kind, &path, index);
            }
        }
        indexes
    }

    fn fill(&self, base: &str, path: &Path, index: &mut Index) {
        for (part, partition) in (0..).zip(self.partitions.iter()).skip(1) {
            let steps = Steps::bind(path, &partition.strings);
            if steps.leads_nowhere() {
                continue;
            }
            let model = &self.catalog.model;
            let kinds = partition.kinds.iter();
            for kind in kinds.filter(|kind| model.is_a(&kind.name, base)) {
                for row in kind.rows.clone() {
                    steps.each(partition.reported(row), &mut |value| {
                        let Some(text) = written(value) else { return };
                        if let Some(found) = index.get_mut(&text.to_lowercase()) {
                            found.push((Spot { part, row }, text));
                        }
                    });
                }
            }
        }
    }

    /// Resources that fit a reference; where several do, those that are written exactly like it.
    fn meant(&self, holder: Spot, reference: &ExternalReference, index: &Index) -> Vec<Spot> {
        let found = &index[&reference.value.to_lowercase()];
        let mut fitting: Vec<&(Spot, String)> = found
            .iter()
            .filter(|(spot, _)| *spot != holder && self.fits(*spot, reference))
            .collect();
        if fitting.len() > 1 && fitting.iter().any(|(_, text)| *text == reference.value) {
            fitting.retain(|(_, text)| *text == reference.value);
        }
        let mut spots: Vec<Spot> = fitting.into_iter().map(|(spot, _)| *spot).collect();
        spots.dedup();
        spots
    }

    fn fits(&self, spot: Spot, reference: &ExternalReference) -> bool {
        let partition = self.part(spot);
        let reported = partition.reported(spot.row);
        let account =
            |account: &String| partition.account == *account || partition.account_name == *account;
        let zone = |zone: &String| {
            let above = self.ancestor(spot, Stored::Zone);
            let named = above.is_some_and(|above| {
                partition.name(above.row) == zone || partition.uid(above.row) == zone
            });
            named || text_member(reported, "zone") == Some(zone)
        };
        let has = |(property, value): (&String, &String)| {
            let path = property.parse::<Path>();
            path.is_ok_and(|path| has(partition, reported, &path, value))
        };
        reference.account.as_ref().is_none_or(account)
            && reference.zone.as_ref().is_none_or(zone)
            && reference.also.iter().all(has)
    }

    /// The edges that close no cycle, in order. Only where accounts lead to each other both ways is there anything to
    /// look for.
    fn without_cycles(&self, wanted: Wanted, joined: &mut Joined) -> Arc<[Crossing]> {
        let mut taken = Crossings::default();
        let mut between: BTreeMap<(EdgeType, u32), Vec<u32>> = BTreeMap::new();
        let mut crossings = Vec::with_capacity(wanted.len());
        for ((from, to, edge_type), relations) in wanted {
            if edge_type != EdgeType::Iam {
                let suspicious =
                    from.part == to.part || leads(&between, edge_type, to.part, from.part);
                if suspicious && self.leads(&taken, edge_type, to, from) {
                    joined.cycles += 1;
                    continue;
                }
                let onward = between.entry((edge_type, from.part)).or_default();
                if !onward.contains(&to.part) {
                    onward.push(to.part);
                }
            }
            taken.add(from, to, edge_type, relations);
            crossings.push(Crossing {
                from: self.end(from),
                to: self.end(to),
                edge_type,
                relations,
            });
        }
        joined.edges = crossings.len();
        crossings.into()
    }

    /// Whether edges lead from `start` to `goal`.
    fn leads(&self, taken: &Crossings, edge_type: EdgeType, start: Spot, goal: Spot) -> bool {
        let mut seen = FxHashSet::from_iter([start]);
        let mut open = vec![start];
        while let Some(spot) = open.pop() {
            if spot == goal {
                return true;
            }
            let mut reach = |next: Spot| {
                if seen.insert(next) {
                    open.push(next);
                }
            };
            self.neighbours(spot, edge_type, Outbound::Yes, &mut |next, _| reach(next));
            for (next, _) in taken.beside(spot, edge_type, Outbound::Yes) {
                reach(*next);
            }
        }
        false
    }

    fn end(&self, spot: Spot) -> End {
        let partition = self.part(spot);
        End {
            account: partition.account.as_str().into(),
            id: partition.id(spot.row),
        }
    }
}

fn leads(
    between: &BTreeMap<(EdgeType, u32), Vec<u32>>,
    edge_type: EdgeType,
    start: u32,
    goal: u32,
) -> bool {
    let mut seen = FxHashSet::from_iter([start]);
    let mut open = vec![start];
    while let Some(part) = open.pop() {
        if part == goal {
            return true;
        }
        let next = between.get(&(edge_type, part)).into_iter().flatten();
        open.extend(next.filter(|next| seen.insert(**next)));
    }
    false
}

/// Whether `value` stands at the path.
fn has(partition: &Partition, reported: Cursor<'_>, path: &Path, value: &str) -> bool {
    let mut found = false;
    let steps = Steps::bind(path, &partition.strings);
    steps.each(reported, &mut |here| {
        found |= written(here).is_some_and(|text| text.to_lowercase() == value.to_lowercase());
    });
    found
}

/// A text, or a number as it is written.
fn written(value: Cursor<'_>) -> Option<String> {
    match value.item() {
        Item::Text(text) => Some(text.to_owned()),
        Item::Int(number) => Some(number.to_string()),
        Item::UInt(number) => Some(number.to_string()),
        _ => None,
    }
}
