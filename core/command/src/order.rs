//! The order of values, for sorting results that are not those of a search.
use std::cmp::Ordering;

use serde_json::Value;

/// Missing and null first, then booleans, numbers, texts, lists, objects; within a type as expected.
pub(crate) fn compare(first: &Value, second: &Value) -> Ordering {
    match (first, second) {
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => a
                .as_f64()
                .unwrap_or(f64::NAN)
                .total_cmp(&b.as_f64().unwrap_or(f64::NAN)),
        },
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Array(a), Value::Array(b)) => a
            .iter()
            .zip(b)
            .map(|(a, b)| compare(a, b))
            .find(|order| order.is_ne())
            .unwrap_or_else(|| a.len().cmp(&b.len())),
        _ if rank(first) == rank(second) => canonical(first).cmp(&canonical(second)),
        _ => rank(first).cmp(&rank(second)),
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

/// A text that is the same for the same value, however its keys are ordered.
pub(crate) fn canonical(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(map) => {
            let mut parts: Vec<String> = map
                .iter()
                .map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), canonical(value)))
                .collect();
            parts.sort_unstable();
            format!("{{{}}}", parts.join(","))
        }
        scalar => scalar.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_of_different_types_have_an_order() {
        let sorted = [
            json!(null),
            json!(false),
            json!(true),
            json!(-1),
            json!(1.5),
            json!(2),
            json!("a"),
            json!("b"),
            json!([1]),
            json!([1, 2]),
            json!([2]),
            json!({}),
        ];
        assert!(sorted.is_sorted_by(|a, b| compare(a, b).is_lt()));
        assert_eq!(
            canonical(&json!({"b": 1, "a": [null]})),
            r#"{"a":[null],"b":1}"#
        );
    }
}
