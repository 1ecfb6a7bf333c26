//! Properties that other nodes decide (`backends` of a service), and edges that had to be left out: computed
//! when a partition is made, written into the documents of the nodes concerned.
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::sync::Arc;

use serde_json::{Value, json};
use stocktake_model::{Derive, EdgeType, Map, Model, NodeId, Over, Relation, Take};

use crate::arena::Arena;
use crate::climb::{Climb, first_by_uid};
use crate::document::{Cursor, Item};
use crate::encode::{encode, encode_map, write_key, write_object};
use crate::intern::{Intern as _, Strings};
use crate::parallel::{parallel, threads};
use crate::partition::{NO_ROW, Partition, Row, SKIPPED_EDGES, Sections};
use crate::steps::Steps;
use crate::sum::Sum;
use crate::totals;
use crate::view::{Shape, View};

/// What is added to a node.
#[derive(Debug, Default)]
pub(crate) struct Patch {
    pub(crate) reported: Map,
    pub(crate) skipped: Vec<(NodeId, Relation)>,
}

/// The derived properties of every node that has some; with `only`, those of some rows for each of `derived`.
pub(crate) fn values(
    partition: &Partition,
    derived: &[Derive],
    model: &Model,
    only: Option<&[BTreeSet<Row>]>,
) -> BTreeMap<Row, Patch> {
    let of = |at: usize| {
        let only = only.map(|only| &only[at]);
        Ok::<_, Infallible>(values_of(partition, &derived[at], model, only))
    };
    let Ok(all) = parallel(derived.len(), threads(), of);
    let mut patches: BTreeMap<Row, Patch> = BTreeMap::new();
    for (derive, values) in derived.iter().zip(all) {
        for (row, value) in values {
            let patch = patches.entry(row).or_default();
            patch.reported.insert(derive.property.clone(), value);
        }
    }
    patches
}

/// One derived property of all rows that have it, or of some.
fn values_of(
    partition: &Partition,
    derive: &Derive,
    model: &Model,
    only: Option<&BTreeSet<Row>>,
) -> Vec<(Row, Value)> {
    let rows: Vec<Row> = match only {
        None => rows_of(partition, &derive.on, model).collect(),
        Some(only) => {
            let kinds = partition.kinds.iter();
            let on: Vec<bool> = kinds
                .map(|kind| model.is_a(&kind.name, &derive.on))
                .collect();
            let is_on = |row: &Row| on[partition.kind_code(*row)];
            only.iter().copied().filter(is_on).collect()
        }
    };
    if rows.is_empty() {
        return Vec::new();
    }
    if let (Over::Account { kind }, Take::Sum(path), Some(_)) = (&derive.over, &derive.take, only) {
        let kinds: Vec<usize> = kinds_of(partition, kind, model).collect();
        if let Some(sum) = totals::sum(partition, &kinds, path) {
            return rows.into_iter().map(|row| (row, sum.clone())).collect();
        }
    }
    let deciding = Deciding::new(partition, derive, model, only.map(|_| rows.as_slice()));
    let steps = match &derive.take {
        Take::Sum(path) | Take::MostFrequent(path) | Take::First(path) => {
            Some(Steps::bind(path, &partition.strings))
        }
        _ => None,
    };
    let value = |row: Row| {
        let value = taken(partition, &deciding.of(row), &derive.take, steps.as_ref())?;
        Some((row, value))
    };
    rows.into_iter().filter_map(value).collect()
}

/// Places of the kinds that are one.
fn kinds_of<'p>(
    partition: &'p Partition,
    kind: &'p str,
    model: &'p Model,
) -> impl Iterator<Item = usize> + 'p {
    let is_one = move |code: &usize| model.is_a(&partition.kinds[*code].name, kind);
    (0..partition.kinds.len()).filter(is_one)
}

fn rows_of<'p>(
    partition: &'p Partition,
    kind: &'p str,
    model: &'p Model,
) -> impl Iterator<Item = Row> + 'p {
    kinds_of(partition, kind, model).flat_map(|code| partition.kinds[code].rows.clone())
}

/// Which nodes decide, found once per derived property where that is possible.
struct Deciding<'p> {
    partition: &'p Partition,
    over: &'p Over,
    wanted: Vec<bool>,
    account: Vec<Row>,
    by_region: BTreeMap<Row, Vec<Row>>,
    climb: Option<Climb<'p>>,
    kind_at: Option<Steps>,
}

impl<'p> Deciding<'p> {
    /// With `few`, for these rows only.
    fn new(
        partition: &'p Partition,
        derive: &'p Derive,
        model: &Model,
        few: Option<&[Row]>,
    ) -> Self {
        let wanted = match &derive.over {
            Over::Walk { kind, .. } | Over::Account { kind } | Over::Region { kind } => partition
                .kinds
                .iter()
                .map(|rows| model.is_a(&rows.name, kind))
                .collect(),
            Over::Itself | Over::KindAt { .. } | Over::Top { .. } => Vec::new(),
        };
        let mut deciding = Self {
            partition,
            over: &derive.over,
            wanted,
            account: Vec::new(),
            by_region: BTreeMap::new(),
            climb: None,
            kind_at: None,
        };
        match &derive.over {
            Over::Account { kind } => deciding.account = rows_of(partition, kind, model).collect(),
            Over::Region { kind } => {
                for row in rows_of(partition, kind, model) {
                    let region = partition.region[row as usize];
                    let is_asked = few.is_none_or(|few| few.binary_search(&region).is_ok());
                    if region != NO_ROW && is_asked {
                        deciding.by_region.entry(region).or_default().push(row);
                    }
                }
            }
            Over::KindAt { path } => deciding.kind_at = Some(Steps::bind(path, &partition.strings)),
            Over::Top { each, when, uid } => {
                let whole = few.is_none();
                let by_uid = whole.then(|| first_by_uid(partition));
                deciding.climb = Some(Climb::new(partition, (each, when, uid), by_uid));
            }
            Over::Walk { .. } | Over::Itself => {}
        }
        deciding
    }

    fn of(&self, row: Row) -> Vec<Row> {
        match self.over {
            Over::Account { .. } => self.account.clone(),
            Over::Region { .. } => self.by_region.get(&row).cloned().unwrap_or_default(),
            Over::Walk { relations, .. } => self.walk(row, relations),
            Over::Itself => vec![row],
            Over::KindAt { .. } => self.of_kind(row).unwrap_or_default(),
            Over::Top { .. } => {
                let top = self.climb.as_ref().and_then(|climb| climb.top(row));
                top.into_iter().collect()
            }
        }
    }

    fn of_kind(&self, row: Row) -> Option<Vec<Row>> {
        let named = self.kind_at.as_ref()?.first(self.partition.reported(row))?;
        let name = View::Doc(named).text()?;
        let kinds = &self.partition.kinds;
        let kind = kinds.iter().find(|kind| *kind.name == *name);
        Some(kind.map_or_else(Vec::new, |kind| kind.rows.clone().collect()))
    }

    fn walk(&self, row: Row, relations: &[Relation]) -> Vec<Row> {
        let edges = &self.partition.edges[EdgeType::Default as usize];
        let mut here = BTreeSet::from([row]);
        for relation in relations {
            here = here
                .into_iter()
                .flat_map(|row| edges.out(row))
                .filter(|(_, found)| found.contains(*relation))
                .map(|(to, _)| to)
                .collect();
        }
        here.into_iter()
            .filter(|row| self.wanted[self.partition.kind_code(*row)])
            .collect()
    }
}

fn taken(partition: &Partition, rows: &[Row], take: &Take, steps: Option<&Steps>) -> Option<Value> {
    match take {
        Take::Names => {
            let names: BTreeSet<&str> = rows.iter().map(|row| partition.name(*row)).collect();
            Some(names.into_iter().collect())
        }
        Take::Count => Some(rows.len().into()),
        Take::Any => Some((!rows.is_empty()).into()),
        Take::First(_) => rows.iter().find_map(|row| {
            let found = steps?.first(partition.reported(*row))?;
            Some(View::Doc(found).text()?.into_owned().into())
        }),
        Take::Sum(_) => Some(sum(partition, rows, steps?)),
        Take::MostFrequent(_) => most_frequent(partition, rows, steps?),
    }
}

fn sum(partition: &Partition, rows: &[Row], steps: &Steps) -> Value {
    let mut sum = Sum::default();
    for row in rows {
        steps.each(partition.reported(*row), &mut |value| {
            if let Shape::Number(number) = View::Doc(value).shape() {
                sum.add(number);
            }
        });
    }
    sum.value().to_value()
}

fn most_frequent(partition: &Partition, rows: &[Row], steps: &Steps) -> Option<Value> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows {
        steps.each(partition.reported(*row), &mut |value| {
            if let Some(text) = View::Doc(value).text() {
                *counts.entry(text.into_owned()).or_default() += 1;
            }
        });
    }
    // Of equally frequent texts the first counts, which is the smallest.
    let most = counts.values().copied().max()?;
    counts
        .into_iter()
        .find(|(_, count)| *count == most)
        .map(|(text, _)| text.into())
}

/// Writes patches into the documents.
pub(crate) fn apply(partition: &mut Partition, patches: &BTreeMap<Row, Patch>) {
    if patches.is_empty() {
        return;
    }
    let mut arena = Vec::with_capacity(partition.arena.len() + 64 * patches.len());
    let mut docs = Vec::with_capacity(partition.docs.len());
    let mut uid_at = std::mem::take(&mut partition.columns.uid_at);
    let uid = partition.strings.find("id").expect("an own key");
    for row in partition.rows() {
        docs.push(arena.len());
        let Some(patch) = patches.get(&row) else {
            arena.extend_from_slice(partition.document(row));
            continue;
        };
        let start = arena.len();
        write_patched(partition.sections(row), patch, &mut arena);
        let reported = Cursor::new(&partition.strings, &arena[start..]);
        uid_at[row as usize] = place_in(reported, uid);
    }
    partition.arena = Arena::new(arena);
    partition.docs = docs;
    partition.columns.uid_at = uid_at;
    if patches
        .values()
        .any(|patch| patch.reported.contains_key("name"))
    {
        partition.names = Arc::new(crate::names::Names::read(partition));
    }
    let added = patches.values().flat_map(|patch| patch.reported.keys());
    let tops = added.map(|property| property.split('.').next().unwrap_or(property).to_owned());
    partition.properties.extend(tops);
}

/// Where in a document the member with this key stands; the greatest number if there is none.
pub(crate) fn place_in(reported: Cursor<'_>, key: u32) -> u32 {
    reported.member_numbered(key).map_or(u32::MAX, |value| {
        u32::try_from(value.offset_in(reported)).unwrap_or(u32::MAX)
    })
}

/// Appends a document with a patch.
pub(crate) fn write_patched(sections: Sections<'_>, patch: &Patch, arena: &mut Vec<u8>) {
    let mut strings = sections.reported.strings();
    let added = whole(sections.reported, &patch.reported);
    extend(sections.reported, &added, strings, arena);
    if patch.skipped.is_empty() {
        arena.extend_from_slice(sections.metadata.own_bytes());
    } else {
        let skipped: Value = patch
            .skipped
            .iter()
            .map(|(to, relation)| json!({"to": to, "relation": relation}))
            .collect();
        let mut metadata = sections.metadata.to_map();
        metadata.insert(SKIPPED_EDGES.to_owned(), skipped);
        encode_map(&metadata, &mut strings, arena);
    }
    arena.extend_from_slice(sections.parent.own_bytes());
}

/// Added properties as members of the section itself: one inside an object (`outer.inner`) comes as the whole object.
fn whole(reported: Cursor<'_>, added: &Map) -> Map {
    let mut members = Map::new();
    let mut old = None;
    for (property, value) in added {
        let Some((outer, inner)) = property.split_once('.') else {
            members.insert(property.clone(), value.clone());
            continue;
        };
        let old = old.get_or_insert_with(|| reported.to_map());
        let object = members.entry(outer).or_insert_with(|| {
            let known = old.remove(outer);
            known.unwrap_or_else(|| Value::Object(Map::new()))
        });
        if let Value::Object(object) = object {
            object.insert(inner.to_owned(), value.clone());
        }
    }
    members
}

/// Writes an object with some members added or replaced, in the order of keys; the others are copied unread.
fn extend(object: Cursor<'_>, added: &Map, mut strings: &Strings, arena: &mut Vec<u8>) {
    let mut added: BTreeMap<&str, &Value> = added
        .iter()
        .map(|(key, value)| (key.as_str(), value))
        .collect();
    let mut body = Vec::new();
    let mut add = |key: &str, value: &Value, body: &mut Vec<u8>| {
        write_key(strings.key(key), body);
        encode(value, &mut strings, body);
    };
    if let Item::Object(old) = object.item() {
        for (number, value) in old.entries() {
            let key = key_of(object, number);
            while let Some(entry) = added.first_entry().filter(|entry| *entry.key() < key) {
                let (name, value) = entry.remove_entry();
                add(name, value, &mut body);
            }
            if let Some(new) = added.remove(key) {
                add(key, new, &mut body);
                continue;
            }
            write_key(number, &mut body);
            body.extend_from_slice(value.own_bytes());
        }
    }
    for (key, value) in added {
        add(key, value, &mut body);
    }
    write_object(&body, arena);
}

fn key_of(object: Cursor<'_>, number: u32) -> &str {
    object.strings().text(number)
}
