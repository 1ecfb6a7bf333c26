//! The rows of a changed partition: new ones come in between, those that go leave, the others move up. What contains
//! what is [`crate::place`].
use std::sync::{Arc, OnceLock};

use serde_json::Value;
use stocktake_model::{EXTERNAL_REFERENCES, NodeId, NodeRecord, Parent};

use crate::change::{Delta, name_of};
use crate::columns::Columns;
use crate::derive::place_in;
use crate::encode::{encode, encode_map};
use crate::intern::{LateStrings, Strings};
use crate::names::Names;
use crate::nearest::Nearest;
use crate::partition::{Fixed, KindRows, NO_ROW, Partition, Row, parent_value, row_number};
use crate::shift::Shift;
use crate::spread::spread;
use crate::words::Words;

/// A partition whose rows are in place.
pub(crate) struct Spliced<'p> {
    pub(crate) before: &'p Partition,
    pub(crate) after: Partition,
    pub(crate) shift: Shift,
    /// New rows whose records changed, ascending.
    pub(crate) changed: Vec<Row>,
    /// Old rows whose records changed or are gone, ascending.
    pub(crate) left: Vec<Row>,
}

/// A record and where its document stands.
struct Draft<'d> {
    id: NodeId,
    record: &'d NodeRecord,
    start: usize,
    /// The row it replaces, or the row it comes before.
    place: Result<Row, Row>,
}

/// All of them, in the order of rows, and rows that go.
struct Drafts<'d> {
    sorted: Vec<Draft<'d>>,
    gone: Vec<Row>,
    bytes: Vec<u8>,
    strings: Strings,
}

impl<'d> Drafts<'d> {
    fn encode(before: &Partition, delta: &'d Delta<'_>) -> Option<Self> {
        let mut strings = LateStrings::new(&before.strings);
        let mut bytes = Vec::new();
        let mut sorted = Vec::new();
        let mut gone = Vec::new();
        for (id, record) in delta {
            let old = before.row_of(id);
            let Some(record) = record else {
                gone.extend(old);
                continue;
            };
            let place = match old {
                Some(old) if before.name(old) != name_of(record) => return None,
                Some(old) => Ok(old),
                None => Err(place_of(before, record)),
            };
            sorted.push(Draft {
                id: *id,
                record: record.as_ref(),
                start: before.arena.len() + bytes.len(),
                place,
            });
            encode_map(&record.reported, &mut strings, &mut bytes);
            encode_map(&record.metadata, &mut strings, &mut bytes);
            encode(&parent_value(&record.parent), &mut strings, &mut bytes);
        }
        gone.sort_unstable();
        sorted.sort_by(|a, b| order(a.record).cmp(&order(b.record)));
        Some(Self {
            sorted,
            gone,
            bytes,
            strings: strings.finish(),
        })
    }
}

/// A row that was not there.
struct New<'d> {
    id: NodeId,
    name: &'d str,
    row: Row,
    /// The old row it comes before.
    place: Row,
}

impl<'p> Spliced<'p> {
    /// `None` if a node is called something else now.
    pub(crate) fn new(before: &'p Partition, delta: &Delta<'_>) -> Option<Self> {
        let drafts = Drafts::encode(before, delta)?;
        let places = drafts.sorted.iter();
        let added: Vec<Row> = places.filter_map(|draft| draft.place.err()).collect();
        let shift = Shift::new(before.len(), &drafts.gone, &added);
        let mut after = before.moved(&shift, drafts.strings);
        after.arena.push(drafts.bytes);
        after.changes += delta.len();
        let mut inserted = (0..row_number(shift.len())).filter(|row| shift.old_row(*row) == NO_ROW);
        let mut left = drafts.gone;
        let mut news = Vec::new();
        let mut changed = Vec::new();
        for draft in &drafts.sorted {
            let row = match draft.place {
                Ok(old) => {
                    left.push(old);
                    shift.new_row(old)
                }
                Err(place) => {
                    let row = inserted.next().expect("a row was made for each");
                    let (id, name) = (draft.id, name_of(draft.record));
                    news.push(New {
                        id,
                        name,
                        row,
                        place,
                    });
                    row
                }
            };
            after.docs[row as usize] = draft.start;
            let id = after.strings.find("id").expect("an own key");
            after.columns.uid_at[row as usize] = place_in(after.reported(row), id);
            changed.push(row);
        }
        drop(inserted);
        left.sort_unstable();
        changed.sort_unstable();
        after.put_in(&shift, before, &news);
        after.know(&drafts.sorted);
        let mut spliced = Self {
            before,
            after,
            shift,
            changed,
            left,
        };
        spliced.after.stubs = spliced.stubs();
        Some(spliced)
    }

    fn stubs(&self) -> Vec<Row> {
        let source = self.after.strings.find("source").expect("an own key");
        let old = self.before.stubs.iter().map(|row| self.shift.new_row(*row));
        let mut stubs: Vec<Row> = old
            .filter(|row| *row != NO_ROW && self.changed.binary_search(row).is_err())
            .collect();
        stubs.extend(self.changed.iter().filter(|row| {
            let source = self.after.sections(**row).metadata.member_numbered(source);
            source.is_some_and(|source| source.to_value() == "stub")
        }));
        stubs.sort_unstable();
        stubs
    }
}

fn order(record: &NodeRecord) -> (&str, &str, &str) {
    (record.kind(), name_of(record), record.id())
}

/// The row that a new record comes before.
fn place_of(partition: &Partition, record: &NodeRecord) -> Row {
    let found = partition
        .kinds
        .binary_search_by(|kind| kind.name.as_str().cmp(record.kind()));
    let end = row_number(partition.len());
    match found {
        Err(at) => partition.kinds.get(at).map_or(end, |kind| kind.rows.start),
        Ok(at) => {
            let rows = &partition.kinds[at].rows;
            let named = partition.rows_named(at, name_of(record));
            debug_assert!(rows.start <= named.start);
            let behind = named
                .clone()
                .take_while(|row| partition.uid(*row) < record.id());
            named.start + row_number(behind.count())
        }
    }
}

impl Partition {
    /// The same rows at their new places; those that are new are still empty.
    pub(crate) fn moved(&self, shift: &Shift, strings: Strings) -> Self {
        Self {
            cloud: self.cloud.clone(),
            account: self.account.clone(),
            account_name: self.account_name.clone(),
            account_row: shift.new_row(self.account_row),
            strings,
            kinds: self.kinds.iter().map(KindRows::clone).collect(),
            arena: self.arena.clone(),
            docs: shift.copied(&self.docs, 0),
            columns: Fixed {
                ids: shift.spliced(&self.columns.ids, NodeId::ROOT),
                kind: Arc::clone(&self.columns.kind),
                uid_at: shift.copied(&self.columns.uid_at, u32::MAX),
            },
            names: Arc::clone(&self.names),
            words: Words::default(),
            by_id: Arc::clone(&self.by_id),
            by_uid: Arc::clone(&self.by_uid),
            parent: shift.moved(&self.parent),
            region: shift.moved(&self.region),
            edges: Default::default(),
            properties: self.properties.clone(),
            referring: self.referring.clone(),
            derived: Vec::new(),
            explicit: Arc::clone(&self.explicit),
            skipped: Vec::new(),
            stubs: Vec::new(),
            counted: self.counted,
            nearest: Arc::new(Nearest::default()),
            lazy: Columns::default(),
            region_kinds: self.region_kinds.clone(),
            had_loops: false,
            resolved_by: self.resolved_by,
            links: OnceLock::new(),
            layer: None,
            changes: self.changes,
        }
    }

    /// Puts new rows into kinds, names and the orders that find rows.
    fn put_in(&mut self, shift: &Shift, before: &Self, news: &[New<'_>]) {
        if shift.is_identity() {
            return;
        }
        let ids = Arc::make_mut(&mut self.columns.ids);
        for new in news {
            ids[new.row as usize] = new.id;
        }
        let names: Vec<&str> = news.iter().map(|new| new.name).collect();
        self.names = Arc::new(Names::spliced(&before.names, shift, &names));
        self.sort_kinds(shift, before);
        let mut fresh: Vec<&New<'_>> = news.iter().collect();
        fresh.sort_unstable_by_key(|new| new.id);
        let place = |new: &New<'_>| before.by_id.partition_point(|old| before.id(*old) < new.id);
        self.by_id = Arc::new(inserted(&before.by_id, shift, &fresh, place));
        fresh.sort_by_key(|new| (spread(self.uid(new.row)), self.uid(new.row), new.row));
        let place = |new: &New<'_>| {
            let uid = self.uid(new.row);
            let key = (spread(uid), uid, new.place);
            let by_uid = &before.by_uid;
            by_uid.partition_point(|old| {
                let uid = before.uid(*old);
                (spread(uid), uid, *old) < key
            })
        };
        self.by_uid = Arc::new(inserted(&before.by_uid, shift, &fresh, place));
    }

    fn sort_kinds(&mut self, shift: &Shift, before: &Self) {
        let mut kinds: Vec<KindRows> = Vec::new();
        let mut codes: Vec<u16> = Vec::with_capacity(shift.len());
        let mut add = |name: &str, more: u32| {
            let start = row_number(codes.len());
            if kinds.last().is_none_or(|last| last.name != name) {
                kinds.push(KindRows {
                    name: name.to_owned(),
                    rows: start..start,
                });
            }
            kinds.last_mut().expect("pushed above").rows.end = start + more;
            let code = u16::try_from(kinds.len() - 1).expect("fewer than 65536 kinds");
            codes.resize(codes.len() + more as usize, code);
        };
        let kind = self.strings.find("kind").expect("an own key");
        let name_of = |row: Row| {
            let value = self.reported(row).member_numbered(kind);
            value.and_then(crate::resolve::text).unwrap_or_default()
        };
        let mut done = 0;
        for run in shift.runs() {
            (done..run.new).for_each(|row| add(name_of(row), 1));
            let mut start = run.old.start;
            while start < run.old.end {
                let old = &before.kinds[before.kind_code(start)];
                let end = old.rows.end.min(run.old.end);
                add(&old.name, end - start);
                start = end;
            }
            done = run.new + (run.old.end - run.old.start);
        }
        (done..row_number(shift.len())).for_each(|row| add(name_of(row), 1));
        self.kinds = kinds;
        self.columns.kind = Arc::new(codes);
    }

    /// Notes what new records are about.
    fn know(&mut self, drafts: &[Draft<'_>]) {
        for record in drafts.iter().map(|draft| draft.record) {
            for key in record.reported.keys() {
                if !self.properties.contains(key) {
                    self.properties.insert(key.clone());
                }
            }
            if let Parent::Region { kind, .. } = &record.parent
                && !self.region_kinds.contains(kind)
            {
                self.region_kinds.insert(kind.clone());
            }
            let refers = record.reported.contains_key(EXTERNAL_REFERENCES);
            if refers && !self.referring.contains(record.kind()) {
                self.referring.insert(record.kind().to_owned());
            }
            let has_name = record.reported.get("name").is_some_and(Value::is_string);
            if !has_name && self.names.is_complete() {
                Arc::make_mut(&mut self.names).is_not_complete();
            }
        }
    }
}

/// Rows in an order, with some more of them at their places in the old order.
fn inserted(
    old: &[Row],
    shift: &Shift,
    new: &[&New<'_>],
    place: impl Fn(&New<'_>) -> usize,
) -> Vec<Row> {
    let mut rows = Vec::with_capacity(shift.len());
    let mut done = 0;
    let mut take = |rows: &mut Vec<Row>, end: usize| {
        let kept = old[done..end].iter().map(|row| shift.new_row(*row));
        rows.extend(kept.filter(|row| *row != NO_ROW));
        done = end;
    };
    for row in new {
        take(&mut rows, place(row));
        rows.push(row.row);
    }
    take(&mut rows, old.len());
    rows
}
