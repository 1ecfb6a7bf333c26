//! Paths and navigations as text.
use std::fmt::{self, Display, Formatter, Write as _};

use super::joined;
use crate::ast::{EdgeType, Index, Navigation, Path, Segment, Walk};
use crate::lexer::{RESERVED, ident_length};

impl Display for Path {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.segments.is_empty() {
            return f.write_char(if self.absolute { '/' } else { '.' });
        }
        if self.absolute {
            f.write_char('/')?;
        }
        // `sort in` reads like a condition on a property called `sort`.
        let first = self.segments[0].name.as_str();
        let keyword = !self.absolute && (RESERVED.contains(&first) || first == "in");
        joined(
            f,
            self.segments.iter().enumerate(),
            ".",
            |f, (at, segment)| {
                if at == 0 && keyword {
                    backticks(f, segment)
                } else {
                    segment.fmt(f)
                }
            },
        )
    }
}

impl Display for Segment {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let plain = ident_length(&self.name) == self.name.len() && !self.name.ends_with('-');
        if !plain || self.name.is_empty() {
            return backticks(f, self);
        }
        f.write_str(&self.name)?;
        indexes(f, &self.indexes)
    }
}

fn backticks(f: &mut Formatter<'_>, segment: &Segment) -> fmt::Result {
    write!(f, "`{}`", segment.name)?;
    indexes(f, &segment.indexes)
}

fn indexes(f: &mut Formatter<'_>, indexes: &[Index]) -> fmt::Result {
    joined(f, indexes, "", |f, index| match index {
        Index::Any => f.write_str("[*]"),
        Index::At(at) => write!(f, "[{at}]"),
    })
}

impl Display for Navigation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(if self.direction == Walk::Out {
            "-"
        } else {
            "<-"
        })?;
        let two_sided = !self.inbound_types.is_empty();
        types(
            f,
            if two_sided {
                &self.inbound_types
            } else {
                &self.types
            },
        )?;
        let needs_range = two_sided && self.edge_filter.is_none();
        range(f, self.min, self.max, needs_range)?;
        if let Some(filter) = &self.edge_filter {
            f.write_char('{')?;
            filter.fmt(f)?;
            f.write_char('}')?;
        }
        if two_sided {
            types(f, &self.types)?;
        }
        f.write_str(if self.direction == Walk::In {
            "-"
        } else {
            "->"
        })
    }
}

fn types(f: &mut Formatter<'_>, types: &[EdgeType]) -> fmt::Result {
    joined(f, types, ",", |f, one| f.write_str(one.name()))
}

fn range(f: &mut Formatter<'_>, min: u32, max: u32, always: bool) -> fmt::Result {
    match (min, max) {
        (1, 1) if !always => Ok(()),
        (min, max) if min == max => write!(f, "[{min}]"),
        (min, Navigation::UNLIMITED) => write!(f, "[{min}:]"),
        (min, max) => write!(f, "[{min}:{max}]"),
    }
}
