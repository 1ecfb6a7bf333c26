//! Jobs: command lines that run by themselves, on a schedule, on a step of a workflow, or on both.
//!
//! A tick is written down before its job starts, so that no restart runs it twice; ticks while nobody was there are
//! skipped. What a job does is the command line's business.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use croner::Cron;
use futures::StreamExt as _;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use stocktake_command::{CommandError, Context, Job, JobEnd, JobRun, Output, Scheduler, execute};
use stocktake_model::normalise;
use stocktake_store::{Records, StoreError};
use tokio::sync::Notify;
use tracing::{info, warn};

use crate::core::{Core, now};
use crate::events::known_event;
use crate::schedule;

const TABLE: &str = "jobs";
const TICKS: &str = "job_ticks";
/// Jobs that were started and are not over: what a restart interrupts runs from its start.
const STARTED: &str = "jobs_started";
/// Jobs that were interrupted longer ago are not run again.
const LATEST: SignedDuration = SignedDuration::from_hours(1);
/// Time between two looks at the clock; a changed clock is noticed by then.
const LOOK: Duration = Duration::from_secs(30);

/// Jobs on their way.
#[derive(Default)]
pub(crate) struct Jobs {
    running: Mutex<BTreeMap<String, Running>>,
    changed: Notify,
}

struct Running {
    run: JobRun,
    /// True if it was started again meanwhile: it runs once more afterwards.
    again: bool,
}

/// How far the triggers of a job are.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Tick {
    /// The last tick that counted.
    last: Option<Timestamp>,
    /// True if it ticked and waits for its event.
    waiting: bool,
}

/// A job on its way, as it is written down.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Started {
    at: Timestamp,
    /// True if a restart interrupted it before.
    resumed: bool,
}

/// Whether a job is run for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Attempt {
    First,
    /// A restart interrupted it.
    Second,
}

impl Jobs {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Running>> {
        self.running
            .lock()
            .expect("nothing panics while it holds the jobs")
    }
}

impl Core {
    fn jobs_kept(&self) -> Records {
        self.kept(TABLE)
    }

    fn ticks(&self) -> Records {
        self.kept(TICKS)
    }

    fn kept(&self, table: &str) -> Records {
        self.0
            .store
            .records(table)
            .expect("the name is a constant that the store takes")
    }

    /// Starts jobs whenever their triggers say so.
    pub(crate) async fn keep_jobs(&self) {
        let mut events = self.0.events.listen();
        let mut looked = now();
        loop {
            tokio::select! {
                () = tokio::time::sleep(self.until_next(looked)) => {}
                () = self.0.jobs.changed.notified() => {}
                // Whoever fell behind goes on with the oldest event that is left.
                event = events.recv() => if let Ok(event) = event {
                    self.start_jobs(self.woken(&event.message_type));
                },
            }
            let time = now();
            self.start_jobs(self.due(looked, time, &TimeZone::system()));
            looked = time;
        }
    }

    fn until_next(&self, looked: Timestamp) -> Duration {
        let zoned = looked.to_zoned(TimeZone::system());
        let jobs = self.active();
        let ticks = jobs
            .iter()
            .filter_map(|job| schedule::next(job.schedule.as_deref()?, &zoned));
        let wait = ticks.map(|tick| tick.duration_since(now())).min();
        wait.map_or(LOOK, |wait| {
            Duration::try_from(wait).unwrap_or_default().min(LOOK)
        })
    }

    fn active(&self) -> Vec<Job> {
        let jobs = self
            .jobs()
            .inspect_err(|error| warn!(%error, "the jobs cannot be read"));
        let jobs = jobs.unwrap_or_default().into_iter();
        jobs.filter(|job| job.active).collect()
    }

    /// Jobs to start because of a tick in `(from, to]`. What ticked is written down.
    fn due(&self, from: Timestamp, to: Timestamp, zone: &TimeZone) -> Vec<Job> {
        let mut due = Vec::new();
        for job in self.active() {
            let Some(cron) = &job.schedule else { continue };
            let mut tick = self.tick(&job.id);
            let after = tick.last.map_or(from, |last| last.max(from));
            let Some(at) = schedule::ticked(cron, after, to, zone) else {
                continue;
            };
            tick.last = Some(at);
            tick.waiting = job.wait_for_event.is_some();
            if self.written(&job.id, &tick) && !tick.waiting {
                due.push(job);
            }
        }
        due
    }

    /// Jobs to start because of an event.
    fn woken(&self, event: &str) -> Vec<Job> {
        let mut woken = Vec::new();
        for job in self.active() {
            if job.wait_for_event.as_deref() != Some(event) {
                continue;
            }
            let mut tick = self.tick(&job.id);
            if job.schedule.is_some() {
                if !tick.waiting {
                    continue;
                }
                tick.waiting = false;
                if !self.written(&job.id, &tick) {
                    continue;
                }
            }
            woken.push(job);
        }
        woken
    }

    fn tick(&self, id: &str) -> Tick {
        self.ticks().get(id).ok().flatten().unwrap_or_default()
    }

    /// A tick that cannot be written down does not count: the job could run twice.
    fn written(&self, id: &str, tick: &Tick) -> bool {
        let done = self.ticks().put(id, tick);
        done.inspect_err(|error| warn!(%error, id, "a job is not started"))
            .is_ok()
    }

    /// Runs once more what the last owner of the directory did not finish. What is interrupted a second time is given up: it
    /// may be what ended the core.
    pub(crate) fn resume_jobs(&self) {
        let started = self.kept(STARTED);
        let found: Vec<(String, Started)> = started.list("").filter_map(Result::ok).collect();
        for (id, attempt) in found {
            if let Err(error) = started.delete(&id) {
                warn!(%error, id, "an interrupted job is not run again");
                continue;
            }
            if attempt.resumed || now().duration_since(attempt.at) > LATEST {
                let error = "interrupted by a restart".to_owned();
                let end = JobEnd {
                    started: attempt.at,
                    exit_code: 1,
                    error: Some(error),
                };
                self.remember(&id, end);
            } else {
                self.start_job(&id, Attempt::Second);
            }
        }
    }

    fn start_jobs(&self, jobs: Vec<Job>) {
        for job in jobs {
            self.start_job(&job.id, Attempt::First);
        }
    }

    /// Starts a job, or has it run once more. Gives back the id of the run.
    fn start_job(&self, id: &str, attempt: Attempt) -> String {
        let mut running = self.0.jobs.lock();
        if let Some(running) = running.get_mut(id) {
            running.again = true;
            return running.run.task.clone();
        }
        let started = now();
        let run = JobRun {
            id: id.to_owned(),
            task: format!(
                "{:x}-{:04x}",
                started.as_millisecond(),
                self.queue().reserve()
            ),
            started,
        };
        let task = run.task.clone();
        running.insert(id.to_owned(), Running { run, again: false });
        let under_way = Started {
            at: started,
            resumed: attempt == Attempt::Second,
        };
        if let Err(error) = self.kept(STARTED).put(id, &under_way) {
            warn!(%error, id, "a restart would not run the job again");
        }
        let core = self.clone();
        let id = id.to_owned();
        tokio::spawn(async move { core.perform_job(&id).await });
        task
    }

    /// Runs a job until nobody wants it any more.
    async fn perform_job(&self, id: &str) {
        loop {
            // One that was deleted meanwhile does not run again.
            if let Ok(Some(job)) = self.jobs_kept().get::<Job>(id) {
                let end = self.run_line(&job).await;
                info!(id, exit_code = end.exit_code, "a job is over");
                self.remember(id, end);
            }
            let mut running = self.0.jobs.lock();
            match running.get_mut(id) {
                Some(run) if run.again => run.again = false,
                _ => {
                    running.remove(id);
                    if let Err(error) = self.kept(STARTED).delete(id) {
                        warn!(%error, id, "a restart would run the job again");
                    }
                    return;
                }
            }
        }
    }

    fn remember(&self, id: &str, end: JobEnd) {
        // Read again: somebody may have changed it while it ran.
        let kept = self.jobs_kept();
        let done = match kept.get::<Job>(id) {
            Ok(Some(job)) => kept.put(
                id,
                &Job {
                    last: Some(end),
                    ..job
                },
            ),
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        if let Err(error) = done {
            warn!(%error, id, "how the job ended could not be recorded");
        }
    }

    async fn run_line(&self, job: &Job) -> JobEnd {
        let started = now();
        let mut env = job.env.clone();
        env.insert("now".to_owned(), normalise(started));
        let context = Context {
            line: job.command.clone(),
            user: job.user.clone(),
            env,
            ..Context::default()
        };
        let mut end = JobEnd {
            started,
            exit_code: 0,
            error: None,
        };
        let mut outputs = execute(context, Arc::new(self.clone()));
        let run = async {
            while let Some(output) = outputs.next().await {
                hear(output, &mut end);
            }
        };
        let timeout = Duration::from_secs(job.timeout_secs);
        if tokio::time::timeout(timeout, run).await.is_err() {
            end.exit_code = 1;
            end.error = Some(format!("it took longer than {}s", job.timeout_secs));
        }
        if let Some(error) = &end.error {
            warn!(id = job.id, error, "a job met an error");
        }
        end
    }
}

/// Keeps what a line says about its end; there is nobody to read the rest.
fn hear(output: Output, end: &mut JobEnd) {
    let error = match output {
        Output::Error { message, .. } => message,
        Output::File { name, .. } => format!("a job has nobody to give the file `{name}` to"),
        Output::NeedFiles { names } => format!("a job has no files: `{}`", names.join("`, `")),
        Output::Edit { id, .. } => format!("a job cannot edit `{id}`"),
        Output::Picture { .. } => "a job has nobody to show a picture to".to_owned(),
        Output::Done { exit_code, .. } => {
            end.exit_code = end.exit_code.max(exit_code);
            return;
        }
        Output::Text { .. } | Output::Note { .. } | Output::Progress(_) | Output::Leave { .. } => {
            return;
        }
    };
    end.exit_code = end.exit_code.max(1);
    end.error.get_or_insert(error);
}

#[async_trait]
impl Scheduler for Core {
    fn jobs(&self) -> Result<Vec<Job>, CommandError> {
        let found: Result<Vec<(String, Job)>, StoreError> = self.jobs_kept().list("").collect();
        let found = found.map_err(trouble)?;
        Ok(found.into_iter().map(|(_, job)| job).collect())
    }

    fn save_job(&self, job: &Job) -> Result<(), CommandError> {
        if let Some(cron) = &job.schedule {
            cron.parse::<Cron>().map_err(|error| {
                CommandError::usage(format!("`{cron}` is not a schedule: {error}"))
                    .hint("minute, hour, day, month, weekday: `0 5 * * *` is every day at five")
            })?;
        }
        if let Some(event) = &job.wait_for_event {
            known_event(event)?;
        }
        self.jobs_kept().put(&job.id, job).map_err(trouble)?;
        self.0.jobs.changed.notify_one();
        Ok(())
    }

    fn delete_job(&self, id: &str) -> Result<bool, CommandError> {
        let gone = self.jobs_kept().delete(id).map_err(trouble)?;
        self.ticks().delete(id).map_err(trouble)?;
        self.0.jobs.changed.notify_one();
        Ok(gone)
    }

    async fn run_job(&self, id: &str) -> Result<String, CommandError> {
        Ok(self.start_job(id, Attempt::First))
    }

    fn running_jobs(&self) -> Vec<JobRun> {
        let running = self.0.jobs.lock();
        let mut runs: Vec<JobRun> = running
            .values()
            .map(|running| running.run.clone())
            .collect();
        runs.sort_by(|a, b| (a.started, &a.id).cmp(&(b.started, &b.id)));
        runs
    }
}

fn trouble(error: StoreError) -> CommandError {
    CommandError::world(error.to_string())
}

#[cfg(test)]
mod tests;
