//! What a pod asks for and may use at most, as the scheduler adds it up.
//!
//! Containers and sidecars run together; init containers run one after another beside the sidecars started
//! before them; the greater of both counts, and the overhead of the runtime class on top.
use serde_json::Value;

use crate::convert::field;
use crate::kinds::amounts::{amount, tidy, to_gib};

/// Sums of one pod.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Sums {
    pub(crate) requested: Amounts,
    pub(crate) limit: Amounts,
}

/// Cores and GiB; absent if no container says anything.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Amounts {
    pub(crate) cores: Option<f64>,
    pub(crate) memory: Option<f64>,
}

/// The sums of a converted pod spec.
pub(crate) fn sums(spec: &Value) -> Sums {
    Sums {
        requested: amounts(spec, "requests"),
        limit: amounts(spec, "limits"),
    }
}

/// The amounts one container (or anything with `resources`) names itself.
pub(crate) fn own(container: &Value, which: &str) -> Amounts {
    Amounts {
        cores: own_amount(container, which, "cpu").map(tidy),
        memory: own_amount(container, which, "memory").map(to_gib),
    }
}

/// What a container names without an amount that can be read: where it stands in the container.
pub(crate) fn unreadable(container: &Value, which: &str, amounts: &Amounts) -> Vec<String> {
    let named = container.pointer(&format!("/resources/{which}"));
    let missing = [("cpu", amounts.cores), ("memory", amounts.memory)]
        .into_iter()
        .filter(|(resource, amount)| {
            amount.is_none() && named.is_some_and(|named| named.get(*resource).is_some())
        });
    missing
        .map(|(resource, _)| format!("container_spec.resources.{which}.{resource}"))
        .collect()
}

fn amounts(spec: &Value, which: &str) -> Amounts {
    Amounts {
        cores: total(spec, which, "cpu").map(tidy),
        memory: total(spec, which, "memory").map(to_gib),
    }
}

fn total(spec: &Value, which: &str, resource: &str) -> Option<f64> {
    // Resources of the pod as a whole replace the sum of its containers.
    let sum = own_amount(spec, which, resource).or_else(|| containers(spec, which, resource))?;
    let overhead = spec.get("overhead").and_then(|map| map.get(resource));
    Some(sum + overhead.and_then(amount).unwrap_or_default())
}

fn containers(spec: &Value, which: &str, resource: &str) -> Option<f64> {
    let mut found = false;
    let mut take = |container: &Value| {
        let value = own_amount(container, which, resource);
        found |= value.is_some();
        value.unwrap_or_default()
    };
    let mut sidecars = 0.0;
    let mut starting: f64 = 0.0;
    for container in list(spec, "init_containers") {
        let value = take(container);
        if field(container, "restart_policy") == Some("Always") {
            sidecars += value;
            starting = starting.max(sidecars);
        } else {
            starting = starting.max(sidecars + value);
        }
    }
    let running: f64 = list(spec, "containers").iter().map(&mut take).sum();
    found.then_some((running + sidecars).max(starting))
}

fn own_amount(holder: &Value, which: &str, resource: &str) -> Option<f64> {
    amount(holder.get("resources")?.get(which)?.get(resource)?)
}

fn list<'v>(spec: &'v Value, name: &str) -> &'v [Value] {
    spec.get(name)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn asks(cpu: &str) -> Value {
        json!({"resources": {"requests": {"cpu": cpu}}})
    }

    #[track_caller]
    fn check(spec: Value, cores: Option<f64>) {
        assert_eq!(sums(&spec).requested.cores, cores);
    }

    #[test]
    fn the_greater_of_starting_and_running_counts() {
        let sidecar =
            json!({"restart_policy": "Always", "resources": {"requests": {"cpu": "200m"}}});
        check(
            json!({"containers": [asks("100m"), asks("200m")]}),
            Some(0.3),
        );
        check(
            json!({"containers": [asks("100m")], "init_containers": [asks("1"), asks("500m")]}),
            Some(1.0),
        );
        check(
            json!({"containers": [asks("100m")], "init_containers": [sidecar, asks("1")]}),
            Some(1.2),
        );
        check(
            json!({"containers": [asks("1")], "overhead": {"cpu": "250m"}}),
            Some(1.25),
        );
        check(
            json!({"containers": [asks("1")], "resources": {"requests": {"cpu": "3"}}}),
            Some(3.0),
        );
        check(json!({"containers": [{}]}), None);
        check(json!({"containers": [asks("much"), asks("1")]}), Some(1.0));
    }
}
