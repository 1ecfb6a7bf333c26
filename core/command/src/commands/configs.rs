//! `configs`: read and change configuration documents.
use async_trait::async_trait;
use serde_json::Value;

use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{
    Argument, Call, CommandError, ConfigSaved, ConfigText, Flow, Output, Scene, Word, pairs,
};

static SPEC: Spec = Spec {
    name: "configs",
    aliases: &["config"],
    about: "read and change the configuration",
    usage: "list | show ID | edit ID | set ID KEY=VALUE … | update ID FILE | copy FROM TO | delete ID",
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
    ],
};

const VERBS: [&str; 7] = ["list", "show", "edit", "set", "update", "copy", "delete"];

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
    Copy(String, String),
    Delete(String),
}

/// `update [--revision N] [--reopen] ID FILE`
struct Update {
    id: String,
    file: String,
    revision: Option<u64>,
    mistake: Mistake,
}

/// What becomes of a document that is wrong.
#[derive(Clone, Copy, PartialEq)]
enum Mistake {
    /// The line fails.
    Fails,
    /// It goes back to the editor, with what is wrong on top.
    Reopens,
}

impl Update {
    fn read(words: &[Word], argument: &Argument) -> Result<Self, CommandError> {
        let mut revision = None;
        let mut mistake = Mistake::Fails;
        let mut names = Vec::new();
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            match &*word.text {
                "--reopen" => mistake = Mistake::Reopens,
                "--revision" => {
                    let number = rest.next().and_then(|word| word.text.parse().ok());
                    let wrong = || CommandError::usage("`--revision` needs a number").at(word.span);
                    revision = Some(number.ok_or_else(wrong)?);
                }
                name => names.push(name.to_owned()),
            }
        }
        let Ok([id, file]) = <[String; 2]>::try_from(names) else {
            return Err(
                CommandError::usage("`configs update` needs an id and a file")
                    .hint("write e.g. `config update stocktake.worker worker.yaml`")
                    .at(argument.span()),
            );
        };
        Ok(Self {
            id,
            file,
            revision,
            mistake,
        })
    }
}

#[async_trait]
impl Stage for Ask {
    fn files(&self) -> Vec<String> {
        match self {
            Self::Update(update) => vec![update.file.clone()],
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
                call.side.send(edit(&config, &config.text));
                return Ok(Flow::empty());
            }
            Self::Set(id, values) => {
                return Ok(saved(services.set_config(&id, values).await?, call));
            }
            Self::Update(update) => return update.run(call).await,
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

impl Update {
    async fn run(self, call: &Call) -> Result<Flow, CommandError> {
        // The line is not run before its files are there.
        let typed = call
            .context
            .files
            .get(&self.file)
            .cloned()
            .unwrap_or_default();
        let text = without_remarks(&typed);
        let outcome = call
            .services
            .save_config(&self.id, text.clone(), self.revision)
            .await;
        match outcome {
            Ok(done) => Ok(saved(done, call)),
            Err(error) if self.mistake == Mistake::Fails => Err(error),
            Err(error) => {
                let stored = call.services.config(&self.id).await?;
                let revision = self.revision.unwrap_or(stored.revision);
                let stale = ConfigText { revision, ..stored };
                call.side.send(edit(&stale, &with_remarks(&error, &text)));
                Ok(Flow::empty())
            }
        }
    }
}

fn edit(config: &ConfigText, text: &str) -> Output {
    let file = format!("{}.yaml", config.id);
    Output::Edit {
        id: config.id.clone(),
        text: text.to_owned(),
        revision: config.revision,
        follow_up: format!(
            "config update --revision {} --reopen {} {file}",
            config.revision, config.id
        ),
        file,
    }
}

fn with_remarks(error: &CommandError, text: &str) -> String {
    let lines = error
        .message
        .lines()
        .chain(error.hint.iter().flat_map(|hint| hint.lines()));
    let mut remarks = String::from("## This could not be stored. Please correct it.\n");
    for line in lines {
        remarks.extend(["## ", line, "\n"]);
    }
    remarks + text
}

/// Drops the remarks of an earlier try: `##` lines at the top.
fn without_remarks(text: &str) -> String {
    let lines = text.lines().skip_while(|line| line.starts_with("##"));
    lines.flat_map(|line| [line, "\n"]).collect()
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
