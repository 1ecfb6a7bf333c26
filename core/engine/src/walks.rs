//! What leads to other nodes, made ready: navigations, `with` clauses, merges.
use stocktake_model::EdgeType;
use stocktake_query::{Filter, Merge, Navigation, Op, Walk, With, WithCount};

use crate::compile::{Around, Compiler, edge_type_of};
use crate::error::{EngineError, EngineErrorKind};
use crate::graph::Outbound;
use crate::paths::Scope;
use crate::plan::{MergePlan, NavPlan, WithPlan};

impl Compiler<'_> {
    pub(crate) fn merge(
        &mut self,
        merge: &Merge,
        around: Around,
    ) -> Result<MergePlan, EngineError> {
        let starts = merge.query.parts.first().is_some_and(|part| {
            part.navigation.is_some() && part.filter == Filter::All && part.merge.is_empty()
        });
        if !starts {
            let kind = EngineErrorKind::MergeStart(crate::paths::text(&merge.name));
            return Err(EngineError::new(kind)
                .at(merge.name.span)
                .hint("begin with e.g. `<--` or `-[1:]->`"));
        }
        let around = Around {
            default_sort: false,
            merge: true,
            ..around
        };
        Ok(MergePlan {
            name: names_of(merge),
            list: merge.list,
            query: self.query(&merge.query, around)?,
        })
    }

    pub(crate) fn with(&mut self, with: &With, around: Around) -> Result<WithPlan, EngineError> {
        let (op, count) = match with.count {
            WithCount::Empty => (Op::Eq, 0),
            WithCount::Any => (Op::Ge, 1),
            WithCount::Count(op, count) => (op, count),
        };
        let scope = Scope {
            within: self.within(&with.filter),
            ..Scope::default()
        };
        Ok(WithPlan {
            op,
            count,
            navigation: self.navigation(&with.navigation, around)?,
            filter: self.filter(&with.filter, &scope)?,
            with: match &with.with {
                Some(inner) => Some(Box::new(self.with(inner, around)?)),
                None => None,
            },
        })
    }

    pub(crate) fn navigation(
        &mut self,
        way: &Navigation,
        around: Around,
    ) -> Result<NavPlan, EngineError> {
        if way.min > way.max {
            let kind = EngineErrorKind::Range {
                min: way.min,
                max: way.max,
            };
            return Err(EngineError::new(kind).at(way.span));
        }
        let types = |types: &[stocktake_query::EdgeType]| -> Vec<EdgeType> {
            types.iter().copied().map(edge_type_of).collect()
        };
        let mut out = types(&way.types);
        let mut back = types(&way.inbound_types);
        if way.direction == Walk::Both {
            if out.is_empty() {
                out.clone_from(&back);
            }
            if back.is_empty() {
                back.clone_from(&out);
            }
        } else {
            back.clone_from(&out);
        }
        let mut walks = Vec::new();
        let mut add = |types: Vec<EdgeType>, outbound| {
            let types = if types.is_empty() {
                vec![around.edge_type]
            } else {
                types
            };
            walks.extend(types.into_iter().map(|edge_type| (edge_type, outbound)));
        };
        if way.direction != Walk::In {
            add(out, Outbound::Yes);
        }
        if way.direction != Walk::Out {
            add(back, Outbound::No);
        }
        walks.dedup();
        let scope = Scope {
            edge: true,
            ..Scope::default()
        };
        let edge_filter = way.edge_filter.as_ref();
        Ok(NavPlan {
            walks,
            min: way.min,
            max: way.max.min(Navigation::UNLIMITED),
            edge_filter: edge_filter
                .map(|filter| self.filter(filter, &scope))
                .transpose()?,
        })
    }
}

fn names_of(merge: &Merge) -> Vec<String> {
    let segments = merge.name.segments.iter();
    segments.map(|segment| segment.name.clone()).collect()
}

/// Where a part puts what it merges.
pub(crate) fn merge_names(merges: &[Merge]) -> Vec<Vec<String>> {
    merges.iter().map(names_of).collect()
}
