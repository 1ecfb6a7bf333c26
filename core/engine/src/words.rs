//! Which rows may contain a word: words are hashed into buckets, and every bucket lists its rows. Gives candidates
//! to [`crate::text::Phrase`], which reads the documents and decides.
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use stocktake_model::mixed;

use crate::document::{Cursor, Item};
use crate::layer::Layer;
use crate::parallel::both;
use crate::partition::{Partition, Row, row_number};
use crate::text::{Phrase, each_word, scalars};

/// The index of a partition: made when full text was asked of all rows before, or by whoever has the time; kept if it
/// is small enough.
#[derive(Debug, Default)]
pub(crate) struct Words {
    asked: AtomicUsize,
    is_made: AtomicBool,
    index: OnceLock<Option<WordIndex>>,
}

/// Rows by bucket.
#[derive(Debug)]
pub(crate) struct WordIndex {
    /// Number of buckets minus one; their number is a power of two.
    pub(crate) mask: u64,
    /// Where the rows of each bucket begin.
    pub(crate) starts: Vec<u32>,
    /// Ascending in each bucket.
    pub(crate) rows: Vec<Row>,
    /// Buckets of words that are nearly everywhere; sorted. Their rows are not listed.
    pub(crate) common: Vec<u32>,
}

/// A bucket with more than one in this many rows is common.
const COMMON: u32 = 4;
/// Bytes of documents per bucket.
const BYTES_PER_BUCKET: usize = 32;

impl Words {
    /// The index, if it is there or worth making, now that `rows` more rows are asked for. It is not for the first
    /// question: to read all documents once takes a fraction of the time.
    pub(crate) fn asked(&self, partition: &Partition, rows: usize) -> Option<&WordIndex> {
        if let Some(index) = self.index.get() {
            return index.as_ref();
        }
        let asked = rows + self.asked.fetch_add(rows, Ordering::Relaxed);
        // Who comes while somebody else makes it reads documents meanwhile.
        if asked <= partition.len() || self.is_made.swap(true, Ordering::Relaxed) {
            return None;
        }
        self.make(partition);
        self.ready()
    }

    /// Makes the index, if it is not there.
    pub(crate) fn make(&self, partition: &Partition) {
        self.index.get_or_init(|| WordIndex::build(partition));
    }

    /// With an index that was made before.
    pub(crate) fn known(index: WordIndex) -> Self {
        let words = Self::default();
        words.index.get_or_init(|| Some(index));
        words
    }

    /// The index of a changed partition, if the one below it has one: only what changed is read.
    pub(crate) fn merged(partition: &Partition, layer: &Layer) -> Self {
        let words = Self::default();
        if let Some(below) = layer.base.words.ready() {
            let index = below.changed(partition, layer);
            words.index.get_or_init(|| Some(index));
        }
        words
    }

    /// The index, if it is there.
    pub(crate) fn ready(&self) -> Option<&WordIndex> {
        self.index.get()?.as_ref()
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        let lists = |index: &WordIndex| {
            4 * (index.starts.capacity() + index.rows.capacity() + index.common.capacity())
        };
        self.ready().map_or(0, lists)
    }
}

impl WordIndex {
    /// `None` if it would take more memory than the documents.
    fn build(partition: &Partition) -> Option<Self> {
        let buckets = (partition.arena.len() / BYTES_PER_BUCKET).next_power_of_two();
        let mask = buckets as u64 - 1;
        let mut reader = Reader::new(partition, mask, buckets);
        // Where the buckets of each row end.
        let mut ends = Vec::with_capacity(partition.len());
        for row in 0..row_number(partition.len()) {
            reader.row = row;
            reader.read(partition.reported(row));
            ends.push(reader.all.len());
        }
        let Reader { counts, all, .. } = reader;
        let most = row_number(partition.len()) / COMMON + 16;
        let listed = |count: u32| if count > most { 0 } else { count };
        let total: usize = counts.iter().map(|count| listed(*count) as usize).sum();
        if 4 * (total + buckets) > partition.arena.len().max(4096) || u32::try_from(total).is_err()
        {
            return None;
        }
        let mut starts = Vec::with_capacity(buckets + 1);
        starts.push(0);
        let mut common = Vec::new();
        for (bucket, &count) in (0_u32..).zip(&counts) {
            if count > most {
                common.push(bucket);
            }
            starts.push(starts[bucket as usize] + listed(count));
        }
        let rows = fill(&starts, &all, (0..).zip(ends), total);
        Some(Self {
            mask,
            starts,
            rows,
            common,
        })
    }

    /// The same index for the rows of a changed partition.
    fn changed(&self, partition: &Partition, layer: &Layer) -> Self {
        let (first, second) = layer.fresh.split_at(layer.fresh.len() / 2);
        let (first, second) = both(
            || self.read(partition, first),
            || self.read(partition, second),
        );
        let buckets = self.starts.len() - 1;
        let mut starts = Vec::with_capacity(buckets + 1);
        let most = self.rows.len() + first.rows.len() + second.rows.len();
        let mut rows: Vec<Row> = Vec::with_capacity(most);
        for bucket in 0..buckets {
            starts.push(row_number(rows.len()));
            let mut fresh = first.of(bucket).iter().chain(second.of(bucket)).peekable();
            let range = self.starts[bucket] as usize..self.starts[bucket + 1] as usize;
            for row in layer.same(&self.rows[range]) {
                while let Some(before) = fresh.next_if(|fresh| **fresh < row) {
                    rows.push(*before);
                }
                rows.push(row);
            }
            rows.extend(fresh);
        }
        starts.push(row_number(rows.len()));
        Self {
            mask: self.mask,
            starts,
            rows,
            common: self.common.clone(),
        }
    }

    /// The buckets of some rows, which ascend; without the common ones.
    fn read(&self, partition: &Partition, fresh: &[Row]) -> Fresh {
        let buckets = self.starts.len() - 1;
        let mut reader = Reader::new(partition, self.mask, buckets);
        let mut ends = Vec::with_capacity(fresh.len());
        for row in fresh {
            reader.row = *row;
            reader.read(partition.reported(*row));
            ends.push(reader.all.len());
        }
        let Reader {
            mut counts, all, ..
        } = reader;
        for bucket in &self.common {
            counts[*bucket as usize] = 0;
        }
        let mut starts = Vec::with_capacity(buckets + 1);
        starts.push(0);
        let mut total = 0;
        for count in counts {
            total += count;
            starts.push(total);
        }
        let rows = fill(
            &starts,
            &all,
            fresh.iter().copied().zip(ends),
            total as usize,
        );
        Fresh { starts, rows }
    }

    /// The rows that have all words of a phrase or look like it; `None` if that is nearly all rows.
    pub(crate) fn candidates(&self, phrase: &Phrase) -> Option<&[Row]> {
        let lists = phrase.words().iter().filter_map(|word| {
            let bucket = bucket(word, self.mask);
            if self.common.binary_search(&bucket).is_ok() {
                return None;
            }
            let at = bucket as usize;
            Some(&self.rows[self.starts[at] as usize..self.starts[at + 1] as usize])
        });
        lists.min_by_key(|rows| rows.len())
    }
}

/// Rows that changed, by bucket.
struct Fresh {
    starts: Vec<u32>,
    rows: Vec<Row>,
}

impl Fresh {
    /// Those of one bucket, ascending.
    fn of(&self, bucket: usize) -> &[Row] {
        &self.rows[self.starts[bucket] as usize..self.starts[bucket + 1] as usize]
    }
}

/// Reads documents row by row.
struct Reader {
    mask: u64,
    row: Row,
    /// The row that was in each bucket last.
    last: Vec<Row>,
    /// Number of rows in each bucket.
    counts: Vec<u32>,
    /// The buckets of all rows, one row after the other.
    all: Vec<u32>,
    /// Texts with a number: the row they were met in last, and the buckets of their words.
    known: Vec<(Row, Option<Box<[u32]>>)>,
}

impl Reader {
    fn new(partition: &Partition, mask: u64, buckets: usize) -> Self {
        Self {
            mask,
            row: 0,
            last: vec![Row::MAX; buckets],
            counts: vec![0; buckets],
            all: Vec::new(),
            known: vec![(Row::MAX, None); partition.strings.len()],
        }
    }

    fn read(&mut self, value: Cursor<'_>) {
        if let Some(number) = value.number_of_text() {
            self.read_known(number, value);
            return;
        }
        match value.item() {
            Item::List(body) => body.elements().for_each(|element| self.read(element)),
            Item::Object(body) => body.entries().for_each(|(_, member)| self.read(member)),
            _ => scalars(value, &mut |text| {
                each_word(text, &mut |word| self.add(bucket(word, self.mask)));
            }),
        }
    }

    fn read_known(&mut self, number: u32, value: Cursor<'_>) {
        let at = number as usize;
        if std::mem::replace(&mut self.known[at].0, self.row) == self.row {
            return;
        }
        let buckets = self.known[at].1.take().unwrap_or_else(|| {
            let mut buckets = Vec::new();
            scalars(value, &mut |text| {
                each_word(text, &mut |word| buckets.push(bucket(word, self.mask)));
            });
            buckets.into()
        });
        buckets.iter().for_each(|bucket| self.add(*bucket));
        self.known[at].1 = Some(buckets);
    }

    fn add(&mut self, bucket: u32) {
        let at = bucket as usize;
        if self.last[at] != self.row {
            self.last[at] = self.row;
            self.counts[at] += 1;
            self.all.push(bucket);
        }
    }
}

/// Rows in the order of their buckets; with each row, where its buckets end.
fn fill(
    starts: &[u32],
    all: &[u32],
    ends: impl Iterator<Item = (Row, usize)>,
    total: usize,
) -> Vec<Row> {
    let mut next = starts.to_vec();
    let mut rows = vec![0; total];
    let mut start = 0;
    for (row, end) in ends {
        for &bucket in &all[start..end] {
            let at = bucket as usize;
            if starts[at] != starts[at + 1] {
                rows[next[at] as usize] = row;
                next[at] += 1;
            }
        }
        start = end;
    }
    rows
}

/// Where a word belongs, whatever its case. The index is kept in files by these numbers.
fn bucket(word: &str, mask: u64) -> u32 {
    let number = if word.is_ascii() {
        mixed(word.bytes().map(|byte| byte.to_ascii_lowercase()))
    } else {
        mixed(word.to_lowercase().bytes())
    };
    u32::try_from(number & mask).expect("there are fewer buckets than bytes of documents")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;
    use stocktake_model::{Model, NodeRecord};

    use super::*;
    use crate::PartitionBuilder;

    fn partition() -> Partition {
        let mut builder = PartitionBuilder::empty(Arc::new(Model::default()), "c", "a", "a");
        for at in 0..300 {
            let reported = json!({
                "kind": "volume", "id": format!("v-{at}"), "name": format!("Name{at}"),
                "notes": ["everywhere", format!("every third {}", at % 3)],
            });
            builder.node(&NodeRecord {
                reported: reported.as_object().cloned().unwrap_or_default(),
                ..NodeRecord::default()
            });
        }
        builder.resolve(&[], &[])
    }

    #[test]
    fn the_buckets_in_files_stay() {
        let words = ["web", "WEB", "Größe", "10.0.0.1"];
        let buckets = words.map(|word| bucket(word, 0xffff));
        assert_eq!(buckets, [54809, 54809, 33169, 16391]);
    }

    #[test]
    fn every_row_with_the_words_is_a_candidate() {
        let partition = partition();
        let index = WordIndex::build(&partition).unwrap();
        for text in [
            "everywhere",
            "NAME7",
            "name7",
            "v-17",
            "third 1",
            "third everywhere",
            "absent",
        ] {
            let phrase = Phrase::new(text);
            let candidates = index.candidates(&phrase);
            for row in 0..row_number(partition.len()) {
                let listed = candidates.is_none_or(|rows| rows.contains(&row));
                assert!(
                    listed || !phrase.occurs(partition.reported(row)),
                    "{text} {row}"
                );
            }
        }
        assert!(index.candidates(&Phrase::new("everywhere")).is_none());
        let few = index.candidates(&Phrase::new("name7")).unwrap();
        assert!(!few.is_empty() && few.len() < 20, "{few:?}");
    }
}
