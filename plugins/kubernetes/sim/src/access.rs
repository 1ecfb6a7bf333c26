//! Reviews a user makes of themselves: `SelfSubjectAccessReview`, `SelfSubjectRulesReview`, `SelfSubjectReview`.
//!
//! Reviews of others (`SubjectAccessReview`, `TokenReview`) are not built yet.

use serde_json::{Value, json};

use crate::auth::{Access, DISCOVERY_PATHS, ISSUER_PATHS, PUBLIC_PATHS, Permissions, Rule};
use crate::status::Status;

/// Answers a review of this plural, or says that it is none of the known ones.
pub(crate) fn review(
    plural: &str,
    user: &str,
    permissions: &Permissions,
    body: &[u8],
) -> Option<Result<Value, Status>> {
    let answer: fn(&Value, &str, &Permissions) -> Value = match plural {
        "selfsubjectaccessreviews" => access_review,
        "selfsubjectrulesreviews" => rules_review,
        "selfsubjectreviews" => self_review,
        _ => return None,
    };
    let body: Result<Value, _> = serde_json::from_slice(body);
    Some(match body {
        Ok(body) => Ok(answer(&body, user, permissions)),
        Err(why) => Err(Status::bad_request(format!(
            "couldn't get version/kind; json parse error: {why}"
        ))),
    })
}

fn access_review(body: &Value, _: &str, permissions: &Permissions) -> Value {
    let asked = &body["spec"]["resourceAttributes"];
    let path = &body["spec"]["nonResourceAttributes"]["path"];
    let given = |key: &str| asked[key].as_str().filter(|text| !text.is_empty());
    let allowed = match path.as_str() {
        Some(path) => permissions.allow_path(path),
        None => permissions.allow(&Access {
            verb: given("verb").unwrap_or_default(),
            group: given("group").unwrap_or_default(),
            plural: given("resource").unwrap_or_default(),
            subresource: given("subresource"),
            namespace: given("namespace"),
            name: given("name"),
        }),
    };
    json!({
        "kind": "SelfSubjectAccessReview",
        "apiVersion": "authorization.k8s.io/v1",
        "metadata": {},
        "spec": body["spec"],
        "status": {"allowed": allowed},
    })
}

fn rules_review(body: &Value, _: &str, permissions: &Permissions) -> Value {
    let namespace = body["spec"]["namespace"].as_str().unwrap_or_default();
    let reviews = [
        Rule::on(
            &["create"],
            &["authorization.k8s.io"],
            &["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
        ),
        Rule::on(
            &["create"],
            &["authentication.k8s.io"],
            &["selfsubjectreviews"],
        ),
    ];
    let here = |rule: &&Rule| {
        rule.namespaces.is_empty() || rule.namespaces.iter().any(|name| name == namespace)
    };
    let rules: Vec<_> = permissions
        .allowed
        .iter()
        .filter(here)
        .chain(&reviews)
        .map(|rule| json!({"verbs": rule.verbs, "apiGroups": rule.groups, "resources": rule.resources}))
        .collect();
    let paths = [DISCOVERY_PATHS, PUBLIC_PATHS, ISSUER_PATHS]
        .map(|paths| json!({"verbs": ["get"], "nonResourceURLs": paths}));
    json!({
        "kind": "SelfSubjectRulesReview",
        "apiVersion": "authorization.k8s.io/v1",
        "metadata": {},
        "spec": {},
        "status": {
            "resourceRules": rules,
            "nonResourceRules": paths,
            // What an exception takes back cannot be said in rules.
            "incomplete": !permissions.denied.is_empty(),
        },
    })
}

fn self_review(_: &Value, user: &str, _: &Permissions) -> Value {
    json!({
        "kind": "SelfSubjectReview",
        "apiVersion": "authentication.k8s.io/v1",
        "metadata": {},
        "status": {"userInfo": {"username": user, "groups": ["system:authenticated"]}},
    })
}
