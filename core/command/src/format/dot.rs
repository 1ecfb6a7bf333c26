//! `--dot`: a picture for Graphviz, one box per account.
use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Format, Render};
use crate::Call;
use crate::show::scalar_text;

/// Colours of the scheme.
const COLOURS: usize = 12;

pub(super) struct Dot;

impl Format for Dot {
    fn flag(&self) -> &'static str {
        "--dot"
    }

    fn begin(&self, _: &Call) -> Box<dyn Render> {
        Box::new(Picture::default())
    }
}

/// Nodes are held back: those of one account stand together.
#[derive(Default)]
struct Picture {
    accounts: BTreeMap<String, Vec<String>>,
    seen: BTreeSet<String>,
    edges: Vec<String>,
    colours: BTreeMap<String, usize>,
}

impl Render for Picture {
    fn begin(&mut self) -> Vec<String> {
        [
            "digraph {",
            "rankdir=LR",
            "overlap=false",
            "splines=true",
            "node [shape=Mrecord colorscheme=paired12]",
            "edge [arrowsize=0.5]",
        ]
        .map(str::to_owned)
        .to_vec()
    }

    fn element(&mut self, element: &Value) -> Vec<String> {
        if crate::reader::is_edge(element) {
            self.edge(element);
        } else if element.get("reported").is_some() {
            self.node(element);
        }
        Vec::new()
    }

    fn end(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        for (number, (account, nodes)) in std::mem::take(&mut self.accounts).into_iter().enumerate()
        {
            if account.is_empty() {
                lines.extend(nodes);
                continue;
            }
            lines.push(format!("subgraph \"cluster_{number}\" {{"));
            lines.push(format!(" label=\"{}\"", quoted(&account)));
            lines.extend(nodes);
            lines.push("}".to_owned());
        }
        lines.append(&mut self.edges);
        lines.push("}".to_owned());
        lines
    }
}

impl Picture {
    fn node(&mut self, node: &Value) {
        let id = text(node, "/id");
        if !self.seen.insert(id.clone()) {
            return;
        }
        let kind = text(node, "/reported/kind");
        let next = self.colours.len() % COLOURS + 1;
        let colour = *self.colours.entry(kind.clone()).or_insert(next);
        let line = format!(
            " \"{}\" [label=\"{}|{}\", style=filled fillcolor={colour}];",
            quoted(&id),
            field(&text(node, "/reported/name")),
            field(&kind),
        );
        let account = text(node, "/ancestors/account/reported/name");
        self.accounts.entry(account).or_default().push(line);
    }

    fn edge(&mut self, edge: &Value) {
        self.edges.push(format!(
            " \"{}\" -> \"{}\" [label=\"{}\"];",
            quoted(&text(edge, "/from")),
            quoted(&text(edge, "/to")),
            quoted(&text(edge, "/edge_type")),
        ));
    }
}

fn text(element: &Value, pointer: &str) -> String {
    element
        .pointer(pointer)
        .map(scalar_text)
        .unwrap_or_default()
}

/// A text inside double quotes.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace(['\n', '\r'], " ")
}

/// A field of a record label: `{ } | < >` have a meaning there.
fn field(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '\n' => escaped.push_str("\\n"),
            '\r' => {}
            '\\' | '"' | '{' | '}' | '|' | '<' | '>' => {
                escaped.push('\\');
                escaped.push(c);
            }
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::testing::{graph, written};
    use super::*;

    #[test]
    fn a_graph_is_a_picture_with_a_box_per_account() {
        expect![[r#"
            digraph {
            rankdir=LR
            overlap=false
            splines=true
            node [shape=Mrecord colorscheme=paired12]
            edge [arrowsize=0.5]
            subgraph "cluster_0" {
             label="prod"
             "n1" [label="web-0|kubernetes_pod", style=filled fillcolor=1];
             "n2" [label="a\|b \"c\" \<d\> \\ \{e\}|kubernetes_service", style=filled fillcolor=2];
            }
             "n2" -> "n1" [label="default"];
            }"#]]
        .assert_eq(&written(Box::<Picture>::default(), &graph()));
    }
}
