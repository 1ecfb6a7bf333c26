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
        error 2: a table needs columns, and these elements have none of their own
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
