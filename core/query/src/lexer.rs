//! The words of the language: symbols, keywords, names, numbers, quoted text.
//! Every token skips the blanks before it, none those after it; what a word means is not decided here.
use nom::Err;

use crate::ast::{EdgeType, Name};
use crate::error::SyntaxKind;
use crate::expected::Expected;
use crate::text::{Parsed, Slip, Text, no};

/// A property called like one of these is taken for the keyword, unless an operator follows.
pub(crate) const RESERVED: &[&str] = &[
    "aggregate",
    "all",
    "and",
    "limit",
    "match",
    "not",
    "or",
    "query",
    "reversed",
    "search",
    "sort",
    "with",
    "with_usage",
];

/// Letters that may stand inside of names.
pub(crate) fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

/// Letters that may stand in a value without quotes.
pub(crate) fn is_word_char(c: char) -> bool {
    is_name_char(c) || matches!(c, ':' | '/' | '.')
}

/// True where a walk begins: `-->`, `-[`, `-{`, `-delete->`; names and keywords end there.
fn is_arrow(rest: &str) -> bool {
    let Some(tail) = rest.strip_prefix('-') else {
        return false;
    };
    if tail.starts_with(['[', '{']) || tail.starts_with("->") {
        return true;
    }
    let types = tail.trim_start_matches(|c: char| c.is_ascii_lowercase() || c == ',');
    tail.len() > types.len()
        && types.starts_with("->")
        && tail[..tail.len() - types.len()]
            .split(',')
            .all(|t| EdgeType::from_name(t).is_some())
}

/// True if the text goes on with `<-` and something that makes it a walk rather than `< -1`.
pub(crate) fn is_inbound_arrow(rest: &str) -> bool {
    let Some(tail) = rest.strip_prefix("<-") else {
        return false;
    };
    tail.starts_with(['-', '[', '{', '>']) || starts_with_edge_type(tail)
}

/// `default`, `delete` or `iam`, and then no letter.
fn starts_with_edge_type(rest: &str) -> bool {
    let word = &rest[..rest
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(rest.len())];
    EdgeType::from_name(word).is_some()
}

/// A value may not look like the walk that follows it: `a = -default[1]->` has no value.
pub(crate) fn is_walk_like(raw: &str) -> bool {
    raw == "-"
        || raw.starts_with("--")
        || raw.strip_prefix('-').is_some_and(|tail| {
            EdgeType::ALL.iter().any(|known| {
                tail.strip_prefix(known.name())
                    .is_some_and(|end| !end.starts_with(|c: char| c.is_ascii_alphabetic()))
            })
        })
}

/// Length of the name at the start: one letter of `first`, then name letters, up to a walk.
fn name_length(rest: &str, first: fn(char) -> bool) -> usize {
    if !rest.starts_with(first) {
        return 0;
    }
    rest.char_indices()
        .find(|&(at, c)| !is_name_char(c) || (at > 0 && c == '-' && is_arrow(&rest[at..])))
        .map_or(rest.len(), |(at, _)| at)
}

/// Length of the `[A-Za-z_][A-Za-z0-9_-]*` at the start.
pub(crate) fn ident_length(rest: &str) -> usize {
    name_length(rest, |c| c.is_ascii_alphabetic() || c == '_')
}

/// Length of the `[A-Za-z0-9][A-Za-z0-9_-]*` at the start.
pub(crate) fn literal_length(rest: &str) -> usize {
    name_length(rest, |c| c.is_ascii_alphanumeric())
}

/// Length of the `[A-Za-z0-9_-]+` at the start: generated ids may begin with a dash.
pub(crate) fn id_length(rest: &str) -> usize {
    rest.find(|c| !is_name_char(c)).unwrap_or(rest.len())
}

/// True if all of the text is a literal.
pub(crate) fn is_literal(text: &str) -> bool {
    !text.is_empty() && literal_length(text) == text.len()
}

/// What follows `word`, if the text goes on with it as a whole word. Leaves no note.
pub(crate) fn word<'a>(text: Text<'a>, word: &str) -> Option<Text<'a>> {
    let text = text.trimmed();
    let tail = text.rest.strip_prefix(word)?;
    let ends = !tail.starts_with(is_name_char) || is_arrow(tail);
    ends.then(|| text.skip(word.len()))
}

/// What follows `word (`. Leaves no note.
pub(crate) fn call<'a>(text: Text<'a>, name: &str) -> Option<Text<'a>> {
    let after = word(text, name)?.trimmed();
    after.rest.starts_with('(').then(|| after.skip(1))
}

/// `keyword = word` — a whole word, in lower case.
pub(crate) fn keyword<'a>(name: &'static str) -> impl Fn(Text<'a>) -> Parsed<'a, ()> + Copy {
    move |text| {
        let text = text.trimmed();
        text.trace.expect(text.at, Expected::Keyword(name));
        word(text, name).map_or_else(no, |rest| Ok((rest, ())))
    }
}

/// `symbol` — brackets, commas and the like.
pub(crate) fn symbol<'a>(sign: &'static str) -> impl Fn(Text<'a>) -> Parsed<'a, ()> + Copy {
    move |text| {
        let text = text.trimmed();
        text.trace.expect(text.at, Expected::Symbol(sign));
        if text.rest.starts_with(sign) {
            Ok((text.skip(sign.len()), ()))
        } else {
            no()
        }
    }
}

/// `end` — nothing but blanks is left.
pub(crate) fn end(text: Text<'_>) -> Parsed<'_, ()> {
    let text = text.trimmed();
    text.trace.expect(text.at, Expected::End);
    if text.rest.is_empty() {
        Ok((text, ()))
    } else {
        no()
    }
}

/// `number = digit+`
pub(crate) fn number(text: Text<'_>) -> Parsed<'_, usize> {
    let text = text.trimmed();
    text.trace.expect(text.at, Expected::Number);
    let length = text.rest.len()
        - text
            .rest
            .trim_start_matches(|c: char| c.is_ascii_digit())
            .len();
    if length == 0 {
        return no();
    }
    match text.rest[..length].parse() {
        Ok(number) => Ok((text.skip(length), number)),
        Err(_) => text.fail(length, SyntaxKind::NumberTooBig),
    }
}

/// Length of the `[+-]? digit+` at the start; 0 if there is none.
pub(crate) fn integer_length(rest: &str) -> usize {
    let unsigned = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    let tail = unsigned.trim_start_matches(|c: char| c.is_ascii_digit());
    if tail.len() == unsigned.len() {
        0
    } else {
        rest.len() - tail.len()
    }
}

/// `int = [+-]? digit+`
pub(crate) fn integer(text: Text<'_>) -> Parsed<'_, i64> {
    let text = text.trimmed();
    text.trace.expect(text.at, Expected::Number);
    match integer_length(text.rest) {
        0 => no(),
        length => match text.rest[..length].parse() {
            Ok(number) => Ok((text.skip(length), number)),
            Err(_) => text.fail(length, SyntaxKind::NumberTooBig),
        },
    }
}

/// The character that an escape at the start of the text stands for.
///
/// Only these four are escapes; any other backslash stands for itself.
pub(crate) fn escaped(rest: &str) -> Option<char> {
    let next = rest.strip_prefix('\\')?.chars().next()?;
    matches!(next, '\\' | '/' | '"' | '\'').then_some(next)
}

/// `dqstring = '"' (escape | any-but-quote)* '"'`
pub(crate) fn quoted(text: Text<'_>) -> Parsed<'_, String> {
    let text = text.trimmed();
    if text.rest.starts_with('\'') {
        let length = text.rest[1..].find('\'').map_or(1, |at| at + 2);
        return text.fail(length, SyntaxKind::SingleQuotes);
    }
    if !text.rest.starts_with('"') {
        return no();
    }
    let mut content = String::new();
    let mut at = 1;
    while let Some(c) = text.rest[at..].chars().next() {
        if c == '"' {
            return Ok((text.skip(at + 1), content));
        }
        let meant = escaped(&text.rest[at..]);
        at += c.len_utf8() + meant.map_or(0, char::len_utf8);
        content.push(meant.unwrap_or(c));
    }
    text.fail(text.rest.len(), SyntaxKind::UnterminatedText)
}

/// `name = dqstring | literal`; what counts as a literal is up to the caller.
pub(crate) fn name<'a>(
    what: Expected,
    length: fn(&str) -> usize,
) -> impl Fn(Text<'a>) -> Parsed<'a, Name> {
    move |text| {
        let text = text.trimmed();
        text.trace.expect(text.at, what);
        match quoted(text) {
            Ok((rest, content)) => Ok((
                rest,
                Name {
                    text: content,
                    span: text.span_to(rest),
                },
            )),
            Err(Err::Error(Slip(_))) => match length(text.rest) {
                0 => no(),
                bytes => {
                    let content = text.rest[..bytes].to_owned();
                    Ok((
                        text.skip(bytes),
                        Name {
                            text: content,
                            span: text.span_of(bytes),
                        },
                    ))
                }
            },
            Err(definite) => Err(definite),
        }
    }
}
