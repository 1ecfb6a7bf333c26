//! What the builders of one cluster share: its seed, its clock, and the numbers given out so far.
//!
//! It holds no objects: an identity is computed from the words that name it, so an object can refer
//! to another one that was handed out long ago or is yet to come.
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::dice::{Dice, hash, uuid};
use super::draft::{Draft, EVENT, Owner, Type};

/// Seconds of a day.
pub(super) const DAY: i64 = 86_400;

/// The state of building one cluster.
#[derive(Debug)]
pub(super) struct World {
    seed: u64,
    now: Timestamp,
    /// The region all nodes are in, e.g., `eu-central-1`.
    pub(super) region: &'static str,
    /// The minor version of the server, e.g., 36.
    pub(super) minor: u32,
    /// How many nodes there are; at least 3.
    pub(super) nodes: usize,
    pods: usize,
    services: usize,
    balancers: usize,
}

/// Where a pod runs.
#[derive(Debug, Clone)]
pub(super) struct Seat {
    pub(super) node: String,
    pub(super) zone: String,
    pub(super) host_ip: String,
    pub(super) pod_ip: String,
}

/// The addresses of one service.
#[derive(Debug)]
pub(super) struct Addresses {
    pub(super) cluster_ip: String,
    pub(super) balancer_ip: String,
    pub(super) node_port: usize,
}

impl World {
    /// A world without objects. `seed` must differ for every cluster of a fleet.
    pub(super) fn new(
        seed: u64,
        now: Timestamp,
        region: &'static str,
        minor: u32,
        nodes: usize,
    ) -> Self {
        Self {
            seed,
            now,
            region,
            minor,
            nodes,
            pods: 0,
            services: 0,
            balancers: 0,
        }
    }

    /// Chance that depends on the cluster and the words.
    pub(super) fn dice(&self, words: &[&str]) -> Dice {
        Dice::new(self.seed, words)
    }

    /// The UID of an object; empty namespace for cluster-scoped ones.
    pub(super) fn uid(&self, of: Type, namespace: &str, name: &str) -> String {
        uuid(self.seed, &[of.api_version, of.kind, namespace, name])
    }

    /// A stable number in hex, e.g., for the handle of a volume.
    pub(super) fn hex(&self, words: &[&str]) -> String {
        format!("{:016x}", hash(self.seed, words))
    }

    /// The time so many seconds before now, as the API writes times.
    pub(super) fn ago(&self, secs: i64) -> String {
        (self.now - SignedDuration::from_secs(secs)).to_string()
    }

    /// As [`World::ago`], with the six decimals of `MicroTime`.
    pub(super) fn ago_micro(&self, secs: i64) -> String {
        let time = self.ago(secs);
        format!(
            "{}.{:06}Z",
            time.trim_end_matches('Z'),
            hash(self.seed, &[&time]) % 1_000_000
        )
    }

    /// Starts an object created `age` seconds ago.
    pub(super) fn draft(&self, of: Type, namespace: &str, name: &str, age: i64) -> Draft {
        Draft::new(
            of,
            namespace,
            name,
            self.uid(of, namespace, name),
            self.ago(age),
        )
    }

    /// An object to be named as owner. It need not exist yet.
    pub(super) fn owner(&self, of: Type, namespace: &str, name: &str) -> Owner {
        Owner {
            of,
            name: name.into(),
            uid: self.uid(of, namespace, name),
        }
    }

    /// The name of a node.
    pub(super) fn node_name(number: usize) -> String {
        format!("node-{number:04}")
    }

    /// The zone of a node, e.g., `eu-central-1b`.
    pub(super) fn zone(&self, number: usize) -> String {
        format!("{}{}", self.region, ["a", "b", "c"][number % 3])
    }

    /// The address of a node inside its network.
    pub(super) fn host_ip(number: usize) -> String {
        format!(
            "10.{}.{}.{}",
            number / 62_500,
            number / 250 % 250,
            number % 250 + 1
        )
    }

    /// The first three numbers of the pod range of a node.
    pub(super) fn pod_net(number: usize) -> String {
        format!("10.{}.{}", 128 + number / 256, number % 256)
    }

    /// Schedules a pod on the next node.
    pub(super) fn seat(&mut self) -> Seat {
        let number = self.pods;
        self.pods += 1;
        self.seat_on(number % self.nodes, number / self.nodes + 20)
    }

    /// The place of a pod on a given node; `slot` is its number there.
    pub(super) fn seat_on(&self, node: usize, slot: usize) -> Seat {
        Seat {
            node: Self::node_name(node),
            zone: self.zone(node),
            host_ip: Self::host_ip(node),
            pod_ip: format!("{}.{}", Self::pod_net(node), slot % 254 + 1),
        }
    }

    /// The addresses of the next service.
    pub(super) fn addresses(&mut self) -> Addresses {
        self.services += 1;
        let n = self.services;
        self.balancers += 1;
        Addresses {
            cluster_ip: format!(
                "10.{}.{}.{}",
                96 + n / 62_500 % 16,
                n / 250 % 250,
                n % 250 + 2
            ),
            balancer_ip: format!(
                "198.{}.{}.{}",
                18 + n / 62_500 % 2,
                n / 250 % 250,
                n % 250 + 2
            ),
            node_port: 30_000 + self.balancers % 2_768,
        }
    }

    /// An event about an object, `age` seconds old.
    pub(super) fn event(&self, about: &Owner, namespace: &str, age: i64, said: Said<'_>) -> Value {
        let stamp = &self.hex(&[&about.uid, said.reason])[..];
        let name = format!("{}.{stamp}", about.name);
        // Events about cluster-scoped objects live in `default`.
        let home = if namespace.is_empty() {
            "default"
        } else {
            namespace
        };
        let mut regarding = about.plain();
        if !namespace.is_empty() {
            regarding["namespace"] = namespace.into();
        }
        self.draft(EVENT, home, &name, age)
            .managed(
                said.by,
                json!({"f:involvedObject": {}, "f:message": {}, "f:reason": {}}),
            )
            .field("involvedObject", regarding)
            .field("reason", said.reason.into())
            .field("message", said.message.into())
            .field("type", said.class.into())
            .field("source", json!({"component": said.by}))
            .field("reportingComponent", said.by.into())
            .field("reportingInstance", "".into())
            .field("firstTimestamp", self.ago(age).into())
            .field("lastTimestamp", self.ago(age / 10).into())
            .field("eventTime", Value::Null)
            .field("count", said.times.into())
            .done()
    }
}

/// What an event says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Said<'a> {
    /// `Normal` or `Warning`.
    pub(super) class: &'static str,
    pub(super) reason: &'a str,
    pub(super) message: &'a str,
    pub(super) by: &'static str,
    pub(super) times: u32,
}
