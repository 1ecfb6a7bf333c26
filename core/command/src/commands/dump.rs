//! `dump`: everything about each element, as YAML for people.
use async_trait::async_trait;

use crate::format::document::Dump as Documents;
use crate::format::lines;
use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{Argument, Call, CommandError, Flow, Scene};

static SPEC: Spec = Spec {
    name: "dump",
    aliases: &[],
    about: "everything about each element, as YAML",
    usage: "",
    arguments: &[],
    category: Category::Format,
    input: Shape::Any,
    output: Shape::Lines,
    examples: &[
        Example {
            about: "All there is to know about one pod",
            line: "search is(kubernetes_pod) and name=\"web-0\" | dump",
            prints: "",
        },
        Example {
            about: "One of a kind, with everything that is known",
            line: "search is(kubernetes_deployment) limit 1 | dump",
            prints: "",
        },
        Example {
            about: "As JSON",
            line: "search is(kubernetes_node) limit 1 | format --json",
            prints: "",
        },
    ],
};

pub(super) struct Dump;

impl Command for Dump {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn parse(&self, argument: &Argument, _: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        super::no_argument("dump", argument)?;
        Ok(Box::new(Self))
    }
}

#[async_trait]
impl Stage for Dump {
    async fn run(self: Box<Self>, input: Flow, call: &Call) -> Result<Flow, CommandError> {
        let render = Box::new(Documents::ordered(call, input.layout.columns));
        Ok(lines(input.elements, render, call.side.clone()).into())
    }
}
