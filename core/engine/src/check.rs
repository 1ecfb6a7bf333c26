//! One comparison against one value: what `=`, `<`, `=~` and `in` mean for a value that may be missing.
//! Which values are looked at, and how many must fulfil it, is [`crate::eval`].
use std::cmp::Ordering;

use serde_json::Value;
use stocktake_query::Op;

use crate::error::{EngineError, EngineErrorKind};
use crate::literal::{Literal, seconds};
use crate::pattern::Pattern;
use crate::value::{equal, within_type};
use crate::view::{Shape, View};

/// An operator with its right side.
#[derive(Debug)]
pub(crate) struct Check {
    /// `!=`, `!~` and `not in` are the exact negation of their opposites.
    pub(crate) negated: bool,
    pub(crate) test: Comparing,
}

#[derive(Debug)]
pub(crate) enum Comparing {
    Equal(Literal),
    Order(Op, Literal),
    Match(Box<Pattern>),
    In(Vec<Literal>),
}

impl Check {
    /// A comparison with one literal.
    pub(crate) fn literal(op: Op, literal: Literal) -> Self {
        Self {
            negated: op == Op::Ne,
            test: match op {
                Op::Eq | Op::Ne => Comparing::Equal(literal),
                order => Comparing::Order(order, literal),
            },
        }
    }

    /// `in` and `not in`
    pub(crate) fn member(op: Op, literals: Vec<Literal>) -> Self {
        Self {
            negated: op == Op::NotIn,
            test: Comparing::In(literals),
        }
    }

    /// `=~` and `!~`, without regard to case.
    pub(crate) fn pattern(op: Op, pattern: &str) -> Result<Self, EngineError> {
        let compiled = Pattern::new(pattern).map_err(|why| refuse(pattern, &why))?;
        Ok(Self {
            negated: op == Op::NotMatch,
            test: Comparing::Match(Box::new(compiled)),
        })
    }

    /// Whether a value, or its absence, fulfils the comparison.
    pub(crate) fn holds(&self, view: Option<View<'_>>) -> bool {
        let holds = match &self.test {
            Comparing::Equal(literal) => is(view, literal),
            Comparing::In(literals) => literals.iter().any(|literal| is(view, literal)),
            Comparing::Order(op, literal) => view
                .and_then(|view| order(view, literal))
                .is_some_and(|order| fits(*op, order)),
            Comparing::Match(pattern) => view.is_some_and(|view| match view.shape() {
                Shape::Null => false,
                Shape::Text(text) => pattern.is_match(&text),
                _ => pattern.is_match(&view.text_form()),
            }),
        };
        holds != self.negated
    }
}

/// Missing, null and the empty list are all `null`.
fn is(view: Option<View<'_>>, literal: &Literal) -> bool {
    let Some(view) = view else {
        return literal.value.is_null();
    };
    if literal.value.is_null() {
        return matches!(view.shape(), Shape::Null) || view.is_empty_list();
    }
    if equal(view, &literal.value) {
        return true;
    }
    (literal.number.is_some() || literal.seconds.is_some())
        && order(view, literal) == Some(Ordering::Equal)
}

fn order(view: View<'_>, literal: &Literal) -> Option<Ordering> {
    if let (Some(number), Shape::Number(_)) = (&literal.number, view.shape()) {
        return within_type(view, &Value::Number(number.clone()));
    }
    if let (Some(wanted), Some(text)) = (literal.seconds, view.text())
        && let Some(found) = seconds(&text)
    {
        return Some(found.cmp(&wanted));
    }
    within_type(view, &literal.value)
}

fn fits(op: Op, order: Ordering) -> bool {
    match op {
        Op::Lt => order.is_lt(),
        Op::Le => order.is_le(),
        Op::Gt => order.is_gt(),
        Op::Ge => order.is_ge(),
        _ => false,
    }
}

/// The operator seen from the other side: `age > 3d` asks for `ctime < now - 3d`.
pub(crate) fn mirrored(op: Op) -> Op {
    match op {
        Op::Lt => Op::Gt,
        Op::Le => Op::Ge,
        Op::Gt => Op::Lt,
        Op::Ge => Op::Le,
        other => other,
    }
}

fn refuse(pattern: &str, why: &regex::Error) -> EngineError {
    let text = why.to_string();
    if text.contains("look-around") || text.contains("backreference") {
        let kind = EngineErrorKind::LookAround(pattern.to_owned());
        return EngineError::new(kind)
            .hint("patterns run in linear time; say it with `not`, or with two conditions");
    }
    // The library draws a picture of the pattern; the last line says what is wrong.
    let last = text.lines().last().unwrap_or_default();
    EngineError::new(EngineErrorKind::Pattern {
        pattern: pattern.to_owned(),
        why: last.trim_start_matches("error: ").to_owned(),
    })
}
