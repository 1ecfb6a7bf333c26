//! Strategies for syntax trees: all that the parser can build, and nothing that it can not.
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use stocktake_query::*;

/// A name as people write it, or one that needs quotes.
fn name() -> BoxedStrategy<String> {
    let words = prop::sample::select(vec![
        "is", "all", "not", "sort", "in", "asc", "limit", "as", "any",
    ]);
    prop_oneof![
        4 => "[a-z_][a-z0-9_-]{0,6}",
        1 => words.prop_map(str::to_owned),
        1 => "\\PC{0,6}",
        1 => "[\"\\\\/'a{}. ]{0,6}",
    ]
    .boxed()
}

fn named() -> impl Strategy<Value = Name> {
    name().prop_map(|text| Name {
        text,
        span: Span::default(),
    })
}

fn segment(index: impl Strategy<Value = Vec<Index>>) -> impl Strategy<Value = Segment> {
    let name = name()
        .prop_map(|name| name.replace('`', "x"))
        .prop_filter("not empty", |n| !n.is_empty());
    (name, index).prop_map(|(name, indexes)| Segment { name, indexes })
}

fn indexes() -> impl Strategy<Value = Vec<Index>> {
    let index = prop_oneof![Just(Index::Any), any::<usize>().prop_map(Index::At)];
    prop_oneof![3 => Just(Vec::new()), 1 => vec(index, 1..3)]
}

pub(crate) fn path() -> BoxedStrategy<Path> {
    (any::<bool>(), vec(segment(indexes()), 1..4))
        .prop_map(|(absolute, segments)| Path {
            absolute,
            segments,
            span: Span::default(),
        })
        .boxed()
}

fn merge_name() -> impl Strategy<Value = Path> {
    (any::<bool>(), vec(segment(Just(Vec::new())), 1..3)).prop_map(|(absolute, segments)| Path {
        absolute,
        segments,
        span: Span::default(),
    })
}

fn word() -> impl Strategy<Value = String> {
    let typical = vec![
        "3d",
        "-2h",
        "10GiB",
        "2024-05-01",
        "10.0.0.1",
        "/",
        "1e3",
        "nullable",
        "::",
        "a-",
    ];
    prop_oneof![
        prop::sample::select(typical).prop_map(str::to_owned),
        "[a-z][A-Za-z0-9_:/.-]{0,8}".prop_filter("constant", |w| !["true", "false", "null"]
            .contains(&w.as_str())),
    ]
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        prop::num::f64::NORMAL,
        Just(0.0),
        (-1000i32..1000).prop_map(f64::from)
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        number().prop_map(Value::Float),
        name().prop_map(Value::Text),
        word().prop_map(Value::Word),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::List),
            vec((name(), inner), 0..3).prop_map(Value::Object),
        ]
    })
}

fn comparison() -> impl Strategy<Value = Filter> {
    let quantifier = prop::sample::select(vec![Quantifier::Any, Quantifier::All, Quantifier::None]);
    let op = prop::sample::select(Op::ALL.to_vec());
    (path(), option::of(quantifier), op, value()).prop_map(|(path, quantifier, op, value)| {
        let value = match (op, value) {
            (
                Op::In | Op::NotIn,
                one @ (Value::Null
                | Value::Bool(_)
                | Value::Int(_)
                | Value::Float(_)
                | Value::Text(_)
                | Value::Word(_)
                | Value::Object(_)),
            ) => Value::List(vec![one]),
            (_, value) => value,
        };
        Filter::Compare(Comparison {
            path,
            quantifier,
            op,
            value,
            span: Span::default(),
        })
    })
}

/// `and` and `or` are flat, and have at least two terms.
fn joined(terms: Vec<Filter>, and: bool) -> Filter {
    let flat = terms.into_iter().flat_map(|term| match term {
        Filter::And(inner) if and => inner,
        Filter::Or(inner) if !and => inner,
        other => vec![other],
    });
    if and {
        Filter::And(flat.collect())
    } else {
        Filter::Or(flat.collect())
    }
}

fn combined(leaf: BoxedStrategy<Filter>) -> BoxedStrategy<Filter> {
    leaf.prop_recursive(4, 12, 3, |inner| {
        prop_oneof![
            inner
                .clone()
                .prop_map(|filter| Filter::Not(Box::new(filter))),
            (vec(inner.clone(), 2..4), any::<bool>()).prop_map(|(terms, and)| joined(terms, and)),
            (path(), inner).prop_map(|(path, filter)| Filter::Context(path, Box::new(filter))),
        ]
    })
    .boxed()
}

fn edge_filter() -> BoxedStrategy<Filter> {
    combined(prop_oneof![1 => Just(Filter::All), 4 => comparison()].boxed())
}

pub(crate) fn filter() -> BoxedStrategy<Filter> {
    let leaf = prop_oneof![
        1 => Just(Filter::All),
        2 => vec(named(), 1..3).prop_map(Filter::Is),
        1 => vec(named(), 1..3).prop_map(Filter::Id),
        1 => named().prop_map(Filter::Text),
        1 => (path(), vec(name(), 0..3)).prop_map(|(path, keys)| Filter::HasKey(path, keys)),
        1 => (path(), named()).prop_map(|(path, net)| Filter::InSubnet(path, net)),
        1 => path().prop_map(Filter::DesiredChange),
        1 => path().prop_map(Filter::NoDesiredChange),
        4 => comparison(),
    ];
    combined(leaf.boxed())
}

fn edge_types() -> impl Strategy<Value = Vec<EdgeType>> {
    vec(prop::sample::select(EdgeType::ALL.to_vec()), 0..3)
}

fn range() -> impl Strategy<Value = (u32, u32)> {
    let end = prop_oneof![Just(Navigation::UNLIMITED), 0..=Navigation::UNLIMITED];
    prop_oneof![
        Just((1, 1)),
        (0u32..4, end).prop_map(|(a, b)| (a.min(b), a.max(b)))
    ]
}

fn navigation() -> impl Strategy<Value = Navigation> {
    let direction = prop::sample::select(vec![Walk::Out, Walk::In, Walk::Both]);
    (
        direction,
        range(),
        edge_types(),
        edge_types(),
        option::weighted(0.3, edge_filter()),
    )
        .prop_map(|(direction, (min, max), types, inbound, edge_filter)| {
            let two_sided = direction == Walk::Both && !types.is_empty() && inbound != types;
            let inbound_types = if two_sided { inbound } else { Vec::new() };
            Navigation {
                direction,
                min,
                max,
                types,
                inbound_types,
                edge_filter,
                span: Span::default(),
            }
        })
}

fn with() -> impl Strategy<Value = With> {
    let numeric = prop::sample::select(Op::NUMERIC.to_vec());
    let count = prop_oneof![
        Just(WithCount::Empty),
        Just(WithCount::Any),
        (numeric, any::<i64>()).prop_map(|(op, count)| WithCount::Count(op, count)),
    ];
    let level = (count, navigation(), filter());
    vec(level, 1..3).prop_map(|levels| {
        let nested = levels
            .into_iter()
            .rev()
            .fold(None, |with, (count, navigation, filter)| {
                Some(Box::new(With {
                    count,
                    navigation,
                    filter,
                    with,
                }))
            });
        *nested.expect("there is at least one level")
    })
}

fn with_usage() -> impl Strategy<Value = WithUsage> {
    let time = || prop_oneof!["[0-9]{1,2}[dhw]", "2024-05-01T10:00:00Z", "\\PC{0,5}"];
    (time(), option::of(time()), vec(name(), 1..3)).prop_map(|(start, end, metrics)| WithUsage {
        start,
        end,
        metrics,
    })
}

fn sort_key() -> impl Strategy<Value = SortKey> {
    (path(), any::<bool>()).prop_map(|(path, desc)| SortKey {
        path,
        order: if desc { Order::Desc } else { Order::Asc },
    })
}

fn limit() -> impl Strategy<Value = Limit> {
    (prop_oneof![Just(0), any::<usize>()], any::<usize>())
        .prop_map(|(offset, length)| Limit { offset, length })
}

/// A part without its navigation; merged queries are one level deep.
fn part(merge: BoxedStrategy<Vec<Merge>>) -> impl Strategy<Value = Part> {
    let select = (
        option::weighted(0.1, with_usage()),
        filter(),
        merge,
        option::of(filter()),
    );
    let clauses = (
        option::weighted(0.2, with()),
        option::weighted(0.2, name()),
        prop_oneof![2 => Just(Vec::new()), 1 => vec(sort_key(), 1..3)],
        option::weighted(0.3, limit()),
        any::<bool>(),
    );
    let part = (select, clauses).prop_map(|(select, (with, tag, sort, limit, reversed))| {
        let (with_usage, filter, merge, post) = select;
        let post = post.filter(|_| !merge.is_empty());
        Part {
            with_usage,
            filter,
            merge,
            post,
            with,
            tag,
            sort,
            limit,
            reversed,
            navigation: None,
        }
    });
    prop_oneof![1 => Just(Part::default()), 5 => part]
}

fn preamble() -> impl Strategy<Value = Preamble> {
    let edge_type = prop::sample::select(EdgeType::ALL.to_vec());
    (
        option::weighted(0.2, aggregate()),
        option::weighted(0.2, edge_type),
    )
        .prop_map(|(aggregate, edge_type)| Preamble {
            aggregate,
            edge_type,
        })
}

/// Parts with a navigation between each two.
fn chained(
    parts: impl Strategy<Value = Vec<(Part, Navigation)>>,
) -> impl Strategy<Value = Vec<Part>> {
    parts.prop_map(|parts| {
        let last = parts.len() - 1;
        let chain = parts
            .into_iter()
            .enumerate()
            .map(|(at, (part, navigation))| Part {
                navigation: (at < last).then_some(navigation),
                ..part
            });
        chain.collect()
    })
}

fn merges() -> BoxedStrategy<Vec<Merge>> {
    let rest = chained(vec((part(Just(Vec::new()).boxed()), navigation()), 1..2));
    let query = (preamble(), navigation(), rest).prop_map(|(preamble, navigation, rest)| {
        let first = Part {
            navigation: Some(navigation),
            ..Part::default()
        };
        Query {
            preamble,
            parts: std::iter::once(first).chain(rest).collect(),
        }
    });
    let merge = (merge_name(), any::<bool>(), query).prop_map(|(name, list, query)| Merge {
        name,
        list,
        query,
    });
    prop_oneof![3 => Just(Vec::new()), 1 => vec(merge, 1..3)].boxed()
}

pub(crate) fn query() -> impl Strategy<Value = Query> {
    (
        preamble(),
        chained(vec((part(merges()), navigation()), 1..3)),
    )
        .prop_map(|(preamble, parts)| Query { preamble, parts })
}

pub(crate) fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    let bare = prop::sample::select(vec![true, false]).prop_map(|absolute| Path {
        absolute,
        segments: Vec::new(),
        span: Span::default(),
    });
    let hole = prop_oneof![4 => path(), 1 => bare];
    let piece = prop_oneof![name().prop_map(Piece::Text), hole.prop_map(Piece::Hole)];
    vec(piece, 0..4).prop_map(|pieces| {
        let mut whole: Vec<Piece> = Vec::new();
        for piece in pieces {
            match (whole.last_mut(), piece) {
                (Some(Piece::Text(before)), Piece::Text(text)) => before.push_str(&text),
                (_, Piece::Text(text)) if text.is_empty() => {}
                (_, piece) => whole.push(piece),
            }
        }
        whole
    })
}

pub(crate) fn aggregate() -> BoxedStrategy<Aggregate> {
    let value = prop_oneof![
        path().prop_map(GroupValue::Path),
        pieces().prop_map(GroupValue::Template)
    ];
    let group = (value, option::of(name())).prop_map(|(value, name)| Group { value, name });
    let argument = prop_oneof![
        path().prop_map(Argument::Path),
        any::<i64>().prop_map(Argument::Number)
    ];
    let sign = prop::sample::select(vec![
        Arithmetic::Add,
        Arithmetic::Subtract,
        Arithmetic::Multiply,
        Arithmetic::Divide,
        Arithmetic::Modulo,
    ]);
    let function = prop::sample::select(FunctionName::ALL.to_vec());
    let function = (
        function,
        argument,
        vec((sign, number()), 0..3),
        option::of(name()),
    )
        .prop_map(|(name, argument, steps, alias)| Function {
            name,
            argument,
            steps,
            alias,
        });
    (vec(group, 0..3), vec(function, 1..3))
        .prop_map(|(groups, functions)| Aggregate { groups, functions })
        .boxed()
}

pub(crate) fn columns() -> impl Strategy<Value = Vec<Column>> {
    let column = (path(), option::of(name())).prop_map(|(path, name)| Column { path, name });
    vec(column, 1..4)
}

pub(crate) fn sort_keys() -> impl Strategy<Value = Vec<SortKey>> {
    vec(sort_key(), 1..4)
}
