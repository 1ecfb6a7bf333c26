//! `expand(name, key=value, …)` in a query: replaced by the stored template of that name, filled in.
//!
//! Only queries are looked at; what a template holds may itself expand others.
use jiff::tz::TimeZone;
use serde_json::{Map, Value};
use stocktake_query::Span;

use crate::argument::quoted_end;
use crate::mustache::{Properties, render};
use crate::{Argument, CommandError, Ground, Scene, pairs, placeholder};

/// Templates inside of templates.
const MAX_DEPTH: usize = 8;

/// The query with every `expand(…)` outside quotes replaced.
pub(crate) fn expanded(
    query: &Argument,
    scene: &Scene,
    ground: &dyn Ground,
) -> Result<Argument, CommandError> {
    let mut query = query.clone();
    for _ in 0..=MAX_DEPTH {
        let Some(call) = find(query.text()) else {
            return Ok(query);
        };
        let place = query.place(Span::new(call.start..call.end));
        let text = filled(&query.text()[call.inner.clone()], scene, ground)
            .map_err(|error| error.at(place))?;
        let mut next = query.slice(0..call.start);
        next.push(&text, place.start, place.end);
        next.append(&query.slice(call.end..query.text().len()));
        query = next;
    }
    Err(CommandError::usage("templates expand each other without end").at(query.span()))
}

/// Where an `expand(…)` stands.
struct Found {
    start: usize,
    end: usize,
    inner: std::ops::Range<usize>,
}

fn find(text: &str) -> Option<Found> {
    const WORD: &str = "expand(";
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if let Some(end) = quoted_end(text, at) {
            at = end;
            continue;
        }
        let begins = !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        if begins && text[at..].starts_with(WORD) {
            let inner = at + WORD.len();
            let close = closing(text, inner)?;
            return Some(Found {
                start: at,
                end: close + 1,
                inner: inner..close,
            });
        }
        at += c.len_utf8();
    }
    None
}

/// Where the bracket closes that was opened before `at`.
fn closing(text: &str, mut at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    while let Some(c) = text[at..].chars().next() {
        if let Some(end) = quoted_end(text, at) {
            at = end;
            continue;
        }
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => return Some(at),
            ')' => depth -= 1,
            _ => {}
        }
        at += c.len_utf8();
    }
    None
}

/// `name`, `name, key=value …` or `name: {json}`, filled in.
fn filled(call: &str, scene: &Scene, ground: &dyn Ground) -> Result<String, CommandError> {
    let end = call.find([',', ':']).unwrap_or(call.len());
    let (name, rest) = (call[..end].trim(), &call[end..]);
    let template = ground.template(name)?.ok_or_else(|| missing(name))?;
    let variables = scene.env.iter();
    let mut properties: Map<String, Value> = variables
        .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
        .collect();
    properties.extend(given(rest)?);
    let text = render(
        &template,
        &Properties::Given(&Value::Object(properties)),
        scene.now,
    )?;
    let filled = placeholder::fill(&Argument::typed(&text), scene.now, &TimeZone::system());
    Ok(filled.text().to_owned())
}

fn given(rest: &str) -> Result<Map<String, Value>, CommandError> {
    if let Some(json) = rest.strip_prefix(':') {
        return serde_json::from_str(json)
            .map_err(|error| CommandError::usage(format!("this is not a JSON object: {error}")));
    }
    let rest = rest.trim_start_matches([',', ' ']);
    if rest.is_empty() {
        return Ok(Map::new());
    }
    let mut pairs = pairs::read(&Argument::typed(rest)).map_err(|mut error| {
        // Its place is one in the bracket, not in the line.
        error.span = None;
        error
    })?;
    Ok(pairs.drain(..).collect())
}

/// The error for a template nobody stored.
pub(crate) fn missing(name: &str) -> CommandError {
    CommandError::usage(format!("Template {name} does not exist."))
        .hint("`templates` lists those there are, `templates add NAME QUERY` adds one")
}
