//! Searches: what they come down to, and how results are shown.
use expect_test::expect;

use super::*;

#[test]
fn searches_fold_into_one_query() {
    asks(
        "search is(kubernetes_pod) | sort name desc | limit 1, 1 | list",
        expect!["is(kubernetes_pod) sort /reported.name desc limit 1, 1"],
    );
    asks(
        "is(kubernetes_pod) | count namespace",
        expect!["aggregate(/reported.namespace as value: sum(1) as count): is(kubernetes_pod)"],
    );
    asks(
        "search is(kubernetes_node) | successors | search namespace=default",
        expect!["is(kubernetes_node) --> /reported.namespace = default"],
    );
    asks(
        "search is(kubernetes_pod) | search namespace=default | head 1",
        expect!["is(kubernetes_pod) and /reported.namespace = default limit 1"],
    );
    asks(
        "search is(kubernetes_pod) | tail 1",
        expect![
            "is(kubernetes_pod) sort /reported.kind desc, /reported.name desc, /reported.id desc limit 1 reversed"
        ],
    );
    asks(
        "search is(kubernetes_pod) limit 5 | head 2 | count",
        expect!["is(kubernetes_pod) limit 2"],
    );
    asks(
        "section=/ search reported.name=web-0 | list",
        expect!["/reported.name = web-0"],
    );
    asks(
        "edge_type=delete search all | ancestors --with-origin",
        expect!["(edge_type=delete): <-[0:]-"],
    );
}

#[test]
fn what_cannot_be_folded_gives_the_same_answer() {
    check(
        "search is(kubernetes_pod) | head 2 | tail 1 | list name",
        expect![[r"
            name=web-1
        "]],
    );
    check(
        "search is(kubernetes_pod) | sort name | head 1 | count namespace",
        expect![[r"
            kube-system: 1
            total matched: 1
            total unmatched: 0
        "]],
    );
    check(
        "search is(kubernetes_pod) | tail 2 | head 1 | list name",
        expect![[r"
            name=web-0
        "]],
    );
    check(
        "search is(kubernetes_pod) limit 1 | search name=\"web-1\" | list name",
        expect![""],
    );
    check("json [\"no-such-id\"] | successors", expect![""]);
    check(
        "search is(kubernetes_pod) | tail 2 | predecessors | list name",
        expect![[r"
            name=node-0
            name=shop
        "]],
    );
    check(
        "search is(kubernetes_pod) | aggregate namespace: sum(1) as n | sort n desc | head 1",
        expect![[r"
            namespace=default, n=2
        "]],
    );
    check(
        "search is(kubernetes_pod) | head 3 | aggregate namespace: sum(1) as n",
        expect![[r"
            namespace=kube-system, n=1
            namespace=default, n=2
        "]],
    );
}

#[test]
fn a_column_that_no_kind_has_is_told_with_the_one_that_was_meant() {
    check(
        "search is(kubernetes_pod) limit 1 | list name, nmae, platform",
        expect![[r"
            name=web-0
            note: no node here has a property `nmae`; did you mean `name`?
        "]],
    );
    // Somebody made the names, the kind has it, or there is nothing to go by.
    for line in [
        "search is(kubernetes_pod) limit 1 | jq '{n: .name}' | list n, nmae",
        "search is(kubernetes_pod) limit 1 | list name, namespace",
        "search is(kubernetes_pod) and name = nobody | list nmae",
        "search is(kubernetes_pod) | aggregate namespace: sum(1) as n | list nmae",
    ] {
        let printed = shown(&run(line, &Arc::default()));
        assert!(!printed.contains("note: "), "{printed}");
    }
}

#[test]
fn a_table_for_programs_has_columns_of_its_own() {
    check(
        "search is(kubernetes_pod) and namespace=kube-system | list --json-table",
        expect![[r#"
            {"columns":[{"display":"Kind","kind":"string","name":"kind","path":"/reported.kind"},{"display":"Id","kind":"string","name":"id","path":"/reported.id"},{"display":"Name","kind":"string","name":"name","path":"/reported.name"},{"display":"Namespace","kind":"string","name":"namespace","path":"/reported.namespace"},{"display":"Age","kind":"duration","name":"age","path":"/reported.age"},{"display":"Cloud","kind":"string","name":"cloud","path":"/ancestors.cloud.reported.name"},{"display":"Account","kind":"string","name":"account","path":"/ancestors.account.reported.name"},{"display":"Region / Zone","kind":"string","name":"region_zone","path":"/ancestors.zone.reported.name"}]}
            {"id":"oi-hnv6SvzH0_ihENMdsBQ","row":{"account":"prod","age":"3d4h","cloud":null,"id":"uid-dns-0","kind":"kubernetes_pod","name":"dns-0","namespace":"kube-system","region_zone":null}}
        "#]],
    );
}

#[test]
fn lists_show_what_matters() {
    check(
        "search name=\"web-0\"",
        expect![[r"
        kind=kubernetes_pod, id=uid-web-0, name=web-0, age=3d4h, account=prod
    "]],
    );
    check(
        "search is(kubernetes_pod) and namespace=kube-system",
        expect![[r"
            kind=kubernetes_pod, id=uid-dns-0, name=dns-0, namespace=kube-system, age=3d4h, account=prod
        "]],
    );
    check(
        "search is(kubernetes_cluster) | list cluster_info",
        expect![[r"
            major=1, minor=36, platform=linux/amd64, server_url=https://prod
        "]],
    );
    check(
        "search is(kubernetes_pod) | list --wide name, age",
        expect![[r"
            NAME   AGE
            web-0  3d4h
            web-1  3d4h
            dns-0  3d4h
        "]],
    );
    check(
        "search is(kubernetes_pod) limit 1 | list --with-defaults api_version as v",
        expect![[r"
            kind=kubernetes_pod, id=uid-web-0, name=web-0, age=3d4h, account=prod, v=v1
        "]],
    );
}

#[test]
fn lists_show_edges_and_dumps_everything() {
    check(
        "search --with-edges name=shop --> | list name",
        expect![[r"
        name=web-0
        09BEgSDn2phHi4endsOLhg -default-> uoELfyEBW_mwlNFqbC9iNQ
        uoELfyEBW_mwlNFqbC9iNQ -default-> IIPZkPBZwifpeAosUuOPVw
        uoELfyEBW_mwlNFqbC9iNQ -default-> U-dBW_5R03Je5_bf9gce4A
        wP_c1SkVXhsAZfV5Z7sUhw -default-> IIPZkPBZwifpeAosUuOPVw
    "]],
    );
    check(
        "search name=shop | dump",
        expect![[r"
        id: wP_c1SkVXhsAZfV5Z7sUhw
        reported:
          kind: kubernetes_service
          id: uid-shop
          tags: {}
          name: shop
          ctime: 2024-05-01T00:00:00Z
          age: 3d4h
          namespace: default
          api_resource: things
          api_version: v1
        ancestors:
          account:
            reported:
              id: prod-uid
              name: prod
          kubernetes_node:
            reported:
              name: node-0
    "]],
    );
    check(
        "json {} | list --csv",
        expect![[r"
            error 2: 15..20 a table needs columns, and these elements have none of their own
              hint: name them: `list --csv name, age`
            exit 2
        "]],
    );
    check(
        "search is(kubernetes_pod) | list --csv --wide",
        expect![[r"
        error 2: 39..45 two forms of a table at once
        exit 2
    "]],
    );
    check(
        "search is(kubernetes_pod) | list --nope",
        expect![[r"
        error 2: 33..39 `list` has no option `--nope`
          hint: `help list` shows all of them
        exit 2
    "]],
    );
}

#[test]
fn the_end_says_what_was_read() {
    let outputs = run("search is(kubernetes_pod)", &Arc::default());
    let done = Output::Done {
        elements: 3,
        exit_code: 0,
        data_age_secs: Some(300),
        gaps: 0,
    };
    assert_eq!(outputs.last(), Some(&done));
}

#[test]
fn stored_timestamps_sort_ages_and_values_are_read_below_groups() {
    check(
        "search is(kubernetes_pod) | tail 3 | sort age, name desc | list name",
        expect![[r"
            name=web-1
            name=web-0
            name=dns-0
        "]],
    );
    check(
        r#"json [{"group": {"k": "b"}, "n": 1}, {"group": {"k": "a"}, "n": 2}] | sort k | list k, n"#,
        expect![[r"
            k=a, n=2
            k=b, n=1
        "]],
    );
    check(
        "search is(kubernetes_pod) | format --ndjson | head 0",
        expect![""],
    );
    check(
        r#"search name=shop | format "{name} {/id} {{x}} {tags}""#,
        expect![[r"
            shop wP_c1SkVXhsAZfV5Z7sUhw {x} {}
        "]],
    );
    check(
        "search is(kubernetes_service) | format --xml",
        expect![[r"
        error 2: 39..44 unknown format `--xml`
          hint: it is one of `--cytoscape`, `--dot`, `--graphml`, `--json`, `--ndjson`, `--text`, `--yaml`, or a template such as `{name} is old`
        exit 2
    "]],
    );
    check(
        "search is(kubernetes_service) | jq '{n: .name, a: ./ancestors.account.reported.name}'",
        expect![[r#"
            {"a":"prod","n":"shop"}
        "#]],
    );
}

#[test]
fn history_lists_changes_oldest_first() {
    check(
        "history is(kubernetes_pod)",
        expect![[r"
        change=node_deleted, changed_at=2024-05-03T10:00:00Z, kind=kubernetes_pod, id=uid-web-1, name=web-1, account=prod
        change=node_updated, changed_at=2024-05-04T03:00:00Z, kind=kubernetes_pod, id=uid-web-0, name=web-0, account=prod
    "]],
    );
    check(
        "history is(kubernetes_pod) sort /change desc limit 1 | list name",
        expect![[r"
            name=web-0
        "]],
    );
    check(
        "history is(kubernetes_pod) | count change",
        expect![[r"
        node_deleted: 1
        node_updated: 1
        total matched: 2
        total unmatched: 0
    "]],
    );
    check(
        "history --change node_updated is(kubernetes_pod) | list changed_at, before.name",
        expect![[r"
            changed_at=2024-05-04T03:00:00Z, name=web-0
        "]],
    );
    asks(
        "history --after 1d --before 2024-05-04T03:00:00Z is(kubernetes_pod) and namespace=default",
        expect![
            "history Some(2024-05-03T04:00:00Z)..Some(2024-05-04T03:00:00Z) is(kubernetes_pod) and /reported.namespace = default"
        ],
    );
}

#[test]
fn history_looks_at_one_change_at_a_time() {
    check(
        "history is(kubernetes_pod) -->",
        expect![[r"
        error 2: 8..30 `history` cannot walk from node to node
          hint: it looks at one change at a time; `search --at TIME` looks at the whole past
        exit 2
    "]],
    );
    check(
        "history \"web\"",
        expect![[r"
        error 2: 8..13 `history` cannot search the full text
          hint: it looks at one change at a time; `search --at TIME` looks at the whole past
        exit 2
    "]],
    );
    check(
        "history is(kubernetes_pod) {a: <--}",
        expect![[r"
        error 2: 8..35 `history` cannot merge other nodes in
          hint: it looks at one change at a time; `search --at TIME` looks at the whole past
        exit 2
    "]],
    );
    check(
        "history aggregate(kind: sum(1)): is(kubernetes_pod)",
        expect![[r"
            error 2: 8..51 `history` cannot aggregate by itself
              hint: pipe it: `history … | aggregate kind: sum(1)`
            exit 2
        "]],
    );
    check(
        "history --change node_eaten all",
        expect![[r"
        error 2: 17..27 `node_eaten` is not a change
          hint: there are `node_created`, `node_updated` and `node_deleted`
        exit 2
    "]],
    );
    check(
        "history --after yesteryear all",
        expect![[r"
            error 2: 16..26 `yesteryear` is not a time
              hint: write a duration before now (`3d`), `now`, a date, or e.g. `2024-05-01T10:00:00Z`
            exit 2
        "]],
    );
    check(
        "history --after",
        expect![[r"
        error 2: 8..15 `--after` needs a value
          hint: e.g. `--after 1d` or `--change node_deleted`
        exit 2
    "]],
    );
}

#[test]
fn the_system_tells_its_sizes() {
    check(
        "system",
        expect![[r"
            accounts: 0
            cpus: 0
            disk_bytes: 0
            edges: 0
            inside_docker: false
            mem_available: null
            mem_total: null
            memory_bytes: 0
            name: stocktake
            nodes: 6
            started_at: 1970-01-01T00:00:00Z
            version: 1.2.3
            version_bytes: 0
            versions: 0
        "]],
    );
    check(
        "system compact",
        expect![[r"
        the record had 3145728 bytes and has 1048576 now
    "]],
    );
    check(
        "system compress",
        expect![[r"
            error 2: 7..15 `system` cannot `compress` this way
              hint: it knows `info`, `compact`, `backup create`, `backup restore`; `help system` tells more
            exit 2
        "]],
    );
}
