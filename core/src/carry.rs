//! Carrying out a plan: pass by pass, every cluster at its own pace, each step written down before and after.
//!
//! What may be deleted was decided by the act room; workers delete. After a crash the same plan goes on: what is done is
//! not done again, and what was begun is looked at before anything else.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use futures::stream::{self, StreamExt as _};
use serde_json::Value;
use stocktake_act::{
    ApplyError, Approval, Approved, Course, Deed, Entry, Fate, Halt, Mark, Mode, Verdict,
    protection,
};
use stocktake_client::{Task, TaskResult};
use stocktake_command::{CommandError, Marks};
use stocktake_model::{Map, NodeId, ObjectRef};
use stocktake_plugin_api::{Deletion, Outcome};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{MissedTickBehavior, interval};

use crate::audit::trouble;
use crate::cleanup::Rules;
use crate::core::{Core, now};
use crate::fate::{Done, fate_of, told_refusals};
use crate::plans::{KeptPlan, State, Step};
use crate::restore::Keeping;

/// Results that may wait for a slow reader.
const BUFFERED: usize = 64;

/// A plan on its way.
struct Carrier<'p> {
    core: Core,
    kept: &'p KeptPlan,
    entries: BTreeMap<NodeId, &'p Entry>,
    /// How far it was before.
    steps: BTreeMap<NodeId, Step>,
    /// What stands in the audit log already about this plan.
    audited: BTreeSet<(NodeId, String)>,
    course: Mutex<Course<'p>>,
    deletion: Deletion,
    rate: Duration,
    parallel: usize,
    places: Semaphore,
    tell: mpsc::Sender<Done>,
}

impl Core {
    /// Begins to carry out a plan. What becomes of each object comes over the channel; once nobody listens any more,
    /// nothing further is begun.
    pub(crate) async fn carry_out(
        &self,
        kept: KeptPlan,
    ) -> Result<mpsc::Receiver<Done>, CommandError> {
        let turn = self.0.cleaning.clone().try_lock_owned().map_err(|_| {
            CommandError::world("another clean-up is on its way").hint("wait until it is over")
        })?;
        let rules = self.cleanup_rules()?;
        let situation = self.situation_now().await.map_err(CommandError::world)?;
        let approval = kept.plan.approved(&situation, &rules.settings, now());
        let approval = approval.map_err(|error| refused(&error))?;
        let digest = kept.plan.digest.clone();
        let steps = self.steps_of(&digest).map_err(trouble)?;
        let real = !rules.settings.dry_run;
        if real {
            self.put_state(&kept, State::Begun)?;
        }
        let (tell, told) = mpsc::channel(BUFFERED);
        let core = self.clone();
        // A task of its own: whoever stops listening does not leave a deletion half done. Who listens hears the end only
        // once the end is written down and the next clean-up may begin.
        let until_over = tell.clone();
        tokio::spawn(async move {
            carry(&core, &kept, approval, steps, rules, tell).await;
            if real && let Err(error) = core.put_state(&kept, State::Ended) {
                tracing::warn!(%error, "the end of a plan could not be recorded");
            }
            drop(turn);
            drop(until_over);
        });
        Ok(told)
    }

    pub(crate) fn put_state(&self, kept: &KeptPlan, state: State) -> Result<(), CommandError> {
        let kept = KeptPlan {
            state,
            ..kept.clone()
        };
        self.keep_plan(&kept).map_err(trouble)
    }

    /// Why an object of a plan on its way is not to go any more: people may change their mind while it runs.
    fn taken_back(&self, node: NodeId) -> Option<String> {
        let graph = self.graph();
        let overlay = graph.overlay(&node).cloned().unwrap_or_default();
        if Mark::of(&overlay.desired).is_none() {
            return Some("guard `not-marked`: its mark was taken back meanwhile".to_owned());
        }
        let protected = protection(&overlay.metadata, &Map::new(), now());
        if protected.is_some() {
            return Some("guard `protected`: it was protected meanwhile".to_owned());
        }
        let off = self
            .cleanup_rules()
            .map_or(true, |rules| !rules.settings.enabled);
        off.then(|| "guard `cleanup-off`: deleting was switched off meanwhile".to_owned())
    }

    /// Asks a worker to do something to one object.
    pub(crate) async fn act(&self, task: Task) -> Outcome {
        let id = self.queue().reserve();
        match self.work(id, task).await {
            TaskResult::Acted(outcome) => outcome,
            TaskResult::Failed { message } => Outcome::Failed { message },
            TaskResult::Collected(_) | TaskResult::Watched => {
                unreachable!("a task about one object is answered by an outcome")
            }
        }
    }
}

async fn carry(
    core: &Core,
    kept: &KeptPlan,
    approval: Approval,
    steps: BTreeMap<NodeId, Step>,
    rules: Rules,
    tell: mpsc::Sender<Done>,
) {
    let entries = kept.plan.entries.iter();
    let carrier = Carrier {
        core: core.clone(),
        kept,
        entries: entries.map(|entry| (entry.node, entry)).collect(),
        audited: if steps.is_empty() {
            BTreeSet::new()
        } else {
            core.audited(&kept.plan.digest)
        },
        steps,
        course: Mutex::new(Course::new(&kept.plan)),
        deletion: rules.deletion,
        rate: rules.rate,
        parallel: rules.parallel,
        places: Semaphore::new(rules.parallel),
        tell,
    };
    carrier.remember();
    for entry in approval.refused {
        carrier.refuse(entry).await;
    }
    for pass in approval.passes {
        let mut lanes: BTreeMap<String, Vec<Approved>> = BTreeMap::new();
        for approved in pass {
            let account = approved.object.account.clone();
            lanes.entry(account).or_default().push(approved);
        }
        join_all(lanes.into_values().map(|lane| carrier.lane(lane))).await;
    }
}

impl<'p> Carrier<'p> {
    fn course(&self) -> MutexGuard<'_, Course<'p>> {
        self.course.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was deleted before the crash does not have to go first any more.
    fn remember(&self) {
        for (node, step) in &self.steps {
            let account = self
                .entries
                .get(node)
                .and_then(|entry| entry.object.as_ref());
            if let (Some(object), Some(Fate::Deleted)) = (account, step.fate) {
                self.course().note(&object.account, *node, Fate::Deleted);
            }
        }
    }

    /// Tells of what no guard lets pass any more; what was done before the crash is told as it was.
    async fn refuse(&self, entry: Entry) {
        if let Some(step) = self.steps.get(&entry.node)
            && let Some(fate) = step.fate.filter(|fate| fate.is_final())
        {
            return self.told(&entry, fate, step.message.clone()).await;
        }
        if self.steps.contains_key(&entry.node) && self.core.graph().node(&entry.node).is_none() {
            return self.found_gone(&entry).await;
        }
        let message = match &entry.verdict {
            Verdict::Refused(refusals) => told_refusals(refusals),
            Verdict::Allowed => String::new(),
        };
        self.told(&entry, Fate::Refused, message).await;
    }

    /// It was asked to go before the core ended, and a collection since then has not found it.
    async fn found_gone(&self, entry: &Entry) {
        let message = "it was asked to go before a crash, and is gone".to_owned();
        let Some(object) = &entry.object else { return };
        let fate = match self.audit(object, Fate::Deleted.as_str(), &message).await {
            Ok(()) => Fate::Deleted,
            Err(_) => Fate::Failed,
        };
        self.ended(entry, object, fate, message).await;
    }

    /// The objects of one cluster that may go at the same time.
    async fn lane(&self, lane: Vec<Approved>) {
        let mut left = Vec::new();
        for approved in lane {
            let Some(entry) = self.entries.get(&approved.object.node).copied() else {
                continue;
            };
            let step = self.steps.get(&entry.node);
            let over =
                step.and_then(|step| step.fate.filter(|fate| fate.is_final()).zip(Some(step)));
            match over {
                Some((fate, step)) => self.told(entry, fate, step.message.clone()).await,
                None => left.push((entry, approved)),
            }
        }
        let mut beat = interval(self.rate);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let paced = stream::unfold((left.into_iter(), beat), |(mut left, mut beat)| async {
            let next = left.next()?;
            beat.tick().await;
            Some((next, (left, beat)))
        });
        let turn = |(entry, approved)| self.turn(entry, approved);
        paced.for_each_concurrent(self.parallel, turn).await;
    }

    /// The turn of one object: deleted, unless it may not go yet or nobody listens any more.
    async fn turn(&self, entry: &Entry, approved: Approved) {
        let Ok(_place) = self.places.acquire().await else {
            return;
        };
        if self.tell.is_closed() {
            return;
        }
        if let Some(why) = self.core.taken_back(approved.object.node) {
            return self.told(entry, Fate::Refused, why).await;
        }
        let may = (self.course()).may(&approved.object.account, approved.object.node);
        match may {
            Ok(()) => self.one(entry, approved).await,
            Err(halt) => {
                let fate = match halt {
                    Halt::Waits { .. } => Fate::Refused,
                    Halt::GaveUp => Fate::Failed,
                };
                self.told(entry, fate, halt.to_string()).await;
            }
        }
    }

    /// One object: written down, kept, deleted, verified, audited, told.
    async fn one(&self, entry: &Entry, approved: Approved) {
        let object = approved.object.clone();
        let dry = approved.mode == Mode::Dry;
        let was_begun = self.steps.contains_key(&entry.node);
        if !dry && let Err(message) = self.note(entry.node, None, "") {
            return self.done(entry, Fate::Failed, message).await;
        }
        if !dry && let Err(message) = self.keep(&approved).await {
            return self.ended(entry, &object, Fate::Failed, message).await;
        }
        let outcome = self.delete(approved).await;
        let (mut fate, mut message) = fate_of(&outcome);
        if !dry {
            let verdict = match outcome {
                Outcome::Vanished if !was_begun => "vanished",
                _ => fate.as_str(),
            };
            if let Err(error) = self.audit(&object, verdict, &message).await {
                let problem = format!("the audit log could not be written: {error}");
                message = format!("{}; {problem}", fate.as_str());
                // Nothing more is deleted while nobody can say what was.
                if fate != Fate::Deleted {
                    fate = Fate::Failed;
                }
            }
            if fate == Fate::Deleted
                && let Err(error) = self.mark_cleaned(&object).await
            {
                message = format!("it is deleted, but could not be marked so: {error}");
            }
            return self.ended(entry, &object, fate, message).await;
        }
        self.done(entry, fate, message).await;
    }

    /// Keeps the object as it could be created again. A kind that cannot be is deleted all the same.
    async fn keep(&self, approved: &Approved) -> Result<(), String> {
        let keeping = Keeping {
            lead: &self.kept.lead,
            reason: &approved.reason,
            plan: &approved.plan,
        };
        self.core.keep_manifest(&approved.object, &keeping).await
    }

    async fn delete(&self, approved: Approved) -> Outcome {
        let (plugin, section) = match self.core.plugin_of(&approved.object.account) {
            Ok(found) => found,
            Err(error) => {
                return Outcome::Failed {
                    message: error.to_string(),
                };
            }
        };
        let task = Task::Delete {
            plugin,
            section,
            approved: Box::new(approved),
            deletion: self.deletion.clone(),
        };
        self.core.act(task).await
    }

    /// Adds what became of an object to the log, unless that was done before the crash.
    async fn audit(&self, object: &ObjectRef, verdict: &str, message: &str) -> Result<(), String> {
        if self.audited.contains(&(object.node, verdict.to_owned())) {
            return Ok(());
        }
        let deed = Deed {
            at: now(),
            who: self.kept.lead.who.clone(),
            line: self.kept.lead.line.clone(),
            action: "delete".to_owned(),
            plan: Some(self.kept.plan.digest.clone()),
            object: object.clone(),
            verdict: verdict.to_owned(),
            message: message.to_owned(),
        };
        let written = self.core.audit_deed(deed).await;
        written.map_err(|error| error.to_string())
    }

    async fn mark_cleaned(&self, object: &ObjectRef) -> Result<(), CommandError> {
        let patch = Map::from_iter([("cleaned".to_owned(), Value::Bool(true))]);
        let ids = [object.node.to_string()];
        let marked = self.core.mark(Marks::Metadata, &ids, &patch).await;
        marked.map(drop)
    }

    fn note(&self, node: NodeId, fate: Option<Fate>, message: &str) -> Result<(), String> {
        let step = Step {
            at: now(),
            fate,
            message: message.to_owned(),
        };
        let noted = self.core.note_step(&self.kept.plan.digest, node, &step);
        noted.map_err(|error| format!("the step could not be written down: {error}"))
    }

    /// Writes down what became of an object, and tells it.
    async fn ended(&self, entry: &Entry, object: &ObjectRef, fate: Fate, message: String) {
        if let Err(error) = self.note(object.node, Some(fate), &message) {
            tracing::warn!(%error, "a crash now would ask the server once more");
        }
        self.done(entry, fate, message).await;
    }

    async fn done(&self, entry: &Entry, fate: Fate, message: String) {
        if let Some(object) = &entry.object {
            self.course().note(&object.account, entry.node, fate);
        }
        self.told(entry, fate, message).await;
    }

    async fn told(&self, entry: &Entry, fate: Fate, message: String) {
        let done = Done {
            entry: entry.clone(),
            fate,
            message,
        };
        // Nobody may be listening any more.
        let _ = self.tell.send(done).await;
    }
}

fn refused(error: &ApplyError) -> CommandError {
    CommandError::world(error.to_string()).hint(error.hint())
}
