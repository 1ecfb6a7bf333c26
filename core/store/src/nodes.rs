//! The nodes of a state, of now or of the past.
use crate::back::WayBack;
use crate::key::Section;
use crate::layers::Layers;
use crate::settle::{Part, kind_of};
use crate::view::{View, node};
use crate::{StoreError, StoredNode};

/// The nodes of a [`View`], by kind. Within a kind in the order in which they came. What is damaged is an error in its
/// place; where the way back to a state of the past is damaged, that stands for all nodes of the kind.
pub struct Nodes {
    view: View,
    /// Kinds to come, last first.
    parts: Vec<Part>,
    kind: Option<(Layers, WayBack)>,
    /// Nodes of the block that was read, last first.
    ready: Vec<Result<StoredNode, StoreError>>,
}

impl Nodes {
    pub(crate) fn new(view: View) -> Self {
        let is_node = |part: &&Part| part.0 == Section::Nodes;
        let mut parts: Vec<Part> = view.manifests.keys().filter(is_node).cloned().collect();
        parts.reverse();
        let damaged = view
            .damaged()
            .iter()
            .filter(|damaged| damaged.kind.is_some());
        let mut ready: Vec<_> = damaged.map(|damaged| Err(damaged.clone().into())).collect();
        ready.reverse();
        Self {
            view,
            parts,
            kind: None,
            ready,
        }
    }

    /// Reads on: true if something was found or a kind was begun.
    fn advance(&mut self) -> Result<bool, StoreError> {
        let Some((layers, back)) = &mut self.kind else {
            let Some(part) = self.parts.pop() else {
                return Ok(false);
            };
            let back = self.view.way_back(kind_of(&part).unwrap_or_default())?;
            self.kind = Some((self.view.layers(&part)?, back));
            return Ok(true);
        };
        let docs: Vec<_> = if let Some(live) = layers.next() {
            let docs = layers.docs(&live?)?.into_iter();
            docs.filter_map(|doc| back.before(doc)).collect()
        } else {
            let rest = back.rest();
            self.kind = None;
            rest
        };
        let account = self.view.account();
        let nodes = docs.into_iter().map(|doc| {
            let (entry, doc) = doc?;
            node(account, &entry, &doc)
        });
        self.ready = nodes.rev().collect();
        Ok(true)
    }
}

impl Iterator for Nodes {
    type Item = Result<StoredNode, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(node) = self.ready.pop() {
                return Some(node);
            }
            match self.advance() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
