//! What could not be read, as properties of the cluster: a search finds it without asking for gaps.
use serde_json::{Value, json};
use stocktake_model::{Gap, GapReason, NodeRecord};

use crate::Resource;

/// The record of the cluster again, with `collect_errors` and `metadata.partial_kinds`. What of the usage could not be
/// read is told among them; no kind is partial for it.
pub(super) fn with_errors(
    cluster: &NodeRecord,
    (gaps, usage): (&[Gap], &[Gap]),
    known: &[Resource],
) -> NodeRecord {
    let is_missing = |gap: &&Gap| gap.reason != GapReason::NotCollected;
    let missing: Vec<&Gap> = gaps.iter().filter(is_missing).collect();
    let usage = usage.iter().filter(is_missing);
    let told = |gap: &Gap| told(gap, known);
    let mut errors: Vec<Value> = missing.iter().map(|gap| told(gap)).collect();
    errors.extend(usage.map(|gap| without_kind(told(gap))));
    errors.sort_by_cached_key(Value::to_string);
    let mut kinds: Vec<&str> = missing
        .iter()
        .filter_map(|gap| gap.kind.as_deref())
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    let mut cluster = cluster.clone();
    if !kinds.is_empty() {
        cluster
            .metadata
            .insert("partial_kinds".to_owned(), kinds.into());
    }
    let reported = &mut cluster.reported;
    reported.insert("collect_errors".to_owned(), errors.into());
    cluster
}

/// Measurements are of no kind.
fn without_kind(mut error: Value) -> Value {
    if let Some(error) = error.as_object_mut() {
        error.remove("resource_kind");
    }
    error
}

fn told(gap: &Gap, known: &[Resource]) -> Value {
    let mut error = json!({"reason": gap.reason.as_str(), "message": gap.message});
    let status = match gap.reason {
        GapReason::Unauthorized => Some(401),
        GapReason::Forbidden => Some(403),
        GapReason::NotFound => Some(404),
        GapReason::NotServed => Some(503),
        _ => None,
    };
    if let Some(status) = status {
        error["status"] = status.into();
    }
    if let Some(namespace) = &gap.namespace {
        error["namespace"] = namespace.as_str().into();
    }
    let Some(kind) = &gap.kind else { return error };
    error["resource_kind"] = kind.as_str().into();
    let resource = known.iter().find(|known| crate::kind_name(known) == *kind);
    if let Some(resource) = resource {
        error["api_version"] = resource.api_version().into();
        error["resource"] = resource.plural.as_str().into();
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discovery::example;

    #[test]
    fn gaps_are_told_by_kind_and_those_of_the_configuration_are_none() {
        let gap = |reason| Gap {
            kind: Some("kubernetes_acme_dev_example".to_owned()),
            namespace: Some("web".to_owned()),
            except: Vec::new(),
            uid: None,
            reason,
            message: "no".to_owned(),
            hint: None,
        };
        let gaps = [gap(GapReason::Forbidden), gap(GapReason::NotCollected)];
        let usage = [Gap {
            namespace: None,
            ..gap(GapReason::NotServed)
        }];
        let cluster = with_errors(
            &NodeRecord::default(),
            (&gaps, &usage),
            &[example("acme.dev", "examples")],
        );
        assert_eq!(
            Value::Object(cluster.reported),
            json!({"collect_errors": [{
                "api_version": "acme.dev/v1", "resource": "examples", "status": 403,
                "resource_kind": "kubernetes_acme_dev_example", "namespace": "web",
                "reason": "forbidden", "message": "no"}, {
                "api_version": "acme.dev/v1", "resource": "examples", "status": 503,
                "reason": "not_served", "message": "no"}]})
        );
        assert_eq!(
            cluster.metadata["partial_kinds"],
            json!(["kubernetes_acme_dev_example"])
        );
        let whole = with_errors(&NodeRecord::default(), (&gaps[1..], &usage), &[]);
        assert_eq!(whole.reported["collect_errors"][0]["status"], 503);
        assert!(whole.metadata.is_empty());
        let whole = with_errors(&NodeRecord::default(), (&gaps[1..], &[]), &[]);
        assert_eq!(whole.reported["collect_errors"], json!([]));
        assert!(whole.metadata.is_empty());
    }
}
