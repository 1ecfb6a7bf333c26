//! Filters made ready: each term of the language becomes a test, negative filters get their implicit kinds.
use std::collections::BTreeSet;

use stocktake_model::{NodeId, PropertyType};
use stocktake_query::{Comparison, Filter, Name, Op, Path, Quantifier, Segment, Value};

use crate::check::{Check, mirrored};
use crate::compile::Compiler;
use crate::error::{EngineError, EngineErrorKind};
use crate::literal::{Literal, lacks_order, literal, to_json};
use crate::paths::{Scope, item_of};
use crate::plan::{From, PathPlan, Section, Step, Test};
use crate::subnet::Network;
use crate::text::Phrase;

impl Compiler<'_> {
    /// Makes a filter ready as it is written.
    pub(crate) fn filter(&mut self, filter: &Filter, scope: &Scope) -> Result<Test, EngineError> {
        Ok(match filter {
            Filter::All => Test::All,
            Filter::Is(names) => Test::Kinds(self.kind_set(names)?),
            Filter::Id(names) => Test::Ids(ids(names)),
            Filter::Text(name) => Test::Text(Phrase::new(&name.text)),
            Filter::Compare(comparison) => self.comparison(comparison, scope)?,
            Filter::HasKey(path, keys) => Test::HasKey(self.path(path, scope)?.plan, keys.clone()),
            Filter::InSubnet(path, network) => {
                let path = self.path(path, scope)?.plan;
                let parsed = Network::parse(&network.text).ok_or_else(|| {
                    let kind = EngineErrorKind::Network(network.text.clone());
                    EngineError::new(kind)
                        .at(network.span)
                        .hint("write e.g. `10.0.0.0/8` or `fd00::/8`")
                })?;
                Test::InSubnet(path, parsed)
            }
            Filter::DesiredChange(path) => self.desired_change(path, true),
            Filter::NoDesiredChange(path) => self.desired_change(path, false),
            Filter::Context(path, inner) => {
                let typed = self.path(path, scope)?;
                let inner_scope = Scope {
                    context: Some(typed.typed),
                    ..scope.clone()
                };
                let inner = self.filter(inner, &inner_scope)?;
                Test::Context(typed.plan, Box::new(inner))
            }
            Filter::Not(inner) => Test::Not(Box::new(self.filter(inner, scope)?)),
            Filter::And(all) => Test::And(self.filters(all, scope)?),
            Filter::Or(all) => Test::Or(self.filters(all, scope)?),
        })
    }

    fn filters(&mut self, filters: &[Filter], scope: &Scope) -> Result<Vec<Test>, EngineError> {
        filters.iter().map(|one| self.filter(one, scope)).collect()
    }

    /// Makes the filter of the first part ready: conditions that belong together and name no kind are restricted
    /// to the kinds that declare their properties, so that `volume_size != 3` is about volumes only.
    pub(crate) fn restricted_filter(
        &mut self,
        filter: &Filter,
        scope: &Scope,
    ) -> Result<Test, EngineError> {
        let is_leaf =
            |filter: &Filter| !matches!(filter, Filter::Not(_) | Filter::And(_) | Filter::Or(_));
        match filter {
            Filter::Not(inner) => Ok(Test::Not(Box::new(self.restricted_filter(inner, scope)?))),
            Filter::Or(all) => {
                let tests = all.iter().map(|one| self.restricted_filter(one, scope));
                Ok(Test::Or(tests.collect::<Result<_, _>>()?))
            }
            Filter::And(all) if all.iter().any(|one| matches!(one, Filter::Is(_))) => {
                self.filter(filter, scope)
            }
            Filter::And(all) => {
                let mut tests = Vec::new();
                for one in all {
                    tests.push(if is_leaf(one) {
                        self.filter(one, scope)?
                    } else {
                        self.restricted_filter(one, scope)?
                    });
                }
                let leaves: Vec<&Filter> = all.iter().filter(|one| is_leaf(one)).collect();
                Ok(self.restrict(&leaves, tests))
            }
            leaf => {
                let test = self.filter(leaf, scope)?;
                Ok(self.restrict(&[leaf], vec![test]))
            }
        }
    }

    fn restrict(&mut self, leaves: &[&Filter], mut tests: Vec<Test>) -> Test {
        let mut declaring = BTreeSet::new();
        for path in leaves.iter().filter_map(|leaf| path_of(leaf)) {
            if path
                .segments
                .first()
                .is_some_and(|first| first.name == "reported")
            {
                let names: Vec<&str> = path.segments[1..]
                    .iter()
                    .map(|segment| segment.name.as_str())
                    .collect();
                declaring.extend(self.graph.catalog.declaring(&names).iter().cloned());
            }
        }
        if !declaring.is_empty() {
            let concrete = declaring
                .iter()
                .flat_map(|kind| {
                    self.graph
                        .catalog
                        .concrete(kind)
                        .iter()
                        .cloned()
                        .collect::<Vec<_>>()
                })
                .collect();
            let kinds = self.kinds(concrete);
            tests.insert(0, Test::Kinds(kinds));
            self.restricted.extend(declaring);
        }
        match tests.len() {
            1 => tests.remove(0),
            _ => Test::And(tests),
        }
    }

    fn comparison(&mut self, comparison: &Comparison, scope: &Scope) -> Result<Test, EngineError> {
        let mut typed = self.path(&comparison.path, scope)?;
        let mut quantifier = comparison.quantifier;
        if quantifier.is_some() {
            typed.of = typed.of.map(item_of);
        } else if scope.edge && is_relation(&comparison.path) {
            // An edge has several relations: it matches if any of them does, and not if any does.
            let negative = matches!(comparison.op, Op::Ne | Op::NotMatch | Op::NotIn);
            quantifier = Some(if negative {
                Quantifier::All
            } else {
                Quantifier::Any
            });
        }
        let at = |error: EngineError| error.at(comparison.span);
        let name = typed.name().to_owned();
        let op = if typed.plan.age {
            mirrored(comparison.op)
        } else {
            comparison.op
        };
        let read = |value: &Value| {
            let mut value = value.clone();
            if typed.plan.age {
                negate(&mut value);
            }
            literal(&value, typed.of.as_ref(), &name, self.now)
        };
        let check = match (op, &comparison.value) {
            (Op::Match | Op::NotMatch, Value::Text(pattern) | Value::Word(pattern)) => {
                Check::pattern(op, pattern).map_err(at)?
            }
            (
                Op::Match | Op::NotMatch,
                value @ (Value::Int(_) | Value::Float(_) | Value::Bool(_)),
            ) => Check::pattern(op, &to_json(value).to_string()).map_err(at)?,
            (Op::Match | Op::NotMatch, value) => {
                let kind = EngineErrorKind::PatternNotText(to_json(value).to_string());
                return Err(at(EngineError::new(kind)));
            }
            (Op::In | Op::NotIn, Value::List(items)) => {
                Check::member(op, items.iter().map(read).collect())
            }
            (Op::In | Op::NotIn, value) => {
                let kind = EngineErrorKind::ListNeeded(to_json(value).to_string());
                return Err(at(
                    EngineError::new(kind).hint("put the values in `[` and `]`")
                ));
            }
            (op, value) => {
                let literal = read(value);
                if matches!(op, Op::Lt | Op::Le | Op::Gt | Op::Ge) {
                    in_order(&literal, value, typed.of.as_ref(), comparison).map_err(at)?;
                }
                Check::literal(op, literal)
            }
        };
        let path = PathPlan {
            age: false,
            ..typed.plan
        };
        let readable = path.from == From::Node && path.section == Section::Reported;
        let column = readable.then(|| {
            self.tables.comparisons += 1;
            self.tables.comparisons - 1
        });
        Ok(Test::Compare {
            path,
            quantifier,
            check,
            column,
        })
    }

    /// `p`, `/p`, `/reported.p` and `/desired.p` all mean the same.
    fn desired_change(&mut self, path: &Path, changed: bool) -> Test {
        let own: &[Segment] = match path.segments.first() {
            Some(first) if first.name == "reported" || first.name == "desired" => {
                &path.segments[1..]
            }
            _ => &path.segments,
        };
        let steps: Vec<Step> = self.steps(own);
        let plan = |section| PathPlan {
            from: From::Node,
            section,
            steps: steps.clone(),
            age: false,
        };
        Test::DesiredChange {
            desired: plan(Section::Desired),
            reported: plan(Section::Reported),
            changed,
        }
    }
}

/// Refuses to ask what is less or greater than something of another type: no answer would be a right one.
fn in_order(
    literal: &Literal,
    written: &Value,
    of: Option<&PropertyType>,
    comparison: &Comparison,
) -> Result<(), EngineError> {
    let Some((expected, hint)) = of.and_then(|of| lacks_order(literal, of)) else {
        return Ok(());
    };
    let literal = match written {
        Value::Word(text) | Value::Text(text) => text.clone(),
        other => to_json(other).to_string(),
    };
    let kind = EngineErrorKind::NoOrder {
        literal,
        property: comparison
            .path
            .to_string()
            .trim_start_matches("/reported.")
            .to_owned(),
        expected,
    };
    Err(EngineError::new(kind).hint(hint))
}

/// Node ids; a text that is none names no node.
fn ids(names: &[Name]) -> Vec<NodeId> {
    let mut ids: Vec<NodeId> = names
        .iter()
        .filter_map(|name| name.text.parse().ok())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// The path a condition is about.
fn path_of(filter: &Filter) -> Option<&Path> {
    match filter {
        Filter::Compare(comparison) => Some(&comparison.path),
        Filter::HasKey(path, _) | Filter::InSubnet(path, _) | Filter::Context(path, _) => {
            Some(path)
        }
        _ => None,
    }
}

fn is_relation(path: &Path) -> bool {
    let last = path.segments.last();
    last.is_some_and(|last| last.name == "relation" && last.indexes.is_empty())
}

/// `3d` becomes `-3d`: an age counts back from now.
fn negate(value: &mut Value) {
    match value {
        Value::Word(text) | Value::Text(text) => {
            if let Ok(duration) = text.parse::<stocktake_model::Duration>() {
                let seconds = duration.seconds().saturating_neg();
                *text = stocktake_model::Duration::from_seconds(seconds).to_string();
            }
        }
        Value::List(items) => items.iter_mut().for_each(negate),
        _ => {}
    }
}
