//! References to nodes of a kind that another node tells: a binding names its policy, the policy the kind of its
//! parameters. All other references are [`crate::reference`].
use stocktake_model::{NamespaceFrom, SelectorForm};

use crate::document::Cursor;
use crate::keys::Key;
use crate::labels::Labels;
use crate::namespaces::Within;
use crate::partition::{KindRows, Row};
use crate::reference::Reference;
use crate::resolve::{Index, Resolver, api_name, text};
use crate::selector::Selector;

/// Who tells, if there is somebody, and the kinds that are told.
type Told = (Option<Row>, Vec<usize>);

impl<'p> Resolver<'p> {
    /// Where it is looked: in the namespace that the element has, else everywhere.
    pub(crate) fn within(
        &self,
        from: &NamespaceFrom,
        reference: &Reference<'_>,
        row: Row,
        element: Cursor<'p>,
    ) -> Within<'p> {
        let own = reference.namespace.as_ref();
        match own.map(|steps| steps.first(element).and_then(text)) {
            Some(None) => Within::All,
            Some(own) => Within::One(own),
            None => Within::One(self.namespace(from, reference, row, element)),
        }
    }

    /// What has the name.
    pub(crate) fn find_named(
        &mut self,
        reference: &Reference<'_>,
        within: Within<'p>,
        row: Row,
        element: Cursor<'p>,
        found: &mut Vec<Row>,
    ) {
        let (_, kinds) = self.told(reference, row, element);
        let reported = self.partition.reported(row);
        reference
            .value
            .each_text(reported, element, &mut |name| match within {
                Within::One(namespace) => {
                    self.note(Key::Name(namespace, name), row);
                    found.extend(self.named(std::slice::from_ref(&kinds), namespace, name));
                }
                Within::All => {
                    self.note(Key::NameAnywhere(name), row);
                    self.lookups += kinds.len();
                    let partition = self.partition;
                    let rows = kinds.iter().map(|kind| partition.rows_named(*kind, name));
                    found.extend(rows.flatten());
                }
            });
    }

    /// What the labels select.
    pub(crate) fn find_selected(
        &mut self,
        reference: &Reference<'_>,
        (form, within): (SelectorForm, Within<'p>),
        row: Row,
        element: Cursor<'p>,
        found: &mut Vec<Row>,
    ) {
        let (teller, kinds) = self.told(reference, row, element);
        let reported = self.partition.reported(row);
        reference.value.each(reported, element, &mut |value| {
            let selector = Selector::read(value, form == SelectorForm::LabelSelector);
            let Some(selector) = selector else { return };
            self.lookups += 1;
            self.note_selector(&selector, within, row);
            // Another kind may be told now: then what did not change counts as well.
            let focus = self.focus.as_ref().filter(|focus| {
                !focus.holds(row) && !teller.is_some_and(|teller| focus.holds(teller))
            });
            let selected = match focus {
                Some(focus) => focus.select(self.partition, &kinds, within, &selector),
                None => self.select_of(&kinds, within, &selector),
            };
            self.lookups += selected.len();
            found.extend(selected);
        });
    }

    fn told(&mut self, reference: &Reference<'_>, row: Row, element: Cursor<'p>) -> Told {
        let told = reference.told.as_ref();
        let named = told.and_then(|(name, kind)| Some((text(name.first(element)?)?, kind)));
        let Some((by, kind)) = named else {
            return (None, Vec::new());
        };
        self.note(Key::Name(None, by), row);
        let teller = self.named(&reference.kinds, None, by);
        let told = teller.and_then(|teller| kind.first(self.partition.reported(teller)));
        let told = told.and_then(api_name);
        let kinds = told.map_or_else(Vec::new, |kind| self.kinds_called(kind));
        (teller, kinds)
    }

    /// Rows of some kinds that fulfil a selector.
    fn select_of(
        &mut self,
        kinds: &[usize],
        within: Within<'p>,
        selector: &Selector<'p>,
    ) -> Vec<Row> {
        let partition = self.partition;
        let mut found = Vec::new();
        for kind in kinds {
            let KindRows { name, rows } = &partition.kinds[*kind];
            self.index_labels(name);
            match &self.index {
                Index::Whole(whole) => {
                    let labelled = &whole.labelled[name];
                    let selected = match within {
                        Within::One(namespace) => labelled.select(namespace, selector),
                        Within::All => labelled.select_all(selector),
                    };
                    // Kinds that have it as a base are in the index too.
                    found.extend(selected.into_iter().filter(|row| rows.contains(row)));
                }
                // Which kinds are told changes: labels of theirs are not kept. Only who selects asks, and rarely.
                Index::Few(_, namespaces) => {
                    let labels = Labels::of(partition);
                    found.extend(rows.clone().filter(|row| {
                        within.holds(namespaces.get(*row)) && selector.holds(labels.get(*row))
                    }));
                }
                Index::Nothing(_) => {}
            }
        }
        found
    }
}
