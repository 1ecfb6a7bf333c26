//! Completion and parser agree: what is offered is taken, and where a query goes on something is offered.
use stocktake_query::{Expect, Span, SyntaxKind, parse, suggest};

/// Queries of both lists.
fn queries() -> impl Iterator<Item = &'static str> {
    let lists = [include_str!("../accept.txt"), include_str!("../reject.txt")];
    lists
        .into_iter()
        .flat_map(str::lines)
        .filter_map(|line| line.strip_prefix("> "))
}

/// What to type for an offer.
fn typed(offer: &Expect) -> Vec<String> {
    let blank = match offer {
        Expect::Call(_) | Expect::Function => "(",
        Expect::EdgeType | Expect::Symbol(_) => "",
        _ => " ",
    };
    let sample = match offer {
        Expect::Kind | Expect::Id | Expect::Name => Some("word"),
        Expect::Property | Expect::EdgeProperty => Some("a.b[*].c"),
        Expect::Value { .. } | Expect::Number => Some("3"),
        Expect::Time => Some("2w"),
        Expect::Text => Some("\"some text\""),
        _ => None,
    };
    let words = sample.map_or_else(|| offer.words(), |sample| vec![sample]);
    words
        .into_iter()
        .map(|word| format!("{word}{blank}"))
        .collect()
}

#[test]
fn whatever_is_offered_is_taken_by_the_parser() {
    let mut tried = 0;
    for query in queries() {
        for cursor in (0..=query.len()).filter(|&at| query.is_char_boundary(at)) {
            let found = suggest(query, cursor);
            for word in found.expect.iter().flat_map(typed) {
                let before = &query[..found.span.start];
                let text = format!("{before}{word}");
                tried += 1;
                let Err(error) = parse(&text) else { continue };
                // Only the colon tells an option from a condition on a property `edge_type`; and what
                // is missing at the end of a quoted text is reported from its beginning. A range is looked at as a whole.
                if matches!(
                    error.kind,
                    SyntaxKind::UnknownEdgeType { .. }
                        | SyntaxKind::UnterminatedText
                        | SyntaxKind::RangeTooLong { .. }
                ) {
                    continue;
                }
                let taken = text.trim_end().len();
                let Span { start, end } = error.span;
                assert!(
                    start >= taken,
                    "{text:?}: {error} at {start}..{end}, {:?}",
                    found.expect
                );
            }
        }
    }
    assert!(tried > 10_000, "only {tried} offers");
}

#[test]
fn something_is_offered_wherever_an_accepted_query_goes_on() {
    let accepted = include_str!("../accept.txt")
        .lines()
        .filter_map(|line| line.strip_prefix("> "));
    // A keyword used as a property is one only once the operator follows.
    for query in accepted.filter(|query| !query.contains("limit in")) {
        for (cursor, _) in query.match_indices([' ', '(', ',', '[', '{']) {
            let before = &query[..=cursor];
            let quoted = |quote| before.matches(quote).count() % 2 == 1;
            if quoted('"') || quoted('`') {
                continue;
            }
            let found = suggest(query, cursor + 1);
            assert!(!found.expect.is_empty(), "nothing behind {before:?}");
        }
    }
}

#[test]
fn where_the_parser_stops_completion_says_how_to_go_on() {
    for query in queries() {
        let Err(error) = parse(query) else { continue };
        if error.expected().is_empty() {
            continue;
        }
        let found = suggest(query, error.span.start);
        let ends = error
            .expected()
            .iter()
            .all(|what| what.to_string().contains("the end"));
        assert!(
            ends || !found.expect.is_empty(),
            "{query}: {:?}",
            error.expected()
        );
    }
}
