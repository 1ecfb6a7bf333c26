//! What a command is: a record that describes it, a function that reads its argument, and a stage that runs.
//!
//! Help, completion, the checks over a whole line and the tests all read the same record.
use async_trait::async_trait;
use stocktake_query::Path;

use crate::draft::{Draft, Folded};
use crate::{Argument, Call, CommandError, Flow, Scene};

/// A command of the language. What is not in [`crate::COMMANDS`] does not exist.
pub trait Command: Send + Sync {
    /// What it is called, takes and gives.
    fn spec(&self) -> &'static Spec;

    /// What it works on and what it leaves, where that depends on its argument; what the spec says otherwise.
    fn shape(&self, _: &Argument) -> (Shape, Shape) {
        (self.spec().input, self.spec().output)
    }

    /// Reads the argument. Must not do anything yet: every line is read to its end before the first one runs.
    fn parse(&self, argument: &Argument, scene: &Scene) -> Result<Box<dyn Stage>, CommandError>;
}

/// A command with its argument, ready to run.
#[async_trait]
pub trait Stage: Send + Sync {
    /// The search it begins, if it begins one.
    fn draft(&self) -> Option<Draft> {
        None
    }

    /// Makes the search that stands in front do the work, if it can do it exactly.
    fn fold(&self, _: &mut Draft) -> Folded {
        Folded::No
    }

    /// Paths, absolute, that it reads from the elements it is given.
    fn reads(&self) -> Vec<Path> {
        Vec::new()
    }

    /// Files it wants from the client, by the names that were typed.
    fn files(&self) -> Vec<String> {
        Vec::new()
    }

    /// Command lines it keeps for later; they are checked before anything runs.
    fn lines(&self) -> Vec<Argument> {
        Vec::new()
    }

    /// Runs. What takes long belongs into the elements it gives back.
    async fn run(self: Box<Self>, input: Flow, call: &Call) -> Result<Flow, CommandError>;
}

/// A command, described.
#[derive(Debug)]
pub struct Spec {
    /// Its name.
    pub name: &'static str,
    /// Other names it answers to.
    pub aliases: &'static [&'static str],
    /// One sentence on what it does.
    pub about: &'static str,
    /// How it is written, without the name: `[--csv|--markdown] [PATH [as NAME], …]`.
    pub usage: &'static str,
    /// Options and sub-commands, each with what it does.
    pub arguments: &'static [(&'static str, &'static str)],
    /// Where `help` lists it.
    pub category: Category,
    /// What it works on.
    pub input: Shape,
    /// What it leaves for the next command.
    pub output: Shape,
    /// Lines that show it at work; every one is run or at least checked by a test.
    pub examples: &'static [Example],
}

/// Where `help` lists a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// Find things.
    Search,
    /// Show what was found.
    Format,
    /// Change things.
    Action,
    /// Set up and look after stocktake itself.
    Setup,
    /// Everything else.
    Misc,
}

impl Category {
    /// Every category, in the order `help` lists them.
    pub const ALL: [Self; 5] = [
        Self::Search,
        Self::Format,
        Self::Action,
        Self::Setup,
        Self::Misc,
    ];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Format => "format",
            Self::Action => "action",
            Self::Setup => "setup",
            Self::Misc => "misc",
        }
    }
}

/// What flows between two commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Nothing: as input, the command comes first; as output, it comes last.
    Nothing,
    /// Input only: nothing, or nodes.
    NothingOrNodes,
    /// Nodes, and edges if they were asked for.
    Nodes,
    /// Rows of an aggregate.
    Rows,
    /// Any JSON; as input, nodes and rows as well.
    Values,
    /// Text; as input, nothing else.
    Lines,
    /// Input only: whatever there is.
    Any,
    /// Output only: the same as the input.
    Same,
}

impl Shape {
    /// Whether a command with this input can follow one that leaves `given`.
    pub fn accepts(self, given: Self) -> bool {
        match self {
            Self::Nothing | Self::Same => given == Self::Nothing,
            Self::NothingOrNodes => {
                matches!(given, Self::Nothing | Self::Nodes | Self::Values)
            }
            Self::Nodes => matches!(given, Self::Nodes | Self::Values),
            Self::Rows => given == Self::Rows,
            Self::Values => matches!(given, Self::Nodes | Self::Rows | Self::Values),
            Self::Lines => given == Self::Lines,
            Self::Any => given != Self::Nothing,
        }
    }

    /// Words for it in an error.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::NothingOrNodes | Self::Nodes => "nodes",
            Self::Rows => "rows",
            Self::Values => "elements",
            Self::Lines => "text lines",
            Self::Any | Self::Same => "anything",
        }
    }
}

/// A line that shows a command at work.
#[derive(Debug)]
pub struct Example {
    /// What it answers or does.
    pub about: &'static str,
    /// The line.
    pub line: &'static str,
    /// What it prints, run against the fixture of the tests; empty if that is not worth showing.
    pub prints: &'static str,
}
