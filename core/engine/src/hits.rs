//! The nodes a part of a query selects: filter, merge, `with`, sort, limit, one after the other.
use std::cmp::Ordering as Order;

use serde_json::Value;
use stocktake_model::Map;
use stocktake_query::Op;

use crate::error::EngineError;
use crate::eval::{At, Search};
use crate::graph::Spot;
use crate::navigate::{Keep, Spots};
use crate::plan::{MergePlan, Ordering, PartPlan, QueryPlan, SortPlan, WithPlan};
use crate::sweep::Sweep;
use crate::top::FEW;
use crate::value::total;

/// A selected node.
#[derive(Debug, Clone)]
pub(crate) struct Hit {
    pub(crate) spot: Spot,
    /// What merges found, by name, from the root of the document.
    pub(crate) merged: Option<Box<Value>>,
    pub(crate) tag: Option<String>,
    /// Where what it uses comes from, if not from its last sample.
    pub(crate) usage: Option<usize>,
}

/// Nodes between two looks at the clock.
pub(crate) const CHUNK: usize = 512;

impl Search {
    pub(crate) fn at_hit<'a>(&'a self, hit: &'a Hit) -> At<'a> {
        self.at(hit.spot).with_merged(hit.merged.as_deref())
    }

    /// Whether a node is selected by a part, merges and `with` included.
    pub(crate) fn select(&self, part: &PartPlan, spot: Spot) -> Result<Option<Hit>, EngineError> {
        if !self.holds(self.at(spot), &part.filter) {
            return Ok(None);
        }
        self.complete(part, spot)
    }

    /// What else a part asks of a node that fulfils its filter.
    pub(crate) fn complete(&self, part: &PartPlan, spot: Spot) -> Result<Option<Hit>, EngineError> {
        let hit = Hit {
            spot,
            merged: self.merge(&part.merges, spot)?,
            tag: part.tag.clone(),
            usage: part.usage,
        };
        if let Some(post) = &part.post
            && !self.holds(self.at_hit(&hit), post)
        {
            return Ok(None);
        }
        let with = part.with.as_ref();
        let reaches = with.map_or(Ok(true), |with| self.reaches(spot, with))?;
        Ok(reaches.then_some(hit))
    }

    fn reaches(&self, spot: Spot, with: &WithPlan) -> Result<bool, EngineError> {
        let reached = self.navigate(&[spot], &with.navigation, Keep::Nodes)?;
        let mut count = 0_i64;
        for other in reached.spots.iter() {
            let counts = self.holds(self.at(other), &with.filter)
                && match &with.with {
                    Some(inner) => self.reaches(other, inner)?,
                    None => true,
                };
            count += i64::from(counts);
            if count >= 1 && (with.op, with.count) == (Op::Ge, 1) {
                break;
            }
        }
        Ok(match with.op {
            Op::Ne => count != with.count,
            Op::Lt => count < with.count,
            Op::Le => count <= with.count,
            Op::Gt => count > with.count,
            Op::Ge => count >= with.count,
            _ => count == with.count,
        })
    }

    /// Every node a part selects, in its order, limit applied. `starts` limits where to look.
    pub(crate) fn hits(
        &self,
        part: &PartPlan,
        starts: Option<&[Spot]>,
    ) -> Result<Vec<Hit>, EngineError> {
        let enough = match (&part.order, part.limit) {
            (Ordering::Found, Some((offset, length))) => offset.saturating_add(length),
            _ => usize::MAX,
        };
        let mut hits = match (starts, &part.order, part.limit) {
            (Some(starts), ..) => self.among(part, starts, enough)?,
            (None, Ordering::Keys(keys), Some((offset, length)))
                if offset.saturating_add(length) <= FEW =>
            {
                self.top(part, keys, offset + length)?
            }
            (None, ..) => self.everywhere(part, enough)?,
        };
        self.sort(&mut hits, part);
        limit(&mut hits, part.limit);
        if part.reversed {
            hits.reverse();
        }
        Ok(hits)
    }

    fn among(
        &self,
        part: &PartPlan,
        starts: &[Spot],
        enough: usize,
    ) -> Result<Vec<Hit>, EngineError> {
        let mut hits = Vec::new();
        for (at, spot) in starts.iter().enumerate() {
            if at % CHUNK == 0 {
                self.go_on()?;
            }
            hits.extend(self.select(part, *spot)?);
            if hits.len() >= enough {
                break;
            }
        }
        Ok(hits)
    }

    fn everywhere(&self, part: &PartPlan, enough: usize) -> Result<Vec<Hit>, EngineError> {
        let mut hits = Vec::new();
        let mut sweep = if enough == usize::MAX {
            Sweep::whole()
        } else {
            Sweep::gentle()
        };
        while let Some(spots) = sweep.next(self, &part.filter)? {
            for (at, spot) in spots.into_iter().enumerate() {
                if at % CHUNK == 0 {
                    self.go_on()?;
                }
                hits.extend(self.complete(part, spot)?);
                if hits.len() >= enough {
                    return Ok(hits);
                }
            }
        }
        Ok(hits)
    }

    /// All nodes a chain of parts leads to, with the tagged ones on the way first.
    pub(crate) fn chain(
        &self,
        query: &QueryPlan,
        start: Option<Spot>,
    ) -> Result<Chained, EngineError> {
        let mut starts = start.map(|spot| vec![spot]);
        let mut chained = Chained::default();
        let mut tagged = Spots::default();
        for (at, part) in query.parts.iter().enumerate() {
            let hits = self.hits(part, starts.as_deref())?;
            let Some(nav) = &part.navigation else {
                chained
                    .hits
                    .extend(hits.into_iter().filter(|hit| !tagged.contains(hit.spot)));
                break;
            };
            let last = at + 2 == query.parts.len();
            let keep = match start {
                Some(_) => Keep::Order,
                None if last && self.with_edges => Keep::Edges,
                None => Keep::Nodes,
            };
            let spots: Vec<Spot> = hits.iter().map(|hit| hit.spot).collect();
            let reached = self.navigate(&spots, nav, keep)?;
            starts = Some(match keep {
                Keep::Order => reached.order,
                _ => reached.spots.iter().collect(),
            });
            chained.edges = reached.edges.into_iter().collect();
            if part.tag.is_some() {
                chained
                    .hits
                    .extend(hits.into_iter().filter(|hit| tagged.insert(hit.spot)));
            }
        }
        Ok(chained)
    }

    /// What merges find for a node.
    fn merge(&self, merges: &[MergePlan], spot: Spot) -> Result<Option<Box<Value>>, EngineError> {
        if merges.is_empty() {
            return Ok(None);
        }
        let mut found = Value::Object(Map::new());
        for merge in merges {
            let hits = self.chain(&merge.query, Some(spot))?.hits;
            if let Some(aggregate) = &merge.query.aggregate {
                let rows = self.aggregate(aggregate, &hits)?;
                insert(&mut found, &merge.name, rows.into());
            } else if merge.list {
                let nodes = hits.iter().map(|hit| self.render_hit(hit)).collect();
                insert(&mut found, &merge.name, nodes);
            } else if let Some(first) = hits.first() {
                insert(&mut found, &merge.name, self.render_hit(first));
            }
        }
        Ok(Some(Box::new(found)))
    }

    /// The node with what merges, samples and tags add to it.
    pub(crate) fn render_hit(&self, hit: &Hit) -> Value {
        let mut node = self.graph.render(hit.spot, self.used(hit.spot, hit.usage));
        if let Some(merged) = &hit.merged {
            lay_over(&mut node, merged);
        }
        if let (Some(tag), Some(metadata)) = (&hit.tag, node["metadata"].as_object_mut()) {
            metadata.insert("query_tag".to_owned(), tag.as_str().into());
        }
        node
    }

    fn sort(&self, hits: &mut [Hit], part: &PartPlan) {
        match &part.order {
            Ordering::Found => {}
            Ordering::Default => hits.sort_by(|a, b| self.by_default(a.spot, b.spot)),
            Ordering::Keys(keys) => self.sort_by_keys(hits, keys),
            Ordering::Relevance(phrase) => {
                let occurrences: Vec<_> = hits
                    .iter()
                    .map(|hit| phrase.count(self.graph.part(hit.spot).reported(hit.spot.row)))
                    .collect();
                let scores = crate::relevance::scores(&occurrences);
                let mut ranked: Vec<(f64, Hit)> =
                    scores.into_iter().zip(hits.iter().cloned()).collect();
                ranked.sort_by(|(a, left), (b, right)| {
                    b.total_cmp(a)
                        .then_with(|| self.by_default(left.spot, right.spot))
                });
                for (place, (_, hit)) in hits.iter_mut().zip(ranked) {
                    *place = hit;
                }
            }
        }
    }

    /// Kind, name, `reported.id`; then whatever is stable.
    pub(crate) fn by_default(&self, a: Spot, b: Spot) -> Order {
        if a.part == b.part {
            return a.row.cmp(&b.row);
        }
        let (left, right) = (self.graph.part(a), self.graph.part(b));
        left.kind(a.row)
            .cmp(right.kind(b.row))
            .then_with(|| left.name(a.row).cmp(right.name(b.row)))
            .then_with(|| left.uid(a.row).cmp(right.uid(b.row)))
            .then_with(|| a.cmp(&b))
    }

    fn sort_by_keys(&self, hits: &mut [Hit], keys: &[SortPlan]) {
        hits.sort_by_cached_key(|hit| self.sort_keys(hit, keys));
    }
}

/// Where a chain of parts leads to.
#[derive(Debug, Default)]
pub(crate) struct Chained {
    pub(crate) hits: Vec<Hit>,
    pub(crate) edges: Vec<crate::navigate::Walked>,
}

/// A value to sort by.
#[derive(Debug)]
pub(crate) struct SortKey {
    pub(crate) value: Value,
    pub(crate) descending: bool,
}

impl Ord for SortKey {
    fn cmp(&self, other: &Self) -> Order {
        let order = total(&self.value, &other.value);
        if self.descending {
            order.reverse()
        } else {
            order
        }
    }
}

impl PartialOrd for SortKey {
    fn partial_cmp(&self, other: &Self) -> Option<Order> {
        Some(self.cmp(other))
    }
}

impl PartialEq for SortKey {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Order::Equal
    }
}

impl Eq for SortKey {}

/// Leaves out `offset` and keeps `length`.
pub(crate) fn limit<T>(rows: &mut Vec<T>, limit: Option<(usize, usize)>) {
    if let Some((offset, length)) = limit {
        rows.drain(..offset.min(rows.len()));
        rows.truncate(length);
    }
}

/// Puts a value below names, making objects on the way.
fn insert(root: &mut Value, names: &[String], value: Value) {
    let Some((last, way)) = names.split_last() else {
        return;
    };
    let mut here = root;
    for name in way {
        if !here[name].is_object() {
            here[name] = Value::Object(Map::new());
        }
        here = &mut here[name];
    }
    here[last] = value;
}

/// Adds what was merged to a document, objects into objects. A merged node is put in whole.
fn lay_over(document: &mut Value, merged: &Value) {
    let (Value::Object(document), Value::Object(merged)) = (document, merged) else {
        return;
    };
    for (name, value) in merged {
        match document.get_mut(name) {
            Some(old) if old.is_object() && value.is_object() && value.get("type").is_none() => {
                lay_over(old, value);
            }
            _ => {
                document.insert(name.clone(), value.clone());
            }
        }
    }
}
