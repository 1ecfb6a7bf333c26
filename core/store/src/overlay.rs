//! What people added to nodes: wishes and marks. Never part of a snapshot, so that no collection loses them.
use sled::Batch;
use stocktake_model::{NodeId, Overlay};

use crate::seal::{from_sealed, to_sealed};
use crate::{Store, StoreError};

impl Store {
    /// Everything that was added, by node id. A damaged one is an error in its place.
    pub fn overlay(&self) -> Vec<Result<(NodeId, Overlay), StoreError>> {
        let files = match self.files() {
            Ok(files) => files,
            Err(error) => return vec![Err(error)],
        };
        let found = files.overlay.iter();
        found
            .filter_map(|found| match found {
                Ok((key, value)) => {
                    let id = NodeId::from_bytes(key.as_ref().try_into().ok()?);
                    let overlay = from_sealed(&format!("overlay of node `{id}`"), &value);
                    Some(overlay.map(|overlay| (id, overlay)).map_err(Into::into))
                }
                Err(error) => Some(Err(self.trouble(error))),
            })
            .collect()
    }

    /// Replaces what was added to these nodes, all or none of them; an empty overlay removes it.
    pub fn set_overlay(&self, overlays: &[(NodeId, Overlay)]) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        for (id, overlay) in overlays {
            if overlay.is_empty() {
                batch.remove(id.as_bytes());
            } else {
                batch.insert(id.as_bytes(), to_sealed("overlay", overlay)?);
            }
        }
        let _pass = self.enter();
        let done = self.files()?.overlay.apply_batch(batch);
        done.map_err(|error| self.trouble(error))?;
        self.sync()
    }
}
