//! `sort … limit`: the first few in some order, found without keeping or sorting the others. Sorted by name, rows
//! are read in the order they lie in, only until no later one can be among the first.
use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::ops::Range;

use serde_json::Value;

use crate::error::EngineError;
use crate::eval::Search;
use crate::graph::Spot;
use crate::hits::{Hit, SortKey};
use crate::partition::{Partition, Row};
use crate::plan::{PartPlan, SortPlan};
use crate::sweep::{Sweep, Unit, units};
use crate::view::View;

/// More than this many are sorted as a whole.
pub(crate) const FEW: usize = 10_000;

/// The smallest hits so far, the greatest of them on top.
struct Top {
    most: usize,
    heap: BinaryHeap<Ranked>,
}

/// A hit with what it is sorted by; equal ones come in the order they are found in.
struct Ranked {
    keys: Vec<SortKey>,
    hit: Hit,
}

/// Rows of one kind and account that are still to be looked at, by the name of the first of them. The one with the
/// smallest name is the greatest, as a heap gives the greatest.
struct Waiting<'n> {
    name: &'n str,
    part: u32,
    rows: std::vec::IntoIter<Range<Row>>,
    open: Range<Row>,
    block: u32,
}

/// Rows of the first block of a kind.
const BLOCK: u32 = 4;

impl Top {
    fn add(&mut self, keys: Vec<SortKey>, hit: Hit) {
        self.heap.push(Ranked { keys, hit });
        if self.heap.len() > self.most {
            self.heap.pop();
        }
    }

    /// Whether a name is greater than all first keys that are still of interest.
    fn is_behind(&self, name: &str) -> bool {
        let greatest = self.heap.peek().filter(|_| self.heap.len() == self.most);
        greatest.is_some_and(|greatest| match &greatest.keys[0].value {
            Value::String(text) => name > text.as_str(),
            // A text sorts behind nulls, booleans and numbers, and before everything else.
            Value::Null | Value::Bool(_) | Value::Number(_) => true,
            Value::Array(_) | Value::Object(_) => false,
        })
    }
}

impl Search {
    /// The first `most` hits of a part in the order of `keys`, sorted.
    pub(crate) fn top(
        &self,
        part: &PartPlan,
        keys: &[SortPlan],
        most: usize,
    ) -> Result<Vec<Hit>, EngineError> {
        let mut top = Top {
            most,
            heap: BinaryHeap::new(),
        };
        if most == 0 {
            return Ok(Vec::new());
        }
        let by_name = keys
            .first()
            .is_some_and(|key| !key.descending && self.is_name(&key.path));
        if by_name {
            self.top_names(part, keys, &mut top)?;
        } else {
            let mut sweep = Sweep::whole();
            while let Some(spots) = sweep.next(self, &part.filter)? {
                self.add_all(spots, part, keys, &mut top)?;
            }
        }
        let sorted = top.heap.into_sorted_vec();
        Ok(sorted.into_iter().map(|ranked| ranked.hit).collect())
    }

    fn add_all(
        &self,
        spots: impl IntoIterator<Item = Spot>,
        part: &PartPlan,
        keys: &[SortPlan],
        top: &mut Top,
    ) -> Result<(), EngineError> {
        for spot in spots {
            if let Some(hit) = self.complete(part, spot)? {
                top.add(self.sort_keys(&hit, keys), hit);
            }
        }
        Ok(())
    }

    /// Rows of a kind lie in the order of their names, so all kinds of all accounts are read side by side, the smallest
    /// name first, until no later one can be among the first.
    fn top_names(
        &self,
        part: &PartPlan,
        keys: &[SortPlan],
        top: &mut Top,
    ) -> Result<(), EngineError> {
        let mut waiting = BinaryHeap::new();
        for (number, partition) in (0..).zip(self.graph.partitions.iter()) {
            let ranges = self.candidates(number, &part.filter);
            for unit in units(partition, number, ranges, u32::MAX) {
                if partition.names.is_complete() {
                    waiting.extend(Waiting::new(partition, unit));
                } else {
                    self.top_block(&unit, part, keys, top)?;
                }
            }
        }
        while let Some(mut here) = waiting.pop() {
            if top.is_behind(here.name) {
                break;
            }
            self.top_block(&here.next(), part, keys, top)?;
            let partition = &self.graph.partitions[here.part as usize];
            waiting.extend(here.advanced(partition));
        }
        Ok(())
    }

    fn top_block(
        &self,
        unit: &Unit,
        part: &PartPlan,
        keys: &[SortPlan],
        top: &mut Top,
    ) -> Result<(), EngineError> {
        let rows = self.matching(unit, &part.filter)?;
        let spots = rows.into_iter().map(|row| Spot {
            part: unit.part,
            row,
        });
        self.add_all(spots, part, keys, top)
    }

    /// What a hit is sorted by.
    pub(crate) fn sort_keys(&self, hit: &Hit, keys: &[SortPlan]) -> Vec<SortKey> {
        let at = self.at_hit(hit);
        let values = keys.iter().map(|key| SortKey {
            value: self
                .first(at, &key.path)
                .map_or(Value::Null, View::to_value),
            descending: key.descending,
        });
        values.collect()
    }
}

impl<'n> Waiting<'n> {
    fn new(partition: &'n Partition, unit: Unit) -> Option<Self> {
        let mut rows = unit.rows.into_iter();
        let open = rows.next()?;
        Some(Self {
            name: partition.names.get(open.start),
            part: unit.part,
            rows,
            open,
            block: BLOCK,
        })
    }

    /// The next few rows.
    fn next(&mut self) -> Unit {
        let end = self.open.start.saturating_add(self.block);
        let end = end.min(self.open.end);
        let next = self.open.start..end;
        self.open.start = end;
        self.block = self.block.saturating_mul(2);
        Unit {
            part: self.part,
            rows: vec![next],
        }
    }

    /// What is left, if there is anything.
    fn advanced(mut self, partition: &'n Partition) -> Option<Self> {
        if self.open.is_empty() {
            self.open = self.rows.next()?;
        }
        self.name = partition.names.get(self.open.start);
        Some(self)
    }
}

impl Ord for Waiting<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let key = |waiting: &Self| (waiting.part, waiting.open.start);
        let names = other.name.cmp(self.name);
        names.then_with(|| key(other).cmp(&key(self)))
    }
}

impl PartialOrd for Waiting<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Waiting<'_> {}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        let keys = self.keys.cmp(&other.keys);
        keys.then_with(|| self.hit.spot.cmp(&other.hit.spot))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ranked {}
