//! A text taken from the typed line that knows where each of its bytes stood there, and how to fall into words.
//!
//! Every error of a command points into the line through this; nothing else counts columns.
use std::ops::Range;

use stocktake_query::Span;

use crate::CommandError;

/// A piece of the line, after placeholders and escapes were replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    text: String,
    /// Where each byte of `text` comes from, and, last, where the piece ends: one more than there are bytes.
    origin: Vec<usize>,
}

/// A word of an argument, without its quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// What it says.
    pub text: String,
    /// Where it stands in the line, quotes included.
    pub span: Span,
    /// Bytes of the argument it was made of, quotes included.
    pub range: Range<usize>,
}

impl Default for Argument {
    /// Nothing, at the beginning of the line.
    fn default() -> Self {
        Self {
            text: String::new(),
            origin: vec![0],
        }
    }
}

impl Argument {
    /// The line as it was typed.
    pub fn typed(line: &str) -> Self {
        Self {
            text: line.to_owned(),
            origin: (0..=line.len()).collect(),
        }
    }

    /// A text nobody typed, standing for the piece `span` of the line.
    pub fn standing_for(text: &str, span: Span) -> Self {
        let mut origin = vec![span.start; text.len()];
        origin.push(span.end);
        Self {
            text: text.to_owned(),
            origin,
        }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether nothing was typed.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Where the whole piece stands in the line.
    pub fn span(&self) -> Span {
        self.place(Span::new(0..self.text.len()))
    }

    /// Where a part of the text stands in the line.
    pub fn place(&self, part: Span) -> Span {
        let at = |byte: usize| self.origin.get(byte).or(self.origin.last()).copied();
        Span::new(at(part.start).unwrap_or(0)..at(part.end).unwrap_or(0))
    }

    /// The same error, its span moved from this text into the line.
    pub fn locate(&self, mut error: CommandError) -> CommandError {
        let span = error
            .span
            .map_or_else(|| self.span(), |span| self.place(span));
        error.span = Some(span);
        error
    }

    /// A part of it. The range must lie on character boundaries.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        Self {
            text: self.text[range.clone()].to_owned(),
            origin: self.origin[range.start..=range.end].to_vec(),
        }
    }

    /// It without blanks around it.
    #[must_use]
    pub fn trim(&self) -> Self {
        let start = self.text.len() - self.text.trim_start().len();
        let end = (start + self.text.trim().len()).max(start);
        self.slice(start..end)
    }

    /// It with blanks in place of the bytes of `range`: nothing else moves.
    #[must_use]
    pub fn blank(&self, range: Range<usize>) -> Self {
        let mut text = self.text.clone();
        let blanks = " ".repeat(range.len());
        text.replace_range(range, &blanks);
        Self {
            text,
            origin: self.origin.clone(),
        }
    }

    /// First word and the rest, trimmed.
    pub fn head(&self) -> (Self, Self) {
        let trimmed = self.trim();
        let end = trimmed
            .text
            .find(char::is_whitespace)
            .unwrap_or(trimmed.text.len());
        let rest = trimmed.slice(end..trimmed.text.len()).trim();
        (trimmed.slice(0..end), rest)
    }

    /// The word if it was typed as an option: `--nope`, without quotes.
    pub fn option<'w>(&self, word: &'w Word) -> Option<&'w str> {
        let typed = self.text[word.range.clone()].strip_prefix("--")?;
        typed
            .starts_with(|c: char| c.is_ascii_alphabetic())
            .then_some(word.text.as_str())
    }

    /// The words, split at blanks outside quotes; quotes around a word or a part of it are taken off.
    pub fn words(&self) -> Vec<Word> {
        let mut words = Vec::new();
        let mut rest = 0;
        while let Some(start) = self.text[rest..].find(|c: char| !c.is_whitespace()) {
            let start = rest + start;
            let end = word_end(&self.text, start);
            words.push(Word {
                text: unquoted(&self.text[start..end]),
                span: self.place(Span::new(start..end)),
                range: start..end,
            });
            rest = end;
        }
        words
    }

    /// Adds another piece of the line.
    pub(crate) fn append(&mut self, other: &Self) {
        self.origin.pop();
        self.origin.extend_from_slice(&other.origin);
        self.text.push_str(&other.text);
    }

    /// Adds text that comes from `from..to` of the line.
    pub(crate) fn push(&mut self, text: &str, from: usize, to: usize) {
        self.origin.pop();
        self.origin.extend(std::iter::repeat_n(from, text.len()));
        self.origin.push(to);
        self.text.push_str(text);
    }
}

/// Where the word that begins at `start` ends: at a blank outside quotes. A quote without partner is a letter.
fn word_end(text: &str, start: usize) -> usize {
    let mut at = start;
    while let Some(c) = text[at..].chars().next() {
        if c.is_whitespace() {
            break;
        }
        at = match quoted_end(text, at) {
            Some(end) => end,
            None => at + c.len_utf8(),
        };
    }
    at
}

/// One past the quote that closes the quote at `at`, if one opens there and is closed.
pub(crate) fn quoted_end(text: &str, at: usize) -> Option<usize> {
    let mut chars = text[at..].char_indices();
    let (_, quote) = chars.next().filter(|(_, c)| matches!(c, '"' | '\''))?;
    if quote == '\'' && text[..at].ends_with(char::is_alphanumeric) {
        return None; // an apostrophe: `don't`
    }
    let mut escaped = false;
    for (offset, c) in chars {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return Some(at + offset + 1),
            _ => {}
        }
    }
    None
}

/// A word with its quotes taken off, and escaped quotes and backslashes inside them read.
fn unquoted(word: &str) -> String {
    let mut text = String::new();
    let mut at = 0;
    while let Some(c) = word[at..].chars().next() {
        let Some(end) = quoted_end(word, at) else {
            text.push(c);
            at += c.len_utf8();
            continue;
        };
        let mut inner = word[at + 1..end - 1].chars();
        while let Some(c) = inner.next() {
            match (c, inner.clone().next()) {
                ('\\', Some(next @ ('"' | '\'' | '\\'))) => {
                    inner.next();
                    text.push(next);
                }
                _ => text.push(c),
            }
        }
        at = end;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(argument: &str, words: &[&str]) {
        let found = Argument::typed(argument).words();
        let texts: Vec<&str> = found.iter().map(|word| word.text.as_str()).collect();
        assert_eq!(texts, words);
    }

    #[test]
    fn words_end_at_blanks_outside_quotes() {
        check("", &[]);
        check("  a  b ", &["a", "b"]);
        check(r#"update owner "team a""#, &["update", "owner", "team a"]);
        check(r#"k="a b"c 'd e'"#, &["k=a bc", "d e"]);
        check(r#""a \" b \\""#, &[r#"a " b \"#]);
        check("don't do", &["don't", "do"]);
        check(r#"a" b"#, &[r#"a""#, "b"]);
    }

    #[test]
    fn a_slice_still_knows_where_it_stood() {
        let line = Argument::typed("list  name, äx");
        let (head, rest) = line.head();
        assert_eq!((head.text(), rest.text()), ("list", "name, äx"));
        let span = rest.place(Span::new(0..4));
        assert_eq!((span.start, span.end), (6, 10));
        assert_eq!(line.head().0.blank(1..3).text(), "l  t");
        let nothing = Argument::typed("   ").trim();
        assert!(nothing.is_empty());
    }
}
