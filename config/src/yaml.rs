//! Reading and writing YAML values: the only file that names the YAML library.
//!
//! Comments and order are lost here; what keeps them is `tree`.
use serde_json::Value;

use crate::error::{Place, Problem, ProblemKind};

/// Bytes a document may have. The parser expands aliases, so a text must not be large to begin with.
const LIMIT: usize = 1024 * 1024;

/// Reads one document. An empty text is `null`.
pub(crate) fn read(text: &str) -> Result<Value, Problem> {
    if text.len() > LIMIT {
        let kind = ProblemKind::TooLarge {
            size: text.len(),
            limit: LIMIT,
        };
        return Err(Problem { kind, place: None });
    }
    // By way of the library's own value, because only that refuses a key given twice.
    serde_yaml::from_str::<serde_yaml::Value>(text)
        .and_then(|mut value| {
            value.apply_merge()?;
            serde_yaml::from_value(value)
        })
        .map_err(problem)
}

fn problem(error: serde_yaml::Error) -> Problem {
    let place = error.location().map(|place| Place {
        line: place.line(),
        column: place.column(),
    });
    let text = error.to_string();
    // The library ends its messages with the place, which is told apart here.
    let message = text.split(" at line ").next().unwrap_or(&text).to_owned();
    Problem {
        kind: ProblemKind::Syntax(message),
        place,
    }
}

/// A value in block style, indented by two, without a trailing newline.
pub(crate) fn block(value: &Value) -> String {
    serde_yaml::to_string(value)
        .unwrap_or_default()
        .trim_end()
        .to_owned()
}

/// A value on one line: text in single quotes, lists and keys in flow style.
pub(crate) fn inline(value: &Value) -> String {
    match value {
        Value::String(text) if text.chars().any(char::is_control) => value.to_string(),
        Value::String(text) => format!("'{}'", text.replace('\'', "''")),
        Value::Array(items) => {
            format!(
                "[{}]",
                items.iter().map(inline).collect::<Vec<_>>().join(", ")
            )
        }
        Value::Object(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(key, value)| format!("{}: {}", bare(key), inline(value)))
                .collect();
            format!("{{{}}}", fields.join(", "))
        }
        other => other.to_string(),
    }
}

/// A key as it stands before a colon: quoted where it would read as something else.
pub(crate) fn bare(key: &str) -> String {
    let plain = key
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
        && key.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
    let word = matches!(
        key.to_ascii_lowercase().as_str(),
        "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n"
    );
    if plain && !word {
        key.to_owned()
    } else {
        inline(&Value::String(key.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_line_values_read_back() {
        for value in [
            json!(null),
            json!(true),
            json!(5.5),
            json!(""),
            json!("it's: # x"),
            json!("two\nlines\t"),
            json!(["a", 1, []]),
            json!({"a.b": {"no": "x"}, "c": null}),
        ] {
            assert_eq!(read(&inline(&value)).unwrap(), value);
        }
    }

    #[test]
    fn a_key_given_twice_and_a_huge_text_are_refused() {
        assert!(matches!(
            read("a: 1\na: 2\n").unwrap_err().kind,
            ProblemKind::Syntax(_)
        ));
        let huge = "x".repeat(LIMIT + 1);
        assert!(matches!(
            read(&huge).unwrap_err().kind,
            ProblemKind::TooLarge { .. }
        ));
    }
}
