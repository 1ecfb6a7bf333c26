//! After a restart: runs that were on their way go on in the step they were in. A run of a workflow that is no longer
//! known is forgotten, one that is too old is over.
use jiff::{SignedDuration, Timestamp};
use stocktake_store::StoreError;
use tracing::{info, warn};

use crate::core::{Core, now};
use crate::runs::RunRecord;
use crate::workflow::{Action, Workflow, workflow};

/// Runs that began longer ago are not taken up again.
const LATEST: SignedDuration = SignedDuration::from_hours(1);

impl Core {
    /// Takes up what the last owner of the directory left.
    pub(crate) fn resume_runs(&self) {
        for record in self.interrupted() {
            if let Err(error) = self.take_up(record, now()) {
                warn!(%error, "an interrupted run is not taken up");
            }
        }
    }

    /// Newest first.
    fn interrupted(&self) -> Vec<RunRecord> {
        let kept = self.0.runs_kept();
        let found: Vec<(String, RunRecord)> = kept.list("").filter_map(Result::ok).collect();
        let records = found.into_iter().map(|(_, record)| record);
        let mut records: Vec<RunRecord> = records.filter(|run| run.ended.is_none()).collect();
        records.sort_by(|a, b| (b.started, &b.task).cmp(&(a.started, &a.task)));
        records
    }

    fn take_up(&self, record: RunRecord, now: Timestamp) -> Result<(), StoreError> {
        let task = record.task.clone();
        let Some(workflow) = workflow(&record.workflow) else {
            return self.0.runs_kept().delete(&task).map(drop);
        };
        let place = place(workflow, &record.step);
        let fresh = now.duration_since(record.started) <= LATEST;
        let stop = place
            .filter(|_| fresh)
            .and_then(|_| self.0.runs.resume(workflow, record.clone()));
        let (Some(first), Some(stop)) = (place, stop) else {
            let over = RunRecord {
                ended: Some(now),
                errors: [
                    record.errors.clone(),
                    vec!["interrupted by a restart".to_owned()],
                ]
                .concat(),
                ..record
            };
            return self.0.runs_kept().put(&task, &over);
        };
        info!(
            workflow = workflow.name,
            step = record.step,
            "a run goes on"
        );
        let core = self.clone();
        tokio::spawn(async move { core.perform(workflow, &task, first, stop).await });
        Ok(())
    }
}

/// Where a run goes on. What is deleted stands in a plan, and what was interrupted is known to the step that makes it:
/// from there on, a run goes back to it.
fn place(workflow: &Workflow, step: &str) -> Option<usize> {
    let steps = workflow.steps;
    let here = steps.iter().position(|known| known.name == step)?;
    let of = |action| steps.iter().position(|step| step.action == action);
    match (of(Action::Plan), of(Action::Clean)) {
        (Some(plan), Some(clean)) if (plan..=clean).contains(&here) => Some(plan),
        _ => Some(here),
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt as _;

    use super::*;
    use crate::{Options, Schedule};

    async fn open(dir: &tempfile::TempDir) -> Core {
        let options = Options {
            data_dir: dir.path().to_owned(),
            contexts: Vec::new(),
            schedule: Schedule::Ignore,
        };
        Core::open(options).await.unwrap()
    }

    fn interrupted(core: &Core, workflow: &str, task: &str, step: &str, started: Timestamp) {
        let record = RunRecord {
            workflow: workflow.to_owned(),
            task: task.to_owned(),
            started,
            ended: None,
            step: step.to_owned(),
            done: 1,
            steps: 3,
            summary: vec!["so far".to_owned()],
            errors: Vec::new(),
        };
        core.0.runs_kept().put(task, &record).unwrap();
    }

    #[tokio::test]
    async fn a_run_goes_on_in_the_step_it_was_in() {
        let dir = tempfile::tempdir().unwrap();
        let core = open(&dir).await;
        interrupted(&core, "metrics", "a", "post_generate_metrics", now());
        assert_eq!(core.past_runs().unwrap(), []);
        drop(core);
        let core = open(&dir).await;
        core.resume_runs();
        let mut events = core.run_events("a").unwrap();
        while events.next().await.is_some() {}
        let runs = core.past_runs().unwrap();
        assert_eq!((runs.len(), &*runs[0].task), (1, "a"));
        assert_eq!(runs[0].summary, ["so far"]);
        assert_eq!(runs[0].errors, [""; 0]);
        // The step that measures was done before: it was not done again.
        let names = stocktake_command::Chronicle::series_names(&core).unwrap();
        assert_eq!(names, []);
    }

    #[test]
    fn a_run_that_was_cleaning_plans_again() {
        let both = workflow("collect_and_cleanup").unwrap();
        let goes_on = |step| place(both, step).map(|place| both.steps[place].name);
        for (step, expected) in [
            ("collect", "collect"),
            ("pre_cleanup_plan", "pre_cleanup_plan"),
            ("post_cleanup_plan", "cleanup_plan"),
            ("cleanup", "cleanup_plan"),
            ("post_cleanup", "post_cleanup"),
        ] {
            assert_eq!(goes_on(step), Some(expected));
        }
        assert_eq!(goes_on("no_such_step"), None);
    }

    #[tokio::test]
    async fn what_cannot_go_on_is_over() {
        let dir = tempfile::tempdir().unwrap();
        let core = open(&dir).await;
        let long_ago = now().checked_sub(SignedDuration::from_hours(3)).unwrap();
        interrupted(&core, "collect", "old", "collect", long_ago);
        interrupted(&core, "collect", "lost", "no_such_step", now());
        interrupted(&core, "no_such_workflow", "gone", "collect", now());
        core.resume_runs();
        let runs = core.past_runs().unwrap();
        let ended: Vec<(&str, &[String])> = runs
            .iter()
            .map(|run| (run.task.as_str(), run.errors.as_slice()))
            .collect();
        let error = ["interrupted by a restart".to_owned()];
        assert_eq!(ended, [("lost", &error[..]), ("old", &error[..])]);
        assert!(core.0.runs.all().is_empty());
    }

    #[tokio::test]
    async fn two_interrupted_runs_of_one_workflow_become_one() {
        let dir = tempfile::tempdir().unwrap();
        let core = open(&dir).await;
        let earlier = now().checked_sub(SignedDuration::from_mins(5)).unwrap();
        interrupted(&core, "metrics", "a", "pre_generate_metrics", earlier);
        interrupted(&core, "metrics", "b", "pre_generate_metrics", now());
        core.resume_runs();
        let mut events = core.run_events("b").unwrap();
        while events.next().await.is_some() {}
        let runs = core.past_runs().unwrap();
        let told = |task| {
            runs.iter()
                .find(|run| run.task == task)
                .map(|run| run.errors.len())
        };
        assert_eq!((told("a"), told("b")), (Some(1), Some(0)));
    }
}
