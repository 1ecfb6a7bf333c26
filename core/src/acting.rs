//! Plans, the audit log and restored objects, as commands ask for them.
pub(crate) mod confirm;

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures::StreamExt as _;
use serde_json::{Value, json};
use stocktake_act::{Dependant, Entry, Holding, Plan, Settings, Verdict, Versions};
use stocktake_command::{
    Acting, Applied, AuditFilter, CommandError, Confirmation, Context, PlanOptions, PlanPurpose,
    PlanVersion, PlannedCleanup, RestoreOptions,
};
use stocktake_model::normalise;
use tokio_stream::wrappers::ReceiverStream;

use crate::audit::trouble;
use crate::core::{Core, now};
use crate::fate::{Done, told_refusals, told_warnings};
use crate::plans::{KeptPlan, Lead, State};

#[async_trait]
impl Acting for Core {
    async fn plan_cleanup(
        &self,
        wanted: PlanOptions,
        context: &Context,
    ) -> Result<PlannedCleanup, CommandError> {
        let rules = self.cleanup_rules()?;
        let settings = Settings {
            also_allow: wanted.allow,
            versions: match wanted.version {
                PlanVersion::Seen => Versions::Seen,
                PlanVersion::Any => Versions::Any,
            },
            ..rules.settings
        };
        let plan = self.make_plan(&settings).await?;
        let planned = PlannedCleanup {
            text: file(&plan)?,
            rows: plan.entries.iter().map(planned_row).collect(),
            notes: notes(&plan, &settings),
        };
        if wanted.purpose == PlanPurpose::Apply {
            self.forget_old_plans(now()).map_err(trouble)?;
            self.forget_deleted(now()).map_err(trouble)?;
            let kept = KeptPlan {
                plan,
                lead: lead(context),
                state: State::Made,
            };
            self.keep_plan(&kept).map_err(trouble)?;
        }
        Ok(planned)
    }

    async fn apply_plan(
        &self,
        text: &str,
        confirmed: Option<Confirmation>,
        context: &Context,
    ) -> Result<Applied, CommandError> {
        let plan: Plan = serde_json::from_str(text).map_err(|error| {
            CommandError::usage(format!("this is no plan: {error}"))
                .hint("`clean plan -o plan.json` makes one")
        })?;
        let kept = self.kept_plan(&plan.digest).map_err(trouble)?;
        let kept = kept.ok_or_else(|| {
            CommandError::usage("this core did not make the plan, or has forgotten it")
                .hint("make a new plan with `clean plan -o FILE` and review it")
        })?;
        if kept.plan != plan {
            return Err(
                CommandError::usage("the plan was changed after it was made")
                    .hint("make a new plan with `clean plan -o FILE` and review it"),
            );
        }
        let settings = self.cleanup_rules()?.settings;
        if settings.enabled && !settings.dry_run {
            confirm::asked(&plan, confirmed.as_ref())?;
        }
        let totals = confirm::totals(&plan);
        let notes = applied_notes(&kept, totals.values().sum());
        let kept = KeptPlan {
            lead: lead(context),
            ..kept
        };
        let done = self.carry_out(kept).await?;
        let rows = ReceiverStream::new(done).map(|done| Ok(done_row(&done)));
        Ok(Applied {
            rows: rows.boxed(),
            totals,
            notes,
        })
    }

    async fn audit(&self, wanted: AuditFilter) -> Result<(Vec<Value>, u64), CommandError> {
        self.audit_rows(&wanted)
    }

    async fn verify_audit(&self) -> Result<u64, CommandError> {
        self.verified_audit()
    }

    async fn restore(
        &self,
        wanted: RestoreOptions,
        context: &Context,
    ) -> Result<Value, CommandError> {
        self.restore_object(wanted, context).await
    }
}

pub(crate) fn lead(context: &Context) -> Lead {
    Lead {
        who: context.user.clone(),
        line: context.line.clone(),
    }
}

/// A plan as its file.
fn file(plan: &Plan) -> Result<String, CommandError> {
    let text = serde_json::to_string_pretty(plan);
    let text = text.map_err(|error| CommandError::world(error.to_string()))?;
    Ok(text + "\n")
}

fn notes(plan: &Plan, settings: &Settings) -> Vec<String> {
    if plan.entries.is_empty() {
        return vec!["nothing is marked: mark with `clean REASON` first".to_owned()];
    }
    let allowed: usize = plan.allowed().iter().map(Vec::len).sum();
    let until = normalise(plan.expires);
    let mut notes = vec![format!(
        "{allowed} of {} may go; the plan is good until {until}",
        plan.entries.len()
    )];
    if !settings.enabled {
        notes.push(
            "nothing would be deleted: guard `cleanup-off` (setting: worker.cleanup)".to_owned(),
        );
    } else if settings.dry_run {
        notes.push(
            "servers would only be asked: guard `dry-run` (setting: worker.cleanup_dry_run)"
                .to_owned(),
        );
    }
    notes.extend(refusal_notes(plan));
    let taken = plan.allowed().into_iter().flatten();
    let taken = taken.flat_map(|entry| &entry.takes);
    match taken.filter(|one| one.holding == Holding::Data).count() {
        0 => {}
        1 => notes.push("one volume or claim goes with it, and its data".to_owned()),
        data => notes.push(format!(
            "{data} volumes or claims go with it, and their data"
        )),
    }
    notes
}

/// Each guard that refuses something, how much, and the setting: on a terminal the table has no room for it.
fn refusal_notes(plan: &Plan) -> Vec<String> {
    let mut guards: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for entry in &plan.entries {
        if let Verdict::Refused(refusals) = &entry.verdict {
            for refusal in refusals {
                *guards
                    .entry((&refusal.guard, &refusal.setting))
                    .or_default() += 1;
            }
        }
    }
    let told = guards.into_iter().map(|((guard, setting), count)| {
        format!("guard `{guard}` refuses {count} (setting: {setting})")
    });
    told.collect()
}

/// What explains an answer that is empty, or that was given before.
fn applied_notes(kept: &KeptPlan, allowed: u64) -> Vec<String> {
    let mut notes = Vec::new();
    if allowed == 0 {
        notes.push("the plan lets nothing go: guards refuse all that is in it".to_owned());
    } else if kept.state == State::Ended {
        notes.push(
            "the plan was carried out before: what was done then is told, and not done again"
                .to_owned(),
        );
    }
    notes
}

fn planned_row(entry: &Entry) -> Value {
    let (verdict, says) = match &entry.verdict {
        Verdict::Allowed => ("allowed", told_warnings(entry).join("; ")),
        Verdict::Refused(refusals) => ("refused", told_refusals(refusals)),
    };
    let mut row = row(entry);
    row["pass"] = match entry.verdict {
        Verdict::Allowed => json!(entry.pass),
        Verdict::Refused(_) => Value::Null,
    };
    row["verdict"] = json!(verdict);
    row["says"] = json!(says);
    row["by"] = json!(entry.by);
    row["takes"] = json!(entry.takes.iter().map(taken).collect::<Vec<_>>());
    row
}

fn done_row(done: &Done) -> Value {
    let mut row = row(&done.entry);
    row["verdict"] = json!(done.fate.as_str());
    row["message"] = json!(done.message);
    row
}

fn row(entry: &Entry) -> Value {
    let object = entry.object.as_ref();
    json!({
        "kind": entry.kind,
        "name": entry.name,
        "namespace": object.and_then(|object| object.namespace.as_deref()),
        "cluster": object.map(|object| object.account_name.as_str()),
        "reason": entry.reason,
        "id": entry.node.to_string(),
    })
}

fn taken(one: &Dependant) -> String {
    let note = match one.holding {
        Holding::Nothing => "",
        Holding::Data => " (with its data)",
        Holding::Protected => " (protected)",
    };
    format!("{} `{}`{note}", one.kind, one.name)
}
