//! Rows of measurements: as a table for people, as JSON for programs.
use std::fs::File;
use std::io::{Write as _, stdout};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::json;

/// What was measured.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) name: String,
    /// Number of objects, or of nodes, it was measured on.
    pub(crate) n: usize,
    /// Results of one run.
    pub(crate) results: usize,
    pub(crate) p50_ms: f64,
    pub(crate) p95_ms: f64,
    /// Processor time of one run, all threads together; says more than the clock on a machine that is shared.
    pub(crate) cpu_ms: f64,
    pub(crate) rss_mib: u64,
}

/// Rows, printed as they come.
pub(crate) struct Report {
    json: Option<File>,
}

impl Report {
    /// Goes on where another process stopped.
    pub(crate) fn resume(json: Option<&Path>) -> anyhow::Result<Self> {
        let json = json.map(|path| {
            let file = File::options().append(true).create(true).open(path);
            file.with_context(|| format!("can not write `{}`", path.display()))
        });
        Ok(Self {
            json: json.transpose()?,
        })
    }

    pub(crate) fn new(json: Option<&Path>) -> anyhow::Result<Self> {
        if let Some(path) = json {
            File::create(path).with_context(|| format!("can not write `{}`", path.display()))?;
        }
        let report = Self::resume(json)?;
        writeln!(
            stdout(),
            "{:<38} {:>9} {:>9} {:>10} {:>10} {:>10} {:>8}",
            "name",
            "n",
            "results",
            "p50_ms",
            "p95_ms",
            "cpu_ms",
            "rss_mib"
        )?;
        Ok(report)
    }

    pub(crate) fn add(&mut self, row: &Row) -> anyhow::Result<()> {
        writeln!(
            stdout(),
            "{:<38} {:>9} {:>9} {:>10.3} {:>10.3} {:>10.3} {:>8}",
            row.name,
            row.n,
            row.results,
            row.p50_ms,
            row.p95_ms,
            row.cpu_ms,
            row.rss_mib
        )?;
        if let Some(file) = &mut self.json {
            let object = json!({"name": row.name, "n": row.n, "results": row.results, "p50_ms": row.p50_ms,
                "p95_ms": row.p95_ms, "cpu_ms": row.cpu_ms, "rss_mib": row.rss_mib});
            writeln!(file, "{object}")?;
        }
        Ok(())
    }

    /// A row for something that was done once.
    pub(crate) fn once(
        &mut self,
        name: &str,
        n: usize,
        results: usize,
        took: Duration,
    ) -> anyhow::Result<()> {
        let took = milliseconds(took);
        self.add(&Row {
            name: name.to_owned(),
            n,
            results,
            p50_ms: took,
            p95_ms: took,
            cpu_ms: f64::NAN,
            rss_mib: rss_mib(),
        })
    }

    /// A line for what is no time.
    pub(crate) fn note(&mut self, text: &str) -> anyhow::Result<()> {
        writeln!(stdout(), "# {text}")?;
        if let Some(file) = &mut self.json {
            writeln!(file, "{}", json!({"note": text}))?;
        }
        Ok(())
    }
}

/// Runs `work` until 101 runs or three seconds are over; it returns the number of results.
pub(crate) fn repeat(
    name: &str,
    n: usize,
    mut work: impl FnMut() -> anyhow::Result<usize>,
) -> anyhow::Result<Row> {
    repeat_prepared(name, n, || Ok(()), |()| work())
}

/// The same with something that is made before each run and takes no part in the time.
pub(crate) fn repeat_prepared<T>(
    name: &str,
    n: usize,
    mut prepare: impl FnMut() -> anyhow::Result<T>,
    mut work: impl FnMut(T) -> anyhow::Result<usize>,
) -> anyhow::Result<Row> {
    let mut times = Vec::new();
    let mut results = 0;
    let mut cpu = 0.0;
    let mut worked = Duration::ZERO;
    while times.len() < 101 && (times.len() < 3 || worked < Duration::from_secs(3)) {
        let prepared = prepare()?;
        let (before, start) = (cpu_ms(), Instant::now());
        results = work(prepared)?;
        let took = start.elapsed();
        cpu += cpu_ms() - before;
        worked += took;
        times.push(milliseconds(took));
    }
    let runs = u32::try_from(times.len()).unwrap_or(u32::MAX);
    let cpu_ms = cpu / f64::from(runs);
    times.sort_by(f64::total_cmp);
    let at = |hundredth: usize| times[(times.len() - 1) * hundredth / 100];
    Ok(Row {
        name: name.to_owned(),
        n,
        results,
        p50_ms: at(50),
        p95_ms: at(95),
        cpu_ms,
        rss_mib: rss_mib(),
    })
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Processor time of this process so far; zero where the system does not tell. The system counts hundredths.
fn cpu_ms() -> f64 {
    cpu_of("self", OWN)
}

/// Processor time of processes that this one started and that have ended.
pub(crate) fn children_cpu_ms() -> f64 {
    cpu_of("self", OWN + 2)
}

/// Where the processor time of a process itself stands.
pub(crate) const OWN: usize = 11;

/// The two times at this place of what the system says of a process.
pub(crate) fn cpu_of(process: &str, at: usize) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks = fields.split_whitespace().skip(at).take(2);
    ticks
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum::<f64>()
        * 10.0
}

/// Memory of this process; zero where the system does not tell.
pub(crate) fn rss_mib() -> u64 {
    status_mib("self", "VmRSS:")
}

/// The most memory this process ever had, or since [`forget_peak`]; zero where the system does not tell.
pub(crate) fn peak_mib() -> u64 {
    status_mib("self", "VmHWM:")
}

/// From here on [`peak_mib`] counts anew. Where the system does not let us, the peak stays.
pub(crate) fn forget_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// A size that the system tells of a process; zero where it does not.
pub(crate) fn status_mib(process: &str, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or_default() / 1024
}
