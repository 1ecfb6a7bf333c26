//! Columns per property path and kind: every distinct value once, and its number for every row. Built from the
//! documents when a path is asked for often enough, kept as long as they fit; a comparison then looks at every
//! distinct value once instead of at every document.
use std::ops::Range;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use rustc_hash::FxHashMap;

use crate::document::Cursor;
use crate::nearest::{Tallies, tallies};
use crate::partition::{Partition, Row};

/// The values of one path for the rows of one kind.
#[derive(Debug)]
pub(crate) struct Column {
    first: Row,
    /// Where the values of each row begin in `codes`; empty if every row has exactly one.
    starts: Vec<u32>,
    /// 0: missing; n: the n-th distinct value.
    codes: Vec<u32>,
    /// Where in the arena each distinct value stands.
    distinct: Vec<usize>,
    tallies: OnceLock<Tallies>,
}

/// A path inside of the reported section, and the kind (by place in the partition) it is read from.
pub(crate) type ColumnKey = (usize, String);

/// Columns of a partition, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    kept: RwLock<Vec<(ColumnKey, Arc<Column>)>>,
}

/// The numbers of the values of a row, where they are known.
pub(crate) type Known<'k> = &'k dyn Fn(Row) -> Option<&'k [u32]>;

/// Calls back with every value of a path in one row.
pub(crate) type Values<'v, 'p> = &'v dyn Fn(Row, &mut dyn FnMut(Option<Cursor<'p>>));

impl Columns {
    /// A column that was built before.
    pub(crate) fn get(&self, key: &ColumnKey) -> Option<Arc<Column>> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().find(|(known, _)| known == key)?;
        Some(Arc::clone(&found.1))
    }

    /// Keeps a column; the oldest ones go when all of them take more than a quarter of the documents.
    pub(crate) fn keep(&self, key: ColumnKey, column: Arc<Column>, documents: usize) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(known, _)| *known != key);
        kept.push((key, column));
        let mut bytes: usize = kept.iter().map(|(_, column)| column.memory_bytes()).sum();
        let budget = (documents / 4).max(64 * 1024);
        let mut gone = 0;
        while bytes > budget && gone < kept.len() {
            bytes -= kept[gone].1.memory_bytes();
            gone += 1;
        }
        kept.drain(..gone);
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        kept.iter().map(|(_, column)| column.memory_bytes()).sum()
    }
}

impl Column {
    /// Reads the values of all rows of a kind.
    pub(crate) fn build<'p>(partition: &'p Partition, kind: usize, values: Values<'_, 'p>) -> Self {
        let rows = partition.kinds[kind].rows.clone();
        let nothing = Self {
            first: rows.start,
            starts: Vec::new(),
            codes: Vec::new(),
            distinct: Vec::new(),
            tallies: OnceLock::new(),
        };
        Self::extended(partition, rows, &nothing, &|_| None, values)
    }

    /// A column whose values are those of `below` where `known` says so, and read where it does not. A value that is
    /// read may get a second number beside the one it has below.
    pub(crate) fn extended<'p>(
        partition: &'p Partition,
        rows: Range<Row>,
        below: &Self,
        known: Known<'_>,
        values: Values<'_, 'p>,
    ) -> Self {
        let mut numbers: FxHashMap<&[u8], u32> = FxHashMap::default();
        let mut column = Self {
            first: rows.start,
            starts: vec![0],
            codes: Vec::with_capacity(rows.len()),
            distinct: below.distinct.clone(),
            tallies: OnceLock::new(),
        };
        for row in rows {
            if let Some(codes) = known(row) {
                column.codes.extend_from_slice(codes);
            } else {
                values(row, &mut |value| {
                    let code = value.map_or(0, |value| {
                        let distinct = &mut column.distinct;
                        *numbers.entry(value.own_bytes()).or_insert_with(|| {
                            distinct.push(partition.place_of(row, value));
                            crate::partition::row_number(distinct.len())
                        })
                    });
                    column.codes.push(code);
                });
            }
            column
                .starts
                .push(crate::partition::row_number(column.codes.len()));
        }
        column.packed()
    }

    /// Without what is not needed.
    fn packed(mut self) -> Self {
        let single = self.starts.windows(2).all(|pair| pair[1] - pair[0] == 1);
        if single {
            self.starts = Vec::new();
        }
        self.codes.shrink_to_fit();
        self.distinct.shrink_to_fit();
        self
    }

    /// The numbers of the values of a row.
    pub(crate) fn codes(&self, row: Row) -> &[u32] {
        let at = (row - self.first) as usize;
        if self.starts.is_empty() {
            return std::slice::from_ref(&self.codes[at]);
        }
        &self.codes[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// How often each number occurs.
    pub(crate) fn tallies(&self) -> &[(u32, u32)] {
        self.tallies.get_or_init(|| tallies(self.codes.clone()))
    }

    /// Every distinct value, the missing one first.
    pub(crate) fn distinct<'p>(
        &self,
        partition: &'p Partition,
    ) -> impl Iterator<Item = Option<Cursor<'p>>> {
        let values = self
            .distinct
            .iter()
            .map(|place| Some(partition.value_at(*place)));
        std::iter::once(None).chain(values)
    }

    /// The value with a number.
    pub(crate) fn value<'p>(&self, partition: &'p Partition, code: u32) -> Option<Cursor<'p>> {
        let at = (code as usize).checked_sub(1)?;
        Some(partition.value_at(self.distinct[at]))
    }

    fn memory_bytes(&self) -> usize {
        4 * (self.starts.capacity() + self.codes.capacity())
            + size_of::<usize>() * self.distinct.capacity()
            + 8 * self.tallies.get().map_or(0, |tallies| tallies.len())
    }
}
