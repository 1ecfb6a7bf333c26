//! `configs`: read, check and change configuration documents.
mod update;

use async_trait::async_trait;
use serde_json::Value;

use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{Argument, Call, CommandError, ConfigSaved, Flow, Scene, pairs};
use update::Update;

static SPEC: Spec = Spec {
    name: "configs",
    aliases: &["config"],
    about: "read and change the configuration",
    usage: "list | show ID | edit ID | set ID KEY=VALUE … | update ID FILE | validate ID [FILE] | diff ID [FILE] | \
        schema ID | copy FROM TO | delete ID",
    arguments: &[
        ("list", "ids of all documents; what it does without a word"),
        ("show ID", "the document, with comments"),
        ("edit ID", "open it in your editor"),
        (
            "set ID KEY=VALUE …",
            "set single values: `worker.cleanup=true`",
        ),
        (
            "update ID FILE",
            "replace it by a file; `--revision N` refuses to overwrite newer changes",
        ),
        (
            "validate ID [FILE]",
            "read it, or a file in its place, and store nothing: mistakes, then what is odd",
        ),
        (
            "diff ID [FILE]",
            "what a file would change; without one, what differs from the defaults",
        ),
        ("schema ID", "its JSON schema, for editors"),
        ("copy FROM TO", "store a copy"),
        ("delete ID", "delete it"),
    ],
    category: Category::Setup,
    input: Shape::Nothing,
    output: Shape::Lines,
    examples: &[
        Example {
            about: "Which documents are there?",
            line: "config list",
            prints: "stocktake.core\nstocktake.worker\n",
        },
        Example {
            about: "Let the cleanup run, dry at first",
            line: "config set stocktake.worker worker.cleanup=true",
            prints: "",
        },
        Example {
            about: "What is set?",
            line: "config show stocktake.worker",
            prints: "",
        },
        Example {
            about: "Is this file right, and what would it change?",
            line: "config validate stocktake.worker worker.yaml ; config diff stocktake.worker worker.yaml",
            prints: "",
        },
    ],
};

const VERBS: [&str; 10] = [
    "list", "show", "edit", "set", "update", "validate", "diff", "schema", "copy", "delete",
];

pub(super) struct Configs;

impl Command for Configs {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn parse(&self, argument: &Argument, _: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        let words = argument.words();
        let texts: Vec<&str> = words.iter().map(|word| &*word.text).collect();
        let owned = |text: &str| text.to_owned();
        Ok(Box::new(match texts.as_slice() {
            [] | ["list"] => Ask::List,
            ["show", id] => Ask::Show(owned(id)),
            ["edit", id] => Ask::Edit(owned(id)),
            ["set", id, _, ..] => {
                let values = argument.slice(words[2].range.start..argument.text().len());
                Ask::Set(owned(id), pairs::read(&values)?)
            }
            ["update", ..] => Ask::Update(Update::read(&words[1..], argument)?),
            ["validate", id] => Ask::Validate(owned(id), None),
            ["validate", id, file] => Ask::Validate(owned(id), Some(owned(file))),
            ["diff", id] => Ask::Diff(owned(id), None),
            ["diff", id, file] => Ask::Diff(owned(id), Some(owned(file))),
            ["schema", id] => Ask::Schema(owned(id)),
            ["copy", from, to] => Ask::Copy(owned(from), owned(to)),
            ["delete", id] => Ask::Delete(owned(id)),
            _ => return Err(super::unknown_verb("configs", &VERBS, argument)),
        }))
    }
}

enum Ask {
    List,
    Show(String),
    Edit(String),
    Set(String, Vec<(String, Value)>),
    Update(Update),
    /// The document, or a file in its place.
    Validate(String, Option<String>),
    Diff(String, Option<String>),
    Schema(String),
    Copy(String, String),
    Delete(String),
}

#[async_trait]
impl Stage for Ask {
    fn files(&self) -> Vec<String> {
        match self {
            Self::Update(update) => vec![update.file.clone()],
            Self::Validate(_, Some(file)) | Self::Diff(_, Some(file)) => vec![file.clone()],
            _ => Vec::new(),
        }
    }

    async fn run(self: Box<Self>, _: Flow, call: &Call) -> Result<Flow, CommandError> {
        let services = &call.services;
        let line = match *self {
            Self::List => return Ok(Flow::lines(services.configs().await?)),
            Self::Show(id) => {
                let config = services.config(&id).await?;
                return Ok(Flow::lines(config.text.lines()));
            }
            Self::Edit(id) => {
                let config = services.config(&id).await?;
                call.side.send(update::edit(&config, &config.text));
                return Ok(Flow::empty());
            }
            Self::Set(id, values) => {
                return Ok(saved(services.set_config(&id, values).await?, call));
            }
            Self::Update(update) => return update.run(call).await,
            Self::Validate(id, file) => {
                let compared = compare(&id, file.as_deref(), call).await?;
                for warning in compared.warnings {
                    call.side.note(warning);
                }
                format!("config `{}` is valid", compared.id)
            }
            Self::Diff(id, file) => {
                let compared = compare(&id, file.as_deref(), call).await?;
                return Ok(Flow::lines(compared.diff.lines()));
            }
            Self::Schema(id) => {
                let schema = services.config_schema(&id).await?;
                return Ok(Flow::lines(format!("{schema:#}").lines()));
            }
            Self::Copy(from, to) => {
                services.copy_config(&from, &to).await?;
                format!("config `{from}` copied to `{to}`")
            }
            Self::Delete(id) => {
                services.delete_config(&id).await?;
                format!("config `{id}` deleted")
            }
        };
        Ok(Flow::lines([line]))
    }
}

async fn compare(id: &str, file: Option<&str>, call: &Call) -> Result<ConfigSaved, CommandError> {
    let text = file.map(|file| update::uploaded(file, call));
    call.services.compare_config(id, text).await
}

fn saved(saved: ConfigSaved, call: &Call) -> Flow {
    for warning in saved.warnings {
        call.side.note(warning);
    }
    let mut lines = vec![if saved.diff.is_empty() {
        format!("config `{}` is as it was", saved.id)
    } else {
        format!("config `{}` stored, revision {}", saved.id, saved.revision)
    }];
    lines.extend(saved.diff.lines().map(str::to_owned));
    Flow::lines(lines)
}
