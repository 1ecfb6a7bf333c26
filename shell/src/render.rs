//! What is said about answers, on standard error: hints, errors with carets, the summary. The answers themselves go through
//! `page`.
use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use stocktake_command::Output;
use stocktake_model::Duration as Age;

use crate::args::Color;

/// How much colour standard error and standard output take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Screen {
    color: bool,
    answers: bool,
}

const RED: &str = "\x1b[31m";
const DIM: &str = "\x1b[2m";
const RESET: &str = "\x1b[0m";

impl Screen {
    /// A screen that follows `--color` and `NO_COLOR`.
    pub(crate) fn new(color: Color) -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let on = |terminal: bool| match color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => wanted && terminal,
        };
        Self {
            color: on(io::stderr().is_terminal()),
            answers: on(io::stdout().is_terminal()),
        }
    }

    /// Whether standard output takes colours.
    pub(crate) fn colored_answers(self) -> bool {
        self.answers
    }

    /// A word on the side, e.g. how a query was read.
    pub(crate) fn note(self, message: &str) {
        self.aside(&format!("hint: {message}"));
    }

    /// A plain line on standard error.
    pub(crate) fn aside(self, message: &str) {
        let line = if self.color {
            format!("{DIM}{message}{RESET}")
        } else {
            message.to_owned()
        };
        error_line(&line);
    }

    /// What went wrong, where, and the way out.
    pub(crate) fn error(self, message: &str, place: Option<Place<'_>>, hint: Option<&str>) {
        let word = if self.color {
            format!("{RED}error{RESET}")
        } else {
            "error".to_owned()
        };
        error_line(&format!("{word}: {message}"));
        if let Some(place) = place {
            for line in place.lines() {
                error_line(&line);
            }
        }
        for (at, line) in hint.into_iter().flat_map(str::lines).enumerate() {
            let lead = if at == 0 { "  hint: " } else { "        " };
            error_line(&format!("{lead}{line}"));
        }
    }

    /// What came of the whole line, for a person at a prompt.
    pub(crate) fn summary(self, output: &Output, took: Duration) {
        let Output::Done {
            elements,
            data_age_secs,
            gaps,
            ..
        } = output
        else {
            return;
        };
        let Some(age) = data_age_secs else { return };
        let age = Age::from_seconds(i64::try_from(*age).unwrap_or(i64::MAX)).as_age();
        let noun = if *elements == 1 {
            "element"
        } else {
            "elements"
        };
        let mut line = format!(
            "{elements} {noun} in {}, data {age} old",
            milliseconds(took)
        );
        if *gaps > 0 {
            let noun = if *gaps == 1 { "gap" } else { "gaps" };
            line = format!("{line}, {gaps} {noun} (`clusters gaps` tells which)");
        }
        self.aside(&line);
    }
}

fn error_line(line: &str) {
    // Nothing is left to tell anybody if standard error is gone.
    let _ = writeln!(io::stderr().lock(), "{line}");
}

fn milliseconds(took: Duration) -> String {
    let millis = took.as_secs_f64() * 1000.0;
    if millis < 10.0 {
        format!("{millis:.1} ms")
    } else {
        format!("{millis:.0} ms")
    }
}

/// A place in a line that was typed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'l> {
    /// The line.
    pub(crate) line: &'l str,
    /// First byte, and one past the last.
    pub(crate) span: (usize, usize),
}

impl Place<'_> {
    /// The line with carets below the place. Only the typed line of a text of several is shown.
    fn lines(self) -> Vec<String> {
        let start = floor(self.line, self.span.0);
        let end = floor(self.line, self.span.1.max(start));
        let from = self.line[..start].rfind('\n').map_or(0, |at| at + 1);
        let to = self.line[start..]
            .find('\n')
            .map_or(self.line.len(), |at| start + at);
        let before = self.line[from..start].chars().count();
        let carets = self.line[start..end.min(to)].chars().count().max(1);
        vec![
            format!("  | {}", &self.line[from..to]),
            format!("  | {}{}", " ".repeat(before), "^".repeat(carets)),
        ]
    }
}

/// The nearest character boundary at or before a byte.
fn floor(text: &str, at: usize) -> usize {
    (0..=at.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carets_stand_below_the_place() {
        let place = Place {
            line: "search is(pod) and",
            span: (15, 18),
        };
        assert_eq!(
            place.lines(),
            ["  | search is(pod) and", "  |                ^^^"]
        );
        let place = Place {
            line: "ä = 1\nö = x",
            span: (7, 9),
        };
        assert_eq!(place.lines(), ["  | ö = x", "  | ^"]);
        let place = Place {
            line: "x",
            span: (99, 120),
        };
        assert_eq!(place.lines(), ["  | x", "  |  ^"]);
    }
}
