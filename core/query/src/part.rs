//! The frame of a query: preamble, parts and their clauses.
use nom::Parser;
use nom::branch::alt;
use nom::combinator::{cut, opt};
use nom::multi::{many0, separated_list0, separated_list1};
use nom::sequence::{delimited, preceded, separated_pair, terminated};

use crate::aggregate::aggregate;
use crate::ast::{
    Filter, Limit, Merge, Name, Op, Order, Part, Path, Preamble, Query, Segment, SortKey, With,
    WithCount, WithUsage,
};
use crate::error::SyntaxKind;
use crate::expected::Expected;
use crate::filter::{filter, names, operator};
use crate::lexer::{
    call, ident_length, integer, is_word_char, keyword, literal_length, name, number, symbol,
};
use crate::navigation::{known_type, navigation};
use crate::path::{path, quiet_path};
use crate::text::{Parsed, Text, fail_at, nested, no};

/// `query = preamble? part part*` — every part but the last ends in a navigation.
///
/// A query that ends in a navigation is closed with a part that selects all.
pub(crate) fn query(text: Text<'_>) -> Parsed<'_, Query> {
    let (text, preamble) = opt(preamble).map(Option::unwrap_or_default).parse(text)?;
    let (text, first) = cut(part).parse(text)?;
    let (text, parts) = more_parts(text, first)?;
    Ok((text, Query { preamble, parts }))
}

/// The parts behind the first one.
fn more_parts(mut text: Text<'_>, first: Part) -> Parsed<'_, Vec<Part>> {
    let mut parts = vec![first];
    while parts.last().is_some_and(|last| last.navigation.is_some()) {
        let (rest, next) = opt(part).parse(text)?;
        parts.push(next.unwrap_or_default());
        text = rest;
    }
    Ok((text, parts))
}

/// `preamble = aggregate options? ":" | options ":" | ":"`
fn preamble(text: Text<'_>) -> Parsed<'_, Preamble> {
    let (text, (aggregate, option)) = alt((
        (
            preceded(aggregate_word, cut(terminated(aggregate, symbol(")")))).map(Some),
            cut(terminated(opt(options), symbol(":"))),
        ),
        terminated(options, symbol(":")).map(|found| (None, Some(found))),
        colon.map(|()| (None, None)),
    ))
    .parse(text)?;
    let edge_type = option.flatten().map(|name| known_type(&name)).transpose()?;
    Ok((
        text,
        Preamble {
            aggregate,
            edge_type,
        },
    ))
}

/// `"aggregate" "("`
fn aggregate_word(text: Text<'_>) -> Parsed<'_, ()> {
    let text = text.trimmed();
    text.trace.expect(text.at, Expected::Keyword("aggregate"));
    call(text, "aggregate").map_or_else(no, |rest| Ok((rest, ())))
}

/// `":"`, where something else may stand as well.
fn colon(text: Text<'_>) -> Parsed<'_, ()> {
    let text = text.trimmed();
    if text.rest.starts_with(':') {
        Ok((text.skip(1), ()))
    } else {
        no()
    }
}

/// `options = "(" ("edge_type" "=" name ("," …)*)? ")"` — the last one counts.
fn options(text: Text<'_>) -> Parsed<'_, Option<Name>> {
    let edge_type = name(Expected::EdgeType, literal_length);
    let option =
        separated_pair(keyword("edge_type"), symbol("="), edge_type).map(|((), name)| name);
    let list = separated_list0(symbol(","), option).map(|mut found| found.pop());
    delimited(open, list, symbol(")")).parse(text)
}

/// `"("`, where something else may stand as well.
fn open(text: Text<'_>) -> Parsed<'_, ()> {
    let text = text.trimmed();
    if text.rest.starts_with('(') {
        Ok((text.skip(1), ()))
    } else {
        no()
    }
}

/// `part = with_usage? (filter (merge filter?)?)? with? tag? sort? limit? "reversed"? navigation?` — not empty.
fn part(start: Text<'_>) -> Parsed<'_, Part> {
    let start = start.trimmed();
    start.trace.scope(|scope| scope.kinds.clear());
    let (text, with_usage) = opt(with_usage).parse(start)?;
    let (text, (filter, merge, post)) = opt(term).map(Option::unwrap_or_default).parse(text)?;
    let (text, with) = opt(with).parse(text)?;
    let (text, tag) = opt(tag).parse(text)?;
    let (text, sort) = opt(sort).map(Option::unwrap_or_default).parse(text)?;
    let (text, limit) = opt(preceded(keyword("limit"), cut(limit))).parse(text)?;
    let (text, reversed) = opt(keyword("reversed"))
        .map(|found| found.is_some())
        .parse(text)?;
    let (text, navigation) = opt(navigation).parse(text)?;
    if text.at == start.at {
        return no();
    }
    let part = Part {
        with_usage,
        filter,
        merge,
        post,
        with,
        tag,
        sort,
        limit,
        reversed,
        navigation,
    };
    Ok((text, part))
}

/// `term = filter (merge filter?)?`
fn term(text: Text<'_>) -> Parsed<'_, (Filter, Vec<Merge>, Option<Filter>)> {
    let (text, first) = filter(text)?;
    let (text, merge) = opt(merge).map(Option::unwrap_or_default).parse(text)?;
    let (text, post) = if merge.is_empty() {
        (text, None)
    } else {
        opt(filter).parse(text)?
    };
    Ok((text, (first, merge, post)))
}

/// `merge = "{" sub_query ("," sub_query)* "}"`
fn merge(text: Text<'_>) -> Parsed<'_, Vec<Merge>> {
    let list = separated_list1(symbol(","), nested(4, sub_query));
    preceded(symbol("{"), cut(terminated(list, symbol("}")))).parse(text)
}

/// `sub_query = name "[]"? ":" preamble? navigation part*`
fn sub_query(text: Text<'_>) -> Parsed<'_, Merge> {
    let text = text.trimmed();
    text.trace.expect(text.at, Expected::MergeName);
    let (text, (name, list)) = merge_name(text)?;
    let (text, ()) = cut(symbol(":")).parse(text)?;
    let before = text.trace.save();
    let (text, query) = cut(walking_query).parse(text)?;
    text.trace.restore(before);
    Ok((text, Merge { name, list, query }))
}

/// `preamble? navigation part*`
fn walking_query(text: Text<'_>) -> Parsed<'_, Query> {
    let (text, preamble) = opt(preamble).map(Option::unwrap_or_default).parse(text)?;
    let start = text.trimmed();
    let (text, navigation) = opt(navigation).parse(start)?;
    let Some(navigation) = navigation else {
        let length = ident_length(start.rest);
        let selects = length > 0 || start.rest.starts_with(['"', '(']);
        return if selects {
            start.fail(length, SyntaxKind::MergeWithoutNavigation)
        } else {
            no()
        };
    };
    let first = Part {
        navigation: Some(navigation),
        ..Part::default()
    };
    let (text, parts) = more_parts(text, first)?;
    Ok((text, Query { preamble, parts }))
}

/// `name "[]"?` — the name is a path without list brackets.
fn merge_name(text: Text<'_>) -> Parsed<'_, (Path, bool)> {
    let (rest, mut name) = quiet_path(text)?;
    let list = name
        .segments
        .last_mut()
        .is_some_and(|last| last.indexes.pop().is_some());
    if name
        .segments
        .iter()
        .any(|Segment { indexes, .. }| !indexes.is_empty())
    {
        return fail_at(name.span, SyntaxKind::BracketsInMergeName);
    }
    if list && !text.rest[..rest.at - text.at].ends_with("[]") {
        return fail_at(name.span, SyntaxKind::BracketsInMergeName);
    }
    Ok((rest, (name, list)))
}

/// `with = "with" "(" ("empty" | "any" | "count" op int) "," navigation filter? with? ")"`
fn with(text: Text<'_>) -> Parsed<'_, With> {
    let text = text.trimmed();
    text.trace.scope(|scope| scope.path = None);
    text.trace.expect(text.at, Expected::Keyword("with"));
    let Some(text) = call(text, "with") else {
        return no();
    };
    cut(terminated(nested(2, with_body), symbol(")"))).parse(text)
}

/// The inside of the brackets of [`with`].
fn with_body(text: Text<'_>) -> Parsed<'_, With> {
    let (text, count) = with_count(text)?;
    let (text, navigation) = preceded(symbol(","), navigation).parse(text)?;
    let before = text.trace.save();
    text.trace.scope(|scope| scope.kinds.clear());
    let (text, filter) = opt(filter).map(Option::unwrap_or_default).parse(text)?;
    let (text, with) = opt(with).map(|inner| inner.map(Box::new)).parse(text)?;
    text.trace.restore(before);
    Ok((
        text,
        With {
            count,
            navigation,
            filter,
            with,
        },
    ))
}

/// `"empty" | "any" | "count" op int`
fn with_count(text: Text<'_>) -> Parsed<'_, WithCount> {
    alt((
        keyword("empty").map(|()| WithCount::Empty),
        keyword("any").map(|()| WithCount::Any),
        preceded(keyword("count"), cut(counted)),
    ))
    .parse(text)
}

/// `op int`, where the operator compares numbers.
fn counted(text: Text<'_>) -> Parsed<'_, WithCount> {
    let start = text.trimmed();
    let (text, op) = operator(start)?;
    if !Op::NUMERIC.contains(&op) {
        return fail_at(start.span_to(text), SyntaxKind::NotForNumbers);
    }
    integer.map(|count| WithCount::Count(op, count)).parse(text)
}

/// `with_usage = "with_usage" "(" time ("::" time)? "," names ")"`
fn with_usage(text: Text<'_>) -> Parsed<'_, WithUsage> {
    let text = text.trimmed();
    text.trace.expect(text.at, Expected::Keyword("with_usage"));
    let Some(text) = call(text, "with_usage") else {
        return no();
    };
    let window = (time, opt(preceded(symbol("::"), time)));
    let metrics = names(name(Expected::Name, literal_length));
    let (text, ((start, end), metrics)) = cut(terminated(
        separated_pair(window, symbol(","), metrics),
        symbol(")"),
    ))
    .parse(text)?;
    let metrics = metrics.into_iter().map(|metric| metric.text).collect();
    Ok((
        text,
        WithUsage {
            start,
            end,
            metrics,
        },
    ))
}

/// `time = dqstring | bareword`, up to `::`.
fn time(text: Text<'_>) -> Parsed<'_, String> {
    name(Expected::Time, time_length)
        .map(|name| name.text)
        .parse(text)
}

/// Length of the time at the start.
pub(crate) fn time_length(rest: &str) -> usize {
    let length = rest.find(|c| !is_word_char(c)).unwrap_or(rest.len());
    rest[..length].find("::").unwrap_or(length)
}

/// `tag = "#" literal`
fn tag(text: Text<'_>) -> Parsed<'_, String> {
    let literal = name(Expected::Name, literal_length).map(|name| name.text);
    preceded(symbol("#"), cut(literal)).parse(text)
}

/// `sort = "sort" sort_keys`
fn sort(text: Text<'_>) -> Parsed<'_, Vec<SortKey>> {
    preceded(keyword("sort"), cut(sort_keys)).parse(text)
}

/// `sort_keys = sort_key ("," sort_key)*`
pub(crate) fn sort_keys(text: Text<'_>) -> Parsed<'_, Vec<SortKey>> {
    let (text, first) = sort_key(text)?;
    let (text, rest) = many0(preceded(symbol(","), next_sort_key)).parse(text)?;
    Ok((text, std::iter::once(first).chain(rest).collect()))
}

/// A sort key that is not the name of the next sub-query: `{a: --> sort x, b: <--}`.
fn next_sort_key(text: Text<'_>) -> Parsed<'_, SortKey> {
    let (rest, key) = sort_key(text)?;
    if rest.trimmed().rest.starts_with(':') {
        no()
    } else {
        Ok((rest, key))
    }
}

/// `sort_key = path ("asc" | "desc")?`
fn sort_key(text: Text<'_>) -> Parsed<'_, SortKey> {
    let order = alt((
        keyword("asc").map(|()| Order::Asc),
        keyword("desc").map(|()| Order::Desc),
    ));
    let (text, (path, order)) = (path, opt(order)).parse(text)?;
    Ok((
        text,
        SortKey {
            path,
            order: order.unwrap_or_default(),
        },
    ))
}

/// `limit = int ("," int)?` — the offset comes first.
pub(crate) fn limit(text: Text<'_>) -> Parsed<'_, Limit> {
    let (text, (first, second)) = (number, opt(preceded(symbol(","), number))).parse(text)?;
    let limit = match second {
        Some(length) => Limit {
            offset: first,
            length,
        },
        None => Limit {
            offset: 0,
            length: first,
        },
    };
    Ok((text, limit))
}

/// True where a whole word stands that begins a clause.
pub(crate) fn is_clause(found: &str) -> bool {
    matches!(found, "with" | "sort" | "limit" | "reversed" | "with_usage")
}
