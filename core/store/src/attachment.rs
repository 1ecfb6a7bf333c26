//! What the owner of an account keeps beside a state of it, e.g. a faster form of the same data: bytes without a
//! meaning here. It belongs to exactly one state and is never given out for another.
use serde::{Deserialize, Serialize};

use crate::block::{Entry, Packer};
use crate::layers::Layers;
use crate::manifest::{BlockRef, Run};
use crate::seal::from_sealed;
use crate::stage::Stager;
use crate::view::View;
use crate::{Import, StoreError, seal};
use stocktake_model::NodeId;

/// Bytes of a block of it before compression.
const PIECE: usize = 1 << 20;

/// Where the bytes are, and what they belong to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attachment {
    /// Number of the form, given by its owner.
    pub(crate) format: u32,
    /// The state it belongs to.
    pub(crate) generation: u64,
    pub(crate) blocks: Vec<BlockRef>,
}

impl Import {
    /// Keeps bytes beside the state that the commit makes, written in the same step. Of several the last counts.
    ///
    /// The next change of the account drops them: they are for whoever opens the store before that. Nothing is kept
    /// if something was put since the import began, because the bytes do not know of it.
    pub fn attach(&mut self, format: u32, bytes: &[u8]) -> Result<(), StoreError> {
        let mut blocks = Vec::new();
        for piece in bytes.chunks(PIECE) {
            blocks.push(write(piece, &mut self.stager)?);
        }
        self.attachment = Some(Attachment {
            format,
            generation: 0,
            blocks,
        });
        Ok(())
    }
}

fn write(piece: &[u8], stager: &mut Stager) -> Result<BlockRef, StoreError> {
    let mut packer = Packer::default();
    packer.push(Entry::new(NodeId::ROOT, seal::hash(piece), 0, 0), piece);
    let block = stager.write(&mut packer)?;
    Ok(block.expect("a document was pushed"))
}

impl View {
    fn attached(&self) -> Option<Attachment> {
        let value = self.attachment.as_deref()?;
        from_sealed("attachment", value).ok()
    }

    /// Blocks of what is attached.
    pub(crate) fn attached_blocks(&self) -> Vec<BlockRef> {
        self.attached().map_or_else(Vec::new, |one| one.blocks)
    }

    /// What was attached in this format to exactly this state; `None` as well if it is damaged.
    pub fn attachment(&self, format: u32) -> Result<Option<Vec<u8>>, StoreError> {
        let fits = |one: &Attachment| one.format == format && one.generation == self.generation;
        let Some(attachment) = self.attached().filter(fits) else {
            return Ok(None);
        };
        let run = Run {
            blocks: attachment.blocks,
            removed: Vec::new(),
        };
        let mut layers = Layers::open(self.trees(), self.account(), None, vec![run])?;
        let mut bytes = Vec::new();
        while let Some(live) = layers.next() {
            match live.and_then(|live| layers.docs(&live)) {
                Ok(pieces) => bytes.extend(pieces.into_iter().flat_map(|(_, piece)| piece)),
                Err(StoreError::Damaged(damaged)) => {
                    tracing::warn!(%damaged, "what is kept beside the account is made anew");
                    return Ok(None);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Some(bytes))
    }
}
