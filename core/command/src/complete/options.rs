//! Options in the middle of a query: made blank for whoever reads the query, completed when one is being typed.
use super::answer::{Completing, What, candidate, plain};
use crate::Wanted;
use crate::form::forms;

/// Options of `search` that take a value.
const VALUED: [&str; 10] = [
    "--at",
    "--cluster",
    "--context",
    "--namespace",
    "--output",
    "--selector",
    "--sort-by",
    "-l",
    "-n",
    "-o",
];
/// Options of `search` that do not.
const PLAIN: [&str; 6] = [
    "--all-namespaces",
    "--explain",
    "--no-headers",
    "--show-labels",
    "--with-edges",
    "-A",
];

/// The text with the options of `search` made blank: everything else stays where it is.
pub(super) fn without_options(argument: &str) -> String {
    let mut text = argument.to_owned();
    let mut valued = false;
    for (start, word) in words(argument) {
        let whole = start + word.len() < argument.len();
        let option = VALUED.contains(&word) || PLAIN.contains(&word);
        // The word at the cursor is still being typed.
        if (valued || option) && whole {
            text.replace_range(start..start + word.len(), &" ".repeat(word.len()));
        }
        valued = VALUED.contains(&word);
    }
    text
}

/// What may stand at the cursor if it is the value of an option.
pub(super) fn value(argument: &str, start: usize) -> Option<Completing> {
    let word = &argument[start..];
    let (_, option) = words(&argument[..start]).last()?;
    let mut completing = plain(start, word, Vec::new());
    match option {
        "-o" | "--output" => {
            let fitting = forms().filter(|form| form.starts_with(word));
            let about = "form of the answer";
            completing.completions.candidates = fitting
                .map(|form| candidate(form, What::Keyword, about))
                .collect();
        }
        "--context" | "--cluster" => completing.wanted = Some(Wanted::Clusters),
        "-n" | "--namespace" => {
            completing.wanted = Some(Wanted::Values {
                path: stocktake_query::parse_path("namespace").ok()?,
                kinds: Vec::new(),
            });
        }
        "-l" | "--selector" | "--at" => {}
        _ => return None,
    }
    Some(completing)
}

/// Words and where each begins.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive(char::is_whitespace)
        .filter_map(move |piece| {
            let start = at;
            at += piece.len();
            let word = piece.trim_end();
            (!word.is_empty()).then_some((start, word))
        })
}
