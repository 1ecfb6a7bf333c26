//! The command line: `[k=v …] command argument | command argument ; …`, cut into pieces.
//!
//! Knows quotes and escapes, but no command: what the pieces mean is decided in `pipeline`.
use stocktake_query::Span;

use crate::argument::quoted_end;
use crate::{Argument, CommandError};

/// Everything up to a `;`: commands with pipes between them.
pub(crate) type Sentence = Vec<Argument>;

/// `line = sentence (";" sentence)*`, `sentence = piece ("|" piece)*`; empty sentences are left out.
pub(crate) fn split(line: &Argument) -> Result<Vec<Sentence>, CommandError> {
    let mut sentences = vec![vec![Argument::default()]];
    let mut at = 0;
    while let Some(c) = line.text()[at..].chars().next() {
        let next = at + c.len_utf8();
        match c {
            ';' => sentences.push(vec![starting_at(line, next)]),
            '|' => piece_list(&mut sentences).push(starting_at(line, next)),
            '\\' if line.text()[next..].starts_with(['|', ';', '"', '\'']) => {
                keep(
                    &mut sentences,
                    line,
                    &line.text()[next..=next],
                    at..next + 1,
                );
                at = next + 1;
                continue;
            }
            '"' | '\'' => {
                at = quoted(&mut sentences, line, at)?;
                continue;
            }
            _ => keep(&mut sentences, line, &line.text()[at..next], at..next),
        }
        at = next;
    }
    sentences
        .into_iter()
        .map(|pieces| pieces.iter().map(Argument::trim).collect::<Sentence>())
        .filter(|pieces| pieces.len() > 1 || pieces.iter().any(|piece| !piece.is_empty()))
        .map(without_holes)
        .collect()
}

fn starting_at(line: &Argument, at: usize) -> Argument {
    let mut piece = Argument::default();
    let place = line.place(Span::new(at..at));
    piece.push("", place.start, place.start);
    piece
}

fn piece_list(sentences: &mut [Sentence]) -> &mut Sentence {
    sentences.last_mut().expect("it starts with one")
}

fn keep(sentences: &mut [Sentence], line: &Argument, text: &str, from: std::ops::Range<usize>) {
    let place = line.place(Span::new(from));
    let piece = piece_list(sentences).last_mut();
    piece
        .expect("a sentence starts with one piece")
        .push(text, place.start, place.end);
}

/// Takes over a quoted text, its quotes included; `\n \t \r \f \uXXXX` are translated, other escapes kept.
///
/// `\b` is kept as well: in a regex it is a word boundary, and nobody types a backspace.
fn quoted(sentences: &mut [Sentence], line: &Argument, at: usize) -> Result<usize, CommandError> {
    let text = line.text();
    let Some(end) = quoted_end(text, at) else {
        if text[at..].starts_with('\'') && text[..at].ends_with(char::is_alphanumeric) {
            keep(sentences, line, "'", at..at + 1);
            return Ok(at + 1);
        }
        return Err(CommandError::usage("the quote is never closed")
            .hint("put the same quote at the end, or a `\\` in front of this one")
            .at(line.place(Span::new(at..at + 1))));
    };
    let mut inner = at;
    while inner < end {
        let (translated, length) = escape(&text[inner..end]);
        keep(sentences, line, &translated, inner..inner + length);
        inner += length;
    }
    Ok(end)
}

/// The next character of a quoted text, or escape, and how many bytes it takes.
fn escape(rest: &str) -> (String, usize) {
    let mut chars = rest.chars();
    let first = chars.next().unwrap_or(' ');
    if first != '\\' {
        return (first.to_string(), first.len_utf8());
    }
    let control = match chars.next() {
        Some('n') => "\n",
        Some('t') => "\t",
        Some('r') => "\r",
        Some('f') => "\u{c}",
        Some('u') => {
            let code = rest
                .get(2..6)
                .and_then(|hex| u32::from_str_radix(hex, 16).ok());
            return match code.and_then(char::from_u32) {
                Some(c) => (c.to_string(), 6),
                None => ("\\u".to_owned(), 2),
            };
        }
        Some(other) => return (format!("\\{other}"), 1 + other.len_utf8()),
        None => "\\",
    };
    (control.to_owned(), 2.min(rest.len()))
}

fn without_holes(pieces: Sentence) -> Result<Sentence, CommandError> {
    match pieces.iter().find(|piece| piece.is_empty()) {
        None => Ok(pieces),
        Some(hole) => Err(CommandError::usage("a command is missing beside `|`")
            .hint("a pipe stands between two commands, e.g. `search all | count kind`")
            .at(hole.span())),
    }
}

/// Variables and what they stand in front of.
pub(crate) struct Assignments {
    /// Names and values, in order.
    pub(crate) values: Vec<(String, String)>,
    /// What follows.
    pub(crate) rest: Argument,
}

/// `(name "=" value ","?)* rest`: reads as many assignments as there are. Whether they are meant as such, and not
/// as the beginning of a query, is for the caller to say.
pub(crate) fn assignments(piece: &Argument) -> Assignments {
    let text = piece.text();
    let mut values = Vec::new();
    let mut at = 0;
    while let Some((name, value, end)) = assignment(text, at) {
        values.push((name, value));
        at = end;
        at += text[at..].len() - text[at..].trim_start_matches([' ', '\t', ',']).len();
    }
    Assignments {
        values,
        rest: piece.slice(at..text.len()),
    }
}

fn assignment(text: &str, start: usize) -> Option<(String, String, usize)> {
    let equals = start + text[start..].find('=')?;
    let name = &text[start..equals];
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || !name.chars().all(letter) {
        return None;
    }
    let from = equals + 1;
    let end = match quoted_end(text, from) {
        Some(end) => return Some((name.to_owned(), text[from + 1..end - 1].to_owned(), end)),
        None => text[from..]
            .find(|c: char| c.is_whitespace() || c == ',')
            .map_or(text.len(), |length| from + length),
    };
    let value = &text[from..end];
    let operator = value.is_empty() || value.starts_with(['=', '~']);
    (!operator).then(|| (name.to_owned(), value.to_owned(), end))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Expect) {
        let shown = match split(&Argument::typed(line)) {
            Ok(sentences) => sentences
                .iter()
                .map(|pieces| {
                    pieces
                        .iter()
                        .flat_map(|piece| ["[", piece.text(), "]"])
                        .collect()
                })
                .collect::<Vec<String>>()
                .join("\n"),
            Err(error) => {
                let span = error.span.unwrap();
                format!("{}..{} {error}", span.start, span.end)
            }
        };
        expected.assert_eq(&shown);
    }

    #[test]
    fn pipes_and_semicolons_split_outside_quotes() {
        check(
            "search all | count kind ; kinds",
            expect![[r"
            [search all][count kind]
            [kinds]"]],
        );
        check(
            r#"search a="x|y;z" | list"#,
            expect![[r#"[search a="x|y;z"][list]"#]],
        );
        check("echo 'a | b'; ;", expect!["[echo 'a | b']"]);
        check("", expect![""]);
        check(" ; ;", expect![""]);
    }

    #[test]
    fn escapes_give_the_literal_character() {
        check(r"echo a \| b \; c \' d", expect!["[echo a | b ; c ' d]"]);
        check(
            r#"echo "a\tb\u0041\"c\d\\""#,
            expect![[r#"
            [echo "a	bA\"c\d\\"]"#]],
        );
        check(
            r#"search name=~"\bweb\b""#,
            expect![[r#"[search name=~"\bweb\b"]"#]],
        );
        check("clean don't need it", expect!["[clean don't need it]"]);
    }

    #[test]
    fn errors_point_into_the_line() {
        check(r#"search a="x"#, expect!["9..10 the quote is never closed"]);
        check(
            "search all | | list",
            expect!["13..13 a command is missing beside `|`"],
        );
        check(
            "search all |",
            expect!["12..12 a command is missing beside `|`"],
        );
        check("| list", expect!["0..0 a command is missing beside `|`"]);
    }

    #[test]
    fn assignments_stand_in_front() {
        let read = |text: &str| {
            let found = assignments(&Argument::typed(text));
            (found.values, found.rest.text().to_owned())
        };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            read("section=/ search_timeout=\"6 s\", search all"),
            (
                vec![pair("section", "/"), pair("search_timeout", "6 s")],
                "search all".into()
            )
        );
        assert_eq!(read("search a=1"), (vec![], "search a=1".into()));
        assert_eq!(read("name == web"), (vec![], "name == web".into()));
        assert_eq!(read("name=~web"), (vec![], "name=~web".into()));
    }

    proptest::proptest! {
        #[test]
        fn no_line_panics_and_spans_lie_inside(line in "[a-zä|;\"' \\\\=@un0-9]{0,40}") {
            match split(&Argument::typed(&line)) {
                Ok(sentences) => for piece in sentences.iter().flatten() {
                    piece.words();
                    assignments(piece);
                    proptest::prop_assert!(piece.span().end <= line.len());
                },
                Err(error) => proptest::prop_assert!(error.span.unwrap().end <= line.len()),
            }
        }
    }
}
