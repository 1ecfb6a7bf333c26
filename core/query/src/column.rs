//! Aggregations and templates as text, and the names their columns get by default.
use std::fmt::{self, Display, Formatter, Write as _};

use crate::ast::{Aggregate, Argument, Column, Function, Group, GroupValue, Piece};
use crate::lexer::is_literal;
use crate::print::{escaped, joined, name};

impl Display for Aggregate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        joined(f, &self.groups, ", ", |f, group| group.fmt(f))?;
        if !self.groups.is_empty() {
            f.write_str(": ")?;
        }
        joined(f, &self.functions, ", ", |f, function| function.fmt(f))
    }
}

impl Display for Group {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)?;
        alias(f, self.name.as_deref())
    }
}

impl Display for Column {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.path.fmt(f)?;
        alias(f, self.name.as_deref())
    }
}

impl Display for GroupValue {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.fmt(f),
            Self::Template(pieces) => {
                f.write_char('"')?;
                joined(f, pieces, "", |f, piece| match piece {
                    Piece::Text(text) => escaped(f, &braces(text)),
                    Piece::Hole(path) => write!(f, "{{{path}}}"),
                })?;
                f.write_char('"')
            }
        }
    }
}

impl Display for Piece {
    /// As it stands in a template without quotes.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(&braces(text)),
            Self::Hole(path) => write!(f, "{{{path}}}"),
        }
    }
}

/// Braces that are part of the text are doubled.
fn braces(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

impl Display for Function {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}({}", self.name.name(), self.argument)?;
        for (sign, number) in &self.steps {
            write!(f, " {} {number}", sign.name())?;
        }
        f.write_char(')')?;
        alias(f, self.alias.as_deref())
    }
}

impl Display for Argument {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.fmt(f),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

fn alias(f: &mut Formatter<'_>, alias: Option<&str>) -> fmt::Result {
    let Some(alias) = alias else { return Ok(()) };
    f.write_str(" as ")?;
    name(f, alias, is_literal)
}

impl Group {
    /// Name of the column: as given, else the last name of the path, else the template as written.
    pub fn column(&self) -> String {
        match (&self.name, &self.value) {
            (Some(name), _) => name.clone(),
            (None, GroupValue::Path(path)) => path
                .segments
                .last()
                .map_or_else(|| path.to_string(), |segment| segment.name.clone()),
            (None, GroupValue::Template(pieces)) => {
                pieces.iter().map(ToString::to_string).collect()
            }
        }
    }
}

impl Function {
    /// Name of the column: as given, else `sum_of_size`, with `_` for each run of other characters.
    pub fn column(&self) -> String {
        if let Some(alias) = &self.alias {
            return alias.clone();
        }
        let mut column = String::new();
        for c in format!("{}_of_{}", self.name.name(), self.argument).chars() {
            let word = c.is_alphanumeric() || c == '_';
            match (word, column.ends_with('\u{0}')) {
                (true, _) => column.push(c),
                (false, true) => {}
                (false, false) => column.push('\u{0}'),
            }
        }
        column.replace('\u{0}', "_")
    }
}
