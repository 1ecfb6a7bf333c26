//! The names of all rows next to each other, so that looking at every name reads one piece of memory and no
//! documents.
use crate::document::Item;
use crate::partition::{NO_ROW, Partition};
use crate::shift::Shift;

/// `reported.name` by row.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    pub(crate) joined: String,
    /// Where each name ends.
    pub(crate) ends: Vec<usize>,
    /// Whether every row has a name that is a text; if not, documents say more than these names.
    pub(crate) complete: bool,
}

impl Names {
    /// Reads the names out of the documents.
    pub(crate) fn read(partition: &Partition) -> Self {
        let key = partition.strings.find("name").expect("an own key");
        let mut names = Self {
            complete: true,
            ..Self::default()
        };
        for row in 0..crate::partition::row_number(partition.len()) {
            let value = partition.reported(row).member_numbered(key);
            match value.map(crate::document::Cursor::item) {
                Some(Item::Text(text)) => names.joined.push_str(text),
                _ => names.complete = false,
            }
            names.ends.push(names.joined.len());
        }
        names.joined.shrink_to_fit();
        names.ends.shrink_to_fit();
        names
    }

    /// The names of rows that moved, and those of new rows.
    pub(crate) fn spliced(old: &Self, shift: &Shift, new: &[&str]) -> Self {
        let length = old.joined.len() + new.iter().map(|name| name.len()).sum::<usize>();
        let mut names = Self {
            joined: String::with_capacity(length),
            ends: Vec::with_capacity(shift.len()),
            complete: old.complete,
        };
        let mut new = new.iter();
        for row in shift.olds() {
            names.joined.push_str(match row {
                NO_ROW => new.next().expect("there is a name for each new row"),
                row => old.get(row),
            });
            names.ends.push(names.joined.len());
        }
        names
    }

    /// Notes that documents say more than these names.
    pub(crate) fn is_not_complete(&mut self) {
        self.complete = false;
    }

    /// The name of a row; empty if it is no text.
    pub(crate) fn get(&self, row: crate::partition::Row) -> &str {
        let at = row as usize;
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.joined[start..self.ends[at]]
    }

    /// Whether [`Names::get`] says all there is to say about the property `name`.
    pub(crate) fn is_complete(&self) -> bool {
        self.complete
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.joined.capacity() + size_of::<usize>() * self.ends.capacity()
    }
}
