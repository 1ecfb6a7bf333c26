//! Keys that nodes answer to and references ask for, hashed, with the rows that do. Who asks for what is
//! [`crate::links`].
use std::hash::{Hash, Hasher as _};
use std::sync::Arc;

use rustc_hash::FxHasher;

use crate::partition::{NO_ROW, Row};
use crate::shift::Shift;
use crate::spread::first_from;

/// What a reference looks for.
#[derive(Debug, Clone, Copy, Hash)]
pub(crate) enum Key<'k> {
    Uid(&'k str),
    /// Namespace and name.
    Name(Option<&'k str>, &'k str),
    /// A name in whatever namespace.
    NameAnywhere(&'k str),
    /// Kind and name of what a node is contained in.
    Region(&'k str, &'k str),
    /// Name of the property, namespace, text.
    Property(&'k str, Option<&'k str>, &'k str),
    /// Namespace, label and its value.
    Label(Option<&'k str>, &'k str, &'k str),
    /// Every node of a namespace.
    AllOf(Option<&'k str>),
    /// A label in whatever namespace.
    LabelAnywhere(&'k str, &'k str),
    Anything,
    /// Kind and group that a node tells others to look for.
    Told(&'k str, Option<&'k str>),
    /// The next node on the way to the top-most owner, by uid.
    Owner(&'k str),
}

impl Key<'_> {
    pub(crate) fn number(self) -> u32 {
        let mut hasher = FxHasher::default();
        self.hash(&mut hasher);
        let hash = hasher.finish();
        u32::try_from((hash ^ (hash >> 32)) & u64::from(u32::MAX)).expect("the upper half is gone")
    }
}

/// Hashed keys with rows.
pub(crate) type Entries = Vec<(u32, Row)>;

/// Adds an entry.
pub(crate) fn note(entries: &mut Entries, key: Key<'_>, row: Row) {
    entries.push((key.number(), row));
}

/// Rows by key: those of the partition it was made for, and those that changed since.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    base: Arc<Entries>,
    more: Entries,
}

impl Keys {
    pub(crate) fn new(mut entries: Entries) -> Self {
        sort(&mut entries);
        Self {
            base: Arc::new(entries),
            more: Vec::new(),
        }
    }

    pub(crate) fn rows(&self, number: u32, now: Option<&[Row]>) -> impl Iterator<Item = Row> {
        let base = range(&self.base, number).iter().map(|(_, row)| *row);
        let base = base.map(move |row| now.map_or(row, |now| now[row as usize]));
        let more = range(&self.more, number).iter().map(|(_, row)| *row);
        base.filter(|row| *row != NO_ROW).chain(more)
    }

    /// With new entries for the rows of `changed`, which ascend.
    pub(crate) fn moved(&self, shift: &Shift, changed: &[Row], new: Entries) -> Self {
        let kept = self.more.iter().filter_map(|(number, old)| {
            let row = shift.new_row(*old);
            let stays = row != NO_ROW && changed.binary_search(&row).is_err();
            stays.then_some((*number, row))
        });
        let mut more: Entries = kept.collect();
        more.extend(new);
        sort(&mut more);
        Self {
            base: Arc::clone(&self.base),
            more,
        }
    }

    pub(crate) fn merged(&self, now: Option<&[Row]>) -> Self {
        let base = self.base.iter().filter_map(|(number, row)| {
            let row = now.map_or(*row, |now| now[*row as usize]);
            (row != NO_ROW).then_some((*number, row))
        });
        Self::new(base.chain(self.more.iter().copied()).collect())
    }

    /// Adds entries of rows that changed.
    pub(crate) fn extend(&mut self, entries: impl Iterator<Item = (u32, Row)>) {
        self.more.extend(entries);
        sort(&mut self.more);
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        size_of::<(u32, Row)>() * (self.base.capacity() + self.more.capacity())
    }
}

#[expect(
    clippy::stable_sort_primitive,
    reason = "it leaves runs that are in order as they are, and most entries are"
)]
fn sort(entries: &mut Entries) {
    entries.sort();
    entries.dedup();
    entries.shrink_to_fit();
}

fn range(entries: &[(u32, Row)], number: u32) -> &[(u32, Row)] {
    let start = first_from(entries.len(), number, |at| entries[at].0);
    let same = entries[start..]
        .iter()
        .take_while(|(other, _)| *other == number);
    &entries[start..start + same.count()]
}
