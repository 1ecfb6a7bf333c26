//! The edges of a changed partition: what the touched rows wanted before against what they want now. An edge goes only
//! if nobody else wants it either.
use std::collections::BTreeSet;

use rustc_hash::{FxHashMap, FxHashSet};
use stocktake_model::{EdgeType, Relation};

use crate::adjacency::Touched;
use crate::change::Rules;
use crate::cycles::{self, Wanted};
use crate::focus::{Focus, has_namespace};
use crate::links::Links;
use crate::parallel::both;
use crate::partition::{NO_ROW, Partition, Row};
use crate::relations::Relations;
use crate::resolve::Resolver;
use crate::splice::Spliced;

/// An edge for one reason: type, source, target, relation.
type Reason = (EdgeType, Row, Row, Relation);

/// The links of the changed partition, and what became of edges.
pub(crate) struct Relinked {
    pub(crate) links: Links,
    /// Edges that came, went or stand for something else now, by type; in new rows.
    pub(crate) touched: [Touched; 3],
}

impl Relinked {
    /// Gives the changed partition its edges; `None` if they touch a cycle, where order decides.
    pub(crate) fn new(
        spliced: &mut Spliced<'_>,
        links: &Links,
        rows: &[Row],
        with: Rules<'_>,
    ) -> Option<Self> {
        let before = spliced.before;
        let old = |row: &Row| spliced.shift.old_row(*row);
        let mut old_rows: Vec<Row> = rows.iter().map(old).filter(|row| *row != NO_ROW).collect();
        old_rows.extend(&spliced.left);
        old_rows.sort_unstable();
        old_rows.dedup();
        let (after, shift) = (&spliced.after, &spliced.shift);
        let mut new_links = links.moved(before, after, with.model, shift, &spliced.changed);
        let namespaces =
            has_namespace(before, &spliced.left) || has_namespace(after, &spliced.changed);
        let wanted = |partition, links, changed: &[Row], rows: &[Row]| {
            let mut resolver = Resolver::few(partition, with.model, links);
            resolver.focus = Some(Focus::on(partition, changed, namespaces));
            resolver.asked = Some(Vec::new());
            let wanted = resolver.wanted_by(with.edges, rows);
            (resolver, wanted)
        };
        let ((resolver, was), (mut now, is)) = both(
            || wanted(before, links, &spliced.left, &old_rows),
            || wanted(after, &new_links, &spliced.changed, rows),
        );
        if !now.calls_kinds_like(&resolver) {
            return None;
        }
        let mut reasons_before = FxHashSet::default();
        collect(was, &mut reasons_before, |row| shift.new_row(row));
        let asked = now.asked.take().unwrap_or_default();
        now.focus = None;
        let mut reasons_now = FxHashSet::default();
        collect(is, &mut reasons_now, |row| row);
        add_explicit(before, &mut reasons_before, |row| shift.new_row(row));
        let dropped = add_explicit_of(before, after, &mut reasons_now);
        let mut gone: Vec<Reason> = reasons_before.difference(&reasons_now).copied().collect();
        let added: Vec<Reason> = reasons_now.difference(&reasons_before).copied().collect();
        let others = others(after, &new_links, rows, &gone, with);
        let mut kept = FxHashSet::default();
        collect(now.wanted_by(with.edges, &others), &mut kept, |row| row);
        let lookups = now.lookups;
        gone.retain(|reason| !kept.contains(reason));
        new_links.ask(&spliced.changed, asked);
        let touched = touched(spliced, &gone, &added);
        let after = &mut spliced.after;
        for of in EdgeType::ALL {
            let at = of as usize;
            after.edges[at] = before.edges[at].changed(&spliced.shift, &touched[at]);
        }
        let skipped = before.skipped.iter().map(|(row, to, relation)| {
            let row = spliced.shift.new_row(*row);
            (row, *to, *relation)
        });
        let stays = |(row, to, _): &(Row, _, _)| *row != NO_ROW && after.row_of(to).is_some();
        let skipped: Vec<_> = skipped.filter(stays).collect();
        after.skipped = skipped;
        after.counted.lookups += lookups;
        after.counted.dropped_edges = dropped;
        let relinked = Self {
            links: new_links,
            touched,
        };
        (!Self::touches_a_cycle(spliced, &gone, &added)).then_some(relinked)
    }

    /// Whether an edge that came or went is part of a cycle of what is wanted. Only there one edge decides on another.
    fn touches_a_cycle(spliced: &Spliced<'_>, gone: &[Reason], added: &[Reason]) -> bool {
        let (before, after) = (spliced.before, &spliced.after);
        let mut more: FxHashMap<Row, Vec<Row>> = FxHashMap::default();
        let mut back: FxHashMap<Row, Vec<Row>> = FxHashMap::default();
        let mut add = |from: Row, to: Row| {
            more.entry(from).or_default().push(to);
            back.entry(to).or_default().push(from);
        };
        for (row, to, _) in &after.skipped {
            after.row_of(to).into_iter().for_each(|to| add(*row, to));
        }
        let decides = |reason: &&Reason| reason.0 != EdgeType::Iam;
        let asked: Vec<&Reason> = if before.skipped.is_empty() {
            added.iter().filter(decides).collect()
        } else {
            for (_, from, to, _) in gone.iter().filter(decides) {
                add(*from, *to);
            }
            gone.iter().chain(added).filter(decides).collect()
        };
        let asked: BTreeSet<(EdgeType, Row, Row)> = asked
            .into_iter()
            .map(|(of, from, to, _)| (*of, *from, *to))
            .collect();
        let closes = asked.iter().any(|(of, from, to)| {
            let edges = &after.edges[*of as usize];
            let out = |row: Row, found: &mut Vec<Row>| {
                found.extend(edges.out(row).map(|(to, _)| to));
                found.extend(more.get(&row).into_iter().flatten());
            };
            let inbound = |row: Row, found: &mut Vec<Row>| {
                found.extend(edges.inbound(row).map(|(from, _)| from));
                found.extend(back.get(&row).into_iter().flatten());
            };
            cycles::leads(*to, *from, &out, &inbound)
        });
        closes || (!before.skipped.is_empty() && cuts_a_cycle(spliced))
    }
}

/// Whether a node that is gone was part of a cycle.
fn cuts_a_cycle(spliced: &Spliced<'_>) -> bool {
    let before = spliced.before;
    let mut skipped: FxHashMap<Row, Vec<Row>> = FxHashMap::default();
    let mut back: FxHashMap<Row, Vec<Row>> = FxHashMap::default();
    for (row, to, _) in &before.skipped {
        if let Some(to) = before.row_of(to) {
            skipped.entry(*row).or_default().push(to);
            back.entry(to).or_default().push(*row);
        }
    }
    let is_gone = |row: &&Row| spliced.shift.new_row(**row) == NO_ROW;
    let types = [EdgeType::Default, EdgeType::Delete];
    spliced.left.iter().filter(is_gone).any(|row| {
        types.into_iter().any(|of| {
            let edges = &before.edges[of as usize];
            let out = |row: Row, found: &mut Vec<Row>| {
                found.extend(edges.out(row).map(|(to, _)| to));
                found.extend(skipped.get(&row).into_iter().flatten());
            };
            let inbound = |row: Row, found: &mut Vec<Row>| {
                found.extend(edges.inbound(row).map(|(from, _)| from));
                found.extend(back.get(&row).into_iter().flatten());
            };
            let mut next = Vec::new();
            out(*row, &mut next);
            let mut next = next.into_iter();
            next.any(|to| cycles::leads(to, *row, &out, &inbound))
        })
    })
}

/// Adds the reasons of wanted edges between rows that are there.
fn collect(wanted: [Vec<Wanted>; 3], into: &mut FxHashSet<Reason>, place: impl Fn(Row) -> Row) {
    for (of, wanted) in EdgeType::ALL.into_iter().zip(wanted) {
        for edge in wanted {
            let (from, to) = (place(edge.from), place(edge.to));
            if from != NO_ROW && to != NO_ROW {
                let relations = edge.relations.iter();
                into.extend(relations.map(|relation| (of, from, to, relation)));
            }
        }
    }
}

/// What the collector sent itself is wanted whatever else is.
fn add_explicit(before: &Partition, into: &mut FxHashSet<Reason>, place: impl Fn(Row) -> Row) {
    for edge in before.explicit.iter() {
        let ends = (before.row_of(&edge.from), before.row_of(&edge.to));
        if let (Some(from), Some(to)) = ends
            && from != to
        {
            let (from, to) = (place(from), place(to));
            if from != NO_ROW && to != NO_ROW {
                let relations = edge.relations.iter();
                into.extend(relations.map(|relation| (edge.edge_type, from, to, *relation)));
            }
        }
    }
}

/// The same between the rows there are now; returns how many name one that is not there.
fn add_explicit_of(before: &Partition, after: &Partition, into: &mut FxHashSet<Reason>) -> usize {
    let mut dropped = 0;
    for edge in before.explicit.iter() {
        match (after.row_of(&edge.from), after.row_of(&edge.to)) {
            (Some(from), Some(to)) if from != to => {
                let relations = edge.relations.iter();
                into.extend(relations.map(|relation| (edge.edge_type, from, to, *relation)));
            }
            _ => dropped += 1,
        }
    }
    dropped
}

/// Rows that may want one of some edges as well: both ends, and those that join two others.
fn others(
    after: &Partition,
    links: &Links,
    rows: &[Row],
    edges: &[Reason],
    with: Rules<'_>,
) -> Vec<Row> {
    let mut others: BTreeSet<Row> = BTreeSet::new();
    let joining = with.edges.iter().filter(|rule| rule.end.is_some());
    let joining: Vec<&str> = joining.map(|rule| rule.from.as_str()).collect();
    let reader = links.reader(after, with.model);
    for (_, from, to, _) in edges {
        others.extend([*from, *to]);
        if joining.is_empty() {
            continue;
        }
        let numbers = reader.groups(*from).into_iter().flatten();
        others.extend(
            numbers
                .flat_map(|number| links.asking_for(number))
                .filter(|row| {
                    let kind = after.kind(*row);
                    joining.iter().any(|base| with.model.is_a(kind, base))
                }),
        );
    }
    let is_other = |row: &Row| rows.binary_search(row).is_err();
    others.into_iter().filter(is_other).collect()
}

/// What the edges stand for now.
fn touched(spliced: &Spliced<'_>, gone: &[Reason], added: &[Reason]) -> [Touched; 3] {
    let (before, shift) = (spliced.before, &spliced.shift);
    let mut touched: [Touched; 3] = Default::default();
    let known = |of: EdgeType, from: Row, to: Row| -> Relations {
        let (from, to) = (shift.old_row(from), shift.old_row(to));
        let was = before.edges[of as usize].between(from, to);
        was.filter(|_| from != NO_ROW && to != NO_ROW)
            .unwrap_or_default()
    };
    for (reasons, comes) in [(gone, false), (added, true)] {
        for (of, from, to, relation) in reasons {
            let entry = touched[*of as usize].entry((*from, *to));
            let entry = entry.or_insert_with(|| Some(known(*of, *from, *to)));
            let (all, one) = (entry.unwrap_or_default(), Relations::of(*relation));
            let all = if comes {
                all.with(one)
            } else {
                all.without(one)
            };
            *entry = (all != Relations::default()).then_some(all);
        }
    }
    touched
}
