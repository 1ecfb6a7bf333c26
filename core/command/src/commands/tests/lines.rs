//! Lines as a whole: what is refused before anything runs, and what runs in which order.
use expect_test::expect;

use super::*;

#[test]
fn a_line_is_understood_as_a_whole_before_it_runs() {
    check(
        "search all | cuont kind",
        expect![[r"
        error 2: 13..18 unknown command `cuont`
          hint: did you mean `count`?
        exit 2
    "]],
    );
    check(
        "echo a ; xyzzy",
        expect![[r"
        error 2: 9..14 unknown command `xyzzy`
          hint: `help` lists all commands
        exit 2
    "]],
    );
    check(
        "count kind",
        expect![[r"
        error 2: 0..5 `count` has nothing to work on
          hint: put something in front, e.g. `search all | count`
        exit 2
    "]],
    );
    check(
        "search all | kinds",
        expect![[r"
        error 2: 13..18 `kinds` takes nothing from `search`: it comes first
          hint: put a `;` between two lines that have nothing to do with each other
        exit 2
    "]],
    );
    check(
        "search all | count kind | clean",
        expect![[r"
        error 2: 26..31 `clean` needs nodes, but `count` gives text lines
          hint: move `clean` in front of it
        exit 2
    "]],
    );
    check(
        "search all | aggregate kind: sum(1) as n | clean",
        expect![[r"
            error 2: 43..48 `clean` needs nodes, but `aggregate` gives rows
              hint: move `clean` in front of it
            exit 2
        "]],
    );
}

#[test]
fn arguments_are_read_before_anything_runs() {
    check(
        "search is(kubernetes_pod and | list",
        expect![[r"
        error 2: 25..28 expected `,` or `)`, found `and`
          hint: separate them with a comma
        exit 2
    "]],
    );
    check(
        "search all | sort",
        expect![[r"
        error 2: 17..17 expected a property
          hint: properties look like `name`, `tags.owner` or `/metadata.protected`
        exit 2
    "]],
    );
    check(
        "section=nope search all",
        expect![[r"
        error 2: 13..23 unknown section `nope`
          hint: it is one of `reported`, `desired`, `metadata`, `security` and `/`
        exit 2
    "]],
    );
    check(
        "search broken=\"broken\" ; echo never",
        expect![[r"
        error 1: the graph is broken
        exit 1
    "]],
    );
    check(
        "search --at nonsense all",
        expect![[r"
            error 2: 12..20 `nonsense` is not a time
              hint: write a duration before now (`3d`), `now`, a date, or e.g. `2024-05-01T10:00:00Z`
            exit 2
        "]],
    );
    check(
        "search all | successors sideways",
        expect![[r"
        error 2: 24..32 unknown edge type `sideways`
          hint: it is one of `default`, `delete` and `iam`
        exit 2
    "]],
    );
    check(
        "json {a",
        expect![[r"
        error 2: 6..7 this is not JSON: key must be a string at line 1 column 2
        exit 2
    "]],
    );
}

#[test]
fn lines_run_one_after_the_other() {
    check(
        "echo a ; echo \"b;c\"",
        expect![[r"
        a
        ---
        b;c
    "]],
    );
    check("", expect![""]);
    check(
        "pods | count",
        expect![[r"
        total matched: 3
        total unmatched: 0
    "]],
    );
    check(
        "is(kubernetes_pod) and name=\"web-0\" or is(kubernetes_service) | list name",
        expect![[r#"
            note: `and` binds tighter than `or`: read as `(is(kubernetes_pod) and name = "web-0") or is(kubernetes_service)`
            name=web-0
            name=shop
        "#]],
    );
    check(
        "search --explain is(kubernetes_pod) | count kind",
        expect![[r"
            query: 'aggregate(/reported.kind as value: sum(1) as count): is(kubernetes_pod)'
            rating: simple
        "]],
    );
    check(
        "echo @YEAR@",
        expect![[r"
        2024
    "]],
    );
}

#[test]
fn a_checked_line_is_written_out() {
    let context = Context {
        line: "is(kubernetes_pod) | counts ; kind".to_owned(),
        ..Context::default()
    };
    assert!(check_line(&context, &Fixture::default()).is_err());
    let context = Context {
        line: "match is(kubernetes_pod) | count ; kind".to_owned(),
        ..Context::default()
    };
    let checked = check_line(&context, &Fixture::default()).unwrap();
    assert_eq!(
        checked.canonical,
        "search is(kubernetes_pod) | count ; kinds"
    );
}
#[test]
fn files_go_to_the_client_in_pieces() {
    check(
        "search is(kubernetes_service) | write out.txt",
        expect![[r#"
        file out.txt Create: "kind=kubernetes_service, id=uid-shop, name=shop, age=3d4h, account=prod\n"
    "#]],
    );
    check(
        "search is(kubernetes_service) | list --csv name | write --force \"a b.csv\"",
        expect![[r#"
            file a b.csv Replace: "\"name\"\r\n\"shop\"\r\n"
        "#]],
    );
    check(
        "json [] | write empty",
        expect![[r#"
        file empty Create: ""
    "#]],
    );
    check(
        "search all | write",
        expect![[r"
        error 2: 13..18 `write` needs the name of a file
          hint: write e.g. `write pods.csv`
        exit 2
    "]],
    );
}

proptest::proptest! {
    #[test]
    fn no_line_panics(words in proptest::collection::vec(
        proptest::sample::select(vec![
            "search", "is(kubernetes_pod)", "|", "|", ";", "list", "count", "tail", "--at", "-3", "name",
            "format", "{a", "\"", "'", "jq", ".x", "sort", "config", "update", "tag", "write", "a=1", "ä",
            "aggregate", "kind:", "sum(1)", "limit", "1,", "set_desired", "workflows", "run", "@TODAY@",
        ]), 0..12,
    )) {
        let context = Context { line: words.join(" "), ..Context::default() };
        if let Err(error) = check_line(&context, &Fixture::default()) {
            let span = error.span.unwrap_or_default();
            proptest::prop_assert!(span.start <= span.end && span.end <= context.line.len());
        }
    }
}
