//! Comparisons answered by columns: what a comparison says about each distinct value of a kind, found once per search.
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use crate::columns::{Column, ColumnKey};
use crate::eval::{At, Search};
use crate::partition::Partition;
use crate::plan::{PathPlan, Step};
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
        let kind = at.partition.kind_code(at.spot.row);
        let slot = &at.bound.slots[comparison * at.partition.kinds.len() + kind];
        let verdicts = if let Some(verdicts) = slot.verdicts.get() {
            verdicts
        } else {
            let asked = slot.asked.fetch_add(1, Ordering::Relaxed);
            let often = asked as usize >= at.partition.kinds[kind].rows.len() / 4;
            let column = self.column(at, kind, path, asked == 0, often)?;
            slot.verdicts.get_or_init(|| Verdicts {
                decides: column
                    .distinct(at.partition)
                    .map(|value| decides(value.map(View::Doc)))
                    .collect(),
                column,
            })
        };
        let codes = verdicts.column.codes(at.spot.row);
        Some(codes.iter().any(|code| verdicts.decides[*code as usize]))
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
        let key: ColumnKey = (kind, self.column_name(path));
        if let Some(column) = at.partition.lazy.get(&key) {
            return Some(column);
        }
        often.then(|| {
            let column = Arc::new(self.build(at.partition, at, kind, path));
            let documents = at.partition.arena.len();
            at.partition.lazy.keep(key, Arc::clone(&column), documents);
            column
        })
    }

    fn build(&self, partition: &Partition, at: At<'_>, kind: usize, path: &PathPlan) -> Column {
        Column::build(partition, kind, &|row, found| {
            let start = Some(View::Doc(partition.reported(row)));
            let _ = self.walk(start, at.bound.keys(), &path.steps, &mut |view| {
                found(match view {
                    Some(View::Doc(cursor)) => Some(cursor),
                    _ => None,
                });
                ControlFlow::Continue(())
            });
        })
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
