//! Properties that other nodes decide (`backends` of a service), and edges that had to be left out: computed
//! when a partition is made, written into the documents of the nodes concerned.
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use stocktake_model::{Derive, EdgeType, Map, Model, NodeId, Over, Relation, Take};

use crate::document::{Cursor, Item};
use crate::encode::{encode, encode_map, write_key, write_object};
use crate::intern::{Intern as _, Strings};
use crate::partition::{NO_ROW, Partition, Row, SKIPPED_EDGES, row_number};
use crate::steps::Steps;
use crate::value::Num;
use crate::view::{Shape, View};

/// What is added to a node.
#[derive(Debug, Default)]
pub(crate) struct Patch {
    pub(crate) reported: Map,
    pub(crate) skipped: Vec<(NodeId, Relation)>,
}

/// The derived properties of every node that has some.
pub(crate) fn values(
    partition: &Partition,
    derived: &[Derive],
    model: &Model,
) -> BTreeMap<Row, Patch> {
    let mut patches: BTreeMap<Row, Patch> = BTreeMap::new();
    for derive in derived {
        let deciding = Deciding::new(partition, derive, model);
        let steps = match &derive.take {
            Take::Sum(path) | Take::MostFrequent(path) => {
                Some(Steps::bind(path, &partition.strings))
            }
            _ => None,
        };
        for row in rows_of(partition, &derive.on, model) {
            let rows = deciding.of(row);
            if let Some(value) = taken(partition, &rows, &derive.take, steps.as_ref()) {
                let patch = patches.entry(row).or_default();
                patch.reported.insert(derive.property.clone(), value);
            }
        }
    }
    patches
}

fn rows_of<'p>(
    partition: &'p Partition,
    kind: &'p str,
    model: &'p Model,
) -> impl Iterator<Item = Row> + 'p {
    partition
        .kinds
        .iter()
        .filter(move |rows| model.is_a(&rows.name, kind))
        .flat_map(|rows| rows.rows.clone())
}

/// Which nodes decide, found once per derived property where that is possible.
struct Deciding<'p> {
    partition: &'p Partition,
    over: &'p Over,
    wanted: Vec<bool>,
    account: Vec<Row>,
    by_region: BTreeMap<Row, Vec<Row>>,
}

impl<'p> Deciding<'p> {
    fn new(partition: &'p Partition, derive: &'p Derive, model: &Model) -> Self {
        let (Over::Walk { kind, .. } | Over::Account { kind } | Over::Region { kind }) =
            &derive.over;
        let wanted = partition
            .kinds
            .iter()
            .map(|rows| model.is_a(&rows.name, kind))
            .collect();
        let mut deciding = Self {
            partition,
            over: &derive.over,
            wanted,
            account: Vec::new(),
            by_region: BTreeMap::new(),
        };
        match &derive.over {
            Over::Account { kind } => deciding.account = rows_of(partition, kind, model).collect(),
            Over::Region { kind } => {
                for row in rows_of(partition, kind, model) {
                    let region = partition.region[row as usize];
                    if region != NO_ROW {
                        deciding.by_region.entry(region).or_default().push(row);
                    }
                }
            }
            Over::Walk { .. } => {}
        }
        deciding
    }

    fn of(&self, row: Row) -> Vec<Row> {
        match self.over {
            Over::Account { .. } => self.account.clone(),
            Over::Region { .. } => self.by_region.get(&row).cloned().unwrap_or_default(),
            Over::Walk { relations, .. } => self.walk(row, relations),
        }
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
        Take::Sum(_) => Some(sum(partition, rows, steps?)),
        Take::MostFrequent(_) => most_frequent(partition, rows, steps?),
    }
}

fn sum(partition: &Partition, rows: &[Row], steps: &Steps) -> Value {
    let mut whole = 0_i128;
    let mut rest = 0.0;
    for row in rows {
        steps.each(
            partition.reported(*row),
            &mut |value| match View::Doc(value).shape() {
                Shape::Number(Num::Int(int)) => whole += int,
                Shape::Number(Num::Float(float)) => rest += float,
                _ => {}
            },
        );
    }
    if rest == 0.0 {
        Num::Int(whole).to_value()
    } else {
        (Num::Int(whole).as_f64() + rest).into()
    }
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
    let mut columns = std::mem::take(&mut partition.columns);
    let uid = partition.strings.find("id").expect("an own key");
    for row in 0..row_number(columns.ids.len()) {
        let at = row as usize;
        docs.push(arena.len());
        let Some(patch) = patches.get(&row) else {
            let old = partition.docs[at]..partition.docs[at + 1];
            arena.extend_from_slice(&partition.arena[old]);
            continue;
        };
        let start = arena.len();
        write_patched(partition, row, patch, &mut arena);
        let reported = crate::document::Cursor::new(&partition.strings, &arena[start..]);
        columns.uid_at[at] = reported.member_numbered(uid).map_or(u32::MAX, |value| {
            u32::try_from(value.offset_in(reported)).unwrap_or(u32::MAX)
        });
    }
    docs.push(arena.len());
    partition.arena = arena;
    partition.docs = docs;
    partition.columns = columns;
    if patches
        .values()
        .any(|patch| patch.reported.contains_key("name"))
    {
        partition.names = crate::names::Names::read(partition);
    }
    let added = patches.values().flat_map(|patch| patch.reported.keys());
    partition.properties.extend(added.cloned());
}

fn write_patched(partition: &Partition, row: Row, patch: &Patch, arena: &mut Vec<u8>) {
    let sections = partition.sections(row);
    let mut strings = &partition.strings;
    extend(sections.reported, &patch.reported, strings, arena);
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
