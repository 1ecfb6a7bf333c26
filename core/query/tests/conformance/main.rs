//! The lists of queries that have to be read, and of those that must not, with what comes out.
//! The files are data: lines with `>` are the queries, the lines below are checked (and blessed).
mod tree;

use expect_test::expect_file;
use stocktake_query::{parse, parse_with_notes};

/// Rewrites a file of cases: every query followed by what `show` says about it.
fn rewritten(cases: &str, show: impl Fn(&str) -> String) -> String {
    let rewrite = |line: &str| match line.strip_prefix("> ") {
        Some(query) => format!("> {query}\n{}", show(query)),
        None if line.is_empty() || line.starts_with('#') => format!("{line}\n"),
        None => String::new(),
    };
    cases.lines().map(rewrite).collect()
}

#[test]
fn every_query_of_the_list_is_read_as_written_there() {
    let shown = rewritten(
        include_str!("../accept.txt"),
        |query| match parse_with_notes(query) {
            Ok((found, notes)) => {
                let note = if notes.is_empty() { "" } else { "  (mixed)" };
                format!("  {}{note}\n", tree::query(&found))
            }
            Err(error) => panic!("{query}: {error} at {:?}", error.span),
        },
    );
    expect_file!["../accept.txt"].assert_eq(&shown);
}

#[test]
fn every_query_of_the_other_list_is_refused_with_place_reason_and_way_out() {
    let shown = rewritten(include_str!("../reject.txt"), |query| {
        let error = match parse(query) {
            Ok(found) => panic!("{query}: was read as {found}"),
            Err(error) => error,
        };
        let hint = error
            .hint()
            .unwrap_or_else(|| panic!("{query}: no hint for {error}"));
        let mark = format!(
            "  {}{}",
            " ".repeat(query[..error.span.start].chars().count()),
            "^".repeat(
                query[error.span.start..error.span.end]
                    .chars()
                    .count()
                    .max(1)
            ),
        );
        format!("{mark}\n  {error}\n  hint: {hint}\n")
    });
    expect_file!["../reject.txt"].assert_eq(&shown);
}

#[test]
fn printed_queries_of_the_list_are_read_back_as_the_same_tree() {
    for query in include_str!("../accept.txt")
        .lines()
        .filter_map(|line| line.strip_prefix("> "))
    {
        let found = parse(query).unwrap();
        for printed in [format!("{found}"), format!("{found:#}")] {
            assert_eq!(
                parse(&printed),
                Ok(found.clone()),
                "{query} printed as {printed}"
            );
        }
    }
}

#[test]
fn blanks_around_a_query_do_not_count() {
    assert_eq!(parse(" \t is(a)  and\n b=1 \n"), parse("is(a) and b = 1"));
}
