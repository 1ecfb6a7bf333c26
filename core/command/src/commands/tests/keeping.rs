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
        expect![[r#"
        expand(pods)
    "#]],
    );
    let quoted = Context {
        line: "search \"expand(pods)\"".to_owned(),
        ..Context::default()
    };
    let checked = check_line(&quoted, &Fixture::default()).unwrap();
    assert_eq!(checked.canonical, quoted.line);
    check(
        "search expand(nope) | count",
        expect![[r#"
        error 2: 7..19 Template nope does not exist.
          hint: `templates` lists those there are, `templates add NAME QUERY` adds one
        exit 2
    "#]],
    );
    check(
        "search expand(loop)",
        expect![[r#"
        error 2: 0..19 templates expand each other without end
        exit 2
    "#]],
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
        expect![[r#"
            loop: expand(loop)
            named: is({{kind}}) and name={{name.parens}}
            of_owner: is({{kind}}) and tags.owner={{owner.parens}}
            pods: is(kubernetes_pod)
        "#]],
    );
    check(
        "templates pods",
        expect![[r#"
        is(kubernetes_pod)
    "#]],
    );
    check(
        "template show nope",
        expect![[r#"
        error 2: Template nope does not exist.
          hint: `templates` lists those there are, `templates add NAME QUERY` adds one
        exit 2
    "#]],
    );
    check(
        "templates add x is({{kind}}",
        expect![[r#"
        error 2: 16..27 `is(true` is not a query: `)` is missing
          hint: add `)`
        exit 2
    "#]],
    );
    check(
        "templates add list is(a)",
        expect![[r#"
        error 2: 14..18 `list` cannot be the name of a template
          hint: letters, digits, `_`, `-` and `.`, but none of the words that come after `templates`
        exit 2
    "#]],
    );
    check(
        "templates update nope is(a)",
        expect![[r#"
        error 2: Template nope does not exist.
          hint: `templates` lists those there are, `templates add NAME QUERY` adds one
        exit 2
    "#]],
    );
    check(
        "templates delete pods",
        expect![[r#"
        Template pods deleted from the search library.
    "#]],
    );
    check(
        "templates test kind=a",
        expect![[r#"
        error 2: 15..21 there is no template to test
          hint: values come first: `templates test kind=pod 'is({{kind}})'`
        exit 2
    "#]],
    );
    check(
        "templates drop a b",
        expect![[r#"
        error 2: 10..18 `templates` cannot `drop` this way
          hint: it knows `list`, `show`, `add`, `update`, `delete`, `test`; `help templates` tells more
        exit 2
    "#]],
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
            error 2: there is a job `a` already
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
            error 2: No job with this id: b
              hint: `jobs list` shows those there are
            exit 2
            error 2: No job with this id: aa
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
        expect![[r#"
        error 2: 6..25 Alias named not enough parameters provided. Missing: --with-name
          hint: `help named` tells what they are for
        exit 2
    "#]],
    );
    check(
        "top 2",
        expect![[r#"
        error 2: 0..3 `top` has nothing to work on
          hint: put something in front, e.g. `search all | top`
        exit 2
    "#]],
    );
    check(
        "pods | top 2",
        expect![[r#"
        name=web-0
        name=web-1
    "#]],
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

#[test]
fn certificates_are_files() {
    check(
        "certificate create --common-name web --dns-names a b --ip-addresses ::1 --days-valid 7",
        expect![[r#"
            file web.key Create: "a key"
            file web.crt Create: "CertificateRequest { common_name: \"web\", dns_names: [\"a\", \"b\"], ip_addresses: [::1], days_valid: 7 }"
            Key written to web.key, certificate to web.crt.
        "#]],
    );
    check(
        "certificate create --common-name ../web",
        expect![[r#"
        error 2: 12..39 it needs a `--common-name` that can name a file
          hint: write e.g. `--common-name inventory.example.org`
        exit 2
    "#]],
    );
    check(
        "certificate create --common-name a --days-valid 9999",
        expect![[r#"
            error 2: 48..52 `9999` is not a number of days up to 3650
            exit 2
        "#]],
    );
    check(
        "certificate create web",
        expect![[r#"
        error 2: 19..22 `web` belongs to no option that is known
          hint: `help certificate` lists the options
        exit 2
    "#]],
    );
}

#[test]
fn series_are_measured_and_asked_for() {
    let fixture = Arc::default();
    run(
        "timeseries snapshot --name pods --avg-factor 2 aggregate(namespace: sum(1) as n): is(kubernetes_pod)",
        &fixture,
    );
    run(
        "ts get --name pods --start 7d --end 1d --group kind --filter kind=a b!=c --aggregation max",
        &fixture,
    );
    run(
        "ts get --name pods --start 2024-05-01 --granularity 10min",
        &fixture,
    );
    expect![[r#"
        pods Measured { at: 2024-05-04T04:00:00Z, entries: [SeriesEntry { group: {"namespace": "default"}, v: 1.0 }, SeriesEntry { group: {"namespace": "kube-system"}, v: 0.5 }] }
        SeriesOptions { name: "pods", start: 2024-04-27T04:00:00Z, end: 2024-05-03T04:00:00Z, groups: Some(["kind"]), filters: [SeriesFilter { name: "kind", value: "a", equality: Equal }, SeriesFilter { name: "b", value: "c", equality: Different }], slot_secs: 103680, aggregation: Max }
        SeriesOptions { name: "pods", start: 2024-05-01T00:00:00Z, end: 2024-05-04T04:00:00Z, groups: None, filters: [], slot_secs: 3600, aggregation: Avg }"#]].assert_eq(&fixture.changed.lock().unwrap().join("\n"));
    check(
        "timeseries get --name pods --start 7d",
        expect![[r#"
        at=2024-04-27T04:00:00Z, kind=kubernetes_pod, v=2.5
    "#]],
    );
    check(
        "timeseries list ; ts downsample",
        expect![[r#"
        name=kinds, measured=7
        ---
        3 measurements were merged into others.
    "#]],
    );
    check(
        "timeseries snapshot --name pods search all",
        expect![[r#"
            error 2: 32..38 `search` is a command, not a part of the query
              hint: leave `search` out: only the query stands here
            exit 2
        "#]],
    );
    check(
        "timeseries snapshot aggregate(sum(1)): all",
        expect![[r#"
            error 2: 11..42 `--name` is missing
              hint: `timeseries list` shows the names there are
            exit 2
        "#]],
    );
    check(
        "timeseries get --name a@b --start 1d",
        expect![[r#"
        error 2: 22..25 `a@b` is not a name: letters, digits, `_`, `-` and `.`
        exit 2
    "#]],
    );
    check(
        "timeseries get --name a --start 1d --end 3d",
        expect![[r#"
            error 2: 11..43 `--start` has to be there, and before `--end`
              hint: write e.g. `--start 7d`
            exit 2
        "#]],
    );
    check(
        "timeseries get --name a --start",
        expect![[r#"
        error 2: 24..31 `--start` needs a value
        exit 2
    "#]],
    );
    check(
        "timeseries get --name a --start 1d --granularity 0",
        expect![[r#"
            error 2: 49..50 `0` is not a number up to 1000, or a duration
            exit 2
        "#]],
    );
}
