//! One reference of an edge rule: bound to a partition, and looked up in its indexes by uid, name, property, object or
//! label selector. Makes no edges; that is the resolver's.
use rustc_hash::FxHashMap;
use stocktake_model::{Find, NamespaceFrom, Path, Scope, SelectorForm};

use crate::document::Cursor;
use crate::partition::Row;
use crate::resolve::{Resolver, group_of, text, text_member};
use crate::selector::{Labelled, Selector};
use crate::steps::Steps;
use crate::template::Template;

/// Rows by namespace and text.
pub(crate) type ByText = FxHashMap<(Option<String>, String), Vec<Row>>;

/// The kind of the nodes that namespaces are.
const NAMESPACE: &str = "kubernetes_namespace";

/// A reference whose paths are bound to the partition.
pub(crate) struct Reference<'r> {
    find: &'r Find,
    value: Template,
    /// Where the namespace, or the selector of namespaces, is.
    namespace: Option<Steps>,
    /// Kinds a name may have, in order; for each of them the kinds that are one.
    kinds: Vec<Vec<usize>>,
    /// Which of the indexes by property answers.
    property: String,
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
            Find::Name { namespace, .. } | Find::Property { namespace, .. } => match namespace {
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
            Find::Uid | Find::Object => Vec::new(),
        };
        let property = match find {
            Find::Property { property, .. } => self.index_property(&kinds, property),
            _ => String::new(),
        };
        Some(Reference {
            find,
            value,
            namespace,
            kinds,
            property,
        })
    }

    fn index_labels(&mut self, kind: &str) {
        if self.labelled.contains_key(kind) {
            return;
        }
        let kinds = self.kinds_of(kind);
        let rows = kinds
            .iter()
            .flat_map(|kind| self.partition.kinds[*kind].rows.clone());
        let labelled = Labelled::new(self.partition, rows, &self.namespaces);
        self.labelled.insert(kind.to_owned(), labelled);
    }

    /// Indexes what the kinds have at a path; under which name.
    fn index_property(&mut self, kinds: &[Vec<usize>], property: &Path) -> String {
        let name = format!("{kinds:?}.{property}");
        if !self.by_property.contains_key(&name) {
            let steps = Steps::bind(property, &self.partition.strings);
            let mut index = ByText::default();
            for kind in kinds.iter().flatten() {
                for row in self.partition.kinds[*kind].rows.clone() {
                    let namespace = self.namespaces[row as usize];
                    steps.each(self.partition.reported(row), &mut |value| {
                        if let Some(text) = text(value) {
                            let key = (namespace.map(str::to_owned), text.to_owned());
                            index.entry(key).or_default().push(row);
                        }
                    });
                }
            }
            self.by_property.insert(name.clone(), index);
        }
        name
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
                found.extend(self.by_uid.get(uid));
            }),
            Find::Name { namespace, .. } => {
                let namespace = self.namespace(namespace, reference, row, element);
                reference.value.each_text(reported, element, &mut |name| {
                    found.extend(self.named(&reference.kinds, namespace, name));
                });
            }
            Find::Property { namespace, .. } => {
                let namespace = self.namespace(namespace, reference, row, element);
                reference.value.each_text(reported, element, &mut |text| {
                    self.lookups += 1;
                    let key = (namespace.map(str::to_owned), text.to_owned());
                    let index = &self.by_property[&reference.property];
                    found.extend(index.get(&key).into_iter().flatten());
                });
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
                if !*empty_selects_all && selector.is_empty() {
                    return;
                }
                for namespace in self.scope(scope, reference, row, element) {
                    if let Some(labelled) = self.labelled.get(kind) {
                        let selected = labelled.select(namespace, &selector);
                        self.lookups += selected.len();
                        found.extend(selected);
                    }
                }
            }),
        }
    }

    fn namespace(
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
                .or(self.namespaces[row as usize]),
            _ => self.namespaces[row as usize],
        }
    }

    /// The namespaces a selector selects from.
    fn scope(
        &self,
        scope: &Scope,
        reference: &Reference<'_>,
        row: Row,
        element: Cursor<'p>,
    ) -> Vec<Option<&'p str>> {
        match scope {
            Scope::Same => vec![self.namespaces[row as usize]],
            Scope::Cluster => vec![None],
            Scope::Namespaces(_) => {
                let steps = reference.namespace.as_ref();
                let selector = steps.and_then(|steps| steps.first(element));
                let selector = selector.and_then(|value| Selector::read(value, true));
                let namespaces = selector.zip(self.labelled.get(NAMESPACE));
                let Some((selector, labelled)) = namespaces else {
                    return Vec::new();
                };
                let rows = labelled.select(None, &selector).into_iter();
                rows.map(|row| Some(self.partition.name(row))).collect()
            }
        }
    }

    /// The first of the kinds that has such a name.
    fn named(&mut self, kinds: &[Vec<usize>], namespace: Option<&str>, name: &str) -> Option<Row> {
        kinds.iter().flatten().find_map(|kind| {
            self.lookups += 1;
            self.by_name.get(&(*kind, namespace, name)).copied()
        })
    }

    /// `{resource_kind, name[, namespace][, api_version | api_group]}`
    fn object(&mut self, row: Row, object: Cursor<'p>) -> Option<Row> {
        let kind = text_member(object, "resource_kind")?;
        let name = text_member(object, "name")?;
        let group = text_member(object, "api_group")
            .or_else(|| text_member(object, "api_version").map(group_of));
        let own = text_member(object, "namespace");
        let codes: Vec<usize> = self
            .by_api
            .get(kind)?
            .iter()
            .filter(|(known, _)| group.is_none_or(|group| group == *known))
            .map(|(_, code)| *code)
            .collect();
        let namespace = own.or(self.namespaces[row as usize]);
        let found = self.named(std::slice::from_ref(&codes), namespace, name);
        match (found, own) {
            // A namespaced object may well refer to one that is in no namespace.
            (None, None) => self.named(&[codes], None, name),
            (found, _) => found,
        }
    }
}
