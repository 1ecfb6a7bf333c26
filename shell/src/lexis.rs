//! A line while it is typed, cut into coloured pieces, and whether it goes on.
//!
//! Follows the quotes and escapes of the core's own reader (`core/command/src/line.rs`), but never refuses a line: half of
//! one is the normal case here. What the words mean is the core's business.
use std::ops::Range;

/// What a piece of a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// The first word of a pipeline's stage.
    Head,
    /// `--flag`, or `-f` after a head that takes such.
    Flag,
    /// A text in quotes.
    Quoted,
    /// A quote that is never closed, up to the end.
    OpenQuote,
    /// A bracket with its partner.
    Bracket,
    /// A bracket without one.
    LoneBracket,
    /// `|` or `;`.
    Joint,
}

/// A piece and where it stands, in bytes. What is left out is plain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Its place.
    pub(crate) span: Range<usize>,
    /// What it is.
    pub(crate) class: Class,
}

/// A line, cut.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Lexis {
    /// Pieces in order.
    pub(crate) pieces: Vec<Piece>,
    /// Whether the line cannot be complete: an open quote, an open bracket, a pipe at the end.
    pub(crate) goes_on: bool,
}

/// Cuts a line.
pub(crate) fn read(line: &str) -> Lexis {
    let mut reader = Reader {
        line,
        pieces: Vec::new(),
        open: Vec::new(),
        head_next: true,
        last: None,
    };
    let mut at = 0;
    while let Some(c) = line[at..].chars().next() {
        at = reader.step(at, c);
    }
    let open_quote = matches!(reader.pieces.last(), Some(piece) if piece.class == Class::OpenQuote);
    let goes_on = open_quote || !reader.open.is_empty() || reader.last == Some('|');
    Lexis {
        pieces: reader.pieces,
        goes_on,
    }
}

struct Reader<'l> {
    line: &'l str,
    pieces: Vec<Piece>,
    /// Indices of brackets that still wait for their partner; they count as lone until it comes.
    open: Vec<(char, usize)>,
    /// Whether the next word is the head of a stage.
    head_next: bool,
    /// Last character that is not blank.
    last: Option<char>,
}

impl Reader<'_> {
    /// Reads what begins at `at` with `c`; gives back where the next piece begins.
    fn step(&mut self, at: usize, c: char) -> usize {
        if c.is_whitespace() {
            return at + c.len_utf8();
        }
        self.last = Some(c);
        match c {
            '"' | '\'' if !self.apostrophe(at, c) => self.quoted(at, c),
            '|' | ';' => {
                self.push(at..at + 1, Class::Joint);
                self.head_next = true;
                at + 1
            }
            '(' | '[' | '{' => {
                self.open.push((c, self.pieces.len()));
                self.push(at..at + 1, Class::LoneBracket);
                self.head_next = false;
                at + 1
            }
            ')' | ']' | '}' => self.closing(at, c),
            _ => self.word(at),
        }
    }

    fn push(&mut self, span: Range<usize>, class: Class) {
        self.pieces.push(Piece { span, class });
    }

    /// `don't`: no quote begins within a word.
    fn apostrophe(&self, at: usize, c: char) -> bool {
        c == '\'' && self.line[..at].ends_with(char::is_alphanumeric)
    }

    fn quoted(&mut self, at: usize, quote: char) -> usize {
        let mut escaped = false;
        self.head_next = false;
        for (offset, c) in self.line[at..].char_indices().skip(1) {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                _ if c == quote => {
                    let end = at + offset + 1;
                    self.push(at..end, Class::Quoted);
                    return end;
                }
                _ => {}
            }
        }
        self.push(at..self.line.len(), Class::OpenQuote);
        self.line.len()
    }

    fn closing(&mut self, at: usize, c: char) -> usize {
        let opening = match c {
            ')' => '(',
            ']' => '[',
            _ => '{',
        };
        let partner = self.open.pop_if(|(open, _)| *open == opening);
        let class = match partner {
            Some((_, index)) => {
                self.pieces[index].class = Class::Bracket;
                Class::Bracket
            }
            None => Class::LoneBracket,
        };
        self.push(at..at + 1, class);
        at + 1
    }

    fn word(&mut self, at: usize) -> usize {
        let mut end = at;
        let mut chars = self.line[at..].chars();
        while let Some(c) = chars.next() {
            if c.is_whitespace() || matches!(c, '|' | ';' | '(' | ')' | '[' | ']' | '{' | '}' | '"')
            {
                break;
            }
            if c == '\'' && !self.apostrophe(end, c) {
                break;
            }
            end += c.len_utf8();
            // An escaped character is part of the word, whatever it is.
            if c == '\\' {
                end += chars.next().map_or(0, char::len_utf8);
            }
        }
        let text = &self.line[at..end];
        let assignment = text.contains('=');
        if self.head_next && !assignment {
            self.push(at..end, Class::Head);
            self.head_next = false;
        } else if text.starts_with("--") && text.len() > 2 && !text.starts_with("-->") {
            self.push(at..end, Class::Flag);
        }
        end
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Expect) {
        let lexis = read(line);
        let mut shown: Vec<String> = lexis
            .pieces
            .iter()
            .map(|piece| format!("{:?} {}", piece.class, &line[piece.span.clone()]))
            .collect();
        shown.extend(lexis.goes_on.then(|| "…".to_owned()));
        expected.assert_eq(&shown.join("\n"));
    }

    #[test]
    fn a_line_is_cut_into_heads_flags_quotes_and_brackets() {
        check(
            "search is(pod) and name=\"a|b\" | list --wide name ; kinds",
            expect![[r#"
                Head search
                Bracket (
                Bracket )
                Quoted "a|b"
                Joint |
                Head list
                Flag --wide
                Joint ;
                Head kinds"#]],
        );
        check(
            "limit=3 search is(pod) <-[0:]-> --> is(x)",
            expect![[r"
                Head search
                Bracket (
                Bracket )
                Bracket [
                Bracket ]
                Bracket (
                Bracket )"]],
        );
    }

    #[test]
    fn open_quotes_brackets_and_pipes_go_on() {
        check("search \"a", expect![["Head search\nOpenQuote \"a\n…"]]);
        check("search is(pod", expect![["Head search\nLoneBracket (\n…"]]);
        check("search all |", expect![["Head search\nJoint |\n…"]]);
        check("kinds ;", expect![["Head kinds\nJoint ;"]]);
        check("search all)", expect![["Head search\nLoneBracket )"]]);
        check(
            "search (a]",
            expect![["Head search\nLoneBracket (\nLoneBracket ]\n…"]],
        );
    }

    #[test]
    fn escapes_and_apostrophes_open_nothing() {
        check("echo don't", expect!["Head echo"]);
        check(r#"echo \" \|"#, expect!["Head echo"]);
        check(
            r#"echo "a \" b""#,
            expect![["Head echo\nQuoted \"a \\\" b\""]],
        );
        check("echo ä\\", expect!["Head echo"]);
        check("", expect![""]);
    }
}
