//! Edge rules at work: reads references out of the documents of one partition and looks them up by uid, by
//! name or by label. Every look-up is one step in an index; nothing is ever compared with everything.
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustc_hash::FxHashMap;
use stocktake_model::{Direction, EdgeRecord, EdgeRule, EdgeType, Model, NodeId, Relation};

use crate::adjacency::Edge;
use crate::cycles::{self, Wanted};
use crate::document::{Cursor, Item};
use crate::focus::Focus;
use crate::keys::Entries;
use crate::layout::{containment, merged};
use crate::links::Links;
use crate::namespaces::Namespaces;
use crate::parallel::both;
use crate::partition::{KindRows, NO_ROW, Partition, Row};
use crate::reference::Reference;
use crate::relations::Relations;
use crate::steps::Steps;
use crate::value::equal;
use crate::view::View;
use crate::whole::{Named, Whole};

/// The edges of a partition, and what it took to find them.
pub(crate) struct Resolved {
    /// By [`EdgeType`], sorted, each pair once.
    pub(crate) edges: [Vec<Edge>; 3],
    pub(crate) skipped: Vec<(Row, NodeId, Relation)>,
    pub(crate) lookups: usize,
    pub(crate) cycle_steps: usize,
    pub(crate) dropped: usize,
}

/// Finds what references mean. Its indexes are there only as long as references are resolved.
pub(crate) struct Resolver<'p> {
    pub(crate) partition: &'p Partition,
    /// Each kind with all its bases.
    lineage: Vec<Vec<&'p str>>,
    pub(crate) index: Index<'p>,
    /// Kinds by the kind and group the API calls them.
    pub(crate) by_api: FxHashMap<&'p str, Vec<(&'p str, usize)>>,
    pub(crate) lookups: usize,
    /// What was looked up, and by which row, if anybody wants to know.
    pub(crate) asked: Option<Entries>,
    /// If only what changed is of interest.
    pub(crate) focus: Option<Focus<'p>>,
    wanted: [Vec<Wanted>; 3],
}

/// Where references are looked up.
pub(crate) enum Index<'p> {
    /// For all rows at once.
    Whole(Whole<'p>),
    /// For a few rows.
    Few(&'p Links, Namespaces<'p>),
    /// Nowhere: only what is looked up is of interest.
    Nothing(Namespaces<'p>),
}

/// A rule whose paths are bound to the partition.
struct BoundRule<'r> {
    each: Steps,
    when: Vec<(Steps, &'r serde_json::Value)>,
    reference: Reference<'r>,
    end: Option<Reference<'r>>,
}

impl<'p> Resolver<'p> {
    /// For all rows of a partition.
    pub(crate) fn new(partition: &'p Partition, model: &'p Model) -> Self {
        let named = Arc::new(Named::new(partition));
        Self::with(partition, model, Index::Whole(Whole::of(named)))
    }

    /// For a few rows of a partition with these links.
    pub(crate) fn few(partition: &'p Partition, model: &'p Model, links: &'p Links) -> Self {
        let index = Index::Few(links, Namespaces::of(partition));
        Self::with(partition, model, index)
    }

    fn with(partition: &'p Partition, model: &'p Model, index: Index<'p>) -> Self {
        let lineage = partition
            .kinds
            .iter()
            .map(|rows| model.lineage(&rows.name))
            .collect();
        let mut resolver = Self {
            partition,
            lineage,
            index,
            by_api: FxHashMap::default(),
            lookups: 0,
            asked: None,
            focus: None,
            wanted: Default::default(),
        };
        resolver.index_api_kinds();
        resolver
    }

    /// Everything that rules look up, with the rows that hold the references.
    pub(crate) fn asked(partition: &'p Partition, model: &'p Model, rules: &[EdgeRule]) -> Entries {
        let index = Index::Nothing(Namespaces::of(partition));
        let mut resolver = Self::with(partition, model, index);
        resolver.asked = Some(Entries::new());
        for rule in rules {
            resolver.apply(rule, None);
        }
        resolver.asked.unwrap_or_default()
    }

    /// The edges that rules make for references of these rows, and the edges that contain them; any order, with
    /// repetitions. Together with what was looked up for them, if that was asked for.
    pub(crate) fn wanted_by(&mut self, rules: &[EdgeRule], rows: &[Row]) -> [Vec<Wanted>; 3] {
        for rule in rules {
            self.apply(rule, Some(rows));
        }
        for row in rows {
            let from = self.partition.parent[*row as usize];
            if from != NO_ROW {
                self.wanted[EdgeType::Default as usize].push(Wanted {
                    from,
                    to: *row,
                    relations: Relations::of(Relation::Contains),
                });
            }
        }
        std::mem::take(&mut self.wanted)
    }

    /// Whether two partitions agree about what the API calls the kinds both have.
    pub(crate) fn calls_kinds_like(&self, other: &Resolver<'_>) -> bool {
        self.partition.kinds.iter().all(|kind| {
            let theirs = other.partition.kind_named(&kind.name);
            theirs.is_none_or(|theirs| {
                let theirs = &other.partition.kinds[theirs];
                api_kind(self.partition, kind) == api_kind(other.partition, theirs)
            })
        })
    }

    fn index_api_kinds(&mut self) {
        for (code, rows) in self.partition.kinds.iter().enumerate() {
            let Some((api_kind, group)) = api_kind(self.partition, rows) else {
                continue;
            };
            self.by_api.entry(api_kind).or_default().push((group, code));
        }
    }

    /// Containment, then owners, then what the collector sent, then the rest in the order of the rules.
    pub(crate) fn run(mut self, rules: &[EdgeRule], explicit: &[EdgeRecord]) -> Resolved {
        let owns = |rule: &&EdgeRule| rule.relation == Relation::Owns;
        for edge in containment(self.partition) {
            self.wanted[EdgeType::Default as usize].push(Wanted {
                from: edge.from,
                to: edge.to,
                relations: edge.relations,
            });
        }
        for rule in rules.iter().filter(owns) {
            self.apply(rule, None);
        }
        let dropped = self.add_explicit(explicit);
        let rest: Vec<&EdgeRule> = rules.iter().filter(|rule| !owns(rule)).collect();
        self.apply_all(&rest);
        self.finish(dropped)
    }

    /// Follows rules from all rows, on two threads where there are two; what they want comes in the order of the rules.
    fn apply_all(&mut self, rules: &[&EdgeRule]) {
        let next = AtomicUsize::new(0);
        let mut other = self.fork();
        let (mut done, more) = both(
            || other.work_off(rules, &next),
            || self.work_off(rules, &next),
        );
        done.extend(more);
        done.sort_unstable_by_key(|(at, _)| *at);
        for (_, wanted) in done {
            for (own, more) in self.wanted.iter_mut().zip(wanted) {
                own.extend(more);
            }
        }
        self.lookups += other.lookups;
    }

    /// Takes the next rule until there is none; what each wanted.
    fn work_off(
        &mut self,
        rules: &[&EdgeRule],
        next: &AtomicUsize,
    ) -> Vec<(usize, [Vec<Wanted>; 3])> {
        let before = std::mem::take(&mut self.wanted);
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(rule) = rules.get(at) else { break };
            self.apply(rule, None);
            done.push((at, std::mem::take(&mut self.wanted)));
        }
        self.wanted = before;
        done
    }

    /// Another one that looks into the same names, and found nothing yet.
    fn fork(&self) -> Self {
        let index = match &self.index {
            Index::Whole(whole) => Index::Whole(Whole::of(Arc::clone(&whole.named))),
            Index::Few(links, _) => Index::Few(links, Namespaces::of(self.partition)),
            Index::Nothing(_) => Index::Nothing(Namespaces::of(self.partition)),
        };
        Self {
            partition: self.partition,
            lineage: self.lineage.clone(),
            index,
            by_api: self.by_api.clone(),
            lookups: 0,
            asked: None,
            focus: None,
            wanted: Default::default(),
        }
    }

    fn add_explicit(&mut self, explicit: &[EdgeRecord]) -> usize {
        let mut dropped = 0;
        for edge in explicit {
            let ends = (
                self.partition.row_of(&edge.from),
                self.partition.row_of(&edge.to),
            );
            match ends {
                (Some(from), Some(to)) if from != to => {
                    self.wanted[edge.edge_type as usize].push(Wanted {
                        from,
                        to,
                        relations: edge.relations.iter().copied().collect(),
                    });
                }
                _ => dropped += 1,
            }
        }
        dropped
    }

    /// Leaves out what closes a cycle, merges what connects the same two nodes.
    fn finish(self, dropped: usize) -> Resolved {
        let mut resolved = Resolved {
            edges: Default::default(),
            skipped: Vec::new(),
            lookups: self.lookups,
            cycle_steps: 0,
            dropped,
        };
        for (edge_type, wanted) in EdgeType::ALL.into_iter().zip(self.wanted) {
            let checked = if edge_type == EdgeType::Iam {
                cycles::Checked::default()
            } else {
                cycles::check(self.partition.len(), &wanted)
            };
            resolved.cycle_steps += checked.steps;
            let mut refused = checked.refused.into_iter().peekable();
            let mut accepted = Vec::with_capacity(wanted.len());
            for (at, edge) in wanted.into_iter().enumerate() {
                if refused.next_if_eq(&at).is_some() {
                    let to = self.partition.id(edge.to);
                    let skipped = edge
                        .relations
                        .iter()
                        .map(|relation| (edge.from, to, relation));
                    resolved.skipped.extend(skipped);
                    continue;
                }
                accepted.push(Edge {
                    from: edge.from,
                    to: edge.to,
                    relations: edge.relations,
                });
            }
            resolved.edges[edge_type as usize] = merged(accepted);
        }
        resolved
    }

    /// Places in `partition.kinds` of the kinds that are `base`.
    pub(crate) fn kinds_of(&self, base: &str) -> Vec<usize> {
        let of_base = |(at, line): (usize, &Vec<&str>)| line.contains(&base).then_some(at);
        self.lineage
            .iter()
            .enumerate()
            .filter_map(of_base)
            .collect()
    }

    /// Follows a rule from all rows, or from `only` some, which ascend.
    fn apply(&mut self, rule: &EdgeRule, only: Option<&[Row]>) {
        let kinds = self.kinds_of(&rule.from);
        let within = |kind: &usize| {
            let rows = self.partition.kinds[*kind].rows.clone();
            match only {
                Some(only) => between(only, &rows).to_vec(),
                None => rows.collect(),
            }
        };
        let rows: Vec<Row> = kinds.iter().flat_map(within).collect();
        if rows.is_empty() {
            return;
        }
        let Some(bound) = self.bind(rule) else {
            return;
        };
        // Both ends may have changed, or one of them.
        let focus = rule.end.as_ref().and_then(|_| self.focus.take());
        let (mut found, mut ends) = (Vec::new(), Vec::new());
        for row in rows {
            let reported = self.partition.reported(row);
            bound.each.each(reported, &mut |element| {
                if !bound.holds(element) {
                    return;
                }
                self.find(&bound.reference, row, element, &mut found);
                if let Some(end) = &bound.end {
                    self.find(end, row, element, &mut ends);
                    for end in ends.drain(..) {
                        self.want(rule, end, &found);
                    }
                    found.clear();
                }
            });
            self.want(rule, row, &found);
            found.clear();
        }
        self.focus = self.focus.take().or(focus);
    }

    /// `None` if the rule can not match anything here.
    fn bind<'r>(&mut self, rule: &'r EdgeRule) -> Option<BoundRule<'r>> {
        let strings = &self.partition.strings;
        let each = Steps::bind(&rule.each, strings);
        if each.leads_nowhere() {
            return None;
        }
        let when = rule
            .when
            .iter()
            .map(|condition| (Steps::bind(&condition.path, strings), &condition.equals));
        let when = when.collect();
        let reference = self.bind_reference(&rule.value, &rule.find)?;
        let end = match &rule.end {
            Some(end) => Some(self.bind_reference(&end.value, &end.find)?),
            None => None,
        };
        Some(BoundRule {
            each,
            when,
            reference,
            end,
        })
    }

    fn want(&mut self, rule: &EdgeRule, row: Row, found: &[Row]) {
        for other in found.iter().copied().filter(|other| *other != row) {
            let (from, to) = match rule.direction {
                Direction::Out => (row, other),
                Direction::In => (other, row),
            };
            self.wanted[rule.edge_type as usize].push(Wanted {
                from,
                to,
                relations: Relations::of(rule.relation),
            });
        }
    }
}

impl BoundRule<'_> {
    fn holds(&self, element: Cursor<'_>) -> bool {
        self.when.iter().all(|(steps, expected)| {
            let mut any = false;
            let mut holds = false;
            steps.each(element, &mut |value| {
                any = true;
                holds |= equal(View::Doc(value), expected);
            });
            holds || (!any && expected.is_null())
        })
    }
}

/// Kind and group that the API calls the nodes of a kind by: what the first of them says.
fn api_kind<'p>(partition: &'p Partition, kind: &KindRows) -> Option<(&'p str, &'p str)> {
    let reported = partition.reported(kind.rows.start);
    let group = text_member(reported, "api_group")
        .or_else(|| text_member(reported, "api_version").map(group_of))
        .unwrap_or_default();
    Some((text_member(reported, "api_kind")?, group))
}

/// Those of some rows, which ascend, that lie in a range.
fn between<'r>(rows: &'r [Row], range: &std::ops::Range<Row>) -> &'r [Row] {
    let start = rows.partition_point(|row| *row < range.start);
    let end = rows.partition_point(|row| *row < range.end);
    &rows[start..end]
}

pub(crate) fn text(value: Cursor<'_>) -> Option<&str> {
    match value.item() {
        Item::Text(text) => Some(text),
        _ => None,
    }
}

pub(crate) fn text_member<'a>(object: Cursor<'a>, key: &str) -> Option<&'a str> {
    object.member(key).and_then(text)
}

/// Kind and group in `{resource_kind[, api_version | api_group]}`.
pub(crate) fn api_name(object: Cursor<'_>) -> Option<(&str, Option<&str>)> {
    let group = text_member(object, "api_group")
        .or_else(|| text_member(object, "api_version").map(group_of));
    Some((text_member(object, "resource_kind")?, group))
}

/// The group of `apps/v1`; empty for `v1`.
pub(crate) fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}
