//! What a request asks for, read from method, path and query as a Kubernetes API server reads them.
//!
//! Says nothing about whether the resource exists or the user may.

use http::Method;

/// The parameters of a query, decoded; of a repeated one the first counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (
                decode(&key.replace('+', " ")),
                decode(&value.replace('+', " ")),
            )
        });
        Self(pairs.collect())
    }

    /// The value of a parameter that is there and not empty.
    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        let pair = self.0.iter().find(|(name, _)| name == key)?;
        Some(pair.1.as_str()).filter(|value| !value.is_empty())
    }

    /// The parameter is there, with or without a value that says so.
    pub(crate) fn is_set(&self, key: &str) -> bool {
        self.0
            .iter()
            .any(|(name, value)| name == key && !matches!(value.as_str(), "0" | "false"))
    }
}

/// Undoes percent encoding; what is not valid stays as it is.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten();
        if let Some(byte) = escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            decoded.push(byte);
            at += 3;
        } else {
            decoded.push(bytes[at]);
            at += 1;
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// What a writing request says beside its body.
#[derive(Debug, Clone)]
pub(crate) struct WriteOptions {
    /// Who the changed fields belong to from now on.
    pub(crate) manager: String,
    pub(crate) dry_run: bool,
    /// Whether an apply may take fields from others.
    pub(crate) force: bool,
}

/// A resource, or one object of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Target {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) namespace: Option<String>,
    pub(crate) plural: String,
    pub(crate) name: Option<String>,
    pub(crate) subresource: Option<String>,
}

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// `/healthz`, `/livez` or `/readyz`, without the slash.
    Health(&'static str),
    /// `/version`.
    Version,
    /// `/api`.
    CoreVersions,
    /// `/apis`.
    Groups,
    /// `/apis/GROUP`.
    Group(String),
    /// `/api/v1` or `/apis/GROUP/VERSION`: group and version.
    GroupVersion(String, String),
    /// Anything below that.
    Resource(Target),
    /// `/openapi/v3`.
    OpenApi,
    /// `/openapi/v3/NAME`.
    OpenApiDocument(String),
    /// Anything else.
    Other,
}

impl Route {
    pub(crate) fn parse(path: &str) -> Self {
        let parts: Vec<String> = path
            .split('/')
            .filter(|part| !part.is_empty())
            .map(decode)
            .collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match parts.as_slice() {
            ["healthz", ..] => Self::Health("healthz"),
            ["livez", ..] => Self::Health("livez"),
            ["readyz", ..] => Self::Health("readyz"),
            ["version"] => Self::Version,
            ["api"] => Self::CoreVersions,
            ["apis"] => Self::Groups,
            ["apis", group] => Self::Group((*group).to_owned()),
            ["api", version] => Self::GroupVersion(String::new(), (*version).to_owned()),
            ["apis", group, version] => {
                Self::GroupVersion((*group).to_owned(), (*version).to_owned())
            }
            ["api", version, rest @ ..] => Self::Resource(target("", version, rest)),
            ["apis", group, version, rest @ ..] => Self::Resource(target(group, version, rest)),
            ["openapi", "v3"] => Self::OpenApi,
            ["openapi", "v3", name @ ..] => Self::OpenApiDocument(name.join("/")),
            _ => Self::Other,
        }
    }
}

fn target(group: &str, version: &str, rest: &[&str]) -> Target {
    let owned = |text: Option<&&str>| text.map(|text| (*text).to_owned());
    let base = Target {
        group: group.to_owned(),
        version: version.to_owned(),
        ..Target::default()
    };
    match rest {
        // A namespace itself, which a server counts as inside of itself.
        ["namespaces", name] => Target {
            plural: "namespaces".to_owned(),
            name: Some((*name).to_owned()),
            namespace: Some((*name).to_owned()),
            ..base
        },
        ["namespaces", name, sub @ ("status" | "finalize")] => Target {
            plural: "namespaces".to_owned(),
            name: Some((*name).to_owned()),
            namespace: Some((*name).to_owned()),
            subresource: Some((*sub).to_owned()),
            ..base
        },
        ["namespaces", namespace, plural, below @ ..] => Target {
            namespace: Some((*namespace).to_owned()),
            plural: (*plural).to_owned(),
            name: owned(below.first()),
            subresource: owned(below.get(1)),
            ..base
        },
        [plural, below @ ..] => Target {
            plural: (*plural).to_owned(),
            name: owned(below.first()),
            subresource: owned(below.get(1)),
            ..base
        },
        [] => base,
    }
}

/// The verb permissions speak of.
pub(crate) fn verb(method: &Method, target: &Target, query: &Query) -> &'static str {
    let named = target.name.is_some();
    match *method {
        Method::GET | Method::HEAD if named => "get",
        Method::GET | Method::HEAD if query.is_set("watch") => "watch",
        Method::GET | Method::HEAD => "list",
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE if named => "delete",
        Method::DELETE => "deletecollection",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expected: (&str, &str, Option<&str>, Option<&str>)) {
        let Route::Resource(target) = Route::parse(path) else {
            panic!("{path} is no resource")
        };
        let found = (
            target.group.as_str(),
            target.plural.as_str(),
            target.namespace.as_deref(),
            target.name.as_deref(),
        );
        assert_eq!(found, expected, "{path}");
    }

    #[test]
    fn paths_lead_to_resources() {
        check("/api/v1/pods", ("", "pods", None, None));
        check("/api/v1/namespaces", ("", "namespaces", None, None));
        check(
            "/api/v1/namespaces/a",
            ("", "namespaces", Some("a"), Some("a")),
        );
        check(
            "/api/v1/namespaces/a/pods/b/log",
            ("", "pods", Some("a"), Some("b")),
        );
        check(
            "/apis/apps/v1/namespaces/a/deployments",
            ("apps", "deployments", Some("a"), None),
        );
        check(
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode",
            (
                "rbac.authorization.k8s.io",
                "clusterroles",
                None,
                Some("system:node"),
            ),
        );
    }

    #[test]
    fn a_query_is_decoded() {
        let query = Query::parse("labelSelector=app%3Dweb&limit=20&watch&bad=%zz");
        assert_eq!(query.get("labelSelector"), Some("app=web"));
        assert_eq!(query.get("bad"), Some("%zz"));
        assert!(query.is_set("watch"));
        assert_eq!(query.get("gone"), None);
    }
}
