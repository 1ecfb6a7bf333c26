//! Where rows go when some rows of a partition leave and others come in between. Those that stay keep their order.
use std::ops::Range;
use std::sync::Arc;

use crate::partition::{NO_ROW, Row, row_number};

/// From the rows of one partition to those of the next.
#[derive(Debug)]
pub(crate) struct Shift {
    rows: usize,
    /// Both empty if every row stays where it is.
    new_of: Vec<Row>,
    old_of: Vec<Row>,
    /// Rows that stay next to each other, ascending.
    runs: Vec<Run>,
    /// Old rows that leave, ascending.
    pub(crate) gone: Vec<Row>,
}

/// Rows that move together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    /// The first of them, as a new row.
    pub(crate) new: Row,
    pub(crate) old: Range<Row>,
}

impl Run {
    /// Their places in arrays by old row.
    pub(crate) fn places(&self) -> Range<usize> {
        self.old.start as usize..self.old.end as usize
    }
}

impl Shift {
    /// `gone` are old rows, `added` are the old rows that new ones come before; both ascend.
    pub(crate) fn new(rows: usize, gone: &[Row], added: &[Row]) -> Self {
        let mut shift = Self {
            rows: rows - gone.len() + added.len(),
            new_of: Vec::new(),
            old_of: Vec::new(),
            runs: runs(row_number(rows), gone, added),
            gone: gone.to_vec(),
        };
        if gone.is_empty() && added.is_empty() {
            return shift;
        }
        shift.new_of = vec![NO_ROW; rows];
        shift.old_of = vec![NO_ROW; shift.rows];
        for run in &shift.runs {
            let places = shift.new_of[run.places()].iter_mut();
            places.zip(run.new..).for_each(|(place, new)| *place = new);
            let olds = shift.old_of[run.new as usize..].iter_mut();
            olds.zip(run.old.clone())
                .for_each(|(place, old)| *place = old);
        }
        shift
    }

    /// Whether no row moves.
    pub(crate) fn is_identity(&self) -> bool {
        self.old_of.is_empty()
    }

    /// Number of new rows.
    pub(crate) fn len(&self) -> usize {
        self.rows
    }

    /// Where an old row is now; [`NO_ROW`] if it is gone, or was none.
    pub(crate) fn new_row(&self, old: Row) -> Row {
        if self.is_identity() {
            return old;
        }
        self.new_of.get(old as usize).copied().unwrap_or(NO_ROW)
    }

    /// Where a new row was; [`NO_ROW`] if it is new.
    pub(crate) fn old_row(&self, new: Row) -> Row {
        if self.is_identity() {
            return new;
        }
        self.old_of[new as usize]
    }

    /// For every new row the old one, or [`NO_ROW`].
    pub(crate) fn olds(&self) -> impl Iterator<Item = Row> {
        (0..row_number(self.rows)).map(|row| self.old_row(row))
    }

    /// Rows that stay next to each other, ascending.
    pub(crate) fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// The values of all new rows: `copy` appends those of old ones, `fill` is for rows that are new.
    pub(crate) fn arranged<T: Copy>(
        &self,
        fill: T,
        mut copy: impl FnMut(Range<usize>, &mut Vec<T>),
    ) -> Vec<T> {
        let mut values = Vec::with_capacity(self.rows);
        for run in &self.runs {
            values.resize(run.new as usize, fill);
            copy(run.places(), &mut values);
        }
        values.resize(self.rows, fill);
        values
    }

    /// The same for values that are there.
    pub(crate) fn copied<T: Copy>(&self, old: &[T], fill: T) -> Vec<T> {
        self.arranged(fill, |places, values| {
            values.extend_from_slice(&old[places]);
        })
    }

    /// The values of all new rows, shared if no row moves.
    pub(crate) fn spliced<T: Copy>(&self, old: &Arc<Vec<T>>, fill: T) -> Arc<Vec<T>> {
        if self.is_identity() {
            return Arc::clone(old);
        }
        Arc::new(self.copied(old, fill))
    }

    /// Rows that old rows have, as new ones; `NO_ROW` where there was none.
    pub(crate) fn moved(&self, old: &Arc<Vec<Row>>) -> Arc<Vec<Row>> {
        if self.is_identity() {
            return Arc::clone(old);
        }
        Arc::new(self.arranged(NO_ROW, |places, rows| {
            rows.extend(old[places].iter().map(|row| self.new_row(*row)));
        }))
    }
}

/// What stays between rows that leave and rows that come.
fn runs(rows: Row, gone: &[Row], added: &[Row]) -> Vec<Run> {
    let (mut gone, mut added) = (gone.iter().peekable(), added.iter().peekable());
    let (mut runs, mut old, mut new) = (Vec::new(), 0, 0);
    loop {
        while added.next_if_eq(&&old).is_some() {
            new += 1;
        }
        if old == rows {
            return runs;
        }
        if gone.next_if_eq(&&old).is_some() {
            old += 1;
            continue;
        }
        let leaves = gone.peek().map_or(rows, |row| **row);
        let comes = added.peek().map_or(rows, |row| **row);
        let end = leaves.min(comes);
        runs.push(Run { new, old: old..end });
        new += end - old;
        old = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_their_order() {
        let shift = Shift::new(4, &[1], &[0, 2, 2, 4]);
        let n = NO_ROW;
        assert_eq!(shift.olds().collect::<Vec<_>>(), [n, 0, n, n, 2, 3, n]);
        let news: Vec<Row> = (0..4).map(|row| shift.new_row(row)).collect();
        assert_eq!(news, [1, n, 4, 5]);
        let parents = Arc::new(vec![n, 0, 0, 2]);
        assert_eq!(*shift.moved(&parents), [n, n, n, n, 1, 4, n]);
        let runs = [(1, 0..1), (4, 2..4)].map(|(new, old)| Run { new, old });
        assert_eq!(shift.runs(), runs);
        assert_eq!(shift.copied(&[5, 6, 7, 8], 0), [0, 5, 0, 0, 7, 8, 0]);
        let same = Shift::new(3, &[], &[]);
        assert!(same.is_identity());
        assert_eq!(same.copied(&[5, 6, 7], 0), [5, 6, 7]);
        assert!(Shift::new(0, &[], &[]).runs().is_empty());
    }
}
