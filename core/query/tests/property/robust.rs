//! No text makes the parser panic, and every error points into the text.
use proptest::prelude::*;
use stocktake_query::*;

/// Runs all entry points over a text. This is the body of a fuzz target.
fn survives(text: &str) {
    let errors = [
        parse(text).err(),
        parse_with_notes(text).err(),
        parse_aggregate(text).err(),
        parse_sort(text).err(),
        parse_path(text).err(),
        parse_limit(text).err(),
        parse_columns(text).err(),
        parse_template(text).err(),
    ];
    for error in errors.into_iter().flatten() {
        let Span { start, end } = error.span;
        assert!(start <= end, "{text:?}: {error}");
        assert!(
            text.get(start..end).is_some(),
            "{text:?}: {error} at {start}..{end}"
        );
        assert!(!error.to_string().is_empty());
        assert!(error.hint().is_none_or(|hint| !hint.is_empty()));
    }
    looks_like_query(text);
    for cursor in 0..=text.len() + 1 {
        let found = suggest(text, cursor);
        assert_eq!(
            text.get(found.span.start..found.span.end),
            Some(found.word.as_str()),
            "{text:?}"
        );
    }
}

/// Words and signs of the language, and some that are none.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "is(", "id(", "all", "not ", " and ", " or ", "a", "b.c", "x[*]", ".{", "{", "}", "(", ")",
    "[", "]", " = ", "=~", "!=", "<", "<=", " in ", " any ", "\"t\"", "\"", "'", "`", "`q`",
    "1", "-2", "3.5", ".5", "3d", ",", ":", "..", "-->", "<--", "<-->", "-", "<-", "->",
    "default", "delete", "sort ", "desc", "limit ", "reversed", "#", "with(", "any", "empty",
    "count", "aggregate(", "sum(", " as ", "*", "/", "has_key(", "in_subnet(",
    "has_desired_change(", "with_usage(", "::", "(edge_type=", "search ", "|", "&&", "AND", "é",
    "\u{1f600}", "\\", " ", "\n", "{{", "}}", "null", "true",
];

/// Texts made of words and signs of the language, which get further than random ones.
fn soup() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(WORDS), 0..14).prop_map(|words| words.concat())
}

/// Accepted queries with a few characters taken out or put in.
fn damaged() -> impl Strategy<Value = String> {
    let queries: Vec<&str> = include_str!("../accept.txt")
        .lines()
        .filter_map(|line| line.strip_prefix("> "))
        .collect();
    let edit = (
        any::<prop::sample::Index>(),
        prop::option::of(any::<char>()),
    );
    (
        prop::sample::select(queries),
        prop::collection::vec(edit, 1..4),
    )
        .prop_map(|(query, edits)| {
            let mut chars: Vec<char> = query.chars().collect();
            for (at, insert) in edits {
                let at = at.index(chars.len() + 1);
                match insert {
                    Some(c) => chars.insert(at, c),
                    None if at < chars.len() => drop(chars.remove(at)),
                    None => {}
                }
            }
            chars.into_iter().collect()
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_text_is_survived(text in "\\PC{0,40}") {
        survives(&text);
    }

    #[test]
    fn any_soup_of_words_is_survived(text in soup()) {
        survives(&text);
    }

    #[test]
    fn any_damaged_query_is_survived(text in damaged()) {
        survives(&text);
    }

    #[test]
    fn what_is_read_can_be_printed_and_read_again(text in prop_oneof![soup(), damaged()]) {
        if let Ok(query) = parse(&text) {
            let printed = query.to_string();
            prop_assert_eq!(parse(&printed), Ok(query), "{} printed as {}", text, printed);
        }
    }
}
