//! Small random inventories and random queries about them, as texts: the parser takes part in the test.
use proptest::prelude::*;
use serde_json::{Value, json};

/// A record that is not built yet: kind, name, namespace, properties.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) kind: &'static str,
    pub(crate) namespace: Option<&'static str>,
    pub(crate) name: &'static str,
    pub(crate) properties: Vec<(&'static str, Value)>,
    pub(crate) marks: Option<(Value, Value)>,
    /// Bytes of memory it uses, if that was measured.
    pub(crate) used: Option<u32>,
}

/// Ends (places in the list of nodes), type, relation.
pub(crate) type Link = (usize, usize, &'static str, &'static str);

/// Nodes of two accounts and the edges inside each of them.
#[derive(Debug, Clone)]
pub(crate) struct Inventory {
    pub(crate) accounts: [(Vec<Node>, Vec<Link>); 2],
}

pub(crate) fn inventory() -> impl Strategy<Value = Inventory> {
    [account(), account()].prop_map(|accounts| Inventory { accounts })
}

fn account() -> impl Strategy<Value = (Vec<Node>, Vec<Link>)> {
    let links = prop::collection::vec(
        (
            0..8_usize,
            0..8_usize,
            prop::sample::select(vec!["default", "default", "default", "delete", "iam"]),
            prop::sample::select(vec!["owns", "runs", "targets"]),
        ),
        0..14,
    );
    (prop::collection::vec(node(), 0..8), links)
}

fn node() -> impl Strategy<Value = Node> {
    let kind = prop::sample::select(vec![
        "pod",
        "pod",
        "pod",
        "node",
        "replica_set",
        "persistent_volume",
    ]);
    let namespace = prop::sample::select(vec![None, Some("x"), Some("y")]);
    let name = prop::sample::select(vec!["a", "b", "web", "dns-1", "Web-dns"]);
    let marks = prop::option::weighted(
        0.2,
        (
            prop::sample::select(vec![
                json!({}),
                json!({"clean": true}),
                json!({"restarts": 1}),
            ]),
            prop::sample::select(vec![json!({}), json!({"protected": true})]),
        ),
    );
    let used = prop::option::weighted(0.4, 0..3_u32);
    (kind, namespace, name, properties(), marks, used).prop_map(
        |(kind, namespace, name, properties, marks, used)| Node {
            kind,
            namespace,
            name,
            properties,
            marks,
            used,
        },
    )
}

fn properties() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    let of = |name: &'static str, values: Vec<Value>| {
        prop::option::of(prop::sample::select(values))
            .prop_map(move |value| value.map(|value| (name, value)))
    };
    let one = json!({"name": "a", "image": "web", "ports": [1, 2], "tty": true});
    let two = json!({"name": "b", "image": "dns-1", "ports": []});
    let three = json!({"name": "a", "tty": false, "image": null});
    (
        of(
            "restarts",
            vec![json!(0), json!(1), json!(2), json!(null), json!("2")],
        ),
        of("paused", vec![json!(true), json!(false), json!("true")]),
        of(
            "ports",
            vec![
                json!([]),
                json!([1]),
                json!([1, 2]),
                json!([2, null]),
                json!(2),
                json!(null),
            ],
        ),
        of(
            "containers",
            vec![
                json!([]),
                json!([one]),
                json!([two]),
                json!([one, two]),
                json!([three, two]),
                json!({"name": "a"}),
            ],
        ),
        of(
            "labels",
            vec![
                json!({}),
                json!({"app": "web"}),
                json!({"app": "dns-1", "tier": "a"}),
            ],
        ),
        of(
            "ctime",
            vec![
                json!("2024-05-01T00:00:00Z"),
                json!("2024-05-08T12:00:00Z"),
                json!("2024-05-10T11:00:00Z"),
            ],
        ),
        of("volume_size", vec![json!(1), json!(2.5)]),
        of(
            "odd",
            vec![
                json!(true),
                json!(1),
                json!("a"),
                json!([1]),
                json!({"a": 1}),
                json!(null),
            ],
        ),
    )
        .prop_map(|(a, b, c, d, e, f, g, h)| {
            [a, b, c, d, e, f, g, h].into_iter().flatten().collect()
        })
}

const PATHS: [&str; 23] = [
    "restarts",
    "name",
    "paused",
    "ports",
    "ports[*]",
    "ports[0]",
    "containers[*].name",
    "containers[*].ports[*]",
    "containers[*].ports",
    "containers[0].image",
    "labels.app",
    "odd",
    "/metadata.protected",
    "/desired.clean",
    "age",
    "ctime",
    "volume_size",
    "/ancestors.account.reported.name",
    "/ancestors.kubernetes_node.reported.name",
    "/descendants.kubernetes_pod.reported.restarts",
    "/usage.memory_bytes.avg",
    "/usage.entries",
    "/ancestors.kubernetes_node.usage.memory_bytes.max",
];

/// Paths inside of an element of `containers`.
const INNER: [&str; 5] = ["name", "image", "ports", "ports[*]", "tty"];

const LITERALS: [&str; 16] = [
    "0",
    "1",
    "2",
    "2.5",
    "a",
    "b",
    "web",
    "\"dns-1\"",
    "true",
    "false",
    "null",
    "3d",
    "-3d",
    "2024-05-05",
    "[]",
    "[1, 2]",
];

fn text(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(words).prop_map(str::to_owned)
}

fn comparison(paths: &'static [&'static str]) -> impl Strategy<Value = String> {
    let quantifier = text(&["", "", "", " any", " all", " none"]);
    let right = prop_oneof![
        4 => (text(&["=", "!=", "<", "<=", ">", ">="]), text(&LITERALS)).prop_map(|(op, value)| format!("{op} {value}")),
        1 => (text(&["=~", "!~"]), text(&["a", "\"^w\"", "\"[0-1]\"", "1", "\"ns-[0-9]\"", "\"WE+\""])).prop_map(|(op, value)| format!("{op} {value}")),
        1 => (text(&["in", "not in"]), prop::collection::vec(text(&LITERALS), 0..3))
            .prop_map(|(op, values)| format!("{op} [{}]", values.join(", "))),
    ];
    (text(paths), quantifier, right)
        .prop_map(|(path, quantifier, right)| format!("{path}{quantifier} {right}"))
}

pub(crate) fn filter() -> impl Strategy<Value = String> {
    let inner = prop::collection::vec(comparison(&INNER), 1..3);
    let leaf = prop_oneof![
        6 => comparison(&PATHS),
        2 => text(&[
            "is(kubernetes_pod)", "is(instance)", "is(volume)", "is(kubernetes_pod, account)", "all", "is(region)",
            "has_key(labels, app)", "has_key(labels, [app, tier])", "has_desired_change(restarts)", "\"web\"",
            "\"dns 1\"", "\"a web\"", "id(root)", "has_no_desired_change(restarts)",
        ]),
        1 => (text(&["containers[*]", "containers[0]", "containers"]), inner, text(&["and", "or"]))
            .prop_map(|(path, inner, word)| format!("{path}.{{{}}}", inner.join(&format!(" {word} ")))),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| format!("not ({inner})")),
            (prop::collection::vec(inner, 2..4), text(&["and", "or"]))
                .prop_map(|(all, word)| format!("({})", all.join(&format!(" {word} ")))),
        ]
    })
}

pub(crate) fn navigation() -> impl Strategy<Value = String> {
    let types = text(&["", "", "", "default", "delete", "iam", "default,delete"]);
    let range = text(&["", "[1]", "[0:1]", "[1:]", "[0:]", "[2]", "[2:3]", "[0]"]);
    let edge = text(&[
        "",
        "",
        "",
        "{relation = owns}",
        "{relation != contains}",
        "{relation in [runs, contains]}",
    ]);
    let way = text(&["out", "in", "both"]);
    (types, range, edge, way).prop_map(|(types, range, edge, way)| {
        let inside = format!("{types}{range}{edge}");
        match way.as_str() {
            "out" => format!("-{inside}->"),
            "in" => format!("<-{inside}-"),
            _ => format!("<-{inside}->"),
        }
    })
}

fn with() -> impl Strategy<Value = String> {
    let count = text(&["any", "empty", "count > 1", "count == 1", "count != 2"]);
    (count, navigation(), filter())
        .prop_map(|(count, way, filter)| format!(" with({count}, {way} {filter})"))
}

fn part() -> impl Strategy<Value = String> {
    let sort = text(&[
        "",
        "",
        "",
        " sort name",
        " sort restarts desc, name",
        " sort age",
        " sort odd desc",
        " sort /usage.memory_bytes.min desc",
        " sort /ancestors.kubernetes_node.reported.name",
    ]);
    let limit = text(&["", "", "", "", "", " limit 2", " limit 1, 3", " limit 0"]);
    let with = prop::option::weighted(0.15, with()).prop_map(Option::unwrap_or_default);
    (
        filter(),
        with,
        sort,
        limit,
        text(&["", "", "", " reversed"]),
    )
        .prop_map(|(filter, with, sort, limit, reversed)| {
            format!("{filter}{with}{sort}{limit}{reversed}")
        })
}

/// A query of one part, sorted and limited more often than not.
pub(crate) fn simple() -> impl Strategy<Value = String> {
    let sort = text(&[
        "",
        " sort name",
        " sort name, restarts desc",
        " sort name desc",
        " sort restarts, name",
        " sort odd",
        " sort /usage.memory_bytes.avg",
    ]);
    let limit = text(&["", " limit 3", " limit 2, 20", " limit 40", " limit 0"]);
    (filter(), sort, limit).prop_map(|(filter, sort, limit)| format!("{filter}{sort}{limit}"))
}

/// A query of one to three parts.
pub(crate) fn query() -> impl Strategy<Value = String> {
    let more = prop_oneof![
        3 => Just(0_usize),
        2 => Just(1),
        1 => Just(2),
    ];
    let more = more.prop_flat_map(|parts| prop::collection::vec((navigation(), part()), parts));
    let preamble = text(&["", "", "", "(edge_type=delete): "]);
    (preamble, part(), more).prop_map(|(preamble, first, more)| {
        let more = more.into_iter().flat_map(|(way, part)| [way, part]);
        let chain: Vec<String> = std::iter::once(first).chain(more).collect();
        format!("{preamble}{}", chain.join(" "))
    })
}

/// An aggregate over the nodes of a filter.
pub(crate) fn aggregate() -> impl Strategy<Value = String> {
    let groups = prop::sample::subsequence(
        vec![
            "kind",
            "restarts as r",
            "odd",
            "/ancestors.account.reported.name as a",
            "/ancestors.kubernetes_node.reported.name as node",
            "name",
            "/usage.memory_bytes.max as used",
        ],
        0..3,
    );
    let functions = prop::sample::subsequence(
        vec![
            "sum(1) as n",
            "count(name)",
            "sum(restarts)",
            "min(odd)",
            "max(ctime)",
            "sum(/usage.memory_bytes.avg)",
        ],
        1..4,
    );
    (groups, functions, filter()).prop_map(|(groups, functions, filter)| {
        let colon = if groups.is_empty() { "" } else { ": " };
        format!(
            "aggregate({}{colon}{}): {filter}",
            groups.join(", "),
            functions.join(", ")
        )
    })
}
