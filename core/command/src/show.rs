//! Values as text, and the order in which the properties of an object are shown.
use serde_json::Value;
use stocktake_model::{Map, Model, Property, PropertyType};

/// Properties every resource begins with, in the order people are used to.
const FIRST: [&str; 4] = ["kind", "id", "tags", "name"];

/// A value on one line: lists as `[a, b]`, objects as `key=value, key=value` in model order.
pub(crate) fn inline(value: &Value, of: Option<&PropertyType>) -> String {
    match value {
        Value::Object(map) => {
            let parts: Vec<String> = in_order(map, of)
                .into_iter()
                .filter(|(_, value, _)| !value.is_null())
                .map(|(key, value, of)| pair(key, value, of))
                .collect();
            parts.join(", ")
        }
        Value::Array(items) => {
            let item_type = match of {
                Some(PropertyType::Array(item)) => Some(&**item),
                _ => None,
            };
            let items: Vec<String> = items.iter().map(|item| element(item, item_type)).collect();
            format!("[{}]", items.join(", "))
        }
        scalar => plain(&scalar_text(scalar)),
    }
}

/// `name=value`; an object stands for its properties, without the name.
pub(crate) fn pair(name: &str, value: &Value, of: Option<&PropertyType>) -> String {
    match value {
        Value::Object(map) if map.values().any(|value| !value.is_null()) => inline(value, of),
        Value::Object(_) => format!("{name}={{}}"),
        _ => format!("{name}={}", inline(value, of)),
    }
}

fn element(value: &Value, of: Option<&PropertyType>) -> String {
    match value {
        Value::Object(_) => format!("{{{}}}", inline(value, of)),
        _ => inline(value, of),
    }
}

/// A scalar as it is written without quotes; objects and lists as JSON.
pub(crate) fn scalar_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The text with control characters escaped: it stays on its line and cannot talk to the terminal.
pub(crate) fn plain(text: &str) -> String {
    if !text.contains(char::is_control) {
        return text.to_owned();
    }
    text.chars()
        .map(|c| match c {
            c if c.is_control() => c.escape_default().to_string(),
            c => c.to_string(),
        })
        .collect()
}

/// A key, its value, and its declared type.
pub(crate) type Entry<'a> = (&'a str, &'a Value, Option<&'a PropertyType>);

/// The entries of an object: declared ones in their order, then the others by name.
pub(crate) fn in_order<'a>(map: &'a Map, of: Option<&'a PropertyType>) -> Vec<Entry<'a>> {
    match of {
        Some(PropertyType::Object(properties)) => {
            declared_first(map, &properties.iter().collect::<Vec<_>>())
        }
        Some(PropertyType::Dictionary(value)) => by_name(map, Some(value)),
        _ => by_name(map, None),
    }
}

/// The entries of a reported section, in the order of its kind.
pub(crate) fn reported_in_order<'a>(reported: &'a Map, model: &'a Model) -> Vec<Entry<'a>> {
    let kind = reported
        .get("kind")
        .and_then(Value::as_str)
        .unwrap_or("resource");
    let mut properties = model.properties(if model.kind(kind).is_some() {
        kind
    } else {
        "resource"
    });
    properties.sort_by_key(|property| {
        FIRST
            .iter()
            .position(|name| *name == property.name)
            .unwrap_or(FIRST.len())
    });
    declared_first(reported, &properties)
}

fn declared_first<'a>(map: &'a Map, properties: &[&'a Property]) -> Vec<Entry<'a>> {
    let mut entries: Vec<Entry<'a>> = properties
        .iter()
        .filter_map(|property| {
            let (key, value) = map.get_key_value(&property.name)?;
            Some((key.as_str(), value, Some(&property.of)))
        })
        .collect();
    let declared = |key: &str| properties.iter().any(|property| property.name == key);
    entries.extend(
        by_name(map, None)
            .into_iter()
            .filter(|(key, ..)| !declared(key)),
    );
    entries
}

/// By name: the map itself may keep another order.
fn by_name<'a>(map: &'a Map, of: Option<&'a PropertyType>) -> Vec<Entry<'a>> {
    let mut entries: Vec<Entry<'a>> = map
        .iter()
        .map(|(key, value)| (key.as_str(), value, of))
        .collect();
    entries.sort_by_key(|(key, ..)| *key);
    entries
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(value: Value, expected: Expect) {
        expected.assert_eq(&pair("name", &value, None));
    }

    #[test]
    fn values_are_shown_on_one_line() {
        check(json!("web"), expect!["name=web"]);
        check(json!(true), expect!["name=true"]);
        check(json!(["a", 1, null]), expect!["name=[a, 1, null]"]);
        check(
            json!({"b": 1, "a": {"c": "x"}, "n": null}),
            expect!["c=x, b=1"],
        );
        check(json!([{"b": 1, "a": 2}]), expect!["name=[{a=2, b=1}]"]);
        check(json!({}), expect!["name={}"]);
        check(json!("a\nb\u{1b}[31m"), expect![[r"name=a\nb\u{1b}[31m"]]);
    }

    #[test]
    fn objects_are_shown_in_model_order() {
        let of = PropertyType::Object(vec![
            Property::new("major", PropertyType::String, ""),
            Property::new("a_url", PropertyType::String, ""),
        ]);
        let value = json!({"a_url": "x", "major": "1", "aa": 3});
        expect!["major=1, a_url=x, aa=3"].assert_eq(&pair("info", &value, Some(&of)));
    }
}
