//! From "nothing matched at this place" to what is wrong: looks at what stands there. Reads no grammar.
use crate::ast::{EdgeType, Span};
use crate::error::{SyntaxError, SyntaxKind};
use crate::expected::Expected;
use crate::lexer::ident_length;
use crate::part::is_clause;

/// Words that are commands and often typed into a query by habit.
const COMMANDS: [&str; 3] = ["search", "query", "match"];

/// Words for operators in other languages.
const FOREIGN_OPERATORS: [&str; 8] = [
    "like", "matches", "contains", "is", "equals", "eq", "ne", "regex",
];

/// The error at `at`, where one of `expected` should stand.
pub(crate) fn diagnose(text: &str, at: usize, expected: Vec<Expected>) -> SyntaxError {
    let place = Place {
        text,
        at,
        rest: &text[at..],
        expected: &expected,
    };
    let (length, kind) = place
        .end()
        .or_else(|| place.sign())
        .or_else(|| place.word())
        .unwrap_or_else(|| {
            let length = found_length(place.rest);
            let found = (length > 0).then(|| place.rest[..length].to_owned());
            (
                length,
                SyntaxKind::Unexpected {
                    found,
                    expected: expected.clone(),
                },
            )
        });
    SyntaxError::new(kind, Span::new(at..at + length)).with_expected(expected)
}

/// Where nothing matched.
struct Place<'a> {
    text: &'a str,
    at: usize,
    rest: &'a str,
    expected: &'a [Expected],
}

/// How many bytes are to blame, and for what.
type Finding = Option<(usize, SyntaxKind)>;

impl Place<'_> {
    fn wants(&self, what: Expected) -> bool {
        self.expected.contains(&what)
    }

    /// True behind a whole condition.
    fn after_condition(&self) -> bool {
        self.wants(Expected::Keyword("and"))
    }

    fn wants_condition(&self) -> bool {
        self.wants(Expected::Condition) || self.wants(Expected::EdgeCondition)
    }

    /// Nothing follows: a bracket may be open.
    fn end(&self) -> Finding {
        let groups = self.wants(Expected::Keyword("as")) && self.wants(Expected::Symbol(":"));
        if groups && self.rest.is_empty() {
            return Some((0, SyntaxKind::NoFunction));
        }
        // Behind an arrow a condition may stand, but need not.
        let optional = self.wants(Expected::Keyword("with"));
        let close = ["}", "]", ")"]
            .into_iter()
            .find(|close| self.wants(Expected::Symbol(close)));
        let close =
            close.filter(|_| self.rest.is_empty() && (optional || !self.wants_condition()))?;
        Some((
            0,
            SyntaxKind::MissingClose {
                close,
                open: unclosed(self.text),
            },
        ))
    }

    /// A sign that is known from elsewhere.
    fn sign(&self) -> Finding {
        let first = self.rest.chars().next()?;
        let symbolic = |found: &str, instead| {
            Some((
                found.len(),
                SyntaxKind::Symbolic {
                    found: found.to_owned(),
                    instead,
                },
            ))
        };
        match first {
            '\'' => {
                let length = self.rest[1..].find('\'').map_or(1, |end| end + 2);
                Some((length, SyntaxKind::SingleQuotes))
            }
            '&' => symbolic(
                if self.rest.starts_with("&&") {
                    "&&"
                } else {
                    "&"
                },
                "and",
            ),
            '|' if self.rest.starts_with("||") => symbolic("||", "or"),
            '|' => Some((1, SyntaxKind::Pipe)),
            '!' if self.wants_condition() => symbolic("!", "not"),
            '{' if self.wants(Expected::Operator) => Some((1, SyntaxKind::ContextWithoutDot)),
            '(' if self.wants(Expected::Value) => Some((1, SyntaxKind::RoundList)),
            ')' | ']' | '}' if self.after_condition() && self.wants(Expected::End) => {
                Some((1, SyntaxKind::ExtraClose { found: first }))
            }
            '.' | '0'..='9' if self.wants_condition() => {
                Some((1, SyntaxKind::BadPathStart { found: first }))
            }
            _ if self.in_name(first) => {
                let value = self.surrounding().to_owned();
                Some((
                    first.len_utf8(),
                    SyntaxKind::BadCharacter {
                        found: first,
                        value,
                    },
                ))
            }
            ')' if self.wants(Expected::Symbol(":")) => Some((1, SyntaxKind::NoFunction)),
            ',' if self.after_condition() && self.wants(Expected::End) => {
                Some((1, SyntaxKind::CommaOutsideList))
            }
            _ if self.in_path(first) => Some((
                first.len_utf8(),
                SyntaxKind::BadPathCharacter { found: first },
            )),
            _ => None,
        }
    }

    /// True if a character stands in the middle of what was meant as a name in a list.
    fn in_name(&self, found: char) -> bool {
        let glued = self.text[..self.at].ends_with(crate::lexer::is_name_char);
        let odd = !found.is_whitespace() && !",()[]{}\"'`".contains(found);
        self.wants(Expected::Symbol(",")) && self.wants(Expected::Symbol(")")) && glued && odd
    }

    /// The text around the place, up to blanks and brackets.
    fn surrounding(&self) -> &str {
        let ends = |c: char| c.is_whitespace() || ",()[]{}\"".contains(c);
        let before = &self.text[..self.at];
        let start = before.char_indices().rev().find(|&(_, c)| ends(c));
        let start = start.map_or(0, |(at, c)| at + c.len_utf8());
        let end = self
            .rest
            .find(ends)
            .map_or(self.text.len(), |length| self.at + length);
        &self.text[start..end]
    }

    /// True if a character stands in the middle of what was meant as a path.
    fn in_path(&self, found: char) -> bool {
        let glued = !self.text[..self.at].ends_with(char::is_whitespace);
        let odd = !found.is_ascii() || "/@:#$+*%\\".contains(found);
        self.wants(Expected::Operator) && glued && odd
    }

    /// A word that belongs somewhere else.
    fn word(&self) -> Finding {
        let length = ident_length(self.rest);
        let word = &self.rest[..length];
        let after = self.rest[length..].trim_start();
        if let Some(kind) = self.call(word) {
            return Some((length, kind));
        }
        if self.wants(Expected::Operator) && FOREIGN_OPERATORS.contains(&word) {
            return Some((
                length,
                SyntaxKind::UnknownOperator {
                    found: word.to_owned(),
                },
            ));
        }
        if length > 0
            && COMMANDS.contains(&word)
            && (self.wants_condition() || self.after_condition())
        {
            return Some((
                length,
                SyntaxKind::CommandWord {
                    word: word.to_owned(),
                },
            ));
        }
        if length > 0
            && let Some(keyword) = self.lower_case(word)
        {
            return Some((
                length,
                SyntaxKind::UpperCase {
                    found: word.to_owned(),
                    keyword,
                },
            ));
        }
        if self.wants_condition() && (is_clause(word) || matches!(word, "and" | "or")) {
            return Some((
                length,
                SyntaxKind::KeywordAsCondition {
                    word: word.to_owned(),
                },
            ));
        }
        if self.wants(Expected::Navigation) && is_clause(word) {
            return Some((
                length,
                SyntaxKind::WrongOrder {
                    found: word.to_owned(),
                },
            ));
        }
        if !self.after_condition() || self.wants(Expected::Symbol(":")) {
            return None;
        }
        let compares = after.starts_with(['=', '!', '<', '>', '~', '(', '.']) && length > 0;
        if compares || self.rest.starts_with(['"', '(', '`']) {
            return Some((found_length(self.rest), SyntaxKind::TwoConditions));
        }
        self.stray_word()
    }

    /// A word that has brackets, without them or in the wrong place.
    fn call(&self, word: &str) -> Option<SyntaxKind> {
        let call = matches!(word, "with" | "with_usage" | "aggregate");
        let due = |what: &Expected| matches!(what, Expected::Keyword(keyword) if *keyword == word);
        if call && self.expected.iter().any(due) {
            return Some(SyntaxKind::WithoutBracket {
                word: word.to_owned(),
            });
        }
        (word == "aggregate" && self.wants_condition()).then_some(SyntaxKind::LateAggregate)
    }

    /// The expected keyword that the word is, but for its case.
    fn lower_case(&self, word: &str) -> Option<String> {
        let lower = word.to_ascii_lowercase();
        if lower == word {
            return None;
        }
        let known = self.expected.iter().any(|what| match what {
            Expected::Keyword(keyword) => *keyword == lower,
            Expected::Operator => lower == "in" || lower == "not",
            Expected::Quantifier => ["any", "all", "none"].contains(&lower.as_str()),
            Expected::EdgeType => EdgeType::from_name(&lower).is_some(),
            Expected::Condition | Expected::EdgeCondition => lower == "not" || lower == "all",
            _ => false,
        });
        known.then_some(lower)
    }

    /// A word right behind a value without quotes: the text probably has blanks.
    fn stray_word(&self) -> Finding {
        let length = self
            .rest
            .find(|c: char| c.is_whitespace() || ",[](){}\"|".contains(c));
        let found = &self.rest[..length.unwrap_or(self.rest.len())];
        let before = self.text[..self.at].trim_end();
        let start = before
            .rfind(|c: char| !crate::lexer::is_word_char(c))
            .map_or(0, |at| {
                at + before[at..].chars().next().map_or(0, char::len_utf8)
            });
        let value = &before[start..];
        if found.is_empty() || value.is_empty() || found.starts_with(['-', '<', '#']) {
            return None;
        }
        let kind = SyntaxKind::StrayWord {
            value: value.to_owned(),
            found: found.to_owned(),
        };
        Some((found.len(), kind))
    }
}

/// Length of the word or sign at the start.
fn found_length(rest: &str) -> usize {
    match ident_length(rest) {
        0 if rest.starts_with(char::is_whitespace) => 0,
        0 => rest.chars().next().map_or(0, char::len_utf8),
        length => length,
    }
}

/// The last bracket that is not closed; quoted text does not count.
fn unclosed(text: &str) -> Option<Span> {
    let mut open = Vec::new();
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            _ if escaped => escaped = false,
            (Some('"'), '\\') => escaped = true,
            (Some(end), c) if c == end => quote = None,
            (None, '"' | '`') => quote = Some(c),
            (None, '(' | '[' | '{') => open.push(at),
            (None, ')' | ']' | '}') => {
                open.pop();
            }
            _ => {}
        }
    }
    open.last().map(|&at| Span::new(at..at + 1))
}
