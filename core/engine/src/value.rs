//! Comparing values: equality without regard to how a number is written, order within a type, and the order
//! of types that sorting uses. Knows nothing about where values come from.
use std::cmp::Ordering;

use serde_json::{Number, Value};

use crate::view::{Shape, View};

/// A number; integers are exact.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Num {
    Int(i128),
    Float(f64),
}

impl Num {
    pub(crate) fn of(number: &Number) -> Self {
        if let Some(int) = number.as_i64() {
            Self::Int(int.into())
        } else if let Some(int) = number.as_u64() {
            Self::Int(int.into())
        } else {
            Self::Float(number.as_f64().unwrap_or(f64::NAN))
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "arithmetic on numbers of any size is done in doubles"
    )]
    pub(crate) fn as_f64(self) -> f64 {
        match self {
            Self::Int(int) => int as f64,
            Self::Float(float) => float,
        }
    }

    pub(crate) fn compare(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a.cmp(&b),
            (a, b) => a
                .as_f64()
                .partial_cmp(&b.as_f64())
                .unwrap_or(Ordering::Equal),
        }
    }

    /// As JSON: an integer where it is one.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "only whole numbers below 2^53 are converted"
    )]
    pub(crate) fn to_value(self) -> Value {
        match self {
            Self::Int(int) => match (i64::try_from(int), u64::try_from(int)) {
                (Ok(int), _) => int.into(),
                (_, Ok(int)) => int.into(),
                _ => self.as_f64().into(),
            },
            Self::Float(float) if float.fract() == 0.0 && float.abs() < 9e15 => {
                (float as i64).into()
            }
            Self::Float(float) => float.into(),
        }
    }
}

/// Deep equality: `1` and `1.0` are equal, `1` and `"1"` are not.
pub(crate) fn equal(view: View<'_>, value: &Value) -> bool {
    match (view.shape(), value) {
        (Shape::Null, Value::Null) => true,
        (Shape::Bool(a), Value::Bool(b)) => a == *b,
        (Shape::Number(a), Value::Number(b)) => a.compare(Num::of(b)) == Ordering::Equal,
        (Shape::Text(a), Value::String(b)) => a == b.as_str(),
        (Shape::List, Value::Array(items)) => {
            let mut elements = view.elements().into_iter().flatten();
            items
                .iter()
                .all(|item| elements.next().is_some_and(|element| equal(element, item)))
                && elements.next().is_none()
        }
        (Shape::Object, Value::Object(_)) => same(&view.to_value(), value),
        _ => false,
    }
}

/// Deep equality of two JSON values, numbers by value.
pub(crate) fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, value)| b.get(key).is_some_and(|other| same(value, other)))
        }
        _ => equal(View::Json(a), b),
    }
}

/// The order of two values of one type; `None` where `<` means nothing.
pub(crate) fn within_type(view: View<'_>, value: &Value) -> Option<Ordering> {
    match (view.shape(), value) {
        (Shape::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Shape::Number(a), Value::Number(b)) => Some(a.compare(Num::of(b))),
        (Shape::Text(a), Value::String(b)) => Some(a.as_ref().cmp(b.as_str())),
        _ => None,
    }
}

/// The order that sorting uses: null, booleans, numbers, texts, lists, objects.
pub(crate) fn total(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Number(a), Value::Number(b)) => Num::of(a).compare(Num::of(b)),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Array(a), Value::Array(b)) => by_elements(a.iter(), b.iter(), total),
        (Value::Object(a), Value::Object(b)) => by_elements(a.iter(), b.iter(), |a, b| {
            a.0.cmp(b.0).then_with(|| total(a.1, b.1))
        }),
        _ => rank(a).cmp(&rank(b)),
    }
}

fn by_elements<T>(
    mut a: impl Iterator<Item = T>,
    mut b: impl Iterator<Item = T>,
    compare: impl Fn(T, T) -> Ordering,
) -> Ordering {
    loop {
        match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(a), Some(b)) => match compare(a, b) {
                Ordering::Equal => {}
                unequal => return unequal,
            },
        }
    }
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_sort_by_type_and_then_by_value() {
        let sorted = [
            json!(null),
            json!(false),
            json!(true),
            json!(-1),
            json!(0.5),
            json!(2),
            json!("a"),
            json!("b"),
            json!([]),
            json!([1]),
            json!([1, 2]),
            json!({}),
            json!({"a": 1}),
        ];
        for pair in sorted.windows(2) {
            assert_eq!(total(&pair[0], &pair[1]), Ordering::Less, "{pair:?}");
        }
    }

    #[test]
    fn numbers_are_equal_by_value_and_never_equal_to_texts() {
        assert!(same(&json!({"a": [1]}), &json!({"a": [1.0]})));
        assert!(!same(&json!(1), &json!("1")));
        assert!(!same(&json!([1]), &json!([1, 2])));
        assert!(same(&json!(u64::MAX), &json!(u64::MAX)));
        assert!(!same(&json!(u64::MAX), &json!(u64::MAX - 1)));
    }
}
