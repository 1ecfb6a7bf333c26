//! Where rows go when some rows of a partition leave and others come in between. Those that stay keep their order.
use std::sync::Arc;

use crate::partition::{NO_ROW, Row, row_number};

/// From the rows of one partition to those of the next.
#[derive(Debug)]
pub(crate) struct Shift {
    rows: usize,
    /// Both empty if every row stays where it is.
    new_of: Vec<Row>,
    old_of: Vec<Row>,
}

impl Shift {
    /// `gone` are old rows, `added` are the old rows that new ones come before; both ascend.
    pub(crate) fn new(rows: usize, gone: &[Row], added: &[Row]) -> Self {
        if gone.is_empty() && added.is_empty() {
            return Self {
                rows,
                new_of: Vec::new(),
                old_of: Vec::new(),
            };
        }
        let mut shift = Self {
            rows: rows - gone.len() + added.len(),
            new_of: Vec::with_capacity(rows),
            old_of: Vec::with_capacity(rows + added.len()),
        };
        let (mut gone, mut added) = (gone.iter().peekable(), added.iter().peekable());
        for old in 0..row_number(rows) {
            while added.next_if_eq(&&old).is_some() {
                shift.old_of.push(NO_ROW);
            }
            if gone.next_if_eq(&&old).is_some() {
                shift.new_of.push(NO_ROW);
                continue;
            }
            shift.new_of.push(row_number(shift.old_of.len()));
            shift.old_of.push(old);
        }
        shift.old_of.extend(added.map(|_| NO_ROW));
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

    /// The values of all new rows: those of the old ones, and `fill` for rows that are new.
    pub(crate) fn spliced<T: Copy>(&self, old: &Arc<Vec<T>>, fill: T) -> Arc<Vec<T>> {
        if self.is_identity() {
            return Arc::clone(old);
        }
        let value = |row: &Row| old.get(*row as usize).copied().unwrap_or(fill);
        Arc::new(self.old_of.iter().map(value).collect())
    }

    /// Rows that old rows have, as new ones; `NO_ROW` where there was none.
    pub(crate) fn moved(&self, old: &Arc<Vec<Row>>) -> Arc<Vec<Row>> {
        if self.is_identity() {
            return Arc::clone(old);
        }
        let rows = self.old_of.iter();
        let value = |row: &Row| {
            let old = old.get(*row as usize).copied().unwrap_or(NO_ROW);
            self.new_row(old)
        };
        Arc::new(rows.map(value).collect())
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
        assert!(Shift::new(3, &[], &[]).is_identity());
    }
}
