//! Rows of a single part, one after the other, while they are read: partition by partition, or all partitions at
//! once in the order of kind, name and id, which is the order of rows inside each of them.
use std::cmp::Ordering as Order;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;

use crate::error::EngineError;
use crate::eval::Search;
use crate::graph::Spot;
use crate::hits::Hit;
use crate::plan::{Ordering, PartPlan};
use crate::sweep::{Sweep, UNIT, Unit, units};

/// Where a scan is.
#[derive(Debug)]
pub(crate) struct Scan {
    source: Source,
    skip: usize,
    left: usize,
}

#[derive(Debug)]
enum Source {
    /// One partition after the other.
    Found { sweep: Sweep, ready: VecDeque<Spot> },
    /// All partitions at once; made when the first row is read.
    Merged(Option<Merge>),
}

#[derive(Debug)]
struct Merge {
    parts: Vec<PartScan>,
    /// The next hit of every partition, smallest first.
    heads: BinaryHeap<Head>,
}

#[derive(Debug)]
struct PartScan {
    units: VecDeque<Unit>,
    ready: VecDeque<Spot>,
    /// Rows to look at next.
    block: u32,
}

/// Compares by what the search calls its default order.
#[derive(Debug)]
struct Head {
    search: Arc<Search>,
    hit: Hit,
    from: usize,
}

/// Rows of a partition that are looked at first.
const FIRST_BLOCK: u32 = 64;

impl Scan {
    pub(crate) fn new(search: &Search) -> Self {
        let part = part_of(search);
        let (skip, left) = part.limit.unwrap_or((0, usize::MAX));
        let source = if matches!(part.order, Ordering::Default) {
            Source::Merged(None)
        } else {
            Source::Found {
                sweep: Sweep::gentle(),
                ready: VecDeque::new(),
            }
        };
        Self { source, skip, left }
    }

    pub(crate) fn next(&mut self, search: &Arc<Search>) -> Option<Result<Hit, EngineError>> {
        while self.left > 0 {
            let hit = match &mut self.source {
                Source::Found { sweep, ready } => found(search, sweep, ready),
                Source::Merged(merge) => smallest(search, merge),
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
}

/// The next hit in the order of partitions.
fn found(
    search: &Search,
    sweep: &mut Sweep,
    ready: &mut VecDeque<Spot>,
) -> Result<Option<Hit>, EngineError> {
    let part = part_of(search);
    loop {
        while let Some(spot) = ready.pop_front() {
            if let Some(hit) = search.complete(part, spot)? {
                return Ok(Some(hit));
            }
        }
        match sweep.next(search, &part.filter)? {
            Some(spots) => ready.extend(spots),
            None => return Ok(None),
        }
    }
}

/// The smallest of the next hits of all partitions.
fn smallest(search: &Arc<Search>, merge: &mut Option<Merge>) -> Result<Option<Hit>, EngineError> {
    let merge = match merge {
        Some(merge) => merge,
        None => merge.insert(Merge::start(search)?),
    };
    let Some(head) = merge.heads.pop() else {
        return Ok(None);
    };
    merge.refill(search, head.from)?;
    Ok(Some(head.hit))
}

impl Merge {
    fn start(search: &Arc<Search>) -> Result<Self, EngineError> {
        let mut merge = Self {
            parts: Vec::new(),
            heads: BinaryHeap::new(),
        };
        for (number, partition) in (0..).zip(search.graph.partitions.iter()) {
            let ranges = search.candidates(number, &part_of(search).filter);
            merge.parts.push(PartScan {
                units: units(partition, number, ranges, UNIT).into(),
                ready: VecDeque::new(),
                block: FIRST_BLOCK,
            });
            merge.refill(search, merge.parts.len() - 1)?;
        }
        Ok(merge)
    }

    fn refill(&mut self, search: &Arc<Search>, from: usize) -> Result<(), EngineError> {
        if let Some(hit) = self.parts[from].next(search)? {
            self.heads.push(Head {
                search: Arc::clone(search),
                hit,
                from,
            });
        }
        Ok(())
    }
}

impl PartScan {
    fn next(&mut self, search: &Search) -> Result<Option<Hit>, EngineError> {
        let part = part_of(search);
        loop {
            while let Some(spot) = self.ready.pop_front() {
                if let Some(hit) = search.complete(part, spot)? {
                    return Ok(Some(hit));
                }
            }
            let Some(mut unit) = self.units.pop_front() else {
                return Ok(None);
            };
            if let Some(rest) = unit.split_off(self.block) {
                self.units.push_front(rest);
            }
            self.block = (2 * self.block).min(UNIT);
            let rows = search.matching(&unit, &part.filter)?;
            let part = unit.part;
            self.ready
                .extend(rows.into_iter().map(|row| Spot { part, row }));
        }
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
