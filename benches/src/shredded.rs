//! Nodes as columns: one per kind and property, each with its distinct values and a number for every row that has it.
//! Whole documents are put together again from all columns of a kind. A prototype, to be measured.
use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use stocktake_model::NodeRecord;

/// The nodes of one cluster.
pub(crate) struct Shredded {
    rows: usize,
    /// By kind and path; `[]` stands for the elements of a list.
    columns: BTreeMap<String, BTreeMap<String, Column>>,
}

/// The values of one property of one kind.
#[derive(Default)]
struct Column {
    /// Row of each value, ascending.
    rows: Vec<u32>,
    /// Number of each value.
    codes: Codes,
    /// Which elements of lists each value is in; empty where no list is on the way.
    places: Vec<u32>,
    /// The distinct values as JSON.
    joined: String,
    ends: Vec<u32>,
}

/// Numbers in as few bytes as the largest takes.
enum Codes {
    One(Vec<u8>),
    Two(Vec<u16>),
    Four(Vec<u32>),
}

impl Default for Codes {
    fn default() -> Self {
        Self::Four(Vec::new())
    }
}

impl Codes {
    fn get(&self, at: usize) -> usize {
        match self {
            Self::One(codes) => usize::from(codes[at]),
            Self::Two(codes) => usize::from(codes[at]),
            Self::Four(codes) => codes[at] as usize,
        }
    }

    fn narrowed(codes: Vec<u32>) -> Self {
        if let Ok(codes) = codes.iter().map(|code| u8::try_from(*code)).collect() {
            return Self::One(codes);
        }
        match codes.iter().map(|code| u16::try_from(*code)).collect() {
            Ok(codes) => Self::Two(codes),
            Err(_) => Self::Four(codes),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::One(codes) => codes.capacity(),
            Self::Two(codes) => 2 * codes.capacity(),
            Self::Four(codes) => 4 * codes.capacity(),
        }
    }
}

/// A column that still grows.
#[derive(Default)]
struct Growing {
    column: Column,
    codes: Vec<u32>,
    known: HashMap<String, u32>,
    in_list: bool,
}

impl Growing {
    fn push(&mut self, row: u32, place: u32, value: &Value) {
        let text = value.to_string();
        let column = &mut self.column;
        let code = *self.known.entry(text).or_insert_with_key(|text| {
            column.joined.push_str(text);
            column.ends.push(number(column.joined.len()));
            number(column.ends.len() - 1)
        });
        self.in_list |= place != 0;
        self.codes.push(code);
        column.rows.push(row);
        column.places.push(place);
    }

    fn finish(mut self) -> Column {
        if !self.in_list {
            self.column.places = Vec::new();
        }
        self.column.codes = Codes::narrowed(self.codes);
        self.column.rows.shrink_to_fit();
        self.column.places.shrink_to_fit();
        self.column.joined.shrink_to_fit();
        self.column.ends.shrink_to_fit();
        self.column
    }
}

fn number(at: usize) -> u32 {
    u32::try_from(at).expect("a cluster of a bench is far below 2^32")
}

impl Column {
    fn text(&self, code: usize) -> &str {
        let start = if code == 0 { 0 } else { self.ends[code - 1] };
        &self.joined[start as usize..self.ends[code] as usize]
    }

    /// Number of rows with a value that `wanted` takes.
    fn matching(&self, wanted: impl Fn(&str) -> bool) -> usize {
        let wanted: Vec<bool> = (0..self.ends.len())
            .map(|code| wanted(self.text(code).trim_matches('"')))
            .collect();
        if !wanted.contains(&true) {
            return 0;
        }
        let mut rows: Vec<u32> = (0..self.rows.len())
            .filter(|at| wanted[self.codes.get(*at)])
            .map(|at| self.rows[at])
            .collect();
        rows.dedup();
        rows.len()
    }
}

impl Shredded {
    pub(crate) fn new(records: &[NodeRecord]) -> Self {
        let mut growing: BTreeMap<String, BTreeMap<String, Growing>> = BTreeMap::new();
        for (row, record) in records.iter().enumerate() {
            let columns = growing.entry(record.kind().to_owned()).or_default();
            for (key, value) in &record.reported {
                shred(columns, key.clone(), 0, (number(row), value));
            }
        }
        let finish = |columns: BTreeMap<String, Growing>| {
            let columns = columns.into_iter();
            columns
                .map(|(path, column)| (path, column.finish()))
                .collect()
        };
        Self {
            rows: records.len(),
            columns: (growing.into_iter())
                .map(|(kind, columns)| (kind, finish(columns)))
                .collect(),
        }
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    fn all(&self) -> impl Iterator<Item = (&String, &Column)> {
        self.columns.values().flatten()
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        let arrays = |column: &Column| {
            4 * (column.rows.capacity() + column.places.capacity() + column.ends.capacity())
                + column.codes.bytes()
                + column.joined.capacity()
        };
        self.all()
            .map(|(path, column)| arrays(column) + size_of::<Column>() + path.len())
            .sum()
    }

    /// All arrays one behind the other, each after its length.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put(&mut out, &numbers(&[number(self.rows)]));
        for (kind, columns) in &self.columns {
            for (path, column) in columns {
                put(&mut out, kind.as_bytes());
                put(&mut out, path.as_bytes());
                put(&mut out, &numbers(&column.rows));
                put(&mut out, &numbers(&column.places));
                put(&mut out, column.joined.as_bytes());
                put(&mut out, &numbers(&column.ends));
                let codes = match &column.codes {
                    Codes::One(codes) => codes.clone(),
                    Codes::Two(codes) => codes.iter().flat_map(|code| code.to_le_bytes()).collect(),
                    Codes::Four(codes) => numbers(codes),
                };
                put(&mut out, &codes);
            }
        }
        out
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let [rows] = numbers_of(take(&mut rest)?)[..] else {
            return None;
        };
        let mut columns: BTreeMap<String, BTreeMap<String, Column>> = BTreeMap::new();
        while !rest.is_empty() {
            let mut text = || String::from_utf8(take(&mut rest)?.to_vec()).ok();
            let (kind, path) = (text()?, text()?);
            let mut column = Column {
                rows: numbers_of(take(&mut rest)?),
                places: numbers_of(take(&mut rest)?),
                joined: String::from_utf8(take(&mut rest)?.to_vec()).ok()?,
                ends: numbers_of(take(&mut rest)?),
                codes: Codes::default(),
            };
            let codes = take(&mut rest)?;
            column.codes = match codes.len() / column.rows.len().max(1) {
                1 => Codes::One(codes.to_vec()),
                2 => Codes::Two(
                    (codes.as_chunks().0.iter())
                        .map(|two| u16::from_le_bytes(*two))
                        .collect(),
                ),
                _ => Codes::Four(numbers_of(codes)),
            };
            columns.entry(kind).or_default().insert(path, column);
        }
        Some(Self {
            rows: rows as usize,
            columns,
        })
    }

    /// Number of nodes of a kind with a value at a path that `wanted` takes.
    pub(crate) fn matching(&self, kind: &str, path: &str, wanted: impl Fn(&str) -> bool) -> usize {
        let column = self.columns.get(kind).and_then(|columns| columns.get(path));
        column.map_or(0, |column| column.matching(wanted))
    }

    /// Number of values with a text in them: every distinct value is looked at.
    pub(crate) fn containing(&self, text: &str) -> usize {
        let columns = self.all().map(|(_, column)| column);
        let holding = columns.filter(|column| column.joined.contains(text));
        holding
            .map(|column| column.matching(|value| value.contains(text)))
            .sum()
    }

    /// The first nodes of a kind, put together from all columns of the kind.
    pub(crate) fn documents(&self, kind: &str, most: usize) -> Vec<Vec<(&str, u32, &str)>> {
        let Some(columns) = self.columns.get(kind) else {
            return Vec::new();
        };
        let names = columns.get("name").map_or(&[][..], |column| &column.rows);
        let whole = |row: &u32| {
            let mut members = Vec::new();
            for (path, column) in columns {
                let from = column.rows.partition_point(|other| other < row);
                let own = column.rows[from..].iter().take_while(|other| *other == row);
                for at in (from..).take(own.count()) {
                    let place = column.places.get(at).copied().unwrap_or(0);
                    members.push((path.as_str(), place, column.text(column.codes.get(at))));
                }
            }
            members
        };
        names.iter().take(most).map(whole).collect()
    }
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&number(bytes.len()).to_le_bytes());
    out.extend_from_slice(bytes);
}

fn take<'b>(rest: &mut &'b [u8]) -> Option<&'b [u8]> {
    let (length, after) = rest.split_first_chunk()?;
    let (bytes, after) = after.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    *rest = after;
    Some(bytes)
}

fn numbers(numbers: &[u32]) -> Vec<u8> {
    numbers
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect()
}

fn numbers_of(bytes: &[u8]) -> Vec<u32> {
    let (chunks, _) = bytes.as_chunks();
    chunks
        .iter()
        .map(|four| u32::from_le_bytes(*four))
        .collect()
}

/// Leaves go into their columns; where they are in lists is one number, base 256.
fn shred(
    columns: &mut BTreeMap<String, Growing>,
    path: String,
    place: u32,
    (row, value): (u32, &Value),
) {
    match value {
        Value::Array(items) if !items.is_empty() => {
            for (at, item) in (1..).zip(items) {
                let place = place.wrapping_mul(256).wrapping_add(at);
                shred(columns, format!("{path}[]"), place, (row, item));
            }
        }
        Value::Object(members) if !members.is_empty() => {
            for (key, member) in members {
                shred(columns, format!("{path}.{key}"), place, (row, member));
            }
        }
        leaf => columns.entry(path).or_default().push(row, place, leaf),
    }
}
