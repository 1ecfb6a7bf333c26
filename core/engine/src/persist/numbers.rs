//! Arrays of numbers as bytes: all lowest bytes first, then all second ones, and so on. Rows are small numbers, so that
//! whole stretches are zero and a compressor makes nothing of them. Does not compress by itself.
use stocktake_model::NodeId;

/// Bytes of a node id.
const ID: usize = 16;

/// Numbers, byte plane by byte plane.
pub(super) fn planes(numbers: &[u32]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(4 * numbers.len());
    for plane in 0..4 {
        bytes.extend(numbers.iter().map(|number| number.to_le_bytes()[plane]));
    }
    bytes
}

/// What [`planes`] wrote; `None` if it did not write this.
pub(super) fn from_planes(bytes: &[u8]) -> Option<Vec<u32>> {
    let length = bytes.len() / 4;
    if !bytes.len().is_multiple_of(4) {
        return None;
    }
    let (low, high) = bytes.split_at(2 * length);
    let ((a, b), (c, d)) = (low.split_at(length), high.split_at(length));
    let pairs = a.iter().zip(b).zip(c.iter().zip(d));
    let numbers = pairs.map(|((a, b), (c, d))| u32::from_le_bytes([*a, *b, *c, *d]));
    Some(numbers.collect())
}

/// Ascending numbers as the steps between them; `None` if one of them is too large.
pub(super) fn steps(numbers: impl Iterator<Item = usize>) -> Option<Vec<u8>> {
    let mut last = 0;
    let mut steps = Vec::new();
    for number in numbers {
        steps.push(u32::try_from(number.checked_sub(last)?).ok()?);
        last = number;
    }
    Some(planes(&steps))
}

/// What [`steps`] wrote; no number is above `most`.
pub(super) fn from_steps(bytes: &[u8], most: usize) -> Option<Vec<usize>> {
    let mut numbers = Vec::with_capacity(bytes.len() / 4);
    let mut last = 0_usize;
    for step in from_planes(bytes)? {
        last = last.checked_add(step as usize)?;
        numbers.push(last);
    }
    (last <= most).then_some(numbers)
}

/// Ids one behind the other: nothing about them can be foretold.
pub(super) fn ids(ids: &[NodeId]) -> Vec<u8> {
    ids.iter().flat_map(|id| *id.as_bytes()).collect()
}

/// What [`ids`] wrote.
pub(super) fn from_ids(bytes: &[u8]) -> Option<Vec<NodeId>> {
    let (ids, rest) = bytes.as_chunks::<ID>();
    rest.is_empty()
        .then(|| ids.iter().copied().map(NodeId::from_bytes).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(mut numbers in prop::collection::vec(any::<u32>(), 0..50)) {
            prop_assert_eq!(from_planes(&planes(&numbers)), Some(numbers.clone()));
            numbers.sort_unstable();
            let numbers: Vec<usize> = numbers.iter().map(|number| *number as usize).collect();
            let most = numbers.last().copied().unwrap_or(0);
            let written = steps(numbers.iter().copied()).unwrap();
            prop_assert_eq!(from_steps(&written, most), Some(numbers));
            prop_assert!(most == 0 || from_steps(&written, most - 1).is_none());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>()) {
            prop_assert_eq!(from_planes(&bytes).is_some(), bytes.len() % 4 == 0);
            prop_assert_eq!(from_ids(&bytes).is_some(), bytes.len() % 16 == 0);
            let _ = from_steps(&bytes, 1000);
        }
    }
}
