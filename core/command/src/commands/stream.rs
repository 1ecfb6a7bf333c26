//! `chunk`, `flatten`, `uniq`: change how elements are grouped, not what they are.
use std::collections::BTreeSet;

use async_trait::async_trait;
use futures::{StreamExt as _, TryStreamExt as _, future, stream};
use serde_json::Value;

use crate::order::canonical;
use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{Argument, Call, CommandError, Elements, Flow, Scene};

static CHUNK: Spec = Spec {
    name: "chunk",
    aliases: &[],
    about: "lists of so many elements",
    usage: "[N]",
    arguments: &[("N", "100 if left out")],
    category: Category::Misc,
    input: Shape::Values,
    output: Shape::Values,
    examples: &[
        Example {
            about: "In pairs",
            line: "json [1, 2, 3] | chunk 2",
            prints: "[1,2]\n[3]\n",
        },
        Example {
            about: "Nodes in lists of ten",
            line: "search is(kubernetes_pod) | chunk 10",
            prints: "",
        },
        Example {
            about: "And back",
            line: "search is(kubernetes_pod) | chunk 10 | flatten",
            prints: "",
        },
    ],
};

static FLATTEN: Spec = Spec {
    name: "flatten",
    about: "the elements of lists, one level deep",
    usage: "",
    arguments: &[],
    examples: &[
        Example {
            about: "Out of the lists",
            line: "json [[1, 2], 3] | flatten",
            prints: "1\n2\n3\n",
        },
        Example {
            about: "Lists of a search",
            line: "search is(kubernetes_pod) | chunk 2 | flatten | list name",
            prints: "",
        },
        Example {
            about: "Lists that jq makes",
            line: "json {\"a\": [1, 2]} | jq --no-rewrite .a | flatten",
            prints: "",
        },
    ],
    ..CHUNK
};

static UNIQ: Spec = Spec {
    name: "uniq",
    about: "every element once",
    usage: "",
    arguments: &[],
    input: Shape::Any,
    output: Shape::Same,
    examples: &[
        Example {
            about: "The order of keys does not count",
            line: r#"json [{"a": 1, "b": 2}, {"b": 2, "a": 1}, 3] | uniq"#,
            prints: "{\"a\":1,\"b\":2}\n3\n",
        },
        Example {
            about: "Which namespaces are there?",
            line: "search is(kubernetes_pod) | jq .namespace | uniq",
            prints: "",
        },
        Example {
            about: "Numbers",
            line: "json [1, 1, 2] | uniq",
            prints: "",
        },
    ],
    ..CHUNK
};

pub(super) struct Chunk;
pub(super) struct Flatten;
pub(super) struct Uniq;

impl Command for Chunk {
    fn spec(&self) -> &'static Spec {
        &CHUNK
    }

    fn parse(&self, argument: &Argument, _: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        let size = match argument.text() {
            "" => Ok(100),
            text => text.parse().ok().filter(|size| *size > 0).ok_or(text),
        };
        let size: usize = size.map_err(|text| {
            CommandError::usage(format!("`{text}` is not a size")).hint("write a number above zero")
        })?;
        Ok(Box::new(Each(move |elements: Elements| {
            elements
                .try_chunks(size)
                .map(|chunk| match chunk {
                    Ok(values) => Ok(Value::Array(values)),
                    Err(error) => Err(error.1),
                })
                .boxed()
        })))
    }
}

impl Command for Flatten {
    fn spec(&self) -> &'static Spec {
        &FLATTEN
    }

    fn parse(&self, argument: &Argument, _: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        super::no_argument("flatten", argument)?;
        Ok(Box::new(Each(|elements: Elements| {
            elements
                .flat_map(|element| {
                    stream::iter(match element {
                        Ok(Value::Array(items)) => items.into_iter().map(Ok).collect(),
                        other => vec![other],
                    })
                })
                .boxed()
        })))
    }
}

impl Command for Uniq {
    fn spec(&self) -> &'static Spec {
        &UNIQ
    }

    fn parse(&self, argument: &Argument, _: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        super::no_argument("uniq", argument)?;
        Ok(Box::new(Each(|elements: Elements| {
            let mut seen = BTreeSet::new();
            elements
                .filter(move |element| {
                    let known = element
                        .as_ref()
                        .is_ok_and(|value| !seen.insert(canonical(value)));
                    future::ready(!known)
                })
                .boxed()
        })))
    }
}

/// A change of the stream as a whole.
struct Each<F>(F);

#[async_trait]
impl<F: FnOnce(Elements) -> Elements + Send + Sync> Stage for Each<F> {
    async fn run(self: Box<Self>, input: Flow, _: &Call) -> Result<Flow, CommandError> {
        Ok(input.map(self.0))
    }
}
