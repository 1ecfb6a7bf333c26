//! Cleaning: what is marked becomes a situation, the act room makes a plan of it, workers delete what it approves. Nothing
//! else in the core leads to a deletion.

use futures::stream::{self, StreamExt as _};
use serde_json::Value;
use stocktake_act::{Approved, AuditEntry, Deed, Entry, Mode, Plan, Settings, Verdict, next_entry};
use stocktake_client::{Task, TaskResult};
use stocktake_command::Marks;
use stocktake_config::CleanupGuards;
use stocktake_model::{Map, ObjectRef};
use stocktake_plugin_api::{Deletion, Outcome};
use stocktake_store::StoreError;

use crate::core::{Core, now};

/// Name of the records that hold the audit log.
const AUDIT: &str = "audit";
/// Failures in a row after which nothing more is tried.
const GIVE_UP_AFTER: usize = 3;
/// A plan and the settings it was made with.
pub(crate) struct Planned {
    plan: Plan,
    settings: Settings,
    parallel: usize,
    deletion: Deletion,
}

impl Core {
    /// Freezes what would be deleted now, and says what it refuses.
    pub(crate) async fn plan_cleanup(&self, task: &str) -> Option<Planned> {
        let worker = match self.0.documents.worker() {
            Ok(worker) => worker,
            Err(error) => {
                self.fail(task, &error.to_string());
                return None;
            }
        };
        let section = &worker.worker;
        let interval = self.interval();
        let settings = settings(
            section.cleanup,
            section.cleanup_dry_run,
            &section.cleanup_guards,
            interval,
        );
        let situation = match self.situation_now().await {
            Ok(situation) => situation,
            Err(message) => {
                self.fail(task, &message);
                return None;
            }
        };
        let plan = stocktake_act::plan(&situation, &settings, now());
        for entry in &plan.entries {
            // What really goes is said when it went.
            if entry.verdict != Verdict::Allowed || !settings.enabled || settings.dry_run {
                self.say_entry(task, entry);
            }
        }
        let deletion = Deletion {
            propagation: Some(format!("{:?}", worker.k8s.delete_propagation)),
            grace_period_seconds: worker.k8s.grace_period_seconds,
        };
        Some(Planned {
            plan,
            settings,
            parallel: section.cleanup_pool_size.max(1),
            deletion,
        })
    }

    fn say_entry(&self, task: &str, entry: &Entry) {
        let name = shown(entry);
        match &entry.verdict {
            Verdict::Allowed => {
                let more = entry.warnings.iter().map(|warning| format!("; {warning}"));
                self.say(
                    task,
                    format!("clean: {name} may go{}", more.collect::<String>()),
                );
            }
            Verdict::Refused(refusals) => {
                for refusal in refusals {
                    let line = format!(
                        "clean: {name} stays: guard `{}`: {} (setting: {})",
                        refusal.guard, refusal.why, refusal.setting
                    );
                    self.say(task, line);
                }
            }
        }
    }

    /// Deletes what the plan approves, pass by pass.
    pub(crate) async fn clean(&self, task: &str, planned: Planned) {
        if planned.plan.entries.is_empty() {
            return;
        }
        let situation = match self.situation_now().await {
            Ok(situation) => situation,
            Err(message) => return self.fail(task, &message),
        };
        let approval = match planned.plan.approved(&situation, &planned.settings, now()) {
            Ok(approval) => approval,
            Err(refused) => {
                return self.say(
                    task,
                    format!("nothing is deleted: {refused}; {}", refused.hint()),
                );
            }
        };
        let mut failures = 0;
        for pass in approval.passes {
            let deletions: Vec<_> = pass
                .into_iter()
                .map(|approved| self.delete(task, approved, &planned.deletion))
                .collect();
            let mut outcomes = stream::iter(deletions).buffer_unordered(planned.parallel);
            while let Some(went_well) = outcomes.next().await {
                failures = if went_well { 0 } else { failures + 1 };
                if failures >= GIVE_UP_AFTER {
                    return self.fail(
                        task,
                        "three deletions in a row failed: the rest is left alone",
                    );
                }
            }
        }
    }

    /// Deletes one object. True unless it failed for a reason that may hold for others, too.
    async fn delete(&self, task: &str, approved: Approved, deletion: &Deletion) -> bool {
        let object = approved.object.clone();
        let name = object_name(&object);
        let (plugin, section) = match self.plugin_of(&object.account) {
            Ok(found) => found,
            Err(error) => {
                self.fail(task, &error.to_string());
                return false;
            }
        };
        let dry = approved.mode == Mode::Dry;
        let deed = deed(&approved, task);
        let id = self.queue().reserve();
        let approved = Box::new(approved);
        let work = Task::Delete {
            plugin,
            section,
            approved,
            deletion: deletion.clone(),
        };
        let outcome = match self.queue().run(id, work).await {
            TaskResult::Acted(outcome) => outcome,
            TaskResult::Failed { message } => Outcome::Failed { message },
            TaskResult::Collected(_) | TaskResult::Watched => {
                unreachable!("a deletion is answered by an outcome")
            }
        };
        let (verdict, message) = told(&outcome);
        if !dry
            && let Err(error) = self
                .audit(Deed {
                    verdict: verdict.to_owned(),
                    message,
                    ..deed
                })
                .await
        {
            self.fail(
                task,
                &format!("{name}: the audit log could not be written: {error}"),
            );
        }
        match outcome {
            Outcome::Deleted | Outcome::Vanished => self.cleaned(task, &object, &name).await,
            Outcome::WouldSucceed => {
                self.say(task, format!("clean: {name} would be deleted (dry run)"));
            }
            Outcome::Terminating { finalizers } => {
                let held = finalizers.join(", ");
                self.say(task, format!("clean: {name} is going; held by {held}"));
            }
            Outcome::Changed { message } => {
                self.say(
                    task,
                    format!("clean: {name} stays: it is not what was planned: {message}"),
                );
            }
            Outcome::Refused { message } => {
                self.fail(task, &format!("clean: {name}: refused: {message}"));
                return false;
            }
            Outcome::Failed { message } => {
                self.fail(task, &format!("clean: {name}: {message}"));
                return false;
            }
            Outcome::Tagged(_) => unreachable!("a deletion does not tag"),
        }
        true
    }

    /// Remembers that an object is verified to be gone.
    async fn cleaned(&self, task: &str, object: &ObjectRef, name: &str) {
        let patch = Map::from_iter([("cleaned".to_owned(), Value::Bool(true))]);
        let marked = self
            .mark(Marks::Metadata, &[object.node.to_string()], &patch)
            .await;
        if let Err(error) = marked {
            self.fail(
                task,
                &format!("clean: {name} is deleted, but could not be marked so: {error}"),
            );
        }
        self.say(task, format!("clean: {name} deleted"));
    }

    async fn audit(&self, deed: Deed) -> Result<(), StoreError> {
        let _turn = self.0.audit.lock().await;
        let records = self.0.store.records(AUDIT)?;
        let last: Option<AuditEntry> = records
            .list("")
            .next_back()
            .transpose()?
            .map(|(_, entry): (String, AuditEntry)| entry);
        records.append(&next_entry(last.as_ref(), deed))?;
        Ok(())
    }
}

fn settings(
    enabled: bool,
    dry_run: bool,
    guards: &CleanupGuards,
    interval: jiff::SignedDuration,
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
        max_mark_age: jiff::SignedDuration::from_secs(guards.max_mark_age.seconds()),
        interval,
        allow: guards.allow.clone(),
        ..Settings::default()
    }
}

fn deed(approved: &Approved, task: &str) -> Deed {
    Deed {
        at: now(),
        who: "workflow".to_owned(),
        line: format!("cleanup of run {task}"),
        action: "delete".to_owned(),
        plan: Some(approved.plan.clone()),
        object: approved.object.clone(),
        verdict: String::new(),
        message: String::new(),
    }
}

/// An outcome as the audit log has it: a word, and what was said.
fn told(outcome: &Outcome) -> (&'static str, String) {
    match outcome {
        Outcome::Tagged(_) => ("tagged", String::new()),
        Outcome::Deleted => ("deleted", String::new()),
        Outcome::Terminating { finalizers } => ("terminating", finalizers.join(", ")),
        Outcome::Changed { message } => ("changed", message.clone()),
        Outcome::Vanished => ("vanished", String::new()),
        Outcome::WouldSucceed => ("would succeed", String::new()),
        Outcome::Refused { message } => ("refused", message.clone()),
        Outcome::Failed { message } => ("failed", message.clone()),
    }
}

fn shown(entry: &Entry) -> String {
    match &entry.object {
        Some(object) => object_name(object),
        None => format!("{} `{}`", entry.kind, entry.name),
    }
}

fn object_name(object: &ObjectRef) -> String {
    let ObjectRef {
        kind,
        name,
        account_name,
        ..
    } = object;
    match &object.namespace {
        Some(namespace) => format!("{kind} `{namespace}/{name}` in `{account_name}`"),
        None => format!("{kind} `{name}` in `{account_name}`"),
    }
}
