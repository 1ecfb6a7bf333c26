//! Letting the past go: old versions are thinned to what is worth showing, very old ones are dropped.
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sled::Batch;
use stocktake_model::NodeId;

use crate::key;
use crate::layers::Layers;
use crate::manifest::Run;
use crate::open::guard;
use crate::pin::Retired;
use crate::seal::to_sealed;
use crate::stage::{RunBuilder, Stager};
use crate::version::{Undo, Version};
use crate::view::View;
use crate::{ChangeKind, Store, StoreError, VersionChange};

/// How long the past is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Versions before this are thinned: the account can not be looked at as it was then any more.
    pub versions_since: Timestamp,
    /// Versions before this are dropped. Not later than the other one.
    pub changes_since: Timestamp,
}

/// What pruning did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// Commits that were thinned.
    pub thinned: u64,
    /// Commits that were dropped.
    pub dropped: u64,
}

impl Store {
    /// Thins and drops old versions of an account. Of a thinned version the changes stay that `is_shown` accepts;
    /// nodes that came and went always do.
    pub fn prune(
        &self,
        account: &str,
        keep: Keep,
        is_shown: impl FnMut(&VersionChange) -> bool,
    ) -> Result<Pruned, StoreError> {
        let _pass = self.enter();
        let slot = self.slot(account)?;
        let _writing = guard(&slot.writing);
        let view = self.view(account)?;
        let is_due = |version: &Version| {
            version.at < keep.changes_since
                || (version.at < keep.versions_since && !version.thinned)
        };
        let mut due = Vec::new();
        for found in view.trees().versions(account) {
            let (generation, version) = found?;
            if version.at >= keep.versions_since {
                break;
            }
            if is_due(&version) {
                due.push((generation, version));
            }
        }
        let Some(newest) = due.last().map(|(_, version)| version.at) else {
            return Ok(Pruned::default());
        };
        let mut hidden = BTreeMap::new();
        if due
            .iter()
            .any(|(_, version)| version.at >= keep.changes_since)
        {
            hidden = self.hidden(account, keep, is_shown)?;
        }
        let mut stager = Stager::new(view.trees(), account)?;
        let mut batch = Batch::default();
        let mut pruned = Pruned::default();
        let mut blocks = Vec::new();
        for (generation, version) in due {
            blocks.extend(version.blocks().copied());
            let key = key::version(account, generation);
            if version.at < keep.changes_since {
                batch.remove(key);
                pruned.dropped += 1;
                continue;
            }
            let hidden = hidden.remove(&generation).unwrap_or_default();
            let thinned = thin(&view, version, &hidden, &mut stager)?;
            batch.insert(key, to_sealed("version", &thinned)?);
            pruned.thinned += 1;
        }
        let floor = view.floor.map_or(newest, |floor| floor.max(newest));
        batch.insert(key::floor(account), to_sealed("floor", &floor)?);
        batch.remove(stager.note());
        let note = key::retired(account, stager.writer);
        if !blocks.is_empty() {
            batch.insert(note.clone(), to_sealed("note", &blocks)?);
        }
        let retired = Retired {
            account: account.to_owned(),
            blocks,
            note,
        };
        stager.committed();
        self.flip(&slot, batch, retired)?;
        Ok(pruned)
    }

    /// Updates that nobody wants to see, by commit.
    fn hidden(
        &self,
        account: &str,
        keep: Keep,
        mut is_shown: impl FnMut(&VersionChange) -> bool,
    ) -> Result<BTreeMap<u64, BTreeSet<NodeId>>, StoreError> {
        let mut hidden: BTreeMap<u64, BTreeSet<NodeId>> = BTreeMap::new();
        for change in self.changes(account, Some(keep.changes_since), Some(keep.versions_since))? {
            let change = change?;
            if change.change == ChangeKind::Updated && !is_shown(&change) {
                let ids = hidden.entry(change.generation).or_default();
                ids.insert(change.id);
            }
        }
        Ok(hidden)
    }
}

/// The version without hidden updates and without edges.
fn thin(
    view: &View,
    version: Version,
    hidden: &BTreeSet<NodeId>,
    stager: &mut Stager,
) -> Result<Version, StoreError> {
    let mut thinned = Version {
        at: version.at,
        began: version.began,
        thinned: true,
        ..Version::default()
    };
    for undo in version.nodes {
        let mut left = Undo {
            kind: undo.kind,
            ..Undo::default()
        };
        let run = Run {
            blocks: undo.run.blocks,
            removed: Vec::new(),
        };
        let mut builder = RunBuilder::default();
        let mut number = 0;
        let kind = Some(left.kind.as_str());
        let mut layers = Layers::open(view.trees(), view.account(), kind, vec![run])?;
        while let Some(live) = layers.next() {
            for (entry, doc) in layers.docs(&live?)? {
                let is_update = number < undo.updated;
                number += 1;
                if is_update && hidden.contains(&entry.id) {
                    continue;
                }
                left.updated += u64::from(is_update);
                builder.push(stager, entry, &doc)?;
            }
        }
        left.run = Run {
            removed: undo.run.removed,
            ..builder.finish(stager)?
        };
        if !left.run.is_empty() {
            thinned.nodes.push(left);
        }
    }
    Ok(thinned)
}
