//! Which rows of a partition can fulfil a test at all, found without reading documents: by kind, id, name, and
//! by what all nodes of an account have in common. Always at least the rows that do.
use std::ops::Range;

use serde_json::Value;

use crate::check::{Check, Comparing};
use crate::eval::Search;
use crate::graph::{Spot, Stored};
use crate::partition::{NO_ROW, Row, row_number};
use crate::plan::{From, PathPlan, Section, Step, Test};
use crate::view::View;

/// Rows, ascending, next to each other or not.
pub(crate) type Ranges = Vec<Range<Row>>;

impl Search {
    /// Rows of a partition that may fulfil a test.
    pub(crate) fn candidates(&self, part: u32, test: &Test) -> Ranges {
        let rows = row_number(self.graph.partitions[part as usize].len());
        let ranges = self
            .narrow(part, test)
            .unwrap_or_else(|| std::iter::once(0..rows).collect());
        ranges
            .into_iter()
            .filter(|range| !range.is_empty())
            .collect()
    }

    /// `None` if every row may fulfil the test.
    fn narrow(&self, part: u32, test: &Test) -> Option<Ranges> {
        let partition = &self.graph.partitions[part as usize];
        match test {
            Test::Kinds(set) => {
                let wanted = &self.bound(part).kinds[*set];
                let kinds = partition.kinds.iter().zip(wanted);
                Some(
                    kinds
                        .filter(|(_, wanted)| **wanted)
                        .map(|(kind, _)| kind.rows.clone())
                        .collect(),
                )
            }
            Test::Ids(ids) => Some(single(ids.iter().filter_map(|id| partition.row_of(id)))),
            Test::Compare {
                path,
                quantifier: None,
                check,
                ..
            } => self.narrow_by(part, test, path, check),
            Test::Text(phrase) => {
                let candidates = partition.word_candidates(phrase)?;
                Some(single(candidates.iter().copied()))
            }
            Test::And(all) => self.narrow_all(part, all),
            Test::Or(all) => {
                let narrowed: Option<Vec<Ranges>> =
                    all.iter().map(|one| self.narrow(part, one)).collect();
                Some(union(narrowed?.concat()))
            }
            _ => None,
        }
    }

    fn narrow_all(&self, part: u32, all: &[Test]) -> Option<Ranges> {
        // The account may say no for all its nodes, which spares the look at the rest.
        let (of_account, others): (Vec<&Test>, Vec<&Test>) =
            all.iter().partition(|test| is_of_account(test));
        let mut narrowed: Option<Ranges> = None;
        for one in of_account.into_iter().chain(others) {
            if let Some(ranges) = self.narrow(part, one) {
                let both = narrowed.map(|known| intersection(&known, &ranges));
                narrowed = Some(both.unwrap_or(ranges));
            }
            if narrowed.as_ref().is_some_and(Vec::is_empty) {
                break;
            }
        }
        narrowed
    }

    fn narrow_by(&self, part: u32, test: &Test, path: &PathPlan, check: &Check) -> Option<Ranges> {
        let partition = &self.graph.partitions[part as usize];
        if matches!(path.from, From::Stored(Stored::Account | Stored::Cloud)) {
            // The same for every node of the account, so the account answers for all.
            let row = partition.account_row;
            let asked = part != 0 && row != NO_ROW;
            if asked
                && path.from == From::Stored(Stored::Account)
                && self.ends_in_name(path)
                && partition.names.is_complete()
            {
                let holds = check.holds(Some(View::Text(partition.name(row))));
                return (!holds).then(Vec::new);
            }
            let refused = asked && !self.holds(self.at(Spot { part, row }), test);
            return refused.then(Vec::new);
        }
        let (From::Node, Section::Reported, [Step::Key(key)]) =
            (path.from, path.section, path.steps.as_slice())
        else {
            return None;
        };
        let texts = texts(check)?;
        match self.plan.tables.keys[*key].as_str() {
            "id" => {
                let rows = texts.iter().flat_map(|uid| partition.rows_with_uid(uid));
                Some(single(rows.copied()))
            }
            "name" => {
                let named = (0..partition.kinds.len()).flat_map(|kind| {
                    texts
                        .iter()
                        .map(move |name| partition.rows_named(kind, name))
                });
                Some(union(named.collect()))
            }
            _ => None,
        }
    }
}

fn is_of_account(test: &Test) -> bool {
    let Test::Compare { path, .. } = test else {
        return false;
    };
    matches!(path.from, From::Stored(Stored::Account | Stored::Cloud))
}

/// The texts one of which the value has to be.
fn texts(check: &Check) -> Option<Vec<&str>> {
    let literals = match &check.test {
        _ if check.negated => return None,
        Comparing::Equal(literal) => std::slice::from_ref(literal),
        Comparing::In(literals) => literals,
        _ => return None,
    };
    literals
        .iter()
        .map(|literal| match &literal.value {
            Value::String(text) if literal.number.is_none() => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

fn single(rows: impl Iterator<Item = Row>) -> Ranges {
    let mut rows: Vec<Row> = rows.collect();
    rows.sort_unstable();
    rows.dedup();
    rows.into_iter().map(|row| row..row + 1).collect()
}

fn union(mut ranges: Ranges) -> Ranges {
    ranges.retain(|range| !range.is_empty());
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut joined: Ranges = Vec::with_capacity(ranges.len());
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

fn intersection(a: &[Range<Row>], b: &[Range<Row>]) -> Ranges {
    let (mut at_a, mut at_b) = (0, 0);
    let mut common = Ranges::new();
    while let (Some(left), Some(right)) = (a.get(at_a), b.get(at_b)) {
        let overlap = left.start.max(right.start)..left.end.min(right.end);
        if !overlap.is_empty() {
            common.push(overlap);
        }
        if left.end < right.end {
            at_a += 1;
        } else {
            at_b += 1;
        }
    }
    common
}

#[cfg(test)]
#[expect(
    clippy::single_range_in_vec_init,
    reason = "a range of rows is one element here"
)]
mod tests {
    use super::*;

    #[test]
    fn ranges_join_and_overlap() {
        assert_eq!(union(vec![4..6, 0..2, 2..3, 5..9, 7..7]), [0..3, 4..9]);
        assert_eq!(
            intersection(&[0..4, 6..9], &[2..7, 8..12]),
            [2..4, 6..7, 8..9]
        );
        assert_eq!(intersection(&[0..4], &[4..5]), Ranges::new());
        assert_eq!(single([3, 1, 3].into_iter()), [1..2, 3..4]);
    }
}
