//! Numbers of texts that are written to files, and finding in arrays whose keys are spread evenly over all numbers, as hashes are:
//! the place is about known, so that a few looks are enough where halving takes twenty, each of them somewhere else in
//! memory. Maps that are gone with the program hash with a crate, which may change its mind.
use stocktake_model::mixed;

/// A number for a text, to order by: the upper half of [`mixed`]. Written to files.
pub(crate) fn spread(text: &str) -> u32 {
    u32::try_from(mixed(text.bytes()) >> 32).expect("the upper half")
}

/// Guesses before the neighbourhood is searched.
const GUESSES: usize = 3;

/// The first of `len` places whose key is not below `wanted`; `len` if there is none. Keys ascend.
pub(crate) fn first_from(len: usize, wanted: u32, key: impl Fn(usize) -> u32) -> usize {
    // What is before `low` is below, what is from `high` on is not; the keys between are from `least` to `most`.
    let (mut low, mut high) = (0, len);
    let (mut least, mut most) = (0, u64::from(u32::MAX));
    let mut at = 0;
    for _ in 0..GUESSES {
        if low == high || most <= least {
            break;
        }
        let into = u64::from(wanted).clamp(least, most) - least;
        let into = u128::from(into) * (high - low) as u128 / u128::from(most - least);
        at = (low + usize::try_from(into).unwrap_or(0)).min(high - 1);
        let found = key(at);
        if found < wanted {
            (low, least) = (at + 1, u64::from(found));
        } else {
            (high, most) = (at, u64::from(found));
        }
    }
    // Further away in growing steps, until the place is between two looks.
    let mut step = 4;
    let from_below = low == at + 1;
    while high - low > step {
        let probe = if from_below { low + step } else { high - step };
        let is_below = key(probe) < wanted;
        if is_below {
            low = probe + 1;
        } else {
            high = probe;
        }
        if is_below != from_below {
            break;
        }
        step *= 2;
    }
    while low < high {
        let middle = low + (high - low) / 2;
        if key(middle) < wanted {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_place_is_that_of_halving(
            mut keys in proptest::collection::vec(prop_oneof![any::<u32>(), 0..9_u32], 0..300),
            wanted in prop_oneof![any::<u32>(), 0..9_u32, Just(u32::MAX)],
        ) {
            keys.sort_unstable();
            let halved = keys.partition_point(|key| *key < wanted);
            prop_assert_eq!(first_from(keys.len(), wanted, |at| keys[at]), halved);
        }
    }

    #[test]
    fn few_looks_are_enough() {
        let keys: Vec<u32> = {
            let mut keys: Vec<u32> = (0..200_000).map(|n| spread(&format!("uid-{n}"))).collect();
            keys.sort_unstable();
            keys
        };
        let looks = std::cell::Cell::new(0);
        for wanted in keys.iter().step_by(97) {
            first_from(keys.len(), *wanted, |at| {
                looks.set(looks.get() + 1);
                keys[at]
            });
        }
        let each = looks.get() / keys.iter().step_by(97).count();
        assert!(each <= 11, "{each}");
    }

    #[test]
    fn the_order_in_files_stays() {
        assert_eq!(
            [spread(""), spread("a"), spread("uid-1")].map(|hash| format!("{hash:08x}")),
            ["ecba3df2", "ed8170de", "ee8358cf"]
        );
        assert_eq!(
            format!("{:016x}", mixed("uid-1".bytes())),
            "ee8358cfb60d5edd"
        );
    }
}
