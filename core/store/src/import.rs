//! A snapshot on its way in: what is unchanged costs a hash, what changed goes into blocks that are nothing yet.
//!
//! Memory: some sixty bytes per node of the account, and one open block per kind.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use stocktake_model::{Document, NodeId};

use crate::account::Slot;
use crate::block::{Entry, time};
use crate::change::{Meanwhile, version};
use crate::gate::Pass;
use crate::key::{self, Section};
use crate::open::guard;
use crate::settle::Part;
use crate::stage::{RunBuilder, Stager};
use crate::view::{View, edge_part, node};
use crate::{Damaged, Store, StoreError, StoredNode, seal};

/// One import of one account. Dropping it without [`Import::commit`] changes nothing.
#[derive(Debug)]
pub struct Import {
    pub(crate) base: View,
    pub(crate) known: BTreeMap<NodeId, Known>,
    pub(crate) kinds: Vec<Incoming>,
    numbers: BTreeMap<String, u32>,
    pub(crate) damaged: Vec<Damaged>,
    pub(crate) stager: Stager,
    pub(crate) account: String,
    pub(crate) slot: Arc<Slot>,
    pub(crate) store: Store,
    _pass: Pass,
    /// True once the list of changes made meanwhile was handed over.
    pub(crate) ended: bool,
}

/// What an import knows of a node.
#[derive(Debug)]
pub(crate) struct Known {
    /// Number of its kind.
    pub(crate) kind: u32,
    /// What was stored before; absent if it is new.
    pub(crate) before: Option<Before>,
    hash: [u8; 8],
    pub(crate) fate: Fate,
}

/// What was stored of a node.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Before {
    first_seen: i64,
    revision: u32,
}

/// What becomes of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It did not come: it goes.
    Missing,
    /// It came as it was, with its document.
    Same,
    /// It was said to be as it was; its document did not come.
    Known,
    /// It is in the run of this number.
    Staged(u32),
    /// It did not come, but lies in a gap.
    Kept,
}

/// What became of a node that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Came {
    /// Since when it is known.
    pub first_seen: Timestamp,
    /// Whether it is stored as it came already.
    pub is_same: bool,
}

/// What came of one kind.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    pub(crate) name: String,
    /// A further run is begun when a node comes a second time with other content.
    pub(crate) runs: Vec<RunBuilder>,
}

impl Store {
    /// Begins an import of an account. One at a time: [`StoreError::Busy`].
    pub fn import(&self, account: &str) -> Result<Import, StoreError> {
        key::check("an account", account)?;
        let pass = self.enter();
        let slot = self.slot(account)?;
        // No change may fall between the state that is read here and the beginning of the list of changes.
        let writing = guard(&slot.writing);
        let stager = Stager::new(&self.trees()?, account)?;
        let base = self.view(account)?;
        {
            let mut meanwhile = guard(&slot.meanwhile);
            if meanwhile.is_some() {
                return Err(StoreError::Busy(account.to_owned()));
            }
            *meanwhile = Some(BTreeMap::new());
        }
        drop(writing);
        // From here on dropping the import ends it.
        let mut import = Import {
            base,
            known: BTreeMap::new(),
            kinds: Vec::new(),
            numbers: BTreeMap::new(),
            damaged: Vec::new(),
            stager,
            account: account.to_owned(),
            slot,
            store: self.clone(),
            _pass: pass,
            ended: false,
        };
        import.load()?;
        Ok(import)
    }
}

impl Import {
    /// Reads the tables of everything that is stored.
    fn load(&mut self) -> Result<(), StoreError> {
        self.damaged.extend_from_slice(self.base.damaged());
        let kinds = self.base.kinds();
        let kinds: Vec<String> = kinds.into_iter().map(str::to_owned).collect();
        for name in kinds {
            let kind = self.number(&name);
            for live in self.base.layers(&(Section::Nodes, name))? {
                match live {
                    Ok(live) => self.known.extend(live.entries().map(|entry| {
                        let known = Known {
                            kind,
                            before: Some(Before {
                                first_seen: entry.first_seen,
                                revision: entry.revision,
                            }),
                            hash: entry.hash,
                            fate: Fate::Missing,
                        };
                        (entry.id, known)
                    })),
                    Err(StoreError::Damaged(damaged)) => self.damaged.push(damaged),
                    Err(error) => return Err(error),
                }
            }
        }
        for live in self.base.layers(&edge_part())? {
            match live {
                Err(StoreError::Damaged(damaged)) => self.damaged.push(damaged),
                live => drop(live?),
            }
        }
        Ok(())
    }

    /// Takes a node; of several with one id the last counts. Tells since when it is known.
    ///
    /// An error leaves the import usable: the caller may go on without the node.
    pub fn node(
        &mut self,
        document: &Document,
        id: NodeId,
        now: Timestamp,
    ) -> Result<Came, StoreError> {
        key::check("a kind", document.kind())?;
        let hash = seal::hash(document.text().as_bytes());
        self.outdate(id, document);
        let kind = self.number(document.kind());
        let known = self.known.entry(id).or_insert(Known {
            kind,
            before: None,
            hash,
            fate: Fate::Missing,
        });
        let now = now.as_second();
        let first_seen = known.before.map_or(now, |before| before.first_seen);
        if known.hash == hash && (known.before.is_some() || known.fate != Fate::Missing) {
            if !matches!(known.fate, Fate::Staged(_)) {
                known.fate = Fate::Same;
            }
            return Ok(Came {
                first_seen: time(first_seen),
                is_same: known.fate == Fate::Same,
            });
        }
        known.hash = hash;
        let revision = known
            .before
            .map_or(1, |before| before.revision.saturating_add(1));
        let incoming = &mut self.kinds[known.kind as usize];
        let last = incoming.runs.len().checked_sub(1);
        let is_there = last.is_some_and(|last| known.fate == Fate::Staged(run_number(last)));
        if last.is_none() || is_there {
            incoming.runs.push(RunBuilder::default());
        }
        let at = incoming.runs.len() - 1;
        known.fate = Fate::Staged(run_number(at));
        incoming.runs[at].push(
            &mut self.stager,
            Entry::new(id, hash, first_seen, now).revised(revision),
            document.text().as_bytes(),
        )?;
        Ok(Came {
            first_seen: time(first_seen),
            is_same: false,
        })
    }

    /// Takes a node that is as it was, without its document. False if no such node is stored.
    pub fn same(&mut self, id: NodeId) -> bool {
        let Some(known) = self.known.get_mut(&id) else {
            return false;
        };
        if known.fate == Fate::Missing {
            known.fate = Fate::Known;
        }
        known.before.is_some()
    }

    /// Nodes that were changed or removed since the import began, and will stay as they were put if it is committed now.
    pub fn overtaken(&self) -> BTreeSet<NodeId> {
        let meanwhile = guard(&self.slot.meanwhile);
        let changes = meanwhile.iter().flatten();
        changes.map(|(id, _)| *id).collect()
    }

    /// Nodes that did not come, and are not to stay.
    pub fn missing(&self) -> impl Iterator<Item = NodeId> {
        let missing = self.known.iter();
        let missing = missing.filter(|(_, known)| known.fate == Fate::Missing);
        missing.map(|(id, _)| *id)
    }

    /// From now on whoever calls wants the documents of all nodes: of those that came as they were,
    /// [`Import::kept`] has them.
    pub fn forget_same(&mut self) {
        for known in self.known.values_mut() {
            if known.fate == Fate::Same {
                known.fate = Fate::Known;
            }
        }
    }

    /// Decides which of the nodes that did not come stay, by kind, namespace and `reported.id`: those in a gap.
    /// Returns how many stay. To be called after the last node; all others are removed by the commit.
    pub fn keep(
        &mut self,
        mut stays: impl FnMut(&str, Option<&str>, &str) -> bool,
    ) -> Result<u64, StoreError> {
        let mut kept = Vec::new();
        self.stored(&[Fate::Missing], |node| {
            let namespace = node.record.reported.get("namespace");
            let namespace = namespace.and_then(serde_json::Value::as_str);
            if stays(node.record.kind(), namespace, node.record.id()) {
                kept.push(node.id);
            }
        })?;
        for id in &kept {
            if let Some(known) = self.known.get_mut(id) {
                known.fate = Fate::Kept;
            }
        }
        Ok(kept.len() as u64)
    }

    /// Hands over the nodes that stay without having come: those that [`Import::keep`] let stay, and those of
    /// [`Import::same`].
    pub fn kept(&self, take: impl FnMut(StoredNode)) -> Result<(), StoreError> {
        self.stored(&[Fate::Kept, Fate::Known], take)
    }

    /// What was damaged when the import began; the commit drops it.
    pub fn damaged(&self) -> &[Damaged] {
        &self.damaged
    }

    /// Reads stored nodes with one of these fates, block by block; blocks without one are not decompressed.
    fn stored(&self, fates: &[Fate], mut take: impl FnMut(StoredNode)) -> Result<(), StoreError> {
        let is_meant = |id: &NodeId| {
            let known = self.known.get(id);
            known.is_some_and(|known| fates.contains(&known.fate))
        };
        for kind in self.base.kinds() {
            let part: Part = (Section::Nodes, kind.to_owned());
            let mut layers = self.base.layers(&part)?;
            while let Some(live) = layers.next() {
                let live = match live {
                    // Known from the beginning of the import.
                    Err(StoreError::Damaged(_)) => continue,
                    live => live?,
                };
                if !live.entries().any(|entry| is_meant(&entry.id)) {
                    continue;
                }
                for (entry, doc) in layers.docs(&live)? {
                    if is_meant(&entry.id) {
                        take(node(&self.account, &entry, &doc)?);
                    }
                }
            }
        }
        Ok(())
    }

    /// A change made during the import gives way to a version of the object that is newer still.
    fn outdate(&self, id: NodeId, document: &Document) {
        let mut meanwhile = guard(&self.slot.meanwhile);
        let Some(changes) = meanwhile.as_mut() else {
            return;
        };
        if let Some(Meanwhile::Changed { version: then, .. }) = changes.get(&id)
            && let Ok(record) = document.record()
            && let (Some(then), Some(now)) = (*then, version(&record))
            && now > then
        {
            changes.remove(&id);
        }
    }

    pub(crate) fn number(&mut self, kind: &str) -> u32 {
        if let Some(number) = self.numbers.get(kind) {
            return *number;
        }
        let number = run_number(self.kinds.len());
        self.numbers.insert(kind.to_owned(), number);
        self.kinds.push(Incoming {
            name: kind.to_owned(),
            runs: Vec::new(),
        });
        number
    }
}

impl Drop for Import {
    fn drop(&mut self) {
        // After a commit the list may be that of the next import.
        if !self.ended {
            *guard(&self.slot.meanwhile) = None;
        }
    }
}

fn run_number(at: usize) -> u32 {
    u32::try_from(at).expect("far fewer kinds and runs than 2^32")
}
