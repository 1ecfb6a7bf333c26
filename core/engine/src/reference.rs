//! One reference of an edge rule: bound to a partition, and looked up in its indexes by uid, name, property, object or
//! label selector. Makes no edges; that is the resolver's.
use rustc_hash::FxHashMap;
use stocktake_model::{Find, NamespaceFrom, Path, Scope, SelectorForm};

use crate::document::Cursor;
use crate::keys::{Key, note};
use crate::namespaces::Within;
use crate::partition::Row;
use crate::resolve::{Index, Resolver, api_name, text, text_member};
use crate::selector::{Labelled, Selector};
use crate::steps::Steps;
use crate::template::Template;

/// Rows by namespace and text.
pub(crate) type ByText = FxHashMap<(Option<String>, String), Vec<Row>>;

/// The kind of the nodes that namespaces are.
pub(crate) const NAMESPACE: &str = "kubernetes_namespace";

/// A reference whose paths are bound to the partition.
pub(crate) struct Reference<'r> {
    pub(crate) find: &'r Find,
    pub(crate) value: Template,
    /// Where the namespace, or the selector of namespaces, is.
    pub(crate) namespace: Option<Steps>,
    /// Kinds a name may have, in order; for each of them the kinds that are one.
    pub(crate) kinds: Vec<Vec<usize>>,
    /// Which of the indexes by property answers.
    pub(crate) property: String,
    /// Where the name of the node is that tells the kind, and where it tells it.
    pub(crate) told: Option<(Steps, Steps)>,
}

impl<'p> Resolver<'p> {
    pub(crate) fn bind_reference<'r>(
        &mut self,
        value: &str,
        find: &'r Find,
    ) -> Option<Reference<'r>> {
        let strings = &self.partition.strings;
        let value = Template::bind(value, strings)?;
        let namespace = match find {
            Find::Name { namespace, .. }
            | Find::Property { namespace, .. }
            | Find::Told { namespace, .. } => match namespace {
                NamespaceFrom::At(path) => Some(Steps::bind(path, strings)),
                _ => None,
            },
            Find::Selector {
                scope: Scope::Namespaces(path),
                ..
            } => Some(Steps::bind(path, strings)),
            _ => None,
        };
        let kinds = match find {
            Find::Name { kinds, .. } | Find::Property { kinds, .. } => {
                kinds.iter().map(|kind| self.kinds_of(kind)).collect()
            }
            Find::Selector { kind, scope, .. } => {
                self.index_labels(kind);
                if matches!(scope, Scope::Namespaces(_)) {
                    self.index_labels(NAMESPACE);
                }
                vec![self.kinds_of(kind)]
            }
            Find::Told { by, .. } => vec![self.kinds_of(by)],
            Find::Uid | Find::Object => Vec::new(),
        };
        let told = match find {
            Find::Told { name, kind, .. } => {
                Some((Steps::bind(name, strings), Steps::bind(kind, strings)))
            }
            _ => None,
        };
        let property = match find {
            Find::Property {
                kinds, property, ..
            } => self.index_property(kinds, property),
            _ => String::new(),
        };
        Some(Reference {
            find,
            value,
            namespace,
            kinds,
            property,
            told,
        })
    }

    pub(crate) fn index_labels(&mut self, kind: &str) {
        let kinds = self.kinds_of(kind);
        let Index::Whole(whole) = &mut self.index else {
            return;
        };
        if whole.labelled.contains_key(kind) {
            return;
        }
        let rows = kinds
            .iter()
            .flat_map(|kind| self.partition.kinds[*kind].rows.clone());
        let labelled = Labelled::new(self.partition, rows, &whole.named.namespaces);
        whole.labelled.insert(kind.to_owned(), labelled);
    }

    /// Indexes what the kinds have at a path; under which name.
    fn index_property(&mut self, kinds: &[String], property: &Path) -> String {
        let name = property_name(kinds, property);
        let codes: Vec<usize> = kinds.iter().flat_map(|kind| self.kinds_of(kind)).collect();
        let Index::Whole(whole) = &mut self.index else {
            return name;
        };
        if !whole.by_property.contains_key(&name) {
            let steps = Steps::bind(property, &self.partition.strings);
            let mut index = ByText::default();
            for kind in codes {
                for row in self.partition.kinds[kind].rows.clone() {
                    let namespace = whole.named.namespaces[row as usize];
                    steps.each(self.partition.reported(row), &mut |value| {
                        if let Some(text) = text(value) {
                            let key = (namespace.map(str::to_owned), text.to_owned());
                            index.entry(key).or_default().push(row);
                        }
                    });
                }
            }
            whole.by_property.insert(name.clone(), index);
        }
        name
    }

    pub(crate) fn note(&mut self, key: Key<'_>, row: Row) {
        let Some(asked) = &mut self.asked else {
            return;
        };
        if self.focus.as_ref().is_none_or(|focus| focus.holds(row)) {
            note(asked, key, row);
        }
    }

    pub(crate) fn find(
        &mut self,
        reference: &Reference<'_>,
        row: Row,
        element: Cursor<'p>,
        found: &mut Vec<Row>,
    ) {
        let reported = self.partition.reported(row);
        match reference.find {
            Find::Uid => reference.value.each_text(reported, element, &mut |uid| {
                self.lookups += 1;
                self.note(Key::Uid(uid), row);
                found.extend(self.with_uid(uid));
            }),
            Find::Name { namespace, .. } => {
                let namespace = self.namespace(namespace, reference, row, element);
                reference.value.each_text(reported, element, &mut |name| {
                    self.note(Key::Name(namespace, name), row);
                    found.extend(self.named(&reference.kinds, namespace, name));
                });
            }
            Find::Property { namespace, .. } => {
                let namespace = self.namespace(namespace, reference, row, element);
                reference.value.each_text(reported, element, &mut |text| {
                    self.lookups += 1;
                    self.note(Key::Property(&reference.property, namespace, text), row);
                    self.having(reference, namespace, text, found);
                });
            }
            Find::Told {
                namespace,
                selector,
                ..
            } => {
                let within = self.within(namespace, reference, row, element);
                match selector {
                    None => self.find_named(reference, within, row, element, found),
                    Some(form) => {
                        self.find_selected(reference, (*form, within), row, element, found);
                    }
                }
            }
            Find::Object => reference.value.each(reported, element, &mut |object| {
                found.extend(self.object(row, object));
            }),
            Find::Selector {
                kind,
                form,
                empty_selects_all,
                scope,
            } => reference.value.each(reported, element, &mut |value| {
                self.lookups += 1;
                let selector = Selector::read(value, *form == SelectorForm::LabelSelector);
                let Some(selector) = selector else { return };
                if *empty_selects_all || !selector.is_empty() {
                    let places = self.scope(scope, reference, row, element);
                    self.select_in(places, (kind, &selector, scope), reference, row, found);
                }
            }),
        }
    }

    /// What a selector finds in these namespaces.
    fn select_in(
        &mut self,
        places: Vec<Option<&'p str>>,
        (kind, selector, scope): (&str, &Selector<'p>, &Scope),
        reference: &Reference<'_>,
        row: Row,
        found: &mut Vec<Row>,
    ) {
        let within = match scope {
            Scope::Same => Within::One(self.namespace_of(row)),
            Scope::Cluster => Within::One(None),
            Scope::Namespaces(_) => Within::All,
        };
        self.note_selector(selector, within, row);
        for namespace in places {
            let focus = self.focus.as_ref();
            let selected = match focus.filter(|focus| focus.decides(row, scope)) {
                Some(focus) => {
                    let kinds = reference.kinds.first().map_or(&[][..], Vec::as_slice);
                    focus.select(self.partition, kinds, Within::One(namespace), selector)
                }
                None => self.select(kind, namespace, selector),
            };
            self.lookups += selected.len();
            found.extend(selected);
        }
    }

    /// A selector finds no row that does not fulfil its first condition.
    pub(crate) fn note_selector(&mut self, selector: &Selector<'_>, within: Within<'_>, row: Row) {
        if self.asked.is_none() {
            return;
        }
        let Some((label, values)) = selector.first_label() else {
            let all = match within {
                Within::One(namespace) => Key::AllOf(namespace),
                Within::All => Key::Anything,
            };
            self.note(all, row);
            return;
        };
        for value in values {
            let key = match within {
                Within::One(namespace) => Key::Label(namespace, label, value),
                Within::All => Key::LabelAnywhere(label, value),
            };
            self.note(key, row);
        }
    }

    pub(crate) fn namespace(
        &self,
        from: &NamespaceFrom,
        reference: &Reference<'_>,
        row: Row,
        element: Cursor<'p>,
    ) -> Option<&'p str> {
        match (from, &reference.namespace) {
            (NamespaceFrom::Cluster, _) => None,
            (NamespaceFrom::At(_), Some(steps)) => steps
                .first(element)
                .and_then(text)
                .or_else(|| self.namespace_of(row)),
            _ => self.namespace_of(row),
        }
    }

    /// The namespaces a selector selects from.
    fn scope(
        &mut self,
        scope: &Scope,
        reference: &Reference<'_>,
        row: Row,
        element: Cursor<'p>,
    ) -> Vec<Option<&'p str>> {
        match scope {
            Scope::Same => vec![self.namespace_of(row)],
            Scope::Cluster => vec![None],
            Scope::Namespaces(_) => {
                let steps = reference.namespace.as_ref();
                let selector = steps.and_then(|steps| steps.first(element));
                let Some(selector) = selector.and_then(|value| Selector::read(value, true)) else {
                    return Vec::new();
                };
                self.note_selector(&selector, Within::One(None), row);
                let rows = self.select(NAMESPACE, None, &selector).into_iter();
                rows.map(|row| Some(self.partition.name(row))).collect()
            }
        }
    }

    /// The first of the kinds that has such a name.
    pub(crate) fn named(
        &mut self,
        kinds: &[Vec<usize>],
        namespace: Option<&str>,
        name: &str,
    ) -> Option<Row> {
        kinds.iter().flatten().find_map(|kind| {
            self.lookups += 1;
            self.called(*kind, namespace, name)
        })
    }

    /// The kinds that the API calls so, in a group or in any.
    pub(crate) fn kinds_called(&self, (kind, group): (&str, Option<&str>)) -> Vec<usize> {
        let known = self.by_api.get(kind).into_iter().flatten();
        let known = known.filter(|(known, _)| group.is_none_or(|group| group == *known));
        known.map(|(_, code)| *code).collect()
    }

    /// `{resource_kind, name[, namespace][, api_version | api_group]}`
    fn object(&mut self, row: Row, object: Cursor<'p>) -> Option<Row> {
        let kind = api_name(object)?;
        let name = text_member(object, "name")?;
        let own = text_member(object, "namespace");
        let namespace = own.or_else(|| self.namespace_of(row));
        self.note(Key::Name(namespace, name), row);
        if own.is_none() {
            self.note(Key::Name(None, name), row);
        }
        let codes = self.kinds_called(kind);
        let found = self.named(std::slice::from_ref(&codes), namespace, name);
        match (found, own) {
            // A namespaced object may well refer to one that is in no namespace.
            (None, None) => self.named(&[codes], None, name),
            (found, _) => found,
        }
    }
}

/// A name for what some kinds have at a property.
pub(crate) fn property_name(kinds: &[String], property: &Path) -> String {
    format!("{kinds:?}.{property}")
}
