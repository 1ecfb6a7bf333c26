//! The way back for the nodes of one kind: what has to be done to the present documents to see those of the past.
use std::collections::BTreeMap;

use stocktake_model::NodeId;

use crate::block::Entry;
use crate::stage::Trees;
use crate::version::Version;
use crate::{Damaged, StoreError, delta, seal};

/// A document with its line in the table.
pub(crate) type Doc = (Entry, Vec<u8>);

/// What happens to each node on the way back; nodes it does not know stay as they are.
#[derive(Debug, Default)]
pub(crate) struct WayBack {
    account: String,
    kind: String,
    /// From the latest step to the earliest, at most one whole document, and that first; none if the node was not there.
    steps: BTreeMap<NodeId, Vec<Doc>>,
}

impl WayBack {
    /// Reads the way back over these versions, newest first.
    ///
    /// Memory: for each node that changed the deltas since its last whole document, of which there is one
    /// at least every [`crate::version::CHAIN`] changes.
    pub(crate) fn read(
        trees: &Trees,
        account: &str,
        kind: &str,
        versions: &[Version],
    ) -> Result<Self, StoreError> {
        let mut back = Self {
            account: account.to_owned(),
            kind: kind.to_owned(),
            steps: BTreeMap::new(),
        };
        for version in versions {
            if version.began {
                // What is there now came later; it is not even looked at.
                back.steps.clear();
            }
            for (undo, pieces) in version.nodes.iter().zip(version.pieces()) {
                if undo.kind != kind {
                    continue;
                }
                for id in &undo.run.removed {
                    back.steps.insert(*id, Vec::new());
                }
                for piece in pieces {
                    for doc in piece.docs(trees, account)? {
                        back.add(doc);
                    }
                }
            }
        }
        Ok(back)
    }

    fn add(&mut self, doc: Doc) {
        let steps = self.steps.entry(doc.0.id).or_default();
        if !delta::is_delta(&doc.1) {
            steps.clear();
        }
        steps.push(doc);
    }

    /// What was there in the place of a present document; `None` if nothing was.
    pub(crate) fn before(&mut self, present: Doc) -> Option<Result<Doc, StoreError>> {
        match self.steps.remove(&present.0.id) {
            None => Some(Ok(present)),
            Some(steps) if steps.is_empty() => None,
            Some(steps) => Some(self.go(Some(present), steps)),
        }
    }

    /// Nodes that were there then and are not now.
    pub(crate) fn rest(&mut self) -> Vec<Result<Doc, StoreError>> {
        let steps = std::mem::take(&mut self.steps).into_values();
        let steps = steps.filter(|steps| !steps.is_empty());
        steps.map(|steps| self.go(None, steps)).collect()
    }

    fn go(&self, present: Option<Doc>, steps: Vec<Doc>) -> Result<Doc, StoreError> {
        let mut doc = present;
        for (entry, stored) in steps {
            let after = doc.as_ref().map(|(_, doc)| doc.as_slice());
            let restored = restore(&entry, stored, after).map_err(|why| Damaged {
                what: format!("version of node {}", entry.id),
                account: Some(self.account.clone()),
                kind: Some(self.kind.clone()),
                why,
            })?;
            doc = Some((entry, restored));
        }
        Ok(doc.expect("nobody goes without a step"))
    }
}

/// The whole document of what a version stored, from the one that came after it.
pub(crate) fn restore(
    entry: &Entry,
    stored: Vec<u8>,
    after: Option<&[u8]>,
) -> Result<Vec<u8>, &'static str> {
    if !delta::is_delta(&stored) {
        return Ok(stored);
    }
    let after = after.ok_or("what came after it is lost")?;
    let doc = delta::apply(&stored, after).filter(|doc| seal::hash(doc) == entry.hash);
    doc.ok_or("it does not fit what came after it")
}
