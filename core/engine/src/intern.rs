//! Texts that occur often, each kept once and named by a number. Knows nothing about documents: who decides
//! which texts are worth a number is [`crate::document`].
use std::hash::{Hash as _, Hasher as _};

use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

/// Gives out numbers for texts; the document encoder asks it for every key and every text.
pub(crate) trait Intern {
    /// The number of a key; every key has one.
    fn key(&mut self, key: &str) -> u32;
    /// The number of a text, or `None` if it is better written out.
    fn text(&mut self, text: &str) -> Option<u32>;
}

/// A finished table of texts.
#[derive(Debug, Default)]
pub(crate) struct Strings {
    joined: String,
    /// Where each text ends in `joined`.
    ends: Vec<u32>,
    /// Numbers in the order of their texts.
    sorted: Vec<u32>,
}

impl Strings {
    /// The text with this number.
    pub(crate) fn text(&self, number: u32) -> &str {
        let at = number as usize;
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.joined[start as usize..self.ends[at] as usize]
    }

    /// How many texts there are; their numbers are below.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The number of a text.
    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        self.sorted
            .binary_search_by(|&number| self.text(number).cmp(text))
            .ok()
            .map(|at| self.sorted[at])
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.joined.capacity() + 4 * (self.ends.capacity() + self.sorted.capacity())
    }
}

/// For documents that are written after the table is finished: their keys must be in it.
impl Intern for &Strings {
    fn key(&mut self, key: &str) -> u32 {
        self.find(key)
            .expect("keys written late are interned early")
    }

    fn text(&mut self, text: &str) -> Option<u32> {
        self.find(text)
    }
}

/// A table of texts that still grows.
#[derive(Debug, Default)]
pub(crate) struct StringsBuilder {
    numbers: FxHashMap<Box<str>, u32>,
    joined: String,
    ends: Vec<u32>,
    /// Hashes of texts met once: a text gets its number when it is met again.
    met: FxHashSet<u64>,
}

/// The table is named by 32 bit offsets; texts beyond it are written out, which is always right.
const FULL: usize = u32::MAX as usize / 2;

impl StringsBuilder {
    fn add(&mut self, text: &str) -> u32 {
        let number = u32::try_from(self.ends.len()).expect("there are fewer texts than bytes");
        self.joined.push_str(text);
        self.ends
            .push(u32::try_from(self.joined.len()).expect("bounded by `FULL`"));
        self.numbers.insert(text.into(), number);
        number
    }

    /// No more texts: the table for reading.
    pub(crate) fn finish(mut self) -> Strings {
        self.joined.shrink_to_fit();
        self.ends.shrink_to_fit();
        let count = u32::try_from(self.ends.len()).expect("numbers are 32 bit");
        let mut strings = Strings {
            joined: self.joined,
            ends: self.ends,
            sorted: Vec::new(),
        };
        let mut sorted: Vec<u32> = (0..count).collect();
        sorted.sort_unstable_by(|a, b| strings.text(*a).cmp(strings.text(*b)));
        strings.sorted = sorted;
        strings
    }
}

impl Intern for StringsBuilder {
    fn key(&mut self, key: &str) -> u32 {
        match self.numbers.get(key) {
            Some(number) => *number,
            None => self.add(key),
        }
    }

    fn text(&mut self, text: &str) -> Option<u32> {
        if let Some(number) = self.numbers.get(text) {
            return Some(*number);
        }
        let mut hasher = FxHasher::default();
        text.hash(&mut hasher);
        let again = text.len() > 2 && !self.met.insert(hasher.finish());
        (again && self.joined.len() + text.len() < FULL).then(|| self.add(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_gets_a_number_when_it_is_met_again() {
        let mut builder = StringsBuilder::default();
        let key = builder.key("name");
        assert_eq!(builder.text("default"), None);
        let number = builder.text("default").unwrap();
        assert_eq!(builder.text("default"), Some(number));
        let strings = builder.finish();
        assert_eq!(strings.text(key), "name");
        assert_eq!(strings.find("default"), Some(number));
        assert_eq!(strings.find("absent"), None);
    }
}
