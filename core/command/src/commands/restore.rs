//! `restore`: creates an object again that was deleted here.
use async_trait::async_trait;

use super::clean::{DONE, stays};
use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{Argument, Call, CommandError, Flow, RestoreOptions, Scene, TagMode, View};

static SPEC: Spec = Spec {
    name: "restore",
    aliases: &[],
    about: "create an object again that stocktake deleted during the last 30 days",
    usage: "[--dry-run] [--fill FIELD=VALUE] … ID",
    arguments: &[
        (
            "ID",
            "id of its node, or number of its deletion, as `audit` shows them",
        ),
        (
            "--fill FIELD=VALUE",
            "a value that was never kept: values of secrets, environment variables and other redacted fields",
        ),
        ("--dry-run", "let the server check it, and create nothing"),
    ],
    category: Category::Action,
    input: Shape::Nothing,
    output: Shape::Values,
    examples: &[
        Example {
            about: "What the third entry of the audit log tells of",
            line: "restore 3",
            prints: "verdict=restored, kind=kubernetes_pod, name=web-0, namespace=shop, cluster=prod\n",
        },
        Example {
            about: "A secret: its values were never kept",
            line: "restore --fill data.password=hunter2 4",
            prints: "",
        },
        Example {
            about: "Would it work?",
            line: "restore --dry-run 3",
            prints: "",
        },
    ],
};

pub(super) struct Restore;

impl Command for Restore {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn parse(&self, argument: &Argument, _: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        let mut wanted = RestoreOptions::default();
        let mut words = argument.words().into_iter();
        while let Some(word) = words.next() {
            match &*word.text {
                "--dry-run" => wanted.mode = TagMode::DryRun,
                "--fill" => {
                    let pair = words.next().unwrap_or(word);
                    let (field, value) = pair.text.split_once('=').ok_or_else(|| {
                        CommandError::usage("`--fill` needs `FIELD=VALUE`").at(pair.span)
                    })?;
                    wanted.fill.insert(field.to_owned(), value.to_owned());
                }
                option if option.starts_with("--") => {
                    let message = format!("unknown option `{option}`");
                    return Err(CommandError::usage(message).at(word.span));
                }
                _ if wanted.id.is_empty() => wanted.id = word.text,
                _ => {
                    return Err(
                        CommandError::usage("`restore` takes one object at a time").at(word.span)
                    );
                }
            }
        }
        if wanted.id.is_empty() {
            return Err(CommandError::usage("`restore` needs the id of an object")
                .hint("`audit --verdict deleted` lists what was deleted"));
        }
        Ok(Box::new(wanted))
    }
}

#[async_trait]
impl Stage for RestoreOptions {
    async fn run(self: Box<Self>, _: Flow, call: &Call) -> Result<Flow, CommandError> {
        let row = call.services.restore(*self, &call.context).await?;
        if stays(&row) {
            call.side.fail(1);
        }
        Ok(Flow::values([row]).shown(View::Lines, &DONE))
    }
}
