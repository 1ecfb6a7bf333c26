//! How long a change of a watched cluster takes until a search sees it, while a thousand objects change a second.
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::parts::{Core, Memory, Worker};
use super::simulator::Simulator;
use crate::report::{Report, Row};

const A_SECOND: u64 = 1_000;
const SECONDS: u64 = 20;
/// How long the last change may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Time between two searches: the error of what is measured.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Measures and prints.
pub(crate) fn run(
    objects: usize,
    simulator: &mut Simulator,
    report: &mut Report,
) -> anyhow::Result<()> {
    let core = Core::start(Worker::Inside, simulator.kubeconfig(), "watch=true")?;
    core.collect()?;
    let before = Memory::of(core.id());
    simulator.churn(A_SECOND, SECONDS)?;
    let begun = Instant::now();
    let ends = Duration::from_secs(SECONDS);
    // When which time was first seen in the probe.
    let mut seen: Vec<(i64, i64)> = Vec::new();
    while begun.elapsed() < ends {
        look(&core, &mut seen)?;
    }
    let (probes, done) = simulator.churned()?;
    let last = probes.last().copied().unwrap_or_default();
    let begun = Instant::now();
    while seen.last().is_none_or(|(sent, _)| *sent < last) {
        anyhow::ensure!(begun.elapsed() < PATIENCE, "a change did not arrive");
        look(&core, &mut seen)?;
    }
    let after = Memory::of(core.id());
    let mut late: Vec<i64> = probes
        .iter()
        .filter_map(|probe| {
            let (_, at) = seen.iter().find(|(sent, _)| sent >= probe)?;
            Some(at - probe)
        })
        .collect();
    late.sort_unstable();
    let at = |hundredth: usize| {
        let late = late.get(late.len().saturating_sub(1) * hundredth / 100);
        f64::from(i32::try_from(late.copied().unwrap_or_default()).unwrap_or(i32::MAX))
    };
    report.add(&Row {
        name: "watch: change to search".to_owned(),
        n: objects,
        results: late.len(),
        p50_ms: at(50),
        p95_ms: at(95),
        cpu_ms: after.cpu_ms - before.cpu_ms,
        rss_mib: after.peak_mib,
    })?;
    report.note(&format!(
        "{done} changes in {SECONDS} s; the process had {} MiB before and {} MiB at most",
        before.peak_mib, after.peak_mib
    ))
}

fn look(core: &Core, seen: &mut Vec<(i64, i64)>) -> anyhow::Result<()> {
    let text =
        core.line("search is(kubernetes_config_map) and name = bench-probe | list labels.bench")?;
    let shown = text.trim().rsplit(['=', ' ']).next().unwrap_or_default();
    if let Ok(sent) = shown.parse()
        && seen.last().is_none_or(|(last, _)| *last < sent)
    {
        seen.push((sent, Timestamp::now().as_millisecond()));
    }
    std::thread::sleep(LOOK_EVERY);
    Ok(())
}
