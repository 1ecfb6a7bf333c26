//! Every guard refuses something, alone, under its name and with its setting.
use std::collections::BTreeSet;

use serde_json::json;
use stocktake_act::{
    Candidate, Controller, Dependant, GUARDS, Holding, Plan, Scope, Settings, Standing, plan,
};
use stocktake_model::{Identity, Map};

use crate::sample::{ago, candidate, describe, map, node, now, of_kind, real, situation};

/// A candidate that only one guard refuses.
fn refused_by(guard: &str) -> Candidate {
    let mut one = candidate(1);
    let other = |api_kind: &str, kind: &str| of_kind(1, api_kind, kind);
    match guard {
        "bound-claim" => {
            one = other(
                "PersistentVolumeClaim",
                "kubernetes_persistent_volume_claim",
            );
        }
        "cleaned" => one.metadata = map(json!({"cleaned": true})),
        "cluster-scoped-kind" => one = other("Node", "kubernetes_node"),
        "gap" => one.in_gap = true,
        "live-controller" => {
            one.controller = Some(Controller {
                api_kind: "Thing".into(),
                name: "owner".into(),
                node: Some(node(9)),
            });
        }
        "managed-by" => {
            let tags = json!({"meta.helm.sh/release-name": "shop"});
            one.reported.insert("tags".into(), tags);
        }
        "mark-too-old" => one.mark.as_mut().unwrap().at = Some(ago(24 * 30)),
        "namespace-kind" => one = other("Namespace", "kubernetes_namespace"),
        "no-object" => one.object = None,
        "not-marked" => one.mark = None,
        "phantom" => one.is_phantom = true,
        "protected" => one.metadata = map(json!({"protected": true})),
        "protected-dependant" => one.dependants.push(Dependant {
            node: node(9),
            kind: "kubernetes_secret".into(),
            name: "key".into(),
            holding: Holding::Protected,
        }),
        "protected-namespace" => {
            one.object.as_mut().unwrap().namespace = Some("kube-system".into());
        }
        "stale" => one.last_complete = Some(ago(3)),
        "swapped" => one.standing = Standing::Swapped,
        "unconfigured" => one.standing = Standing::Unconfigured,
        "weak-identity" => one.identity = Identity::Weak,
        // Those that look at all objects together, see `of_plan`.
        "delete-cycle" | "max-objects" | "max-percent" => {}
        other => panic!("`{other}` has no case here"),
    }
    one
}

fn of_plan(guard: &str) -> Plan {
    let settings = match guard {
        "max-objects" => Settings {
            max_objects: 0,
            ..real()
        },
        "max-percent" => Settings {
            always_allowed: 0,
            ..real()
        },
        _ => real(),
    };
    let edges: &[(u8, u8)] = if guard == "delete-cycle" {
        &[(1, 1)]
    } else {
        &[]
    };
    plan(&situation(vec![refused_by(guard)], edges), &settings, now())
}

#[test]
fn each_refuses_alone_by_its_name_and_names_its_setting() {
    let mut named = BTreeSet::new();
    for guard in GUARDS.iter().filter(|guard| guard.scope != Scope::Run) {
        let said = describe(&of_plan(guard.name).entries[0]);
        let begin = format!("{} ({}): ", guard.name, guard.setting());
        assert_eq!(said.len(), 1, "{}: {said:?}", guard.name);
        assert!(said[0].starts_with(&begin), "{}: {said:?}", guard.name);
        named.insert(guard.name);
    }
    assert_eq!(
        named.len() + 2,
        GUARDS.len(),
        "and two refuse the whole run"
    );
}

#[test]
fn a_switched_off_guard_is_part_of_the_plan() {
    let allow = |allow: &[&str]| Settings {
        also_allow: allow.iter().map(|name| (*name).to_owned()).collect(),
        ..real()
    };
    let situation = situation(vec![refused_by("cluster-scoped-kind")], &[]);
    let node = "cluster-scoped-kind/kubernetes_node";
    for (names, may_go) in [
        (&[] as &[&str], 0),
        (&["cluster-scoped-kind"], 0),
        (&["cluster-scoped-kind/kubernetes_persistent_volume"], 0),
        (&[node], 1),
    ] {
        let plan = plan(&situation, &allow(names), now());
        assert_eq!(plan.allowed().concat().len(), may_go, "{names:?}");
        // Whoever applies it does not have to say it again, and it counts for this plan only.
        let approval = plan.approved(&situation, &real(), now()).unwrap();
        assert_eq!(approval.passes.concat().len(), may_go, "{names:?}");
    }
    let mut forged = plan(&situation, &real(), now());
    forged.allow = vec![node.to_owned()];
    assert!(forged.approved(&situation, &real(), now()).is_err());
    let empty = Map::new();
    assert_eq!(stocktake_act::protection(&empty, &empty, now()), None);
}
