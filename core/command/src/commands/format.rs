//! `format`: elements in a format for other programs, or by a template.
use async_trait::async_trait;
use stocktake_query::Path;

use crate::format::template::Template;
use crate::format::{FORMATS, Format, lines};
use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{Argument, Call, CommandError, Flow, Scene, syntax};

static SPEC: Spec = Spec {
    name: "format",
    aliases: &[],
    about: "write elements in a format for other programs, or by a template",
    usage: "--cytoscape|--dot|--graphml|--json|--ndjson|--text|--yaml | TEMPLATE",
    arguments: &[
        ("--json, --ndjson, --yaml", "the elements as they are"),
        ("--text", "what `dump` prints"),
        (
            "--dot, --graphml, --cytoscape",
            "the graph; after `search --with-edges`",
        ),
        (
            "TEMPLATE",
            "text with `{path}` holes; `{.}` is all, `{{` a brace",
        ),
    ],
    category: Category::Format,
    input: Shape::Any,
    output: Shape::Lines,
    examples: &[
        Example {
            about: "Just what you need",
            line: r#"json {"a": 1, "b": {"c": 2}} | format a={a} c={b.c} x={nope}"#,
            prints: "a=1 c=2 x=null\n",
        },
        Example {
            about: "A picture of a namespace",
            line: "search --with-edges is(kubernetes_namespace) -[0:]-> | format --dot | write ns.dot",
            prints: "",
        },
        Example {
            about: "One line of your own for each",
            line: "search is(kubernetes_pod) | format {namespace}/{name} on {pod_spec.node_name}",
            prints: "",
        },
    ],
};

pub(super) struct FormatAs;

impl Command for FormatAs {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn parse(&self, argument: &Argument, scene: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        let words = argument.words();
        let mut flags = words.iter().filter_map(|word| {
            let format = FORMATS.iter().find(|format| format.flag() == word.text)?;
            Some((format, word.span))
        });
        if let Some((format, span)) = flags.next() {
            if words.len() > 1 {
                return Err(CommandError::usage("one format at a time").at(span));
            }
            return Ok(Box::new(As(*format)));
        }
        if argument.is_empty() {
            return Err(
                CommandError::usage("`format` needs a format or a template").hint(flag_hint())
            );
        }
        if let [word] = words.as_slice()
            && word.text.starts_with("--")
        {
            let message = format!("unknown format `{}`", word.text);
            return Err(CommandError::usage(message).hint(flag_hint()).at(word.span));
        }
        let template = Template::new(syntax::template(&unquoted(argument))?, scene);
        Ok(Box::new(By(template)))
    }
}

fn flag_hint() -> String {
    let flags: Vec<String> = FORMATS
        .iter()
        .map(|format| format!("`{}`", format.flag()))
        .collect();
    format!(
        "it is one of {}, or a template such as `{{name}} is old`",
        flags.join(", ")
    )
}

/// The argument without the quotes around all of it.
fn unquoted(argument: &Argument) -> Argument {
    match argument.words().as_slice() {
        [word]
            if argument.text().starts_with(['"', '\''])
                && word.text.len() + 2 == argument.text().len() =>
        {
            argument.slice(1..argument.text().len() - 1)
        }
        _ => argument.clone(),
    }
}

struct As(&'static dyn Format);

#[async_trait]
impl Stage for As {
    async fn run(self: Box<Self>, input: Flow, call: &Call) -> Result<Flow, CommandError> {
        let render = self.0.begin(call);
        Ok(lines(input.elements, render, call.side.clone()).into())
    }
}

struct By(Template);

#[async_trait]
impl Stage for By {
    fn reads(&self) -> Vec<Path> {
        self.0.reads()
    }

    async fn run(self: Box<Self>, input: Flow, call: &Call) -> Result<Flow, CommandError> {
        Ok(lines(input.elements, Box::new(self.0), call.side.clone()).into())
    }
}
