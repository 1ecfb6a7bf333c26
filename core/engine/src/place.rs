//! What contains the nodes that changed, and who has to look again because of them. Rows are in place already.
use std::collections::BTreeSet;
use std::sync::Arc;

use stocktake_model::Model;

use crate::layout::{region_kinds, regions, wanted_parent};
use crate::links::Links;
use crate::partition::{NO_ROW, Partition, Row};
use crate::splice::Spliced;

impl Spliced<'_> {
    /// Places what changed, and finds the rows (new numbers, ascending) whose references are to be followed again;
    /// `None` if the namespaces of other nodes change.
    pub(crate) fn touched(&mut self, links: &Links, model: &Model) -> Option<Vec<Row>> {
        let is_region = region_kinds(&self.after, model);
        let changed = std::mem::take(&mut self.changed);
        self.place(&changed, &is_region)?;
        self.changed = changed;
        let mut numbers = BTreeSet::new();
        let (was, is) = (
            links.reader(self.before, model),
            links.reader(&self.after, model),
        );
        for row in &self.left {
            let old = was.groups(*row);
            let new = match self.shift.new_row(*row) {
                NO_ROW => Default::default(),
                now => is.groups(now),
            };
            for (old, new) in old.into_iter().zip(new) {
                if old != new {
                    numbers.extend(old);
                    numbers.extend(new);
                }
            }
        }
        for row in &self.changed {
            if self.shift.old_row(*row) == NO_ROW {
                numbers.extend(is.groups(*row).into_iter().flatten());
            }
        }
        let asking = numbers.iter().flat_map(|number| links.asking_for(*number));
        let asking = asking.map(|row| self.shift.new_row(row));
        let mut touched: Vec<Row> = asking.filter(|row| *row != NO_ROW).collect();
        touched.extend(&self.changed);
        touched.sort_unstable();
        touched.dedup();
        self.place_again(&touched, model, &is_region)?;
        Some(touched)
    }

    /// Puts rows below their parents; `None` if one would contain itself.
    fn place(&mut self, rows: &[Row], is_region: &[bool]) -> Option<()> {
        let after = &mut self.after;
        for row in rows {
            let parent = wanted_parent(after, *row);
            if after.parent[*row as usize] != parent {
                Arc::make_mut(&mut after.parent)[*row as usize] = parent;
            }
        }
        for row in rows {
            let region = region_above(after, *row, is_region)?;
            if after.region[*row as usize] != region {
                Arc::make_mut(&mut after.region)[*row as usize] = region;
            }
        }
        Some(())
    }

    /// Puts every touched row below its parent, now that all are there.
    fn place_again(&mut self, touched: &[Row], model: &Model, is_region: &[bool]) -> Option<()> {
        let before: Vec<Option<String>> =
            touched.iter().map(|row| self.region_name(*row)).collect();
        self.place(touched, is_region)?;
        let moved = touched.iter().any(|row| {
            let was = self.shift.old_row(*row);
            let region = self.after.region[*row as usize];
            let old = self.before.region.get(was as usize);
            old.is_some_and(|old| {
                let is_gone = *old != NO_ROW && self.shift.new_row(*old) == NO_ROW;
                is_gone || self.shift.new_row(*old) != region
            })
        });
        if !moved {
            return Some(());
        }
        self.after.region = Arc::new(regions(&self.after, model));
        // Keys were read before all had their place, and those of other rows are not read at all.
        let same = |(row, name): (&Row, &Option<String>)| self.region_name(*row) == *name;
        let all_same = touched.iter().zip(&before).all(same);
        let renamed = |row: Row| {
            let was = self.shift.old_row(row);
            was != NO_ROW
                && self.changed.binary_search(&row).is_err()
                && region_name(self.before, was) != region_name(&self.after, row)
        };
        (all_same && !self.after.rows().any(renamed)).then_some(())
    }

    fn region_name(&self, row: Row) -> Option<String> {
        region_name(&self.after, row).map(str::to_owned)
    }
}

/// Nothing is contained in more than this, one in the other.
const DEEP: usize = 64;

fn region_name(partition: &Partition, row: Row) -> Option<&str> {
    let region = partition.region[row as usize];
    (region != NO_ROW).then(|| partition.name(region))
}

/// The nearest region a row is contained in; `None` if it is contained in itself.
fn region_above(partition: &Partition, row: Row, is_region: &[bool]) -> Option<Row> {
    let mut region = NO_ROW;
    let mut here = row;
    for _ in 0..DEEP {
        if here == NO_ROW {
            return Some(region);
        }
        if region == NO_ROW && is_region[partition.kind_code(here)] {
            region = here;
        }
        here = partition.parent[here as usize];
    }
    None
}
