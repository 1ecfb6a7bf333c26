//! The edges of one type inside a partition, as arrays: who follows whom, both ways, and which relations an
//! edge stands for. Immutable; knows nothing about nodes but their row.
use std::collections::BTreeMap;
use std::iter::Peekable;
use std::ops::Range;
use std::sync::Arc;

use crate::parallel::both;
use crate::partition::{NO_ROW, Row, row_number};
use crate::relations::{Relations, Sets};
use crate::shift::Shift;

/// An edge between two rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    pub(crate) from: Row,
    pub(crate) to: Row,
    pub(crate) relations: Relations,
}

/// All edges of one type.
#[derive(Debug, Clone, Default)]
pub(crate) struct Adjacency {
    out: Arc<Side>,
    inbound: Arc<Side>,
}

/// The edges of every row, seen from one end.
#[derive(Debug, Default)]
struct Side {
    /// Where the edges of each row begin; empty if there are no edges at all.
    at: Vec<u32>,
    other: Vec<Row>,
    relations: Sets,
}

/// Rows at the ends of edges with the relations they have from now on; `None` if the edge goes.
pub(crate) type Touched = BTreeMap<(Row, Row), Option<Relations>>;

impl Adjacency {
    /// Edges that are sorted by `from` and `to`, each pair once, between rows below `rows`.
    pub(crate) fn new(rows: usize, edges: &[Edge]) -> Self {
        debug_assert!(edges.is_sorted_by(|a, b| (a.from, a.to) < (b.from, b.to)));
        if edges.is_empty() {
            return Self::default();
        }
        Self::seen_from_both_ends(Side {
            at: starts(rows, edges.iter().map(|edge| edge.from)),
            other: edges.iter().map(|edge| edge.to).collect(),
            relations: edges.iter().map(|edge| edge.relations).collect(),
        })
    }

    /// Edges as [`Adjacency::starts`], [`Adjacency::targets`] and [`Adjacency::relations`] gave them; `None` if these are
    /// not edges between rows below `rows`.
    pub(crate) fn from_arrays(
        rows: usize,
        at: Vec<u32>,
        other: Vec<Row>,
        relations: Vec<u32>,
    ) -> Option<Self> {
        let ends_match = match at.as_slice() {
            [] => other.is_empty(),
            [first, .., last] => *first == 0 && *last as usize == other.len(),
            [_] => false,
        };
        let are_edges = ends_match
            && (at.is_empty() || at.len() == rows + 1)
            && at.is_sorted()
            && other.iter().all(|row| (*row as usize) < rows)
            && relations.len() == other.len();
        let relations = relations.into_iter().map(Relations).collect();
        are_edges.then(|| {
            Self::seen_from_both_ends(Side {
                at,
                other,
                relations,
            })
        })
    }

    fn seen_from_both_ends(out: Side) -> Self {
        if out.other.is_empty() {
            return Self::default();
        }
        let at = starts(out.at.len() - 1, out.other.iter().copied());
        let places = || {
            let mut next = at.clone();
            out.other.iter().map(move |other| {
                let place = &mut next[*other as usize];
                *place += 1;
                (*place - 1) as usize
            })
        };
        let relations = out.relations.placed(places());
        let mut other = vec![0; out.other.len()];
        let mut places = places();
        for (from, edges) in (0..).zip(out.at.windows(2)) {
            for place in places.by_ref().take((edges[1] - edges[0]) as usize) {
                other[place] = from;
            }
        }
        drop(places);
        let inbound = Side {
            at,
            other,
            relations,
        };
        Self {
            out: Arc::new(out),
            inbound: Arc::new(inbound),
        }
    }

    /// Where the edges that leave each row begin; empty if there are no edges at all.
    pub(crate) fn starts(&self) -> &[u32] {
        &self.out.at
    }

    /// Where all edges lead.
    pub(crate) fn targets(&self) -> &[Row] {
        &self.out.other
    }

    /// What all edges stand for.
    pub(crate) fn relations(&self) -> impl Iterator<Item = Relations> {
        self.out.relations.iter()
    }

    /// The same edges between the rows of `shift`, with some added, changed or left out. Edges of rows that are gone
    /// are gone.
    pub(crate) fn changed(&self, shift: &Shift, touched: &Touched) -> Self {
        if shift.is_identity() && touched.is_empty() {
            return self.clone();
        }
        let turned = touched
            .iter()
            .map(|((from, to), relations)| ((*to, *from), *relations))
            .collect();
        // Rows that lose an edge because its other end is gone.
        let losing = |side: &Side| -> Vec<Row> {
            let gone = shift.gone.iter().flat_map(|row| side.of(*row));
            gone.map(|(row, _)| shift.new_row(row)).collect()
        };
        let (out, inbound) = both(
            || self.out.changed(shift, touched, losing(&self.inbound)),
            || self.inbound.changed(shift, &turned, losing(&self.out)),
        );
        Self {
            out: Arc::new(out),
            inbound: Arc::new(inbound),
        }
    }

    /// Edges that leave a row.
    pub(crate) fn out(&self, row: Row) -> impl Iterator<Item = (Row, Relations)> {
        self.out.of(row)
    }

    /// Edges that enter a row.
    pub(crate) fn inbound(&self, row: Row) -> impl Iterator<Item = (Row, Relations)> {
        self.inbound.of(row)
    }

    /// What the edge between two rows stands for, if there is one.
    pub(crate) fn between(&self, from: Row, to: Row) -> Option<Relations> {
        let range = range(&self.out.at, from);
        let at = self.out.other[range.clone()].binary_search(&to).ok()?;
        Some(self.out.relations.get(range.start + at))
    }

    /// Every edge, by `from` and `to`.
    pub(crate) fn edges(&self) -> impl Iterator<Item = Edge> {
        let rows = row_number(self.out.at.len().saturating_sub(1));
        (0..rows).flat_map(move |from| {
            self.out(from).map(move |(to, relations)| Edge {
                from,
                to,
                relations,
            })
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.out.other.len()
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        let side = |side: &Side| {
            4 * (side.at.capacity() + side.other.capacity()) + side.relations.memory_bytes()
        };
        side(&self.out) + side(&self.inbound)
    }
}

impl Side {
    fn of(&self, row: Row) -> impl Iterator<Item = (Row, Relations)> {
        range(&self.at, row).map(|at| (self.other[at], self.relations.get(at)))
    }

    /// `special` are rows that lose edges.
    fn changed(&self, shift: &Shift, touched: &Touched, mut special: Vec<Row>) -> Self {
        let more = self.other.len() + touched.len();
        let mut side = Self {
            at: Vec::with_capacity(shift.len() + 1),
            other: Vec::with_capacity(more),
            relations: Sets::like(&self.relations, more),
        };
        side.at.push(0);
        special.extend(touched.keys().map(|(row, _)| *row));
        special.retain(|row| *row != NO_ROW);
        special.sort_unstable();
        special.dedup();
        let mut touched = touched.iter().peekable();
        let mut special = special.into_iter().peekable();
        let mut row = 0;
        for run in shift.runs() {
            let end = run.new + (run.old.end - run.old.start);
            while row < end {
                // Rows that are new, or special, one by one; all others at once.
                let stop = special
                    .peek()
                    .map_or(end, |row| (*row).min(end))
                    .max(run.new);
                if row < run.new || stop == row {
                    special.next_if_eq(&row);
                    self.change_row(row, shift, &mut touched, &mut side);
                    row += 1;
                    continue;
                }
                let old = |row: Row| run.old.start + (row - run.new);
                self.copy_rows(old(row)..old(stop), shift, &mut side);
                row = stop;
            }
        }
        for row in row..row_number(shift.len()) {
            self.change_row(row, shift, &mut touched, &mut side);
        }
        side
    }

    /// Appends the edges of old rows none of whose edges goes.
    fn copy_rows(&self, old: Range<Row>, shift: &Shift, side: &mut Self) {
        let start = range(&self.at, old.start).start;
        let end = range(&self.at, old.end - 1).end;
        let moved = row_number(side.other.len());
        if shift.is_identity() {
            side.other.extend_from_slice(&self.other[start..end]);
        } else {
            let others = self.other[start..end].iter();
            side.other.extend(others.map(|other| shift.new_row(*other)));
        }
        side.relations.extend_from(&self.relations, start..end);
        if self.at.is_empty() {
            side.at.extend(old.map(|_| moved));
            return;
        }
        let first = row_number(start);
        let ends = &self.at[old.start as usize + 1..=old.end as usize];
        side.at.extend(ends.iter().map(|at| at - first + moved));
    }

    /// Appends the edges of one new row.
    fn change_row<'t>(
        &self,
        row: Row,
        shift: &Shift,
        touched: &mut Peekable<impl Iterator<Item = (&'t (Row, Row), &'t Option<Relations>)>>,
        side: &mut Self,
    ) {
        for at in range(&self.at, shift.old_row(row)) {
            let other = shift.new_row(self.other[at]);
            if other == NO_ROW {
                continue;
            }
            while let Some((key, relations)) =
                touched.next_if(|((first, second), _)| *first == row && *second < other)
            {
                side.push(key.1, *relations);
            }
            let replaced = touched.next_if(|(key, _)| **key == (row, other));
            let kept = Some(self.relations.get(at));
            side.push(other, replaced.map_or(kept, |(_, new)| *new));
        }
        while let Some((key, relations)) = touched.next_if(|((first, _), _)| *first == row) {
            side.push(key.1, *relations);
        }
        side.at.push(row_number(side.other.len()));
    }

    fn push(&mut self, other: Row, relations: Option<Relations>) {
        if let Some(relations) = relations {
            self.other.push(other);
            self.relations.push(relations);
        }
    }
}

/// Where the entries of each row begin, for counting sort.
fn starts(rows: usize, keys: impl Iterator<Item = Row>) -> Vec<u32> {
    let mut at = vec![0; rows + 1];
    for key in keys {
        at[key as usize + 1] += 1;
    }
    for row in 0..rows {
        at[row + 1] += at[row];
    }
    at
}

fn range(starts: &[u32], row: Row) -> Range<usize> {
    let row = row as usize;
    match (starts.get(row), starts.get(row + 1)) {
        (Some(start), Some(end)) => *start as usize..*end as usize,
        _ => 0..0,
    }
}
