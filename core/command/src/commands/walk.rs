//! `predecessors`, `successors`, `ancestors`, `descendants`: walk on from what was found.
use async_trait::async_trait;
use stocktake_query::{EdgeType, Navigation, Span, Walk};

use crate::draft::{self, Draft, Folded};
use crate::scene::edge_type;
use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{Argument, Call, CommandError, Flow, Scene};

const ARGUMENTS: &[(&str, &str)] = &[
    ("--with-origin", "give the nodes the walk starts from too"),
    ("default|delete|iam", "type of the edges to walk"),
];

static PREDECESSORS: Spec = Spec {
    name: "predecessors",
    aliases: &["predecessor"],
    about: "the nodes one step up",
    usage: "[--with-origin] [default|delete|iam]",
    arguments: ARGUMENTS,
    category: Category::Search,
    input: Shape::Nodes,
    output: Shape::Nodes,
    examples: &[
        Example {
            about: "What does it hang on?",
            line: "search is(kubernetes_pod) | predecessors",
            prints: "",
        },
        Example {
            about: "The services in front of pods",
            line: "search is(kubernetes_pod) | predecessors | search is(kubernetes_service)",
            prints: "",
        },
        Example {
            about: "Together with what they lead to",
            line: "search is(kubernetes_node) limit 1 | predecessors --with-origin",
            prints: "",
        },
    ],
};

static SUCCESSORS: Spec = Spec {
    name: "successors",
    aliases: &["successor"],
    about: "the nodes one step down",
    examples: &[
        Example {
            about: "What has to go before it can be deleted?",
            line: "search is(kubernetes_persistent_volume) | successors delete",
            prints: "",
        },
        Example {
            about: "What runs on the nodes?",
            line: "search is(kubernetes_node) | successors | count kind",
            prints: "",
        },
        Example {
            about: "Together with where it began",
            line: "search is(kubernetes_service) limit 1 | successors --with-origin",
            prints: "",
        },
    ],
    ..PREDECESSORS
};

static ANCESTORS: Spec = Spec {
    name: "ancestors",
    aliases: &["ancestor"],
    about: "all nodes on the way up to the root",
    examples: &[
        Example {
            about: "Where is it?",
            line: "search is(kubernetes_pod) | ancestors",
            prints: "",
        },
        Example {
            about: "The clusters of some pods",
            line: "search is(kubernetes_pod) limit 5 | ancestors | search is(kubernetes_cluster)",
            prints: "",
        },
        Example {
            about: "Together with where it began",
            line: "search is(kubernetes_pod) limit 1 | ancestors --with-origin",
            prints: "",
        },
    ],
    ..PREDECESSORS
};

static DESCENDANTS: Spec = Spec {
    name: "descendants",
    aliases: &["descendant"],
    about: "all nodes below",
    examples: &[
        Example {
            about: "What does a cluster hold?",
            line: "search is(kubernetes_cluster) | descendants --with-origin",
            prints: "",
        },
        Example {
            about: "How much is in a namespace?",
            line: "search is(kubernetes_namespace) and name=default | descendants | count kind",
            prints: "",
        },
        Example {
            about: "What would go with it?",
            line: "search is(kubernetes_deployment) limit 1 | descendants",
            prints: "",
        },
    ],
    ..PREDECESSORS
};

/// Which way, and whether further than one step.
pub(super) struct WalkTo {
    spec: &'static Spec,
    direction: Walk,
    max: u32,
}

pub(super) static TO_PREDECESSORS: WalkTo = WalkTo {
    spec: &PREDECESSORS,
    direction: Walk::In,
    max: 1,
};
pub(super) static TO_SUCCESSORS: WalkTo = WalkTo {
    spec: &SUCCESSORS,
    direction: Walk::Out,
    max: 1,
};
pub(super) static TO_ANCESTORS: WalkTo = WalkTo {
    spec: &ANCESTORS,
    direction: Walk::In,
    max: Navigation::UNLIMITED,
};
pub(super) static TO_DESCENDANTS: WalkTo = WalkTo {
    spec: &DESCENDANTS,
    direction: Walk::Out,
    max: Navigation::UNLIMITED,
};

impl Command for WalkTo {
    fn spec(&self) -> &'static Spec {
        self.spec
    }

    fn parse(&self, argument: &Argument, _: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        let mut min = 1;
        let mut types: Vec<EdgeType> = Vec::new();
        for word in argument.words() {
            if word.text == "--with-origin" {
                min = 0;
            } else {
                types.push(edge_type(&word.text).map_err(|error| error.at(word.span))?);
            }
        }
        Ok(Box::new(Ready(Navigation {
            direction: self.direction,
            min,
            max: self.max,
            types,
            inbound_types: Vec::new(),
            edge_filter: None,
            span: Span::default(),
        })))
    }
}

struct Ready(Navigation);

#[async_trait]
impl Stage for Ready {
    fn fold(&self, draft: &mut Draft) -> Folded {
        draft.walk(self.0.clone())
    }

    async fn run(self: Box<Self>, input: Flow, call: &Call) -> Result<Flow, CommandError> {
        draft::from_nodes(input, call, |draft| draft.walk(self.0)).await
    }
}
