//! One account while the store is open: who writes it, who reads it, and how it goes from one state to the next.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use sled::Batch;
use stocktake_model::NodeId;

use crate::change::Meanwhile;
use crate::layers::Layers;
use crate::open::guard;
use crate::pin::{Pin, Retired};
use crate::seal::from_sealed;
use crate::stage::Stager;
use stocktake_model::Overlay;

use crate::{AccountHeader, Store, StoreError, key};

/// What a store remembers of an account.
#[derive(Debug)]
pub(crate) struct Slot {
    /// Held by whoever makes the next state.
    pub(crate) writing: Mutex<()>,
    /// The state readers get. Held only for moments.
    pub(crate) current: Mutex<Arc<Pin>>,
    /// What was changed while an import is under way; absent if none is.
    pub(crate) meanwhile: Mutex<Option<BTreeMap<NodeId, Meanwhile>>>,
}

impl Store {
    /// Every account that was ever imported, by id. A damaged header is an error in its place.
    pub fn accounts(&self) -> Vec<Result<AccountHeader, StoreError>> {
        let trees = match self.trees() {
            Ok(trees) => trees,
            Err(error) => return vec![Err(error)],
        };
        let found = trees.graph.scan_prefix(key::HEADERS);
        found
            .map(|found| {
                let (_, value) = found.map_err(|error| self.trouble(error))?;
                Ok(from_sealed("header", &value)?)
            })
            .collect()
    }

    /// Replaces the header of an account and nothing else: a failed collection, a changed configuration.
    pub fn put_header(&self, header: &AccountHeader) -> Result<(), StoreError> {
        let account = header.account();
        key::check("an account", account)?;
        let _pass = self.enter();
        let slot = self.slot(account)?;
        let _writing = guard(&slot.writing);
        let value = crate::seal::to_sealed("header", header)?;
        let done = self.trees()?.graph.insert(key::header(account), value);
        done.map_err(|error| self.trouble(error))?;
        self.sync()
    }

    /// Removes an account: header, nodes, edges, and what people added to its nodes.
    ///
    /// Refused while it is being imported. Readers that began before still see it.
    pub fn forget(&self, account: &str) -> Result<(), StoreError> {
        let _pass = self.enter();
        let slot = self.slot(account)?;
        let _writing = guard(&slot.writing);
        if guard(&slot.meanwhile).is_some() {
            return Err(StoreError::Busy(account.to_owned()));
        }
        let view = self.view(account)?;
        if view.is_unknown() {
            return Err(StoreError::UnknownAccount(account.to_owned()));
        }
        let mut ids = Vec::new();
        let mut blocks = Vec::new();
        let mut batch = Batch::default();
        let trees = view.trees();
        for found in trees.versions(account) {
            // The blocks of a damaged one are given back when the database is rewritten.
            if let Some((_, version)) = crate::version::undamaged(found)? {
                blocks.extend(version.blocks().copied());
            }
        }
        for found in trees.graph.scan_prefix(key::versions(account)).keys() {
            batch.remove(found.map_err(|error| self.trouble(error))?);
        }
        for prefix in [key::usage(account), key::usage_parts(account)] {
            for found in trees.graph.scan_prefix(prefix).keys() {
                batch.remove(found.map_err(|error| self.trouble(error))?);
            }
        }
        for key in [key::attachment(account), key::floor(account)] {
            batch.remove(key);
        }
        for (part, manifest) in &view.manifests {
            blocks.extend(manifest.blocks().copied());
            batch.remove(key::manifest(account, part.0, &part.1));
            let kind = crate::settle::kind_of(part);
            let layers = Layers::open(trees, account, kind, manifest.runs.clone())?;
            for live in layers.flatten() {
                ids.extend(live.entries().map(|entry| (entry.id, Overlay::default())));
            }
        }
        batch.remove(key::header(account));
        let stager = Stager::new(trees, account)?;
        let note = key::retired(account, stager.writer);
        batch.insert(note.clone(), crate::seal::to_sealed("note", &blocks)?);
        let retired = Retired {
            account: account.to_owned(),
            blocks,
            note,
        };
        self.detach(&view);
        drop(view);
        self.flip(&slot, batch, retired)?;
        self.set_overlay(&ids)
    }

    pub(crate) fn slot(&self, account: &str) -> Result<Arc<Slot>, StoreError> {
        let mut accounts = guard(&self.0.accounts);
        if let Some(slot) = accounts.get(account) {
            return Ok(slot.clone());
        }
        let slot = Arc::new(Slot {
            writing: Mutex::default(),
            current: Mutex::new(Pin::new(&self.trees()?)),
            meanwhile: Mutex::default(),
        });
        accounts.insert(account.to_owned(), slot.clone());
        Ok(slot)
    }

    /// Goes to the next state in one step, and waits for the disk.
    pub(crate) fn flip(
        &self,
        slot: &Slot,
        batch: Batch,
        retired: Retired,
    ) -> Result<(), StoreError> {
        // What the batch points at has to be in the log before it.
        self.flush()?;
        let mut current = guard(&slot.current);
        let trees = current.trees().clone();
        let done = trees.graph.apply_batch(batch);
        done.map_err(|error| self.trouble(error))?;
        let next = Pin::new(&trees);
        current.follow(retired, next.clone());
        let before = std::mem::replace(&mut *current, next);
        drop(current);
        let synced = self.sync();
        drop(before);
        synced
    }
}
