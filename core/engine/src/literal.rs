//! What a literal of a query means, given the type of the property it is compared with: `3d` is a time, a
//! span or a word. All relative times start from the `now` that the caller passes in.
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Number, Value};
use stocktake_model::{Duration, PropertyType, Size, normalise, parse_time};
use stocktake_query::Value as Written;

/// A literal, read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Literal {
    /// What it is compared as.
    pub(crate) value: Value,
    /// What it is compared as where the property turns out to be a number: `10GiB`.
    pub(crate) number: Option<Number>,
    /// Seconds, where the property is a text such as `3d4h`.
    pub(crate) seconds: Option<i64>,
}

impl Literal {
    fn plain(value: Value) -> Self {
        Self {
            value,
            number: None,
            seconds: None,
        }
    }
}

/// Reads a literal that is compared with the property `name` of type `of` (unknown: as it is written).
pub(crate) fn literal(
    written: &Written,
    of: Option<&PropertyType>,
    name: &str,
    now: Timestamp,
) -> Literal {
    let json = to_json(written);
    match (of, &json) {
        (Some(PropertyType::Array(item)), Value::Array(_)) => {
            let Written::List(items) = written else {
                unreachable!("only a list is written as a list")
            };
            let items = items
                .iter()
                .map(|one| literal(one, Some(item), name, now).value);
            Literal::plain(items.collect())
        }
        (_, Value::Null | Value::Object(_) | Value::Array(_)) => Literal::plain(json),
        (Some(of), _) => scalar(json, of, name, now),
        (None, _) => any(json, name),
    }
}

fn scalar(json: Value, of: &PropertyType, name: &str, now: Timestamp) -> Literal {
    use PropertyType as Type;
    match of {
        Type::String => Literal::plain(match json {
            Value::String(_) => json,
            other => other.to_string().into(),
        }),
        Type::Int32 | Type::Int64 | Type::Float | Type::Double => {
            Literal::plain(number(json, name))
        }
        Type::Boolean => Literal::plain(boolean(json)),
        Type::Datetime => {
            Literal::plain(time(json, now).map_or_else(Value::from, |time| normalise(time).into()))
        }
        Type::Date => Literal::plain(time(json, now).map_or_else(Value::from, |time| {
            time.to_zoned(TimeZone::UTC).date().to_string().into()
        })),
        Type::Duration | Type::AgeOf(_) => Literal {
            seconds: json.as_str().and_then(seconds),
            ..Literal::plain(json)
        },
        Type::Any => any(json, name),
        Type::Array(item) => scalar(json, item, name, now),
        Type::Dictionary(_) | Type::Object(_) => Literal::plain(json),
    }
}

/// What could be less or greater than a property of this type, with an example; `None` if this literal can.
pub(crate) fn lacks_order(
    literal: &Literal,
    of: &PropertyType,
) -> Option<(&'static str, &'static str)> {
    use PropertyType as Type;
    let value = &literal.value;
    let is_time = || value.as_str().is_some_and(|text| parse_time(text).is_ok());
    let (fits, expected, example) = match of {
        Type::Int32 | Type::Int64 | Type::Float | Type::Double => {
            (value.is_number(), "a number", "write e.g. `3` or `10GiB`")
        }
        Type::Boolean => (
            value.is_boolean(),
            "`true` or `false`",
            "write e.g. `= true`",
        ),
        Type::Datetime | Type::Date => (
            is_time(),
            "a time, or a span of time",
            "write e.g. `3d`, `-2h` or `2024-05-01T10:00:00Z`",
        ),
        Type::Duration | Type::AgeOf(_) => (
            literal.seconds.is_some() || value.is_number() || is_time(),
            "a span of time",
            "write e.g. `3d` or `2h30min`",
        ),
        Type::Array(item) => return lacks_order(literal, item),
        Type::Dictionary(_) | Type::Object(_) => (
            false,
            "one of the properties in it",
            "name the property, e.g. `pod_status.phase`",
        ),
        Type::String | Type::Any => return None,
    };
    (!fits && !value.is_null()).then_some((expected, example))
}

/// Nothing is known: a word stays a word, but where a number is found, a size is one.
fn any(json: Value, name: &str) -> Literal {
    let number = json.as_str().and_then(|text| size(text, name));
    Literal {
        number,
        ..Literal::plain(json)
    }
}

fn number(json: Value, name: &str) -> Value {
    let Value::String(text) = &json else {
        return json;
    };
    let integer = text.parse::<i64>().map(Number::from).ok();
    let float = || text.parse::<f64>().ok().and_then(Number::from_f64);
    match integer.or_else(float).or_else(|| size(text, name)) {
        Some(number) => Value::Number(number),
        None => json,
    }
}

fn boolean(json: Value) -> Value {
    let Value::String(text) = &json else {
        return json;
    };
    match text.to_lowercase().as_str() {
        "true" | "yes" | "on" => true.into(),
        "false" | "no" | "off" => false.into(),
        _ => json,
    }
}

/// A time, or a span from now; the literal itself if it is neither.
fn time(json: Value, now: Timestamp) -> Result<Timestamp, Value> {
    let Value::String(text) = &json else {
        return Err(json);
    };
    if let Ok(time) = parse_time(text) {
        return Ok(time);
    }
    seconds(text)
        .and_then(|seconds| now.as_second().checked_add(seconds))
        .and_then(|second| Timestamp::from_second(second).ok())
        .ok_or(json)
}

pub(crate) fn seconds(text: &str) -> Option<i64> {
    text.parse::<Duration>().ok().map(Duration::seconds)
}

/// `10GiB` in the unit the property is kept in: bytes, unless the base model fixes another one.
fn size(text: &str, name: &str) -> Option<Number> {
    let Size(bytes) = text.parse().ok()?;
    let unit = unit_of(name);
    if unit == 1 {
        return u64::try_from(bytes).ok().map(Number::from);
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "properties with a larger unit are doubles"
    )]
    let scaled = bytes as f64 / unit as f64;
    Number::from_f64(scaled)
}

/// Bytes per unit of the properties that every plugin keeps in GB or GiB.
fn unit_of(name: &str) -> u128 {
    match name {
        "volume_size" | "claim_size" | "share_size" | "ephemeral_storage" => 1_000_000_000,
        name if name.ends_with("_memory") => 1 << 30,
        _ => 1,
    }
}

/// A literal as it is written.
pub(crate) fn to_json(written: &Written) -> Value {
    match written {
        Written::Null => Value::Null,
        Written::Bool(flag) => (*flag).into(),
        Written::Int(int) => (*int).into(),
        Written::Float(float) => (*float).into(),
        Written::Text(text) | Written::Word(text) => text.as_str().into(),
        Written::List(items) => items.iter().map(to_json).collect(),
        Written::Object(members) => {
            let members = members
                .iter()
                .map(|(key, value)| (key.clone(), to_json(value)));
            Value::Object(members.collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(written: Written, of: PropertyType, expected: Value) {
        let now = parse_time("2024-05-10T12:00:00Z").unwrap();
        assert_eq!(
            literal(&written, Some(&of), "volume_size", now).value,
            expected
        );
    }

    #[test]
    fn a_literal_becomes_what_the_property_is() {
        let word = |text: &str| Written::Word(text.to_owned());
        check(Written::Int(123), PropertyType::String, json!("123"));
        check(Written::Bool(true), PropertyType::String, json!("true"));
        check(Written::Null, PropertyType::String, json!(null));
        check(word("12"), PropertyType::Int64, json!(12));
        check(word("many"), PropertyType::Int64, json!("many"));
        check(word("500MB"), PropertyType::Double, json!(0.5));
        check(word("Yes"), PropertyType::Boolean, json!(true));
        check(word("off"), PropertyType::Boolean, json!(false));
        check(
            word("2024-05-01"),
            PropertyType::Datetime,
            json!("2024-05-01T00:00:00Z"),
        );
        check(
            word("-2d"),
            PropertyType::Datetime,
            json!("2024-05-08T12:00:00Z"),
        );
        check(word("1d"), PropertyType::Date, json!("2024-05-11"));
        check(word("soon"), PropertyType::Datetime, json!("soon"));
        let numbers = PropertyType::array(PropertyType::Int32);
        check(Written::List(vec![word("1")]), numbers, json!([1]));
    }
}
