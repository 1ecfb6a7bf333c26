//! Comparisons answered by columns: what a comparison says about each distinct value of a kind, found once per search.
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use stocktake_query::Quantifier;

use crate::columns::{Column, ColumnKey};
use crate::document::Cursor;
use crate::eval::{At, Search};
use crate::graph::Spot;
use crate::holds::decides;
use crate::partition::{Partition, Row};
use crate::plan::{PathPlan, Step, Test};
use crate::view::View;

/// What one comparison says about the values of one kind.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    asked: AtomicU32,
    verdicts: OnceLock<Verdicts>,
}

#[derive(Debug)]
struct Verdicts {
    column: Arc<Column>,
    /// By number of the value.
    decides: Vec<bool>,
}

impl Verdicts {
    fn decided(&self, row: Row) -> bool {
        let codes = self.column.codes(row);
        codes.iter().any(|code| self.decides[*code as usize])
    }
}

impl Search {
    /// Whether some value of the path decides the comparison, if there is a column to tell. There is one once it
    /// was asked about a quarter of the rows of the kind, or was built by an earlier search.
    pub(crate) fn by_column(
        &self,
        at: At<'_>,
        comparison: usize,
        path: &PathPlan,
        decides: &dyn Fn(Option<View<'_>>) -> bool,
    ) -> Option<bool> {
        let verdicts = self.verdicts(at, comparison, path, decides, 1)?;
        Some(verdicts.decided(at.spot.row))
    }

    /// Leaves the rows that fulfil a comparison, if there is a column to tell; else leaves all and returns false.
    pub(crate) fn retain_column(&self, part: u32, rows: &mut Vec<Row>, test: &Test) -> bool {
        let Test::Compare {
            path,
            quantifier,
            check,
            column: Some(comparison),
        } = test
        else {
            return false;
        };
        let at = self.at(Spot { part, row: rows[0] });
        let asking = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let decides = |view: Option<View<'_>>| decides(path, *quantifier, check, view);
        let Some(verdicts) = self.verdicts(at, *comparison, path, &decides, asking) else {
            return false;
        };
        let wanted = !matches!(quantifier, Some(Quantifier::All | Quantifier::None));
        if !verdicts.decides.contains(&true) {
            if wanted {
                rows.clear();
            }
            return true;
        }
        rows.retain(|row| verdicts.decided(*row) == wanted);
        true
    }

    /// What a comparison says about every value of the kind, now that it is asked for so many rows more.
    fn verdicts<'s>(
        &'s self,
        at: At<'s>,
        comparison: usize,
        path: &PathPlan,
        decides: &dyn Fn(Option<View<'_>>) -> bool,
        asking: u32,
    ) -> Option<&'s Verdicts> {
        let kind = at.partition.kind_code(at.spot.row);
        let slot = &at.bound.slots[comparison * at.partition.kinds.len() + kind];
        if let Some(verdicts) = slot.verdicts.get() {
            return Some(verdicts);
        }
        let asked = slot.asked.fetch_add(asking, Ordering::Relaxed);
        let all = at.partition.kinds[kind].rows.len();
        let often = asked.saturating_add(asking - 1) as usize >= all / 4;
        let column = self.column(at, kind, path, asked == 0, often)?;
        Some(slot.verdicts.get_or_init(|| {
            Verdicts {
                decides: column
                    .distinct(at.partition)
                    .map(|value| decides(value.map(View::Doc)))
                    .collect(),
                column,
            }
        }))
    }

    /// The column of a path for the rows of a kind; built if it is not there.
    pub(crate) fn column_of(&self, at: At<'_>, kind: usize, path: &PathPlan) -> Arc<Column> {
        self.column(at, kind, path, true, true)
            .expect("it is built when it is asked for often")
    }

    fn column(
        &self,
        at: At<'_>,
        kind: usize,
        path: &PathPlan,
        first: bool,
        often: bool,
    ) -> Option<Arc<Column>> {
        if !first && !often {
            return None;
        }
        let partition = at.partition;
        let name = self.column_name(path);
        let key: ColumnKey = (kind, name.clone());
        if let Some(column) = partition.lazy.get(&key) {
            return Some(column);
        }
        if let Some(column) = self.layered(at, kind, path, name, often) {
            partition
                .lazy
                .keep(key, Arc::clone(&column), partition.arena.len());
            return Some(column);
        }
        often.then(|| kept(partition, key, || self.build(partition, at, kind, path)))
    }

    /// The column of a changed partition, from the one of the partition below.
    fn layered(
        &self,
        at: At<'_>,
        kind: usize,
        path: &PathPlan,
        name: String,
        often: bool,
    ) -> Option<Arc<Column>> {
        let base = &at.partition.layer.as_ref()?.base;
        let below = base.kind_named(&at.partition.kinds[kind].name)?;
        let key: ColumnKey = (below, name);
        let column = match base.lazy.get(&key) {
            Some(column) => column,
            None if often => kept(base, key, || self.build(base, at, below, path)),
            None => return None,
        };
        let partition = at.partition;
        let column = partition.layered_column(kind, &column, &|row, found| {
            self.column_values(partition, at, path, row, found);
        })?;
        Some(Arc::new(column))
    }

    fn build(&self, partition: &Partition, at: At<'_>, kind: usize, path: &PathPlan) -> Column {
        Column::build(partition, kind, &|row, found| {
            self.column_values(partition, at, path, row, found);
        })
    }

    /// Every value of a path in a row of the partition of `at`, or of the one below it: keys have the same numbers.
    fn column_values<'p>(
        &self,
        partition: &'p Partition,
        at: At<'_>,
        path: &PathPlan,
        row: Row,
        found: &mut dyn FnMut(Option<Cursor<'p>>),
    ) {
        let start = Some(View::Doc(partition.reported(row)));
        let _ = self.walk(start, at.bound.keys(), &path.steps, &mut |view| {
            found(match view {
                Some(View::Doc(cursor)) => Some(cursor),
                _ => None,
            });
            ControlFlow::Continue(())
        });
    }

    /// Two paths have the same name only if they are the same.
    fn column_name(&self, path: &PathPlan) -> String {
        let names = path.steps.iter().map(|step| match step {
            Step::Key(key) => format!("\n{}", self.plan.tables.keys[*key]),
            Step::At(at) => format!("[{at}]"),
            Step::Any => "[*]".to_owned(),
        });
        names.collect()
    }
}

/// A column that is made now and kept with its partition.
fn kept(partition: &Partition, key: ColumnKey, make: impl FnOnce() -> Column) -> Arc<Column> {
    let column = Arc::new(make());
    let documents = partition.arena.len();
    partition.lazy.keep(key, Arc::clone(&column), documents);
    column
}
