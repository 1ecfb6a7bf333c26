//! How far a plan is carried out: what may go next, after what became of the rest. Deletes nothing itself.
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use stocktake_model::NodeId;

use crate::plan::{Plan, Verdict};

/// Failures in a row after which nothing more is tried in a cluster.
const GIVE_UP_AFTER: usize = 3;

/// What became of one planned deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It is verified to be gone.
    Deleted,
    /// It was asked to go, and is held by finalizers or takes its time.
    Terminating,
    /// It is no longer what was planned; nothing was done to it.
    Changed,
    /// A guard, a budget, a permission or a webhook refuses; nothing was done to it.
    Refused,
    /// It could not be tried, or what became of it is not known.
    Failed,
    /// The server would delete it (dry run).
    WouldDelete,
}

impl Fate {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Terminating => "terminating",
            Self::Changed => "changed",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::WouldDelete => "would be deleted",
        }
    }

    /// Whether there is nothing left to try with the same plan.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Failed | Self::WouldDelete)
    }
}

/// Why an object is not deleted now although its plan allows it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Halt {
    /// Something that has to go first is still there.
    #[error("{kind} `{name}` has to go first and is still there")]
    Waits {
        /// Its kind.
        kind: String,
        /// Its name.
        name: String,
    },
    /// Too much went wrong in its cluster.
    #[error("{GIVE_UP_AFTER} deletions in a row failed in its cluster: the rest is left alone")]
    GaveUp,
}

/// A plan on its way.
#[derive(Debug, Clone)]
pub struct Course<'p> {
    /// What has to be gone before each node, with kind and name.
    waits: BTreeMap<NodeId, Vec<(NodeId, &'p str, &'p str)>>,
    gone: BTreeSet<NodeId>,
    /// Failures in a row, by cluster.
    failures: BTreeMap<String, usize>,
    /// Whether nothing really goes, so that nothing has to be waited for.
    dry: bool,
}

impl<'p> Course<'p> {
    /// The plan at its beginning.
    pub fn new(plan: &'p Plan) -> Self {
        let names: BTreeMap<NodeId, (&str, &str)> = (plan.entries.iter())
            .map(|entry| (entry.node, (entry.kind.as_str(), entry.name.as_str())))
            .collect();
        let allowed = plan.entries.iter();
        let allowed = allowed.filter(|entry| entry.verdict == Verdict::Allowed);
        let waits = allowed.map(|entry| {
            let after = entry.after.iter().map(|node| {
                let (kind, name) = names.get(node).copied().unwrap_or_default();
                (*node, kind, name)
            });
            (entry.node, after.collect())
        });
        Self {
            waits: waits.collect(),
            gone: BTreeSet::new(),
            failures: BTreeMap::new(),
            dry: false,
        }
    }

    /// Whether a node of this cluster may go now.
    pub fn may(&self, account: &str, node: NodeId) -> Result<(), Halt> {
        if self.gave_up(account) {
            return Err(Halt::GaveUp);
        }
        let mut first = self.waits.get(&node).into_iter().flatten();
        match first.find(|(node, ..)| !self.dry && !self.gone.contains(node)) {
            Some((_, kind, name)) => Err(Halt::Waits {
                kind: (*kind).to_owned(),
                name: (*name).to_owned(),
            }),
            None => Ok(()),
        }
    }

    /// Notes what became of a node.
    pub fn note(&mut self, account: &str, node: NodeId, fate: Fate) {
        let failures = self.failures.entry(account.to_owned()).or_default();
        match fate {
            Fate::Failed => *failures += 1,
            // A refusal is an answer: the next object may get another one.
            _ => *failures = 0,
        }
        match fate {
            Fate::Deleted => {
                self.gone.insert(node);
            }
            Fate::WouldDelete => self.dry = true,
            _ => {}
        }
    }

    /// Whether nothing more is tried in a cluster.
    pub fn gave_up(&self, account: &str) -> bool {
        let failures = self.failures.get(account);
        failures.is_some_and(|failures| *failures >= GIVE_UP_AFTER)
    }
}
