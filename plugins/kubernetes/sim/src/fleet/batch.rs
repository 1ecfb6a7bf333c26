//! Scheduled work: a cron job, its last jobs, and their finished pods.
use serde_json::{Value, json};

use super::basic;
use super::draft::{CRON_JOB, JOB, Owner};
use super::pod::{self, Health, Pattern, Wanted};
use super::world::World;

/// Seconds between two runs.
const EVERY: i64 = 3_600;

/// A cron job with its three last runs.
pub(super) fn cron(world: &mut World, namespace: &str, name: &str, age: i64) -> Vec<Value> {
    let mut main = pod::container("main", "ghcr.io/acme/batch:2.4.1", 8080);
    main["envFrom"] = json!([{"secretRef": {"name": name}}]);
    let mut pattern = Pattern::new(json!({"app": name, "tier": "batch"}), name, main);
    pattern.restart = "Never";
    let owner = world.owner(CRON_JOB, namespace, name);
    let mut objects = vec![
        cron_object(world, namespace, name, &pattern, age),
        basic::secret(world, namespace, name, "Opaque", &["api_key"], age).done(),
        basic::account(world, namespace, name, age).done(),
    ];
    for run in 1..=3 {
        // The controller names a job after the minute it was due.
        let job = format!("{name}-{}", 29_800_000 - run * EVERY / 60);
        objects.extend(job_with_pod(
            world,
            namespace,
            &job,
            Some(&owner),
            &pattern,
            run * EVERY,
        ));
    }
    objects
}

fn cron_object(world: &World, namespace: &str, name: &str, pattern: &Pattern, age: i64) -> Value {
    world
        .draft(CRON_JOB, namespace, name, age)
        .meta("generation", 1.into())
        .labels(json!({"app": name}))
        .field(
            "spec",
            json!({
                "schedule": "0 * * * *",
                "concurrencyPolicy": "Forbid",
                "suspend": false,
                "jobTemplate": {"metadata": {}, "spec": {"template": pattern.template()}},
                "successfulJobsHistoryLimit": 3,
                "failedJobsHistoryLimit": 1,
            }),
        )
        .field(
            "status",
            json!({
                "lastScheduleTime": world.ago(EVERY),
                "lastSuccessfulTime": world.ago(EVERY - 60),
            }),
        )
        .done()
}

/// A job that ran to its end, and its pod.
fn job_with_pod(
    world: &mut World,
    namespace: &str,
    name: &str,
    owner: Option<&Owner>,
    pattern: &Pattern,
    age: i64,
) -> Vec<Value> {
    let job = world.owner(JOB, namespace, name);
    let own = [
        ("batch.kubernetes.io/controller-uid", job.uid.as_str()),
        ("batch.kubernetes.io/job-name", name),
        ("controller-uid", job.uid.as_str()),
        ("job-name", name),
    ];
    let mut labels = Value::Object(pattern.labels.clone());
    for (label, value) in own {
        labels[label] = value.into();
    }
    let mut draft = world
        .draft(JOB, namespace, name, age)
        .labels(labels.clone());
    if let Some(owner) = owner {
        draft = draft.controlled_by(owner);
    }
    let mut template = pattern.template();
    template["metadata"]["labels"] = labels;
    let job_object = draft
        .managed(
            "kube-controller-manager",
            json!({"f:spec": {}, "f:status": {}}),
        )
        .meta("generation", 1.into())
        .field("spec", job_spec(&job.uid, template))
        .field("status", job_status(world, age))
        .done();
    let wanted = Wanted {
        namespace,
        name: format!("{name}-{}", world.dice(&["job", &job.uid]).letters(5)),
        owner: Some(&job),
        pattern,
        labels: &own,
        health: Health::Succeeded,
        age,
    };
    vec![job_object, pod::build(world, &wanted).object]
}

fn job_spec(uid: &str, template: Value) -> Value {
    json!({
        "parallelism": 1,
        "completions": 1,
        "backoffLimit": 6,
        "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}},
        "manualSelector": false,
        "template": template,
        "completionMode": "NonIndexed",
        "suspend": false,
        "podReplacementPolicy": "TerminatingOrFailed",
    })
}

fn job_status(world: &World, age: i64) -> Value {
    let ended = world.ago(age - 60);
    let condition = |kind: &str| {
        json!({
            "type": kind,
            "status": "True",
            "lastProbeTime": ended,
            "lastTransitionTime": ended,
            "reason": "CompletionsReached",
            "message": "Reached expected number of succeeded pods",
        })
    };
    json!({
        "startTime": world.ago(age),
        "completionTime": ended,
        "succeeded": 1,
        "terminating": 0,
        "ready": 0,
        "uncountedTerminatedPods": {},
        "conditions": [condition("SuccessCriteriaMet"), condition("Complete")],
    })
}
