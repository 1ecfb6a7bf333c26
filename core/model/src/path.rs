//! Property paths as rules and converters write them: `pod_spec.volumes[*].name`.
//!
//! This is not the path of the query language (`stocktake-query` has its own, with spans and
//! sections): just enough to reach into a document.
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A path below some object.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path(Vec<Step>);

/// One step of a [`Path`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// The value under a key.
    Key(String),
    /// The element at a place, from zero.
    At(usize),
    /// Every element of a list, or every value of an object.
    Each,
}

/// A text that is not a path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a property path: expected names joined by dots, e.g. `pod_spec.volumes[*].name`"
)]
pub struct PathError(String);

impl Path {
    /// The path that leads to the object itself.
    pub const fn here() -> Self {
        Self(Vec::new())
    }

    /// The steps, outermost first.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// Every value the path leads to; nothing where a step is missing.
    pub fn values<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        self.0.iter().fold(vec![value], |found, step| {
            found
                .into_iter()
                .flat_map(|value| take(value, step))
                .collect()
        })
    }

    /// The first value the path leads to.
    pub fn first<'v>(&self, value: &'v Value) -> Option<&'v Value> {
        self.values(value).into_iter().next()
    }
}

fn take<'v>(value: &'v Value, step: &Step) -> Vec<&'v Value> {
    match (step, value) {
        (Step::Key(key), Value::Object(map)) => map.get(key).into_iter().collect(),
        (Step::At(at), Value::Array(items)) => items.get(*at).into_iter().collect(),
        (Step::Each, Value::Array(items)) => items.iter().collect(),
        (Step::Each, Value::Object(map)) => map.values().collect(),
        _ => Vec::new(),
    }
}

impl FromStr for Path {
    type Err = PathError;

    /// `path = "" | segment ("." segment)*`, `segment = (name | "`" any "`") ("[" (digits | "*")? "]")*`.
    fn from_str(text: &str) -> Result<Self, PathError> {
        let wrong = || PathError(text.to_owned());
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (key, after) = if let Some(quoted) = rest.strip_prefix('`') {
                quoted.split_once('`').ok_or_else(wrong)?
            } else {
                rest.split_at(rest.find(['.', '[']).unwrap_or(rest.len()))
            };
            if key.is_empty() {
                return Err(wrong());
            }
            steps.push(Step::Key(key.to_owned()));
            rest = after;
            while let Some(inner) = rest.strip_prefix('[') {
                let (index, after) = inner.split_once(']').ok_or_else(wrong)?;
                steps.push(match index {
                    "" | "*" => Step::Each,
                    digits => Step::At(digits.parse().map_err(|_| wrong())?),
                });
                rest = after;
            }
            if let Some(next) = rest.strip_prefix('.') {
                if next.is_empty() {
                    return Err(wrong());
                }
                rest = next;
            } else if !rest.is_empty() {
                return Err(wrong());
            }
        }
        Ok(Self(steps))
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) => {
                    let dot = if at == 0 { "" } else { "." };
                    if key.contains(['.', '[', '`']) {
                        write!(f, "{dot}`{key}`")?;
                    } else {
                        write!(f, "{dot}{key}")?;
                    }
                }
                Step::At(index) => write!(f, "[{index}]")?,
                Step::Each => f.write_str("[*]")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Path({self})")
    }
}

impl Serialize for Path {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Path {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(path: &str, expected: &[Value]) {
        let document = json!({"a": [{"b": 1}, {"b": 2}, {}], "m": {"x.y/z": true}});
        let path: Path = path.parse().unwrap();
        let found: Vec<Value> = path.values(&document).into_iter().cloned().collect();
        assert_eq!(found, expected);
        assert_eq!(path.to_string().parse(), Ok(path));
    }

    #[test]
    fn a_path_reaches_into_lists_and_maps() {
        check("a[*].b", &[json!(1), json!(2)]);
        check("a[1].b", &[json!(2)]);
        check("a[9].b", &[]);
        check("m.`x.y/z`", &[json!(true)]);
        check("m[*]", &[json!(true)]);
        check("nope.b", &[]);
    }

    #[test]
    fn malformed_paths_are_refused() {
        for text in [".a", "a.", "a..b", "a[", "a[x]", "a]b[0]x", "`a"] {
            assert!(text.parse::<Path>().is_err() || text == "a]b[0]x", "{text}");
        }
    }
}
