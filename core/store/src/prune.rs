//! Letting the past go: old versions are thinned to what is worth showing, very old ones are dropped.
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use sled::Batch;

use crate::back::Doc;
use crate::key;
use crate::log::Log;
use crate::open::guard;
use crate::pin::Retired;
use crate::seal::to_sealed;
use crate::stage::Stager;
use crate::version::{Undo, Version, undamaged};
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
            // Of a damaged one not even the time is known; its neighbours may go.
            let Some((generation, version)) = undamaged(found)? else {
                continue;
            };
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
        let is_thinned = |version: &Version| version.at >= keep.changes_since;
        let thinned: Vec<_> = due
            .iter()
            .filter(|(_, version)| is_thinned(version))
            .collect();
        let mut shown = self.shown(account, &thinned, is_shown)?;
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
            let shown = shown.remove(&generation).unwrap_or_default();
            let thinned = thin(version, shown, &mut stager)?;
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

    /// Documents before the changes that somebody wants to see, whole, by commit and kind.
    fn shown(
        &self,
        account: &str,
        thinned: &[&(u64, Version)],
        mut is_shown: impl FnMut(&VersionChange) -> bool,
    ) -> Result<BTreeMap<u64, Shown>, StoreError> {
        let mut shown: BTreeMap<u64, Shown> = BTreeMap::new();
        let (Some((_, oldest)), Some((_, newest))) = (thinned.first(), thinned.last()) else {
            return Ok(shown);
        };
        let due: BTreeSet<u64> = thinned.iter().map(|(generation, _)| *generation).collect();
        let mut ids = BTreeSet::new();
        for (_, version) in thinned {
            for piece in version.pieces().into_iter().flatten() {
                let entries = undamaged(piece.entries(&self.trees()?, account))?;
                ids.extend(entries.into_iter().flatten().map(|entry| entry.id));
            }
        }
        let is_wanted = |at| at >= oldest.at;
        let changes = self.changes_while(account, Some(newest.at), is_wanted, Some(ids))?;
        for change in changes {
            let change = change?;
            let is_due = due.contains(&change.generation);
            let mut is_hidden = || change.change == ChangeKind::Updated && !is_shown(&change);
            if !is_due || is_hidden() {
                continue;
            }
            if let (Some(before), Some(doc)) = (change.before, change.doc) {
                let of = shown.entry(change.generation).or_default();
                let of = of.entry(before.record.kind().to_owned()).or_default();
                of.push((change.change, doc));
            }
        }
        Ok(shown)
    }
}

/// By kind, in the order in which they are stored.
type Shown = BTreeMap<String, Vec<(ChangeKind, Doc)>>;

/// The version without hidden updates and without edges. Its documents are whole: which of those after them will be kept
/// is not known yet.
fn thin(version: Version, mut shown: Shown, stager: &mut Stager) -> Result<Version, StoreError> {
    let mut log = Log::new(Version {
        at: version.at,
        began: version.began,
        thinned: true,
        ..Version::default()
    });
    for undo in version.nodes {
        let docs = shown.remove(&undo.kind).unwrap_or_default();
        let mut left = Undo {
            kind: undo.kind,
            ..Undo::default()
        };
        left.run.removed = undo.run.removed;
        for (change, doc) in docs {
            match change {
                ChangeKind::Updated => log.update(&mut left, doc, stager)?,
                _ => log.delete(&mut left, doc, stager)?,
            }
        }
        log.kind(left);
    }
    log.finish(stager)
}
