//! What the objects of a plan mean for each other: order, cycles, controllers, limits.
use expect_test::{Expect, expect};
use stocktake_act::{Candidate, Controller, Dependant, Holding, Settings, Situation, plan};

use crate::sample::{ago, candidate, node, now, of_kind, overview, real, situation};

#[track_caller]
fn check(situation: &Situation, said: Expect) {
    said.assert_eq(&overview(&plan(situation, &real(), now())));
}

fn controlled(number: u8, kind: &str, by: u8) -> Candidate {
    Candidate {
        controller: Some(Controller {
            api_kind: "ReplicaSet".into(),
            name: format!("name-{by}"),
            node: Some(node(by)),
        }),
        ..of_kind(number, "Thing", kind)
    }
}

#[test]
fn what_a_delete_edge_leads_to_goes_first() {
    let all = (1..=3).map(candidate).collect();
    check(
        &situation(all, &[(1, 2), (2, 3)]),
        expect![[r"
        0: name-3
        1: name-2
        2: name-1
    "]],
    );
}

#[test]
fn edges_to_what_stays_do_not_hold_up_the_rest() {
    let mut stays = candidate(2);
    stays.in_gap = true;
    check(
        &situation(vec![candidate(1), stays], &[(1, 2)]),
        expect![[r"
        0: name-1
        name-2 refused: gap
    "]],
    );
}

#[test]
fn a_cycle_is_refused_and_reported_and_the_rest_goes_on() {
    let situation = situation(
        (1..=4).map(candidate).collect(),
        &[(1, 2), (2, 1), (3, 1), (4, 4)],
    );
    check(
        &situation,
        expect![[r"
        0: name-3
        name-1 refused: delete-cycle
        name-2 refused: delete-cycle
        name-4 refused: delete-cycle
    "]],
    );
    let plan = plan(&situation, &real(), now());
    assert_eq!(plan.cycle, [node(1), node(2), node(4)]);
}

#[test]
fn a_controller_that_stays_makes_its_objects_again() {
    let pod = controlled(1, "kubernetes_pod", 9);
    let set = controlled(2, "kubernetes_replica_set", 9);
    let mut gone = controlled(3, "kubernetes_replica_set", 8);
    gone.controller.as_mut().unwrap().node = None;
    check(
        &situation(vec![pod, set.clone(), gone], &[]),
        expect![[r"
        0: name-1 name-3
        name-1 will be recreated by ReplicaSet `name-9`
        name-2 refused: live-controller
    "]],
    );
    // With the controller in the plan both go; if that is refused, neither does.
    check(
        &situation(vec![candidate(9), set.clone()], &[]),
        expect![[r"
        0: name-2 name-9
    "]],
    );
    let mut stays = candidate(9);
    stays.mark = None;
    check(
        &situation(
            vec![stays, set.clone(), controlled(3, "kubernetes_job", 2)],
            &[],
        ),
        expect![[r"
        name-2 refused: live-controller
        name-3 refused: live-controller
        name-9 refused: not-marked
    "]],
    );
    let allow = Settings {
        allow: vec!["live-controller".into()],
        ..real()
    };
    let allowed = plan(&situation(vec![set], &[]), &allow, now());
    assert_eq!(
        overview(&allowed),
        "0: name-2\nname-2 will be recreated by ReplicaSet `name-9`\n"
    );
}

#[test]
fn data_that_goes_too_is_told() {
    let mut one = candidate(1);
    one.dependants = [("a", Holding::Data), ("b", Holding::Nothing)]
        .map(|(name, holding)| Dependant {
            node: node(9),
            kind: "kubernetes_persistent_volume_claim".into(),
            name: name.into(),
            holding,
        })
        .into();
    check(
        &situation(vec![one], &[]),
        expect![[r"
        0: name-1
        name-1 takes the data of kubernetes_persistent_volume_claim `a` with it
    "]],
    );
}

/// How many of `marked` objects of one kind go, of which there are `population`.
fn going(marked: u8, population: u64, settings: &Settings) -> (usize, Vec<String>) {
    let mut situation = situation((1..=marked).map(candidate).collect(), &[]);
    situation
        .population
        .set("cluster-1", "kubernetes_config_map", population);
    let plan = plan(&situation, settings, now());
    let mut guards: Vec<String> = (overview(&plan).lines())
        .filter_map(|line| line.split_once("refused: "))
        .map(|(_, guard)| guard.to_owned())
        .collect();
    guards.dedup();
    (plan.allowed().concat().len(), guards)
}

#[test]
fn a_run_deletes_no_more_than_it_may() {
    let settings = real();
    for (marked, population, gone, guard) in [
        (3, 3, 3, None),
        (4, 4, 3, Some("max-percent")),
        (10, 100, 5, Some("max-percent")),
        (5, 119, 5, None),
        (60, 2000, 50, Some("max-objects")),
        (60, 0, 3, Some("max-percent")),
    ] {
        let guards: Vec<String> = guard.map(str::to_owned).into_iter().collect();
        assert_eq!(
            going(marked, population, &settings),
            (gone, guards),
            "{marked} of {population}"
        );
    }
    for max_percent in [f64::NAN, -1.0, 0.0] {
        let settings = Settings {
            max_percent,
            always_allowed: 0,
            ..real()
        };
        assert_eq!(going(5, 1_000, &settings).0, 0);
    }
    let all = Settings {
        max_percent: f64::INFINITY,
        max_objects: 100,
        ..real()
    };
    assert_eq!(going(70, 70, &all).0, 70);
}

#[test]
fn limits_count_per_cluster_and_the_oldest_marks_go_first() {
    let mut all: Vec<Candidate> = (1..=5).map(candidate).collect();
    all[4].mark.as_mut().unwrap().at = Some(ago(9));
    for one in &mut all[..2] {
        one.account = "cluster-2".into();
        one.object.as_mut().unwrap().account = "cluster-2".into();
    }
    let settings = Settings {
        always_allowed: 1,
        ..real()
    };
    let plan = plan(&situation(all, &[]), &settings, now());
    assert_eq!(overview(&plan).lines().next(), Some("0: name-1 name-5"));
}
