//! Whatever the candidates: nothing is approved that was not marked or that a guard refuses, in an order the
//! delete edges allow, and never more than the limits.
use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;
use stocktake_act::{
    Approved, Candidate, Controller, Dependant, Holding, Mark, Plan, Settings, Situation, Standing,
    Verdict, plan,
};
use stocktake_model::{Identity, NodeId};

use crate::sample::{ago, node, now, of_kind, real, situation};

const KINDS: [(&str, &str); 5] = [
    ("Pod", "kubernetes_pod"),
    ("ConfigMap", "kubernetes_config_map"),
    ("ReplicaSet", "kubernetes_replica_set"),
    ("Namespace", "kubernetes_namespace"),
    (
        "PersistentVolumeClaim",
        "kubernetes_persistent_volume_claim",
    ),
];

/// One way to spoil a candidate; most leave it as it is.
fn spoil(candidate: &mut Candidate, how: u8, by: u8) {
    match how {
        0 => candidate.mark = None,
        1 => candidate
            .mark
            .as_mut()
            .into_iter()
            .for_each(|mark| mark.at = Some(ago(500))),
        2 => candidate.is_phantom = true,
        3 => candidate.in_gap = true,
        4 => candidate.identity = Identity::Weak,
        5 => candidate.standing = Standing::Swapped,
        6 => candidate.standing = Standing::Unconfigured,
        7 => candidate.last_complete = None,
        8 => candidate.object = None,
        9 => drop(candidate.metadata.insert("protected".into(), json!(true))),
        10 => drop(candidate.metadata.insert("cleaned".into(), json!(true))),
        11 => drop(
            candidate
                .reported
                .insert("tags".into(), json!({"meta.helm.sh/release-name": "x"})),
        ),
        12 => candidate
            .object
            .iter_mut()
            .for_each(|object| object.namespace = Some("kube-system".into())),
        13..=16 => {
            candidate.controller = Some(Controller {
                api_kind: "Thing".into(),
                name: "owner".into(),
                node: Some(node(by)),
            });
        }
        17 => candidate.dependants.push(Dependant {
            node: node(by),
            kind: "kubernetes_secret".into(),
            name: "dependant".into(),
            holding: Holding::Protected,
        }),
        _ => {}
    }
}

fn candidates() -> impl Strategy<Value = Vec<Candidate>> {
    let one = (
        0_u8..20,
        0_usize..5,
        0_u8..40,
        0_u8..40,
        0_u8..20,
        any::<bool>(),
    );
    let one = one.prop_map(|(number, kind, how, also, by, is_first)| {
        let (api_kind, kind) = KINDS[kind];
        let mut candidate = of_kind(number, api_kind, kind);
        if !is_first {
            candidate.account = "cluster-2".into();
            candidate.object.as_mut().unwrap().account = "cluster-2".into();
        }
        spoil(&mut candidate, how, by);
        spoil(&mut candidate, also, by);
        candidate
    });
    proptest::collection::vec(one, 0..20)
}

fn situations() -> impl Strategy<Value = Situation> {
    let edges = proptest::collection::vec((0_u8..20, 0_u8..20), 0..20);
    (candidates(), edges, 0_u64..200).prop_map(|(candidates, edges, population)| {
        let mut situation = situation(candidates, &edges);
        for (_, kind) in KINDS {
            situation.population.set("cluster-1", kind, population);
        }
        situation
    })
}

fn settings() -> impl Strategy<Value = Settings> {
    (
        0_usize..6,
        0_usize..3,
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(
            |(max_objects, always_allowed, clean_namespaces, allow, dry_run)| Settings {
                max_objects,
                always_allowed,
                clean_namespaces,
                dry_run,
                allow: if allow {
                    vec!["live-controller".into(), "managed-by".into()]
                } else {
                    vec![]
                },
                ..real()
            },
        )
}

/// The reasons to keep an object that no setting here can lift, told without the guards.
fn must_stay(one: &Candidate, settings: &Settings) -> bool {
    let mark = one.mark.as_ref();
    let helm = one.reported.get("tags").is_some() && settings.allow.is_empty();
    mark.and_then(|mark| mark.at)
        .is_none_or(|at| at < ago(24 * 7))
        || one.is_phantom
        || one.in_gap
        || one.identity == Identity::Weak
        || one.standing != Standing::Configured
        || one.last_complete.is_none()
        || one.metadata.contains_key("protected")
        || one.metadata.contains_key("cleaned")
        || one
            .object
            .as_ref()
            .is_none_or(|object| object.namespace.as_deref() == Some("kube-system"))
        || !one.dependants.is_empty()
        || (one.kind == "kubernetes_namespace" && !settings.clean_namespaces)
        || one.kind == "kubernetes_persistent_volume_claim"
        || helm
}

fn approved(plan: &Plan, situation: &Situation, settings: &Settings) -> Vec<(usize, Approved)> {
    let passes = plan.approved(situation, settings, now()).unwrap().passes;
    let passes = passes.into_iter().enumerate();
    passes
        .flat_map(|(pass, all)| all.into_iter().map(move |one| (pass, one)))
        .collect()
}

proptest! {
    #[test]
    fn nothing_goes_that_must_stay(situation in situations(), settings in settings()) {
        let plan = plan(&situation, &settings, now());
        let approved = approved(&plan, &situation, &settings);
        let mut first: BTreeMap<NodeId, &Candidate> = BTreeMap::new();
        for candidate in &situation.candidates {
            first.entry(candidate.node).or_insert(candidate);
        }
        let pass: BTreeMap<NodeId, usize> = approved.iter().map(|(pass, one)| (one.object.node, *pass)).collect();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, one) in &approved {
            let candidate = first[&one.object.node];
            prop_assert!(!must_stay(candidate, &settings), "{candidate:?}");
            prop_assert_eq!(Some(&one.object), candidate.object.as_ref());
            *counts.entry(&candidate.account).or_default() += 1;
            if let Some(Controller { node: Some(owner), .. }) = candidate.controller {
                let is_excepted = candidate.kind == "kubernetes_pod" || !settings.allow.is_empty();
                prop_assert!(is_excepted || pass.contains_key(&owner));
            }
        }
        prop_assert!(counts.values().all(|count| *count <= settings.max_objects));
        for edge in &situation.edges {
            if let (Some(from), Some(to)) = (pass.get(&edge.from), pass.get(&edge.to)) {
                prop_assert!(to < from, "{edge:?}");
            }
        }
        // What the plan allows is what is approved, and each candidate has its verdict.
        prop_assert_eq!(plan.allowed().concat().len(), approved.len());
        prop_assert_eq!(plan.entries.len(), first.len());
        for entry in &plan.entries {
            prop_assert_ne!(&entry.verdict, &Verdict::Refused(Vec::new()));
        }
    }

    #[test]
    fn a_plan_does_not_depend_on_the_order_of_what_it_is_made_of(
        situation in situations(), settings in settings(),
    ) {
        let once = plan(&situation, &settings, now());
        let mut turned = situation;
        turned.candidates.sort_by_key(|candidate| candidate.node);
        turned.edges.reverse();
        prop_assert_eq!(once, plan(&turned, &settings, now()));
    }

    #[test]
    fn any_change_changes_the_digest(
        situation in situations(), at in any::<prop::sample::Index>(), what in 0_u8..7,
    ) {
        let plan = plan(&situation, &real(), now());
        prop_assume!(!plan.entries.is_empty());
        let mut changed = plan.clone();
        let entry = at.get(&plan.entries);
        let at = plan.entries.iter().position(|one| one == entry).unwrap();
        match what {
            0 => drop(changed.entries.remove(at)),
            1 => changed.entries[at].reason.push('!'),
            2 => changed.entries[at].pass += 1,
            3 => changed.entries[at].verdict = Verdict::Refused(Vec::new()),
            4 => changed.expires = now(),
            5 => changed.cycle.push(node(77)),
            _ => changed.entries[at].object = None,
        }
        prop_assert_eq!(changed == plan, changed.computed_digest() == plan.digest);
    }

    #[test]
    fn later_unmarking_is_respected(situation in situations(), which in any::<prop::sample::Index>()) {
        let plan = plan(&situation, &real(), now());
        prop_assume!(!situation.candidates.is_empty());
        let mut later = situation;
        let gone = which.get(&later.candidates).node;
        for candidate in later.candidates.iter_mut().filter(|one| one.node == gone) {
            candidate.mark = None::<Mark>;
        }
        let approved = approved(&plan, &later, &real());
        prop_assert!(approved.iter().all(|(_, one)| one.object.node != gone));
    }
}
