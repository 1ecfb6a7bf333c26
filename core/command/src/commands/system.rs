//! `system`: how large the record is, and giving back the space it no longer needs.
use async_trait::async_trait;
use serde_json::{Value, json};

use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{Argument, Call, CommandError, Flow, Scene, View};

static SPEC: Spec = Spec {
    name: "system",
    aliases: &[],
    about: "how large the record is, and giving back the space it no longer needs",
    usage: "[info | compact]",
    arguments: &[
        ("info", "sizes and version; what it does without a word"),
        (
            "compact",
            "rewrite the record without what is no longer needed; happens by itself, too",
        ),
    ],
    category: Category::Setup,
    input: Shape::Nothing,
    output: Shape::Values,
    examples: &[
        Example {
            about: "How large is it?",
            line: "system info",
            prints: "",
        },
        Example {
            about: "Give back space",
            line: "system compact",
            prints: "the record had 3145728 bytes and has 1048576 now\n",
        },
        Example {
            about: "How much of the disk is history?",
            line: "system info | format {versions} changes in {version_bytes} bytes",
            prints: "",
        },
    ],
};

pub(super) struct System;

impl Command for System {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn parse(&self, argument: &Argument, _: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        let words = argument.words();
        let texts: Vec<&str> = words.iter().map(|word| &*word.text).collect();
        Ok(Box::new(match texts.as_slice() {
            [] | ["info"] => Ask::Info,
            ["compact"] => Ask::Compact,
            _ => {
                return Err(super::unknown_verb(
                    "system",
                    &["info", "compact"],
                    argument,
                ));
            }
        }))
    }
}

enum Ask {
    Info,
    Compact,
}

#[async_trait]
impl Stage for Ask {
    async fn run(self: Box<Self>, _: Flow, call: &Call) -> Result<Flow, CommandError> {
        match *self {
            Self::Info => {
                let info = call.services.system_info().await?;
                let shown = json!({
                    "version": info.version,
                    "accounts": info.accounts,
                    "nodes": info.nodes,
                    "edges": info.edges,
                    "memory_bytes": info.memory_bytes,
                    "disk_bytes": info.disk_bytes,
                    "versions": info.versions,
                    "version_bytes": info.version_bytes,
                });
                Ok(Flow::values([shown]).shown(View::Document, &[]))
            }
            Self::Compact => {
                let (before, after) = call.services.compact().await?;
                let line = format!("the record had {before} bytes and has {after} now");
                Ok(Flow::values([Value::String(line)]))
            }
        }
    }
}
