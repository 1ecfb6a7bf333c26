//! How an action names the one object it is about.
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Map, NodeId};

/// An object in an account, named so that nothing else can be meant: by uid, not by name alone.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ObjectRef {
    /// Id of the node that stands for it.
    pub node: NodeId,
    /// Id of the account (the UID of `kube-system` of the cluster).
    pub account: String,
    /// Name of the account, for people.
    pub account_name: String,
    /// Kind of the node, e.g. `kubernetes_pod`.
    pub kind: String,
    /// `<group>/<version>`, or `v1`.
    pub api_version: String,
    /// Plural name in the API, e.g. `pods`.
    pub api_resource: String,
    /// Namespace; absent if cluster-scoped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Name in the API.
    pub name: String,
    /// UID of the object.
    pub uid: String,
    /// Version of the object that was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_version: Option<String>,
}

impl ObjectRef {
    /// Whether what is reported is the version that was seen: nothing about the object changed since.
    pub fn is_at_version(&self, reported: &Map) -> bool {
        let seen = self.resource_version.as_deref();
        let version = reported.get("resource_version").and_then(Value::as_str);
        seen.is_some() && seen == version
    }

    /// The object a node stands for; `None` if there is no object behind it (a container, an image, a stub).
    pub fn of(node: NodeId, account: &str, account_name: &str, reported: &Map) -> Option<Self> {
        let text = |key: &str| reported.get(key).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            node,
            account: account.to_owned(),
            account_name: account_name.to_owned(),
            kind: text("kind")?,
            api_version: text("api_version")?,
            api_resource: text("api_resource")?,
            namespace: text("namespace"),
            name: text("name")?,
            uid: text("id")?,
            resource_version: text("resource_version"),
        })
    }
}
