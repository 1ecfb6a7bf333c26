//! Damaging the record on purpose, as a bad disk would: for tests of what stands above it.
use crate::key::{self, Section};
use crate::manifest::Manifest;
use crate::{Store, StoreError};

impl Store {
    /// Changes one byte of the first block of the nodes of a kind, or of the edges if none is given; false if there
    /// is none.
    pub fn spoil(&self, account: &str, kind: Option<&str>) -> Result<bool, StoreError> {
        let part = match kind {
            Some(kind) => (Section::Nodes, kind.to_owned()),
            None => crate::view::edge_part(),
        };
        let view = self.view(account)?;
        let Some(block) = view
            .manifests
            .get(&part)
            .and_then(|one| Manifest::blocks(one).next())
        else {
            return Ok(false);
        };
        let tree = &view.trees().block;
        let key = key::part(account, block, 0);
        let found = tree.get(&key).map_err(|error| self.trouble(error))?;
        let Some(mut value) = found.map(|value| value.to_vec()) else {
            return Ok(false);
        };
        if let Some(last) = value.last_mut() {
            *last ^= 1;
        }
        tree.insert(key, value)
            .map_err(|error| self.trouble(error))?;
        self.sync()?;
        Ok(true)
    }

    /// Changes one byte of what is attached to an account; false if nothing is.
    pub fn spoil_attachment(&self, account: &str) -> Result<bool, StoreError> {
        let Some(path) = self.view(account)?.attachment_path() else {
            return Ok(false);
        };
        let spoilt = std::fs::read(&path).and_then(|mut bytes| {
            if let Some(last) = bytes.last_mut() {
                *last ^= 1;
            }
            std::fs::write(&path, bytes)
        });
        spoilt.map_err(|error| StoreError::io(&path, error))?;
        Ok(true)
    }
}
