//! `system`: how large the record is, giving back the space it no longer needs, and backups of it.
use async_trait::async_trait;
use futures::StreamExt as _;
use futures::future::ready;
use serde_json::{Value, json};
use stocktake_model::normalise;

use super::write::to_file;

use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{Argument, Call, CommandError, FileMode, Flow, Scene, View};

const VERBS: [&str; 4] = ["info", "compact", "backup create", "backup restore"];

static SPEC: Spec = Spec {
    name: "system",
    aliases: &[],
    about: "how large the record is, giving back the space it no longer needs, and backups of it",
    usage: "[info | compact | backup create [FILE] | backup restore FILE]",
    arguments: &[
        ("info", "sizes and version; what it does without a word"),
        (
            "compact",
            "rewrite the record without what is no longer needed; happens by itself, too",
        ),
        (
            "backup create [FILE]",
            "write everything to a file (`backup_` and the time): graph, history, marks, configuration with its tokens, jobs, audit log, kept graphs",
        ),
        (
            "backup restore FILE",
            "from the next start on have what was written; what is there now is gone then",
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
        Example {
            about: "Everything in one file, before an upgrade",
            line: "system backup create before-upgrade.backup",
            prints: "",
        },
    ],
};

pub(super) struct System;

impl Command for System {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn parse(&self, argument: &Argument, scene: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        let words = argument.words();
        let texts: Vec<&str> = words.iter().map(|word| &*word.text).collect();
        Ok(Box::new(match texts.as_slice() {
            [] | ["info"] => Ask::Info,
            ["compact"] => Ask::Compact,
            ["backup", "create"] => {
                Ask::Backup(scene.now.strftime("backup_%Y%m%d_%H%M").to_string())
            }
            ["backup", "create", file] => Ask::Backup((*file).to_owned()),
            ["backup", "restore", file] => Ask::Restore((*file).to_owned()),
            _ => return Err(super::unknown_verb("system", &VERBS, argument)),
        }))
    }
}

enum Ask {
    Info,
    Compact,
    Backup(String),
    Restore(String),
}

#[async_trait]
impl Stage for Ask {
    fn files(&self) -> Vec<String> {
        match self {
            Self::Restore(file) => vec![file.clone()],
            _ => Vec::new(),
        }
    }

    async fn run(self: Box<Self>, _: Flow, call: &Call) -> Result<Flow, CommandError> {
        match *self {
            Self::Info => {
                let info = call.services.system_info().await?;
                let shown = json!({
                    "name": "stocktake",
                    "version": info.version,
                    "cpus": info.cpus,
                    "mem_available": info.mem_available,
                    "mem_total": info.mem_total,
                    "inside_docker": info.inside_docker,
                    "started_at": normalise(info.started_at),
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
            Self::Backup(file) => {
                let lines = call.services.backup().await?;
                let lines = lines.map(|line| line.map(Value::String)).boxed();
                let pieces = to_file(lines, file, FileMode::Create, call);
                // Nothing is shown of it but what goes wrong.
                Ok(Flow::from(
                    pieces.filter(|piece| ready(piece.is_err())).boxed(),
                ))
            }
            Self::Restore(file) => {
                let text = call.context.files.get(&file).cloned().unwrap_or_default();
                let restored = call.services.restore_backup(text).await;
                let about = restored.map_err(|error| CommandError {
                    message: format!("`{file}` is not restored: {}", error.message),
                    ..error
                })?;
                Ok(Flow::lines([
                    format!(
                        "Backup of {} restored, with {} nodes of {}.",
                        normalise(about.taken),
                        about.nodes,
                        clusters(about.accounts)
                    ),
                    "Start stocktake again to use it: until then nothing is collected or changed, and what is recorded is lost.".to_owned(),
                ]))
            }
        }
    }
}

fn clusters(count: u64) -> String {
    match count {
        1 => "1 cluster".to_owned(),
        count => format!("{count} clusters"),
    }
}
