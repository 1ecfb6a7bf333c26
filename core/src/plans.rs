//! Plans that are kept until they are carried out, and how far each is: what a crash in the middle goes on from.
use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use stocktake_act::{Fate, Plan};
use stocktake_model::NodeId;
use stocktake_store::{Records, StoreError};

use crate::core::Core;

/// Name of the records that hold plans, by digest.
const PLANS: &str = "plans";
/// Name of the records that tell how far they are, by digest and node.
const STEPS: &str = "plan_steps";
/// How long a plan is remembered after it expired.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A plan that is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct KeptPlan {
    /// What may be deleted.
    pub(crate) plan: Plan,
    /// Who carries it out, or had it made.
    pub(crate) lead: Lead,
    /// How far it is.
    pub(crate) state: State,
}

/// Whose doing a change is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lead {
    /// Who asked for it.
    pub(crate) who: String,
    /// The command line it came from, or the run of a workflow.
    pub(crate) line: String,
}

/// How far a plan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    /// It was made.
    Made,
    /// It is on its way, or was when the core ended.
    Begun,
    /// It came to its end.
    Ended,
}

/// How far one object of a plan is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Step {
    /// When the object was turned to last.
    pub(crate) at: Timestamp,
    /// What became of it; unknown if the core ended before it knew.
    pub(crate) fate: Option<Fate>,
    /// What was said about it.
    #[serde(default)]
    pub(crate) message: String,
}

impl Core {
    fn plans(&self) -> Result<Records, StoreError> {
        self.0.store.records(PLANS)
    }

    fn plan_steps(&self) -> Result<Records, StoreError> {
        self.0.store.records(STEPS)
    }

    /// Writes a plan down, over what was known about it.
    pub(crate) fn keep_plan(&self, kept: &KeptPlan) -> Result<(), StoreError> {
        self.plans()?.put(&kept.plan.digest, kept)
    }

    /// The plan with this digest, if this core made it.
    pub(crate) fn kept_plan(&self, digest: &str) -> Result<Option<KeptPlan>, StoreError> {
        if digest.is_empty() || digest.len() > 64 {
            return Ok(None);
        }
        self.plans()?.get(digest)
    }

    /// Plans that were on their way when the core ended, oldest first.
    pub(crate) fn interrupted_plans(&self) -> Result<Vec<KeptPlan>, StoreError> {
        let plans: Result<Vec<(String, KeptPlan)>, StoreError> = self.plans()?.list("").collect();
        let plans = plans?.into_iter().map(|(_, kept)| kept);
        let mut begun: Vec<KeptPlan> = plans.filter(|kept| kept.state == State::Begun).collect();
        begun.sort_by(|a, b| {
            (a.plan.created, &a.plan.digest).cmp(&(b.plan.created, &b.plan.digest))
        });
        Ok(begun)
    }

    /// How far the objects of a plan are.
    pub(crate) fn steps_of(&self, digest: &str) -> Result<BTreeMap<NodeId, Step>, StoreError> {
        let prefix = format!("{digest}/");
        let mut steps = BTreeMap::new();
        for found in self.plan_steps()?.list(&prefix) {
            let (key, step) = found?;
            if let Ok(node) = key[prefix.len()..].parse() {
                steps.insert(node, step);
            }
        }
        Ok(steps)
    }

    /// Writes down how far an object of a plan is.
    pub(crate) fn note_step(
        &self,
        digest: &str,
        node: NodeId,
        step: &Step,
    ) -> Result<(), StoreError> {
        self.plan_steps()?.put(&format!("{digest}/{node}"), step)
    }

    /// Forgets plans that nobody can carry out any more and nobody will ask about.
    pub(crate) fn forget_old_plans(&self, now: Timestamp) -> Result<(), StoreError> {
        let mut old = Vec::new();
        for found in self.plans()?.list("") {
            let (digest, kept): (String, KeptPlan) = found?;
            if now.duration_since(kept.plan.expires) > REMEMBERED {
                old.push(digest);
            }
        }
        for digest in old {
            let records = self.plan_steps()?;
            let prefix = format!("{digest}/");
            let steps: Result<Vec<(String, Step)>, StoreError> = records.list(&prefix).collect();
            for (key, _) in steps? {
                records.delete(&key)?;
            }
            self.plans()?.delete(&digest)?;
        }
        Ok(())
    }
}
