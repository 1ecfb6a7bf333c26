//! Checks a value against its shape, and turns what is obviously meant into what is wanted
//! (`"5"` into 5).
//!
//! It works on values, so it finds paths; where they stand in a text is found by `tree`.
use std::collections::BTreeMap;

use serde_json::Value;
use stocktake_model::{Duration, Path, near};

use crate::environment;
use crate::error::ProblemKind;
use crate::legacy;
use crate::shape::{Section, Shape};
use crate::steps::{Step, show};

/// Longest label, in bytes: it is part of a file name.
const LONGEST_LABEL: usize = 40;

/// Something found at a path.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) kind: ProblemKind,
    /// The steps as written, aliases included.
    pub(crate) path: Vec<Step>,
    /// Whether the key is meant rather than its value.
    pub(crate) at_key: bool,
}

/// The findings of one pass.
#[derive(Debug, Default)]
pub(crate) struct Check {
    /// As written, for places.
    path: Vec<Step>,
    pub(crate) problems: Vec<Finding>,
    pub(crate) warnings: Vec<Finding>,
}

impl Check {
    /// Checks the value of a root key.
    pub(crate) fn root(&mut self, root: &str, value: &mut Value, shape: Shape) {
        if let ("k8s", Value::Object(section)) = (root, &mut *value) {
            for key in legacy::migrate(section) {
                let path = vec![Step::Key(root.to_owned()), Step::Key(key.to_owned())];
                self.warnings.push(Finding {
                    kind: ProblemKind::Migrated { path: show(&path) },
                    path,
                    at_key: true,
                });
            }
        }
        self.down(Step::Key(root.to_owned()), value, shape);
    }

    /// Notes a problem with a root key.
    pub(crate) fn at_root(&mut self, root: &str, kind: ProblemKind) -> Finding {
        debug_assert!(
            self.path.is_empty(),
            "roots are checked one after the other"
        );
        Finding {
            kind,
            path: vec![Step::Key(root.to_owned())],
            at_key: true,
        }
    }

    fn down(&mut self, step: Step, value: &mut Value, shape: Shape) {
        self.path.push(step);
        self.value(value, shape);
        self.path.pop();
    }

    fn value(&mut self, value: &mut Value, shape: Shape) {
        // A variable may hold anything; what it holds is checked once it is put in.
        if value.as_str().is_some_and(environment::mentions) {
            return;
        }
        match shape {
            Shape::Section(section) => return self.section(value, section),
            Shape::Record(section, needs) => {
                self.section(value, section);
                let Value::Object(fields) = value else { return };
                let needed = needs.always.iter().chain((needs.also)(fields));
                for &key in needed.filter(|key| !fields.contains_key(**key)) {
                    let path = show(&self.path);
                    self.problem(ProblemKind::MissingKey { path, key });
                }
                return;
            }
            Shape::List(shape) => {
                if let Value::Array(items) = value {
                    for (number, item) in items.iter_mut().enumerate() {
                        self.down(Step::Item(number), item, *shape);
                    }
                    return;
                }
            }
            Shape::Map(shape) => {
                if let Value::Object(fields) = value {
                    for (name, field) in fields.iter_mut() {
                        self.label(name);
                        self.down(Step::Key(name.clone()), field, *shape);
                    }
                    return;
                }
            }
            Shape::CronOrNever if value.as_str().is_some_and(|text| text.trim().is_empty()) => {
                return;
            }
            Shape::Cron | Shape::CronOrNever => return self.cron(value, shape),
            Shape::Choice(words) => return self.choice(value, words),
            _ => {
                if let Some(meant) = scalar(value, shape) {
                    *value = meant;
                    return;
                }
            }
        }
        self.wrong(value, shape);
    }

    fn label(&mut self, name: &str) {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if name.is_empty() || name.len() > LONGEST_LABEL || !name.bytes().all(allowed) {
            let path = self.show_with(name);
            self.problem_at_key(name, ProblemKind::Label { path });
        }
    }

    fn section(&mut self, value: &mut Value, section: &'static Section) {
        let Value::Object(fields) = value else {
            return self.wrong(value, Shape::Section(section));
        };
        // How each key is spelled here.
        let mut spelled = BTreeMap::<&str, String>::new();
        for (name, mut field) in std::mem::take(fields) {
            let known = section
                .keys
                .iter()
                .find(|key| key.name == name || key.also.contains(&&*name));
            let Some(key) = known else {
                self.unknown(&name, section);
                continue;
            };
            if let Some(spelling) = spelled.insert(key.name, name.clone()) {
                let kind = ProblemKind::Twice {
                    path: self.show_with(&name),
                    spelling,
                };
                self.problem_at_key(&name, kind);
                continue;
            }
            // No value means the default.
            if !field.is_null() {
                self.down(Step::Key(name), &mut field, key.shape);
                fields.insert(key.name.to_owned(), field);
            }
        }
    }

    fn unknown(&mut self, name: &str, section: &Section) {
        let path = self.show_with(name);
        if let Some((_, instead)) = section.ignored.iter().find(|(ignored, _)| *ignored == name) {
            let kind = ProblemKind::Ignored {
                path,
                instead: (*instead).to_owned(),
            };
            let finding = self.finding_at_key(name, kind);
            self.warnings.push(finding);
            return;
        }
        let near = near(name, section.keys.iter().map(|key| key.name));
        let near = near.into_iter().map(str::to_owned).collect();
        self.problem_at_key(name, ProblemKind::UnknownKey { path, near });
    }

    fn cron(&mut self, value: &Value, shape: Shape) {
        let Value::String(text) = value else {
            return self.wrong(value, shape);
        };
        let why = match five_fields(text) {
            Ok(()) => return,
            Err(why) => why,
        };
        let (path, found) = (show(&self.path), text.clone());
        self.problem(ProblemKind::Cron { path, found, why });
    }

    fn choice(&mut self, value: &Value, words: &'static [&'static str]) {
        let Value::String(text) = value else {
            return self.wrong(value, Shape::Choice(words));
        };
        if words.contains(&text.as_str()) {
            return;
        }
        let near = near(text, words.iter().copied())
            .into_iter()
            .map(str::to_owned)
            .collect();
        let (path, found) = (show(&self.path), text.clone());
        let wanted = Shape::Choice(words).wanted();
        self.problem(ProblemKind::UnknownWord {
            path,
            wanted,
            found,
            near,
        });
    }

    fn wrong(&mut self, value: &Value, shape: Shape) {
        let path = show(&self.path);
        self.problem(ProblemKind::WrongValue {
            path,
            wanted: shape.wanted(),
            found: found(value),
        });
    }

    fn problem(&mut self, kind: ProblemKind) {
        self.problems.push(Finding {
            kind,
            path: self.path.clone(),
            at_key: false,
        });
    }

    fn problem_at_key(&mut self, key: &str, kind: ProblemKind) {
        let finding = self.finding_at_key(key, kind);
        self.problems.push(finding);
    }

    fn finding_at_key(&self, key: &str, kind: ProblemKind) -> Finding {
        let mut path = self.path.clone();
        path.push(Step::Key(key.to_owned()));
        Finding {
            kind,
            path,
            at_key: true,
        }
    }

    fn show_with(&self, key: &str) -> String {
        let mut path = self.path.clone();
        path.push(Step::Key(key.to_owned()));
        show(&path)
    }
}

/// The single value that is meant, or `None` if none can be.
fn scalar(value: &Value, shape: Shape) -> Option<Value> {
    let text = value.as_str().map(str::trim);
    match shape {
        Shape::Switch => {
            let switch = value.as_bool().or_else(|| text?.parse().ok())?;
            Some(switch.into())
        }
        Shape::Whole(low, high) => {
            let whole = value.as_i64().or_else(|| text?.parse().ok())?;
            (low..=high).contains(&whole).then(|| whole.into())
        }
        Shape::Number(low, high) => {
            let number = value.as_f64().or_else(|| text?.parse().ok())?;
            (low..=high).contains(&number).then(|| number.into())
        }
        Shape::Seconds => {
            let seconds = value.as_i64().or_else(|| text?.parse().ok());
            let seconds = seconds.or_else(|| Some(text?.parse::<Duration>().ok()?.seconds()))?;
            (seconds > 0).then(|| seconds.into())
        }
        Shape::Duration => {
            let duration: Duration = text?.parse().ok()?;
            (duration.seconds() > 0).then(|| value.clone())
        }
        Shape::Text => match value {
            Value::String(_) => Some(value.clone()),
            Value::Number(_) | Value::Bool(_) => Some(value.to_string().into()),
            _ => None,
        },
        Shape::Path => {
            let path = text.filter(|text| !text.is_empty())?;
            path.parse::<Path>().ok().map(|_| path.into())
        }
        Shape::Anything => Some(value.clone()),
        _ => None,
    }
}

/// Whether the text is a cron expression of five fields; seconds and years are not offered.
fn five_fields(text: &str) -> Result<(), String> {
    let fields = text.split_whitespace().count();
    if fields != 5 && !text.trim_start().starts_with('@') {
        return Err(format!("it has {fields} fields, not 5"));
    }
    match text.parse::<croner::Cron>() {
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string().trim_end_matches('.').to_lowercase()),
    }
}

/// What stands there, for messages. Long values are cut: they may be whole files.
pub(crate) fn found(value: &Value) -> String {
    match value {
        Value::Null => "nothing".into(),
        Value::Bool(_) | Value::Number(_) => format!("`{value}`"),
        Value::String(text) if text.chars().count() > 40 => {
            format!("`{}…`", text.chars().take(40).collect::<String>())
        }
        Value::String(text) => format!("`{text}`"),
        Value::Array(_) => "a list".into(),
        Value::Object(_) => "keys with values".into(),
    }
}
