//! From a partition to sections: its arrays, each as one. What is inside of them is not looked at.
use std::borrow::Cow;
use std::sync::Arc;

use super::numbers::{ids, planes, steps};
use super::{Head, VERSION};
use crate::Partition;
use crate::adjacency::Adjacency;
use crate::words::WordIndex;

/// Makes a section.
type Section = fn(&Partition) -> Cow<'_, [u8]>;

/// How each section is made, in the order in which [`super::read`] takes them.
const SECTIONS: [Section; 29] = [
    |one| {
        serde_json::to_vec(&head(one))
            .expect("texts, numbers and lists")
            .into()
    },
    |one| Cow::Borrowed(one.strings.base.joined.as_bytes()),
    |one| planes(&one.strings.base.ends).into(),
    |one| planes(&one.strings.base.sorted).into(),
    |one| Cow::Borrowed(one.strings.more.joined.as_bytes()),
    |one| planes(&one.strings.more.ends).into(),
    |one| planes(&one.strings.more.sorted).into(),
    |one| Cow::Borrowed(one.arena.from(0)),
    |one| docs(one).unwrap_or_default().into(),
    |one| ids(&one.columns.ids).into(),
    |one| planes(&one.columns.uid_at).into(),
    |one| Cow::Borrowed(one.names.joined.as_bytes()),
    |one| names(one).unwrap_or_default().into(),
    |one| planes(&one.by_id).into(),
    |one| planes(&one.by_uid).into(),
    |one| planes(&one.parent).into(),
    |one| planes(&one.region).into(),
    |one| planes(one.edges[0].starts()).into(),
    |one| planes(one.edges[0].targets()).into(),
    |one| relations(&one.edges[0]).into(),
    |one| planes(one.edges[1].starts()).into(),
    |one| planes(one.edges[1].targets()).into(),
    |one| relations(&one.edges[1]).into(),
    |one| planes(one.edges[2].starts()).into(),
    |one| planes(one.edges[2].targets()).into(),
    |one| relations(&one.edges[2]).into(),
    |one| words(one, |index| &index.starts).into(),
    |one| words(one, |index| &index.rows).into(),
    |one| words(one, |index| &index.common).into(),
];

impl Partition {
    /// The partition as bytes, array by array, with the index for full text, which is made if it is not there; nothing if it
    /// is too large for that. What [`Partition::from_arrays`] makes of them answers the same. Ends with the first error.
    pub fn to_arrays<E>(
        self: &Arc<Self>,
        mut put: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let whole = match self.layer {
            Some(_) => Arc::new(self.merged()),
            None => Arc::clone(self),
        };
        whole.words.make(&whole);
        let fits = !whole.is_empty() && docs(&whole).is_some() && names(&whole).is_some();
        let sections = if fits { &SECTIONS[..] } else { &[] };
        sections
            .iter()
            .try_for_each(|section| put(&section(&whole)))
    }
}

fn docs(partition: &Partition) -> Option<Vec<u8>> {
    let arena = &partition.arena;
    let is_own = arena.added() == 0 && u32::try_from(arena.len()).is_ok();
    is_own.then(|| steps(partition.docs.iter().copied()))?
}

fn names(partition: &Partition) -> Option<Vec<u8>> {
    steps(partition.names.ends.iter().copied())
}

fn relations(edges: &Adjacency) -> Vec<u8> {
    let sets: Vec<u32> = edges.relations().map(|set| set.0).collect();
    planes(&sets)
}

fn words(partition: &Partition, array: fn(&WordIndex) -> &Vec<u32>) -> Vec<u8> {
    let index = partition.words.ready().map(array);
    index.map(|array| planes(array)).unwrap_or_default()
}

fn head(one: &Partition) -> Head {
    let counted = one.counted;
    Head {
        version: VERSION.to_owned(),
        cloud: one.cloud.clone(),
        account: one.account.clone(),
        account_name: one.account_name.clone(),
        account_row: one.account_row,
        kinds: (one.kinds.iter())
            .map(|kind| (kind.name.clone(), kind.rows.clone()))
            .collect(),
        properties: one.properties.clone(),
        referring: one.referring.clone(),
        derived: (one.derived.iter())
            .map(|derived| (derived.property.clone(), derived.on.clone()))
            .collect(),
        explicit: one.explicit.to_vec(),
        skipped: one.skipped.clone(),
        stubs: one.stubs.clone(),
        counted: [
            counted.dropped_nodes,
            counted.dropped_edges,
            counted.lookups,
            counted.cycle_steps,
        ],
        region_kinds: one.region_kinds.clone(),
        changes: one.changes,
        had_loops: one.had_loops,
        resolved_by: one.resolved_by.map(|rules| rules.0),
        names_complete: one.names.complete,
        words: (one.words.ready()).map(|index| (index.mask, index.common.len())),
    }
}
