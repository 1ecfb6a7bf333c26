//! Looking at single nodes of an account: what somebody who changes some of them has to know about the others.
use stocktake_model::{EdgeRecord, EdgeType, NodeId, NodeRecord, Parent, Relation};

use crate::Graph;
use crate::graph::{Outbound, Spot};
use crate::namespaces::Namespaces;
use crate::relations::Relations;

impl Graph {
    /// The node as it was sent; `None` if there is none, or it was made up because nothing was sent.
    pub fn record(&self, id: &NodeId) -> Option<NodeRecord> {
        let spot = self.spot_of(id)?;
        let part = self.part(spot);
        (!part.is_stub(spot.row)).then(|| part.record(spot.row))
    }

    /// Every node of a kind in an account that was sent.
    pub fn ids_of_kind(&self, account: &str, kind: &str) -> Vec<NodeId> {
        let Some(part) = self.partition(account) else {
            return Vec::new();
        };
        let of_kind = part.kinds.iter().find(|known| known.name == kind);
        let rows = of_kind.map_or(0..0, |known| known.rows.clone());
        rows.filter(|row| !part.is_stub(*row))
            .map(|row| part.id(row))
            .collect()
    }

    /// The namespace a node is in; `None` if it is in none, or is not there.
    pub fn namespace_of(&self, id: &NodeId) -> Option<String> {
        let spot = self.spot_of(id)?;
        let namespaces = Namespaces::of(self.part(spot));
        namespaces.get(spot.row).map(str::to_owned)
    }

    /// Kinds of the nodes of an account with this `reported.id`.
    pub fn kinds_with_uid(&self, account: &str, uid: &str) -> Vec<String> {
        let Some(part) = self.partition(account) else {
            return Vec::new();
        };
        let rows = part.rows_with_uid(uid).iter();
        rows.map(|row| part.kind(*row).to_owned()).collect()
    }

    /// Nodes that were sent as parts of this one: they name it as their parent by id.
    pub fn parts_of(&self, id: &NodeId) -> Vec<NodeId> {
        let Some(spot) = self.spot_of(id) else {
            return Vec::new();
        };
        let part = self.part(spot);
        if part.region.get(spot.row as usize) == Some(&spot.row) {
            // What is in a namespace is no part of it.
            return Vec::new();
        }
        let mut parts = Vec::new();
        let mut found = |to: Spot, relations: Relations| {
            let contains = relations.iter().any(|one| one == Relation::Contains);
            if to.part == spot.part && contains && self.is_part(to) {
                parts.push(self.id(to));
            }
        };
        self.neighbours(spot, EdgeType::Default, Outbound::Yes, &mut found);
        parts
    }

    fn is_part(&self, spot: Spot) -> bool {
        matches!(self.part(spot).record(spot.row).parent, Parent::Uid(_))
    }

    /// Every edge that leaves a node, inside its account.
    pub fn edges_from(&self, id: &NodeId) -> Vec<EdgeRecord> {
        self.edges_at(id, Outbound::Yes)
    }

    /// Every edge that enters a node, inside its account.
    pub fn edges_to(&self, id: &NodeId) -> Vec<EdgeRecord> {
        self.edges_at(id, Outbound::No)
    }

    fn edges_at(&self, id: &NodeId, outbound: Outbound) -> Vec<EdgeRecord> {
        let Some(spot) = self.spot_of(id) else {
            return Vec::new();
        };
        let mut edges = Vec::new();
        for edge_type in EdgeType::ALL {
            let mut found = |other: Spot, relations: Relations| {
                if other.part != spot.part {
                    return;
                }
                let (from, to) = match outbound {
                    Outbound::Yes => (*id, self.id(other)),
                    Outbound::No => (self.id(other), *id),
                };
                edges.push(EdgeRecord {
                    from,
                    to,
                    edge_type,
                    relations: relations.iter().collect(),
                });
            };
            self.neighbours(spot, edge_type, outbound, &mut found);
        }
        edges.sort_unstable();
        edges
    }
}
