//! Blocks: up to a few hundred documents in one compressed value, with a table in front that can be read alone.
//!
//! A block never changes once written. What a document means is not its business.
use jiff::Timestamp;
use stocktake_model::NodeId;

use crate::seal::{pack, seal, unpack, unseal};

/// Uncompressed bytes after which a block is closed: about 20 KB compressed.
const FULL_BYTES: usize = 160 * 1024;
/// Documents after which a block is closed.
const FULL_DOCS: usize = 256;
/// Bytes of one line of the table.
const LINE: usize = SHORT_LINE + 4;
/// Bytes of a line without a revision, as format 1 wrote them.
const SHORT_LINE: usize = 16 + 8 + 8 + 8 + 4;

/// A document in the table of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: NodeId,
    /// Hash of the document.
    pub(crate) hash: [u8; 8],
    /// Second of the first commit with it.
    pub(crate) first_seen: i64,
    /// Second of the last commit that changed it.
    pub(crate) changed: i64,
    length: u32,
    /// Counts the versions of the document, from 1.
    pub(crate) revision: u32,
}

impl Entry {
    pub(crate) fn new(id: NodeId, hash: [u8; 8], first_seen: i64, changed: i64) -> Self {
        Self {
            id,
            hash,
            first_seen,
            changed,
            length: 0,
            revision: 1,
        }
    }

    /// The version of this number.
    pub(crate) fn revised(self, revision: u32) -> Self {
        Self { revision, ..self }
    }
}

/// The stored second as a time.
pub(crate) fn time(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Documents on their way into a block.
#[derive(Debug, Default)]
pub(crate) struct Packer {
    table: Vec<u8>,
    body: Vec<u8>,
    docs: usize,
}

impl Packer {
    /// Adds a document; it must be shorter than 4 GiB.
    pub(crate) fn push(&mut self, entry: Entry, doc: &[u8]) {
        let length = u32::try_from(doc.len()).expect("a document is far below 4 GiB");
        self.table.extend_from_slice(entry.id.as_bytes());
        self.table.extend_from_slice(&entry.hash);
        self.table
            .extend_from_slice(&entry.first_seen.to_le_bytes());
        self.table.extend_from_slice(&entry.changed.to_le_bytes());
        self.table.extend_from_slice(&length.to_le_bytes());
        self.table.extend_from_slice(&entry.revision.to_le_bytes());
        self.body.extend_from_slice(doc);
        self.docs += 1;
    }

    pub(crate) fn is_full(&self) -> bool {
        self.body.len() >= FULL_BYTES || self.docs >= FULL_DOCS
    }

    pub(crate) fn docs(&self) -> usize {
        self.docs
    }

    /// `block = seal(docs:u32 table_bytes:u32 zstd(table) zstd(body))`; the packer is empty afterwards.
    pub(crate) fn close(&mut self) -> Vec<u8> {
        let table = pack(&self.table);
        let mut payload = Vec::new();
        for number in [self.docs, table.len()] {
            let number = u32::try_from(number).expect("a block is far below 4 GiB");
            payload.extend_from_slice(&number.to_le_bytes());
        }
        payload.extend_from_slice(&table);
        payload.extend_from_slice(&pack(&self.body));
        *self = Self::default();
        seal(&payload)
    }
}

/// A block that was read and verified.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) table: Vec<Entry>,
    body: Vec<u8>,
}

impl Block {
    /// Verifies a block and reads its table; the documents stay compressed.
    pub(crate) fn read(sealed: &[u8]) -> Result<Self, &'static str> {
        let mut payload = unseal(sealed)?;
        let docs = usize::try_from(number(&mut payload)?).expect("32 bits fit");
        let bytes = usize::try_from(number(&mut payload)?).expect("32 bits fit");
        let (table, body) = payload
            .split_at_checked(bytes)
            .ok_or("its table is too short")?;
        let table = unpack(table, docs.saturating_mul(LINE))?;
        let line = [LINE, SHORT_LINE]
            .into_iter()
            .find(|line| docs.checked_mul(*line) == Some(table.len()))
            .ok_or("its table is too short")?;
        Ok(Self {
            table: table.chunks_exact(line).map(entry).collect(),
            body: body.to_vec(),
        })
    }

    /// The documents, in the order of the table.
    pub(crate) fn docs(&self) -> Result<Vec<Vec<u8>>, &'static str> {
        let lengths = self.table.iter().map(|entry| entry.length as usize);
        let body = unpack(&self.body, lengths.clone().sum())?;
        let mut rest = body.as_slice();
        lengths
            .map(|length| {
                let (doc, after) = rest.split_at_checked(length).ok_or("it is too short")?;
                rest = after;
                Ok(doc.to_vec())
            })
            .collect()
    }
}

fn number(rest: &mut &[u8]) -> Result<u32, &'static str> {
    let (bytes, after) = rest.split_first_chunk().ok_or("it is too short")?;
    *rest = after;
    Ok(u32::from_le_bytes(*bytes))
}

fn entry(line: &[u8]) -> Entry {
    let eight = |from: usize| -> [u8; 8] {
        let bytes = line[from..from + 8].try_into();
        bytes.expect("a line of the table has a fixed length")
    };
    Entry {
        id: NodeId::from_bytes(line[..16].try_into().expect("sixteen bytes were sliced")),
        hash: eight(16),
        first_seen: i64::from_le_bytes(eight(24)),
        changed: i64::from_le_bytes(eight(32)),
        length: u32::from_le_bytes(line[40..44].try_into().expect("four bytes were sliced")),
        revision: (line.get(44..48)).map_or(1, |four| {
            u32::from_le_bytes(four.try_into().expect("four bytes were sliced"))
        }),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_goes_in_comes_out(docs in proptest::collection::vec(
            (any::<[u8; 16]>(), any::<[u8; 8]>(), any::<(i64, i64, u32)>(), any::<Vec<u8>>()), 0..40,
        )) {
            let mut packer = Packer::default();
            for (id, hash, (first, changed, revision), doc) in &docs {
                let entry = Entry::new(NodeId::from_bytes(*id), *hash, *first, *changed);
                packer.push(entry.revised(*revision), doc);
            }
            let block = Block::read(&packer.close()).unwrap();
            let bodies: Vec<_> = docs.iter().map(|doc| doc.3.clone()).collect();
            prop_assert_eq!(block.docs().unwrap(), bodies);
            for (entry, (id, hash, numbers, _)) in block.table.iter().zip(&docs) {
                prop_assert_eq!(entry.id.as_bytes(), id);
                prop_assert_eq!(&entry.hash, hash);
                prop_assert_eq!(&(entry.first_seen, entry.changed, entry.revision), numbers);
            }
        }

        #[test]
        fn a_block_of_format_1_can_be_read(docs in proptest::collection::vec(any::<Vec<u8>>(), 0..9)) {
            let mut table = Vec::new();
            for doc in &docs {
                table.extend_from_slice(&[7; 40]);
                table.extend_from_slice(&u32::try_from(doc.len()).unwrap().to_le_bytes());
            }
            let table = pack(&table);
            let numbers = [docs.len(), table.len()].map(|number| u32::try_from(number).unwrap().to_le_bytes());
            let block = seal(&[&numbers.concat(), &table[..], &pack(&docs.concat())].concat());
            let block = Block::read(&block).unwrap();
            prop_assert!(block.table.iter().all(|entry| entry.revision == 1));
            prop_assert_eq!(block.docs().unwrap(), docs);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in any::<Vec<u8>>()) {
            prop_assert!(Block::read(&seal(&bytes)).and_then(|block| block.docs()).is_err() || bytes.len() >= 8);
        }
    }
}
