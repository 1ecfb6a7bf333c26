//! The resource metrics API, as metrics-server answers it beside the cluster: numbers that follow from the uid of an
//! object and the minute, computed when asked for.
//!
//! Served where an `APIService` for it says that it is available ([`metrics_api`]); one that is not is a group whose
//! server is down. Lists have no pages and objects no uid, as in reality. Nothing is measured.
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::catalog::Resource;
use crate::clock::rfc3339;
use crate::object::Object;
use crate::request::Query;
use crate::selector::Selector;
use crate::status::Status;
use crate::store::Range;
use crate::world::World;

/// The group that is served.
pub(crate) const GROUP: &str = "metrics.k8s.io";
/// Its version.
pub(crate) const VERSION: &str = "v1beta1";

const VERBS: &[&str] = &["get", "list"];
/// Cores of a container that asks for none, in thousandths.
const SOME_CORES: u64 = 100;
/// Memory of a container that asks for none, in KiB.
const SOME_MEMORY: u64 = 64 << 10;

/// The `APIService` of a metrics server that answers: an object more for a cluster that is to have one.
pub fn metrics_api() -> Value {
    json!({
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": {"name": format!("{VERSION}.{GROUP}"), "labels": {"k8s-app": "metrics-server"}},
        "spec": {
            "group": GROUP,
            "version": VERSION,
            "groupPriorityMinimum": 100,
            "versionPriority": 100,
            "insecureSkipTLSVerify": true,
            "service": {"name": "metrics-server", "namespace": "kube-system", "port": 443},
        },
        "status": {"conditions": [{
            "type": "Available",
            "status": "True",
            "reason": "Passed",
            "message": "all checks passed",
        }]},
    })
}

/// Whether an `APIService` stands for a server that answers here.
pub(crate) fn is_served(api_service: &Value) -> bool {
    let spec = &api_service["spec"];
    let conditions = api_service["status"]["conditions"].as_array();
    let available =
        |condition: &Value| condition["type"] == "Available" && condition["status"] == "True";
    spec["group"] == GROUP
        && spec["version"] == VERSION
        && conditions.is_some_and(|conditions| conditions.iter().any(available))
}

/// What the group serves.
pub(crate) fn resources() -> Vec<Arc<Resource>> {
    let resource = |plural: &str, kind: &str, namespaced: bool| Resource {
        group: GROUP.to_owned(),
        version: VERSION.to_owned(),
        plural: plural.to_owned(),
        singular: String::new(),
        kind: kind.to_owned(),
        list_kind: format!("{kind}List"),
        namespaced,
        verbs: VERBS,
        short_names: Vec::new(),
        categories: Vec::new(),
        subresources: Vec::new(),
        storage_version: VERSION.to_owned(),
        custom: false,
        schema: Value::Null,
    };
    vec![
        Arc::new(resource("nodes", "NodeMetrics", false)),
        Arc::new(resource("pods", "PodMetrics", true)),
    ]
}

impl World {
    /// The body of a list of measurements.
    pub(crate) fn measured_list(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
        query: &Query,
    ) -> Result<Value, Status> {
        let (labels, fields) = (query.get("labelSelector"), query.get("fieldSelector"));
        let selector = Selector::parse(labels, fields, resource)?;
        let items = self.measurable(resource, namespace);
        let items = items.filter(|object| selector.is_empty() || selector.matches(object));
        let items = items.filter_map(|object| self.measurement(resource, &object.to_value()));
        Ok(json!({
            "kind": resource.list_kind,
            "apiVersion": resource.api_version(),
            "metadata": {},
            "items": items.collect::<Vec<_>>(),
        }))
    }

    /// The measurement of one object.
    pub(crate) fn measured(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
        name: &str,
    ) -> Result<Value, Status> {
        let mut all = self.measurable(resource, namespace);
        let object = all.find(|object| &*object.key.name == name);
        let measured = object.and_then(|object| self.measurement(resource, &object.to_value()));
        let mut measured =
            measured.ok_or_else(|| Status::not_found(GROUP, &resource.plural, name))?;
        measured["kind"] = json!(resource.kind);
        measured["apiVersion"] = json!(resource.api_version());
        Ok(measured)
    }

    fn measurable(
        &self,
        resource: &Resource,
        namespace: Option<&str>,
    ) -> impl Iterator<Item = Arc<Object>> {
        let collection = self.store.find_collection("", &resource.plural);
        let found = collection.and_then(|collection| {
            let range = Range {
                collection,
                namespace,
                after: None,
                at: None,
            };
            let (objects, _) = self.store.list(&range).ok()?;
            Some(objects.into_owned())
        });
        found.unwrap_or_default().into_iter()
    }

    /// `None` for a pod that does not run: nothing can be measured of it.
    fn measurement(&self, resource: &Resource, object: &Value) -> Option<Value> {
        let now = self.clock.now();
        let metadata = &object["metadata"];
        let mut measured = json!({
            "metadata": {"name": metadata["name"], "creationTimestamp": rfc3339(now)},
            "timestamp": rfc3339(now.saturating_sub(SignedDuration::from_secs(15)).ok()?),
            "window": "15.01s",
        });
        if metadata["labels"].is_object() {
            measured["metadata"]["labels"] = metadata["labels"].clone();
        }
        let of = |name: &str, amounts: &Value| {
            let words = [metadata["uid"].as_str().unwrap_or_default(), name];
            usage(words, amounts, now)
        };
        if !resource.namespaced {
            measured["usage"] = of("", &object["status"]["allocatable"]);
            return Some(measured);
        }
        measured["metadata"]["namespace"] = metadata["namespace"].clone();
        let runs = object["spec"]["nodeName"].is_string()
            && matches!(object["status"]["phase"].as_str(), None | Some("Running"));
        let containers = object["spec"]["containers"].as_array().filter(|_| runs)?;
        let container = |container: &Value| {
            let name = container["name"].as_str().unwrap_or_default();
            json!({"name": name, "usage": of(name, &container["resources"]["requests"])})
        };
        measured["containers"] = containers.iter().map(container).collect();
        Some(measured)
    }
}

/// Between a tenth and nine tenths of what there is, different for each object, and a little so from minute to minute.
fn usage([uid, name]: [&str; 2], amounts: &Value, now: Timestamp) -> Value {
    let minute = now.as_second().div_euclid(60);
    let text = format!("{uid}/{name}");
    let steady = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    let text = format!("{text}/{minute}");
    let changing = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    let share = |at: usize| {
        let [steady, changing] = [&steady, &changing].map(|digest| digest.as_ref()[at]);
        100 + u64::from(steady) * 600 / 255 + u64::from(changing) * 200 / 255
    };
    let nano = thousandths(&amounts["cpu"]).unwrap_or(SOME_CORES) * share(0) * 1_000;
    let kib = kibibytes(&amounts["memory"]).unwrap_or(SOME_MEMORY) * share(1) / 1_000;
    json!({"cpu": format!("{nano}n"), "memory": format!("{kib}Ki")})
}

/// Cores as they are written in the objects of a fleet: `4`, `250m`.
fn thousandths(amount: &Value) -> Option<u64> {
    let text = amount.as_str()?;
    match text.strip_suffix('m') {
        Some(thousandths) => thousandths.parse().ok(),
        None => text.parse::<u64>().ok()?.checked_mul(1_000),
    }
}

/// Memory as it is written there: `128Mi`.
fn kibibytes(amount: &Value) -> Option<u64> {
    let text = amount.as_str()?;
    let units = [("Ki", 0), ("Mi", 10), ("Gi", 20)].into_iter();
    let mut found = units.filter_map(|(unit, shift)| {
        let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
        number.checked_mul(1 << shift)
    });
    found.next()
}
