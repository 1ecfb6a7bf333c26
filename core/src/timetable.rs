//! Starts workflows when their cron expressions fire. A tick is written down before its run begins, so that no restart
//! and no clock that is set back runs it twice; one that was missed is skipped, never caught up.
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};
use stocktake_store::Records;
use tracing::warn;

use crate::core::{Core, now};
use crate::schedule;

/// Name of the records that remember the last tick of each workflow.
const TICKS: &str = "workflow_ticks";
/// Time between two looks at the clock and at the configuration.
const LOOK: Duration = Duration::from_secs(30);
/// Workflows that collect.
const COLLECTING: [&str; 2] = ["collect_and_cleanup", "collect"];

impl Core {
    /// Time between two scheduled collections.
    pub(crate) fn interval(&self) -> SignedDuration {
        let now = Zoned::now();
        let schedules = self.0.documents.schedules();
        let crons = COLLECTING.iter().filter_map(|name| schedules.get(name));
        crons
            .map(|cron| schedule::interval(Some(cron), &now))
            .min()
            .unwrap_or_else(|| schedule::interval(None, &now))
    }

    /// Runs workflows whenever they are due.
    pub(crate) async fn keep_schedule(&self) {
        let mut looked = now();
        loop {
            tokio::time::sleep(self.until_due(looked)).await;
            let time = now();
            for name in self.due_workflows(looked, time, &TimeZone::system()) {
                if let Err(error) = self.start_workflow(name) {
                    warn!(%error, "the scheduled workflow did not start");
                }
            }
            looked = time;
        }
    }

    fn until_due(&self, looked: Timestamp) -> Duration {
        let schedules = self.0.documents.schedules();
        until_due(schedules.values().map(String::as_str), looked)
    }

    /// Workflows with a tick in `(from, to]`. What ticked is written down; what cannot be is not started.
    fn due_workflows(&self, from: Timestamp, to: Timestamp, zone: &TimeZone) -> Vec<&'static str> {
        let schedules = self.0.documents.schedules();
        let crons = schedules.iter().map(|(name, cron)| (*name, cron.as_str()));
        due(&self.workflow_ticks(), crons, from, to, zone)
    }

    fn workflow_ticks(&self) -> Records {
        self.0
            .store
            .records(TICKS)
            .expect("the name is a constant that the store takes")
    }
}

/// Time until one of these fires, or until it is time to look again.
pub(crate) fn until_due<'a>(crons: impl Iterator<Item = &'a str>, looked: Timestamp) -> Duration {
    let zoned = looked.to_zoned(TimeZone::system());
    let ticks = crons.filter_map(|cron| schedule::next(cron, &zoned));
    let wait = ticks.map(|tick| tick.duration_since(now())).min();
    wait.map_or(LOOK, |wait| {
        Duration::try_from(wait).unwrap_or_default().min(LOOK)
    })
}

/// Names whose cron expressions have a tick in `(from, to]`. What ticked is written down; what cannot be is not due.
pub(crate) fn due<N: AsRef<str>>(
    ticks: &Records,
    crons: impl Iterator<Item = (N, impl AsRef<str>)>,
    from: Timestamp,
    to: Timestamp,
    zone: &TimeZone,
) -> Vec<N> {
    let mut due = Vec::new();
    for (name, cron) in crons {
        let last: Option<Timestamp> = ticks.get(name.as_ref()).ok().flatten();
        let after = last.map_or(from, |last| last.max(from));
        let Some(tick) = schedule::ticked(cron.as_ref(), after, to, zone) else {
            continue;
        };
        match ticks.put(name.as_ref(), &tick) {
            Ok(()) => due.push(name),
            Err(error) => warn!(%error, name = name.as_ref(), "what is scheduled is left out"),
        }
    }
    due
}

#[cfg(test)]
mod tests {
    use serde_json::json;

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

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn schedule(core: &Core, workflow: &str, cron: &str) {
        let path = format!("core.workflows.{workflow}.schedule");
        let set = core
            .0
            .documents
            .set("stocktake.core", &[(path, json!(cron))]);
        set.unwrap();
    }

    #[tokio::test]
    async fn every_workflow_has_a_schedule_of_its_own_and_a_tick_counts_once() {
        let dir = tempfile::tempdir().unwrap();
        let core = open(&dir).await;
        schedule(&core, "metrics", "*/30 * * * *");
        let (from, to) = (time("2026-03-01T09:59:59Z"), time("2026-03-01T10:00:00Z"));
        let due = |core: &Core, from, to| core.due_workflows(from, to, &TimeZone::UTC);
        assert_eq!(due(&core, from, to), ["collect_and_cleanup", "metrics"]);
        // The clock was set back, and then the core was started again.
        assert_eq!(due(&core, from, to), [""; 0]);
        drop(core);
        let core = open(&dir).await;
        assert_eq!(due(&core, from, to), [""; 0]);
        let later = time("2026-03-01T10:30:01Z");
        assert_eq!(due(&core, to, later), ["metrics"]);
        schedule(&core, "collect_and_cleanup", "");
        assert_eq!(due(&core, later, time("2026-03-01T11:00:00Z")), ["metrics"]);
    }

    #[tokio::test]
    async fn hours_that_nobody_was_there_are_skipped() {
        let dir = tempfile::tempdir().unwrap();
        let core = open(&dir).await;
        schedule(&core, "collect_and_cleanup", "0 5 * * *");
        let slept = core.due_workflows(
            time("2026-03-01T04:00:00Z"),
            time("2026-03-01T09:00:00Z"),
            &TimeZone::UTC,
        );
        assert_eq!(slept, [""; 0]);
    }

    #[tokio::test]
    async fn an_hour_that_comes_twice_has_one_run() {
        let dir = tempfile::tempdir().unwrap();
        let core = open(&dir).await;
        schedule(&core, "collect_and_cleanup", "30 2 * * *");
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let minutes = (0..240).map(|minute| {
            let start = time("2026-10-24T23:00:00Z");
            start
                .checked_add(SignedDuration::from_mins(minute))
                .unwrap()
        });
        let minutes: Vec<Timestamp> = minutes.collect();
        let ticks = minutes
            .windows(2)
            .filter(|pair| !core.due_workflows(pair[0], pair[1], &berlin).is_empty());
        assert_eq!(ticks.count(), 1);
    }
}
