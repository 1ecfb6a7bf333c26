//! `sort … limit`: the first few in some order, found without keeping or sorting the others. Sorted by name, rows
//! are read in the order they lie in, only until no later one can be among the first.
use std::collections::BinaryHeap;

use serde_json::Value;

use crate::error::EngineError;
use crate::eval::Search;
use crate::graph::Spot;
use crate::hits::{Hit, SortKey};
use crate::plan::{PartPlan, SortPlan};
use crate::sweep::{Sweep, Unit, units};
use crate::view::View;

/// More than this many are sorted as a whole.
pub(crate) const FEW: usize = 10_000;

/// The smallest hits so far, the greatest of them on top.
struct Top {
    most: usize,
    heap: BinaryHeap<Ranked>,
    seen: usize,
}

/// A hit with what it is sorted by; equal ones stay in the order they were found.
struct Ranked {
    keys: Vec<SortKey>,
    found: usize,
    hit: Hit,
}

/// Rows of the first block of a kind.
const BLOCK: u32 = 32;

impl Top {
    fn add(&mut self, keys: Vec<SortKey>, hit: Hit) {
        let found = self.seen;
        self.seen += 1;
        self.heap.push(Ranked { keys, found, hit });
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
            seen: 0,
        };
        if most == 0 {
            return Ok(Vec::new());
        }
        let by_name = keys
            .first()
            .is_some_and(|key| !key.descending && self.is_name(&key.path));
        if by_name {
            for number in (0..).take(self.graph.partitions.len()) {
                self.top_names(number, part, keys, &mut top)?;
            }
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
        spots: Vec<Spot>,
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

    fn top_names(
        &self,
        number: u32,
        part: &PartPlan,
        keys: &[SortPlan],
        top: &mut Top,
    ) -> Result<(), EngineError> {
        let partition = &self.graph.partitions[number as usize];
        let complete = partition.names.is_complete();
        let ranges = self.candidates(number, &part.filter);
        for kind in units(partition, number, ranges, u32::MAX) {
            let mut most = BLOCK;
            let mut left = kind.rows.into_iter();
            let mut open = left.next();
            while let Some(range) = open {
                if complete && top.is_behind(partition.names.get(range.start)) {
                    break;
                }
                let end = range.end.min(range.start.saturating_add(most));
                let block = Unit {
                    part: number,
                    rows: std::iter::once(range.start..end).collect(),
                };
                let rows = self.matching(&block, &part.filter)?;
                let spots = rows.into_iter().map(|row| Spot { part: number, row });
                self.add_all(spots.collect(), part, keys, top)?;
                most = most.saturating_mul(2);
                open = if end < range.end {
                    Some(end..range.end)
                } else {
                    left.next()
                };
            }
        }
        Ok(())
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

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (&self.keys, self.found).cmp(&(&other.keys, other.found))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ranked {}
