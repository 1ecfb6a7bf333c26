//! Blocks that a reader may still need stay until the last such reader is gone.
//!
//! Every committed state of an account has one pin. Readers hold the pin of the state they read. A pin that was
//! followed by another knows which blocks that one no longer needs, and keeps it alive: blocks go away in the
//! order in which they were given up.
use std::sync::{Arc, OnceLock};

use crate::manifest::BlockRef;
use crate::stage::Trees;

/// Blocks that were given up, and the note about them that survives a crash.
#[derive(Debug)]
pub(crate) struct Retired {
    pub(crate) account: String,
    pub(crate) blocks: Vec<BlockRef>,
    pub(crate) note: Vec<u8>,
}

/// One committed state of an account, while anybody reads it.
#[derive(Debug)]
pub(crate) struct Pin {
    trees: Trees,
    after: OnceLock<(Retired, Arc<Pin>)>,
}

impl Pin {
    pub(crate) fn new(trees: &Trees) -> Arc<Self> {
        Arc::new(Self {
            trees: trees.clone(),
            after: OnceLock::new(),
        })
    }

    /// The trees this state is in.
    pub(crate) fn trees(&self) -> &Trees {
        &self.trees
    }

    /// Tells what the next state gave up.
    pub(crate) fn follow(&self, retired: Retired, next: Arc<Self>) {
        let first = self.after.set((retired, next));
        debug_assert!(first.is_ok(), "a state is followed by one other");
    }

    fn release(&self, retired: &Retired) {
        let done = self.trees.remove(&retired.account, &retired.blocks);
        let done = done.and_then(|()| {
            let gone = self.trees.graph.remove(&retired.note);
            gone.map_err(|error| self.trees.trouble(error))
        });
        if let Err(error) = done {
            // The next open finds the note and does it.
            tracing::warn!(account = retired.account, %error, "could not remove blocks that are no longer needed");
        }
    }
}

impl Drop for Pin {
    fn drop(&mut self) {
        // A loop, not recursion: one slow reader can hold a long chain.
        let mut after = self.after.take();
        while let Some((retired, next)) = after {
            self.release(&retired);
            after = Arc::into_inner(next).and_then(|mut next| next.after.take());
        }
    }
}
