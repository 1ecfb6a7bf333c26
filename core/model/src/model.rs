//! All kinds together: inheritance, property types by path, and what people may type for a kind.
use std::collections::{BTreeMap, BTreeSet};

use crate::{Kind, Property, PropertyType, base_kinds, near};

/// Every kind that is known. A kind once added stays known.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    kinds: BTreeMap<String, Kind>,
}

/// What a word typed for a kind means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// Name of the kind that is meant.
    pub kind: String,
    /// True if the word was not its exact name, so that the reading is worth telling.
    pub guessed: bool,
}

/// A word that names no kind, or too many.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", if several.is_empty() { format!("unknown kind `{word}`") } else { format!("`{word}` may be several kinds") })]
pub struct UnknownKind {
    /// What was typed.
    pub word: String,
    /// Kinds that may have been meant, best first.
    pub near: Vec<String>,
    /// Kinds that are called so, by name; empty if none is.
    pub several: Vec<String>,
}

impl Default for Model {
    /// The base kinds only.
    fn default() -> Self {
        let kinds = base_kinds()
            .into_iter()
            .map(|kind| (kind.name.clone(), kind))
            .collect();
        Self { kinds }
    }
}

impl Model {
    /// Adds kinds; one that is known already is replaced. Returns whether anything changed.
    pub fn add(&mut self, kinds: impl IntoIterator<Item = Kind>) -> bool {
        let mut changed = false;
        for kind in kinds {
            if self.kinds.get(&kind.name) != Some(&kind) {
                self.kinds.insert(kind.name.clone(), kind);
                changed = true;
            }
        }
        changed
    }

    /// Every kind, by name.
    pub fn kinds(&self) -> impl Iterator<Item = &Kind> {
        self.kinds.values()
    }

    /// The kind of this exact name.
    pub fn kind(&self, name: &str) -> Option<&Kind> {
        self.kinds.get(name)
    }

    /// The kind itself and every base kind, each once: itself first, then breadth first.
    ///
    /// A kind nobody declared has only itself.
    pub fn lineage<'m>(&'m self, name: &'m str) -> Vec<&'m str> {
        let mut line = vec![name];
        let mut next = 0;
        while let Some(current) = line.get(next).copied() {
            next += 1;
            for base in self.kinds.get(current).map_or(&[][..], |kind| &kind.bases) {
                if !line.contains(&base.as_str()) {
                    line.push(base);
                }
            }
        }
        line
    }

    /// Whether `kind` is `base` or inherits from it.
    pub fn is_a(&self, kind: &str, base: &str) -> bool {
        self.lineage(kind).contains(&base)
    }

    /// Whether nodes of this concrete kind have no life of their own (a property of the kind, not of its bases).
    pub fn is_phantom(&self, kind: &str) -> bool {
        self.kinds.get(kind).is_some_and(|kind| kind.phantom)
    }

    /// Every property of a kind, inherited ones first, in the order they are shown.
    pub fn properties(&self, name: &str) -> Vec<&Property> {
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        for kind in self.lineage(name).into_iter().rev() {
            for property in self
                .kinds
                .get(kind)
                .map_or(&[][..], |kind| &kind.properties)
            {
                if seen.insert(property.name.as_str()) {
                    found.push(property);
                }
            }
        }
        found
    }

    /// The type of the property that `path` (names without list brackets, below the reported section) leads to,
    /// over all kinds or only `within` these and the kinds that inherit from them.
    ///
    /// `None` if no kind declares it. Where kinds disagree, [`PropertyType::Any`].
    pub fn property_type(&self, path: &[&str], within: &[&str]) -> Option<PropertyType> {
        let mut found: Option<PropertyType> = None;
        for kind in self.kinds.values() {
            let meant = within.is_empty() || within.iter().any(|base| self.is_a(&kind.name, base));
            let here = if meant {
                self.property_type_of(&kind.name, path)
            } else {
                None
            };
            match (&found, here) {
                (_, None) => {}
                (None, here) => found = here,
                (Some(known), Some(here)) if *known == here => {}
                (Some(_), Some(_)) => return Some(PropertyType::Any),
            }
        }
        found
    }

    fn property_type_of(&self, kind: &str, path: &[&str]) -> Option<PropertyType> {
        let (first, rest) = path.split_first()?;
        let top = self
            .lineage(kind)
            .into_iter()
            .filter_map(|name| self.kinds.get(name))
            .find_map(|kind| {
                kind.properties
                    .iter()
                    .find(|property| property.name == *first)
            })?;
        descend(&top.of, rest)
    }

    /// Kinds that declare a top-level property of this name themselves, by name.
    pub fn declared_by(&self, property: &str) -> Vec<&str> {
        self.kinds
            .values()
            .filter(|kind| kind.properties.iter().any(|known| known.name == property))
            .map(|kind| kind.name.as_str())
            .collect()
    }

    /// Reads a word typed for a kind: exact name, then `kubernetes_` left out, then plural or short name. Where several
    /// kinds have that, it is their common base if it has no other kinds; otherwise nothing is guessed.
    pub fn resolve(&self, word: &str) -> Result<Resolved, UnknownKind> {
        if self.kinds.contains_key(word) {
            return Ok(Resolved {
                kind: word.to_owned(),
                guessed: false,
            });
        }
        let lower = word.to_lowercase();
        let guess = |kind: &str| Resolved {
            kind: kind.to_owned(),
            guessed: true,
        };
        if let Some(kind) = self.kinds.get(&format!("kubernetes_{lower}")) {
            return Ok(guess(&kind.name));
        }
        let known_as = |kind: &&Kind| kind.aliases.contains(&lower);
        let several: Vec<&str> = (self.kinds.values().filter(known_as))
            .map(|kind| kind.name.as_str())
            .collect();
        if let [only] = several.as_slice() {
            return Ok(guess(only));
        }
        if let Some(base) = self.base_of_exactly(&several) {
            return Ok(guess(base));
        }
        if !several.is_empty() {
            return Err(UnknownKind {
                word: word.to_owned(),
                near: Vec::new(),
                several: several.into_iter().map(str::to_owned).collect(),
            });
        }
        let near = near(word, self.kinds.keys().map(String::as_str));
        Err(UnknownKind {
            word: word.to_owned(),
            near: near.into_iter().map(str::to_owned).collect(),
            several: Vec::new(),
        })
    }

    /// The abstract kind that these concrete ones, and no others, have as a base.
    fn base_of_exactly(&self, kinds: &[&str]) -> Option<&str> {
        let first = self.kinds.get(*kinds.first()?)?;
        let bases = first.bases.iter().map(String::as_str);
        let mut bases =
            bases.filter(|base| self.kinds.get(*base).is_some_and(|base| base.is_abstract));
        bases.find(|base| {
            let below = self.kinds.values();
            let below = below.filter(|kind| !kind.is_abstract && self.is_a(&kind.name, base));
            below
                .map(|kind| kind.name.as_str())
                .eq(kinds.iter().copied())
        })
    }
}

/// The type below `of` that the rest of a path leads to; lists are looked through.
fn descend(of: &PropertyType, rest: &[&str]) -> Option<PropertyType> {
    match (of, rest.split_first()) {
        (PropertyType::Array(item), Some(_)) => descend(item, rest),
        (_, None) => Some(of.clone()),
        (PropertyType::Any, Some(_)) => Some(PropertyType::Any),
        (PropertyType::Dictionary(value), Some((_, rest))) => descend(value, rest),
        (PropertyType::Object(properties), Some((first, rest))) => {
            let property = properties
                .iter()
                .find(|property| property.name == **first)?;
            descend(&property.of, rest)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> Model {
        let mut model = Model::default();
        let spec = PropertyType::Object(vec![Property::new("node_name", PropertyType::String, "")]);
        model.add([
            Kind {
                name: "kubernetes_resource".into(),
                bases: vec!["resource".into()],
                is_abstract: true,
                ..Kind::default()
            },
            Kind {
                name: "kubernetes_pod".into(),
                bases: vec!["kubernetes_resource".into()],
                properties: vec![Property::new("pod_spec", spec, "")],
                aliases: vec!["po".into(), "pods".into()],
                ..Kind::default()
            },
        ]);
        model
    }

    #[test]
    fn a_kind_inherits_from_all_its_bases() {
        let model = model();
        assert_eq!(
            model.lineage("kubernetes_pod"),
            ["kubernetes_pod", "kubernetes_resource", "resource"]
        );
        assert!(model.is_a("kubernetes_pod", "resource"));
        assert!(!model.is_a("resource", "kubernetes_pod"));
        assert_eq!(model.lineage("never_seen"), ["never_seen"]);
        let names: Vec<&str> = model
            .properties("kubernetes_pod")
            .iter()
            .map(|property| property.name.as_str())
            .collect();
        assert_eq!(names.first(), Some(&"kind"));
        assert_eq!(names.last(), Some(&"pod_spec"));
    }

    #[test]
    fn words_for_kinds_resolve_in_order() {
        let model = model();
        for (word, kind, guessed) in [
            ("kubernetes_pod", "kubernetes_pod", false),
            ("instance", "instance", false),
            ("pod", "kubernetes_pod", true),
            ("Pods", "kubernetes_pod", true),
            ("po", "kubernetes_pod", true),
        ] {
            assert_eq!(
                model.resolve(word),
                Ok(Resolved {
                    kind: kind.into(),
                    guessed
                }),
                "{word}"
            );
        }
        assert_eq!(
            model.resolve("kubernetes_pdo").unwrap_err().near,
            ["kubernetes_pod"]
        );
    }

    #[test]
    fn a_word_of_several_kinds_is_their_base_or_nothing() {
        let mut model = model();
        let kind = |name: &str, base: &str, words: &[&str]| Kind {
            name: name.to_owned(),
            bases: vec![base.to_owned()],
            aliases: words.iter().map(|&word| word.to_owned()).collect(),
            ..Kind::default()
        };
        model.add([
            Kind {
                is_abstract: true,
                ..kind("kubernetes_certificate", "kubernetes_resource", &[])
            },
            kind(
                "kubernetes_a_certificate",
                "kubernetes_certificate",
                &["certificates", "cert"],
            ),
            kind(
                "kubernetes_b_certificate",
                "kubernetes_certificate",
                &["certificates"],
            ),
            kind("kubernetes_c_report", "kubernetes_resource", &["cert"]),
        ]);
        let read = model.resolve("Certificates").unwrap();
        assert_eq!(
            (&*read.kind, read.guessed),
            ("kubernetes_certificate", true)
        );
        let unknown = model.resolve("cert").unwrap_err();
        assert_eq!(unknown.to_string(), "`cert` may be several kinds");
        assert_eq!(
            unknown.several,
            ["kubernetes_a_certificate", "kubernetes_c_report"]
        );
    }

    #[test]
    fn property_types_are_found_by_path() {
        let model = model();
        let path = ["pod_spec", "node_name"];
        assert_eq!(
            model.property_type(&path, &["kubernetes_pod"]),
            Some(PropertyType::String)
        );
        assert_eq!(
            model.property_type(&["tags", "owner"], &[]),
            Some(PropertyType::String)
        );
        assert_eq!(model.property_type(&["nope"], &[]), None);
        assert_eq!(model.declared_by("pod_spec"), ["kubernetes_pod"]);
    }
}
