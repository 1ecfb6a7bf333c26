//! How it stands with the data: per cluster, and as a whole.
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;
use stocktake_command::{ClusterGap, ClusterStatus};
use stocktake_model::{Gap, GapReason, Identity, Model};
use stocktake_store::AccountHeader;

use crate::core::Core;

impl Core {
    /// Age in seconds of the account collected longest ago, leaving out those that are no longer configured.
    pub(crate) fn data_age(&self, now: Timestamp) -> Option<u64> {
        let mut headers = self.headers();
        for header in headers.values_mut() {
            if let Some(until) = self.0.watches.known_until(header.account()) {
                header.collected = header.collected.max(until);
            }
        }
        age(&headers, now)
    }

    /// Names of the clusters in which something is missing that a question about `kinds` (all if empty) asks for, and
    /// how many gaps that are. What the configuration leaves out is not missing.
    pub(crate) fn missing(&self, kinds: &[String]) -> (BTreeSet<String>, u64) {
        let (mut clusters, mut count) = missing_in(&self.headers(), self.graph().model(), kinds);
        let failures = self
            .0
            .failures
            .lock()
            .expect("nothing panics while it holds the failures");
        for name in failures.keys() {
            clusters.insert(name.clone());
            count += 1;
        }
        (clusters, count)
    }

    /// Every cluster, by name; those never reached included.
    pub(crate) fn cluster_status(&self) -> Vec<ClusterStatus> {
        let failures = self
            .0
            .failures
            .lock()
            .expect("nothing panics while it holds the failures")
            .clone();
        let mut clusters: Vec<ClusterStatus> = self.headers().values().map(known).collect();
        for (name, failure) in failures {
            match clusters.iter_mut().find(|cluster| cluster.name == name) {
                Some(cluster) => cluster.last_error = Some(failure.message),
                None => clusters.push(never_reached(name, failure.message)),
            }
        }
        clusters.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        clusters
    }

    /// Gaps of one cluster (name or id) or of all; what the configuration leaves out is none.
    pub(crate) fn cluster_gaps(&self, wanted: Option<&str>) -> Vec<ClusterGap> {
        let headers = self.headers();
        let mut gaps = Vec::new();
        for header in headers.values() {
            let name = header.begin.account.name();
            if wanted.is_none_or(|wanted| wanted == name || wanted == header.account()) {
                let gap = |gap: &_| ClusterGap {
                    cluster: name.to_owned(),
                    gap: Clone::clone(gap),
                };
                gaps.extend(header.gaps.iter().filter(|gap| is_missing(gap)).map(gap));
            }
        }
        gaps
    }

    /// The id of the account with this name or id.
    pub(crate) fn account_id(&self, wanted: &str) -> Option<String> {
        let headers = self.headers();
        let found = headers
            .iter()
            .find(|(id, header)| *id == wanted || header.begin.account.name() == wanted)?;
        Some(found.0.clone())
    }
}

/// Age in seconds of the account collected longest ago, leaving out those that are no longer configured.
pub(crate) fn age(headers: &BTreeMap<String, AccountHeader>, now: Timestamp) -> Option<u64> {
    let configured = headers.values().filter(|header| !header.unconfigured);
    let oldest = configured.map(|header| header.collected).min()?;
    Some(u64::try_from(now.as_second() - oldest.as_second()).unwrap_or(0))
}

/// What is missing in these accounts: those of the live graph, or of one that is kept.
pub(crate) fn missing_in(
    headers: &BTreeMap<String, AccountHeader>,
    model: &Model,
    kinds: &[String],
) -> (BTreeSet<String>, u64) {
    let asked = |gap: &Gap| match &gap.kind {
        Some(kind) => kinds.is_empty() || kinds.iter().any(|asked| model.is_a(kind, asked)),
        None => true,
    };
    let mut clusters = BTreeSet::new();
    let mut count = 0;
    for header in headers.values() {
        let gaps = header.gaps.iter();
        let gaps = gaps.filter(|gap| is_missing(gap) && asked(gap)).count();
        if gaps > 0 {
            clusters.insert(header.begin.account.name().to_owned());
            count += gaps as u64;
        }
    }
    (clusters, count)
}

/// Whether a gap is one to people: what they told us to leave out is not.
pub(crate) fn is_missing(gap: &Gap) -> bool {
    gap.reason != GapReason::NotCollected
}

fn known(header: &AccountHeader) -> ClusterStatus {
    let reported = &header.begin.account.reported;
    let version = |part: &str| reported.get("cluster_info")?.get(part)?.as_str();
    let number = version("major").zip(version("minor"));
    ClusterStatus {
        name: header.begin.account.name().to_owned(),
        id: Some(header.account().to_owned()),
        identity: header.begin.identity,
        configured: !header.unconfigured,
        collected: Some(header.collected),
        version: number.map(|(major, minor)| format!("{major}.{minor}")),
        nodes: header.nodes,
        edges: header.edges,
        gaps: header.gaps.iter().filter(|gap| is_missing(gap)).count() as u64,
        last_error: header.last_error.clone(),
    }
}

fn never_reached(name: String, message: String) -> ClusterStatus {
    ClusterStatus {
        name,
        id: None,
        identity: Identity::Weak,
        configured: true,
        collected: None,
        version: None,
        nodes: 0,
        edges: 0,
        gaps: 0,
        last_error: Some(message),
    }
}

/// The text at a key of a node's reported section.
pub(crate) fn reported<'n>(node: &'n Value, key: &str) -> Option<&'n str> {
    node.get("reported")?.get(key)?.as_str()
}
