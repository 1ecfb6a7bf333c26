//! What people keep for later: templates, jobs, and shorthands of the configuration.
use expect_test::expect;

use super::*;

#[test]
fn templates_are_expanded_in_queries_only() {
    asks(
        "search expand(named, kind=kubernetes_pod, name=\"web-0\") limit 1",
        expect![[r#"is(kubernetes_pod) and /reported.name = "web-0" limit 1"#]],
    );
    asks(
        "expand(pods) and namespace=default | count",
        expect!["aggregate(sum(1) as count): is(kubernetes_pod) and /reported.namespace = default"],
    );
    asks(
        r#"search expand(named: {"kind": "kubernetes_pod", "name": "web-1"})"#,
        expect![[r#"is(kubernetes_pod) and /reported.name = "web-1""#]],
    );
    check(
        "echo expand(pods)",
        expect![[r"
        expand(pods)
    "]],
    );
    let quoted = Context {
        line: "search \"expand(pods)\"".to_owned(),
        ..Context::default()
    };
    let checked = check_line(&quoted, &Fixture::default()).unwrap();
    assert_eq!(checked.canonical, quoted.line);
    check(
        "search expand(nope) | count",
        expect![[r"
        error 2: 7..19 Template nope does not exist.
          hint: `templates` lists those there are, `templates add NAME QUERY` adds one
        exit 2
    "]],
    );
    check(
        "search expand(loop)",
        expect![[r"
        error 2: 0..19 templates expand each other without end
        exit 2
    "]],
    );
    check(
        "search expand(named, kind)",
        expect![[r#"
        error 2: 7..26 expected `name=value`
          hint: e.g. `protected=true note="keep it"`
        exit 2
    "#]],
    );
}

#[test]
fn templates_are_kept() {
    check(
        "templates",
        expect![[r"
            loop: expand(loop)
            named: is({{kind}}) and name={{name.parens}}
            of_owner: is({{kind}}) and tags.owner={{owner.parens}}
            pods: is(kubernetes_pod)
        "]],
    );
    check(
        "templates pods",
        expect![[r"
        is(kubernetes_pod)
    "]],
    );
    check(
        "template show nope",
        expect![[r"
            error 2: 9..18 Template nope does not exist.
              hint: `templates` lists those there are, `templates add NAME QUERY` adds one
            exit 2
        "]],
    );
    check(
        "templates add x is({{kind}}",
        expect![[r"
        error 2: 16..27 `is(true` is not a query: `)` is missing
          hint: add `)`
        exit 2
    "]],
    );
    check(
        "templates add list is(a)",
        expect![[r"
        error 2: 14..18 `list` cannot be the name of a template
          hint: letters, digits, `_`, `-` and `.`, but none of the words that come after `templates`
        exit 2
    "]],
    );
    check(
        "templates update nope is(a)",
        expect![[r"
            error 2: 10..27 Template nope does not exist.
              hint: `templates` lists those there are, `templates add NAME QUERY` adds one
            exit 2
        "]],
    );
    check(
        "templates delete pods",
        expect![[r"
        Template pods deleted from the search library.
    "]],
    );
    check(
        "templates test kind=a",
        expect![[r"
        error 2: 15..21 there is no template to test
          hint: values come first: `templates test kind=pod 'is({{kind}})'`
        exit 2
    "]],
    );
    check(
        "templates drop a b",
        expect![[r"
        error 2: 10..18 `templates` cannot `drop` this way
          hint: it knows `list`, `show`, `add`, `update`, `delete`, `test`; `help templates` tells more
        exit 2
    "]],
    );
}

/// What the lines print, one after the other on the same core.
#[track_caller]
fn in_turn(lines: &[&str], expected: Expect) {
    let fixture = Arc::default();
    let shown: String = lines
        .iter()
        .map(|line| shown(&run(line, &fixture)))
        .collect();
    expected.assert_eq(&shown);
}

#[test]
fn jobs_keep_the_rest_of_the_line() {
    in_turn(
        &[
            r#"jobs add --id a --schedule "0 5 * * *" --timeout 5min search is(kubernetes_pod) and age > 3d | clean "on @TODAY@""#,
            "section=metadata jobs add --id b --wait-for-event post_collect 'search all | count kind ; echo x'",
            "jobs add --id a echo again",
            "jobs",
            "jobs show b",
            "jobs deactivate b",
            "jobs update a --wait-for-event cleanup",
            "jobs update --id b echo 'b c'",
            "jobs list | jq .",
            "search_timeout=5s jobs add --id c echo @TODAY@",
            "jobs show c",
            "jobs run a",
            "jobs running",
            "jobs delete b",
            "jobs delete b",
            "jobs show aa",
        ],
        expect![[r#"
            Job a added.
            Job b added.
            error 2: 5..26 there is a job `a` already
              hint: `jobs update a …` changes it
            exit 2
            id=a, active=true, cron_expression=0 5 * * *, command=search is(kubernetes_pod) and age > 3d | clean "on @TODAY@"
            id=b, active=true, message_type=post_collect, command=search all | count kind ; echo x
            active: true
            command: search all | count kind ; echo x
            id: b
            timeout: 3600
            trigger:
              message_type: post_collect
            Job b deactivated.
            Job a updated.
            Job b updated.
            {"active":true,"command":"search is(kubernetes_pod) and age > 3d | clean \"on @TODAY@\"","id":"a","timeout":300,"trigger":{"cron_expression":"0 5 * * *"},"wait":{"message_type":"cleanup"}}
            {"active":false,"command":"echo 'b c'","id":"b","timeout":3600,"trigger":{"message_type":"post_collect"}}
            note: nothing starts it but `jobs run c`
            Job c added.
            active: true
            command: echo @TODAY@
            id: c
            timeout: 3600
            Job a started with id t2.
            id=nightly, task=t2, started=2024-05-04T03:59:00Z
            Job b deleted.
            error 2: 5..13 No job with this id: b
              hint: `jobs list` shows those there are
            exit 2
            error 2: 5..12 No job with this id: aa
              hint: did you mean `a`?
            exit 2
        "#]],
    );
}

#[test]
fn a_line_that_cannot_run_is_not_kept() {
    in_turn(
        &[
            "jobs add --id a search is(kubernetes_pod | clean",
            "jobs add --id a 'search all | claen'",
            "jobs add --id a:b echo x",
            "jobs add --id a",
            "jobs add --every 5min echo x",
            "jobs add --id a jobs add --id b jobs add --id c jobs add --id d jobs add --id e jobs add --id f echo x",
            "jobs update",
            "jobs delete",
            "jobs stop a",
            "jobs list",
        ],
        expect![[r#"
            error 2: 40..40 `)` is missing
              hint: add `)`
            exit 2
            error 2: 30..35 unknown command `claen`
              hint: did you mean `clean`?
            exit 2
            error 2: 5..24 `a:b` cannot be the id of a job
              hint: ids with `:` belong to stocktake itself
            exit 2
            error 2: 5..15 there is no line to keep
              hint: write e.g. `jobs add --schedule "0 5 * * *" search is(volume) and age > 90d | clean`
            exit 2
            error 2: 9..16 unknown option `--every`
              hint: there are --id, --schedule, --timeout, --wait-for-event
            exit 2
            error 2: 80..102 too many jobs inside of jobs
            exit 2
            error 2: 5..11 `update` needs the id of a job
              hint: write e.g. `jobs update nightly --schedule "0 5 * * *"`
            exit 2
            error 2: 5..11 `delete` needs the id of one job
              hint: `jobs list` shows them
            exit 2
            error 2: 5..11 `jobs` cannot `stop` this way
              hint: it knows `list`, `show`, `add`, `update`, `delete`, `activate`, `deactivate`, `run`, `running`; `help jobs` tells more
            exit 2
        "#]],
    );
}

#[test]
fn shorthands_have_parameters() {
    asks(
        "named --with-name web-0",
        expect![[r#"is(kubernetes_pod) and /reported.name = "web-0""#]],
    );
    asks(
        "named with_name=web-0 kind=kubernetes_node",
        expect![[r#"is(kubernetes_node) and /reported.name = "web-0""#]],
    );
    check(
        "named kind=kubernetes_pod",
        expect![[r"
        error 2: 6..25 Alias named not enough parameters provided. Missing: --with-name
          hint: `help named` tells what they are for
        exit 2
    "]],
    );
    check(
        "top 2",
        expect![[r"
        error 2: 0..3 `top` has nothing to work on
          hint: put something in front, e.g. `search all | top`
        exit 2
    "]],
    );
    check(
        "pods | top 2",
        expect![[r"
        name=web-0
        name=web-1
    "]],
    );
    check(
        "help named",
        expect![[r#"
        named: one thing of a kind

        Finds what is called like that.

          stands for `search is({{kind}}) and name="{{with_name}}"`

          --with-name  what it is called
          --kind  what it is [default: kubernetes_pod]
    "#]],
    );
}
