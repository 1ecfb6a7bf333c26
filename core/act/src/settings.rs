//! What guards go by. Where it is written down, and how it is spelled there, is the business of others.
use jiff::SignedDuration;

/// Settings of plans. The defaults delete nothing.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "switches, as they stand in the configuration"
)]
pub struct Settings {
    /// `worker.cleanup`: whether anything is deleted at all.
    pub enabled: bool,
    /// `worker.cleanup_dry_run`: whether servers are only asked.
    pub dry_run: bool,
    /// Namespaces nothing is deleted in; `*` and `?` stand for anything.
    pub protected_namespaces: Vec<String>,
    /// The namespace stocktake runs in, which is protected too.
    pub own_namespace: Option<String>,
    /// Whether namespaces may be deleted.
    pub clean_namespaces: bool,
    /// Whether nodes, volumes, CRDs and other cluster-scoped objects may be deleted.
    pub clean_cluster_scoped: bool,
    /// Objects one run may delete in one cluster.
    pub max_objects: usize,
    /// Percent of a kind that one run may delete in one cluster.
    pub max_percent: f64,
    /// Objects of a kind that may always go.
    pub always_allowed: usize,
    /// Marks older than this are not acted on.
    pub max_mark_age: SignedDuration,
    /// Time between two collections: what was last read to the end two of these ago is stale.
    pub interval: SignedDuration,
    /// How long a plan may be applied.
    pub plan_lifetime: SignedDuration,
    /// Guards that are switched off: by name, or for one kind as `NAME/KIND`.
    pub allow: Vec<String>,
    /// The same, for the one plan that is made or carried out.
    pub also_allow: Vec<String>,
    /// In which version an object may go.
    pub versions: Versions,
}

/// In which version a planned object may be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Versions {
    /// Only in the one that was seen: whatever changed since then stays.
    #[default]
    Seen,
    /// In any, as long as it is the same object.
    Any,
}

impl Default for Settings {
    fn default() -> Self {
        let protected = ["kube-system", "kube-public", "kube-node-lease"];
        Self {
            enabled: false,
            dry_run: true,
            protected_namespaces: protected.map(String::from).into(),
            own_namespace: None,
            clean_namespaces: false,
            clean_cluster_scoped: false,
            max_objects: 50,
            max_percent: 5.0,
            always_allowed: 3,
            max_mark_age: SignedDuration::from_hours(7 * 24),
            interval: SignedDuration::from_hours(1),
            plan_lifetime: SignedDuration::from_hours(24),
            allow: Vec::new(),
            also_allow: Vec::new(),
            versions: Versions::Seen,
        }
    }
}
