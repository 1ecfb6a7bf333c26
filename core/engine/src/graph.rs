//! The whole inventory in memory: the partitions of all accounts below one root, the model, and what users
//! marked. Immutable and cheap to clone: every change makes a new graph that shares what did not change.
use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use stocktake_model::{Derive, EdgeRule, EdgeType, Map, Model, NodeId, NodeRecord, Relation};

use crate::adjacency::{Adjacency, Edge};
use crate::builder::PartitionBuilder;
use crate::catalog::Catalog;
use crate::change::Rules;
use crate::crossing::{Crossing, Crossings};
use crate::partition::{NO_ROW, Partition, Row};
use crate::relations::Relations;
use crate::usage::Usages;
use stocktake_model::Overlay;

/// The inventory at one moment.
#[derive(Debug, Clone)]
pub struct Graph {
    pub(crate) catalog: Arc<Catalog>,
    /// The root and the clouds first, then the accounts by id.
    pub(crate) partitions: Arc<[Arc<Partition>]>,
    /// The row of the cloud of each partition, in the first partition.
    pub(crate) clouds: Arc<[Row]>,
    pub(crate) overlay: Arc<BTreeMap<NodeId, Overlay>>,
    /// What nodes used last.
    pub(crate) usage: Arc<Usages>,
    /// Edges between accounts.
    pub(crate) crossings: Arc<Crossings>,
}

/// Where a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Spot {
    pub(crate) part: u32,
    pub(crate) row: Row,
}

/// How much there is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// Number of accounts.
    pub accounts: usize,
    /// Number of nodes.
    pub nodes: usize,
    /// Number of edges of all types.
    pub edges: usize,
    /// Number of nodes by kind.
    pub kinds: BTreeMap<String, usize>,
}

impl Graph {
    /// A graph without accounts: just the root.
    pub fn new(model: Arc<Model>) -> Self {
        Self {
            catalog: Arc::new(Catalog::new(model)),
            partitions: Arc::default(),
            clouds: Arc::default(),
            overlay: Arc::default(),
            usage: Arc::default(),
            crossings: Arc::default(),
        }
        .assemble(Vec::new())
    }

    /// The same with exactly these accounts.
    fn assemble(&self, mut accounts: Vec<Arc<Partition>>) -> Self {
        accounts.sort_by(|a, b| (&a.account, &a.cloud).cmp(&(&b.account, &b.cloud)));
        let top = top(&self.catalog.model, &accounts);
        let cloud_row = |partition: &Arc<Partition>| {
            let id = cloud_id(&partition.cloud);
            top.row_of(&id).expect("there is a node for every cloud")
        };
        let clouds = std::iter::once(NO_ROW)
            .chain(accounts.iter().map(cloud_row))
            .collect();
        let partitions: Arc<[Arc<Partition>]> =
            std::iter::once(Arc::new(top)).chain(accounts).collect();
        let crossings = Crossings::bind(self.crossings.all(), &partitions);
        Self {
            catalog: Arc::clone(&self.catalog),
            partitions,
            clouds,
            overlay: Arc::clone(&self.overlay),
            usage: Arc::clone(&self.usage),
            crossings: Arc::new(crossings),
        }
    }

    /// The same nodes seen through another model.
    #[must_use]
    pub fn with_model(&self, model: Arc<Model>) -> Self {
        Self {
            catalog: Arc::new(Catalog::new(model)),
            ..self.clone()
        }
    }

    /// With this account, instead of what was there under its id.
    #[must_use]
    pub fn with_partition(&self, partition: Arc<Partition>) -> Self {
        let mut accounts = self.others(&partition.account);
        accounts.push(partition);
        self.assemble(accounts)
    }

    /// With all of these accounts; cheaper than one after the other.
    #[must_use]
    pub fn with_partitions(&self, partitions: impl IntoIterator<Item = Arc<Partition>>) -> Self {
        let mut accounts: BTreeMap<String, Arc<Partition>> = self.partitions[1..]
            .iter()
            .map(|partition| (partition.account.clone(), Arc::clone(partition)))
            .collect();
        for partition in partitions {
            accounts.insert(partition.account.clone(), partition);
        }
        let accounts = accounts.into_values().collect();
        self.assemble(accounts)
    }

    /// Without this account.
    #[must_use]
    pub fn without(&self, account: &str) -> Self {
        let accounts = self.others(account);
        let mut usage = Usages::clone(&self.usage);
        usage.remove(account);
        Self {
            usage: usage.into(),
            ..self.assemble(accounts)
        }
    }

    fn others(&self, account: &str) -> Vec<Arc<Partition>> {
        self.partitions[1..]
            .iter()
            .filter(|partition| partition.account != account)
            .map(Arc::clone)
            .collect()
    }

    /// With nodes of one account replaced, added or removed. References are resolved again, so edges and
    /// derived properties are those of a full collection. An unknown account changes nothing.
    #[must_use]
    pub fn with_changes(
        &self,
        account: &str,
        changed: &[NodeRecord],
        removed: &[NodeId],
        rules: &[EdgeRule],
        derived: &[Derive],
    ) -> Self {
        let Some(partition) = self.partition(account) else {
            return self.clone();
        };
        let few = self.with_few_changes(account, changed, removed, rules, derived);
        if let Some(graph) = few {
            return graph;
        }
        let builder =
            PartitionBuilder::rebuild(Arc::clone(&self.catalog.model), partition, changed, removed);
        self.with_partition(Arc::new(builder.resolve(rules, derived)))
    }

    /// The same if it can be had without a look at all documents: then edges differ around these nodes only.
    pub fn with_few_changes(
        &self,
        account: &str,
        changed: &[NodeRecord],
        removed: &[NodeId],
        rules: &[EdgeRule],
        derived: &[Derive],
    ) -> Option<Self> {
        let partition = self.partition(account)?;
        let with = Rules {
            model: &self.catalog.model,
            edges: rules,
            derived,
        };
        let next = partition.changed(changed, removed, with)?;
        let is_same = Arc::ptr_eq(&next, partition);
        Some(if is_same {
            self.clone()
        } else {
            self.with_partition(next)
        })
    }

    /// Makes what the first change of an account needs, so that it does not have to wait for it. For later changes there
    /// is nothing left to do.
    pub fn expect_changes(&self, account: &str, rules: &[EdgeRule], derived: &[Derive]) {
        if let Some(partition) = self.partition(account) {
            partition.expect_changes(Rules {
                model: &self.catalog.model,
                edges: rules,
                derived,
            });
        }
    }

    /// The same graph, with what changed in an account put into the place of what it replaces. Changes do that by
    /// themselves once they are many; before a long time without any it saves memory.
    #[must_use]
    pub fn merged(&self, account: &str) -> Self {
        match self.partition(account).filter(|one| one.changed_rows() > 0) {
            Some(partition) => self.with_partition(Arc::new(partition.merged())),
            None => self.clone(),
        }
    }

    /// The same graph, with an account on its own again and without what only further changes need: for one that will not
    /// change for a while.
    #[must_use]
    pub fn settled(&self, account: &str) -> Self {
        match self.partition(account).filter(|one| one.is_unsettled()) {
            Some(partition) => self.with_partition(Arc::new(partition.settled())),
            None => self.clone(),
        }
    }

    /// With these edges between accounts, and no others.
    pub(crate) fn with_crossings(&self, crossings: Arc<[Crossing]>) -> Self {
        Self {
            crossings: Arc::new(Crossings::bind(crossings, &self.partitions)),
            ..self.clone()
        }
    }

    /// With these marks instead of what was marked on those nodes before; empty marks are removed.
    #[must_use]
    pub fn with_overlay(&self, entries: impl IntoIterator<Item = (NodeId, Overlay)>) -> Self {
        let mut overlay = BTreeMap::clone(&self.overlay);
        for (id, marks) in entries {
            if marks.is_empty() {
                overlay.remove(&id);
            } else {
                overlay.insert(id, marks);
            }
        }
        Self {
            overlay: Arc::new(overlay),
            ..self.clone()
        }
    }

    /// What is marked on a node.
    pub fn overlay(&self, id: &NodeId) -> Option<&Overlay> {
        self.overlay.get(id)
    }

    /// The model.
    pub fn model(&self) -> &Arc<Model> {
        &self.catalog.model
    }

    /// The accounts, by id.
    pub fn partitions(&self) -> &[Arc<Partition>] {
        &self.partitions[1..]
    }

    /// The partition of an account.
    pub fn partition(&self, account: &str) -> Option<&Arc<Partition>> {
        self.partitions()
            .iter()
            .find(|partition| partition.account == account)
    }

    /// The node with this id, as a search returns it.
    pub fn node(&self, id: &NodeId) -> Option<Value> {
        let spot = self.spot_of(id)?;
        Some(self.render(spot, self.used(spot)))
    }

    /// Id of the account a node is in; `None` if there is no such node, or it is above the accounts.
    pub fn account_of(&self, id: &NodeId) -> Option<String> {
        let spot = self.spot_of(id)?;
        (spot.part != 0).then(|| self.part(spot).account.clone())
    }

    /// How much there is.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts {
            accounts: self.partitions().len(),
            ..Counts::default()
        };
        for partition in self.partitions.iter() {
            counts.nodes += partition.len();
            counts.edges += partition.edge_count();
            for (kind, count) in partition.kind_counts() {
                *counts.kinds.entry(kind.to_owned()).or_default() += count;
            }
        }
        // From the clouds to their accounts.
        counts.edges += self.partitions().len() + self.crossings.len();
        counts
    }

    /// Bytes all partitions take in memory, and what is known of usage.
    pub fn memory_bytes(&self) -> usize {
        let partitions = self.partitions.iter();
        let partitions: usize = partitions.map(|partition| partition.memory_bytes()).sum();
        partitions + self.usage_bytes()
    }

    pub(crate) fn part(&self, spot: Spot) -> &Partition {
        &self.partitions[spot.part as usize]
    }

    pub(crate) fn spot_of(&self, id: &NodeId) -> Option<Spot> {
        (0..)
            .zip(self.partitions.iter())
            .find_map(|(part, partition)| partition.row_of(id).map(|row| Spot { part, row }))
    }

    pub(crate) fn id(&self, spot: Spot) -> NodeId {
        self.part(spot).id(spot.row)
    }

    /// The cloud a node is in; itself if it is one.
    pub(crate) fn cloud_of(&self, spot: Spot) -> Option<Spot> {
        if spot.part == 0 {
            return (self.part(spot).kind(spot.row) == "cloud").then_some(spot);
        }
        let row = self.clouds[spot.part as usize];
        Some(Spot { part: 0, row })
    }

    pub(crate) fn root(&self) -> Spot {
        let row = self.partitions[0]
            .row_of(&NodeId::ROOT)
            .expect("there is always a root");
        Spot { part: 0, row }
    }

    /// Edges that leave a node (or enter it), across partitions.
    pub(crate) fn neighbours(
        &self,
        spot: Spot,
        edge_type: EdgeType,
        outbound: Outbound,
        found: &mut dyn FnMut(Spot, Relations),
    ) {
        let partition = self.part(spot);
        let edges = &partition.edges[edge_type as usize];
        let mut here = |(row, relations): (Row, Relations)| {
            let part = spot.part;
            found(Spot { part, row }, relations);
        };
        match outbound {
            Outbound::Yes => edges.out(spot.row).for_each(&mut here),
            Outbound::No => edges.inbound(spot.row).for_each(&mut here),
        }
        for (other, relations) in self.crossings.beside(spot, edge_type, outbound) {
            found(*other, *relations);
        }
        if edge_type != EdgeType::Default {
            return;
        }
        let contains = Relations::of(Relation::Contains);
        match outbound {
            Outbound::Yes if spot.part == 0 => {
                for (part, cloud) in (0..).zip(self.clouds.iter()) {
                    let row = self.partitions[part as usize].account_row;
                    if *cloud == spot.row && row != NO_ROW {
                        found(Spot { part, row }, contains);
                    }
                }
            }
            Outbound::No if spot.part != 0 && spot.row == partition.account_row => {
                let row = self.clouds[spot.part as usize];
                found(Spot { part: 0, row }, contains);
            }
            _ => {}
        }
    }

    /// The four ancestors that are known without walking.
    pub(crate) fn ancestor(&self, spot: Spot, which: Stored) -> Option<Spot> {
        let partition = self.part(spot);
        let here = |row: Row| (row != NO_ROW).then_some(Spot { row, ..spot });
        match which {
            Stored::Cloud => self.cloud_of(spot),
            Stored::Account => here(partition.account_row),
            Stored::Region => here(partition.region[spot.row as usize]),
            Stored::Zone => {
                let mut row = spot.row;
                while row != NO_ROW && !self.catalog.model.is_a(partition.kind(row), "zone") {
                    row = partition.parent[row as usize];
                }
                here(row)
            }
        }
    }
}

/// Which end of an edge to look from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Outbound {
    Yes,
    No,
}

/// The ancestors that every node carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stored {
    Cloud,
    Account,
    Region,
    Zone,
}

impl Stored {
    pub(crate) const ALL: [Self; 4] = [Self::Cloud, Self::Account, Self::Region, Self::Zone];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Cloud => "cloud",
            Self::Account => "account",
            Self::Region => "region",
            Self::Zone => "zone",
        }
    }
}

/// The node id of a cloud.
pub(crate) fn cloud_id(cloud: &str) -> NodeId {
    NodeId::of("cloud", cloud, "", cloud)
}

/// The partition of the root and the clouds; nothing as long as nothing hangs below them, so that an empty inventory counts
/// no node.
fn top(model: &Arc<Model>, accounts: &[Arc<Partition>]) -> Partition {
    let mut builder = PartitionBuilder::empty(Arc::clone(model), "", "", "");
    let record = |kind: &str, id: &str| NodeRecord {
        reported: Map::from_iter([
            ("kind".to_owned(), kind.into()),
            ("id".to_owned(), id.into()),
            ("name".to_owned(), id.into()),
        ]),
        ..NodeRecord::default()
    };
    if !accounts.is_empty() {
        builder.node_as(&record("graph_root", "root"), NodeId::ROOT);
    }
    for partition in accounts {
        builder.node_as(
            &record("cloud", &partition.cloud),
            cloud_id(&partition.cloud),
        );
    }
    let mut top = builder.lay_out();
    let root = top.row_of(&NodeId::ROOT).unwrap_or_default();
    top.parent = Arc::new(vec![NO_ROW; top.len()]);
    top.account_row = NO_ROW;
    let edges: Vec<Edge> = (0..root)
        .map(|to| Edge {
            from: root,
            to,
            relations: Relations::of(Relation::Contains),
        })
        .collect();
    top.edges[EdgeType::Default as usize] = Adjacency::new(top.len(), &edges);
    top
}
