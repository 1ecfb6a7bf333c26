//! From sections to a partition. What does not fit together is refused: nothing that is read later leaves its array.
//! Documents are not looked at, so whoever kept the sections has to know that they are the ones that were written.
use std::sync::Arc;

use stocktake_model::EdgeType;

use super::numbers::{from_ids, from_planes, from_steps};
use super::{Head, VERSION};
use crate::adjacency::Adjacency;
use crate::arena::Arena;
use crate::intern::{Strings, Table};
use crate::links::Fingerprint;
use crate::names::Names;
use crate::partition::{Counted, Derived, Fixed, KindRows, NO_ROW, Partition, Row, row_number};
use crate::words::{WordIndex, Words};

impl Partition {
    /// What [`Partition::to_arrays`] wrote; `None` if these are not its sections, or those of another version.
    pub fn from_arrays(mut arrays: impl Iterator<Item = Vec<u8>>) -> Option<Self> {
        let head: Head = serde_json::from_slice(&arrays.next()?).ok()?;
        if head.version != VERSION {
            return None;
        }
        let mut next = || arrays.next();
        let strings = Strings {
            base: table(&mut next)?,
            more: table(&mut next)?,
        };
        let mut arena = next()?;
        arena.shrink_to_fit();
        let docs = from_steps(&next()?, arena.len().checked_sub(1)?)?;
        let ids = from_ids(&next()?)?;
        let rows = ids.len();
        let fixed = Fixed {
            kind: Arc::new(kind_codes(&head, rows)?),
            ids: Arc::new(ids),
            uid_at: from_planes(&next()?)?,
        };
        let names = names(&head, &mut next)?;
        let all_there =
            docs.len() == rows && fixed.uid_at.len() == rows && names.ends.len() == rows;
        if !all_there {
            return None;
        }
        let by_id = order(&next()?, rows)?;
        let uids = order(&next()?, rows)?;
        let (parent, region) = (row_array(&next()?, rows)?, row_array(&next()?, rows)?);
        let mut edges: [Adjacency; EdgeType::ALL.len()] = Default::default();
        for edges in &mut edges {
            let arrays = [next()?, next()?, next()?];
            let [at, other, relations] = arrays.map(|array| from_planes(&array));
            *edges = Adjacency::from_arrays(rows, at?, other?, relations?)?;
        }
        let words = words(&head, rows, &mut next)?;

        let partition = Self {
            account_row: Some(head.account_row).filter(|row| (*row as usize) < rows)?,
            strings,
            arena: Arena::new(arena),
            docs,
            columns: fixed,
            names: Arc::new(names),
            words,
            by_id,
            by_uid: uids,
            parent,
            region,
            edges,
            ..bare(head)
        };
        let known = |row: &Row| (*row as usize) < rows;
        let fits = partition.stubs.iter().all(known)
            && (partition.skipped.iter()).all(|(row, ..)| known(row));
        fits.then_some(partition)
    }
}

type Next<'n> = &'n mut dyn FnMut() -> Option<Vec<u8>>;

/// What stands in the head, and nothing else.
fn bare(head: Head) -> Partition {
    let [dropped_nodes, dropped_edges, lookups, cycle_steps] = head.counted;
    let derived = head.derived.into_iter();
    let kinds = head.kinds.into_iter();
    Partition {
        cloud: head.cloud,
        account: head.account,
        account_name: head.account_name,
        account_row: head.account_row,
        kinds: kinds.map(|(name, rows)| KindRows { name, rows }).collect(),
        properties: head.properties,
        referring: head.referring,
        derived: derived
            .map(|(property, on)| Derived { property, on })
            .collect(),
        explicit: Arc::new(head.explicit),
        skipped: head.skipped,
        stubs: head.stubs,
        counted: Counted {
            dropped_nodes,
            dropped_edges,
            lookups,
            cycle_steps,
        },
        region_kinds: head.region_kinds,
        changes: head.changes,
        had_loops: head.had_loops,
        resolved_by: head.resolved_by.map(Fingerprint),
        ..Partition::default()
    }
}

fn table(next: Next<'_>) -> Option<Arc<Table>> {
    let joined = String::from_utf8(next()?).ok()?;
    let table = Table {
        joined,
        ends: from_planes(&next()?)?,
        sorted: from_planes(&next()?)?,
    };
    let count = table.ends.len();
    let fits = table.ends.is_sorted()
        && (table.ends.iter()).all(|end| table.joined.is_char_boundary(*end as usize))
        && table.sorted.len() == count
        && (table.sorted.iter()).all(|number| (*number as usize) < count);
    fits.then(|| Arc::new(table))
}

fn names(head: &Head, next: Next<'_>) -> Option<Names> {
    let joined = String::from_utf8(next()?).ok()?;
    let ends = from_steps(&next()?, joined.len())?;
    let fits = ends.iter().all(|end| joined.is_char_boundary(*end));
    fits.then_some(Names {
        joined,
        ends,
        complete: head.names_complete,
    })
}

/// Rows in an order of their own.
fn order(bytes: &[u8], rows: usize) -> Option<Arc<Vec<Row>>> {
    row_array(bytes, rows).filter(|order| !order.contains(&NO_ROW))
}

fn row_array(bytes: &[u8], rows: usize) -> Option<Arc<Vec<Row>>> {
    let array = from_planes(bytes)?;
    let fits =
        array.len() == rows && (array.iter()).all(|row| (*row as usize) < rows || *row == NO_ROW);
    fits.then(|| Arc::new(array))
}

/// The kind of every row; the kinds have to hold all rows, one after the other.
fn kind_codes(head: &Head, rows: usize) -> Option<Vec<u16>> {
    let mut codes = Vec::with_capacity(rows);
    for (code, (_, range)) in (0..=u16::MAX).zip(&head.kinds) {
        if range.start as usize != codes.len() || range.end as usize > rows {
            return None;
        }
        codes.resize(range.end as usize, code);
    }
    let is_sorted = head.kinds.is_sorted_by(|a, b| a.0 < b.0);
    let on = head.derived.iter().map(|(_, on)| on.len());
    let fits = codes.len() == rows
        && u16::try_from(head.kinds.len()).is_ok()
        && is_sorted
        && on.into_iter().all(|on| on == head.kinds.len());
    fits.then_some(codes)
}

fn words(head: &Head, rows: usize, next: Next<'_>) -> Option<Words> {
    let arrays = [next()?, next()?, next()?].map(|array| from_planes(&array));
    let [starts, listed, common] = arrays;
    let (starts, listed, common) = (starts?, listed?, common?);
    let Some((mask, commons)) = head.words else {
        return Some(Words::default());
    };
    let buckets = usize::try_from(mask).ok()?.checked_add(1)?;
    let fits = buckets.is_power_of_two()
        && starts.len() == buckets + 1
        && starts.is_sorted()
        && starts.last().map(|end| *end as usize) == Some(listed.len())
        && listed.iter().all(|row| *row < row_number(rows))
        && common.len() == commons
        && common.is_sorted();
    fits.then(|| {
        Words::known(WordIndex {
            mask,
            starts,
            rows: listed,
            common,
        })
    })
}
