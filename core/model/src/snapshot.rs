//! What a worker hands to the core: one account (a cluster), streamed line by line.
//!
//! A stream is `Begin`, then any number of other items, then `End`. Nothing of it is visible before the
//! core has committed it; a stream that breaks off without `End` changes nothing.
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Derive, Document, EdgeRule, EdgeType, Kind, Map, NodeId, Relation, UsageSample};

/// One line of a snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SnapshotItem {
    /// First line: which account this is.
    Begin(Begin),
    /// Kinds, edge rules and derived properties; may come again as custom kinds are found.
    Model(PluginModel),
    /// A resource.
    Node(Document),
    /// A resource that several others bring along, and this is perhaps not the first of them to do so: what is known of it
    /// stays as long as a resource that is the [`SnapshotItem::Same`] refers to it.
    Shared(Document),
    /// A resource that is as it was when it came last, and with it its parts and what it brings along. Only of what
    /// [`crate::Known`] says is known.
    Same(Same),
    /// An edge that the collector knows by itself (edge rules make all others).
    Edge(EdgeRecord),
    /// What a resource was measured to use; no node, and none has to be there for it.
    Usage(UsageSample),
    /// Every resource of this kind was sent: those the core holds and did not see are gone.
    Complete(Complete),
    /// Every resource of a kind in one namespace was sent, where not all of the kind can be read at once.
    Part(Part),
    /// Something that could not be read: what the core holds there stays.
    Gap(Gap),
    /// Last line: commit.
    End(End),
}

/// Which account a snapshot is of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Begin {
    /// Name of the plugin, e.g. `k8s`.
    pub plugin: String,
    /// Cloud the account is in: its id and name, e.g. `k8s`.
    pub cloud: String,
    /// How sure the identity of the account is.
    pub identity: Identity,
    /// Id the account had as long as who it is could only be guessed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formerly: Option<String>,
    /// Whether resources may be the [`SnapshotItem::Same`]; then whoever takes the snapshot does well to look for what is
    /// different.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub resumes: bool,
    /// The account itself; its `reported.id` is the id of the account.
    pub account: NodeRecord,
}

/// How sure the identity of an account is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// Read from the account itself (the UID of `kube-system`).
    #[default]
    Strong,
    /// Guessed from how it was reached: nothing in it may be cleaned.
    Weak,
}

/// What a plugin knows about the resources it sends.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct PluginModel {
    /// Kinds, bases before the kinds that need them or not: the core sorts it out.
    pub kinds: Vec<Kind>,
    /// How resources refer to each other.
    pub rules: Vec<EdgeRule>,
    /// Properties that other resources decide.
    pub derived: Vec<Derive>,
}

impl PluginModel {
    /// Adds kinds, each in the place of the one of its name; rules and derived properties replace those that were there,
    /// unless there are none.
    pub fn add(&mut self, new: Self) {
        for kind in new.kinds {
            match self.kinds.iter_mut().find(|old| old.name == kind.name) {
                Some(old) => *old = kind,
                None => self.kinds.push(kind),
            }
        }
        if !new.rules.is_empty() {
            self.rules = new.rules;
        }
        if !new.derived.is_empty() {
            self.derived = new.derived;
        }
    }

    /// Whether resources that were there before may be joined by other edges, or have other derived properties: properties
    /// of a kind make no difference, nor kinds that are new.
    pub fn relates_otherwise(&self, before: &Self) -> bool {
        let bases = |kind: &Kind| {
            let known = before.kinds.iter().find(|old| old.name == kind.name);
            known.is_some_and(|old| old.bases != kind.bases)
        };
        self.rules != before.rules || self.derived != before.derived || self.kinds.iter().any(bases)
    }
}

/// A resource as the collector saw it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct NodeRecord {
    /// The reported section; `kind`, `id` and `name` are always there.
    pub reported: Map,
    /// Facts about the record (`source`, `truncated`, …), not wishes of a user.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub metadata: Map,
    /// What it is contained in.
    #[serde(default)]
    pub parent: Parent,
}

/// What a resource is contained in; becomes a `default` edge with the relation `contains`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Parent {
    /// The account.
    #[default]
    Account,
    /// The region of this name (a namespace); the core makes a stub where it was not sent.
    Region {
        /// Kind of the region, e.g. `kubernetes_namespace`.
        kind: String,
        /// Its name.
        name: String,
    },
    /// The resource with this `reported.id` (a container in its pod).
    Uid(String),
}

impl NodeRecord {
    /// The concrete kind; empty if the record is malformed.
    pub fn kind(&self) -> &str {
        self.text("kind")
    }

    /// `reported.id`; empty if the record is malformed.
    pub fn id(&self) -> &str {
        self.text("id")
    }

    /// `reported.name`; empty if it has none.
    pub fn name(&self) -> &str {
        self.text("name")
    }

    /// The node id of this record inside an account.
    pub fn node_id(&self, cloud: &str, account: &str) -> NodeId {
        NodeId::of(self.kind(), cloud, account, self.id())
    }

    fn text(&self, key: &str) -> &str {
        self.reported
            .get(key)
            .and_then(|value| value.as_str())
            .unwrap_or_default()
    }
}

/// An edge between two nodes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct EdgeRecord {
    /// Where it starts.
    pub from: NodeId,
    /// Where it leads.
    pub to: NodeId,
    /// Which walks it takes part in.
    #[serde(default)]
    pub edge_type: EdgeType,
    /// What it means; sorted, without doubles, never empty for edges made by rules.
    #[serde(default)]
    pub relations: Vec<Relation>,
}

/// A resource that did not change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Same {
    /// The concrete kind.
    pub kind: String,
    /// Its `reported.id`.
    pub uid: String,
}

/// A kind that was read to its end.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Complete {
    /// The concrete kind.
    pub kind: String,
    /// How many resources of it were sent, or are the same; without what comes along with those.
    pub count: u64,
    /// Version of the list, to resume a watch from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_version: Option<String>,
    /// How it was read, if resources of the same version would come to the same nodes again; see [`crate::Known`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<String>,
    /// Whether other resources bring these along together: those that were not sent stay as long as one that is the same
    /// refers to them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub shared: bool,
}

/// A part of a kind that was read to its end: what is in one namespace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The concrete kind.
    pub kind: String,
    /// The namespace.
    pub namespace: String,
    /// Version of the list, to resume a watch of this namespace from.
    pub resource_version: String,
}

/// Versions to resume the watches of parts from: by kind, then by namespace.
pub type PartVersions = BTreeMap<String, BTreeMap<String, String>>;

/// Something that could not be read. Inside a gap nothing is removed and nothing may be cleaned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Kind that is missing; all kinds of the account if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Namespace that is missing; all namespaces if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Namespaces that were read all the same, where all namespaces are missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<String>,
    /// The one object that is missing; all objects of the kind if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// Why, for programs.
    pub reason: GapReason,
    /// Why, for people.
    pub message: String,
    /// The way out, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// Why something could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// The server could not be reached.
    Unreachable,
    /// The server did not accept who we are (401, expired token, exec plugin).
    Unauthorized,
    /// We may not read it (403).
    Forbidden,
    /// The server did not answer in time.
    Timeout,
    /// The server answered with an error of its own (5xx, or 429 for too long).
    ServerError,
    /// The answer could not be read.
    Malformed,
    /// A group is missing from discovery because the server behind it is down.
    NotServed,
    /// The API that lists it is gone (404, 405).
    NotFound,
    /// The configuration leaves it out.
    NotCollected,
}

impl GapReason {
    /// The word used in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::Timeout => "timeout",
            Self::ServerError => "server_error",
            Self::Malformed => "malformed",
            Self::NotServed => "not_served",
            Self::NotFound => "not_found",
            Self::NotCollected => "not_collected",
        }
    }
}

/// The end of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct End {
    /// True if discovery was complete: kinds that were neither sent nor named in a gap are gone from the account.
    pub discovery_complete: bool,
}
