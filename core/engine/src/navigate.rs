//! Walking from nodes to nodes, breadth first. One sweep from all starts at once where that gives the same
//! answer (acyclic types, ranges that begin at 0 or 1); else one walk per start.
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use roaring::RoaringBitmap;
use rustc_hash::FxHashMap;
use serde_json::{Value, json};
use stocktake_model::{EdgeType, Map, Relation};

use crate::error::EngineError;
use crate::eval::Search;
use crate::graph::{Outbound, Spot};
use crate::payload::payload;
use crate::plan::{NavPlan, Test};
use crate::relations::Relations;

/// Nodes, each once.
#[derive(Debug, Default)]
pub(crate) struct Spots {
    parts: BTreeMap<u32, RoaringBitmap>,
}

impl Spots {
    /// Returns whether it is new.
    pub(crate) fn insert(&mut self, spot: Spot) -> bool {
        self.parts.entry(spot.part).or_default().insert(spot.row)
    }

    pub(crate) fn contains(&self, spot: Spot) -> bool {
        self.parts
            .get(&spot.part)
            .is_some_and(|rows| rows.contains(spot.row))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Spot> {
        self.parts
            .iter()
            .flat_map(|(part, rows)| rows.iter().map(|row| Spot { part: *part, row }))
    }
}

/// An edge that was walked over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Walked {
    /// The node it led to on the walk, whichever way the edge points.
    pub(crate) reached: Spot,
    pub(crate) from: Spot,
    pub(crate) to: Spot,
    pub(crate) edge_type: EdgeType,
    pub(crate) relations: Relations,
}

/// Where walks lead to.
#[derive(Debug, Default)]
pub(crate) struct Reached {
    pub(crate) spots: Spots,
    /// In the order they were found; nodes of one level by id. Only if asked for.
    pub(crate) order: Vec<Spot>,
    /// Only if asked for.
    pub(crate) edges: BTreeSet<Walked>,
}

/// What to remember on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keep {
    Nodes,
    Order,
    Edges,
}

/// Nodes between two looks at the clock.
const CHUNK: usize = 1024;

/// One walk: a type, a direction, and what edges must fulfil.
struct Way<'s> {
    search: &'s Search,
    nav: &'s NavPlan,
    edge_type: EdgeType,
    outbound: Outbound,
    /// The edge filter, by the relations of the edge.
    passes: RefCell<FxHashMap<Relations, bool>>,
    keep: Keep,
}

impl Search {
    /// Nodes that a navigation leads to from `starts`.
    pub(crate) fn navigate(
        &self,
        starts: &[Spot],
        nav: &NavPlan,
        keep: Keep,
    ) -> Result<Reached, EngineError> {
        let mut reached = Reached::default();
        for (edge_type, outbound) in &nav.walks {
            let way = Way {
                search: self,
                nav,
                edge_type: *edge_type,
                outbound: *outbound,
                passes: RefCell::default(),
                keep,
            };
            let together = nav.min <= 1 && *edge_type != EdgeType::Iam && starts.len() > 1;
            if together {
                way.sweep(starts, &mut reached)?;
            } else {
                for (at, start) in starts.iter().enumerate() {
                    if at % CHUNK == 0 {
                        self.go_on()?;
                    }
                    way.walk(*start, &mut reached)?;
                }
            }
        }
        Ok(reached)
    }
}

impl Reached {
    fn add(&mut self, spot: Spot, keep: Keep) {
        if self.spots.insert(spot) && keep == Keep::Order {
            self.order.push(spot);
        }
    }
}

impl Way<'_> {
    /// From one start; every node is visited once, at its least distance.
    fn walk(&self, start: Spot, reached: &mut Reached) -> Result<(), EngineError> {
        let mut seen = Spots::default();
        seen.insert(start);
        if self.nav.min == 0 {
            reached.add(start, self.keep);
        }
        let mut level = vec![start];
        for depth in 1..=self.nav.max {
            if level.is_empty() {
                break;
            }
            let mut next = Vec::new();
            for chunk in level.chunks(CHUNK) {
                self.search.go_on()?;
                for spot in chunk {
                    self.step(*spot, &mut |walked| {
                        if depth >= self.nav.min && self.keep == Keep::Edges {
                            reached.edges.insert(walked);
                        }
                        if seen.insert(walked.reached) {
                            next.push(walked.reached);
                        }
                    });
                }
            }
            if self.keep == Keep::Order {
                next.sort_by_cached_key(|spot| self.search.graph.id(*spot));
            }
            if depth >= self.nav.min {
                for spot in &next {
                    reached.add(*spot, self.keep);
                }
            }
            level = next;
        }
        Ok(())
    }

    /// From all starts at once. A start is reached only over an edge, like any other node; without cycles that
    /// edge comes from another start.
    fn sweep(&self, starts: &[Spot], reached: &mut Reached) -> Result<(), EngineError> {
        let mut seen = Spots::default();
        for start in starts {
            seen.insert(*start);
            if self.nav.min == 0 {
                reached.add(*start, self.keep);
            }
        }
        let mut level = starts.to_vec();
        for _ in 1..=self.nav.max {
            if level.is_empty() {
                break;
            }
            let mut next = Vec::new();
            for chunk in level.chunks(CHUNK) {
                self.search.go_on()?;
                for spot in chunk {
                    self.step(*spot, &mut |walked| {
                        if self.keep == Keep::Edges {
                            reached.edges.insert(walked);
                        }
                        reached.add(walked.reached, self.keep);
                        if seen.insert(walked.reached) {
                            next.push(walked.reached);
                        }
                    });
                }
            }
            level = next;
        }
        Ok(())
    }

    /// Every edge from here that passes the filter.
    fn step(&self, here: Spot, found: &mut dyn FnMut(Walked)) {
        let graph = &self.search.graph;
        graph.neighbours(
            here,
            self.edge_type,
            self.outbound,
            &mut |other, relations| {
                let (from, to) = match self.outbound {
                    Outbound::Yes => (here, other),
                    Outbound::No => (other, here),
                };
                let walked = Walked {
                    reached: other,
                    from,
                    to,
                    edge_type: self.edge_type,
                    relations,
                };
                if self.passes(&walked) {
                    found(walked);
                }
            },
        );
    }

    fn passes(&self, walked: &Walked) -> bool {
        let Some(filter) = &self.nav.edge_filter else {
            return true;
        };
        let graph = &self.search.graph;
        let payload = payload(graph, walked.from, walked.to, walked.relations);
        if !payload.is_empty() {
            return self.search.edge_passes(walked, filter, payload);
        }
        let known = self.passes.borrow().get(&walked.relations).copied();
        known.unwrap_or_else(|| {
            let passes = self.search.edge_passes(walked, filter, payload);
            self.passes.borrow_mut().insert(walked.relations, passes);
            passes
        })
    }
}

impl Search {
    fn edge_passes(&self, walked: &Walked, filter: &Test, payload: Map) -> bool {
        let names: Vec<&str> = walked.relations.iter().map(Relation::as_str).collect();
        // Under its own name `relation` is all of them: a filter matches any.
        let mut edge = json!({
            "relation": names,
            "relations": names,
            "edge_type": walked.edge_type.as_str(),
        });
        for (name, told) in payload {
            edge[name] = told;
        }
        self.holds(self.at_json(walked.from, &edge), filter)
    }

    /// The edge as a search returns it.
    pub(crate) fn render_edge(&self, walked: &Walked) -> Value {
        let names: Vec<&str> = walked.relations.iter().map(Relation::as_str).collect();
        let mut reported = match names.first() {
            Some(first) => json!({"relation": first, "relations": names}),
            None => json!({}),
        };
        for (name, told) in payload(&self.graph, walked.from, walked.to, walked.relations) {
            reported[name] = told;
        }
        json!({
            "type": "edge",
            "from": self.graph.id(walked.from),
            "to": self.graph.id(walked.to),
            "edge_type": walked.edge_type,
            "reported": reported,
        })
    }
}
