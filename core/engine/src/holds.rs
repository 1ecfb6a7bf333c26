//! Whether a node fulfils a test. Where the values are is [`crate::eval`]; what one comparison means for one value
//! is [`crate::check`].
use std::ops::ControlFlow;

use stocktake_query::Quantifier;

use crate::check::Check;
use crate::eval::{At, Search};
use crate::plan::{PathPlan, Test};
use crate::view::{Shape, View};

impl Search {
    /// Whether the node fulfils a test.
    pub(crate) fn holds<'a>(&'a self, at: At<'a>, test: &Test) -> bool {
        match test {
            Test::All => true,
            Test::Kinds(set) => at.bound.kinds[*set][at.partition.kind_code(at.spot.row)],
            Test::Ids(ids) => ids.binary_search(&at.partition.id(at.spot.row)).is_ok(),
            Test::Text(phrase) => phrase.occurs(at.partition.reported(at.spot.row)),
            Test::Compare {
                path,
                quantifier,
                check,
                column,
            } => self.compares(at, path, *quantifier, check, *column),
            Test::HasKey(_, keys) if keys.is_empty() => true,
            Test::HasKey(path, keys) => self.any(at, path, &mut |view| {
                view.is_some_and(|view| keys.iter().all(|key| view.has_key(key)))
            }),
            Test::InSubnet(path, network) => self.any(at, path, &mut |view| {
                let address = view.and_then(View::text);
                address.is_some_and(|address| network.contains(&address))
            }),
            Test::DesiredChange {
                desired,
                reported,
                changed,
            } => self.differs(at, desired, reported) == *changed,
            Test::Context(path, inner) => self.context(at, path, inner),
            Test::Not(inner) => !self.holds(at, inner),
            Test::And(all) => all.iter().all(|one| self.holds(at, one)),
            Test::Or(all) => all.iter().any(|one| self.holds(at, one)),
        }
    }

    fn any<'a>(
        &'a self,
        at: At<'a>,
        path: &PathPlan,
        holds: &mut dyn FnMut(Option<View<'a>>) -> bool,
    ) -> bool {
        let all_fail = self.each(at, path, &mut |view| {
            if holds(view) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        all_fail.is_break()
    }

    /// Without a quantifier one value must fulfil the comparison. `any` and `none` look for an element that
    /// does, `all` for one that does not.
    fn compares(
        &self,
        at: At<'_>,
        path: &PathPlan,
        quantifier: Option<Quantifier>,
        check: &Check,
        column: Option<usize>,
    ) -> bool {
        let decides = |view: Option<View<'_>>| decides(path, quantifier, check, view);
        let known = column.and_then(|column| self.by_column(at, column, path, &decides));
        let found = known.unwrap_or_else(|| self.any(at, path, &mut |view| decides(view)));
        match quantifier {
            None | Some(Quantifier::Any) => found,
            Some(Quantifier::All | Quantifier::None) => !found,
        }
    }

    fn context<'a>(&'a self, at: At<'a>, path: &PathPlan, inner: &Test) -> bool {
        let (_, keys) = self.start(at, path);
        self.any(at, path, &mut |element| {
            let inside = At {
                element,
                element_keys: keys,
                ..at
            };
            self.holds(inside, inner)
        })
    }

    fn differs(&self, at: At<'_>, desired: &PathPlan, reported: &PathPlan) -> bool {
        let Some(wanted) = self.first(at, desired) else {
            return false;
        };
        let wanted = wanted.to_value();
        match self.first(at, reported) {
            Some(found) => !crate::value::equal(found, &wanted),
            None => true,
        }
    }
}

/// Whether one value at the end of the path decides a comparison.
pub(crate) fn decides(
    path: &PathPlan,
    quantifier: Option<Quantifier>,
    check: &Check,
    view: Option<View<'_>>,
) -> bool {
    let Some(quantifier) = quantifier else {
        return check.holds(view);
    };
    let wanted = quantifier != Quantifier::All;
    Elements::of(path).any(view, &|element| check.holds(element) == wanted)
}

/// What a quantifier counts at the end of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Elements {
    /// The path ends in `[*]`: its values are the elements.
    Values,
    /// There is a `[*]` before: a list is taken apart, anything else (missing as well) is an element.
    Inner,
    /// A list is taken apart, a single value is its only element; what is missing has none.
    Own,
}

impl Elements {
    fn of(path: &PathPlan) -> Self {
        match path.behind_star() {
            0 => Self::Own,
            behind if behind == path.steps.len() => Self::Values,
            _ => Self::Inner,
        }
    }

    fn any(self, value: Option<View<'_>>, holds: &dyn Fn(Option<View<'_>>) -> bool) -> bool {
        let list = value
            .filter(|_| self != Self::Values)
            .and_then(View::elements);
        let missing = value.is_none_or(|value| matches!(value.shape(), Shape::Null));
        match list {
            Some(mut elements) => elements.any(|element| holds(Some(element))),
            None if missing && self == Self::Own => false,
            None => holds(value),
        }
    }
}
