//! `graph`, lines that ask a kept graph, and backups.
use expect_test::expect;

use super::*;

#[test]
fn graphs_are_listed_copied_and_deleted() {
    check(
        "graph",
        expect![[r"
        NAME    TAKEN                 ACCOUNTS  NODES  EDGES
        before  2024-05-01T10:00:00Z  1         6      4
    "]],
    );
    check("graph list ^x", expect![[""]]);
    let fixture = Arc::default();
    for line in [
        "graph copy a",
        "graph copy --force a b",
        "graph copy resoto c",
        "graph snapshot daily",
        "graph snapshot a daily",
        "graph delete a",
        "graph delete snapshot-stocktake-daily-2024-05-04T04:00:00Z",
    ] {
        run(line, &fixture);
    }
    expect![[r"
        copy stocktake a Stays
        copy a b Replaced
        copy stocktake c Stays
        copy stocktake snapshot-stocktake-daily-2024-05-04T04:00:00Z Stays
        copy a snapshot-a-daily-2024-05-04T04:00:00Z Stays
        delete a
        delete snapshot-stocktake-daily-2024-05-04T04:00:00Z"]]
    .assert_eq(&fixture.changed.lock().unwrap().join("\n"));
    check(
        "graph export all.ndjson",
        expect![[r#"
            file all.ndjson Create: "about stocktake\nnode\nedge\n"
        "#]],
    );
    check(
        "graph export --force before all.ndjson",
        expect![[r#"
            file all.ndjson Replace: "about before\nnode\nedge\n"
        "#]],
    );
    check(
        "graph import other all.ndjson",
        expect![[r#"
        need ["all.ndjson"]
    "#]],
    );
}

#[test]
fn what_cannot_be_done_with_graphs_is_told() {
    check(
        "graph paint",
        expect![[r"
        error 2: 6..11 `graph` cannot `paint` this way
          hint: it knows `list`, `copy`, `snapshot`, `delete`, `export`, `import`; `help graph` tells more
        exit 2
    "]],
    );
    check(
        "graph list (",
        expect![[r"
        error 2: 11..12 `(` is not a regular expression: error: unclosed group
        exit 2
    "]],
    );
    check(
        "graph copy stocktake",
        expect![[r"
        error 2: 11..20 `stocktake` is the live graph: it is collected, not copied
          hint: take another name, and ask it with `graph=NAME search …`
        exit 2
    "]],
    );
    check(
        "graph copy ../x",
        expect![[r"
        error 2: 11..15 `../x` cannot be the name of a graph
          hint: letters, digits and `_`, 120 at most
        exit 2
    "]],
    );
    check(
        "graph copy snapshot-a",
        expect![[r"
        error 2: 11..21 `snapshot-a` cannot be the name of a new graph
          hint: letters, digits and `_`; snapshots get their names from `graph snapshot LABEL`
        exit 2
    "]],
    );
    check(
        "graph snapshot snapshot-stocktake-a-2024 x",
        expect![[r"
        error 2: 15..40 `snapshot-stocktake-a-2024` is a snapshot already
          hint: `graph copy` copies it
        exit 2
    "]],
    );
    check(
        "graph delete fix",
        expect![[r"
        error 2: 13..16 the live graph cannot be deleted
          hint: `clusters forget` drops a cluster that is no longer configured
        exit 2
    "]],
    );
    check(
        "graph delete --force a",
        expect![[r"
            error 2: 6..22 `graph` cannot `delete` this way
              hint: it goes `graph delete NAME`; `help graph` tells more
            exit 2
        "]],
    );
}

#[test]
fn nothing_is_changed_because_of_the_past() {
    check(
        "graph=before search all | tag update a b",
        expect![[r"
        error 2: 26..29 `tag` changes what is there now, but the graph `before` is only read
          hint: search the present for what is to be changed
        exit 2
    "]],
    );
    check(
        "graph=before search all | clean",
        expect![[r"
        error 2: 26..31 `clean` changes what is there now, but the graph `before` is only read
          hint: search the present for what is to be changed
        exit 2
    "]],
    );
    check(
        "search --at 3d is(kubernetes_pod) | clean",
        expect![[r"
        error 2: 36..41 `clean` changes what is there now, but the search looks at the past
          hint: search the present for what is to be changed
        exit 2
    "]],
    );
    check(
        "graph=before history all",
        expect![[r"
        error 2: 13..20 the graph `before` has no history
          hint: a kept graph is one moment; only the live graph has a history
        exit 2
    "]],
    );
    check(
        "graph=../etc search all",
        expect![[r"
        error 2: 13..23 `../etc` cannot be the name of a graph
          hint: letters, digits and `_`, 120 at most
        exit 2
    "]],
    );
    check(
        "graph=resoto search is(kubernetes_pod) | set_desired a=1 | count",
        expect![[r"
            total matched: 3
            total unmatched: 0
        "]],
    );
}

#[test]
fn a_backup_is_a_file_and_comes_back() {
    check(
        "system backup create b",
        expect![[r#"
        file b Create: "about\nend\n"
    "#]],
    );
    check(
        "system backup create",
        expect![[r#"
        file backup_20240504_0400 Create: "about\nend\n"
    "#]],
    );
    check(
        "system backup restore b",
        expect![[r#"
        need ["b"]
    "#]],
    );
    check(
        "system backup",
        expect![[r"
        error 2: 7..13 `system` cannot `backup` this way
          hint: it goes `system backup create [FILE]`; `help system` tells more
        exit 2
    "]],
    );
    let restored = |text: &str| {
        let context = Context {
            line: "system backup restore b".to_owned(),
            files: [("b".to_owned(), text.to_owned())].into(),
            ..Context::default()
        };
        shown(&outputs(context, &Arc::default()))
    };
    expect![[r"
        Backup of 2024-05-01T10:00:00Z restored, with 6 nodes of 1 cluster.
        Start stocktake again to use it: until then nothing is collected or changed, and what is recorded is lost.
    "]].assert_eq(&restored("about"));
    expect![[r"
        error 1: `b` is not restored: it has no end
          hint: take another
        exit 1
    "]]
    .assert_eq(&restored(""));
}
