//! Filters over JSON documents the plain way: every path is expanded into all its values first.
use serde_json::Value;
use stocktake_model::{EdgeType, PropertyType};
use stocktake_query::{Comparison, Filter, Index, Op, Path, Quantifier, Segment, Value as Written};

use crate::naive::{Naive, Way};
use crate::naive_value::{coerce, holds};

/// The node a filter is about, and where inside of a context it is.
#[derive(Clone)]
pub(crate) struct Here {
    pub(crate) node: usize,
    /// The element, and the names that led to it.
    pub(crate) element: Option<(Option<Value>, Vec<String>)>,
}

impl Naive {
    pub(crate) fn fulfils(&self, here: &Here, filter: &Filter) -> bool {
        match filter {
            Filter::All => true,
            Filter::Is(names) => names.iter().any(|name| {
                let kind = self.model.resolve(&name.text).unwrap().kind;
                self.kinds(here.node).contains(&kind)
            }),
            Filter::Id(names) => names
                .iter()
                .any(|name| self.docs[here.node]["id"] == *name.text),
            Filter::Text(name) => self.has_words(here.node, &name.text),
            Filter::Compare(comparison) => self.compares(here, comparison),
            Filter::HasKey(path, keys) => {
                let has = |value: &Option<Value>| {
                    value
                        .as_ref()
                        .is_some_and(|value| keys.iter().all(|key| value.get(key).is_some()))
                };
                keys.is_empty() || self.values(here, path).iter().any(has)
            }
            Filter::Context(path, inner) => {
                let mut names = names_around(here, path);
                names.extend(own_names(path));
                self.values(here, path).into_iter().any(|element| {
                    let inside = Here {
                        node: here.node,
                        element: Some((element, names.clone())),
                    };
                    self.fulfils(&inside, inner)
                })
            }
            Filter::DesiredChange(path) => self.differs(here.node, path),
            Filter::NoDesiredChange(path) => !self.differs(here.node, path),
            Filter::Not(inner) => !self.fulfils(here, inner),
            Filter::And(all) => all.iter().all(|one| self.fulfils(here, one)),
            Filter::Or(all) => all.iter().any(|one| self.fulfils(here, one)),
            Filter::InSubnet(..) => unreachable!("never generated"),
        }
    }

    fn differs(&self, node: usize, path: &Path) -> bool {
        let at = |section: &str| {
            let steps = path.segments.as_slice();
            expand(self.docs[node].get(section).cloned(), steps)
                .into_iter()
                .next()
                .flatten()
        };
        at("desired").is_some_and(|desired| at("reported") != Some(desired))
    }

    /// Every value of a path; `None` where something is missing.
    pub(crate) fn values(&self, here: &Here, path: &Path) -> Vec<Option<Value>> {
        if let (Some((element, _)), false) = (&here.element, path.absolute) {
            return expand(element.clone(), &path.segments);
        }
        let first = path.segments[0].name.as_str();
        if first != "ancestors" && first != "descendants" {
            return expand(Some(self.docs[here.node].clone()), &path.segments);
        }
        let kind = &path.segments[1].name;
        let stored = ["cloud", "account", "region", "zone"].contains(&kind.as_str());
        let other = if stored && first == "ancestors" {
            self.hierarchy(here.node, kind)
        } else {
            let way = if first == "ancestors" {
                Way::In
            } else {
                Way::Out
            };
            self.nearest(here.node, &self.model.resolve(kind).unwrap().kind, way)
        };
        expand(
            other.map(|other| self.docs[other].clone()),
            &path.segments[2..],
        )
    }

    /// The type of a path and the timestamp behind it, if it is an age.
    pub(crate) fn type_of(
        &self,
        here: &Here,
        path: &Path,
        filter: &[String],
    ) -> Option<PropertyType> {
        let mut names = names_around(here, path);
        names.extend(own_names(path));
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let below = match names.as_slice() {
            ["reported", rest @ ..] | ["ancestors" | "descendants", _, "reported", rest @ ..] => {
                rest
            }
            ["usage", "entries"] => return Some(PropertyType::Int64),
            ["usage", _, _] | ["ancestors", _, "usage", _, _] => return Some(PropertyType::Double),
            ["metadata", "protected"] | ["desired", "clean"] => return Some(PropertyType::Boolean),
            _ => return None,
        };
        let within: Vec<&str> = match names[0] {
            "reported" => filter.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        };
        let mut of = self.model.property_type(below, &within)?;
        for _ in &path.segments.last()?.indexes {
            if let PropertyType::Array(item) = of {
                of = *item;
            }
        }
        Some(of)
    }

    fn compares(&self, here: &Here, comparison: &Comparison) -> bool {
        let mut path = comparison.path.clone();
        let mut op = comparison.op;
        let mut written = comparison.value.clone();
        let mut of = self.type_of(here, &path, &self.within);
        if let Some(PropertyType::AgeOf(stamp)) = &of {
            path.segments.last_mut().unwrap().name.clone_from(stamp);
            op = match op {
                Op::Lt => Op::Gt,
                Op::Le => Op::Ge,
                Op::Gt => Op::Lt,
                Op::Ge => Op::Le,
                other => other,
            };
            back_from_now(&mut written);
            of = Some(PropertyType::Datetime);
        }
        if comparison.quantifier.is_some()
            && let Some(PropertyType::Array(item)) = of
        {
            of = Some(*item);
        }
        let literal = match (&written, op) {
            (Written::List(items), Op::In | Op::NotIn) => {
                items.iter().map(|one| coerce(one, of.as_ref())).collect()
            }
            (written, Op::Match | Op::NotMatch) => coerce(written, None),
            (written, _) => coerce(written, of.as_ref()),
        };
        let fits = |value: &Option<Value>| holds(value.as_ref(), op, &literal);
        let values = self.values(here, &path);
        match comparison.quantifier {
            None => values.iter().any(fits),
            Some(quantifier) => {
                let elements = elements(values, &path);
                match quantifier {
                    Quantifier::Any => elements.iter().any(fits),
                    Quantifier::All => elements.iter().all(fits),
                    Quantifier::None => !elements.iter().any(fits),
                }
            }
        }
    }

    /// Words of all texts and numbers, one after the other.
    fn has_words(&self, node: usize, text: &str) -> bool {
        fn words(text: &str) -> Vec<String> {
            let ends = |c: char| c.is_whitespace() || "_-@:/.".contains(c);
            let stamp = text.len() == 20 && parse_stamp(text);
            let ends = |c: char| ends(c) || (stamp && (c == 'T' || c == 'Z'));
            let words = text.split(ends).filter(|word| !word.is_empty());
            words.map(str::to_lowercase).collect()
        }
        fn parse_stamp(text: &str) -> bool {
            text.ends_with('Z') && stocktake_model::parse_time(text).is_ok()
        }
        fn collect(value: &Value, found: &mut Vec<String>) {
            match value {
                Value::String(text) => found.extend(words(text)),
                Value::Number(number) => found.extend(words(&number.to_string())),
                Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
                Value::Object(map) => map.values().for_each(|item| collect(item, found)),
                _ => {}
            }
        }
        let mut all = Vec::new();
        collect(&self.docs[node]["reported"], &mut all);
        let phrase = words(text);
        !phrase.is_empty() && all.windows(phrase.len()).any(|window| window == phrase)
    }

    /// The filter of the first part with its implicit kinds.
    pub(crate) fn restricted(&self, filter: &Filter) -> Filter {
        match filter {
            Filter::Not(inner) => Filter::Not(Box::new(self.restricted(inner))),
            Filter::Or(all) => Filter::Or(all.iter().map(|one| self.restricted(one)).collect()),
            Filter::And(all) if all.iter().any(|one| matches!(one, Filter::Is(_))) => {
                filter.clone()
            }
            Filter::And(all) => {
                let nested =
                    |one: &Filter| matches!(one, Filter::Not(_) | Filter::Or(_) | Filter::And(_));
                let tests = all.iter().map(|one| {
                    if nested(one) {
                        self.restricted(one)
                    } else {
                        one.clone()
                    }
                });
                self.with_kinds(tests.collect(), all.iter().filter(|one| !nested(one)))
            }
            leaf => self.with_kinds(vec![leaf.clone()], std::iter::once(leaf)),
        }
    }

    fn with_kinds<'f>(
        &self,
        mut tests: Vec<Filter>,
        leaves: impl Iterator<Item = &'f Filter>,
    ) -> Filter {
        let mut kinds = Vec::new();
        for leaf in leaves {
            let path = match leaf {
                Filter::Compare(comparison) => &comparison.path,
                Filter::HasKey(path, _) | Filter::Context(path, _) => path,
                _ => continue,
            };
            let names = own_names(path);
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let ["reported", below @ ..] = names.as_slice() else {
                continue;
            };
            let declared = below
                .first()
                .map(|top| self.model.declared_by(top))
                .unwrap_or_default();
            if declared.contains(&"resource") {
                continue;
            }
            let knows = |kind: &&str| self.model.property_type(below, &[kind]).is_some();
            kinds.extend(declared.into_iter().filter(knows).map(str::to_owned));
        }
        if !kinds.is_empty() {
            let names = kinds.into_iter().map(|text| stocktake_query::Name {
                text,
                span: stocktake_query::Span::default(),
            });
            tests.push(Filter::Is(names.collect()));
        }
        Filter::And(tests)
    }
}

fn names_around(here: &Here, path: &Path) -> Vec<String> {
    match (&here.element, path.absolute) {
        (Some((_, names)), false) => names.clone(),
        _ => Vec::new(),
    }
}

fn own_names(path: &Path) -> Vec<String> {
    path.segments
        .iter()
        .map(|segment| segment.name.clone())
        .collect()
}

fn back_from_now(written: &mut Written) {
    match written {
        Written::Word(text) | Written::Text(text)
            if text.parse::<stocktake_model::Duration>().is_ok() =>
        {
            *text = match text.strip_prefix('-') {
                Some(ahead) => ahead.to_owned(),
                None => format!("-{text}"),
            };
        }
        Written::List(items) => items.iter_mut().for_each(back_from_now),
        _ => {}
    }
}

/// All values that segments lead to. A missing list has no elements, any other missing value is one.
pub(crate) fn expand(start: Option<Value>, segments: &[Segment]) -> Vec<Option<Value>> {
    let mut values = vec![start];
    for segment in segments {
        for value in &mut values {
            *value = value
                .as_ref()
                .and_then(|value| value.get(&segment.name))
                .cloned();
        }
        for index in &segment.indexes {
            values = values
                .into_iter()
                .flat_map(|value| {
                    let items = match value {
                        Some(Value::Array(items)) => items,
                        _ => Vec::new(),
                    };
                    match index {
                        Index::Any => items.into_iter().map(Some).collect(),
                        Index::At(at) => vec![items.get(*at).cloned()],
                    }
                })
                .collect();
        }
    }
    values
}

/// What a quantifier counts.
fn elements(values: Vec<Option<Value>>, path: &Path) -> Vec<Option<Value>> {
    let starred = path
        .segments
        .iter()
        .any(|segment| segment.indexes.contains(&Index::Any));
    let ends_starred = path
        .segments
        .last()
        .is_some_and(|last| last.indexes.last() == Some(&Index::Any));
    if ends_starred {
        return values;
    }
    values
        .into_iter()
        .flat_map(|value| match value {
            Some(Value::Array(items)) => items.into_iter().map(Some).collect(),
            None | Some(Value::Null) if !starred => Vec::new(),
            value => vec![value],
        })
        .collect()
}

/// Whether an edge of these relations passes the filter of a navigation (`relation = …` only).
pub(crate) fn edge_fulfils(relations: &[String], edge_type: EdgeType, filter: &Filter) -> bool {
    match filter {
        Filter::Compare(Comparison {
            path, op, value, ..
        }) => {
            let literal = coerce(value, None);
            if path.segments[0].name == "edge_type" {
                return holds(Some(&edge_type.as_str().into()), *op, &literal);
            }
            let fits = |relation: &String| holds(Some(&relation.as_str().into()), *op, &literal);
            match op {
                Op::Ne | Op::NotIn | Op::NotMatch => relations.iter().all(fits),
                _ => relations.iter().any(fits),
            }
        }
        Filter::And(all) => all
            .iter()
            .all(|one| edge_fulfils(relations, edge_type, one)),
        Filter::Or(all) => all
            .iter()
            .any(|one| edge_fulfils(relations, edge_type, one)),
        Filter::Not(inner) => !edge_fulfils(relations, edge_type, inner),
        _ => unreachable!("never generated"),
    }
}
