//! A frozen plan: exactly what would be deleted, what refuses the rest, and a digest over all of it.
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stocktake_model::{NodeId, ObjectRef};

use crate::digest::digest;
use crate::{Candidate, Dependant, Versions};

/// Exactly what would be deleted. Made once, never added to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// When it was made.
    pub created: Timestamp,
    /// When it can no longer be applied.
    pub expires: Timestamp,
    /// One per candidate, allowed ones first, by pass and id.
    pub entries: Vec<Entry>,
    /// Nodes on a cycle of delete edges: none of them can go first.
    pub cycle: Vec<NodeId>,
    /// Guards that were switched off for this plan only.
    #[serde(default)]
    pub allow: Vec<String>,
    /// Stands for everything above.
    pub digest: String,
}

/// What becomes of one candidate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its node.
    pub node: NodeId,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The object, with uid and version; absent if there is none.
    pub object: Option<ObjectRef>,
    /// Why it was marked.
    pub reason: String,
    /// Who marked it.
    pub by: String,
    /// The pass it goes in; what goes before it is in an earlier one.
    pub pass: u32,
    /// What has to be gone before it.
    #[serde(default)]
    pub after: Vec<NodeId>,
    /// Whether it may go.
    pub verdict: Verdict,
    /// What goes with it.
    pub takes: Vec<Dependant>,
    /// What whoever reads the plan should know.
    pub warnings: Vec<String>,
}

/// Whether an object may be deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// No guard refuses it.
    Allowed,
    /// These refuse it, by name; never empty.
    Refused(Vec<Refusal>),
}

/// A guard that refuses an object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Refusal {
    /// Name of the guard.
    pub guard: String,
    /// The setting that would let it pass, or what has to change instead.
    pub setting: String,
    /// Why it refuses.
    pub why: String,
}

impl Plan {
    /// The digest of what the plan says; the one it states if nobody changed it.
    pub fn computed_digest(&self) -> String {
        digest(&(
            &self.created,
            &self.expires,
            &self.entries,
            &self.cycle,
            &self.allow,
        ))
    }

    /// What may be deleted, pass by pass.
    pub fn allowed(&self) -> Vec<Vec<&Entry>> {
        let allowed = self.entries.iter();
        let allowed = allowed.filter(|entry| entry.verdict == Verdict::Allowed);
        by_pass(allowed.map(|entry| (entry.pass, entry)).collect())
    }
}

/// Groups by pass, first pass first; passes without anything in them are left out.
pub(crate) fn by_pass<T>(mut items: Vec<(u32, T)>) -> Vec<Vec<T>> {
    items.sort_by_key(|(pass, _)| *pass);
    let mut passes: Vec<(u32, Vec<T>)> = Vec::new();
    for (pass, item) in items {
        match passes.last_mut() {
            Some((last, items)) if *last == pass => items.push(item),
            _ => passes.push((pass, vec![item])),
        }
    }
    passes.into_iter().map(|(_, items)| items).collect()
}

impl Entry {
    /// The entry of a candidate that stays or goes, in the version that was seen or in any.
    pub(crate) fn new(candidate: &Candidate, verdict: Verdict, versions: Versions) -> Self {
        let mark = candidate.mark.clone().unwrap_or_default();
        let mut object = candidate.object.clone();
        if versions == Versions::Any
            && let Some(object) = &mut object
        {
            object.resource_version = None;
        }
        Self {
            node: candidate.node,
            kind: candidate.kind.clone(),
            name: candidate.name().to_owned(),
            object,
            reason: mark.reason,
            by: mark.by,
            pass: 0,
            after: Vec::new(),
            verdict,
            takes: candidate.dependants.clone(),
            warnings: Vec::new(),
        }
    }

    /// Whether both are about one object, in whatever version.
    pub(crate) fn is_same_object(&self, other: &Self) -> bool {
        let identity = |entry: &Self| {
            let object = entry.object.clone();
            object.map(|object| ObjectRef {
                resource_version: None,
                ..object
            })
        };
        identity(self).is_some() && identity(self) == identity(other)
    }
}
