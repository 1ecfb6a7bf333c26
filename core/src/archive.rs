//! Graphs that are kept: one compressed file each beside the record, in the form they are exported in.
//!
//! A file appears whole or not at all, and carries a checksum. They are read when somebody asks for them, never else.
mod form;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use async_trait::async_trait;
use futures::StreamExt as _;
use stocktake_command::{Archive, CommandError, Existing, ExportLines, KeptGraph, LIVE};
use stocktake_engine::Graph;
use stocktake_store::AccountHeader;
use tokio_stream::wrappers::ReceiverStream;

use self::form::{FORM, Line, Loading, Writing, lines};
use crate::core::{Core, now};
use crate::past::store_error;

/// Directory of the files, in the data directory.
pub(crate) const DIRECTORY: &str = "graphs";
const ENDING: &str = "ndjson.zst";
/// Lines of an export that may wait for a slow reader.
const BUFFERED: usize = 256;

/// The kept graph that was asked last.
#[derive(Default)]
pub(crate) struct Kept(Mutex<Option<(String, SystemTime, Seen)>>);

/// A kept graph in memory; cheap to clone.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) graph: Arc<Graph>,
    /// Its accounts, by id.
    pub(crate) headers: Arc<BTreeMap<String, AccountHeader>>,
}

impl Core {
    /// A kept graph, read if it is not the one that was asked last. Blocks.
    pub(crate) fn kept_graph(&self, name: &str) -> Result<Seen, CommandError> {
        let path = self.place(name);
        let written = fs::metadata(&path)
            .and_then(|found| found.modified())
            .map_err(|error| unread(name, &error))?;
        let mut last = (self.0.kept.0.lock()).unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some((of, at, seen)) = &*last
            && of == name
            && *at == written
        {
            return Ok(seen.clone());
        }
        // One at a time: the one before it is given back first.
        *last = None;
        let mut loading = Loading::default();
        for line in lines(&path).map_err(|error| unread(name, &error))? {
            loading.line(line.map_err(|wrong| wrong.told(name))?);
        }
        let (graph, headers) = loading.done();
        let headers = Arc::new(headers);
        let seen = Seen { graph, headers };
        *last = Some((name.to_owned(), written, seen.clone()));
        Ok(seen)
    }

    pub(crate) fn place(&self, name: &str) -> PathBuf {
        self.data_dir()
            .join(DIRECTORY)
            .join(format!("{name}.{ENDING}"))
    }

    /// Hands the lines of a graph to `take` until it refuses one.
    fn each_line<E: From<CommandError>>(
        &self,
        name: &str,
        mut take: impl FnMut(String) -> Result<(), E>,
    ) -> Result<(), E> {
        if name == LIVE {
            return self.live_lines(&mut |line| take(line.written()));
        }
        let path = self.place(name);
        for line in lines(&path).map_err(|error| unread(name, &error))? {
            take(line.map_err(|wrong| wrong.told(name))?.written())?;
        }
        Ok(())
    }

    /// The live graph as it is now. A damaged block is an error: a copy with a hole would be believed.
    fn live_lines<E: From<CommandError>>(
        &self,
        take: &mut impl FnMut(Line) -> Result<(), E>,
    ) -> Result<(), E> {
        let headers = self.headers();
        let about = KeptGraph {
            name: LIVE.to_owned(),
            taken: now(),
            accounts: headers.len() as u64,
            nodes: headers.values().map(|header| header.nodes).sum(),
            edges: headers.values().map(|header| header.edges).sum(),
        };
        take(Line::Graph { form: FORM, about })?;
        let models = self
            .0
            .models
            .read()
            .expect("nothing panics while it holds the models")
            .clone();
        for (plugin, model) in models {
            take(Line::Model { plugin, model })?;
        }
        for (account, header) in headers {
            let view = self.0.store.view(&account).map_err(store_error)?;
            take(Line::Account(Box::new(header)))?;
            let edges = view.edges().map_err(store_error)?;
            for node in view.nodes() {
                take(Line::Node(node.map_err(store_error)?.record))?;
            }
            for edge in edges {
                take(Line::Edge(edge))?;
            }
        }
        for marked in self.0.store.overlay() {
            let (id, overlay) = marked.map_err(store_error)?;
            take(Line::Mark { id, overlay })?;
        }
        Ok(())
    }

    /// Writes a graph under a name, whole or not at all. The first line is made to say the name.
    fn keep(
        &self,
        name: &str,
        existing: Existing,
        write: impl FnOnce(&mut Writing) -> Result<(), CommandError>,
    ) -> Result<KeptGraph, CommandError> {
        let path = self.place(name);
        if existing == Existing::Stays && path.exists() {
            return Err(
                CommandError::world(format!("the graph `{name}` is there already"))
                    .hint("`--force` replaces it, `graph delete` deletes it"),
            );
        }
        let trouble = |error: io::Error| {
            CommandError::world(format!("the graph `{name}` cannot be kept: {error}"))
                .hint("is there room, and may the data directory be written?")
        };
        let directory = self.data_dir().join(DIRECTORY);
        fs::create_dir_all(&directory).map_err(trouble)?;
        let fresh = tempfile::Builder::new()
            .prefix(".new-")
            .tempfile_in(&directory)
            .map_err(trouble)?;
        let mut writing = Writing::new(name, fresh.as_file()).map_err(trouble)?;
        write(&mut writing)?;
        let about = writing.finish().map_err(trouble)??;
        fresh.as_file().sync_all().map_err(trouble)?;
        let kept = match existing {
            Existing::Replaced => fresh.persist(&path),
            Existing::Stays => fresh.persist_noclobber(&path),
        };
        kept.map_err(|error| trouble(error.error))?;
        File::open(&directory)
            .and_then(|directory| directory.sync_all())
            .map_err(trouble)?;
        Ok(about)
    }

    /// The names of all kept graphs, sorted.
    pub(crate) fn graph_names(&self) -> Result<Vec<String>, CommandError> {
        let entries = match fs::read_dir(self.data_dir().join(DIRECTORY)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| unread(DIRECTORY, &error))?,
        };
        let ending = format!(".{ENDING}");
        let mut names = Vec::new();
        for entry in entries {
            let name = entry
                .map_err(|error| unread(DIRECTORY, &error))?
                .file_name();
            let name = name.to_str().and_then(|name| name.strip_suffix(&*ending));
            names.extend(name.map(str::to_owned));
        }
        names.sort_unstable();
        Ok(names)
    }

    fn list(&self) -> Result<Vec<KeptGraph>, CommandError> {
        let mut found = Vec::new();
        for name in self.graph_names()? {
            let first = lines(&self.place(&name)).map_err(|error| unread(&name, &error))?;
            match first.into_iter().next() {
                Some(Ok(Line::Graph { about, .. })) => found.push(about),
                Some(Err(wrong)) => return Err(wrong.told(&name)),
                // Of a first line that is right nothing else is left but the end.
                _ => return Err(unread(&name, &io::ErrorKind::UnexpectedEof.into())),
            }
        }
        Ok(found)
    }

    pub(crate) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, CommandError> + Send + 'static,
    ) -> Result<T, CommandError> {
        let core = self.clone();
        let done = tokio::task::spawn_blocking(move || work(&core)).await;
        done.map_err(|error| CommandError::world(error.to_string()))?
    }
}

#[async_trait]
impl Archive for Core {
    async fn kept_graphs(&self) -> Result<Vec<KeptGraph>, CommandError> {
        self.blocking(Self::list).await
    }

    async fn copy_graph(
        &self,
        from: &str,
        to: &str,
        existing: Existing,
    ) -> Result<KeptGraph, CommandError> {
        let (from, to) = (from.to_owned(), to.to_owned());
        self.blocking(move |core| {
            core.keep(&to, existing, |writing| {
                core.each_line(&from, |line| writing.line(&line))
            })
        })
        .await
    }

    async fn delete_graph(&self, name: &str) -> Result<(), CommandError> {
        fs::remove_file(self.place(name)).map_err(|error| unread(name, &error))
    }

    async fn export_graph(&self, name: &str) -> Result<ExportLines, CommandError> {
        if name != LIVE && !self.place(name).exists() {
            return Err(unread(name, &io::ErrorKind::NotFound.into()));
        }
        let (sender, receiver) = tokio::sync::mpsc::channel(BUFFERED);
        let (core, name) = (self.clone(), name.to_owned());
        tokio::task::spawn_blocking(move || {
            let sent = core.each_line(&name, |line| {
                sender.blocking_send(Ok(line)).map_err(|_| Left::Reader)
            });
            if let Err(Left::Trouble(error)) = sent {
                // Nobody hears it if the reader left as well.
                let _ = sender.blocking_send(Err(error));
            }
        });
        Ok(ReceiverStream::new(receiver).boxed())
    }

    async fn import_graph(
        &self,
        name: &str,
        text: String,
        existing: Existing,
    ) -> Result<KeptGraph, CommandError> {
        let name = name.to_owned();
        self.blocking(move |core| {
            core.keep(&name, existing, |writing| {
                text.lines().try_for_each(|line| writing.line(line))
            })
        })
        .await
    }
}

/// Why lines that are written for a reader ended early.
pub(crate) enum Left {
    /// Nobody reads them any more.
    Reader,
    /// They could not be made.
    Trouble(CommandError),
}

impl From<CommandError> for Left {
    fn from(error: CommandError) -> Self {
        Self::Trouble(error)
    }
}

pub(crate) fn unread(name: &str, error: &io::Error) -> CommandError {
    if error.kind() == io::ErrorKind::NotFound {
        return CommandError::usage(format!("there is no graph `{name}`"))
            .hint("`graph list` shows those that are kept");
    }
    CommandError::world(format!("the graph `{name}` cannot be read: {error}"))
}
