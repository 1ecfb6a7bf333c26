//! `sort`: puts results in order; part of the search where that is possible.
use async_trait::async_trait;
use serde_json::Value;
use stocktake_query::{Order, Path, SortKey};

use crate::draft::{Draft, Folded};
use crate::order::compare;
use crate::reader::Reader;
use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{Argument, Call, CommandError, Flow, Scene, syntax};

static SPEC: Spec = Spec {
    name: "sort",
    aliases: &[],
    about: "sort by properties, or rows by their columns",
    usage: "PATH [asc|desc], …",
    arguments: &[],
    category: Category::Search,
    input: Shape::Any,
    output: Shape::Same,
    examples: &[
        Example {
            about: "The youngest first",
            line: "search is(kubernetes_pod) | sort age asc | list name",
            prints: "",
        },
        Example {
            about: "The largest group first",
            line: "search all | aggregate kind: sum(1) as n | sort n desc",
            prints: "",
        },
        Example {
            about: "The largest nodes first",
            line: "search is(kubernetes_node) | sort instance_memory desc | list name, instance_memory",
            prints: "",
        },
    ],
};

pub(super) struct Sort;

impl Command for Sort {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn parse(&self, argument: &Argument, scene: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        Ok(by(&syntax::sort(argument)?, scene))
    }
}

/// The stage that sorts by these keys.
pub(super) fn by(keys: &[SortKey], scene: &Scene) -> Box<dyn Stage> {
    let readers = keys
        .iter()
        .map(|key| (Reader::new(&key.path, scene), key.order))
        .collect();
    Box::new(Ready {
        keys: keys.to_vec(),
        readers,
    })
}

struct Ready {
    keys: Vec<SortKey>,
    readers: Vec<(Reader, Order)>,
}

#[async_trait]
impl Stage for Ready {
    fn fold(&self, draft: &mut Draft) -> Folded {
        draft.sort(&self.keys)
    }

    fn reads(&self) -> Vec<Path> {
        self.readers
            .iter()
            .map(|(reader, _)| reader.path().clone())
            .collect()
    }

    async fn run(self: Box<Self>, input: Flow, _: &Call) -> Result<Flow, CommandError> {
        let layout = input.layout.clone();
        let keyed = |element: Value| {
            let key: Vec<Value> = self
                .readers
                .iter()
                .map(|(reader, _)| reader.stored(&element).unwrap_or_default())
                .collect();
            (key, element)
        };
        let mut rows: Vec<(Vec<Value>, Value)> =
            input.collect().await?.into_iter().map(keyed).collect();
        rows.sort_by(|(first, _), (second, _)| {
            let orders = self.readers.iter().zip(first.iter().zip(second));
            orders
                .map(|((reader, order), (a, b))| {
                    let ascending = (*order == Order::Asc) != reader.is_age();
                    if ascending {
                        compare(a, b)
                    } else {
                        compare(b, a)
                    }
                })
                .find(|order| order.is_ne())
                .unwrap_or(std::cmp::Ordering::Equal)
        });
        let mut flow = Flow::values(rows.into_iter().map(|(_, element)| element));
        flow.layout = layout;
        Ok(flow)
    }
}
