//! Seeded chance: the same seed and the same words give the same numbers on every machine.
//!
//! It is not a general random number generator. The generators of `rand` may change their output
//! between releases, and a fleet must stay byte-identical, so the two mixers stand here.

/// The letters the API server uses for generated names: no vowels, so no words appear by accident.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// Mixes a number so that neighbours share nothing (`SplitMix64`).
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// A number that depends on the seed and on every word and its place (FNV-1a, then mixed).
pub(super) fn hash(seed: u64, words: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325 ^ mix(seed);
    for word in words {
        for byte in word.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    mix(hash)
}

/// A random (version 4) UUID that depends on the seed and the words alone.
pub(super) fn uuid(seed: u64, words: &[&str]) -> String {
    let high = hash(seed, words);
    let low = mix(high ^ 0x9e37_79b9_7f4a_7c15) & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000;
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

/// A stream of numbers.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    /// Dice whose throws depend on the seed and the words.
    pub(super) fn new(seed: u64, words: &[&str]) -> Self {
        Self(hash(seed, words))
    }

    fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number from 0 up to and without `bound`, which must not be 0.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.throw() % bound as u64).expect("it is below a usize")
    }

    /// A number of the range, both ends included.
    pub(super) fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }

    /// True once in `times` throws on average.
    pub(super) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of the items, which must not be empty.
    pub(super) fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len())]
    }

    /// Letters as in generated names.
    pub(super) fn letters(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| char::from(LETTERS[self.below(LETTERS.len())]))
            .collect()
    }

    /// Five letters, of which the first differs for every `number` below 27.
    pub(super) fn suffix(&mut self, number: usize) -> String {
        let mut suffix = String::from(char::from(LETTERS[number % LETTERS.len()]));
        suffix.push_str(&self.letters(4));
        suffix
    }
}
