//! Questions that need no look at any node: how many there are of each kind.
use rustc_hash::FxHashMap;
use serde_json::Value;
use stocktake_query::FunctionName;

use crate::aggregate::{Groups, rows, tally};
use crate::eval::Search;
use crate::hits::SortKey;
use crate::plan::{
    AggregatePlan, ArgumentPlan, From, GroupValuePlan, PartPlan, Section, Step, Test,
};

impl Search {
    /// The rows of `aggregate(kind: sum(1)): is(…)`, or `None` if more is asked.
    pub(crate) fn count_kinds(
        &self,
        plan: &AggregatePlan,
        parts: &[PartPlan],
    ) -> Option<Vec<Value>> {
        let [part] = parts else {
            return None;
        };
        let bare = part.merges.is_empty() && part.with.is_none() && part.post.is_none();
        if !bare || !matches!(part.filter, Test::All | Test::Kinds(_)) {
            return None;
        }
        let by_kind = plan.groups.iter().all(|group| self.is_kind(&group.value));
        let counts = plan.functions.iter().all(|function| {
            let number = matches!(function.argument, ArgumentPlan::Number(_));
            function.name == FunctionName::Count
                || (function.name == FunctionName::Sum && number && function.steps.is_empty())
        });
        if !by_kind || !counts {
            return None;
        }
        let mut groups = Groups::new();
        if plan.groups.is_empty() {
            groups.insert(Vec::new(), plan.functions.iter().map(tally).collect());
        }
        for (kind, count) in self.kind_counts(&part.filter) {
            let key = plan.groups.iter().map(|_| SortKey {
                value: kind.into(),
                descending: false,
            });
            let tallies = groups
                .entry(key.collect())
                .or_insert_with(|| plan.functions.iter().map(tally).collect());
            for (function, tally) in plan.functions.iter().zip(tallies) {
                let number = match function.argument {
                    ArgumentPlan::Number(number) => number,
                    ArgumentPlan::Path(_) => 0,
                };
                tally.add_rows(number, count);
            }
        }
        Some(rows(plan, groups))
    }

    /// Number of rows of each kind that `filter`, which is about kinds only, lets through.
    fn kind_counts(&self, filter: &Test) -> impl Iterator<Item = (&str, u64)> {
        let mut counts: FxHashMap<&str, u64> = FxHashMap::default();
        for (number, partition) in (0..).zip(self.graph.partitions.iter()) {
            let wanted = match filter {
                Test::Kinds(set) => Some(&self.bound(number).kinds[*set]),
                _ => None,
            };
            for (code, kind) in partition.kinds.iter().enumerate() {
                if wanted.is_none_or(|wanted| wanted[code]) {
                    *counts.entry(&kind.name).or_default() += kind.rows.len() as u64;
                }
            }
        }
        counts.into_iter()
    }

    fn is_kind(&self, value: &GroupValuePlan) -> bool {
        let GroupValuePlan::Path(path) = value else {
            return false;
        };
        (path.from, path.section) == (From::Node, Section::Reported)
            && matches!(path.steps.as_slice(), [Step::Key(key)] if self.plan.tables.keys[*key] == "kind")
    }
}
