//! Queries over JSON documents and a list of edges, the plain way: no index, no plan, no cleverness.
use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use stocktake_model::{EdgeType, Model, NodeRecord, Parent};
use stocktake_query::{
    EdgeType as Written, Filter, Function, FunctionName, GroupValue, Op, Order, Part, Query,
    SortKey, With, WithCount,
};

use crate::naive_filter::Here;
use crate::naive_value::sort_order;

/// Everything there is.
pub(crate) struct Naive {
    pub(crate) model: Arc<Model>,
    /// In the order that counts where a query does not sort.
    pub(crate) docs: Vec<Value>,
    pub(crate) edges: Vec<Edge>,
    /// Kinds that the filter at hand demands.
    pub(crate) within: Vec<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Edge {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) of: EdgeType,
    pub(crate) relations: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    In,
    Out,
}

impl Naive {
    pub(crate) fn kinds(&self, node: usize) -> Vec<String> {
        let kind = self.docs[node]["reported"]["kind"].as_str().unwrap();
        self.model
            .lineage(kind)
            .into_iter()
            .map(str::to_owned)
            .collect()
    }

    /// `reported.id`s of what a query finds, in order.
    pub(crate) fn run(&mut self, query: &Query) -> Vec<String> {
        let nodes = self.nodes(query, None);
        let id = |node: usize| {
            self.docs[node]["reported"]["id"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        nodes.into_iter().map(id).collect()
    }

    /// The rows of an aggregate.
    pub(crate) fn run_aggregate(&mut self, query: &Query) -> Vec<Value> {
        let aggregate = query.preamble.aggregate.clone().unwrap();
        let nodes = self.nodes(query, None);
        let mut groups: BTreeMap<String, (Vec<Value>, Vec<usize>)> = BTreeMap::new();
        for node in nodes {
            let key: Vec<Value> = aggregate
                .groups
                .iter()
                .map(|group| match &group.value {
                    GroupValue::Path(path) => self.first(node, path),
                    GroupValue::Template(_) => unreachable!("never generated"),
                })
                .collect();
            let entry = groups
                .entry(json!(key).to_string())
                .or_insert((key, Vec::new()));
            entry.1.push(node);
        }
        if groups.is_empty() && aggregate.groups.is_empty() {
            groups.insert(String::new(), Default::default());
        }
        let mut rows: Vec<(Vec<Value>, Vec<Value>)> = groups
            .into_values()
            .map(|(key, nodes)| {
                let results = aggregate
                    .functions
                    .iter()
                    .map(|one| self.function(one, &nodes));
                (results.collect(), key)
            })
            .collect();
        rows.sort_by(|a, b| {
            let pairs = a.0.iter().zip(&b.0).chain(a.1.iter().zip(&b.1));
            pairs
                .map(|(a, b)| sort_order(a, b))
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        });
        rows.into_iter()
            .map(|(results, key)| {
                let mut row = json!({});
                if !aggregate.groups.is_empty() {
                    row["group"] = json!({});
                }
                for (group, value) in aggregate.groups.iter().zip(key) {
                    row["group"][group.column()] = value;
                }
                for (function, value) in aggregate.functions.iter().zip(results) {
                    row[function.column()] = value;
                }
                row
            })
            .collect()
    }

    fn function(&self, function: &Function, nodes: &[usize]) -> Value {
        let stocktake_query::Argument::Path(path) = &function.argument else {
            return json!(nodes.len());
        };
        let values: Vec<Value> = nodes.iter().map(|node| self.first(*node, path)).collect();
        let known: Vec<&Value> = values.iter().filter(|value| !value.is_null()).collect();
        let best = |wanted: Ordering| {
            let better = |a: &&Value, b: &&Value| sort_order(a, b) == wanted;
            let best = known
                .iter()
                .copied()
                .reduce(|a, b| if better(&b, &a) { b } else { a });
            best.cloned().unwrap_or(Value::Null)
        };
        match function.name {
            FunctionName::Count => json!(values.len()),
            FunctionName::Min => best(Ordering::Less),
            FunctionName::Max => best(Ordering::Greater),
            FunctionName::Sum if known.iter().all(|value| value.is_i64()) => {
                json!(known.iter().filter_map(|value| value.as_i64()).sum::<i64>())
            }
            FunctionName::Sum => Value::Null,
            _ => unreachable!("never generated"),
        }
    }

    fn first(&self, node: usize, path: &stocktake_query::Path) -> Value {
        let here = Here {
            node,
            element: None,
        };
        self.values(&here, path)
            .into_iter()
            .next()
            .flatten()
            .unwrap_or(Value::Null)
    }

    fn nodes(&mut self, query: &Query, start: Option<usize>) -> Vec<usize> {
        let mut starts: Vec<usize> = match start {
            Some(node) => vec![node],
            None => (0..self.docs.len()).collect(),
        };
        let edge_type = query.preamble.edge_type;
        for (at, part) in query.parts.iter().enumerate() {
            let grouped = query.preamble.aggregate.is_some() && at + 1 == query.parts.len();
            let selected = self.part(part, &starts, at == 0, grouped, edge_type);
            let Some(navigation) = &part.navigation else {
                return selected;
            };
            starts = self.navigate(&selected, navigation, edge_type);
        }
        starts
    }

    fn part(
        &mut self,
        part: &Part,
        starts: &[usize],
        first: bool,
        grouped: bool,
        edge_type: Option<Written>,
    ) -> Vec<usize> {
        let filter = if first {
            self.restricted(&part.filter)
        } else {
            part.filter.clone()
        };
        self.within = demanded(&self.model, &part.filter);
        let select = |node: &usize| {
            self.fulfils(
                &Here {
                    node: *node,
                    element: None,
                },
                &filter,
            )
        };
        let mut selected: Vec<usize> = starts.iter().copied().filter(select).collect();
        self.within = Vec::new();
        if let Some(with) = &part.with {
            selected.retain(|node| self.reaches(*node, with, edge_type));
        }
        if !grouped {
            self.sort(&mut selected, &part.sort);
            if let Some(limit) = part.limit {
                selected = selected
                    .into_iter()
                    .skip(limit.offset)
                    .take(limit.length)
                    .collect();
            }
            if part.reversed {
                selected.reverse();
            }
        }
        selected
    }

    fn sort(&self, nodes: &mut [usize], keys: &[SortKey]) {
        let here = Here {
            node: 0,
            element: None,
        };
        let keys: Vec<(stocktake_query::Path, bool)> = keys
            .iter()
            .map(|key| {
                let mut path = key.path.clone();
                let mut descending = key.order == Order::Desc;
                if let Some(stocktake_model::PropertyType::AgeOf(stamp)) =
                    self.type_of(&here, &path, &[])
                {
                    path.segments.last_mut().unwrap().name = stamp;
                    descending = !descending;
                }
                (path, descending)
            })
            .collect();
        nodes.sort_by(|a, b| {
            if keys.is_empty() {
                return self.names(*a).cmp(&self.names(*b));
            }
            let orders = keys.iter().map(|(path, descending)| {
                let order = sort_order(&self.first(*a, path), &self.first(*b, path));
                if *descending { order.reverse() } else { order }
            });
            orders
                .into_iter()
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        });
    }

    fn names(&self, node: usize) -> [&str; 3] {
        ["kind", "name", "id"].map(|key| self.docs[node]["reported"][key].as_str().unwrap())
    }

    fn reaches(&self, node: usize, with: &With, edge_type: Option<Written>) -> bool {
        let reached = self.navigate(&[node], &with.navigation, edge_type);
        let within = demanded(&self.model, &with.filter);
        let typed = Naive {
            model: Arc::clone(&self.model),
            docs: self.docs.clone(),
            edges: self.edges.clone(),
            within,
        };
        let counts = reached.iter().filter(|other| {
            typed.fulfils(
                &Here {
                    node: **other,
                    element: None,
                },
                &with.filter,
            ) && with
                .with
                .as_ref()
                .is_none_or(|inner| self.reaches(**other, inner, edge_type))
        });
        let count = i64::try_from(counts.count()).unwrap();
        let (op, wanted) = match with.count {
            WithCount::Empty => (Op::Eq, 0),
            WithCount::Any => (Op::Gt, 0),
            WithCount::Count(op, wanted) => (op, wanted),
        };
        crate::naive_value::holds(Some(&json!(count)), op, &json!(wanted))
    }
}

fn demanded(model: &Model, filter: &Filter) -> Vec<String> {
    let names = match filter {
        Filter::Is(names) => Some(names),
        Filter::And(all) => all.iter().find_map(|one| match one {
            Filter::Is(names) => Some(names),
            _ => None,
        }),
        _ => None,
    };
    let names = names.map(Vec::as_slice).unwrap_or_default();
    names
        .iter()
        .map(|name| model.resolve(&name.text).unwrap().kind)
        .collect()
}

/// A document as it should look from the outside, but for its ancestors.
pub(crate) fn document(model: &Model, record: &NodeRecord, id: &str) -> Value {
    json!({
        "id": id,
        "type": "node",
        "reported": record.reported,
        "metadata": record.metadata,
        "kinds": model.lineage(record.kind()),
    })
}

/// Whether a record is in a region.
pub(crate) fn region(record: &NodeRecord) -> Option<&str> {
    match &record.parent {
        Parent::Region { name, .. } => Some(name),
        _ => None,
    }
}
