//! `show`: a graph as a picture on the client.
//!
//! What draws it is the client's business: the core hands the text over.
use async_trait::async_trait;
use futures::TryStreamExt as _;

use crate::show::scalar_text;
use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{Argument, Call, CommandError, Flow, Output, Scene};

static SPEC: Spec = Spec {
    name: "show",
    aliases: &[],
    about: "make a picture of a graph, and open it; needs Graphviz on your side",
    usage: "",
    arguments: &[],
    category: Category::Misc,
    input: Shape::Lines,
    output: Shape::Nothing,
    examples: &[
        Example {
            about: "What does a service reach?",
            line: "search --with-edges is(kubernetes_service) limit 1 -[0:]-> | format --dot | show",
            prints: "",
        },
        Example {
            about: "What made a pod?",
            line: "search --with-edges is(kubernetes_pod) limit 1 <-[0:]{relation=owns}- | format --dot | show",
            prints: "",
        },
        Example {
            about: "The namespaces of every cluster",
            line: "search --with-edges is(kubernetes_cluster) -[0:1]-> is(kubernetes_cluster, kubernetes_namespace) | format --dot | show",
            prints: "",
        },
    ],
};

pub(super) struct Show;

impl Command for Show {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn parse(&self, argument: &Argument, _: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        super::no_argument("show", argument)?;
        Ok(Box::new(Ready))
    }
}

struct Ready;

#[async_trait]
impl Stage for Ready {
    async fn run(self: Box<Self>, input: Flow, call: &Call) -> Result<Flow, CommandError> {
        let mut text = String::new();
        let mut elements = input.elements;
        while let Some(line) = elements.try_next().await? {
            text.push_str(&scalar_text(&line));
            text.push('\n');
        }
        let head = text.trim_start();
        let graph = ["digraph", "graph", "strict"]
            .iter()
            .any(|word| head.starts_with(word));
        if !graph {
            return Err(CommandError::usage("`show` was given no graph")
                .hint("put `| format --dot` in front of it"));
        }
        call.side.send(Output::Picture { text });
        Ok(Flow::empty())
    }
}
