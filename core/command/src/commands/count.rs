//! `count`: how many, by the values of a property.
use std::collections::BTreeMap;

use async_trait::async_trait;
use futures::StreamExt as _;
use serde_json::Value;
use stocktake_query::{
    Aggregate, Argument as Over, Function, FunctionName, Group, GroupValue, Path,
};

use crate::draft::{Draft, Folded};
use crate::format::{document::Dump, lines};
use crate::order::{canonical, compare};
use crate::reader::{Reader, at};
use crate::show::{plain, scalar_text};
use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{Argument, Call, CommandError, Flow, Scene, WithEdges, bars, flow::absolute, syntax};

static SPEC: Spec = Spec {
    name: "count",
    aliases: &[],
    about: "count elements, by the values of a property when one is given",
    usage: "[PATH] [--bars]",
    arguments: &[("--bars", "with a bar behind each count")],
    category: Category::Search,
    input: Shape::Any,
    output: Shape::Lines,
    examples: &[
        Example {
            about: "How many of each kind are there?",
            line: "search is(kubernetes_resource) | count kind",
            prints: "kubernetes_node: 1\nkubernetes_service: 1\nkubernetes_pod: 3\ntotal matched: 5\ntotal unmatched: 0\n",
        },
        Example {
            about: "How many pods run on each node?",
            line: "search is(kubernetes_pod) | count /ancestors.kubernetes_node.reported.name",
            prints: "",
        },
        Example {
            about: "The same to look at",
            line: "search is(kubernetes_resource) | count kind --bars",
            prints: "",
        },
        Example {
            about: "How many are there?",
            line: "search is(kubernetes_pod) | count",
            prints: "total matched: 3\ntotal unmatched: 0\n",
        },
    ],
};

/// Names of the columns of the aggregate that does the counting.
const VALUE: &str = "value";
const COUNT: &str = "count";

pub(super) struct Count;

impl Command for Count {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn parse(&self, argument: &Argument, scene: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        let mut rest = argument.clone();
        let mut look = Look::Plain;
        for word in argument.words() {
            if argument.text()[word.range.clone()] == *"--bars" {
                look = Look::Bars;
                rest = rest.blank(word.range);
            }
        }
        let rest = rest.trim();
        let path = if rest.is_empty() {
            None
        } else {
            Some(syntax::path(&rest)?)
        };
        let reader = path.as_ref().map(|path| Reader::new(path, scene));
        Ok(Box::new(Ready { path, reader, look }))
    }
}

/// How the counts look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// `value: n`
    Plain,
    /// With a bar behind each.
    Bars,
}

struct Ready {
    path: Option<Path>,
    reader: Option<Reader>,
    look: Look,
}

#[async_trait]
impl Stage for Ready {
    fn fold(&self, draft: &mut Draft) -> Folded {
        let Some(part) = draft.open() else {
            return Folded::No;
        };
        if part.limit.is_some() || part.reversed {
            return Folded::No; // it counts what was kept, not what there is
        }
        part.sort.clear();
        draft.edges = WithEdges::No;
        draft.query.preamble.aggregate = Some(aggregate(self.path.clone()));
        if draft.is_explained() {
            return Folded::Then(Box::new(Explained));
        }
        Folded::Then(Box::new(FromRows(self.look)))
    }

    fn reads(&self) -> Vec<Path> {
        self.reader
            .iter()
            .map(|reader| reader.path().clone())
            .collect()
    }

    async fn run(self: Box<Self>, input: Flow, call: &Call) -> Result<Flow, CommandError> {
        let mut tally = Tally::default();
        let mut elements = input.elements;
        while let Some(element) = elements.next().await {
            let element = element?;
            match &self.reader {
                None => tally.matched += 1,
                Some(reader) => match reader.value(&element).as_deref() {
                    Some(Value::Array(items)) if reader.spreads() => {
                        for item in items {
                            tally.add(item, 1);
                        }
                    }
                    Some(value) => tally.add(value, 1),
                    None => tally.unmatched += 1,
                },
            }
        }
        Ok(Flow::lines(tally.lines(self.look, call)))
    }
}

fn aggregate(path: Option<Path>) -> Aggregate {
    let group = path.map(|path| Group {
        value: GroupValue::Path(path),
        name: Some(VALUE.to_owned()),
    });
    Aggregate {
        groups: group.into_iter().collect(),
        functions: vec![Function {
            name: FunctionName::Sum,
            argument: Over::Number(1),
            steps: Vec::new(),
            alias: Some(COUNT.to_owned()),
        }],
    }
}

/// Writes the lines from the rows of [`aggregate`].
struct FromRows(Look);

#[async_trait]
impl Stage for FromRows {
    async fn run(self: Box<Self>, input: Flow, call: &Call) -> Result<Flow, CommandError> {
        let value = absolute(&["group", VALUE]);
        let mut tally = Tally::default();
        for row in input.collect().await? {
            let count = row.get(COUNT).map_or(0, number);
            match at(&row, &value.segments) {
                Some(value) => tally.add(&value, count),
                None => tally.matched += count,
            }
        }
        Ok(Flow::lines(tally.lines(self.0, call)))
    }
}

/// Writes the explanation of a search that counts: lines, as `count` promised.
struct Explained;

#[async_trait]
impl Stage for Explained {
    async fn run(self: Box<Self>, input: Flow, call: &Call) -> Result<Flow, CommandError> {
        let render = Box::new(Dump::ordered(call, Vec::new()));
        Ok(lines(input.elements, render, call.side.clone()).into())
    }
}

/// A count, whether the row has it as an integer or not.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count is whole, and never below zero"
)]
fn number(value: &Value) -> u64 {
    let float = || value.as_f64().map(|number| number as u64);
    value.as_u64().or_else(float).unwrap_or(0)
}

/// What was counted so far.
#[derive(Default)]
struct Tally {
    /// By a text that is the same for equal values.
    groups: BTreeMap<String, (Value, u64)>,
    matched: u64,
    unmatched: u64,
}

impl Tally {
    fn add(&mut self, value: &Value, count: u64) {
        if value.is_null() {
            self.unmatched += count;
            return;
        }
        self.matched += count;
        let group = self.groups.entry(canonical(value));
        group.or_insert_with(|| (value.clone(), 0)).1 += count;
    }

    /// The values and their counts, the smallest count first and equal counts by value; then both totals.
    fn lines(self, look: Look, call: &Call) -> Vec<String> {
        let totals = [
            format!("total matched: {}", self.matched),
            format!("total unmatched: {}", self.unmatched),
        ];
        let counts = self.counts();
        let lines = match look {
            Look::Plain => {
                let line = |(value, count): &(String, u64)| format!("{value}: {count}");
                counts.iter().map(line).collect()
            }
            Look::Bars => bars::lines(&counts, call.context.terminal.width()),
        };
        lines.into_iter().chain(totals).collect()
    }

    fn counts(self) -> Vec<(String, u64)> {
        let mut groups: Vec<(Value, u64)> = self.groups.into_values().collect();
        groups.sort_by(|(a, n), (b, m)| n.cmp(m).then_with(|| compare(a, b)));
        let shown = |(value, count)| (plain(&scalar_text(&value)), count);
        groups.into_iter().map(shown).collect()
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use serde_json::json;

    use super::*;

    #[test]
    fn equal_counts_are_ordered_by_value_and_null_is_unmatched() {
        let mut tally = Tally::default();
        for value in [
            json!("b"),
            json!(10),
            json!("a"),
            json!(9),
            json!(null),
            json!("b"),
        ] {
            tally.add(&value, 1);
        }
        assert_eq!((tally.matched, tally.unmatched), (5, 1));
        let counts = tally.counts();
        let counts: Vec<String> = counts
            .iter()
            .map(|(value, count)| format!("{value}: {count}"))
            .collect();
        expect!["9: 1, 10: 1, a: 1, b: 2"].assert_eq(&counts.join(", "));
    }
}
