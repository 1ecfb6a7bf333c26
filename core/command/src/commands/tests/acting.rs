//! Plans, the audit log, restored objects: what a line may say, and what is told.
use expect_test::expect;

use super::*;

#[test]
fn a_plan_is_shown_and_frozen_in_a_file() {
    check(
        "clean plan",
        expect![[r"
            PASS  VERDICT  KIND            NAME   NAMESPACE  CLUSTER  SAYS
            0     allowed  kubernetes_pod  web-0  shop       prod
        "]],
    );
    let fixture: Arc<Fixture> = Arc::default();
    let printed = run(
        "clean plan -o plan.json --allow live-controller --any-version | list name",
        &fixture,
    );
    expect![[r#"
        note: `clean apply plan.json` deletes what it allows
        file plan.json Create: "{\"digest\": \"d\"}\n"
        name=web-0
    "#]]
    .assert_eq(&shown(&printed));
    expect![[
        r#"plan of ada PlanOptions { allow: ["live-controller"], version: Any, purpose: Apply }"#
    ]]
    .assert_eq(&fixture.changed.lock().unwrap().join("\n"));
    check(
        "clean plan --force -o plan.json",
        expect![[r#"
        note: `clean apply plan.json` deletes what it allows
        file plan.json Replace: "{\"digest\": \"d\"}\n"
        PASS  VERDICT  KIND            NAME   NAMESPACE  CLUSTER  SAYS
        0     allowed  kubernetes_pod  web-0  shop       prod
    "#]],
    );
    check(
        "clean plan --allow nope",
        expect![[r"
            error 2: 6..23 no guard `nope` can be switched off
            exit 2
        "]],
    );
    check(
        "clean plan --allow",
        expect![[r"
        error 2: 11..18 `--allow` needs a value
        exit 2
    "]],
    );
    check(
        "clean plan to delete it",
        expect![[r#"
        error 2: 11..13 `clean plan` knows no `to`
          hint: put quotes around a reason: `clean "plan b"`
        exit 2
    "#]],
    );
    check(
        "search is(kubernetes_service) | clean plan",
        expect![[r"
        error 2: 32..37 `clean` takes nothing from `search`: it comes first
          hint: put a `;` between two lines that have nothing to do with each other
        exit 2
    "]],
    );
    check(
        "clean done",
        expect![[r"
        error 2: 0..5 `clean` has nothing to work on
          hint: put something in front, e.g. `search all | clean`
        exit 2
    "]],
    );
}

#[test]
fn a_reason_may_begin_like_a_verb_in_quotes() {
    check(
        "search is(kubernetes_service) | clean \"plan b\" | list /desired.reason",
        expect![[r"
            reason=plan b
        "]],
    );
}

#[test]
fn what_a_plan_came_to_decides_the_exit_code() {
    let apply = |text: &str| {
        let context = Context {
            line: "clean apply plan.json".to_owned(),
            files: [("plan.json".to_owned(), text.to_owned())].into(),
            ..Context::default()
        };
        shown(&outputs(context, &Arc::default()))
    };
    check(
        "clean apply plan.json",
        expect![[r#"
        need ["plan.json"]
    "#]],
    );
    expect![[r"
        progress 1/2
        verdict=deleted, kind=kubernetes_pod, name=web-0, namespace=shop, cluster=prod, message=
        progress 2/2
        verdict=refused, kind=kubernetes_pod, name=web-1, namespace=shop, cluster=prod, message=guard `gap`
        exit 1
    "]].assert_eq(&apply("{\"digest\": \"d\"}"));
    expect![[r"
        error 2: this is no plan
        exit 2
    "]]
    .assert_eq(&apply("hello"));
    check(
        "clean apply",
        expect![[r"
        error 2: 6..11 `clean apply` needs the file of a plan
          hint: `clean plan -o plan.json` makes one
        exit 2
    "]],
    );
}

#[test]
fn the_log_is_filtered_and_checked() {
    check(
        "audit",
        expect![[r"
        NUMBER  AT                    WHO  ACTION  VERDICT      KIND            NAME   NAMESPACE  CLUSTER  MESSAGE
        1       2024-05-04T03:00:00Z  ada  delete  terminating  kubernetes_pod  web-0  shop       prod
        2       2024-05-04T03:00:00Z  ada  delete  deleted      kubernetes_pod  web-0  shop       prod
    "]],
    );
    check(
        "audit list --limit 1 | list number",
        expect![[r"
        note: 1 older entries are not shown: `--limit N`
        number=2
    "]],
    );
    asks(
        "audit web-0 --action delete --who ada --verdict deleted --cluster prod --after 1d --before 2024-05-04 --limit 5",
        expect![[
            r#"AuditFilter { object: Some("web-0"), action: Some("delete"), who: Some("ada"), verdict: Some("deleted"), cluster: Some("prod"), after: Some(2024-05-03T04:00:00Z), before: Some(2024-05-04T00:00:00Z), limit: Some(5) }"#
        ]],
    );
    check(
        "audit --since 1d",
        expect![[r"
        error 2: 6..16 unknown option `--since`
          hint: `help audit` lists them
        exit 2
    "]],
    );
    check(
        "audit --limit many",
        expect![[r"
        error 2: 6..18 `many` is not a number
        exit 2
    "]],
    );
    check(
        "audit verify",
        expect![[r"
        2 entries, none of them changed, none missing
    "]],
    );
}

#[test]
fn what_was_never_kept_has_to_be_given() {
    check(
        "restore 3",
        expect![[r"
        verdict=restored, kind=kubernetes_pod, name=web-0, namespace=shop, cluster=prod
    "]],
    );
    check(
        "restore 4",
        expect![[r"
        error 1: values of `web-0` were never kept: `data.password`
          hint: give them with `--fill data.password=…`
        exit 1
    "]],
    );
    check(
        "restore --fill data.password=\"a b\" 4",
        expect![[r"
        verdict=restored, kind=kubernetes_pod, name=web-0, namespace=shop, cluster=prod
    "]],
    );
    check(
        "restore --fill data.password 4",
        expect![[r"
        error 2: 15..28 `--fill` needs `FIELD=VALUE`
        exit 2
    "]],
    );
    check(
        "restore --fill",
        expect![[r"
        error 2: 8..14 `--fill` needs `FIELD=VALUE`
        exit 2
    "]],
    );
    check(
        "restore",
        expect![[r"
        error 2: 0..7 `restore` needs the id of an object
          hint: `audit --verdict deleted` lists what was deleted
        exit 2
    "]],
    );
    check(
        "restore 3 4",
        expect![[r"
        error 2: 10..11 `restore` takes one object at a time
        exit 2
    "]],
    );
    check(
        "restore --really 3",
        expect![[r"
        error 2: 8..16 unknown option `--really`
        exit 2
    "]],
    );
}
