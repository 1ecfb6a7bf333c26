//! What can be wrong with a query: kind, place and way out. How it is shown is the shell's business.
use crate::ast::{EdgeType, FunctionName, Span};
use crate::expected::{Expected, wanted};
use crate::limits::{MAX_DEPTH, MAX_LENGTH};

/// A query that can not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}")]
pub struct SyntaxError {
    /// What is wrong.
    pub kind: SyntaxKind,
    /// Which bytes of the text are to blame; inside the text and on character boundaries.
    pub span: Span,
    expected: Vec<Expected>,
}

impl SyntaxError {
    pub(crate) fn new(kind: SyntaxKind, span: Span) -> Self {
        Self {
            kind,
            span,
            expected: Vec::new(),
        }
    }

    pub(crate) fn with_expected(self, expected: Vec<Expected>) -> Self {
        Self { expected, ..self }
    }

    /// What might have stood there instead, in the order of the grammar.
    pub fn expected(&self) -> &[Expected] {
        &self.expected
    }

    /// What the reader can do about it, in one sentence.
    pub fn hint(&self) -> Option<String> {
        self.kind.hint(&self.expected)
    }
}

/// What is wrong with a query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SyntaxKind {
    /// Something else should stand here.
    #[error("expected {}{}", wanted(.expected), found_words(.found.as_ref()))]
    Unexpected {
        /// The word or sign that stands here; nothing at the end of the text.
        found: Option<String>,
        /// What might have stood here.
        expected: Vec<Expected>,
    },
    /// A word of the language stands where a condition is needed.
    #[error("expected a condition, found the keyword `{word}`")]
    KeywordAsCondition {
        /// The keyword.
        word: String,
    },
    /// Two conditions without `and` or `or`.
    #[error("two conditions without `and` or `or` between them")]
    TwoConditions,
    /// A text with blanks or a stray word after a value.
    #[error("expected `and`, `or` or a clause after `{value}`, found `{found}`")]
    StrayWord {
        /// The value before it.
        value: String,
        /// The word.
        found: String,
    },
    /// `'text'`
    #[error("single quotes do not quote text in a query")]
    SingleQuotes,
    /// `"text`
    #[error("the closing `\"` is missing")]
    UnterminatedText,
    /// `` `name ``
    #[error("the closing backtick is missing")]
    UnterminatedBacktick,
    /// Two backticks without a name.
    #[error("a property name can not be empty")]
    EmptyName,
    /// `AND`
    #[error("`{found}` has to be lower case")]
    UpperCase {
        /// The word as written.
        found: String,
        /// The word of the language.
        keyword: String,
    },
    /// `&&`
    #[error("`{found}` is not known")]
    Symbolic {
        /// The sign.
        found: String,
        /// The word of the language.
        instead: &'static str,
    },
    /// `===`, `<>`
    #[error("unknown operator `{found}`")]
    UnknownOperator {
        /// The operator.
        found: String,
    },
    /// `|`
    #[error("`|` does not belong to a query")]
    Pipe,
    /// `search`
    #[error("`{word}` is a command, not a part of the query")]
    CommandWord {
        /// The command.
        word: String,
    },
    /// `b-->`
    #[error("a blank is missing before the arrow")]
    GluedArrow {
        /// The value the arrow is glued to.
        value: String,
    },
    /// A character that only a quoted text may have.
    #[error("`{found}` can not stand in a value without quotes")]
    BadCharacter {
        /// The character.
        found: char,
        /// The whole value.
        value: String,
    },
    /// `.5`, `5.`
    #[error("a number needs digits on both sides of the dot")]
    HalfNumber,
    /// More than 64 bits.
    #[error("the number is too big")]
    NumberTooBig,
    /// `(a = 1`
    #[error("`{close}` is missing")]
    MissingClose {
        /// The bracket that is missing.
        close: &'static str,
        /// Where the bracket stands that it should close.
        open: Option<Span>,
    },
    /// `a = 1)`
    #[error("`{found}` closes nothing")]
    ExtraClose {
        /// The bracket.
        found: char,
    },
    /// `name in (a, b)`
    #[error("a list stands in square brackets")]
    RoundList,
    /// `name = a,b`
    #[error("a comma can only stand in a list")]
    CommaOutsideList,
    /// `a[*] {b = 1}`
    #[error("a dot is missing before `{{`")]
    ContextWithoutDot,
    /// `tags.foo/bar`
    #[error("`{found}` can not stand in a property name")]
    BadPathCharacter {
        /// The character.
        found: char,
    },
    /// `1a = 2`, `.a = 1`
    #[error("a property name can not begin with `{found}`")]
    BadPathStart {
        /// The character.
        found: char,
    },
    /// `limit 5 sort name`
    #[error("`{found}` stands too late")]
    WrongOrder {
        /// The clause.
        found: String,
    },
    /// `with any`
    #[error("`{word}` needs a bracket")]
    WithoutBracket {
        /// The word.
        word: String,
    },
    /// `is(a) and aggregate(…)`
    #[error("an aggregation stands at the beginning of the query")]
    LateAggregate,
    /// `foo(a)`
    #[error("unknown condition `{name}(…)`")]
    UnknownCondition {
        /// The word before the bracket.
        name: String,
        /// What may have been meant.
        near: Vec<&'static str>,
    },
    /// `median(x)`
    #[error("unknown function `{name}`")]
    UnknownFunction {
        /// The function.
        name: String,
        /// What may have been meant.
        near: Vec<&'static str>,
    },
    /// `aggregate(kind): all`
    #[error("the aggregation has no function")]
    NoFunction,
    /// `-foo->`
    #[error("unknown edge type `{name}`")]
    UnknownEdgeType {
        /// The edge type.
        name: String,
        /// What may have been meant.
        near: Vec<&'static str>,
    },
    /// `-delete[1:]iam->`
    #[error("edge types stand on both sides of the range")]
    TypesOnBothSides,
    /// `-[3:1]->`
    #[error("the range goes from {min} down to {max}")]
    #[expect(missing_docs, reason = "the two ends of the range")]
    ReversedRange { min: usize, max: usize },
    /// `-[300]->`
    #[error("a walk of {steps} steps is too long")]
    #[expect(missing_docs, reason = "the number of steps that was written")]
    RangeTooLong { steps: usize },
    /// `-{is(a)}->`
    #[error("`{what}` can not be tested on an edge")]
    NotOnEdges {
        /// The condition.
        what: &'static str,
    },
    /// `with(count =~ 1, -->)`
    #[error("a number of nodes can not be compared this way")]
    NotForNumbers,
    /// `{a: is(b)}`
    #[error("a merged query has to begin with a navigation")]
    MergeWithoutNavigation,
    /// `{a[2]: -->}`
    #[error("the name of a merged query has no list brackets but `[]` at the end")]
    BracketsInMergeName,
    /// `}` in a template.
    #[error("`}}` without `{{`")]
    StrayBrace,
    /// More than [`MAX_DEPTH`] levels.
    #[error("brackets nest deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// More than [`MAX_LENGTH`] bytes.
    #[error("the query is longer than {} KiB", MAX_LENGTH / 1024)]
    TooLong,
}

fn found_words(found: Option<&String>) -> String {
    found.map_or_else(String::new, |found| format!(", found `{found}`"))
}

/// The words that look like `name`, nearest first.
fn near(name: &str, words: &[&'static str]) -> Vec<&'static str> {
    let lower = name.to_lowercase();
    let mut found: Vec<_> = words
        .iter()
        .map(|word| (strsim::damerau_levenshtein(&lower, word), *word))
        .filter(|(distance, word)| *distance <= 2 || word.starts_with(&lower))
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, word)| word).collect()
}

/// The words that may stand before a bracket in a condition.
pub(crate) const CONDITIONS: [&str; 6] = [
    "is",
    "id",
    "has_key",
    "in_subnet",
    "has_desired_change",
    "has_no_desired_change",
];

impl SyntaxKind {
    /// `name(` where a condition is needed.
    pub(crate) fn unknown_condition(name: &str) -> Self {
        match CONDITIONS
            .iter()
            .find(|known| known.eq_ignore_ascii_case(name))
        {
            Some(keyword) => Self::upper_case(name, keyword),
            None => Self::UnknownCondition {
                name: name.to_owned(),
                near: near(name, &CONDITIONS),
            },
        }
    }

    /// A keyword in the wrong case.
    pub(crate) fn upper_case(found: &str, keyword: &str) -> Self {
        Self::UpperCase {
            found: found.to_owned(),
            keyword: keyword.to_owned(),
        }
    }

    /// A function no aggregation knows.
    pub(crate) fn unknown_function(name: &str) -> Self {
        let known = FunctionName::ALL.map(FunctionName::name);
        Self::UnknownFunction {
            name: name.to_owned(),
            near: near(name, &known),
        }
    }

    /// An edge type no edge has.
    pub(crate) fn unknown_edge_type(name: &str) -> Self {
        let known = EdgeType::ALL.map(EdgeType::name);
        Self::UnknownEdgeType {
            name: name.to_owned(),
            near: near(name, &known),
        }
    }
}
