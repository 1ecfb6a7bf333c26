//! `graph`: copies of the graph that are kept, and graphs as files.
use async_trait::async_trait;
use futures::StreamExt as _;
use futures::future::ready;
use serde_json::{Value, json};
use stocktake_model::normalise;

use super::write::to_file;
use crate::archive::{SNAPSHOT, graph_name, new_name, snapshot_name};
use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{Argument, Call, CommandError, Existing, FileMode, Flow, LIVE, Scene, View, Word};

const VERBS: [&str; 6] = ["list", "copy", "snapshot", "delete", "export", "import"];

static SPEC: Spec = Spec {
    name: "graph",
    aliases: &["graphs"],
    about: "copies of the graph that are kept, and graphs as files",
    usage: "list [REGEX] | copy [--force] [FROM] TO | snapshot [FROM] LABEL | delete NAME | export [--force] [NAME] FILE | import [--force] NAME FILE",
    arguments: &[
        (
            "list [REGEX]",
            "those whose name matches; what it does without a word",
        ),
        (
            "copy [FROM] TO",
            "keep the graph as it is now; `graph=TO search …` asks it",
        ),
        (
            "snapshot [FROM] LABEL",
            "the same, named after label and time",
        ),
        ("delete NAME", "forget a kept graph"),
        (
            "export [NAME] FILE",
            "write a graph to a file, one JSON object per line",
        ),
        (
            "import NAME FILE",
            "keep what was exported, here or elsewhere",
        ),
        ("--force", "replace what has the name already"),
    ],
    category: Category::Setup,
    input: Shape::Nothing,
    output: Shape::Values,
    examples: &[
        Example {
            about: "Keep what there is before the big change",
            line: "graph copy before_upgrade",
            prints: "Graph stocktake copied to before_upgrade.\n",
        },
        Example {
            about: "How many pods were there before?",
            line: "graph=before_upgrade search is(kubernetes_pod) | count",
            prints: "",
        },
        Example {
            about: "Everything, for another installation",
            line: "graph export inventory.ndjson",
            prints: "",
        },
        Example {
            about: "A snapshot, by hand",
            line: "graph snapshot release",
            prints: "Graph stocktake snapshotted to snapshot-stocktake-release-2024-05-04T04:00:00Z.\n",
        },
    ],
};

pub(super) struct Graph;

impl Command for Graph {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn parse(&self, argument: &Argument, scene: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        let mut words = argument.words();
        let verb = if words.is_empty() {
            "list".to_owned()
        } else {
            words.remove(0).text
        };
        let all = words.len();
        words.retain(|word| word.text != "--force");
        let existing = if words.len() < all {
            Existing::Replaced
        } else {
            Existing::Stays
        };
        let refused = matches!(verb.as_str(), "list" | "snapshot" | "delete");
        let ask = match (verb.as_str(), words.as_slice()) {
            _ if refused && existing == Existing::Replaced => None,
            ("list", []) => Some(Ask::List(None)),
            ("list", [pattern]) => Some(Ask::List(Some(regex(pattern)?))),
            ("copy", [to]) => Some(Ask::copy(None, to, existing)?),
            ("copy", [from, to]) => Some(Ask::copy(Some(from), to, existing)?),
            ("snapshot", [label]) => Some(Ask::snapshot(None, label, scene)?),
            ("snapshot", [from, label]) => Some(Ask::snapshot(Some(from), label, scene)?),
            ("delete", [name]) => Some(Ask::Delete(kept(name)?)),
            ("export", [file]) => Some(Ask::Export(LIVE.to_owned(), file.text.clone(), existing)),
            ("export", [name, file]) => {
                Some(Ask::Export(named(name)?, file.text.clone(), existing))
            }
            ("import", [name, file]) => Some(Ask::Import(
                new_name(&name.text, name.span)?,
                file.text.clone(),
                existing,
            )),
            _ => None,
        };
        match ask {
            Some(ask) => Ok(Box::new(ask)),
            None => Err(super::unknown_verb("graph", &VERBS, argument)),
        }
    }
}

enum Ask {
    List(Option<regex::Regex>),
    Copy(String, String, Existing),
    Snapshot(String, String),
    Delete(String),
    Export(String, String, Existing),
    Import(String, String, Existing),
}

impl Ask {
    fn copy(from: Option<&Word>, to: &Word, existing: Existing) -> Result<Self, CommandError> {
        let from = from.map_or_else(|| Ok(LIVE.to_owned()), named)?;
        Ok(Self::Copy(from, new_name(&to.text, to.span)?, existing))
    }

    fn snapshot(from: Option<&Word>, label: &Word, scene: &Scene) -> Result<Self, CommandError> {
        let source = from.map_or_else(|| Ok(LIVE.to_owned()), named)?;
        if source.starts_with(SNAPSHOT) {
            return Err(
                CommandError::usage(format!("`{source}` is a snapshot already"))
                    .hint("`graph copy` copies it")
                    .at(from.map_or(label.span, |word| word.span)),
            );
        }
        // A label follows the rules of a name.
        let label = new_name(&label.text, label.span)?;
        let name = snapshot_name(&source, &label, scene.now);
        Ok(Self::Snapshot(source, name))
    }
}

fn named(word: &Word) -> Result<String, CommandError> {
    graph_name(&word.text).map_err(|error| error.at(word.span))
}

fn kept(word: &Word) -> Result<String, CommandError> {
    let name = named(word)?;
    if name == LIVE {
        return Err(CommandError::usage("the live graph cannot be deleted")
            .hint("`clusters forget` drops a cluster that is no longer configured")
            .at(word.span));
    }
    Ok(name)
}

fn regex(word: &Word) -> Result<regex::Regex, CommandError> {
    regex::Regex::new(&word.text).map_err(|error| {
        let reason = error.to_string();
        let reason = reason.lines().last().unwrap_or_default();
        CommandError::usage(format!(
            "`{}` is not a regular expression: {reason}",
            word.text
        ))
        .at(word.span)
    })
}

#[async_trait]
impl Stage for Ask {
    fn files(&self) -> Vec<String> {
        match self {
            Self::Import(_, file, _) => vec![file.clone()],
            _ => Vec::new(),
        }
    }

    async fn run(self: Box<Self>, _: Flow, call: &Call) -> Result<Flow, CommandError> {
        let services = &call.services;
        let line = match *self {
            Self::List(pattern) => {
                let mut graphs = services.kept_graphs().await?;
                graphs.retain(|one| {
                    pattern
                        .as_ref()
                        .is_none_or(|pattern| pattern.is_match(&one.name))
                });
                let rows = graphs.into_iter().map(|one| {
                    json!({
                        "name": one.name,
                        "taken": normalise(one.taken),
                        "accounts": one.accounts,
                        "nodes": one.nodes,
                        "edges": one.edges,
                    })
                });
                let columns = ["name", "taken", "accounts", "nodes", "edges"];
                return Ok(Flow::values(rows).shown(View::Table, &columns));
            }
            Self::Copy(from, to, existing) => {
                services.copy_graph(&from, &to, existing).await?;
                format!("Graph {from} copied to {to}.")
            }
            Self::Snapshot(from, name) => {
                services.copy_graph(&from, &name, Existing::Stays).await?;
                format!("Graph {from} snapshotted to {name}.")
            }
            Self::Delete(name) => {
                services.delete_graph(&name).await?;
                format!("Graph {name} deleted.")
            }
            Self::Export(name, file, existing) => {
                let lines = services.export_graph(&name).await?;
                let lines = lines.map(|line| line.map(Value::String)).boxed();
                let mode = match existing {
                    Existing::Stays => FileMode::Create,
                    Existing::Replaced => FileMode::Replace,
                };
                let pieces = to_file(lines, file, mode, call);
                // Nothing is shown of it but what goes wrong.
                return Ok(Flow::from(
                    pieces.filter(|piece| ready(piece.is_err())).boxed(),
                ));
            }
            Self::Import(name, file, existing) => {
                let text = call.context.files.get(&file).cloned().unwrap_or_default();
                let imported = services.import_graph(&name, text, existing).await;
                imported.map_err(|error| CommandError {
                    message: format!("`{file}` is not imported: {}", error.message),
                    ..error
                })?;
                format!("Graph {name} imported from {file}.")
            }
        };
        Ok(Flow::lines([line]))
    }
}
