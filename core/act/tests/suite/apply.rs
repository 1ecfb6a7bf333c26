//! From a frozen plan to leave to delete.
use jiff::SignedDuration;
use stocktake_act::{ApplyError, Approval, Mode, Plan, Settings, Situation, plan};

use crate::sample::{candidate, describe, now, real, situation};

fn two() -> Situation {
    situation(vec![candidate(1), candidate(2)], &[(1, 2)])
}

fn approve(plan: &Plan, situation: &Situation) -> Approval {
    plan.approved(situation, &real(), now()).unwrap()
}

fn uids(approval: &Approval) -> Vec<Vec<&str>> {
    let passes = approval.passes.iter();
    passes
        .map(|pass| pass.iter().map(|one| one.object.uid.as_str()).collect())
        .collect()
}

#[test]
fn a_plan_gives_leave_in_order() {
    let plan = plan(&two(), &real(), now());
    let approval = approve(&plan, &two());
    assert_eq!(uids(&approval), [["uid-2"], ["uid-1"]]);
    let one = &approval.passes[0][0];
    assert_eq!((one.reason.as_str(), one.mode), ("left over", Mode::Real));
    assert_eq!(one.plan, plan.digest);
    assert_eq!(one.object.resource_version.as_deref(), Some("7"));
    assert!(approval.refused.is_empty());
}

#[test]
fn both_switches_are_needed() {
    let plan = plan(&two(), &Settings::default(), now());
    assert_eq!(
        plan.allowed().concat().len(),
        2,
        "a plan can be made while deleting is off"
    );
    let off = plan
        .approved(&two(), &Settings::default(), now())
        .unwrap_err();
    assert_eq!(
        off.to_string(),
        "guard `cleanup-off` refuses: deleting is switched off (setting `worker.cleanup`)"
    );
    let dry = Settings {
        dry_run: true,
        ..real()
    };
    let approval = plan.approved(&two(), &dry, now()).unwrap();
    let modes: Vec<Mode> = approval
        .passes
        .concat()
        .iter()
        .map(|one| one.mode)
        .collect();
    assert_eq!(modes, [Mode::Dry, Mode::Dry]);
}

#[test]
fn leave_that_does_not_say_so_is_a_dry_run() {
    let object = serde_json::to_value(candidate(1).object).unwrap();
    let text = serde_json::json!({"object": object, "reason": "", "plan": ""});
    let one: stocktake_act::Approved = serde_json::from_value(text).unwrap();
    assert_eq!(one.mode, Mode::Dry);
}

#[test]
fn a_plan_expires() {
    let plan = plan(&two(), &real(), now());
    let at = |hours| plan.approved(&two(), &real(), now() + SignedDuration::from_hours(hours));
    assert!(at(23).is_ok());
    assert_eq!(at(24), Err(ApplyError::Expired(plan.expires)));
}

#[test]
fn a_plan_that_was_changed_is_refused() {
    let mut situation = two();
    situation.candidates[0].in_gap = true;
    let plan = plan(&situation, &real(), now());
    let text = serde_json::to_string(&plan).unwrap();
    let same: Plan = serde_json::from_str(&text).unwrap();
    assert_eq!(same, plan);
    assert!(same.approved(&situation, &real(), now()).is_ok());
    for (from, to) in [
        ("uid-2", "uid-1"),
        (r#""7""#, r#""8""#),
        ("left over", "left"),
        ("2024-05-09", "2025-05-09"),
        (r#""pass":0"#, r#""pass":1"#),
        ("in a gap", "in no gap"),
        ("\"ann\"", "\"bob\""),
    ] {
        assert!(text.contains(from), "{from}");
        let changed: Plan = serde_json::from_str(&text.replacen(from, to, 1)).unwrap();
        let refused = changed.approved(&situation, &real(), now());
        assert!(matches!(refused, Err(ApplyError::Digest { .. })), "{from}");
    }
}

#[test]
fn a_forged_verdict_does_not_open_a_guard() {
    let mut situation = two();
    situation.candidates[0]
        .metadata
        .insert("protected".into(), true.into());
    let mut plan = plan(&situation, &real(), now());
    for entry in &mut plan.entries {
        entry.verdict = stocktake_act::Verdict::Allowed;
    }
    plan.digest = plan.computed_digest();
    let approval = approve(&plan, &situation);
    assert_eq!(uids(&approval), [["uid-2"]]);
    assert!(describe(&approval.refused[0])[0].starts_with("protected "));
}

#[test]
fn what_matches_later_is_not_deleted_and_what_changed_is_refused() {
    let plan = plan(&two(), &real(), now());
    let mut later = two();
    later.candidates.push(candidate(3));
    assert_eq!(uids(&approve(&plan, &later)).concat().len(), 2);
    // Unmarked since.
    later.candidates[0].mark = None;
    // Another object under the same node.
    later.candidates[1].object.as_mut().unwrap().uid = "uid-9".into();
    let approval = approve(&plan, &later);
    assert!(approval.passes.is_empty());
    let said: Vec<_> = approval.refused.iter().flat_map(describe).collect();
    assert_eq!(
        said,
        [
            "not-marked (none: mark it with `clean`): it is not marked for cleaning",
            "not-marked (none: mark it with `clean`): it is gone, replaced, or no longer marked since the plan was made",
        ]
    );
    // A newer version is for the server to refuse: the plan names the one that was seen.
    let mut newer = two();
    newer.candidates[0]
        .object
        .as_mut()
        .unwrap()
        .resource_version = Some("8".into());
    let approval = approve(&plan, &newer);
    assert_eq!(
        approval.passes[1][0].object.resource_version.as_deref(),
        Some("7")
    );
}
