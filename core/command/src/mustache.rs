//! Mustache as query templates use it: `{{key}}`, `{{#list}}…{{/list}}`, `{{^x}}…{{/x}}`, and virtual members.
//!
//! Nothing is escaped (queries are not HTML), there are no partials and no other delimiters: what libraries do beyond
//! that would be wrong here, and the virtual members would be missing.
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use stocktake_model::{Duration, normalise};

use crate::CommandError;

/// Sections inside of sections.
const MAX_DEPTH: usize = 16;
/// Bytes of a text that was filled in: sections over lists multiply.
const MAX_LENGTH: usize = 1 << 20;

/// What the names of a template stand for.
pub(crate) enum Properties<'p> {
    /// These values; a name that is not among them is empty.
    Given(&'p Value),
    /// Every name is `true`: to see whether a template can become a query at all.
    AllTrue,
}

/// Fills in a template.
pub(crate) fn render(
    template: &str,
    properties: &Properties,
    now: Timestamp,
) -> Result<String, CommandError> {
    let (pieces, rest) = parse(template, None, 0)?;
    debug_assert!(rest.is_empty(), "the outermost level ends with the text");
    let mut filler = Filler {
        properties,
        now,
        stack: Vec::new(),
        text: String::new(),
    };
    filler.fill(&pieces)?;
    Ok(filler.text)
}

/// `text`, `{{name}}`, or a section.
enum Piece<'t> {
    Text(&'t str),
    Name(&'t str),
    Section(&'t str, Vec<Piece<'t>>),
    Inverted(&'t str, Vec<Piece<'t>>),
}

/// Pieces up to the end of the section `inside`, and what follows it.
fn parse<'t>(
    mut rest: &'t str,
    inside: Option<&str>,
    depth: usize,
) -> Result<(Vec<Piece<'t>>, &'t str), CommandError> {
    if depth > MAX_DEPTH {
        return Err(wrong("sections are nested too deeply"));
    }
    let mut pieces = Vec::new();
    while let Some(open) = rest.find("{{") {
        pieces.push(Piece::Text(&rest[..open]));
        let (tag, after) = tag(&rest[open..])?;
        rest = after;
        let name = tag.trim_start_matches(['#', '^', '/', '&', '!']).trim();
        match tag.chars().next() {
            Some('!') => {}
            Some('>' | '=') => return Err(wrong(format!("`{{{{{tag}}}}}` is not supported"))),
            Some('/') if inside == Some(name) => return Ok((pieces, rest)),
            Some('/') => return Err(wrong(format!("`{{{{/{name}}}}}` closes nothing"))),
            Some(sign @ ('#' | '^')) => {
                let (inner, after) = parse(rest, Some(name), depth + 1)?;
                rest = after;
                pieces.push(match sign {
                    '#' => Piece::Section(name, inner),
                    _ => Piece::Inverted(name, inner),
                });
            }
            _ if name.is_empty() => return Err(wrong("`{{}}` has no name")),
            _ => pieces.push(Piece::Name(name)),
        }
    }
    if let Some(name) = inside {
        return Err(wrong(format!("`{{{{#{name}}}}}` is never closed")));
    }
    pieces.push(Piece::Text(rest));
    Ok((pieces, ""))
}

/// What stands between the brackets at the beginning of `text`, and what follows them.
fn tag(text: &str) -> Result<(&str, &str), CommandError> {
    let (open, close) = if text.starts_with("{{{") {
        ("{{{", "}}}")
    } else {
        ("{{", "}}")
    };
    let inner = text[open.len()..].split_once(close);
    inner
        .map(|(tag, rest)| (tag.trim(), rest))
        .ok_or_else(|| wrong(format!("`{open}` is never closed")))
}

fn wrong(message: impl Into<String>) -> CommandError {
    CommandError::usage(message)
        .hint("a template looks like `is({{kind}}) and name in [{{#names}}{{.}},{{/names}}]`")
}

struct Filler<'p> {
    properties: &'p Properties<'p>,
    now: Timestamp,
    /// Values of the sections around, innermost last.
    stack: Vec<Value>,
    text: String,
}

impl Filler<'_> {
    fn fill(&mut self, pieces: &[Piece]) -> Result<(), CommandError> {
        for piece in pieces {
            match piece {
                Piece::Text(text) => self.text.push_str(text),
                Piece::Name(name) => self.text.push_str(&shown(&self.find(name))),
                Piece::Inverted(name, inner) => {
                    if !counts(&self.find(name)) {
                        self.fill(inner)?;
                    }
                }
                Piece::Section(name, inner) => match self.find(name) {
                    Value::Array(items) => {
                        for item in items {
                            self.within(item, inner)?;
                        }
                    }
                    value if counts(&value) => self.within(value, inner)?,
                    _ => {}
                },
            }
            if self.text.len() > MAX_LENGTH {
                return Err(CommandError::usage("the template grows beyond 1 MiB"));
            }
        }
        Ok(())
    }

    fn within(&mut self, value: Value, inner: &[Piece]) -> Result<(), CommandError> {
        self.stack.push(value);
        let done = self.fill(inner);
        self.stack.pop();
        done
    }

    /// The value of a dotted name: the innermost section that knows its first word decides.
    fn find(&self, name: &str) -> Value {
        let given = match self.properties {
            Properties::AllTrue => return Value::Bool(true),
            Properties::Given(value) => *value,
        };
        if name == "." {
            return self.stack.last().unwrap_or(given).clone();
        }
        let (first, rest) = match name.split_once('.') {
            Some(("", rest)) => (".", rest),
            Some((first, rest)) => (first, rest),
            None => (name, ""),
        };
        let known = if first == "." {
            self.stack.last()
        } else {
            let around = self.stack.iter().rev().chain([given]);
            let mut found = around.filter_map(|value| value.get(first));
            found.next()
        };
        let members = rest.split('.').filter(|member| !member.is_empty());
        members.fold(
            known.cloned().unwrap_or_default(),
            |value, member| match value.get(member) {
                Some(value) => value.clone(),
                None => self.virtual_member(&value, member),
            },
        )
    }

    /// Members every value has, unless it has one of its own of that name.
    fn virtual_member(&self, value: &Value, member: &str) -> Value {
        match (member, value) {
            ("with_index", Value::Array(items)) => with_index(items),
            ("parens", Value::Array(items)) => items.iter().map(quoted).collect(),
            ("parens", Value::Null | Value::Object(_)) => Value::Null,
            ("parens", scalar) => quoted(scalar),
            ("from_now", Value::String(text)) => self.moved(text, 1),
            ("ago", Value::String(text)) => self.moved(text, -1),
            ("as_list", Value::Object(map)) => map
                .iter()
                .map(|(key, value)| json!({"key": key, "value": value}))
                .collect(),
            _ => Value::Null,
        }
    }

    fn moved(&self, text: &str, sign: i64) -> Value {
        let seconds = text.parse::<Duration>().ok().map(Duration::seconds);
        let moved = seconds
            .and_then(|seconds| seconds.checked_mul(sign))
            .and_then(|seconds| {
                self.now
                    .checked_add(SignedDuration::from_secs(seconds))
                    .ok()
            });
        moved.map_or(Value::Null, |time| normalise(time).into())
    }
}

fn with_index(items: &[Value]) -> Value {
    let last = items.len().saturating_sub(1);
    let indexed = items.iter().enumerate().map(|(index, item)| {
        let mut members = match item {
            Value::Object(map) => map.clone(),
            scalar => Map::from_iter([("value".to_owned(), scalar.clone())]),
        };
        members.insert("index".to_owned(), index.into());
        members.insert("first".to_owned(), (index == 0).into());
        members.insert("last".to_owned(), (index == last).into());
        Value::Object(members)
    });
    indexed.collect()
}

fn quoted(value: &Value) -> Value {
    Value::String(Value::String(shown(value)).to_string())
}

/// False, nothing and the empty list do not count.
fn counts(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Array(items) => !items.is_empty(),
        _ => true,
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    #[track_caller]
    fn check(template: &str, expected: Expect) {
        let properties = json!({
            "kind": "pod", "names": ["a", "b"], "none": [], "no": false, "in": "2d",
            "tags": {"owner": "ada"}, "nodes": [{"n": 1}, {"n": 2}],
        });
        let now = "2024-05-04T04:00:00Z".parse().unwrap();
        let filled = render(template, &Properties::Given(&properties), now);
        expected.assert_eq(&filled.unwrap_or_else(|error| format!("error: {error}")));
    }

    #[test]
    fn names_and_sections_are_filled_in() {
        check("is({{kind}}) {{missing}}", expect!["is(pod) "]);
        check(
            "{{#names}}<{{.}}>{{/names}}{{^none}}-{{/none}}{{#no}}x{{/no}}",
            expect!["<a><b>-"],
        );
        check("{{#nodes}}{{n}}{{kind}} {{/nodes}}", expect!["1pod 2pod "]);
        check(
            "{{names}} {{tags}} {{tags.owner}} {{! not me }}{{{kind}}}",
            expect![[r#"["a","b"] {"owner":"ada"} ada pod"#]],
        );
        check("a=~\"b{2}\" {a: <--}", expect![[r#"a=~"b{2}" {a: <--}"#]]);
    }

    #[test]
    fn virtual_members_are_there() {
        check(
            "{{#names.with_index}}{{value}}{{index}}{{^last}},{{/last}}{{/names.with_index}}",
            expect!["a0,b1"],
        );
        check(
            "{{kind.parens}} {{#names.parens}}{{.}} {{/names.parens}}",
            expect![[r#""pod" "a" "b" "#]],
        );
        check(
            "{{in.ago}} {{in.from_now}}",
            expect!["2024-05-02T04:00:00Z 2024-05-06T04:00:00Z"],
        );
        check(
            "{{#tags.as_list}}{{key}}={{value}}{{/tags.as_list}}",
            expect!["owner=ada"],
        );
    }

    #[test]
    fn what_cannot_be_read_is_told() {
        check("{{#a}}", expect!["error: `{{#a}}` is never closed"]);
        check("{{/a}}", expect!["error: `{{/a}}` closes nothing"]);
        check("{{a", expect!["error: `{{` is never closed"]);
        check("{{>a}}", expect!["error: `{{>a}}` is not supported"]);
        check(
            &"{{#a}}".repeat(40),
            expect!["error: sections are nested too deeply"],
        );
    }

    proptest::proptest! {
        #[test]
        fn no_template_panics(text in "[{}#^/a. ä]{0,40}") {
            let _ = render(&text, &Properties::AllTrue, Timestamp::UNIX_EPOCH);
        }
    }
}
