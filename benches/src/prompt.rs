//! What a person at the prompt waits for: completion, asked of a core that holds a large inventory.
use std::sync::Arc;
use std::time::Instant;

use stocktake_client::{Client, Merged};
use stocktake_core::{Core, Options, Schedule};
use stocktake_model::{Document, End, PluginModel, SnapshotItem};
use tokio::runtime::Runtime;

use crate::fleet::{DISTINCT, Fleet};
use crate::report::{Report, repeat, rss_mib};

/// Objects of one cluster.
const CLUSTER: usize = 5_000;
/// Clusters that are sent at the same time.
const AT_ONCE: usize = 4;
/// What was typed when Tab was pressed; what is known of the place differs from line to line.
const LINES: [&str; 8] = [
    "sea",
    "search is(kubernetes_p",
    "search is(kubernetes_pod) and pod_status.",
    "search is(kubernetes_pod) and pod_status.phase = ",
    "search is(kubernetes_pod) and namespace = ",
    "search is(kubernetes_pod) and name = web",
    "search is(kubernetes_resource) and api_version = ",
    "search all and account = ",
];

/// Measures and prints.
pub(crate) fn run(resources: usize, report: &mut Report) -> anyhow::Result<()> {
    let fleet = Arc::new(Fleet::generate(DISTINCT, CLUSTER));
    let directory = tempfile::tempdir()?;
    let runtime = Runtime::new()?;
    let options = Options {
        data_dir: directory.path().to_owned(),
        contexts: Vec::new(),
        schedule: Schedule::Ignore,
    };
    let core = runtime.block_on(Core::open(options))?;
    let client = Client::new(core.transport());
    let start = Instant::now();
    let (mut nodes, mut clusters) = (0, 0);
    while nodes < resources {
        let merged = runtime.block_on(merge(&client, &fleet, clusters))?;
        clusters += merged.len();
        let more: u64 = merged.iter().map(|merged| merged.nodes).sum();
        nodes += usize::try_from(more)?;
    }
    report.once("import through the core", nodes, clusters, start.elapsed())?;
    report.note(&format!("{} MiB in the process", rss_mib()))?;
    for line in LINES {
        let complete = || {
            let found = runtime.block_on(client.complete(line, line.len()))?;
            Ok(found.candidates.len())
        };
        let start = Instant::now();
        let results = complete()?;
        report.once(&format!("`{line}`, first"), nodes, results, start.elapsed())?;
        report.add(&repeat(&format!("`{line}`"), nodes, complete)?)?;
    }
    Ok(())
}

/// Sends the clusters from `first` on, as many at once as a worker collects by default.
pub(crate) async fn merge(
    client: &Client,
    fleet: &Arc<Fleet>,
    first: usize,
) -> anyhow::Result<Vec<Merged>> {
    let clusters = first..first + AT_ONCE;
    let on_the_way: Vec<_> = clusters
        .map(|number| {
            let (client, items) = (client.clone(), snapshot(fleet, number));
            tokio::spawn(async move { client.merge(futures::stream::iter(items)).await })
        })
        .collect();
    let mut merged = Vec::new();
    for one in on_the_way {
        merged.push(one.await??);
    }
    Ok(merged)
}

/// A cluster as a worker sends it, each node made when it is asked for.
pub(crate) fn snapshot(
    fleet: &Arc<Fleet>,
    number: usize,
) -> impl Iterator<Item = SnapshotItem> + Send + use<> {
    let fleet = Arc::clone(fleet);
    let (begin, records) = fleet.cluster(number);
    let count = records.len();
    let model = PluginModel {
        kinds: fleet.model.kinds().cloned().collect(),
        ..fleet.plugin.clone()
    };
    let first = [SnapshotItem::Begin(begin), SnapshotItem::Model(model)];
    let nodes =
        (0..count).map(move |at| SnapshotItem::Node(Document::new(&fleet.records(number)[at])));
    let last = SnapshotItem::End(End {
        discovery_complete: true,
    });
    first.into_iter().chain(nodes).chain([last])
}
