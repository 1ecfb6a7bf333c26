//! `tag`: changes tags in the world: annotations of the objects, or labels.
use std::sync::Arc;

use async_trait::async_trait;
use futures::{StreamExt as _, future};
use serde_json::Value;
use stocktake_query::Path;

use super::mark::{failure, is_failure, no_node};
use crate::format::template::Template;
use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{
    Argument, Call, CommandError, Flow, Scene, TagChange, TagMode, TagTarget, Word, syntax,
};

/// Objects changed at the same time.
const PARALLEL: usize = 16;

static SPEC: Spec = Spec {
    name: "tag",
    aliases: &["tags"],
    about: "change tags of the objects themselves",
    usage: "update [--label] [--dry-run] KEY VALUE | delete [--label] [--dry-run] KEY",
    arguments: &[
        (
            "update KEY VALUE",
            "set it; the value may hold `{path}` of each node",
        ),
        ("delete KEY", "take it away"),
        ("--label", "labels instead of annotations"),
        ("--dry-run", "let the server check it, and change nothing"),
    ],
    category: Category::Action,
    input: Shape::Nodes,
    output: Shape::Nodes,
    examples: &[
        Example {
            about: "Say who owns it",
            line: "search is(kubernetes_deployment) and namespace=shop | tag update owner team-shop",
            prints: "",
        },
        Example {
            about: "Take it away again",
            line: "search tags.owner=team-shop | tag delete owner",
            prints: "",
        },
        Example {
            about: "Ask the servers first",
            line: "search is(kubernetes_deployment) | tag update --dry-run owner team-shop",
            prints: "",
        },
    ],
};

pub(super) struct Tag;

impl Command for Tag {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn parse(&self, argument: &Argument, scene: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        let mut change = Ready {
            key: String::new(),
            value: None,
            target: TagTarget::Annotations,
            mode: TagMode::Apply,
        };
        let mut words: Vec<Word> = Vec::new();
        for word in argument.words() {
            match &*word.text {
                "--label" | "--labels" => change.target = TagTarget::Labels,
                "--dry-run" => change.mode = TagMode::DryRun,
                "--nowait" => {} // outcomes are told as they come in any case
                _ => words.push(word),
            }
        }
        let texts: Vec<&str> = words.iter().map(|word| &*word.text).collect();
        match texts.as_slice() {
            ["update", key, value] => {
                let whole = Argument::standing_for(value, words[2].span);
                change.value = Some(Arc::new(Template::new(syntax::template(&whole)?, scene)));
                (*key).clone_into(&mut change.key);
            }
            ["delete", key] => (*key).clone_into(&mut change.key),
            _ => {
                return Err(
                    CommandError::usage("`tag` needs `update KEY VALUE` or `delete KEY`")
                        .hint("put quotes around a value with blanks"),
                );
            }
        }
        Ok(Box::new(change))
    }
}

struct Ready {
    key: String,
    value: Option<Arc<Template>>,
    target: TagTarget,
    mode: TagMode,
}

#[async_trait]
impl Stage for Ready {
    fn reads(&self) -> Vec<Path> {
        self.value.iter().flat_map(|value| value.reads()).collect()
    }

    async fn run(self: Box<Self>, input: Flow, call: &Call) -> Result<Flow, CommandError> {
        let change: Arc<Self> = self.into();
        let call = call.clone();
        Ok(input.map(|elements| {
            elements
                .filter(|element| {
                    let edge = element.as_ref().is_ok_and(crate::reader::is_edge);
                    future::ready(!edge)
                })
                .map(move |element| {
                    let (change, call) = (change.clone(), call.clone());
                    async move { change.one(element?, &call).await }
                })
                .buffered(PARALLEL)
                .boxed()
        }))
    }
}

impl Ready {
    /// The node as it is afterwards, or `{error, id}`: one object never stops the others.
    async fn one(&self, node: Value, call: &Call) -> Result<Value, CommandError> {
        if !crate::reader::is_node(&node) {
            return if is_failure(&node) {
                Ok(node)
            } else {
                Err(no_node(&node))
            };
        }
        let outcome = match self.change(&node) {
            Ok(change) => {
                let tagged = call.services.tag(node.clone(), change, &call.context);
                tagged.await.map_err(|error| error.message)
            }
            Err(why) => Err(why),
        };
        Ok(outcome.unwrap_or_else(|why| {
            call.side.fail(1);
            failure(&why, &node)
        }))
    }

    fn change(&self, node: &Value) -> Result<TagChange, String> {
        let value = match &self.value {
            None => None,
            Some(value) => Some(
                value
                    .fill_all(node)
                    .map_err(|path| format!("it has no `{path}`, which the value asks for"))?,
            ),
        };
        Ok(TagChange {
            key: self.key.clone(),
            value,
            target: self.target,
            mode: self.mode,
        })
    }
}
