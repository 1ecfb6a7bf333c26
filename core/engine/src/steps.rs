//! Paths of rules, bound to the keys of one partition: walks compact documents without comparing texts.
//! Paths of queries are [`crate::path`].
use stocktake_model::{Path, Step};

use crate::document::{Cursor, Item};
use crate::intern::Strings;

/// A path whose keys are numbers.
#[derive(Debug)]
pub(crate) struct Steps(Vec<Bound>);

#[derive(Debug)]
enum Bound {
    /// `None`: no document has this key.
    Key(Option<u32>),
    At(usize),
    Each,
}

impl Steps {
    pub(crate) fn bind(path: &Path, strings: &Strings) -> Self {
        let bound = path.steps().iter().map(|step| match step {
            Step::Key(key) => Bound::Key(strings.find(key)),
            Step::At(at) => Bound::At(*at),
            Step::Each => Bound::Each,
        });
        Self(bound.collect())
    }

    /// Whether some step leads nowhere in every document.
    pub(crate) fn leads_nowhere(&self) -> bool {
        self.0.iter().any(|step| matches!(step, Bound::Key(None)))
    }

    /// Calls `found` with every value the path leads to.
    pub(crate) fn each<'a>(&self, from: Cursor<'a>, found: &mut dyn FnMut(Cursor<'a>)) {
        walk(&self.0, from, found);
    }

    /// The first value the path leads to.
    pub(crate) fn first<'a>(&self, from: Cursor<'a>) -> Option<Cursor<'a>> {
        let mut first = None;
        self.each(from, &mut |value| {
            first.get_or_insert(value);
        });
        first
    }
}

fn walk<'a>(steps: &[Bound], here: Cursor<'a>, found: &mut dyn FnMut(Cursor<'a>)) {
    let Some((step, rest)) = steps.split_first() else {
        found(here);
        return;
    };
    match (step, here.item()) {
        (Bound::Key(Some(key)), Item::Object(_)) => {
            if let Some(member) = here.member_numbered(*key) {
                walk(rest, member, found);
            }
        }
        (Bound::At(at), Item::List(body)) => {
            if let Some(element) = body.elements().nth(*at) {
                walk(rest, element, found);
            }
        }
        (Bound::Each, Item::List(body)) => {
            for element in body.elements() {
                walk(rest, element, found);
            }
        }
        (Bound::Each, Item::Object(body)) => {
            for (_, member) in body.members() {
                walk(rest, member, found);
            }
        }
        _ => {}
    }
}
