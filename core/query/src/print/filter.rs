//! Conditions and values as text. Which brackets are needed is decided here.
use std::fmt::{self, Display, Formatter, Write as _};

use super::{is_id, joined, name, names, quoted};
use crate::ast::{Comparison, Filter, Path, Value};
use crate::lexer::is_literal;
use crate::value::{is_plain, is_word};

impl Display for Filter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Is(kinds) => call(f, "is", |f| names(f, kinds, is_literal)),
            Self::Id(ids) => call(f, "id", |f| names(f, ids, is_id)),
            Self::Text(text) => quoted(f, &text.text),
            Self::Compare(comparison) => comparison.fmt(f),
            Self::HasKey(path, keys) => call(f, "has_key", |f| has_key(f, path, keys)),
            Self::InSubnet(path, net) => call(f, "in_subnet", |f| {
                write!(f, "{path}, ")?;
                name(f, &net.text, is_plain)
            }),
            Self::DesiredChange(path) => write!(f, "has_desired_change({path})"),
            Self::NoDesiredChange(path) => write!(f, "has_no_desired_change({path})"),
            Self::Context(path, inner) => {
                write!(f, "{path}.{{")?;
                inner.fmt(f)?;
                f.write_char('}')
            }
            Self::Not(inner) => {
                f.write_str("not ")?;
                let brackets = matches!(**inner, Self::And(_) | Self::Or(_));
                bracketed(f, inner, brackets)
            }
            Self::And(all) => joined(f, all, " and ", |f, one| {
                bracketed(f, one, matches!(one, Self::And(_) | Self::Or(_)))
            }),
            Self::Or(any) => joined(f, any, " or ", |f, one| {
                let shown = f.alternate() && matches!(one, Self::And(_));
                bracketed(f, one, shown || matches!(one, Self::Or(_)))
            }),
        }
    }
}

fn call(
    f: &mut Formatter<'_>,
    name: &str,
    arguments: impl FnOnce(&mut Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    write!(f, "{name}(")?;
    arguments(f)?;
    f.write_char(')')
}

fn bracketed(f: &mut Formatter<'_>, filter: &Filter, brackets: bool) -> fmt::Result {
    if !brackets {
        return filter.fmt(f);
    }
    f.write_char('(')?;
    filter.fmt(f)?;
    f.write_char(')')
}

fn has_key(f: &mut Formatter<'_>, path: &Path, keys: &[String]) -> fmt::Result {
    write!(f, "{path}, ")?;
    if let [only] = keys {
        return name(f, only, is_plain);
    }
    f.write_char('[')?;
    joined(f, keys, ", ", |f, key| name(f, key, is_plain))?;
    f.write_char(']')
}

impl Display for Comparison {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.path)?;
        if let Some(quantifier) = self.quantifier {
            write!(f, "{} ", quantifier.name())?;
        }
        write!(f, "{} {}", self.op.name(), self.value)
    }
}

impl Display for Value {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(truth) => write!(f, "{truth}"),
            Self::Int(number) => write!(f, "{number}"),
            Self::Float(number) => float(f, *number),
            Self::Text(text) => quoted(f, text),
            Self::Word(word) => name(f, word, is_word),
            Self::List(items) => {
                f.write_char('[')?;
                joined(f, items, ", ", |f, item| item.fmt(f))?;
                f.write_char(']')
            }
            Self::Object(fields) => {
                f.write_char('{')?;
                joined(f, fields, ", ", |f, (key, value)| {
                    name(f, key, is_literal)?;
                    write!(f, ": {value}")
                })?;
                f.write_char('}')
            }
        }
    }
}

/// A float always has a dot and never an exponent: `1e3` would be read as a word.
fn float(f: &mut Formatter<'_>, number: f64) -> fmt::Result {
    let digits = number.to_string();
    f.write_str(&digits)?;
    if digits.contains('.') {
        Ok(())
    } else {
        f.write_str(".0")
    }
}
