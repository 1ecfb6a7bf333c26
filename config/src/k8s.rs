//! The `k8s` section: which clusters are collected, and how gently.
use serde::{Deserialize, Serialize};

use crate::edges::{EDGES, EdgeConfig};
use crate::shape::{Key, Section, Shape};

/// Which clusters are collected, and how gently.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "every switch is a key of the document"
)]
pub struct K8sConfig {
    /// Complete kubeconfig documents, or the short form `{name, server, token, certificate_authority_data}`.
    pub configs: Vec<serde_json::Value>,
    /// Kubeconfig files. Without these and `configs`: `KUBECONFIG`, then `~/.kube/config`, then the account of the pod we run in.
    pub config_files: Vec<ConfigFile>,
    /// Kinds to collect (concrete, base kinds, or `group/plural` globs); empty means all.
    pub collect: Vec<String>,
    /// Kinds to leave out; wins over `collect`.
    pub no_collect: Vec<String>,
    /// Clusters collected at the same time.
    pub pool_size: usize,
    /// Objects asked for in one page.
    pub page_size: u32,
    /// Lists in flight at the same time, per cluster.
    pub list_parallelism: usize,
    /// Lists in flight at the same time, over all clusters.
    pub lists_in_flight: usize,
    /// Whether clusters are watched between two collections.
    pub watch: bool,
    /// Time one request may take, in seconds.
    pub request_timeout_secs: u64,
    /// Time one cluster may take, in seconds.
    pub cluster_timeout_secs: u64,
    /// Namespaces to collect (globs); empty means all.
    pub namespaces: Vec<String>,
    /// Namespaces to leave out (globs).
    pub no_namespaces: Vec<String>,
    /// Requests per second and cluster; without it the server's own flow control governs.
    pub qps: Option<f64>,
    /// Whether kinds without a model of their own (CRDs) are collected.
    pub dynamic_kinds: bool,
    /// Whether events are collected.
    pub collect_events: bool,
    /// Whether permissions become edges of the type `iam`.
    pub collect_iam: bool,
    /// Whether it is asked what nodes and pods use, where the cluster measures it.
    pub collect_usage: bool,
    /// Whether objects that did not change since they were read are left as they are known.
    pub reuse_unchanged: bool,
    /// Whether a cluster can be tagged, by way of its namespace `kube-system`.
    pub tag_cluster_on_kube_system: bool,
    /// Relations that only the people of the cluster know.
    pub edges: Vec<EdgeConfig>,
    /// What is kept of config maps: `full`, `keys` or `none`.
    pub config_map_data: ConfigMapData,
    /// Field names whose values are replaced by `redacted`, beside the built-in ones.
    pub redact_fields: Vec<String>,
    /// `background`, `foreground` or `orphan`.
    pub delete_propagation: Propagation,
    /// Seconds a deleted pod gets to end itself; without it what the pod says.
    pub grace_period_seconds: Option<u32>,
    /// Seconds a deleted object is looked after until it is gone.
    pub delete_wait_secs: u64,
    /// Whether every change is told by an event in the namespace of the object.
    pub write_events: bool,
    /// Accepted for Resoto's sake, without effect: clusters are collected by tasks, not processes.
    pub fork_process: bool,
}

impl Default for K8sConfig {
    fn default() -> Self {
        Self {
            configs: Vec::new(),
            config_files: Vec::new(),
            collect: Vec::new(),
            no_collect: Vec::new(),
            pool_size: 4,
            page_size: 500,
            list_parallelism: 4,
            lists_in_flight: 32,
            watch: false,
            request_timeout_secs: 60,
            cluster_timeout_secs: 1800,
            namespaces: Vec::new(),
            no_namespaces: Vec::new(),
            qps: None,
            dynamic_kinds: true,
            collect_events: false,
            collect_iam: false,
            collect_usage: true,
            reuse_unchanged: true,
            tag_cluster_on_kube_system: false,
            edges: Vec::new(),
            config_map_data: ConfigMapData::Full,
            redact_fields: Vec::new(),
            delete_propagation: Propagation::Background,
            grace_period_seconds: None,
            delete_wait_secs: 10,
            write_events: true,
            fork_process: false,
        }
    }
}

/// A kubeconfig file and the contexts taken from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConfigFile {
    /// Path of the file.
    pub path: String,
    /// Contexts to take when `all_contexts` is false.
    pub contexts: Vec<String>,
    /// Whether every context is taken.
    pub all_contexts: bool,
}

impl Default for ConfigFile {
    fn default() -> Self {
        Self {
            path: String::new(),
            contexts: Vec::new(),
            all_contexts: true,
        }
    }
}

/// What is kept of config maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfigMapData {
    /// Keys and values.
    #[default]
    Full,
    /// Keys only.
    Keys,
    /// Neither.
    None,
}

/// What becomes of the dependants of a deleted object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Propagation {
    /// They are deleted after it.
    #[default]
    Background,
    /// They are deleted before it.
    Foreground,
    /// They stay.
    Orphan,
}

const TEXTS: Shape = Shape::List(&Shape::Text);
const MANY: i64 = 10_000;

pub(crate) static K8S: Section = Section {
    keys: &[
        Key::new(
            "configs",
            "Complete kubeconfig documents, or the short form\n\
             `{name, server, token, certificate_authority_data}`.",
            Shape::List(&Shape::Anything),
        ),
        Key::new(
            "config_files",
            "Kubeconfig files, each with `path`, `contexts` and `all_contexts`. Without these and\n\
             `configs`: `KUBECONFIG`, then `~/.kube/config`, then the account of the pod it runs in.",
            Shape::List(&Shape::Section(&CONFIG_FILE)),
        ),
        Key::new(
            "collect",
            "Kinds to collect (concrete, base kinds, or `group/plural` globs); empty means all.",
            TEXTS,
        ),
        Key::new(
            "no_collect",
            "Kinds to leave out; wins over `collect`.",
            TEXTS,
        ),
        Key::new(
            "pool_size",
            "Clusters collected at the same time.",
            Shape::Whole(1, MANY),
        ),
        Key::new(
            "page_size",
            "Objects asked for in one page.",
            Shape::Whole(1, MANY),
        ),
        Key::new(
            "list_parallelism",
            "Lists in flight at the same time, per cluster.",
            Shape::Whole(1, 1_000),
        ),
        Key::new(
            "lists_in_flight",
            "Lists in flight at the same time, over all clusters.",
            Shape::Whole(1, MANY),
        ),
        Key::new(
            "watch",
            "Whether clusters are watched between two collections: changes are seen within seconds.",
            Shape::Switch,
        ),
        Key::new(
            "request_timeout_secs",
            "Time one request may take, in seconds.",
            Shape::Seconds,
        )
        .also(&["request_timeout"]),
        Key::new(
            "cluster_timeout_secs",
            "Time one cluster may take, in seconds.",
            Shape::Seconds,
        )
        .also(&["cluster_timeout"]),
        Key::new(
            "namespaces",
            "Namespaces to collect (globs); empty means all.",
            TEXTS,
        ),
        Key::new("no_namespaces", "Namespaces to leave out (globs).", TEXTS),
        Key::new(
            "qps",
            "Requests per second and cluster, watches not counted; without it the server's own flow\n\
             control governs.",
            Shape::Number(0.1, 100_000.0),
        ),
        Key::new(
            "dynamic_kinds",
            "Whether kinds without a model of their own (CRDs) are collected.",
            Shape::Switch,
        ),
        Key::new(
            "collect_events",
            "Whether events are collected.",
            Shape::Switch,
        ),
        Key::new(
            "collect_iam",
            "Whether permissions become edges of the type `iam`.",
            Shape::Switch,
        ),
        Key::new(
            "collect_usage",
            "Whether it is asked what nodes and pods use, where the cluster measures it (metrics.k8s.io).",
            Shape::Switch,
        ),
        Key::new(
            "reuse_unchanged",
            "Whether objects of the resourceVersion that is known are not read again; once a day all are.",
            Shape::Switch,
        ),
        Key::new(
            "tag_cluster_on_kube_system",
            "Whether a cluster can be tagged: its tags are then those of its namespace `kube-system`.",
            Shape::Switch,
        ),
        Key::new(
            "edges",
            "Relations that only you know, each with `from`, `path`, `to` and `relation`; made like the built-in ones\n\
             and after them, whenever a cluster is collected.",
            EDGES,
        ),
        Key::new(
            "config_map_data",
            "What is kept of config maps: `full`, `keys` or `none`.",
            Shape::Choice(&["full", "keys", "none"]),
        ),
        Key::new(
            "redact_fields",
            "Field names whose values are replaced by `redacted`, beside the built-in ones.",
            TEXTS,
        ),
        Key::new(
            "delete_propagation",
            "What becomes of dependants: `background`, `foreground` or `orphan`.",
            Shape::Choice(&["background", "foreground", "orphan"]),
        ),
        Key::new(
            "grace_period_seconds",
            "Time a deleted pod gets to end itself; without it what the pod says.",
            Shape::Whole(0, 86_400),
        ),
        Key::new(
            "delete_wait_secs",
            "Time a deleted object is looked after until it is gone; past it, it counts as terminating.",
            Shape::Whole(0, 3_600),
        ),
        Key::new(
            "write_events",
            "Whether every change is told by an event in the namespace of the object.",
            Shape::Switch,
        ),
        Key::new(
            "fork_process",
            "Accepted for Resoto's sake, without effect: clusters are collected by tasks.",
            Shape::Switch,
        ),
    ],
    ignored: &[
        (
            "clean_namespaces",
            "set `worker.cleanup_guards.clean_namespaces`",
        ),
        (
            "clean_cluster_scoped",
            "set `worker.cleanup_guards.clean_cluster_scoped`",
        ),
    ],
};

static CONFIG_FILE: Section = Section {
    keys: &[
        Key::new("path", "Path of the file.", Shape::Text),
        Key::new(
            "contexts",
            "Contexts to take when `all_contexts` is false.",
            TEXTS,
        ),
        Key::new(
            "all_contexts",
            "Whether every context is taken.",
            Shape::Switch,
        ),
    ],
    ignored: &[],
};
