//! Reading a document: checking it, laying overrides over it, putting variables in, and the typed
//! settings that come out.
use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::check::{self, Check, Finding};
use crate::commands::CommandsConfig;
use crate::core::CoreConfig;
use crate::document::{CommandsDocument, CoreDocument, DocumentId, SnapshotsDocument};
use crate::environment;
use crate::error::{ConfigError, Problem, ProblemKind};
use crate::mask;
use crate::shape::Shape;
use crate::snapshots::SnapshotsConfig;
use crate::tree;
use crate::worker::WorkerConfig;
use crate::yaml;

/// A document that was read and checked. Keys it lacks have their defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// Which document it is.
    pub id: DocumentId,
    /// What is odd but does no harm, in the order of the text.
    pub warnings: Vec<Problem>,
    /// By root, under their own names.
    roots: Map<String, Value>,
}

/// Reads and checks the text of a document. Values that mention variables, such as `$(TOKEN)`,
/// are checked once the variables are put in.
pub fn parse(id: DocumentId, text: &str) -> Result<Parsed, ConfigError> {
    let error = |problem| ConfigError {
        document: id,
        problems: vec![problem],
    };
    let value = yaml::read(text).map_err(error)?;
    let roots = match value {
        Value::Object(roots) => roots,
        Value::Null => Map::new(),
        other => {
            let kind = ProblemKind::NotKeys(check::found(&other));
            return Err(error(Problem { kind, place: None }));
        }
    };
    let (roots, check) = check_roots(id, roots);
    let problems = placed(text, check.problems);
    if !problems.is_empty() {
        return Err(ConfigError {
            document: id,
            problems,
        });
    }
    Ok(Parsed {
        id,
        warnings: placed(text, check.warnings),
        roots,
    })
}

/// Renames roots to their own names and checks the known ones.
fn check_roots(id: DocumentId, given: Map<String, Value>) -> (Map<String, Value>, Check) {
    let mut check = Check::default();
    let mut roots = Map::new();
    let mut spelled = BTreeMap::<&str, String>::new();
    for (key, mut value) in given {
        let Some(root) = id.root(&key) else {
            // Names with `_` in front are notes of the editor, such as `_revision`.
            if !key.starts_with('_') {
                let finding = check.at_root(&key, ProblemKind::UnknownRoot(key.clone()));
                check.warnings.push(finding);
            }
            roots.insert(key, value);
            continue;
        };
        if let Some(spelling) = spelled.insert(root.name, key.clone()) {
            let finding = check.at_root(
                &key,
                ProblemKind::Twice {
                    path: key.clone(),
                    spelling,
                },
            );
            check.problems.push(finding);
            continue;
        }
        if !value.is_null() {
            check.root(&key, &mut value, root.shape);
            roots.insert(root.name.to_owned(), value);
        }
    }
    (roots, check)
}

/// Gives findings their places and puts them in the order of the text.
fn placed(text: &str, findings: Vec<Finding>) -> Vec<Problem> {
    let mut problems: Vec<Problem> = findings
        .into_iter()
        .map(|Finding { kind, path, at_key }| {
            let place = if at_key {
                tree::key_place(text, &path)
            } else {
                tree::value_place(text, &path)
            };
            Problem { kind, place }
        })
        .collect();
    problems.sort_by_key(|problem| problem.place);
    problems
}

impl Parsed {
    /// Lays another reading of the same document over this one: sections are merged key by key,
    /// lists and single values are replaced.
    #[must_use]
    pub fn overlaid(mut self, over: &Self) -> Self {
        for (root, value) in &over.roots {
            merge(self.roots.entry(root.clone()).or_insert(Value::Null), value);
        }
        self.warnings.extend(over.warnings.iter().cloned());
        self
    }

    /// The paths of the values that are set here, e.g., `worker.cleanup`.
    pub fn paths(&self) -> Vec<String> {
        self.values().into_iter().map(|(path, _)| path).collect()
    }

    /// The values that are set here, by path, as YAML on one line; credentials are masked. An editor shows them as what
    /// counts when this is an override.
    pub fn values(&self) -> Vec<(String, String)> {
        let mut roots = Value::Object(self.roots.clone());
        mask::hide(&mut roots);
        let mut values = Vec::new();
        if let Value::Object(roots) = &roots {
            for (root, value) in roots {
                leaves(root, value, &mut values);
            }
        }
        values
    }

    /// Puts environment variables in and checks what came of it. A value that mentions an unset
    /// variable is left out, with a warning.
    pub fn expanded(
        mut self,
        lookup: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let mut roots = Value::Object(std::mem::take(&mut self.roots));
        let mut warnings = std::mem::take(&mut self.warnings);
        environment::expand_all(&mut roots, "", lookup, &mut |path, variable| {
            let kind = ProblemKind::NoVariable {
                path: path.to_owned(),
                variable,
            };
            warnings.push(Problem { kind, place: None });
        });
        let Value::Object(roots) = roots else {
            unreachable!("an object stays an object")
        };
        let (roots, check) = check_roots(self.id, roots);
        if check.problems.is_empty() {
            return Ok(Self {
                id: self.id,
                warnings,
                roots,
            });
        }
        let problems = check
            .problems
            .into_iter()
            .map(|finding| Problem {
                kind: finding.kind,
                place: None,
            })
            .collect();
        Err(ConfigError {
            document: self.id,
            problems,
        })
    }

    /// The settings of the core; the defaults if this is another document.
    pub fn core(&self) -> Result<CoreConfig, ConfigError> {
        self.typed::<CoreDocument>().map(|document| document.core)
    }

    /// The settings of the worker and its plugins; the defaults if this is another document.
    pub fn worker(&self) -> Result<WorkerConfig, ConfigError> {
        self.typed()
    }

    /// The custom commands; none if this is another document.
    pub fn commands(&self) -> Result<CommandsConfig, ConfigError> {
        self.typed::<CommandsDocument>()
            .map(|document| document.custom_commands)
    }

    /// The snapshot schedules; the defaults if this is another document.
    pub fn snapshots(&self) -> Result<SnapshotsConfig, ConfigError> {
        self.typed::<SnapshotsDocument>()
            .map(|document| document.snapshots)
    }

    /// A section no struct here describes, e.g., that of another plugin.
    pub fn section(&self, root: &str) -> Option<&Value> {
        self.roots.get(root)
    }

    /// All roots, with the defaults of what they lack.
    pub(crate) fn whole(&self) -> Value {
        let mut roots = Value::Object(self.roots.clone());
        let defaults = self.id.defaults();
        for root in self.id.roots() {
            fill(&mut roots[root.name], &defaults[root.name], root.shape);
        }
        roots
    }

    /// Fails only where a variable still stands in place of a number or a switch.
    fn typed<T: DeserializeOwned>(&self) -> Result<T, ConfigError> {
        serde_json::from_value(self.whole())
            .map_err(|error| ConfigError::of(self.id, ProblemKind::Syntax(error.to_string())))
    }
}

/// Gives sections the keys they lack. What a user names or lists is complete as it is.
fn fill(value: &mut Value, default: &Value, shape: Shape) {
    match (shape, value) {
        (_, value @ Value::Null) => *value = default.clone(),
        (Shape::Section(section), Value::Object(fields)) => {
            for key in section.keys {
                // List items have no defaults here; their structs do.
                let Some(default) = default.get(key.name) else {
                    continue;
                };
                let field = fields.entry(key.name.to_owned()).or_insert(Value::Null);
                fill(field, default, key.shape);
            }
        }
        _ => {}
    }
}

fn merge(under: &mut Value, over: &Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                merge(under.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (under, over) => *under = over.clone(),
    }
}

fn leaves(path: &str, value: &Value, values: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, field) in fields {
                leaves(&format!("{path}.{key}"), field, values);
            }
        }
        _ => values.push((path.to_owned(), yaml::inline(value))),
    }
}
