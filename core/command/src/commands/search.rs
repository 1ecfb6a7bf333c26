//! `search`: asks the graph. The commands after it fold themselves into its query.
use async_trait::async_trait;

use crate::draft::{self, Draft, Folded, Mode};
use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{Argument, Call, CommandError, Flow, Scene, WithEdges, syntax};

static SPEC: Spec = Spec {
    name: "search",
    aliases: &["match", "query"],
    about: "find nodes in the graph; the word itself may be left out",
    usage: "[--with-edges] [--explain] [--at TIME] QUERY",
    arguments: &[
        (
            "--with-edges",
            "give edges too; of use with a walk such as `-->`",
        ),
        (
            "--explain",
            "tell how the query would be run, and do not run it",
        ),
        (
            "--at TIME",
            "look at the past: `2024-05-01T10:00:00Z`, or a duration before now",
        ),
    ],
    category: Category::Search,
    input: Shape::NothingOrNodes,
    output: Shape::Nodes,
    examples: &[
        Example {
            about: "Which pods are there?",
            line: "search is(kubernetes_pod) | list name, namespace",
            prints: "name=web-0, namespace=default\nname=web-1, namespace=default\nname=dns-0, namespace=kube-system\n",
        },
        Example {
            about: "What runs on the nodes of one cluster?",
            line: "search is(kubernetes_node) and account=prod -->",
            prints: "",
        },
        Example {
            about: "How did it look yesterday?",
            line: "search --at 1d is(kubernetes_deployment)",
            prints: "",
        },
    ],
};

pub(super) struct Search;

impl Command for Search {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn parse(&self, argument: &Argument, _: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        let mut options = Options::default();
        let text = options.take(argument)?.trim();
        let (query, hints) = syntax::query(&text)?;
        let mut draft = Draft::new(query);
        draft.edges = options.edges;
        draft.mode = options.mode;
        draft.at = options.at;
        draft.hints = hints;
        Ok(Box::new(Ready(draft)))
    }
}

#[derive(Default)]
struct Options {
    edges: WithEdges,
    mode: Mode,
    at: Option<String>,
}

impl Options {
    /// Takes the options out, wherever they stand; what is left keeps its place.
    fn take(&mut self, argument: &Argument) -> Result<Argument, CommandError> {
        let mut left = argument.clone();
        let words = argument.words();
        for (place, word) in words.iter().enumerate() {
            match &argument.text()[word.range.clone()] {
                "--with-edges" => self.edges = WithEdges::Yes,
                "--explain" => self.mode = Mode::Explain,
                "--at" => {
                    let time = words.get(place + 1).ok_or_else(|| {
                        CommandError::usage("`--at` needs a time")
                            .hint("write e.g. `--at 3d` or `--at 2024-05-01`")
                            .at(word.span)
                    })?;
                    check_time(&time.text).map_err(|error| error.at(time.span))?;
                    self.at = Some(time.text.clone());
                    left = left.blank(time.range.clone());
                }
                _ => continue,
            }
            left = left.blank(word.range.clone());
        }
        Ok(left)
    }
}

fn check_time(text: &str) -> Result<(), CommandError> {
    let duration = text.parse::<stocktake_model::Duration>().is_ok();
    if duration || stocktake_model::parse_time(text).is_ok() {
        return Ok(());
    }
    Err(CommandError::usage(format!("`{text}` is not a time"))
        .hint("write a duration before now (`3d`), a date, or e.g. `2024-05-01T10:00:00Z`"))
}

struct Ready(Draft);

#[async_trait]
impl Stage for Ready {
    fn draft(&self) -> Option<Draft> {
        Some(self.0.clone())
    }

    fn fold(&self, draft: &mut Draft) -> Folded {
        let folded = draft.search(&self.0);
        if matches!(folded, Folded::Whole) {
            draft.hints.extend(self.0.hints.iter().cloned());
        }
        folded
    }

    async fn run(self: Box<Self>, input: Flow, call: &Call) -> Result<Flow, CommandError> {
        for hint in &self.0.hints {
            call.side.note(hint.clone());
        }
        draft::from_nodes(input, call, |draft| draft.search(&self.0)).await
    }
}
