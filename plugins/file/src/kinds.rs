//! The kinds a file declares: names, bases and types of properties, checked against the base kinds of the model.
use std::collections::BTreeMap;

use serde_json::Value;
use stocktake_model::{Kind, Model, Property, near};

use crate::item::{Item, line_of};
use crate::mistake::Mistake;
use crate::model::FILE_RESOURCE;
use crate::split::Piece;
use crate::typed::{WORDS, type_of};

/// Properties that stand beside `properties`, or that stocktake sets itself.
const RESERVED: [&str; 9] = [
    "age",
    "edges",
    "external_references",
    "id",
    "kind",
    "last_access",
    "last_update",
    "name",
    "tags",
];

/// Kinds a file declares, and all they inherit from.
#[derive(Debug)]
pub(crate) struct Kinds {
    /// With the line each was declared in.
    declared: BTreeMap<String, (usize, Kind)>,
    pub(crate) model: Model,
}

impl Kinds {
    /// Reads the declarations of a file. One with a mistake declares nothing.
    pub(crate) fn read(items: &[(Piece<'_>, Item)], mistakes: &mut Vec<Mistake>) -> Self {
        let mut model = Model::default();
        model.add([crate::model::base()]);
        let mut kinds = Self {
            declared: BTreeMap::new(),
            model,
        };
        for (piece, item) in items {
            let Some(name) = &item.define else { continue };
            match kinds.declare(name, piece, item) {
                Ok(kind) => {
                    kinds.declared.insert(name.clone(), (piece.line, kind));
                }
                Err(mistake) => mistakes.push(mistake.of(name, None)),
            }
        }
        kinds.check_bases(items, mistakes);
        let all = kinds.declared.values().map(|(_, kind)| kind.clone());
        kinds.model.add(all.collect::<Vec<_>>());
        kinds
    }

    /// By name.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Kind> {
        self.declared.values().map(|(_, kind)| kind)
    }

    /// The declaration of a kind of this file.
    pub(crate) fn of(&self, name: &str) -> Option<&Kind> {
        self.declared.get(name).map(|(_, kind)| kind)
    }

    fn declare(&self, name: &str, piece: &Piece<'_>, item: &Item) -> Result<Kind, Mistake> {
        let at = |key: &str, message: String| Mistake::at(line_of(piece, key), message);
        if !is_name(name) {
            let message = format!("`{name}` is no name for a kind");
            return Err(at("define", message)
                .hint("small letters, digits and `_`, e.g. `aws_ec2_instance`"));
        }
        if name.starts_with("kubernetes_") || self.model.kind(name).is_some() {
            return Err(at("define", format!("the kind `{name}` is known already"))
                .hint("choose another name, and name what it is like in `bases`"));
        }
        if let Some((line, _)) = self.declared.get(name) {
            return Err(at(
                "define",
                format!("`{name}` is declared in line {line} already"),
            ));
        }
        if let Some(key) = belongs_to_resources(item) {
            return Err(at(
                key,
                format!("`{key}` has no place in the declaration of a kind"),
            ));
        }
        let mut properties = Vec::new();
        for (property, of) in item.properties.iter().flatten() {
            if let Some(message) = reserved(property) {
                return Err(at(property, message));
            }
            let known = of.as_str().and_then(type_of);
            let of = known.ok_or_else(|| wrong_type(piece, property, of))?;
            properties.push(Property::new(property, of, ""));
        }
        let mut bases = item.bases.clone().unwrap_or_default();
        bases.push(FILE_RESOURCE.to_owned());
        Ok(Kind {
            name: name.to_owned(),
            bases,
            about: item.about.clone().unwrap_or_default(),
            properties,
            ..Kind::default()
        })
    }

    /// Bases may be declared anywhere in the file, so they are checked once all of it is read.
    fn check_bases(&mut self, items: &[(Piece<'_>, Item)], mistakes: &mut Vec<Mistake>) {
        for (piece, item) in items {
            let Some(name) = &item.define else { continue };
            for base in item.bases.iter().flatten() {
                let declared = base != name && self.declared.contains_key(base);
                if declared || self.model.kind(base).is_some() || !self.declared.contains_key(name)
                {
                    continue;
                }
                let message = format!("`{name}` has the base `{base}`, which is no kind");
                let mistake = Mistake::at(line_of(piece, "bases"), message).of(name, None);
                let known = self.model.kinds().map(|kind| kind.name.as_str());
                let known = known.chain(self.declared.keys().map(String::as_str));
                mistakes.push(
                    match near(base, known.filter(|known| known != name)).first() {
                        Some(meant) => mistake.hint(format!("did you mean `{meant}`?")),
                        None => {
                            mistake.hint("`kinds` lists the base kinds, e.g. `instance`, `volume`")
                        }
                    },
                );
                let kind = self.declared.get_mut(name);
                if let Some((_, kind)) = kind {
                    kind.bases.retain(|known| known != base);
                }
            }
        }
    }
}

fn wrong_type(piece: &Piece<'_>, property: &str, of: &Value) -> Mistake {
    let found = of
        .as_str()
        .map_or_else(|| of.to_string(), |of| format!("`{of}`"));
    let words: Vec<&str> = WORDS.iter().map(|(word, _)| *word).collect();
    let message = format!("`{property}` has the type {found}, which is none");
    Mistake::at(line_of(piece, property), message).hint(format!(
        "types are {}, `…[]` and `dictionary[string, …]`",
        words.join(", ")
    ))
}

/// Why a property cannot have this name.
pub(crate) fn reserved(name: &str) -> Option<String> {
    RESERVED
        .contains(&name)
        .then(|| format!("`{name}` cannot be set in `properties`"))
}

fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// A key that only resources have.
fn belongs_to_resources(item: &Item) -> Option<&'static str> {
    let keys = [
        ("kind", item.kind.is_some()),
        ("id", item.id.is_some()),
        ("name", item.name.is_some()),
        ("tags", item.tags.is_some()),
        ("edges", item.edges.is_some()),
        ("parent", item.parent.is_some()),
    ];
    keys.into_iter()
        .find(|(_, is_set)| *is_set)
        .map(|(key, _)| key)
}
