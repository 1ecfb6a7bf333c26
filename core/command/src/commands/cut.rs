//! `head`, `tail` and `limit`: cut a piece out of a result; part of the search where that is exact.
use std::collections::VecDeque;

use async_trait::async_trait;
use futures::{StreamExt as _, stream};
use stocktake_query::Limit;

use crate::draft::{Draft, Folded};
use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{Argument, Call, CommandError, Flow, Scene, syntax};

/// Length of `head` and `tail` without a number.
const LENGTH: usize = 100;

static HEAD: Spec = Spec {
    name: "head",
    aliases: &[],
    about: "keep the first of a result",
    usage: "[-N]",
    arguments: &[("-N", "how many, 100 if left out")],
    category: Category::Search,
    input: Shape::Any,
    output: Shape::Same,
    examples: &[
        Example {
            about: "Just a few",
            line: "search is(kubernetes_pod) | sort name | head -2 | list name",
            prints: "",
        },
        Example {
            about: "The ten oldest pods",
            line: "search is(kubernetes_pod) | sort age desc | head 10 | list name, age",
            prints: "",
        },
        Example {
            about: "The first of each hundred",
            line: "search is(kubernetes_pod) | head -1 | dump",
            prints: "",
        },
    ],
};

static TAIL: Spec = Spec {
    name: "tail",
    about: "keep the last of a result",
    examples: &[
        Example {
            about: "The last one",
            line: r#"json ["a", "b", "c"] | tail 1"#,
            prints: "c\n",
        },
        Example {
            about: "The last five by name",
            line: "search is(kubernetes_pod) | sort name | tail 5 | list name",
            prints: "",
        },
        Example {
            about: "Nodes with the least memory",
            line: "search is(kubernetes_node) | sort instance_memory desc | tail 3",
            prints: "",
        },
    ],
    ..HEAD
};

static LIMIT: Spec = Spec {
    name: "limit",
    about: "keep so many, after leaving out some",
    usage: "[OFFSET,] N",
    arguments: &[],
    examples: &[
        Example {
            about: "The second page",
            line: r#"json ["a", "b", "c", "d"] | limit 2, 2"#,
            prints: "c\nd\n",
        },
        Example {
            about: "Ten of them",
            line: "search is(kubernetes_pod) | limit 10",
            prints: "",
        },
        Example {
            about: "The second ten",
            line: "search is(kubernetes_pod) | sort name | limit 10, 10 | list name",
            prints: "",
        },
    ],
    ..HEAD
};

pub(super) struct Head;
pub(super) struct Tail;
pub(super) struct LimitTo;

impl Command for Head {
    fn spec(&self) -> &'static Spec {
        &HEAD
    }

    fn parse(&self, argument: &Argument, _: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        let length = length(argument)?;
        Ok(Box::new(Cut(Limit { offset: 0, length })))
    }
}

impl Command for Tail {
    fn spec(&self) -> &'static Spec {
        &TAIL
    }

    fn parse(&self, argument: &Argument, _: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        Ok(Box::new(Last(length(argument)?)))
    }
}

impl Command for LimitTo {
    fn spec(&self) -> &'static Spec {
        &LIMIT
    }

    fn parse(&self, argument: &Argument, _: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        Ok(Box::new(Cut(syntax::limit(argument)?)))
    }
}

/// The sign is a habit from other shells and means nothing.
fn length(argument: &Argument) -> Result<usize, CommandError> {
    let text = argument
        .text()
        .strip_prefix("-n")
        .unwrap_or(argument.text())
        .trim();
    if text.is_empty() {
        return Ok(LENGTH);
    }
    text.trim_start_matches('-').parse().map_err(|_| {
        CommandError::usage(format!("`{text}` is not a number"))
            .hint("write e.g. `head 10` or `head -10`")
            .at(argument.span())
    })
}

struct Cut(Limit);

#[async_trait]
impl Stage for Cut {
    fn fold(&self, draft: &mut Draft) -> Folded {
        draft.limit(self.0)
    }

    async fn run(self: Box<Self>, input: Flow, _: &Call) -> Result<Flow, CommandError> {
        let Limit { offset, length } = self.0;
        Ok(input.map(|elements| elements.skip(offset).take(length).boxed()))
    }
}

struct Last(usize);

#[async_trait]
impl Stage for Last {
    fn fold(&self, draft: &mut Draft) -> Folded {
        draft.tail(self.0)
    }

    async fn run(self: Box<Self>, input: Flow, _: &Call) -> Result<Flow, CommandError> {
        let layout = input.layout;
        let mut elements = input.elements;
        let mut last = VecDeque::new();
        while let Some(element) = elements.next().await {
            if last.len() == self.0 {
                last.pop_front();
            }
            if self.0 > 0 {
                last.push_back(Ok(element?));
            }
        }
        Ok(Flow {
            elements: stream::iter(last).boxed(),
            layout,
        })
    }
}
