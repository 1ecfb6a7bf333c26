//! A seeded generator of fleets: clusters of any size, with the trouble real ones have.
//!
//! It makes the objects a server stores and nothing else: serving them, refusing them and being
//! unreachable is the work of the simulated server.
mod basic;
mod batch;
mod deployment;
mod dice;
mod draft;
mod extras;
mod machine;
mod network;
mod objects;
mod oddities;
mod pod;
mod release;
mod stateful;
mod storage;
mod system;
#[cfg(test)]
mod tests;
mod world;

use jiff::Timestamp;

pub use objects::Objects;

use self::world::World;

/// What a fleet should look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetShape {
    /// Two fleets of the same shape and seed are identical, byte by byte.
    pub seed: u64,
    /// The number of clusters.
    pub clusters: usize,
    /// The number of objects of each cluster. A cluster has exactly this many, unless it is less
    /// than what every cluster has (about 300).
    pub objects_per_cluster: usize,
    /// Whether the first cluster holds the Helm release `resoto`.
    pub release_resoto: bool,
    /// Whether every cluster measures what nodes and pods use: one `APIService` more than its objects.
    pub metrics: bool,
    /// Trouble of whole clusters, dealt out from the last cluster backwards. The first cluster
    /// never has any.
    pub troubles: Vec<Trouble>,
    /// The moment the ages of objects are counted from; fractions of a second are dropped.
    pub now: Timestamp,
}

impl Default for FleetShape {
    fn default() -> Self {
        Self {
            seed: 1,
            clusters: 4,
            objects_per_cluster: 2_000,
            release_resoto: true,
            metrics: false,
            troubles: vec![
                Trouble::Unreachable,
                Trouble::Forbidden {
                    group: "networking.k8s.io".into(),
                    resource: "networkpolicies".into(),
                },
            ],
            now: Timestamp::constant(1_795_176_000, 0),
        }
    }
}

impl FleetShape {
    /// Three clusters with about 5,000 objects in all; every cluster answers, and the third
    /// forbids one kind.
    pub fn demo() -> Self {
        let mut shape = Self {
            clusters: 3,
            objects_per_cluster: 1_667,
            ..Self::default()
        };
        shape.troubles.remove(0);
        shape
    }
}

/// Trouble of a whole cluster, for the server in front of it to play.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Connections fail.
    Unreachable,
    /// The collecting user may not list this resource.
    Forbidden {
        /// The API group, empty for the core group.
        group: String,
        /// The plural name of the resource, e.g., `secrets`.
        resource: String,
    },
}

/// One cluster of a fleet. It holds no objects: [`Cluster::objects`] makes them anew each time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cluster {
    /// The name a kubeconfig would give it, e.g., `prod-eu`; unique in the fleet.
    pub name: String,
    /// The UID of its namespace `kube-system`, by which a cluster is known.
    pub uid: String,
    /// The region all its nodes are in, e.g., `eu-central-1`.
    pub region: &'static str,
    /// The minor version of its server: 36 means 1.36.
    pub minor: u32,
    /// What is wrong with the cluster as a whole.
    pub trouble: Option<Trouble>,
    seed: u64,
    size: usize,
    release: bool,
    now: Timestamp,
}

impl Cluster {
    /// All objects, complete with `apiVersion`, `kind` and a rising `resourceVersion`.
    ///
    /// The memory in use depends on the largest workload, never on the number of objects.
    pub fn objects(&self) -> Objects {
        Objects::new(self.world(), self.size, self.release)
    }

    fn world(&self) -> World {
        // About 30 pods run on a node, and a quarter of all objects are pods.
        let nodes = (self.size / 120).max(3);
        World::new(self.seed, self.now, self.region, self.minor, nodes)
    }
}

/// Name, region and minor version of the first clusters.
const CLUSTERS: [(&str, &str, u32); 8] = [
    ("prod-eu", "eu-central-1", 36),
    ("prod-us", "us-east-1", 35),
    ("staging", "eu-west-1", 36),
    ("prod-ap", "ap-southeast-2", 35),
    ("dev", "eu-west-1", 36),
    ("qa", "us-west-2", 34),
    ("tools", "eu-central-1", 36),
    ("lab", "eu-north-1", 36),
];

/// The clusters of a fleet.
pub fn fleet(shape: &FleetShape) -> Vec<Cluster> {
    (0..shape.clusters)
        .map(|number| cluster(shape, number))
        .collect()
}

fn cluster(shape: &FleetShape, number: usize) -> Cluster {
    let (name, region, minor) = CLUSTERS[number % CLUSTERS.len()];
    let name = match CLUSTERS.get(number) {
        Some(_) => name.to_owned(),
        None => format!("edge-{number:03}"),
    };
    let trouble = match number {
        0 => None,
        _ => shape.troubles.get(shape.clusters - 1 - number).cloned(),
    };
    let mut cluster = Cluster {
        seed: dice::hash(shape.seed, &["cluster", &name]),
        name,
        uid: String::new(),
        region,
        minor,
        trouble,
        size: shape.objects_per_cluster,
        release: shape.release_resoto && number == 0,
        now: Timestamp::from_second(shape.now.as_second()).unwrap_or(shape.now),
    };
    cluster.uid = cluster.world().uid(draft::NAMESPACE, "", "kube-system");
    cluster
}
