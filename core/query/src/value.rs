//! Values: the right sides of comparisons. What a word such as `3d` or `10GiB` means is decided by the engine.
use nom::Parser;
use nom::combinator::cut;
use nom::multi::separated_list0;
use nom::sequence::{preceded, separated_pair, terminated};

use crate::ast::{Name, Value};
use crate::error::SyntaxKind;
use crate::expected::Expected;
use crate::lexer::{
    integer_length, is_walk_like, is_word_char, literal_length, name, quoted, symbol,
};
use crate::text::{Parsed, Text, nested, no};

/// `value = dqstring | list | object | "true" | "false" | "null" | number | bareword`
pub(crate) fn value(text: Text<'_>) -> Parsed<'_, Value> {
    let text = text.trimmed();
    text.trace.expect(text.at, Expected::Value);
    match text.rest.chars().next() {
        Some('[') => nested(1, list)(text),
        Some('{') => nested(1, object)(text),
        Some('"' | '\'') => quoted.map(Value::Text).parse(text),
        _ => bare(text),
    }
}

/// `list = "[" (value ("," value)*)? "]"`
fn list(text: Text<'_>) -> Parsed<'_, Value> {
    let items = cut(terminated(separated_list0(symbol(","), value), symbol("]")));
    preceded(symbol("["), items).map(Value::List).parse(text)
}

/// `object = "{" (key ":" value ("," key ":" value)*)? "}"`
fn object(text: Text<'_>) -> Parsed<'_, Value> {
    let key = name(Expected::Name, literal_length).map(|key| key.text);
    let field = separated_pair(key, cut(symbol(":")), cut(value));
    let fields = cut(terminated(separated_list0(symbol(","), field), symbol("}")));
    preceded(symbol("{"), fields).map(Value::Object).parse(text)
}

/// `bareword`, a number or one of the three constants: all up to a blank or bracket.
fn bare(text: Text<'_>) -> Parsed<'_, Value> {
    let raw = raw(text);
    if raw.is_empty() || is_walk_like(raw) {
        return no();
    }
    if raw.len() > 1 && raw.ends_with('-') && text.rest[raw.len()..].starts_with(['[', '{']) {
        let value = raw.trim_end_matches('-').to_owned();
        return text
            .skip(raw.len() - 1)
            .fail(1, SyntaxKind::GluedArrow { value });
    }
    match classify(raw) {
        Ok(value) => Ok((text.skip(raw.len()), value)),
        Err(Misfit { at, length, kind }) => text.skip(at).fail(length, kind),
    }
}

/// The text up to a blank, comma or bracket.
fn raw(text: Text<'_>) -> &str {
    let ends = |c: char| c.is_whitespace() || ",[](){}".contains(c);
    &text.rest[..text.rest.find(ends).unwrap_or(text.rest.len())]
}

/// Why something without quotes is no value, and which bytes of it are to blame.
struct Misfit {
    at: usize,
    length: usize,
    kind: SyntaxKind,
}

impl Misfit {
    fn all(raw: &str, kind: SyntaxKind) -> Self {
        Self {
            at: 0,
            length: raw.len(),
            kind,
        }
    }
}

/// The value that something without quotes stands for.
fn classify(raw: &str) -> Result<Value, Misfit> {
    match raw {
        "true" => return Ok(Value::Bool(true)),
        "false" => return Ok(Value::Bool(false)),
        "null" => return Ok(Value::Null),
        _ => {}
    }
    if integer_length(raw) == raw.len() {
        return raw
            .parse()
            .map(Value::Int)
            .map_err(|_| Misfit::all(raw, SyntaxKind::NumberTooBig));
    }
    match raw.split_once('.') {
        Some((left, right))
            if is_digits(left.strip_prefix(['+', '-']).unwrap_or(left)) && is_digits(right) =>
        {
            float(raw, left, right)
        }
        _ => as_word(raw),
    }
}

/// `float = [+-]? digit+ "." digit+`
fn float(raw: &str, left: &str, right: &str) -> Result<Value, Misfit> {
    if right.is_empty() || integer_length(left) == 0 {
        return Err(Misfit::all(raw, SyntaxKind::HalfNumber));
    }
    match raw.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Value::Float(number)),
        _ => Err(Misfit::all(raw, SyntaxKind::NumberTooBig)),
    }
}

fn is_digits(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_digit())
}

/// `bareword = [A-Za-z0-9_:/.-]+`
fn as_word(raw: &str) -> Result<Value, Misfit> {
    let Some((at, bad)) = raw.char_indices().find(|&(_, c)| !is_word_char(c)) else {
        return Ok(Value::Word(raw.to_owned()));
    };
    if let Some(arrow) = ["<-", "-->", "->"].iter().find_map(|arrow| raw.find(arrow)) {
        let kind = SyntaxKind::GluedArrow {
            value: raw[..arrow].to_owned(),
        };
        return Err(Misfit {
            at: arrow,
            length: raw.len() - arrow,
            kind,
        });
    }
    let kind = SyntaxKind::BadCharacter {
        found: bad,
        value: raw.to_owned(),
    };
    Err(Misfit {
        at,
        length: bad.len_utf8(),
        kind,
    })
}

/// True if the text may stand as [`Value::Word`]: printed without quotes it is read back as itself.
pub(crate) fn is_word(text: &str) -> bool {
    !text.is_empty() && !is_walk_like(text) && matches!(classify(text), Ok(Value::Word(_)))
}

/// `text = dqstring | [A-Za-z0-9_:/.-]+` — a value that is text whatever it looks like.
pub(crate) fn plain(text: Text<'_>) -> Parsed<'_, Name> {
    name(Expected::Value, |rest| {
        rest.find(|c| !is_word_char(c)).unwrap_or(rest.len())
    })
    .parse(text)
}

/// True if [`plain`] reads all of the text without quotes.
pub(crate) fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.chars().all(is_word_char)
}
