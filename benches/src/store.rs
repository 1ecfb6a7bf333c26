//! Disk and memory of the record. The commits are those of the core: nodes as a stream, edges from the engine, then
//! pruning and, when it is due, a rewrite.
use std::time::{Duration, Instant};

use jiff::Timestamp;
use stocktake_engine::{Partition, PartitionBuilder};
use stocktake_kubernetes::offline::{self, Offline};
use stocktake_kubernetes_sim::fleet::{FleetShape, fleet};
use stocktake_model::{Begin, Document, EdgeRecord, Identity, Model, NodeId, NodeRecord};
use stocktake_store::{AccountHeader, CommitReport, Edges, Keep, Store};

use crate::fleet::{DISTINCT, Fleet, resource_of};
use crate::report::{Report, forget_peak, peak_mib, rss_mib};

/// Objects of one cluster of a fleet.
const CLUSTER: usize = 5_000;
/// One node of so many changes between two collections.
const CHURN: usize = 100;
/// One of so many of those goes, and another comes in its place.
const REPLACED: usize = 10;
const HOUR: i64 = 3_600;
const DAY: usize = 24;

/// A cluster as it is now.
struct Cluster {
    begin: Begin,
    nodes: Vec<(NodeId, NodeRecord)>,
    edges: Vec<EdgeRecord>,
}

/// Collects every hour while one node in a hundred changes from one time to the next.
pub(crate) fn churn(
    clusters: usize,
    collections: usize,
    report: &mut Report,
) -> anyhow::Result<()> {
    let fleet = Fleet::generate(DISTINCT.min(clusters), CLUSTER);
    let mut clusters: Vec<Cluster> = (0..clusters)
        .map(|number| cluster(&fleet, number))
        .collect();
    let n = clusters.iter().map(|cluster| cluster.nodes.len()).sum();
    let dir = tempfile::tempdir()?;
    let store = Store::open(dir.path())?;
    let mut written = 0;
    let took = timed(|| collect(&store, &clusters, 0, &mut written))?;
    report.once("store: first import", n, clusters.len(), took)?;
    let live = store.stats()?.live_bytes;
    report.note(&format!("live {} KiB, {written} B written", live >> 10))?;
    written = 0;
    let took = timed(|| collect(&store, &clusters, 1, &mut written))?;
    report.once("store: unchanged import", n, clusters.len(), took)?;
    report.note(&format!("{written} B written"))?;
    let (mut took, mut rewritten) = (Duration::ZERO, 0);
    written = 0;
    for round in 2..collections + 2 {
        for cluster in &mut clusters {
            cluster.live_on(round);
        }
        took += timed(|| collect(&store, &clusters, round, &mut written))?;
        let keep = Keep {
            versions_since: at(round) - Duration::from_hours(30 * 24),
            changes_since: at(round) - Duration::from_hours(180 * 24),
        };
        for cluster in &clusters {
            store.prune(cluster.begin.account.id(), keep, |_| true)?;
        }
        rewritten += u32::from(store.compact_if_due()?.is_some());
        let rounds = round - 1;
        if rounds == 1 || rounds.is_multiple_of(DAY) || rounds == collections {
            sizes(&store, rounds, rewritten, report)?;
        }
    }
    report.once("store: imports with 1 % changed", n, collections, took)?;
    report.note(&format!("{written} B written by these"))?;
    let past = at(collections / 2);
    let took = timed(|| {
        for cluster in &clusters {
            let view = store.as_of(cluster.begin.account.id(), past)?;
            view.edges()?;
            for node in view.nodes() {
                node?;
            }
        }
        Ok(())
    })?;
    report.once("store: the state half way back", n, clusters.len(), took)
}

fn sizes(store: &Store, rounds: usize, rewritten: u32, report: &mut Report) -> anyhow::Result<()> {
    let stats = store.stats()?;
    // In tenths: of a percent, of the live size.
    let tenths = |bytes: u64, of: u64| {
        let tenths = bytes * 10 / of.max(1);
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    let live = stats.live_bytes;
    let day = stats.version_bytes * 100 * DAY as u64 / rounds as u64;
    let (log, disk) = (stats.version_bytes, stats.disk_bytes);
    report.note(&format!(
        "{rounds} collections: live {} KiB, log {} KiB ({} % of live a day), disk {} KiB \
         ({} x live without the log), {rewritten} rewrites",
        live >> 10,
        log >> 10,
        tenths(day, live),
        disk >> 10,
        tenths(disk.saturating_sub(log), live),
    ))
}

fn cluster(fleet: &Fleet, number: usize) -> Cluster {
    let (begin, records) = fleet.cluster(number);
    let with_id = |record: &NodeRecord| {
        (
            record.node_id(&begin.cloud, begin.account.id()),
            record.clone(),
        )
    };
    let mut nodes: Vec<_> = records.iter().map(with_id).collect();
    // Some kinds come more than once; the core takes the first of an id.
    let mut seen = std::collections::BTreeSet::new();
    nodes.retain(|(id, _)| seen.insert(*id));
    Cluster {
        nodes,
        edges: fleet.partition(number).edges().collect(),
        begin,
    }
}

impl Cluster {
    /// One node in a hundred changes: status, time and version, as a controller does it; of these one in ten is
    /// replaced by another, as a rollout does it.
    fn live_on(&mut self, round: usize) {
        let mut replaced = std::collections::BTreeMap::new();
        let first = (round * 37) % CHURN;
        for (count, at) in (first..self.nodes.len()).step_by(CHURN).enumerate() {
            let (id, record) = &mut self.nodes[at];
            let reported = &mut record.reported;
            let version = 10_000_000 + round * 100_003 + at * 17;
            reported.insert("resource_version".to_owned(), version.to_string().into());
            reported.insert("mtime".to_owned(), self::at(round).to_string().into());
            reported.insert("status".to_owned(), format!("state {}", version % 5).into());
            if count % REPLACED == 0 {
                let uid = format!(
                    "{:08x}-{round:04x}-{at:08x}",
                    version.wrapping_mul(2_654_435_761)
                );
                reported.insert("id".to_owned(), uid.into());
                let new = record.node_id(&self.begin.cloud, self.begin.account.id());
                replaced.insert(std::mem::replace(id, new), new);
            }
        }
        for edge in &mut self.edges {
            for end in [&mut edge.from, &mut edge.to] {
                if let Some(new) = replaced.get(end) {
                    *end = *new;
                }
            }
        }
    }
}

fn collect(
    store: &Store,
    clusters: &[Cluster],
    round: usize,
    written: &mut u64,
) -> anyhow::Result<()> {
    for cluster in clusters {
        let mut import = store.import(cluster.begin.account.id())?;
        for (id, record) in &cluster.nodes {
            import.node(&Document::new(record), *id, at(round))?;
        }
        let header = AccountHeader::new(cluster.begin.clone(), at(round));
        let report: CommitReport = import.commit(Edges::All(cluster.edges.clone()), header)?;
        *written += report.bytes_written;
    }
    Ok(())
}

/// One large cluster, object by object: nothing of it is held but what the record and the engine hold.
pub(crate) fn stream(objects: usize, report: &mut Report) -> anyhow::Result<()> {
    let shape = FleetShape {
        clusters: 1,
        objects_per_cluster: objects,
        troubles: Vec::new(),
        ..FleetShape::default()
    };
    let cluster = fleet(&shape).remove(0);
    let offline = Offline::new(&cluster.uid, &cluster.name);
    let begin = Begin {
        plugin: "k8s".to_owned(),
        cloud: "k8s".to_owned(),
        identity: Identity::default(),
        formerly: None,
        resumes: false,
        account: offline.account().clone(),
    };
    let plugin = offline::model();
    let mut model = Model::default();
    model.add(plugin.kinds.clone());
    for engine in [None, Some(std::sync::Arc::new(model))] {
        let dir = tempfile::tempdir()?;
        let store = Store::open(dir.path())?;
        let name = if engine.is_some() {
            "record and engine"
        } else {
            "record"
        };
        let mut builder = engine.map(|model| PartitionBuilder::new(model, &begin));
        forget_peak();
        let (before, start) = (rss_mib(), Instant::now());
        let mut import = store.import(begin.account.id())?;
        let mut n = 0;
        for object in cluster.objects() {
            for record in offline.nodes(&resource_of(&object), object) {
                let id = record.node_id(&begin.cloud, begin.account.id());
                let document = Document::from(record);
                import.node(&document, id, at(1))?;
                if let Some(builder) = &mut builder {
                    builder.document(&document, id, |_| ());
                }
                n += 1;
            }
        }
        report.once(&format!("stream: {name}, nodes"), n, 1, start.elapsed())?;
        report.note(&format!("{before} MiB before, at most {} MiB", peak_mib()))?;
        let partition = builder.map(|builder| builder.resolve(&plugin.rules, &plugin.derived));
        report.note(&format!(
            "resolved: {} MiB, at most {}",
            rss_mib(),
            peak_mib()
        ))?;
        forget_peak();
        let start = Instant::now();
        let edges: Vec<_> = (partition.iter().flat_map(Partition::edges)).collect();
        let count = edges.len();
        import.commit(Edges::All(edges), AccountHeader::new(begin.clone(), at(1)))?;
        report.once(
            &format!("stream: {name}, commit"),
            n,
            count,
            start.elapsed(),
        )?;
        report.note(&format!("at most {} MiB", peak_mib()))?;
    }
    Ok(())
}

fn timed(work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<Duration> {
    let start = Instant::now();
    work()?;
    Ok(start.elapsed())
}

/// When a collection takes place.
fn at(round: usize) -> Timestamp {
    let hours = i64::try_from(round).unwrap_or_default();
    Timestamp::from_second(1_800_000_000 + hours * HOUR).unwrap_or_default()
}
