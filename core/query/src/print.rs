//! Syntax tree to text. Whatever the parser can build is printed so that it is read back as the same tree.
//!
//! `{}` prints no bracket that is not needed; `{:#}` also puts brackets around an `and` inside of an
//! `or`, to show how a condition was read. Names that no text can express (a backtick in a property
//! name) are printed as they are.
mod filter;
mod walk;

use std::fmt::{self, Display, Formatter, Write as _};

use crate::ast::{
    Filter, Limit, Merge, Name, Order, Part, Preamble, Query, SortKey, With, WithCount, WithUsage,
};
use crate::lexer::{id_length, is_literal};
use crate::part::time_length;

/// Prints the items with something between them.
pub(crate) fn joined<T>(
    f: &mut Formatter<'_>,
    items: impl IntoIterator<Item = T>,
    between: &str,
    mut print: impl FnMut(&mut Formatter<'_>, T) -> fmt::Result,
) -> fmt::Result {
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            f.write_str(between)?;
        }
        print(f, item)?;
    }
    Ok(())
}

/// Prints a text in double quotes.
fn quoted(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    escaped(f, text)?;
    f.write_char('"')
}

/// Prints the inside of double quotes.
pub(crate) fn escaped(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            f.write_char('\\')?;
        }
        f.write_char(c)?;
    }
    Ok(())
}

/// Prints a name, in quotes where the language asks for them.
pub(crate) fn name(f: &mut Formatter<'_>, text: &str, plain: fn(&str) -> bool) -> fmt::Result {
    if plain(text) {
        f.write_str(text)
    } else {
        quoted(f, text)
    }
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && id_length(text) == text.len()
}

fn is_time(text: &str) -> bool {
    !text.is_empty() && !text.ends_with(':') && time_length(text) == text.len()
}

fn names(f: &mut Formatter<'_>, names: &[Name], plain: fn(&str) -> bool) -> fmt::Result {
    joined(f, names, ", ", |f, one| name(f, &one.text, plain))
}

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.preamble.fmt(f)?;
        if let [only] = self.parts.as_slice()
            && *only == Part::default()
        {
            return f.write_str("all");
        }
        let closing = self.parts.last().filter(|last| **last == Part::default());
        let shown = &self.parts[..self.parts.len() - usize::from(closing.is_some())];
        joined(f, shown, " ", |f, part| part.fmt(f))
    }
}

impl Display for Preamble {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(aggregate) = &self.aggregate {
            write!(f, "aggregate({aggregate})")?;
        }
        if let Some(edge_type) = self.edge_type {
            write!(f, "(edge_type={})", edge_type.name())?;
        }
        if self == &Self::default() {
            Ok(())
        } else {
            f.write_str(": ")
        }
    }
}

impl Display for Part {
    /// A part that selects all prints nothing for it where something else follows.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut between = "";
        let mut item = |f: &mut Formatter<'_>,
                        print: &dyn Fn(&mut Formatter<'_>) -> fmt::Result| {
            f.write_str(std::mem::replace(&mut between, " "))?;
            print(f)
        };
        if let Some(usage) = &self.with_usage {
            item(f, &|f| usage.fmt(f))?;
        }
        if self.filter != Filter::All || !self.merge.is_empty() || *self == Self::default() {
            item(f, &|f| self.filter.fmt(f))?;
        }
        if !self.merge.is_empty() {
            item(f, &|f| merges(f, &self.merge))?;
        }
        if let Some(post) = &self.post {
            item(f, &|f| post.fmt(f))?;
        }
        if let Some(with) = &self.with {
            item(f, &|f| with.fmt(f))?;
        }
        if let Some(tag) = &self.tag {
            item(f, &|f| {
                f.write_char('#').and_then(|()| name(f, tag, is_literal))
            })?;
        }
        if !self.sort.is_empty() {
            item(f, &|f| {
                f.write_str("sort ")?;
                joined(f, &self.sort, ", ", |f, key| key.fmt(f))
            })?;
        }
        if let Some(limit) = self.limit {
            item(f, &|f| write!(f, "limit {limit}"))?;
        }
        if self.reversed {
            item(f, &|f| f.write_str("reversed"))?;
        }
        if let Some(navigation) = &self.navigation {
            item(f, &|f| navigation.fmt(f))?;
        }
        Ok(())
    }
}

fn merges(f: &mut Formatter<'_>, merges: &[Merge]) -> fmt::Result {
    f.write_char('{')?;
    joined(f, merges, ", ", |f, merge| merge.fmt(f))?;
    f.write_char('}')
}

impl Display for Merge {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let list = if self.list { "[]" } else { "" };
        write!(f, "{}{list}: ", self.name)?;
        self.query.fmt(f)
    }
}

impl Display for With {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("with(")?;
        self.count.fmt(f)?;
        f.write_str(", ")?;
        self.navigation.fmt(f)?;
        if self.filter != Filter::All {
            f.write_char(' ')?;
            self.filter.fmt(f)?;
        }
        if let Some(with) = &self.with {
            f.write_char(' ')?;
            with.fmt(f)?;
        }
        f.write_char(')')
    }
}

impl Display for WithCount {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("empty"),
            Self::Any => f.write_str("any"),
            Self::Count(op, count) => write!(f, "count {} {count}", op.name()),
        }
    }
}

impl Display for WithUsage {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("with_usage(")?;
        name(f, &self.start, is_time)?;
        if let Some(end) = &self.end {
            f.write_str("::")?;
            name(f, end, is_time)?;
        }
        f.write_str(", [")?;
        joined(f, &self.metrics, ", ", |f, metric| {
            name(f, metric, is_literal)
        })?;
        f.write_str("])")
    }
}

impl Display for Limit {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.offset > 0 {
            write!(f, "{}, ", self.offset)?;
        }
        write!(f, "{}", self.length)
    }
}

impl Display for SortKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.path.fmt(f)?;
        if self.order == Order::Desc {
            f.write_str(" desc")
        } else {
            Ok(())
        }
    }
}
