//! A changed partition over the one it was made from: which rows are as they were there, so that columns and word
//! indexes of the old one answer for them. The old one stays in memory until both are merged.
use std::borrow::Cow;
use std::sync::Arc;

use crate::columns::{Column, Values};
use crate::partition::{NO_ROW, Partition, Row, row_number};
use crate::shift::Shift;
use crate::text::Phrase;

/// What a partition shares with the one below it.
#[derive(Debug)]
pub(crate) struct Layer {
    pub(crate) base: Arc<Partition>,
    /// The row below that has the same document; [`NO_ROW`] if there is none.
    pub(crate) origin: Vec<Row>,
    /// The way back.
    now_of: Vec<Row>,
    /// Rows whose documents are not those of a row below, ascending.
    pub(crate) fresh: Vec<Row>,
}

impl Layer {
    /// Over `before`, or over what that lies on; `changed` are the new rows whose documents are new.
    pub(crate) fn over(before: &Arc<Partition>, shift: &Shift, changed: &[Row]) -> Self {
        let (base, below) = match &before.layer {
            Some(layer) => (&layer.base, Some(&layer.origin)),
            None => (before, None),
        };
        let origin = shift.olds().map(|old| match below {
            Some(origin) => origin.get(old as usize).copied().unwrap_or(NO_ROW),
            None => old,
        });
        let mut origin: Vec<Row> = origin.collect();
        for row in changed {
            origin[*row as usize] = NO_ROW;
        }
        let mut now_of = vec![NO_ROW; base.len()];
        let mut fresh = Vec::new();
        for (row, below) in (0..).zip(&origin) {
            match now_of.get_mut(*below as usize) {
                Some(now) => *now = row,
                None => fresh.push(row),
            }
        }
        Self {
            base: Arc::clone(base),
            origin,
            now_of,
            fresh,
        }
    }

    /// Where rows below are now, without those that changed.
    pub(crate) fn same(&self, below: &[Row]) -> impl Iterator<Item = Row> {
        let now = below.iter().map(|row| self.now_of[*row as usize]);
        now.filter(|row| *row != NO_ROW)
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        let own = 4 * (self.origin.capacity() + self.now_of.capacity() + self.fresh.capacity());
        // Documents and texts are shared; the rest of the base is there only for this.
        let base = &self.base;
        own + base.memory_bytes() - base.arena.memory_bytes() - base.strings.memory_bytes()
    }
}

impl Partition {
    /// Rows that may contain a phrase, ascending; `None` if no index tells.
    pub(crate) fn word_candidates(&self, phrase: &Phrase) -> Option<Cow<'_, [Row]>> {
        let Some(layer) = &self.layer else {
            return Some(Cow::Borrowed(self.words.ready()?.candidates(phrase)?));
        };
        let below = layer.base.words.ready()?.candidates(phrase)?;
        let mut rows: Vec<Row> = layer.same(below).collect();
        rows.extend(&layer.fresh);
        rows.sort_unstable();
        Some(Cow::Owned(rows))
    }

    /// Leaves rows that may contain a phrase, now that it is asked of so many.
    pub(crate) fn retain_candidates(&self, phrase: &Phrase, rows: &mut Vec<Row>) {
        let owner = self.layer.as_ref().map_or(self, |layer| &layer.base);
        let index = owner.words.asked(owner, rows.len());
        let Some(candidates) = index.and_then(|index| index.candidates(phrase)) else {
            return;
        };
        rows.retain(|row| {
            let below = match &self.layer {
                Some(layer) => layer.origin[*row as usize],
                None => *row,
            };
            below == NO_ROW || candidates.binary_search(&below).is_ok()
        });
    }

    /// The column of a kind from the one below: only rows that changed are read.
    pub(crate) fn layered_column<'p>(
        &'p self,
        kind: usize,
        below: &Column,
        values: Values<'_, 'p>,
    ) -> Option<Column> {
        let layer = self.layer.as_ref()?;
        let rows = self.kinds[kind].rows.clone();
        let known = |row: Row| {
            let below_row = layer.origin[row as usize];
            (below_row != NO_ROW).then(|| below.codes(below_row))
        };
        Some(Column::extended(self, rows, below, &known, values))
    }

    /// Number of nodes that were changed, added or removed since the partition was last built or merged as a whole.
    pub fn changed_rows(&self) -> usize {
        self.layer.as_ref().map_or(0, |layer| {
            let stays = layer.origin.len() - layer.fresh.len();
            layer.fresh.len() + layer.base.len() - stays
        })
    }

    /// All rows.
    pub(crate) fn rows(&self) -> std::ops::Range<Row> {
        0..row_number(self.len())
    }
}
