//! The query language: text to syntax tree and back. Knows nothing about the model, the graph or commands.
mod aggregate;
mod ast;
mod bare;
mod column;
mod complete;
mod diagnose;
mod error;
mod expected;
mod filter;
mod hint;
mod lexer;
mod limits;
mod names;
mod navigation;
mod parse;
mod part;
mod path;
mod print;
mod section;
mod text;
mod trace;
mod value;

pub use ast::*;
pub use bare::looks_like_query;
pub use complete::{Completion, Expect, suggest};
pub use error::{SyntaxError, SyntaxKind};
pub use expected::Expected;
pub use limits::{MAX_DEPTH, MAX_LENGTH};
pub use parse::{
    Note, parse, parse_aggregate, parse_columns, parse_limit, parse_path, parse_sort,
    parse_template, parse_with_notes,
};
