//! Which namespace a node is in. Not a property of its own: it may be told by what contains the node.
use crate::partition::{NO_ROW, Partition, Row};
use crate::resolve::text;

/// Where something is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Within<'a> {
    /// In a namespace, or among what is in none.
    One(Option<&'a str>),
    /// In every namespace, and among what is in none.
    All,
}

impl Within<'_> {
    pub(crate) fn holds(self, namespace: Option<&str>) -> bool {
        match self {
            Self::One(one) => one == namespace,
            Self::All => true,
        }
    }
}

/// The namespace of every row: its own property, or else the name of the region it is contained in.
#[derive(Clone, Copy)]
pub(crate) struct Namespaces<'p> {
    partition: &'p Partition,
    key: Option<u32>,
}

impl<'p> Namespaces<'p> {
    pub(crate) fn of(partition: &'p Partition) -> Self {
        let key = partition.strings.find("namespace");
        Self { partition, key }
    }

    pub(crate) fn get(&self, row: Row) -> Option<&'p str> {
        let partition = self.partition;
        let own = self
            .key
            .and_then(|key| partition.reported(row).member_numbered(key))
            .and_then(text);
        let region = partition.region[row as usize];
        let inherited = (region != NO_ROW && region != row).then(|| partition.name(region));
        own.or(inherited)
    }
}
