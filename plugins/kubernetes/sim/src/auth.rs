//! Who asks, and whether they may: users, their credentials and their permissions.
//!
//! Permissions are set directly, per user; RBAC objects in the cluster are data and grant nothing.

use crate::catalog::group_version;
use crate::request::Target;
use crate::status::Status;

/// The name of who sends no credentials.
pub(crate) const ANONYMOUS: &str = "system:anonymous";

/// Paths outside of resources that every authenticated user may get.
pub(crate) const DISCOVERY_PATHS: &[&str] = &[
    "/api",
    "/api/*",
    "/apis",
    "/apis/*",
    "/healthz",
    "/livez",
    "/openapi",
    "/openapi/*",
    "/readyz",
    "/version",
    "/version/",
];
/// Paths everybody may get.
pub(crate) const PUBLIC_PATHS: &[&str] =
    &["/healthz", "/livez", "/readyz", "/version", "/version/"];

/// Where a server describes who issues its tokens; for every authenticated user, too.
pub(crate) const ISSUER_PATHS: &[&str] = &["/.well-known", "/.well-known/*"];

/// Somebody who may knock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The name that shows in messages; the common name of the client certificate.
    pub name: String,
    /// The bearer token, if they have one. Client certificates are made on demand.
    pub token: Option<String>,
    /// What they may do.
    pub permissions: Permissions,
}

impl User {
    /// A user with the token `NAME-token`.
    pub fn new(name: impl Into<String>, permissions: Permissions) -> Self {
        let name = name.into();
        Self {
            token: Some(format!("{name}-token")),
            name,
            permissions,
        }
    }

    /// `admin`, with the token `admin-token`, who may do everything.
    pub fn admin() -> Self {
        Self::new("admin", Permissions::all())
    }
}

/// What a user may do: what one of the rules allows and none of the exceptions takes back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Permissions {
    pub(crate) allowed: Vec<Rule>,
    pub(crate) denied: Vec<Rule>,
}

/// Verbs on resources; `*` stands for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// E.g., `list`.
    pub verbs: Vec<String>,
    /// API groups; the core group is the empty text.
    pub groups: Vec<String>,
    /// Plurals, e.g., `pods` or `pods/eviction`.
    pub resources: Vec<String>,
    /// Empty: everywhere, cluster-scoped resources and lists over all namespaces included.
    pub namespaces: Vec<String>,
}

impl Rule {
    /// A rule that holds everywhere.
    pub fn on(verbs: &[&str], groups: &[&str], resources: &[&str]) -> Self {
        Self {
            verbs: owned(verbs),
            groups: owned(groups),
            resources: owned(resources),
            namespaces: Vec::new(),
        }
    }

    /// The same rule, only in these namespaces.
    #[must_use]
    pub fn in_namespaces(self, namespaces: &[&str]) -> Self {
        Self {
            namespaces: owned(namespaces),
            ..self
        }
    }

    fn covers(&self, access: &Access<'_>) -> bool {
        let within = self.namespaces.is_empty()
            || access
                .namespace
                .is_some_and(|namespace| has(&self.namespaces, namespace));
        within
            && has(&self.verbs, access.verb)
            && has(&self.groups, access.group)
            && has(&self.resources, &access.resource())
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn has(names: &[String], name: &str) -> bool {
    names.iter().any(|known| known == "*" || known == name)
}

impl Permissions {
    /// Everything.
    pub fn all() -> Self {
        Self::of([Rule::on(&["*"], &["*"], &["*"])])
    }

    /// Nothing but discovery.
    pub fn none() -> Self {
        Self::default()
    }

    /// What these rules allow.
    pub fn of(rules: impl IntoIterator<Item = Rule>) -> Self {
        Self {
            allowed: rules.into_iter().collect(),
            denied: Vec::new(),
        }
    }

    /// The same, without what `rule` covers. RBAC cannot say this; it stands for a role that
    /// lists everything but this.
    #[must_use]
    pub fn except(mut self, rule: Rule) -> Self {
        self.denied.push(rule);
        self
    }

    pub(crate) fn allow(&self, access: &Access<'_>) -> bool {
        self.allowed.iter().any(|rule| rule.covers(access))
            && !self.denied.iter().any(|rule| rule.covers(access))
    }

    /// Whether a path that is no resource may be got.
    pub(crate) fn allow_path(&self, path: &str) -> bool {
        let everything = self
            .allowed
            .iter()
            .any(|rule| has(&rule.resources, "*") && has(&rule.groups, "*"));
        everything || covers_path(DISCOVERY_PATHS, path) || covers_path(ISSUER_PATHS, path)
    }
}

/// Whether one of the patterns, which may end in `*`, covers the path.
pub(crate) fn covers_path(patterns: &[&str], path: &str) -> bool {
    patterns
        .iter()
        .any(|pattern| match pattern.strip_suffix('*') {
            Some(prefix) => path.starts_with(prefix),
            None => *pattern == path,
        })
}

/// One thing somebody wants to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Access<'a> {
    pub(crate) verb: &'a str,
    pub(crate) group: &'a str,
    pub(crate) plural: &'a str,
    pub(crate) subresource: Option<&'a str>,
    pub(crate) namespace: Option<&'a str>,
    pub(crate) name: Option<&'a str>,
}

impl<'a> Access<'a> {
    pub(crate) fn new(verb: &'a str, target: &'a Target) -> Self {
        Self {
            verb,
            group: &target.group,
            plural: &target.plural,
            subresource: target.subresource.as_deref(),
            namespace: target.namespace.as_deref(),
            name: target.name.as_deref(),
        }
    }

    fn resource(&self) -> String {
        self.subresource.map_or_else(
            || self.plural.to_owned(),
            |sub| group_version(self.plural, sub),
        )
    }

    /// The refusal of this access.
    pub(crate) fn refusal(&self, user: &str) -> Status {
        let Self {
            verb,
            group,
            plural,
            ..
        } = self;
        let mut what = crate::status::qualified(plural, group);
        if let Some(name) = self.name {
            what = format!("{what} \"{name}\"");
        }
        let scope = self.namespace.map_or_else(
            || "at the cluster scope".to_owned(),
            |namespace| format!("in the namespace \"{namespace}\""),
        );
        let message = format!(
            "{what} is forbidden: User \"{user}\" cannot {verb} resource \"{}\" in API group \
             \"{group}\" {scope}",
            self.resource()
        );
        let details = [
            ("name", self.name.unwrap_or_default()),
            ("group", group),
            ("kind", plural),
        ];
        Status::forbidden(message, &details)
    }
}

/// The refusal of a path that is no resource.
pub(crate) fn path_refusal(user: &str, verb: &str, path: &str) -> Status {
    Status::forbidden(
        format!("forbidden: User \"{user}\" cannot {verb} path \"{path}\""),
        &[],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(permissions: &Permissions, verb: &str, plural: &str, namespace: Option<&str>) -> bool {
        permissions.allow(&Access {
            verb,
            group: "",
            plural,
            subresource: None,
            namespace,
            name: None,
        })
    }

    #[test]
    fn an_exception_takes_back_what_a_rule_gives() {
        let most = Permissions::all().except(Rule::on(&["list"], &[""], &["secrets"]));
        assert!(may(&most, "list", "pods", None));
        assert!(may(&most, "get", "secrets", Some("a")));
        assert!(!may(&most, "list", "secrets", Some("a")));
    }

    #[test]
    fn a_rule_in_a_namespace_does_not_reach_beyond_it() {
        let rule = Rule::on(&["list"], &[""], &["pods"]).in_namespaces(&["a"]);
        let some = Permissions::of([rule]);
        assert!(may(&some, "list", "pods", Some("a")));
        assert!(!may(&some, "list", "pods", Some("b")));
        assert!(!may(&some, "list", "pods", None));
    }
}
