//! The document `stocktake.worker`: collecting, cleaning with its guards, and the plugins.
//!
//! What a guard refuses is decided where deletions are planned; here stand only its settings.
use serde::{Deserialize, Serialize};
use stocktake_model::Duration;

use crate::inventory::FileConfig;
use crate::k8s::K8sConfig;
use crate::shape::{Key, Section, Shape};

/// Settings of a worker and of its plugins.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct WorkerConfig {
    /// The worker itself.
    pub worker: WorkerSection,
    /// The Kubernetes plugin.
    pub k8s: K8sConfig,
    /// The plugin for files.
    pub file: FileConfig,
}

/// Settings of the worker itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WorkerSection {
    /// The plugins that collect.
    pub collector: Vec<String>,
    /// Tasks a worker performs at the same time.
    pub pool_size: usize,
    /// Seconds one task may take.
    pub timeout_secs: u64,
    /// Whether resources marked for cleaning are deleted at all.
    pub cleanup: bool,
    /// Whether deletions are only announced.
    pub cleanup_dry_run: bool,
    /// Resources deleted at the same time.
    pub cleanup_pool_size: usize,
    /// Deletions begun per second in one cluster.
    pub cleanup_rate: f64,
    /// Whether what its annotations say has expired is marked for cleaning.
    pub cleanup_expired: bool,
    /// What is never deleted.
    pub cleanup_guards: CleanupGuards,
}

impl Default for WorkerSection {
    fn default() -> Self {
        Self {
            collector: vec!["k8s".into(), "file".into()],
            pool_size: 5,
            timeout_secs: 10_800,
            cleanup: false,
            cleanup_dry_run: true,
            cleanup_pool_size: 4,
            cleanup_rate: 5.0,
            cleanup_expired: false,
            cleanup_guards: CleanupGuards::default(),
        }
    }
}

/// What is never deleted, whatever is marked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CleanupGuards {
    /// Namespaces nothing is deleted in, nor are they themselves.
    pub protected_namespaces: Vec<String>,
    /// Further protected namespaces (globs).
    pub extra_protected_namespaces: Vec<String>,
    /// Whether namespaces may be deleted.
    pub clean_namespaces: bool,
    /// Whether nodes, volumes, CRDs and other cluster-scoped resources may be deleted.
    pub clean_cluster_scoped: bool,
    /// Resources one clean-up may delete.
    pub max_objects: usize,
    /// Percent of the resources of a kind in a cluster that one clean-up may delete.
    pub max_percent: f64,
    /// So many resources of a kind may always go, whatever the percentage says.
    pub always_allowed: usize,
    /// Marks older than this are not acted on.
    #[serde(with = "span")]
    pub max_mark_age: Duration,
    /// Plans older than this cannot be applied.
    #[serde(with = "span")]
    pub max_plan_age: Duration,
    /// Names of guards that are switched off.
    pub allow: Vec<String>,
}

/// Durations stand in documents as people write them.
mod span {
    use serde::{Deserialize, Deserializer, Serializer, de};
    use stocktake_model::Duration;

    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "the signature serde calls"
    )]
    pub(super) fn serialize<S: Serializer>(span: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(span)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        String::deserialize(from)?
            .parse()
            .map_err(de::Error::custom)
    }
}

impl Default for CleanupGuards {
    fn default() -> Self {
        let protected = ["kube-system", "kube-public", "kube-node-lease"];
        Self {
            protected_namespaces: protected.map(String::from).into(),
            extra_protected_namespaces: Vec::new(),
            clean_namespaces: false,
            clean_cluster_scoped: false,
            max_objects: 50,
            max_percent: 5.0,
            always_allowed: 3,
            max_mark_age: Duration::from_seconds(7 * 24 * 3_600),
            max_plan_age: Duration::from_seconds(24 * 3_600),
            allow: Vec::new(),
        }
    }
}

pub(crate) static WORKER: Section = Section {
    keys: &[
        Key::new(
            "collector",
            "Plugins that collect.",
            Shape::List(&Shape::Text),
        ),
        Key::new(
            "pool_size",
            "Tasks a worker performs at the same time: collections, tags, deletions. Watches are not\n\
             counted.",
            Shape::Whole(1, 1_000),
        ),
        Key::new(
            "timeout_secs",
            "Time one task may take, in seconds: a cluster that is not collected by then has failed and\n\
             stays as it was known.",
            Shape::Seconds,
        )
        .also(&["timeout"]),
        Key::new(
            "cleanup",
            "Whether resources marked for cleaning are deleted at all.",
            Shape::Switch,
        ),
        Key::new(
            "cleanup_dry_run",
            "Whether deletions are only announced. Both this and `cleanup` must be changed\n\
             before anything is deleted.",
            Shape::Switch,
        ),
        Key::new(
            "cleanup_pool_size",
            "Resources deleted at the same time.",
            Shape::Whole(1, 1_000),
        ),
        Key::new(
            "cleanup_rate",
            "Deletions begun per second in one cluster.",
            Shape::Number(0.01, 1_000.0),
        ),
        Key::new(
            "cleanup_expired",
            "Whether what has expired by its annotations (`stocktake/ttl`, `stocktake/expires`,\n\
             `expiration`, `janitor/ttl`, `janitor/expires`) is marked for cleaning.",
            Shape::Switch,
        ),
        Key::new(
            "cleanup_guards",
            "What is never deleted, whatever is marked.",
            Shape::Section(&GUARDS),
        ),
    ],
    ignored: &[
        ("graph", "there is one graph"),
        ("graph_sender_pool_size", ""),
        ("fork_process", "plugins run as tasks, not as processes"),
        ("graph_merge_kind", "every cluster is its own snapshot"),
        ("debug_dump_json", ""),
        ("tempdir", ""),
        ("max_resources_per_account", ""),
        ("no_tls", "set by flags of `stocktake worker`"),
        ("web_host", "set by flags of `stocktake worker`"),
        ("web_port", "set by flags of `stocktake worker`"),
        ("web_path", "set by flags of `stocktake worker`"),
        ("files_in_home_dir", "give kubeconfigs under `k8s.configs`"),
    ],
};

static GUARDS: Section = Section {
    keys: &[
        Key::new(
            "protected_namespaces",
            "Namespaces nothing is deleted in, nor are they themselves.",
            Shape::List(&Shape::Text),
        ),
        Key::new(
            "extra_protected_namespaces",
            "Further protected namespaces (globs), so that the list above can stay.",
            Shape::List(&Shape::Text),
        ),
        Key::new(
            "clean_namespaces",
            "Whether namespaces may be deleted.",
            Shape::Switch,
        ),
        Key::new(
            "clean_cluster_scoped",
            "Whether nodes, volumes, CRDs and other cluster-scoped resources may be deleted.",
            Shape::Switch,
        ),
        Key::new(
            "max_objects",
            "Resources one clean-up may delete in one cluster; the rest is left for the next.",
            Shape::Whole(0, i64::MAX),
        ),
        Key::new(
            "max_percent",
            "Percent of the resources of a kind in a cluster that one clean-up may delete.",
            Shape::Number(0.0, 100.0),
        ),
        Key::new(
            "always_allowed",
            "So many resources of a kind may always go, whatever the percentage says.",
            Shape::Whole(0, i64::MAX),
        ),
        Key::new(
            "max_mark_age",
            "Marks older than this are not acted on.",
            Shape::Duration,
        ),
        Key::new(
            "max_plan_age",
            "Plans older than this cannot be applied.",
            Shape::Duration,
        ),
        Key::new(
            "allow",
            "Guards that are switched off: `NAME`, or `NAME/KIND` for one kind.",
            Shape::List(&Shape::Text),
        ),
    ],
    ignored: &[],
};
