//! What a watch does all day: some objects of one cluster change, come or go, again and again, while searches run or
//! while nobody asks anything.
use std::sync::Arc;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use stocktake_engine::{Graph, Turns};
use stocktake_model::{NodeId, NodeRecord};

use crate::fleet::Fleet;
use crate::questions::{QUESTIONS, count, request};
use crate::report::{Report, repeat};

/// Searches that run at once.
const SEARCHES: usize = 64;

/// Batches of one cluster's changes, each on top of the one before.
struct Watch<'f> {
    fleet: &'f Fleet,
    account: String,
    graph: Graph,
    size: usize,
    batch: usize,
}

/// Measures batches of this many objects: eight in ten changed, one new, one gone.
pub(crate) fn changes(
    load: &str,
    fleet: &Fleet,
    graph: &Graph,
    size: usize,
    report: &mut Report,
) -> anyhow::Result<()> {
    let Some(first) = graph.partitions().first() else {
        return Ok(());
    };
    let n = first.len();
    let mut watch = Watch {
        fleet,
        account: first.account().to_owned(),
        graph: graph.clone(),
        size,
        batch: 0,
    };
    let start = Instant::now();
    watch.next();
    let name = format!("{load}: apply {size} changes");
    report.once(&format!("{name}, first"), n, 1, start.elapsed())?;
    report.add(&repeat(&name, n, || Ok(watch.next()))?)?;
    let layered = watch.graph.partitions()[0].changed_rows();
    report.note(&format!(
        "{load}: {} MiB in the graph after {} batches, {layered} rows changed since the last merge",
        watch.graph.memory_bytes() >> 20,
        watch.batch
    ))?;
    beside_searches(&name, n, watch, report)
}

/// The same while searches run.
fn beside_searches(
    name: &str,
    n: usize,
    mut watch: Watch<'_>,
    report: &mut Report,
) -> anyhow::Result<()> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let turns = Arc::new(Turns::new(cores));
    let shared = RwLock::new(watch.graph.clone());
    let done = AtomicBool::new(false);
    let answered: Vec<AtomicUsize> = (0..SEARCHES).map(|_| AtomicUsize::new(0)).collect();
    let longest = RwLock::new(Duration::ZERO);
    let row = std::thread::scope(|scope| {
        for (at, answered) in answered.iter().enumerate() {
            let (shared, done, turns, longest) = (&shared, &done, &turns, &longest);
            scope.spawn(move || -> anyhow::Result<()> {
                // Not the one that counts by kind: it costs nothing.
                let (_, query) = QUESTIONS[1 + at % (QUESTIONS.len() - 1)];
                let mut request = request(query)?;
                request.turns = Some(Arc::clone(turns));
                while !done.load(Ordering::Relaxed) {
                    let graph = shared.read().expect("nobody panics").clone();
                    let start = Instant::now();
                    count(&graph, &request)?;
                    answered.fetch_add(1, Ordering::Relaxed);
                    let mut longest = longest.write().expect("nobody panics");
                    *longest = longest.max(start.elapsed());
                }
                Ok(())
            });
        }
        let row = repeat(&format!("{name}, {SEARCHES} searches"), n, || {
            let batch = watch.next();
            *shared.write().expect("nobody panics") = watch.graph.clone();
            Ok(batch)
        });
        done.store(true, Ordering::Relaxed);
        row
    })?;
    report.add(&row)?;
    let counts = answered.iter().map(|count| count.load(Ordering::Relaxed));
    let counts: Vec<usize> = counts.collect();
    let of = |question: usize| -> usize {
        let same = counts.iter().skip(question).step_by(QUESTIONS.len() - 1);
        same.sum()
    };
    let fewest = (0..QUESTIONS.len() - 1).map(of).min().unwrap_or_default();
    report.note(&format!(
        "{name}: meanwhile {} answers, {fewest} of the slowest question, none took longer than {:.0} ms",
        counts.iter().sum::<usize>(),
        longest.into_inner().expect("nobody panics").as_secs_f64() * 1000.0
    ))
}

impl Watch<'_> {
    /// Applies the next batch; returns how many objects it was about.
    fn next(&mut self) -> usize {
        let (changed, removed) = self.objects();
        let plugin = &self.fleet.plugin;
        self.graph = self.graph.with_changes(
            &self.account,
            &changed,
            &removed,
            &plugin.rules,
            &plugin.derived,
        );
        self.batch += 1;
        changed.len() + removed.len()
    }

    fn objects(&self) -> (Vec<NodeRecord>, Vec<NodeId>) {
        let records = self.fleet.records();
        let (new, step) = (self.size / 10, (records.len() / self.size).max(1));
        let picked = records.iter().skip(self.batch % step).step_by(step);
        let mut changed: Vec<NodeRecord> = picked
            .take(self.size - 2 * new)
            .map(|record| change(record, self.batch))
            .collect();
        let pods = records
            .iter()
            .filter(|record| record.kind() == "kubernetes_pod");
        let pods: Vec<&NodeRecord> = pods.take(new).collect();
        changed.extend(pods.iter().map(|pod| copy(pod, self.batch)));
        let cloud = self.graph.partitions()[0].cloud();
        let gone = pods.iter().filter(|_| self.batch > 0);
        let gone = gone.map(|pod| copy(pod, self.batch - 1).node_id(cloud, &self.account));
        (changed, gone.collect())
    }
}

/// Another `resourceVersion`, and now and then another label.
fn change(record: &NodeRecord, batch: usize) -> NodeRecord {
    let mut record = record.clone();
    let version = format!("9{batch:07}");
    record
        .reported
        .insert("resource_version".to_owned(), version.into());
    if let (0, Some(Value::Object(labels))) = (batch % 4, record.reported.get_mut("labels")) {
        labels.insert("touched".to_owned(), format!("{batch}").into());
    }
    record
}

/// A new object much like one that is there.
fn copy(record: &NodeRecord, batch: usize) -> NodeRecord {
    let mut record = record.clone();
    for property in ["id", "name"] {
        let old = record.reported[property].as_str().unwrap_or_default();
        let new = format!("{old}-{batch}");
        record.reported.insert(property.to_owned(), new.into());
    }
    record
}
