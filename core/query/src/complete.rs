//! What may stand at the cursor. It runs the real grammar on the text before the cursor and reads its
//! notes, so it can not offer what the parser refuses. Which kinds and properties exist is not known here.
use crate::ast::{EdgeType, FunctionName, Op, Path, Span};
use crate::error::CONDITIONS;
use crate::expected::Expected;
use crate::lexer::{is_name_char, is_word_char};
use crate::parse::run;
use crate::part::query;
use crate::trace::{Scope, Trace};

/// How far back the word at the cursor may begin, in bytes.
const LONGEST_WORD: usize = 256;

/// What may stand at the cursor, and the word that is being typed there.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Completion {
    /// The word up to the cursor; may be empty.
    pub word: String,
    /// Which bytes the word takes; a completion replaces them.
    pub span: Span,
    /// What may stand there and begins with the word, in the order of the grammar.
    pub expect: Vec<Expect>,
    /// The kinds named by `is(…)` so far in this part of the query.
    pub kinds: Vec<String>,
    /// The contexts the cursor is in, outermost first: properties are relative to them.
    pub within: Vec<Path>,
}

/// One thing that may stand at the cursor.
#[derive(Debug, Clone, PartialEq)]
pub enum Expect {
    /// The name of a kind.
    Kind,
    /// The id of a node.
    Id,
    /// A path to a property of a node.
    Property,
    /// A path to a property of an edge.
    EdgeProperty,
    /// A comparison operator.
    Operator {
        /// The property that is compared; nothing where a number of nodes is.
        path: Option<Path>,
    },
    /// A value to compare with.
    Value {
        /// The property that is compared; nothing where functions take a value.
        path: Option<Path>,
    },
    /// Full text, in double quotes.
    Text,
    /// The beginning of a walk.
    Navigation,
    /// One of [`EdgeType::ALL`].
    EdgeType,
    /// One of [`FunctionName::ALL`] and its bracket.
    Function,
    /// Digits.
    Number,
    /// A name that the writer chooses.
    Name,
    /// A duration or a time.
    Time,
    /// A word of the language.
    Keyword(&'static str),
    /// A word of the language and its bracket: `is(`.
    Call(&'static str),
    /// A sign of the language.
    Symbol(&'static str),
}

/// What may stand at a byte of a query; text behind the cursor does not count.
///
/// A cursor outside of the text, or inside of a character, is moved back.
pub fn suggest(text: &str, cursor: usize) -> Completion {
    let cursor = (0..=cursor.min(text.len()))
        .rev()
        .find(|&at| text.is_char_boundary(at));
    let before = &text[..cursor.unwrap_or(0)];
    let start = word_limit(before);
    // A word does not begin in the middle of another one; trying every byte would be slow.
    let mut previous = None;
    let begins = before[start..].char_indices().filter_map(|(at, c)| {
        let inside = previous.replace(c).is_some_and(char::is_alphanumeric) && c.is_alphanumeric();
        (!inside).then_some(start + at)
    });
    begins
        .chain([before.len()])
        .find_map(|at| completion(before, at))
        .unwrap_or_default()
}

/// Where the word at the end may begin at the earliest: behind the last blank, or at an open quote.
fn word_limit(before: &str) -> usize {
    if let Some(quote) = open_quote(before) {
        return quote;
    }
    let blank = before.char_indices().rev().find(|(_, c)| c.is_whitespace());
    let start = blank.map_or(0, |(at, c)| at + c.len_utf8());
    let earliest = before.len().saturating_sub(LONGEST_WORD);
    (start.max(earliest)..=before.len())
        .find(|&at| before.is_char_boundary(at))
        .unwrap_or(start)
}

/// Where the quoted text begins that is not closed.
fn open_quote(before: &str) -> Option<usize> {
    let mut open = None;
    let mut escaped = false;
    for (at, c) in before.char_indices() {
        match (open, c) {
            _ if escaped => escaped = false,
            (Some((_, '"')), '\\') => escaped = true,
            (Some((_, quote)), c) if c == quote => open = None,
            (None, '"' | '`') => open = Some((at, c)),
            _ => {}
        }
    }
    open.filter(|(_, quote)| *quote == '"').map(|(at, _)| at)
}

/// The completion if the word begins at `at`; nothing if the grammar does not get there, or if
/// nothing that may stand there begins like the word.
fn completion(before: &str, at: usize) -> Option<Completion> {
    let trace = Trace::scoped();
    // The text may be whole already: what else could follow is in the notes either way.
    let _whole = run(&before[..at], &trace, query);
    let (furthest, expected) = trace.furthest();
    if furthest != at {
        return None;
    }
    let typed = &before[at..];
    let glued = before[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    let scope = trace.scope_at_furthest();
    // Conditions come first: what may stand before them (a preamble) is rarely what is looked for.
    let (first, rest): (Vec<_>, Vec<_>) = expected
        .into_iter()
        .partition(|what| *what == Expected::Condition);
    let offers = first
        .into_iter()
        .chain(rest)
        .flat_map(|what| offers(what, &scope));
    let mut expect: Vec<Expect> = Vec::new();
    for offer in offers.filter(|offer| offer.begins_with(typed)) {
        let refused = glued && offer.is_word();
        if !refused && !expect.contains(&offer) {
            expect.push(offer);
        }
    }
    let span = Span::new(at..before.len());
    let Scope {
        kinds,
        contexts: within,
        ..
    } = scope;
    (!expect.is_empty()).then(|| Completion {
        word: typed.to_owned(),
        span,
        expect,
        kinds,
        within,
    })
}

/// What the grammar asks for, in terms of what can be typed.
fn offers(what: Expected, scope: &Scope) -> Vec<Expect> {
    match what {
        Expected::Condition => {
            let calls = CONDITIONS.map(Expect::Call);
            let words = [Expect::Keyword("not"), Expect::Keyword("all")];
            let rest = [Expect::Text, Expect::Symbol("(")];
            [Expect::Property]
                .into_iter()
                .chain(calls)
                .chain(words)
                .chain(rest)
                .collect()
        }
        Expected::EdgeCondition => vec![
            Expect::EdgeProperty,
            Expect::Keyword("not"),
            Expect::Keyword("all"),
            Expect::Symbol("("),
        ],
        Expected::Quantifier => ["any", "all", "none"].map(Expect::Keyword).to_vec(),
        Expected::Keyword(word @ ("with" | "with_usage" | "aggregate")) => vec![Expect::Call(word)],
        Expected::Arithmetic => ["+", "-", "*", "/", "%"].map(Expect::Symbol).to_vec(),
        other => single_offer(other, scope).into_iter().collect(),
    }
}

/// What can be typed for something that is one thing only.
fn single_offer(what: Expected, scope: &Scope) -> Option<Expect> {
    Some(match what {
        Expected::Property | Expected::Hole => Expect::Property,
        Expected::Operator => Expect::Operator {
            path: scope.path.clone(),
        },
        Expected::Value => Expect::Value {
            path: scope.path.clone(),
        },
        Expected::Kind => Expect::Kind,
        Expected::Id => Expect::Id,
        Expected::Name | Expected::MergeName => Expect::Name,
        Expected::Number => Expect::Number,
        Expected::Time => Expect::Time,
        Expected::Function => Expect::Function,
        Expected::EdgeType => Expect::EdgeType,
        Expected::Navigation => Expect::Navigation,
        Expected::Keyword(word) => Expect::Keyword(word),
        Expected::Symbol(sign) => Expect::Symbol(sign),
        _ => return None,
    })
}

impl Expect {
    /// The words and signs that are meant, where it is a closed set.
    pub fn words(&self) -> Vec<&'static str> {
        match self {
            Self::Operator { path: Some(_) } => Op::ALL.map(Op::name).to_vec(),
            Self::Operator { path: None } => Op::NUMERIC.map(Op::name).to_vec(),
            Self::Navigation => vec!["-->", "<--", "<-->", "-[1:]->", "<-[1:]-"],
            Self::EdgeType => EdgeType::ALL.map(EdgeType::name).to_vec(),
            Self::Function => FunctionName::ALL.map(FunctionName::name).to_vec(),
            Self::Keyword(word) | Self::Call(word) | Self::Symbol(word) => vec![word],
            _ => Vec::new(),
        }
    }

    /// True for what can not stand right behind a letter; arrows would be taken for part of a value.
    fn is_word(&self) -> bool {
        !matches!(self, Self::Symbol(_) | Self::Operator { .. } | Self::Text)
    }

    /// True if this may begin with what was typed; a sign that is complete needs no completion.
    fn begins_with(&self, typed: &str) -> bool {
        let all = |allowed: fn(char) -> bool| typed.chars().all(allowed);
        match self {
            Self::Symbol(_) | Self::Operator { .. } => {
                let words = self.words();
                let whole = words.contains(&typed) && !typed.starts_with(is_name_char);
                !whole && words.iter().any(|word| word.starts_with(typed))
            }
            Self::Keyword(_) | Self::Call(_) | Self::EdgeType | Self::Function => {
                self.words().iter().any(|word| word.starts_with(typed))
            }
            Self::Navigation => self
                .words()
                .iter()
                .any(|word| word.starts_with(typed) && *word != typed),
            Self::Property | Self::EdgeProperty => {
                all(|c| is_name_char(c) || "./`[]*".contains(c)) && !typed.starts_with(['-', '['])
            }
            Self::Kind | Self::Id | Self::Name => typed.starts_with('"') || all(is_name_char),
            Self::Value { .. } | Self::Time => {
                typed.starts_with('"') || typed.trim_start_matches('+').chars().all(is_word_char)
            }
            Self::Text => typed.is_empty() || typed.starts_with('"'),
            Self::Number => all(|c| c.is_ascii_digit()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use expect_test::{Expect as Golden, expect};

    use super::*;

    /// The cursor is where `|` stands.
    #[track_caller]
    fn check(marked: &str, expect: Golden) {
        let (before, after) = marked.split_once('|').unwrap();
        let found = suggest(&format!("{before}{after}"), before.len());
        assert_eq!(found.word, before[found.span.start..found.span.end]);
        let offers: Vec<_> = found.expect.iter().map(shown).collect();
        let mut out = format!("{:?} {}", found.word, offers.join(" "));
        if !found.kinds.is_empty() {
            write!(out, " kinds={}", found.kinds.join(",")).unwrap();
        }
        for path in &found.within {
            write!(out, " within={path}").unwrap();
        }
        expect.assert_eq(&out);
    }

    fn named(path: Option<&Path>) -> String {
        path.map_or_else(String::new, ToString::to_string)
    }

    fn shown(offer: &Expect) -> String {
        match offer {
            Expect::Operator { path } => format!("Operator({})", named(path.as_ref())),
            Expect::Value { path } => format!("Value({})", named(path.as_ref())),
            Expect::Keyword(word) | Expect::Symbol(word) => (*word).to_owned(),
            Expect::Call(word) => format!("{word}("),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn an_empty_query_may_begin_with_anything() {
        check(
            "|",
            expect![[
                r#""" Property is( id( has_key( in_subnet( has_desired_change( has_no_desired_change( not all Text ( aggregate( with_usage( with( # sort limit reversed Navigation"#
            ]],
        );
    }

    #[test]
    fn kinds_are_offered_in_their_bracket() {
        check("is(|", expect![[r#""" Kind"#]]);
        check("is(kubernetes_po|", expect![[r#""kubernetes_po" Kind"#]]);
        check("is(a, b|) and x = 1", expect![[r#""b" Kind kinds=a"#]]);
    }

    #[test]
    fn properties_know_kinds_and_contexts() {
        check(
            "is(pod) and tags.ow|",
            expect![[r#""tags.ow" Property kinds=pod"#]],
        );
        check(
            "is(pod) --> is(job) and na|",
            expect![[r#""na" Property kinds=job"#]],
        );
        check(
            "is(pod) and containers[*].{ima|",
            expect![[r#""ima" Property kinds=pod within=containers[*]"#]],
        );
        check(
            "is(a) with(any, --> is(b) and x|",
            expect![[r#""x" Property kinds=b"#]],
        );
        check(
            "is(a) with(any, --> is(b)) sort x|",
            expect![[r#""x" Property kinds=a"#]],
        );
        check("is(a) -{rel|", expect![[r#""rel" EdgeProperty kinds=a"#]]);
    }

    #[test]
    fn operators_and_values_know_their_property() {
        check("name |", expect![[r#""" any all none Operator(name)"#]]);
        check("name =|", expect![[r#""" Value(name)"#]]);
        check("name !|", expect![[r#""!" Operator(name)"#]]);
        check("tags.owner = we|", expect![[r#""we" Value(tags.owner)"#]]);
        check(
            "tags.owner = \"two wo|",
            expect![[r#""\"two wo" Value(tags.owner)"#]],
        );
        check("a in [x, y|", expect![[r#""y" Value(a)"#]]);
    }

    #[test]
    fn clauses_and_walks_follow_a_condition() {
        check(
            "is(a) |",
            expect![[r#""" and or { with( # sort limit reversed Navigation kinds=a"#]],
        );
        check(
            "is(a)|",
            expect![[r#""" and or { with( # sort limit reversed Navigation kinds=a"#]],
        );
        check("is(a) so|", expect![[r#""so" sort kinds=a"#]]);
        check("is(a) --|", expect![[r#""--" Navigation kinds=a"#]]);
        check("is(a) -del|", expect![[r#""del" EdgeType kinds=a"#]]);
        check(
            "is(a) limit 5 |",
            expect![[r#""" , reversed Navigation kinds=a"#]],
        );
        check("aggregate(kind: su|", expect![[r#""su" Function"#]]);
    }

    #[test]
    fn nothing_is_offered_behind_an_error() {
        check("a = 'x' and |", expect![[r#""" "#]]);
    }
}
