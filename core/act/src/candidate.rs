//! What a plan is made of: nodes that might be deleted, and everything guards want to know about them.
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stocktake_model::{Identity, Map, NodeId, ObjectRef, parse_time};

/// A node that might be deleted.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Its id.
    pub node: NodeId,
    /// Id of its account.
    pub account: String,
    /// Its concrete kind.
    pub kind: String,
    /// Kind in its API, e.g. `Pod`.
    pub api_kind: String,
    /// The object it stands for, if there is one.
    pub object: Option<ObjectRef>,
    /// What was collected.
    pub reported: Map,
    /// Facts and marks, overlay included: `protected`, `cleaned`.
    pub metadata: Map,
    /// The wish to delete it, if there is one.
    pub mark: Option<Mark>,
    /// Whether its concrete kind is a phantom.
    pub is_phantom: bool,
    /// Whether it lies in a gap.
    pub in_gap: bool,
    /// How sure the identity of its account is.
    pub identity: Identity,
    /// How its account stands to the configuration.
    pub standing: Standing,
    /// When its kind was last read to the end.
    pub last_complete: Option<Timestamp>,
    /// The object that would make it again.
    pub controller: Option<Controller>,
    /// What goes with it when it is deleted.
    pub dependants: Vec<Dependant>,
}

/// How an account stands to the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Standing {
    /// It is the account that is configured under its name.
    #[default]
    Configured,
    /// It is no longer in the configuration.
    Unconfigured,
    /// Its name now leads to another account.
    Swapped,
}

/// The wish to delete a node.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Mark {
    /// Why.
    pub reason: String,
    /// Who wished it.
    pub by: String,
    /// When; unknown if it can not be read.
    pub at: Option<Timestamp>,
}

impl Mark {
    /// The mark in a desired section: `clean: true` with `reason`, `by` and `at`. Anything but `true` is none.
    pub fn of(desired: &Map) -> Option<Self> {
        let text = |key: &str| desired.get(key).and_then(Value::as_str).unwrap_or_default();
        (desired.get("clean") == Some(&Value::Bool(true))).then(|| Self {
            reason: text("reason").to_owned(),
            by: text("by").to_owned(),
            at: parse_time(text("at")).ok(),
        })
    }
}

/// The owner of an object that makes it again when it is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Controller {
    /// Kind in its API, e.g. `ReplicaSet`.
    pub api_kind: String,
    /// Its name.
    pub name: String,
    /// Its node; absent if it is known to be gone. One that was not collected counts as alive: give any id.
    pub node: Option<NodeId>,
}

/// Something that goes when a candidate is deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependant {
    /// Its id.
    pub node: NodeId,
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What would be lost.
    pub holding: Holding,
}

/// What is lost with a dependant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holding {
    /// Nothing that would not be made again.
    Nothing,
    /// Data on a volume.
    Data,
    /// It is protected: the candidate must stay.
    Protected,
}

/// A delete edge: `to` goes before `from`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeleteEdge {
    /// What goes later.
    pub from: NodeId,
    /// What goes first.
    pub to: NodeId,
}

/// How many nodes of each kind an account has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Population(BTreeMap<(String, String), u64>);

impl Population {
    /// States the number of nodes of a kind in an account.
    pub fn set(&mut self, account: &str, kind: &str, count: u64) {
        self.0.insert((account.to_owned(), kind.to_owned()), count);
    }

    /// The number of nodes of a kind in an account; 0 if it was not stated.
    pub fn of(&self, account: &str, kind: &str) -> u64 {
        let key = (account.to_owned(), kind.to_owned());
        self.0.get(&key).copied().unwrap_or(0)
    }
}

/// All that a plan depends on, besides settings and time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Situation {
    /// What might be deleted; of several with one id the first counts.
    pub candidates: Vec<Candidate>,
    /// Delete edges between them; others are ignored.
    pub edges: Vec<DeleteEdge>,
    /// How much there is of everything.
    pub population: Population,
}

impl Situation {
    pub(crate) fn only(&self, wanted: impl Fn(&Candidate) -> bool) -> Self {
        let candidates = self.candidates.iter().filter(|one| wanted(one));
        Self {
            candidates: candidates.cloned().collect(),
            edges: self.edges.clone(),
            population: self.population.clone(),
        }
    }
}

impl Candidate {
    /// Its name, for people.
    pub fn name(&self) -> &str {
        self.text("name")
    }

    /// Its namespace.
    pub fn namespace(&self) -> Option<&str> {
        let object = self.object.as_ref();
        object
            .and_then(|object| object.namespace.as_deref())
            .or_else(|| self.reported.get("namespace").and_then(Value::as_str))
    }

    /// An annotation.
    pub(crate) fn tag(&self, key: &str) -> Option<&Value> {
        self.reported.get("tags")?.get(key)
    }

    pub(crate) fn label(&self, key: &str) -> Option<&str> {
        self.reported.get("labels")?.get(key)?.as_str()
    }

    pub(crate) fn text(&self, key: &str) -> &str {
        let value = self.reported.get(key);
        value.and_then(Value::as_str).unwrap_or_default()
    }
}
