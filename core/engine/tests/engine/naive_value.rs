//! Comparing JSON values the plain way. Shares nothing with the engine but the language's rules.
use std::cmp::Ordering;

use regex::RegexBuilder;
use serde_json::{Value, json};
use stocktake_model::{Duration, PropertyType, normalise, parse_time};
use stocktake_query::{Op, Value as Written};

use crate::fixture::now;

/// A literal for a property of this type.
pub(crate) fn coerce(written: &Written, of: Option<&PropertyType>) -> Value {
    let plain = match written {
        Written::Null => Value::Null,
        Written::Bool(flag) => json!(flag),
        Written::Int(int) => json!(int),
        Written::Float(float) => json!(float),
        Written::Text(text) | Written::Word(text) => json!(text),
        Written::Object(members) => {
            let members = members
                .iter()
                .map(|(key, value)| (key.clone(), coerce(value, None)));
            return Value::Object(members.collect());
        }
        Written::List(items) => {
            let item = match of {
                Some(PropertyType::Array(item)) => Some(&**item),
                _ => None,
            };
            return items.iter().map(|one| coerce(one, item)).collect();
        }
    };
    match of {
        Some(PropertyType::Array(item)) => coerce(written, Some(item)),
        Some(of) => scalar(plain, of),
        None => plain,
    }
}

fn scalar(plain: Value, of: &PropertyType) -> Value {
    if plain.is_null() {
        return plain;
    }
    let text = plain.as_str().map(str::to_owned);
    match (of, text) {
        (PropertyType::String, None) => json!(plain.to_string()),
        (PropertyType::Int64 | PropertyType::Double, Some(text)) => match text.parse::<i64>() {
            Ok(int) => json!(int),
            Err(_) => plain,
        },
        (PropertyType::Boolean, Some(text)) => match text.as_str() {
            "true" | "yes" | "on" => json!(true),
            "false" | "no" | "off" => json!(false),
            _ => plain,
        },
        (PropertyType::Datetime, Some(text)) => {
            if let Ok(time) = parse_time(&text) {
                return json!(normalise(time));
            }
            let Ok(span) = text.parse::<Duration>() else {
                return plain;
            };
            let time = now() + jiff::SignedDuration::from_secs(span.seconds());
            json!(normalise(time))
        }
        _ => plain,
    }
}

/// Whether a value, or its absence, fulfils a comparison with coerced literals.
pub(crate) fn holds(found: Option<&Value>, op: Op, literal: &Value) -> bool {
    let order = || match (found?, literal) {
        (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Value::Number(a), Value::Number(b)) => a.as_f64()?.partial_cmp(&b.as_f64()?),
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        _ => None,
    };
    match op {
        Op::Eq => equal(found, literal),
        Op::Ne => !equal(found, literal),
        Op::In => any_of(found, literal),
        Op::NotIn => !any_of(found, literal),
        Op::Match => matches(found, literal),
        Op::NotMatch => !matches(found, literal),
        Op::Lt => order() == Some(Ordering::Less),
        Op::Gt => order() == Some(Ordering::Greater),
        Op::Le => matches!(order(), Some(Ordering::Less | Ordering::Equal)),
        Op::Ge => matches!(order(), Some(Ordering::Greater | Ordering::Equal)),
    }
}

fn any_of(found: Option<&Value>, literal: &Value) -> bool {
    literal
        .as_array()
        .unwrap()
        .iter()
        .any(|one| equal(found, one))
}

fn matches(found: Option<&Value>, literal: &Value) -> bool {
    let text = match found {
        None | Some(Value::Null) => return false,
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let pattern = match literal {
        Value::String(pattern) => pattern.clone(),
        other => other.to_string(),
    };
    let regex = RegexBuilder::new(&pattern)
        .case_insensitive(true)
        .build()
        .unwrap();
    regex.is_match(&text)
}

fn equal(found: Option<&Value>, literal: &Value) -> bool {
    if literal.is_null() {
        return found.is_none_or(|found| found.is_null() || *found == json!([]));
    }
    found.is_some_and(|found| same(found, literal))
}

fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        _ => a == b,
    }
}

/// null, booleans, numbers, texts, lists, objects.
pub(crate) fn sort_order(a: &Value, b: &Value) -> Ordering {
    let rank = |value: &Value| match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    };
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Number(a), Value::Number(b)) => a.as_f64().partial_cmp(&b.as_f64()).unwrap(),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Array(a), Value::Array(b)) => {
            let unequal = a
                .iter()
                .zip(b)
                .map(|(a, b)| sort_order(a, b))
                .find(|order| order.is_ne());
            unequal.unwrap_or(a.len().cmp(&b.len()))
        }
        _ => rank(a).cmp(&rank(b)),
    }
}
