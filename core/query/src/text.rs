//! The input of the grammar functions: what is left to read, and where in the whole it starts.
//! Not a lexer: it knows positions and limits, no tokens.
use std::str::{CharIndices, Chars};

use nom::error::{ErrorKind, ParseError};
use nom::{Err, IResult, Input, Needed};

use crate::ast::Span;
use crate::error::{SyntaxError, SyntaxKind};
use crate::limits::MAX_DEPTH;
use crate::trace::Trace;

/// What is tested by the conditions being read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Nodes: every condition is allowed.
    Node,
    /// Edges: they have properties, but no kind, id or full text.
    Edge,
}

/// The rest of a query. Every value made from one query is a suffix of it, so `at` gives spans.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text<'a> {
    /// What is left.
    pub(crate) rest: &'a str,
    /// Where `rest` starts in the whole text, in bytes.
    pub(crate) at: usize,
    /// Whether nodes or edges are tested here.
    pub(crate) place: Place,
    depth: usize,
    /// Notes of what was tried where.
    pub(crate) trace: &'a Trace,
}

/// Result of a grammar function.
pub(crate) type Parsed<'a, T> = IResult<Text<'a>, T, Slip>;

/// Why a grammar function did not match. An empty slip means: the trace knows what was expected.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Slip(pub(crate) Option<Box<SyntaxError>>);

impl ParseError<Text<'_>> for Slip {
    fn from_error_kind(_: Text<'_>, _: ErrorKind) -> Self {
        Self(None)
    }

    fn append(_: Text<'_>, _: ErrorKind, other: Self) -> Self {
        other
    }
}

impl<'a> Text<'a> {
    /// The whole of a text.
    pub(crate) fn new(rest: &'a str, trace: &'a Trace) -> Self {
        Self {
            rest,
            at: 0,
            place: Place::Node,
            depth: 0,
            trace,
        }
    }

    /// Without the next `bytes`, which must end on a character boundary.
    pub(crate) fn skip(self, bytes: usize) -> Self {
        Self {
            rest: &self.rest[bytes..],
            at: self.at + bytes,
            ..self
        }
    }

    /// Without leading blanks.
    pub(crate) fn trimmed(self) -> Self {
        self.skip(self.rest.len() - self.rest.trim_start().len())
    }

    /// From here to the start of `end`.
    pub(crate) fn span_to(self, end: Text<'_>) -> Span {
        Span::new(self.at..end.at)
    }

    /// The next `bytes` as a span.
    pub(crate) fn span_of(self, bytes: usize) -> Span {
        Span::new(self.at..self.at + bytes)
    }

    /// A definite error in the next `bytes`: nothing else is tried.
    pub(crate) fn fail<T>(self, bytes: usize, kind: SyntaxKind) -> Parsed<'a, T> {
        fail_at(self.span_of(bytes), kind)
    }
}

/// "Not this one": lets the caller try something else.
pub(crate) fn no<'a, T>() -> Parsed<'a, T> {
    Err(Err::Error(Slip(None)))
}

/// A definite error at a place: nothing else is tried.
pub(crate) fn fail_at<'a, T>(span: Span, kind: SyntaxKind) -> Parsed<'a, T> {
    Err(Err::Failure(Slip(Some(Box::new(SyntaxError::new(
        kind, span,
    ))))))
}

/// Runs a parser some levels deeper, and refuses to go deeper than [`MAX_DEPTH`].
pub(crate) fn nested<'a, T>(
    levels: usize,
    parser: impl Fn(Text<'a>) -> Parsed<'a, T>,
) -> impl Fn(Text<'a>) -> Parsed<'a, T> {
    move |text| {
        let depth = text.depth;
        if depth + levels > MAX_DEPTH {
            return text.trimmed().fail(0, SyntaxKind::TooDeep);
        }
        let deeper = Text {
            depth: depth + levels,
            ..text
        };
        let (rest, found) = parser(deeper)?;
        Ok((Text { depth, ..rest }, found))
    }
}

/// Runs a parser where conditions test edges.
pub(crate) fn on_edges<'a, T>(
    parser: impl Fn(Text<'a>) -> Parsed<'a, T>,
) -> impl Fn(Text<'a>) -> Parsed<'a, T> {
    move |text| {
        let place = text.place;
        let (rest, found) = parser(Text {
            place: Place::Edge,
            ..text
        })?;
        Ok((Text { place, ..rest }, found))
    }
}

impl<'a> Input for Text<'a> {
    type Item = char;
    type Iter = Chars<'a>;
    type IterIndices = CharIndices<'a>;

    fn input_len(&self) -> usize {
        self.rest.len()
    }

    fn take(&self, index: usize) -> Self {
        Self {
            rest: &self.rest[..index],
            ..*self
        }
    }

    fn take_from(&self, index: usize) -> Self {
        self.skip(index)
    }

    fn take_split(&self, index: usize) -> (Self, Self) {
        (self.take_from(index), self.take(index))
    }

    fn position<P: Fn(char) -> bool>(&self, predicate: P) -> Option<usize> {
        self.rest.find(predicate)
    }

    fn iter_elements(&self) -> Chars<'a> {
        self.rest.chars()
    }

    fn iter_indices(&self) -> CharIndices<'a> {
        self.rest.char_indices()
    }

    fn slice_index(&self, count: usize) -> Result<usize, Needed> {
        self.rest.slice_index(count)
    }
}
