//! The edges of one type inside a partition, as arrays: who follows whom, both ways, and which relations an
//! edge stands for. Immutable; knows nothing about nodes but their row.
use std::ops::Range;

use stocktake_model::Relation;

use crate::partition::{Row, row_number};

/// A set of relations: bit n is the n-th of [`Relation::ALL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Relations(pub(crate) u32);

impl Relations {
    pub(crate) fn of(relation: Relation) -> Self {
        Self(1 << relation as u32)
    }

    pub(crate) fn contains(self, relation: Relation) -> bool {
        self.0 & Self::of(relation).0 != 0
    }

    pub(crate) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Relation> {
        Relation::ALL
            .into_iter()
            .filter(move |relation| self.contains(*relation))
    }
}

impl FromIterator<Relation> for Relations {
    fn from_iter<I: IntoIterator<Item = Relation>>(relations: I) -> Self {
        relations
            .into_iter()
            .fold(Self::default(), |all, one| all.with(Self::of(one)))
    }
}

/// An edge between two rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Edge {
    pub(crate) from: Row,
    pub(crate) to: Row,
    pub(crate) relations: Relations,
}

/// All edges of one type.
#[derive(Debug, Default)]
pub(crate) struct Adjacency {
    /// Where the edges of each row begin; empty if there are no edges at all.
    out_at: Vec<u32>,
    out_to: Vec<Row>,
    relations: Vec<Relations>,
    in_at: Vec<u32>,
    in_from: Vec<Row>,
    /// The place of each inbound edge in `out_to`.
    in_edge: Vec<u32>,
}

impl Adjacency {
    /// Edges that are sorted by `from` and `to`, each pair once, between rows below `rows`.
    pub(crate) fn new(rows: usize, edges: &[Edge]) -> Self {
        debug_assert!(edges.is_sorted_by(|a, b| (a.from, a.to) < (b.from, b.to)));
        if edges.is_empty() {
            return Self::default();
        }
        let out_at = starts(rows, edges.iter().map(|edge| edge.from));
        let in_at = starts(rows, edges.iter().map(|edge| edge.to));
        let mut next = in_at.clone();
        let mut in_from = vec![0; edges.len()];
        let mut in_edge = vec![0; edges.len()];
        for (at, edge) in edges.iter().enumerate() {
            let place = &mut next[edge.to as usize];
            in_from[*place as usize] = edge.from;
            in_edge[*place as usize] = row_number(at);
            *place += 1;
        }
        Self {
            out_at,
            out_to: edges.iter().map(|edge| edge.to).collect(),
            relations: edges.iter().map(|edge| edge.relations).collect(),
            in_at,
            in_from,
            in_edge,
        }
    }

    /// Edges that leave a row.
    pub(crate) fn out(&self, row: Row) -> impl Iterator<Item = (Row, Relations)> {
        range(&self.out_at, row).map(|at| (self.out_to[at], self.relations[at]))
    }

    /// Edges that enter a row.
    pub(crate) fn inbound(&self, row: Row) -> impl Iterator<Item = (Row, Relations)> {
        range(&self.in_at, row)
            .map(|at| (self.in_from[at], self.relations[self.in_edge[at] as usize]))
    }

    /// Every edge, by `from` and `to`.
    pub(crate) fn edges(&self) -> impl Iterator<Item = Edge> {
        let rows = row_number(self.out_at.len().saturating_sub(1));
        (0..rows).flat_map(move |from| {
            self.out(from).map(move |(to, relations)| Edge {
                from,
                to,
                relations,
            })
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.out_to.len()
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        4 * (self.out_at.capacity()
            + self.out_to.capacity()
            + self.relations.capacity()
            + self.in_at.capacity()
            + self.in_from.capacity()
            + self.in_edge.capacity())
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
