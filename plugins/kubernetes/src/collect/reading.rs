//! By what objects are read, and which of them need not be read again.
//!
//! An object of the same uid and `resourceVersion` is the same object, as long as the server shows it in the same way: it
//! comes from the server's own store (kinds of the API and those with a definition, not those of aggregated servers), in the
//! same version of its group, from the same version of the server, and no webhook converts it. It comes to the same nodes, as
//! long as the same program converts it with the same configuration and schema. All that is in the reading of its kind; so is
//! the day, so that whatever this overlooks is wrong for a day at most.
use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use blake2::digest::Mac as _;
use blake2::{Blake2sMac256, Digest as _};
use rustc_hash::FxBuildHasher;
use serde::Deserialize;
use stocktake_config::K8sConfig;
use stocktake_model::{Known, version_number};

use super::{DEFINITION, Definitions};
use crate::convert::ClusterFacts;
use crate::page::Element;
use crate::{Resource, discovery, names, secrets};

const DAY: Duration = Duration::from_hours(24);

/// How objects of a cluster are read now.
pub(crate) struct Reading {
    /// `None` if it cannot be told, or is not wanted.
    base: Option<String>,
    known: Known,
    versions: HashSet<u64, FxBuildHasher>,
}

/// How objects of one kind are read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct KindReading {
    /// Its name; `None` if every object has to be read each time.
    pub(super) name: Option<String>,
    /// Whether known objects were read so.
    pub(super) is_known: bool,
}

/// What an object is known by.
#[derive(Deserialize)]
struct Head {
    metadata: Names,
}

/// The part of its metadata that says so.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Names {
    pub(super) uid: String,
    resource_version: String,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) namespace: Option<String>,
}

impl Reading {
    pub(crate) fn new(base: Option<String>, mut known: Known) -> Self {
        let versions = std::mem::take(&mut known.versions).into_iter().collect();
        Self {
            base,
            known,
            versions,
        }
    }

    /// How objects of a resource are read. Nodes always are: they change all the time, and what they say of images goes
    /// before what pods say. So are definitions, since the objects they define are read by them.
    pub(super) fn of(&self, resource: &Resource, definitions: &Definitions) -> KindReading {
        let kind = names::kind_name(resource);
        let is_read_always = secrets::are(resource)
            || matches!(
                &*kind,
                "kubernetes_node" | DEFINITION | "kubernetes_component_status"
            );
        let Some(base) = self.base.as_ref().filter(|_| !is_read_always) else {
            return KindReading::default();
        };
        // A watch may read what has a definition without it: such a reading is never one that it goes on with.
        let (by, schema) = if discovery::is_of_server(resource) {
            ("/", Some(String::new()))
        } else {
            (":", definitions.version(&kind))
        };
        let name = schema.map(|schema| {
            let form = format!("{} {} {schema}", resource.api_version(), resource.plural);
            format!("{base}{by}{}", short(&blake2::Blake2s256::digest(form)))
        });
        KindReading {
            is_known: name.is_some() && self.known.readings.get(&kind) == name.as_ref(),
            name,
        }
    }

    /// What an object is known by, if it need not be read.
    pub(super) fn same(&self, kind: &str, element: &Element) -> Option<Names> {
        let Element::Text(text) = element else {
            return None;
        };
        // What has two of a name, or none, is read with all due care.
        let Head { metadata } = serde_json::from_slice(text).ok()?;
        let number = version_number(kind, &metadata.uid, &metadata.resource_version);
        self.versions.contains(&number).then_some(metadata)
    }
}

/// The reading of a cluster. The key keeps what is in the configuration from being found out.
pub(crate) fn base(config: &K8sConfig, facts: &ClusterFacts, key: &[u8]) -> Option<String> {
    if !config.reuse_unchanged {
        return None;
    }
    let server = facts.version.get("gitVersion")?.as_str()?;
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .ok()?;
    let by_cluster = version_number(&facts.id, "", "") % DAY.as_secs();
    let day = (since.as_secs() + by_cluster) / DAY.as_secs();
    let program = (env!("CARGO_PKG_VERSION"), program()?);
    let what = (program, config, &facts.name, server, day);
    let text = serde_json::to_vec(&what).ok()?;
    let mac = Blake2sMac256::new_with_salt_and_personal(key, &[], b"reading").ok()?;
    Some(short(&mac.chain_update(text).finalize().into_bytes()))
}

/// Which program this is: another file is another program.
fn program() -> Option<(u64, SystemTime)> {
    let file = std::env::current_exe().ok()?.metadata().ok()?;
    Some((file.len(), file.modified().ok()?))
}

fn short(hash: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(&hash[..hash.len().min(9)])
}
