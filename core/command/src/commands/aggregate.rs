//! `aggregate`: groups elements and computes numbers over each group.
use std::collections::BTreeMap;

use async_trait::async_trait;
use futures::StreamExt as _;
use serde_json::{Map, Value, json};
use stocktake_query::{
    Aggregate as Syntax, Argument as Over, Arithmetic, Function, FunctionName, GroupValue, Path,
    Piece,
};

use crate::draft::{Draft, Folded};
use crate::format::template::Template;
use crate::order::{canonical, compare};
use crate::reader::Reader;
use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{Argument, Call, CommandError, Flow, Layout, Scene, View, WithEdges, columns, syntax};

static SPEC: Spec = Spec {
    name: "aggregate",
    aliases: &[],
    about: "group elements and compute numbers over each group",
    usage: "[PATH [as NAME], …:] FUNCTION(PATH|NUMBER) [as NAME], …",
    arguments: &[
        ("sum count min max avg", "functions; `sum(1)` counts"),
        ("stddev variance", "further functions"),
        (
            "sum(PATH * 2 + 1)",
            "arithmetic with numbers, from left to right",
        ),
    ],
    category: Category::Search,
    input: Shape::Values,
    output: Shape::Rows,
    examples: &[
        Example {
            about: "How much do the volumes of each kind hold?",
            line: r#"json [{"k":"a","n":1},{"k":"b","n":5},{"k":"a","n":2}] | aggregate k: sum(n) as total, sum(1) as count"#,
            prints: "k=a, total=3, count=2\nk=b, total=5, count=1\n",
        },
        Example {
            about: "How many of each kind in each namespace?",
            line: "search is(kubernetes_resource) | aggregate kind, namespace: sum(1) as count",
            prints: "",
        },
        Example {
            about: "How much memory has each cluster?",
            line: "search is(kubernetes_node) | aggregate account as cluster: sum(instance_memory) as memory",
            prints: "",
        },
    ],
};

pub(super) struct Aggregate;

impl Command for Aggregate {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn parse(&self, argument: &Argument, scene: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        let syntax = syntax::aggregate(argument)?;
        let groups = syntax.groups.iter().map(|group| Group {
            name: group.column(),
            value: match &group.value {
                GroupValue::Path(path) => Source::Path(Reader::new(path, scene)),
                GroupValue::Template(pieces) => Source::Template(template(pieces, scene)),
            },
        });
        let functions = syntax.functions.iter().map(|function| Column {
            name: function.column(),
            over: match &function.argument {
                Over::Path(path) => Operand::Path(Reader::new(path, scene)),
                Over::Number(number) => Operand::Number(*number),
            },
            function: function.clone(),
        });
        Ok(Box::new(Ready {
            groups: groups.collect(),
            functions: functions.collect(),
            syntax,
        }))
    }
}

/// Unlike in `format`, a missing part is empty text.
fn template(pieces: &[Piece], scene: &Scene) -> Vec<(Template, bool)> {
    let one = |piece: &Piece| {
        let hole = matches!(piece, Piece::Hole(_));
        (Template::new(vec![piece.clone()], scene), hole)
    };
    pieces.iter().map(one).collect()
}

struct Ready {
    syntax: Syntax,
    groups: Vec<Group>,
    functions: Vec<Column>,
}

struct Group {
    name: String,
    value: Source,
}

enum Source {
    Path(Reader),
    Template(Vec<(Template, bool)>),
}

struct Column {
    name: String,
    over: Operand,
    function: Function,
}

enum Operand {
    Path(Reader),
    Number(i64),
}

#[async_trait]
impl Stage for Ready {
    fn fold(&self, draft: &mut Draft) -> Folded {
        let Some(part) = draft.open() else {
            return Folded::No;
        };
        if part.limit.is_some() || part.reversed {
            return Folded::No; // the rows are made of what was kept
        }
        part.sort.clear();
        draft.edges = WithEdges::No;
        draft.query.preamble.aggregate = Some(self.syntax.clone());
        Folded::Whole
    }

    fn reads(&self) -> Vec<Path> {
        let groups = self.groups.iter().flat_map(|group| match &group.value {
            Source::Path(reader) => vec![reader.path().clone()],
            Source::Template(parts) => parts.iter().flat_map(|(part, _)| part.reads()).collect(),
        });
        let operands = self
            .functions
            .iter()
            .filter_map(|column| match &column.over {
                Operand::Path(reader) => Some(reader.path().clone()),
                Operand::Number(_) => None,
            });
        groups.chain(operands).collect()
    }

    async fn run(self: Box<Self>, input: Flow, _: &Call) -> Result<Flow, CommandError> {
        let mut rows: BTreeMap<String, (Map<String, Value>, Vec<Vec<f64>>)> = BTreeMap::new();
        let mut elements = input.elements;
        while let Some(element) = elements.next().await {
            let element = element?;
            let group = self.group(&element);
            let key = canonical(&Value::Object(group.clone()));
            let (_, columns) = rows
                .entry(key)
                .or_insert_with(|| (group, vec![Vec::new(); self.functions.len()]));
            for (values, column) in columns.iter_mut().zip(&self.functions) {
                values.push(column.value(&element));
            }
        }
        let mut flow = Flow::values(self.sorted(rows.into_values()));
        flow.layout = Layout {
            columns: columns::of_aggregate(&self.syntax),
            view: View::Lines,
        };
        Ok(flow)
    }
}

impl Ready {
    fn group(&self, element: &Value) -> Map<String, Value> {
        let groups = self.groups.iter().map(|group| {
            let value = match &group.value {
                Source::Path(reader) => reader
                    .value(element)
                    .map(std::borrow::Cow::into_owned)
                    .unwrap_or_default(),
                Source::Template(parts) => {
                    let fill = |(part, hole): &(Template, bool)| match hole {
                        true => part.fill_all(element).unwrap_or_default(),
                        false => part.fill(element),
                    };
                    Value::String(parts.iter().map(fill).collect())
                }
            };
            (group.name.clone(), value)
        });
        groups.collect()
    }

    /// The rows, by the function columns ascending.
    fn sorted(
        &self,
        rows: impl Iterator<Item = (Map<String, Value>, Vec<Vec<f64>>)>,
    ) -> Vec<Value> {
        let mut rows: Vec<(Vec<Value>, Value)> = rows
            .map(|(group, columns)| {
                let computed: Vec<Value> = columns
                    .iter()
                    .zip(&self.functions)
                    .map(|(values, column)| number(compute(column.function.name, values)))
                    .collect();
                let mut row = json!({ "group": group });
                for (value, column) in computed.iter().zip(&self.functions) {
                    row[column.name.as_str()] = value.clone();
                }
                (computed, row)
            })
            .collect();
        rows.sort_by(|(a, _), (b, _)| {
            let orders = a.iter().zip(b).map(|(a, b)| compare(a, b));
            orders
                .into_iter()
                .find(|order| order.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        rows.into_iter().map(|(_, row)| row).collect()
    }
}

impl Column {
    /// Missing numbers count as zero.
    fn value(&self, element: &Value) -> f64 {
        let start = match &self.over {
            Operand::Path(reader) => reader
                .value(element)
                .and_then(|value| value.as_f64())
                .unwrap_or(0.0),
            #[expect(
                clippy::cast_precision_loss,
                reason = "aggregates are numbers in double precision"
            )]
            Operand::Number(number) => *number as f64,
        };
        self.function
            .steps
            .iter()
            .fold(start, |value, (step, by)| match step {
                Arithmetic::Add => value + by,
                Arithmetic::Subtract => value - by,
                Arithmetic::Multiply => value * by,
                Arithmetic::Divide => value / by,
                Arithmetic::Modulo => value % by,
            })
    }
}

#[expect(clippy::cast_precision_loss, reason = "no result has 2^52 rows")]
fn compute(function: FunctionName, values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let sum: f64 = values.iter().sum();
    let variance = || {
        let mean = sum / count;
        values
            .iter()
            .map(|value| (value - mean).powi(2))
            .sum::<f64>()
            / count
    };
    match function {
        FunctionName::Sum => sum,
        FunctionName::Count => count,
        FunctionName::Min => values.iter().copied().fold(f64::INFINITY, f64::min),
        FunctionName::Max => values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        FunctionName::Avg => sum / count,
        FunctionName::Stddev => variance().sqrt(),
        FunctionName::Variance => variance(),
    }
}

/// Whole numbers are written without a fraction; what is no number is null.
fn number(value: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < EXACT {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "it is whole, and small enough"
        )]
        return Value::from(value as i64);
    }
    Value::from(value)
}
