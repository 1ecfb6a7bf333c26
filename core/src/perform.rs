//! Performing workflows: step after step, with progress for whoever listens, on schedule or on demand.
use serde_json::json;
use stocktake_command::{CommandError, Progress, RunEvents, Start, WorkflowStarted};
use stocktake_model::near;
use stocktake_store::Records;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::core::{Core, Parts, now};
use crate::events::{ERROR, TASK_END, TASK_STARTED, done as done_event};
use crate::plans::KeptPlan;
use crate::runs::{Begun, RunRecord, Runs};
use crate::workflow::{Action, Step, WORKFLOWS, Workflow, workflow};

/// Name of the records that remember runs.
const RUNS: &str = "runs";

impl Parts {
    pub(crate) fn runs_kept(&self) -> Records {
        self.store
            .records(RUNS)
            .expect("the name is a constant that the store takes")
    }
}

impl Core {
    /// Starts a workflow unless it is on its way.
    pub(crate) fn start_workflow(&self, name: &str) -> Result<WorkflowStarted, CommandError> {
        let workflow = workflow(name).ok_or_else(|| unknown(name))?;
        let task = format!(
            "{:x}-{:04x}",
            now().as_millisecond(),
            self.queue().reserve()
        );
        let name = name.to_owned();
        match self.0.runs.begin(workflow, task, now()) {
            Begun::Already { task } => Ok(WorkflowStarted {
                name,
                task,
                start: Start::AlreadyRunning,
            }),
            Begun::New { task, stop } => {
                self.tell_run(TASK_STARTED, &name, &task, 0);
                let core = self.clone();
                let run = task.clone();
                tokio::spawn(async move { core.perform(workflow, &run, 0, stop).await });
                Ok(WorkflowStarted {
                    name,
                    task,
                    start: Start::New,
                })
            }
        }
    }

    /// The events of a run; only its end if it is over.
    pub(crate) fn run_events(&self, task: &str) -> Result<RunEvents, CommandError> {
        if let Some(events) = self.0.runs.events(task) {
            return Ok(events);
        }
        let record: Option<RunRecord> = self.0.runs_kept().get(task).ok().flatten();
        record
            .map(Runs::over)
            .ok_or_else(|| CommandError::usage(format!("no run `{task}`")))
    }

    /// Runs that are over, newest first.
    pub(crate) fn past_runs(&self) -> Result<Vec<RunRecord>, CommandError> {
        let records: Result<Vec<(String, RunRecord)>, _> = self.0.runs_kept().list("").collect();
        let records = records.map_err(|error| CommandError::world(error.to_string()))?;
        let over = records.into_iter().map(|(_, run)| run);
        let mut runs: Vec<RunRecord> = over.filter(|run| run.ended.is_some()).collect();
        runs.sort_by(|a, b| (b.started, &b.task).cmp(&(a.started, &a.task)));
        Ok(runs)
    }

    /// Does the steps of a run from `first` on.
    pub(crate) async fn perform(
        &self,
        workflow: &'static Workflow,
        task: &str,
        first: usize,
        stop: CancellationToken,
    ) {
        let mut planned = None;
        for (done, step) in workflow.steps.iter().enumerate().skip(first) {
            self.0.runs.change(task, |run| {
                step.name.clone_into(&mut run.step);
                run.done = done;
            });
            self.keep_run(task);
            self.tell_step(workflow, task, step, done);
            tokio::select! {
                () = self.step(step, task, &mut planned) => {
                    if step.action != Action::Announce {
                        let data = json!({"workflow": workflow.name, "task": task});
                        self.tell(&done_event(step.name), data);
                    }
                }
                () = stop.cancelled() => {
                    self.fail(task, "stopped before it was done");
                    break;
                }
            }
        }
        self.0.runs.change(task, |run| run.done = run.steps);
        if let Some((record, again)) = self.0.runs.end(task, now()) {
            info!(
                workflow = workflow.name,
                errors = record.errors.len(),
                "a run is over"
            );
            if let Err(error) = self.0.runs_kept().put(task, &record) {
                warn!(%error, "the run could not be recorded");
            }
            self.tell_run(TASK_END, workflow.name, task, record.errors.len());
            if again && !stop.is_cancelled() {
                // It was on its way a moment ago, so the name is known.
                let _ = self.start_workflow(workflow.name);
            }
        }
    }

    /// Writes down how far a run is, so that it can go on after a restart.
    fn keep_run(&self, task: &str) {
        let runs = self.0.runs.all();
        let Some(record) = runs.iter().find(|run| run.task == task) else {
            return;
        };
        if let Err(error) = self.0.runs_kept().put(task, record) {
            warn!(%error, "how far the run is could not be recorded");
        }
    }

    async fn step(&self, step: &Step, task: &str, planned: &mut Option<KeptPlan>) {
        match step.action {
            Action::Announce => {}
            Action::Collect => self.collect(task).await,
            Action::Join => self.join_accounts(task).await,
            Action::Measure => self.measure(task).await,
            Action::Plan => *planned = self.plan_cleanup(task).await,
            Action::Clean => {
                if let Some(planned) = planned.take() {
                    self.clean(task, planned).await;
                }
            }
        }
    }

    fn tell_step(&self, workflow: &Workflow, task: &str, step: &Step, done: usize) {
        let progress = Progress {
            workflow: workflow.name.to_owned(),
            task: task.to_owned(),
            step: step.name.to_owned(),
            part: String::new(),
            message: step.name.to_owned(),
            done: done as u64,
            total: workflow.steps.len() as u64,
            objects: 0,
        };
        self.0.runs.tell(task, progress);
        let data = json!({"workflow": workflow.name, "task": task, "step": step.name});
        self.tell(step.name, data);
    }

    /// Adds a line to what a run came to.
    pub(crate) fn say(&self, task: &str, line: String) {
        self.0.runs.change(task, |run| run.summary.push(line));
    }

    /// Adds a line to what went wrong in a run.
    pub(crate) fn fail(&self, task: &str, line: &str) {
        self.tell(ERROR, json!({"task": task, "message": line}));
        self.0
            .runs
            .change(task, |run| run.errors.push(line.to_owned()));
    }
}

fn unknown(name: &str) -> CommandError {
    let names = WORKFLOWS.iter().map(|workflow| workflow.name);
    let hint = match near(name, names.clone()).first() {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", names.collect::<Vec<_>>().join(", ")),
    };
    CommandError::usage(format!("no workflow `{name}`")).hint(hint)
}
