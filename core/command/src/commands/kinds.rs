//! `kinds`: what kinds of resources there are, and what they tell.
use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use serde_json::{Map, Value, json};
use stocktake_model::{Direction, EdgeRule, Find, Kind, Model, near};

use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{Argument, Call, CommandError, Flow, Scene, View, Word};

static SPEC: Spec = Spec {
    name: "kinds",
    aliases: &["kind"],
    about: "the kinds of resources, and their properties",
    usage: "[-a] [-p PATH] [KIND]",
    arguments: &[
        ("-a", "abstract kinds too"),
        ("-p PATH", "which kinds have this property, and what it is"),
        ("KIND", "bases, properties and neighbours of one kind"),
    ],
    category: Category::Setup,
    input: Shape::Nothing,
    output: Shape::Values,
    examples: &[
        Example {
            about: "What does a pod tell?",
            line: "kinds kubernetes_pod",
            prints: "",
        },
        Example {
            about: "Who has volumes of which size?",
            line: "kinds -p volume_size",
            prints: "name: volume_size\nkind: double\nappears_in:\n- snapshot\n- volume\n",
        },
        Example {
            about: "What is there?",
            line: "kinds",
            prints: "",
        },
    ],
};

pub(super) struct Kinds;

impl Command for Kinds {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn parse(&self, argument: &Argument, _: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        let words = argument.words();
        let texts: Vec<&str> = words.iter().map(|word| &*word.text).collect();
        let ask = match texts.as_slice() {
            [] => Ask::Leaves,
            ["-a"] => Ask::All,
            ["-p", path] => Ask::Property((*path).to_owned()),
            ["-p"] => return Err(CommandError::usage("`-p` needs a property")),
            [_] => Ask::One(words[0].clone()),
            _ => return Err(CommandError::usage("one kind at a time")),
        };
        Ok(Box::new(ask))
    }
}

enum Ask {
    Leaves,
    All,
    Property(String),
    One(Word),
}

#[async_trait]
impl Stage for Ask {
    async fn run(self: Box<Self>, _: Flow, call: &Call) -> Result<Flow, CommandError> {
        let model = &*call.scene.model;
        let names = |all: bool| {
            let kinds = model.kinds().filter(move |kind| all || !kind.is_abstract);
            Flow::values(kinds.map(|kind| Value::from(kind.name.as_str())))
        };
        match *self {
            Self::Leaves => Ok(names(false)),
            Self::All => Ok(names(true)),
            Self::Property(path) => property(&path, model),
            Self::One(word) => one(&word, model, call),
        }
    }
}

fn one(word: &Word, model: &Model, call: &Call) -> Result<Flow, CommandError> {
    let found = model.resolve(&word.text).map_err(|unknown| {
        let error = CommandError::usage(unknown.to_string()).at(word.span);
        if !unknown.several.is_empty() {
            error.hint(format!(
                "name the one you mean: `{}`",
                unknown.several.join("`, `")
            ))
        } else if unknown.near.is_empty() {
            error.hint("`kinds` lists all of them")
        } else {
            error.hint(format!("did you mean `{}`?", unknown.near.join("`, `")))
        }
    })?;
    if found.guessed {
        call.side
            .note(format!("`{}` was read as `{}`", word.text, found.kind));
    }
    let kind = model.kind(&found.kind).cloned().unwrap_or_default();
    let columns = [
        "name",
        "about",
        "bases",
        "abstract",
        "phantom",
        "aliases",
        "properties",
        "predecessors",
        "successors",
    ];
    let mut shown = described(&kind, model);
    let neighbours = Neighbours::of(&kind.name, model, &call.services.edge_rules());
    for (key, found) in [
        ("predecessors", neighbours.predecessors),
        ("successors", neighbours.successors),
    ] {
        if !found.is_empty() {
            shown[key] = json!(found);
        }
    }
    Ok(Flow::values([shown]).shown(View::Document, &columns))
}

/// Kinds on the other end of edges, by the type of the edge, as the edge rules tell. Containment (a namespace and what
/// is in it) and owners are not among them: those can be of any kind.
#[derive(Default)]
struct Neighbours {
    predecessors: BTreeMap<&'static str, BTreeSet<String>>,
    successors: BTreeMap<&'static str, BTreeSet<String>>,
}

impl Neighbours {
    fn of(kind: &str, model: &Model, rules: &[EdgeRule]) -> Self {
        let mut found = Self::default();
        // Rules with an end of their own join two other nodes: the holder is on neither end.
        for rule in rules.iter().filter(|rule| rule.end.is_none()) {
            let others = match &rule.find {
                Find::Name { kinds, .. } | Find::Property { kinds, .. } => kinds.as_slice(),
                Find::Selector { kind, .. } => std::slice::from_ref(kind),
                // Which kinds these are is known when it is looked.
                Find::Uid | Find::Object | Find::Told { .. } => continue,
            };
            let edge = rule.edge_type.as_str();
            if model.is_a(kind, &rule.from) {
                let side = found.side(rule.direction == Direction::Out);
                side.entry(edge).or_default().extend(others.iter().cloned());
            }
            if others.iter().any(|other| model.is_a(kind, other)) {
                let side = found.side(rule.direction == Direction::In);
                side.entry(edge).or_default().insert(rule.from.clone());
            }
        }
        found
    }

    fn side(&mut self, downwards: bool) -> &mut BTreeMap<&'static str, BTreeSet<String>> {
        if downwards {
            &mut self.successors
        } else {
            &mut self.predecessors
        }
    }
}

/// Properties as a list: their order says something.
fn described(kind: &Kind, model: &Model) -> Value {
    let properties: Vec<Value> = model
        .properties(&kind.name)
        .iter()
        .map(|property| {
            let mut entry = Map::new();
            entry.insert(
                property.name.clone(),
                Value::String(property.of.to_string()),
            );
            Value::Object(entry)
        })
        .collect();
    let mut described = json!({
        "name": kind.name,
        "bases": &model.lineage(&kind.name)[1..],
        "properties": properties,
    });
    for (key, value, worth) in [
        ("about", json!(kind.about), !kind.about.is_empty()),
        ("abstract", json!(true), kind.is_abstract),
        ("phantom", json!(true), kind.phantom),
        ("aliases", json!(kind.aliases), !kind.aliases.is_empty()),
    ] {
        if worth {
            described[key] = value;
        }
    }
    described
}

/// The path without its section, list brackets and backticks.
fn without_brackets(path: &str) -> String {
    let path = path.trim_start_matches("/reported.");
    let names = path.split('.').map(|name| {
        let name = name.split('[').next().unwrap_or_default();
        name.trim_matches('`')
    });
    names.collect::<Vec<_>>().join(".")
}

fn property(path: &str, model: &Model) -> Result<Flow, CommandError> {
    let plain = without_brackets(path);
    let names: Vec<&str> = plain.split('.').collect();
    let Some(of) = model.property_type(&names, &[]) else {
        let nested = model.paths_to(names[names.len() - 1], &[]);
        if let Some(first) = nested.first() {
            let error = CommandError::usage(format!("no kind has the property `{path}`"));
            return Err(error.hint(format!("did you mean `{first}`?")));
        }
        let declared = model.kinds().flat_map(|kind| &kind.properties);
        let meant = near(names[0], declared.map(|property| property.name.as_str()));
        let error = CommandError::usage(format!("no kind has the property `{path}`"));
        return Err(match meant.first() {
            Some(name) if *name != names[0] => error.hint(format!("did you mean `{name}`?")),
            _ => error.hint("`kinds KIND` shows the properties of a kind"),
        });
    };
    // Of the kinds that declare the first name, those that have all of the path.
    let mut appears_in = model.declared_by(names[0]);
    appears_in.retain(|kind| model.property_type(&names, &[kind]).is_some());
    let row = json!({"name": plain, "kind": of.to_string(), "appears_in": appears_in});
    Ok(Flow::values([row]).shown(View::Document, &["name", "kind", "appears_in"]))
}
