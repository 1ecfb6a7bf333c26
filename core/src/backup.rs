//! Backups: the record entry by entry, and the kept graphs, as lines that carry a digest of themselves.
//!
//! A restored record waits beside the present one until the next start: nothing in this process has to be exchanged.
use std::fs;
use std::io::{self, Write as _};

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures::StreamExt as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use stocktake_command::{BackedUp, Backups, CommandError, ExportLines, graph_name};
use stocktake_store::{Entry, FORMAT, Shelf};
use tokio::sync::mpsc::Sender;
use tokio_stream::wrappers::ReceiverStream;

use crate::archive::{DIRECTORY, Left, unread};
use crate::core::{Core, now};
use crate::past::store_error;

/// Version of the form. Newer ones are refused.
const FORM: u32 = 1;
/// Lines that may wait for a slow reader.
const BUFFERED: usize = 256;

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "item", rename_all = "snake_case")]
enum Line {
    /// First line.
    Backup {
        /// Version of the form.
        form: u32,
        /// Format of the entries.
        format: u32,
        #[serde(flatten)]
        about: BackedUp,
    },
    /// Key and value in base 64.
    Entry {
        shelf: Shelf,
        key: String,
        value: String,
    },
    /// A kept graph: its name, and its file in base 64.
    Graph { name: String, file: String },
    /// Last line: SHA-256 of all before it, line ends included.
    End { sha256: String },
}

/// What is written to, until nobody reads any more.
struct Out {
    lines: Sender<Result<String, CommandError>>,
    digest: Sha256,
}

impl Out {
    fn line(&mut self, line: &Line) -> Result<(), Left> {
        let text = serde_json::to_string(line).expect("it is made of texts and numbers");
        self.digest.update(&text);
        self.digest.update("\n");
        self.lines.blocking_send(Ok(text)).map_err(|_| Left::Reader)
    }
}

impl Core {
    fn write_backup(&self, out: &mut Out) -> Result<(), Left> {
        let headers = self.headers();
        let about = BackedUp {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            taken: now(),
            accounts: headers.len() as u64,
            nodes: headers.values().map(|header| header.nodes).sum(),
        };
        let copy = self.0.store.backup().map_err(store_error)?;
        out.line(&Line::Backup {
            form: FORM,
            format: FORMAT,
            about,
        })?;
        for entry in copy.entries() {
            let Entry { shelf, key, value } = entry.map_err(store_error)?;
            let (key, value) = (BASE64.encode(key), BASE64.encode(value));
            out.line(&Line::Entry { shelf, key, value })?;
        }
        for name in self.graph_names()? {
            let file = fs::read(self.place(&name)).map_err(|error| unread(&name, &error))?;
            let file = BASE64.encode(file);
            out.line(&Line::Graph { name, file })?;
        }
        let sha256 = format!("{:x}", out.digest.clone().finalize());
        out.line(&Line::End { sha256 })
    }

    /// Blocks.
    fn restored(&self, text: &str) -> Result<BackedUp, CommandError> {
        let (about, format, rest) = checked(text)?;
        let mut restore = self.0.store.restore(format).map_err(store_error)?;
        let directory = self.data_dir().join(DIRECTORY);
        let mut graphs = Vec::new();
        for (text, number) in rest.lines().zip(2..) {
            match read(text, number)? {
                Line::Entry { shelf, key, value } => {
                    let (key, value) = (bytes(&key, number)?, bytes(&value, number)?);
                    let entry = Entry { shelf, key, value };
                    restore.entry(&entry).map_err(store_error)?;
                }
                Line::Graph { name, file } => {
                    let name = graph_name(&name)?;
                    let trouble = |error: io::Error| unwritten(&name, &error);
                    fs::create_dir_all(&directory).map_err(trouble)?;
                    let mut fresh = tempfile::NamedTempFile::new_in(&directory).map_err(trouble)?;
                    fresh.write_all(&bytes(&file, number)?).map_err(trouble)?;
                    fresh.as_file().sync_all().map_err(trouble)?;
                    graphs.push((name, fresh));
                }
                Line::Backup { .. } | Line::End { .. } => {
                    return Err(wrong(number, "it is not in its place"));
                }
            }
        }
        restore.finish().map_err(store_error)?;
        for (name, fresh) in graphs {
            let kept = fresh.persist(self.place(&name));
            kept.map_err(|error| unwritten(&name, &error.error))?;
        }
        Ok(about)
    }
}

/// What the first line says, and all lines between it and the last, once the digest of the last holds.
fn checked(text: &str) -> Result<(BackedUp, u32, &str), CommandError> {
    let begin = text
        .trim_end_matches('\n')
        .rfind('\n')
        .map_or(0, |at| at + 1);
    let (before, last) = text.split_at(begin);
    let count = before.lines().count();
    match read(last.trim_end_matches('\n'), count + 1) {
        Ok(Line::End { sha256 }) if sha256 == format!("{:x}", Sha256::digest(before)) => {}
        Ok(Line::End { .. }) => {
            return Err(
                CommandError::world("it is not what was written: its digest differs")
                    .hint("take another copy of the file"),
            );
        }
        _ => {
            return Err(CommandError::world(
                "it has no end: part of it is missing, or it is no backup",
            )
            .hint("`system backup create` makes one"));
        }
    }
    let (first, rest) = before.split_once('\n').unwrap_or((before, ""));
    match read(first, 1)? {
        Line::Backup {
            form,
            format,
            about,
        } if form <= FORM => Ok((about, format, rest)),
        Line::Backup { form, .. } => Err(CommandError::world(format!(
            "it has form {form}, made by a newer stocktake; this one reads up to {FORM}"
        ))
        .hint("restore it with the newer one")),
        _ => Err(wrong(1, "a backup begins with another line")),
    }
}

fn read(text: &str, number: usize) -> Result<Line, CommandError> {
    serde_json::from_str(text).map_err(|error| wrong(number, &error.to_string()))
}

fn bytes(text: &str, number: usize) -> Result<Vec<u8>, CommandError> {
    BASE64
        .decode(text)
        .map_err(|error| wrong(number, &error.to_string()))
}

fn wrong(number: usize, why: &str) -> CommandError {
    CommandError::world(format!("line {number}: {why}"))
}

fn unwritten(name: &str, error: &io::Error) -> CommandError {
    CommandError::world(format!("the graph `{name}` cannot be kept: {error}"))
        .hint("is there room, and may the data directory be written?")
}

#[async_trait]
impl Backups for Core {
    async fn backup(&self) -> Result<ExportLines, CommandError> {
        let (sender, receiver) = tokio::sync::mpsc::channel(BUFFERED);
        let core = self.clone();
        tokio::task::spawn_blocking(move || {
            let mut out = Out {
                lines: sender.clone(),
                digest: Sha256::new(),
            };
            if let Err(Left::Trouble(error)) = core.write_backup(&mut out) {
                // Nobody hears it if the reader left as well.
                let _ = sender.blocking_send(Err(error));
            }
        });
        Ok(ReceiverStream::new(receiver).boxed())
    }

    async fn restore_backup(&self, text: String) -> Result<BackedUp, CommandError> {
        self.blocking(move |core| core.restored(&text)).await
    }
}
