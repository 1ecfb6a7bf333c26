//! From syntax tree to plan: the chain of parts. Filters are made ready in [`crate::filter`], walks in
//! [`crate::walks`], paths in [`crate::paths`], aggregates in [`crate::groups`].
use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use stocktake_model::{EdgeType, Metric, near};
use stocktake_query::{Name, Order, Part, Query, SortKey, WithUsage};

use crate::error::{EngineError, EngineErrorKind};
use crate::graph::Graph;
use crate::paths::Scope;
use crate::plan::{KindSet, MergePlan, Ordering, PartPlan, Plan, QueryPlan, SortPlan, Tables};
use crate::search::{DefaultSort, SearchRequest};
use crate::text::Phrase;
use crate::usage::Usage;
use crate::walks::merge_names;
use crate::window::UsageWindow;

/// What is known while a query is made ready.
pub(crate) struct Compiler<'g> {
    pub(crate) graph: &'g Graph,
    pub(crate) now: Timestamp,
    pub(crate) tables: Tables,
    pub(crate) hints: Vec<String>,
    pub(crate) restricted: BTreeSet<String>,
    usage: &'g [(WithUsage, Arc<Usage>)],
    /// What the part joins that is made ready: place in [`Tables::usages`].
    pub(crate) joined: Option<usize>,
    /// The metrics of that.
    pub(crate) metrics: Vec<Metric>,
}

/// What a part inherits from the query around it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Around {
    pub(crate) edge_type: EdgeType,
    pub(crate) default_sort: bool,
    /// True for the sub-query of a merge.
    pub(crate) merge: bool,
}

/// Makes a query ready to run on `graph`.
pub(crate) fn compile(graph: &Graph, request: &SearchRequest) -> Result<Plan, EngineError> {
    let mut compiler = Compiler {
        graph,
        now: request.now,
        tables: Tables::default(),
        hints: Vec::new(),
        restricted: BTreeSet::new(),
        usage: &request.usage,
        joined: None,
        metrics: Vec::new(),
    };
    let around = Around {
        edge_type: request.edge_type,
        default_sort: request.sort == DefaultSort::Names,
        merge: false,
    };
    let query = compiler.query(&request.query, around)?;
    Ok(Plan {
        query,
        tables: compiler.tables,
        hints: compiler.hints,
        restricted: compiler.restricted,
    })
}

impl Compiler<'_> {
    /// The number of a key.
    pub(crate) fn key(&mut self, key: &str) -> usize {
        let keys = &mut self.tables.keys;
        keys.iter()
            .position(|known| known == key)
            .unwrap_or_else(|| {
                keys.push(key.to_owned());
                keys.len() - 1
            })
    }

    /// The kinds that are one of `names`.
    pub(crate) fn kind_set(&mut self, names: &[Name]) -> Result<usize, EngineError> {
        let mut concrete = BTreeSet::new();
        for name in names {
            let kind = self.kind(name)?;
            concrete.extend(self.graph.catalog.concrete(&kind).iter().cloned());
        }
        Ok(self.kinds(concrete))
    }

    pub(crate) fn kinds(&mut self, concrete: BTreeSet<String>) -> usize {
        let set = KindSet { concrete };
        let kinds = &mut self.tables.kinds;
        kinds
            .iter()
            .position(|known| *known == set)
            .unwrap_or_else(|| {
                kinds.push(set);
                kinds.len() - 1
            })
    }

    /// The kind a word stands for.
    pub(crate) fn kind(&mut self, name: &Name) -> Result<String, EngineError> {
        let model = &self.graph.catalog.model;
        match model.resolve(&name.text) {
            Ok(resolved) if resolved.guessed => {
                let hint = format!("`{}` was read as `{}`", name.text, resolved.kind);
                if !self.hints.contains(&hint) {
                    self.hints.push(hint);
                }
                Ok(resolved.kind)
            }
            Ok(resolved) => Ok(resolved.kind),
            Err(_) if self.is_in_data(&name.text) => Ok(name.text.clone()),
            Err(several) if !several.several.is_empty() => {
                let kind = EngineErrorKind::SeveralKinds(several.word);
                let names = several.several.join("`, `");
                let error = EngineError::new(kind).at(name.span);
                Err(error.hint(format!("name the one you mean, or all of them: `{names}`")))
            }
            Err(unknown) => {
                let mut near_names = unknown.near;
                if near_names.is_empty() {
                    let partitions = self.graph.partitions.iter();
                    let kinds: BTreeSet<&str> = partitions
                        .flat_map(|partition| &partition.kinds)
                        .map(|kind| kind.name.as_str())
                        .collect();
                    near_names = near(&name.text, kinds)
                        .into_iter()
                        .map(str::to_owned)
                        .collect();
                }
                let kind = EngineErrorKind::UnknownKind(unknown.word);
                Err(EngineError::new(kind).at(name.span).near(&near_names))
            }
        }
    }

    fn is_in_data(&self, kind: &str) -> bool {
        let mut partitions = self.graph.partitions.iter();
        partitions.any(|partition| partition.kinds.iter().any(|rows| rows.name == kind))
    }

    pub(crate) fn query(
        &mut self,
        query: &Query,
        around: Around,
    ) -> Result<QueryPlan, EngineError> {
        let around = Around {
            edge_type: query
                .preamble
                .edge_type
                .map_or(around.edge_type, edge_type_of),
            ..around
        };
        let mut parts = Vec::new();
        for (at, part) in query.parts.iter().enumerate() {
            let alone = query.parts.len() == 1 && part.navigation.is_none();
            let last = at + 1 == query.parts.len();
            let grouped = last && query.preamble.aggregate.is_some();
            let place = Place {
                first: at == 0,
                alone,
                grouped,
            };
            parts.push(self.part(part, place, around)?);
        }
        // A navigation at the very end leads to everything there.
        if parts.last().is_some_and(|part| part.navigation.is_some()) {
            let place = Place {
                first: false,
                alone: false,
                grouped: query.preamble.aggregate.is_some(),
            };
            parts.push(self.part(&Part::default(), place, around)?);
        }
        let aggregate = match (&query.preamble.aggregate, query.parts.last()) {
            (Some(aggregate), Some(last)) => {
                let scope = Scope {
                    merged: merge_names(&last.merge),
                    ..Scope::default()
                };
                let outside = self.join(last)?;
                let aggregate = self.aggregate(aggregate, last, &scope)?;
                self.leave(outside);
                Some(aggregate)
            }
            _ => None,
        };
        Ok(QueryPlan { aggregate, parts })
    }

    /// From here on `usage` is what a part joins, or else the last sample. Gives back what it was before.
    fn join(&mut self, part: &Part) -> Result<Joined, EngineError> {
        let Some(asked) = &part.with_usage else {
            return Ok((self.joined.take(), std::mem::take(&mut self.metrics)));
        };
        let metrics = UsageWindow::read(asked, self.now)?.metrics;
        let known = self.usage.iter().find(|(known, _)| known == asked);
        let (_, usage) = known.ok_or_else(|| {
            EngineError::new(EngineErrorKind::Usage).hint(
                "they are kept of the present inventory: leave out `graph=`, or `with_usage(…)`",
            )
        })?;
        let usages = &mut self.tables.usages;
        usages.push(Arc::clone(usage));
        let joined = self.joined.replace(usages.len() - 1);
        Ok((joined, std::mem::replace(&mut self.metrics, metrics)))
    }

    fn leave(&mut self, (joined, metrics): Joined) {
        self.joined = joined;
        self.metrics = metrics;
    }

    fn part(&mut self, part: &Part, place: Place, around: Around) -> Result<PartPlan, EngineError> {
        let outside = self.join(part)?;
        let plan = self.joined_part(part, place, around)?;
        self.leave(outside);
        Ok(plan)
    }

    fn joined_part(
        &mut self,
        part: &Part,
        place: Place,
        around: Around,
    ) -> Result<PartPlan, EngineError> {
        let mut scope = Scope {
            within: self.within(&part.filter),
            ..Scope::default()
        };
        let filter = if place.first && !around.merge {
            self.restricted_filter(&part.filter, &scope)?
        } else {
            self.filter(&part.filter, &scope)?
        };
        let merges: Result<Vec<MergePlan>, EngineError> = part
            .merge
            .iter()
            .map(|merge| self.merge(merge, around))
            .collect();
        scope.merged = merge_names(&part.merge);
        let post = part
            .post
            .as_ref()
            .map(|post| self.filter(post, &scope))
            .transpose()?;
        let with = part
            .with
            .as_ref()
            .map(|with| self.with(with, around))
            .transpose()?;
        let order = self.order(part, place, around, &scope)?;
        let navigation = part.navigation.as_ref();
        Ok(PartPlan {
            usage: self.joined,
            filter,
            merges: merges?,
            post,
            with,
            tag: part.tag.clone(),
            order,
            // With an aggregate they are about its rows.
            limit: part
                .limit
                .filter(|_| !place.grouped)
                .map(|limit| (limit.offset, limit.length)),
            reversed: part.reversed && !place.grouped,
            navigation: navigation
                .map(|way| self.navigation(way, around))
                .transpose()?,
        })
    }

    fn order(
        &mut self,
        part: &Part,
        place: Place,
        around: Around,
        scope: &Scope,
    ) -> Result<Ordering, EngineError> {
        // The sort of an aggregate is about its columns.
        if place.grouped || (part.sort.is_empty() && !around.default_sort) {
            return Ok(Ordering::Found);
        }
        if !part.sort.is_empty() {
            let keys: Result<_, _> = part
                .sort
                .iter()
                .map(|key| self.sort_key(key, scope))
                .collect();
            return Ok(Ordering::Keys(keys?));
        }
        let mut texts = Vec::new();
        phrases(&part.filter, &mut texts);
        Ok(match texts.as_slice() {
            [text] if place.alone => Ordering::Relevance(Phrase::new(text)),
            _ => Ordering::Default,
        })
    }

    fn sort_key(&mut self, key: &SortKey, scope: &Scope) -> Result<SortPlan, EngineError> {
        let path = self.path(&key.path, scope)?.plan;
        // What is older has the smaller timestamp.
        let descending = (key.order == Order::Desc) != path.age;
        let path = crate::plan::PathPlan { age: false, ..path };
        Ok(SortPlan { path, descending })
    }

    /// Kinds that a filter demands outright.
    pub(crate) fn within(&mut self, filter: &stocktake_query::Filter) -> Vec<String> {
        use stocktake_query::Filter;
        let names: &[Name] = match filter {
            Filter::Is(names) => names,
            Filter::And(all) => all
                .iter()
                .find_map(|one| match one {
                    Filter::Is(names) => Some(names.as_slice()),
                    _ => None,
                })
                .unwrap_or_default(),
            _ => &[],
        };
        // A word that names no kind is refused where the filter is made ready.
        let kinds = names.iter().filter_map(|name| self.kind(name).ok());
        kinds.collect()
    }
}

/// What [`Compiler::join`] puts aside.
type Joined = (Option<usize>, Vec<Metric>);

/// Where a part stands in its query.
#[derive(Debug, Clone, Copy)]
struct Place {
    first: bool,
    alone: bool,
    grouped: bool,
}

/// Every full text of a filter.
fn phrases<'f>(filter: &'f stocktake_query::Filter, found: &mut Vec<&'f str>) {
    use stocktake_query::Filter;
    match filter {
        Filter::Text(name) => found.push(&name.text),
        Filter::Not(inner) | Filter::Context(_, inner) => phrases(inner, found),
        Filter::And(all) | Filter::Or(all) => all.iter().for_each(|one| phrases(one, found)),
        _ => {}
    }
}

pub(crate) fn edge_type_of(edge_type: stocktake_query::EdgeType) -> EdgeType {
    match edge_type {
        stocktake_query::EdgeType::Default => EdgeType::Default,
        stocktake_query::EdgeType::Delete => EdgeType::Delete,
        stocktake_query::EdgeType::Iam => EdgeType::Iam,
    }
}
