//! The document `stocktake.core`: searches, history, schedules.
use serde::{Deserialize, Serialize};

use crate::shape::{Key, Section, Shape};

/// Settings of the core.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CoreConfig {
    /// How commands behave.
    pub cli: CliConfig,
    /// What is kept, and for how long.
    pub graph: GraphConfig,
    /// When workflows start by themselves.
    pub workflows: Workflows,
}

/// How commands behave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CliConfig {
    /// The section a path without a leading `/` is looked up in.
    pub default_section: String,
    /// Seconds a search may take.
    pub search_timeout_secs: u64,
}

impl Default for CliConfig {
    fn default() -> Self {
        Self {
            default_section: "reported".into(),
            search_timeout_secs: 60,
        }
    }
}

/// What is kept, and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GraphConfig {
    /// Whether changes are recorded for `history`.
    pub keep_history: bool,
    /// Days a change stays in the history.
    pub keep_history_for_days: u32,
    /// Days every version of a resource is kept for `search --at`.
    pub keep_versions_for_days: u32,
    /// Days samples of usage are kept.
    pub keep_usage_for_days: u32,
}

impl Default for GraphConfig {
    fn default() -> Self {
        Self {
            keep_history: true,
            keep_history_for_days: 180,
            keep_versions_for_days: 30,
            keep_usage_for_days: 30,
        }
    }
}

/// When workflows start by themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Workflows {
    /// Collecting only.
    pub collect: Workflow,
    /// Cleaning only.
    pub cleanup: Workflow,
    /// Metrics only.
    pub metrics: Workflow,
    /// Collecting, then cleaning, then metrics.
    pub collect_and_cleanup: Workflow,
}

impl Default for Workflows {
    fn default() -> Self {
        let never = Workflow { schedule: None };
        Self {
            collect: never.clone(),
            cleanup: never.clone(),
            metrics: never,
            collect_and_cleanup: Workflow {
                schedule: Some("0 * * * *".into()),
            },
        }
    }
}

/// When one workflow starts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Workflow {
    /// A cron expression of five fields in the local time zone, or never.
    #[serde(default, with = "schedule")]
    pub schedule: Option<String>,
}

/// Never is written as an empty text, because an absent key means the default.
mod schedule {
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "the signature serde calls")]
    pub(super) fn serialize<S: Serializer>(
        schedule: &Option<String>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(schedule.as_deref().unwrap_or_default())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<String>, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(Some(text).filter(|text| !text.trim().is_empty()))
    }
}

pub(crate) static CORE: Section = Section {
    keys: &[
        Key::new("cli", "How commands behave.", Shape::Section(&CLI)),
        Key::new(
            "graph",
            "What is kept, and for how long.",
            Shape::Section(&GRAPH),
        ),
        Key::new(
            "workflows",
            "When workflows start by themselves.",
            Shape::Section(&WORKFLOWS),
        ),
    ],
    ignored: &[
        ("api", "addresses and ports are flags of `stocktake core`"),
        ("runtime", "logging is set by flags of `stocktake core`"),
        ("timeseries", ""),
    ],
};

static CLI: Section = Section {
    keys: &[
        Key::new(
            "default_section",
            "The section a path without a leading `/` is looked up in.",
            Shape::Choice(&["reported", "desired", "metadata"]),
        ),
        Key::new(
            "search_timeout_secs",
            "Time a search may take, in seconds.",
            Shape::Seconds,
        )
        .also(&["search_timeout"]),
    ],
    ignored: &[("default_graph", "there is one graph")],
};

static GRAPH: Section = Section {
    keys: &[
        Key::new(
            "keep_history",
            "Whether changes stay in the history when their versions go.",
            Shape::Switch,
        ),
        Key::new(
            "keep_history_for_days",
            "Days a change stays in the history, if `keep_history` is on; never fewer than versions are kept.",
            Shape::Whole(1, 36_500),
        ),
        Key::new(
            "keep_versions_for_days",
            "Days every version of resources and edges is kept for `search --at`; later only what a person would want to know.",
            Shape::Whole(1, 36_500),
        ),
        Key::new(
            "keep_usage_for_days",
            "Days samples of usage are kept for `with_usage`; after two days one in four hours. The last is always kept.",
            Shape::Whole(1, 36_500),
        ),
    ],
    ignored: &[
        ("merge_max_wait_time_seconds", ""),
        ("abort_after_seconds", ""),
        ("parallel_imports", ""),
        ("use_view", ""),
    ],
};

static WORKFLOWS: Section = Section {
    keys: &[
        Key::new("collect", "Collect only.", Shape::Section(&WORKFLOW)),
        Key::new("cleanup", "Clean only.", Shape::Section(&WORKFLOW)),
        Key::new(
            "metrics",
            "Compute metrics only.",
            Shape::Section(&WORKFLOW),
        ),
        Key::new(
            "collect_and_cleanup",
            "Collect, then clean, then compute metrics.",
            Shape::Section(&WORKFLOW),
        ),
    ],
    ignored: &[],
};

static WORKFLOW: Section = Section {
    keys: &[Key::new(
        "schedule",
        "Cron expression (minute hour day month weekday, local time); empty for never.",
        Shape::CronOrNever,
    )],
    ignored: &[],
};
