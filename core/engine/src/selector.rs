//! Label selectors, and the postings that answer them per namespace. Reads compact documents only.
use rustc_hash::FxHashMap;

use crate::document::{Cursor, Item};
use crate::labels::Labels;
use crate::partition::{Partition, Row};

/// All conditions of a selector; every one must hold.
#[derive(Debug, Default)]
pub(crate) struct Selector<'a> {
    terms: Vec<Term<'a>>,
}

#[derive(Debug)]
enum Term<'a> {
    In(&'a str, Vec<&'a str>),
    NotIn(&'a str, Vec<&'a str>),
    Exists(&'a str),
    DoesNotExist(&'a str),
}

impl<'a> Selector<'a> {
    /// A map of labels, or `{match_labels, match_expressions}`; `None` if it can not be understood, so that
    /// nothing is selected by mistake.
    pub(crate) fn read(value: Cursor<'a>, nested: bool) -> Option<Self> {
        let mut selector = Self::default();
        if !nested {
            selector.read_labels(value)?;
            return Some(selector);
        }
        let Item::Object(body) = value.item() else {
            return None;
        };
        for (key, value) in body.members() {
            match key {
                "match_labels" => selector.read_labels(value)?,
                "match_expressions" => selector.read_expressions(value)?,
                _ => return None,
            }
        }
        Some(selector)
    }

    /// Whether it has no conditions at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Conditions that a label has one of some values.
    pub(crate) fn labels(&self) -> impl Iterator<Item = (&'a str, &[&'a str])> {
        self.terms.iter().filter_map(|term| match term {
            Term::In(label, values) => Some((*label, values.as_slice())),
            _ => None,
        })
    }

    /// The first of them.
    pub(crate) fn first_label(&self) -> Option<(&'a str, &[&'a str])> {
        self.labels().next()
    }

    fn read_labels(&mut self, value: Cursor<'a>) -> Option<()> {
        match value.item() {
            Item::Null => Some(()),
            Item::Object(body) => {
                for (key, value) in body.members() {
                    let Item::Text(value) = value.item() else {
                        return None;
                    };
                    self.terms.push(Term::In(key, vec![value]));
                }
                Some(())
            }
            _ => None,
        }
    }

    fn read_expressions(&mut self, value: Cursor<'a>) -> Option<()> {
        let Item::List(body) = value.item() else {
            return matches!(value.item(), Item::Null).then_some(());
        };
        for expression in body.elements() {
            let text = |key| match expression.member(key).map(Cursor::item) {
                Some(Item::Text(text)) => Some(text),
                _ => None,
            };
            let key = text("key")?;
            let values = expression.member("values").map(texts).unwrap_or_default();
            self.terms.push(match text("operator")? {
                "In" => Term::In(key, values),
                "NotIn" => Term::NotIn(key, values),
                "Exists" => Term::Exists(key),
                "DoesNotExist" => Term::DoesNotExist(key),
                _ => return None,
            });
        }
        Some(())
    }

    pub(crate) fn holds(&self, labels: Option<Cursor<'_>>) -> bool {
        let value = |key: &str| match labels.and_then(|labels| labels.member(key)) {
            Some(value) => match value.item() {
                Item::Text(text) => Some(text),
                _ => None,
            },
            None => None,
        };
        self.terms.iter().all(|term| match term {
            Term::In(key, wanted) => value(key).is_some_and(|value| wanted.contains(&value)),
            Term::NotIn(key, wanted) => value(key).is_none_or(|value| !wanted.contains(&value)),
            Term::Exists(key) => value(key).is_some(),
            Term::DoesNotExist(key) => value(key).is_none(),
        })
    }
}

fn texts(value: Cursor<'_>) -> Vec<&str> {
    let Item::List(body) = value.item() else {
        return Vec::new();
    };
    body.elements()
        .filter_map(|element| match element.item() {
            Item::Text(text) => Some(text),
            _ => None,
        })
        .collect()
}

/// A namespace, a label and its value.
type Posted<'p> = (Option<&'p str>, &'p str, &'p str);

/// Rows of some kind by namespace and label.
pub(crate) struct Labelled<'p> {
    labels: Labels<'p>,
    by_label: FxHashMap<Posted<'p>, Vec<Row>>,
    by_namespace: FxHashMap<Option<&'p str>, Vec<Row>>,
}

impl<'p> Labelled<'p> {
    pub(crate) fn new(
        partition: &'p Partition,
        rows: impl Iterator<Item = Row>,
        namespaces: &[Option<&'p str>],
    ) -> Self {
        let mut labelled = Self {
            labels: Labels::of(partition),
            by_label: FxHashMap::default(),
            by_namespace: FxHashMap::default(),
        };
        for row in rows {
            let namespace = namespaces[row as usize];
            labelled
                .by_namespace
                .entry(namespace)
                .or_default()
                .push(row);
            let Some(Item::Object(labels)) = labelled.labels.get(row).map(Cursor::item) else {
                continue;
            };
            for (key, value) in labels.members() {
                if let Item::Text(value) = value.item() {
                    let posted = labelled.by_label.entry((namespace, key, value));
                    posted.or_default().push(row);
                }
            }
        }
        labelled
    }

    /// The same in every namespace, and of what is in none.
    pub(crate) fn select_all(&self, selector: &Selector<'p>) -> Vec<Row> {
        let places = self.by_namespace.keys();
        let mut rows: Vec<Row> = places
            .flat_map(|place| self.select(*place, selector))
            .collect();
        rows.sort_unstable();
        rows
    }

    /// Rows in the namespace that fulfil the selector: starts from the label that fewest rows have.
    pub(crate) fn select(&self, namespace: Option<&'p str>, selector: &Selector<'p>) -> Vec<Row> {
        let posted = |key, value| {
            let rows = self.by_label.get(&(namespace, key, value));
            rows.map_or(&[][..], Vec::as_slice)
        };
        let rarest = selector
            .terms
            .iter()
            .filter_map(|term| match term {
                Term::In(key, values) => Some(
                    values
                        .iter()
                        .map(|value| posted(key, value))
                        .collect::<Vec<_>>(),
                ),
                _ => None,
            })
            .min_by_key(|lists| lists.iter().map(|rows| rows.len()).sum::<usize>());
        let candidates = match rarest {
            Some(lists) => lists.concat(),
            None => self
                .by_namespace
                .get(&namespace)
                .cloned()
                .unwrap_or_default(),
        };
        let holds = |row: &Row| selector.holds(self.labels.get(*row));
        candidates.into_iter().filter(holds).collect()
    }
}
