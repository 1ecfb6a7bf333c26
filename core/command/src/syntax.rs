//! The bridge to the query language: reads arguments with its parsers, and moves its errors into the line.
use stocktake_query::{
    Aggregate, Column, Limit, Note, Path, Piece, Query, SortKey, Span, SyntaxError,
};

use crate::{Argument, CommandError};

/// A query and what the reader should know about how it was read. Nothing is `all`.
///
/// The spans in the tree are those of the line, so that whoever runs it can point there too.
pub(crate) fn query(argument: &Argument) -> Result<(Query, Vec<String>), CommandError> {
    if argument.is_empty() {
        return Ok((Query::default(), Vec::new()));
    }
    let (query, notes) = read(argument, stocktake_query::parse_with_notes)?;
    let hints = notes.into_iter().map(|note| match note {
        Note::MixedAndOr { reading, .. } => {
            format!("`and` binds tighter than `or`: read as `{reading}`")
        }
    });
    Ok((query, hints.collect()))
}

/// `path asc|desc, …`
pub(crate) fn sort(argument: &Argument) -> Result<Vec<SortKey>, CommandError> {
    read(argument, stocktake_query::parse_sort)
}

/// A path.
pub(crate) fn path(argument: &Argument) -> Result<Path, CommandError> {
    read(argument, stocktake_query::parse_path)
}

/// `offset, length`
pub(crate) fn limit(argument: &Argument) -> Result<Limit, CommandError> {
    read(argument, stocktake_query::parse_limit)
}

/// `groups: functions`
pub(crate) fn aggregate(argument: &Argument) -> Result<Aggregate, CommandError> {
    read(argument, stocktake_query::parse_aggregate)
}

/// `path as name, …`
pub(crate) fn columns(argument: &Argument) -> Result<Vec<Column>, CommandError> {
    read(argument, stocktake_query::parse_columns)
}

/// Text with `{path}` holes.
pub(crate) fn template(argument: &Argument) -> Result<Vec<Piece>, CommandError> {
    // Blanks in front would become part of the text.
    stocktake_query::parse_template(argument.text())
        .map_err(|error| located(&error, error.span, argument))
}

/// Whether a piece without a command may be a query.
pub(crate) fn looks_like_query(text: &str) -> bool {
    stocktake_query::looks_like_query(text)
}

/// The path from the root of the document.
pub(crate) fn in_section(path: &Path, section: &str) -> Path {
    path.clone().in_section(section)
}

/// The query with all paths from the root of the document.
pub(crate) fn query_in_section(query: Query, section: &str) -> Query {
    query.in_section(section)
}

fn read<T>(
    argument: &Argument,
    parse: impl Fn(&str) -> Result<T, SyntaxError>,
) -> Result<T, CommandError> {
    let start = argument.span().start;
    // Blanks in front put every byte where it stands in the line. After an escape it is a little off, no more.
    let text = format!("{}{}", " ".repeat(start), argument.text());
    parse(&text).map_err(|error| {
        let inside = |at: usize| at.saturating_sub(start);
        let part = Span::new(inside(error.span.start)..inside(error.span.end));
        located(&error, part, argument)
    })
}

/// The error, at a part of the argument.
fn located(error: &SyntaxError, part: Span, argument: &Argument) -> CommandError {
    let mut located = CommandError::usage(error.to_string()).at(argument.place(part));
    located.hint = error.hint();
    located
}
