//! The graph in memory and the answers to queries about it. No I/O, no clock: whoever asks says what time it is.
//!
//! An account is an immutable [`Partition`]: rows sorted by kind, name and id, documents in a compact form that is
//! read in place, edges as arrays. A [`Graph`] is a handful of shared partitions with the model and the marks
//! of users; changing something makes a new graph that shares the rest.
mod access;
mod adjacency;
mod aggregate;
mod builder;
mod catalog;
mod check;
mod columns;
mod compile;
mod crossing;
mod cycles;
mod derive;
mod document;
mod encode;
mod error;
mod eval;
mod explain;
mod filter;
mod graph;
mod groups;
mod hits;
mod holds;
mod inspect;
mod intern;
mod join;
mod layout;
mod literal;
mod names;
mod navigate;
mod nearest;
mod parallel;
mod partition;
mod paths;
mod payload;
mod plan;
mod reference;
mod relevance;
mod render;
mod resolve;
mod scan;
mod search;
mod selector;
mod shortcut;
mod steps;
mod subnet;
mod sweep;
mod tabulate;
mod tally;
mod template;
mod text;
mod top;
mod value;
mod verdicts;
mod view;
mod walks;
mod words;

pub use builder::PartitionBuilder;
pub use error::{EngineError, EngineErrorKind};
pub use graph::{Counts, Graph};
pub use join::Joined;
pub use partition::{Counted, Partition};
pub use search::{DefaultSort, Edges, Rows, SearchRequest};
