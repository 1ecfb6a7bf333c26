//! The document `stocktake.core.snapshots`: labelled copies of the graph.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::shape::{Key, Section, Shape};

/// Schedules by label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SnapshotsConfig {
    /// Schedules by label.
    pub schedules: BTreeMap<String, SnapshotSchedule>,
}

/// When a snapshot is taken, and how many are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SnapshotSchedule {
    /// A cron expression of five fields.
    pub schedule: String,
    /// How many are kept; the oldest go first.
    pub retain: u32,
}

impl Default for SnapshotSchedule {
    fn default() -> Self {
        Self {
            schedule: "0 0 * * *".into(),
            retain: 7,
        }
    }
}

impl Default for SnapshotsConfig {
    fn default() -> Self {
        let schedules = [
            ("hourly", "0 * * * *", 24),
            ("daily", "0 0 * * *", 7),
            ("weekly", "0 0 * * 0", 4),
            ("monthly", "0 0 1 * *", 12),
            ("yearly", "0 0 1 1 *", 10),
        ];
        let schedules = schedules
            .map(|(label, schedule, retain)| {
                (
                    label.to_owned(),
                    SnapshotSchedule {
                        schedule: schedule.to_owned(),
                        retain,
                    },
                )
            })
            .into();
        Self { schedules }
    }
}

/// Unlike sections, labels that are left out are gone: the list is the user's.
pub(crate) const SCHEDULES: Shape = Shape::Map(&Shape::Section(&SCHEDULE));

static SCHEDULE: Section = Section {
    keys: &[
        Key::new("schedule", "When: a cron expression.", Shape::Cron),
        Key::new(
            "retain",
            "How many are kept; the oldest go first.",
            Shape::Whole(1, 100_000),
        ),
    ],
    ignored: &[],
};
