//! Labelled copies of the graph: taken when their cron expressions fire, the oldest of each label removed.
//!
//! Only copies that were taken here are ever removed: what a person took by `graph snapshot` stays until it is deleted.
use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use stocktake_command::{Archive as _, CommandError, Existing, LIVE, snapshot_name};
use stocktake_config::SnapshotSchedule;
use stocktake_store::{Records, StoreError};
use tracing::{info, warn};

use crate::core::{Core, now};
use crate::timetable::{due, until_due};

/// Name of the records that remember the last tick of each label.
const TICKS: &str = "snapshot_ticks";
/// Name of the records that remember which copies were taken here.
const TAKEN: &str = "snapshots_taken";

/// A copy that was taken here, by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Taken {
    label: String,
    at: Timestamp,
}

impl Core {
    /// Takes copies whenever they are due. While nothing was ever collected there is nothing to copy.
    pub(crate) async fn keep_snapshots(&self) {
        let mut looked = now();
        loop {
            let schedules = self.0.documents.snapshots();
            let crons = schedules.values().map(|label| label.schedule.as_str());
            tokio::time::sleep(until_due(crons, looked)).await;
            let time = now();
            if !self.headers().is_empty() {
                self.take_due(looked, time, &TimeZone::system()).await;
            }
            looked = time;
        }
    }

    /// Takes the copies with a tick in `(from, to]`, and removes those that are too many.
    async fn take_due(&self, from: Timestamp, to: Timestamp, zone: &TimeZone) {
        let schedules = self.0.documents.snapshots();
        let crons = schedules.iter();
        let crons = crons.map(|(label, schedule)| (label.as_str(), schedule.schedule.as_str()));
        for label in due(&self.records(TICKS), crons, from, to, zone) {
            match self.take(label, to).await {
                Ok(name) => info!(name, "a copy of the graph was taken"),
                Err(error) => warn!(%error, label, "a copy of the graph could not be taken"),
            }
        }
        if let Err(error) = self.remove_surplus(&schedules).await {
            warn!(%error, "old copies of the graph could not be removed");
        }
    }

    async fn take(&self, label: &str, at: Timestamp) -> Result<String, CommandError> {
        let name = snapshot_name(LIVE, label, at);
        let taken = Taken {
            label: label.to_owned(),
            at,
        };
        // First: a copy that nobody remembers would never be removed.
        self.records(TAKEN).put(&name, &taken).map_err(trouble)?;
        self.copy_graph(LIVE, &name, Existing::Stays).await?;
        Ok(name)
    }

    /// Removes what is more than a label retains. Copies of labels that are no longer configured stay.
    async fn remove_surplus(
        &self,
        schedules: &BTreeMap<String, SnapshotSchedule>,
    ) -> Result<(), CommandError> {
        let kept = self.kept_names().await?;
        let mut labels: BTreeMap<String, Vec<(Timestamp, String)>> = BTreeMap::new();
        for (name, Taken { label, at }) in self.taken()? {
            if kept.contains(&name) {
                labels.entry(label).or_default().push((at, name));
            } else {
                self.records(TAKEN).delete(&name).map_err(trouble)?;
            }
        }
        for (label, mut copies) in labels {
            let Some(schedule) = schedules.get(&label) else {
                continue;
            };
            copies.sort();
            let retain = usize::try_from(schedule.retain).unwrap_or(usize::MAX);
            let surplus = copies.len().saturating_sub(retain);
            for (_, name) in copies.into_iter().take(surplus) {
                self.delete_graph(&name).await?;
                self.records(TAKEN).delete(&name).map_err(trouble)?;
            }
        }
        Ok(())
    }

    async fn kept_names(&self) -> Result<Vec<String>, CommandError> {
        let kept = self.kept_graphs().await?;
        Ok(kept.into_iter().map(|graph| graph.name).collect())
    }

    fn taken(&self) -> Result<Vec<(String, Taken)>, CommandError> {
        let taken: Result<Vec<_>, _> = self.records(TAKEN).list("").collect();
        taken.map_err(trouble)
    }

    fn records(&self, table: &str) -> Records {
        self.0
            .store
            .records(table)
            .expect("the name is a constant that the store takes")
    }
}

fn trouble(error: StoreError) -> CommandError {
    CommandError::world(error.to_string())
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

    fn only(core: &Core, labels: serde_json::Value) {
        let text = json!({"snapshots": labels}).to_string();
        let saved = (core.0.documents).save("stocktake.core.snapshots", &text, None);
        saved.unwrap();
    }

    /// Looks at every quarter of these hours.
    async fn pass(core: &Core, hours: std::ops::Range<i64>) {
        let start: Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
        for quarter in hours.start * 4..hours.end * 4 {
            let at = |quarter: i64| start + jiff::SignedDuration::from_mins(quarter * 15);
            core.take_due(at(quarter), at(quarter + 1), &TimeZone::UTC)
                .await;
        }
    }

    #[tokio::test]
    async fn each_label_has_its_schedule_and_so_many_copies() {
        let dir = tempfile::tempdir().unwrap();
        let core = open(&dir).await;
        only(
            &core,
            json!({
                "hourly": {"schedule": "0 * * * *", "retain": 2},
                "daily": {"schedule": "0 6 * * *", "retain": 7},
            }),
        );
        let mine = "snapshot-stocktake-hourly-by_hand";
        (core.copy_graph(LIVE, mine, Existing::Stays).await).unwrap();
        pass(&core, 0..9).await;
        let expected = [
            "snapshot-stocktake-daily-2026-03-01T06:00:00Z",
            "snapshot-stocktake-hourly-2026-03-01T08:00:00Z",
            "snapshot-stocktake-hourly-2026-03-01T09:00:00Z",
            mine,
        ];
        assert_eq!(core.kept_names().await.unwrap(), expected);
        // The same hours again, as after a clock that was set back, and after a restart.
        drop(core);
        let core = open(&dir).await;
        pass(&core, 7..9).await;
        assert_eq!(core.kept_names().await.unwrap(), expected);
        // Copies that somebody deleted are not missed, and those of a label that is gone stay.
        core.delete_graph(expected[1]).await.unwrap();
        only(
            &core,
            json!({"hourly": {"schedule": "0 * * * *", "retain": 1}}),
        );
        pass(&core, 9..10).await;
        let hourly = "snapshot-stocktake-hourly-2026-03-01T10:00:00Z";
        assert_eq!(
            core.kept_names().await.unwrap(),
            [expected[0], hourly, mine]
        );
        assert_eq!(core.taken().unwrap().len(), 2);
    }

    #[tokio::test]
    async fn a_label_or_a_schedule_that_cannot_be_one_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let core = open(&dir).await;
        let save = |text: &str| {
            let saved = (core.0.documents).save("stocktake.core.snapshots", text, None);
            saved.unwrap_err().message
        };
        let error = save("snapshots:\n  every/day:\n    schedule: '0 6 * * *'\n");
        assert!(error.contains("line 2, column 3"), "{error}");
        assert!(error.contains("cannot be a label"), "{error}");
        let error = save("snapshots:\n  daily:\n    schedule: 'at six'\n");
        assert!(error.contains("line 3, column 15"), "{error}");
        assert!(error.contains("not a cron expression"), "{error}");
    }
}
