//! Each guard: what it refuses, what it says, and what lets the object pass.
use expect_test::{Expect, expect};
use serde_json::{Value, json};
use stocktake_act::{
    Candidate, Dependant, GUARDS, Holding, Mark, Opens, Scope, Settings, Standing,
};
use stocktake_model::Identity;

use crate::sample::{ago, candidate, map, node, of_kind, real, refusals};

#[track_caller]
fn check(spoil: impl FnOnce(&mut Candidate), said: Expect) {
    let mut spoiled = candidate(1);
    spoil(&mut spoiled);
    said.assert_eq(&refusals(spoiled, &real()).join("\n"));
}

fn tag(candidate: &mut Candidate, key: &str, value: &str) {
    candidate
        .reported
        .insert("tags".into(), json!({key: value}));
}

fn label(candidate: &mut Candidate, key: &str, value: &str) {
    candidate
        .reported
        .insert("labels".into(), json!({key: value}));
}

#[test]
fn nothing_refuses_a_fresh_marked_object() {
    check(|_| {}, expect![""]);
}

#[test]
fn marks() {
    check(
        |one| one.mark = None,
        expect!["not-marked (none: mark it with `clean`): it is not marked for cleaning"],
    );
    let old = |one: &mut Candidate| one.mark.as_mut().unwrap().at = Some(ago(24 * 7 + 1));
    check(
        old,
        expect![
            "mark-too-old (worker.cleanup_guards.max_mark_age): it was marked at 2024-05-01T11:00:00Z; mark it again if it is still meant"
        ],
    );
    check(
        |one| one.mark.as_mut().unwrap().at = Some(ago(24 * 7)),
        expect![""],
    );
    let unknown = |one: &mut Candidate| one.mark.as_mut().unwrap().at = None;
    check(
        unknown,
        expect![
            "mark-too-old (worker.cleanup_guards.max_mark_age): it is not known when it was marked"
        ],
    );
    let cleaned = |one: &mut Candidate| one.metadata = map(json!({"cleaned": true}));
    check(
        cleaned,
        expect!["cleaned (none: nothing is left to do): it was deleted already"],
    );
}

#[test]
fn only_a_true_wish_is_a_mark() {
    let full = json!({"clean": true, "reason": "old", "by": "ann", "at": "2024-05-08T10:00:00Z"});
    let mark = Mark {
        reason: "old".into(),
        by: "ann".into(),
        at: Some(ago(2)),
    };
    assert_eq!(Mark::of(&map(full)), Some(mark));
    let bare = Mark::of(&map(json!({"clean": true})));
    assert_eq!(bare, Some(Mark::default()));
    for none in [
        json!({}),
        json!({"clean": false}),
        json!({"clean": "true"}),
        json!({"clean": 1}),
    ] {
        assert_eq!(Mark::of(&map(none.clone())), None, "{none}");
    }
}

#[test]
fn protection() {
    for (value, is_protected) in [
        (json!(true), true),
        (json!("yes"), true),
        (json!(1), true),
        (json!(false), false),
        (Value::Null, false),
    ] {
        let mut one = candidate(1);
        one.metadata.insert("protected".into(), value.clone());
        assert_eq!(!refusals(one, &real()).is_empty(), is_protected, "{value}");
    }
    let by_tag = |one: &mut Candidate| tag(one, "stocktake/protect", "true");
    check(
        by_tag,
        expect![
            "protected (none: `unprotect` it, or remove the annotation): it has the annotation `stocktake/protect`"
        ],
    );
    check(|one| tag(one, "stocktake/protect", "false"), expect![""]);
    let until = |one: &mut Candidate| tag(one, "stocktake/protect-until", "2024-06-01");
    check(
        until,
        expect![
            "protected (none: `unprotect` it, or remove the annotation): it is protected until 2024-06-01T00:00:00Z"
        ],
    );
    check(
        |one| tag(one, "stocktake/protect-until", "2024-05-01"),
        expect![""],
    );
    let unreadable = |one: &mut Candidate| tag(one, "stocktake/protect-until", "soon");
    check(
        unreadable,
        expect![
            "protected (none: `unprotect` it, or remove the annotation): its annotation `stocktake/protect-until: soon` can not be read"
        ],
    );
    let dependant = |one: &mut Candidate| {
        one.dependants = vec![Dependant {
            node: node(9),
            kind: "kubernetes_secret".into(),
            name: "key".into(),
            holding: Holding::Protected,
        }];
    };
    check(
        dependant,
        expect![
            "protected-dependant (none: `unprotect` what would go with it): the protected kubernetes_secret `key` would go with it"
        ],
    );
}

#[test]
fn sight_and_account() {
    check(
        |one| one.in_gap = true,
        expect![
            "gap (none: close the gap and collect again): it lies in a gap of the last collection"
        ],
    );
    check(|one| one.last_complete = Some(ago(2)), expect![""]);
    check(
        |one| one.last_complete = Some(ago(3)),
        expect![
            "stale (worker.cleanup_guards.allow: [stale]): `kubernetes_config_map` was last read to the end at 2024-05-08T09:00:00Z"
        ],
    );
    check(
        |one| one.last_complete = None,
        expect![
            "stale (worker.cleanup_guards.allow: [stale]): `kubernetes_config_map` was never read to the end"
        ],
    );
    check(
        |one| one.identity = Identity::Weak,
        expect![
            "weak-identity (none: let the worker read the namespace `kube-system`): the identity of its cluster is guessed, not read"
        ],
    );
    check(
        |one| one.standing = Standing::Unconfigured,
        expect![
            "unconfigured (none: configure the cluster again): its cluster is no longer in the configuration"
        ],
    );
    check(
        |one| one.standing = Standing::Swapped,
        expect![
            "swapped (none: let the context lead to the cluster again, and collect it): the context of its cluster now leads to another cluster"
        ],
    );
}

#[test]
fn objects_that_are_none() {
    check(
        |one| one.is_phantom = true,
        expect![
            "phantom (none: it can not be deleted): `kubernetes_config_map` has no life of its own"
        ],
    );
    check(
        |one| one.object = None,
        expect!["no-object (none: mark the object it belongs to): there is no object behind it"],
    );
    check(
        |one| one.object.as_mut().unwrap().uid.clear(),
        expect!["no-object (none: mark the object it belongs to): it has no uid"],
    );
    check(
        |one| one.object.as_mut().unwrap().account = "x".into(),
        expect![
            "no-object (none: mark the object it belongs to): its object is in another cluster"
        ],
    );
    check(
        |one| one.object.as_mut().unwrap().kind = "x".into(),
        expect!["no-object (none: mark the object it belongs to): its object is of another kind"],
    );
}

fn names(candidate: Candidate, settings: &Settings) -> Vec<String> {
    let said = refusals(candidate, settings);
    said.iter()
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect()
}

fn scoped(api_kind: &str, kind: &str, name: &str) -> Candidate {
    let mut one = of_kind(1, api_kind, kind);
    one.reported.remove("namespace");
    let object = one.object.as_mut().unwrap();
    object.namespace = None;
    object.name = name.into();
    one
}

#[test]
fn kinds_everything_hangs_on() {
    let open = Settings {
        clean_namespaces: true,
        clean_cluster_scoped: true,
        ..real()
    };
    for (api_kind, kind, name, closed, left) in [
        (
            "Namespace",
            "kubernetes_namespace",
            "shop",
            vec!["namespace-kind"],
            vec![],
        ),
        (
            "Namespace",
            "kubernetes_namespace",
            "default",
            vec!["namespace-kind"],
            vec!["namespace-kind"],
        ),
        (
            "Namespace",
            "kubernetes_namespace",
            "kube-system",
            vec!["namespace-kind", "protected-namespace"],
            vec!["namespace-kind", "protected-namespace"],
        ),
        (
            "Node",
            "kubernetes_node",
            "n",
            vec!["cluster-scoped-kind"],
            vec![],
        ),
        (
            "PersistentVolume",
            "kubernetes_persistent_volume",
            "v",
            vec!["cluster-scoped-kind"],
            vec![],
        ),
        (
            "CustomResourceDefinition",
            "kubernetes_custom_resource_definition",
            "c",
            vec!["cluster-scoped-kind"],
            vec![],
        ),
        (
            "ClusterRole",
            "kubernetes_cluster_role",
            "r",
            vec!["cluster-scoped-kind"],
            vec![],
        ),
    ] {
        assert_eq!(
            names(scoped(api_kind, kind, name), &real()),
            closed,
            "{kind} {name}"
        );
        assert_eq!(
            names(scoped(api_kind, kind, name), &open),
            left,
            "{kind} {name}"
        );
    }
    // A record that claims a namespace does not make a node one of its objects.
    let mut odd = scoped("Node", "kubernetes_node", "n");
    odd.reported.insert("namespace".into(), "shop".into());
    assert_eq!(names(odd, &real()), ["cluster-scoped-kind"]);
}

#[test]
fn claims() {
    let kind = "kubernetes_persistent_volume_claim";
    for (phase, guards) in [
        (Some("Bound"), vec!["bound-claim"]),
        (None, vec!["bound-claim"]),
        (Some("Pending"), vec![]),
        (Some("Lost"), vec![]),
        (Some("Odd"), vec!["bound-claim"]),
    ] {
        let mut claim = of_kind(1, "PersistentVolumeClaim", kind);
        let status = json!({"phase": phase});
        claim
            .reported
            .insert("persistent_volume_claim_status".into(), status);
        assert_eq!(names(claim.clone(), &real()), guards, "{phase:?}");
        let allow = |text: &str| Settings {
            allow: vec![text.into()],
            ..real()
        };
        assert!(names(claim.clone(), &allow("bound-claim")).is_empty());
        assert!(names(claim.clone(), &allow(&format!("bound-claim/{kind}"))).is_empty());
        assert_eq!(names(claim, &allow("bound-claim/other")), guards);
    }
}

#[test]
fn namespaces() {
    for (namespace, is_protected) in [
        ("kube-system", true),
        ("kube-public", true),
        ("kube-node-lease", true),
        ("stocktake", true),
        ("team-a-prod", true),
        ("team-a-test", false),
        ("default", false),
    ] {
        let mut one = candidate(1);
        one.object.as_mut().unwrap().namespace = Some(namespace.into());
        let mut settings = real();
        settings.own_namespace = Some("stocktake".into());
        settings.protected_namespaces.push("*-prod".into());
        let expected: &[&str] = if is_protected {
            &["protected-namespace"]
        } else {
            &[]
        };
        assert_eq!(names(one, &settings), expected, "{namespace}");
    }
}

#[test]
fn managers() {
    check(
        |one| tag(one, "meta.helm.sh/release-name", "web"),
        expect![
            "managed-by (worker.cleanup_guards.allow: [managed-by]): Helm looks after it (annotation `meta.helm.sh/release-name`)"
        ],
    );
    check(
        |one| tag(one, "argocd.argoproj.io/tracking-id", "web"),
        expect![
            "managed-by (worker.cleanup_guards.allow: [managed-by]): Argo CD looks after it (annotation `argocd.argoproj.io/tracking-id`)"
        ],
    );
    check(
        |one| label(one, "kustomize.toolkit.fluxcd.io/name", "web"),
        expect![
            "managed-by (worker.cleanup_guards.allow: [managed-by]): Flux looks after it (label `kustomize.toolkit.fluxcd.io/name`)"
        ],
    );
    check(
        |one| label(one, "app.kubernetes.io/managed-by", "Helm"),
        expect![
            "managed-by (worker.cleanup_guards.allow: [managed-by]): Helm looks after it (label `app.kubernetes.io/managed-by: Helm`)"
        ],
    );
    check(
        |one| label(one, "app.kubernetes.io/managed-by", "people"),
        expect![""],
    );
    let by_field = |one: &mut Candidate| {
        one.reported.insert(
            "managed_field_managers".into(),
            json!(["kubectl", "argocd-controller"]),
        );
    };
    check(
        by_field,
        expect![
            "managed-by (worker.cleanup_guards.allow: [managed-by]): Argo CD looks after it (field manager `argocd-controller`)"
        ],
    );
}

#[test]
fn guards_open_as_they_say_and_no_others() {
    for guard in GUARDS {
        let settings = Settings {
            allow: vec![guard.name.into()],
            ..real()
        };
        let opens = guard.opens == Opens::Allow;
        assert_eq!(settings.allows(guard, "any"), opens, "{}", guard.name);
        let one_kind = Settings {
            also_allow: vec![format!("{}/any", guard.name)],
            ..real()
        };
        let opens_by_kind = opens || matches!(guard.opens, Opens::SettingOrKind(_));
        assert_eq!(
            one_kind.allows(guard, "any"),
            opens_by_kind,
            "{}",
            guard.name
        );
        assert!(!one_kind.allows(guard, "other"), "{}", guard.name);
        assert_eq!(
            settings.unknown_allowed().is_empty(),
            opens,
            "{}",
            guard.name
        );
    }
    let settings = Settings {
        allow: vec!["gap".into(), "typo".into()],
        ..real()
    };
    assert_eq!(settings.unknown_allowed(), ["gap", "typo"]);
    let mut gap = candidate(1);
    gap.in_gap = true;
    assert_eq!(names(gap, &settings), ["gap"]);
    let run: Vec<_> = (GUARDS.iter())
        .filter(|guard| guard.scope == Scope::Run)
        .collect();
    assert_eq!(run.len(), 2);
}
