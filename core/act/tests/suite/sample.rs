//! Candidates that no guard refuses, to be spoiled by the tests.
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use stocktake_act::{
    Candidate, DeleteEdge, Entry, Mark, Plan, Settings, Situation, Standing, Verdict, plan,
};
use stocktake_model::{Identity, Map, NodeId, ObjectRef};

pub(crate) fn now() -> Timestamp {
    "2024-05-08T12:00:00Z".parse().unwrap()
}

/// The time this many hours ago.
pub(crate) fn ago(hours: i64) -> Timestamp {
    now() - SignedDuration::from_hours(hours)
}

pub(crate) fn map(value: serde_json::Value) -> Map {
    match value {
        serde_json::Value::Object(map) => map,
        other => panic!("{other} is not an object"),
    }
}

pub(crate) fn node(number: u8) -> NodeId {
    NodeId::from_bytes([number; 16])
}

/// A marked config map that may go.
pub(crate) fn candidate(number: u8) -> Candidate {
    of_kind(number, "ConfigMap", "kubernetes_config_map")
}

pub(crate) fn of_kind(number: u8, api_kind: &str, kind: &str) -> Candidate {
    let reported = map(json!({
        "kind": kind, "id": format!("uid-{number}"), "name": format!("name-{number}"),
        "namespace": "shop", "api_version": "v1", "api_resource": "things",
        "resource_version": "7",
    }));
    Candidate {
        node: node(number),
        account: "cluster-1".into(),
        kind: kind.into(),
        api_kind: api_kind.into(),
        object: ObjectRef::of(node(number), "cluster-1", "one", &reported),
        reported,
        metadata: Map::new(),
        mark: Some(Mark {
            reason: "left over".into(),
            by: "ann".into(),
            at: Some(ago(2)),
        }),
        is_phantom: false,
        in_gap: false,
        identity: Identity::Strong,
        standing: Standing::Configured,
        last_complete: Some(ago(1)),
        controller: None,
        dependants: Vec::new(),
    }
}

/// Switched on, and for real.
pub(crate) fn real() -> Settings {
    Settings {
        enabled: true,
        dry_run: false,
        ..Settings::default()
    }
}

pub(crate) fn situation(candidates: Vec<Candidate>, edges: &[(u8, u8)]) -> Situation {
    let edges = edges.iter().map(|(from, to)| DeleteEdge {
        from: node(*from),
        to: node(*to),
    });
    Situation {
        candidates,
        edges: edges.collect(),
        ..Situation::default()
    }
}

/// The plan for one candidate, as lines: `guard (setting): why`.
pub(crate) fn refusals(candidate: Candidate, settings: &Settings) -> Vec<String> {
    let plan = plan(&situation(vec![candidate], &[]), settings, now());
    describe(&plan.entries[0])
}

pub(crate) fn describe(entry: &Entry) -> Vec<String> {
    match &entry.verdict {
        Verdict::Allowed => Vec::new(),
        Verdict::Refused(refusals) => (refusals.iter())
            .map(|one| format!("{} ({}): {}", one.guard, one.setting, one.why))
            .collect(),
    }
}

/// Names of what is allowed, pass by pass; then warnings, and what is refused by which guards.
pub(crate) fn overview(plan: &Plan) -> String {
    let mut lines = Vec::new();
    for (pass, entries) in plan.allowed().iter().enumerate() {
        let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
        lines.push(format!("{pass}: {}", names.join(" ")));
    }
    for entry in &plan.entries {
        let warnings = entry.warnings.iter();
        lines.extend(warnings.map(|warning| format!("{} {warning}", entry.name)));
        if let Verdict::Refused(refusals) = &entry.verdict {
            let guards: Vec<&str> = refusals.iter().map(|one| one.guard.as_str()).collect();
            lines.push(format!("{} refused: {}", entry.name, guards.join(" ")));
        }
    }
    lines
        .iter()
        .map(|line| format!("{line}\n"))
        .collect::<Vec<_>>()
        .concat()
}
