//! Queries: what the grammar allows at the cursor, in the words of the model.
use stocktake_model::Model;
use stocktake_query::{Expect, Path, suggest};

use super::answer::{Candidate, Completing, Wanted, What, candidate, plain};
use crate::members::{paths, value_type};

/// The argument of `aggregate`: a query that begins in the middle.
pub(super) fn aggregate(argument: &str, kinds: Vec<String>, model: &Model) -> Completing {
    const BEFORE: &str = "aggregate(";
    let mut completing = query(&format!("{BEFORE}{argument}"), model);
    completing.completions.start = completing.completions.start.saturating_sub(BEFORE.len());
    let start = completing.completions.start;
    let property = |known: &Candidate| known.what == What::Property;
    if completing.completions.candidates.iter().any(property) {
        let found = &mut completing.completions.candidates;
        found.retain(|known| !property(known));
        found.extend(paths(model, &kinds, &argument[start..]));
    }
    completing
}

/// A query up to the cursor.
pub(super) fn query(text: &str, model: &Model) -> Completing {
    let suggestion = suggest(text, text.len());
    let word = suggestion.word.as_str();
    let mut completing = plain(suggestion.span.start, word, Vec::new());
    let mut found = Vec::new();
    for expect in &suggestion.expect {
        match expect {
            Expect::Kind => found.extend(kinds(model, word)),
            Expect::Property => {
                let within: Vec<String> =
                    suggestion.within.iter().map(ToString::to_string).collect();
                let within = within.join(".");
                found.extend(members(model, &suggestion.kinds, &within, word));
            }
            Expect::Value { path: Some(path) } => {
                let path = inside(&suggestion.within, path);
                found.extend(value_words(model, &path, word));
                completing.wanted = Some(Wanted::Values {
                    path,
                    kinds: suggestion.kinds.clone(),
                });
            }
            other => found.extend(signs(other, word)),
        }
    }
    // Properties are many: what is short and closed comes first once something is typed.
    if !word.is_empty() {
        found.sort_by_key(|known| known.what == What::Property);
    }
    completing.completions.candidates = found;
    completing
}

fn inside(within: &[Path], path: &Path) -> Path {
    let Some(first) = within.first().filter(|_| !path.absolute) else {
        return path.clone();
    };
    let inner = within.iter().chain([path]);
    Path {
        segments: inner.flat_map(|path| path.segments.clone()).collect(),
        ..first.clone()
    }
}

fn members(model: &Model, kinds: &[String], within: &str, word: &str) -> Vec<Candidate> {
    if within.is_empty() {
        return paths(model, kinds, word);
    }
    let prefix = format!("{within}.");
    let mut found = paths(model, kinds, &format!("{prefix}{word}"));
    for known in &mut found {
        known.text = known.text.trim_start_matches(&prefix).to_owned();
    }
    found
}

/// Words that every property of this type may be compared with.
fn value_words(model: &Model, path: &Path, word: &str) -> Vec<Candidate> {
    let names: Vec<&str> = path.segments.iter().map(|one| one.name.as_str()).collect();
    let words: &[&str] = if value_type(model, &names).as_deref() == Some("boolean") {
        &["true", "false"]
    } else {
        &[]
    };
    words
        .iter()
        .filter(|known| known.starts_with(word))
        .map(|known| candidate(known, What::Value, ""))
        .collect()
}

/// Operators, walks, functions and words of the language.
fn signs(expect: &Expect, word: &str) -> Vec<Candidate> {
    let (what, bracket) = match expect {
        Expect::Operator { .. } | Expect::Symbol(_) | Expect::Navigation => (What::Operator, ""),
        Expect::Call(_) | Expect::Function => (What::Keyword, "("),
        _ => (What::Keyword, ""),
    };
    let words = expect.words().into_iter();
    words
        .filter(|known| known.starts_with(word))
        .map(|known| candidate(&format!("{known}{bracket}"), what, ""))
        .collect()
}

/// Kinds that begin like the word, with or without `kubernetes_` in front, or are known under such a name.
pub(super) fn kinds(model: &Model, word: &str) -> Vec<Candidate> {
    let lower = word.trim_start_matches('"').to_lowercase();
    let long = format!("kubernetes_{lower}");
    let fits = |name: &str, aliases: &[String]| {
        name.starts_with(&lower)
            || name.starts_with(&long)
            || aliases.iter().any(|alias| alias.starts_with(&lower))
    };
    model
        .kinds()
        .filter(|kind| fits(&kind.name, &kind.aliases))
        .map(|kind| candidate(&kind.name, What::Kind, &kind.about))
        .collect()
}
