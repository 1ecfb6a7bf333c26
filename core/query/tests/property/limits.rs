//! Depth and length have limits, and the deepest query allowed fits a small stack.
use stocktake_query::{MAX_DEPTH, MAX_LENGTH, SyntaxKind, parse, parse_template, suggest};

/// `open` and `close` so many times around something.
fn nested(open: &str, inside: &str, close: &str, times: usize) -> String {
    format!("{}{inside}{}", open.repeat(times), close.repeat(times))
}

/// Everything that nests, and how many levels each repetition takes.
const NESTING: [(&str, &str, &str, usize); 8] = [
    ("(", "a = 1", ")", 1),
    ("not ", "a = 1", "", 1),
    ("a.{", "b = 1", "}", 1),
    ("not (", "a = 1", ")", 2),
    ("(a = 1 or (", "a = 1", ") and b = 2)", 2),
    ("with(any, --> ", "all", ")", 2),
    ("x = 1 {a: --> ", "all", "}", 4),
    ("not (x.{", "a = 1", "})", 3),
];

#[test]
fn what_nests_too_deep_is_refused_and_the_deepest_allowed_fits_a_small_stack() {
    let run = || {
        for (open, inside, close, levels) in NESTING {
            let times = MAX_DEPTH / levels;
            let deepest = nested(open, inside, close, times);
            assert!(parse(&deepest).is_ok(), "{open}: {:?}", parse(&deepest));
            let deeper = nested(open, inside, close, times + 1);
            assert_eq!(
                parse(&deeper).unwrap_err().kind,
                SyntaxKind::TooDeep,
                "{open}"
            );
        }
        let list = nested("[", "1", "]", MAX_DEPTH);
        assert!(parse(&format!("a = {list}")).is_ok());
        assert_eq!(
            parse(&format!("a = [{list}]")).unwrap_err().kind,
            SyntaxKind::TooDeep
        );
    };
    let small = 1_400 * 1024;
    std::thread::Builder::new()
        .stack_size(small)
        .spawn(run)
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn brackets_without_end_are_refused_and_not_followed() {
    for sign in [
        "(",
        "not ",
        "a.{",
        "a = [",
        "[",
        "{",
        "a {b: --> ",
        "with(any, -->",
    ] {
        let text = sign.repeat(MAX_LENGTH / sign.len());
        assert!(parse(&text).is_err(), "{sign}");
    }
    let braces = "{".repeat(MAX_LENGTH);
    assert!(parse_template(&braces).is_ok(), "doubled braces are text");
    assert!(suggest(&"(".repeat(5_000), 5_000).expect.is_empty());
}

#[test]
fn a_text_that_is_too_long_is_refused_at_the_first_byte_too_many() {
    let fits = format!("a = {}", "b".repeat(MAX_LENGTH - 4));
    assert!(parse(&fits).is_ok());
    let error = parse(&format!("{fits}é")).unwrap_err();
    assert_eq!(error.kind, SyntaxKind::TooLong);
    assert_eq!(
        (error.span.start, error.span.end),
        (MAX_LENGTH, MAX_LENGTH + 2)
    );
}

#[test]
fn long_lists_are_no_problem() {
    let names = vec!["name-1"; 8_000].join(", ");
    assert!(parse(&format!("is(a) and name in [{names}]")).is_ok());
    let terms = vec!["a = 1"; 5_000].join(" and ");
    assert!(parse(&terms).is_ok());
}
