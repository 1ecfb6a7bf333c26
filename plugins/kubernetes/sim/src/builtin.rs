//! What is known of a built-in API resource: group, version, names, scope, verbs, subresources. `rows` lists them all.
//!
//! Not here: custom resources (`catalog`) and how any of it is spelled in a discovery document (`discovery`).

mod rows;

pub(crate) use rows::BUILTIN;

/// Every built-in kind an object can be made of, as `(apiVersion, kind, namespaced)`, each in every version it is served in.
pub fn built_in_kinds() -> Vec<(String, &'static str, bool)> {
    BUILTIN
        .iter()
        .filter(|row| row.verbs.contains(&"list") && row.verbs.contains(&"create"))
        .map(|row| {
            let version = match row.group {
                "" => row.version.to_owned(),
                group => format!("{group}/{}", row.version),
            };
            (version, row.kind, row.namespaced)
        })
        .collect()
}

/// One built-in resource in one served version. The order of rows is the order of discovery.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Builtin {
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    pub(crate) plural: &'static str,
    /// The singular name is this in lower case, without exception.
    pub(crate) kind: &'static str,
    pub(crate) namespaced: bool,
    pub(crate) verbs: &'static [&'static str],
    pub(crate) short_names: &'static [&'static str],
    pub(crate) categories: &'static [&'static str],
    pub(crate) subresources: &'static [Sub],
}

/// One subresource, e.g., `scale`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sub {
    pub(crate) name: &'static str,
    /// Group and version of the kind it speaks, where that is another one than its parent's.
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    /// Empty: the kind of its parent.
    pub(crate) kind: &'static str,
    pub(crate) verbs: &'static [&'static str],
}

const STANDARD: &[&str] = &[
    "create",
    "delete",
    "deletecollection",
    "get",
    "list",
    "patch",
    "update",
    "watch",
];
const NO_COLLECTION_DELETE: &[&str] = &[
    "create", "delete", "get", "list", "patch", "update", "watch",
];
const CREATE: &[&str] = &["create"];
const READ: &[&str] = &["get", "list"];
const GET: &[&str] = &["get"];
const UPDATE: &[&str] = &["update"];
const CONNECT: &[&str] = &["create", "get"];
const REVISE: &[&str] = &["get", "patch", "update"];
const PROXY: &[&str] = &["create", "delete", "get", "patch", "update"];

/// `status`, of the kind of its parent.
pub(crate) const STATUS: Sub = sub("status", "", REVISE);
/// `scale`, which speaks `autoscaling/v1`.
pub(crate) const SCALE: Sub = sub("scale", "Scale", REVISE).of("autoscaling", "v1");

const fn sub(name: &'static str, kind: &'static str, verbs: &'static [&'static str]) -> Sub {
    Sub {
        name,
        group: "",
        version: "",
        kind,
        verbs,
    }
}

impl Sub {
    const fn of(self, group: &'static str, version: &'static str) -> Self {
        Self {
            group,
            version,
            ..self
        }
    }
}

const fn cluster(
    group: &'static str,
    version: &'static str,
    plural: &'static str,
    kind: &'static str,
) -> Builtin {
    Builtin {
        group,
        version,
        plural,
        kind,
        namespaced: false,
        verbs: STANDARD,
        short_names: &[],
        categories: &[],
        subresources: &[],
    }
}

const fn namespaced(
    group: &'static str,
    version: &'static str,
    plural: &'static str,
    kind: &'static str,
) -> Builtin {
    Builtin {
        namespaced: true,
        ..cluster(group, version, plural, kind)
    }
}

impl Builtin {
    const fn verbs(self, verbs: &'static [&'static str]) -> Self {
        Self { verbs, ..self }
    }

    const fn short(self, short_names: &'static [&'static str]) -> Self {
        Self {
            short_names,
            ..self
        }
    }

    const fn in_all(self) -> Self {
        Self {
            categories: &["all"],
            ..self
        }
    }

    const fn in_api_extensions(self) -> Self {
        Self {
            categories: &["api-extensions"],
            ..self
        }
    }

    const fn with_status(self) -> Self {
        Self {
            subresources: &[STATUS],
            ..self
        }
    }

    const fn subs(self, subresources: &'static [Sub]) -> Self {
        Self {
            subresources,
            ..self
        }
    }
}
