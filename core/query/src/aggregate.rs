//! Aggregation and the text templates it shares with `format`.
use nom::Parser;
use nom::combinator::cut;
use nom::multi::{many0, separated_list1};
use nom::sequence::terminated;

use crate::ast::{
    Aggregate, Argument, Arithmetic, Function, FunctionName, Group, GroupValue, Path, Piece,
};
use crate::error::SyntaxKind;
use crate::expected::Expected;
use crate::lexer::{escaped, ident_length, integer, integer_length, symbol};
use crate::path::{alias, path, path_or_root};
use crate::text::{Parsed, Text, no};

/// `aggregate = (group ("," group)* ":")? function ("," function)*`
pub(crate) fn aggregate(text: Text<'_>) -> Parsed<'_, Aggregate> {
    let (text, groups) = if starts_function(text) {
        (text, Vec::new())
    } else {
        groups(text)?
    };
    let (text, functions) = cut(separated_list1(symbol(","), function)).parse(text)?;
    Ok((text, Aggregate { groups, functions }))
}

/// True if a name and a bracket follow: groups have none.
fn starts_function(text: Text<'_>) -> bool {
    let text = text.trimmed();
    text.trace.expect(text.at, Expected::Function);
    let length = ident_length(text.rest);
    length > 0 && text.rest[length..].trim_start().starts_with('(')
}

/// `group ("," group)* ":"`
fn groups(text: Text<'_>) -> Parsed<'_, Vec<Group>> {
    terminated(separated_list1(symbol(","), group), cut(symbol(":"))).parse(text)
}

/// `group = (path | '"' template '"') alias?`
fn group(text: Text<'_>) -> Parsed<'_, Group> {
    let text = text.trimmed();
    let (text, value) = if text.rest.starts_with('"') {
        quoted_template(text)?
    } else {
        path.map(GroupValue::Path).parse(text)?
    };
    let (text, name) = alias(text)?;
    Ok((text, Group { value, name }))
}

/// `'"' template '"'`
fn quoted_template(start: Text<'_>) -> Parsed<'_, GroupValue> {
    let (text, pieces) = pieces(start.skip(1), Ending::Quote)?;
    if !text.rest.starts_with('"') {
        return start.fail(start.rest.len(), SyntaxKind::UnterminatedText);
    }
    Ok((text.skip(1), GroupValue::Template(pieces)))
}

/// `function = name "(" argument (arithmetic number)* ")" alias?`
fn function(text: Text<'_>) -> Parsed<'_, Function> {
    let (text, name) = function_name(text)?;
    let (text, ()) = cut(symbol("(")).parse(text)?;
    let (text, (argument, steps)) = cut((argument, many0(step))).parse(text)?;
    let (text, ()) = cut(symbol(")")).parse(text)?;
    let (text, alias) = alias(text)?;
    Ok((
        text,
        Function {
            name,
            argument,
            steps,
            alias,
        },
    ))
}

/// `name = "sum" | "count" | "min" | "max" | "avg" | "stddev" | "variance"`
fn function_name(text: Text<'_>) -> Parsed<'_, FunctionName> {
    let text = text.trimmed();
    text.trace.expect(text.at, Expected::Function);
    let length = ident_length(text.rest);
    let word = &text.rest[..length];
    match FunctionName::from_name(word) {
        Some(name) => Ok((text.skip(length), name)),
        None if length == 0 => no(),
        None => text.fail(length, SyntaxKind::unknown_function(word)),
    }
}

/// `argument = int | path`
fn argument(text: Text<'_>) -> Parsed<'_, Argument> {
    let text = text.trimmed();
    if integer_length(text.rest) > 0 {
        return integer.map(Argument::Number).parse(text);
    }
    path.map(Argument::Path).parse(text)
}

/// `("+" | "-" | "*" | "/" | "%") number` — after the sign a number must follow.
fn step(text: Text<'_>) -> Parsed<'_, (Arithmetic, f64)> {
    let text = text.trimmed();
    text.trace.expect(text.at, Expected::Arithmetic);
    let sign = match text.rest.chars().next() {
        Some('+') => Arithmetic::Add,
        Some('-') => Arithmetic::Subtract,
        Some('*') => Arithmetic::Multiply,
        Some('/') => Arithmetic::Divide,
        Some('%') => Arithmetic::Modulo,
        _ => return no(),
    };
    let (text, number) = cut(operand).parse(text.skip(1))?;
    Ok((text, (sign, number)))
}

/// `number = int ("." digit+)?`
fn operand(text: Text<'_>) -> Parsed<'_, f64> {
    let text = text.trimmed();
    text.trace.expect(text.at, Expected::Number);
    let whole = integer_length(text.rest);
    if whole == 0 {
        return no();
    }
    let fraction = text.rest[whole..].strip_prefix('.').map_or(0, |tail| {
        let digits = tail.len() - tail.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        if digits == 0 { 0 } else { digits + 1 }
    });
    let length = whole + fraction;
    match text.rest[..length].parse::<f64>() {
        Ok(number) if number.is_finite() => Ok((text.skip(length), number)),
        _ => text.fail(length, SyntaxKind::NumberTooBig),
    }
}

/// Where a template ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// At a quote; backslashes escape as in any quoted text.
    Quote,
    /// At the end of the text; backslashes are backslashes.
    Text,
}

/// `template = ("{{" | "}}" | "{" hole "}" | any-but-brace)*`
pub(crate) fn pieces(text: Text<'_>, ending: Ending) -> Parsed<'_, Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut text = text;
    while let Some(c) = text.rest.chars().next() {
        let (bytes, meant) = match c {
            '"' if ending == Ending::Quote => break,
            '\\' if ending == Ending::Quote => {
                let meant = escaped(text.rest);
                (1 + meant.map_or(0, char::len_utf8), meant.unwrap_or(c))
            }
            '{' | '}' if text.rest[1..].starts_with(c) => (2, c),
            '}' => return text.fail(1, SyntaxKind::StrayBrace),
            '{' => {
                if !literal.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut literal)));
                }
                let (rest, found) = hole(text.skip(1))?;
                pieces.push(Piece::Hole(found));
                text = rest;
                continue;
            }
            other => (other.len_utf8(), other),
        };
        literal.push(meant);
        text = text.skip(bytes);
    }
    if !literal.is_empty() {
        pieces.push(Piece::Text(literal));
    }
    Ok((text, pieces))
}

/// `hole = ("." | path) "}"` — a dot is the whole element.
fn hole(text: Text<'_>) -> Parsed<'_, Path> {
    let start = text.trimmed();
    let whole = start
        .rest
        .strip_prefix('.')
        .is_some_and(|tail| tail.trim_start().starts_with('}'));
    let (text, found) = if whole {
        let path = Path {
            absolute: false,
            segments: Vec::new(),
            span: start.span_of(1),
        };
        (start.skip(1), path)
    } else {
        start.trace.expect(start.at, Expected::Hole);
        cut(path_or_root).parse(start)?
    };
    let (text, ()) = cut(symbol("}")).parse(text)?;
    Ok((text, found))
}

/// `template`, up to the end of the text.
pub(crate) fn template(text: Text<'_>) -> Parsed<'_, Vec<Piece>> {
    pieces(text, Ending::Text)
}
