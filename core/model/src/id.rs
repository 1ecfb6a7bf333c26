//! Node ids: stable across collections, unique across clusters. Never made from a name alone.
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use blake2b_simd::Params;
use serde::{Deserialize, Serialize};

/// The id of a node: the 16 byte `BLAKE2b` of `[kind, cloud, account id, id]`, written as URL-safe base64
/// without padding (22 characters, which may begin with `-` or `_`).
///
/// The root of the graph is the one exception: it is written `root` and is sixteen zero bytes.
/// Neither region nor zone is part of it, so a volume keeps its id when its claim changes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeId([u8; 16]);

/// A text that is not a node id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a node id: expected `root` or 22 characters of A-Z a-z 0-9 - _")]
pub struct NodeIdError(String);

impl NodeId {
    /// The root of the graph.
    pub const ROOT: Self = Self([0; 16]);

    /// The id of the node of `kind` whose `reported.id` is `id`, inside one account (a cluster).
    #[expect(clippy::missing_panics_doc, reason = "texts can always be written")]
    pub fn of(kind: &str, cloud: &str, account: &str, id: &str) -> Self {
        let key = serde_json::to_string(&[kind, cloud, account, id]);
        let key = key.expect("texts can always be written");
        let hash = Params::new().hash_length(16).hash(key.as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(hash.as_bytes());
        Self(bytes)
    }

    /// The sixteen bytes, for keys in a store.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// The id with these sixteen bytes.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

/// As the bytes are ordered; compared as one number, which is much faster than as sixteen.
impl Ord for NodeId {
    fn cmp(&self, other: &Self) -> Ordering {
        u128::from_be_bytes(self.0).cmp(&u128::from_be_bytes(other.0))
    }
}

impl PartialOrd for NodeId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::ROOT {
            return f.write_str("root");
        }
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NodeId({self})")
    }
}

impl FromStr for NodeId {
    type Err = NodeIdError;

    fn from_str(text: &str) -> Result<Self, NodeIdError> {
        if text == "root" {
            return Ok(Self::ROOT);
        }
        URL_SAFE_NO_PAD
            .decode(text)
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or_else(|| NodeIdError(text.to_owned()))
    }
}

impl Serialize for NodeId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NodeId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_stable_and_reads_back() {
        let id = NodeId::of("kubernetes_pod", "k8s", "cluster", "uid-1");
        assert_eq!(id, NodeId::of("kubernetes_pod", "k8s", "cluster", "uid-1"));
        assert_ne!(id, NodeId::of("kubernetes_pod", "k8s", "other", "uid-1"));
        // Written to records: another hash would make every node a new one.
        assert_eq!(id.to_string(), "h7FSGbiWx7naDWJbLpyasA");
        assert_eq!(id.to_string().len(), 22);
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn the_parts_of_an_id_can_not_run_into_each_other() {
        assert_ne!(
            NodeId::of("a", "b", "c\",\"d", "e"),
            NodeId::of("a", "b", "c", "d\",\"e")
        );
    }

    #[test]
    fn the_root_is_written_out() {
        assert_eq!(NodeId::ROOT.to_string(), "root");
        assert_eq!("root".parse(), Ok(NodeId::ROOT));
        assert!("nonsense".parse::<NodeId>().is_err());
    }
}
