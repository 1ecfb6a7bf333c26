//! A plan on its way: what may go next.
use stocktake_act::{Course, Fate, Halt, Plan, plan};

use crate::sample::{candidate, node, now, real, situation};

/// The second goes before the first.
fn two() -> Plan {
    let situation = situation(vec![candidate(1), candidate(2)], &[(1, 2)]);
    plan(&situation, &real(), now())
}

#[test]
fn what_has_to_go_first_is_waited_for() {
    let plan = two();
    let waits = Err(Halt::Waits {
        kind: "kubernetes_config_map".into(),
        name: "name-2".into(),
    });
    let mut course = Course::new(&plan);
    assert_eq!(course.may("cluster-1", node(2)), Ok(()));
    assert_eq!(course.may("cluster-1", node(1)), waits);
    for fate in [Fate::Terminating, Fate::Changed, Fate::Refused] {
        course.note("cluster-1", node(2), fate);
        assert_eq!(course.may("cluster-1", node(1)), waits, "{fate:?}");
    }
    course.note("cluster-1", node(2), Fate::Deleted);
    assert_eq!(course.may("cluster-1", node(1)), Ok(()));
}

#[test]
fn a_dry_run_waits_for_nothing() {
    let plan = two();
    let mut course = Course::new(&plan);
    course.note("cluster-1", node(2), Fate::WouldDelete);
    assert_eq!(course.may("cluster-1", node(1)), Ok(()));
}

#[test]
fn three_failures_in_a_row_end_it_for_their_cluster() {
    let plan = two();
    let mut course = Course::new(&plan);
    for fate in [
        Fate::Failed,
        Fate::Failed,
        Fate::Refused,
        Fate::Failed,
        Fate::Failed,
    ] {
        course.note("cluster-1", node(9), fate);
    }
    assert!(!course.gave_up("cluster-1"), "an answer came between");
    course.note("cluster-1", node(9), Fate::Failed);
    assert_eq!(course.may("cluster-1", node(2)), Err(Halt::GaveUp));
    assert_eq!(course.may("cluster-2", node(2)), Ok(()));
}
