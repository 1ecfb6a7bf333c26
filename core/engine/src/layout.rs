//! From drafts to rows: one record per id, made-up regions, rows in order, what contains what. Makes no edges but
//! those of containment.
use std::cmp::Reverse;
use std::sync::Arc;

use stocktake_model::{Map, Model, NodeRecord, Parent, Relation};

use crate::adjacency::{Edge, Relations};
use crate::arena::Arena;
use crate::builder::{Draft, PartitionBuilder};
use crate::derive::place_in;
use crate::document::{Cursor, Item};
use crate::encode::{encode, encode_map};
use crate::intern::Strings;
use crate::names::Names;
use crate::partition::{
    KindRows, NO_ROW, Partition, Row, parent_of, parent_value, row_number, sections, stub_metadata,
};
use crate::spread::spread;

impl PartitionBuilder {
    /// Rows in order, with parents and regions but without edges.
    pub(crate) fn lay_out(mut self) -> Partition {
        let strings = std::mem::take(&mut self.strings).finish();
        let dropped = self.drop_doubles();
        self.counted.dropped_nodes += dropped;
        self.add_stubs(&strings);
        let mut partition = self.rows(strings);
        partition.account_row = partition.row_of(&self.account_id).unwrap_or(NO_ROW);
        let (parent, had_loops) = parents(&partition);
        partition.parent = Arc::new(parent);
        partition.had_loops = had_loops;
        partition.region_kinds = self.regions.into_keys().collect();
        partition.region = Arc::new(regions(&partition, &self.model));
        partition
    }

    /// Of records with one id only the last stays.
    fn drop_doubles(&mut self) -> usize {
        let before = self.drafts.len();
        let mut order: Vec<usize> = (0..before).collect();
        order.sort_by_key(|&at| (self.drafts[at].id, Reverse(at)));
        order.dedup_by_key(|at| self.drafts[*at].id);
        order.sort_unstable();
        let mut keep = order.into_iter().peekable();
        let mut at = 0;
        self.drafts.retain(|_| {
            let kept = keep.next_if_eq(&at).is_some();
            at += 1;
            kept
        });
        before - self.drafts.len()
    }

    /// Makes up the regions that records are contained in and nothing was sent for.
    fn add_stubs(&mut self, strings: &Strings) {
        for draft in &self.drafts {
            let Some(names) = self.regions.get_mut(&self.kinds[draft.kind]) else {
                continue;
            };
            let document = sections(strings, &self.arena[draft.start..draft.end]);
            let name = document.reported.member("name").map(Cursor::to_value);
            if let Some(name) = name.as_ref().and_then(|name| name.as_str()) {
                names.remove(name);
            }
        }
        let missing: Vec<(String, String)> = self
            .regions
            .iter()
            .flat_map(|(kind, names)| names.iter().map(|name| (kind.clone(), name.clone())))
            .collect();
        for (kind, name) in missing {
            let record = stub(&self.account, &kind, &name);
            let node_id = record.node_id(&self.cloud, &self.account);
            let start = self.arena.len();
            encode_map(&record.reported, &mut &*strings, &mut self.arena);
            encode_map(&record.metadata, &mut &*strings, &mut self.arena);
            encode(
                &parent_value(&Parent::Account),
                &mut &*strings,
                &mut self.arena,
            );
            let draft = Draft {
                kind: self.kind_number(&kind),
                start,
                end: self.arena.len(),
                id: node_id,
            };
            self.drafts.retain(|other| other.id != node_id);
            self.drafts.push(draft);
        }
    }

    /// Sorts the drafts into rows and copies the documents into their order.
    fn rows(&mut self, strings: Strings) -> Partition {
        let mut drafts = std::mem::take(&mut self.drafts);
        let arena = std::mem::take(&mut self.arena);
        {
            let text = |draft: &Draft, key: u32| {
                let document = sections(&strings, &arena[draft.start..draft.end]);
                document.reported.member_numbered(key).map(Cursor::item)
            };
            let [name, uid] = ["name", "id"].map(|key| strings.find(key).expect("an own key"));
            let sort_key = |draft: &Draft| {
                (
                    self.kinds[draft.kind].clone(),
                    text_of(text(draft, name)).to_owned(),
                    text_of(text(draft, uid)).to_owned(),
                )
            };
            drafts.sort_by_cached_key(sort_key);
        }
        let mut partition = self.empty_partition(strings);
        let mut sorted = Vec::with_capacity(arena.len());
        for draft in &drafts {
            partition.docs.push(sorted.len());
            sorted.extend_from_slice(&arena[draft.start..draft.end]);
        }
        partition.arena = Arena::new(sorted);
        partition.columns.ids = Arc::new(drafts.iter().map(|draft| draft.id).collect());
        set_kinds(
            &mut partition,
            &self.kinds,
            drafts.iter().map(|draft| draft.kind),
        );
        index(&mut partition);
        let source = partition.strings.find("source").expect("an own key");
        partition.stubs = (0..row_number(partition.len()))
            .filter(|row| {
                let source = partition.sections(*row).metadata.member_numbered(source);
                source.is_some_and(|source| source.to_value() == "stub")
            })
            .collect();
        partition
    }

    fn empty_partition(&mut self, strings: Strings) -> Partition {
        Partition {
            cloud: self.cloud.clone(),
            account: self.account.clone(),
            account_name: self.account_name.clone(),
            account_row: NO_ROW,
            strings,
            properties: std::mem::take(&mut self.properties),
            referring: std::mem::take(&mut self.referring),
            counted: self.counted,
            ..Partition::default()
        }
    }
}

/// A region that records are contained in and nothing was sent for.
pub(crate) fn stub(account: &str, kind: &str, name: &str) -> NodeRecord {
    NodeRecord {
        reported: Map::from_iter([
            ("kind".to_owned(), kind.into()),
            ("id".to_owned(), format!("{account}/{name}").into()),
            ("name".to_owned(), name.into()),
        ]),
        metadata: stub_metadata(),
        parent: Parent::Account,
    }
}

fn text_of(item: Option<Item<'_>>) -> &str {
    match item {
        Some(Item::Text(text)) => text,
        _ => "",
    }
}

/// Kinds of rows that are sorted by kind.
fn set_kinds(partition: &mut Partition, names: &[String], kinds: impl Iterator<Item = usize>) {
    let mut last = None;
    let mut codes = Vec::with_capacity(partition.len());
    for (row, kind) in kinds.enumerate() {
        let row = row_number(row);
        if last != Some(kind) {
            partition.kinds.push(KindRows {
                name: names[kind].clone(),
                rows: row..row,
            });
            last = Some(kind);
        }
        let open = partition.kinds.last_mut().expect("opened above");
        open.rows.end = row + 1;
        let code = u16::try_from(partition.kinds.len() - 1).expect("fewer than 65536 kinds");
        codes.push(code);
    }
    partition.columns.kind = Arc::new(codes);
}

/// Fills what is read from documents: names, ids, and the orders that find rows.
fn index(partition: &mut Partition) {
    let rows = row_number(partition.len());
    let uid = partition.strings.find("id").expect("an own key");
    let place = |row: Row, key: u32| place_in(partition.reported(row), key);
    let uid_at = (0..rows).map(|row| place(row, uid)).collect();
    partition.names = Arc::new(Names::read(partition));
    partition.columns.uid_at = uid_at;
    let mut by_id: Vec<Row> = (0..rows).collect();
    by_id.sort_unstable_by_key(|row| partition.id(*row));
    partition.by_id = Arc::new(by_id);
    let mut sorted: Vec<(u32, Row)> = (0..rows)
        .map(|row| (spread(partition.uid(row)), row))
        .collect();
    sorted.sort_unstable();
    // Of texts with one number each has its rows together.
    for same in sorted.chunk_by_mut(|a, b| a.0 == b.0) {
        same.sort_by_key(|(_, row)| partition.uid(*row));
    }
    partition.by_uid = Arc::new(sorted.into_iter().map(|(_, row)| row).collect());
}

/// The row each row is contained in. A parent that is not there is the account; so is one that would make
/// a node contain itself. Tells as well whether there was one of these.
fn parents(partition: &Partition) -> (Vec<Row>, bool) {
    let rows = 0..row_number(partition.len());
    let mut parent: Vec<Row> = rows.map(|row| wanted_parent(partition, row)).collect();
    let had_loops = cut_loops(&mut parent, partition.account_row);
    (parent, had_loops)
}

/// The row that a row wants to be contained in.
pub(crate) fn wanted_parent(partition: &Partition, row: Row) -> Row {
    if row == partition.account_row {
        return NO_ROW;
    }
    let found = match parent_of(&partition.sections(row).parent.to_value()) {
        Parent::Account => None,
        Parent::Uid(uid) => partition.rows_with_uid(&uid).first().copied(),
        Parent::Region { kind, name } => partition
            .kind_named(&kind)
            .and_then(|kind| partition.rows_named(kind, &name).next()),
    };
    found.unwrap_or(partition.account_row)
}

/// Returns whether there was a loop.
fn cut_loops(parent: &mut [Row], account: Row) -> bool {
    let mut had_loops = false;
    let mut done = vec![false; parent.len()];
    let mut on_way = vec![false; parent.len()];
    for start in 0..parent.len() {
        let mut way = Vec::new();
        let mut here = row_number(start);
        while here != NO_ROW && !done[here as usize] {
            if on_way[here as usize] {
                let last = *way.last().expect("a node on the way was put there");
                parent[last as usize] = account;
                had_loops = true;
                break;
            }
            on_way[here as usize] = true;
            way.push(here);
            here = parent[here as usize];
        }
        for row in way {
            done[row as usize] = true;
            on_way[row as usize] = false;
        }
    }
    had_loops
}

/// The nearest region each row is contained in: a kind that records name as their region, or one the model
/// calls a region.
pub(crate) fn regions(partition: &Partition, model: &Model) -> Vec<Row> {
    let is_region = region_kinds(partition, model);
    (0..row_number(partition.len()))
        .map(|row| {
            let mut here = row;
            while here != NO_ROW && !is_region[partition.kind_code(here)] {
                here = partition.parent[here as usize];
            }
            here
        })
        .collect()
}

/// Which kinds of a partition are regions.
pub(crate) fn region_kinds(partition: &Partition, model: &Model) -> Vec<bool> {
    let named = &partition.region_kinds;
    let kinds = partition.kinds.iter();
    kinds
        .map(|kind| named.contains(&kind.name) || model.is_a(&kind.name, "region"))
        .collect()
}

/// The edges from parents to children.
pub(crate) fn containment(partition: &Partition) -> Vec<Edge> {
    (0..)
        .zip(partition.parent.iter())
        .filter(|(_, parent)| **parent != NO_ROW)
        .map(|(to, &from)| Edge {
            from,
            to,
            relations: Relations::of(Relation::Contains),
        })
        .collect()
}

/// Sorted, each pair once with all its relations.
pub(crate) fn merged(mut edges: Vec<Edge>) -> Vec<Edge> {
    edges.sort_unstable();
    edges.dedup_by(|next, kept| {
        let same = (next.from, next.to) == (kept.from, kept.to);
        if same {
            kept.relations = kept.relations.with(next.relations);
        }
        same
    });
    edges
}
