//! One account (a cluster) in memory: rows sorted by kind, name and id, their documents in one arena, and the
//! arrays that find and connect them. Immutable but for caches; made by [`crate::PartitionBuilder`].
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use serde_json::Value;
use stocktake_model::{EdgeRecord, EdgeType, Map, NodeId, NodeRecord, Parent, Relation};

use crate::adjacency::Adjacency;
use crate::arena::Arena;
use crate::columns::Columns;
use crate::document::Cursor;
use crate::intern::Strings;
use crate::layer::Layer;
use crate::links::{Fingerprint, Links};
use crate::names::Names;
use crate::nearest::Nearest;
use crate::spread::{first_from, spread};
use crate::words::Words;

/// The number of a node inside its partition.
pub(crate) type Row = u32;

/// No row.
pub(crate) const NO_ROW: Row = u32::MAX;

/// A place in an array of rows as a row.
pub(crate) fn row_number(at: usize) -> Row {
    Row::try_from(at).expect("a partition has fewer than 2^32 nodes and edges")
}

/// The rows of one kind, next to each other.
#[derive(Debug, Clone)]
pub(crate) struct KindRows {
    pub(crate) name: String,
    pub(crate) rows: Range<Row>,
}

/// One account in memory. The default has no rows and stands for no account.
#[derive(Debug, Default)]
pub struct Partition {
    pub(crate) cloud: String,
    pub(crate) account: String,
    pub(crate) account_name: String,
    /// The row of the account itself; [`NO_ROW`] for the partition of the root and the clouds.
    pub(crate) account_row: Row,
    pub(crate) strings: Strings,
    /// By name; together they hold every row.
    pub(crate) kinds: Vec<KindRows>,
    pub(crate) arena: Arena,
    /// Where the document of each row begins.
    pub(crate) docs: Vec<usize>,
    pub(crate) columns: Fixed,
    pub(crate) names: Arc<Names>,
    pub(crate) words: Words,
    /// Rows by node id.
    pub(crate) by_id: Arc<Vec<Row>>,
    /// Rows by `reported.id`: by its number ([`spread`]), then by the text.
    pub(crate) by_uid: Arc<Vec<Row>>,
    /// What each row is contained in; [`NO_ROW`] for the account.
    pub(crate) parent: Arc<Vec<Row>>,
    /// The nearest region each row is contained in, itself included.
    pub(crate) region: Arc<Vec<Row>>,
    /// By [`EdgeType`].
    pub(crate) edges: [Adjacency; 3],
    /// Names of all properties right below `reported`.
    pub(crate) properties: BTreeSet<String>,
    /// Kinds with references to other accounts.
    pub(crate) referring: BTreeSet<String>,
    /// What a rebuild needs to know: properties that were added here, edges the collector sent itself.
    pub(crate) derived: Vec<Derived>,
    pub(crate) explicit: Arc<Vec<EdgeRecord>>,
    pub(crate) skipped: Vec<(Row, NodeId, Relation)>,
    pub(crate) stubs: Vec<Row>,
    pub(crate) counted: Counted,
    pub(crate) nearest: Arc<Nearest>,
    pub(crate) lazy: Columns,
    /// Kinds that records named as the region they are contained in.
    pub(crate) region_kinds: BTreeSet<String>,
    /// Whether some node would have contained itself.
    pub(crate) had_loops: bool,
    /// Which rules made the edges; `None` if they came from elsewhere.
    pub(crate) resolved_by: Option<Fingerprint>,
    /// Who refers to whom; made when the first change comes.
    pub(crate) links: OnceLock<Links>,
    /// The partition this one is a change of, if it is one.
    pub(crate) layer: Option<Layer>,
    /// Nodes that changed since it was made of all its documents, each as often as it did. Texts that nobody has any more stay
    /// until it is made anew.
    pub(crate) changes: usize,
}

/// A property that was added here, and to which kinds.
#[derive(Debug, Clone)]
pub(crate) struct Derived {
    pub(crate) property: String,
    pub(crate) on: Vec<bool>,
}

/// Columns that are always there, by row.
#[derive(Debug, Default)]
pub(crate) struct Fixed {
    pub(crate) ids: Arc<Vec<NodeId>>,
    /// Place in `kinds`.
    pub(crate) kind: Arc<Vec<u16>>,
    /// Where in the document the text of `reported.id` stands.
    pub(crate) uid_at: Vec<u32>,
}

/// What was dropped or counted while the partition was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    /// Records without kind or id, and records that came twice.
    pub dropped_nodes: usize,
    /// Edges that name a node which is not there.
    pub dropped_edges: usize,
    /// References that edge rules looked up; grows linearly with the number of references.
    pub lookups: usize,
    /// Nodes visited to find out whether an edge closes a cycle.
    pub cycle_steps: usize,
}

/// Where the sections of a document begin.
#[derive(Clone, Copy)]
pub(crate) struct Sections<'a> {
    pub(crate) reported: Cursor<'a>,
    pub(crate) metadata: Cursor<'a>,
    pub(crate) parent: Cursor<'a>,
}

/// Reads the sections that stand one behind the other.
pub(crate) fn sections<'a>(strings: &'a Strings, document: &'a [u8]) -> Sections<'a> {
    let reported = Cursor::new(strings, document);
    let metadata = reported.after();
    Sections {
        reported,
        metadata,
        parent: metadata.after(),
    }
}

impl Partition {
    /// Id of the account; empty for the partition of the root and the clouds.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// Name of the account, for people.
    pub fn account_name(&self) -> &str {
        &self.account_name
    }

    /// Name of the cloud the account is in.
    pub fn cloud(&self) -> &str {
        &self.cloud
    }

    /// Number of nodes.
    pub fn len(&self) -> usize {
        self.columns.ids.len()
    }

    /// Nodes that changed since all documents were read, each as often as it did: what was of no use any more by then
    /// still takes memory.
    pub fn changes(&self) -> usize {
        self.changes
    }

    /// Whether there are no nodes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Every edge, by type and row; made by rules or sent by the collector.
    pub fn edges(&self) -> impl Iterator<Item = EdgeRecord> {
        EdgeType::ALL.into_iter().flat_map(move |edge_type| {
            self.edges[edge_type as usize]
                .edges()
                .map(move |edge| EdgeRecord {
                    from: self.columns.ids[edge.from as usize],
                    to: self.columns.ids[edge.to as usize],
                    edge_type,
                    relations: edge.relations.iter().collect(),
                })
        })
    }

    /// Number of edges of all types.
    pub fn edge_count(&self) -> usize {
        self.edges.iter().map(Adjacency::len).sum()
    }

    /// Edges that would have closed a cycle: source, target, relation.
    pub fn skipped_edges(&self) -> impl Iterator<Item = (NodeId, NodeId, Relation)> {
        self.skipped
            .iter()
            .map(|(row, to, relation)| (self.columns.ids[*row as usize], *to, *relation))
    }

    /// Regions that were made up because nothing was sent for them.
    pub fn stubs(&self) -> impl Iterator<Item = NodeRecord> {
        self.stubs.iter().map(|row| self.record(*row))
    }

    /// What was dropped or counted while it was built.
    pub fn counted(&self) -> Counted {
        self.counted
    }

    /// Number of nodes of each kind, by kind.
    pub fn kind_counts(&self) -> impl Iterator<Item = (&str, usize)> {
        self.kinds
            .iter()
            .map(|kind| (kind.name.as_str(), kind.rows.len()))
    }

    /// Bytes it takes in memory, caches included.
    pub fn memory_bytes(&self) -> usize {
        let row_arrays = 4
            * (self.by_id.capacity()
                + self.by_uid.capacity()
                + self.parent.capacity()
                + self.region.capacity()
                + self.columns.uid_at.capacity());
        let edges: usize = self.edges.iter().map(Adjacency::memory_bytes).sum();
        size_of::<Self>()
            + self.strings.memory_bytes()
            + self.arena.memory_bytes()
            + size_of::<usize>() * self.docs.capacity()
            + size_of::<NodeId>() * self.columns.ids.capacity()
            + 2 * self.columns.kind.capacity()
            + row_arrays
            + edges
            + self.names.memory_bytes()
            + self.words.memory_bytes()
            + self.nearest.memory_bytes()
            + self.lazy.memory_bytes()
            + self.links.get().map_or(0, Links::memory_bytes)
            + self.layer.as_ref().map_or(0, Layer::memory_bytes)
    }

    pub(crate) fn sections(&self, row: Row) -> Sections<'_> {
        sections(&self.strings, self.arena.from(self.docs[row as usize]))
    }

    pub(crate) fn reported(&self, row: Row) -> Cursor<'_> {
        self.value_at(self.docs[row as usize])
    }

    /// The bytes of the document of a row.
    pub(crate) fn document(&self, row: Row) -> &[u8] {
        let sections = self.sections(row);
        let behind = sections.parent.after();
        let bytes = self.arena.from(self.docs[row as usize]);
        &bytes[..behind.offset_in(sections.reported)]
    }

    /// Where in the arena a value of a row's document stands.
    pub(crate) fn place_of(&self, row: Row, value: Cursor<'_>) -> usize {
        self.docs[row as usize] + value.offset_in(self.reported(row))
    }

    /// The value at a place in the arena.
    pub(crate) fn value_at(&self, place: usize) -> Cursor<'_> {
        Cursor::new(&self.strings, self.arena.from(place))
    }

    fn text_at(&self, row: Row, offset: u32) -> &str {
        if offset == u32::MAX {
            return "";
        }
        match self
            .value_at(self.docs[row as usize] + offset as usize)
            .item()
        {
            crate::document::Item::Text(text) => text,
            _ => "",
        }
    }

    pub(crate) fn name(&self, row: Row) -> &str {
        self.names.get(row)
    }

    pub(crate) fn uid(&self, row: Row) -> &str {
        self.text_at(row, self.columns.uid_at[row as usize])
    }

    pub(crate) fn kind_code(&self, row: Row) -> usize {
        usize::from(self.columns.kind[row as usize])
    }

    pub(crate) fn kind(&self, row: Row) -> &str {
        &self.kinds[self.kind_code(row)].name
    }

    /// The place of a kind in `kinds`.
    pub(crate) fn kind_named(&self, name: &str) -> Option<usize> {
        let found = self
            .kinds
            .binary_search_by(|kind| kind.name.as_str().cmp(name));
        found.ok()
    }

    pub(crate) fn id(&self, row: Row) -> NodeId {
        self.columns.ids[row as usize]
    }

    pub(crate) fn row_of(&self, id: &NodeId) -> Option<Row> {
        let start = first_from(self.by_id.len(), head(id), |at| {
            head(&self.id(self.by_id[at]))
        });
        let same = self.by_id[start..].iter().copied();
        let mut same = same.take_while(|row| head(&self.id(*row)) == head(id));
        same.find(|row| self.id(*row) == *id)
    }

    /// Rows whose `reported.id` is `uid`: one, or more if kinds share ids.
    pub(crate) fn rows_with_uid(&self, uid: &str) -> &[Row] {
        let wanted = spread(uid);
        let number = |row: &Row| spread(self.uid(*row));
        let from = first_from(self.by_uid.len(), wanted, |at| number(&self.by_uid[at]));
        let others = self.by_uid[from..].iter();
        let others = others.take_while(|row| self.uid(**row) != uid && number(row) == wanted);
        let start = from + others.count();
        let same = self.by_uid[start..].iter();
        let length = same.take_while(|row| self.uid(**row) == uid).count();
        &self.by_uid[start..start + length]
    }

    /// Rows of one kind with this name, next to each other.
    pub(crate) fn rows_named(&self, kind: usize, name: &str) -> Range<Row> {
        named(&self.kinds[kind].rows, name, |row| self.name(row))
    }

    /// The node as it was sent: without what was added here.
    pub(crate) fn record(&self, row: Row) -> NodeRecord {
        let sections = self.sections(row);
        let mut reported = sections.reported.to_map();
        for derive in &self.derived {
            if derive.on[self.kind_code(row)] {
                reported.remove(&derive.property);
            }
        }
        let mut metadata = sections.metadata.to_map();
        metadata.remove(SKIPPED_EDGES);
        NodeRecord {
            reported,
            metadata,
            parent: parent_of(&sections.parent.to_value()),
        }
    }

    pub(crate) fn is_stub(&self, row: Row) -> bool {
        self.stubs.binary_search(&row).is_ok()
    }
}

/// The first part of an id, which is a hash.
fn head(id: &NodeId) -> u32 {
    let [a, b, c, d, ..] = *id.as_bytes();
    u32::from_be_bytes([a, b, c, d])
}

/// The property of `metadata` that lists edges which would have closed a cycle.
pub(crate) const SKIPPED_EDGES: &str = "skipped_edges";

/// Rows with this name among rows that are sorted by name.
pub(crate) fn named<'n>(
    rows: &Range<Row>,
    name: &str,
    name_of: impl Fn(Row) -> &'n str,
) -> Range<Row> {
    let bound = |before: &dyn Fn(&str) -> bool| {
        let (mut low, mut high) = (rows.start, rows.end);
        while low < high {
            let middle = low + (high - low) / 2;
            if before(name_of(middle)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    };
    bound(&|found| found < name)..bound(&|found| found <= name)
}

/// How a parent is written at the end of a document.
pub(crate) fn parent_value(parent: &Parent) -> Value {
    match parent {
        Parent::Account => Value::Null,
        Parent::Uid(uid) => uid.as_str().into(),
        Parent::Region { kind, name } => vec![kind.as_str(), name.as_str()].into(),
    }
}

/// The parent that [`parent_value`] wrote.
pub(crate) fn parent_of(value: &Value) -> Parent {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match value {
        Value::String(uid) => Parent::Uid(uid.clone()),
        Value::Array(items) if items.len() == 2 => Parent::Region {
            kind: text(&items[0]),
            name: text(&items[1]),
        },
        _ => Parent::Account,
    }
}

/// The metadata that marks a made-up region.
pub(crate) fn stub_metadata() -> Map {
    Map::from_iter([("source".to_owned(), Value::from("stub"))])
}
