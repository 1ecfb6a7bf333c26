//! Documents people edit, e.g. configuration: text with a revision, so that nobody overwrites unseen changes.
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::open::guard;
use crate::{Store, StoreError};

const TABLE: &str = "document";

/// A document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its text, comments and all.
    pub text: String,
    /// Counts the versions, from 1.
    pub revision: u64,
    /// When this version was written.
    pub changed: Timestamp,
}

impl Store {
    /// The document of this id.
    pub fn document(&self, id: &str) -> Result<Option<Document>, StoreError> {
        self.records(TABLE)?.get(id)
    }

    /// Ids of all documents, sorted; damaged ones included.
    pub fn documents(&self) -> Result<Vec<String>, StoreError> {
        let prefix = crate::key::record(TABLE, "");
        let keys = self.files()?.record.scan_prefix(&prefix).keys();
        keys.map(|key| {
            let key = key.map_err(|error| self.trouble(error))?;
            Ok(String::from_utf8_lossy(&key[prefix.len()..]).into_owned())
        })
        .collect()
    }

    /// Writes a document and returns its revision.
    ///
    /// `expected` is the revision the writer has read, 0 if there was none; another one is a
    /// [`StoreError::Conflict`]. `None` writes whatever is there, even a damaged one.
    pub fn put_document(
        &self,
        id: &str,
        text: &str,
        expected: Option<u64>,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let records = self.records(TABLE)?;
        let _pass = self.enter();
        let _writing = guard(&self.0.writing);
        let stored: Result<Option<Document>, _> = records.get(id);
        let stored = match (stored, expected) {
            (Err(StoreError::Damaged(_)), None) => None,
            (stored, _) => stored?,
        };
        let actual = stored.map(|document| document.revision);
        if let Some(expected) = expected
            && expected != actual.unwrap_or(0)
        {
            return Err(StoreError::Conflict {
                id: id.to_owned(),
                expected,
                actual,
            });
        }
        let revision = actual.unwrap_or(0) + 1;
        let document = Document {
            text: text.to_owned(),
            revision,
            changed: now,
        };
        records.put(id, &document)?;
        Ok(revision)
    }

    /// Removes a document; true if it was there.
    pub fn delete_document(&self, id: &str) -> Result<bool, StoreError> {
        let _pass = self.enter();
        let _writing = guard(&self.0.writing);
        self.records(TABLE)?.delete(id)
    }
}
