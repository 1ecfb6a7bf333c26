//! Small records in named tables: runs, jobs, the audit log, and whatever else the core keeps.
use serde::Serialize;
use serde::de::DeserializeOwned;
use sled::Batch;

use crate::open::guard;
use crate::seal::{from_sealed, to_sealed};
use crate::{Store, StoreError, key};

/// Digits of a number given by [`Records::append`]: enough for every `u64`, so that text order is its order.
const DIGITS: usize = 20;

/// One table of records. Every write is on the disk when it returns.
#[derive(Debug, Clone)]
pub struct Records {
    store: Store,
    table: String,
}

impl Store {
    /// The table of this name; it is there as soon as something is in it.
    pub fn records(&self, table: &str) -> Result<Records, StoreError> {
        key::check("a table", table)?;
        Ok(Records {
            store: self.clone(),
            table: table.to_owned(),
        })
    }
}

impl Records {
    /// Writes a record, over the one that had the key.
    pub fn put<T: Serialize + ?Sized>(&self, key: &str, value: &T) -> Result<(), StoreError> {
        self.write(&[(key, Some(value))])
    }

    /// Writes (`Some`) and removes (`None`) records, all or none of them.
    pub fn write<T: Serialize + ?Sized>(
        &self,
        changes: &[(&str, Option<&T>)],
    ) -> Result<(), StoreError> {
        let mut batch = Batch::default();
        for (key, value) in changes {
            key::check("a record", key)?;
            let full = key::record(&self.table, key);
            match value {
                Some(value) => batch.insert(full, to_sealed(&self.what(key), value)?),
                None => batch.remove(full),
            }
        }
        let _pass = self.store.enter();
        let done = self.store.files()?.record.apply_batch(batch);
        done.map_err(|error| self.store.trouble(error))?;
        self.store.sync()
    }

    /// The record of this key.
    pub fn get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, StoreError> {
        let found = self
            .store
            .files()?
            .record
            .get(key::record(&self.table, key));
        let found = found.map_err(|error| self.store.trouble(error))?;
        let value = found.map(|value| from_sealed(&self.what(key), &value));
        Ok(value.transpose()?)
    }

    /// The records whose keys begin with `prefix`, by key. A damaged one is an error in its place.
    pub fn list<T: DeserializeOwned>(
        &self,
        prefix: &str,
    ) -> impl DoubleEndedIterator<Item = Result<(String, T), StoreError>> + '_ {
        let skip = key::record(&self.table, "").len();
        let (found, failed) = match self.store.files() {
            Ok(files) => {
                let prefix = key::record(&self.table, prefix);
                (Some(files.record.scan_prefix(prefix)), None)
            }
            Err(error) => (None, Some(Err(error))),
        };
        let found = found.into_iter().flatten();
        let found = found.map(|found| found.map_err(|error| self.store.trouble(error)));
        failed.into_iter().chain(found).map(move |found| {
            let (key, value) = found?;
            let key = String::from_utf8_lossy(&key[skip..]).into_owned();
            let value = from_sealed(&self.what(&key), &value)?;
            Ok((key, value))
        })
    }

    /// Adds a record after all others of the table and returns its number, from 1 on without holes. The table
    /// must hold nothing else; the key is the number with twenty digits.
    pub fn append<T: Serialize + ?Sized>(&self, value: &T) -> Result<u64, StoreError> {
        let _pass = self.store.enter();
        let _writing = guard(&self.store.0.writing);
        let last = (self.store.files()?.record)
            .scan_prefix(key::record(&self.table, ""))
            .keys()
            .next_back()
            .transpose()
            .map_err(|error| self.store.trouble(error))?;
        let skip = key::record(&self.table, "").len();
        let last = last.and_then(|key| std::str::from_utf8(&key[skip..]).ok()?.parse().ok());
        let number: u64 = last.unwrap_or(0) + 1;
        self.put(&format!("{number:0DIGITS$}"), value)?;
        Ok(number)
    }

    /// Removes a record; true if it was there.
    pub fn delete(&self, key: &str) -> Result<bool, StoreError> {
        let _pass = self.store.enter();
        let gone = self
            .store
            .files()?
            .record
            .remove(key::record(&self.table, key));
        let gone = gone.map_err(|error| self.store.trouble(error))?;
        self.store.sync()?;
        Ok(gone.is_some())
    }

    fn what(&self, key: &str) -> String {
        format!("record `{}/{key}`", self.table)
    }
}
