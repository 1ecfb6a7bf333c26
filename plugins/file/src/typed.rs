//! Types of properties as they are written in a file, and whether a value is of one.
use serde_json::Value;
use stocktake_model::{Duration, Map, Property, PropertyType, normalise, parse_time};

/// Words for types; `…[]` is a list, `dictionary[string, …]` a map.
pub(crate) const WORDS: [(&str, PropertyType); 10] = [
    ("any", PropertyType::Any),
    ("boolean", PropertyType::Boolean),
    ("date", PropertyType::Date),
    ("datetime", PropertyType::Datetime),
    ("double", PropertyType::Double),
    ("duration", PropertyType::Duration),
    ("float", PropertyType::Float),
    ("int32", PropertyType::Int32),
    ("int64", PropertyType::Int64),
    ("string", PropertyType::String),
];

/// The type a text names, as [`PropertyType`] prints it.
pub(crate) fn type_of(text: &str) -> Option<PropertyType> {
    let text = text.trim();
    if let Some(item) = text.strip_suffix("[]") {
        return type_of(item).map(PropertyType::array);
    }
    if let Some(inner) = text.strip_prefix("dictionary[") {
        let (key, value) = inner.strip_suffix(']')?.split_once(',')?;
        return (key.trim() == "string")
            .then(|| type_of(value))
            .flatten()
            .map(PropertyType::dictionary);
    }
    let known = WORDS.iter().find(|(word, _)| *word == text);
    known.map(|(_, of)| of.clone())
}

/// The value as it is stored, or where in it something else stands than the type says.
pub(crate) fn fitting(value: Value, of: &PropertyType) -> Result<Value, Misfit> {
    let misfit = |value: &Value| Misfit {
        path: String::new(),
        wanted: of.to_string(),
        found: shown(value),
    };
    if value.is_null() {
        return Ok(value);
    }
    let fits = match of {
        PropertyType::Any => true,
        PropertyType::String => value.is_string(),
        PropertyType::Int32 => value
            .as_i64()
            .is_some_and(|number| i32::try_from(number).is_ok()),
        PropertyType::Int64 => value.is_i64() || value.is_u64(),
        PropertyType::Float | PropertyType::Double => value.is_number(),
        PropertyType::Boolean => value.is_boolean(),
        PropertyType::Date | PropertyType::Datetime => {
            return time(&value, of).ok_or_else(|| misfit(&value));
        }
        PropertyType::Duration => value
            .as_str()
            .is_some_and(|text| text.parse::<Duration>().is_ok()),
        // Computed from a time, never stored.
        PropertyType::AgeOf(_) => false,
        PropertyType::Array(item) => {
            return list(value, item).map_err(|error| error.unwrap_or_misfit(of));
        }
        PropertyType::Dictionary(item) => {
            return map(value, |_| Ok(Some(item))).map_err(|error| error.unwrap_or_misfit(of));
        }
        PropertyType::Object(properties) => {
            return map(value, |name| member(properties, name))
                .map_err(|error| error.unwrap_or_misfit(of));
        }
    };
    if fits { Ok(value) } else { Err(misfit(&value)) }
}

/// Where a value is not what its type says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Misfit {
    /// Below the property, e.g. `[2].name`; empty for the property itself.
    pub(crate) path: String,
    /// What should stand there; empty if it is the type of the whole.
    pub(crate) wanted: String,
    /// What does.
    pub(crate) found: String,
}

impl Misfit {
    fn below(self, step: &str) -> Self {
        Self {
            path: format!("{step}{}", self.path),
            ..self
        }
    }

    fn unwrap_or_misfit(self, of: &PropertyType) -> Self {
        if self.wanted.is_empty() {
            Self {
                wanted: of.to_string(),
                ..self
            }
        } else {
            self
        }
    }
}

fn other(value: &Value) -> Misfit {
    Misfit {
        path: String::new(),
        wanted: String::new(),
        found: shown(value),
    }
}

fn list(value: Value, item: &PropertyType) -> Result<Value, Misfit> {
    let Value::Array(items) = value else {
        return Err(other(&value));
    };
    let items = items.into_iter().enumerate();
    items
        .map(|(at, value)| fitting(value, item).map_err(|error| error.below(&format!("[{at}]"))))
        .collect()
}

fn map<'t>(
    value: Value,
    type_of: impl Fn(&str) -> Result<Option<&'t PropertyType>, Misfit>,
) -> Result<Value, Misfit> {
    let Value::Object(fields) = value else {
        return Err(other(&value));
    };
    let mut fitted = Map::new();
    for (name, value) in fields {
        let value = match type_of(&name)? {
            Some(of) => fitting(value, of).map_err(|error| error.below(&format!(".{name}")))?,
            None => value,
        };
        fitted.insert(name, value);
    }
    Ok(Value::Object(fitted))
}

fn member<'t>(properties: &'t [Property], name: &str) -> Result<Option<&'t PropertyType>, Misfit> {
    let known = properties.iter().find(|property| property.name == name);
    match known {
        Some(property) => Ok(Some(&property.of)),
        None => Err(Misfit {
            path: format!(".{name}"),
            wanted: "one of the declared names".to_owned(),
            found: format!("`{name}`"),
        }),
    }
}

/// In the one form all times are stored in.
fn time(value: &Value, of: &PropertyType) -> Option<Value> {
    let time = normalise(parse_time(value.as_str()?).ok()?);
    let kept = if *of == PropertyType::Date {
        time.get(..10)?
    } else {
        &time
    };
    Some(kept.into())
}

fn shown(value: &Value) -> String {
    match value {
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "keys with values".to_owned(),
        Value::String(text) if text.chars().count() > 40 => {
            format!("`{}…`", text.chars().take(40).collect::<String>())
        }
        Value::String(text) => format!("`{text}`"),
        value => format!("`{value}`"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn types_are_read_as_they_are_printed() {
        for text in [
            "string",
            "int64[]",
            "dictionary[string, double]",
            "dictionary[string, datetime[]][]",
        ] {
            assert_eq!(type_of(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "text",
            "[]",
            "dictionary[int64, string]",
            "dictionary[string]",
        ] {
            assert_eq!(type_of(text), None, "{text}");
        }
        assert!(WORDS.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn values_fit_or_the_place_is_told() {
        let fit = |value, of: &str| fitting(value, &type_of(of).unwrap());
        assert_eq!(fit(json!(8), "double"), Ok(json!(8)));
        assert_eq!(
            fit(json!("2026-03-01T10:00:00+01:00"), "datetime"),
            Ok(json!("2026-03-01T09:00:00Z"))
        );
        assert_eq!(fit(json!("2026-03-01"), "date"), Ok(json!("2026-03-01")));
        assert_eq!(fit(json!(null), "int64"), Ok(json!(null)));
        for (value, of, path, wanted) in [
            (json!("8"), "double", "", "double"),
            (json!(1.5), "int64", "", "int64"),
            (json!(5_000_000_000_i64), "int32", "", "int32"),
            (json!("soon"), "datetime", "", "datetime"),
            (json!("soon"), "duration", "", "duration"),
            (json!(1), "string[]", "", "string[]"),
            (json!(["a", 1]), "string[]", "[1]", "string"),
            (
                json!({"a": [true]}),
                "dictionary[string, string[]]",
                ".a[0]",
                "string",
            ),
        ] {
            let misfit = fit(value, of).unwrap_err();
            assert_eq!((&*misfit.path, &*misfit.wanted), (path, wanted));
        }
    }
}
