//! Walks along the edges: `-default[1:3]{filter}->`, `<--`, `<-->`.
use nom::Parser;
use nom::branch::alt;
use nom::combinator::{cut, opt};
use nom::multi::separated_list1;
use nom::sequence::{delimited, preceded, terminated};

use crate::ast::{EdgeType, Filter, Name, Navigation, Span, Walk};
use crate::error::SyntaxKind;
use crate::expected::Expected;
use crate::filter::enclosed;
use crate::lexer::{ident_length, number, symbol};
use crate::text::{Parsed, Text, fail_at, no, on_edges};

/// `navigation = "-" edges "->" | "<-" edges "-" | "<-" edges "->"`
pub(crate) fn navigation(text: Text<'_>) -> Parsed<'_, Navigation> {
    let start = text.trimmed();
    start.trace.expect(start.at, Expected::Navigation);
    if start.rest.starts_with("<-") {
        return cut(inbound).parse(start);
    }
    if !start.rest.starts_with('-') {
        return no();
    }
    let (text, edges) = cut(terminated(edges(Walk::Out), symbol("->"))).parse(start.skip(1))?;
    Ok((text, edges.one_way(Walk::Out, start.span_to(text))))
}

/// `"<-" edges ("->" | "-")`
fn inbound(start: Text<'_>) -> Parsed<'_, Navigation> {
    let (text, edges) = edges(Walk::Both)(start.skip(2))?;
    if let Ok((text, ())) = symbol("->")(text) {
        return Ok((text, edges.both_ways(start.span_to(text))));
    }
    if let (false, Some(after)) = (edges.before.is_empty(), edges.after_span) {
        let ends = text.trimmed().rest.starts_with('-');
        return if ends {
            fail_at(after, SyntaxKind::TypesOnBothSides)
        } else {
            no()
        };
    }
    let (text, ()) = symbol("-")(text)?;
    Ok((text, edges.one_way(Walk::In, start.span_to(text))))
}

/// What stands between the two halves of an arrow.
struct Edges {
    before: Vec<EdgeType>,
    range: Option<(u32, u32)>,
    filter: Option<Filter>,
    after: Vec<EdgeType>,
    after_span: Option<Span>,
}

impl Edges {
    /// A walk in one direction: the types stand before the range or after it.
    fn one_way(self, direction: Walk, span: Span) -> Navigation {
        let types = if self.before.is_empty() {
            self.after
        } else {
            self.before
        };
        let (min, max) = self.range.unwrap_or((1, 1));
        let edge_filter = self.filter;
        Navigation {
            direction,
            min,
            max,
            types,
            inbound_types: Vec::new(),
            edge_filter,
            span,
        }
    }

    /// A walk in both directions: inbound types before the range, outbound types after it; if only
    /// one side names types they hold for both.
    fn both_ways(mut self, span: Span) -> Navigation {
        let two_sided =
            !self.before.is_empty() && !self.after.is_empty() && self.before != self.after;
        let inbound_types = if two_sided {
            std::mem::take(&mut self.before)
        } else {
            Vec::new()
        };
        Navigation {
            inbound_types,
            ..self.one_way(Walk::Both, span)
        }
    }
}

/// `edges = types? range? ("{" filter "}")? types?` — types on both sides only for a walk both ways.
fn edges<'a>(direction: Walk) -> impl Fn(Text<'a>) -> Parsed<'a, Edges> {
    move |text| {
        let (text, before) = opt(types).map(Option::unwrap_or_default).parse(text)?;
        let (text, range) = opt(range).parse(text)?;
        let condition = on_edges(|text| enclosed(text, "}"));
        let (text, filter) = opt(preceded(symbol("{"), condition)).parse(text)?;
        let edges = Edges {
            before,
            range,
            filter,
            after: Vec::new(),
            after_span: None,
        };
        if edges.before.is_empty() {
            return types_after(text, edges);
        }
        if edges.range.is_none() && edges.filter.is_none() {
            return Ok((text, edges));
        }
        if direction != Walk::Out {
            return types_after(text, edges);
        }
        let next = text.trimmed();
        if next.rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return next.fail(ident_length(next.rest), SyntaxKind::TypesOnBothSides);
        }
        Ok((text, edges))
    }
}

/// The types behind the range, if there are any.
fn types_after(text: Text<'_>, edges: Edges) -> Parsed<'_, Edges> {
    let start = text.trimmed();
    let (text, after) = opt(types).parse(start)?;
    let after_span = after.is_some().then(|| start.span_to(text));
    Ok((
        text,
        Edges {
            after: after.unwrap_or_default(),
            after_span,
            ..edges
        },
    ))
}

/// `types = type ("," type)*`
fn types(text: Text<'_>) -> Parsed<'_, Vec<EdgeType>> {
    separated_list1(symbol(","), edge_type).parse(text)
}

/// `type = "default" | "delete" | "iam"` — any other word is an error.
fn edge_type(text: Text<'_>) -> Parsed<'_, EdgeType> {
    let text = text.trimmed();
    text.trace.expect(text.at, Expected::EdgeType);
    let tail = text
        .rest
        .trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
    let length = text.rest.len() - tail.len();
    if length == 0 {
        return no();
    }
    let name = Name {
        text: text.rest[..length].to_owned(),
        span: text.span_of(length),
    };
    Ok((text.skip(length), known_type(&name)?))
}

/// The edge type of that name.
pub(crate) fn known_type(name: &Name) -> Result<EdgeType, nom::Err<crate::text::Slip>> {
    EdgeType::from_name(&name.text).map_or_else(
        || fail_at(name.span, SyntaxKind::unknown_edge_type(&name.text)).map(|(_, found)| found),
        Ok,
    )
}

/// `range = "[" int ((":" | "," | "..") int?)? "]"` — a number above the limit is an error, an open end is the limit.
fn range(text: Text<'_>) -> Parsed<'_, (u32, u32)> {
    let start = text.trimmed();
    let limits = (
        number,
        opt(preceded(
            alt((symbol(":"), symbol(","), symbol(".."))),
            opt(number),
        )),
    );
    let (text, (min, max)) = delimited(symbol("["), cut(limits), cut(symbol("]"))).parse(start)?;
    let span = start.span_to(text);
    let limit = usize::try_from(Navigation::UNLIMITED).unwrap_or(usize::MAX);
    if let Some(steps) = [Some(min), max.flatten()].into_iter().flatten().max()
        && steps > limit
    {
        return fail_at(span, SyntaxKind::RangeTooLong { steps });
    }
    let max = match max {
        None => min,
        Some(None) => limit,
        Some(Some(max)) if max < min => {
            return fail_at(span, SyntaxKind::ReversedRange { min, max });
        }
        Some(Some(max)) => max,
    };
    let steps = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Ok((text, (steps(min), steps(max))))
}
