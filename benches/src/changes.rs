//! What a watch does all day: some objects of one cluster change, come or go, again and again, while searches run or
//! while nobody asks anything.
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use stocktake_engine::{Graph, Turns};
use stocktake_model::{NodeId, NodeRecord};

use crate::questions::{QUESTIONS, count, request};
use crate::report::{Report, repeat_prepared};
use crate::saved::{Loaded, Records, Saved};

/// Searches that run at once.
const SEARCHES: usize = 64;

/// Batches of one cluster's changes, each on top of the one before.
struct Watch<'f> {
    fleet: &'f Saved,
    records: Records,
    /// The first pods, which new ones are made like.
    pods: Vec<NodeRecord>,
    account: String,
    graph: Graph,
    size: usize,
    batch: usize,
}

/// What comes at once: nodes that are new or changed, and nodes that are gone.
type Batch = (Vec<NodeRecord>, Vec<NodeId>);

/// Measures batches of this many objects: eight in ten changed, one new, one gone.
pub(crate) fn changes(
    load: &str,
    fleet: &Saved,
    loaded: &Loaded,
    size: usize,
    report: &mut Report,
) -> anyhow::Result<()> {
    let Some(first) = loaded.graph.partitions().first() else {
        return Ok(());
    };
    let n = first.len();
    let mut watch = Watch {
        fleet,
        records: fleet.records()?,
        pods: Vec::new(),
        account: first.account().to_owned(),
        graph: loaded.graph.clone(),
        size,
        batch: 0,
    };
    watch.find_pods()?;
    let batch = watch.next()?;
    let start = Instant::now();
    let plugin = &fleet.plugin;
    let graph = &watch.graph;
    graph.expect_changes(&watch.account, &plugin.rules, &plugin.derived);
    report.once(&format!("{load}: expect changes"), n, 1, start.elapsed())?;
    report.note(&format!(
        "{load}: {} MiB in the graph with who refers to whom",
        graph.memory_bytes() >> 20
    ))?;
    let start = Instant::now();
    watch.apply(&batch);
    let name = format!("{load}: apply {size} changes");
    report.once(&format!("{name}, first"), n, 1, start.elapsed())?;
    let watch = RefCell::new(watch);
    report.add(&repeat_prepared(
        &name,
        n,
        || watch.borrow_mut().next(),
        |batch| Ok(watch.borrow_mut().apply(&batch)),
    )?)?;
    let watch = watch.into_inner();
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
    watch: Watch<'_>,
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
        let watch = RefCell::new(watch);
        let row = repeat_prepared(
            &format!("{name}, {SEARCHES} searches"),
            n,
            || watch.borrow_mut().next(),
            |batch| {
                let mut watch = watch.borrow_mut();
                let changed = turns.ahead(|| watch.apply(&batch));
                *shared.write().expect("nobody panics") = watch.graph.clone();
                Ok(changed)
            },
        );
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
    fn find_pods(&mut self) -> anyhow::Result<()> {
        for at in 0..self.records.len() {
            if self.pods.len() == self.size / 10 {
                break;
            }
            let record = self.records.read(at)?;
            if record.kind() == "kubernetes_pod" {
                self.pods.push(record);
            }
        }
        Ok(())
    }

    /// The next batch.
    fn next(&mut self) -> anyhow::Result<Batch> {
        let new = self.pods.len();
        let step = (self.records.len() / self.size).max(1);
        let picked = (self.batch % step..self.records.len()).step_by(step);
        let mut changed = Vec::new();
        for at in picked.take(self.size - 2 * new) {
            changed.push(change(self.records.read(at)?, self.batch));
        }
        changed.extend(self.pods.iter().map(|pod| copy(pod, self.batch)));
        let cloud = self.graph.partitions()[0].cloud();
        let gone = self.pods.iter().filter(|_| self.batch > 0);
        let gone = gone.map(|pod| copy(pod, self.batch - 1).node_id(cloud, &self.account));
        Ok((changed, gone.collect()))
    }

    /// Applies a batch; returns how many objects it was about.
    fn apply(&mut self, (changed, removed): &Batch) -> usize {
        let plugin = &self.fleet.plugin;
        self.graph = self.graph.with_changes(
            &self.account,
            changed,
            removed,
            &plugin.rules,
            &plugin.derived,
        );
        self.batch += 1;
        changed.len() + removed.len()
    }
}

/// Another `resourceVersion`, and now and then another label.
fn change(mut record: NodeRecord, batch: usize) -> NodeRecord {
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
