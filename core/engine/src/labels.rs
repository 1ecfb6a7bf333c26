//! The labels of nodes. What selects them is [`crate::selector`].
use crate::document::Cursor;
use crate::partition::{Partition, Row};

/// The labels of the rows of a partition, found without comparing texts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Labels<'p> {
    partition: &'p Partition,
    key: Option<u32>,
}

impl<'p> Labels<'p> {
    pub(crate) fn of(partition: &'p Partition) -> Self {
        let key = partition.strings.find("labels");
        Self { partition, key }
    }

    /// What stands where labels stand, if anything does.
    pub(crate) fn get(&self, row: Row) -> Option<Cursor<'p>> {
        self.partition.reported(row).member_numbered(self.key?)
    }
}
