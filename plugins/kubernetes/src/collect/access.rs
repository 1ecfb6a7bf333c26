//! What a user who may not list the whole cluster may list in one namespace, as the server's own review says.
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use http::Method;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::OnceCell;

use crate::Resource;
use crate::connect::{Ask, JSON, Link};

/// Reviews asked for so far, by namespace.
#[derive(Default)]
pub(crate) struct Access(Mutex<BTreeMap<String, Arc<OnceCell<Review>>>>);

/// What may be done in a namespace.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Review {
    resource_rules: Vec<Rule>,
    /// True if the server does not know all rules.
    incomplete: bool,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Rule {
    verbs: Vec<String>,
    api_groups: Vec<String>,
    resources: Vec<String>,
    resource_names: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    status: Review,
}

impl Access {
    /// Whether asking for a list makes sense; where the server does not tell, it does.
    pub(crate) async fn may_list(&self, link: &Link, resource: &Resource, namespace: &str) -> bool {
        let cell = {
            let mut reviews = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            reviews.entry(namespace.to_owned()).or_default().clone()
        };
        let review = cell.get_or_init(|| review(link, namespace)).await;
        review.incomplete || review.grants_list(resource)
    }
}

async fn review(link: &Link, namespace: &str) -> Review {
    let body = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": namespace},
    });
    let ask = Ask {
        method: Method::POST,
        path: "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews".to_owned(),
        accept: JSON,
        body: Some((JSON, body.to_string().into_bytes())),
    };
    let unknown = Review {
        incomplete: true,
        ..Review::default()
    };
    let answer = link.ask(&ask).await;
    answer
        .and_then(|answer| answer.json::<Answer>())
        .map_or(unknown, |answer| answer.status)
}

impl Review {
    fn grants_list(&self, resource: &Resource) -> bool {
        let has = |list: &[String], name: &str| list.iter().any(|one| one == "*" || one == name);
        self.resource_rules.iter().any(|rule| {
            rule.resource_names.is_empty()
                && has(&rule.verbs, "list")
                && has(&rule.api_groups, &resource.group)
                && has(&rule.resources, &resource.plural)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discovery::example;

    #[test]
    fn a_rule_grants_by_verb_group_and_resource() {
        for (rule, expected) in [
            (
                json!({"verbs": ["get", "list"], "apiGroups": [""], "resources": ["pods"]}),
                true,
            ),
            (
                json!({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}),
                true,
            ),
            (
                json!({"verbs": ["get"], "apiGroups": [""], "resources": ["pods"]}),
                false,
            ),
            (
                json!({"verbs": ["list"], "apiGroups": ["apps"], "resources": ["pods"]}),
                false,
            ),
            (
                json!({"verbs": ["list"], "apiGroups": [""], "resources": ["pods/log"]}),
                false,
            ),
            (
                json!({"verbs": ["list"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["a"]}),
                false,
            ),
        ] {
            let review: Review = serde_json::from_value(json!({"resourceRules": [rule]})).unwrap();
            assert_eq!(review.grants_list(&example("", "pods")), expected, "{rule}");
        }
    }
}
