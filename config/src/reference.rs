//! Writes the defaults of a document, every key explained in a comment above it.
use std::fmt;
use std::fmt::Write as _;

use serde_json::Value;

use crate::document::Root;
use crate::shape::{Key, Shape};
use crate::yaml;

/// The document of these roots with these values, in model order.
pub(crate) fn render(roots: &[Root], values: &Value) -> String {
    let mut text = String::new();
    for root in roots {
        if !text.is_empty() {
            text.push('\n');
        }
        entry(
            &mut text,
            0,
            (root.name, root.about, root.shape),
            &values[root.name],
        );
    }
    text
}

/// One key with its value, explained, behind so many blanks.
pub(crate) fn key(key: &Key, margin: usize, value: &Value) -> String {
    let mut text = String::new();
    entry(&mut text, 0, (key.name, key.about, key.shape), value);
    let margin = " ".repeat(margin);
    let lines = text.lines();
    lines.flat_map(|line| [&margin, line, "\n"]).collect()
}

fn entry(text: &mut String, depth: usize, key: (&str, &str, Shape), value: &Value) {
    let (name, about, shape) = key;
    let indent = "  ".repeat(depth);
    for line in about.lines() {
        add(text, format_args!("{indent}# {line}\n"));
    }
    match (shape, value) {
        (Shape::Section(section), Value::Object(_)) => {
            add(text, format_args!("{indent}{}:\n", yaml::bare(name)));
            for key in section.keys {
                entry(
                    text,
                    depth + 1,
                    (key.name, key.about, key.shape),
                    &value[key.name],
                );
            }
        }
        (Shape::Map(shape), Value::Object(fields)) if !fields.is_empty() => {
            add(text, format_args!("{indent}{}:\n", yaml::bare(name)));
            for (name, field) in fields {
                entry(text, depth + 1, (name, "", *shape), field);
            }
        }
        (_, Value::Array(items)) if !items.is_empty() => {
            add(text, format_args!("{indent}{}:\n", yaml::bare(name)));
            for item in items {
                add(text, format_args!("{indent}  - {}\n", yaml::inline(item)));
            }
        }
        _ => add(
            text,
            format_args!("{indent}{}: {}\n", yaml::bare(name), yaml::inline(value)),
        ),
    }
}

fn add(text: &mut String, line: fmt::Arguments<'_>) {
    text.write_fmt(line).expect("a string takes any text");
}
