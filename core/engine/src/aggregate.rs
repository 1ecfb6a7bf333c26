//! Aggregates: rows per group, lists taken apart, and the functions.
use std::collections::BTreeMap;
use std::ops::ControlFlow;

use serde_json::Value;
use stocktake_model::Map;
use stocktake_query::{Arithmetic, FunctionName};

use crate::error::EngineError;
use crate::eval::{At, Search};
use crate::hits::{CHUNK, Hit, SortKey, limit};
use crate::plan::{
    AggregatePlan, ArgumentPlan, ColumnAt, FunctionPlan, GroupPlan, GroupValuePlan, PathPlan,
    PiecePlan,
};
use crate::tally::Tally;
use crate::value::Num;
use crate::view::{Shape, View};

/// Rows so far, by group.
pub(crate) type Groups = BTreeMap<Vec<SortKey>, Vec<Tally>>;

impl Search {
    /// The rows of an aggregate over `hits`.
    pub(crate) fn aggregate(
        &self,
        plan: &AggregatePlan,
        hits: &[Hit],
    ) -> Result<Vec<Value>, EngineError> {
        let mut groups = Groups::new();
        for (at, hit) in hits.iter().enumerate() {
            if at % CHUNK == 0 {
                self.go_on()?;
            }
            let mut elements = Vec::with_capacity(plan.loops.len());
            self.explode(plan, self.at_hit(hit), &mut elements, &mut groups);
        }
        if plan.groups.is_empty() && groups.is_empty() {
            groups.insert(Vec::new(), plan.functions.iter().map(tally).collect());
        }
        Ok(rows(plan, groups))
    }

    /// One row for every combination of elements that the groups name.
    fn explode<'a>(
        &'a self,
        plan: &AggregatePlan,
        at: At<'a>,
        elements: &mut Vec<View<'a>>,
        groups: &mut Groups,
    ) {
        let Some(path) = plan.loops.get(elements.len()) else {
            self.count(plan, at, elements, groups);
            return;
        };
        let mut found = Vec::new();
        self.values(plan, at, elements, path, &mut |view| found.extend(view));
        for element in found {
            elements.push(element);
            self.explode(plan, at, elements, groups);
            elements.pop();
        }
    }

    /// Values of a path, starting from the element of the innermost loop that it goes through.
    fn values<'a>(
        &'a self,
        plan: &AggregatePlan,
        at: At<'a>,
        elements: &[View<'a>],
        path: &PathPlan,
        found: &mut dyn FnMut(Option<View<'a>>),
    ) {
        let around = plan.loops[..elements.len()]
            .iter()
            .rposition(|outer| outer.is_prefix_of(path));
        let mut found = |view| {
            found(view);
            ControlFlow::Continue(())
        };
        let _ = match around {
            Some(outer) => {
                let skip = plan.loops[outer].steps.len();
                self.behind(at, elements[outer], path, skip, &mut found)
            }
            None => self.each(at, path, &mut found),
        };
    }

    fn count<'a>(
        &'a self,
        plan: &AggregatePlan,
        at: At<'a>,
        elements: &[View<'a>],
        groups: &mut Groups,
    ) {
        let key = plan
            .groups
            .iter()
            .map(|group| SortKey {
                value: self.group_value(plan, at, elements, group),
                descending: false,
            })
            .collect();
        let tallies = groups
            .entry(key)
            .or_insert_with(|| plan.functions.iter().map(tally).collect());
        for (function, tally) in plan.functions.iter().zip(tallies) {
            tally.add(self.argument(plan, at, elements, function));
        }
    }

    fn group_value<'a>(
        &'a self,
        plan: &AggregatePlan,
        at: At<'a>,
        elements: &[View<'a>],
        group: &GroupPlan,
    ) -> Value {
        let first = |path: &PathPlan| {
            let mut first: Option<View<'a>> = None;
            self.values(plan, at, elements, path, &mut |view| first = first.or(view));
            first
        };
        match &group.value {
            GroupValuePlan::Path(path) => first(path).map_or(Value::Null, View::to_value),
            GroupValuePlan::Template(pieces) => {
                let text: String = pieces
                    .iter()
                    .map(|piece| match piece {
                        PiecePlan::Text(text) => text.clone(),
                        PiecePlan::Hole(path) => match first(path) {
                            Some(view) if !matches!(view.shape(), Shape::Null) => {
                                view.text_form().into_owned()
                            }
                            _ => String::new(),
                        },
                    })
                    .collect();
                text.into()
            }
        }
    }

    /// The argument of a function for one row; several values are reduced by the function itself first.
    fn argument<'a>(
        &'a self,
        plan: &AggregatePlan,
        at: At<'a>,
        elements: &[View<'a>],
        function: &FunctionPlan,
    ) -> Value {
        let path = match &function.argument {
            ArgumentPlan::Number(number) => return calculated((*number).into(), function),
            ArgumentPlan::Path(path) => path,
        };
        if function.name == FunctionName::Count {
            return Value::Null;
        }
        let mut values = Vec::new();
        self.values(plan, at, elements, path, &mut |view| {
            values.push(view.map_or(Value::Null, View::to_value));
        });
        let value = match values.len() {
            0 => Value::Null,
            1 => values.remove(0),
            _ => {
                let mut inner = tally(function);
                for value in values {
                    inner.add(value);
                }
                inner.result()
            }
        };
        calculated(value, function)
    }
}

pub(crate) fn tally(function: &FunctionPlan) -> Tally {
    Tally::new(function.name)
}

/// Arithmetic from left to right; null where there is no number.
fn calculated(value: Value, function: &FunctionPlan) -> Value {
    if function.steps.is_empty() || value.is_null() {
        return value;
    }
    let Value::Number(number) = &value else {
        return value;
    };
    let start = Num::of(number).as_f64();
    let result = function
        .steps
        .iter()
        .fold(start, |left, (step, right)| match step {
            Arithmetic::Add => left + right,
            Arithmetic::Subtract => left - right,
            Arithmetic::Multiply => left * right,
            Arithmetic::Divide => left / right,
            Arithmetic::Modulo => left % right,
        });
    // Division by zero has no value.
    if result.is_finite() {
        Num::Float(result).to_value()
    } else {
        Value::Null
    }
}

pub(crate) fn rows(plan: &AggregatePlan, groups: Groups) -> Vec<Value> {
    let mut rows: Vec<(Vec<Value>, Vec<Value>)> = groups
        .into_iter()
        .map(|(key, tallies)| {
            let key = key.into_iter().map(|key| key.value).collect();
            (key, tallies.iter().map(Tally::result).collect())
        })
        .collect();
    // Stable: rows with equal functions stay ordered by group.
    rows.sort_by_cached_key(|(key, results)| sort_keys(plan, key, results));
    limit(&mut rows, plan.limit);
    if plan.reversed {
        rows.reverse();
    }
    rows.into_iter()
        .map(|(key, results)| row(plan, key, results))
        .collect()
}

/// What the query says, or the function columns from small to great.
fn sort_keys(plan: &AggregatePlan, key: &[Value], results: &[Value]) -> Vec<SortKey> {
    if plan.sort.is_empty() {
        let keys = results.iter().map(|value| SortKey {
            value: value.clone(),
            descending: false,
        });
        return keys.collect();
    }
    let keys = plan.sort.iter().map(|(column, descending)| SortKey {
        value: match column {
            ColumnAt::Group(at) => key[*at].clone(),
            ColumnAt::Function(at) => results[*at].clone(),
        },
        descending: *descending,
    });
    keys.collect()
}

fn row(plan: &AggregatePlan, key: Vec<Value>, results: Vec<Value>) -> Value {
    let mut row = Map::new();
    if !plan.groups.is_empty() {
        let columns = plan.groups.iter().map(|group| group.column.clone());
        row.insert(
            "group".to_owned(),
            Value::Object(columns.zip(key).collect()),
        );
    }
    let columns = plan
        .functions
        .iter()
        .map(|function| function.column.clone());
    row.extend(columns.zip(results));
    Value::Object(row)
}
