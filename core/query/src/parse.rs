//! The entry points: text in, syntax tree or error out. The grammar is in the modules beside this one.
use nom::sequence::terminated;
use nom::{Err, Parser};

use crate::aggregate::{aggregate, template};
use crate::ast::{Aggregate, Column, Limit, Path, Piece, Query, SortKey, Span};
use crate::diagnose::diagnose;
use crate::error::{SyntaxError, SyntaxKind};
use crate::lexer::end;
use crate::limits::MAX_LENGTH;
use crate::part::{limit, query, sort_keys};
use crate::path::{columns, path_or_root};
use crate::text::{Parsed, Slip, Text};
use crate::trace::Trace;

/// Something the reader should know about a query that is fine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// `and` and `or` stand side by side without brackets; `and` binds tighter.
    MixedAndOr {
        /// The condition with the brackets it was read with.
        reading: String,
        /// Where it stands.
        span: Span,
    },
}

/// Reads a query.
///
/// A query that ends in a navigation gets a last part that selects all: `is(a) -->` and
/// `is(a) --> all` are the same tree, and only the last part has no navigation.
pub fn parse(text: &str) -> Result<Query, SyntaxError> {
    run(text, &Trace::default(), query)
}

/// Reads a query, and says what the reader should know about how it was read.
pub fn parse_with_notes(text: &str) -> Result<(Query, Vec<Note>), SyntaxError> {
    let trace = Trace::default();
    let query = run(text, &trace, query)?;
    let notes = trace.into_mixed().into_iter();
    Ok((
        query,
        notes
            .map(|(span, reading)| Note::MixedAndOr { reading, span })
            .collect(),
    ))
}

/// Reads `groups: functions`, as the piped `aggregate` has them.
pub fn parse_aggregate(text: &str) -> Result<Aggregate, SyntaxError> {
    run(text, &Trace::default(), aggregate)
}

/// Reads `path asc, path desc`, as the piped `sort` has them.
pub fn parse_sort(text: &str) -> Result<Vec<SortKey>, SyntaxError> {
    run(text, &Trace::default(), sort_keys)
}

/// Reads a path; a bare `/` is the root.
pub fn parse_path(text: &str) -> Result<Path, SyntaxError> {
    run(text, &Trace::default(), path_or_root)
}

/// Reads `offset, length` or `length`, as the piped `limit` has them.
pub fn parse_limit(text: &str) -> Result<Limit, SyntaxError> {
    run(text, &Trace::default(), limit)
}

/// Reads `path as name, path`, as the piped `list` has them.
pub fn parse_columns(text: &str) -> Result<Vec<Column>, SyntaxError> {
    run(text, &Trace::default(), columns)
}

/// Reads a text with `{path}` holes; `{{` and `}}` are braces, `{.}` is a path without segments.
pub fn parse_template(text: &str) -> Result<Vec<Piece>, SyntaxError> {
    run(text, &Trace::default(), template)
}

/// Runs a rule over the whole of a text.
pub(crate) fn run<'a, T>(
    text: &'a str,
    trace: &'a Trace,
    rule: impl Fn(Text<'a>) -> Parsed<'a, T>,
) -> Result<T, SyntaxError> {
    if text.len() > MAX_LENGTH {
        let start = (0..=MAX_LENGTH)
            .rev()
            .find(|&at| text.is_char_boundary(at))
            .unwrap_or(0);
        return Err(SyntaxError::new(
            SyntaxKind::TooLong,
            Span::new(start..text.len()),
        ));
    }
    match terminated(rule, end).parse(Text::new(text, trace)) {
        Ok((_, found)) => Ok(found),
        Err(Err::Error(Slip(Some(error))) | Err::Failure(Slip(Some(error)))) => Err(*error),
        Err(_) => {
            let (at, expected) = trace.furthest();
            Err(diagnose(text, at, expected))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use expect_test::{Expect, expect};

    use super::*;

    #[track_caller]
    fn check<T: Debug>(
        parse: fn(&str) -> Result<T, SyntaxError>,
        show: fn(&T) -> String,
        text: &str,
        expect: Expect,
    ) {
        let shown = match parse(text) {
            Ok(found) => show(&found),
            Err(error) => {
                let Span { start, end } = error.span;
                format!(
                    "{start}..{end} {error}; {}",
                    error.hint().unwrap_or_default()
                )
            }
        };
        expect.assert_eq(&shown);
    }

    #[test]
    fn aggregations_stand_without_their_word() {
        let check = |text, expect| check(parse_aggregate, ToString::to_string, text, expect);
        check("kind as k: sum(1) as n", expect!["kind as k: sum(1) as n"]);
        check("sum(1)", expect!["sum(1)"]);
        check(
            "kind",
            expect![
                "4..4 the aggregation has no function; write `group: function`, as in `kind: sum(1) as n`"
            ],
        );
        check(
            "kind: sum(1),",
            expect![[
                "13..13 expected a function such as `sum(1)`; functions are `sum count min max avg stddev variance`"
            ]],
        );
        check(
            "kind: sum(1) limit 5",
            expect![
                "13..18 expected `as`, `,` or the end, found `limit`; separate them with a comma"
            ],
        );
    }

    #[test]
    fn sort_keys_and_limits_stand_without_their_words() {
        let sort = |text, expect| check(parse_sort, |keys| format!("{keys:?}"), text, expect);
        sort(
            "",
            expect![[
                "0..0 expected a property; properties look like `name`, `tags.owner` or `/metadata.protected`"
            ]],
        );
        sort(
            "name up",
            expect![
                "5..7 expected `asc`, `desc`, `,` or the end, found `up`; separate them with a comma"
            ],
        );
        let limit = |text, expect| check(parse_limit, ToString::to_string, text, expect);
        limit("5", expect!["5"]);
        limit("20,10", expect!["20, 10"]);
        limit(
            "-5",
            expect!["0..1 expected a number, found `-`; write digits, as in `10`"],
        );
        limit(
            "5 6",
            expect!["2..3 expected `,` or the end, found `6`; separate them with a comma"],
        );
    }

    #[test]
    fn a_path_may_be_the_root() {
        let check = |text, expect| check(parse_path, ToString::to_string, text, expect);
        check("/", expect!["/"]);
        check("/a.`b c`[].d", expect!["/a.`b c`[*].d"]);
        check(
            "",
            expect![[
                "0..0 expected a property; properties look like `name`, `tags.owner` or `/metadata.protected`"
            ]],
        );
        check(
            "a b",
            expect!["2..3 expected the end, found `b`; leave out what follows"],
        );
        check(
            "a.",
            expect![[
                "2..2 expected a property name; names have letters, digits, `_` and `-` and begin with a letter; put others in backticks"
            ]],
        );
    }

    #[test]
    fn columns_have_names() {
        let check = |text, expect| {
            let show = |columns: &Vec<Column>| {
                columns
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join("; ")
            };
            check(parse_columns, show, text, expect);
        };
        check(
            "name, /metadata.protected as prot",
            expect!["name; /metadata.protected as prot"],
        );
        check("name as \"a b\",/", expect![[r#"name as "a b"; /"#]]);
        check(
            "name as",
            expect![[
                "7..7 expected a name; names have letters, digits, `_` and `-`; put others in double quotes"
            ]],
        );
        check(
            "name kind",
            expect!["5..9 expected `as`, `,` or the end, found `kind`; separate them with a comma"],
        );
    }

    #[test]
    fn templates_have_holes_and_doubled_braces() {
        let check = |text, expect| {
            let show = |pieces: &Vec<Piece>| {
                let shown = pieces.iter().map(|piece| match piece {
                    Piece::Text(text) => format!("{text:?}"),
                    Piece::Hole(path) => path.to_string(),
                });
                shown.collect::<Vec<_>>().join(" ")
            };
            check(parse_template, show, text, expect);
        };
        check(
            "a={a} c={b.c} {/x[2].y}",
            expect![[r#""a=" a " c=" b.c " " /x[2].y"#]],
        );
        check(
            " {{{a}}} {.}{/} \\n \"",
            expect![[r#"" {" a "} " . / " \\n \"""#]],
        );
        check(
            "{\"a\": 1}",
            expect![[
                r#"1..2 expected a property in the braces, found `"`; write `{{` for a brace that is part of the text"#
            ]],
        );
        check("{a", expect!["2..2 `}` is missing; add `}`"]);
        check(
            "{a b}",
            expect!["3..4 expected `}`, found `b`; write `}` here"],
        );
        check(
            "{}",
            expect![
                "1..2 expected a property in the braces, found `}`; write `{{` for a brace that is part of the text"
            ],
        );
        check(
            "a } b",
            expect!["2..3 `}` without `{`; write `}}` for a brace that is part of the text"],
        );
    }

    #[test]
    fn a_note_says_how_and_and_or_were_read() {
        let text = "(x = 1 or y = 1) and is(a) or b = 1 and c = 1";
        let (_, notes) = parse_with_notes(text).unwrap();
        let [Note::MixedAndOr { reading, span }] = notes.as_slice() else {
            panic!("{notes:?}")
        };
        assert_eq!(reading, "((x = 1 or y = 1) and is(a)) or (b = 1 and c = 1)");
        assert_eq!((span.start, span.end), (0, text.len()));
        for plain in [
            "a = 1 or (b = 2 and c = 3)",
            "a = 1 and b = 2",
            "a = 1 or b = 2 or c = 3",
        ] {
            assert_eq!(parse_with_notes(plain).unwrap().1, [], "{plain}");
        }
    }
}
