//! What line editing shows while a line is typed: colours, hints, completions, and whether Enter ends it.
use std::borrow::Cow;

use rustyline::completion::{Completer, Pair};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter, HistoryHinter};
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper};
use stocktake_command::command;

use crate::completions::Completions;
use crate::lexis::{self, Class, Piece};
use crate::local::Local;

const BOLD: &str = "\x1b[1m";
const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33m";
const RED: &str = "\x1b[31m";
const DIM: &str = "\x1b[2m";
const RESET: &str = "\x1b[0m";

/// Listens while a line is typed.
pub(crate) struct Typing {
    completions: Box<dyn Completions>,
    history: HistoryHinter,
    /// Without colours a hint could not be told from what was typed.
    color: bool,
}

impl Typing {
    /// Completes with `completions`.
    pub(crate) fn new(completions: Box<dyn Completions>, color: bool) -> Self {
        Self {
            completions,
            history: HistoryHinter::new(),
            color,
        }
    }
}

impl Helper for Typing {}

impl Completer for Typing {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let found = self.completions.complete(line, pos);
        let pairs = found.offers.into_iter().map(|offer| Pair {
            display: offer.shown,
            replacement: offer.text,
        });
        Ok((found.start, pairs.collect()))
    }
}

/// Grey text behind the cursor.
pub(crate) enum Ahead {
    /// The rest of a line typed before; the right arrow takes it.
    Rest(String),
    /// How a command is written; only to look at.
    Usage(&'static str),
}

impl Hint for Ahead {
    fn display(&self) -> &str {
        match self {
            Self::Rest(text) => text,
            Self::Usage(text) => text,
        }
    }

    fn completion(&self) -> Option<&str> {
        match self {
            Self::Rest(text) => Some(text),
            Self::Usage(_) => None,
        }
    }
}

impl Hinter for Typing {
    type Hint = Ahead;

    fn hint(&self, line: &str, pos: usize, context: &Context<'_>) -> Option<Ahead> {
        if !self.color || pos < line.len() {
            return None;
        }
        if let Some(rest) = self.history.hint(line, pos, context) {
            return Some(Ahead::Rest(rest));
        }
        usage(line).map(Ahead::Usage)
    }
}

/// How the command that was just typed goes on: only right behind its name and a blank.
fn usage(line: &str) -> Option<&'static str> {
    let pieces = lexis::read(line).pieces;
    let head = pieces.last().filter(|piece| piece.class == Class::Head)?;
    if &line[head.span.end..] != " " {
        return None;
    }
    let usage = command(&line[head.span.clone()])?.spec().usage;
    Some(usage).filter(|usage| !usage.is_empty())
}

impl Highlighter for Typing {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        paint(line)
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(format!("{DIM}{hint}{RESET}"))
    }

    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        true
    }
}

fn paint(line: &str) -> Cow<'_, str> {
    let pieces = lexis::read(line).pieces;
    let mut out = String::new();
    let mut kept = 0;
    for piece in &pieces {
        let Some(code) = code(piece, line) else {
            continue;
        };
        out.push_str(&line[kept..piece.span.start]);
        out.push_str(code);
        out.push_str(&line[piece.span.clone()]);
        out.push_str(RESET);
        kept = piece.span.end;
    }
    if kept == 0 {
        return Cow::Borrowed(line);
    }
    out.push_str(&line[kept..]);
    Cow::Owned(out)
}

fn code(piece: &Piece, line: &str) -> Option<&'static str> {
    match piece.class {
        Class::Head => known(&line[piece.span.clone()]).then_some(BOLD),
        Class::Flag => Some(YELLOW),
        Class::Quoted => Some(GREEN),
        Class::OpenQuote | Class::LoneBracket => Some(RED),
        Class::Joint => Some(DIM),
        Class::Bracket => None,
    }
}

fn known(head: &str) -> bool {
    command(head).is_some() || Local::of(head).is_some()
}

impl Validator for Typing {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(if goes_on(context.input()) {
            ValidationResult::Incomplete
        } else {
            ValidationResult::Valid(None)
        })
    }
}

/// Whether Enter begins a new line. An empty line ends the text all the same: the core will say what is missing.
fn goes_on(text: &str) -> bool {
    let empty_line = text
        .rsplit_once('\n')
        .is_some_and(|(_, last)| last.trim().is_empty());
    !empty_line && lexis::read(text).goes_on
}

/// The lines of a text: it may have been typed over several, or pasted. A line goes on where it cannot end, and where the next
/// one begins with a pipe.
pub(crate) fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let joined = line.trim_start().starts_with('|');
        match lines.last_mut() {
            Some(last) if joined || lexis::read(last).goes_on => {
                let in_quotes = matches!(lexis::read(last).pieces.last(), Some(piece) if piece.class == Class::OpenQuote);
                last.push(if in_quotes { '\n' } else { ' ' });
                last.push_str(line);
            }
            _ => lines.push(line.to_owned()),
        }
    }
    let trimmed = lines.iter().map(|line| line.trim().to_owned());
    trimmed.filter(|line| !line.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_colours_are_added() {
        let line = "search is(pod and \"ö\" | list --wide ) 'x";
        let painted = paint(line);
        assert_eq!(console::strip_ansi_codes(&painted), line);
        assert!(painted.contains("\x1b[1msearch\x1b[0m"));
        assert!(painted.contains("\x1b[33m--wide\x1b[0m"));
        assert!(painted.contains("\x1b[32m\"ö\"\x1b[0m"));
        assert!(painted.contains("\x1b[31m'x\x1b[0m"));
    }

    #[test]
    fn a_command_shows_how_it_goes_on() {
        assert!(usage("search ").is_some_and(|usage| usage.contains("QUERY")));
        assert!(usage("search all | list ").is_some_and(|usage| usage.contains("--wide")));
        for line in ["search", "search a", "nonsense ", "", " "] {
            assert_eq!(usage(line), None, "{line}");
        }
    }

    #[test]
    fn enter_ends_what_can_end() {
        assert!(goes_on("search is(pod"));
        assert!(goes_on("search all |"));
        assert!(!goes_on("search all"));
        assert!(!goes_on("search is(pod\n"));
    }

    #[test]
    fn a_text_of_several_lines_becomes_lines() {
        let cases: &[(&str, &[&str])] = &[
            ("search all |\ncount kind", &["search all | count kind"]),
            ("search is(\npod)\n | list", &["search is( pod)  | list"]),
            ("kinds\nhelp\n", &["kinds", "help"]),
            ("echo \"a\nb\"", &["echo \"a\nb\""]),
            ("  \n", &[]),
        ];
        for (text, expected) in cases {
            assert_eq!(lines(text), *expected, "{text}");
        }
    }
}
