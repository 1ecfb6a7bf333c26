//! Which rows may contain a word: words are hashed into buckets, and every bucket lists its rows. Gives candidates
//! to [`crate::text::Phrase`], which reads the documents and decides.
use std::hash::Hasher as _;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustc_hash::FxHasher;

use crate::partition::{Partition, Row, row_number};
use crate::text::{Phrase, each_word_of};

/// The index of a partition: made when full text was asked of enough rows, kept if it is small enough.
#[derive(Debug, Default)]
pub(crate) struct Words {
    asked: AtomicUsize,
    index: OnceLock<Option<WordIndex>>,
}

/// Rows by bucket.
#[derive(Debug)]
pub(crate) struct WordIndex {
    /// Number of buckets minus one; their number is a power of two.
    mask: u64,
    /// Where the rows of each bucket begin.
    starts: Vec<u32>,
    /// Ascending in each bucket.
    rows: Vec<Row>,
    /// Buckets of words that are nearly everywhere; sorted. Their rows are not listed.
    common: Vec<u32>,
}

/// A bucket with more than one in this many rows is common.
const COMMON: u32 = 4;
/// Bytes of documents per bucket.
const BYTES_PER_BUCKET: usize = 32;

impl Words {
    /// The index, if it is there or worth making, now that `rows` more rows are asked for.
    pub(crate) fn asked(&self, partition: &Partition, rows: usize) -> Option<&WordIndex> {
        if let Some(index) = self.index.get() {
            return index.as_ref();
        }
        let asked = rows + self.asked.fetch_add(rows, Ordering::Relaxed);
        if asked < partition.len() / 4 {
            return None;
        }
        self.index
            .get_or_init(|| WordIndex::build(partition))
            .as_ref()
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
        let mut last = vec![Row::MAX; buckets];
        let mut counts = vec![0_u32; buckets];
        // The buckets of all rows, one row after the other, and where each row ends.
        let mut all: Vec<u32> = Vec::new();
        let mut ends = Vec::with_capacity(partition.len());
        for row in 0..row_number(partition.len()) {
            each_word_of(partition.reported(row), &mut |word| {
                let bucket = bucket(word, mask);
                let at = bucket as usize;
                if last[at] != row {
                    last[at] = row;
                    counts[at] += 1;
                    all.push(bucket);
                }
            });
            ends.push(all.len());
        }
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
        let rows = fill(&starts, &all, &ends, total);
        Some(Self {
            mask,
            starts,
            rows,
            common,
        })
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

/// Rows in the order of their buckets.
fn fill(starts: &[u32], all: &[u32], ends: &[usize], total: usize) -> Vec<Row> {
    let mut next = starts.to_vec();
    let mut rows = vec![0; total];
    let mut start = 0;
    for (row, &end) in (0..).zip(ends) {
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

/// Where a word belongs, whatever its case.
fn bucket(word: &str, mask: u64) -> u32 {
    let mut hasher = FxHasher::default();
    if word.is_ascii() {
        for byte in word.bytes() {
            hasher.write_u8(byte.to_ascii_lowercase());
        }
    } else {
        for byte in word.to_lowercase().bytes() {
            hasher.write_u8(byte);
        }
    }
    u32::try_from(hasher.finish() & mask).expect("there are fewer buckets than bytes of documents")
}
