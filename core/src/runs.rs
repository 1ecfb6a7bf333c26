//! Runs of workflows: those on their way, who listens to them, and what is remembered of those that are over.
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stocktake_command::{Progress, Run, RunEvent, RunEvents};
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;
use tokio_util::sync::CancellationToken;

use crate::workflow::Workflow;

/// Events that wait for a slow listener before it misses the oldest.
const BUFFERED: usize = 1024;

/// What is known about one run; kept when it is over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct RunRecord {
    /// Name of the workflow.
    pub(crate) workflow: String,
    /// Id of the run.
    pub(crate) task: String,
    /// When it began.
    pub(crate) started: Timestamp,
    /// When it was over.
    pub(crate) ended: Option<Timestamp>,
    /// Step it is in, or was in when it ended.
    pub(crate) step: String,
    /// Steps done.
    pub(crate) done: usize,
    /// Steps there are.
    pub(crate) steps: usize,
    /// What it came to, for people.
    pub(crate) summary: Vec<String>,
    /// What went wrong.
    pub(crate) errors: Vec<String>,
}

impl RunRecord {
    /// The run as commands show it.
    pub(crate) fn shown(&self, now: Timestamp) -> Run {
        let until = self.ended.unwrap_or(now);
        let seconds = until.as_second().saturating_sub(self.started.as_second());
        Run {
            workflow: self.workflow.clone(),
            task: self.task.clone(),
            started: self.started,
            duration: Duration::from_secs(u64::try_from(seconds).unwrap_or(0)),
            step: self.ended.is_none().then(|| self.step.clone()),
            percent: u8::try_from(self.done * 100 / self.steps.max(1)).unwrap_or(100),
            errors: self.errors.len() as u64,
        }
    }
}

struct Running {
    record: RunRecord,
    events: broadcast::Sender<RunEvent>,
    stop: CancellationToken,
    /// True if another run was asked for meanwhile.
    again: bool,
}

impl Running {
    fn new(record: RunRecord) -> (Self, CancellationToken) {
        let stop = CancellationToken::new();
        let run = Self {
            record,
            events: broadcast::channel(BUFFERED).0,
            stop: stop.clone(),
            again: false,
        };
        (run, stop)
    }
}

/// Every run on its way, by workflow: one at a time each.
#[derive(Default)]
pub(crate) struct Runs {
    running: Mutex<BTreeMap<&'static str, Running>>,
}

/// What asking for a run came to.
pub(crate) enum Begun {
    /// A new run.
    New {
        task: String,
        stop: CancellationToken,
    },
    /// One is on its way; another follows it.
    Already { task: String },
}

impl Runs {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, Running>> {
        self.running
            .lock()
            .expect("nothing panics while it holds the runs")
    }

    /// Begins a run unless one is on its way.
    pub(crate) fn begin(&self, workflow: &'static Workflow, task: String, now: Timestamp) -> Begun {
        let mut running = self.lock();
        if let Some(run) = running.get_mut(workflow.name) {
            run.again = true;
            return Begun::Already {
                task: run.record.task.clone(),
            };
        }
        let record = RunRecord {
            workflow: workflow.name.to_owned(),
            task: task.clone(),
            started: now,
            ended: None,
            step: workflow
                .steps
                .first()
                .map_or("", |step| step.name)
                .to_owned(),
            done: 0,
            steps: workflow.steps.len(),
            summary: Vec::new(),
            errors: Vec::new(),
        };
        let (run, stop) = Running::new(record);
        running.insert(workflow.name, run);
        Begun::New { task, stop }
    }

    /// Goes on with a run that a restart interrupted; `None` if another one is on its way.
    pub(crate) fn resume(
        &self,
        workflow: &'static Workflow,
        record: RunRecord,
    ) -> Option<CancellationToken> {
        let mut running = self.lock();
        if running.contains_key(workflow.name) {
            return None;
        }
        let (run, stop) = Running::new(record);
        running.insert(workflow.name, run);
        Some(stop)
    }

    /// Changes what is known about a run on its way.
    pub(crate) fn change(&self, task: &str, change: impl FnOnce(&mut RunRecord)) {
        if let Some(run) = self.lock().values_mut().find(|run| run.record.task == task) {
            change(&mut run.record);
        }
    }

    /// Tells whoever listens how far a run is.
    pub(crate) fn tell(&self, task: &str, progress: Progress) {
        if let Some(run) = self.lock().values().find(|run| run.record.task == task) {
            // Nobody may be listening.
            let _ = run.events.send(RunEvent::Progress(progress));
        }
    }

    /// Ends a run: its record as it is to be kept, and whether another is to follow.
    pub(crate) fn end(&self, task: &str, now: Timestamp) -> Option<(RunRecord, bool)> {
        let mut running = self.lock();
        let name = running
            .iter()
            .find(|(_, run)| run.record.task == task)
            .map(|(name, _)| *name)?;
        let mut run = running.remove(name)?;
        run.record.ended = Some(now);
        let finished = RunEvent::Finished {
            summary: run.record.summary.clone(),
            errors: run.record.errors.clone(),
        };
        let _ = run.events.send(finished);
        Some((run.record, run.again))
    }

    /// Asks a run to stop. False if it is not on its way.
    pub(crate) fn stop(&self, task: &str) -> bool {
        let running = self.lock();
        let run = running.values().find(|run| run.record.task == task);
        run.map(|run| run.stop.cancel()).is_some()
    }

    /// Runs on their way, oldest first.
    pub(crate) fn all(&self) -> Vec<RunRecord> {
        let mut runs: Vec<RunRecord> = self.lock().values().map(|run| run.record.clone()).collect();
        runs.sort_by(|a, b| (a.started, &a.task).cmp(&(b.started, &b.task)));
        runs
    }

    /// The events of a run on its way, its state now first.
    pub(crate) fn events(&self, task: &str) -> Option<RunEvents> {
        let running = self.lock();
        let run = running.values().find(|run| run.record.task == task)?;
        // A listener that fell behind misses progress, never the end: the channel closes after it.
        let events = BroadcastStream::new(run.events.subscribe())
            .filter_map(|event| async move { event.ok() });
        Some(events.boxed())
    }

    /// The only event of a run that is over.
    pub(crate) fn over(record: RunRecord) -> RunEvents {
        let finished = RunEvent::Finished {
            summary: record.summary,
            errors: record.errors,
        };
        stream::iter([finished]).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflow::workflow;

    #[tokio::test]
    async fn one_run_at_a_time_and_one_more_afterwards() {
        let runs = Runs::default();
        let collect = workflow("collect").unwrap();
        let now = Timestamp::UNIX_EPOCH;
        assert!(matches!(
            runs.begin(collect, "a".into(), now),
            Begun::New { .. }
        ));
        let Begun::Already { task } = runs.begin(collect, "b".into(), now) else {
            panic!()
        };
        assert_eq!(task, "a");
        let events = runs.events("a").unwrap();
        runs.change("a", |run| run.errors.push("broken".into()));
        runs.tell(
            "a",
            Progress {
                part: "prod".into(),
                ..Progress::default()
            },
        );
        let (record, again) = runs.end("a", now).unwrap();
        assert!(again);
        assert_eq!(record.ended, Some(now));
        let events: Vec<RunEvent> = events.collect().await;
        assert_eq!(events.len(), 2);
        assert!(matches!(&events[1], RunEvent::Finished { errors, .. } if errors == &["broken"]));
        assert!(runs.all().is_empty());
    }
}
