//! The options of `search`, taken out of the query they stand in.
use jiff::Timestamp;
use stocktake_query::SortKey;

use super::scope::Scope;
use crate::draft::Mode;
use crate::{Argument, CommandError, WithEdges, Word, moment};

#[derive(Debug, Default)]
pub(super) struct Options {
    pub(super) edges: WithEdges,
    pub(super) mode: Mode,
    pub(super) at: Option<String>,
    pub(super) scope: Scope,
    /// What kubectl calls `--sort-by`.
    pub(super) sort: Vec<SortKey>,
}

/// Options with a value, by each name: `--at 3d`, `--at=3d`.
const VALUED: [&str; 8] = [
    "--at",
    "--cluster",
    "--context",
    "--namespace",
    "--selector",
    "--sort-by",
    "-l",
    "-n",
];

impl Options {
    /// Takes the options out, wherever they stand; what is left keeps its place.
    pub(super) fn take(&mut self, argument: &Argument) -> Result<Argument, CommandError> {
        let mut left = argument.clone();
        let words = argument.words();
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            let typed = &argument.text()[word.range.clone()];
            match typed {
                "--with-edges" => self.edges = WithEdges::Yes,
                "--explain" => self.mode = Mode::Explain,
                "-w" | "--watch" => {
                    let error = CommandError::usage("a search answers once");
                    return Err(error.hint("`watch stocktake search …` asks again and again; with `k8s.watch: true` the answer is then seconds old").at(word.span));
                }
                "-A" | "--all-namespaces" => self.scope.all_namespaces(word)?,
                typed if VALUED.contains(&typed) => {
                    let value = rest.next().ok_or_else(|| missing(typed).at(word.span))?;
                    self.set(typed, value)?;
                    left = left.blank(value.range.clone());
                }
                typed => {
                    let named = typed.split_once('=').map(|(name, _)| name);
                    let Some(name) = named.filter(|name| VALUED.contains(name)) else {
                        super::super::no_option("search", argument, word)?;
                        continue;
                    };
                    let (_, text) = word.text.split_once('=').unwrap_or_default();
                    let value = Word {
                        text: text.to_owned(),
                        ..word.clone()
                    };
                    self.set(name, &value)?;
                }
            }
            left = left.blank(word.range.clone());
        }
        Ok(left)
    }

    fn set(&mut self, name: &str, value: &Word) -> Result<(), CommandError> {
        match name {
            "-n" | "--namespace" => self.scope.namespaces(value),
            "-l" | "--selector" => self.scope.labels(value),
            "--context" | "--cluster" => self.scope.clusters(value),
            "--sort-by" => {
                self.sort = sorted_by(value)?;
                Ok(())
            }
            _ => {
                // Only whether it can be read: when it is, the core decides.
                moment(&value.text, Timestamp::MAX).map_err(|error| error.at(value.span))?;
                self.at = Some(value.text.clone());
                Ok(())
            }
        }
    }
}

/// A path as kubectl has it: `.metadata.creationTimestamp`, `{.spec.nodeName}`; or one of ours.
fn sorted_by(value: &Word) -> Result<Vec<SortKey>, CommandError> {
    let path = value.text.trim_matches(['{', '}']);
    let path = match path.strip_prefix('.') {
        None => path,
        Some("metadata.creationTimestamp") => "ctime",
        Some("metadata.resourceVersion") => "resource_version",
        Some("metadata.uid") => "id",
        Some(path) => match path.strip_prefix("metadata.") {
            Some(name) if !name.contains('.') || name.starts_with("labels.") => name,
            _ => {
                let error = CommandError::usage(format!(
                    "`{}` is a path in an object of the API",
                    value.text
                ));
                return Err(error
                    .hint("name a property: `--sort-by pod_status.phase`; `kinds KIND` shows them")
                    .at(value.span));
            }
        },
    };
    let wrong = || {
        let error = CommandError::usage(format!("`{}` is no path to sort by", value.text));
        error.hint("write e.g. `--sort-by ctime`").at(value.span)
    };
    let query = stocktake_query::parse(&format!("all sort {path}")).map_err(|_| wrong())?;
    let part = query.parts.into_iter().next().ok_or_else(wrong)?;
    Ok(part.sort)
}

fn missing(name: &str) -> CommandError {
    let (needs, example) = match name {
        "--at" => ("a time", "`--at 3d` or `--at 2024-05-01`"),
        "-l" | "--selector" => ("a selector of labels", "`-l app=web`"),
        "-n" | "--namespace" => ("a namespace", "`-n default`"),
        "--sort-by" => ("a property", "`--sort-by age`"),
        _ => ("the name of a cluster", "`--context prod`"),
    };
    CommandError::usage(format!("`{name}` needs {needs}")).hint(format!("write e.g. {example}"))
}
