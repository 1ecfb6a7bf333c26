//! Marks, tags, workflows and configuration: what changes, and what is told about it.
use expect_test::expect;

use super::*;

#[test]
fn marks_are_set_on_nodes_only() {
    let fixture: Arc<Fixture> = Arc::default();
    let printed = run(
        "search is(kubernetes_service) | clean \"not needed\" | list name, /desired.reason",
        &fixture,
    );
    expect![[r"
        name=shop, reason=not needed
    "]]
    .assert_eq(&shown(&printed));
    expect![[r#""shop" desired {"at":"2024-05-04T04:00:00Z","by":"ada","clean":true,"reason":"not needed"}"#]].assert_eq(&fixture.changed.lock().unwrap().join("\n"));
    check(
        "json [{\"a\": 1}] | clean",
        expect![[r#"
            error 2: 18..23 `{"a":1}` is not a node of the graph
              hint: search for what is to be changed, and put this right behind it
            exit 2
        "#]],
    );
    check(
        "search is(kubernetes_service) | protect | list /metadata.protected as p",
        expect![[r"
            p=true
        "]],
    );
    check(
        "search is(kubernetes_service) | set_desired a=1 b=null | list /desired",
        expect![[r"
            a=1
        "]],
    );
    check(
        "search is(kubernetes_service) | set_desired",
        expect![[r#"
        error 2: 32..43 expected `name=value`
          hint: e.g. `protected=true note="keep it"`
        exit 2
    "#]],
    );
}

#[test]
fn what_is_no_node_is_not_acted_on() {
    for line in [
        r#"json [{"a": 1}] | tag update owner ada"#,
        r#"json [{"a": 1}] | tag delete owner"#,
        r#"json [{"a": 1}] | clean"#,
        r#"json [{"a": 1}] | protect"#,
    ] {
        let fixture: Arc<Fixture> = Arc::default();
        let said = shown(&run(line, &fixture));
        assert!(said.starts_with("error 2: 18..2"), "{line}: {said}");
        assert!(
            said.contains("is not a node of the graph"),
            "{line}: {said}"
        );
        assert!(fixture.changed.lock().unwrap().is_empty(), "{line}");
    }
}

#[test]
fn an_option_nobody_knows_is_no_reason_to_delete() {
    let fixture: Arc<Fixture> = Arc::default();
    let printed = run("search all | clean left over --dry-run", &fixture);
    expect![[r"
        error 2: 29..38 `clean` has no option `--dry-run`
          hint: as a part of the reason it stands in quotes; `set_desired clean=null` takes a mark back
        exit 2
    "]]
    .assert_eq(&shown(&printed));
    assert!(fixture.changed.lock().unwrap().is_empty());
    check(
        r#"search is(kubernetes_service) | clean "--dry-run was fine" | list /desired.reason"#,
        expect![[r"
            reason=--dry-run was fine
        "]],
    );
}

#[test]
fn an_option_nobody_knows_is_no_file_and_no_query() {
    check(
        "search all | write --nope",
        expect![[r"
            error 2: 19..25 `write` has no option `--nope`
              hint: `help write` shows all of them
            exit 2
        "]],
    );
    check(
        "search --with-edge is(kubernetes_pod) -->",
        expect![[r"
            error 2: 7..18 `search` has no option `--with-edge`
              hint: `help search` shows all of them
            exit 2
        "]],
    );
    check(
        "history --changed node_created all",
        expect![[r"
            error 2: 8..17 `history` has no option `--changed`
              hint: `help history` shows all of them
            exit 2
        "]],
    );
}

#[test]
fn one_object_that_cannot_be_tagged_does_not_stop_the_others() {
    check(
        "search is(kubernetes_pod) | tag update owner team-{name} | list name, tags",
        expect![[r"
            name=web-0, owner=team-web-0
            name=web-1, owner=team-web-1
            error=not allowed, id=oi-hnv6SvzH0_ihENMdsBQ
            exit 1
        "]],
    );
    check(
        "search is(kubernetes_service) | tag update owner {nope}",
        expect![[r"
            error=it has no `/reported.nope`, which the value asks for, id=wP_c1SkVXhsAZfV5Z7sUhw
            exit 1
        "]],
    );
    check(
        "search is(kubernetes_pod) | tag upd x",
        expect![[r"
        error 2: 32..37 `tag` needs `update KEY VALUE` or `delete KEY`
          hint: put quotes around a value with blanks
        exit 2
    "]],
    );
}

#[test]
fn workflows_are_watched_unless_a_person_waits() {
    check(
        "workflows run collect",
        expect![[r"
            leave: the run goes on: `workflows running`, `workflows log t1`
            workflow `collect` started, task `t1`
            progress 1/2
            6 nodes
        "]],
    );
    let context = Context {
        line: "workflow run collect".to_owned(),
        terminal: Terminal::Prompt { width: None },
        ..Context::default()
    };
    expect![[r"
        note: Ctrl-C leaves, and the run goes on
        leave: the run goes on: `workflows running`, `workflows log t1`
        workflow `collect` started, task `t1`
        progress 1/2
        6 nodes
    "]]
    .assert_eq(&shown(&outputs(context, &Arc::default())));
    check(
        "workflows show collcet",
        expect![[r"
            error 2: 10..22 unknown workflow `collcet`
              hint: did you mean `collect`?
            exit 2
        "]],
    );
    check(
        "workflows history collect",
        expect![[r"
        WORKFLOW  TASK  STARTED               DURATION  ERRORS
        collect   t0    2024-05-04T03:00:00Z  1min30s   0
    "]],
    );
    check(
        "workflows log t0",
        expect![[r"
        prod: 6 nodes, 4 edges
        no errors in this run
    "]],
    );
    check(
        "workflows log failed",
        expect![[r"
        prod: 6 nodes, 4 edges
        error: dev: no answer
        in 10 s
    "]],
    );
    check(
        "workflows dance",
        expect![[r"
        error 2: 10..15 `workflows` cannot `dance` this way
          hint: it knows `list`, `show`, `run`, `running`, `history`, `log`, `stop`; `help workflows` tells more
        exit 2
    "]],
    );
}

#[test]
fn a_sub_command_that_lacks_something_says_how_it_goes() {
    check(
        "config show",
        expect![[r"
        error 2: 7..11 `configs` cannot `show` this way
          hint: it goes `configs show ID`; `help configs` tells more
        exit 2
    "]],
    );
    check(
        "config show stocktake.worker > worker.yaml",
        expect![[r"
        error 2: 7..42 `configs` writes to no file
          hint: `| write FILE` at the end of the line does
        exit 2
    "]],
    );
}

#[test]
fn a_wrong_config_goes_back_to_the_editor() {
    check(
        "config edit stocktake.worker",
        expect![[r"
        edit, then config update --revision 7 --reopen stocktake.worker stocktake.worker.yaml
        # Whether to clean.
        cleanup: false
    "]],
    );
    check(
        "config update x x.yaml",
        expect![[r#"
        need ["x.yaml"]
    "#]],
    );
    let update = |line: &str, text: &str| {
        let context = Context {
            line: line.to_owned(),
            files: [("x.yaml".to_owned(), text.to_owned())].into(),
            ..Context::default()
        };
        shown(&outputs(context, &Arc::default()))
    };
    let again = "config update --revision 7 --reopen x x.yaml";
    expect![[r"
        edit, then config update --revision 7 --reopen x x.yaml
        ## This could not be stored. Please correct it.
        ## `wrong` is not a key
        ## leave it out
        wrong: 1
    "]]
    .assert_eq(&update(again, "## old remark\nwrong: 1\n"));
    expect![[r"
        note: have a look
        config `x` stored, revision 8
        -cleanup: false
        +cleanup: true
    "]]
    .assert_eq(&update(again, "## old remark\ncleanup: true\n"));
    expect![[r"
        error 2: `wrong` is not a key
          hint: leave it out
        exit 2
    "]]
    .assert_eq(&update("config update x x.yaml", "wrong: 1\n"));
    check(
        "config set stocktake.worker worker.cleanup=true",
        expect![[r"
            note: have a look
            config `stocktake.worker` stored, revision 8
            -cleanup: false
            +cleanup: true
        "]],
    );
}

#[test]
fn kinds_are_described() {
    check(
        "kinds",
        expect![[r"
        cloud
        graph_root
        kubernetes_cluster
        kubernetes_node
        kubernetes_pod
        kubernetes_service
    "]],
    );
    check(
        "kinds pod",
        expect![[r"
            note: `pod` was read as `kubernetes_pod`
            name: kubernetes_pod
            bases:
            - kubernetes_resource
            - resource
            aliases:
            - po
            - pods
            properties:
            - kind: string
            - id: string
            - name: string
            - tags: dictionary[string, string]
            - ctime: datetime
            - mtime: datetime
            - atime: datetime
            - age: duration
            - last_update: duration
            - last_access: duration
            - external_references: object[]
            - namespace: string
            predecessors:
              default:
              - kubernetes_node
              - kubernetes_service
            successors:
              delete:
              - kubernetes_node
        "]],
    );
    check(
        "kinds kubernetes_pdo",
        expect![[r"
        error 2: 6..20 unknown kind `kubernetes_pdo`
          hint: did you mean `kubernetes_pod`?
        exit 2
    "]],
    );
    check(
        "kinds -p clustre_info",
        expect![[r"
            error 2: 6..21 no kind has the property `clustre_info`
              hint: did you mean `cluster_info`?
            exit 2
        "]],
    );
}

#[test]
fn help_tells_how() {
    check(
        "help",
        expect![[r"
            Ask with `search`, pipe the answer on, put `;` between lines:

              search is(kubernetes_pod) and namespace=default | count pod_status.phase
              is(volume) and age > 90d | list name, age | write volumes.txt

            search   aggregate ancestors count descendants head history limit predecessors
                     search sort successors tail
            format   dump format jq list tree write
            action   audit clean protect restore set_desired set_metadata tag unprotect
            setup    certificate clusters configs graph jobs kinds system templates
                     timeseries workflows
            misc     chunk echo env flatten help http https json show sleep totd uniq
                     welcome

            `help query` is a tour, `help COMMAND` tells about one, `kinds` what there is.

            Custom commands:
              named  one thing of a kind
              pods   search is(kubernetes_pod)
              top    limit {{args}} | list name
        "]],
    );
    check(
        "help tail",
        expect![[r#"
            tail: keep the last of a result

            The last one:
              > json ["a", "b", "c"] | tail 1
              c

            The last five by name:
              > search is(kubernetes_pod) | sort name | tail 5 | list name

            Nodes with the least memory:
              > search is(kubernetes_node) | sort instance_memory desc | tail 3

              tail [-N]

              -N  how many, 100 if left out
        "#]],
    );
    check(
        "help serch",
        expect![[r"
        error 2: 5..10 unknown command `serch`
          hint: did you mean `search`?
        exit 2
    "]],
    );
}
