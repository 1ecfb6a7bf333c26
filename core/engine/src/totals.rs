//! Sums over all nodes of a kind, which every change of one of them changes: read from columns, so that a change reads
//! the documents that changed and no others. Gives the same numbers, in the same order, as reading them all.
use std::sync::Arc;

use serde_json::Value;
use stocktake_model::{Derive, Model, Over, Path, Step, Take};

use crate::columns::{Column, ColumnKey};
use crate::document::Cursor;
use crate::partition::{Partition, Row};
use crate::steps::Steps;
use crate::sum::Sum;
use crate::value::Num;
use crate::view::{Shape, View};

/// Makes the columns that sums over accounts are read from.
pub(crate) fn expect(partition: &Partition, derived: &[Derive], model: &Model) {
    for derive in derived {
        if let (Over::Account { kind }, Take::Sum(path)) = (&derive.over, &derive.take) {
            let is_one = |code: &usize| model.is_a(&partition.kinds[*code].name, kind);
            let kinds: Vec<usize> = (0..partition.kinds.len()).filter(is_one).collect();
            sum(partition, &kinds, path);
        }
    }
}

/// The sum of the numbers at a path of some kinds; `None` if the path may lead to several values of a node.
pub(crate) fn sum(partition: &Partition, kinds: &[usize], path: &Path) -> Option<Value> {
    let is_key = |step: &Step| matches!(step, Step::Key(_));
    if !path.steps().iter().all(is_key) {
        return None;
    }
    let mut sum = Sum::default();
    for kind in kinds {
        let column = column(partition, *kind, path);
        let numbers: Vec<Option<Num>> = column.distinct(partition).map(number).collect();
        for row in partition.kinds[*kind].rows.clone() {
            for code in column.codes(row) {
                if let Some(number) = numbers[*code as usize] {
                    sum.add(number);
                }
            }
        }
    }
    Some(sum.value().to_value())
}

fn number(value: Option<Cursor<'_>>) -> Option<Num> {
    match View::Doc(value?).shape() {
        Shape::Number(number) => Some(number),
        _ => None,
    }
}

fn column(partition: &Partition, kind: usize, path: &Path) -> Arc<Column> {
    // Paths of rules and of searches are not read alike: their columns have different names.
    let name = format!("\u{1}{path}");
    let key: ColumnKey = (kind, name.clone());
    if let Some(column) = partition.lazy.get(&key) {
        return column;
    }
    let below = partition.layer.as_ref().and_then(|layer| {
        let kind = layer.base.kind_named(&partition.kinds[kind].name)?;
        Some((&layer.base, (kind, name)))
    });
    let Some((base, below)) = below else {
        return kept(partition, key, build(partition, kind, path));
    };
    let of_base = base.lazy.get(&below).unwrap_or_else(|| {
        let column = build(base, below.0, path);
        kept(base, below, column)
    });
    let steps = Steps::bind(path, &partition.strings);
    let values = |row: Row| steps.first(partition.reported(row));
    let layered = partition.layered_column(kind, &of_base, &|row, found| found(values(row)));
    let column = layered.expect("it lies on the base");
    kept(partition, key, column)
}

fn build(partition: &Partition, kind: usize, path: &Path) -> Column {
    let steps = Steps::bind(path, &partition.strings);
    Column::build(partition, kind, &|row, found| {
        found(steps.first(partition.reported(row)));
    })
}

fn kept(partition: &Partition, key: ColumnKey, column: Column) -> Arc<Column> {
    let column = Arc::new(column);
    let documents = partition.arena.len();
    partition.lazy.keep(key, Arc::clone(&column), documents);
    column
}
