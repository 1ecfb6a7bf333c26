//! What is offered at the cursor of many lines.
use expect_test::{Expect as Golden, expect};

use super::*;
use crate::fixture::Fixture;

/// The cursor is at the end of the line.
#[track_caller]
fn check(line: &str, expected: Golden) {
    let found = complete(line, line.len(), &Fixture::default());
    let all = &found.completions.candidates;
    let mut texts: Vec<&str> = all
        .iter()
        .map(|known| known.text.as_str())
        .take(9)
        .collect();
    if all.len() > 9 {
        texts.push("…");
    }
    let place = &line[found.completions.start..found.completions.end];
    let wanted = match &found.wanted {
        Some(Wanted::Values { path, kinds }) => format!(" values of {path} in {kinds:?}"),
        Some(other) => format!(" {other:?}"),
        None => String::new(),
    };
    let files = if found.completions.files {
        " files"
    } else {
        ""
    };
    expected.assert_eq(&format!("{place:?} {}{wanted}{files}", texts.join(" ")));
}

#[test]
fn commands_are_offered_where_they_fit() {
    check("se", expect![[r#""se" search"#]]);
    check("search all | c", expect![[r#""c" chunk clean count"#]]);
    check("echo a ; kin", expect![[r#""kin" kinds"#]]);
    check(
        "is(kubernetes_po",
        expect![[r#""kubernetes_po" kubernetes_pod"#]],
    );
    check("search \"a | cou", expect![[r#""\"a | cou" "#]]);
}

#[test]
fn queries_offer_kinds_properties_operators_and_values() {
    check("search is(po", expect![[r#""po" kubernetes_pod policy"#]]);
    check(
        "search is(kubernetes_pod) and na",
        expect![[r#""na" name namespace"#]],
    );
    check(
        "search is(kubernetes_cluster) and cluster_info.m",
        expect![[r#""cluster_info.m" cluster_info.major cluster_info.minor"#]],
    );
    check(
        "search is(kubernetes_pod) and name ",
        expect![[r#""" any all none = != < <= > >= …"#]],
    );
    check(
        "search is(kubernetes_pod) and namespace = de",
        expect![[r#""de"  values of namespace in ["kubernetes_pod"]"#]],
    );
    check(
        "search /ancestors.acc",
        expect![[r#""/ancestors.acc" /ancestors.account.reported.name"#]],
    );
    check(
        "search is(kubernetes_pod) --",
        expect![[
            r#""--" --with-edges --explain --at --namespace --selector --context --sort-by --no-headers --show-labels …"#
        ]],
    );
    check(
        "search --with-edges is(kubernetes_cl",
        expect![[r#""kubernetes_cl" kubernetes_cluster"#]],
    );
}

#[test]
fn arguments_know_what_came_before() {
    check(
        "search is(kubernetes_cluster) | count cluster_info.",
        expect![[
            r#""cluster_info." cluster_info.major cluster_info.minor cluster_info.platform cluster_info.server_url"#
        ]],
    );
    check(
        "search is(kubernetes_cluster) | list name, clu",
        expect![[r#""clu" cluster_info"#]],
    );
    check(
        "search is(kubernetes_cluster) | aggregate clu",
        expect![[r#""clu" cluster_info"#]],
    );
    check("search all | aggregate kind: su", expect![[r#""su" sum("#]]);
    check(
        "search all | list --",
        expect![[r#""--" --csv --json-table --markdown --wide --no-headers --with-defaults"#]],
    );
    check(
        "search pods -o ",
        expect![[r#""" csv json name table wide yaml"#]],
    );
    check(
        "search pods -o wide -n ku",
        expect![[r#""ku"  values of namespace in []"#]],
    );
    check("search pods --context ", expect![[r#"""  Clusters"#]]);
    check(
        "search -n default is(kubernetes_po",
        expect![[r#""kubernetes_po" kubernetes_pod"#]],
    );
    check("search all | write ", expect![[r#"""  files"#]]);
    check("workflows r", expect![[r#""r" run running"#]]);
    check("workflows run c", expect![[r#""c"  Workflows"#]]);
    check(
        "jobs add --wa",
        expect![[r#""--wa" --wait-for-event Jobs"#]],
    );
    check("configs edit ", expect![[r#"""  Configs"#]]);
    check(
        "kinds kubernetes_p",
        expect![[r#""kubernetes_p" kubernetes_pod"#]],
    );
    check("help ag", expect![[r#""ag" aggregate"#]]);
    check(
        "search all | successors d",
        expect![[r#""d" default delete"#]],
    );
}

proptest::proptest! {
    #[test]
    fn no_line_panics(line in "[a-z(|;\"' \\\\=@.,ä-]{0,40}", cursor in 0..60_usize) {
        let found = complete(&line, cursor, &Fixture::default()).completions;
        proptest::prop_assert!(found.start <= found.end && found.end <= line.len());
        proptest::prop_assert!(line.is_char_boundary(found.start));
    }
}
