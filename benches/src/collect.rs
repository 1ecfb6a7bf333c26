//! Collecting a simulated cluster, and what `curl` takes for the very same requests in the same run; what a collector
//! of its own process holds in memory; how long a watched change takes until a search sees it.
//!
//! Simulator, core and worker are processes of their own: the bench starts itself again.
mod curl;
mod latency;
mod parts;
mod simulator;

use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Subcommand;
use stocktake_client::AccountReport;

use crate::report::{Report, Row};
use curl::Curl;
use parts::{Core, Memory, Worker};
use simulator::Simulator;

/// How often the collection and `curl` are measured, by turns.
const RUNS: usize = 3;
/// Above so many objects one run says enough.
const LARGE: usize = 100_000;

/// What the bench starts itself again as.
#[derive(Subcommand)]
pub(crate) enum Part {
    /// A simulated cluster.
    Simulator(simulator::Arguments),
    /// A core, with or without a worker in the same process.
    Core(parts::CoreArguments),
    /// A worker alone.
    Worker(parts::WorkerArguments),
}

/// Plays the part.
pub(crate) fn play(part: Part) -> anyhow::Result<()> {
    match part {
        Part::Simulator(arguments) => simulator::play(&arguments),
        Part::Core(arguments) => parts::core(&arguments),
        Part::Worker(arguments) => parts::worker(&arguments),
    }
}

/// Measures one cluster of so many objects, whose server takes so long for a page.
pub(crate) fn run(objects: usize, page_ms: Option<u64>, report: &mut Report) -> anyhow::Result<()> {
    let mut simulator = Simulator::start(objects, page_ms.unwrap_or(0))?;
    against_curl(objects, &mut simulator, report)?;
    if page_ms.is_some() {
        return Ok(());
    }
    apart(objects, &simulator, report)?;
    latency::run(objects, &mut simulator, report)
}

/// One thing measured several times.
#[derive(Default)]
struct Times {
    wall_ms: Vec<f64>,
    cpu_ms: Vec<f64>,
}

impl Times {
    fn add(&mut self, wall: Duration, cpu_ms: f64) {
        self.wall_ms.push(wall.as_secs_f64() * 1000.0);
        self.cpu_ms.push(cpu_ms);
    }

    fn row(&self, name: &str, n: usize, results: usize, rss_mib: u64) -> Row {
        let middle = |times: &[f64]| {
            let mut times = times.to_vec();
            times.sort_by(f64::total_cmp);
            times[(times.len() - 1) / 2]
        };
        Row {
            name: name.to_owned(),
            n,
            results,
            p50_ms: middle(&self.wall_ms),
            p95_ms: self.wall_ms.iter().copied().fold(0.0, f64::max),
            cpu_ms: middle(&self.cpu_ms),
            rss_mib,
        }
    }
}

/// Core and worker in one process, as at a prompt, and `curl` by turns.
fn against_curl(
    objects: usize,
    simulator: &mut Simulator,
    report: &mut Report,
) -> anyhow::Result<()> {
    let runs = if objects > LARGE { 1 } else { RUNS };
    let (mut first, mut again, mut curled) = (Times::default(), Times::default(), Times::default());
    let mut last = None;
    for _ in 0..runs {
        simulator.forget()?;
        let core = Core::start(parts::Worker::Inside, simulator.kubeconfig(), "")?;
        let (account, wall, cpu) = collected(&core)?;
        first.add(wall, cpu);
        let requests = simulator.requests()?;
        rest(&core);
        let (unchanged, wall, cpu) = collected(&core)?;
        again.add(wall, cpu);
        let written = unchanged.merged.created + unchanged.merged.updated;
        let memory = Memory::of(core.id());
        drop(core);
        let curl = Curl::new(&requests, simulator)?;
        let before = crate::report::children_cpu_ms();
        let begun = Instant::now();
        curl.run()?;
        curled.add(begun.elapsed(), crate::report::children_cpu_ms() - before);
        last = Some((account, unchanged, requests, written, memory));
    }
    let (account, unchanged_account, requests, written, memory) =
        last.context("there is at least one run")?;
    let nodes = usize::try_from(account.merged.nodes)?;
    let first = first.row("collect", objects, nodes, memory.peak_mib);
    let curled = curled.row("curl, the same requests", objects, requests.len(), 0);
    report.add(&first)?;
    report.add(&curled)?;
    let unchanged = usize::try_from(written)?;
    report.add(&again.row(
        "collect again, unchanged",
        objects,
        unchanged,
        memory.peak_mib,
    ))?;
    report.note(&format!(
        "{:.2} times the wall time of curl, {:.0} objects a second with {} edges",
        first.p50_ms / curled.p50_ms,
        f64::from(u32::try_from(objects)?) * 1000.0 / first.p50_ms,
        account.merged.edges
    ))?;
    report.note(&breakdown(&account, &requests))?;
    report.note(&format!(
        "again, {} objects were known; {}",
        unchanged_account.spent.unchanged,
        breakdown(&unchanged_account, &requests)
    ))
}

/// A worker of its own process: what it holds.
fn apart(objects: usize, simulator: &Simulator, report: &mut Report) -> anyhow::Result<()> {
    let core = Core::start(Worker::Apart, simulator.kubeconfig(), "")?;
    let worker = core.worker()?;
    let (account, wall, _) = collected(&core)?;
    let (worker, core) = (Memory::of(worker.id()), Memory::of(core.id()));
    let mut times = Times::default();
    times.add(wall, worker.cpu_ms);
    let nodes = usize::try_from(account.merged.nodes)?;
    report.add(&times.row("collect, worker apart", objects, nodes, worker.peak_mib))?;
    report.note(&format!(
        "the worker held {} MiB at most and took {:.0} ms of processor time; the core {} MiB and {:.0} ms",
        worker.peak_mib, worker.cpu_ms, core.peak_mib, core.cpu_ms
    ))
}

/// Waits until a core has done what follows a collection: the index for full text, the graph kept beside the record.
fn rest(core: &Core) {
    let mut before = f64::NEG_INFINITY;
    loop {
        let now = Memory::of(core.id()).cpu_ms;
        if now - before < 20.0 {
            return;
        }
        before = now;
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// Collects once: the report of the one account, wall time, processor time of the core's process.
fn collected(core: &Core) -> anyhow::Result<(AccountReport, Duration, f64)> {
    let before = Memory::of(core.id());
    let begun = Instant::now();
    let account = core.collect()?;
    let wall = begun.elapsed();
    Ok((account, wall, Memory::of(core.id()).cpu_ms - before.cpu_ms))
}

/// Where the time went; lists run beside each other, so that times add up to more than the wall time.
fn breakdown(account: &AccountReport, requests: &[simulator::Asked]) -> String {
    let pages = requests.iter().filter(|asked| asked.is_page()).count();
    let (spent, merged) = (&account.spent, &account.merged.spent);
    let ms = |us: u64| us / 1000;
    format!(
        "{} requests, {pages} of them pages, {} MiB; ms waiting {}, decoding {}, converting {}, sending {}; \
         packing {}, edges {}, commit {}",
        requests.len(),
        spent.bytes >> 20,
        ms(spent.waiting_us),
        ms(spent.decoding_us),
        ms(spent.converting_us),
        ms(spent.sending_us),
        ms(merged.packing_us),
        ms(merged.edges_us),
        ms(merged.commit_us)
    )
}
