//! The order of deletions: passes over the delete edges, and cycles in them.
use std::collections::{BTreeMap, BTreeSet};

use stocktake_model::NodeId;

use crate::DeleteEdge;

/// Edges between the given nodes: from each node to those that go before it.
pub(crate) fn between(
    nodes: &BTreeSet<NodeId>,
    edges: &[DeleteEdge],
) -> BTreeMap<NodeId, BTreeSet<NodeId>> {
    let mut before: BTreeMap<NodeId, BTreeSet<NodeId>> = BTreeMap::new();
    for edge in edges {
        if nodes.contains(&edge.from) && nodes.contains(&edge.to) {
            before.entry(edge.from).or_default().insert(edge.to);
        }
    }
    before
}

/// The pass of each node: 0 if nothing goes before it, else one more than the last of those that do. Nodes that
/// are on a cycle, or wait for one, have none.
pub(crate) fn passes(nodes: &BTreeSet<NodeId>, edges: &[DeleteEdge]) -> BTreeMap<NodeId, u32> {
    let mut waits = between(nodes, edges);
    let mut after: BTreeMap<NodeId, Vec<NodeId>> = BTreeMap::new();
    for (from, before) in &waits {
        for to in before {
            after.entry(*to).or_default().push(*from);
        }
    }
    let mut passes = BTreeMap::new();
    let mut ready: Vec<NodeId> = (nodes.iter())
        .filter(|node| !waits.contains_key(node))
        .copied()
        .collect();
    let mut pass = 0;
    while !ready.is_empty() {
        let mut next = Vec::new();
        for node in ready {
            passes.insert(node, pass);
            for later in after.remove(&node).unwrap_or_default() {
                if let Some(before) = waits.get_mut(&later) {
                    before.remove(&node);
                    if before.is_empty() {
                        next.push(later);
                    }
                }
            }
        }
        ready = next;
        pass += 1;
    }
    passes
}

/// Nodes on a cycle, or between two of them, sorted.
pub(crate) fn cyclic(nodes: &BTreeSet<NodeId>, edges: &[DeleteEdge]) -> BTreeSet<NodeId> {
    let waiting = |edges: &[DeleteEdge]| -> BTreeSet<NodeId> {
        let passes = passes(nodes, edges);
        let left = nodes.iter().filter(|node| !passes.contains_key(node));
        left.copied().collect()
    };
    let turned: Vec<DeleteEdge> = (edges.iter())
        .map(|edge| DeleteEdge {
            from: edge.to,
            to: edge.from,
        })
        .collect();
    // Behind a cycle one way, and the other way too.
    &waiting(edges) & &waiting(&turned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u8) -> NodeId {
        NodeId::from_bytes([number; 16])
    }

    fn edges(pairs: &[(u8, u8)]) -> Vec<DeleteEdge> {
        let edge = |(from, to): &(u8, u8)| DeleteEdge {
            from: id(*from),
            to: id(*to),
        };
        pairs.iter().map(edge).collect()
    }

    #[test]
    fn what_goes_first_is_in_an_earlier_pass() {
        let nodes = (1..=5).map(id).collect();
        let passes = passes(&nodes, &edges(&[(1, 2), (2, 3), (1, 3), (4, 9)]));
        let by_number: Vec<_> = (1..=5).map(|number| passes[&id(number)]).collect();
        assert_eq!(by_number, [2, 1, 0, 0, 0]);
    }

    #[test]
    fn only_what_is_on_a_cycle_is_cyclic() {
        let nodes = (1..=6).map(id).collect();
        let edges = edges(&[(1, 2), (2, 3), (3, 2), (3, 4), (5, 5)]);
        let found: Vec<_> = cyclic(&nodes, &edges).into_iter().collect();
        assert_eq!(found, [id(2), id(3), id(5)]);
        assert_eq!(passes(&nodes, &edges).len(), 2);
    }
}
