//! Writing blocks that are nothing yet: only the batch that also drops the staging note makes them part of an
//! account. A writer that goes away before that, or a process that is killed, leaves nothing behind.
use std::path::PathBuf;
use std::sync::Arc;

use sled::{Batch, IVec, Tree};

use crate::block::{Entry, Packer};
use crate::cache::touch;
use crate::files::Home;
use crate::key;
use crate::manifest::{BlockRef, Run};
use crate::{Damaged, StoreError};

/// Longest value, so that no page of sled's outgrows its log and becomes a file of its own.
pub(crate) const PART: usize = 48 * 1024;

/// The trees that blocks and their notes live in.
#[derive(Debug, Clone)]
pub(crate) struct Trees {
    pub(crate) dir: PathBuf,
    pub(crate) graph: Tree,
    pub(crate) block: Tree,
    /// Dropped last: it is the database itself.
    pub(crate) home: Arc<Home>,
}

impl Trees {
    pub(crate) fn trouble(&self, error: sled::Error) -> StoreError {
        let error = StoreError::sled(&self.dir, error);
        self.home.note(&error);
        error
    }

    /// The bytes of a block, or which one is damaged.
    pub(crate) fn read(
        &self,
        account: &str,
        kind: Option<&str>,
        block: &BlockRef,
    ) -> Result<crate::block::Block, StoreError> {
        let mut bytes = Vec::new();
        for part in 0..block.parts {
            let key = key::part(account, block, part);
            if let Some(piece) = self.piece(&key)? {
                bytes.extend_from_slice(&piece);
            }
        }
        crate::block::Block::read(&bytes).map_err(|why| damaged(account, kind, block, why).into())
    }

    /// A part of a block.
    pub(crate) fn piece(&self, key: &[u8]) -> Result<Option<IVec>, StoreError> {
        let found = self.block.get(key);
        let found = found.map_err(|error| self.trouble(error))?;
        touch(&self.block, key).map_err(|error| self.trouble(error))?;
        Ok(found)
    }

    /// Removes every block of a writer, and its note.
    pub(crate) fn unstage(&self, account: &str, writer: u64) -> Result<(), StoreError> {
        let prefix = key::blocks(account, writer);
        for found in self.block.scan_prefix(prefix).keys() {
            let key = found.map_err(|error| self.trouble(error))?;
            let gone = self.block.remove(key);
            gone.map_err(|error| self.trouble(error))?;
        }
        let gone = self.graph.remove(key::staged(account, writer));
        gone.map_err(|error| self.trouble(error)).map(drop)
    }

    /// Removes blocks that no manifest names.
    pub(crate) fn remove(&self, account: &str, blocks: &[BlockRef]) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        for block in blocks {
            for part in 0..block.parts {
                let key = key::part(account, block, part);
                batch.remove(key::beside(&key));
                batch.remove(key);
            }
        }
        let done = self.block.apply_batch(batch);
        done.map_err(|error| self.trouble(error))
    }
}

/// The error that names a block.
pub(crate) fn damaged(
    account: &str,
    kind: Option<&str>,
    block: &BlockRef,
    why: &'static str,
) -> Damaged {
    Damaged {
        what: format!("block {}-{}", block.writer, block.number),
        account: Some(account.to_owned()),
        kind: kind.map(str::to_owned),
        why,
    }
}

/// One writer of blocks of one account.
#[derive(Debug)]
pub(crate) struct Stager {
    trees: Trees,
    account: String,
    pub(crate) writer: u64,
    /// Every block it wrote.
    pub(crate) written: Vec<BlockRef>,
    /// Bytes of all values it wrote.
    pub(crate) bytes: u64,
    committed: bool,
}

impl Stager {
    /// A writer with a number of its own.
    pub(crate) fn new(trees: &Trees, account: &str) -> Result<Self, StoreError> {
        let next = |old: Option<&[u8]>| Some((number(old) + 1).to_be_bytes().to_vec());
        let last = trees.graph.update_and_fetch(key::WRITER, next);
        let last = last.map_err(|error| trees.trouble(error))?;
        Ok(Self {
            trees: trees.clone(),
            account: account.to_owned(),
            writer: number(last.as_deref()),
            written: Vec::new(),
            bytes: 0,
            committed: false,
        })
    }

    /// Writes what the packer holds, if anything.
    pub(crate) fn write(&mut self, packer: &mut Packer) -> Result<Option<BlockRef>, StoreError> {
        if packer.docs() == 0 {
            return Ok(None);
        }
        if self.written.is_empty() {
            let note = key::staged(&self.account, self.writer);
            let done = self.trees.graph.insert(note, &[]);
            done.map_err(|error| self.trees.trouble(error))?;
        }
        let docs = packer.docs() as u64;
        let bytes = packer.close();
        let fits = "a block is far below 4 GiB";
        let block = BlockRef {
            writer: self.writer,
            number: u32::try_from(self.written.len()).expect(fits),
            parts: u32::try_from(bytes.len().div_ceil(PART)).expect(fits),
            docs,
        };
        // Listed first: whatever happens while its pieces are written, they are found again.
        self.written.push(block);
        for (part, piece) in (0..).zip(bytes.chunks(PART)) {
            let key = key::part(&self.account, &block, part);
            let tree = &self.trees.block;
            let done = tree.insert(&key, piece).and_then(|_| touch(tree, &key));
            done.map_err(|error| self.trees.trouble(error))?;
        }
        self.bytes += bytes.len() as u64;
        Ok(Some(block))
    }

    /// The key that a commit removes.
    pub(crate) fn note(&self) -> Vec<u8> {
        key::staged(&self.account, self.writer)
    }

    /// From here on the blocks belong to the account.
    pub(crate) fn committed(&mut self) {
        self.committed = true;
    }
}

impl Drop for Stager {
    fn drop(&mut self) {
        if self.committed || self.written.is_empty() {
            return;
        }
        if let Err(error) = self.trees.unstage(&self.account, self.writer) {
            // The next open finds the note and does it.
            tracing::warn!(account = self.account, %error, "could not remove blocks of an import that was given up");
        }
    }
}

/// A number as it is stored; 0 if there is none.
pub(crate) fn number(bytes: Option<&[u8]>) -> u64 {
    bytes
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(0, u64::from_be_bytes)
}

/// A run on its way.
#[derive(Debug, Default)]
pub(crate) struct RunBuilder {
    packer: Packer,
    run: Run,
}

impl RunBuilder {
    pub(crate) fn push(
        &mut self,
        stager: &mut Stager,
        entry: Entry,
        doc: &[u8],
    ) -> Result<(), StoreError> {
        self.packer.push(entry, doc);
        if self.packer.is_full() {
            self.run.blocks.extend(stager.write(&mut self.packer)?);
        }
        Ok(())
    }

    pub(crate) fn finish(mut self, stager: &mut Stager) -> Result<Run, StoreError> {
        self.run.blocks.extend(stager.write(&mut self.packer)?);
        Ok(self.run)
    }
}
