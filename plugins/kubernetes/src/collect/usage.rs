//! What nodes and pods use, as the resource metrics API tells it (metrics-server): samples beside the nodes of a
//! snapshot. They have no uid, their lists have no pages, and what of them cannot be read is missing nowhere else.
use stocktake_model::{Gap, GapReason, UsageSample, quantity};

use crate::Resource;
use crate::discovery::{Stale, USAGE};
use crate::raw::Raw;

/// Whether objects of this resource are measurements.
pub(super) fn is(resource: &Resource) -> bool {
    resource.group == USAGE
}

/// The resource whose objects are measured.
pub(super) fn of(resource: &Resource) -> Resource {
    let (version, kind) = ("v1".to_owned(), resource.kind.replace("Metrics", ""));
    Resource {
        group: String::new(),
        version,
        kind,
        ..resource.clone()
    }
}

/// The measurement in an object; `None` if it is not said of what.
pub(super) fn sample(resource: &Resource, object: &Raw<'_>) -> Option<UsageSample> {
    let metadata = object.get("metadata");
    let text = |name: &str| {
        let text = metadata?.text(name);
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    Some(UsageSample {
        kind: crate::kind_name(&of(resource)),
        namespace: text("namespace").filter(|_| resource.namespaced),
        name: text("name")?,
        cpu_cores: used(object, "cpu"),
        memory_bytes: used(object, "memory"),
    })
}

/// What a node uses, or the containers of a pod together: one that cannot be read leaves no sum.
fn used(object: &Raw<'_>, what: &str) -> Option<f64> {
    let own = |holder: &Raw<'_>| quantity(holder.get("usage")?.text(what)?).ok();
    let Some(Raw::List(containers)) = object.get("containers") else {
        return own(object);
    };
    let all: Option<Vec<f64>> = containers.iter().map(own).collect();
    all.filter(|all| !all.is_empty())
        .map(|all| all.into_iter().sum())
}

/// What there is to say when it cannot be asked at all.
pub(super) fn not_served(stale: &Stale) -> Gap {
    Gap {
        kind: None,
        namespace: None,
        except: Vec::new(),
        uid: None,
        reason: GapReason::NotServed,
        message: format!(
            "usage is not known: `{}` is not served now: {}",
            stale.group_version, stale.why
        ),
        hint: None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[track_caller]
    fn check(plural: &str, object: &Value, cores: Option<f64>, bytes: Option<f64>) {
        let resource = Resource {
            kind: if plural == "pods" {
                "PodMetrics"
            } else {
                "NodeMetrics"
            }
            .to_owned(),
            ..crate::discovery::example(USAGE, plural)
        };
        let sample = sample(&resource, &object.clone().into()).unwrap();
        assert_eq!(
            sample.kind,
            format!("kubernetes_{}", &plural[..plural.len() - 1])
        );
        assert_eq!(
            (sample.cpu_cores, sample.memory_bytes),
            (cores, bytes),
            "{object}"
        );
    }

    #[test]
    fn containers_are_added_up_and_what_cannot_be_read_is_not_known() {
        let named = |mut object: Value| {
            object["metadata"] = json!({"name": "a", "namespace": "b"});
            object
        };
        let usage = |cpu: &str, memory: &str| json!({"usage": {"cpu": cpu, "memory": memory}});
        check(
            "nodes",
            &named(usage("1500m", "2Ki")),
            Some(1.5),
            Some(2048.0),
        );
        check("nodes", &named(usage("a lot", "2Ki")), None, Some(2048.0));
        check("nodes", &named(json!({})), None, None);
        let pod = |containers: Value| named(json!({"containers": containers}));
        let two = json!([usage("250000000n", "1Ki"), usage("250000000n", "")]);
        check("pods", &pod(two), Some(0.5), None);
        check("pods", &pod(json!([])), None, None);
        assert_eq!(
            sample(&crate::discovery::example(USAGE, "pods"), &json!({}).into()),
            None
        );
    }
}
