//! Conditions: what a node (or an edge) has to fulfil.
use nom::branch::alt;
use nom::combinator::{cut, opt};
use nom::multi::{many0, separated_list0, separated_list1};
use nom::sequence::{delimited, preceded, terminated};
use nom::{Err, Parser};

use crate::ast::{Comparison, Filter, Name, Op, Path, Quantifier, Value};
use crate::error::SyntaxKind;
use crate::expected::Expected;
use crate::lexer::{
    RESERVED, call, id_length, is_inbound_arrow, keyword, literal_length, name, quoted, symbol,
    word,
};
use crate::path::{path, quiet_path};
use crate::text::{Parsed, Place, Text, fail_at, nested, no};
use crate::value::{plain, value};

/// `filter = and ("or" and)*` — after `or` a condition must follow.
pub(crate) fn filter(text: Text<'_>) -> Parsed<'_, Filter> {
    let start = text.trimmed();
    let (text, first) = and(start)?;
    or_more(start, text, first)
}

/// What follows the first term of an `or`. Apart from [`filter`], which recurses, to keep that narrow.
fn or_more<'a>(start: Text<'a>, text: Text<'a>, first: (Filter, bool)) -> Parsed<'a, Filter> {
    let (text, rest) = many0(preceded(keyword("or"), cut(and))).parse(text)?;
    if rest.is_empty() {
        return Ok((text, first.0));
    }
    let mixed = first.1 || rest.iter().any(|(_, joined)| *joined);
    let mut any = Vec::new();
    for (found, _) in std::iter::once(first).chain(rest) {
        match found {
            Filter::Or(inner) => any.extend(inner),
            other => any.push(other),
        }
    }
    let found = Filter::Or(any);
    if mixed {
        text.trace.mixed(start.span_to(text), format!("{found:#}"));
    }
    Ok((text, found))
}

/// `and = simple ("and" simple)*` — also says whether there was an `and`.
fn and(text: Text<'_>) -> Parsed<'_, (Filter, bool)> {
    let (text, first) = simple(text)?;
    and_more(text, first)
}

/// What follows the first term of an `and`.
fn and_more(text: Text<'_>, first: Filter) -> Parsed<'_, (Filter, bool)> {
    let (text, rest) = many0(preceded(keyword("and"), cut(simple))).parse(text)?;
    if rest.is_empty() {
        return Ok((text, (first, false)));
    }
    let mut all = Vec::new();
    for found in std::iter::once(first).chain(rest) {
        match found {
            Filter::And(inner) => all.extend(inner),
            other => all.push(other),
        }
    }
    Ok((text, (Filter::And(all), true)))
}

/// `simple = group | text | is | id | function | negation | predicate | "all"`
fn simple(text: Text<'_>) -> Parsed<'_, Filter> {
    let text = text.trimmed();
    let what = match text.place {
        Place::Node => Expected::Condition,
        Place::Edge => Expected::EdgeCondition,
    };
    text.trace.scope(|scope| scope.path = None);
    text.trace.expect(text.at, what);
    // A table, not a tuple: this function recurses, and a tuple of ten makes for a wide stack frame.
    let rules: [fn(Text<'_>) -> Parsed<'_, Filter>; 10] = [
        group,
        fulltext,
        is,
        id,
        has_key,
        in_subnet,
        desired_change,
        negation,
        predicate,
        all,
    ];
    alt(rules).parse(text)
}

/// `group = "(" filter ")"`
fn group(text: Text<'_>) -> Parsed<'_, Filter> {
    if !text.rest.starts_with('(') {
        return no();
    }
    enclosed(text.skip(1), ")")
}

/// `text = dqstring`
fn fulltext(text: Text<'_>) -> Parsed<'_, Filter> {
    if !text.rest.starts_with('"') {
        return no();
    }
    let (rest, found) = quoted(text)?;
    nodes_only(text, rest, "full text")?;
    Ok((
        rest,
        Filter::Text(Name {
            text: found,
            span: text.span_to(rest),
        }),
    ))
}

/// Edges have no kind, id or full text: what was just read is an error there.
fn nodes_only<'a>(
    start: Text<'a>,
    end: Text<'a>,
    what: &'static str,
) -> Result<(), Err<crate::text::Slip>> {
    match start.place {
        Place::Node => Ok(()),
        Place::Edge => {
            fail_at(start.span_to(end), SyntaxKind::NotOnEdges { what }).map(|(_, ())| ())
        }
    }
}

/// What follows `name (`; an error where edges are tested.
fn function<'a>(text: Text<'a>, name: &'static str) -> Parsed<'a, ()> {
    let Some(rest) = call(text, name) else {
        return no();
    };
    nodes_only(text, rest, name)?;
    Ok((rest, ()))
}

/// `is = "is" "(" names ")"`
fn is(text: Text<'_>) -> Parsed<'_, Filter> {
    let (text, ()) = function(text, "is")?;
    let (text, found) = cut(terminated(names(kind), symbol(")"))).parse(text)?;
    Ok((text, Filter::Is(found)))
}

/// `kind = dqstring | literal`
fn kind(text: Text<'_>) -> Parsed<'_, Name> {
    let (rest, found) = name(Expected::Kind, literal_length)(text)?;
    text.trace
        .scope(|scope| scope.kinds.push(found.text.clone()));
    Ok((rest, found))
}

/// `id = "id" "(" names ")"` — ids may begin with a dash.
fn id(text: Text<'_>) -> Parsed<'_, Filter> {
    let (text, ()) = function(text, "id")?;
    let id = name(Expected::Id, id_length);
    let (text, found) = cut(terminated(names(id), symbol(")"))).parse(text)?;
    Ok((text, Filter::Id(found)))
}

/// `names = name ("," name)* | "[" name ("," name)* "]"`
pub(crate) fn names<'a>(
    name: impl Fn(Text<'a>) -> Parsed<'a, Name>,
) -> impl Fn(Text<'a>) -> Parsed<'a, Vec<Name>> {
    move |text| {
        let text = text.trimmed();
        let mut list = separated_list1(symbol(","), &name);
        if text.rest.starts_with('[') {
            return cut(terminated(list, symbol("]"))).parse(text.skip(1));
        }
        list.parse(text)
    }
}

/// `has_key = "has_key" "(" path "," (text | "[" (text ("," text)*)? "]") ")"`
fn has_key(text: Text<'_>) -> Parsed<'_, Filter> {
    let (text, ()) = function(text, "has_key")?;
    let one = plain.map(|key| vec![key.text]);
    let key = plain.map(|key| key.text);
    let many = delimited(
        symbol("["),
        separated_list0(symbol(","), key),
        cut(symbol("]")),
    );
    let (text, path) = cut(terminated(path, symbol(","))).parse(text)?;
    let (text, keys) = cut(terminated(alt((many, one)), symbol(")"))).parse(text)?;
    Ok((text, Filter::HasKey(path, keys)))
}

/// `in_subnet = "in_subnet" "(" path "," text ")"`
fn in_subnet(text: Text<'_>) -> Parsed<'_, Filter> {
    let (text, ()) = function(text, "in_subnet")?;
    let (text, path) = cut(terminated(path, symbol(","))).parse(text)?;
    let (text, net) = cut(terminated(plain, symbol(")"))).parse(text)?;
    Ok((text, Filter::InSubnet(path, net)))
}

/// `desired = ("has_desired_change" | "has_no_desired_change") "(" path ")"`
fn desired_change(text: Text<'_>) -> Parsed<'_, Filter> {
    let argument = || cut(terminated(path, symbol(")")));
    let changed = preceded(|text| function(text, "has_desired_change"), argument());
    let unchanged = preceded(|text| function(text, "has_no_desired_change"), argument());
    alt((
        changed.map(Filter::DesiredChange),
        unchanged.map(Filter::NoDesiredChange),
    ))
    .parse(text)
}

/// `negation = "not" simple` — negates the next condition only.
fn negation(text: Text<'_>) -> Parsed<'_, Filter> {
    match word(text, "not") {
        Some(rest) if !starts_operator(rest.rest) => cut(nested(1, simple))
            .map(|inner| Filter::Not(Box::new(inner)))
            .parse(rest),
        _ => no(),
    }
}

/// `"all"`
fn all(text: Text<'_>) -> Parsed<'_, Filter> {
    word(text, "all").map_or_else(no, |rest| Ok((rest, Filter::All)))
}

/// `predicate = context | comparison`
fn predicate(start: Text<'_>) -> Parsed<'_, Filter> {
    let (text, path) = compared(start)?;
    if text.rest.starts_with(".{") {
        return context(text.skip(2), path);
    }
    comparison(start, text, path)
}

/// The path of a condition; no keyword, unless it is used like a property.
fn compared(start: Text<'_>) -> Parsed<'_, Path> {
    let keyword = RESERVED
        .iter()
        .any(|reserved| word(start, reserved).is_some_and(|rest| !starts_comparison(rest)));
    if keyword {
        return no();
    }
    let (text, path) = quiet_path(start)?;
    if text.trimmed().rest.starts_with('(') && !path.absolute && path.segments.len() == 1 {
        return fail_at(
            path.span,
            SyntaxKind::unknown_condition(&path.segments[0].name),
        );
    }
    let upper = ["not", "all"]
        .iter()
        .find(|keyword| is_upper_case(&path, keyword));
    match upper.filter(|_| !starts_comparison(text)) {
        Some(keyword) => fail_at(
            path.span,
            SyntaxKind::upper_case(&path.segments[0].name, keyword),
        ),
        None => Ok((text, path)),
    }
}

/// True if the path is the keyword, but for its case.
fn is_upper_case(path: &Path, keyword: &str) -> bool {
    let [only] = path.segments.as_slice() else {
        return false;
    };
    !path.absolute && only.name != keyword && only.name.eq_ignore_ascii_case(keyword)
}

/// `comparison = path quantifier? op value`, from behind the path — after the operator a value must follow.
fn comparison<'a>(start: Text<'a>, text: Text<'a>, path: Path) -> Parsed<'a, Filter> {
    text.trace.scope(|scope| scope.path = Some(path.clone()));
    let (text, quantifier) = opt(quantifier).parse(text)?;
    let (text, op) = operator(text)?;
    let (text, value) = cut(value).parse(text)?;
    let value = match (op, value) {
        (Op::In | Op::NotIn, value @ Value::List(_)) => value,
        (Op::In | Op::NotIn, one) => Value::List(vec![one]),
        (_, value) => value,
    };
    let span = start.span_to(text);
    Ok((
        text,
        Filter::Compare(Comparison {
            path,
            quantifier,
            op,
            value,
            span,
        }),
    ))
}

/// True where a name is followed by an operator, more path or a quantifier: then it is a property.
pub(crate) fn starts_comparison(text: Text<'_>) -> bool {
    let quantified = ["any", "all", "none"]
        .iter()
        .any(|name| word(text, name).is_some_and(|rest| starts_operator(rest.rest)));
    let in_list = |text| word(text, "in").is_some();
    quantified
        || text.rest.starts_with(['.', '['])
        || starts_operator(text.rest)
        || in_list(text)
        || word(text, "not").is_some_and(in_list)
}

/// True where one of the operator signs follows.
fn starts_operator(rest: &str) -> bool {
    let rest = rest.trim_start();
    rest.starts_with(['<', '>', '=', '!', '~']) && !is_inbound_arrow(rest)
}

/// `context = path "." "{" filter "}"`, from behind the brace.
fn context(text: Text<'_>, path: Path) -> Parsed<'_, Filter> {
    let before = text.trace.save();
    text.trace.scope(|scope| scope.contexts.push(path.clone()));
    let (text, inner) = enclosed(text, "}")?;
    text.trace.restore(before);
    Ok((text, Filter::Context(path, Box::new(inner))))
}

/// `filter close`, one level deeper — from behind the opening bracket there is no way back.
pub(crate) fn enclosed<'a>(text: Text<'a>, close: &'static str) -> Parsed<'a, Filter> {
    let (text, inner) = cut(nested(1, filter)).parse(text)?;
    let (text, ()) = cut(symbol(close)).parse(text)?;
    Ok((text, inner))
}

/// `quantifier = "any" | "all" | "none"`
fn quantifier(text: Text<'_>) -> Parsed<'_, Quantifier> {
    let text = text.trimmed();
    text.trace.expect(text.at, Expected::Quantifier);
    [
        ("any", Quantifier::Any),
        ("all", Quantifier::All),
        ("none", Quantifier::None),
    ]
    .into_iter()
    .find_map(|(name, quantifier)| Some((word(text, name)?, quantifier)))
    .map_or_else(no, Ok)
}

/// `op = "<=" | ">=" | ">" | "<" | "==" | "!=" | "=~" | "!~" | "=" | "~" | "in" | "not" "in"`
pub(crate) fn operator(text: Text<'_>) -> Parsed<'_, Op> {
    let text = text.trimmed();
    text.trace.expect(text.at, Expected::Operator);
    if is_inbound_arrow(text.rest) {
        return no();
    }
    let tail = text.rest.trim_start_matches(['<', '>', '=', '!', '~']);
    let sign = &text.rest[..text.rest.len() - tail.len()];
    let op = match sign {
        "=" | "==" => Op::Eq,
        "!=" => Op::Ne,
        "<" => Op::Lt,
        "<=" => Op::Le,
        ">" => Op::Gt,
        ">=" => Op::Ge,
        "~" | "=~" => Op::Match,
        "!~" => Op::NotMatch,
        "" => return word_operator(text),
        other => {
            return text.fail(
                sign.len(),
                SyntaxKind::UnknownOperator {
                    found: other.to_owned(),
                },
            );
        }
    };
    Ok((text.skip(sign.len()), op))
}

/// `"in" | "not" "in"`
fn word_operator(text: Text<'_>) -> Parsed<'_, Op> {
    if let Some(rest) = word(text, "not") {
        return keyword("in").map(|()| Op::NotIn).parse(rest);
    }
    word(text, "in").map_or_else(no, |rest| Ok((rest, Op::In)))
}
