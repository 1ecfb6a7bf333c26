//! One look into the indexes of a resolver: by uid, by name, by property, by labels. Both kinds of indexes give the
//! same rows; what is asked for is [`crate::reference`].
use crate::keys::Key;
use crate::labels::Labels;
use crate::partition::Row;
use crate::reference::Reference;
use crate::resolve::{Index, Resolver, text};
use crate::selector::Selector;
use crate::steps::Steps;
use stocktake_model::Find;

impl<'p> Resolver<'p> {
    pub(crate) fn namespace_of(&self, row: Row) -> Option<&'p str> {
        match &self.index {
            Index::Whole(whole) => whole.named.namespaces[row as usize],
            Index::Few(_, namespaces) | Index::Nothing(namespaces) => namespaces.get(row),
        }
    }

    /// The first row with this uid.
    pub(crate) fn with_uid(&self, uid: &str) -> Option<Row> {
        match &self.index {
            Index::Whole(whole) => whole.named.by_uid.get(uid).copied(),
            Index::Few(..) => self.partition.rows_with_uid(uid).first().copied(),
            Index::Nothing(_) => None,
        }
    }

    /// The first row of a kind with this name.
    pub(crate) fn called(&self, kind: usize, namespace: Option<&str>, name: &str) -> Option<Row> {
        let (links, namespaces) = match &self.index {
            Index::Whole(whole) => {
                return whole.named.by_name.get(&(kind, namespace, name)).copied();
            }
            Index::Few(links, namespaces) => (links, namespaces),
            Index::Nothing(_) => return None,
        };
        let partition = self.partition;
        let is_it = |row: &Row| {
            partition.kind_code(*row) == kind
                && partition.name(*row) == name
                && namespaces.get(*row) == namespace
        };
        let key = Key::Name(namespace, name);
        let answering = links.answering(key);
        answering.filter(is_it).min()
    }

    /// Rows that have a text at the property of a reference.
    pub(crate) fn having(
        &self,
        reference: &Reference<'_>,
        namespace: Option<&str>,
        wanted: &str,
        found: &mut Vec<Row>,
    ) {
        let (links, namespaces) = match &self.index {
            Index::Whole(whole) => {
                let key = (namespace.map(str::to_owned), wanted.to_owned());
                let index = &whole.by_property[&reference.property];
                found.extend(index.get(&key).into_iter().flatten());
                return;
            }
            Index::Few(links, namespaces) => (links, namespaces),
            Index::Nothing(_) => return,
        };
        let Find::Property { property, .. } = reference.find else {
            return;
        };
        let partition = self.partition;
        let steps = Steps::bind(property, &partition.strings);
        let has = |row: &Row| {
            let mut has = false;
            steps.each(partition.reported(*row), &mut |value| {
                has |= text(value) == Some(wanted);
            });
            let kind = partition.kind_code(*row);
            let is_one = reference.kinds.iter().flatten().any(|one| *one == kind);
            has && is_one && namespaces.get(*row) == namespace
        };
        let key = Key::Property(&reference.property, namespace, wanted);
        let answering = links.answering(key);
        found.extend(answering.filter(has));
    }

    /// Rows of a kind in a namespace that fulfil a selector.
    pub(crate) fn select(
        &self,
        kind: &str,
        namespace: Option<&'p str>,
        selector: &Selector<'p>,
    ) -> Vec<Row> {
        let (links, namespaces) = match &self.index {
            Index::Whole(whole) => {
                let labelled = whole.labelled.get(kind);
                return labelled.map_or_else(Vec::new, |one| one.select(namespace, selector));
            }
            Index::Few(links, namespaces) => (links, namespaces),
            Index::Nothing(_) => return Vec::new(),
        };
        let partition = self.partition;
        let with_label = |label: &str, values: &[&str]| -> Vec<Row> {
            let keys = values
                .iter()
                .map(|value| Key::Label(namespace, label, value));
            keys.flat_map(|key| links.answering(key)).collect()
        };
        let conditions = selector.labels();
        let mut rows = conditions
            .map(|(label, values)| with_label(label, values))
            .min_by_key(Vec::len)
            .unwrap_or_else(|| links.answering(Key::AllOf(namespace)).collect());
        let kinds = self.kinds_of(kind);
        let labels = Labels::of(partition);
        rows.sort_unstable();
        rows.dedup();
        rows.retain(|row| {
            kinds.contains(&partition.kind_code(*row))
                && namespaces.get(*row) == namespace
                && selector.holds(labels.get(*row))
        });
        rows
    }
}
