//! Edges between accounts. A partition is immutable and knows nothing of others, so these lie beside the partitions:
//! kept by node id, bound to rows whenever an account changes. Which there are is found by [`crate::join`].
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;
use stocktake_model::{EdgeType, NodeId};

use crate::graph::{Outbound, Spot};
use crate::partition::Partition;
use crate::relations::Relations;

/// An edge from one account to another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Crossing {
    pub(crate) from: End,
    pub(crate) to: End,
    pub(crate) edge_type: EdgeType,
    pub(crate) relations: Relations,
}

/// One end of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct End {
    pub(crate) account: Arc<str>,
    pub(crate) id: NodeId,
}

/// All edges between accounts.
#[derive(Debug, Default)]
pub(crate) struct Crossings {
    all: Arc<[Crossing]>,
    /// Other ends by end, sorted.
    beside: FxHashMap<(Spot, EdgeType, Outbound), Vec<(Spot, Relations)>>,
    /// Accounts that default edges lead to from (or into) each account, over others as well.
    reached: [BTreeMap<u32, BTreeSet<u32>>; 2],
    count: usize,
}

impl Crossings {
    /// Those whose ends are both there.
    pub(crate) fn bind(all: Arc<[Crossing]>, partitions: &[Arc<Partition>]) -> Self {
        if all.is_empty() {
            return Self::default();
        }
        let parts: BTreeMap<&str, u32> = partitions
            .iter()
            .zip(0..)
            .skip(1)
            .map(|(partition, part)| (partition.account.as_str(), part))
            .collect();
        let spot = |end: &End| {
            let part = *parts.get(&*end.account)?;
            let row = partitions[part as usize].row_of(&end.id)?;
            Some(Spot { part, row })
        };
        let mut bound = Self::default();
        for crossing in all.iter() {
            if let (Some(from), Some(to)) = (spot(&crossing.from), spot(&crossing.to)) {
                bound.add(from, to, crossing.edge_type, crossing.relations);
            }
        }
        bound.reach();
        bound.all = all;
        bound
    }

    /// Adds one; who reaches whom is not known until [`Crossings::bind`].
    pub(crate) fn add(&mut self, from: Spot, to: Spot, edge_type: EdgeType, relations: Relations) {
        for (here, outbound, other) in [(from, Outbound::Yes, to), (to, Outbound::No, from)] {
            let beside = self.beside.entry((here, edge_type, outbound)).or_default();
            let at = beside.partition_point(|(known, _)| *known < other);
            beside.insert(at, (other, relations));
        }
        if edge_type == EdgeType::Default {
            let [onward, back] = &mut self.reached;
            onward.entry(from.part).or_default().insert(to.part);
            back.entry(to.part).or_default().insert(from.part);
        }
        self.count += 1;
    }

    /// From neighbours to everything that is reached; there are few accounts.
    fn reach(&mut self) {
        for reached in &mut self.reached {
            let direct = reached.clone();
            for parts in reached.values_mut() {
                let mut open: Vec<u32> = parts.iter().copied().collect();
                while let Some(part) = open.pop() {
                    let next = direct.get(&part).into_iter().flatten();
                    open.extend(next.filter(|next| parts.insert(**next)));
                }
            }
        }
    }

    pub(crate) fn all(&self) -> Arc<[Crossing]> {
        Arc::clone(&self.all)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Other ends of the edges of a node.
    pub(crate) fn beside(
        &self,
        spot: Spot,
        edge_type: EdgeType,
        outbound: Outbound,
    ) -> &[(Spot, Relations)] {
        if self.count == 0 {
            return &[];
        }
        let found = self.beside.get(&(spot, edge_type, outbound));
        found.map_or(&[], Vec::as_slice)
    }

    /// Accounts that default edges of an account lead to, or come from.
    pub(crate) fn reached(&self, part: u32, outbound: Outbound) -> impl Iterator<Item = u32> {
        let reached = &self.reached[usize::from(outbound == Outbound::No)];
        reached.get(&part).into_iter().flatten().copied()
    }
}
