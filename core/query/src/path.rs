//! Paths: `/? segment (. segment)*`. What a path starts at is decided in `section`, not here.
use nom::Parser;
use nom::combinator::{cut, opt};
use nom::multi::separated_list1;
use nom::sequence::preceded;

use crate::ast::{Column, Index, Path, Segment};
use crate::error::SyntaxKind;
use crate::expected::Expected;
use crate::lexer::{ident_length, keyword, literal_length, name, number, symbol};
use crate::text::{Parsed, Text, no};

/// `path = "/"? segment ("." segment)*` — no blanks inside; a dot before `{` belongs to the context.
pub(crate) fn path(text: Text<'_>) -> Parsed<'_, Path> {
    let text = text.trimmed();
    text.trace.expect(text.at, Expected::Property);
    quiet_path(text)
}

/// A [`path`] that may also be a bare `/`: the root of the document.
pub(crate) fn path_or_root(text: Text<'_>) -> Parsed<'_, Path> {
    let start = text.trimmed();
    start.trace.expect(start.at, Expected::Property);
    let Some(tail) = start.rest.strip_prefix('/') else {
        return quiet_path(start);
    };
    if starts_segment(tail) {
        return quiet_path(start);
    }
    let root = Path {
        absolute: true,
        segments: Vec::new(),
        span: start.span_of(1),
    };
    Ok((start.skip(1), root))
}

/// A [`path`] whose beginning was noted under another name, such as "a condition".
pub(crate) fn quiet_path(start: Text<'_>) -> Parsed<'_, Path> {
    let absolute = start.rest.starts_with('/');
    let mut text = start.skip(usize::from(absolute));
    if !starts_segment(text.rest) {
        if absolute {
            text.trace.expect(text.at, Expected::Segment);
        }
        return no();
    }
    let mut segments = Vec::new();
    loop {
        let (rest, found) = cut(segment).parse(text)?;
        segments.push(found);
        match rest.rest.strip_prefix('.') {
            Some(tail) if !tail.starts_with('{') => text = rest.skip(1),
            _ => {
                return Ok((
                    rest,
                    Path {
                        absolute,
                        segments,
                        span: start.span_to(rest),
                    },
                ));
            }
        }
    }
}

fn starts_segment(rest: &str) -> bool {
    rest.starts_with('`') || ident_length(rest) > 0
}

/// `segment = (ident | "`" any-but-backtick "`") index*`
fn segment(text: Text<'_>) -> Parsed<'_, Segment> {
    text.trace.expect(text.at, Expected::Segment);
    let (mut rest, name) = segment_name(text)?;
    let mut indexes = Vec::new();
    while rest.rest.starts_with('[') {
        let (after, found) = index(rest)?;
        indexes.push(found);
        rest = after;
    }
    Ok((rest, Segment { name, indexes }))
}

fn segment_name(text: Text<'_>) -> Parsed<'_, String> {
    if let Some(tail) = text.rest.strip_prefix('`') {
        return match tail.find('`') {
            None => text.fail(text.rest.len(), SyntaxKind::UnterminatedBacktick),
            Some(0) => text.fail(2, SyntaxKind::EmptyName),
            Some(length) => Ok((text.skip(length + 2), tail[..length].to_owned())),
        };
    }
    match ident_length(text.rest) {
        0 => no(),
        length => Ok((text.skip(length), text.rest[..length].to_owned())),
    }
}

/// `index = "[" (digits | "*")? "]"`
fn index(text: Text<'_>) -> Parsed<'_, Index> {
    let text = text.skip(1).trimmed();
    text.trace.expect(text.at, Expected::Symbol("*"));
    let (text, found) = match text.rest.strip_prefix('*') {
        Some(_) => (text.skip(1), Index::Any),
        None => opt(number)
            .parse(text)
            .map(|(rest, at)| (rest, at.map_or(Index::Any, Index::At)))?,
    };
    let (text, ()) = cut(symbol("]")).parse(text)?;
    Ok((text, found))
}

/// `alias = "as" (dqstring | literal)`
pub(crate) fn alias(text: Text<'_>) -> Parsed<'_, Option<String>> {
    let word = cut(name(Expected::Name, literal_length));
    opt(preceded(keyword("as"), word))
        .map(|found| found.map(|name| name.text))
        .parse(text)
}

/// `columns = column ("," column)*`
pub(crate) fn columns(text: Text<'_>) -> Parsed<'_, Vec<Column>> {
    separated_list1(symbol(","), column).parse(text)
}

/// `column = path alias?`
fn column(text: Text<'_>) -> Parsed<'_, Column> {
    let (text, path) = path_or_root(text)?;
    let (text, name) = alias(text)?;
    Ok((text, Column { path, name }))
}
