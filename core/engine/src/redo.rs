//! Derived properties of a changed partition: finds the nodes whose properties a change may have changed, computes
//! these, and writes the documents of all nodes that are not as they were.
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use serde_json::Value;
use stocktake_model::{
    Derive, EdgeRule, EdgeType, Find, NamespaceFrom, Over, Path, Scope, Step, Take,
};

use crate::change::{Delta, Rules};
use crate::derive::{self, Patch, place_in, write_patched};
use crate::encode::{encode, encode_map};
use crate::keys::Key;
use crate::parallel::{parallel, threads};
use crate::partition::{Derived, NO_ROW, Partition, Row, parent_value, sections};
use crate::relink::Relinked;
use crate::splice::Spliced;

/// What is to be written.
pub(crate) struct Redone {
    patches: BTreeMap<Row, Patch>,
    derived: Vec<Derived>,
}

impl Redone {
    pub(crate) fn new(spliced: &Spliced<'_>, relinked: &Relinked, with: Rules<'_>) -> Self {
        let after = &spliced.after;
        let derived: Vec<Derived> = with
            .derived
            .iter()
            .map(|derive| Derived {
                property: derive.property.clone(),
                on: kinds(after, derive.on.as_str(), with),
            })
            .collect();
        let of =
            |at: usize| Ok::<_, Infallible>(affected(spliced, relinked, &with.derived[at], with));
        let Ok(mut affected) = parallel(with.derived.len(), threads(), of);
        // Of several with one name the last counts, so they are computed together.
        for at in 0..affected.len() {
            let same = |other: &usize| with.derived[*other].property == with.derived[at].property;
            let together: BTreeSet<Row> = (0..affected.len())
                .filter(same)
                .flat_map(|other| affected[other].clone())
                .collect();
            affected[at] = together;
        }
        for rows in &mut affected {
            rows.extend(&spliced.changed);
        }
        let mut patches = derive::values(after, with.derived, with.model, Some(&affected));
        for (row, to, relation) in &after.skipped {
            if spliced.changed.binary_search(row).is_ok() {
                let patch = patches.entry(*row).or_default();
                patch.skipped.push((*to, *relation));
            }
        }
        let mut redone = Self {
            patches: BTreeMap::new(),
            derived,
        };
        let all: BTreeSet<Row> = affected.iter().flatten().copied().collect();
        for row in all {
            if spliced.changed.binary_search(&row).is_err() {
                redone.compare(after, row, patches.remove(&row), &affected);
            }
        }
        redone.patches.append(&mut patches);
        redone
    }

    /// Keeps the patch of a node that did not change itself, if it says anything new.
    fn compare(
        &mut self,
        after: &Partition,
        row: Row,
        patch: Option<Patch>,
        affected: &[BTreeSet<Row>],
    ) {
        let mut patch = patch.unwrap_or_default();
        let mut says_new = false;
        for (derived, affected) in self.derived.iter().zip(affected) {
            if !derived.on[after.kind_code(row)] {
                continue;
            }
            let known = property(after, row, &derived.property);
            let name = &derived.property;
            if affected.contains(&row) {
                says_new |= patch.reported.get(name) != known.as_ref();
            } else if let Some(known) = known {
                patch.reported.insert(name.clone(), known);
            }
        }
        let skipped = after.skipped.iter().filter(|(of, ..)| *of == row);
        patch.skipped = skipped.map(|(_, to, relation)| (*to, *relation)).collect();
        if says_new {
            self.patches.insert(row, patch);
        }
    }

    /// Writes the documents of all nodes that changed behind those that did not; which these are.
    pub(crate) fn write(self, spliced: &mut Spliced<'_>, delta: &Delta<'_>) -> Vec<Row> {
        let after = &mut spliced.after;
        let old = spliced.before;
        after.derived = self.derived;
        let mut rows: Vec<Row> = spliced.changed.clone();
        rows.extend(self.patches.keys());
        rows.sort_unstable();
        rows.dedup();
        let mut bytes = Vec::new();
        let mut starts = Vec::new();
        for row in &rows {
            starts.push(old.arena.len() + bytes.len());
            let patch = self.patches.get(row);
            if !delta.contains_key(&after.id(*row)) {
                // Its record has to be found out first.
                let record = after.record(*row);
                let mut raw = Vec::new();
                encode_map(&record.reported, &mut &after.strings, &mut raw);
                encode_map(&record.metadata, &mut &after.strings, &mut raw);
                encode(&parent_value(&record.parent), &mut &after.strings, &mut raw);
                let sections = sections(&after.strings, &raw);
                write_patched(sections, patch.unwrap_or(&Patch::default()), &mut bytes);
            } else if let Some(patch) = patch {
                write_patched(after.sections(*row), patch, &mut bytes);
            } else {
                bytes.extend_from_slice(after.document(*row));
            }
        }
        let id = after.strings.find("id").expect("an own key");
        after.arena = old.arena.clone();
        after.arena.push(bytes);
        for (row, start) in rows.iter().zip(starts) {
            after.docs[*row as usize] = start;
            after.columns.uid_at[*row as usize] = place_in(after.reported(*row), id);
        }
        let tops = after.derived.iter().zip(0..);
        let tops: Vec<String> = tops
            .filter(|(derived, _)| derived.on.contains(&true))
            .map(|(derived, _)| top(&derived.property).to_owned())
            .collect();
        after.properties.extend(tops);
        rows
    }
}

/// The first name of a property.
fn top(property: &str) -> &str {
    property.split('.').next().unwrap_or(property)
}

/// What a node has at a property, which may be one inside an object.
fn property(partition: &Partition, row: Row, property: &str) -> Option<Value> {
    let mut here = partition.reported(row);
    for name in property.splitn(2, '.') {
        here = here.member(name)?;
    }
    Some(here.to_value())
}

fn kinds(partition: &Partition, base: &str, with: Rules<'_>) -> Vec<bool> {
    let kinds = partition.kinds.iter();
    kinds
        .map(|kind| with.model.is_a(&kind.name, base))
        .collect()
}

fn of_kinds(partition: &Partition, wanted: &[bool]) -> Vec<Row> {
    let kinds = partition.kinds.iter().zip(wanted);
    let wanted = kinds.filter(|(_, wanted)| **wanted);
    wanted.flat_map(|(kind, _)| kind.rows.clone()).collect()
}

/// Nodes, beside those that changed, whose derived property may be another now.
fn affected(
    spliced: &Spliced<'_>,
    relinked: &Relinked,
    derive: &Derive,
    with: Rules<'_>,
) -> BTreeSet<Row> {
    let (before, after) = (spliced.before, &spliced.after);
    let on = kinds(after, &derive.on, with);
    let changes = |kind: &str| {
        let (was, is) = (kinds(before, kind, with), kinds(after, kind, with));
        let left = spliced.left.iter().any(|row| was[before.kind_code(*row)]);
        left || spliced.changed.iter().any(|row| is[after.kind_code(*row)])
    };
    let mut rows: BTreeSet<Row> = match &derive.over {
        Over::Account { kind } if changes(kind) => of_kinds(after, &on).into_iter().collect(),
        Over::Itself | Over::Account { .. } => BTreeSet::new(),
        Over::KindAt { .. } => of_kinds(after, &on).into_iter().collect(),
        Over::Region { kind } => {
            let (was, is) = (kinds(before, kind, with), kinds(after, kind, with));
            let left = spliced
                .left
                .iter()
                .filter(|row| was[before.kind_code(**row)]);
            let left = left.map(|row| spliced.shift.new_row(before.region[*row as usize]));
            let now = spliced
                .changed
                .iter()
                .filter(|row| is[after.kind_code(**row)]);
            let now = now.map(|row| after.region[*row as usize]);
            let moved = relinked.touched[EdgeType::Default as usize].keys();
            let moved = moved.flat_map(|(from, to)| [*from, after.region[*to as usize]]);
            left.chain(now).chain(moved).collect()
        }
        Over::Walk { relations, .. } => walks(spliced, relinked, relations),
        Over::Top { .. } => owned(spliced, relinked),
    };
    rows.retain(|row| *row != NO_ROW && on[after.kind_code(*row)]);
    rows
}

/// Nodes from which a walk leads over an edge or to a node that changed.
fn walks(
    spliced: &Spliced<'_>,
    relinked: &Relinked,
    relations: &[stocktake_model::Relation],
) -> BTreeSet<Row> {
    let (before, after) = (spliced.before, &spliced.after);
    let default = EdgeType::Default as usize;
    let edges = &after.edges[default];
    let mut sources: BTreeSet<Row> = relinked.touched[default].keys().map(|key| key.0).collect();
    for row in &spliced.left {
        let inbound = before.edges[default].inbound(*row);
        sources.extend(inbound.map(|(from, _)| spliced.shift.new_row(from)));
    }
    sources.extend(&spliced.changed);
    sources.remove(&NO_ROW);
    let mut here: BTreeSet<Row> = BTreeSet::new();
    for relation in relations.iter().rev() {
        here.extend(&sources);
        let back = here.iter().flat_map(|row| edges.inbound(*row));
        let back = back.filter(|(_, found)| found.contains(*relation));
        here = back.map(|(from, _)| from).collect();
    }
    here.extend(&sources);
    here
}

/// Nodes that one which changed owns, directly or not.
fn owned(spliced: &Spliced<'_>, relinked: &Relinked) -> BTreeSet<Row> {
    let (before, after) = (spliced.before, &spliced.after);
    let mut uids: Vec<String> = Vec::new();
    uids.extend(spliced.left.iter().map(|row| before.uid(*row).to_owned()));
    uids.extend(spliced.changed.iter().map(|row| after.uid(*row).to_owned()));
    let mut owned = BTreeSet::new();
    while let Some(uid) = uids.pop() {
        for row in relinked.links.asking(Key::Owner(&uid)) {
            if owned.insert(row) {
                uids.push(after.uid(row).to_owned());
            }
        }
    }
    owned
}

/// Whether a rule or a derived property may read what another derived property writes: then order would matter.
pub(crate) fn reads_derived(partition: &Partition, with: Rules<'_>) -> bool {
    let clash = |reader: Option<&str>, name: &str| {
        with.derived.iter().any(|derive| {
            let is_reader = |kind: &str| reader.is_none_or(|reader| with.model.is_a(kind, reader));
            let both = |kind: &str| with.model.is_a(kind, &derive.on) && is_reader(kind);
            top(&derive.property) == name && partition.kinds.iter().any(|kind| both(&kind.name))
        })
    };
    let by_rule = |rule: &EdgeRule| {
        let from = Some(rule.from.as_str());
        rule_reads(rule).iter().any(|name| clash(from, name))
            || found_by(rule).iter().any(|name| clash(None, name))
    };
    let by_derived = |derive: &Derive| {
        let reader = match &derive.over {
            Over::Walk { kind, .. } | Over::Account { kind } | Over::Region { kind } => {
                Some(kind.as_str())
            }
            Over::Itself => Some(derive.on.as_str()),
            Over::KindAt { .. } | Over::Top { .. } => None,
        };
        let taken = match &derive.take {
            Take::First(path) | Take::Sum(path) | Take::MostFrequent(path) => first_key(path),
            Take::Names => Some("name"),
            Take::Count | Take::Any => None,
        };
        let way = match &derive.over {
            Over::KindAt { path } => first_key(path),
            Over::Top { each, .. } => first_key(each),
            _ => None,
        };
        taken.is_some_and(|name| clash(reader, name)) || way.is_some_and(|name| clash(None, name))
    };
    let own = [
        "id",
        "kind",
        "name",
        "namespace",
        "labels",
        "api_kind",
        "api_version",
        "api_group",
    ];
    own.iter().any(|name| clash(None, name))
        || with.edges.iter().any(by_rule)
        || with.derived.iter().any(by_derived)
}

fn first_key(path: &Path) -> Option<&str> {
    path.steps().iter().find_map(|step| match step {
        Step::Key(key) => Some(key.as_str()),
        _ => None,
    })
}

/// Names of properties that a rule reads of the node that holds the reference.
fn rule_reads(rule: &EdgeRule) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let here = first_key(&rule.each);
    names.extend(here.map(str::to_owned));
    let conditions = rule
        .when
        .iter()
        .filter_map(|condition| first_key(&condition.path));
    if here.is_none() {
        names.extend(conditions.map(str::to_owned));
    }
    let ends = rule.end.iter().map(|end| end.value.as_str());
    for value in std::iter::once(rule.value.as_str()).chain(ends) {
        let words = value.split(['{', '}', '.', '[', ']']);
        // More words than names: one that is none does no harm.
        names.extend(words.map(|word| word.trim_start_matches('/').to_owned()));
    }
    let ends = rule.end.iter().map(|end| &end.find);
    for find in std::iter::once(&rule.find).chain(ends) {
        let at = match find {
            Find::Name { namespace, .. } | Find::Property { namespace, .. } => match namespace {
                NamespaceFrom::At(path) => first_key(path),
                _ => None,
            },
            Find::Selector {
                scope: Scope::Namespaces(path),
                ..
            } => first_key(path),
            Find::Told {
                name, namespace, ..
            } => {
                names.extend(first_key(name).map(str::to_owned));
                match namespace {
                    NamespaceFrom::At(path) => first_key(path),
                    _ => None,
                }
            }
            _ => None,
        };
        names.extend(at.map(str::to_owned));
    }
    names
}

/// Names of properties by which a rule finds the other node.
fn found_by(rule: &EdgeRule) -> Vec<&str> {
    let ends = rule.end.iter().map(|end| &end.find);
    let finds = std::iter::once(&rule.find).chain(ends);
    let property = finds.filter_map(|find| match find {
        Find::Property { property, .. } => first_key(property),
        Find::Told { kind, .. } => first_key(kind),
        _ => None,
    });
    property.collect()
}
