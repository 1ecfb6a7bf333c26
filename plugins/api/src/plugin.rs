//! The two traits: a plugin finds accounts, an account collects and acts.
use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use stocktake_act::Approved;
use stocktake_model::{GapReason, NodeRecord, ObjectRef, PluginModel};

use crate::{Memory, PluginError, ProgressSink, Sink, WatchSink, WatchStart};

/// A kind of place that resources are collected from, e.g. Kubernetes.
#[async_trait]
pub trait Plugin: Send + Sync {
    /// Name and configuration section, e.g. `k8s`.
    fn name(&self) -> &'static str;

    /// Kinds, edge rules and derived properties that are known before anything was collected.
    fn model(&self) -> PluginModel;

    /// Every account the configuration section names. One that cannot be used is an error in the list; the
    /// others are still there.
    async fn accounts(
        &self,
        section: &serde_json::Value,
    ) -> Vec<Result<Arc<dyn Account>, PluginError>>;
}

/// One account: a cluster.
#[async_trait]
pub trait Account: Send + Sync {
    /// Name for people and for choosing, e.g. the context.
    fn name(&self) -> &str;

    /// Id of the account as it is now: asks the server, so that a context which now points at another
    /// cluster is noticed.
    async fn identify(&self) -> Result<String, PluginError>;

    /// Sends one snapshot into `sink`, from `Begin` to `End`. An error means that no `End` was sent and
    /// nothing changes. What `memory` knows need not be sent again.
    async fn collect(
        &self,
        sink: Sink,
        progress: &dyn ProgressSink,
        memory: &dyn Memory,
    ) -> Result<(), PluginError>;

    /// Tells every change from `start` on, until `sink` is closed; then it returns `Ok`. What can not be told for a while is
    /// a gap, not an error; an error means that watching has to begin anew. A plugin that can not watch refuses.
    async fn watch(&self, start: WatchStart, sink: WatchSink) -> Result<(), PluginError> {
        drop((start, sink));
        let message = format!("`{}` can not be watched", self.name());
        Err(PluginError::new(GapReason::NotCollected, message))
    }

    /// Changes tags (annotations) of one object, guarded by its uid.
    async fn tag(&self, object: &ObjectRef, change: &Change) -> Outcome;

    /// Deletes one object. The only way to a deletion is an [`Approved`] of the act room; the live object is
    /// looked at once more before.
    async fn delete(&self, approved: &Approved, deletion: &Deletion) -> Outcome;

    /// The object so that it can be created again ([`Outcome::Kept`]), without what may not be kept. A plugin that
    /// cannot create objects refuses.
    async fn manifest(&self, object: &ObjectRef) -> Outcome {
        cannot_restore(object)
    }

    /// Creates an object again from its manifest; it gets a new uid ([`Outcome::Restored`]).
    async fn restore(&self, object: &ObjectRef, manifest: &Manifest, trial: Trial) -> Outcome {
        let _ = (manifest, trial);
        cannot_restore(object)
    }
}

fn cannot_restore(object: &ObjectRef) -> Outcome {
    Outcome::Refused {
        message: format!("a `{}` cannot be created again", object.kind),
    }
}

/// Whether something is really done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trial {
    /// Do it.
    #[default]
    No,
    /// Only ask the server whether it would.
    Yes,
}

/// An object so that it can be created again.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Manifest {
    /// The object in the form of its API, without status, identity and redacted values.
    pub body: serde_json::Value,
    /// What was taken away, by path.
    #[serde(default)]
    pub redacted: Vec<Redacted>,
}

/// A value that was never kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Redacted {
    /// Path for people, e.g. `data.password`.
    pub field: String,
    /// Where the value goes: a JSON pointer into the body.
    pub pointer: String,
}

/// What is to become of the tags of an object.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Change {
    /// Key to new value; `None` removes the key.
    pub tags: BTreeMap<String, Option<String>>,
    /// True for labels instead of annotations.
    #[serde(default)]
    pub labels: bool,
    /// True if the server is only asked whether it would.
    #[serde(default)]
    pub dry_run: bool,
}

/// How an object is to be deleted. Whether it really is says the verdict ([`stocktake_act::Mode`]).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Deletion {
    /// `Background`, `Foreground` or `Orphan`; Background if absent.
    pub propagation: Option<String>,
    /// Seconds the object gets to end; what the server thinks right if absent.
    pub grace_period_seconds: Option<u32>,
}

/// What became of an object that was acted upon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// Its tags changed: this is what the server returned.
    Tagged(Box<Tagged>),
    /// This is how it can be created again.
    Kept(Box<Manifest>),
    /// It was created again.
    Restored {
        /// Its new uid.
        uid: String,
    },
    /// It is gone: the server answered 404, or has another uid under this name.
    Deleted,
    /// It is going: these finalizers hold it.
    Terminating {
        /// Finalizers on the live object, sorted.
        finalizers: Vec<String>,
    },
    /// It is not the object, or not the version, that was seen.
    Changed {
        /// What the server said.
        message: String,
    },
    /// It was gone before.
    Vanished,
    /// The server would do it (dry run).
    WouldSucceed,
    /// The server, or we, refused: forbidden, an invalid key, a webhook.
    Refused {
        /// What was said.
        message: String,
    },
    /// It could not be tried or did not end well.
    Failed {
        /// What happened.
        message: String,
    },
}

/// An object after its tags changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tagged {
    /// The object, converted like in a collection.
    pub node: NodeRecord,
}
