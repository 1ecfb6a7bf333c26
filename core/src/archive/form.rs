//! The form of a kept or exported graph: JSON lines, one item each, read and checked one after the other.
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use stocktake_command::{CommandError, KeptGraph};
use stocktake_engine::{Graph, PartitionBuilder};
use stocktake_model::{EdgeRecord, Model, NodeId, NodeRecord, Overlay, PluginModel};
use stocktake_store::AccountHeader;
use zstd::{Decoder, Encoder};

/// Version of the form. Newer ones are refused.
pub(super) const FORM: u32 = 1;
/// Fast, and small enough.
const LEVEL: i32 = 3;

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "item", rename_all = "snake_case")]
pub(super) enum Line {
    /// First line.
    Graph {
        /// Version of the form.
        form: u32,
        #[serde(flatten)]
        about: KeptGraph,
    },
    /// What a plugin knows.
    Model {
        plugin: String,
        model: PluginModel,
    },
    /// An account; its nodes follow, then its edges.
    Account(Box<AccountHeader>),
    Node(NodeRecord),
    Edge(EdgeRecord),
    /// What people added to a node.
    Mark {
        id: NodeId,
        overlay: Overlay,
    },
}

impl Line {
    pub(super) fn written(&self) -> String {
        serde_json::to_string(self).expect("names are text and numbers are finite")
    }

    fn read(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }
}

/// A line that is wrong.
#[derive(Debug)]
pub(super) struct Wrong {
    line: u64,
    why: String,
}

impl Wrong {
    pub(super) fn told(&self, name: &str) -> CommandError {
        let message = format!(
            "the graph `{name}` cannot be read: line {}: {}",
            self.line, self.why
        );
        CommandError::world(message).hint("copy or import it again")
    }
}

/// The lines of a file, one after the other.
pub(super) fn lines(path: &Path) -> io::Result<impl Iterator<Item = Result<Line, Wrong>> + use<>> {
    let decoder = Decoder::new(File::open(path)?)?;
    let mut order = Order::default();
    let lines = BufReader::new(decoder).lines().zip(1..);
    Ok(lines.map(move |(text, line)| {
        let read = text.map_err(|error| error.to_string());
        let read = read.and_then(|text| Line::read(&text));
        let read = read.and_then(|read| order.follow(&read).map(|()| read));
        read.map_err(|why| Wrong { line, why })
    }))
}

/// What was read so far: which line may come next, and whether the counts hold in the end.
#[derive(Default)]
struct Order {
    about: Option<KeptGraph>,
    accounts: u64,
    nodes: u64,
    edges: u64,
}

impl Order {
    fn follow(&mut self, line: &Line) -> Result<(), String> {
        match (line, &self.about) {
            (Line::Graph { form, about }, None) if *form <= FORM => {
                self.about = Some(about.clone());
            }
            (Line::Graph { form, .. }, None) => {
                return Err(format!(
                    "it has form {form}, made by a newer stocktake; this one reads up to {FORM}"
                ));
            }
            (Line::Graph { .. }, Some(_)) => return Err("a second graph begins".to_owned()),
            (_, None) => return Err("it does not begin with a graph".to_owned()),
            (Line::Account(_), _) => self.accounts += 1,
            (Line::Node(_) | Line::Edge(_), _) if self.accounts == 0 => {
                return Err("no account stands in front of it".to_owned());
            }
            (Line::Node(node), _) if node.kind().is_empty() => {
                return Err("a node without a kind".to_owned());
            }
            (Line::Node(_), _) => self.nodes += 1,
            (Line::Edge(_), _) => self.edges += 1,
            (Line::Model { .. } | Line::Mark { .. }, _) => {}
        }
        Ok(())
    }

    /// What the first line said, if all of it came.
    fn whole(self) -> Result<KeptGraph, String> {
        let about = self.about.ok_or("it is empty")?;
        let told = (about.accounts, about.nodes, about.edges);
        let came = (self.accounts, self.nodes, self.edges);
        if told == came {
            return Ok(about);
        }
        Err(format!(
            "it ends too early: {} of {} accounts, {} of {} nodes, {} of {} edges",
            came.0, told.0, came.1, told.1, came.2, told.2
        ))
    }
}

/// A file in the making.
pub(super) struct Writing<'a> {
    name: &'a str,
    encoder: Encoder<'static, &'a File>,
    order: Order,
    lines: u64,
}

impl<'a> Writing<'a> {
    pub(super) fn new(name: &'a str, file: &'a File) -> io::Result<Self> {
        let mut encoder = Encoder::new(file, LEVEL)?;
        encoder.include_checksum(true)?;
        Ok(Self {
            name,
            encoder,
            order: Order::default(),
            lines: 0,
        })
    }

    /// Adds a line, once it is read and found right. The first one is made to say the name of the file.
    pub(super) fn line(&mut self, text: &str) -> Result<(), CommandError> {
        self.lines += 1;
        if text.trim().is_empty() {
            return Ok(());
        }
        let mut line = Line::read(text).map_err(|why| self.wrong(why))?;
        if let Line::Graph { about, .. } = &mut line {
            self.name.clone_into(&mut about.name);
        }
        self.order.follow(&line).map_err(|why| self.wrong(why))?;
        writeln!(self.encoder, "{}", line.written()).map_err(|error| {
            CommandError::world(format!(
                "the graph `{}` cannot be written: {error}",
                self.name
            ))
        })
    }

    /// Ends the file; an error inside is about what was written.
    pub(super) fn finish(self) -> io::Result<Result<KeptGraph, CommandError>> {
        let Self {
            name,
            encoder,
            order,
            lines,
        } = self;
        encoder.finish()?;
        let whole = order.whole();
        Ok(whole.map_err(|why| Wrong { line: lines, why }.told(name)))
    }

    fn wrong(&self, why: String) -> CommandError {
        let line = self.lines;
        Wrong { line, why }.told(self.name)
    }
}

/// A graph on its way from lines.
#[derive(Default)]
pub(super) struct Loading {
    models: BTreeMap<String, PluginModel>,
    graph: Option<Graph>,
    account: Option<Account>,
    headers: BTreeMap<String, AccountHeader>,
    marks: Vec<(NodeId, Overlay)>,
}

/// An account on its way.
struct Account {
    plugin: String,
    builder: PartitionBuilder,
    edges: Vec<EdgeRecord>,
}

impl Loading {
    pub(super) fn line(&mut self, line: Line) {
        match line {
            Line::Graph { .. } => {}
            Line::Model { plugin, model } => {
                self.models.insert(plugin, model);
            }
            Line::Account(header) => {
                self.close_account();
                let builder = PartitionBuilder::new(self.graph().model().clone(), &header.begin);
                self.account = Some(Account {
                    plugin: header.begin.plugin.clone(),
                    builder,
                    edges: Vec::new(),
                });
                self.headers.insert(header.account().to_owned(), *header);
            }
            Line::Node(node) => {
                if let Some(account) = &mut self.account {
                    account.builder.node(&node);
                }
            }
            Line::Edge(edge) => {
                if let Some(account) = &mut self.account {
                    account.edges.push(edge);
                }
            }
            Line::Mark { id, overlay } => self.marks.push((id, overlay)),
        }
    }

    pub(super) fn done(mut self) -> (Arc<Graph>, BTreeMap<String, AccountHeader>) {
        self.close_account();
        let marks = std::mem::take(&mut self.marks);
        let graph = self.graph().with_overlay(marks);
        (Arc::new(graph), self.headers)
    }

    /// The graph so far; kinds come before accounts.
    fn graph(&mut self) -> &mut Graph {
        self.graph.get_or_insert_with(|| {
            let mut model = Model::default();
            for known in self.models.values() {
                model.add(known.kinds.iter().cloned());
            }
            Graph::new(Arc::new(model))
        })
    }

    fn close_account(&mut self) {
        let Some(account) = self.account.take() else {
            return;
        };
        let derived = match self.models.get(&account.plugin) {
            Some(known) => known.derived.clone(),
            None => Vec::new(),
        };
        let partition = account.builder.with_edges(account.edges, &derived);
        let graph = self.graph();
        *graph = graph.with_partition(Arc::new(partition));
    }
}
