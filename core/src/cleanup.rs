//! Cleaning: what is marked becomes a situation, the act room makes a plan of it, the plan is carried out. Nothing else in
//! the core leads to a deletion.
use std::collections::BTreeMap;
use std::time::Duration;

use jiff::SignedDuration;
use stocktake_act::{Entry, Fate, Plan, Settings, Verdict};
use stocktake_command::{CommandError, Progress, Tally};
use stocktake_config::{CleanupGuards, WorkerConfig};
use stocktake_model::near;
use stocktake_plugin_api::Deletion;

use crate::acting::confirm::totals;
use crate::audit::trouble;
use crate::core::{Core, now};
use crate::fate::{Done, shown, told_refusals, told_warnings};
use crate::plans::{KeptPlan, Lead, State};

/// What the configuration says about cleaning.
pub(crate) struct Rules {
    /// What guards go by.
    pub(crate) settings: Settings,
    /// How objects are deleted.
    pub(crate) deletion: Deletion,
    /// Objects deleted at the same time.
    pub(crate) parallel: usize,
    /// Time between two deletions in one cluster.
    pub(crate) rate: Duration,
    /// Whether what has expired is marked.
    pub(crate) expired: bool,
}

impl Core {
    /// What the configuration says about cleaning now.
    pub(crate) fn cleanup_rules(&self) -> Result<Rules, CommandError> {
        let worker = self.0.documents.worker()?;
        Ok(rules(&worker, self.interval()))
    }

    /// A plan of what would be deleted now.
    pub(crate) async fn make_plan(&self, settings: &Settings) -> Result<Plan, CommandError> {
        if let Some(unknown) = settings.unknown_allowed().first() {
            return Err(unknown_guard(unknown));
        }
        let situation = self.situation_now().await.map_err(CommandError::world)?;
        Ok(stocktake_act::plan(&situation, settings, now()))
    }

    /// The step `cleanup_plan`: marks what expired, ends what a crash interrupted, freezes what would be deleted now, and
    /// says what it refuses.
    pub(crate) async fn plan_cleanup(&self, task: &str) -> Option<KeptPlan> {
        match self.planned(task).await {
            Ok(kept) => Some(kept),
            Err(error) => {
                self.fail(task, &told(&error));
                None
            }
        }
    }

    async fn planned(&self, task: &str) -> Result<KeptPlan, CommandError> {
        let rules = self.cleanup_rules()?;
        if rules.expired {
            self.mark_expired(task).await;
        }
        self.resume(task).await?;
        self.forget_old_plans(now()).map_err(trouble)?;
        self.forget_deleted(now()).map_err(trouble)?;
        let plan = self.make_plan(&rules.settings).await?;
        let real = rules.settings.enabled && !rules.settings.dry_run;
        for entry in &plan.entries {
            // What really goes is said when it went.
            if entry.verdict != Verdict::Allowed || !real {
                self.say_entry(task, entry);
            }
        }
        let lead = Lead {
            who: "workflow".to_owned(),
            line: format!("cleanup of run {task}"),
        };
        Ok(KeptPlan {
            plan,
            lead,
            state: State::Made,
        })
    }

    /// Goes on with plans that were on their way when the core ended.
    async fn resume(&self, task: &str) -> Result<(), CommandError> {
        let interrupted = self.interrupted_plans();
        for kept in interrupted.map_err(trouble)? {
            let whose = format!("{} ({})", kept.lead.line, kept.lead.who);
            self.say(task, format!("going on with the plan of {whose}"));
            match self.carry_out(kept.clone()).await {
                Ok(told) => self.tell_done(task, told, &totals(&kept.plan)).await,
                Err(error) => {
                    self.say(
                        task,
                        format!("the rest of it is left alone: {}", told(&error)),
                    );
                    self.put_state(&kept, State::Ended)?;
                }
            }
        }
        Ok(())
    }

    fn say_entry(&self, task: &str, entry: &Entry) {
        let name = shown(entry);
        match &entry.verdict {
            Verdict::Allowed => {
                let mut told = vec![format!("clean: {name} may go")];
                told.extend(told_warnings(entry));
                self.say(task, told.join("; "));
            }
            Verdict::Refused(refusals) => {
                self.say(
                    task,
                    format!("clean: {name} stays: {}", told_refusals(refusals)),
                );
            }
        }
    }

    /// The step `cleanup`: carries out what was planned.
    pub(crate) async fn clean(&self, task: &str, kept: KeptPlan) {
        let allowed: usize = kept.plan.allowed().iter().map(Vec::len).sum();
        if allowed == 0 {
            return;
        }
        let totals = totals(&kept.plan);
        match self.carry_out(kept).await {
            Ok(told) => self.tell_done(task, told, &totals).await,
            Err(error) => self.say(task, format!("nothing is deleted: {}", told(&error))),
        }
    }

    async fn tell_done(
        &self,
        task: &str,
        mut results: tokio::sync::mpsc::Receiver<Done>,
        totals: &BTreeMap<String, u64>,
    ) {
        let mut tally = Tally::new(totals);
        while let Some(done) = results.recv().await {
            let object = done.entry.object.as_ref();
            let cluster = object.map_or("", |object| object.account_name.as_str());
            let progress = Progress {
                task: task.to_owned(),
                ..tally.count(cluster, done.fate.as_str())
            };
            self.0.runs.tell(task, progress);
            let (line, went_wrong) = line(&done);
            if went_wrong {
                self.fail(task, &line);
            } else {
                self.say(task, line);
            }
        }
    }
}

/// What became of an object, and whether that is an error of the run.
fn line(done: &Done) -> (String, bool) {
    let name = shown(&done.entry);
    let message = &done.message;
    let line = match done.fate {
        Fate::Deleted if message.is_empty() => format!("clean: {name} deleted"),
        Fate::Deleted => format!("clean: {name} deleted: {message}"),
        Fate::WouldDelete => format!("clean: {name} would be deleted (dry run)"),
        Fate::Terminating => format!("clean: {name} is going: {message}"),
        Fate::Changed => format!("clean: {name} stays: it is not what was planned: {message}"),
        Fate::Refused => format!("clean: {name}: refused: {message}"),
        Fate::Failed => format!("clean: {name}: {message}"),
    };
    (line, matches!(done.fate, Fate::Refused | Fate::Failed))
}

fn told(error: &CommandError) -> String {
    match &error.hint {
        Some(hint) => format!("{error}; {hint}"),
        None => error.to_string(),
    }
}

fn unknown_guard(name: &str) -> CommandError {
    let guards = stocktake_act::GUARDS.iter().map(|guard| guard.name);
    let wanted = name.split('/').next().unwrap_or_default();
    let error = CommandError::usage(format!("no guard `{name}` can be switched off"));
    match stocktake_act::GUARDS
        .iter()
        .find(|guard| guard.name == wanted)
    {
        Some(guard) => error.hint(format!("what opens `{}`: {}", guard.name, guard.setting())),
        None => match near(wanted, guards).first() {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error.hint("`clean plan` names the guards that refuse something"),
        },
    }
}

fn rules(worker: &WorkerConfig, interval: SignedDuration) -> Rules {
    let section = &worker.worker;
    Rules {
        settings: settings(
            section.cleanup,
            section.cleanup_dry_run,
            &section.cleanup_guards,
            interval,
        ),
        deletion: Deletion {
            propagation: Some(format!("{:?}", worker.k8s.delete_propagation)),
            grace_period_seconds: worker.k8s.grace_period_seconds,
        },
        parallel: section.cleanup_pool_size.max(1),
        rate: Duration::from_secs_f64(1.0 / section.cleanup_rate.clamp(0.01, 1_000.0)),
        expired: section.cleanup_expired,
    }
}

fn settings(
    enabled: bool,
    dry_run: bool,
    guards: &CleanupGuards,
    interval: SignedDuration,
) -> Settings {
    let mut namespaces = guards.protected_namespaces.clone();
    namespaces.extend(guards.extra_protected_namespaces.iter().cloned());
    Settings {
        enabled,
        dry_run,
        protected_namespaces: namespaces,
        own_namespace: std::env::var("POD_NAMESPACE").ok(),
        clean_namespaces: guards.clean_namespaces,
        clean_cluster_scoped: guards.clean_cluster_scoped,
        max_objects: guards.max_objects,
        max_percent: guards.max_percent,
        always_allowed: guards.always_allowed,
        max_mark_age: SignedDuration::from_secs(guards.max_mark_age.seconds()),
        plan_lifetime: SignedDuration::from_secs(guards.max_plan_age.seconds()),
        interval,
        allow: guards.allow.clone(),
        ..Settings::default()
    }
}
