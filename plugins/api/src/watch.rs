//! What an account tells while it is watched: changes one by one, between two collections.
use serde::{Deserialize, Serialize};
use stocktake_model::{Complete, Gap, NodeRecord, PartVersions, PluginModel};
use tokio::sync::mpsc;

/// Takes what a watch tells, in order. Bounded; closed when nobody wants to know any more.
pub type WatchSink = mpsc::Sender<WatchItem>;

/// Where a watch begins.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WatchStart {
    /// Id of the account that is meant.
    pub account: String,
    /// Kinds that are known, with the versions they are known at.
    #[serde(default)]
    pub complete: Vec<Complete>,
    /// Versions of what is known namespace by namespace.
    #[serde(default)]
    pub parts: PartVersions,
}

/// One thing a watch tells. What is told of one kind is in the order in which it happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WatchItem {
    /// First item: which account this is.
    Begin {
        /// Id of the account.
        account: String,
        /// Kinds that objects of others bring along together: such a node goes when nobody refers to it any more.
        shared_kinds: Vec<String>,
        /// How objects are read; see [`stocktake_model::Known`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reading: Option<String>,
    },
    /// Kinds that came up, or have other properties now.
    Model(PluginModel),
    /// An object is new, or different.
    Changed(Changed),
    /// An object is gone, and with it what was part of it.
    Gone {
        /// Its kind.
        kind: String,
        /// Its `reported.id`.
        uid: String,
    },
    /// Changes of a kind were missed: everything of it comes again as `Changed`. An object that is there but could not
    /// be read comes as a `Gap` with its uid.
    Relisting {
        /// The kind.
        kind: String,
        /// The namespace that is meant; all of them if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        namespace: Option<String>,
    },
    /// Everything of the kind has come; what did not come since `Relisting` is gone, but for what the configuration
    /// leaves out.
    Relisted {
        /// The kind.
        kind: String,
        /// The namespace that is meant; all of them if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        namespace: Option<String>,
        /// Version of the list, to resume from; `None`: there is none any more.
        resource_version: Option<String>,
    },
    /// Everything of a kind up to this version was told.
    Seen {
        /// The kind.
        kind: String,
        /// The namespace that is meant; all of them if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        namespace: Option<String>,
        /// The version, to resume from; `None` if not every object was read.
        resource_version: Option<String>,
    },
    /// Changes of a kind are not told at the moment.
    Gap(Gap),
    /// Changes of a kind are told (again).
    Mended {
        /// The kind.
        kind: String,
        /// The namespace that is meant; all of them if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        namespace: Option<String>,
    },
}

/// An object as it is now.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Changed {
    /// The object itself, then its parts (containers); parts it had before and that are not here are gone.
    pub nodes: Vec<NodeRecord>,
    /// What other objects may bring along too (images).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shared: Vec<NodeRecord>,
}
