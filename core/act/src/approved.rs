//! The verdict that lets a plugin delete one object, and how a frozen plan becomes such verdicts.
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stocktake_model::{NodeId, ObjectRef};

use crate::judge::judge;
use crate::plan::{Entry, Plan, Verdict, by_pass};
use crate::{Settings, Situation, guard};

/// Leave to delete one object, given by a plan whose guards all let it pass.
///
/// Outside this crate it can only be received, never made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Approved {
    /// What may be deleted: this uid, in this version, and nothing else.
    pub object: ObjectRef,
    /// Why it is deleted, as the person who marked it said.
    pub reason: String,
    /// Digest of the plan it is part of.
    pub plan: String,
    /// Whether it is really deleted. Only a dry run if it is not said.
    #[serde(default)]
    pub mode: Mode,
}

/// Whether objects are really deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The server is only asked whether it would.
    #[default]
    Dry,
    /// They are deleted.
    Real,
}

/// What of a plan may be done now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Approval {
    /// What may be deleted: everything of a pass may go at the same time, once the pass before it is done.
    pub passes: Vec<Vec<Approved>>,
    /// What was allowed by the plan, but is refused by now; with the reasons of today.
    pub refused: Vec<Entry>,
}

/// A plan of which nothing may be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// Deleting is switched off.
    #[error("guard `cleanup-off` refuses: deleting is switched off (setting `worker.cleanup`)")]
    Off,
    /// It is too old.
    #[error("the plan expired at {0}")]
    Expired(Timestamp),
    /// It is not what was planned.
    #[error("the plan was changed after it was made: its digest is {actual}, not {stated}")]
    Digest {
        /// Digest the plan states.
        stated: String,
        /// Digest of what it says.
        actual: String,
    },
}

impl ApplyError {
    /// The way out.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Off => {
                "set `worker.cleanup` to `true`, and `worker.cleanup_dry_run` to `false` to really delete"
            }
            Self::Expired(_) | Self::Digest { .. } => {
                "make a new plan with `clean plan` and review it"
            }
        }
    }
}

impl Plan {
    /// What of this plan may be done now: what it allows, and every guard still lets pass in the situation of now.
    /// Nothing else is ever approved, whatever was marked since.
    pub fn approved(
        &self,
        situation: &Situation,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Approval, ApplyError> {
        if !settings.enabled {
            return Err(ApplyError::Off);
        }
        if now >= self.expires {
            return Err(ApplyError::Expired(self.expires));
        }
        let actual = self.computed_digest();
        if actual != self.digest {
            return Err(ApplyError::Digest {
                stated: self.digest.clone(),
                actual,
            });
        }
        let settings = Settings {
            also_allow: self.allow.clone(),
            ..settings.clone()
        };
        Ok(self.weigh(situation, &settings, now))
    }

    fn weigh(&self, situation: &Situation, settings: &Settings, now: Timestamp) -> Approval {
        let planned: BTreeMap<NodeId, &Entry> = (self.entries.iter())
            .filter(|entry| entry.verdict == Verdict::Allowed)
            .map(|entry| (entry.node, entry))
            .collect();
        // Only what was planned is looked at again: marks made since change no limit and no order.
        let situation = situation.only(|candidate| planned.contains_key(&candidate.node));
        let mut today: BTreeMap<NodeId, Entry> = (judge(&situation, settings, now).entries)
            .into_iter()
            .map(|entry| (entry.node, entry))
            .collect();
        let mode = if settings.dry_run {
            Mode::Dry
        } else {
            Mode::Real
        };
        let mut approval = Approval::default();
        let mut passes = Vec::new();
        for (node, entry) in planned {
            let entry_today = today.remove(&node);
            let refusal = match (&entry_today, &entry.object) {
                (Some(today), Some(object)) if today.is_same_object(entry) => {
                    if today.verdict == Verdict::Allowed {
                        passes.push((today.pass, self.approve(object, entry, mode)));
                        continue;
                    }
                    today.verdict.clone()
                }
                _ => Verdict::Refused(vec![guard::NOT_MARKED.refusal(
                    "it is gone, replaced, or no longer marked since the plan was made".into(),
                )]),
            };
            approval.refused.push(Entry {
                verdict: refusal,
                ..entry.clone()
            });
        }
        approval.passes = by_pass(passes);
        approval
    }

    fn approve(&self, object: &ObjectRef, entry: &Entry, mode: Mode) -> Approved {
        Approved {
            object: object.clone(),
            reason: entry.reason.clone(),
            plan: self.digest.clone(),
            mode,
        }
    }
}
