//! A generated cluster, collected through the simulator, as people would describe it: for each kind how many there are
//! and the one that refers to most, with its plain properties and its edges in words.
//!
//! What a change of generator, converter or rules means for a whole cluster is seen here at a glance; single facts are
//! tested elsewhere.
use std::collections::BTreeMap;
use std::fmt::Write as _;

use expect_test::expect_file;
use serde_json::Value;
use stocktake_kubernetes_sim::fleet::{FleetShape, fleet};

use crate::cluster;

const PROGRAM: &str = env!("CARGO_BIN_EXE_stocktake-under-test");
/// Edges shown of one object and relation.
const SHOWN: usize = 3;
/// Properties that every object has, or that say when and not what.
const EVERYWHERE: [&str; 12] = [
    "kind",
    "id",
    "name",
    "namespace",
    "api_version",
    "api_group",
    "api_kind",
    "api_resource",
    "cluster_name",
    "age",
    "resource_version",
    "generation",
];

/// What a search for everything printed.
struct Graph {
    nodes: Vec<Value>,
    edges: Vec<Value>,
}

impl Graph {
    fn read(text: &str) -> Self {
        let lines = text
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("every line is JSON"));
        let (nodes, edges) = lines.partition(|line| line["reported"]["kind"].is_string());
        Self { nodes, edges }
    }

    /// `kind name, namespace` by node id.
    fn names(&self) -> BTreeMap<&str, String> {
        self.nodes
            .iter()
            .map(|node| (node["id"].as_str().unwrap_or_default(), named(node)))
            .collect()
    }

    fn described(&self) -> String {
        let names = self.names();
        let mut edges: BTreeMap<(&str, String), Vec<&str>> = BTreeMap::new();
        for edge in &self.edges {
            let (from, to) = (text(edge, "from"), text(edge, "to"));
            let relation = relation(edge);
            let to = names.get(to).map_or(to, String::as_str);
            edges.entry((from, relation)).or_default().push(to);
        }
        let mut kinds: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
        for node in &self.nodes {
            kinds
                .entry(text(&node["reported"], "kind"))
                .or_default()
                .push(node);
        }
        let mut shown = String::new();
        for (kind, mut nodes) in kinds {
            let count = |node: &Value| {
                let mine = edges
                    .iter()
                    .filter(|((from, _), _)| *from == text(node, "id"));
                mine.map(|(_, to)| to.len()).sum::<usize>()
            };
            nodes.sort_by_cached_key(|node| (std::cmp::Reverse(count(node)), named(node)));
            writeln!(shown, "{kind}: {}", nodes.len()).expect("a string takes any text");
            describe(nodes[0], &edges, &mut shown);
        }
        shown
    }
}

fn describe(node: &Value, edges: &BTreeMap<(&str, String), Vec<&str>>, shown: &mut String) {
    let mut line = |text: String| {
        shown.push_str(&text);
        shown.push('\n');
    };
    line(format!(
        "  {}",
        named(node).split_once(' ').map_or("", |(_, name)| name)
    ));
    let reported = node["reported"].as_object().into_iter().flatten();
    for (name, value) in reported {
        if !EVERYWHERE.contains(&name.as_str()) && !value.is_object() && !value.is_array() {
            line(format!("    {name}: {value}"));
        }
    }
    for ((from, relation), to) in edges {
        if *from != text(node, "id") {
            continue;
        }
        let mut to = to.clone();
        to.sort_unstable();
        let more = to.len().saturating_sub(SHOWN);
        let more = if more > 0 {
            format!(", and {more} more")
        } else {
            String::new()
        };
        to.truncate(SHOWN);
        line(format!("    {relation}: {}{more}", to.join("; ")));
    }
}

fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value[name].as_str().unwrap_or_default()
}

fn named(node: &Value) -> String {
    let reported = &node["reported"];
    let kind = text(reported, "kind").trim_start_matches("kubernetes_");
    let (name, namespace) = (text(reported, "name"), text(reported, "namespace"));
    let within = if namespace.is_empty() {
        String::new()
    } else {
        format!(" in {namespace}")
    };
    format!("{kind} {name}{within}")
}

/// The relation of an edge, and its type where it is not the usual one.
fn relation(edge: &Value) -> String {
    let of_type = text(edge, "edge_type");
    let relation = &edge["reported"]["relation"];
    let relation = match relation {
        Value::String(one) => one.clone(),
        other => other.to_string(),
    };
    if of_type.is_empty() || of_type == "default" {
        relation
    } else {
        format!("{relation} ({of_type})")
    }
}

#[test]
fn a_generated_cluster_is_as_described() {
    let shape = FleetShape {
        clusters: 1,
        objects_per_cluster: 1,
        troubles: Vec::new(),
        ..FleetShape::default()
    };
    let objects = fleet(&shape).remove(0).objects().collect();
    let (place, _sim) = cluster::of(PROGRAM, objects);
    let line = "search --with-edges id(root) -[0:]-> | format --ndjson".to_owned();
    let answer = cluster::answers(&place, "", &[line]).remove(0);
    expect_file!["golden.txt"].assert_eq(&Graph::read(&answer).described());
}
