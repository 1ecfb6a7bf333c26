//! What a search would do, without doing it.
use serde_json::{Value, json};

use crate::error::EngineError;
use crate::graph::Graph;
use crate::plan::{Ordering, Plan};
use crate::search::{SearchRequest, streams};

impl Graph {
    /// How a search would be answered: how many nodes there are and have to be looked at, to which kinds
    /// it was restricted, and how its words were read.
    pub fn explain(&self, request: &SearchRequest) -> Result<Value, EngineError> {
        let search = self.prepare(request)?;
        let plan = &search.plan;
        let available = self
            .partitions
            .iter()
            .map(|partition| partition.len())
            .sum::<usize>();
        let mut looked_at = 0;
        let mut partitions = 0;
        if let Some(first) = plan.query.parts.first() {
            for number in (0..).take(self.partitions.len()) {
                let ranges = search.candidates(number, &first.filter);
                looked_at += ranges.iter().map(ExactSizeIterator::len).sum::<usize>();
                partitions += usize::from(!ranges.is_empty());
            }
        }
        let full = looked_at == available;
        let walks = plan
            .query
            .parts
            .iter()
            .filter(|part| part.navigation.is_some())
            .count();
        Ok(json!({
            "available_nr_items": available,
            "estimated_nr_items": looked_at,
            "estimated_cost": looked_at * (1 + walks),
            "full_collection_scan": full,
            "rating": rating(full, walks),
            "accounts": partitions,
            "order": order(plan),
            "streams": streams(plan),
            "restricted_to_kinds": plan.restricted,
            "hints": plan.hints,
        }))
    }
}

fn rating(full: bool, walks: usize) -> &'static str {
    match (full, walks) {
        (false, 0) => "simple",
        (true, 1..) => "bad",
        _ => "complex",
    }
}

fn order(plan: &Plan) -> &'static str {
    match plan.query.parts.last().map(|part| &part.order) {
        None | Some(Ordering::Found) => "none",
        Some(Ordering::Default) => "kind, name, id",
        Some(Ordering::Relevance(_)) => "relevance",
        Some(Ordering::Keys(_)) => "as written",
    }
}
