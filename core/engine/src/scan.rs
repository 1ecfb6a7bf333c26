//! Rows of a single part, one after the other, while they are read: partition by partition, or all partitions at
//! once in the order of kind, name and id, which is the order of rows inside each of them.
use std::cmp::Ordering as Order;
use std::collections::BinaryHeap;
use std::iter::Flatten;
use std::sync::Arc;

use crate::access::Ranges;
use crate::error::EngineError;
use crate::eval::Search;
use crate::graph::Spot;
use crate::hits::{CHUNK, Hit};
use crate::plan::{Ordering, PartPlan};

/// Where a scan is.
#[derive(Debug)]
pub(crate) struct Scan {
    parts: Vec<PartScan>,
    /// The next hit of every partition, smallest first; empty when partitions are read one after the other.
    heads: BinaryHeap<Head>,
    merging: bool,
    skip: usize,
    left: usize,
    looked_at: usize,
    started: bool,
}

#[derive(Debug)]
struct PartScan {
    part: u32,
    rows: Flatten<std::vec::IntoIter<std::ops::Range<u32>>>,
}

/// Compares by what the search calls its default order.
#[derive(Debug)]
struct Head {
    search: Arc<Search>,
    hit: Hit,
    from: usize,
}

impl Scan {
    pub(crate) fn new(search: &Arc<Search>) -> Self {
        let part = part_of(search);
        let (skip, left) = part.limit.unwrap_or((0, usize::MAX));
        let scan = |number: u32| {
            let ranges: Ranges = search.candidates(number, &part.filter);
            PartScan {
                part: number,
                rows: ranges.into_iter().flatten(),
            }
        };
        let mut parts: Vec<PartScan> = (0..)
            .take(search.graph.partitions.len())
            .map(scan)
            .collect();
        // The last one is read first, and dropped when it is empty.
        parts.reverse();
        Self {
            parts,
            heads: BinaryHeap::new(),
            merging: matches!(part.order, Ordering::Default),
            skip,
            left,
            looked_at: 0,
            started: false,
        }
    }

    pub(crate) fn next(&mut self, search: &Arc<Search>) -> Option<Result<Hit, EngineError>> {
        while self.left > 0 {
            let hit = if self.merging {
                self.smallest(search)
            } else {
                self.first(search)
            };
            match hit.transpose()? {
                Ok(_) if self.skip > 0 => self.skip -= 1,
                Ok(hit) => {
                    self.left -= 1;
                    return Some(Ok(hit));
                }
                Err(error) => return Some(Err(error)),
            }
        }
        None
    }

    /// The next hit of the partition that is being read.
    fn first(&mut self, search: &Search) -> Result<Option<Hit>, EngineError> {
        while let Some(at) = self.parts.len().checked_sub(1) {
            if let Some(hit) = self.pull(search, at)? {
                return Ok(Some(hit));
            }
            self.parts.pop();
        }
        Ok(None)
    }

    /// The smallest of the next hits of all partitions.
    fn smallest(&mut self, search: &Arc<Search>) -> Result<Option<Hit>, EngineError> {
        if !self.started {
            self.started = true;
            for from in 0..self.parts.len() {
                self.refill(search, from)?;
            }
        }
        let Some(head) = self.heads.pop() else {
            return Ok(None);
        };
        self.refill(search, head.from)?;
        Ok(Some(head.hit))
    }

    fn refill(&mut self, search: &Arc<Search>, from: usize) -> Result<(), EngineError> {
        if let Some(hit) = self.pull(search, from)? {
            self.heads.push(Head {
                search: Arc::clone(search),
                hit,
                from,
            });
        }
        Ok(())
    }

    fn pull(&mut self, search: &Search, at: usize) -> Result<Option<Hit>, EngineError> {
        let scan = &mut self.parts[at];
        for row in scan.rows.by_ref() {
            self.looked_at += 1;
            if self.looked_at.is_multiple_of(CHUNK) {
                search.go_on()?;
            }
            let part = scan.part;
            if let Some(hit) = search.select(part_of(search), Spot { part, row })? {
                return Ok(Some(hit));
            }
        }
        Ok(None)
    }
}

fn part_of(search: &Search) -> &PartPlan {
    &search.plan.query.parts[0]
}

impl Ord for Head {
    /// The smallest hit is the greatest head: the heap gives the greatest.
    fn cmp(&self, other: &Self) -> Order {
        self.search.by_default(other.hit.spot, self.hit.spot)
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<Order> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.hit.spot == other.hit.spot
    }
}

impl Eq for Head {}
