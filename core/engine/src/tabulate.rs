//! Aggregates that only count, over groups that a number per row tells apart: columns, regions, nearest ancestors.
//! Rows are counted by these numbers, and values are looked up once per number. Everything else is
//! [`crate::aggregate`]; both must agree.
use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde_json::Value;
use stocktake_query::FunctionName;

use crate::aggregate::{Groups, rows, tally};
use crate::columns::Column;
use crate::error::EngineError;
use crate::eval::{At, Search};
use crate::graph::{Outbound, Spot, Stored};
use crate::hits::SortKey;
use crate::nearest::Answers;
use crate::parallel::parallel;
use crate::partition::{NO_ROW, Row};
use crate::plan::{
    AggregatePlan, ArgumentPlan, From, GroupValuePlan, PartPlan, PathPlan, Section, Step, Test,
};
use crate::sweep::{MANY, UNIT, Unit, units};
use crate::view::View;

/// How many rows there are of each group.
#[derive(Default)]
struct Counts {
    /// Groups whose values are all texts or missing, by these texts.
    texts: FxHashMap<String, (Vec<Value>, u64)>,
    others: Vec<(Vec<Value>, u64)>,
    key: String,
}

/// The number that stands for a group's value, by row.
enum Codes<'s> {
    Column(Arc<Column>),
    Nearest(&'s Answers),
    Region(&'s [Row]),
    /// The same for all rows of the account.
    Account,
}

impl Search {
    /// The rows of an aggregate, or `None` if it has to be computed node by node.
    pub(crate) fn tabulate(
        &self,
        plan: &AggregatePlan,
        parts: &[PartPlan],
    ) -> Result<Option<Vec<Value>>, EngineError> {
        let [part] = parts else {
            return Ok(None);
        };
        let paths = plan.groups.iter().map(|group| match &group.value {
            GroupValuePlan::Path(path) if is_simple(path) => Some(path),
            _ => None,
        });
        let Some(paths) = paths.collect::<Option<Vec<&PathPlan>>>() else {
            return Ok(None);
        };
        let bare = part.merges.is_empty() && part.with.is_none() && part.post.is_none();
        if !bare || part.limit.is_some() || paths.is_empty() || !counts_only(plan) {
            return Ok(None);
        }
        let mut groups = Groups::new();
        for (values, count) in self.counts(&part.filter, &paths)? {
            let keys = values.into_iter().map(|value| SortKey {
                value,
                descending: false,
            });
            let tallies = groups
                .entry(keys.collect())
                .or_insert_with(|| plan.functions.iter().map(tally).collect());
            for (function, tally) in plan.functions.iter().zip(tallies) {
                let number = match function.argument {
                    ArgumentPlan::Number(number) => number,
                    ArgumentPlan::Path(_) => 0,
                };
                tally.add_rows(number, count);
            }
        }
        Ok(Some(rows(plan, groups)))
    }

    /// Rows per combination of values; a combination may come more than once.
    fn counts(
        &self,
        filter: &Test,
        paths: &[&PathPlan],
    ) -> Result<Vec<(Vec<Value>, u64)>, EngineError> {
        // What is counted already is not worth taking apart.
        let most = match (filter, paths) {
            (Test::All | Test::Kinds(_), [_]) => u32::MAX,
            _ => 16 * UNIT,
        };
        let mut all = Vec::new();
        let mut rows = 0;
        for (number, partition) in (0..).zip(self.graph.partitions.iter()) {
            let ranges = self.candidates(number, filter);
            let units = units(partition, number, ranges, most);
            rows += units.iter().map(Unit::len).sum::<usize>();
            all.extend(units);
        }
        let threads = if rows < MANY { 1 } else { self.turn.threads() };
        let size = all.len().div_ceil(2 * threads).max(1);
        let chunks: Vec<&[Unit]> = all.chunks(size).collect();
        let counted = parallel(chunks.len(), threads, |at| {
            let mut counts = Counts::default();
            for unit in chunks[at] {
                self.count_unit(unit, filter, paths, &mut counts)?;
            }
            Ok(counts)
        })?;
        let of_chunk = |counts: Counts| counts.texts.into_values().chain(counts.others);
        Ok(counted.into_iter().flat_map(of_chunk).collect())
    }

    fn count_unit(
        &self,
        unit: &Unit,
        filter: &Test,
        paths: &[&PathPlan],
        counts: &mut Counts,
    ) -> Result<(), EngineError> {
        if let [path] = paths
            && self.count_kind(unit, filter, path, counts)?
        {
            return Ok(());
        }
        let rows = self.matching(unit, filter)?;
        let Some(&first) = rows.first() else {
            return Ok(());
        };
        let part = unit.part;
        let at = self.at(Spot { part, row: first });
        let kind = at.partition.kind_code(first);
        let leaves = paths.iter().any(|path| self.leads_away(part, path));
        if part == 0 || leaves || 8 * rows.len() < at.partition.kinds[kind].rows.len() {
            // A column for all rows would take longer than a look at these few.
            for row in rows {
                let at = self.at(Spot { part, row });
                let values = paths.iter().map(|path| self.first(at, path));
                counts.add(&values.collect::<Vec<_>>(), 1);
            }
            return Ok(());
        }
        let codes: Vec<Codes<'_>> = paths.iter().map(|path| self.codes(at, path)).collect();
        for (key, count) in by_code(&rows, &codes, at.partition.len()) {
            let values = codes.iter().zip(paths).zip(key);
            let values = values.map(|((codes, path), code)| self.decoded(at, codes, path, code));
            counts.add(&values.collect::<Vec<_>>(), count);
        }
        Ok(())
    }

    /// Counts all rows of a kind by numbers that were counted before; returns whether that is what is asked for.
    fn count_kind(
        &self,
        unit: &Unit,
        filter: &Test,
        path: &PathPlan,
        counts: &mut Counts,
    ) -> Result<bool, EngineError> {
        let (part, [rows]) = (unit.part, unit.rows.as_slice()) else {
            return Ok(false);
        };
        let row = rows.start;
        let at = self.at(Spot { part, row });
        let kind = at.partition.kind_code(row);
        let whole = *rows == at.partition.kinds[kind].rows;
        let all = match filter {
            Test::All => true,
            Test::Kinds(set) => at.bound.kinds[*set][kind],
            _ => false,
        };
        if part == 0 || !whole || !all || self.leads_away(part, path) {
            return Ok(false);
        }
        self.go_on()?;
        let codes = self.codes(at, path);
        let tallies = match &codes {
            Codes::Column(column) => column.tallies(),
            Codes::Nearest(answers) => answers.of_kind(at.partition, kind),
            Codes::Region(_) | Codes::Account => return Ok(false),
        };
        for (code, count) in tallies {
            let value = self.decoded(at, &codes, path, *code);
            counts.add(&[value], u64::from(*count));
        }
        Ok(true)
    }

    /// Whether values may be those of other accounts, which a number per row does not tell apart.
    fn leads_away(&self, part: u32, path: &PathPlan) -> bool {
        match path.from {
            From::Nearest(set, outbound) => self.leaves(part, set, outbound),
            _ => false,
        }
    }

    fn codes<'s>(&'s self, at: At<'s>, path: &PathPlan) -> Codes<'s> {
        match path.from {
            From::Nearest(set, outbound) => Codes::Nearest(self.nearest_rows(at, set, outbound)),
            From::Stored(Stored::Region) => Codes::Region(&at.partition.region),
            From::Stored(_) => Codes::Account,
            _ => {
                let kind = at.partition.kind_code(at.spot.row);
                Codes::Column(self.column_of(at, kind, path))
            }
        }
    }

    /// The value that a code stands for.
    fn decoded<'s>(
        &'s self,
        at: At<'s>,
        codes: &Codes<'_>,
        path: &PathPlan,
        code: u32,
    ) -> Option<View<'s>> {
        let spot = match codes {
            Codes::Column(column) => {
                return column.value(at.partition, code).map(View::Doc);
            }
            Codes::Account => return self.first(at, path),
            Codes::Nearest(_) => self.nearest_spot(at.spot, code)?,
            Codes::Region(_) if code == NO_ROW => return None,
            Codes::Region(_) => Spot {
                row: code,
                ..at.spot
            },
        };
        let partition = self.graph.part(spot);
        if self.ends_in_name(path) && partition.names.is_complete() {
            return Some(View::Text(partition.name(spot.row)));
        }
        let own = PathPlan {
            from: From::Node,
            ..path.clone()
        };
        self.first(self.at(spot), &own)
    }
}

/// Whether every row has one value, which is read from `reported`.
fn is_simple(path: &PathPlan) -> bool {
    let known = match path.from {
        From::Node | From::Nearest(_, Outbound::No) => true,
        From::Stored(stored) => stored != Stored::Zone,
        _ => false,
    };
    known && path.section == Section::Reported && !path.age && !path.steps.contains(&Step::Any)
}

fn counts_only(plan: &AggregatePlan) -> bool {
    plan.functions.iter().all(|function| {
        let number = matches!(function.argument, ArgumentPlan::Number(_));
        function.name == FunctionName::Count
            || (function.name == FunctionName::Sum && number && function.steps.is_empty())
    })
}

/// Number of rows of each combination of codes; `all` is the number of rows of the partition.
fn by_code(rows: &[Row], codes: &[Codes<'_>], all: usize) -> Vec<(Vec<u32>, u64)> {
    if let [one] = codes {
        // Codes are rows or numbers of values, but for the few that stand for nothing or for what is above.
        let mut dense = vec![0_u64; all + 1];
        let mut met = Vec::new();
        let mut counts: FxHashMap<u32, u64> = FxHashMap::default();
        for row in rows {
            let code = one.of(*row);
            match dense.get_mut(code as usize) {
                Some(count) => {
                    if *count == 0 {
                        met.push(code);
                    }
                    *count += 1;
                }
                None => *counts.entry(code).or_default() += 1,
            }
        }
        let met = met.into_iter().map(|code| (code, dense[code as usize]));
        return met
            .chain(counts)
            .map(|(code, count)| (vec![code], count))
            .collect();
    }
    let mut counts: FxHashMap<Vec<u32>, u64> = FxHashMap::default();
    let mut key = Vec::with_capacity(codes.len());
    for row in rows {
        key.clear();
        key.extend(codes.iter().map(|codes| codes.of(*row)));
        match counts.get_mut(&key) {
            Some(count) => *count += 1,
            None => {
                counts.insert(key.clone(), 1);
            }
        }
    }
    counts.into_iter().collect()
}

impl Codes<'_> {
    fn of(&self, row: Row) -> u32 {
        match self {
            Self::Column(column) => column.codes(row)[0],
            Self::Nearest(answers) => answers.rows[row as usize],
            Self::Region(rows) => rows[row as usize],
            Self::Account => 0,
        }
    }
}

impl Counts {
    fn add(&mut self, values: &[Option<View<'_>>], count: u64) {
        let owned = || {
            let values = values.iter();
            let values = values.map(|view| view.map_or(Value::Null, View::to_value));
            values.collect()
        };
        self.key.clear();
        for value in values {
            match value {
                None => self.key.push('\u{1}'),
                Some(value) => match value.text() {
                    Some(text) if !text.contains(['\0', '\u{1}']) => self.key.push_str(&text),
                    _ => return self.others.push((owned(), count)),
                },
            }
            self.key.push('\0');
        }
        match self.texts.get_mut(&self.key) {
            Some((_, known)) => *known += count,
            None => {
                self.texts.insert(self.key.clone(), (owned(), count));
            }
        }
    }
}
