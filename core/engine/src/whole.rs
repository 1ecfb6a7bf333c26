//! Where references are looked up when all rows of a partition are resolved at once: indexes that are there only as long
//! as that takes.
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::namespaces::Namespaces;
use crate::parallel::both;
use crate::partition::{Partition, Row};
use crate::reference::ByText;
use crate::selector::Labelled;

/// Indexes that are quick to ask and slow to make.
pub(crate) struct Whole<'p> {
    pub(crate) named: Arc<Named<'p>>,
    pub(crate) labelled: FxHashMap<String, Labelled<'p>>,
    /// Rows by the text at a property, by the text of kinds and property.
    pub(crate) by_property: FxHashMap<String, ByText>,
}

/// Rows by what they are called.
pub(crate) struct Named<'p> {
    pub(crate) namespaces: Vec<Option<&'p str>>,
    pub(crate) by_uid: FxHashMap<&'p str, Row>,
    pub(crate) by_name: FxHashMap<(usize, Option<&'p str>, &'p str), Row>,
}

impl<'p> Whole<'p> {
    pub(crate) fn of(named: Arc<Named<'p>>) -> Self {
        Self {
            named,
            labelled: FxHashMap::default(),
            by_property: FxHashMap::default(),
        }
    }
}

impl<'p> Named<'p> {
    pub(crate) fn new(partition: &'p Partition) -> Self {
        let namespaces = Namespaces::of(partition);
        let namespaces: Vec<_> = partition.rows().map(|row| namespaces.get(row)).collect();
        let name_of = |row: Row| {
            let namespace = namespaces[row as usize];
            let name = (partition.kind_code(row), namespace, partition.name(row));
            (name, row)
        };
        let uid_of = |row: Row| (partition.uid(row), row);
        // Of several the first counts.
        let (by_uid, by_name) = both(
            || partition.rows().rev().map(uid_of).collect(),
            || partition.rows().rev().map(name_of).collect(),
        );
        Self {
            namespaces,
            by_uid,
            by_name,
        }
    }
}
