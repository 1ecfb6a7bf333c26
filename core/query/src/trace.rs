//! Notes taken while parsing: the furthest place reached, what was tried there, how the query was read.
//! The error message and the completion are both made from these notes, so they can not disagree.
use std::cell::RefCell;

use crate::ast::{Path, Span};
use crate::expected::Expected;

/// The notes of one run of the parser.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    notes: RefCell<Notes>,
    /// Whether scopes are kept; only completion needs them.
    scoped: bool,
}

/// See [`Trace`].
#[derive(Debug, Default)]
struct Notes {
    furthest: usize,
    expected: Vec<Expected>,
    mixed: Vec<(Span, String)>,
    scope: Scope,
    scope_at_furthest: Scope,
}

/// What is known about the place being parsed.
#[derive(Debug, Default, Clone)]
pub(crate) struct Scope {
    /// Kinds named by `is(…)` so far in this part.
    pub(crate) kinds: Vec<String>,
    /// Names of the open contexts, outermost first.
    pub(crate) contexts: Vec<Path>,
    /// The path whose operator or value comes next.
    pub(crate) path: Option<Path>,
}

impl Trace {
    /// Notes that also keep the scope of the furthest place.
    pub(crate) fn scoped() -> Self {
        Self {
            scoped: true,
            ..Self::default()
        }
    }

    /// Something was tried at a place.
    pub(crate) fn expect(&self, at: usize, what: Expected) {
        let notes = &mut *self.notes.borrow_mut();
        if at > notes.furthest {
            notes.furthest = at;
            notes.expected.clear();
        }
        if at == notes.furthest {
            if notes.expected.is_empty() && self.scoped {
                notes.scope_at_furthest = notes.scope.clone();
            }
            if !notes.expected.contains(&what) {
                notes.expected.push(what);
            }
        }
    }

    /// The furthest place something was tried at, and what that was.
    pub(crate) fn furthest(&self) -> (usize, Vec<Expected>) {
        let notes = self.notes.borrow();
        (notes.furthest, notes.expected.clone())
    }

    /// `and` and `or` stand side by side at a place; this is how they were read.
    pub(crate) fn mixed(&self, span: Span, reading: String) {
        self.notes.borrow_mut().mixed.push((span, reading));
    }

    /// All places where `and` and `or` stand side by side.
    pub(crate) fn into_mixed(self) -> Vec<(Span, String)> {
        self.notes.into_inner().mixed
    }

    /// Changes the scope, if scopes are kept.
    pub(crate) fn scope(&self, change: impl FnOnce(&mut Scope)) {
        if self.scoped {
            change(&mut self.notes.borrow_mut().scope);
        }
    }

    /// The scope now; give it back to [`Trace::restore`] where it ends.
    pub(crate) fn save(&self) -> Scope {
        if self.scoped {
            self.notes.borrow().scope.clone()
        } else {
            Scope::default()
        }
    }

    /// Goes back to an earlier scope.
    pub(crate) fn restore(&self, scope: Scope) {
        self.scope(|now| *now = scope);
    }

    /// The scope of the furthest place.
    pub(crate) fn scope_at_furthest(&self) -> Scope {
        self.notes.borrow().scope_at_furthest.clone()
    }
}
