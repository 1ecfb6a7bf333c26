//! `tree`: what nodes own and contain, as lines with branches.
//!
//! Every node is drawn once: below its owner if that is there, else below what contains it.
use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use futures::TryStreamExt as _;
use jiff::Timestamp;
use serde_json::Value;
use stocktake_model::{Duration, parse_time};
use stocktake_query::Navigation;

use crate::draft::from_nodes;
use crate::reader::is_edge;
use crate::spec::{Category, Command, Example, Shape, Spec, Stage};
use crate::{Argument, Call, CommandError, Flow, Scene, WithEdges};

static SPEC: Spec = Spec {
    name: "tree",
    aliases: &[],
    about: "what nodes own and contain, drawn as a tree",
    usage: "[--owners|--containment] [--depth N]",
    arguments: &[
        (
            "--owners",
            "who made what: a deployment, its replica sets, their pods",
        ),
        (
            "--containment",
            "what lies in what: a cluster, its namespaces, what is in them",
        ),
        ("--depth N", "so many levels below the first"),
    ],
    category: Category::Format,
    input: Shape::Nodes,
    output: Shape::Lines,
    examples: &[
        Example {
            about: "What belongs to a deployment?",
            line: "search is(kubernetes_deployment) limit 1 | tree",
            prints: "",
        },
        Example {
            about: "What lies in a cluster, one level deep?",
            line: "search is(kubernetes_cluster) limit 1 | tree --containment --depth 1",
            prints: "",
        },
        Example {
            about: "Who made the pods of a namespace?",
            line: "search is(kubernetes_resource) -n default | tree --owners",
            prints: "",
        },
    ],
};

pub(super) struct Tree;

impl Command for Tree {
    fn spec(&self) -> &'static Spec {
        &SPEC
    }

    fn parse(&self, argument: &Argument, _: &Scene) -> Result<Box<dyn Stage>, CommandError> {
        let mut relations = None;
        let mut depth = None;
        let words = argument.words();
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            match &*word.text {
                "--owners" | "--containment" if relations.is_some() => {
                    return Err(CommandError::usage("one tree at a time").at(word.span));
                }
                "--owners" => relations = Some("owns"),
                "--containment" => relations = Some("contains"),
                "--depth" => {
                    let number = rest.next().and_then(|word| word.text.parse::<u32>().ok());
                    let wrong = || CommandError::usage("`--depth` needs a number").at(word.span);
                    depth = Some(number.ok_or_else(wrong)?);
                }
                other => {
                    return Err(
                        CommandError::usage(format!("`tree` has no option `{other}`"))
                            .hint("it knows `--owners`, `--containment` and `--depth N`")
                            .at(word.span),
                    );
                }
            }
        }
        Ok(Box::new(Ready {
            down: walk(relations.unwrap_or("owns, contains"), depth),
        }))
    }
}

/// The way down over these relations.
fn walk(relations: &str, depth: Option<u32>) -> Navigation {
    let depth = depth.map_or(String::new(), |depth| depth.to_string());
    let text = format!("all -[0:{depth}]{{relation in [{relations}]}}->");
    let query = stocktake_query::parse(&text).expect("the text is made of words and a number");
    let part = query.parts.into_iter().next();
    part.and_then(|part| part.navigation)
        .expect("it ends with a walk")
}

struct Ready {
    down: Navigation,
}

#[async_trait]
impl Stage for Ready {
    async fn run(self: Box<Self>, input: Flow, call: &Call) -> Result<Flow, CommandError> {
        let roots: Vec<Value> = input.elements.try_collect().await?;
        let ids: Vec<String> = roots.iter().filter_map(|node| id(node, "id")).collect();
        let found = from_nodes(Flow::values(roots), call, |draft| {
            draft.edges = WithEdges::Yes;
            draft.walk(self.down.clone())
        });
        let mut forest = Forest::default();
        let mut elements = found.await?.elements;
        while let Some(element) = elements.try_next().await? {
            forest.add(&element, call.scene.now);
        }
        call.side.count(forest.nodes.len() as u64);
        Ok(Flow::lines(forest.drawn(&ids)))
    }
}

fn id(element: &Value, key: &str) -> Option<String> {
    element.get(key).and_then(Value::as_str).map(str::to_owned)
}

/// Nodes and how they hang together.
#[derive(Default)]
struct Forest {
    /// What is shown, by id; it sorts by kind and name.
    nodes: BTreeMap<String, Label>,
    /// Child, then whether the edge is a lesser one than ownership, then parent: the first of a child counts.
    edges: BTreeSet<(String, bool, String)>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Label {
    kind: String,
    name: String,
    age: String,
}

impl Forest {
    fn add(&mut self, element: &Value, now: Timestamp) {
        if is_edge(element) {
            let owns = element["reported"]["relations"]
                .as_array()
                .is_some_and(|all| all.iter().any(|relation| relation == "owns"));
            if let (Some(from), Some(to)) = (id(element, "from"), id(element, "to")) {
                self.edges.insert((to, !owns, from));
            }
        } else if let Some(id) = id(element, "id") {
            self.nodes.insert(id, Label::new(&element["reported"], now));
        }
    }

    /// The lines, the first ones of each tree in this order.
    fn drawn(&self, roots: &[String]) -> Vec<String> {
        let mut parents: BTreeMap<&str, &str> = BTreeMap::new();
        for (child, _, parent) in &self.edges {
            if child != parent && self.nodes.contains_key(parent) {
                parents.entry(child).or_insert(parent);
            }
        }
        let mut children: BTreeMap<&str, Vec<(&Label, &str)>> = BTreeMap::new();
        for (child, parent) in &parents {
            if let Some(label) = self.nodes.get(*child) {
                children.entry(parent).or_default().push((label, child));
            }
        }
        for all in children.values_mut() {
            all.sort();
        }
        let mut drawing = Drawing {
            forest: self,
            children,
            lines: Vec::new(),
            drawn: BTreeSet::new(),
        };
        let below = |root: &&String| parents.contains_key(root.as_str());
        let (inner, outer): (Vec<&String>, Vec<&String>) = roots.iter().partition(below);
        // The inner ones are drawn by now, unless they go round in a circle.
        for root in outer.into_iter().chain(inner) {
            drawing.tree(root);
        }
        drawing.lines
    }
}

impl Label {
    fn new(reported: &Value, now: Timestamp) -> Self {
        let text = |key: &str| reported[key].as_str().unwrap_or_default().to_owned();
        let kind = text("kind");
        let created = reported["ctime"].as_str();
        let created = created.and_then(|time| parse_time(time).ok());
        let age = created.map(|time| Duration::from_seconds(now.as_second() - time.as_second()));
        Self {
            kind: kind.strip_prefix("kubernetes_").unwrap_or(&kind).to_owned(),
            name: text("name"),
            age: age.map_or(String::new(), |age| format!("  {}", age.as_age())),
        }
    }
}

struct Drawing<'f> {
    forest: &'f Forest,
    children: BTreeMap<&'f str, Vec<(&'f Label, &'f str)>>,
    lines: Vec<String>,
    drawn: BTreeSet<&'f str>,
}

/// A node that waits to be drawn: what stands in front of it, and of what is below it.
struct Waiting<'f> {
    id: &'f str,
    first: String,
    below: String,
}

impl<'f> Drawing<'f> {
    /// Draws a node with everything below it, without recursion: chains may be long.
    fn tree(&mut self, root: &'f str) {
        let mut waiting = vec![Waiting {
            id: root,
            first: String::new(),
            below: String::new(),
        }];
        while let Some(Waiting { id, first, below }) = waiting.pop() {
            let Some(Label { kind, name, age }) = self.forest.nodes.get(id) else {
                continue;
            };
            if !self.drawn.insert(id) {
                continue;
            }
            self.lines.push(format!("{first}{kind} {name}{age}"));
            let children = self.children.get(id).map_or(&[][..], Vec::as_slice);
            for (at, (_, child)) in children.iter().enumerate().rev() {
                let (branch, gap) = if at + 1 == children.len() {
                    ("└── ", "    ")
                } else {
                    ("├── ", "│   ")
                };
                waiting.push(Waiting {
                    id: child,
                    first: format!("{below}{branch}"),
                    below: format!("{below}{gap}"),
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(edges: &[(&str, &str, &str)], roots: &[&str], expected: Expect) {
        let mut forest = Forest::default();
        let now: Timestamp = "2026-01-02T00:00:00Z".parse().unwrap();
        for name in ["ns", "deploy", "set", "pod-b", "pod-a"] {
            let reported = json!({
                "kind": format!("kubernetes_{}", name.split('-').next().unwrap()),
                "name": name, "ctime": "2026-01-01T00:00:00Z",
            });
            forest.add(&json!({"id": name, "reported": reported}), now);
        }
        for (from, relation, to) in edges {
            let reported = json!({"relations": [relation]});
            let edge = json!({"type": "edge", "from": from, "to": to, "reported": reported});
            forest.add(&edge, now);
        }
        let roots: Vec<String> = roots.iter().map(|&root| root.to_owned()).collect();
        expected.assert_eq(&forest.drawn(&roots).join("\n"));
    }

    #[test]
    fn a_node_stands_below_its_owner_or_else_its_container() {
        let all = [
            ("ns", "contains", "deploy"),
            ("ns", "contains", "set"),
            ("ns", "contains", "pod-a"),
            ("ns", "contains", "pod-b"),
            ("deploy", "owns", "set"),
            ("set", "owns", "pod-a"),
        ];
        check(
            &all,
            &["ns"],
            expect![[r"
                ns ns  1d
                ├── deploy deploy  1d
                │   └── set set  1d
                │       └── pod pod-a  1d
                └── pod pod-b  1d"]],
        );
        check(
            &all,
            &["pod-a", "pod-b", "ns"],
            expect![[r"
                ns ns  1d
                ├── deploy deploy  1d
                │   └── set set  1d
                │       └── pod pod-a  1d
                └── pod pod-b  1d"]],
        );
    }

    #[test]
    fn circles_and_strangers_are_drawn_once() {
        let circle = [
            ("set", "owns", "deploy"),
            ("deploy", "owns", "set"),
            ("set", "owns", "set"),
        ];
        check(
            &circle,
            &["set", "nobody", "pod-a"],
            expect![[r"
                pod pod-a  1d
                set set  1d
                └── deploy deploy  1d"]],
        );
    }
}
