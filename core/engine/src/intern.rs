//! Texts that occur often, each kept once and named by a number. Knows nothing about documents: who decides
//! which texts are worth a number is [`crate::document`].
use std::hash::{Hash as _, Hasher as _};
use std::sync::Arc;

use hashbrown::HashTable;
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};

/// Gives out numbers for texts; the document encoder asks it for every key and every text.
pub(crate) trait Intern {
    /// The number of a key; every key has one.
    fn key(&mut self, key: &str) -> u32;
    /// The number of a text, or `None` if it is better written out.
    fn text(&mut self, text: &str) -> Option<u32>;
}

/// A finished table of texts; cheap to clone. What later changes add has numbers behind all others.
#[derive(Debug, Clone, Default)]
pub(crate) struct Strings {
    pub(crate) base: Arc<Table>,
    pub(crate) more: Arc<Table>,
}

/// Texts one behind the other.
#[derive(Debug, Clone, Default)]
pub(crate) struct Table {
    pub(crate) joined: String,
    /// Where each text ends in `joined`.
    pub(crate) ends: Vec<u32>,
    /// Numbers in the order of their texts.
    pub(crate) sorted: Vec<u32>,
}

impl Table {
    fn text(&self, at: usize) -> &str {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.joined[start as usize..self.ends[at] as usize]
    }

    fn find(&self, text: &str) -> Option<u32> {
        let found = self
            .sorted
            .binary_search_by(|&number| self.text(number as usize).cmp(text));
        found.ok().map(|at| self.sorted[at])
    }

    fn sort(&mut self) {
        let count = u32::try_from(self.ends.len()).expect("numbers are 32 bit");
        let mut sorted: Vec<u32> = (0..count).collect();
        sorted.sort_unstable_by(|a, b| self.text(*a as usize).cmp(self.text(*b as usize)));
        self.sorted = sorted;
    }

    fn push(&mut self, text: &str) {
        self.joined.push_str(text);
        let end = u32::try_from(self.joined.len()).expect("bounded by `FULL`");
        self.ends.push(end);
    }

    fn memory_bytes(&self) -> usize {
        self.joined.capacity() + 4 * (self.ends.capacity() + self.sorted.capacity())
    }
}

impl Strings {
    /// The text with this number.
    pub(crate) fn text(&self, number: u32) -> &str {
        let at = number as usize;
        let first = self.base.ends.len();
        if at < first {
            self.base.text(at)
        } else {
            self.more.text(at - first)
        }
    }

    /// How many texts there are; their numbers are below.
    pub(crate) fn len(&self) -> usize {
        self.base.ends.len() + self.more.ends.len()
    }

    /// The number of a text.
    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        self.base.find(text).or_else(|| {
            let first = u32::try_from(self.base.ends.len()).expect("numbers are 32 bit");
            self.more.find(text).map(|number| first + number)
        })
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.base.memory_bytes() + self.more.memory_bytes()
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

/// A finished table that learns the keys of a few more documents. Their texts are written out: looking each of them up
/// would take longer than the little memory is worth.
#[derive(Debug)]
pub(crate) struct LateStrings {
    strings: Strings,
    known: FxHashMap<Box<str>, u32>,
    added: Table,
}

impl LateStrings {
    pub(crate) fn new(strings: &Strings) -> Self {
        Self {
            strings: strings.clone(),
            known: FxHashMap::default(),
            added: Table::clone(&strings.more),
        }
    }

    /// The table with all that was added.
    pub(crate) fn finish(mut self) -> Strings {
        if self.added.ends.len() > self.strings.more.ends.len() {
            self.added.sort();
            self.strings.more = Arc::new(self.added);
        }
        self.strings
    }
}

impl Intern for LateStrings {
    fn key(&mut self, key: &str) -> u32 {
        if let Some(number) = self.known.get(key) {
            return *number;
        }
        let number = self.strings.find(key).unwrap_or_else(|| {
            self.added.push(key);
            let all = self.strings.base.ends.len() + self.added.ends.len();
            u32::try_from(all - 1).expect("there are fewer texts than bytes")
        });
        self.known.insert(key.into(), number);
        number
    }

    fn text(&mut self, _: &str) -> Option<u32> {
        None
    }
}

/// A table of texts that still grows.
#[derive(Debug, Default)]
pub(crate) struct StringsBuilder {
    /// Numbers of texts, by their hash.
    numbers: HashTable<u32>,
    table: Table,
    /// Hashes of texts met once: a text gets its number when it is met again.
    met: FxHashSet<u64>,
}

/// The table is named by 32 bit offsets; texts beyond it are written out, which is always right.
const FULL: usize = u32::MAX as usize / 2;

impl StringsBuilder {
    fn find(&self, text: &str, hash: u64) -> Option<u32> {
        let found = self
            .numbers
            .find(hash, |at| self.table.text(*at as usize) == text);
        found.copied()
    }

    fn add(&mut self, text: &str, hash: u64) -> u32 {
        let count = self.table.ends.len();
        let number = u32::try_from(count).expect("there are fewer texts than bytes");
        self.table.push(text);
        let table = &self.table;
        let hash_of = |at: &u32| hash_of(table.text(*at as usize));
        self.numbers.insert_unique(hash, number, hash_of);
        number
    }

    /// No more texts: the table for reading.
    pub(crate) fn finish(self) -> Strings {
        let mut table = self.table;
        table.joined.shrink_to_fit();
        table.ends.shrink_to_fit();
        table.sort();
        Strings {
            base: Arc::new(table),
            more: Arc::default(),
        }
    }
}

impl Intern for StringsBuilder {
    fn key(&mut self, key: &str) -> u32 {
        let hash = hash_of(key);
        let found = self.find(key, hash);
        found.unwrap_or_else(|| self.add(key, hash))
    }

    fn text(&mut self, text: &str) -> Option<u32> {
        let hash = hash_of(text);
        let found = self.find(text, hash);
        if found.is_some() {
            return found;
        }
        let again = text.len() > 2 && !self.met.insert(hash);
        let fits = self.table.joined.len() + text.len() < FULL;
        (again && fits).then(|| self.add(text, hash))
    }
}

fn hash_of(text: &str) -> u64 {
    let mut hasher = FxHasher::default();
    text.hash(&mut hasher);
    hasher.finish()
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
        let mut late = LateStrings::new(&strings);
        assert_eq!(late.key("name"), key);
        let new = late.key("absent");
        assert_eq!((late.key("absent"), late.text("default")), (new, None));
        let more = late.finish();
        assert_eq!((more.text(new), more.find("absent")), ("absent", Some(new)));
        let mut again = LateStrings::new(&more);
        let newer = again.key("newer");
        let newest = again.finish();
        assert_eq!((newest.text(new), newest.text(newer)), ("absent", "newer"));
        assert_eq!(strings.find("absent"), None);
    }
}
