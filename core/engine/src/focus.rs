//! What a change can change for those who did not change: a selector selects what it selected before, but for the rows
//! that changed. So these are the only ones it is asked about.
use rustc_hash::FxHashMap;
use stocktake_model::Scope;

use crate::labels::Labels;
use crate::namespaces::{Namespaces, Within};
use crate::partition::{Partition, Row};
use crate::reference::NAMESPACE;
use crate::selector::Selector;

/// The rows that changed.
#[derive(Debug)]
pub(crate) struct Focus<'p> {
    labels: Labels<'p>,
    rows: Vec<Row>,
    by_namespace: FxHashMap<Option<&'p str>, Vec<Row>>,
    /// Whether whole namespaces may be selected that were not, or no more.
    namespaces: bool,
}

/// Whether a namespace is among some rows.
pub(crate) fn has_namespace(partition: &Partition, rows: &[Row]) -> bool {
    rows.iter().any(|row| partition.kind(*row) == NAMESPACE)
}

impl<'p> Focus<'p> {
    /// On these rows, which ascend. `namespaces` says whether there is a namespace among those that left or came: what
    /// was wanted before and what is wanted now have to be looked at alike, or the difference is not one.
    pub(crate) fn on(partition: &'p Partition, rows: &[Row], namespaces: bool) -> Self {
        let places = Namespaces::of(partition);
        let mut by_namespace: FxHashMap<_, Vec<Row>> = FxHashMap::default();
        for row in rows {
            let of = by_namespace.entry(places.get(*row)).or_default();
            of.push(*row);
        }
        Self {
            labels: Labels::of(partition),
            rows: rows.to_vec(),
            by_namespace,
            namespaces,
        }
    }

    /// Whether a row changed itself: then all it refers to counts.
    pub(crate) fn holds(&self, row: Row) -> bool {
        self.rows.binary_search(&row).is_ok()
    }

    /// Whether nothing but these rows can make a difference to a selector of this row.
    pub(crate) fn decides(&self, row: Row, scope: &Scope) -> bool {
        let whole = self.namespaces && matches!(scope, Scope::Namespaces(_));
        !whole && !self.holds(row)
    }

    /// Those of some kinds in a namespace, or in all, that fulfil a selector.
    pub(crate) fn select(
        &self,
        partition: &Partition,
        kinds: &[usize],
        within: Within<'_>,
        selector: &Selector<'_>,
    ) -> Vec<Row> {
        let rows = match within {
            Within::One(namespace) => self.by_namespace.get(&namespace),
            Within::All => Some(&self.rows),
        };
        let rows = rows.into_iter().flatten();
        let is_one = |row: &Row| {
            kinds.contains(&partition.kind_code(*row)) && selector.holds(self.labels.get(*row))
        };
        rows.copied().filter(is_one).collect()
    }
}
