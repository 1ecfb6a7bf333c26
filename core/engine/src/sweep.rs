//! Rows that fulfil a filter, found many at a time: rows of one kind are narrowed down test by test, by columns
//! where there are any. What a test means for one row is [`crate::holds`]; both must agree.
use std::collections::VecDeque;
use std::ops::Range;

use stocktake_query::Quantifier;

use crate::access::Ranges;
use crate::check::{Check, Comparing};
use crate::error::EngineError;
use crate::eval::Search;
use crate::graph::Spot;
use crate::parallel::parallel;
use crate::partition::{Partition, Row};
use crate::plan::{From, PathPlan, Section, Step, Test};
use crate::text::{Known, Phrase};
use crate::view::View;

/// Rows of one kind of one partition.
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    pub(crate) part: u32,
    pub(crate) rows: Ranges,
}

/// Rows of a unit at most.
pub(crate) const UNIT: u32 = 8192;
/// Rows that are worth starting threads for.
pub(crate) const MANY: usize = 32_768;

impl Unit {
    pub(crate) fn len(&self) -> usize {
        self.rows.iter().map(Range::len).sum()
    }

    /// Leaves about the first `most` rows and returns the others, if there are more.
    pub(crate) fn split_off(&mut self, most: u32) -> Option<Self> {
        let mut length = 0;
        let whole = self.rows.iter().position(|range| {
            length += range.len();
            length > most as usize
        })?;
        let mut rest = self.rows.split_off(whole);
        if self.rows.is_empty() {
            let first = rest.first_mut()?;
            let end = first.start.saturating_add(most.max(1)).min(first.end);
            self.rows.push(first.start..end);
            first.start = end;
        }
        rest.retain(|range| !range.is_empty());
        (!rest.is_empty()).then_some(Self {
            part: self.part,
            rows: rest,
        })
    }
}

/// Splits ranges where kinds end, and where they get longer than `most`.
pub(crate) fn units(partition: &Partition, part: u32, ranges: Ranges, most: u32) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    // The kind and the length of the last unit.
    let mut open = None;
    for range in ranges {
        let mut start = range.start;
        while start < range.end {
            let kind = partition.kind_code(start);
            let end = range.end.min(partition.kinds[kind].rows.end);
            let end = end.min(start.saturating_add(most));
            match (units.last_mut(), open) {
                (Some(unit), Some((last, length)))
                    if last == kind && length + (end - start) <= most =>
                {
                    unit.rows.push(start..end);
                    open = Some((kind, length + (end - start)));
                }
                _ => {
                    units.push(Unit {
                        part,
                        rows: std::iter::once(start..end).collect(),
                    });
                    open = Some((kind, end - start));
                }
            }
            start = end;
        }
    }
    units
}

/// Whether a test reads documents from end to end.
fn reads_all(test: &Test) -> bool {
    match test {
        Test::Text(_) => true,
        Test::Not(inner) => reads_all(inner),
        Test::And(all) | Test::Or(all) => all.iter().any(reads_all),
        _ => false,
    }
}

/// Finds the rows of all partitions, a few at first, then more and more at once.
#[derive(Debug)]
pub(crate) struct Sweep {
    next_part: u32,
    waiting: VecDeque<Unit>,
    wave: usize,
}

/// Rows looked at by the first wave when nobody knows how many are wanted.
const FIRST_WAVE: usize = 512;
/// Rows looked at by the greatest wave.
const GREATEST_WAVE: usize = 1 << 19;

impl Sweep {
    /// For a reader who may soon have enough.
    pub(crate) fn gentle() -> Self {
        Self {
            next_part: 0,
            waiting: VecDeque::new(),
            wave: FIRST_WAVE,
        }
    }

    /// For a reader who wants all.
    pub(crate) fn whole() -> Self {
        Self {
            wave: GREATEST_WAVE,
            ..Self::gentle()
        }
    }

    /// The next rows that fulfil the filter, in the order of partitions and rows; `None` at the end.
    pub(crate) fn next(
        &mut self,
        search: &Search,
        filter: &Test,
    ) -> Result<Option<Vec<Spot>>, EngineError> {
        let partitions = &search.graph.partitions;
        let most = UNIT.min(u32::try_from(self.wave).unwrap_or(UNIT));
        let mut taken = Vec::new();
        let mut rows = 0;
        while rows < self.wave {
            if let Some(unit) = self.waiting.pop_front() {
                rows += unit.len();
                taken.push(unit);
                continue;
            }
            let Some(partition) = partitions.get(self.next_part as usize) else {
                break;
            };
            let ranges = search.candidates(self.next_part, filter);
            self.waiting
                .extend(units(partition, self.next_part, ranges, most));
            self.next_part += 1;
        }
        if taken.is_empty() {
            return Ok(None);
        }
        self.wave = (4 * self.wave).min(GREATEST_WAVE);
        let many = if reads_all(filter) { MANY / 32 } else { MANY };
        let threads = if rows < many {
            1
        } else {
            search.turn.threads()
        };
        let found = parallel(taken.len(), threads, |at| {
            search.matching(&taken[at], filter)
        })?;
        let spots = taken.iter().zip(found).flat_map(|(unit, rows)| {
            let part = unit.part;
            rows.into_iter().map(move |row| Spot { part, row })
        });
        Ok(Some(spots.collect()))
    }
}

impl Search {
    /// The rows of a unit that fulfil a test, ascending.
    pub(crate) fn matching(&self, unit: &Unit, test: &Test) -> Result<Vec<Row>, EngineError> {
        self.go_on()?;
        let mut rows: Vec<Row> = unit.rows.iter().cloned().flatten().collect();
        self.retain(unit.part, &mut rows, test);
        Ok(rows)
    }

    /// Leaves the rows that fulfil a test. All rows are of one kind.
    fn retain(&self, part: u32, rows: &mut Vec<Row>, test: &Test) {
        let Some(&first) = rows.first() else {
            return;
        };
        match test {
            Test::All => {}
            Test::Kinds(set) => {
                let kind = self.graph.partitions[part as usize].kind_code(first);
                if !self.bound(part).kinds[*set][kind] {
                    rows.clear();
                }
            }
            Test::Text(phrase) => self.retain_text(part, rows, phrase),
            Test::Compare {
                path,
                quantifier,
                check,
                ..
            } => {
                if !self.retain_names(part, rows, path, *quantifier, check)
                    && !self.retain_column(part, rows, test)
                {
                    self.retain_each(part, rows, test);
                }
            }
            Test::Not(inner) => {
                let mut found = rows.clone();
                self.retain(part, &mut found, inner);
                remove(rows, &found);
            }
            Test::And(all) => all.iter().for_each(|one| self.retain(part, rows, one)),
            Test::Or(all) => {
                let mut left = std::mem::take(rows);
                for one in all {
                    let mut found = left.clone();
                    self.retain(part, &mut found, one);
                    remove(&mut left, &found);
                    rows.extend(found);
                }
                rows.sort_unstable();
            }
            _ => self.retain_each(part, rows, test),
        }
    }

    fn retain_each(&self, part: u32, rows: &mut Vec<Row>, test: &Test) {
        rows.retain(|&row| self.holds(self.at(Spot { part, row }), test));
    }

    /// Looks at names only, if that is all the comparison is about.
    fn retain_names(
        &self,
        part: u32,
        rows: &mut Vec<Row>,
        path: &PathPlan,
        quantifier: Option<Quantifier>,
        check: &Check,
    ) -> bool {
        let names = &self.graph.partitions[part as usize].names;
        if quantifier.is_some() || !self.is_name(path) || !names.is_complete() {
            return false;
        }
        match &check.test {
            Comparing::Match(pattern) => {
                let found = names.matching(rows, pattern);
                if check.negated {
                    remove(rows, &found);
                } else {
                    *rows = found;
                }
            }
            _ => rows.retain(|&row| check.holds(Some(View::Text(names.get(row))))),
        }
        true
    }

    /// Whether a path is `/reported.name` of the node itself.
    pub(crate) fn is_name(&self, path: &PathPlan) -> bool {
        path.from == From::Node && self.ends_in_name(path)
    }

    /// Whether a path is `reported.name` of some node.
    pub(crate) fn ends_in_name(&self, path: &PathPlan) -> bool {
        path.section == Section::Reported
            && !path.age
            && matches!(path.steps.as_slice(), [Step::Key(key)] if self.plan.tables.keys[*key] == "name")
    }

    fn retain_text(&self, part: u32, rows: &mut Vec<Row>, phrase: &Phrase) {
        let partition = &self.graph.partitions[part as usize];
        partition.retain_candidates(phrase, rows);
        let mut known = Known::of(&partition.strings);
        rows.retain(|&row| phrase.occurs_with(partition.reported(row), &mut known));
    }
}

/// Takes `gone`, a part of `rows`, out of it; both ascend.
fn remove(rows: &mut Vec<Row>, gone: &[Row]) {
    let mut gone = gone.iter().peekable();
    rows.retain(|row| gone.next_if_eq(&row).is_none());
}
