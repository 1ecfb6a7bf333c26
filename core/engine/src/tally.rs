//! One aggregate function, fed value by value. Nulls are ignored, but for `count`, which counts rows.
use std::cmp::Ordering;

use serde_json::Value;
use stocktake_query::FunctionName;

use crate::sum::Sum;
use crate::value::{Num, total};

/// A function and what it knows so far.
#[derive(Debug, Clone)]
pub(crate) struct Tally {
    name: FunctionName,
    rows: u64,
    numbers: u64,
    sum: Sum,
    /// Running mean and sum of squared differences from it (Welford).
    mean: f64,
    squares: f64,
    /// True once there was a value that is no number.
    spoiled: bool,
    extreme: Value,
}

impl Tally {
    pub(crate) fn new(name: FunctionName) -> Self {
        Self {
            name,
            rows: 0,
            numbers: 0,
            sum: Sum::default(),
            mean: 0.0,
            squares: 0.0,
            spoiled: false,
            extreme: Value::Null,
        }
    }

    pub(crate) fn add(&mut self, value: Value) {
        self.rows += 1;
        if value.is_null() {
            return;
        }
        let wanted = match self.name {
            FunctionName::Min => Some(Ordering::Less),
            FunctionName::Max => Some(Ordering::Greater),
            _ => None,
        };
        match (&value, wanted) {
            (_, Some(wanted)) => {
                if self.extreme.is_null() || total(&value, &self.extreme) == wanted {
                    self.extreme = value;
                }
            }
            (Value::Number(number), None) => self.add_number(Num::of(number)),
            _ => self.spoiled = true,
        }
    }

    /// Many rows of the same whole number at once.
    pub(crate) fn add_rows(&mut self, number: i64, rows: u64) {
        self.rows += rows;
        self.numbers += rows;
        self.sum
            .add(Num::Int(i128::from(number) * i128::from(rows)));
    }

    fn add_number(&mut self, number: Num) {
        self.numbers += 1;
        self.sum.add(number);
        let float = number.as_f64();
        let before = float - self.mean;
        self.mean += before / self.count();
        self.squares += before * (float - self.mean);
    }

    #[expect(clippy::cast_precision_loss, reason = "there are fewer than 2^53 rows")]
    fn count(&self) -> f64 {
        self.numbers as f64
    }

    pub(crate) fn result(&self) -> Value {
        let of_numbers = |result: f64| {
            if self.spoiled || self.numbers == 0 {
                Value::Null
            } else {
                Num::Float(result).to_value()
            }
        };
        match self.name {
            FunctionName::Count => self.rows.into(),
            FunctionName::Sum if self.spoiled => Value::Null,
            FunctionName::Sum => self.sum.value().to_value(),
            FunctionName::Min | FunctionName::Max => self.extreme.clone(),
            FunctionName::Avg => of_numbers(self.sum.value().as_f64() / self.count()),
            FunctionName::Variance => of_numbers(self.squares / self.count()),
            FunctionName::Stddev => of_numbers((self.squares / self.count()).sqrt()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(name: FunctionName, values: Value, expected: Value) {
        let mut tally = Tally::new(name);
        for value in values.as_array().unwrap() {
            tally.add(value.clone());
        }
        assert_eq!(tally.result(), expected, "{name:?} {values}");
    }

    #[test]
    fn functions_ignore_nulls_and_refuse_texts() {
        check(FunctionName::Sum, json!([1, null, 2.5]), json!(3.5));
        check(FunctionName::Sum, json!([null]), json!(0));
        check(
            FunctionName::Sum,
            json!([1e100, 1, -1e100, 0.5]),
            json!(1.5),
        );
        check(FunctionName::Sum, json!([1, "a"]), json!(null));
        check(FunctionName::Count, json!([1, null, "a"]), json!(3));
        check(FunctionName::Min, json!(["b", "a", null]), json!("a"));
        check(FunctionName::Max, json!([3, 10, 2]), json!(10));
        check(FunctionName::Avg, json!([1, 2, null]), json!(1.5));
        check(FunctionName::Avg, json!([]), json!(null));
        check(
            FunctionName::Variance,
            json!([2, 4, 4, 4, 5, 5, 7, 9]),
            json!(4),
        );
        check(
            FunctionName::Stddev,
            json!([2, 4, 4, 4, 5, 5, 7, 9]),
            json!(2),
        );
        check(FunctionName::Max, json!([u64::MAX, 1]), json!(u64::MAX));
    }
}
