//! `search`: asks the graph. The commands after it fold themselves into its query.
mod options;
mod scope;

use async_trait::async_trait;

use crate::draft::{self, Draft, Folded, both};
use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{Argument, Call, CommandError, Flow, Scene, syntax};
use options::Options;

static SPEC: Spec = Spec {
    name: "search",
    aliases: &["match", "query"],
    about: "find nodes in the graph; the word itself may be left out",
    usage: "[--with-edges] [--explain] [--at TIME] [-n NAMESPACE] [-l SELECTOR] [--context CLUSTER] [--sort-by PROPERTY] [-o FORM] QUERY",
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
        (
            "-n, --namespace NAME[,…]",
            "begin in these namespaces only; without it in all, as with `-A`",
        ),
        (
            "-l, --selector SELECTOR",
            "begin with these labels only: `app=web,tier!=db,!old`, `'env in (prod, dev)'`",
        ),
        ("--context NAME[,…]", "begin in these clusters only"),
        (
            "--sort-by PROPERTY",
            "as `| sort PROPERTY`; `.metadata.name` and its like are understood",
        ),
        (
            "--no-headers, --show-labels",
            "tables without headings; a column with the labels",
        ),
        (
            "-o, --output FORM",
            "`table`, `wide`, `json`, `yaml`, `name` or `csv`, as `| list` and `| format` make them",
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
            about: "The same as kubectl users type it: a kind, a namespace, a form",
            line: "search pods -n default -o name",
            prints: "kubernetes_pod/web-0\nkubernetes_pod/web-1\n",
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

    fn parse(&self, argument: &Argument, scene: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        let mut options = Options::default();
        let text = options.take(argument)?.trim();
        let text = of_kinds(&text, scene).unwrap_or(text);
        let (query, hints) = syntax::query(&text)?;
        let mut draft = Draft::new(query);
        if let Some(filter) = options.scope.filter() {
            let first = &mut draft.query.parts[0].filter;
            *first = both(std::mem::take(first), filter);
        }
        if !options.sort.is_empty()
            && let Some(last) = draft.query.parts.last_mut()
        {
            last.sort = options.sort;
        }
        draft.clusters = options.scope.into_clusters();
        draft.edges = options.edges;
        draft.mode = options.mode;
        draft.at = options.at;
        draft.hints = hints;
        Ok(Box::new(Ready(draft)))
    }
}

/// `pods,svc` for `is(pods,svc)`, where these are kinds and nothing else is said.
fn of_kinds(text: &Argument, scene: &Scene) -> Option<Argument> {
    let mut names = text.text().split(',').map(str::trim);
    // A word that several kinds have is meant as a kind, too: the engine names them.
    let is_kind = |name| match scene.model.resolve(name) {
        Ok(_) => true,
        Err(unknown) => !unknown.several.is_empty(),
    };
    let kinds = text.text() != "all" && names.all(is_kind);
    kinds.then(|| Argument::standing_for(&format!("is({})", text.text()), text.span()))
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
