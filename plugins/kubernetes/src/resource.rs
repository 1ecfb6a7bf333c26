//! A kind of object as a server's discovery names it.

/// A kind of object as a server's discovery names it; one entry per (group, kind), in the one version to use.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Resource {
    /// API group; empty for core.
    pub group: String,
    /// Version to list it in.
    pub version: String,
    /// Kind in the API, e.g. `ReplicaSet`.
    pub kind: String,
    /// Plural name, e.g. `replicasets`.
    pub plural: String,
    /// Singular name; empty if the server does not tell.
    pub singular: String,
    /// Short names, e.g. `rs`.
    pub short_names: Vec<String>,
    /// Whether objects live in a namespace.
    pub namespaced: bool,
    /// Verbs the server offers.
    pub verbs: Vec<String>,
}

impl Resource {
    /// Namespaces, which every server has, as their objects are converted; the verbs are not known.
    pub(crate) fn namespaces() -> Self {
        Self {
            group: String::new(),
            version: "v1".to_owned(),
            kind: "Namespace".to_owned(),
            plural: "namespaces".to_owned(),
            singular: "namespace".to_owned(),
            short_names: vec!["ns".to_owned()],
            namespaced: false,
            verbs: Vec::new(),
        }
    }

    /// `<group>/<version>`, or the version alone in the core group.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// Path below the server URL that lists every object of the kind.
    pub fn list_path(&self) -> String {
        format!("{}/{}", self.base_path(), self.plural)
    }

    /// The same, in one namespace only; in all where there is none.
    pub(crate) fn list_path_in(&self, namespace: Option<&str>) -> String {
        match namespace {
            Some(namespace) => {
                format!(
                    "{}/namespaces/{namespace}/{}",
                    self.base_path(),
                    self.plural
                )
            }
            None => self.list_path(),
        }
    }

    /// `/api/v1` or `/apis/<group>/<version>`.
    pub fn base_path(&self) -> String {
        if self.group.is_empty() {
            format!("/api/{}", self.version)
        } else {
            format!("/apis/{}/{}", self.group, self.version)
        }
    }
}
