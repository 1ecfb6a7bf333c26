//! The one word for the state of a pod that `kubectl get pods` prints.
use serde_json::Value;
use stocktake_model::Map;

use crate::convert::{condition, field, list, text};

/// The status of a converted pod, in the words of kubectl.
pub(crate) fn reason(pod: &Map) -> String {
    let phase = text(pod, &["pod_status", "phase"]).unwrap_or("Unknown");
    let own = text(pod, &["pod_status", "reason"]).filter(|reason| !reason.is_empty());
    if pod.contains_key("deletion_timestamp") {
        if own == Some("NodeLost") {
            return "Unknown".to_owned();
        }
        if !matches!(phase, "Succeeded" | "Failed") {
            return "Terminating".to_owned();
        }
    }
    let conditions = list(pod, &["pod_status", "conditions"]);
    let gated = conditions.iter().any(|condition| {
        field(condition, "type") == Some("PodScheduled")
            && field(condition, "reason") == Some("SchedulingGated")
    });
    let start = if gated {
        "SchedulingGated"
    } else {
        own.unwrap_or(phase)
    };
    match initializing(pod) {
        Some(reason) if condition(conditions, "Initialized") != Some("True") => reason,
        other => running(pod, conditions, other.unwrap_or_else(|| start.to_owned())),
    }
}

/// What the init containers are at, if they are not done.
fn initializing(pod: &Map) -> Option<String> {
    let specs = list(pod, &["pod_spec", "init_containers"]);
    for (at, status) in list(pod, &["pod_status", "init_container_statuses"])
        .iter()
        .enumerate()
    {
        let name = field(status, "name");
        let sidecar = specs.iter().any(|spec| {
            field(spec, "name") == name && field(spec, "restart_policy") == Some("Always")
        });
        if exit_code(status) == Some(0)
            || (sidecar && status.get("started") == Some(&Value::Bool(true)))
        {
            continue;
        }
        if let Some(end) = terminated(status) {
            return Some(format!("Init:{}", ending(end)));
        }
        let waiting = waiting_reason(status).filter(|reason| *reason != "PodInitializing");
        return Some(match waiting {
            Some(reason) => format!("Init:{reason}"),
            None => format!("Init:{at}/{}", specs.len()),
        });
    }
    None
}

/// What the containers are at; the first failing one decides.
fn running(pod: &Map, conditions: &[Value], start: String) -> String {
    let mut reason = start;
    let mut has_running = false;
    for status in list(pod, &["pod_status", "container_statuses"])
        .iter()
        .rev()
    {
        if let Some(waiting) = waiting_reason(status) {
            waiting.clone_into(&mut reason);
        } else if let Some(end) = terminated(status) {
            reason = ending(end);
        } else if status.get("ready") == Some(&Value::Bool(true)) {
            has_running |= state(status, "running").is_some();
        }
    }
    if reason == "Completed" && has_running {
        let ready = condition(conditions, "Ready") == Some("True");
        return if ready { "Running" } else { "NotReady" }.to_owned();
    }
    reason
}

fn ending(end: &Value) -> String {
    if let Some(reason) = field(end, "reason").filter(|reason| !reason.is_empty()) {
        return reason.to_owned();
    }
    let number = |name: &str| end.get(name).and_then(Value::as_i64).unwrap_or_default();
    match number("signal") {
        0 => format!("ExitCode:{}", number("exit_code")),
        signal => format!("Signal:{signal}"),
    }
}

fn state<'v>(status: &'v Value, name: &str) -> Option<&'v Value> {
    status.get("state")?.get(name)
}

fn terminated(status: &Value) -> Option<&Value> {
    state(status, "terminated")
}

fn exit_code(status: &Value) -> Option<i64> {
    terminated(status)?.get("exit_code")?.as_i64()
}

fn waiting_reason(status: &Value) -> Option<&str> {
    field(state(status, "waiting")?, "reason").filter(|reason| !reason.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(pod: Value, expected: &str) {
        assert_eq!(reason(pod.as_object().unwrap()), expected);
    }

    fn with(state: Value) -> Value {
        json!({"pod_status": {"phase": "Running", "container_statuses": [state]}})
    }

    fn init(status: Value) -> Value {
        json!({"pod_spec": {"init_containers": [{"name": "a"}, {"name": "b"}]},
            "pod_status": {"phase": "Pending", "init_container_statuses": [status]}})
    }

    #[test]
    fn the_word_is_the_one_of_kubectl() {
        check(json!({"pod_status": {"phase": "Pending"}}), "Pending");
        check(json!({}), "Unknown");
        check(
            json!({"pod_status": {"phase": "Failed", "reason": "Evicted"}}),
            "Evicted",
        );
        check(
            with(json!({"state": {"waiting": {"reason": "CrashLoopBackOff"}}})),
            "CrashLoopBackOff",
        );
        check(
            with(json!({"state": {"terminated": {"exit_code": 137, "signal": 9}}})),
            "Signal:9",
        );
        check(
            with(json!({"state": {"terminated": {"exit_code": 3}}})),
            "ExitCode:3",
        );
        check(
            with(json!({"state": {"running": {}}, "ready": true})),
            "Running",
        );
        check(
            json!({"deletion_timestamp": "x", "pod_status": {"phase": "Running"}}),
            "Terminating",
        );
        check(
            json!({"deletion_timestamp": "x", "pod_status": {"phase": "Running", "reason": "NodeLost"}}),
            "Unknown",
        );
        check(
            json!({"deletion_timestamp": "x", "pod_status": {"phase": "Succeeded"}}),
            "Succeeded",
        );
        check(
            json!({"pod_status": {"phase": "Pending",
                "conditions": [{"type": "PodScheduled", "status": "False", "reason": "SchedulingGated"}]}}),
            "SchedulingGated",
        );
    }

    #[test]
    fn init_containers_come_first() {
        check(
            init(json!({"name": "a", "state": {"running": {}}})),
            "Init:0/2",
        );
        check(
            init(json!({"name": "a", "state": {"waiting": {"reason": "PodInitializing"}}})),
            "Init:0/2",
        );
        check(
            init(json!({"name": "a", "state": {"waiting": {"reason": "ErrImagePull"}}})),
            "Init:ErrImagePull",
        );
        check(
            init(
                json!({"name": "a", "state": {"terminated": {"exit_code": 1, "reason": "Error"}}}),
            ),
            "Init:Error",
        );
        check(
            init(
                json!({"name": "a", "state": {"terminated": {"exit_code": 0, "reason": "Completed"}}}),
            ),
            "Pending",
        );
    }

    #[test]
    fn a_pod_with_a_finished_and_a_running_container_is_running_or_not_ready() {
        let pod = |ready: &str| {
            json!({"pod_status": {"phase": "Running",
                "conditions": [{"type": "Ready", "status": ready}],
                "container_statuses": [
                    {"state": {"terminated": {"reason": "Completed", "exit_code": 0}}},
                    {"state": {"running": {}}, "ready": true}]}})
        };
        check(pod("True"), "Running");
        check(pod("False"), "NotReady");
    }
}
