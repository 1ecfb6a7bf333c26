//! Syntax trees as short nested lists: every grouping is visible, nothing is left out but spans.
use stocktake_query::{
    Aggregate, EdgeType, Filter, GroupValue, Merge, Name, Navigation, Part, Piece, Query, Value,
    Walk, With, WithCount,
};

pub(crate) fn query(query: &Query) -> String {
    let mut out = Vec::new();
    if let Some(found) = &query.preamble.aggregate {
        out.push(aggregate(found));
    }
    if let Some(edge_type) = query.preamble.edge_type {
        out.push(format!("(edge_type {})", edge_type.name()));
    }
    out.extend(query.parts.iter().map(part));
    out.join(" ")
}

fn aggregate(aggregate: &Aggregate) -> String {
    let groups = aggregate.groups.iter().map(|group| {
        let value = match &group.value {
            GroupValue::Path(path) => path.to_string(),
            GroupValue::Template(pieces) => template(pieces),
        };
        format!("{value}:{}", group.column())
    });
    let functions = aggregate.functions.iter().map(|function| {
        let mut shown = format!("({} {})", function.name.name(), function.argument);
        for (sign, number) in &function.steps {
            shown = format!("({} {shown} {number})", sign.name());
        }
        format!("{shown}:{}", function.column())
    });
    let all: Vec<_> = groups.chain(functions).collect();
    format!("(aggregate {})", all.join(" "))
}

fn template(pieces: &[Piece]) -> String {
    let shown = pieces.iter().map(|piece| match piece {
        Piece::Text(text) => format!("{text:?}"),
        Piece::Hole(path) => path.to_string(),
    });
    format!("(join {})", shown.collect::<Vec<_>>().join(" "))
}

fn part(part: &Part) -> String {
    let mut out = Vec::new();
    if let Some(usage) = &part.with_usage {
        out.push(format!(
            "(usage {:?}..{:?} {:?})",
            usage.start, usage.end, usage.metrics
        ));
    }
    out.push(filter(&part.filter));
    for Merge {
        name,
        list,
        query: inner,
    } in &part.merge
    {
        let list = if *list { "[]" } else { "" };
        out.push(format!("(merge {name}{list} {})", query(inner)));
    }
    out.extend(
        part.post
            .iter()
            .map(|post| format!("(post {})", filter(post))),
    );
    out.extend(part.with.iter().map(with));
    out.extend(part.tag.iter().map(|tag| format!("(tag {tag})")));
    out.extend(
        part.sort
            .iter()
            .map(|key| format!("(sort {} {})", key.path, key.order.name())),
    );
    out.extend(
        part.limit
            .map(|limit| format!("(limit {} {})", limit.offset, limit.length)),
    );
    out.extend(part.reversed.then(|| "reversed".to_owned()));
    let selected = format!("[{}]", out.join(" "));
    match &part.navigation {
        Some(found) => format!("{selected} {}", navigation(found)),
        None => selected,
    }
}

fn with(with: &With) -> String {
    let count = match with.count {
        WithCount::Empty => "empty".to_owned(),
        WithCount::Any => "any".to_owned(),
        WithCount::Count(op, count) => format!("({} {count})", op.name()),
    };
    let inner = with
        .with
        .as_ref()
        .map_or_else(String::new, |inner| format!(" {}", self::with(inner)));
    format!(
        "(with {count} {} {}{inner})",
        navigation(&with.navigation),
        filter(&with.filter)
    )
}

fn navigation(found: &Navigation) -> String {
    let direction = match found.direction {
        Walk::Out => "out",
        Walk::In => "in",
        Walk::Both => "both",
    };
    let types = |types: &[EdgeType]| {
        let words: Vec<_> = types.iter().map(|one| one.name()).collect();
        if words.is_empty() {
            String::new()
        } else {
            format!(" {}", words.join(" "))
        }
    };
    let inbound = match found.inbound_types.as_slice() {
        [] => String::new(),
        inbound => format!(" inbound{}", types(inbound)),
    };
    let on_edges = found
        .edge_filter
        .iter()
        .map(|on_edges| format!(" {}", filter(on_edges)));
    let on_edges: String = on_edges.collect();
    let (min, max) = (found.min, found.max);
    format!(
        "({direction} {min}..{max}{}{inbound}{on_edges})",
        types(&found.types)
    )
}

fn filter(found: &Filter) -> String {
    let many = |word: &str, all: &[Filter]| {
        format!(
            "({word} {})",
            all.iter().map(filter).collect::<Vec<_>>().join(" ")
        )
    };
    let named = |word: &str, names: &[Name]| {
        let all: Vec<_> = names
            .iter()
            .map(|name| format!("{:?}", name.text))
            .collect();
        format!("({word} {})", all.join(" "))
    };
    match found {
        Filter::All => "all".to_owned(),
        Filter::Is(kinds) => named("is", kinds),
        Filter::Id(ids) => named("id", ids),
        Filter::Text(text) => format!("(text {:?})", text.text),
        Filter::Compare(found) => {
            let quantifier = found
                .quantifier
                .map_or_else(String::new, |q| format!("{} ", q.name()));
            format!(
                "({quantifier}{} {} {})",
                found.op.name(),
                found.path,
                value(&found.value)
            )
        }
        Filter::HasKey(path, keys) => format!("(has_key {path} {keys:?})"),
        Filter::InSubnet(path, net) => format!("(in_subnet {path} {:?})", net.text),
        Filter::DesiredChange(path) => format!("(desired_change {path})"),
        Filter::NoDesiredChange(path) => format!("(no_desired_change {path})"),
        Filter::Context(path, inner) => format!("(each {path} {})", filter(inner)),
        Filter::Not(inner) => format!("(not {})", filter(inner)),
        Filter::And(all) => many("and", all),
        Filter::Or(any) => many("or", any),
    }
}

/// Words without quotes stand as `word`, texts as `"text"`.
fn value(found: &Value) -> String {
    match found {
        Value::List(items) => {
            format!(
                "[{}]",
                items.iter().map(value).collect::<Vec<_>>().join(" ")
            )
        }
        Value::Object(fields) => {
            let shown = fields
                .iter()
                .map(|(key, inner)| format!("{key:?}:{}", value(inner)));
            format!("{{{}}}", shown.collect::<Vec<_>>().join(" "))
        }
        Value::Text(text) => format!("{text:?}"),
        Value::Word(word) => format!("'{word}"),
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) => format!("{found:?}"),
    }
}
