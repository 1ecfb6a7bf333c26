//! sled's cache, kept as small as it is said to be.
//!
//! sled divides its pages among 256 shards and looks whether a shard holds too much at every 64th access to one of its
//! pages only. What is read or written once is hardly ever looked at, so that a walk through a database would hold all of
//! it in memory, whatever the capacity. Here every entry is accessed a few times more: as many as make 64 for a page of
//! the usual eight entries.
use std::ops::Bound;

use sled::{IVec, Tree};

use crate::StoreError;
use crate::stage::Trees;

/// How often an entry is accessed so that its page counts.
const TOUCHES: usize = 8;
/// Entries read in one step.
const STEP: usize = 64;

/// Has sled count the page of an entry that was read or written, and drop others if there are too many.
pub(crate) fn touch(tree: &Tree, key: &[u8]) -> sled::Result<()> {
    for _ in 0..TOUCHES {
        tree.contains_key(key)?;
    }
    Ok(())
}

/// Does something with every entry of a tree, in order, without the whole of it in memory.
///
/// Goes in steps, because sled keeps everything that is replaced meanwhile, in any database, for as long as the same
/// thread walks through a tree.
pub(crate) fn each(
    trees: &Trees,
    tree: &Tree,
    mut with: impl FnMut(IVec, IVec) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut from = Bound::Unbounded;
    loop {
        let step = tree.range::<IVec, _>((from, Bound::Unbounded)).take(STEP);
        let step: Vec<_> = step
            .collect::<Result<_, _>>()
            .map_err(|error| trees.trouble(error))?;
        let Some((last, _)) = step.last() else {
            return Ok(());
        };
        from = Bound::Excluded(last.clone());
        for (key, value) in step {
            touch(tree, &key).map_err(|error| trees.trouble(error))?;
            with(key, value)?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::Files;

    #[test]
    fn every_entry_is_met_once_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let files = Files::open(&dir.path().join("record")).unwrap();
        let numbers = 0..u32::try_from(2 * STEP + 3).unwrap();
        for number in numbers.clone() {
            let key = number.to_be_bytes();
            files.trees.block.insert(key, &key).unwrap();
        }
        let mut met = Vec::new();
        each(&files.trees, &files.trees.block, |key, value| {
            assert_eq!(key, value);
            met.push(key);
            Ok(())
        })
        .unwrap();
        let all: Vec<IVec> = numbers
            .map(|number| IVec::from(&number.to_be_bytes()))
            .collect();
        assert_eq!(met, all);
    }
}
